"""A store that personal data or keys lie in: its transactions, and how what was deleted leaves it for good.

Whatever is erased is taken out of the log too (`SideStore.empty`), and so is what is left there whenever the store is
opened: a crash between the two leaves nothing for long.
"""

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ltsa import side_file, side_store
from ltsa.side_store import Beside, Tables

KEY_BYTES, NONCE_BYTES = 32, 12
MARKS = "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT"


class SecretStore:
    """The open store, with a table of marks. Safe to use from any thread and beside other processes; blocks.

    Args:
        place: where it lies; made if it is not there, readable by its owner alone in any case.
        tables: the statements that make its tables, where there are none.
    """

    def __init__(self, place: Beside, tables: Sequence[str]) -> None:
        self.place = place
        self.side = side_store.opened(place, (MARKS, *tables))

    def close(self) -> None:
        """Closes it."""
        self.side.close()

    def _changing(self) -> AbstractContextManager[Tables]:
        """One transaction."""
        return self.side.changing()

    def _looking(self) -> AbstractContextManager[Tables]:
        """Reading what is committed."""
        return self.side.looking()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.side.looking() as database:
            return database.execute(query, values).fetchall()

    def _empty_log(self) -> None:
        """Takes what was deleted out of the log too."""
        self.side.empty()


def mark_of(place: Beside, name: str) -> bytes | None:
    """A mark of a store that may not be there, or be older than marks; nothing is made. Raises
    `LedgerUnavailableError`.
    """
    if isinstance(place, Path):
        return side_file.mark_of(place, name)
    from ltsa import side_schema  # noqa: PLC0415 - an office on one machine loads no driver

    return side_schema.mark_of(place, name)


def sealed(cipher: AESGCM, plain: bytes, about: str) -> bytes:
    """Encrypts; `about` says whose it is, and must be the same to open it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, about.encode())


def opened(cipher: AESGCM, closed: bytes, about: str) -> bytes:
    """Decrypts. Raises `InvalidTag` for another key, or somebody else's."""
    return cipher.decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], about.encode())


def derived(secret: bytes, purpose: str) -> bytes:
    """Another key for a purpose of its own (HKDF-SHA-256): who has that one learns nothing of the secret."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"ltsa " + purpose.encode()).derive(secret)

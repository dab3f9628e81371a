"""A file that personal data or keys lie in: its transactions, and how what was deleted leaves it for good.

What is erased is overwritten in the file (`secure_delete`), and the write-ahead log, which may hold it still, is
emptied. A file is emptied whenever it is opened too, so a crash between the two leaves nothing for long.
"""

import logging
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ltsa import side_file
from ltsa.side_file import TIMEOUT, changing

log = logging.getLogger(__name__)

KEY_BYTES, NONCE_BYTES = 32, 12
_MARKS = "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT"


class SecretFile:
    """The open file, with a table of marks. Safe to use from any thread and beside other processes; blocks on the disk.

    Args:
        path: the file; made if it is not there, readable by its owner alone in any case.
        tables: the statements that make its tables, where there are none.
    """

    def __init__(self, path: Path, tables: Sequence[str]) -> None:
        self.path = path
        self._lock = Lock()
        self._database = side_file.opened(path)
        with self._changing() as database:
            for statement in (_MARKS, *tables):
                database.execute(statement)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._database.close()

    def _changing(self) -> AbstractContextManager[sqlite3.Connection]:
        """One transaction."""
        return changing(self._lock, self._database)

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _empty_log(self) -> None:
        """Takes what was deleted out of the write-ahead log too."""
        until = monotonic() + TIMEOUT
        while True:
            with self._lock:
                (busy, *_) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if monotonic() > until:
                break
            sleep(0.01)  # SQLite itself does not wait for another process that empties it
        log.warning("the log of %s was not emptied; it is with the next erasure, or at the next start", self.path)


def mark_of(path: Path, name: str) -> bytes | None:
    """A mark of a file that may not be there, or be older than marks; nothing is made. Raises `sqlite3.Error`."""
    if not path.exists() or not path.stat().st_size:
        return None
    database = sqlite3.connect(path, isolation_level=None, timeout=TIMEOUT)
    try:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'marks'").fetchone():
            return None
        row = database.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    finally:
        database.close()
    return row[0] if row else None


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

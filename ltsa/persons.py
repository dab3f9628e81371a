"""Who the persons are whose journeys are on record: the vault beside the ledger, where each can be erased.

Events carry a pseudonymous id. NIK, name and phone lie here, encrypted (AES-GCM) with a key of the person's own, which
is itself wrapped with a key that follows from the installation's seed. A person is found by a keyed hash of the NIK
(HMAC-SHA256). Erasing destroys the person's key, what it sealed and the hash: the id and its stream stay, and lead to
nobody any more.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Lock

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ltsa.identity import Identity
from ltsa.message import Refusal

ID_BYTES, KEY_BYTES, NONCE_BYTES = 10, 32, 12

_TABLES = """
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS persons (id TEXT PRIMARY KEY, found_by BLOB UNIQUE, key BLOB, sealed BLOB,
    kept_at INTEGER NOT NULL, erased_by TEXT NOT NULL DEFAULT '', erased_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS cards (card TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS cards_of_person ON cards (person);
"""


class WrongSeedError(Exception):
    """The seed is not the one under which the persons were kept."""


class Persons:
    """The open file. Safe to use from any thread and beside other processes; blocks on the disk.

    Args:
        path: the file; made if it is not there, readable by its owner alone.
        seed: the installation's 32 secret bytes.

    Raises:
        WrongSeedError: the seed is another one than before.
    """

    def __init__(self, path: Path, seed: bytes) -> None:
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._lock = Lock()
        self._wrap = AESGCM(_derived(seed, b"wrap"))
        self._find = _derived(seed, b"find")
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._database.execute(f"PRAGMA {pragma}")
        with self._changing() as database:
            for statement in _TABLES.split(";"):
                database.execute(statement)
            mark = _sealed(self._wrap, b"persons", "mark")
            database.execute("INSERT OR IGNORE INTO marks VALUES ('seed', ?)", (mark,))
            (mark,) = database.execute("SELECT value FROM marks WHERE name = 'seed'").fetchone()
        try:
            _opened(self._wrap, mark, "mark")
        except InvalidTag:
            self.close()
            raise WrongSeedError("The persons were kept under another seed; bring it back from a backup.") from None

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._database.close()

    # --- Who it is

    def keep(self, who: Identity, at: int) -> tuple[str, bool]:
        """The person's id, and whether it is a new one. Somebody who is known keeps name and phone as they were."""
        found_by = self._found_by(who.nik)
        with self._changing() as database:
            row = database.execute("SELECT id FROM persons WHERE found_by = ?", (found_by,)).fetchone()
            if row is not None:
                return row[0], False
            person, key = secrets.token_hex(ID_BYTES), AESGCM.generate_key(8 * KEY_BYTES)
            wrapped, sealed = _sealed(self._wrap, key, person), _sealed(AESGCM(key), msgspec.json.encode(who), person)
            database.execute(
                "INSERT INTO persons (id, found_by, key, sealed, kept_at) VALUES (?,?,?,?,?)",
                (person, found_by, wrapped, sealed, at),
            )
            return person, True

    def find(self, nik: str) -> str | None:
        """The id of the person with a NIK, None where nobody has it."""
        with self._lock:
            found = (self._found_by(nik),)
            row = self._database.execute("SELECT id FROM persons WHERE found_by = ?", found).fetchone()
        return row[0] if row else None

    def read(self, person: str) -> Identity | None:
        """Who a person is; None for an id that nobody has, or who was erased."""
        with self._lock:
            row = self._database.execute("SELECT key, sealed FROM persons WHERE id = ?", (person,)).fetchone()
        if row is None or row[0] is None:
            return None
        plain = _opened(AESGCM(_opened(self._wrap, row[0], person)), row[1], person)
        return msgspec.json.decode(plain, type=Identity)

    def change(self, person: str, who: Identity) -> bool:
        """Corrects who a person is. False for an id that nobody has; raises `Refusal` for somebody else's NIK."""
        with self._changing() as database:
            row = database.execute("SELECT key FROM persons WHERE id = ?", (person,)).fetchone()
            if row is None or row[0] is None:
                return False
            sealed = _sealed(AESGCM(_opened(self._wrap, row[0], person)), msgspec.json.encode(who), person)
            try:
                database.execute(
                    "UPDATE persons SET found_by = ?, sealed = ? WHERE id = ?",
                    (self._found_by(who.nik), sealed, person),
                )
            except sqlite3.IntegrityError:
                raise Refusal("nik-taken", "Somebody else has this NIK here; look at both.", field="nik") from None
        self._empty_log()
        return True

    def forget(self, person: str) -> None:
        """Takes back a person to whom the ledger never came to refer, as if nobody had been kept."""
        with self._changing() as database:
            database.execute("DELETE FROM persons WHERE id = ?", (person,))
            database.execute("DELETE FROM cards WHERE person = ?", (person,))
        self._empty_log()

    def erase(self, person: str, by: str, at: int) -> bool:
        """Erases who a person is for good, from the file and its log; False when nothing is left to erase. Who did it
        and when stays.
        """
        with self._changing() as database:
            erased = database.execute(
                "UPDATE persons SET found_by = NULL, key = NULL, sealed = NULL, erased_by = ?, erased_at = ?"
                " WHERE id = ? AND key IS NOT NULL",
                (by, at, person),
            )
            database.execute("DELETE FROM cards WHERE person = ?", (person,))
        self._empty_log()
        return erased.rowcount == 1

    # --- Cards

    def put_card(self, card: str, person: str) -> bool:
        """Notes whose card has this SHA-256, before the ledger refers to it. False if it was noted before."""
        with self._changing() as database:
            return database.execute("INSERT OR IGNORE INTO cards VALUES (?,?)", (card, person)).rowcount == 1

    def drop_card(self, card: str) -> None:
        """Takes back a card to which the ledger never came to refer."""
        with self._changing() as database:
            database.execute("DELETE FROM cards WHERE card = ?", (card,))

    def of_card(self, card: str) -> str | None:
        """The id of the person whose card has this SHA-256."""
        with self._lock:
            row = self._database.execute("SELECT person FROM cards WHERE card = ?", (card,)).fetchone()
        return row[0] if row else None

    def index(self, cards: Iterable[tuple[str, str]]) -> None:
        """Notes cards (SHA-256, person's id) as the ledger knows them, but those of the erased: the index is nothing
        that could not be made anew.
        """
        with self._changing() as database:
            database.executemany(
                "INSERT OR IGNORE INTO cards SELECT ?1, ?2 WHERE NOT EXISTS"
                " (SELECT 1 FROM persons WHERE id = ?2 AND erased_at > 0)",
                cards,
            )

    # --- Inside

    def _found_by(self, nik: str) -> bytes:
        return hmac.digest(self._find, nik.encode(), sha256)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: nobody else writes until it is on the disk, or undone by an exception."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _empty_log(self) -> None:
        """Takes what was deleted out of the write-ahead log too."""
        with self._lock:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _sealed(cipher: AESGCM, plain: bytes, about: str) -> bytes:
    """Encrypts; `about` says whose it is, and must be the same to open it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, about.encode())


def _opened(cipher: AESGCM, sealed: bytes, about: str) -> bytes:
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())


def _derived(seed: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"ltsa persons " + purpose).derive(seed)

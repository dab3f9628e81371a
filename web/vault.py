"""The store that stays secret, `credentials`: its tables, what is sealed in it, and how tries are counted.

Several processes write to it at once: whatever is read before it is changed is read under the store's own lock
(`changing`), so nothing that holds once is accepted twice. The decision: docs/decisions/sign-in.md.
"""

import secrets
from hashlib import blake2b, sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ltsa.secret_store import KEY_BYTES, SecretStore, derived, opened, sealed
from ltsa.side_store import Beside, Tables, statements

TRIES = 5
"""Wrong ones in a row until the lock falls."""

LOCK = 15 * 60_000
"""How long it lasts, in ms."""

UNTIL_SIGN_IN = 1 << 62
"""The end of a lock that only signing in again opens."""

FORGOTTEN_AFTER = 24 * 3_600_000
"""How long wrong tries stay in a row when none follows, in ms. The same for accounts that are not there."""

TABLES = statements("""
CREATE TABLE IF NOT EXISTS names (person TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hashes (person TEXT NOT NULL, kind TEXT NOT NULL, sealed BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (person, kind)) STRICT;
CREATE TABLE IF NOT EXISTS tries (about TEXT PRIMARY KEY, wrong INTEGER NOT NULL, latest INTEGER NOT NULL,
    locked_until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS totp (person TEXT PRIMARY KEY, sealed BLOB, begun BLOB, step INTEGER NOT NULL DEFAULT -1)
    STRICT;
CREATE TABLE IF NOT EXISTS recovery (digest BLOB PRIMARY KEY, person TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS links (digest BLOB PRIMARY KEY, person TEXT NOT NULL, purpose TEXT NOT NULL,
    until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (digest BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL,
    how TEXT NOT NULL, device TEXT NOT NULL, began INTEGER NOT NULL, seen INTEGER NOT NULL, until INTEGER NOT NULL,
    locked INTEGER NOT NULL DEFAULT 0, second_factor INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS half_way (digest BLOB PRIMARY KEY, person TEXT NOT NULL, how TEXT NOT NULL,
    until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS away (state BLOB PRIMARY KEY, browser BLOB NOT NULL, sealed BLOB NOT NULL,
    until INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_person ON sessions (person);
CREATE TABLE IF NOT EXISTS external (issuer TEXT NOT NULL, subject TEXT NOT NULL, person TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)) STRICT;
""")


class WrongKeyError(Exception):
    """The key is not the one that this file was sealed with, or not a key at all."""


class Vault(SecretStore):
    """The open store. Safe to use from any thread and beside other processes; blocks.

    Args:
        place: where it lies; made if it is not there, readable by its owner alone in any case.
        key: 32 random bytes, kept elsewhere: what is sealed cannot be read without them.

    Raises:
        WrongKeyError: the key is another one than before.
        LedgerUnavailableError: the store cannot be opened.
    """

    def __init__(self, place: Beside, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongKeyError(f"The key has {len(key)} bytes, not {KEY_BYTES}.")
        self._cipher = AESGCM(derived(key, "credentials seal"))
        self._bucket_key = derived(key, "credentials bucket")
        super().__init__(place, TABLES)
        with self._changing() as database:
            mine = self._seal(b"", "key")
            database.execute("INSERT INTO marks VALUES ('key', ?) ON CONFLICT DO NOTHING", (mine,))
            (mark,) = database.execute("SELECT value FROM marks WHERE name = 'key'").fetchone()
        try:
            self._open(mark, "key")
        except WrongKeyError:
            self.close()
            raise

    def _seal(self, plain: bytes, about: str) -> bytes:
        """Encrypts; `about` says whose and what it is, and must be the same to open it."""
        return sealed(self._cipher, plain, about)

    def _open(self, closed: bytes, about: str) -> bytes:
        try:
            return opened(self._cipher, closed, about)
        except InvalidTag:
            raise WrongKeyError("This was sealed with another key; bring the key back from a backup.") from None

    def _hidden(self, text: str) -> str:
        """One of 65 536 marks for a text that is not to be kept: people type passwords where the account belongs."""
        return blake2b(text.encode(errors="replace"), key=self._bucket_key, digest_size=2).hexdigest()


def new_secret() -> str:
    """256 random bits for an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What the file keeps of a secret of 112 bits or more."""
    return sha256(secret.encode(errors="replace")).digest()


def begin_try(database: Tables, about: str, at: int, lock: int = LOCK) -> bool:
    """Counts a try as a wrong one before anybody looks whether it is right (then `end_tries` forgets it), so that of
    any number of tries at the same time no sixth is looked at. False while locked; that lengthens nothing.
    """
    row = database.execute("SELECT wrong, latest, locked_until FROM tries WHERE about = ?", (about,)).fetchone()
    wrong, latest, locked_until = row or (0, at, 0)
    if locked_until > at:
        return False
    if locked_until or at - latest >= FORGOTTEN_AFTER:
        wrong = 0
    wrong += 1
    locked_until = min(at + lock, UNTIL_SIGN_IN) if wrong >= TRIES else 0
    database.execute(
        "INSERT INTO tries VALUES (?, ?, ?, ?) ON CONFLICT (about) DO UPDATE"
        " SET wrong = excluded.wrong, latest = excluded.latest, locked_until = excluded.locked_until",
        (about, wrong, at, locked_until),
    )
    return True


def end_tries(database: Tables, *abouts: str) -> None:
    """Begins the count anew."""
    database.executemany("DELETE FROM tries WHERE about = ?", [(about,) for about in abouts])

"""The key store: a key for every person and every note, apart from what they seal, so that it is backed up apart.

A key is destroyed together with the person or the note, and that it was stays here. So a backup of the data that is
older than an erasure cannot be read, nor can a guess be held against what the record says of it. Keys lie here wrapped
with one that follows from the installation's seed. The decision: docs/decisions/personal-data.md.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ltsa.secret_store import KEY_BYTES, SecretStore, derived, mark_of, opened, sealed
from ltsa.side_store import Beside, Tables

ID_BYTES = 16
_NEXT = "next:"
LOG, OWED = "log", "to be written anew"
"""Marks: of which office, by its log's name; and that keys were deleted."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS keys (about TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS erased (about TEXT PRIMARY KEY, by TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
)


class WrongSeedError(Exception):
    """The seed is not the one under which the keys were kept."""


class MissingKeysError(Exception):
    """There is data whose keys are not there; the sentence says what to bring back."""


class Erased(NamedTuple):
    """A key that was destroyed: whose ("person:…", "note:…"), by whom, when (ms UTC)."""

    about: str
    by: str
    at: int


class Keys(SecretStore):
    """The open key store.

    Args:
        place: where it lies.
        seed: the installation's 32 secret bytes.
        data: where the data lie that it seals. If one of them was sealed with keys of a store before, this must be it.

    Raises:
        WrongSeedError: the seed is another one than before.
        MissingKeysError: the store is not there, or it is another one than the data's.
    """

    def __init__(self, place: Beside, seed: bytes, data: Iterable[Beside] = ()) -> None:
        bound = {one: mark_of(one, "keys") for one in data}
        own = mark_of(place, "id")  # after the others: a process that has just made all of them made this one first
        for one, store in bound.items():
            if store not in (None, own):
                raise MissingKeysError(missing(place, one, "belongs to other data" if own else "is missing or empty"))
        super().__init__(place, TABLES)
        self._wrap = AESGCM(derived(seed, "keys wrap"))
        with self._changing() as database:
            for name, value in (("id", secrets.token_bytes(ID_BYTES)), ("seed", sealed(self._wrap, b"keys", "mark"))):
                database.execute("INSERT INTO marks VALUES (?,?) ON CONFLICT DO NOTHING", (name, value))
            marks: dict[str, bytes] = dict(database.execute("SELECT name, value FROM marks").fetchall())
        self.id = marks["id"]
        try:
            opened(self._wrap, marks["seed"], "mark")
        except InvalidTag:
            self.close()
            raise WrongSeedError("The keys were kept under another seed; bring it back from a backup") from None
        self._empty_log()
        self.settle()

    def settle(self) -> None:
        """Writes the store anew if keys were deleted since: a key must not be found anywhere, since what it
        sealed may lie in backups. Others wait for it, so it is not done at each erasure but by the house, every minute.
        """
        if isinstance(self.place, Path):
            return
        with self._changing() as database:
            owed = database.execute("DELETE FROM marks WHERE name = ?", (OWED,)).rowcount
        if owed and not self.side.rewrite():
            with self._changing() as database:
                self._owe(database)

    # --- Keys

    def get(self, about: str) -> bytes | None:
        """A key; None where it was destroyed, or there never was one."""
        row = self._rows("SELECT wrapped FROM keys WHERE about = ?", about)
        return self._unwrapped(row[0][0], about) if row else None

    def make(self, about: str) -> bytes:
        """The key of a person or note, which is durable before anything is sealed with it. Raises `KeyError` where it
        was destroyed: nothing is sealed again for whom it was erased.
        """
        return self.take_over({about: secrets.token_bytes(KEY_BYTES)})[about]

    def take_over(self, keys: dict[str, bytes]) -> dict[str, bytes]:
        """Keeps keys that came from elsewhere, all or none; the ones kept from now on. Those that are here already stay
        as they are. Raises `KeyError` for one that was destroyed.
        """
        with self._changing() as database:
            for about, key in keys.items():
                if database.execute("SELECT 1 FROM erased WHERE about = ?", (about,)).fetchone():
                    raise KeyError(about)
                wrapped = sealed(self._wrap, key, about)
                database.execute("INSERT INTO keys VALUES (?,?) ON CONFLICT DO NOTHING", (about, wrapped))
            return {
                about: self._unwrapped(
                    database.execute("SELECT wrapped FROM keys WHERE about = ?", (about,)).fetchone()[0], about
                )
                for about in keys
            }

    def begin_renewal(self, about: str) -> bytes:
        """Another key that is to take the place of one, once what it seals is sealed with it."""
        return self.make(f"{_NEXT}{about}")

    def renewal(self, about: str) -> bytes | None:
        """The key that is to take the place of another; None where there is none."""
        return self.get(f"{_NEXT}{about}")

    def renewals(self) -> list[str]:
        """Whose keys are to be replaced: of what was cut off."""
        rows = self._rows("SELECT about FROM keys WHERE about >= ? AND about < ?", _NEXT, f"{_NEXT[:-1]};")
        return [str(row[0]).removeprefix(_NEXT) for row in rows]

    def end_renewal(self, about: str) -> None:
        """The new key takes the old one's place, which is destroyed."""
        if (new := self.renewal(about)) is None:
            return
        with self._changing() as database:
            database.execute(
                "INSERT INTO keys VALUES (?,?) ON CONFLICT (about) DO UPDATE SET wrapped = excluded.wrapped",
                (about, sealed(self._wrap, new, about)),
            )
            database.execute("DELETE FROM keys WHERE about = ?", (f"{_NEXT}{about}",))
            self._owe(database)
        self._empty_log()

    def drop_renewal(self, about: str) -> None:
        """The old key stays."""
        self.drop(f"{_NEXT}{about}")

    def drop(self, about: str) -> None:
        """Takes back a key to whose data the ledger never came to refer."""
        with self._changing() as database:
            database.execute("DELETE FROM keys WHERE about = ?", (about,))
            self._owe(database)
        self._empty_log()

    def destroy(self, erased: Iterable[Erased]) -> int:
        """Destroys keys for good, in the file and its log; how many there were. That they were erased stays, also of
        those whose key is not here: it may lie in an older store that is put back.
        """
        with self._changing() as database:
            destroyed = 0
            for it in erased:
                destroyed += database.execute("DELETE FROM keys WHERE about = ?", (it.about,)).rowcount
                database.execute("DELETE FROM keys WHERE about = ?", (f"{_NEXT}{it.about}",))
                database.execute("INSERT INTO erased VALUES (?,?,?) ON CONFLICT DO NOTHING", it)
            self._owe(database)
        self._empty_log()
        return destroyed

    def erased(self, kind: str) -> list[Erased]:
        """All keys of a kind ("person", "note") that were destroyed."""
        rows = self._rows("SELECT * FROM erased WHERE about >= ? AND about < ?", f"{kind}:", f"{kind};")
        return [Erased(*row) for row in rows]

    def was_erased(self, about: str) -> bool:
        """Whether a key was destroyed."""
        return bool(self._rows("SELECT 1 FROM erased WHERE about = ?", about))

    def kept(self, kind: str) -> set[str]:
        """The ids of a kind of which there is a key."""
        rows = self._rows("SELECT about FROM keys WHERE about >= ? AND about < ?", f"{kind}:", f"{kind};")
        return {str(row[0]).partition(":")[2] for row in rows}

    def belong(self, log: str) -> None:
        """Notes the name of the log of whose office these keys are; it stays."""
        with self._changing() as database:
            database.execute("INSERT INTO marks VALUES (?,?) ON CONFLICT DO NOTHING", (LOG, log.encode()))

    # --- How far the ledger's erasures were followed

    @property
    def reached(self) -> int:
        """The ledger's position up to which every erasure on record was carried out, as this file knows: one that was
        put back from a backup knows less, and follows again.
        """
        row = self._rows("SELECT value FROM marks WHERE name = 'reached'")
        return int.from_bytes(row[0][0]) if row else 0

    def reach(self, position: int) -> None:
        """Notes it."""
        with self._changing() as database:
            mark(database, "reached", position.to_bytes(8))

    # --- Inside

    def _owe(self, database: Tables) -> None:
        """A key was deleted: the store is to be written anew, unless it is a file, which is overwritten."""
        if not isinstance(self.place, Path):
            mark(database, OWED, b"\1")

    def _unwrapped(self, wrapped: object, about: str) -> bytes:
        assert isinstance(wrapped, bytes)  # noqa: S101 - the table is strict
        return opened(self._wrap, wrapped, about)


def bind(database: Tables, keys: Keys) -> None:
    """Says in a store of data which store has its keys, within a transaction of that one."""
    mark(database, "keys", keys.id)


def mark(database: Tables, name: str, value: bytes) -> None:
    """Sets a mark of a store, within a transaction."""
    database.execute(
        "INSERT INTO marks VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )


def missing(place: Beside, data: Beside, what: str = "is missing or empty") -> str:
    """The sentence for a store without which data cannot be read."""
    theirs = data.name if isinstance(data, Path) else f"the {data}"
    own = place.name if isinstance(place, Path) else f"the {place}"
    elsewhere = "" if isinstance(data, Path) else " If another host has it, name a database for it: keys_database."
    return (
        f"The key store {place} {what}, and without it nobody can read {theirs}.{elsewhere} Bring {own} back from"
        f" its newest backup. If there is none, what {theirs} holds is lost: move it away, and the office"
        " starts with a new one"
    )

"""Free text about people, beside the ledger and erasable: the officers' notes.

Events carry a note's id only, which commits to its text (`ltsa/commitment.py`). The text lies here sealed with a key of
the note's own, which lies in the key store (`ltsa/keys.py`). Erasing a note destroys its key and overwrites what it
sealed, and leaves a mark of who erased it and when, so that the ledger's reference never dangles.
"""

import hmac
import logging
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from ltsa.commitment import commitment, note_text, salt_of
from ltsa.keys import Erased, Keys, bind
from ltsa.secret_store import KEY_BYTES, SecretStore, derived, opened, sealed
from ltsa.side_store import Beside, Tables
from ltsa.tokens import note_id

log = logging.getLogger(__name__)

LONGEST_NOTE = 1000

RETRIED_WITHIN = 2 * 24 * 3_600_000
"""How long the same key means the same note, in ms: a retry may cross midnight."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, office TEXT NOT NULL, date TEXT NOT NULL,
        number TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, erased_by TEXT NOT NULL DEFAULT '',
        erased_at INTEGER NOT NULL DEFAULT 0, sealed BLOB, asked BLOB)""",
    "CREATE INDEX IF NOT EXISTS notes_of_ticket ON notes (office, date, number)",
    "CREATE INDEX IF NOT EXISTS notes_asked ON notes (asked)",
)
_COLUMNS = "id, office, date, number, by, at, erased_by, erased_at, sealed"
_ERASE = "UPDATE notes SET sealed = NULL, erased_by = ?, erased_at = ? WHERE id = ? AND erased_at = 0"


class Written(NamedTuple):
    """That there is a note: its id, and which ticket of which day it is about."""

    id: str
    date: str
    number: str


class Note(Struct, frozen=True, kw_only=True):
    """A note about one ticket of one day; `id` is "" until it is kept. `text` is empty once it was erased (`erased_at`,
    ms UTC, is then not 0), or its key was lost.
    """

    office: str
    date: str
    number: str
    by: str
    at: int
    text: str
    id: str = ""
    erased_by: str = ""
    erased_at: int = 0


class People(SecretStore):
    """The open file. Safe to use from any thread and beside other processes; blocks on the disk.

    Args:
        place: where it lies; made if it is not there, readable by its owner alone.
        seed: the installation's 32 secret bytes.
        keys: where the notes' keys lie. Notes that an older version kept as plain text are sealed.
    """

    def __init__(self, place: Beside, seed: bytes, keys: Keys) -> None:
        super().__init__(place, ())
        self._keys, self._seed = keys, seed
        self._ask = derived(seed, "notes ask")
        self._begin()
        self.drop_erased()
        self._empty_log()

    def keep(self, note: Note, key: str) -> tuple[str, bool]:
        """Keeps a note before the ledger refers to it: its id, and whether it is a new one. Keeping the same one again
        under the same idempotency key changes nothing; another text under that key is another note.
        """
        asked = hmac.digest(self._ask, key.encode(), sha256)
        with self._changing() as database:
            if (known := self._known(database, note, asked, note_id(self._seed, key, note.text))) is not None:
                return known, False
            # The id commits to the text under a salt that follows from the key, so the key is there first.
            secret = AESGCM.generate_key(8 * KEY_BYTES)
            name = commitment(salt_of(secret), note_text(note.text))
            self._keys.take_over({_key(name): secret})
            database.execute(
                "INSERT INTO notes (id, office, date, number, by, at, sealed, asked) VALUES (?,?,?,?,?,?,?,?)",
                (name, note.office, note.date, note.number, note.by, note.at, _seal(secret, note.text, name), asked),
            )
            return name, True

    def notes(self, office: str, date: str, number: str) -> list[Note]:
        """The notes about a ticket, oldest first, erased ones with an empty text."""
        where = f"SELECT {_COLUMNS} FROM notes WHERE office = ? AND date = ? AND number = ? ORDER BY at, id"  # noqa: S608
        return [self._note(row) for row in self._rows(where, office, date, number)]

    def names(self, office: str, date: str, number: str) -> list[str]:
        """The ids of the notes about a ticket, erased ones too."""
        where = "SELECT id FROM notes WHERE office = ? AND date = ? AND number = ?"
        return [str(row[0]) for row in self._rows(where, office, date, number)]

    def note(self, name: str) -> Note | None:
        """A note by its id; None where there is none."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM notes WHERE id = ?", name)  # noqa: S608
        return self._note(rows[0]) if rows else None

    def salt(self, name: str) -> bytes | None:
        """The salt under which a note's id commits to its text; None once it was erased."""
        key = self._keys.get(_key(name))
        return None if key is None else salt_of(key)

    def forget(self, note: str) -> None:
        """Takes back a note that the ledger never came to refer to, as if it had not been kept."""
        with self._changing() as database:
            database.execute("DELETE FROM notes WHERE id = ?", (note,))
        self._empty_log()
        self._keys.drop(_key(note))

    def has_text(self, note: str) -> bool:
        """Whether there is such a note, and it was not erased."""
        return bool(self._rows("SELECT 1 FROM notes WHERE id = ? AND erased_at = 0", note))

    def erase(self, notes: Iterable[str], by: str, at: int) -> int:
        """Erases the texts of notes for good, from both files and their logs; how many had one. The keys go first: what
        is cut off then is completed when the file is opened.
        """
        names = list(notes)
        self._keys.destroy(Erased(_key(name), by, at) for name in names)
        with self._changing() as database:
            erased = sum(database.execute(_ERASE, (by, at, name)).rowcount for name in names)
        self._empty_log()
        return erased

    # --- What a file from a backup may hold

    def drop_erased(self) -> int:
        """Drops what is left of notes whose key was destroyed, and says of how many: of an erasure that was cut off, or
        in a file that is older than it.
        """
        gone = self._keys.erased("note")
        with self._changing() as database:
            dropped = sum(
                database.execute(_ERASE, (by, at, about.partition(":")[2])).rowcount for about, by, at in gone
            )
        if dropped:
            self._empty_log()
        return dropped

    def kept(self) -> set[str]:
        """The ids of all notes that were not erased."""
        return {str(row[0]) for row in self._rows("SELECT id FROM notes WHERE erased_at = 0")}

    def written_before(self, office: str, date: str) -> list[Written]:
        """An office's notes that were not erased, about service days before a date (ISO), the oldest first."""
        query = "SELECT id, date, number FROM notes WHERE office = ? AND date < ? AND erased_at = 0 ORDER BY date, at"
        return [Written(*map(str, row)) for row in self._rows(query, office, date)]

    # --- Inside

    def _known(self, database: Tables, note: Note, asked: bytes, older: str) -> str | None:
        """The note that this key was used for before, if it is the same, or its text is gone. `older` is the id that a
        version without keys would have given it.
        """
        rows = database.execute(
            f"SELECT {_COLUMNS} FROM notes WHERE id = ? OR (asked = ? AND office = ? AND at > ?)",  # noqa: S608
            (older, asked, note.office, note.at - RETRIED_WITHIN),
        ).fetchall()
        found = [self._note(row) for row in rows]
        return next((it.id for it in found if it.text == note.text or it.erased_at), None)

    def _note(self, row: tuple[Any, ...]) -> Note:
        *said, closed = row
        names = ("id", "office", "date", "number", "by", "at", "erased_by", "erased_at")
        it = Note(**dict(zip(names, said, strict=True)), text="")
        key = None if closed is None else self._keys.get(_key(it.id))
        return it if key is None else msgspec.structs.replace(it, text=opened(AESGCM(key), closed, it.id).decode())

    def _begin(self) -> None:
        """Makes the tables. Notes of an older version, which lie open, are sealed: their keys are in the key store
        first, then the texts are no longer here. Whatever was erased stays so.
        """
        with self._changing() as database:
            if "text" in self.side.columns("notes"):
                log.warning("%s is of an older program: the notes are sealed", self.side.place)
                self._seal_all(database)
            for statement in TABLES:
                database.execute(statement)
            bind(database, self._keys)

    def _seal_all(self, database: Tables) -> None:
        erased = database.execute("SELECT id, erased_by, erased_at FROM notes WHERE erased_at > 0").fetchall()
        self._keys.destroy(Erased(_key(name), by, at) for name, by, at in erased)
        gone = {key.about for key in self._keys.erased("note")}
        database.execute("ALTER TABLE notes ADD COLUMN sealed BLOB")
        database.execute("ALTER TABLE notes ADD COLUMN asked BLOB")
        texts = database.execute("SELECT id, text FROM notes WHERE erased_at = 0").fetchall()
        open_ = {name: text for name, text in texts if _key(name) not in gone}
        held = self._keys.take_over({_key(name): AESGCM.generate_key(8 * KEY_BYTES) for name in open_})
        database.executemany(
            "UPDATE notes SET sealed = ? WHERE id = ?",
            [(_seal(held[_key(name)], text, name), name) for name, text in open_.items()],
        )
        database.execute("ALTER TABLE notes DROP COLUMN text")


def _key(note: str) -> str:
    return f"note:{note}"


def _seal(key: bytes, text: str, note: str) -> bytes:
    return sealed(AESGCM(key), text.encode(), note)

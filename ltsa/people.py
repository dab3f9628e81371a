"""Personal data, beside the ledger and erasable. Today: the officers' notes.

Events carry a note's id only. Erasing a note overwrites its text in the file (`secure_delete`) and leaves a mark of who
erased it and when, so that the ledger's reference never dangles.
"""

import sqlite3
from pathlib import Path
from threading import Lock

from msgspec import Struct

LONGEST_NOTE = 1000


class Note(Struct, frozen=True, kw_only=True):
    """A note about one ticket of one day; `text` is empty once it was erased (`erased_at`, ms UTC, is then not 0)."""

    id: str
    office: str
    date: str
    number: str
    by: str
    at: int
    text: str
    erased_by: str = ""
    erased_at: int = 0


class People:
    """The file of personal data. Safe to use from any thread; blocks on the disk."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        if not path.exists():
            path.touch(mode=0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, office TEXT NOT NULL, date TEXT NOT NULL,"
            " number TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,"
            " erased_by TEXT NOT NULL DEFAULT '', erased_at INTEGER NOT NULL DEFAULT 0)"
        )
        self._database.execute("CREATE INDEX IF NOT EXISTS notes_of_ticket ON notes (office, date, number)")

    def keep(self, note: Note) -> bool:
        """Keeps a note before the ledger refers to it. Keeping the same one again changes nothing: False."""
        with self._lock:
            kept = self._database.execute(
                "INSERT OR IGNORE INTO notes (id, office, date, number, by, at, text) VALUES (?,?,?,?,?,?,?)",
                (note.id, note.office, note.date, note.number, note.by, note.at, note.text),
            )
            return kept.rowcount == 1

    def notes(self, office: str, date: str, number: str) -> list[Note]:
        """The notes about a ticket, oldest first, erased ones with an empty text."""
        with self._lock:
            rows = self._database.execute(
                "SELECT id, office, date, number, by, at, text, erased_by, erased_at FROM notes"
                " WHERE office = ? AND date = ? AND number = ? ORDER BY at, id",
                (office, date, number),
            ).fetchall()
        return [Note(**dict(zip(Note.__struct_fields__, row, strict=True))) for row in rows]

    def forget(self, note: str) -> None:
        """Takes back a note that the ledger never came to refer to, as if it had not been kept."""
        with self._lock:
            self._database.execute("DELETE FROM notes WHERE id = ?", (note,))
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def has_text(self, note: str) -> bool:
        """Whether there is such a note, and it was not erased."""
        with self._lock:
            found = self._database.execute("SELECT 1 FROM notes WHERE id = ? AND erased_at = 0", (note,)).fetchone()
            return found is not None

    def erase(self, note: str, by: str, at: int) -> bool:
        """Erases a note's text for good, from the file and its log. False when there is no such text."""
        with self._lock:
            erased = self._database.execute(
                "UPDATE notes SET text = '', erased_by = ?, erased_at = ? WHERE id = ? AND erased_at = 0",
                (by, at, note),
            )
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return erased.rowcount == 1

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._database.close()

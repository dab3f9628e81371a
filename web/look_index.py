"""Where in the record data of somebody were looked at, taken out or erased: an index, so that a page about one person
need not read years of journals. It lies in a file of its own beside the ledger and follows it; lost, it is made anew.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock

from ltsa import side_file
from ltsa.journal import DataExported
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.present import Recorded
from ltsa.side_file import changing

TOPICS = ("data-seen/1", "data-recorded/1", "data-exported/1", "data-erased/1")

_TABLES = """
CREATE TABLE IF NOT EXISTS looks (about TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (about, position))
    STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reached (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, key TEXT
    NOT NULL, read INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO reached VALUES (1, 0, '', 0);
"""
"""`reached` holds the last look that was taken in, with its key, and how far the ledger was read."""

MOST = 500
"""Names that are asked for at once: SQLite takes no more than some thousand."""


def of_everybody(office: str) -> str:
    """The name under which exports of an office stand that hold who everybody is that came on some days."""
    return f"*{office}"


def _positions(database: sqlite3.Connection, whom: list[str]) -> Iterator[int]:
    for n in range(0, len(whom), MOST):
        some = whom[n : n + MOST]
        marks = ",".join("?" * len(some))
        for row in database.execute(f"SELECT position FROM looks WHERE about IN ({marks})", some):  # noqa: S608 - marks
            yield row[0]


def _names(row: Recorded) -> tuple[str, ...]:
    """What an entry is about; of notes that were erased together, each."""
    if isinstance(row.event, DataExported) and row.event.why:
        return (of_everybody(row.stream.split(":")[1]),)
    return (str(getattr(row.event, "about", "")), *getattr(row.event, "items", ()))


class LookIndex:
    """The open file. Safe to use from any thread and beside other processes; blocks on the disk."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._database = side_file.opened(path)
        self._database.executescript(_TABLES)

    def about(self, ledger: Ledger, whom: list[str]) -> list[Recorded]:
        """What is on record that names one of these persons or things, in order, up to now. Raises
        `LedgerUnavailableError`.
        """
        try:
            with self._changing() as database:
                self._follow(database, ledger)
                positions = list(_positions(database, whom))
        except sqlite3.Error as error:
            raise LedgerUnavailableError(f"the index of looks cannot be read and written: {error}") from error
        return ledger.at(*positions)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._database.close()

    def _follow(self, database: sqlite3.Connection, ledger: Ledger) -> None:
        """Takes in what was looked at since; everything where the ledger is not the one that was read (a backup)."""
        position, key, read = database.execute("SELECT position, key, read FROM reached").fetchone()
        newest = ledger.newest()
        last = ledger.at(position) if position else []
        if read > newest or (position and [row.event.key for row in last] != [key]):
            database.execute("DELETE FROM looks")
            position, key, read = 0, "", 0
        for row in ledger.told(*TOPICS, after=read):
            names = [(name, row.position) for name in _names(row)]
            database.executemany("INSERT OR IGNORE INTO looks VALUES (?,?)", names)
            position, key, newest = row.position, row.event.key, max(newest, row.position)
        database.execute("UPDATE reached SET position = ?, key = ?, read = ?", (position, key, newest))

    def _changing(self) -> AbstractContextManager[sqlite3.Connection]:
        return changing(self._lock, self._database)

"""What a store does for the ledger: events in one order, and transactions under the ledger's lock.

There are two, `ltsa/sqlite.py` (a file) and `ltsa/postgres.py` (a server). Everything else is written once, for both:
the ledger's and the proof log's SQL is SQLite's, with `?` for values.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

FORMAT = 2
"""Of the tables."""

WITH_ALL_BESIDE = 3
"""The mark of a database that also holds what lies beside the ledger: an older program, which would begin anew with
empty files, does not open it. The tables are the same. A store marked with a higher one is not opened.
"""

UNFINISHED = 1_000_000_000
"""The mark of a store into which a ledger is being copied."""

Place = Path | str
"""Where a ledger lies: a file, or the address of a PostgreSQL database."""


class LedgerUnavailableError(Exception):
    """The record cannot be written or read now (disk full, locked, damaged, away). Nothing was acknowledged; ask again
    with the same key.
    """


class ConnectionLostError(LedgerUnavailableError):
    """The server, or the way to it, was lost under a transaction. It may have been committed: who repeats looks."""


class Row(NamedTuple):
    """An event as it is stored."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes


class Cursor(Protocol):
    """What both drivers' cursors do."""

    def execute(self, sql: str, values: Sequence[object] = (), /) -> object:
        """Runs one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        """Runs one statement for each of many rows."""

    def fetchone(self) -> Any:
        """The next row found, or None."""

    def fetchall(self) -> list[Any]:
        """All rows found."""


class Store(Protocol):
    """A ledger's tables. `reading` and `writing` may be used from any thread, `appending` from the writer's only."""

    name: str
    """Where it lies, as it may be shown."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """A cursor that reads what is committed. Raises `LedgerUnavailableError`."""

    def writing(self) -> AbstractContextManager[Cursor]:
        """A transaction under the ledger's lock, committed at the end; for what is no event. Raises
        `LedgerUnavailableError`, for one that may have been committed `ConnectionLostError`.
        """

    def appending(self) -> AbstractContextManager[Cursor]:
        """The same on the writer's own connection. What fails in it is rolled back; a statement that gives nothing back
        may fail as late as at the end.
        """

    def found(self, cursor: Cursor, *questions: tuple[str, Sequence[object]]) -> list[list[Any]]:
        """The rows of several SELECTs in `appending`, asked together: the way to a server is gone once for all."""
        return [_rows(cursor, *question) for question in questions]

    def settle(self, cursor: Cursor) -> None:  # noqa: ARG002 - a server is asked through it
        """Waits until what a cursor of `reading` has read is durable, where others may see it before it is."""
        return  # where nothing is seen before, there is nothing to wait for

    def format(self, cursor: Cursor) -> int:
        """The format that the tables are marked with; 0 for none."""

    def create(self, cursor: Cursor) -> None:
        """Creates the tables that are not there."""

    def mark(self, cursor: Cursor, number: int) -> None:
        """Marks the tables with a format."""

    def insert(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        """Inserts events. One whose position, or place in its stream, is taken fails them all."""

    def hear(self, ring: Callable[[], object]) -> bool:
        """Calls `ring`, from a thread of the store's, whenever another process may have committed. A file says nothing:
        False, it has to be watched.
        """

    def check(self) -> None:
        """Raises `LedgerUnavailableError` unless the ledger can be read and locked now."""

    def close(self) -> None:
        """Lets who reads finish, then closes. Who comes later is told so with a `LedgerUnavailableError`."""


def _rows(cursor: Cursor, sql: str, values: Sequence[object]) -> list[Any]:
    cursor.execute(sql, values)
    return cursor.fetchall()


def demand_known(name: str, found: int, *, unfinished: bool = False) -> None:
    """Raises `LedgerUnavailableError` for a store with a mark that this program does not know, or of an unfinished move
    unless that is meant.
    """
    if found == UNFINISHED:
        if not unfinished:
            raise LedgerUnavailableError(f"{name} holds a move that was not finished: remove it and move again")
    elif found > WITH_ALL_BESIDE:
        known = f"has format {found}, this program knows {WITH_ALL_BESIDE}"
        raise LedgerUnavailableError(f"{name} {known}: start it with a newer version")


def store_at(place: Place) -> Store:
    """The store of a ledger. Raises `LedgerUnavailableError` where it cannot be opened."""
    if isinstance(place, Path):
        from ltsa.sqlite import SQLiteStore  # noqa: PLC0415 - the stores build on this module

        return SQLiteStore(place)
    from ltsa.postgres import PostgresStore  # noqa: PLC0415 - an office on one machine loads no driver

    return PostgresStore(place)


def name_of(place: Place) -> str:
    """A place as it may be shown: without a password."""
    if isinstance(place, Path):
        return str(place)
    from ltsa.postgres_server import shown  # noqa: PLC0415 - an office on one machine loads no driver

    return shown(place)


def has_log(place: Place) -> bool:
    """Whether a store has the proof log's tables: one of the first programs has not. Raises
    `LedgerUnavailableError`.
    """
    if not isinstance(place, Path):
        return True
    with looking_at(place) as cursor:
        cursor.execute("SELECT 1 FROM sqlite_schema WHERE name = 'leaves'")
        return cursor.fetchone() is not None


def looking_at(place: Place, *, unfinished: bool = False) -> AbstractContextManager[Cursor]:
    """A store as it is now, in one transaction that only reads. Raises `LedgerUnavailableError`, also for one that a
    newer program has marked; for that of an unfinished move unless it is meant.
    """
    if isinstance(place, Path):
        from ltsa import sqlite  # noqa: PLC0415 - the stores build on this module

        return sqlite.looking_at(place, unfinished=unfinished)
    from ltsa import postgres  # noqa: PLC0415 - an office on one machine loads no driver

    return postgres.looking_at(place, unfinished=unfinished)

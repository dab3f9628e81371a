"""Where read models lie, and their SQL, written once for all stores.

Beside a ledger in a file it is `models.sqlite`: lost or damaged, it is made anew. Each transaction opens the file anew,
so that whoever finds another one there goes on with that.
"""

import logging
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Protocol

from ltsa import side_file
from ltsa.models.model import LIVE, Change, Put, Table, Value
from ltsa.store import Cursor, LedgerUnavailableError

log = logging.getLogger(__name__)

NEW = "remade_"
"""What the names of the tables begin with that are being made beside the live ones."""

REACHED = "model_reached"
_REACHED = f"""CREATE TABLE IF NOT EXISTS {REACHED} (name TEXT PRIMARY KEY, version BIGINT NOT NULL,
    position BIGINT NOT NULL, mark TEXT NOT NULL)"""
"""How far a model has followed the ledger; `mark` is the key of the event there, so that another ledger is noticed."""

_TYPES = {str: "TEXT", int: "BIGINT"}
_GONE = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})


class Tables(Protocol):
    """The store of the read models. Safe to use from any thread and beside other processes; blocks on the disk."""

    def changing(self) -> AbstractContextManager[Cursor]:
        """A transaction, alone: whoever else wants to change waits. Raises `LedgerUnavailableError`."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """A cursor that reads what is committed, all of it of one moment. Raises `LedgerUnavailableError`."""


class ModelFile(Tables):
    """The read models in a SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def changing(self) -> Iterator[Cursor]:
        """A transaction on a connection of its own."""
        with self._connected("BEGIN IMMEDIATE") as cursor:
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """The same, for reading."""
        with self._connected("BEGIN") as cursor:
            yield cursor

    @contextmanager
    def _connected(self, begin: str) -> Iterator[sqlite3.Cursor]:
        try:
            with closing(side_file.connected(self.path)) as connection:
                cursor = connection.cursor()
                cursor.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is followed again
                cursor.execute(_REACHED)
                cursor.execute(begin)
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        cursor.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorname", "") in _GONE:
                log.warning("%s is damaged and is made anew (%s)", self.path, error)
                self._remove()
            raise LedgerUnavailableError(f"the read models cannot be read and written: {error}") from error

    def _remove(self) -> None:
        for name in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)


def create(cursor: Cursor, tables: Iterable[Table], prefix: str) -> None:
    """Makes tables, empty; what stood there before is gone."""
    for table in tables:
        name, unique = prefix + table.name, secrets.token_hex(4)
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        columns = ", ".join(f"{column} {_TYPES[kind]} NOT NULL" for column, kind in (table.key | table.rest).items())  # type: ignore[operator]
        cursor.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))")
        for n, index in enumerate(table.indexes):
            cursor.execute(f"CREATE INDEX {name}_{n}_{unique} ON {name} ({', '.join(index)})")


def swap(cursor: Cursor, tables: Iterable[Table]) -> None:
    """Puts the tables that were made beside in the place of those that pages read."""
    for table in tables:
        cursor.execute(f"DROP TABLE IF EXISTS {LIVE}{table.name}")
        cursor.execute(f"ALTER TABLE {NEW}{table.name} RENAME TO {LIVE}{table.name}")


def drop(cursor: Cursor, tables: Iterable[Table], prefix: str) -> None:
    """Takes tables away."""
    for table in tables:
        cursor.execute(f"DROP TABLE IF EXISTS {prefix}{table.name}")


def carry_out(cursor: Cursor, changes: Iterable[Change], prefix: str) -> None:
    """Changes rows, in order."""
    for (kind, table), some in groupby(changes, key=lambda change: (type(change), change.table)):
        values = [change.row if isinstance(change, Put) else change.key for change in some]
        if kind is Put:
            cursor.executemany(_put(table, prefix), values)
        else:
            for key in dict.fromkeys(values):
                cursor.execute(f"DELETE FROM {prefix}{table.name} WHERE {_like(table, key)}", key)  # noqa: S608 - ours


def rows(cursor: Cursor, table: Table, key: Sequence[Value] = (), prefix: str = LIVE) -> list[tuple[Value, ...]]:
    """The rows whose key begins so, in no order."""
    where = f" WHERE {_like(table, key)}" if key else ""
    cursor.execute(f"SELECT {', '.join(table.columns)} FROM {prefix}{table.name}{where}", tuple(key))  # noqa: S608 - ours
    return [tuple(row) for row in cursor.fetchall()]


def only_in(cursor: Cursor, table: Table, one: str, other: str, most: int) -> list[tuple[Value, ...]]:
    """Rows of a table with one prefix that are not in that with the other; at most so many."""
    columns = ", ".join(table.columns)
    cursor.execute(
        f"SELECT {columns} FROM {one}{table.name} EXCEPT SELECT {columns} FROM {other}{table.name} LIMIT ?",  # noqa: S608 - ours
        (most,),
    )
    return [tuple(row) for row in cursor.fetchall()]


def _put(table: Table, prefix: str) -> str:
    name = prefix + table.name
    put = [
        f"{it} = {name}.{it} + excluded.{it}" if it in table.adds else f"{it} = excluded.{it}"
        for it in table.rest
        if it not in table.keeps
    ]
    then = f"UPDATE SET {', '.join(put)}" if put else "NOTHING"
    marks = ",".join("?" * len(table.columns))
    return (
        f"INSERT INTO {name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608 - ours
        f" ON CONFLICT ({', '.join(table.key)}) DO {then}"
    )


def _like(table: Table, key: Sequence[Value]) -> str:
    return " AND ".join(f"{column} = ?" for column in list(table.key)[: len(key)])

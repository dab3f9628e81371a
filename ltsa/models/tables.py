"""Where read models lie, and their SQL, written once for all stores.

Beside a ledger in a file it is `models.sqlite`: lost or damaged, it is made anew. Each transaction opens the file anew,
so that whoever finds another one there goes on with that. Beside one in a database it is a schema of its own.
"""

import logging
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from ltsa import side_file, side_store
from ltsa.models.model import LIVE, Change, Put, Table, Value
from ltsa.side_store import Beside, Schema, Tables
from ltsa.store import LedgerUnavailableError

log = logging.getLogger(__name__)

NEW = "remade_"
"""What the names of the tables begin with that are being made beside the live ones."""

REACHED = "model_reached"
_REACHED = f"""CREATE TABLE IF NOT EXISTS {REACHED} (name TEXT PRIMARY KEY, version BIGINT NOT NULL,
    position BIGINT NOT NULL, mark TEXT NOT NULL)"""
"""How far a model has followed the ledger; `mark` is the key of the event there, so that another ledger is noticed."""

_TYPES = {str: "TEXT", int: "BIGINT"}
_GONE = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})


class ModelStore(Protocol):
    """The store of the read models. Safe to use from any thread and beside other processes; blocks on the disk."""

    def changing(self) -> AbstractContextManager[Tables]:
        """A transaction, alone: whoever else wants to change waits. Raises `LedgerUnavailableError`."""

    def reading(self) -> AbstractContextManager[Tables]:
        """Reads what is committed, all of it of one moment. Raises `LedgerUnavailableError`."""

    def close(self) -> None:
        """Ends what is kept open."""


def store_at(place: Beside) -> ModelStore:
    """The store of the read models at a place; made if it is not there. Raises `LedgerUnavailableError`."""
    return ModelFile(place) if isinstance(place, Path) else ModelSchema(place)


class ModelFile(ModelStore):
    """The read models in a SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    @contextmanager
    def changing(self) -> Iterator[Tables]:
        with self._connected("BEGIN IMMEDIATE") as database:
            yield database

    @override
    @contextmanager
    def reading(self) -> Iterator[Tables]:
        with self._connected("BEGIN") as database:
            yield database

    @override
    def close(self) -> None:
        """Nothing is kept open."""

    @contextmanager
    def _connected(self, begin: str) -> Iterator[Tables]:
        """A transaction on a connection of its own."""
        try:
            with closing(side_file.connected(self.path)) as connection:
                connection.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is followed again
                connection.execute("PRAGMA secure_delete=OFF")  # nothing here has to be erased
                connection.execute(_REACHED)
                connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorname", "") in _GONE:
                log.warning("%s is damaged and is made anew (%s)", self.path, error)
                self._remove()
            raise LedgerUnavailableError(f"the read models cannot be read and written: {error}") from error

    def _remove(self) -> None:
        for name in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)


class ModelSchema(ModelStore):
    """The read models in a schema of a PostgreSQL database."""

    def __init__(self, place: Schema) -> None:
        self._store = side_store.opened(place, (_REACHED,))

    @override
    def changing(self) -> AbstractContextManager[Tables]:
        return self._store.changing()

    @override
    @contextmanager
    def reading(self) -> Iterator[Tables]:
        with self._store.looking() as database:
            database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield database
            finally:
                with suppress(LedgerUnavailableError):
                    database.execute("ROLLBACK")

    @override
    def close(self) -> None:
        self._store.close()


def create(database: Tables, tables: Iterable[Table], prefix: str) -> None:
    """Makes tables, empty; what stood there before is gone."""
    for table in tables:
        name, unique = prefix + table.name, secrets.token_hex(4)
        database.execute(f"DROP TABLE IF EXISTS {name}")
        columns = ", ".join(f"{column} {_TYPES[kind]} NOT NULL" for column, kind in (table.key | table.rest).items())  # type: ignore[operator]
        database.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))")
        for n, index in enumerate(table.indexes):
            database.execute(f"CREATE INDEX {name}_{n}_{unique} ON {name} ({', '.join(index)})")


def swap(database: Tables, tables: Iterable[Table]) -> None:
    """Puts the tables that were made beside in the place of those that pages read."""
    for table in tables:
        database.execute(f"DROP TABLE IF EXISTS {LIVE}{table.name}")
        database.execute(f"ALTER TABLE {NEW}{table.name} RENAME TO {LIVE}{table.name}")


def drop(database: Tables, tables: Iterable[Table], prefix: str) -> None:
    """Takes tables away."""
    for table in tables:
        database.execute(f"DROP TABLE IF EXISTS {prefix}{table.name}")


def carry_out(database: Tables, changes: Iterable[Change], prefix: str) -> None:
    """Changes rows, in order."""
    for (kind, table), some in groupby(changes, key=lambda change: (type(change), change.table)):
        values = [change.row if isinstance(change, Put) else change.key for change in some]
        if kind is Put:
            database.executemany(_put(table, prefix), values)
        else:
            for key in dict.fromkeys(values):
                database.execute(f"DELETE FROM {prefix}{table.name} WHERE {_like(table, key)}", key)  # noqa: S608 - ours


def rows(database: Tables, table: Table, key: Sequence[Value] = (), prefix: str = LIVE) -> list[tuple[Value, ...]]:
    """The rows whose key begins so, in no order."""
    where = f" WHERE {_like(table, key)}" if key else ""
    query = f"SELECT {', '.join(table.columns)} FROM {prefix}{table.name}{where}"  # noqa: S608 - ours
    return [tuple(row) for row in database.execute(query, tuple(key))]


def only_in(database: Tables, table: Table, one: str, other: str, most: int) -> list[tuple[Value, ...]]:
    """Rows of a table with one prefix that are not in that with the other; at most so many."""
    columns = ", ".join(table.columns)
    query = f"SELECT {columns} FROM {one}{table.name} EXCEPT SELECT {columns} FROM {other}{table.name} LIMIT ?"  # noqa: S608 - ours
    return [tuple(row) for row in database.execute(query, (most,))]


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

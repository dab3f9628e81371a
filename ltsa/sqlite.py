"""The ledger in one SQLite file: for an office on one machine, without any server.

The lock is `BEGIN IMMEDIATE`. The events' table and its readers' connections are the `eventsourcing` library's.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Condition
from time import monotonic, sleep

from eventsourcing.persistence import PersistenceError
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from typing_extensions import override

from ltsa.store import Cursor, LedgerUnavailableError, Row, Store, demand_known

LOCK_TIMEOUT = 5
CHECK_TIMEOUT = 2
LOOKS = 0.0002, 0.002
"""Seconds between the writer's first and second look at a lock that another process holds, and at most between two:
SQLite's own pauses grow to a tenth of a second, in which a hundred batches are committed.
"""

TABLES = (
    "CREATE TABLE IF NOT EXISTS leaves (leaf INTEGER PRIMARY KEY, position INTEGER NOT NULL, hash BLOB NOT NULL)",
    """CREATE TABLE IF NOT EXISTS nodes (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (level, number)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, at INTEGER NOT NULL, note TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS cosignatures (size INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (size, line))
        WITHOUT ROWID""",
)
"""The proof log's."""


class _Recorder(SQLiteApplicationRecorder):
    """The library's recorder, with ids that are never reused."""

    def construct_create_table_statements(self) -> list[str]:
        columns = """rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL, originator_version INTEGER
            NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (originator_id, originator_version)"""
        return [f"CREATE TABLE IF NOT EXISTS {self.events_table_name} ({columns})"]


class SQLiteStore(Store):
    """A ledger's tables in a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.name, self._path = str(path), path
        if not path.exists():
            path.touch(mode=0o600)
        self._closed = False
        self._readers = 0
        self._nobody_reads = Condition()
        self._datastore = SQLiteDatastore(str(path), lock_timeout=LOCK_TIMEOUT, originator_id_type="text")
        self._recorder = _Recorder(self._datastore, events_table_name="ledger")
        try:
            _probe(path)
            self._connection = self._datastore.pool.get_connection(is_writer=True)
            self._cursor = self._connection.cursor().sqlite_cursor
            self._cursor.row_factory = None
            self._cursor.execute("PRAGMA synchronous=FULL")
            self._cursor.execute("PRAGMA busy_timeout=0")
        except (sqlite3.Error, PersistenceError) as error:
            raise LedgerUnavailableError(f"{path} cannot be opened ({error})") from error

    @override
    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self._nobody_reads:
            if self._closed:
                raise LedgerUnavailableError("the ledger is closed")
            self._readers += 1
        try:
            with self._datastore.transaction(commit=False) as cursor:
                cursor.sqlite_cursor.row_factory = None
                yield cursor.sqlite_cursor
        except (sqlite3.Error, PersistenceError) as error:
            raise LedgerUnavailableError(f"the ledger cannot be read: {error}") from error
        finally:
            with self._nobody_reads:
                self._readers -= 1
                self._nobody_reads.notify_all()

    @override
    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        try:
            with closing(sqlite3.connect(self._path, timeout=LOCK_TIMEOUT, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=FULL")
                with _ended(connection.execute("BEGIN IMMEDIATE"), connection.rollback) as cursor:
                    yield cursor
        except sqlite3.Error as error:
            raise LedgerUnavailableError(f"the ledger cannot be written: {error}") from error

    @override
    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        try:
            _wait_for(self._cursor)
            with _ended(self._cursor, self._connection.rollback) as cursor:
                yield cursor
        except sqlite3.Error as error:
            raise LedgerUnavailableError(f"the ledger cannot be written: {error}") from error

    @override
    def format(self, cursor: Cursor) -> int:
        return _format(cursor)

    @override
    def create(self, cursor: Cursor) -> None:
        for statement in (*self._recorder.create_table_statements, *TABLES):
            cursor.execute(statement)

    @override
    def mark(self, cursor: Cursor, number: int) -> None:
        cursor.execute(f"PRAGMA user_version={number}")

    @override
    def insert(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        cursor.executemany(
            "INSERT INTO ledger (rowid, originator_id, originator_version, topic, state) VALUES (?,?,?,?,?)", rows
        )

    @override
    def hear(self, ring: Callable[[], object]) -> bool:
        return False

    @override
    def check(self) -> None:
        try:
            with closing(sqlite3.connect(self._path, timeout=CHECK_TIMEOUT, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("SELECT max(rowid) FROM ledger").fetchone()
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise LedgerUnavailableError(f"the ledger cannot be read and written: {error}") from error

    @override
    def close(self) -> None:
        with self._nobody_reads:
            self._closed = True
            # The library closes connections in use too; who reads through one then takes the process down.
            self._nobody_reads.wait_for(lambda: not self._readers)
        self._cursor.close()
        self._datastore.pool.put_connection(self._connection)
        self._datastore.close()


@contextmanager
def looking_at(path: Path, *, unfinished: bool = False) -> Iterator[Cursor]:
    """A ledger's file as it is now: nothing is filled in, and what is appended meanwhile is not seen. Raises
    `LedgerUnavailableError` for a file that is none, or that this program does not know.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as file:
            cursor = file.execute("BEGIN")
            demand_known(str(path), _format(cursor), unfinished=unfinished)
            yield cursor
    except sqlite3.Error as error:
        raise LedgerUnavailableError(f"{path} cannot be read ({error})") from error


def _wait_for(cursor: sqlite3.Cursor) -> None:
    """Begins a transaction under the lock, as soon as nobody else has it."""
    until, (pause, longest) = monotonic() + LOCK_TIMEOUT, LOOKS
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(pause)
            pause = min(2 * pause, longest)
        else:
            return


@contextmanager
def _ended(cursor: sqlite3.Cursor, roll_back: Callable[[], None]) -> Iterator[sqlite3.Cursor]:
    """Commits a transaction that was begun, or rolls it back."""
    try:
        yield cursor
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            roll_back()
        raise


def _format(cursor: Cursor) -> int:
    cursor.execute("PRAGMA user_version")
    return int(cursor.fetchone()[0])


def _probe(path: Path) -> None:
    """Raises `sqlite3.Error` for a file that is no database; the library would leave its connection to it open. Raises
    `LedgerUnavailableError` for one of a newer program, before anything in it is changed.

    Turns the write-ahead log on: SQLite does not wait for its turn in that, and several processes may begin at once.
    """
    until = monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with closing(sqlite3.connect(path)) as connection:
                demand_known(str(path), _format(connection.cursor()), unfinished=True)
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or monotonic() > until:
                raise
            sleep(0.01)
        else:
            return

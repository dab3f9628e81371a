"""One process's way to the record: `ltsa.store.Store` over a simulated disk, with the failures of the real ones.

As with PostgreSQL a statement is answered, or the connection is lost; under a commit nobody knows whether it was done.
Who asks a server that is away is told so at once, until it is there again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ltsa.store import ConnectionLostError, Cursor, LedgerUnavailableError, Row
from tools.faults.simulated.disk import SCHEMA, Disk, Session
from tools.faults.simulated.world import Group

PATIENCE = 1.2
"""Seconds that a server has for an answer."""

AWAY = 0.5
"""Seconds between two looks for one that is away."""


class LostError(Exception):
    """The connection is lost."""


class SimulatedStore:
    """A ledger's tables on a disk that others write to as well."""

    def __init__(self, disk: Disk, group: Group) -> None:
        self.name = f"the store of {group.name}"
        self.disk, self.group, self.world = disk, group, group.world
        self.failures = 0
        """How often it could not be read or written."""
        self.is_away = False
        self._closed = False

    # --- ltsa.store.Store

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A cursor that reads what is committed."""
        session = self._session("reading")
        with self._failing("the ledger cannot be read"):
            self._reach()
            yield _Cursor(self, session, self.read_from())

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """A transaction under the ledger's lock, on a connection of its own."""
        with self._transaction(self._session("beside")) as cursor:
            yield cursor

    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        """The writer's transaction."""
        with self._transaction(self._session("writer")) as cursor:
            yield cursor

    def found(self, cursor: Cursor, *questions: tuple[str, Sequence[object]]) -> list[list[Any]]:
        """The rows of several SELECTs, asked together."""
        assert isinstance(cursor, _Cursor)  # noqa: S101 - what `appending` gives
        return cursor.ask(*questions)

    def settle(self, cursor: Cursor) -> None:
        """Waits until what was read is durable."""
        assert isinstance(cursor, _Cursor)  # noqa: S101 - what `reading` gives
        if not self.disk.habits.is_file and not self.disk.settle(cursor.session):
            raise LostError

    def format(self, cursor: Cursor) -> int:
        """The format that the tables are marked with."""
        cursor.execute("PRAGMA user_version")
        return int(cursor.fetchone()[0])

    def create(self, cursor: Cursor) -> None:
        """Creates the tables."""
        for statement in SCHEMA:
            cursor.execute(statement)

    def mark(self, cursor: Cursor, number: int) -> None:
        """Marks them."""
        cursor.execute(f"PRAGMA user_version={number}")

    def insert(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        """Inserts events."""
        cursor.executemany(
            "INSERT INTO ledger (rowid, originator_id, originator_version, topic, state) VALUES (?,?,?,?,?)", rows
        )

    def hear(self, ring: Callable[[], object]) -> bool:
        """Calls `ring`, in a task of its own, when somebody may have committed."""

        def heard() -> None:
            with suppress(LedgerUnavailableError):
                ring()

        self.disk.ears.append(lambda: self.group.spawn("hears", heard) if self.group.alive else None)
        return True

    def check(self) -> None:
        """Whether it can be read and locked now."""
        with self.writing() as cursor:
            cursor.execute("SELECT max(rowid) FROM ledger")

    def close(self) -> None:
        """Nobody asks it any more."""
        self._closed = True

    # --- How it may be otherwise

    def read_from(self) -> sqlite3.Connection:
        """Where readers look."""
        return self.disk.committed

    def waits_for(self, answered: Callable[[], bool]) -> bool:
        """Whether a commit was answered in time."""
        return answered()

    # --- Transactions

    @contextmanager
    def _transaction(self, session: Session) -> Iterator[Cursor]:
        disk, begun = self.disk, False
        with self._failing("the ledger cannot be written", session, under_commit=True):
            self._reach()
            self.world.pause("waits for the lock")
            self._serving(session)
            if not disk.lock(session):
                if disk.is_lost(session):
                    raise LostError
                raise LedgerUnavailableError("the ledger is locked")
            begun = True
            try:
                yield _Cursor(self, session, disk.view())
                self.commits(session)
            finally:
                if begun:
                    disk.abandon(session)

    def commits(self, session: Session) -> None:
        """Commits a transaction. Raises `LostError` where nobody knows whether it was done."""
        world, disk, habits = self.world, self.disk, self.disk.habits
        world.pause("commits")
        self.said(session)
        fate = world.luck.random()
        if fate < habits.in_doubt / 2:
            world.say("the connection is lost before the commit arrives")
            raise LostError
        answered = world.mark()
        disk.commit(session, answered)
        if habits.in_doubt / 2 <= fate < habits.in_doubt:
            world.say("the connection is lost under the commit")
            world.sleep(world.luck.uniform(0, 0.01))
            raise LostError
        if not self.waits_for(lambda: answered.wait(10.0 if habits.is_file else PATIENCE)):
            self._miss()
            raise LostError
        if disk.is_lost(session):
            raise LostError
        world.pause("was answered by the store")

    def said(self, session: Session) -> None:
        """A statement arrives. Raises what is raised where the connection is lost."""
        habits = self.disk.habits
        self._serving(session)
        if habits.lost and self.world.luck.random() < habits.lost:
            self.world.say("the connection is lost")
            raise LostError
        session.moved = self.world.now

    def _serving(self, session: Session) -> None:
        """Waits while the server says nothing, as long as anybody does."""
        disk = self.disk
        if not disk.thawed.is_set() and not disk.thawed.wait(PATIENCE):
            self._miss()
            raise LostError
        if disk.is_lost(session):
            raise LostError

    def _session(self, what: str) -> Session:
        return Session(f"{self.group.name} {what}", self.disk.life)

    def _reach(self) -> None:
        if self._closed:
            raise LedgerUnavailableError("the ledger is closed")
        if self.is_away or not self.disk.up.is_set():
            raise LedgerUnavailableError("the database server is away")

    def _miss(self) -> None:
        if not self.is_away:
            self.is_away = True
            self.world.after(AWAY, self._look)

    def _look(self) -> None:
        if self.disk.up.is_set() and self.disk.thawed.is_set():
            self.is_away = False
        else:
            self.world.after(AWAY, self._look)

    @contextmanager
    def _failing(self, what: str, session: Session | None = None, *, under_commit: bool = False) -> Iterator[None]:
        try:
            yield
        except LostError:
            self.failures += 1
            if session:
                session.lost = True
            lost = ConnectionLostError if under_commit else LedgerUnavailableError
            raise lost(f"{what}: the connection is lost") from None
        except sqlite3.Error as error:
            self.failures += 1
            raise LedgerUnavailableError(f"{what}: {error}") from error
        except LedgerUnavailableError:
            self.failures += 1
            raise


class _Cursor:
    """SQLite's, with a turn for others before each statement."""

    def __init__(self, store: SimulatedStore, session: Session, database: sqlite3.Connection) -> None:
        self._store, self.session = store, session
        self._cursor = database.cursor()

    def execute(self, sql: str, values: Sequence[object] = (), /) -> object:
        """Runs one statement."""
        self._arrives(sql)
        self._run(sql, values)
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        """Runs one statement for each of many rows."""
        self._arrives(sql)
        for row in rows:
            self._run(sql, row)
        return self

    def fetchone(self) -> Any:
        """The next row found."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """All rows found."""
        return self._cursor.fetchall()

    def ask(self, *questions: tuple[str, Sequence[object]]) -> list[list[Any]]:
        """The rows of several SELECTs, with one turn for others before all of them."""
        self._arrives(questions[0][0])
        found = []
        for question in questions:
            self._run(*question)
            found.append(self.fetchall())
        return found

    def _arrives(self, sql: str) -> None:
        self._store.world.pause(sql[:24])
        self._store.said(self.session)

    def _run(self, sql: str, values: Sequence[object]) -> None:
        self._store.disk.run(self.session, self._cursor, sql, values)

"""The record that several simulated processes share: committed transactions in one order, under one lock.

It keeps what the real stores promise (docs/stores.md). In a file a transaction is durable before anybody sees it. A
server lets others have the lock, and see it, before it is durable; who was to be answered, or asks whether what they
read is settled, waits until it is. It fails as they do: it is slow, says nothing for a while, or falls, and then what
was not durable yet is there or not. SQL is SQLite's own, in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ltsa.sqlite import TABLES
from tools.faults.simulated.world import SECOND, Mark, World

LEDGER = """CREATE TABLE IF NOT EXISTS ledger (rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version))"""
SCHEMA = (LEDGER, *TABLES)

IDLE = 5.0
"""Seconds that a server lets a transaction stand still."""

READS = ("SELECT", "WITH")

Write = tuple[str, Sequence[object]]


class Habits(NamedTuple):
    """What this run's store and the way to it are like. Chances are of one."""

    is_file: bool = False
    """Nothing lies between: no connection is lost, the lock is waited for longer, and every bell is heard."""
    synced: tuple[float, float] = (0.0002, 0.004)
    """Seconds until a transaction is durable."""
    slow: float = 0.0
    """How likely it takes up to two seconds."""
    lost: float = 0.0
    """How likely a connection is lost at a statement."""
    in_doubt: float = 0.0
    """How likely it is lost under a commit, which is then done or not."""
    late: float = 0.0
    """How likely a bell rings late."""
    unheard: float = 0.0
    """How likely it does not ring at all."""

    @property
    def lock_timeout(self) -> float:
        """Seconds that the lock is waited for."""
        return 5.0 if self.is_file else 1.0


class Session:
    """One connection, seen from the store, in one of its lives. `lost`: nothing more can be asked on it."""

    def __init__(self, name: str, life: int) -> None:
        self.name, self.life = name, life
        self.lost = False
        self.committing = False
        self.writes: list[Write] = []
        self.moved = 0
        """When it said something last, in µs."""


class Disk:
    """The store itself. What it does by itself are tasks of the world's, of no process."""

    def __init__(self, world: World, image: bytes, habits: Habits) -> None:
        self.world, self.habits, self._image = world, habits, image
        self.committed, self.working = _opened(image), _opened(image)
        self.kept: list[list[Write]] = []
        self.safe = 0
        """How many of the kept transactions a fall leaves."""
        self.holder: Session | None = None
        self.life = 1
        self.freed, self.up, self.thawed, self.synced = world.mark(), world.mark(), world.mark(), world.mark()
        self._syncs = False
        self.up.set()
        self.thawed.set()
        self.ears: list[Callable[[], object]] = []
        """Of the processes that hear of others' commits; each begins a task, and gives no turn back."""

    # --- The lock and what is done under it

    def lock(self, session: Session) -> bool:
        """Waits for the ledger's lock, as long as the store lets anybody wait; whether it was had."""
        end = self.world.now + round(self.habits.lock_timeout * SECOND)
        while self.holder is not None:
            if self.world.now >= end or self.is_lost(session):
                return False
            self.freed.clear()
            self.freed.wait((end - self.world.now) / SECOND)
        if self.is_lost(session):
            return False
        self.holder = session
        session.writes, session.committing = [], False
        self.working.execute("BEGIN")
        session.moved = self.world.now
        if not self.habits.is_file:
            self.world.after(IDLE, lambda: self._end_if_idle(session, session.writes))
        return True

    def view(self) -> sqlite3.Connection:
        """What a transaction sees: all that is committed, and its own writes."""
        return self.working

    def run(self, session: Session, cursor: sqlite3.Cursor, sql: str, values: Sequence[object]) -> None:
        """One statement of a transaction, or of a reader."""
        cursor.execute(sql, values)
        if not sql.startswith(READS):
            session.writes.append((sql, values))

    def is_lost(self, session: Session) -> bool:
        """Whether a connection has ended, or the store has fallen since it began."""
        return session.lost or session.life != self.life or not self.up.is_set()

    def commit(self, session: Session, answered: Mark) -> None:
        """Begins to commit, which goes on whatever becomes of who asked."""
        session.committing = True
        self.world.spawn("store commits", lambda: self._commit(session, answered))

    def abandon(self, session: Session) -> None:
        """A transaction whose owner is gone is undone, unless it is being committed already; in a file nobody else does
        that, and it is or is not.
        """
        if self.holder is session and (
            not session.committing or (self.habits.is_file and self.world.luck.random() < 0.5)  # noqa: PLR2004 - either
        ):
            self._undo(session)

    def settle(self, session: Session) -> bool:
        """Waits until all that anybody could see is durable; whether it is, and the connection is there yet."""
        target = len(self.kept)
        while self.safe < target and not self.is_lost(session):
            if not self._syncs:
                self._syncs = True
                self.world.spawn("store syncs", self._sync)
            self.synced.clear()
            self.synced.wait()
        return not self.is_lost(session)

    def fall(self) -> None:
        """The server dies, or the power goes: connections are lost, what was not durable is there or not."""
        self.up.clear()
        self.life += 1
        if self.holder is not None:
            holder = self.holder
            if holder.committing and self.world.luck.random() < 0.5:  # noqa: PLR2004 - either
                self._keep(holder)
                self.world.say("what was being committed is there")
            else:
                self._undo(holder)
        self.synced.set()
        if self.safe < len(self.kept):
            left = self.world.luck.randint(self.safe, len(self.kept))
            self.world.say(f"{len(self.kept) - left} transactions are gone")
            del self.kept[left:]
            self.committed, self.working = _opened(self._image), _opened(self._image)
            for database in (self.committed, self.working):
                for writes in self.kept:
                    _apply(database, writes)
        self.safe = len(self.kept)

    def _commit(self, session: Session, answered: Mark) -> None:
        if not self.thawed.is_set():
            self.thawed.wait()
        if self.habits.is_file:
            self.world.sleep(self._moment())
            if self.holder is session:
                self._keep(session)
                self.safe = len(self.kept)
                answered.set()
        elif self.holder is session:
            self._keep(session)
            if self.settle(session):
                answered.set()

    def _sync(self) -> None:
        many, life = len(self.kept), self.life
        self.world.sleep(self._moment())
        self._syncs = False
        if life == self.life:
            self.safe = max(self.safe, many)
        self.synced.set()

    def _moment(self) -> float:
        """Seconds that the disk takes."""
        luck, habits = self.world.luck, self.habits
        slow = habits.slow and luck.random() < habits.slow
        return luck.uniform(0.05, 2.0) if slow else luck.uniform(*habits.synced)

    def _keep(self, session: Session) -> None:
        self.working.execute("COMMIT")
        self._free()
        self.publish(session)

    def publish(self, session: Session) -> None:
        """From now on everybody sees it, and hears that there is something to see."""
        _apply(self.committed, session.writes)
        self.kept.append(session.writes)
        self.world.say(f"committed {len(session.writes)} writes of {session.name}")
        for ear in self.ears:
            self._ring(ear)

    def _ring(self, ear: Callable[[], object]) -> None:
        luck, habits = self.world.luck, self.habits
        if habits.unheard and luck.random() < habits.unheard:
            return
        is_late = habits.late and luck.random() < habits.late
        self.world.after(luck.uniform(0.05, 3.0) if is_late else luck.uniform(0.0, 0.015), ear)

    def _end_if_idle(self, session: Session, writes: list[Write]) -> None:
        """A server ends a transaction, told by its writes, that stands still for long."""
        if self.holder is not session or session.writes is not writes or session.committing:
            return
        if (left := session.moved + round(IDLE * SECOND) - self.world.now) > 0:
            self.world.after(left / SECOND, lambda: self._end_if_idle(session, writes))
            return
        self.world.say(f"the store ends the transaction of {session.name}")
        session.lost = True
        self._undo(session)

    def _undo(self, session: Session) -> None:
        self.working.execute("ROLLBACK")
        session.writes = []
        self._free()

    def _free(self) -> None:
        self.holder = None
        self.freed.set()


def _opened(image: bytes) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
    if image:
        database.deserialize(image)
    return database


def _apply(database: sqlite3.Connection, writes: Sequence[Write]) -> None:
    database.execute("BEGIN")
    for sql, values in writes:
        database.execute(sql, values)
    database.execute("COMMIT")

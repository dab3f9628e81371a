"""Offices that are broken on purpose, each in one place, to see whether the simulation finds it.

Each is a mistake that somebody could make; what it says is what was left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import msgspec

from ltsa.ledger import Asked, Done
from ltsa.present import Recorded
from ltsa.store import Cursor, Row
from tools.faults.simulated.disk import READS, Disk, Session
from tools.faults.simulated.lane import SimulatedLane
from tools.faults.simulated.process import SimulatedLedger
from tools.faults.simulated.store import LostError, SimulatedStore
from tools.faults.simulated.world import Mark, WorldTurns
from web.following import Following
from web.live import BEAT, Feed


class NoLock(Disk):
    """Nobody waits for the ledger's lock, and of two who take the same place the later one has it."""

    def lock(self, session: Session) -> bool:
        session.writes = []
        return not self.is_lost(session)

    def view(self) -> sqlite3.Connection:
        return self.committed

    def run(self, session: Session, cursor: sqlite3.Cursor, sql: str, values: Sequence[object]) -> None:
        if sql.startswith((*READS, "PRAGMA")):
            cursor.execute(sql, values)
        else:
            session.writes.append((sql.replace("INSERT", "INSERT OR REPLACE"), values))

    def commit(self, session: Session, answered: Mark) -> None:
        self.publish(session)
        answered.set()


class LazyDisk(Disk):
    """What is committed is on the disk a second later, and nobody waits for that (`synchronous` off)."""

    def settle(self, session: Session) -> bool:
        many, life = len(self.kept), self.life
        self.world.after(1.0, lambda: self._is_there(many, life))
        return not self.is_lost(session)

    def _is_there(self, many: int, life: int) -> None:
        if life == self.life:
            self.safe = max(self.safe, many)


class NeverSettles(SimulatedStore):
    """Who only reads does not wait until what they read is durable."""

    def settle(self, cursor: Cursor) -> None:
        pass


class DoesNotWait(SimulatedStore):
    """A commit is sent, and taken for done: everybody is answered before it is."""

    def waits_for(self, _answered: Callable[[], bool]) -> bool:
        return True


class TakesLossForDone(SimulatedStore):
    """A commit whose answer was lost is taken for done, and not read back."""

    def commits(self, session: Session) -> None:
        with suppress(LostError):
            super().commits(session)


class DirtyReads(SimulatedStore):
    """Readers see what is not committed."""

    def read_from(self) -> sqlite3.Connection:
        return self.disk.working


class PositionsOfASequence(SimulatedStore):
    """Positions come from a sequence, which has gaps wherever something was undone."""

    def insert(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        disk: Any = self.disk
        first = max(getattr(disk, "next", 0), rows[0].position)
        disk.next = first + len(rows)
        super().insert(cursor, [row._replace(position=first + n) for n, row in enumerate(rows)])


class NeverDoubts(SimulatedLedger):
    """After a commit that failed or was lost, what is in memory is taken for what is on record."""

    def _doubt(self) -> None:
        pass


class NeverCatchesUp(SimulatedLedger):
    """What other processes wrote is not read under the lock."""

    def _catch_up(self, _cursor: Cursor, _news: list[Recorded]) -> int | None:
        return None


class GivesAnotherKey(SimulatedLedger):
    """What a lost commit held is done once more, as if it were another command."""

    def _decide_all(self, batch: list[Asked]) -> list[Done | Exception]:
        if self._doubtful:
            for asked in batch:
                asked.command = msgspec.structs.replace(asked.command, key=f"{asked.command.key} again")
        return super()._decide_all(batch)


class SeesGaps(SimulatedLedger):
    """What the writer has in memory is given to whoever follows, without a look whether something lies between."""

    def seen(self, position: int) -> list[Recorded]:
        return [row for row in self._seen if row.position > position]


class CatchesUpTwice(WorldTurns):
    """Two who take in what was committed do so at once."""

    def lock(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


class ShowsTheOld(Following):
    """A request is answered from what is known, whatever who asks was told."""

    def read_own_writes(self, elsewhere: int = 0) -> None:
        pass


class TakesMemoryForAll(Following):
    """What the writer has in memory is taken for all that there is: a mistake that was ours."""

    def catch_up(self, position: int | None = None) -> None:
        if position is None or self.present.position < position:
            super().catch_up(self._ledger.newest_seen if self._ledger.seen(self.present.position) else position)


class NeverPolls(Feed):
    """Nobody looks at the ledger unless a bell rings."""

    def _step(self) -> None:
        if not self._rung.wait(max(0.0, min([self._beaten + BEAT, *self._due.values()]) - self._turns.now())):
            self._looked = self._turns.now()
        super()._step()


class DropsWhatWaits(SimulatedLane):
    """What a client's socket does not take at once is not sent later."""

    def _spawn(self, _work: Callable[[], object]) -> None:
        self._backlog.clear()
        self._behind, self._draining = 0, False

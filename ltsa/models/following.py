"""Read models follow the ledger: in chunks, each a short transaction that holds the rows and the position they reach.

Any number of processes may follow at once: who waits for another's chunk goes on from where that came to. A model that
another version of the program made, or that followed another ledger, is made anew.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import NamedTuple

from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.models import cases, days, looks, search, tables
from ltsa.models.model import LIVE, Known, Model, Table, Value
from ltsa.models.tables import NEW, REACHED, ModelStore
from ltsa.present import Recorded
from ltsa.record import collection_paused
from ltsa.side_store import Tables

log = logging.getLogger(__name__)

MODELS: dict[str, Model] = {model.name: model for model in (cases.MODEL, days.MODEL, search.MODEL, looks.MODEL)}

SPAN = 1000
"""Positions of the ledger that one transaction takes in."""
NEAR = 5000
"""Events that whoever asks waits for; more are left to who follows in the background."""
SHOWN = 20
"""Differences that a check names, of each table."""

Tell = Callable[[int, int], object]
"""Hears how far it is: the position that is reached, and the newest."""


class BeingBuiltError(Exception):
    """A model is far behind the ledger: so many of a hundred parts of the way are done."""

    def __init__(self, model: str, progress: "Progress") -> None:
        self.model, self.percent = model, 100 * progress.reached // max(progress.newest, 1)
        super().__init__(f"the read model {model} is being built: {self.percent} %")


class Progress(NamedTuple):
    """The position that a model has reached, and the ledger's newest."""

    reached: int
    newest: int

    @property
    def behind(self) -> int:
        """How many positions are missing."""
        return max(self.newest - self.reached, 0)


class Difference(NamedTuple):
    """A row that stands in one of a model's table and its rebuild, and not in the other: `where` it is."""

    where: str
    table: str
    row: tuple[Value, ...]


class _Known(Known):
    """What folds look up, inside a chunk's transaction."""

    def __init__(self, ledger: Ledger, database: Tables, prefix: str, until: int) -> None:
        self._ledger, self._cursor, self._prefix, self._until = ledger, database, prefix, until

    def histories(self, streams: Sequence[str]) -> Mapping[str, Sequence[Recorded]]:
        return self._ledger.histories(streams, self._until)

    def rows(self, table: Table, *key: Value) -> list[tuple[Value, ...]]:
        return tables.rows(self._cursor, table, key, self._prefix)


class ReadModels:
    """The read models of a ledger. Safe to use from any thread; blocks on the disk. Everything here raises
    `LedgerUnavailableError`.
    """

    def __init__(self, store: ModelStore, ledger: Ledger) -> None:
        self._store, self._ledger = store, ledger
        self._turns = {name: Lock() for name in MODELS}

    def close(self) -> None:
        """Ends what is kept open."""
        self._store.close()

    def reading(self) -> AbstractContextManager[Tables]:
        """Reads the live tables: call `caught_up` before."""
        return self._store.reading()

    def progress(self, name: str) -> Progress:
        """How far a model is."""
        model = MODELS[name]
        with self._store.reading() as database:
            position, mark = _reached(database, model, LIVE) or (0, "")
        newest = self._ledger.newest()
        return Progress(position if self._holds(position, mark, newest) else 0, newest)

    def caught_up(self, *names: str, near: int = NEAR) -> None:
        """Returns when some models have taken in all that is on record now. Raises `BeingBuiltError` for one that lacks
        more than is `near`.
        """
        for name in names:
            progress = self.progress(name)
            if progress.behind > near:
                raise BeingBuiltError(name, progress)
            self._up_to(progress, name)

    def step(self, name: str) -> Progress:
        """Takes the next chunk into a model, if there is one."""
        with self._turns[name]:
            return self._step(MODELS[name], LIVE)

    def follow(self, name: str, tell: Tell | None = None) -> None:
        """Takes in all that is on record now, however much it is."""
        self._up_to(self.progress(name), name, tell)

    def rebuild(self, name: str, tell: Tell) -> int:
        """Makes a model anew beside the one that pages read, then puts it in its place; the position that it reached.
        One that was cut off begins from the start.
        """
        model = MODELS[name]
        self._remake(model, tell)
        with self._store.changing() as database:
            while (progress := self._take(database, model, NEW)).behind:
                pass
            tables.swap(database, model.tables)
            database.execute(f"DELETE FROM {REACHED} WHERE name = ?", (model.name,))  # noqa: S608 - ours
            database.execute(f"UPDATE {REACHED} SET name = ? WHERE name = ?", (model.name, _row(model, NEW)))  # noqa: S608
        return progress.reached

    def check(self, name: str, tell: Tell) -> list[Difference]:
        """How a model differs from one made anew, both at the same position of the ledger."""
        model = MODELS[name]
        self._remake(model, tell)
        self.follow(name)
        while (found := self._compared(model)) is None:
            pass
        with self._store.changing() as database:
            self._forget(database, model, NEW)
        return found

    def _next(self, name: str, before: int) -> int:
        """The position after the next chunk, whoever takes it in: one who waited for too long goes on from there."""
        try:
            return self.step(name).reached
        except LedgerUnavailableError:
            if (reached := self.progress(name).reached) <= before:
                raise
            return reached

    def _compared(self, model: Model) -> list[Difference] | None:
        """None where somebody has taken more into the live tables meanwhile. Nobody waits while it is compared."""
        with self._store.changing() as database:
            position, _ = _reached(database, model, LIVE) or (0, "")
            while self._take(database, model, NEW, position).behind:
                pass
        with self._store.reading() as database:
            if _reached(database, model, LIVE) != _reached(database, model, NEW):
                return None
            return [
                Difference(where, table.name, row)
                for table in model.tables
                for where, one, other in (("what stands", LIVE, NEW), ("the rebuild", NEW, LIVE))
                for row in tables.only_in(database, table, one, other, SHOWN)
            ]

    def _up_to(self, progress: Progress, name: str, tell: Tell | None = None) -> None:
        """Takes in what was on record when `progress` was asked for; a model that is not there is made."""
        until, reached = progress.newest, progress.reached
        while reached < until or not reached:
            reached = self._next(name, reached)
            if tell:
                tell(min(reached, until), until)
            if not until:
                return

    def _remake(self, model: Model, tell: Tell) -> None:
        with self._store.changing() as database:
            self._forget(database, model, NEW)
        while (progress := self._step(model, NEW)).behind > SPAN:
            tell(*progress)

    def _step(self, model: Model, prefix: str) -> Progress:
        with self._store.changing() as database:
            return self._take(database, model, prefix)

    def _take(self, database: Tables, model: Model, prefix: str, newest: int | None = None) -> Progress:
        """Takes in a chunk, in the transaction of `database`."""
        newest = self._ledger.newest() if newest is None else newest
        reached = _reached(database, model, prefix)
        if reached is None or not self._holds(*reached, newest):
            tables.create(database, model.tables, prefix)
            reached = (0, "")
        position, _ = reached
        end = min(position + SPAN, newest)
        if end > position:
            known = _Known(self._ledger, database, prefix, end)
            with collection_paused():
                chunk = list(self._ledger.told(*model.topics, after=position, until=end))
                tables.carry_out(database, model.fold(chunk, known), prefix)
        _reach(database, model, prefix, end, self._mark(end))
        return Progress(max(end, position), newest)

    def _holds(self, position: int, mark: str, newest: int) -> bool:
        """Whether the ledger is the one that was followed up to a position: not a backup, or another one."""
        return position == 0 or (position <= newest and self._mark(position) == mark)

    def _mark(self, position: int) -> str:
        found = self._ledger.at(position) if position else []
        return found[0].event.key if found else ""

    def _forget(self, database: Tables, model: Model, prefix: str) -> None:
        tables.drop(database, model.tables, prefix)
        database.execute(f"DELETE FROM {REACHED} WHERE name = ?", (_row(model, prefix),))  # noqa: S608 - ours


def _row(model: Model, prefix: str) -> str:
    return model.name if prefix == LIVE else f"{prefix}{model.name}"


def _reached(database: Tables, model: Model, prefix: str) -> tuple[int, str] | None:
    """How far a model is; None where there is none of this version."""
    query = f"SELECT version, position, mark FROM {REACHED} WHERE name = ?"  # noqa: S608 - ours
    found = database.execute(query, (_row(model, prefix),)).fetchone()
    return (int(found[1]), str(found[2])) if found and found[0] == model.version else None


def _reach(database: Tables, model: Model, prefix: str, position: int, mark: str) -> None:
    database.execute(
        f"INSERT INTO {REACHED} (name, version, position, mark) VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET"  # noqa: S608
        " version = excluded.version, position = excluded.position, mark = excluded.mark",
        (_row(model, prefix), model.version, position, mark),
    )

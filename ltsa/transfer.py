"""A whole ledger into another store, and the proof that it is the same: every row, the log's root, every board."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import msgspec

from ltsa import board
from ltsa.day import Day, evolve
from ltsa.log import log_of
from ltsa.record import decoded
from ltsa.store import (
    FORMAT,
    UNFINISHED,
    Cursor,
    LedgerUnavailableError,
    Place,
    Store,
    has_log,
    looking_at,
    name_of,
    store_at,
)

CHUNK = 5000


class _Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    before: tuple[Any, ...]
    """Less than the key of any row; the key are as many of the first columns."""

    def rows(self, cursor: Cursor, count: int = CHUNK) -> Iterator[list[Sequence[Any]]]:
        """All rows in the order of their keys, in chunks."""
        names, last = ", ".join(self.columns), self.before
        key = ", ".join(self.columns[: len(last)])
        marks = ", ".join("?" * len(last))
        while True:
            cursor.execute(
                f"SELECT {names.replace('state', 'CAST(state AS BLOB)')} FROM {self.name}"  # noqa: S608 - ours
                f" WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT ?",
                (*last, count),
            )
            if not (chunk := cursor.fetchall()):
                return
            yield chunk
            last = tuple(chunk[-1][: len(last)])

    def put(self, cursor: Cursor, rows: Sequence[Sequence[Any]]) -> None:
        """Puts rows into an empty place."""
        marks = ", ".join("?" * len(self.columns))
        cursor.executemany(f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})", rows)  # noqa: S608 - ours

    def count(self, cursor: Cursor) -> int:
        """How many rows there are."""
        cursor.execute(f"SELECT count(*) FROM {self.name}")  # noqa: S608 - ours
        return int(cursor.fetchone()[0])


TABLES = (
    _Table("ledger", ("rowid", "originator_id", "originator_version", "topic", "state"), (-1,)),
    _Table("leaves", ("leaf", "position", "hash"), (-1,)),
    _Table("nodes", ("level", "number", "hash"), (-1, -1)),
    _Table("checkpoints", ("size", "at", "note"), (-1,)),
    _Table("cosignatures", ("size", "line"), (-1, "")),
)

Tell = Callable[[int, int, str], object]
"""Hears how much of how much is done, and of what."""


class TransferError(Exception):
    """The ledger was not taken over; the sentence says why, and what becomes of the target."""


class Transferred(NamedTuple):
    """What was taken over and compared. `root` is the log's, hexadecimal; empty for a ledger without events."""

    events: int
    root: str
    days: int
    boards: int


def transfer(source: Place, target: Place, tell: Tell, *, online: bool = False) -> Transferred:
    """Copies a ledger into an empty place and compares all of it. The source is only read.

    `online`: what is recorded meanwhile is not in the copy, and does not stop it.

    Until everything has been compared the target is marked as unfinished, and nobody can open it.

    Raises:
        TransferError: the target is not empty, the source changed meanwhile, or something differs.
        LedgerUnavailableError: one of the two cannot be read or written.
    """
    demand_log(source)
    with looking_at(source) as here, closing(store_at(target)) as there:
        _reserve(there)
        _copy(here, there, tell)
        with looking_at(target, unfinished=True) as copied:
            found = _compare(here, copied, tell)
        with looking_at(source) as now:
            if not online and _newest(now) != _newest(here):
                raise TransferError(
                    "Something was recorded while the ledger was copied: close the office, remove the target and move"
                    " again."
                )
        with there.writing() as cursor:
            there.mark(cursor, FORMAT)
        return found


def examined(place: Place, tell: Tell) -> tuple[Transferred, str]:
    """What a ledger holds, replayed and looked through by itself; and what is wrong with it first, "" when nothing is.

    Raises `LedgerUnavailableError` for what is no ledger, `TransferError` for one without a proof log.
    """
    demand_log(place)
    with looking_at(place) as cursor:
        log, days, boards, wrong = log_of(cursor), _days(cursor), 0, ""
        size = log.size()
        for one in log.examine(lambda done, of: tell(done, of, "leaves")):
            wrong = wrong or f"the record does not fit its proof log at position {one.position} ({one.what})"
        for n, stream in enumerate(days, 1):
            try:
                boards += len(_boards(cursor, stream))
            except (LookupError, ValueError, LedgerUnavailableError) as reason:
                wrong = wrong or f"{stream} cannot be replayed ({reason})"
            tell(n, len(days), "days replayed")
        events, root = TABLES[0].count(cursor), log.root(size).hex() if size else ""
        return Transferred(events, root, len(days), boards), wrong


def demand_log(place: Place) -> None:
    """Raises `TransferError` for a ledger of a program that kept no proof log."""
    if not has_log(place):
        raise TransferError(
            f"{name_of(place)} is of an older program, which kept no proof log: start the office once with this one."
        )


def _reserve(there: Store) -> None:
    with there.writing() as cursor:
        found = there.format(cursor)
        if found == UNFINISHED:
            raise TransferError(f"{there.name} holds a move that was not finished: remove it and move again.")
        if found:
            raise TransferError(f"{there.name} holds a ledger already: name an empty place.")
        there.create(cursor)
        there.mark(cursor, UNFINISHED)


def _copy(here: Cursor, there: Store, tell: Tell) -> None:
    done, of = 0, sum(table.count(here) for table in TABLES)
    for table in TABLES:
        for chunk in table.rows(here):
            with there.writing() as cursor:
                table.put(cursor, chunk)
            done += len(chunk)
            tell(done, of, "rows copied")


def _compare(here: Cursor, there: Cursor, tell: Tell) -> Transferred:
    """Compares two ledgers. Raises `TransferError` at the first thing that differs."""
    done, of, events = 0, sum(table.count(here) for table in TABLES), TABLES[0].count(here)
    for table in TABLES:
        if table.count(there) != table.count(here):
            raise TransferError(f"The copy has other {table.name} than the ledger: the target is of no use.")
        for ours, theirs in zip(table.rows(here), table.rows(there), strict=True):
            for one, other in zip(ours, theirs, strict=True):
                if tuple(one) != tuple(other):
                    raise TransferError(f"The copy differs in {table.name} at {one[0]}: the target is of no use.")
            done += len(ours)
            tell(done, of, "rows compared")
    roots = [log.root(size).hex() if (size := log.size()) else "" for log in map(log_of, (here, there))]
    if roots[0] != roots[1]:
        raise TransferError("The copy's log has another root: the target is of no use.")
    days = _days(here)
    boards = 0
    for n, stream in enumerate(days, 1):
        shown = _boards(here, stream)
        if shown != _boards(there, stream):
            raise TransferError(f"The copy's boards differ on {stream}: the target is of no use.")
        boards += len(shown)
        tell(n, len(days), "days replayed")
    return Transferred(events, roots[0], len(days), boards)


def _newest(cursor: Cursor) -> int:
    cursor.execute("SELECT max(rowid) FROM ledger")
    return cursor.fetchone()[0] or 0


def _days(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT DISTINCT originator_id FROM ledger WHERE originator_id >= 'day:' AND originator_id < 'day;'")
    return sorted(row[0] for row in cursor.fetchall())


def _boards(cursor: Cursor, stream: str) -> list[bytes]:
    """What every screen shows at the end of a day, and every ticket."""
    day, after = Day(), 0
    where = "originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
    while chunk := decoded(cursor, where, stream, after, CHUNK):
        for one in chunk:
            evolve(day, one.event)  # type: ignore[arg-type]
        after = chunk[-1].version
    pictures = [board.display(day), board.hall(day), board.kiosk(day)]
    pictures += [board.desk(day, counter) for counter in day.counters]
    pictures += [board.ticket(day, number) for number in day.tickets]
    return [msgspec.json.encode(picture) for picture in pictures]

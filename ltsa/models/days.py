"""The read model `days`: each office's service days, and the figures of those that are closed. Pure.

A day's figures are those of `ltsa/report.py`, computed once from its whole history when it is closed, and anew whenever
something is recorded on it after that. A day that is open has none: who needs them folds that one day. So figures of
weeks, months and many offices add up (`period.py`) without a replay.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ltsa.happened import TOPICS, DayClosed, DayOpened, DayReopened, TicketCalled, TicketIssued
from ltsa.models.model import LIVE, Change, Drop, Known, Model, Put, Table
from ltsa.office import Office
from ltsa.present import Recorded
from ltsa.replay import configured, opening, readable
from ltsa.report import DayReport, Durations, SeatReport, came, figures
from ltsa.side_store import Tables

DAYS = Table(
    name="days",
    key={"office": str, "date": str},
    rest={
        "events": int,
        "tickets": int,
        "calls": int,
        "first": int,
        "last": int,
        "position": int,
        "open": int,
        "report": str,
    },
    adds=frozenset({"events", "tickets", "calls"}),
    keeps=frozenset({"first"}),
)
"""A service day: how much is on record of it, its first and last event (ms UTC), the position of the last one, whether
it is open, and a closed day's report as JSON ("" for one that is open, or that nobody can replay).
"""

FIGURES = Table(
    name="day_figures",
    key={"office": str, "date": str, "about": str, "code": str, "measure": str},
    rest={"value": int},
)
"""The figures of a closed day that add up: about a "day", "service", "counter", "officer", "hour", or how often a code
of the office was said ("return", "deviation", "closing", "priority").
"""

DURATIONS = Table(
    name="day_durations",
    key={"office": str, "date": str, "measure": str, "code": str},
    rest={"spans": str},
)
"""The "wait"s and "serving"s of a service (`code`) on a closed day, and the "help"s: each in ms, as a list in JSON."""

COUNTED = ("issued", "served", "finished", "cancelled", "here", "called", "missed", "returned", "configured")
OF_SERVICE = ("people", "served", "returned", "missed")
OF_SEAT = ("called", "served", "returned", "missed", "open", "serving")


class Settled(NamedTuple):
    """A day's figures: its report, what the spreads in it are of, how many came in each hour; and the office as it was
    configured at last.
    """

    report: DayReport
    durations: Durations
    hours: Mapping[int, int]
    office: Office


def settled(record: Sequence[Recorded]) -> Settled | None:
    """A day's figures as far as its record can be replayed; None for one that never began."""
    try:
        return _settled(record)
    except (LookupError, ValueError, StopIteration):  # it was damaged
        return _settled(record[: readable(record)])


def _settled(history: Sequence[Recorded]) -> Settled | None:
    if (opened := opening(history)) is None:
        return None
    office = [opened.office, *(event.office for event in configured(history))][-1]
    return Settled(*figures(history), came(history, office), office)


def rows_of(it: Settled) -> Iterator[Put]:
    """The rows of a day's figures that add up."""
    day = (it.report.office, it.report.date)
    for about, code, measure, value in _figures(it.report, it.hours):
        yield Put(FIGURES, (*day, about, code, measure, value))
    for measure, services in (("wait", it.durations.waits), ("serving", it.durations.serving)):
        for service, spans in services.items():
            yield Put(DURATIONS, (*day, measure, service, _listed(spans)))
    if it.durations.answered:
        yield Put(DURATIONS, (*day, "help", "", _listed(it.durations.answered)))


def _figures(report: DayReport, hours: Mapping[int, int]) -> Iterator[tuple[str, str, str, int]]:
    for measure in COUNTED:
        yield "day", "", measure, getattr(report, measure)
    yield "day", "", "asked", report.help.asked
    for service in report.services:
        for measure in OF_SERVICE:
            yield "service", service.service, measure, getattr(service, measure)
    for about, seats in (("counter", report.counters), ("officer", report.officers)):
        yield from _seats(about, seats)
    for about, codes in (
        ("return", report.returns),
        ("deviation", report.deviations),
        ("closing", report.closed),
        ("priority", report.priorities),
    ):
        for code, times in codes.items():
            yield about, code, "times", times
    for hour, issued in hours.items():
        yield "hour", f"{hour:02}", "issued", issued


def _seats(about: str, seats: Sequence[SeatReport]) -> Iterator[tuple[str, str, str, int]]:
    for seat in seats:
        for measure in OF_SEAT:
            yield about, seat.name, measure, getattr(seat, measure)


def _listed(spans: Sequence[int]) -> str:
    return msgspec.json.encode(sorted(spans)).decode()


def reported(database: Tables, office: str, date: str) -> tuple[DayReport, dict[int, int], int] | None:
    """A closed day's report, how many came in each hour, and the position of the day's last event; None where the model
    has none of it.
    """
    query = f"SELECT report, position FROM {LIVE}days WHERE office = ? AND date = ?"  # noqa: S608 - ours
    found = database.execute(query, (office, date)).fetchone()
    if not found or not found[0]:
        return None
    came_by = database.execute(
        f"SELECT code, value FROM {LIVE}day_figures WHERE office = ? AND date = ? AND about = 'hour' ORDER BY code",  # noqa: S608
        (office, date),
    )
    hours = {int(hour): issued for hour, issued in came_by}
    return msgspec.json.decode(found[0], type=DayReport), hours, found[1]


class Listed(NamedTuple):
    """A service day's line in a list: how much is on record, its first and last event (ms UTC), whether it is open."""

    date: str
    events: int
    tickets: int
    calls: int
    first: int
    last: int
    open: bool


def listed(database: Tables, office: str) -> dict[str, Listed]:
    """The service days of an office, by date."""
    query = f"SELECT date, events, tickets, calls, first, last, open FROM {LIVE}days WHERE office = ?"  # noqa: S608 - ours
    rows = map(Listed._make, database.execute(query, (office,)))
    return {row.date: row._replace(open=bool(row.open)) for row in rows}


def around(database: Tables, office: str, date: str) -> tuple[str, str]:
    """The office's service days before and after a date (ISO); "" where there is none."""
    before, after = (
        f"SELECT {best}(date) FROM {LIVE}days WHERE office = ? AND date {than} ?"  # noqa: S608 - ours
        for best, than in (("max", "<"), ("min", ">"))
    )
    earlier, later = (database.execute(query, (office, date)).fetchone()[0] or "" for query in (before, after))
    return earlier, later


def _fold(chunk: Sequence[Recorded], known: Known) -> Iterator[Change]:
    days = dict[str, list[Recorded]]()
    for row in chunk:
        days.setdefault(row.stream, []).append(row)
    is_open = {stream: _is_open(stream, rows, known) for stream, rows in days.items()}
    histories = known.histories([stream for stream in days if not is_open[stream]])
    for stream, rows in days.items():
        day, found = _day(stream), settled(histories[stream]) if stream in histories else None
        for table in (FIGURES, DURATIONS):
            yield Drop(table, day)
        if found:
            yield from rows_of(found)
        events = [row.event for row in rows]
        tickets = sum(isinstance(event, TicketIssued) for event in events)
        calls = sum(isinstance(event, TicketCalled) for event in events)
        report = msgspec.json.encode(found.report).decode() if found else ""
        at = (events[0].at, events[-1].at, rows[-1].position)
        yield Put(DAYS, (*day, len(rows), tickets, calls, *at, int(is_open[stream]), report))


def _is_open(stream: str, rows: Sequence[Recorded], known: Known) -> bool:
    """Whether a day is open after some more events."""
    doors = [row.event for row in rows if isinstance(row.event, DayOpened | DayClosed | DayReopened)]
    if doors:
        return not isinstance(doors[-1], DayClosed)
    before = known.rows(DAYS, *_day(stream))
    return not before or bool(before[0][DAYS.columns.index("open")])


def _day(stream: str) -> tuple[str, str]:
    _, office, date = stream.split(":")
    return office, date


MODEL = Model(name="days", version=1, topics=tuple(TOPICS), tables=(DAYS, FIGURES, DURATIONS), fold=_fold)

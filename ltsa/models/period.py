"""A stretch of days in figures, of one office or of several: what the model `days` holds, added up.

Sums add up in SQL. A median does not, so the waits themselves are gathered: the spreads are those of all waits of the
stretch, as exact as a day's. Days that are open are handed in, folded by whoever asks.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ltsa.models.days import DURATIONS, FIGURES, Settled, rows_of
from ltsa.models.model import LIVE
from ltsa.report import SeatReport, Spread, spread
from ltsa.side_store import Tables


class Part(Struct, frozen=True, kw_only=True):
    """The figures of a date, or of an office, in the stretch. `open` says that a day in it is not closed."""

    name: str
    issued: int = 0
    served: int = 0
    finished: int = 0
    missed: int = 0
    returned: int = 0
    waits: Spread = Spread()
    open: bool = False


class ServicePart(Struct, frozen=True, kw_only=True):
    """A service's figures in the stretch."""

    service: str
    people: int = 0
    served: int = 0
    returned: int = 0
    missed: int = 0
    waits: Spread = Spread()
    serving: Spread = Spread()


class Period(Struct, frozen=True, kw_only=True):
    """The figures of a stretch of days (`first` to `last`, ISO), as of a day's report (`ltsa/report.py`). `dates` are
    the days on which something happened, `offices` those of them all; codes are counted, the most frequent first;
    `hours` are of the offices' own clocks.
    """

    first: str
    last: str
    dates: tuple[Part, ...]
    offices: tuple[Part, ...]
    issued: int
    served: int
    finished: int
    cancelled: int
    here: int
    called: int
    missed: int
    returned: int
    asked: int
    waits: Spread
    answered: Spread
    services: dict[str, ServicePart]
    counters: tuple[SeatReport, ...]
    officers: tuple[SeatReport, ...]
    returns: dict[str, int]
    deviations: dict[str, int]
    closed: dict[str, int]
    priorities: dict[str, int]
    hours: dict[int, int]


def unsettled(database: Tables, offices: Sequence[str], first: str, last: str) -> list[tuple[str, str]]:
    """The days without figures in the model, as office and date: those that are open."""
    rows = database.execute(
        f"SELECT office, date FROM {LIVE}days WHERE {_within(offices)} AND report = ''",  # noqa: S608 - marks
        _of(offices, first, last),
    )
    return sorted((office, date) for office, date in rows)


def read(database: Tables, offices: Sequence[str], first: str, last: str, more: Iterable[Settled] = ()) -> Period:
    """The figures of some offices from a local date to another, both included (ISO). `more` are days that the model has
    no figures of.
    """
    found, asked = _Sums(), _of(offices, first, last)
    rows = database.execute(
        f"SELECT about, code, measure, CAST(SUM(value) AS BIGINT) FROM {LIVE}day_figures WHERE {_within(offices)}"  # noqa: S608 - marks
        " GROUP BY about, code, measure",
        asked,
    )
    for about, code, measure, value in rows:
        found.count(about, code, measure, value)
    rows = database.execute(
        f"SELECT office, date, measure, value FROM {LIVE}day_figures WHERE {_within(offices)} AND about = 'day'",  # noqa: S608 - marks
        asked,
    )
    for row in rows:
        found.part(*row)
    rows = database.execute(
        f"SELECT office, date, measure, code, spans FROM {LIVE}day_durations WHERE {_within(offices)}",  # noqa: S608 - marks
        asked,
    )
    for row in rows:
        found.last(*row)
    for settled in more:
        found.take(settled)
    return found.period(first, last)


class _Sums:
    """What is added up."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, str, str], int] = {}
        self.spans: dict[tuple[str, str], list[int]] = {}
        self.dates: dict[str, dict[str, int]] = {}
        self.offices: dict[str, dict[str, int]] = {}
        self.waits: dict[str, list[int]] = {}
        self.open: set[str] = set()

    def count(self, about: str, code: str, measure: str, value: int) -> None:
        key = (about, code, measure)
        self.figures[key] = self.figures.get(key, 0) + value

    def part(self, office: str, date: str, measure: str, value: int) -> None:
        for parts, name in ((self.dates, date), (self.offices, office)):
            figures = parts.setdefault(name, {})
            figures[measure] = figures.get(measure, 0) + value

    def last(self, office: str, date: str, measure: str, code: str, spans: str) -> None:
        lasted = _decoder.decode(spans)
        self.spans.setdefault((measure, code), []).extend(lasted)
        if measure == "wait":
            for name in (date, office):
                self.waits.setdefault(name, []).extend(lasted)

    def take(self, settled: Settled) -> None:
        """A day that is open."""
        for put in rows_of(settled):
            office, date, *rest = put.row
            if put.table is FIGURES:
                about, code, measure, value = rest
                self.count(about, code, measure, value)  # type: ignore[arg-type]
                if about == "day":
                    self.part(office, date, measure, value)  # type: ignore[arg-type]
            elif put.table is DURATIONS:
                self.last(office, date, *rest)  # type: ignore[arg-type]
        self.open |= {settled.report.date, settled.report.office}

    def period(self, first: str, last: str) -> Period:
        of_day = {measure: value for (about, _, measure), value in self.figures.items() if about == "day"}
        names = ("issued", "served", "finished", "cancelled", "here", "called", "missed", "returned", "asked")
        waits = [span for (measure, _), spans in self.spans.items() if measure == "wait" for span in spans]
        return Period(
            first=first,
            last=last,
            dates=self._parts(self.dates),
            offices=self._parts(self.offices),
            **{name: of_day.get(name, 0) for name in names},
            waits=spread(waits),
            answered=spread(self.spans.get(("help", ""), [])),
            services={
                code: ServicePart(
                    service=code,
                    **figures,
                    waits=spread(self.spans.get(("wait", code), [])),
                    serving=spread(self.spans.get(("serving", code), [])),
                )
                for code, figures in self._about("service").items()
            },
            counters=self._seats("counter"),
            officers=self._seats("officer"),
            returns=self._times("return"),
            deviations=self._times("deviation"),
            closed=self._times("closing"),
            priorities=self._times("priority"),
            hours={int(hour): figures["issued"] for hour, figures in sorted(self._about("hour").items())},
        )

    def _parts(self, parts: dict[str, dict[str, int]]) -> tuple[Part, ...]:
        measures = ("issued", "served", "finished", "missed", "returned")
        said: Callable[[dict[str, int]], dict[str, Any]] = lambda found: {it: found.get(it, 0) for it in measures}  # noqa: E731 - what a part says
        return tuple(
            Part(name=name, **said(found), waits=spread(self.waits.get(name, [])), open=name in self.open)
            for name, found in sorted(parts.items())
        )

    def _about(self, what: str) -> dict[str, dict[str, int]]:
        found = dict[str, dict[str, int]]()
        for (about, code, measure), value in self.figures.items():
            if about == what:
                found.setdefault(code, {})[measure] = value
        return found

    def _seats(self, what: str) -> tuple[SeatReport, ...]:
        return tuple(SeatReport(name=name, **figures) for name, figures in sorted(self._about(what).items()))

    def _times(self, what: str) -> dict[str, int]:
        times = {code: figures["times"] for code, figures in self._about(what).items()}
        return dict(sorted(times.items(), key=lambda counted: (-counted[1], counted[0])))


_decoder = msgspec.json.Decoder(list[int])


def _within(offices: Sequence[str]) -> str:
    return f"office IN ({','.join('?' * len(offices))}) AND date >= ? AND date <= ?"


def _of(offices: Sequence[str], first: str, last: str) -> tuple[str, ...]:
    return (*offices, first, last)

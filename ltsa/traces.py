"""What a day's events leave behind, gathered in one pass: where the events of each ticket, counter, officer, kind and
code stand; how full the office was; what every ticket and counter was, from when to when.

Pure. Whoever asks later finds it by bisection, however long the day is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock

from msgspec import structs

from ltsa.day import Day, evolve
from ltsa.happened import DayConfigured, DayEvent
from ltsa.present import Recorded
from ltsa.replay import KINDS, Moment, Phase, concerned, moment_of, phase_of_counter, phase_of_ticket, prolong

GRAIN = 10_000
"""Milliseconds: how full the office was is kept for the last instant of each such span in which something happened."""

_ONE = ("service", "to", "priority", "outcome", "reason", "case", "kiosk")
_SEVERAL = ("services", "reasons", "missing", "seen", "added", "dropped", "ok", "open")
_CODES = {
    event: (
        tuple(name for name in _ONE if name in event.__struct_fields__),
        tuple(name for name in _SEVERAL if name in event.__struct_fields__),
    )
    for event in KINDS
}
"""The fields of each event that hold codes of the office: one, or several."""


class Traces:
    """The traces of a day's events. It grows with the day and is never changed otherwise; threads may share it, if they
    copy what they go through.

    Versions stand in lists, ascending: `numbers`, `counters`, `kinds` and `codes` by what the events are about,
    `officers` by who sat at the counter or did it. `visits` are the stretches of each ticket, `seats` those of each
    counter, closed ones too, as `ltsa/replay.py` has them.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = {}
        self.counters: dict[str, list[int]] = {}
        self.officers: dict[str, list[int]] = {}
        self.kinds: dict[str, list[int]] = {}
        self.codes: dict[str, list[int]] = {}
        self.visits: dict[str, list[Phase]] = {}
        self.seats: dict[str, list[Phase]] = {}
        self._moments: list[Moment] = []
        self._day = Day()
        self._taken = 0
        self._lock = Lock()

    def grow(self, history: Sequence[Recorded]) -> None:
        """Takes in the events of the day that it does not have yet. Raises what `evolve` raises."""
        with self._lock:
            for recorded in islice(history, self._taken, None):
                self._take(recorded.event)  # type: ignore[arg-type]
                self._taken += 1
            self._day.answered.clear()

    def course(self, instants: Iterable[int]) -> tuple[Moment, ...]:
        """How full the office was at each of some instants (ms UTC): such as end a span of `GRAIN`."""
        with self._lock:
            kept = [*self._moments, moment_of(self._day, self._day.at)]
        found = []
        for at in instants:
            n = bisect_right(kept, at, key=_at)
            found.append(structs.replace(kept[n - 1], at=at) if n else moment_of(Day(), at))
        return tuple(found)

    def officer(self, name: str) -> list[Phase]:
        """The stretches in which an officer sat somewhere, in order."""
        sat = [phase for phases in list(self.seats.values()) for phase in list(phases) if phase.officer == name]
        return sorted((phase for phase in sat if phase.state != "closed"), key=lambda phase: phase.since)

    def _take(self, event: DayEvent) -> None:
        day = self._day
        number, counter, officer = concerned(day, event)
        self._note(self._taken + 1, event, number, counter, officer)
        if self._taken and (day.at - 1) // GRAIN != (event.at - 1) // GRAIN:
            self._moments.append(moment_of(day, day.at))
        evolve(day, event)
        configured = isinstance(event, DayConfigured)
        for name in (*self.visits,) if configured else (number,) if number else ():
            if (ticket := day.tickets[name]).touched == day.version:
                prolong(self.visits.setdefault(name, []), phase_of_ticket(day, ticket))
        for name in {*self.seats, *day.counters} if configured else (counter,) if counter else ():
            phases = self.seats.setdefault(name, [])
            prolong(phases, phase_of_counter(day, name))

    def _note(self, version: int, event: DayEvent, number: str, counter: str, officer: str) -> None:
        kind = type(event)
        self.kinds.setdefault(KINDS[kind], []).append(version)
        if number:
            self.numbers.setdefault(number, []).append(version)
        if counter:
            self.counters.setdefault(counter, []).append(version)
        if officer:
            self.officers.setdefault(officer, []).append(version)
        if (by := event.by.removeprefix("officer:")) not in {officer, event.by}:
            self.officers.setdefault(by, []).append(version)
        for code in _codes(event):
            found = self.codes.setdefault(code, [])
            if not found or found[-1] != version:
                found.append(version)


def after(versions: Sequence[int], version: int) -> int:
    """The first of some versions after one; 0 for none."""
    n = bisect_right(versions, version)
    return versions[n] if n < len(versions) else 0


def before(versions: Sequence[int], version: int) -> int:
    """The last of some versions before one; 0 for none."""
    n = bisect_left(versions, version)
    return versions[n - 1] if n else 0


def _codes(event: DayEvent) -> Iterator[str]:
    one, several = _CODES[type(event)]
    for name in one:
        if code := getattr(event, name):
            yield code
    for name in several:
        yield from getattr(event, name)


def _at(moment: Moment) -> int:
    return moment.at

"""What is true now, as far as the ledger has been read: the offices' configurations and the open days, kept in memory.

The ledger's writer keeps one for its decisions (with what it is about to commit), every web process another for its
pages (only what was committed).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from ltsa import access, configuring, flow, journal, journey, predictions, requests, shown
from ltsa.access import INSTALLATION, Access, AccessEvent
from ltsa.configuring import ConfigurationEvent, Configurations
from ltsa.day import Day, evolve
from ltsa.flow import FlowEvent, Flows
from ltsa.happened import DayEvent, DayOpened
from ltsa.journal import Journal, JournalEvent, journal_stream
from ltsa.journey import Person, PersonEvent, person_stream
from ltsa.journey_rules import Here
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.predictions import Predictions, WaitsPredicted
from ltsa.requests import RequestEvent, Requests, requests_stream
from ltsa.shown import Boards, BoardsShown

DAYS_KEPT = 2
STREAMS_KEPT = 768
PERSONS_KEPT = 4096
KEPT: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], None]]] = {
    "journal": (Journal, journal.evolve),
    "forecast": (Predictions, predictions.evolve),
    "shown": (Boards, shown.evolve),
    "requests": (Requests, requests.evolve),
}
"""Streams that are read when they are asked for, and may be let go of: how their state begins, and goes on."""


AnyEvent = (
    DayEvent
    | AccessEvent
    | JournalEvent
    | ConfigurationEvent
    | PersonEvent
    | FlowEvent
    | RequestEvent
    | WaitsPredicted
    | BoardsShown
)


class Recorded(NamedTuple):
    """An event as the ledger holds it: its position in the one order of the whole ledger, its stream, and its version,
    which counts the stream's events from 1.
    """

    position: int
    stream: str
    version: int
    event: AnyEvent


def day_stream(office: str, day: str) -> str:
    """The stream of one office's service day, for example `day:ltsa:2026-11-21`."""
    return f"day:{office}:{day}"


def office_stream(office: str) -> str:
    """The stream of what was decided about an office's configuration."""
    return f"office:{office}"


class _Today(NamedTuple):
    """An office's service day while it lasts: `begins` and `ends` in ms UTC."""

    begins: int
    ends: int
    office: Office
    day: date


class Present:
    """Hot state. `read(stream, position)` gives a stream's events up to a position of the ledger."""

    def __init__(self, read: Callable[[str, int], Iterable[Recorded]], position: int) -> None:
        self.position = position
        self._read = read
        self._days: dict[str, dict[date, Day]] = {}
        self._configurations: dict[str, Configurations] = {}
        self._today: dict[str, _Today] = {}
        self._kept: dict[str, Any] = {}
        self._persons: dict[str, Person] = {}
        self.flows = Flows()
        for recorded in read(flow.STREAM, position):
            flow.evolve(self.flows, recorded.event)  # type: ignore[arg-type]
        self.access = Access()
        for recorded in read(access.STREAM, position):
            access.evolve(self.access, recorded.event)  # type: ignore[arg-type]

    def offices(self) -> list[str]:
        """The ids of all offices that were ever set up."""
        return list(self._configurations)

    def configurations(self, office: str) -> Configurations:
        """All that was decided about an office's configuration. Raises `Refusal` for one that was not set up."""
        found = self._configurations.get(office)
        if found is None:
            known = ", ".join(self._configurations) or "none yet"
            raise Refusal("unknown-office", f"There is no office {office!r}; known are {known}.", field="office")
        return found

    def office(self, office: str, day: date) -> Office:
        """The configuration in force on a local date (the first one for dates before it)."""
        return self.configurations(office).on(day)

    def office_at(self, office: str, at: int) -> tuple[Office, date]:
        """The configuration and the service day of an office at an instant (ms UTC)."""
        today = self._today.get(office)
        if today is None or not today.begins <= at < today.ends:
            day = self.configurations(office).today(at)
            today = _Today(*self.span(office, day), self.office(office, day), day)
            self._today[office] = today
        return today.office, today.day

    def span(self, office: str, day: date) -> tuple[int, int]:
        """The first instant of an office's service day and that of the next (ms UTC)."""
        clock = self.office(office, day).clock
        begins, ends = (datetime.combine(day + timedelta(days=n), time(), clock).timestamp() for n in (0, 1))
        return int(begins * 1000), int(ends * 1000)

    def day(self, office: str, day: date) -> Day:
        """A service day's state; one without any event is not `open` and has no `office`."""
        days = self._days.setdefault(office, {})
        if day not in days:
            state = Day()
            for recorded in self._read(day_stream(office, day.isoformat()), self.position):
                evolve(state, recorded.event)  # type: ignore[arg-type]
            _keep(days, day, state)
        return days[day]

    def journal_stream(self, office: str, at: int) -> str:
        """The stream of the journal that an entry belongs to: the office's local date, or UTC's where there is none."""
        if office == INSTALLATION:
            return journal_stream(office, datetime.fromtimestamp(at / 1000, UTC).date().isoformat())
        return journal_stream(office, self.office_at(office, at)[1].isoformat())

    def kept(self, stream: str) -> Any:
        """What must be known of a stream of `KEPT` to go on with it."""
        if stream not in self._kept:
            begin, take = KEPT[stream.partition(":")[0]]
            state = begin()
            for recorded in self._read(stream, self.position):
                take(state, recorded.event)
            self._kept[stream] = state
            if len(self._kept) > STREAMS_KEPT:
                del self._kept[next(iter(self._kept))]
        return self._kept[stream]

    def requests(self, office: str) -> Requests:
        """The requests of people about their data that an office received."""
        found: Requests = self.kept(requests_stream(office))
        return found

    def person(self, person: str) -> Person:
        """What is true of a person; of one who never came, nothing. Stays in memory until `let_go`."""
        state = self._persons.pop(person, None)
        if state is None:
            state = Person()
            for recorded in self._read(person_stream(person), self.position):
                journey.evolve(state, recorded.event)  # type: ignore[arg-type]
        self._persons[person] = state
        return state

    def let_go(self) -> None:
        """Lets go of the persons beyond those kept who were asked for least lately. Never while something is applied
        that is not on the disk yet: it could not be read again.
        """
        while len(self._persons) > PERSONS_KEPT:
            del self._persons[next(iter(self._persons))]

    def here(self, office: str, at: int) -> Here:
        """What is true around a person at an office at an instant (ms UTC)."""
        configuration, day = self.office_at(office, at)
        return Here(office=configuration, today=day.isoformat(), flows=self.flows.kept)

    def loaded(self, office: str) -> Iterable[Day]:
        """The days of an office that are in memory."""
        return self._days.get(office, {}).values()

    def apply(self, recorded: Recorded) -> None:
        """Takes in one more event; those of days that nobody asked for change nothing."""
        self.position = recorded.position
        event = recorded.event
        kind, name, *rest = recorded.stream.split(":")
        match kind:
            case "day":
                self._evolve(name, rest[0], event)  # type: ignore[arg-type]
            case _ if kind in KEPT:
                if (state := self._kept.get(recorded.stream)) is not None:
                    KEPT[kind][1](state, event)
            case "person":
                if (person := self._persons.get(name)) is not None:
                    journey.evolve(person, event)  # type: ignore[arg-type]
            case "flows":
                flow.evolve(self.flows, event)  # type: ignore[arg-type]
            case "access":
                access.evolve(self.access, event)  # type: ignore[arg-type]
            case _:
                decided = self._configurations.get(name, Configurations())
                configuring.evolve(decided, event)  # type: ignore[arg-type]
                self.configured(name, decided)

    def _evolve(self, office: str, day: str, event: DayEvent) -> None:
        days, date_of = self._days.setdefault(office, {}), date.fromisoformat(day)
        if isinstance(event, DayOpened):
            _keep(days, date_of, Day())
        if date_of in days:
            evolve(days[date_of], event)

    def configured(self, office: str, state: Configurations) -> None:
        """Something was decided about an office's configuration."""
        self._configurations[office] = state
        self._today.pop(office, None)


def _keep(days: dict[date, Day], day: date, state: Day) -> None:
    """Adds a day and lets go of the oldest beyond those kept."""
    days[day] = state
    for old in sorted(days)[:-DAYS_KEPT]:
        if old != day:
            del days[old]

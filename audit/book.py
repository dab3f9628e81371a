"""What an auditor reads: the days of an office, one day's record, and how it stood at an instant."""

from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from audit.asked import Filter, Instant
from audit.jumping import target
from ltsa import board
from ltsa.board import DisplayPicture, HallPicture
from ltsa.corrections import corrected
from ltsa.day import Day
from ltsa.difference import Difference, difference
from ltsa.happened import CounterOpened, DayClosed, DayEvent, DayOpened, DayReopened, TicketCalled, TicketIssued
from ltsa.ledger import Ledger
from ltsa.models.days import Listed, listed
from ltsa.office import Counter, Office
from ltsa.present import Recorded, day_stream
from ltsa.record import collection_paused
from ltsa.replay import Finding, Line, configured, examine, opening, story
from ltsa.shown import hold, shown_stream
from ltsa.snapshots import Snapshots
from ltsa.traces import Traces
from web.house import House
from web.read_models import BeingBuilt, catch_up

AROUND = 5
EVERYTHING = Filter()


class Moment(Struct, frozen=True, kw_only=True):
    """A day at an instant: the pictures that the screens showed then.

    `at` is what the office's clock said, `version` the last event that had happened, `newest` the day's last one,
    `position` where the ledger stood; `line` is that event, `changed` what it made of the day, `before` and `after`
    are its neighbours. `nowhere` says that there was nothing more in the direction that was asked for.
    """

    date: str
    at: int
    version: int
    newest: int
    position: int
    display: DisplayPicture
    hall: HallPicture
    line: Line | None
    changed: Difference
    before: tuple[Line, ...]
    after: tuple[Line, ...]
    nowhere: bool = False


@dataclass
class Book:
    """One service day's record. `history` is as much of the `record` as can be replayed, all of it unless it was
    damaged; `snapshots` are what it comes to on the way. `offices` are the configurations that were in force, one after
    the other, `configured` says when they were changed while the day was under way (ms UTC), `officers` are those who
    sat at a counter, `counts` how many events of each kind there are, `corrected` the versions of those that were taken
    back, with those of what took them back.
    """

    date: date
    record: list[Recorded]
    snapshots: Snapshots
    offices: list[Office] = field(default_factory=list)
    officers: list[str] = field(default_factory=list)
    configured: list[int] = field(default_factory=list)
    counts: dict[type[DayEvent], int] = field(default_factory=dict)
    corrected: dict[int, int] = field(default_factory=dict)
    _traces: Traces = field(default_factory=Traces)
    _findings: tuple[Finding, ...] = ()

    @property
    def history(self) -> Sequence[Recorded]:
        """The events that can be replayed."""
        return self.snapshots.history

    @property
    def office(self) -> Office:
        """The configuration in force at last. It has every service and counter that was used."""
        return self.offices[-1]

    @property
    def counters(self) -> dict[str, Counter]:
        """Every counter that the office had that day, by id."""
        return {counter.id: counter for office in self.offices for counter in office.counters}

    @property
    def newest(self) -> int:
        """The version of the last event."""
        return self.history[-1].version

    @property
    def traces(self) -> Traces:
        """What the events left behind; gathered when it is first asked for, which takes as long as reading the day."""
        self._traces.grow(self.history)
        return self._traces

    def version_of(self, asked: Instant) -> int:
        """The version of the last event of an instant, wherever that leads on to; 0 when nothing had happened."""
        if asked.until is not None:
            return bisect_right(self.history, asked.until, key=lambda recorded: recorded.event.at)
        if asked.position is not None:
            return bisect_right(self.history, asked.position, key=lambda recorded: recorded.position)
        return self.newest if asked.version is None else asked.version

    def at(self, asked: Instant) -> int:
        """The instant itself (ms UTC), wherever that leads on to."""
        if asked.until is not None:
            return asked.until
        return self.history[max(self.version_of(asked), 1) - 1].event.at

    def versions(self, chosen: Filter) -> Sequence[int]:
        """The versions of the chosen events, ascending."""
        return range(1, len(self.history) + 1) if chosen.everything else chosen.versions(self.history, self.traces)

    def day(self, version: int) -> Day:
        """The day right after a version; before the first event an empty hall."""
        return self.snapshots.day(version) if version else board.unopened(self.offices[0], self.date)

    def lines(self, versions: Iterable[int]) -> Iterator[Line]:
        """The events of some versions, ascending, as lines."""
        going = self.snapshots.going(0)
        for version in versions:
            going = self.snapshots.forward(going, version - 1)
            yield from story(self.history[version - 1 : version], since=going, corrected=self.corrected)

    def findings(self) -> tuple[Finding, ...]:
        """What comes of examining the record; of one that grew, anew."""
        if not self._findings:
            self._findings = examine(self.record)
        return self._findings

    def grow(self, news: Sequence[Recorded]) -> None:
        """Takes in what was recorded since."""
        known = len(self.history)
        if news:
            self._findings = ()
        self.record.extend(news)
        self.snapshots.grow(news)
        self.take_in(self.history[known:])

    def take_in(self, news: Sequence[Recorded]) -> None:
        """Notes what some events of the history say of the day as a whole."""
        self.offices.extend(event.office for event in configured(news))
        self.configured.extend(event.at for event in configured(news))
        self.corrected.update(corrected(news))
        sat = {one.event.officer for one in news if isinstance(one.event, CounterOpened)}
        self.officers[:] = sorted(sat.union(self.officers))
        for kind, count in Tally(type(one.event) for one in news).items():
            self.counts[kind] = self.counts.get(kind, 0) + count  # type: ignore[index, arg-type]

    def moment(self, asked: Instant, chosen: Filter = EVERYTHING) -> Moment:
        """The day at an instant; where that leads on, to an event of the choice."""
        version, until, nowhere = self.version_of(asked), asked.until, False
        if asked.go:
            found = target(self.history, self.traces, version, asked.go, chosen)
            version, until, nowhere = (version, until, True) if found is None else (found, None, False)
        first, last = max(version - AROUND - 1, 0), max(version - 1, 0)
        going = self.snapshots.going(first)
        earlier = tuple(story(self.history[first:last], since=going, corrected=self.corrected))
        was = going.snapshot()
        line = next(story(self.history[last:version], since=going, corrected=self.corrected), None)
        day = going.day if version else board.unopened(self.offices[0], self.date)
        display, hall = board.display(day), board.hall(day)
        changed = difference(was, day) if version else Difference()
        after = tuple(story(self.history[version : version + AROUND], since=going, corrected=self.corrected))
        here = self.history[max(version, 1) - 1]
        return Moment(
            date=self.date.isoformat(),
            at=here.event.at if until is None else until,
            version=version,
            newest=self.newest,
            position=here.position if version else 0,
            display=display,
            hall=hall,
            line=line,
            changed=changed,
            before=earlier,
            after=after,
            nowhere=nowhere,
        )


def read(ledger: Ledger, office: str, day: date) -> Book | None:
    """A day's record; None when nothing was recorded. Blocks on the disk."""
    with collection_paused():
        record = list(ledger.history(day_stream(office, day.isoformat())))
        opened = opening(record)
        if opened is None:
            return None
        found = Book(day, record, Snapshots(record), [opened.office])
    found.take_in(found.history)
    return found


def days(ledger: Ledger, office: str) -> list[str]:
    """The dates of an office's service days, newest first. Blocks on the disk."""
    return [stream.rpartition(":")[2] for stream in reversed(ledger.streams(day_stream(office, "")))]


class Neighbours(NamedTuple):
    """The service days around a date; empty where there is none."""

    before: str
    after: str


def neighbours(ledger: Ledger, office: str, day: str) -> Neighbours:
    """The service day before a date and the one after it. Blocks on the disk."""
    known = days(ledger, office)
    before = next((other for other in known if other < day), "")
    return Neighbours(before, next((other for other in reversed(known) if other > day), ""))


def entries(here: House, office: str, days: Sequence[str]) -> Iterator[Listed]:
    """The lines of some service days: from the read model, or while that is made from the days themselves. Blocks on
    the disk.
    """
    try:
        with catch_up(here, "days").reading() as database:
            known = listed(database, office)
    except BeingBuilt:
        known = {}
    for day in days:
        yield known[day] if day in known else entry(here.ledger, office, day)


def entry(ledger: Ledger, office: str, day: str) -> Listed:
    """A service day's line in the list. Blocks on the disk: 2 ms for a thousand events."""
    events = [recorded.event for recorded in ledger.history(day_stream(office, day))]
    doors = [event for event in events if isinstance(event, DayOpened | DayClosed | DayReopened)]
    return Listed(
        date=day,
        events=len(events),
        tickets=sum(isinstance(event, TicketIssued) for event in events),
        calls=sum(isinstance(event, TicketCalled) for event in events),
        first=events[0].at,
        last=events[-1].at,
        open=not isinstance(doors[-1], DayClosed),
    )


def held(ledger: Ledger, office: str, book: Book) -> tuple[Finding, ...]:
    """What the screens showed, held against the record; nothing where it is not on record what they showed."""
    batches = [one.event for one in ledger.history(shown_stream(office, book.date.isoformat()))]
    found = hold((one.event for one in book.history), batches)  # type: ignore[arg-type, misc]
    broken = tuple(sorted({one.version for one in found.differing}))
    return (Finding(fact="shown", looked_at=found.pictures, broken=broken),) if found.pictures else ()

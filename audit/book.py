"""What an auditor reads: the days of an office, one day's record, and how it stood at an instant."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from audit.asked import Instant
from ltsa import board
from ltsa.board import DisplayPicture, HallPicture
from ltsa.day import Day, DayClosed, DayOpened, DayReopened, TicketCalled, TicketIssued
from ltsa.ledger import Ledger
from ltsa.office import Counter, Office
from ltsa.present import Recorded, day_stream
from ltsa.replay import Finding, Line, configured, opening, story
from ltsa.shown import hold, shown_stream
from ltsa.snapshots import Snapshots

AROUND = 5


class Moment(Struct, frozen=True, kw_only=True):
    """A day at an instant: the pictures that the screens showed then.

    `at` is what the office's clock said, `version` the last event that had happened, `newest` the day's last one,
    `position` where the ledger stood; `line` is that event, `before` and `after` its neighbours.
    """

    date: str
    at: int
    version: int
    newest: int
    position: int
    display: DisplayPicture
    hall: HallPicture
    line: Line | None
    before: tuple[Line, ...]
    after: tuple[Line, ...]


class Book(NamedTuple):
    """One service day's record and the configurations that were in force, one after the other. `history` is as much of
    the `record` as can be replayed: all of it, unless it was damaged; `snapshots` are what it comes to on the way.
    """

    offices: list[Office]
    date: date
    record: list[Recorded]
    snapshots: Snapshots

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
    def configured(self) -> list[int]:
        """When the configuration was changed while the day was under way (ms UTC)."""
        return [event.at for event in configured(self.history)]

    @property
    def newest(self) -> int:
        """The version of the last event."""
        return self.history[-1].version

    def version_at(self, until: int) -> int:
        """The version of the last event until an instant (ms UTC, inclusive); 0 when nothing had happened."""
        return bisect_right(self.history, until, key=lambda recorded: recorded.event.at)

    def day(self, version: int) -> Day:
        """The day right after a version; before the first event an empty hall."""
        return self.snapshots.day(version) if version else board.unopened(self.offices[0], self.date)

    def grow(self, news: Sequence[Recorded]) -> None:
        """Takes in what was recorded since."""
        known = len(self.history)
        self.record.extend(news)
        self.snapshots.grow(news)
        self.offices.extend(event.office for event in configured(self.history[known:]))

    def moment(self, asked: Instant) -> Moment:
        """The day at an instant."""
        version = self.newest if asked.version is None else asked.version
        if asked.until is not None:
            version = self.version_at(asked.until)
        first = max(version - AROUND - 1, 0)
        going = self.snapshots.going(first)
        lines = list(story(self.history[first:version], since=going))
        day = going.day if version else board.unopened(self.offices[0], self.date)
        display, hall = board.display(day), board.hall(day)
        after = tuple(story(self.history[version : version + AROUND], since=going))
        here = self.history[max(version, 1) - 1]
        return Moment(
            date=self.date.isoformat(),
            at=here.event.at if asked.until is None else asked.until,
            version=version,
            newest=self.newest,
            position=here.position if version else 0,
            display=display,
            hall=hall,
            line=lines[-1] if version else None,
            before=tuple(lines[:-1]),
            after=after,
        )


def read(ledger: Ledger, office: str, day: date) -> Book | None:
    """A day's record; None when nothing was recorded. Blocks on the disk."""
    record = list(ledger.history(day_stream(office, day.isoformat())))
    opened = opening(record)
    if opened is None:
        return None
    snapshots = Snapshots(record)
    return Book([opened.office, *(event.office for event in configured(snapshots.history))], day, record, snapshots)


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


class Entry(Struct, frozen=True, kw_only=True):
    """A service day in the list of days: `open` says that it was not closed (yet)."""

    date: str
    events: int
    tickets: int
    calls: int
    first: int
    last: int
    open: bool


def entry(ledger: Ledger, office: str, day: str) -> Entry:
    """A service day's line in the list. Blocks on the disk: 2 ms for a thousand events."""
    events = [recorded.event for recorded in ledger.history(day_stream(office, day))]
    doors = [event for event in events if isinstance(event, DayOpened | DayClosed | DayReopened)]
    return Entry(
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

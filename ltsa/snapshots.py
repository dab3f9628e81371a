"""A day that is asked for at many instants: what it was every so many events, and the few events from there.

Pure. What is kept is the state that `evolve` made, never a second description of it: a snapshot shares the tickets with
the day that went on, and whoever goes on copies a ticket before an event changes it. So a snapshot costs little, and
taking a day up at one costs as much as the events since. Of the answers to commands (`Day.answered`) such a day knows
none: nobody gives it a command, and a long day's fifty thousand keys would be most of what is kept and copied.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from copy import copy
from itertools import islice
from threading import Lock

from ltsa.day import RECENT_CALLS, Day, Ticket, evolve
from ltsa.happened import DayConfigured, DayEvent
from ltsa.present import Recorded

EVERY = 1000
"""Events between two snapshots: folding as many takes 5 ms."""


class Going:
    """A day that shares its tickets with the one that it began from, until an event is about them."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self._own: set[str] = set()

    def take(self, event: DayEvent) -> None:
        """Applies an event. Raises what `evolve` raises."""
        tickets = self.day.tickets
        concerned: Iterable[str] = tickets if isinstance(event, DayConfigured) else (getattr(event, "number", ""),)
        for number in concerned:
            if number not in self._own and (ticket := tickets.get(number)):
                tickets[number] = _copied(ticket)
                self._own.add(number)
        evolve(self.day, event)

    def snapshot(self) -> Day:
        """What is true now, for keeps: nothing that this day takes later changes it."""
        self._own.clear()
        return fork(self.day)


class Snapshots:
    """A day's events as far as they can be replayed, and its state after every thousandth. It can grow and is never
    changed otherwise; threads may share it.
    """

    def __init__(self, record: Iterable[Recorded] = ()) -> None:
        self.history: list[Recorded] = []
        self.whole = True
        self._kept = [Day()]
        self._going = Going(Day())
        self._lock = Lock()
        self.grow(record)

    def grow(self, record: Iterable[Recorded]) -> None:
        """Takes in what was recorded since, up to an event that cannot be replayed (then it is not `whole`)."""
        with self._lock:
            for recorded in record if self.whole else ():
                try:
                    self._going.take(recorded.event)  # type: ignore[arg-type]
                except (LookupError, ValueError):
                    self.whole = False
                    return
                self.history.append(recorded)
                if len(self.history) % EVERY == 0:
                    self._going.day.answered.clear()
                    self._kept.append(self._going.snapshot())

    def day(self, version: int) -> Day:
        """The day right after a version, for the caller to read (its tickets are shared) or to `Going` on from."""
        return self.going(version).day

    def going(self, version: int) -> Going:
        """The day right after a version, ready to take the events after it."""
        with self._lock:
            count = bisect_right(self.history, version, key=_version)
            going = Going(fork(self._kept[count // EVERY]))
        for recorded in islice(self.history, count // EVERY * EVERY, count):
            going.take(recorded.event)  # type: ignore[arg-type]
        going.day.answered.clear()
        return going

    def forward(self, going: Going, version: int) -> Going:
        """The day right after a version that is not before `going`: that one taken on, or from a snapshot between."""
        if version // EVERY * EVERY > going.day.version:
            return self.going(version)
        for recorded in islice(self.history, going.day.version, version):
            going.take(recorded.event)  # type: ignore[arg-type]
        return going


def fork(day: Day) -> Day:
    """Another day that is the same and goes its own way, but for its tickets: they are shared."""
    other = copy(day)
    other.tickets, other.tokens, other.answered = dict(day.tickets), dict(day.tokens), dict(day.answered)
    other.counters = {counter: copy(now) for counter, now in day.counters.items()}
    other.queues = {service: list(line) for service, line in day.queues.items()}
    other.seated = {service: dict(seats) for service, seats in day.seated.items()}
    other.series, other.demand, other.help = dict(day.series), dict(day.demand), dict(day.help)
    other.tally, other.aside = dict(day.tally), dict(day.aside)
    other.recent = deque(day.recent, maxlen=RECENT_CALLS)
    other.claims, other.ranks = {}, (0, {})
    return other


def _copied(ticket: Ticket) -> Ticket:
    other = copy(ticket)
    other.steps = {service: copy(step) for service, step in ticket.steps.items()}
    return other


def _version(recorded: Recorded) -> int:
    return recorded.version

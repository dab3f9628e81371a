"""What differs between two states of a day, as plain values: which tickets, counters and queues. Pure."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from ltsa.day import CounterNow, Day, Step, Ticket

Value = str | int | bool | tuple[str, ...]
"""What a fact is: a code, a name, a number, an instant (ms UTC, 0: none), several codes."""


class Change(Struct, frozen=True):
    """One fact that differs: before, and after. `step` names the service whose step it is about."""

    fact: str
    before: Value
    after: Value
    step: str = ""


class Changed(Struct, frozen=True):
    """A ticket, a counter, a queue, or ("") the day itself, and what of it differs."""

    id: str
    changes: tuple[Change, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """What differs between two states of a day; empty tuples where nothing does. `new` are numbers that were not
    there before.
    """

    tickets: tuple[Changed, ...] = ()
    counters: tuple[Changed, ...] = ()
    queues: tuple[Changed, ...] = ()
    day: tuple[Change, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether both are the same."""
        return not (self.tickets or self.counters or self.queues or self.day)


_NO_TICKET = Ticket(number="", order=0, token="", arrived=0, place=0, steps={}, state="closed")
_NO_COUNTER = CounterNow()
_NO_STEP = Step("")

_OF_TICKET = (
    "state",
    "service",
    "counter",
    "waits",
    "directed",
    "seat",
    "priority",
    "place",
    "recalls",
    "outcome",
    "case",
    "notes",
)
_OF_STEP = ("state", "outcome", "counter", "reasons", "missing", "seen")
_OF_COUNTER = ("state", "officer", "services", "reason", "ticket")


def difference(before: Day, after: Day) -> Difference:
    """What an event, or many, made of a day: from the state before and the one after. Either may be a day that has not
    begun.
    """
    # Days of one record share the tickets that nothing happened to.
    numbers = [number for number, ticket in after.tickets.items() if before.tickets.get(number) is not ticket]
    tickets = [(number, before.tickets.get(number, _NO_TICKET), after.tickets[number]) for number in numbers]
    counters = [
        (name, before.counters.get(name, _NO_COUNTER), after.counters.get(name, _NO_COUNTER))
        for name in {**before.counters, **after.counters}
    ]
    services = {**before.queues, **after.queues}
    return Difference(
        tickets=_changed((number, _of_ticket(was, now)) for number, was, now in tickets),
        counters=_changed((name, _facts(was, now, _OF_COUNTER)) for name, was, now in counters),
        queues=_changed((service, _of_queue(before, after, service)) for service in services),
        day=tuple(_of_day(before, after)),
        new=tuple(number for number in numbers if number not in before.tickets),
    )


def _changed(found: Iterator[tuple[str, tuple[Change, ...]]]) -> tuple[Changed, ...]:
    return tuple(Changed(id_, changes) for id_, changes in found if changes)


def _facts(before: Struct, after: Struct, names: tuple[str, ...], step: str = "") -> tuple[Change, ...]:
    both = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return tuple(Change(name, was, now, step) for name, was, now in both if was != now)


def _of_ticket(before: Ticket, after: Ticket) -> tuple[Change, ...]:
    """What differs of a ticket, then of its steps; of one that was just issued no step: they are all to be done."""
    changes = _facts(before, after, _OF_TICKET)
    for service, step in after.steps.items():
        if before.steps:
            changes += _facts(before.steps.get(service, _NO_STEP), step, _OF_STEP, service)
    if not before.steps:
        changes = tuple(replace(change, before="") if change.fact == "state" else change for change in changes)
    return changes


def _of_queue(before: Day, after: Day, service: str) -> tuple[Change, ...]:
    """How many wait there, who has waited longest, and who sits before the counters."""
    changes = []
    for fact, look in (("waiting", _waiting), ("first", _first), ("seated", _seated)):
        was, now = look(before, service), look(after, service)
        if was != now:
            changes.append(Change(fact, was, now))
    return tuple(changes)


def _waiting(day: Day, service: str) -> int:
    return len(day.queues.get(service, ()))


def _first(day: Day, service: str) -> str:
    line = day.queues.get(service)
    return line[0][2] if line else ""


def _seated(day: Day, service: str) -> tuple[str, ...]:
    return tuple(day.seated.get(service, ()))


def _of_day(before: Day, after: Day) -> Iterator[Change]:
    """Whether the day is open, which kiosks ask for an officer, what the check-list says is still open, and the version
    of the event that says the rules in force.
    """
    looks = (
        ("open", before.open, after.open),
        ("help", tuple(before.help), tuple(after.help)),
        ("check", before.check.open if before.check else (), after.check.open if after.check else ()),
        ("checked", before.check.ok if before.check else (), after.check.ok if after.check else ()),
        ("configured", before.configured, after.configured),
    )
    for fact, was, now in looks:
        if was != now:
            yield Change(fact, was, now)

"""The day at an instant, the stories in it (of a ticket, a counter, an officer), and whether the record holds.

Pure, from the recorded events alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct, structs

from ltsa.calling import CHOSEN, claims, consequence, next_for, why_chosen
from ltsa.corrections import Corrections
from ltsa.day import CounterNow, Day, Ticket, claims_of, evolve
from ltsa.dispatch import RULES, Weights, Why, explain
from ltsa.happened import (
    TOPICS,
    CounterOpened,
    DayConfigured,
    DayEvent,
    DayOpened,
    TicketCalled,
    TicketDirected,
    TicketIssued,
    TicketPutBack,
    TicketReleased,
    TicketResumed,
)
from ltsa.present import Recorded
from ltsa.snapshots import Going

KINDS: dict[type[DayEvent], str] = {event: topic.partition("/")[0] for topic, event in TOPICS.items()}
"""What stories call each event: its topic without the version, for example `ticket-called`."""

_NOT_THERE = CounterNow()
"""A counter that the office got later that day, or had no more."""

_ELSEWHERE = frozenset(
    {"at", "by", "key", "content", "number", "service", "counter", "officer", "why", "office", "corrects"}
)

NOTHING_CORRECTED: Mapping[int, int] = {}

_OLD_CHOICE = "chosen/1"
_KNOWN_RULES = frozenset({*RULES.values(), _OLD_CHOICE, CHOSEN})

Recomputed = Literal["", "agrees", "differs", "unknown-rule"]
Fact = Literal["replay", "sequence", "clock", "numbers", "seats", "calls", "corrections"]


class Line(Struct, frozen=True, kw_only=True):
    """One event in a story.

    `event` is its kind, `actor` who gave the command, `officer` who sat at the counter. `was` and `state` are what the
    ticket was right before and after it, `arrived` when it was issued, `slot` when its appointment is (0: none).
    `counter` is the one it concerns, also where the event does not name it. A decision of the dispatcher has its `why`,
    and whether today's program comes to the same from the state right before it (`recomputed`). `place` is the office's
    rule at that moment for where somebody put back stands. `corrects` is the version of the event that this one takes
    back, `corrected_by` of the one that takes this one back (0: none). `details` are the event's other fields by name.
    """

    position: int
    version: int
    at: int
    event: str
    actor: str
    key: str
    content: str
    number: str = ""
    service: str = ""
    counter: str = ""
    officer: str = ""
    was: str = ""
    state: str = ""
    arrived: int = 0
    slot: int = 0
    priority: str = ""
    why: Why | None = None
    recomputed: Recomputed = ""
    place: str = ""
    corrects: int = 0
    corrected_by: int = 0
    details: dict[str, object] = {}


Decided = TicketCalled | TicketDirected | TicketReleased
"""The events that record what the dispatcher decided."""


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided: who is called to a counter, sent to a line or a `seat`, or released from one; and why."""

    event: str
    number: str
    service: str
    counter: str = ""
    seat: bool = False
    why: Why | None = None


class Recomputation(Struct, frozen=True, kw_only=True):
    """A recorded decision, and what the program comes to from the state right before it. `recorded` is None where the
    record has none though the dispatcher would have done something; `again` where nothing would have been decided, or
    the rule is not known.
    """

    version: int
    at: int
    recorded: Decision | None
    again: Decision | None

    @property
    def same(self) -> bool:
        """Whether it is the same."""
        return self.recorded == self.again


class Shadowed(Struct, frozen=True, kw_only=True):
    """A call that was made while another policy ran in shadow: who was called by which rule, and whom the other would
    have called ("" for the same).
    """

    version: int
    at: int
    counter: str
    service: str
    number: str
    rule: str
    policy: str
    other: str


class Phase(Struct, frozen=True, kw_only=True):
    """A stretch of time in which a ticket, or a counter, stayed as it was; `until` is None for the last one.

    `state` is a ticket's state; or a counter's "paused", "free" (open, nobody there), "called", "serving".
    """

    state: str
    since: int
    until: int | None
    number: str = ""
    service: str = ""
    counter: str = ""
    officer: str = ""
    reason: str = ""


class Moment(Struct, frozen=True, kw_only=True):
    """How full the office was at an instant. `issued`, `done` and `gone` (cancelled or closed) count from the morning,
    `away` are those on hold, absent or returned, `counters` the open ones.
    """

    at: int
    version: int
    waiting: int
    called: int
    serving: int
    away: int
    issued: int
    done: int
    gone: int
    counters: int


class Finding(Struct, frozen=True, kw_only=True):
    """Whether one thing that must be true of every day is: how often it was looked at, and the versions of the events
    that break it. "shown" is a fact of days of which it is on record what the screens showed: that is what was true.
    """

    fact: Fact | Literal["shown"]
    looked_at: int
    broken: tuple[int, ...]


def day_at(history: Iterable[Recorded], until: int | None = None, version: int | None = None) -> Day:
    """The day as it stood at an instant (ms UTC, inclusive) or right after a version; as it stands when none is given.

    Version 0, or an instant before the first event, gives a `Day` without an `office`: nothing had happened yet.
    """
    day = Day()
    for recorded in history:
        if (until is not None and recorded.event.at > until) or (version is not None and recorded.version > version):
            break
        evolve(day, recorded.event)  # type: ignore[arg-type]
    return day


def story(  # noqa: PLR0913 - by name
    history: Iterable[Recorded],
    *,
    number: str = "",
    counter: str = "",
    officer: str = "",
    since: Going | None = None,
    corrected: Mapping[int, int] = NOTHING_CORRECTED,
) -> Iterator[Line]:
    """The events of a day as lines, in order; only those of one ticket, one counter or one officer when it is named.
    They are all the day's, or those that come after the state `since`. `corrected` are the events that were taken back,
    with what took them back (`ltsa/corrections.py`).

    An officer's story holds what they did and what happened at the counters while they sat there.
    """
    going = since or Going(Day())
    day = going.day
    for recorded in history:
        event = recorded.event
        of, at, sitting = concerned(day, event)  # type: ignore[arg-type]
        ticket = day.tickets.get(of)
        was = ticket.state if ticket else ""
        recomputed = recompute(day, event) if isinstance(event, Decided) else ""
        place = day.rules_of.rules.place_for(was) if isinstance(event, TicketPutBack) else ""
        going.take(event)  # type: ignore[arg-type]
        if (
            (number and of != number)
            or (counter and at != counter)
            or (officer and officer != sitting and event.by != f"officer:{officer}")
        ):
            continue
        ticket = day.tickets.get(of)
        yield Line(
            position=recorded.position,
            version=recorded.version,
            at=event.at,
            event=KINDS[type(event)],  # type: ignore[index]
            actor=event.by,
            key=event.key,
            content=event.content,
            number=of,
            service=getattr(event, "service", ""),
            counter=at,
            officer=sitting,
            was=was,
            state=ticket.state if ticket else "",
            arrived=ticket.arrived if ticket else 0,
            slot=ticket.slot if ticket else 0,
            priority=ticket.priority if ticket else "",
            why=getattr(event, "why", None),
            recomputed=recomputed,
            place=place,
            corrects=getattr(event, "corrects", 0),
            corrected_by=corrected.get(recorded.version, 0),
            details={name: getattr(event, name) for name in event.__struct_fields__ if name not in _ELSEWHERE},
        )


def concerned(before: Day, event: DayEvent) -> tuple[str, str, str]:
    """The number and the counter that an event is about, and the officer who sits there; "" where there is none."""
    number, counter = getattr(event, "number", ""), getattr(event, "counter", "")
    if not counter and (ticket := before.tickets.get(number)):
        counter = ticket.counter
    if isinstance(event, CounterOpened):
        return number, counter, event.officer
    return number, counter, before.counters[counter].officer if counter else ""


def recompute(before: Day, event: Decided) -> Recomputed:
    """Whether the rule that a decision names comes to the same person, service and explanation from the state before
    it.
    """
    if not isinstance(event, TicketReleased) and event.why.rule not in _KNOWN_RULES:
        return "unknown-rule"
    return "agrees" if decided_again(before, event) == decided(event) else "differs"


def shadowed(history: Iterable[Recorded]) -> tuple[Shadowed, ...]:
    """The calls by the office's policy while another one ran in shadow, in order."""
    shadow, found = "", list[Shadowed]()
    for recorded in history:
        event = recorded.event
        if isinstance(event, DayOpened | DayConfigured):
            shadow = event.office.rules.dispatch.shadow
        elif shadow and isinstance(event, TicketCalled) and event.why.rule in RULES.values():
            found.append(
                Shadowed(
                    version=recorded.version,
                    at=event.at,
                    counter=event.counter,
                    service=event.service,
                    number=event.number,
                    rule=event.why.rule,
                    policy=shadow,
                    other=event.why.shadow,
                )
            )
    return tuple(found)


def decided(event: Decided) -> Decision:
    """What an event says was decided."""
    return Decision(
        event=KINDS[type(event)],
        number=event.number,
        service=event.service,
        counter=getattr(event, "counter", ""),
        seat=getattr(event, "seat", False),
        why=getattr(event, "why", None),
    )


def decided_again(before: Day, event: Decided) -> Decision | None:
    """What the program decides from the state right before a decision; None when that is nothing."""
    if not isinstance(event, TicketCalled):
        return _consequence(before, event.at)
    services, rule = before.counters[event.counter].services, event.why.rule
    ticket = before.tickets.get(event.number)
    possible = [service for service in services if ticket and service in ticket.waits]
    claim, why = None, None
    if rule == _OLD_CHOICE and ticket and possible:
        claim = claims_of(before, event.number)[possible[0]]
        why = structs.replace(explain("fifo", Weights(), claims(before, services), claim, event.at), rule=rule)
    elif rule == CHOSEN and possible:
        claim, why = why_chosen(before, services, event.number, event.at)
    elif rule in RULES.values() and (chosen := next_for(before, services, event.at)):
        claim, why = chosen
    if claim is None or why is None:
        return None
    if not event.why.seen:  # before 2026-12
        why = structs.replace(why, under=0, seen=0)
    return Decision(
        event=KINDS[TicketCalled], number=claim.number, service=claim.service, counter=event.counter, why=why
    )


def decisions(history: Iterable[Recorded]) -> Iterator[Recomputation]:
    """Every decision of a day, computed again. Ends at an event that cannot be replayed."""
    day, key = Day(), ""
    for recorded in history:
        event = recorded.event
        if isinstance(event, Decided):
            known = isinstance(event, TicketReleased) or event.why.rule in _KNOWN_RULES
            again = decided_again(day, event) if known else None
            yield Recomputation(version=recorded.version, at=event.at, recorded=decided(event), again=again)
        elif event.key != key and (due := _consequence(day, day.at)):
            yield Recomputation(version=recorded.version, at=day.at, recorded=None, again=due)
        key = event.key
        evolve(day, event)  # type: ignore[arg-type]


def _consequence(day: Day, at: int) -> Decision | None:
    due = consequence(day, {"at": at, "by": "", "key": "", "content": ""}) if day.office else None
    return decided(due) if due else None


def visit(history: Iterable[Recorded], number: str) -> tuple[Phase, ...]:
    """What one ticket was, stretch by stretch, from its issue on. Empty for a number that was not issued."""
    day, phases = Day(), list[Phase]()
    for recorded in history:
        evolve(day, recorded.event)  # type: ignore[arg-type]
        ticket = day.tickets.get(number)
        if ticket is not None and ticket.touched == day.version:
            prolong(phases, phase_of_ticket(day, ticket))
    return tuple(phases)


def sittings(history: Iterable[Recorded], *, counter: str = "", officer: str = "") -> tuple[Phase, ...]:
    """What one counter was, stretch by stretch, while it was not closed; or the counters where one officer sat."""
    day, at_counter = Day(), dict[str, list[Phase]]()
    seen: dict[str, object] = {}
    for recorded in history:
        evolve(day, recorded.event)  # type: ignore[arg-type]
        for name in (counter,) if counter else day.counters:
            now = day.counters.get(name, _NOT_THERE)
            ticket = day.tickets.get(now.ticket)
            present = (now.state, now.officer, now.ticket, ticket and ticket.state)
            if present == seen.get(name):
                continue
            seen[name] = present
            prolong(at_counter.setdefault(name, []), phase_of_counter(day, name))
    found = [phase for phases in at_counter.values() for phase in phases if phase.state != "closed"]
    return tuple(sorted((p for p in found if not officer or p.officer == officer), key=lambda phase: phase.since))


def phase_of_ticket(day: Day, ticket: Ticket) -> Phase:
    """What a ticket is now, from now on."""
    return Phase(
        state=ticket.state,
        since=day.at,
        until=None,
        number=ticket.number,
        service=ticket.service,
        counter=ticket.counter,
        officer=day.counters[ticket.counter].officer if ticket.counter else "",
    )


def phase_of_counter(day: Day, name: str) -> Phase:
    """What a counter is now, from now on; "closed" also for one that the office does not have (yet, or any more)."""
    now = day.counters.get(name, _NOT_THERE)
    ticket = day.tickets.get(now.ticket)
    return Phase(
        state=ticket.state if ticket else "free" if now.state == "open" else now.state,
        since=day.at,
        until=None,
        number=now.ticket,
        service=ticket.service if ticket else "",
        counter=name,
        officer=now.officer,
        reason=now.reason,
    )


def course(history: Iterable[Recorded], instants: Sequence[int]) -> tuple[Moment, ...]:
    """How full the office was at each of some instants (ms UTC, ascending)."""
    day, moments, left = Day(), list[Moment](), list(reversed(instants))
    for recorded in history:
        while left and left[-1] < recorded.event.at:
            moments.append(moment_of(day, left.pop()))
        evolve(day, recorded.event)  # type: ignore[arg-type]
    moments += [moment_of(day, at) for at in reversed(left)]
    return tuple(moments)


def examine(history: Iterable[Recorded]) -> tuple[Finding, ...]:
    """Holds the record against what must be true of every day.

    - replay: every event applies to what was true before it; what comes after one that does not is not looked at.
    - sequence: the versions count 1, 2, 3 … without a gap.
    - clock: time never runs backwards.
    - numbers: each series counts 1, 2, 3 … without a gap or a double.
    - seats: nobody is called to a counter where somebody is, or while at another one.
    - calls: the rule of the day, computed again, calls the same ticket, or sends it to the same seat or line, for the
      same reason.
    - corrections: what takes something back names an event before it, about the same, that was not taken back yet.
    """
    day, corrections = Day(), Corrections()
    looked_at: dict[Fact, int] = dict.fromkeys(get_args(Fact), 0)
    broken: dict[Fact, list[int]] = {fact: [] for fact in looked_at}
    for count, (_, _, version, event) in enumerate(history, 1):
        held: list[tuple[Fact, bool]] = [("sequence", version == count), ("clock", event.at >= day.at)]
        if (names := corrections.holds(version, event)) is not None:
            held.append(("corrections", names))
        try:
            held += _held(day, event)  # type: ignore[arg-type]
            evolve(day, event)  # type: ignore[arg-type]
        except (LookupError, ValueError):
            held.append(("replay", False))
        else:
            held.append(("replay", True))
        for fact, holds in held:
            looked_at[fact] += 1
            if not holds:
                broken[fact].append(version)
        if broken["replay"]:
            break
    return tuple(Finding(fact=fact, looked_at=looked_at[fact], broken=tuple(broken[fact])) for fact in looked_at)


def readable(history: Sequence[Recorded]) -> int:
    """How many of a day's events can be replayed: all of them, unless the record was damaged."""
    day = Day()
    for count, recorded in enumerate(history):
        try:
            evolve(day, recorded.event)  # type: ignore[arg-type]
        except (LookupError, ValueError):
            return count
    return len(history)


def opening(history: Sequence[Recorded]) -> DayOpened | None:
    """The event that began the day: its date and the configuration in force."""
    first = history[0].event if history else None
    return first if isinstance(first, DayOpened) else None


def configured(history: Iterable[Recorded]) -> tuple[DayConfigured, ...]:
    """The changes of the office's configuration while the day was under way."""
    return tuple(recorded.event for recorded in history if isinstance(recorded.event, DayConfigured))


def _held(before: Day, event: DayEvent) -> list[tuple[Fact, bool]]:
    """Which facts an event is about, and whether it keeps them."""
    match event:
        case TicketIssued(number=number, series=series):
            digits = number.removeprefix(series)
            return [("numbers", digits.isdigit() and int(digits) == before.series.get(series, 0) + 1)]
        case TicketDirected() | TicketReleased():
            return [("calls", recompute(before, event) == "agrees")]
        case TicketCalled() | TicketResumed():
            ticket = before.tickets[event.number]
            alone = not before.counters[event.counter].ticket and ticket.state not in {"called", "serving"}
            calls = [("calls", recompute(before, event) == "agrees")] if isinstance(event, TicketCalled) else []
            return [("seats", alone), *calls]  # type: ignore[list-item]
        case _:
            return []


def prolong(phases: list[Phase], phase: Phase) -> None:
    """Ends the last phase where the new one begins, unless it is still the same."""
    if phases:
        last = phases[-1]
        if last == structs.replace(phase, since=last.since):
            return
        phases[-1] = structs.replace(last, until=phase.since)
    phases.append(phase)


def moment_of(day: Day, at: int) -> Moment:
    """How full the office is in a state of its day, as of an instant (ms UTC)."""
    tally = day.tally
    return Moment(
        at=at,
        version=day.version,
        waiting=tally["waiting"],
        called=tally["called"],
        serving=tally["serving"],
        away=tally["held"] + tally["absent"] + tally["returned"],
        issued=len(day.tickets),
        done=tally["done"],
        gone=tally["cancelled"] + tally["closed"],
        counters=sum(now.state == "open" for now in day.counters.values()),
    )

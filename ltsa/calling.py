"""Who is called next at a counter, and who waits where: `dispatch.py` applied to a service day.

Everything here is pure but `carry_out`, which applies events. What is decided here is decided from the day as it stands
right before the event that records it, so that an auditor can decide it again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from ltsa.day import Day, Ticket, claims_of, evolve, possible_steps, prospects_back
from ltsa.dispatch import (
    ONE_LINE,
    RULES,
    SEATED,
    Claim,
    Pick,
    Policy,
    Why,
    age_behind,
    calling_order,
    choose,
    explain,
    line_for,
    pick,
    seats,
)
from ltsa.happened import (
    DayEvent,
    DocumentsChecked,
    HelpAsked,
    HelpGiven,
    NoteWritten,
    TicketDirected,
    TicketRecalled,
    TicketReleased,
)
from ltsa.office import Dispatching

CHOSEN = "chosen/2"
"""The rule that calls name where an officer called another than the policy says; `chosen/1` before 2026-12."""

MOVES_NOBODY = (TicketRecalled, DocumentsChecked, NoteWritten, HelpAsked, HelpGiven)
"""Events after which everybody waits where they waited."""


def claims(day: Day, services: Iterable[str]) -> list[Claim]:
    """Everybody's claims to be called for some services, in the order of the services, then by place."""
    return [claims_of(day, number)[service] for service in services for _, _, number in day.queues[service]]


def next_for(day: Day, services: Sequence[str], at: int) -> Pick | None:
    """Whom a counter that takes these services calls at an instant (ms UTC), and why; None when nobody waits.

    Who sits on a standby seat before the counter goes before everybody in the hall.
    """
    rules = day.rules_of.rules.dispatch
    if rules.policy == "fifo" and not rules.shadow:
        chosen = _oldest(day, services, at)
        return chosen and Pick(chosen.claim, _noted(day, chosen.why, ""))
    everybody = claims(day, services)
    chosen = _pick(day, rules.policy, everybody, at)
    if chosen is None:
        return None
    other = choose(rules.shadow, rules.weights, everybody, at) if rules.shadow else None
    shadow = other.number if other and other.number != chosen.claim.number else ""
    return Pick(chosen.claim, _noted(day, chosen.why, shadow))


def why_chosen(day: Day, services: Sequence[str], number: str, at: int) -> Pick:
    """An officer calls somebody who waits for one of these services: for which one, and why this one.

    Whom the policy says is called as the policy calls. Of anybody else the reason names whom it would have called
    (`runner_up`) and by how much that one comes before (`margin`, below zero where its score is higher).
    """
    rules = day.rules_of.rules.dispatch
    first = next_for(day, services, at)
    if first is not None and first.claim.number == number:
        return first
    ticket = day.tickets[number]
    claim = claims_of(day, number)[next(service for service in services if service in ticket.waits)]
    why = explain(rules.policy, rules.weights, claims(day, services), claim, at)
    if first is not None and first.claim.number != why.runner_up:
        margin = _score(rules, claim, at) - _score(rules, first.claim, at)
        why = replace(why, runner_up=first.claim.number, margin=margin)
    return Pick(claim, replace(_noted(day, why, ""), rule=CHOSEN, sat=ticket.seat))


def in_order(day: Day, services: Sequence[str], most: int) -> list[str]:
    """The first numbers that a counter for these services would call one after the other if it called all of them now:
    at the instant of the day's last event, so that nothing moves on a screen unless something happened.
    """
    rules = day.rules_of.rules.dispatch
    if rules.policy == "fifo":
        line = sorted({place for service in services for place in day.queues[service][:most]})
        return [number for _, _, number in line[:most]]
    known: dict[str, None] = {}
    every = claims(day, services)
    # a person has a claim to each of the services: enough of them to have `most` people
    for claim in nsmallest(most * len(services), every, key=lambda claim: _calling_order(day, rules, claim)):
        known.setdefault(claim.number)
    return list(known)[:most]


def ahead(day: Day, number: str, service: str) -> int:
    """How many people who wait for a service would be called for it before a ticket that waits there too, as of the
    day's last event.
    """
    if day.rules_of.rules.dispatch.policy == "fifo":
        ticket = day.tickets[number]
        return bisect_left(day.queues[service], ticket.stands)
    version, ranks = day.ranks
    if version != day.version:
        ranks = {}
        day.ranks = (day.version, ranks)
    if service not in ranks:
        rules = day.rules_of.rules.dispatch
        line = sorted(claims(day, [service]), key=lambda claim: _calling_order(day, rules, claim))
        ranks[service] = {claim.number: rank for rank, claim in enumerate(line)}
    return ranks[service][number]


def put_back(day: Day, number: str, services: Sequence[str], rule: str, at: int) -> tuple[int, int]:
    """Where somebody stands who comes back to wait for these services at an instant, by the office's rule: the place
    and the instant from which the wait counts (ms UTC; 0 from now on).

    "original" is as if they had never been away, "last" as if they came just now, "behind:3" as if they had come just
    late enough for three people to be before them, in the line where that is soonest; never better than their own.
    """
    rules, ticket = day.rules_of.rules.dispatch, day.tickets[number]
    if rule == "original":
        return ticket.place, 0 if rules.policy == "fifo" else ticket.queued
    now = max(at, ticket.slot)
    if rules.policy == "fifo":
        return _place_behind(day, ticket, services, rule, now), 0
    began = now
    if rule != "last":
        count = int(rule.removeprefix("behind:"))
        own = Claim(number, "", ticket.order, ticket.place, at, at, bool(ticket.priority), ticket.head_start)
        meant = prospects_back(day, ticket)
        theirs = [own._replace(service=service, prospect=meant[service]) for service in services]
        began = min([now, *_behind(day, theirs, count, at)])
        began = max(began, ticket.place + ticket.head_start)
    return began - ticket.head_start, began


def consequence(day: Day, said: Mapping[str, Any]) -> TicketDirected | TicketReleased | None:
    """The next thing that the dispatcher does by itself as the day stands now, None when everybody waits where they
    should: a seat that is no more is left, a free one taken, whoever waits in no line is told theirs.

    Each is a step towards that: seats are left only while too many are taken, and taken only while too few are.
    """
    rules = day.rules_of.rules.dispatch
    if not day.open or rules.policy == "fifo":
        return None
    at_work = _at_work(day)
    if rules.policy in ONE_LINE:
        return _line_told(day, rules, at_work, said)
    return _seat_left(day, rules, at_work, said) or _seat_taken(day, rules, at_work, said)


def carry_out(day: Day, events: Sequence[DayEvent]) -> list[DayEvent]:
    """Applies a command's events to the day, in place, and all that the dispatcher does upon them; answers with all of
    them, the command's own first.
    """
    for event in events:
        evolve(day, event)
    happened = list(events)
    if not isinstance(last := events[-1], MOVES_NOBODY):
        said = {"at": day.at, "by": "system", "key": last.key, "content": last.content}
        while (following := consequence(day, said)) is not None:
            evolve(day, following)
            happened.append(following)
    return happened


# --- Seats and lines


class _Counters(NamedTuple):
    """How many counters of a service are open, and at how many of them nobody is."""

    open: int = 0
    free: int = 0


def _at_work(day: Day) -> dict[str, _Counters]:
    """The counters of each service that are open."""
    found: dict[str, _Counters] = {}
    for now in day.counters.values():
        if now.state == "open":
            for service in now.services:
                opened, free = found.get(service, _NO_COUNTERS)
                found[service] = _Counters(opened + 1, free + (not now.ticket))
    return found


_NO_COUNTERS = _Counters()


def _seat_left(
    day: Day, rules: Dispatching, at_work: Mapping[str, _Counters], said: Mapping[str, Any]
) -> TicketReleased | None:
    """More people sit before a service's counters than it has seats: who was sent there last goes on waiting for all
    that they may do. After a call is taken back that is whoever followed upon it.
    """
    for service, sitting in day.seated.items():
        if sitting and len(sitting) > _seats(rules, at_work, service):
            last = max((day.tickets[number] for number in sitting), key=lambda ticket: ticket.sent_at)
            return TicketReleased(**said, number=last.number, service=service)
    return None


def _seat_taken(
    day: Day, rules: Dispatching, at_work: Mapping[str, _Counters], said: Mapping[str, Any]
) -> TicketDirected | None:
    """A seat is free: the person in the hall with the highest score for its service takes it. Of several services the
    first is one whose counter is waiting for somebody, then that with the highest score.
    """
    best: tuple[bool, tuple[int, int, int]] | None = None
    chosen, hall = None, list[Claim]()
    for service, sitting in day.seated.items():
        line = day.queues[service]
        if len(sitting) >= _seats(rules, at_work, service) or len(line) == len(sitting):
            continue
        waiting = [claims_of(day, number)[service] for _, _, number in line if number not in sitting]
        first = min(waiting, key=lambda claim: calling_order(rules.policy, rules.weights, claim, day.at))
        order = (
            at_work[service].free <= len(sitting),
            calling_order(rules.policy, rules.weights, first, day.at),
        )
        if best is None or order < best:
            best, chosen, hall = order, first, waiting
    if chosen is None:
        return None
    why = _noted(day, explain(rules.policy, rules.weights, hall, chosen, day.at), "")
    return TicketDirected(**said, number=chosen.number, service=chosen.service, why=why, seat=True)


def _seats(rules: Dispatching, at_work: Mapping[str, _Counters], service: str) -> int:
    return seats(at_work.get(service, _NO_COUNTERS).open, rules.percent(service))


def _line_told(
    day: Day, rules: Dispatching, at_work: Mapping[str, _Counters], said: Mapping[str, Any]
) -> TicketDirected | None:
    """Somebody waits in no line yet, or in one at whose end nobody works while they could do something else."""
    for _, _, number in sorted({place for line in day.queues.values() for place in line}):
        ticket = day.tickets[number]
        if ticket.directed in at_work:
            continue
        possible = possible_steps(day, ticket)
        worked = [service for service in possible if service in at_work]
        if not ticket.directed or worked:
            service = line_for(rules.policy, worked or possible, _load(day, at_work))
            why = Why(rule=RULES[rules.policy], place=ticket.place, eligible=1)
            return TicketDirected(**said, number=number, service=service, why=_noted(day, why, ""))
    return None


def _load(day: Day, at_work: Mapping[str, _Counters]) -> dict[str, tuple[int, int]]:
    """The minutes of work in each service's line, and how many counters are open for it."""
    service, tickets = day.rules_of.service, day.tickets
    return {
        name: (
            service[name].minutes * sum(tickets[number].directed == name for _, _, number in line),
            at_work.get(name, _NO_COUNTERS).open,
        )
        for name, line in day.queues.items()
    }


# --- Places


def _place_behind(day: Day, ticket: Ticket, services: Sequence[str], rule: str, at: int) -> int:
    """A place in queues that are sorted by it: "last", or "behind:3" in the line where that is soonest."""
    if rule == "last":
        return at
    count = int(rule.removeprefix("behind:"))
    lines = [
        list(islice((other for other in day.queues[service] if other != ticket.stands), count)) for service in services
    ]
    shortest = min((line[-1][0] for line in lines if len(line) == count), default=at)
    return max(ticket.place, min(at, shortest + 1))


def _behind(day: Day, theirs: Sequence[Claim], count: int, at: int) -> list[int]:
    """For each of somebody's lines that is long enough, from when the claim must count so that so many people are
    before it.
    """
    rules, found = day.rules_of.rules.dispatch, []
    for own in theirs:
        others = [claim for claim in claims(day, [own.service]) if claim.number != own.number]
        line = nsmallest(count, others, key=lambda claim: calling_order(rules.policy, rules.weights, claim, at))
        if len(line) == count:
            found.append(age_behind(rules.policy, rules.weights, own, line[-1], at))
    return found


# --- Calls


def _pick(day: Day, policy: Policy, everybody: Sequence[Claim], at: int) -> Pick | None:
    """Whom the policy calls: of those on standby seats, else of all."""
    weights = day.rules_of.rules.dispatch.weights
    sitting = [claim for claim in everybody if day.tickets[claim.number].seat] if policy in SEATED else []
    if not sitting:
        return pick(policy, weights, everybody, at)
    chosen = choose(policy, weights, sitting, at)
    assert chosen is not None  # noqa: S101 - somebody sits
    return Pick(chosen, replace(explain(policy, weights, everybody, chosen, at), sat=True))


def _oldest(day: Day, services: Sequence[str], at: int) -> Pick | None:
    """What `pick` says under `fifo`, found at the heads of the queues alone."""
    rules, lines = day.rules_of.rules.dispatch, [day.queues[service] for service in services]
    heads = [(place, service) for service, line in zip(services, lines, strict=True) for place in line[:2]]
    chosen = pick("fifo", rules.weights, [claims_of(day, place[2])[service] for place, service in heads], at)
    if chosen is None:
        return None
    people = len(lines[0]) if len(lines) == 1 else len({place[1] for line in lines for place in line})
    return Pick(chosen.claim, replace(chosen.why, eligible=people))


def _noted(day: Day, why: Why, shadow: str) -> Why:
    """A reason with what it was seen from."""
    return replace(why, under=day.configured, seen=day.version, shadow=shadow)


def _score(rules: Dispatching, claim: Claim, at: int) -> int:
    return -calling_order(rules.policy, rules.weights, claim, at)[0]


def _calling_order(day: Day, rules: Dispatching, claim: Claim) -> tuple[bool, int, int, int]:
    """What people are sorted by as of the day's last event: those on seats first."""
    return (not day.tickets[claim.number].seat, *calling_order(rules.policy, rules.weights, claim, day.at))

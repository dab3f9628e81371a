"""A service day in figures: who came, how long they waited, what each counter did. Pure, from the recorded events.

What was undone does not count. A wait lasts from the moment somebody could be called (having come, or having finished
elsewhere, or being put back) until the call. Durations are ms, instants ms UTC.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from ltsa.calling import CHOSEN
from ltsa.day import Check, Day, evolve
from ltsa.happened import (
    ActionUndone,
    DayClosed,
    DayConfigured,
    HelpAsked,
    HelpGiven,
    ServiceFinished,
    TicketCalled,
    TicketIssued,
    TicketMissed,
    TicketReturned,
)
from ltsa.office import Office, Text
from ltsa.present import Recorded
from ltsa.replay import Phase, sittings

UNDOES: dict[str, type[Any]] = {
    "call": TicketCalled,
    "finish": ServiceFinished,
    "return": TicketReturned,
    "no-show": TicketMissed,
}


class Spread(Struct, frozen=True, kw_only=True):
    """How some durations lie: the middle one, the one that nine of ten do not exceed (nearest rank), the longest."""

    count: int = 0
    median: int = 0
    p90: int = 0
    longest: int = 0


class ServiceReport(Struct, frozen=True, kw_only=True):
    """One service's day. `people` came for it; `outcomes` count by code how it ended for the `served`."""

    service: str
    prefix: str
    name: Text
    people: int
    served: int
    outcomes: dict[str, int]
    returned: int
    missed: int
    waits: Spread
    serving: Spread


class SeatReport(Struct, frozen=True, kw_only=True):
    """What was done at a counter, or by an officer wherever they sat. `open` is how long the counter was open, breaks
    left out, `serving` how long somebody was being served there.
    """

    name: str
    called: int
    served: int
    returned: int
    missed: int
    open: int
    serving: int


class HelpReport(Struct, frozen=True, kw_only=True):
    """How often somebody at a kiosk asked for an officer, and how long it took until one had helped."""

    asked: int
    answered: Spread


class DayReport(Struct, frozen=True, kw_only=True):
    """A service day in figures.

    Of the people who were `issued` a number, the visits of `finished` are over, `cancelled` gave up, `closed` counts by
    outcome code ("" where none was said) those whose visit was not over when the day closed; the others are `here`
    still. `served` finished at least one service, `missed` counts calls that nobody came to, `returns` reasons by code,
    `deviations` by reason ("" where none was asked) the calls of somebody else than the policy said.
    `first_call` and `last_call` are 0 for a day without any, `ended` is 0 for a day that is not closed. `configured` is
    how often the office was changed meanwhile.
    """

    office: str
    office_name: Text
    zone: str
    date: str
    began: int
    ended: int
    issued: int
    finished: int
    served: int
    cancelled: int
    here: int
    closed: dict[str, int]
    priorities: dict[str, int]
    called: int
    missed: int
    waits: Spread
    services: tuple[ServiceReport, ...]
    counters: tuple[SeatReport, ...]
    officers: tuple[SeatReport, ...]
    returned: int
    returns: dict[str, int]
    deviations: dict[str, int]
    help: HelpReport
    first_call: int
    last_call: int
    configured: int
    check: Check | None


class _Done(Struct):
    """An event that counts, with who sat at the counter; `lasted` is the wait before a call."""

    event: Any
    officer: str
    lasted: int = 0


class _Walk(Struct):
    """What is gathered on the way through a day."""

    day: Day = field(default_factory=Day)
    done: list[_Done] = []
    waiting: dict[str, int] = {}
    began: dict[str, int] = {}
    spent: dict[tuple[str, str], int] = {}
    asked: dict[str, int] = {}
    answered: list[int] = []
    helps: int = 0
    configured: int = 0
    ended: int = 0


class Durations(Struct, frozen=True, kw_only=True):
    """What the spreads of a day's report are of: by service each wait before a call, each time at the counters of
    somebody who was served to the end; and each wait for help at a kiosk.
    """

    waits: dict[str, list[int]]
    serving: dict[str, list[int]]
    answered: list[int]


def report(history: Sequence[Recorded]) -> DayReport:
    """The figures of a day, as far as its history goes. Raises `ValueError` for one that never began."""
    return figures(history)[0]


def figures(history: Sequence[Recorded]) -> tuple[DayReport, Durations]:
    """The same, with what its spreads are of."""
    walk = _Walk()
    for recorded in history:
        _step(walk, recorded.event)
    return _report(walk, history), _durations(walk)


def came(history: Sequence[Recorded], office: Office) -> dict[int, int]:
    """How many took a number in each hour (0 to 23) of the office's clock, from the first hour in which somebody came
    to the last.
    """
    tally = Tally(
        datetime.fromtimestamp(recorded.event.at / 1000, office.clock).hour
        for recorded in history
        if isinstance(recorded.event, TicketIssued)
    )
    return {hour: tally[hour] for hour in range(min(tally), max(tally) + 1)} if tally else {}


def _durations(walk: _Walk) -> Durations:
    waits, serving = dict[str, list[int]](), dict[str, list[int]]()
    for done in walk.done:
        match done.event:
            case TicketCalled(service=service):
                waits.setdefault(service, []).append(done.lasted)
            case ServiceFinished(number=number, service=service):
                serving.setdefault(service, []).append(walk.spent[number, service])
    return Durations(waits=waits, serving=serving, answered=walk.answered)


def _report(walk: _Walk, history: Sequence[Recorded]) -> DayReport:
    day = walk.day
    if day.office is None:
        raise ValueError("the day never began")
    office, tally = day.office, day.tally
    calls, missed = _of(walk, TicketCalled), _of(walk, TicketMissed)
    returned = _of(walk, TicketReturned)
    tickets = day.tickets.values()
    over = tally["done"] + tally["cancelled"] + tally["closed"]
    sat = sittings(history)
    until = history[-1].event.at
    return DayReport(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        began=history[0].event.at,
        ended=0 if day.open else walk.ended,
        issued=len(day.tickets),
        finished=tally["done"],
        served=sum(any(step.state == "done" for step in ticket.steps.values()) for ticket in tickets),
        cancelled=tally["cancelled"],
        here=len(day.tickets) - over,
        closed=_counted(ticket.outcome for ticket in tickets if ticket.state == "closed"),
        priorities=_counted(ticket.priority for ticket in tickets if ticket.priority),
        called=len(calls),
        missed=len(missed),
        waits=spread([call.lasted for call in calls]),
        services=tuple(_service(walk, service) for service in office.service),
        counters=tuple(
            _seat(
                counter,
                [done for done in walk.done if done.event.counter == counter],
                [phase for phase in sat if phase.counter == counter],
                until,
            )
            for counter in office.counter
        ),
        officers=tuple(
            _seat(
                officer,
                [done for done in walk.done if done.officer == officer],
                [phase for phase in sat if phase.officer == officer],
                until,
            )
            for officer in sorted({phase.officer for phase in sat if phase.officer})
        ),
        returned=len(returned),
        returns=_counted(reason for done in returned for reason in done.event.reasons),
        deviations=_counted(call.event.reason for call in calls if call.event.why.rule == CHOSEN),
        help=HelpReport(asked=walk.helps, answered=spread(walk.answered)),
        first_call=calls[0].event.at if calls else 0,
        last_call=calls[-1].event.at if calls else 0,
        configured=walk.configured,
        check=day.check,
    )


def _step(walk: _Walk, event: Any) -> None:
    """Takes in one event: counts it, and keeps the times at which waits and services began."""
    day = walk.day
    number, counter = getattr(event, "number", ""), getattr(event, "counter", "")
    ticket = day.tickets.get(number)
    was, service = (ticket.state, ticket.service) if ticket else ("", "")
    evolve(day, event)
    officer = day.counters[counter].officer if counter in day.counters else ""
    match event:
        case TicketCalled():
            walk.done.append(_Done(event, officer, event.at - walk.waiting[number]))
        case ServiceFinished() | TicketReturned() | TicketMissed():
            walk.done.append(_Done(event, officer))
        case ActionUndone(action=action):
            kind = UNDOES[action]
            last = next(n for n, done in reversed(list(enumerate(walk.done))) if _is(done, kind, number))
            del walk.done[last]
        case HelpAsked():
            walk.helps += 1
            walk.asked[event.kiosk] = event.at
        case HelpGiven():
            walk.answered.append(event.at - walk.asked.pop(event.kiosk))
        case DayConfigured():
            walk.configured += 1
        case DayClosed():
            walk.ended = event.at
    if number:
        _times(walk, number, was, service, event)


def _times(walk: _Walk, number: str, was: str, service: str, event: Any) -> None:
    """A wait begins anew when somebody comes to wait; taking a call back goes on with the wait before it."""
    ticket = walk.day.tickets[number]
    if ticket.state == "waiting" and was != "waiting":
        undone = isinstance(event, ActionUndone) and event.action == "call"
        walk.waiting[number] = walk.waiting[number] if undone else event.at
    if was == "serving" and ticket.state != "serving":
        spent = event.at - walk.began[number]
        walk.spent[number, service] = walk.spent.get((number, service), 0) + spent
    if ticket.state == "serving" and was != "serving":
        walk.began[number] = event.at


def _service(walk: _Walk, name: str) -> ServiceReport:
    service = walk.day.rules_of.service[name]
    done = [each for each in walk.done if each.event.service == name]
    ended = [each for each in done if isinstance(each.event, ServiceFinished)]
    return ServiceReport(
        service=name,
        prefix=service.prefix,
        name=service.name,
        people=walk.day.demand.get(name, 0),
        served=len(ended),
        outcomes=_counted(each.event.outcome for each in ended),
        returned=sum(isinstance(each.event, TicketReturned) for each in done),
        missed=sum(isinstance(each.event, TicketMissed) for each in done),
        waits=spread([each.lasted for each in done if isinstance(each.event, TicketCalled)]),
        serving=spread([walk.spent[each.event.number, name] for each in ended]),
    )


def _seat(name: str, done: Sequence[_Done], phases: Iterable[Phase], until: int) -> SeatReport:
    """What was done there; a stretch that has not ended counts until `until`."""
    lasted = [(phase.state, (phase.until or until) - phase.since) for phase in phases]
    return SeatReport(
        name=name,
        called=sum(isinstance(each.event, TicketCalled) for each in done),
        served=sum(isinstance(each.event, ServiceFinished) for each in done),
        returned=sum(isinstance(each.event, TicketReturned) for each in done),
        missed=sum(isinstance(each.event, TicketMissed) for each in done),
        open=sum(span for state, span in lasted if state != "paused"),
        serving=sum(span for state, span in lasted if state == "serving"),
    )


def _of(walk: _Walk, kind: type[Any]) -> list[_Done]:
    return [done for done in walk.done if isinstance(done.event, kind)]


def _is(done: _Done, kind: type[Any], number: str) -> bool:
    return isinstance(done.event, kind) and done.event.number == number


def _counted(codes: Iterable[str]) -> dict[str, int]:
    """How often each code stands there, the most frequent first."""
    return dict(sorted(Tally(codes).items(), key=lambda counted: (-counted[1], counted[0])))


def spread(durations: Sequence[int]) -> Spread:
    """How some durations (ms) lie."""
    if not durations:
        return Spread()
    ordered, count = sorted(durations), len(durations)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) // 2
    return Spread(count=count, median=middle, p90=ordered[-(-9 * count // 10) - 1], longest=ordered[-1])

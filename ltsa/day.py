"""One office's service day: what is true (state) after what happened (`happened.py`). What may happen: `rules.py`.

`evolve` applies one event to the state and checks nothing, so that a rule tightened next year cannot make an old day
unreadable. Instants are integer milliseconds UTC, durations integer milliseconds.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Literal, assert_never, get_args

from msgspec import Struct, field

from ltsa.dispatch import Claim, Place, Prospect, Why, prospects
from ltsa.happened import (
    ActionUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayChecked,
    DayClosed,
    DayConfigured,
    DayEvent,
    DayOpened,
    DayReopened,
    DocumentsChecked,
    HelpAsked,
    HelpGiven,
    NoteWritten,
    PriorityChanged,
    ServiceFinished,
    ServiceStarted,
    StepsChanged,
    TicketCalled,
    TicketCancelled,
    TicketClosed,
    TicketDirected,
    TicketHeld,
    TicketIssued,
    TicketMissed,
    TicketPutBack,
    TicketRecalled,
    TicketReleased,
    TicketResumed,
    TicketReturned,
    TicketTied,
    TicketTransferred,
    Undoable,
)
from ltsa.office import Office

TicketState = Literal["waiting", "called", "serving", "held", "absent", "returned", "done", "cancelled", "closed"]
StepState = Literal["todo", "called", "serving", "held", "returned", "done", "transferred", "dropped"]
CounterState = Literal["closed", "open", "paused"]

RECENT_CALLS = 12

ASIDE = frozenset({"held", "absent", "returned"})
"""States of those who are neither in a queue nor at a counter and may come back; they stand in `Day.aside`, together
with those who wait for other services while a returned one is still open.
"""


class Step(Struct):
    """One service of a visit. `since` is when it was last called, begun or left, `seen` are the documents checked,
    `reasons` why it was returned and `missing` the documents that were not there, `unlocks` that it ended so that what
    comes after it became possible.
    """

    service: str
    state: StepState = "todo"
    outcome: str = ""
    counter: str = ""
    since: int = 0
    reasons: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    unlocks: bool = False
    missing: tuple[str, ...] = ()


class Ticket(Struct):
    """One visit.

    `order` is its rank of arrival, `place` the instant its wait counts from, `since` when `state` began, `service`
    and `counter` where it is called, served or held, `waits` the queues it stands in and `stands` its place there,
    `touched` the day's version at which somebody last did something with it (where the dispatcher sends it is nobody's
    doing), `notes` the ids of texts kept beside the ledger, `head_start` what its priority makes of its wait (ms),
    `outcome` what became of it when the day closed too soon.
    `case`, `work` and `after` are those of a visit of a person's case, as in `TicketIssued`.

    `slot` is the instant of the appointment (0: none), `queued` when the present wait began (the last one, while it is
    not waiting). `directed` is the service to whose line it was sent, or
    with `seat` to whose standby seats; it stays while the ticket is called, so that a call can be taken back. `sent`
    is why it was directed, `sent_at` the day's version at which, `why` why it was last called.
    """

    number: str
    order: int
    token: str
    arrived: int
    place: int
    steps: dict[str, Step]
    priority: str = ""
    language: str = "id"
    state: TicketState = "waiting"
    since: int = 0
    service: str = ""
    counter: str = ""
    recalls: int = 0
    waits: tuple[str, ...] = ()
    stands: Place = (0, 0, "")
    touched: int = 0
    notes: tuple[str, ...] = ()
    head_start: int = 0
    outcome: str = ""
    case: str = ""
    work: dict[str, tuple[str, ...]] = {}
    after: dict[str, tuple[str, ...]] = {}
    slot: int = 0
    queued: int = 0
    directed: str = ""
    seat: bool = False
    sent: Why | None = None
    sent_at: int = 0
    why: Why | None = None


class Last(Struct, frozen=True):
    """A counter's last action that may still be undone; `version` is the day's version right after it."""

    action: Undoable
    number: str
    service: str
    at: int
    version: int


class CounterNow(Struct):
    """A counter as it is now. `ticket` is the number called or served there.

    `announced` is the day's version of the latest call or recall: it tells a display what it has spoken already.
    """

    state: CounterState = "closed"
    officer: str = ""
    services: tuple[str, ...] = ()
    reason: str = ""
    since: int = 0
    ticket: str = ""
    announced: int = 0
    last: Last | None = None


class Call(Struct, frozen=True):
    """A call as the boards remember it."""

    number: str
    service: str
    counter: str
    at: int
    version: int


class Check(Struct, frozen=True):
    """The opening check-list as somebody last went through it: codes of the items in order, and of those still open."""

    at: int
    by: str
    ok: tuple[str, ...]
    open: tuple[str, ...]
    note: str


class Day(Struct):
    """What is true of one service day.

    `version` counts its events; `answered` maps a command's key to (content, version of its first event); `queues` hold
    each service's places in order; `tally` counts tickets by state; `aside` are the numbers, latest last, of those who
    may come back: held, absent, returned; `help` says since when (ms) each kiosk asks for an officer, earliest first;
    `demand` counts for each service the people who came for it; `seated` are the numbers on each service's standby
    seats, in the order in which they were sent there. `configured` is the version at which the configuration was
    recorded, `closed` that of the last closing. `claims` and `ranks` only remember what was worked out: each waiting
    ticket's claims, and each queue in calling order as of a version.
    """

    office: Office | None = None
    date: str = ""
    open: bool = False
    version: int = 0
    at: int = 0
    tickets: dict[str, Ticket] = {}
    counters: dict[str, CounterNow] = {}
    queues: dict[str, list[Place]] = {}
    series: dict[str, int] = {}
    tokens: dict[str, str] = {}
    answered: dict[str, tuple[str, int]] = {}
    recent: deque[Call] = field(default_factory=lambda: deque(maxlen=RECENT_CALLS))
    tally: dict[TicketState, int] = field(default_factory=lambda: dict.fromkeys(get_args(TicketState), 0))
    aside: dict[str, None] = {}
    help: dict[str, int] = {}
    demand: dict[str, int] = {}
    check: Check | None = None
    seated: dict[str, dict[str, None]] = {}
    configured: int = 0
    closed: int = 0
    claims: dict[str, dict[str, Claim]] = {}
    ranks: tuple[int, dict[str, dict[str, int]]] = (0, {})

    @property
    def rules_of(self) -> Office:
        """The configuration this day runs under; only an opened day has one."""
        if self.office is None:
            raise LookupError("the service day has not been opened")
        return self.office


def evolve(day: Day, event: DayEvent) -> None:  # noqa: C901, PLR0912, PLR0915 - one case an event, in one place
    """Applies one event to the state, in place. Never refuses, never reads a clock."""
    day.version = version = day.version + 1
    day.at = event.at
    if event.key not in day.answered:
        day.answered[event.key] = (event.content, version)
    match event:
        case TicketIssued():
            steps = {service: Step(service) for service in event.services}
            order = len(day.tickets) + 1
            ticket = Ticket(event.number, order, event.token, event.at, event.place, steps)
            ticket.priority, ticket.language, ticket.since = event.priority, event.language, event.at
            ticket.case, ticket.work, ticket.after = event.case, event.work, event.after
            ticket.slot, ticket.queued = event.slot, event.slot or event.at
            ticket.touched, ticket.head_start = version, ticket.queued - event.place
            day.tickets[event.number] = ticket
            day.tokens[event.token] = event.number
            day.series[event.series] = day.series.get(event.series, 0) + 1
            day.tally["waiting"] += 1
            _demand(day, event.services)
            _queue(day, ticket)
        case TicketTied():
            ticket = _touch(day, event.number)
            ticket.case, ticket.work, ticket.after = event.case, event.work, event.after
            _add(day, ticket, event.added)
        case TicketCalled():
            ticket = _touch(day, event.number)
            ticket.recalls, ticket.why = 0, event.why
            counter = _seat(day, ticket, event, "called")
            counter.last = Last("call", event.number, event.service, event.at, version)
            counter.announced = version
            day.recent.append(Call(event.number, event.service, event.counter, event.at, version))
        case TicketDirected():
            ticket = day.tickets[event.number]
            _direct(day, ticket, event.service, seat=event.seat)
            ticket.sent, ticket.sent_at = event.why, version
        case TicketReleased():
            _direct(day, day.tickets[event.number], "", seat=False)
        case ServiceStarted() | TicketResumed():
            ticket = _touch(day, event.number)
            _seat(day, ticket, event, "serving").last = None
        case ServiceFinished():
            ticket = _touch(day, event.number)
            step = ticket.steps[event.service]
            whole = not (work := ticket.work.get(event.service)) or set(work) <= set(event.done)
            step.outcome, step.unlocks = event.outcome, whole and event.outcome in day.rules_of.unlocking
            _leave(day, ticket, "done")
            day.counters[event.counter].last = Last("finish", event.number, event.service, event.at, version)
        case TicketRecalled():
            _touch(day, event.number).recalls = event.count
            day.counters[event.counter].announced = version
        case TicketReturned():
            ticket = _touch(day, event.number)
            step = ticket.steps[event.service]
            step.reasons, step.missing = event.reasons, event.missing
            ticket.notes = (*ticket.notes, event.note) if event.note else ticket.notes
            _leave(day, ticket, "returned")
            day.counters[event.counter].last = Last("return", event.number, event.service, event.at, version)
        case TicketMissed():
            ticket = _touch(day, event.number)
            _leave(day, ticket, "todo", "absent")
            day.counters[event.counter].last = Last("no-show", event.number, event.service, event.at, version)
        case TicketPutBack():
            ticket = _touch(day, event.number)
            ticket.place, ticket.outcome, ticket.queued = event.place, "", event.since or event.at
            _direct(day, ticket, "", seat=False)
            for step in ticket.steps.values():
                if step.state in _COMES_BACK:
                    step.state = "todo"
            waits_from = ticket.queued
            _settle(day, ticket)
            _wait_from(day, ticket, waits_from)
        case TicketHeld():
            ticket = _touch(day, event.number)
            _free(day, ticket)
            ticket.steps[event.service].state = "held"
            ticket.service, ticket.counter = event.service, event.counter
            _become(day, ticket, "held")
        case TicketTransferred():
            ticket = _touch(day, event.number)
            _demand(day, [event.to] if event.to not in _asked(ticket) else ())
            _demand(day, [event.service], -1)
            ticket.steps[event.to] = Step(event.to)
            waited_from = ticket.queued
            _leave(day, ticket, "transferred")
            _wait_from(day, ticket, waited_from)
        case StepsChanged():
            ticket = _touch(day, event.number)
            _demand(day, event.dropped, -1)
            for service in event.dropped:
                ticket.steps[service].state = "dropped"
            _add(day, ticket, event.added)
        case PriorityChanged():
            ticket = _touch(day, event.number)
            ticket.priority, ticket.place = event.priority, event.place
            ticket.head_start = day.rules_of.head_start(event.priority)
            if ticket.state == "waiting":
                _queue(day, ticket)
        case DocumentsChecked():
            _touch(day, event.number).steps[event.service].seen = event.seen
        case NoteWritten():
            ticket = _touch(day, event.number)
            ticket.notes = (*ticket.notes, event.note)
        case TicketCancelled():
            ticket = _touch(day, event.number)
            _demand(day, [service for service in _asked(ticket) if ticket.steps[service].state != "done"], -1)
            _free(day, ticket)
            _become(day, ticket, "cancelled")
        case TicketClosed():
            ticket = _touch(day, event.number)
            ticket.outcome = event.outcome
            _free(day, ticket)
            _become(day, ticket, "closed")
        case CounterOpened():
            counter = day.counters[event.counter]
            counter.state, counter.officer, counter.services = "open", event.officer, event.services
            counter.reason, counter.since = "", event.at
        case CounterPaused():
            counter = day.counters[event.counter]
            counter.state, counter.reason, counter.since = "paused", event.reason, event.at
        case CounterClosed():
            day.counters[event.counter] = CounterNow(since=event.at)
        case ActionUndone():
            _undo(day, _touch(day, event.number), event)
        case DayOpened():
            day.office, day.date, day.open, day.configured = event.office, event.date, True, version
            day.counters = {counter.id: CounterNow() for counter in event.office.counters}
            day.queues = {service.id: [] for service in event.office.services}
            day.seated = {service.id: {} for service in event.office.services}
        case DayConfigured():
            _configure(day, event.office)
        case DayChecked():
            day.check = Check(event.at, event.by, event.ok, event.open, event.note)
        case HelpAsked():
            day.help[event.kiosk] = event.at
        case HelpGiven():
            del day.help[event.kiosk]
        case DayClosed():
            day.open, day.closed = False, version
            day.help.clear()
        case DayReopened():
            day.open = True
        case _:
            assert_never(event)


_AtCounter = TicketCalled | ServiceStarted | TicketResumed | ActionUndone


def possible_steps(day: Day, ticket: Ticket) -> tuple[str, ...]:
    """The services a ticket may be called for now: not yet done, and nothing that comes before them outstanding."""
    after = order_of(day, ticket)
    return tuple(
        [
            step.service
            for step in ticket.steps.values()
            if step.state == "todo"
            and not (step.service in after and any(outstanding(ticket, s) for s in after[step.service]))
        ]
    )


def order_of(day: Day, ticket: Ticket) -> Mapping[str, tuple[str, ...]]:
    """The services that come after others on a visit, and which those are: as its case has it, else as the office."""
    return {**day.rules_of.after, **ticket.after} if ticket.after else day.rules_of.after


def outstanding(ticket: Ticket, service: str) -> bool:
    """Whether a service that others wait for is still to be done on this visit. One that is not on the visit is not."""
    step = ticket.steps.get(service)
    if step is None or step.state in {"transferred", "dropped"}:
        return False
    return step.state != "done" or not step.unlocks


def _touch(day: Day, number: str) -> Ticket:
    ticket = day.tickets[number]
    ticket.touched = day.version
    return ticket


def _demand(day: Day, services: Iterable[str], people: int = 1) -> None:
    for service in services:
        day.demand[service] = day.demand.get(service, 0) + people


def _add(day: Day, ticket: Ticket, services: tuple[str, ...]) -> None:
    """Puts services on a visit, and the visit where it belongs now."""
    _demand(day, services)
    for service in services:
        ticket.steps[service] = Step(service)
    if ticket.state in {"waiting", "returned", "done"}:
        _settle(day, ticket)


def _asked(ticket: Ticket) -> list[str]:
    """The services that a visit still is for, or had done."""
    return [step.service for step in ticket.steps.values() if step.state not in {"transferred", "dropped"}]


def _configure(day: Day, office: Office) -> None:
    """The day goes on under another configuration; who waits may now have another step to wait for. Under another
    policy nobody is directed anywhere any more.
    """
    if office.rules.dispatch.policy != day.rules_of.rules.dispatch.policy:
        for ticket in day.tickets.values():
            _direct(day, ticket, "", seat=False)
    day.office, day.configured = office, day.version
    day.counters = {counter.id: day.counters.get(counter.id, CounterNow()) for counter in office.counters}
    day.queues = {service.id: day.queues.get(service.id, []) for service in office.services}
    day.seated = {service.id: day.seated.get(service.id, {}) for service in office.services}
    for ticket in day.tickets.values():
        if (state := ticket.state) in {"waiting", "returned"}:
            _settle(day, ticket)
            ticket.touched = ticket.touched if ticket.state == state else day.version


def _become(day: Day, ticket: Ticket, state: TicketState) -> None:
    before = ticket.state
    if before != state:
        day.tally[before] -= 1
        day.tally[state] += 1
        ticket.state, ticket.since = state, day.at
        ticket.queued = day.at if state == "waiting" else ticket.queued
    day.aside.pop(ticket.number, None)
    if state in ASIDE or (state == "waiting" and any(step.state == "returned" for step in ticket.steps.values())):
        day.aside[ticket.number] = None
    if ticket.waits or ticket.directed or state == "waiting":
        _queue(day, ticket)


def _queue(day: Day, ticket: Ticket) -> None:
    """Puts a ticket into exactly the queues it belongs in now, and nowhere else."""
    for service in ticket.waits:
        line = day.queues[service]
        del line[bisect_left(line, ticket.stands)]
    if ticket.seat:
        day.seated[ticket.directed].pop(ticket.number, None)
    possible = possible_steps(day, ticket) if ticket.state == "waiting" else ()
    if ticket.directed and ticket.state != "called" and ticket.directed not in possible:
        ticket.directed, ticket.seat = "", False
    ticket.waits = (ticket.directed,) if ticket.directed and possible else possible
    ticket.stands = (ticket.place, ticket.order, ticket.number)
    day.claims.pop(ticket.number, None)
    for service in ticket.waits:
        insort(day.queues[service], ticket.stands)
    if ticket.seat and ticket.waits:
        day.seated[ticket.directed][ticket.number] = None


def _direct(day: Day, ticket: Ticket, service: str, *, seat: bool) -> None:
    """Sends a ticket to one service alone, or ("") to all that it may be called for."""
    if ticket.directed or service:
        if ticket.seat:
            day.seated[ticket.directed].pop(ticket.number, None)
        ticket.directed, ticket.seat = service, seat
        if ticket.state == "waiting":
            _queue(day, ticket)


def _wait_from(day: Day, ticket: Ticket, at: int) -> None:
    """The present wait goes on with one before it."""
    if ticket.state == "waiting" and ticket.queued != at:
        ticket.queued = at
        _queue(day, ticket)


def claims_of(day: Day, number: str) -> dict[str, Claim]:
    """A waiting ticket's claim to each service that it waits for."""
    if (known := day.claims.get(number)) is None:
        known = day.claims[number] = _claims(day, day.tickets[number])
    return known


def _claims(day: Day, ticket: Ticket) -> dict[str, Claim]:
    """A waiting ticket's claims. Its age counts from where its place lies without the head start: from the appointment
    or the arrival, or for somebody put back from where the office's rule put them.
    """
    after = order_of(day, ticket)
    meant = prospects(_ahead_of(day, ticket, after), after)
    began, priority = ticket.place + ticket.head_start, bool(ticket.priority)
    return {
        service: Claim(
            ticket.number,
            service,
            ticket.order,
            ticket.place,
            began,
            ticket.queued,
            priority,
            ticket.head_start,
            meant[service],
        )
        for service in ticket.waits
    }


_COMES_BACK: frozenset[StepState] = frozenset({"todo", "returned", "held", "called", "serving"})
"""States of steps that are to be done once somebody is put back."""


def prospects_back(day: Day, ticket: Ticket) -> dict[str, Prospect]:
    """What each step that somebody may do once they are put back would leave."""
    after = order_of(day, ticket)
    return prospects(_ahead_of(day, ticket, after, _COMES_BACK), after)


def _ahead_of(
    day: Day,
    ticket: Ticket,
    after: Mapping[str, tuple[str, ...]],
    to_do: frozenset[StepState] = frozenset({"todo"}),
) -> dict[str, int]:
    """The standard minutes of the steps that a visit can still get to: not such as come after a rejected one, or after
    one that the person was returned at.
    """
    office = day.rules_of
    todo = {step.service: office.service[step.service].minutes for step in ticket.steps.values() if step.state in to_do}
    while stuck := [
        service
        for service in todo
        if service in after and any(before not in todo and outstanding(ticket, before) for before in after[service])
    ]:
        for service in stuck:
            del todo[service]
    return todo


def _seat(day: Day, ticket: Ticket, event: _AtCounter, state: Literal["called", "serving"]) -> CounterNow:
    """The ticket is at the event's counter, for its service."""
    step, counter = ticket.steps[event.service], day.counters[event.counter]
    step.state, step.counter, step.since = state, event.counter, day.at
    ticket.service, ticket.counter, counter.ticket = event.service, event.counter, ticket.number
    _become(day, ticket, state)
    return counter


def _free(day: Day, ticket: Ticket) -> None:
    """Whatever counter the ticket is at is free again."""
    counter = day.counters.get(ticket.counter)
    if counter is not None and counter.ticket == ticket.number:
        counter.ticket, counter.last = "", None
    ticket.service = ticket.counter = ""


def _leave(day: Day, ticket: Ticket, step: StepState, state: TicketState | None = None) -> None:
    """The ticket leaves its counter; its step becomes `step`, the ticket `state` or what its other steps make it."""
    left = ticket.steps[ticket.service]
    left.state, left.since = step, day.at
    _free(day, ticket)
    if state is None:
        _settle(day, ticket)
    else:
        _become(day, ticket, state)


def _settle(day: Day, ticket: Ticket) -> None:
    ticket.service = ticket.counter = ""
    states = [step.state for step in ticket.steps.values()]
    if "todo" in states and possible_steps(day, ticket):
        _become(day, ticket, "waiting")
    elif "returned" in states:
        _become(day, ticket, "returned")
    else:
        _become(day, ticket, "done")


def _undo(day: Day, ticket: Ticket, event: ActionUndone) -> None:
    counter = day.counters[event.counter]
    if event.action == "call":
        called = counter.last.version if counter.last else 0
        day.recent = deque((call for call in day.recent if call.version != called), maxlen=RECENT_CALLS)
        waited_from = ticket.queued
        _leave(day, ticket, "todo")
        _wait_from(day, ticket, waited_from)
    else:
        state: Literal["called", "serving"] = "called" if event.action == "no-show" else "serving"
        step = ticket.steps[event.service]
        step.outcome, step.unlocks, step.reasons, step.missing = "", False, (), ()
        _seat(day, ticket, event, state)
    counter.last = None

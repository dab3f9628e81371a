"""Pure pictures of a day: what each screen shows. The same state gives the same picture, live or replayed.

Pictures hold instants (ms UTC), never durations, so that they change only when something happened; screens count up.
"""

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec import Struct

from ltsa.calling import ahead, in_order, next_for
from ltsa.day import Call, CounterNow, Day, Step, Ticket, evolve, order_of, outstanding
from ltsa.dispatch import MINUTE, SEATED, Why
from ltsa.happened import DayEvent, DayOpened, TicketDirected, TicketReleased
from ltsa.office import Coded, Counter, Office, Priority, Text

QUEUE_SHOWN = 12
CALLS_SHOWN = 10


class StepPicture(Struct, frozen=True, kw_only=True):
    """A step of a visit. `state` is a step's state, where "todo" shows as "waiting" (now possible) or "later".

    `ahead` is the number of people before this one, where it is waiting; `after` names what must be finished first.
    """

    service: str
    name: Text
    state: str
    outcome: str = ""
    counter: str = ""
    ahead: int | None = None
    after: tuple[str, ...] = ()
    reasons: tuple[Coded, ...] = ()


class SentPicture(Struct, frozen=True, kw_only=True):
    """Where somebody was told to wait: in the line of a service, or on a standby `seat` before its counters; `counters`
    are those that are open for it.
    """

    service: str
    name: Text
    seat: bool
    counters: tuple[Text, ...]


class StandbyPicture(Struct, frozen=True, kw_only=True):
    """Somebody on a standby seat, before which counters."""

    number: str
    service: str
    name: Text
    counters: tuple[str, ...]


class TicketPicture(Struct, frozen=True, kw_only=True):
    """One visit, for its holder and for programs. `announced` grows with each call and recall; `counter` is an id;
    `outcome` says what became of a visit that was not over when the day closed. `sent` is where a waiting person was
    told to wait, `why` why somebody at a counter was called; `slot` is the instant of an appointment, 0 without one.
    """

    office: str
    office_name: Text
    zone: str
    date: str
    number: str
    state: str
    language: str
    priority: str
    arrived: int
    since: int
    steps: tuple[StepPicture, ...]
    service: str = ""
    counter: str = ""
    counter_name: Text = {}
    recalls: int = 0
    last_call: bool = False
    announced: int = 0
    ahead: int | None = None
    outcome: str = ""
    outcome_name: Text = {}
    sent: SentPicture | None = None
    why: Why | None = None
    slot: int = 0


class CounterPicture(Struct, frozen=True, kw_only=True):
    """One counter, for supervisors and programs. `ticket` is the number there, `ticket_state` "called" or "serving",
    `why` why it was called.
    """

    counter: str
    name: Text
    state: str
    officer: str
    services: tuple[str, ...]
    reason: str
    since: int
    ticket: str = ""
    ticket_state: str = ""
    service: str = ""
    ticket_since: int = 0
    why: Why | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a command is answered with: the ticket and the counter it was about, right after it."""

    office: str
    date: str
    ticket: TicketPicture | None = None
    counter: CounterPicture | None = None


class CallPicture(Struct, frozen=True, kw_only=True):
    """A call on the boards. `serial` grows with each call and recall: a display speaks each serial once."""

    number: str
    service: str
    counter: str
    counter_name: Text
    at: int
    state: str
    serial: int
    recalls: int = 0
    last_call: bool = False


class QueuePicture(Struct, frozen=True, kw_only=True):
    """A service's queue: people waiting, since when the first of them, and how many open counters take it."""

    service: str
    prefix: str
    name: Text
    waiting: int
    oldest: int | None
    counters: int


class DisplayPicture(Struct, frozen=True, kw_only=True):
    """What the hall sees: people called or being served now (latest call first), earlier calls, queues, and who sits
    before the counters.
    """

    office: str
    office_name: Text
    zone: str
    date: str
    open: bool
    running_text: Text
    current: tuple[CallPicture, ...]
    recent: tuple[CallPicture, ...]
    queues: tuple[QueuePicture, ...]
    standby: tuple[StandbyPicture, ...] = ()


class ChoicePicture(Struct, frozen=True, kw_only=True):
    """A service as the kiosk offers it. `after` names services of which this one is the sequel."""

    service: str
    prefix: str
    name: Text
    about: Text
    agency: Text
    bring: tuple[Coded, ...]
    after: tuple[str, ...]
    minutes: int
    waiting: int
    counters: int


class KioskPicture(Struct, frozen=True, kw_only=True):
    """What a kiosk offers now."""

    office: str
    office_name: Text
    zone: str
    date: str
    open: bool
    choices: tuple[ChoicePicture, ...]
    priorities: tuple[Priority, ...]


class DocumentPicture(Struct, frozen=True, kw_only=True):
    """A document on the list of the present service, and whether the officer has seen it."""

    code: str
    name: Text
    seen: bool


class PersonPicture(Struct, frozen=True, kw_only=True):
    """A ticket as officers see it. `seat` says that it waits on a standby seat, `unlocks` which steps its present one
    makes possible, `why` why it was called to the counter where it is, `slot` the instant of an appointment.
    """

    number: str
    state: str
    service: str
    service_name: Text
    priority: str
    arrived: int
    place: int
    since: int
    steps: tuple[StepPicture, ...]
    counter: str = ""
    recalls: int = 0
    documents: tuple[DocumentPicture, ...] = ()
    notes: tuple[str, ...] = ()
    seat: bool = False
    unlocks: tuple[Text, ...] = ()
    why: Why | None = None
    slot: int = 0


class UndoPicture(Struct, frozen=True, kw_only=True):
    """What the counter may take back, and until when."""

    action: str
    number: str
    until: int


class HelpPicture(Struct, frozen=True, kw_only=True):
    """A kiosk at which somebody asks for an officer, and since when."""

    kiosk: str
    since: int


class DeskPicture(Struct, frozen=True, kw_only=True):
    """What an officer at a counter sees. `queue` is in the order in which the policy would call them now, `as_of` the
    minute (ms UTC) of the last event, at which "now" was: the order changes when something happens, and not by itself;
    0 where time alone never changes it. `overtakes` counts the older ones that the first goes before. `waiting` counts
    all of the queue; `away` are the absent and returned who may be put back, `held` those on hold for this counter's
    services.
    """

    office: str
    office_name: Text
    zone: str
    date: str
    open: bool
    counter: CounterPicture
    current: PersonPicture | None
    recall_limit: int
    queue: tuple[PersonPicture, ...]
    waiting: int
    held: tuple[PersonPicture, ...]
    away: tuple[PersonPicture, ...]
    undo: UndoPicture | None
    help: tuple[HelpPicture, ...] = ()
    as_of: int = 0
    overtakes: int = 0


class HallPicture(Struct, frozen=True, kw_only=True):
    """What a supervisor sees: every counter, every queue, and how many visits are in which state."""

    office: str
    office_name: Text
    zone: str
    date: str
    open: bool
    counters: tuple[CounterPicture, ...]
    queues: tuple[QueuePicture, ...]
    tally: dict[str, int]
    issued: int
    help: tuple[HelpPicture, ...] = ()


def unopened(office: Office, day: date) -> Day:
    """A day nobody has touched yet, as screens show it."""
    state = Day()
    evolve(state, DayOpened(at=0, by="", key="", content="", date=day.isoformat(), office=office))
    state.version, state.answered = 0, {}
    return state


def answer(day: Day, events: Sequence[DayEvent]) -> Answer:
    """The picture that answers a command which led to these events: of what it was about, and not of whom the
    dispatcher sent somewhere upon it.
    """
    last = next(event for event in reversed(events) if not isinstance(event, TicketDirected | TicketReleased))
    number, counter = getattr(last, "number", ""), getattr(last, "counter", "")
    return Answer(
        office=day.rules_of.id,
        date=day.date,
        ticket=ticket(day, number) if number else None,
        counter=_counter(day, day.rules_of.counter[counter]) if counter else None,
    )


def ticket(day: Day, number: str) -> TicketPicture:
    """A visit as its holder sees it. Raises `KeyError` for a number that was not issued."""
    office, visit = day.rules_of, day.tickets[number]
    steps = _steps(day, visit)
    at = office.counter.get(visit.counter)
    return TicketPicture(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        number=number,
        state=visit.state,
        language=visit.language,
        priority=visit.priority,
        arrived=visit.arrived,
        since=visit.since,
        steps=steps,
        service=visit.service,
        counter=visit.counter,
        counter_name=at.name if at else {},
        recalls=visit.recalls,
        last_call=visit.state == "called" and 0 < office.rules.recall_limit <= visit.recalls,
        announced=day.counters[visit.counter].announced if visit.state == "called" else 0,
        ahead=min([step.ahead for step in steps if step.ahead is not None], default=None),
        outcome=visit.outcome,
        sent=_sent(day, visit),
        why=visit.why if visit.state in {"called", "serving"} else None,
        slot=visit.slot,
        outcome_name=_named([visit.outcome], office.rules.closing_outcomes)[0].name if visit.outcome else {},
    )


def display(day: Day) -> DisplayPicture:
    """The hall's board."""
    office = day.rules_of
    busy = [now.ticket for now in day.counters.values() if now.ticket]
    latest = {call.number: call for call in day.recent}
    current = [_call(day, _call_of(day, latest, number)) for number in busy]
    shown = {(call.number, call.counter) for call in current}
    recent = [_call(day, call) for call in reversed(day.recent) if (call.number, call.counter) not in shown]
    return DisplayPicture(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        open=day.open,
        running_text=office.running_text,
        current=tuple(sorted(current, key=lambda call: -call.serial)),
        recent=tuple(recent[:CALLS_SHOWN]),
        queues=_queues(day),
        standby=_standby(day),
    )


def kiosk(day: Day) -> KioskPicture:
    """The kiosk's offer."""
    office = day.rules_of
    return KioskPicture(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        open=day.open,
        choices=tuple(
            ChoicePicture(
                service=queue.service,
                prefix=queue.prefix,
                name=queue.name,
                about=office.service[queue.service].about,
                agency=office.service[queue.service].agency,
                bring=office.service[queue.service].bring,
                after=office.service[queue.service].after,
                minutes=office.service[queue.service].minutes,
                waiting=queue.waiting,
                counters=queue.counters,
            )
            for queue in _queues(day)
        ),
        priorities=office.rules.priorities,
    )


def desk(day: Day, counter: str) -> DeskPicture:
    """An officer's screen. Raises `KeyError` for a counter that the office does not have."""
    office, now = day.rules_of, day.counters[counter]
    services = now.services or office.counter[counter].services
    line = in_order(day, services, QUEUE_SHOWN)
    following = next_for(day, services, day.at) if line and office.rules.dispatch.policy in SEATED else None
    held = [visit for visit in _aside(day) if visit.state == "held" and visit.service in services]
    return DeskPicture(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        open=day.open,
        counter=_counter(day, office.counter[counter]),
        current=_person(day, day.tickets[now.ticket], services) if now.ticket else None,
        recall_limit=office.rules.recall_limit,
        queue=tuple(_person(day, day.tickets[number], services) for number in line),
        waiting=len({place[1] for service in services for place in day.queues[service]}),
        held=tuple(_person(day, visit, services) for visit in held),
        away=_away(day, services),
        undo=_undo(day, now),
        help=_help(day),
        as_of=day.at - day.at % MINUTE if following else 0,
        overtakes=following.why.passed_over if following else 0,
    )


def hall(day: Day) -> HallPicture:
    """The supervisor's screen."""
    office = day.rules_of
    return HallPicture(
        office=office.id,
        office_name=office.name,
        zone=office.zone,
        date=day.date,
        open=day.open,
        counters=tuple(_counter(day, counter) for counter in office.counters),
        queues=_queues(day),
        tally={state: count for state, count in sorted(day.tally.items()) if count},
        issued=len(day.tickets),
        help=_help(day),
    )


def away(day: Day) -> tuple[PersonPicture, ...]:
    """The absent and the returned of the whole office, latest first: who may still come back."""
    return _away(day, tuple(day.rules_of.service))


def _steps(day: Day, visit: Ticket) -> tuple[StepPicture, ...]:
    return tuple([_step(day, visit, step) for step in visit.steps.values() if step.state != "dropped"])


def _step(day: Day, visit: Ticket, step: Step) -> StepPicture:
    office = day.rules_of
    service = office.service[step.service]
    state: str = step.state
    before, after = None, []
    if step.service in visit.waits:
        state, before = "waiting", ahead(day, visit.number, step.service)
    elif state == "todo":
        state, after = (
            "later",
            [earlier for earlier in order_of(day, visit).get(step.service, ()) if outstanding(visit, earlier)],
        )
    reasons = _named(step.reasons, office.rules.return_reasons) if step.reasons else ()
    return StepPicture(
        service=step.service,
        name=service.name,
        state=state,
        outcome=step.outcome,
        counter=step.counter,
        ahead=before,
        after=tuple(after),
        reasons=reasons,
    )


def _named(codes: Sequence[str], known: Sequence[Coded]) -> tuple[Coded, ...]:
    """Codes with their words, in the office's order; one that was taken off the list since stands for itself."""
    listed = {coded.code: coded for coded in known}
    gone = [Coded(code=code, name={"id": code}) for code in codes if code not in listed]
    return (*[coded for coded in known if coded.code in codes], *gone)


def _person(day: Day, visit: Ticket, services: Sequence[str]) -> PersonPicture:
    office = day.rules_of
    service = visit.service or next((s for s in services if s in visit.waits or s in visit.steps), "")
    step = visit.steps.get(service)
    return PersonPicture(
        number=visit.number,
        state=visit.state,
        service=service,
        service_name=office.service[service].name if service else {},
        priority=visit.priority,
        arrived=visit.arrived,
        place=visit.place,
        since=visit.since,
        steps=_steps(day, visit),
        counter=visit.counter,
        recalls=visit.recalls,
        documents=tuple(
            DocumentPicture(code=document.code, name=document.name, seen=document.code in step.seen)
            for document in office.service[service].bring
        )
        if step
        else (),
        notes=visit.notes,
        seat=visit.seat and visit.state == "waiting",
        unlocks=_unlocks(day, visit, service),
        why=visit.why if visit.state in {"called", "serving"} else None,
        slot=visit.slot,
    )


def _unlocks(day: Day, visit: Ticket, service: str) -> tuple[Text, ...]:
    """The steps of a visit that wait for one step alone."""
    office = day.rules_of
    return tuple(
        office.service[later].name
        for later, before in office.after.items()
        if service in before
        and later in visit.steps
        and visit.steps[later].state == "todo"
        and not any(outstanding(visit, other) for other in before if other != service)
    )


def _sent(day: Day, visit: Ticket) -> SentPicture | None:
    """Where somebody who waits was told to wait."""
    if visit.state != "waiting" or not visit.directed:
        return None
    office = day.rules_of
    counters = tuple(office.counter[counter].name for counter in _open_for(day, visit.directed))
    name = office.service[visit.directed].name
    return SentPicture(service=visit.directed, name=name, seat=visit.seat, counters=counters)


def _open_for(day: Day, service: str) -> tuple[str, ...]:
    """The open counters that take a service, in the office's order."""
    return tuple([id_ for id_, now in day.counters.items() if now.state == "open" and service in now.services])


def _standby(day: Day) -> tuple[StandbyPicture, ...]:
    """Who sits before the counters: service by service, in the order in which they were sent there."""
    service = day.rules_of.service
    return tuple(
        StandbyPicture(number=number, service=name, name=service[name].name, counters=_open_for(day, name))
        for name, sitting in day.seated.items()
        for number in sitting
    )


def _counter(day: Day, counter: Counter) -> CounterPicture:
    now = day.counters[counter.id]
    visit = day.tickets.get(now.ticket)
    return CounterPicture(
        counter=counter.id,
        name=counter.name,
        state=now.state,
        officer=now.officer,
        services=now.services or counter.services,
        reason=now.reason,
        since=now.since,
        ticket=now.ticket,
        ticket_state=visit.state if visit else "",
        service=visit.service if visit else "",
        ticket_since=visit.since if visit else 0,
        why=visit.why if visit else None,
    )


def _help(day: Day) -> tuple[HelpPicture, ...]:
    """Who asks for an officer, longest first."""
    return tuple([HelpPicture(kiosk=kiosk, since=since) for kiosk, since in day.help.items()])


def _queues(day: Day) -> tuple[QueuePicture, ...]:
    return tuple(
        QueuePicture(
            service=service.id,
            prefix=service.prefix,
            name=service.name,
            waiting=len(line := day.queues[service.id]),
            oldest=day.tickets[line[0][2]].arrived if line else None,
            counters=sum(now.state == "open" and service.id in now.services for now in day.counters.values()),
        )
        for service in day.rules_of.services
    )


def _call_of(day: Day, latest: dict[str, Call], number: str) -> Call:
    visit = day.tickets[number]
    call = latest.get(number)
    if call is not None and call.counter == visit.counter:
        return call
    return Call(number, visit.service, visit.counter, visit.since, day.counters[visit.counter].announced)


def _call(day: Day, call: Call) -> CallPicture:
    visit, now = day.tickets[call.number], day.counters[call.counter]
    here = now.ticket == call.number
    return CallPicture(
        number=call.number,
        service=call.service,
        counter=call.counter,
        counter_name=day.rules_of.counter[call.counter].name,
        at=call.at,
        state=visit.state if here else "over",
        serial=now.announced if here else call.version,
        recalls=visit.recalls if here else 0,
        last_call=here and visit.state == "called" and 0 < day.rules_of.rules.recall_limit <= visit.recalls,
    )


def _aside(day: Day) -> list[Ticket]:
    """Those on hold, the absent and the returned, latest first."""
    return [day.tickets[number] for number in reversed(day.aside)]


def _away(day: Day, services: Sequence[str]) -> tuple[PersonPicture, ...]:
    """Those who may come back for a visit with one of the services: the absent, with the service they missed, and the
    returned, with the service they were returned at. A returned person may wait for other services meanwhile.
    """
    away = []
    for visit in _aside(day):
        if visit.state != "held" and any(service in services for service in visit.steps):
            left = "todo" if visit.state == "absent" else "returned"
            steps = [step for step in visit.steps.values() if step.state == left]
            step = max(steps, key=lambda step: step.since, default=Step(""))
            state = "absent" if visit.state == "absent" else "returned"
            person = _person(day, visit, (step.service,) if step.service else ())
            away.append(msgspec.structs.replace(person, state=state, since=step.since or visit.since))
    return tuple(sorted(away, key=lambda person: -person.since))


def _undo(day: Day, now: CounterNow) -> UndoPicture | None:
    if now.last is None or now.state != "open":
        return None
    visit = day.tickets[now.last.number]
    undoable = (
        visit.state == "called" if now.last.action == "call" else visit.touched == now.last.version and not now.ticket
    )
    if not undoable:
        return None
    until = now.last.at + day.rules_of.rules.undo_seconds * 1000
    return UndoPicture(action=now.last.action, number=now.last.number, until=until)

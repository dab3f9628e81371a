"""What programs are answered: the pictures of `ltsa/board.py` in the API's own words, so that screens may change.

Instants are integer milliseconds UTC since 1970. Every `name` is in Indonesian, with `names` in every language beside
it; other texts are objects by language. What there is not is null.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Struct, structs

from ltsa import board, office, road
from ltsa.day import CounterState, TicketState
from ltsa.dispatch import Why
from ltsa.happened import TOPICS, HelpAsked
from ltsa.ledger import Done
from ltsa.office import Text
from ltsa.present import Recorded
from ltsa.ranges import Method
from ltsa.road import RoadState
from ltsa.subject import asked
from web.forecasting import Wait as Span
from web.format import ZONE
from web.journeys import Journey as Journey_
from web.why import Reasons
from web.words import OFFERED

StepShown = Literal["waiting", "later", "called", "serving", "held", "returned", "done", "transferred"]
EventType = Annotated[str, Meta(extra_json_schema={"enum": list(TOPICS)})]
Instant = Annotated[int, Meta(description="Milliseconds UTC since 1970.", extra_json_schema={"format": "int64"})]

_type_of = {event: topic for topic, event in TOPICS.items()}


class Shown(Struct, frozen=True, kw_only=True):
    """Whatever is answered."""


class Coded(Shown, frozen=True):
    """A code of the office and its words: a document, a reason, an outcome."""

    code: str
    name: str
    names: Text


class Priority(Coded, frozen=True):
    """A reason for priority; `head_start` minutes are added to the age of the wait."""

    head_start: int


class Outcome(Coded, frozen=True):
    """How a service may end; `unlocks` says whether the steps after it become possible."""

    unlocks: bool


class Service(Shown, frozen=True):
    """What a person can come for. `prefix` begins its numbers, `bring` are its documents, `after` the services that
    must be finished first where they are on the same visit, `minutes` its published standard time.
    """

    id: str
    name: str
    names: Text
    prefix: str
    about: Text
    agency: Text
    bring: tuple[Coded, ...]
    after: tuple[str, ...]
    minutes: int


class Counter(Shown, frozen=True):
    """A counter and the ids of the services it is meant for."""

    id: str
    name: str
    names: Text
    services: tuple[str, ...]


class Office(Shown, frozen=True):
    """An office as it is set up today, with every code that its commands take. `zone` is its IANA time zone, `consent`
    the sentence in which people are asked whether they are kept for following visits.
    """

    id: str
    name: str
    names: Text
    zone: str
    services: tuple[Service, ...]
    counters: tuple[Counter, ...]
    priorities: tuple[Priority, ...]
    outcomes: tuple[Outcome, ...]
    return_reasons: tuple[Coded, ...]
    pause_reasons: tuple[Coded, ...]
    deviation_reasons: tuple[Coded, ...]
    consent: Text


class Sent(Shown, frozen=True):
    """Where a waiting person was told to wait: in the line of a service, or on a standby `seat` before its counters.
    Not a call yet.
    """

    service: str
    seat: bool


class Reason(Shown, frozen=True):
    """Why somebody was called: the rule and its version, how many people waited, who would have been next and by how
    many milliseconds, how many older ones were passed over; `told` says it in sentences, by language.
    """

    rule: str
    eligible: int
    runner_up: str | None
    margin: int
    passed_over: int
    told: dict[str, tuple[str, ...]]


class Step(Shown, frozen=True):
    """One service of a visit: `waiting` means possible now, with `ahead` people before this one; `later` that the
    person is elsewhere, or that the services in `after` come first. `counter` is where it was last called to, `reasons`
    why it was returned.
    """

    service: str
    name: str
    names: Text
    state: StepShown
    outcome: str | None
    counter: str | None
    ahead: int | None
    after: tuple[str, ...]
    reasons: tuple[Coded, ...]


class Ticket(Shown, frozen=True):
    """A visit. `service` and `counter` are where it is called, served or held, `since` when its state began, `ahead`
    the fewest people before it in any queue, `recalls` how often it was called again, `last_call` whether this was the
    last time. `sent` is where a waiting person was told to wait, `why` the reason of the present call, `appointment`
    the instant from which the wait counts.
    """

    office: str
    date: str
    number: str
    state: TicketState
    service: str | None
    counter: str | None
    steps: tuple[Step, ...]
    priority: str | None
    language: str
    arrived: Instant
    since: Instant
    ahead: int | None
    recalls: int
    last_call: bool
    sent: Sent | None
    why: Reason | None
    appointment: Instant | None


class Wait(Shown, frozen=True):
    """A wait as people are told it: from `low` to `high` minutes (null: more than `low`). `method` is "futures" where
    the office's next hours were played, "queue" where only the queue's length was known.
    """

    low: int
    high: int | None
    method: Method


class OwnTicket(Ticket, frozen=True):
    """A visit as its holder has it. Whoever knows `token` may see and cancel it; `url` is the page in the QR code;
    `wait` is how long until the next call (null: not waiting, or no counter is open).
    """

    token: str
    url: str
    wait: Wait | None = None


class Reference(Shown, frozen=True):
    """A step's number in a system outside, who noted it and when; one on `paper` waits for the system's own."""

    system: str
    number: str
    paper: bool
    by: str
    at: Instant


class RoadStep(Shown, frozen=True):
    """A step of a journey: `done` (and valid), `possible` or `outside` now, once more `returned`, `expired` or
    `rejected`, `later` while the steps in `waits_for` come first. `missing` are codes of documents that were not there,
    `until` the last date (ISO) on which it is, or was, valid.
    """

    code: str
    name: str
    names: Text
    state: RoadState
    minutes: int
    documents: tuple[Coded, ...]
    waits_for: tuple[str, ...]
    missing: tuple[str, ...]
    until: str | None
    references: tuple[Reference, ...]


class Journey(Shown, frozen=True):
    """A person's journey as it stands today: `outcome` how it ended (null: it is open), `office` where it began."""

    case: str
    office: str
    scheme: str
    name: str
    names: Text
    opened: Instant
    outcome: str | None
    steps: tuple[RoadStep, ...]


class OwnJourney(Journey, frozen=True):
    """A journey with the secret of its card, for whoever has it; `url` is the page in the card's QR code."""

    card: str
    url: str


class AtCounter(Shown, frozen=True):
    """Who is at a counter, and why they were called."""

    number: str
    state: TicketState
    service: str
    since: Instant
    why: Reason | None


class CounterNow(Shown, frozen=True):
    """A counter as it is now, `since` when (null: not used today)."""

    id: str
    name: str
    names: Text
    state: CounterState
    officer: str | None
    services: tuple[str, ...]
    reason: str | None
    since: Instant | None
    ticket: AtCounter | None


class Call(Shown, frozen=True):
    """A call on the boards; `state` is "over" when the ticket has left the counter. `serial` grows with every call and
    recall: announce each serial once.
    """

    number: str
    service: str
    counter: str
    at: Instant
    state: Literal[TicketState, "over"]
    serial: int
    recalls: int
    last_call: bool


class Queue(Shown, frozen=True):
    """A service's queue: how many wait, since when the first of them, how many open counters take it, and the `wait` of
    somebody who takes a number now (null: no counter is open).
    """

    service: str
    name: str
    names: Text
    prefix: str
    waiting: int
    oldest: Instant | None
    counters: int
    wait: Wait | None = None


class Asking(Shown, frozen=True):
    """A kiosk at which somebody asks for an officer, and since when."""

    kiosk: str
    since: Instant


class KioskNow(Shown, frozen=True):
    """Whether somebody at a kiosk asks for an officer, and since when (null: nobody, or they have been helped)."""

    office: str
    date: str
    kiosk: str
    since: Instant | None


class Board(Shown, frozen=True):
    """What the hall sees now: who is called or served (latest call first), earlier calls, queues, counters, and where
    somebody asks for an officer (longest first). `version` counts the day's events; `position` is how far the record
    was read.
    """

    office: str
    name: str
    names: Text
    zone: str
    date: str
    open: bool
    version: int
    position: int
    running_text: Text
    current: tuple[Call, ...]
    recent: tuple[Call, ...]
    queues: tuple[Queue, ...]
    counters: tuple[CounterNow, ...]
    help: tuple[Asking, ...]


class DayNow(Shown, frozen=True):
    """Whether an office's service day is open."""

    office: str
    date: str
    open: bool


class Event(Shown, frozen=True):
    """Something that happened, as recorded. `version` counts the day's events without a gap, `position` is its place in
    the whole record; `by` is "program:…", "kiosk:…", "officer:…", "supervisor:…", "holder" or "system"; `data` depends
    on `type`.
    """

    position: int
    version: int
    at: Instant
    type: EventType
    by: str
    data: dict[str, Any]


class Error(Shown, frozen=True):
    """Why it was refused. `code` is stable, `message` is for people, `field` names what is wrong in the request,
    `state` what is true instead.
    """

    code: str
    message: str
    field: str | None
    state: str | None


def office_shown(it: office.Office) -> Office:
    """An office's configuration."""
    rules = it.rules
    return Office(
        id=it.id,
        **_named(it.name),
        zone=it.zone,
        services=tuple(_service(service) for service in it.services),
        counters=tuple(Counter(id=c.id, **_named(c.name), services=c.services) for c in it.counters),
        priorities=tuple(Priority(code=p.code, **_named(p.name), head_start=p.head_start) for p in rules.priorities),
        outcomes=tuple(Outcome(code=o.code, **_named(o.name), unlocks=o.unlocks) for o in rules.outcomes),
        return_reasons=_coded(rules.return_reasons),
        pause_reasons=_coded(rules.pause_reasons),
        deviation_reasons=_coded(rules.deviation_reasons),
        consent=asked(it.consent).words,
    )


def ticket_of(done: Done) -> board.TicketPicture:
    """The picture of the ticket that a command was about."""
    assert done.answer  # noqa: S101 - only the configuration of an office has none
    assert done.answer.ticket  # noqa: S101 - the commands of a ticket always answer it
    return done.answer.ticket


def ticket_shown(done: Done) -> Ticket:
    """The ticket a command was about, right after it."""
    return Ticket(**_ticket(ticket_of(done)))


def own_ticket_shown(it: board.TicketPicture, token: str, address: str, wait: Span | None = None) -> OwnTicket:
    """A ticket with its secret, for whoever has it; `address` is the office's public address."""
    return OwnTicket(**_ticket(it), token=token, url=f"{address}/t/{token}", wait=_wait(wait))


def journey_shown(it: Journey_) -> Journey:
    """A journey as an office sees it today."""
    return Journey(**_journey(it))


def own_journey_shown(it: Journey_, card: str, address: str) -> OwnJourney:
    """A journey with its card's secret; `address` is the office's public address."""
    return OwnJourney(**_journey(it), card=card, url=f"{address}/c/{card}")


def counter_shown(done: Done) -> CounterNow:
    """The counter a command was about, right after it."""
    assert done.answer  # noqa: S101 - only the configuration of an office has none
    assert done.answer.counter  # noqa: S101 - the commands of a counter always answer it
    return _counter(done.answer.counter, done.answer.ticket.zone if done.answer.ticket else ZONE)


def kiosk_shown(done: Done) -> KioskNow:
    """The kiosk at which help was asked or given, right after it."""
    assert done.answer  # noqa: S101 - only the configuration of an office has none
    event = done.events[-1].event
    since = event.at if isinstance(event, HelpAsked) else None
    return KioskNow(office=done.answer.office, date=done.answer.date, kiosk=event.kiosk, since=since)  # type: ignore[union-attr]


def day_shown(done: Done) -> DayNow:
    """The day that was closed or reopened."""
    assert done.answer  # noqa: S101 - only the configuration of an office has none
    is_open = type(done.events[-1].event) is TOPICS["day-reopened/1"]
    return DayNow(office=done.answer.office, date=done.answer.date, open=is_open)


def board_shown(
    seen: board.DisplayPicture, hall: board.HallPicture, version: int, position: int, waits: Mapping[str, Span]
) -> Board:
    """The hall's board with its counters, and how long newcomers wait."""
    return Board(
        office=seen.office,
        **_named(seen.office_name),
        zone=seen.zone,
        date=seen.date,
        open=seen.open,
        version=version,
        position=position,
        running_text=seen.running_text,
        current=tuple(_call(call) for call in seen.current),
        recent=tuple(_call(call) for call in seen.recent),
        queues=tuple(_queue(queue, waits.get(queue.service)) for queue in seen.queues),
        counters=tuple(_counter(counter, seen.zone) for counter in hall.counters),
        help=tuple(Asking(kiosk=it.kiosk, since=it.since) for it in hall.help),
    )


def event_shown(recorded: Recorded) -> Event:
    """A recorded event with all its fields, defaults too."""
    event = recorded.event
    fields = [name for name in event.__struct_fields__ if name not in {"at", "by", "key", "content"}]
    return Event(
        position=recorded.position,
        version=recorded.version,
        at=event.at,
        type=_type_of[type(event)],  # type: ignore[index] # a day's stream holds a day's events
        by=event.by,
        data={name: _whole(getattr(event, name)) for name in fields},
    )


def _whole(value: object) -> object:
    """A reason for a call with the fields too that the record leaves out because they are as usual."""
    return structs.asdict(value) if isinstance(value, Why) else value


def _named(text: Text) -> dict[str, Any]:
    return {"name": text.get("id", ""), "names": text}


def _coded(them: tuple[office.Coded, ...]) -> tuple[Coded, ...]:
    return tuple(Coded(code=it.code, **_named(it.name)) for it in them)


def _service(it: office.Service) -> Service:
    return Service(
        id=it.id,
        prefix=it.prefix,
        **_named(it.name),
        about=it.about,
        agency=it.agency,
        bring=_coded(it.bring),
        after=it.after,
        minutes=it.minutes,
    )


def _ticket(it: board.TicketPicture) -> dict[str, Any]:
    return {
        "office": it.office,
        "date": it.date,
        "number": it.number,
        "state": it.state,
        "service": it.service or None,
        "counter": it.counter or None,
        "steps": tuple([_step(step) for step in it.steps]),
        "priority": it.priority or None,
        "language": it.language,
        "arrived": it.arrived,
        "since": it.since,
        "ahead": it.ahead,
        "recalls": it.recalls,
        "last_call": it.last_call,
        "sent": Sent(service=it.sent.service, seat=it.sent.seat) if it.sent else None,
        "why": _reason(it.why, it.zone),
        "appointment": it.slot or None,
    }


def _reason(why: Why | None, zone: str) -> Reason | None:
    if why is None:
        return None
    return Reason(
        rule=why.rule,
        eligible=why.eligible,
        runner_up=why.runner_up or None,
        margin=why.margin,
        passed_over=why.passed_over,
        told={lang: tuple(Reasons(zone, lang).told(why)) for lang in OFFERED},
    )


def _journey(it: Journey_) -> dict[str, Any]:
    return {
        "case": it.case.id,
        "office": it.case.office,
        "scheme": it.case.follows(it.today.isoformat()).scheme,
        **_named(it.flow.name),
        "opened": it.case.opened,
        "outcome": it.case.outcome or None,
        "steps": tuple(_road_step(step) for step in it.road),
    }


def _road_step(it: road.RoadStep) -> RoadStep:
    return RoadStep(
        code=it.code,
        **_named(it.name),
        state=it.state,
        minutes=it.minutes,
        documents=_coded(it.documents),
        waits_for=it.waits_for,
        missing=it.missing,
        until=it.until or None,
        references=tuple(
            Reference(system=one.system, number=one.number, paper=one.paper, by=one.by, at=one.at)
            for one in it.references
        ),
    )


def _step(it: board.StepPicture) -> Step:
    return Step(
        service=it.service,
        **_named(it.name),
        state=cast("StepShown", it.state),
        outcome=it.outcome or None,
        counter=it.counter or None,
        ahead=it.ahead,
        after=it.after,
        reasons=_coded(it.reasons),
    )


def _counter(it: board.CounterPicture, zone: str) -> CounterNow:
    here = (
        AtCounter(
            number=it.ticket,
            state=cast("TicketState", it.ticket_state),
            service=it.service,
            since=it.ticket_since,
            why=_reason(it.why, zone),
        )
        if it.ticket
        else None
    )
    return CounterNow(
        id=it.counter,
        **_named(it.name),
        state=cast("CounterState", it.state),
        officer=it.officer or None,
        services=it.services,
        reason=it.reason or None,
        since=it.since or None,
        ticket=here,
    )


def _call(it: board.CallPicture) -> Call:
    return Call(
        number=it.number,
        service=it.service,
        counter=it.counter,
        at=it.at,
        state=cast("TicketState", it.state),
        serial=it.serial,
        recalls=it.recalls,
        last_call=it.last_call,
    )


def _wait(it: Span | None) -> Wait | None:
    return Wait(low=it.low, high=it.high or None, method=it.method) if it else None


def _queue(it: board.QueuePicture, wait: Span | None) -> Queue:
    return Queue(
        service=it.service,
        prefix=it.prefix,
        **_named(it.name),
        waiting=it.waiting,
        oldest=it.oldest,
        counters=it.counters,
        wait=_wait(wait),
    )

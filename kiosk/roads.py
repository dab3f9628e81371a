"""A person's journey as they see it themselves: at the kiosk, on paper, on the phone. Pure pictures, without a name."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct

from kiosk.passes import case_of, case_pass, is_case_pass
from ltsa import board
from ltsa.board import ChoicePicture, TicketPicture
from ltsa.day import Day, Ticket
from ltsa.flow import Flow
from ltsa.journey import PERSON, Appointment, Case, Move, Person, person_of
from ltsa.message import Refusal
from ltsa.office import Coded, Office, Text
from ltsa.road import RoadStep, plan, road
from ltsa.tokens import card_secret, token_digest
from ltsa.visit import GONE, OVER
from web import journeys
from web.house import House

SOON = 30
"""Days before something ends to be valid within which the person is warned."""

INFORMATION = "information"
"""The step of the desk that helps where nothing else does (PP 59/2021 art. 31: complaints and information)."""

OUTSIDE = "outside"
"""The desk of steps that are done at no office."""

OFFICES_NAMED = 3
"""How many other offices are named for a step that is not done here."""


State = Literal["done", "now", "next", "returned", "later"]


class Mile(Struct, frozen=True, kw_only=True):
    """A step of the journey.

    Attributes:
        state: "done"; "now", it is part of this visit; "next", it can be done next; "returned", the same, and something
            was missing; "later".
        date, office: when (ISO) and where it was done.
        until: until when (ISO) it is valid, or was; "" for ever. `ends` says "soon" or "over".
        after: what comes before it, where it is "later".
        missing: the documents that were missing last time.
        outside, at_hand, where: it is done at no desk of an office; at the office that is asked; or at others, by name.
    """

    code: str
    name: Text
    state: State
    date: str = ""
    office: Text = {}
    until: str = ""
    ends: Literal["", "soon", "over"] = ""
    after: tuple[Text, ...] = ()
    missing: tuple[Coded, ...] = ()
    outside: bool = False
    at_hand: bool = False
    where: tuple[Text, ...] = ()


class Journey(Struct, frozen=True, kw_only=True):
    """A whole journey. `bring` is for this visit, `then` what can be done once this visit's steps are done (now, where
    there is no visit), and `bring_then` is for that.
    """

    number: str
    scheme: Text
    miles: tuple[Mile, ...]
    bring: tuple[Coded, ...]
    then: tuple[Mile, ...]
    bring_then: tuple[Coded, ...]

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(mile.state == "done" for mile in self.miles)

    @property
    def ending(self) -> tuple[Mile, ...]:
        """What is not valid any more, or not for long."""
        return tuple(mile for mile in self.miles if mile.ends)

    @property
    def missing(self) -> tuple[Mile, ...]:
        """Steps for which documents were missing."""
        return tuple(mile for mile in self.miles if mile.missing and mile.state != "done")


class Stop(Struct, frozen=True, kw_only=True):
    """A service of the office that can do steps of the journey today; `chosen` unless the person left it out."""

    choice: ChoicePicture
    steps: tuple[Mile, ...]
    chosen: bool


class Offered(Struct, frozen=True, kw_only=True):
    """What a kiosk offers to a person: their journey, and what this office can do of it today."""

    journey: Journey
    stops: tuple[Stop, ...]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The services that the number will be for."""
        return tuple(stop.choice.service for stop in self.stops if stop.chosen)


class Live(Struct, frozen=True, kw_only=True):
    """The number that a person holds today, at whichever office."""

    office: Text
    ticket: TicketPicture


class Card(Struct, frozen=True, kw_only=True):
    """A case card's page. `over` is how the case ended, "" while it runs; `slot` is when (ms UTC) the person has an
    appointment at an office (`slot_at`) for some of its services, 0 for none.
    """

    shown: str
    office: str
    office_name: Text
    zone: str
    date: str
    journey: Journey
    live: Live | None
    over: str = ""
    slot: int = 0
    slot_at: Text = {}
    slot_zone: str = ""
    slot_for: tuple[Text, ...] = ()


# --- The journey


def of_ticket(house: House, day: Day, number: str) -> Journey | None:
    """The journey that a ticket is for; None for a visit without a case."""
    case = _case_of(house, day, number)
    if case is None:
        return None
    now = to_do(day.tickets[number])
    return _journey(house, case, flow_of(house, case, day.date), day.rules_of, day.date, now)


def work_of(house: House, day: Day, number: str) -> dict[str, tuple[Text, ...]]:
    """What is done of a journey at each service of a ticket's visit, by name."""
    case = _case_of(house, day, number)
    if case is None:
        return {}
    names = {step.code: step.name for step in flow_of(house, case, day.date).steps}
    work = day.tickets[number].work
    return {service: tuple(names[code] for code in steps if code in names) for service, steps in work.items()}


def case_key(key: str) -> str:
    """The key under which a case is opened together with the number that is taken under `key`."""
    return f"{key} case"


def card_begun_with(house: House, day: Day, number: str, key: str) -> str:
    """The secret of the case card, where the case was opened with this ticket, that was taken under `key`; else "". Who
    was found by their NIK gets no card: that opens a journey for whoever holds it.
    """
    case, secret = _case_of(house, day, number), card_secret(house.seed, case_key(key))
    return secret if case and case.card == token_digest(secret) else ""


def begins(office: Office, today: str) -> bool:
    """Whether a journey can begin, and go on, at an office."""
    return bool(open_flows(office, today)) and any(service.steps for service in office.services)


def open_flows(office: Office, today: str) -> tuple[Flow, ...]:
    """The flows under which a case may begin on a local date (ISO): before a migration first, then during and after."""
    stages = ("before", "during", "after")
    return tuple(sorted((it for it in office.flows if it.is_open(today)), key=lambda it: stages.index(it.stage)))


def information(office: Office) -> str:
    """The service that helps where nothing else does, "" where there is none."""
    return office.service_of.get(INFORMATION, "")


def first_services(flow: Flow | None, office: Office) -> tuple[str, ...]:
    """The office's services that a first visit under a flow is for."""
    return plan(to_begin(flow, office), flow, office, "").services if flow else ()


def flow_of(house: House, case: Case, today: str) -> Flow:
    """The flow that a case follows on a local date (ISO)."""
    return house.present.flows.kept[case.follows(today).flow]


def to_begin(flow: Flow, office: Office) -> Case:
    """A case as it would be right after it was opened under a flow."""
    first = Move(since="", scheme=flow.id, flow=flow.digest)
    return Case(id="", office=office.id, card="", opened=0, moves=(first,))


def offered(  # noqa: PLR0913, PLR0917 - what is offered, to whom, where and when
    house: House, case: Case, flow: Flow, office: Office, today: str, services: tuple[str, ...] = ()
) -> Offered:
    """What an office offers for a case today; of its services those named, all that can be done where none is."""
    whole = plan(case, flow, office, today)
    chosen = plan(case, flow, office, today, services) if services else whole
    chosen = chosen if chosen.services else whole
    now = frozenset(code for steps in chosen.work.values() for code in steps)
    journey = _journey(house, case, flow, office, today, now)
    miles = {mile.code: mile for mile in journey.miles}
    choices = {choice.service: choice for choice in board.kiosk(house.today(office.id)).choices}
    stops = tuple(
        Stop(
            choice=choices[service],
            steps=tuple(miles[code] for code in chosen.work.get(service, whole.work[service])),
            chosen=service in chosen.services,
        )
        for service in whole.services
    )
    return Offered(journey=journey, stops=stops)


def with_service(  # noqa: PLR0913, PLR0917 - of what is offered, as above
    case: Case, flow: Flow, office: Office, today: str, services: tuple[str, ...], more: str
) -> tuple[str, ...]:
    """Services with one more of all that can be done today, and with those that come before it; `more` "" for none."""
    if not more:
        return services
    whole = plan(case, flow, office, today)
    wanted = [*services, more]
    for service in wanted:
        wanted += [before for before in whole.after.get(service, ()) if before not in wanted]
    return tuple(service for service in whole.services if service in wanted)


def live(house: House, person: Person) -> Live | None:
    """The number that a person holds today; None for none."""
    visit = person.visit
    if visit is None:
        return None
    try:
        office, today = house.present.office_at(visit.office, house.now())
    except Refusal:
        return None
    day = house.today(visit.office)
    if visit.date != today.isoformat() or visit.number not in day.tickets:
        return None
    return Live(office=office.name, ticket=board.ticket(day, visit.number))


def card_shown(house: House, secret: str) -> str | None:
    """What the page of a case card is watched by, for the secret on the card; None for a card that opens nothing."""
    found = journeys.by_card(house, secret.upper())
    if found is None:
        return None
    return case_pass(house.seed, found[1], token_digest(secret.upper()))


def card(house: House, shown: str) -> Card | None:
    """The page of a case card, as the office sees it where the person is today, will be next, or was last; None where
    the card was replaced since it was shown.
    """
    name = case_of(shown)
    if not PERSON.fullmatch(person_of(name)):
        return None
    person = house.present.person(person_of(name))
    case = person.cases.get(name)
    if case is None or not is_case_pass(house.seed, shown, case.id, case.card):
        return None
    now = live(house, person)
    coming = person.appointment if person.appointment and person.appointment.case == case.id else None
    configuration, on = house.present.office_at(_nearest(house, case, now, coming), house.now())
    today = on.isoformat()
    there = house.office(coming.office) if coming and coming.office in house.present.offices() else None
    return Card(
        shown=shown,
        office=configuration.id,
        office_name=configuration.name,
        zone=configuration.zone,
        date=today,
        journey=_journey(house, case, flow_of(house, case, today), configuration, today, _to_do(house, now)),
        live=now,
        over=case.outcome,
        slot=coming.slot if coming and there else 0,
        slot_at=there.name if there else {},
        slot_zone=there.zone if there else "",
        slot_for=tuple(there.service[it].name for it in coming.services if it in there.service)
        if coming and there
        else (),
    )


def office_of_card(house: House, shown: str) -> str | None:
    """The office whose changes concern a case card."""
    it = card(house, shown)
    return it.office if it else None


# --- Within


def _nearest(house: House, case: Case, now: Live | None, coming: Appointment | None) -> str:
    """The office whose view of the journey counts: where the person is, will be, or was last."""
    marks = [marks[-1] for marks in case.marks.values() if marks]
    latest = max(marks, key=lambda mark: mark.at).office if marks else case.office
    wanted = (now.ticket.office if now else "", coming.office if coming else "", latest, case.office)
    return next(office for office in wanted if office in house.present.offices())


def _case_of(house: House, day: Day, number: str) -> Case | None:
    name = day.tickets[number].case
    return house.present.person(person_of(name)).cases.get(name) if name else None


def _to_do(house: House, now: Live | None) -> frozenset[str]:
    """The steps that a visit still is for."""
    if now is None:
        return frozenset()
    ticket = house.today(now.ticket.office).tickets[now.ticket.number]
    return to_do(ticket)


def to_do(ticket: Ticket) -> frozenset[str]:
    """The steps of a case that a visit still is for; none once it is over."""
    if ticket.state in OVER:
        return frozenset()
    running = [step.service for step in ticket.steps.values() if step.state not in GONE]
    return frozenset(code for service in running for code in ticket.work.get(service, ()))


def _journey(  # noqa: PLR0913, PLR0917 - whose, where and when
    house: House, case: Case, flow: Flow, office: Office, today: str, now: frozenset[str]
) -> Journey:
    steps = road(case, flow, today, office)
    expected = now | {step.code for step in steps if step.state == "done"}
    soon = [step for step in steps if step.code not in expected and expected.issuperset(flow.after[step.code])]
    miles = {step.code: _mile(house, step, flow, office, today, now) for step in steps}
    return Journey(
        number=case_number(case.id),
        scheme=flow.name,
        miles=tuple(miles.values()),
        bring=_documents(step for step in steps if step.code in now),
        then=tuple(miles[step.code] for step in soon),
        bring_then=_documents(step for step in soon if step.desk != OUTSIDE),
    )


def _mile(  # noqa: PLR0913, PLR0917 - whose, where and when
    house: House, step: RoadStep, flow: Flow, office: Office, today: str, now: frozenset[str]
) -> Mile:
    state: State = "later"
    if step.state == "done":
        state = "done"
    elif step.code in now:
        state = "now"
    elif step.ready:
        state = "returned" if step.state == "returned" else "next"
    ends: Literal["", "soon", "over"] = ""
    if step.until and step.done_on:
        left = (date.fromisoformat(step.until) - date.fromisoformat(today)).days
        ends = "over" if left < 0 else "soon" if left <= SOON else ""
    outside = step.desk == OUTSIDE
    at = house.present.offices() if step.done_at else []
    missing = frozenset(step.missing)
    return Mile(
        code=step.code,
        name=step.name,
        state=state,
        date=step.done_on if state == "done" else "",
        office=house.office(step.done_at).name if state == "done" and step.done_at in at else {},
        until=step.until if step.done_on else "",
        ends=ends,
        after=tuple(flow.step[code].name for code in step.waits_for if code in flow.step),
        missing=tuple(document for document in step.documents if document.code in missing) if state != "done" else (),
        outside=outside,
        at_hand=step.service != "",
        where=() if step.service or outside or state == "done" else _elsewhere(house, step.code, office),
    )


def _elsewhere(house: House, step: str, office: Office) -> tuple[Text, ...]:
    """Names of other offices that do a step."""
    others = [other for other in house.offices() if other.id != office.id and step in other.service_of]
    return tuple(other.name for other in others[:OFFICES_NAMED])


def _documents(steps: Iterable[RoadStep]) -> tuple[Coded, ...]:
    """One list of documents, each code once."""
    return tuple({document.code: document for step in steps for document in step.documents}.values())


def case_number(case: str) -> str:
    """The name of a case as people read it to each other: in groups of five, in capitals."""
    person, _, count = case.rpartition("-")
    return " ".join(person[n : n + 5].upper() for n in range(0, len(person), 5)) + (f" {count}" if count else "")

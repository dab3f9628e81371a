"""What programs may do: each request becomes one command in the program's name, and is answered from what it led to."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from api import answers
from api.asked import Asked
from api.looking import visit
from ltsa.commands import AskHelp, CancelTicket, DayCommand, GiveHelp, OpenCounter
from ltsa.identity import Identity, name_of, nik_of
from ltsa.journey import PERSON, person_of
from ltsa.journey_rules import CompleteReference, NoteReference
from ltsa.ledger import Done
from ltsa.subject import Agreed, digest
from ltsa.subject import asked as consent_text
from ltsa.tokens import token_digest
from web import journeys, tickets
from web.asking import asker
from web.errors import Refused
from web.midnight import now_on
from web.notes import note_beside
from web.seats import own_counter


def command(kind: Callable[..., DayCommand], shown: Callable[[Done], object]) -> Callable[[Asked], object]:
    """The view that gives one kind of command: its fields are the parts of the address and those of the body."""

    def give(asked: Asked) -> object:
        return shown(_do(asked, kind, **_said(asked)))

    return give


def command_with_note(kind: Callable[..., DayCommand]) -> Callable[[Asked], object]:
    """As `command`, for one that may carry a note: its text is kept before the ledger refers to it."""

    def give(asked: Asked) -> object:
        said, address = _said(asked), asked.address
        day = asked.house.today(address["office"])
        number = day.counters[address["counter"]].ticket if address["counter"] in day.counters else ""
        text = said.pop("note")
        with note_beside(
            asked.house, office=address["office"], number=number, by=asked.by, key=asked.key, text=text
        ) as note:
            return answers.ticket_shown(_do(asked, kind, **said, note=note))

    return give


def issue(asked: Asked) -> answers.OwnTicket:
    """Issues a ticket. Its secret follows from the key, so that a repeated request gets the same one."""
    person = _of_card(asked, asked.body.card) if asked.body.card else ""
    ticket, secret = tickets.issue(
        asked.house, office=asked.address["office"], by=asked.by, key=asked.key, person=person, **_said(asked)
    )
    wait = asked.house.forecasts.of_issued(ticket)
    return answers.own_ticket_shown(ticket, secret, asked.house.settings.address, wait)


def open_case(asked: Asked) -> answers.OwnJourney:
    """Opens a case; its card's secret follows from the key, so that a repeated request gets the same one."""
    body, office = asked.body, asked.address["office"]
    said: dict[str, Any] = {"office": office, "scheme": body.scheme, "by": asked.by, "key": asked.key}
    if body.nik:
        who, agreed = Identity(nik=nik_of(body.nik), name=name_of(body.name) if body.name else ""), _agreed(asked)
        if who.name and agreed is None:
            message = "A name is kept for those who agree to it; say so in `agreed`, or leave the name out."
            raise Refused("consent-needed", message, field="agreed", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        person, case, card = journeys.open_case(asked.house, who, **said, agreed=agreed)
    else:
        person, case, card = journeys.open_unnamed(asked.house, **said)
    return answers.own_journey_shown(_journey(asked, person, case), card, asked.house.settings.address)


def _agreed(asked: Asked) -> Agreed | None:
    """To what the person agreed, as the program says. Raises `Refused` for words that the office does not ask."""
    if asked.body.agreed is None:
        return None
    words = consent_text(asked.house.office(asked.address["office"]).consent)
    if (given := words.given(digest(asked.body.agreed), "program")) is None:
        message = "These are not the office's words of consent; show and send them as `consent` of the office has them."
        raise Refused("unknown-consent", message, field="agreed", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return given


def note_reference(asked: Asked) -> answers.Journey:
    """Notes a step's number, or puts the system's own in the place of one on paper."""
    case, body = asked.address["case"], asked.body
    person = person_of(case)
    if not PERSON.fullmatch(person) or (journey := _found(asked, person, case)) is None:
        raise Refused("unknown-case", f"There is no case {case[:60]!r}.", field="case", status=HTTPStatus.NOT_FOUND)
    step = journey.flow.step.get(body.step)
    noted = next((it for it in journey.case.references if it.step == body.step), None)
    about: dict[str, Any] = {"office": asked.address["office"], "by": asked.by, "key": asked.key, "person": person}
    about |= {"case": case, "step": body.step, "system": step.system if step else "", "number": body.number}
    if noted and noted.paper and not body.paper:
        asked.house.do(CompleteReference(**about, at=asked.house.now()))
    else:
        asked.house.do(NoteReference(**about, at=asked.house.now(), paper=body.paper))
    return answers.journey_shown(_journey(asked, person, case))


def _of_card(asked: Asked, card: str) -> str:
    """Whose card has this secret. Raises `Refused`."""
    if (found := journeys.by_card(asked.house, card)) is None:
        message = "This card opens no journey, or none any more."
        raise Refused("unknown-card", message, field="card", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return found[0]


def _found(asked: Asked, person: str, case: str) -> journeys.Journey | None:
    return journeys.journey_of(asked.house, person, office=asked.address["office"], case=case)


def _journey(asked: Asked, person: str, case: str) -> journeys.Journey:
    """A journey that is there."""
    found = _found(asked, person, case)
    assert found  # noqa: S101 - a command about it has just been answered
    return found


def cancel(asked: Asked) -> answers.OwnTicket:
    """Cancels the ticket with this secret, which goes along: tomorrow its number is another person's."""
    token, house = asked.address["token"], asked.house
    day, number = visit(asked)
    office, digest = day.rules_of.id, token_digest(token)
    cancelling = CancelTicket(office=office, at=house.now(), by=asked.by, key=asked.key, number=number, token=digest)
    return answers.own_ticket_shown(answers.ticket_of(house.do(cancelling)), token, house.settings.address)


def open_counter(asked: Asked) -> answers.CounterNow:
    """Somebody sits down at a counter. A program says who; a person who is signed in sits there themselves."""
    person, said = asker().person, _said(asked)
    if person and said["officer"] != person:
        message = f"You are signed in as {person!r}; nobody else can sit down with your account."
        raise Refused("wrong-officer", message, field="officer", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return answers.counter_shown(_do(asked, OpenCounter, **said))


def ask_help(asked: Asked) -> answers.KioskNow:
    """Somebody at a kiosk calls an officer."""
    _own_kiosk(asked.address["kiosk"])
    return answers.kiosk_shown(_do(asked, AskHelp))


def give_help(asked: Asked) -> answers.KioskNow:
    """Whoever called from a kiosk has been helped."""
    _own_kiosk(asked.address["kiosk"])
    return answers.kiosk_shown(_do(asked, GiveHelp))


def _own_kiosk(kiosk: str) -> None:
    """A paired kiosk speaks for itself alone. Raises `Refused`."""
    who = asker()
    if who.device and not who.person and who.device.name != kiosk:
        message = f"This device is the kiosk {who.device.name!r}."
        raise Refused("not-allowed", message, field="kiosk", status=HTTPStatus.FORBIDDEN)


def _do(asked: Asked, kind: Callable[..., DayCommand], **said: Any) -> Done:
    office, meant = asked.address["office"], said.pop("date", None)
    if "counter" in asked.address and kind is not OpenCounter:
        own_counter(asked.house, office, asked.address["counter"], asked.key)
    at = now_on(asked.house, office, meant or "", asked.key)
    return asked.house.do(kind(**asked.address, at=at, by=asked.by, key=asked.key, **said))


def _said(asked: Asked) -> dict[str, Any]:
    """The body's fields; what it leaves open is chosen by the rules that today runs under. Raises `Refusal`."""
    said: dict[str, Any] = asked.body.said(lambda: asked.house.today(asked.address["office"]).rules_of.rules)
    return {**said, "date": asked.body.date} if hasattr(asked.body, "date") else said

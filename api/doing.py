"""What programs may do: each request becomes one command, given by "program", and is answered from what it led to."""

from collections.abc import Callable
from typing import Any

from api import answers
from api.asked import Asked
from api.looking import visit
from ltsa.commands import CancelTicket, DayCommand, IssueTicket
from ltsa.ledger import Done
from ltsa.people import Note
from ltsa.tokens import note_id, ticket_secret, token_digest

PROGRAM = "program"


def command(kind: Callable[..., DayCommand], shown: Callable[[Done], object]) -> Callable[[Asked], object]:
    """The view that gives one kind of command: its fields are the parts of the address and those of the body."""

    def give(asked: Asked) -> object:
        return shown(_do(asked, kind, **_said(asked)))

    return give


def command_with_note(kind: Callable[..., DayCommand]) -> Callable[[Asked], object]:
    """As `command`, for one that may carry a note: its text is kept before the ledger refers to it."""

    def give(asked: Asked) -> object:
        said = _said(asked)
        if text := said["note"]:
            said["note"] = _keep_note(asked, text)
        return answers.ticket_shown(_do(asked, kind, **said))

    return give


def issue(asked: Asked) -> answers.OwnTicket:
    """Issues a ticket. Its secret follows from the key, so that a repeated request gets the same one."""
    token = ticket_secret(asked.house.seed, asked.address["office"], asked.key)
    done = _do(asked, IssueTicket, **_said(asked), token=token_digest(token))
    return answers.own_ticket_shown(answers.ticket_of(done), token, asked.house.settings.address)


def cancel(asked: Asked) -> answers.OwnTicket:
    """Cancels the ticket with this secret, which goes along: tomorrow its number is another person's."""
    token, house = asked.address["token"], asked.house
    day, number = visit(asked)
    office, digest = day.rules_of.id, token_digest(token)
    cancelling = CancelTicket(office=office, at=house.now(), by="holder", key=asked.key, number=number, token=digest)
    return answers.own_ticket_shown(answers.ticket_of(house.do(cancelling)), token, house.settings.address)


def _do(asked: Asked, kind: Callable[..., DayCommand], **said: Any) -> Done:
    return asked.house.do(kind(**asked.address, at=asked.house.now(), by=PROGRAM, key=asked.key, **said))


def _said(asked: Asked) -> dict[str, Any]:
    """The body's fields; what it leaves open is chosen by the rules that today runs under. Raises `Refusal`."""
    said: dict[str, Any] = asked.body.said(lambda: asked.house.today(asked.address["office"]).rules_of.rules)
    return said


def _keep_note(asked: Asked, text: str) -> str:
    """Keeps a note about whoever is at the counter; its id. Where nobody is, the command will be refused."""
    house, office, counter = asked.house, asked.address["office"], asked.address["counter"]
    house.catch_up()
    day, name = house.today(office), note_id(house.seed, asked.key, text)
    here = day.counters[counter].ticket if counter in day.counters else ""
    if here:
        note = Note(id=name, office=office, date=day.date, number=here, by=PROGRAM, at=house.now(), text=text)
        house.off_loop(house.people.keep, note)
    return name

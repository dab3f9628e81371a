"""What programs may do: each request becomes one command, given by "program", and is answered from what it led to."""

from collections.abc import Callable
from typing import Any

from api import answers
from api.asked import Asked
from api.looking import visit
from ltsa.commands import CancelTicket, DayCommand
from ltsa.ledger import Done
from ltsa.tokens import token_digest
from web import tickets
from web.notes import note_beside

PROGRAM = "program"


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
            asked.house, office=address["office"], number=number, by=PROGRAM, key=asked.key, text=text
        ) as note:
            return answers.ticket_shown(_do(asked, kind, **said, note=note))

    return give


def issue(asked: Asked) -> answers.OwnTicket:
    """Issues a ticket. Its secret follows from the key, so that a repeated request gets the same one."""
    ticket, secret = tickets.issue(
        asked.house, office=asked.address["office"], by=PROGRAM, key=asked.key, **_said(asked)
    )
    return answers.own_ticket_shown(ticket, secret, asked.house.settings.address)


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

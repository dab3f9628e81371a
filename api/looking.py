"""What programs may see: offices, boards, a day's history, a ticket whose secret they have."""

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from itertools import islice

from api import answers
from api.asked import Asked
from api.bodies import Since
from ltsa import board
from ltsa.day import Day
from ltsa.present import day_stream
from web import journeys
from web.asking import asker
from web.errors import Refused
from web.house import House


def offices(asked: Asked) -> tuple[answers.Office, ...]:
    """Every office of this installation that the asker may see, as set up today."""
    seen = asker().offices("display.see", asked.house.present.offices())
    return tuple(answers.office_shown(asked.house.office(office)) for office in seen)


def hall(asked: Asked) -> answers.Board:
    """An office's board now."""
    day = asked.house.today(asked.address["office"])
    waits = asked.house.forecasts.newcomers(asked.address["office"])
    return answers.board_shown(board.display(day), board.hall(day), day.version, asked.house.position, waits)


def events(asked: Asked) -> Sequence[answers.Event]:
    """A part of a day's history, in order. Raises `Refused` for a day without any, unless it is today."""
    office, day = asked.house.office(asked.address["office"]), _date(asked.address["date"])
    found = asked.house.off_loop(_history, asked.house, day_stream(office.id, day.isoformat()), asked.query)
    if found is None and day != office.service_date(asked.house.now()):
        raise Refused("unknown-day", f"{office.id} has no record of {day}.", field="date", status=HTTPStatus.NOT_FOUND)
    return found or []


def ticket(asked: Asked) -> answers.OwnTicket:
    """The ticket with this secret."""
    day, number = visit(asked)
    house, wait = asked.house, asked.house.forecasts.of(day, number)
    return answers.own_ticket_shown(board.ticket(day, number), asked.address["token"], house.settings.address, wait)


def case(asked: Asked) -> answers.OwnJourney:
    """The journey whose card has this secret, as the office where it was opened sees it today."""
    card, house = asked.address["card"], asked.house
    found = journeys.by_card(house, card)
    person, name = found or ("", "")
    office = next(iter(house.present.offices()))
    shown = journeys.journey_of(house, person, office=office, case=name) if found else None
    if shown is None:
        message = "No journey has a card with this secret."
        raise Refused("unknown-card", message, field="card", status=HTTPStatus.NOT_FOUND)
    return answers.own_journey_shown(shown, card, house.settings.address)


def visit(asked: Asked) -> tuple[Day, str]:
    """The day and number of the ticket with the secret in the address, in whatever process it was issued."""
    secret, house = asked.address["token"], asked.house
    if (found := house.find_ticket(secret)) is None:
        message = "There is no ticket with this token, today or on the last service day."
        raise Refused("unknown-token", message, field="token", status=HTTPStatus.NOT_FOUND)
    return found


def _history(house: House, stream: str, since: Since) -> list[answers.Event] | None:
    """Blocks. None when the stream has no event at all."""
    rows = islice(house.ledger.history(stream, since.after), since.limit)
    found = [answers.event_shown(recorded) for recorded in rows]
    return found or ([] if any(house.ledger.history(stream, 0, 1)) else None)


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        message = f"{text[:40]!r} is no date; write it as 2026-11-21."
        raise Refused("wrong-date", message, field="date", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return day

"""What the kiosk and the holder's phone show of a day: pure pictures for the live feed, cheap and without a clock."""

from msgspec import Struct

from kiosk import roads
from kiosk.roads import Journey
from ltsa import board
from ltsa.board import ChoicePicture, TicketPicture
from ltsa.day import Day
from ltsa.message import Refusal
from ltsa.office import Coded, Text
from ltsa.rules import full_services
from web.doors import Door, door
from web.forecasting import Wait
from web.house import House


class Offer(Struct, frozen=True, kw_only=True):
    """The services a kiosk offers; `chosen` are those that the person at it has chosen already, `full` those for which
    today's numbers are taken, `waits` how long somebody waits who takes a number now.
    """

    office: str
    door: Door
    choices: tuple[ChoicePicture, ...]
    full: tuple[str, ...]
    chosen: tuple[str, ...]
    waits: dict[str, Wait]


class Chosen(Struct, frozen=True, kw_only=True):
    """What a person has chosen, in the order of the visit. `bring` is one list for all of it; `sequels` pairs each
    service that follows others with those of them that were not chosen.
    """

    door: Door
    choices: tuple[ChoicePicture, ...]
    full: tuple[str, ...]
    waits: dict[str, Wait]
    bring: tuple[Coded, ...]
    sequels: tuple[tuple[ChoicePicture, tuple[ChoicePicture, ...]], ...]


class Help(Struct, frozen=True, kw_only=True):
    """Since when (ms) somebody at a kiosk asks for an officer; 0 when nobody does."""

    since: int


class Visit(Struct, frozen=True, kw_only=True):
    """A ticket for its holder. `open` says whether its day still runs; `door` how the office's doors stand today;
    `wait` how long they wait until their next call, None where that cannot be said; `manned` whether a counter is open
    for one of the services that they wait for. For a visit of a journey, that, and what is done of it
    at each service.
    """

    token: str
    open: bool
    door: Door
    ticket: TicketPicture
    wait: Wait | None = None
    manned: bool = True
    journey: Journey | None = None
    work: dict[str, tuple[Text, ...]] = {}


def offer(house: House, office: str, chosen: str = "") -> Offer | None:
    """The offer of an office's kiosk; `chosen` lists services with commas. None where there is no such office."""
    now, shut = _kiosk(house, office), door(house, office)
    if now is None or shut is None:
        return None
    wanted = tuple(chosen.split(",")) if chosen else ()
    return Offer(
        office=office,
        door=shut,
        choices=now.choices,
        full=_full(house, office),
        chosen=wanted,
        waits=_waits(house, office),
    )


def chosen(house: House, office: str, services: str) -> Chosen | None:
    """What was chosen, from a list of services with commas; those that the office does not have are left out."""
    now, shut = _kiosk(house, office), door(house, office)
    if now is None or shut is None:
        return None
    offered = {choice.service: choice for choice in now.choices}
    wanted = services.split(",")
    choices = tuple(choice for choice in now.choices if choice.service in wanted)
    before = [
        (choice, tuple(offered[service] for service in choice.after if service not in wanted)) for choice in choices
    ]
    return Chosen(
        door=shut,
        choices=choices,
        full=_full(house, office),
        waits=_waits(house, office),
        bring=_together(choices),
        sequels=tuple((choice, missing) for choice, missing in before if missing),
    )


def help_asked(house: House, office: str, kiosk: str) -> Help | None:
    """Whether officers know that somebody at this kiosk needs one. None where there is no such office."""
    try:
        return Help(since=house.today(office).help.get(kiosk, 0))
    except Refusal:
        return None


def visit(house: House, token: str) -> Visit | None:
    """The ticket with this secret, of today or of the last service day; None for any other."""
    found = house.ticket(token.upper())
    if found is None:
        return None
    day, number = found
    shut = door(house, day.rules_of.id)
    assert shut, "the ticket is of an office that is there"  # noqa: S101 - house.ticket knows it
    return Visit(
        token=token.upper(),
        open=day.open,
        door=shut,
        ticket=board.ticket(day, number),
        wait=house.forecasts.of(day, number),
        manned=_manned(day, number),
        journey=roads.of_ticket(house, day, number),
        work=roads.work_of(house, day, number),
    )


def office_of(house: House, token: str) -> str | None:
    """The office whose changes concern a ticket."""
    found = house.ticket(token.upper())
    return found[0].rules_of.id if found else None


def _kiosk(house: House, office: str) -> board.KioskPicture | None:
    try:
        return board.kiosk(house.today(office))
    except Refusal:
        return None


def _full(house: House, office: str) -> tuple[str, ...]:
    return full_services(house.today(office))


def _manned(day: Day, number: str) -> bool:
    waits = day.tickets[number].waits
    return any(now.state != "closed" and service in now.services for now in day.counters.values() for service in waits)


def _waits(house: House, office: str) -> dict[str, Wait]:
    return house.forecasts.newcomers(office)


def _together(choices: tuple[ChoicePicture, ...]) -> tuple[Coded, ...]:
    """One list of documents: each code once, in the fuller wording ("KTP asli" says more than "KTP")."""
    bring: dict[str, Coded] = {}
    for choice in choices:
        for document in choice.bring:
            known = bring.setdefault(document.code, document)
            if len(document.name["id"]) > len(known.name["id"]):
                bring[document.code] = document
    return tuple(bring.values())

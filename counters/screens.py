"""What the pages of this room show live: the board's pictures, cut so that a change is pushed only where it shows."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from counters.journey import Journey, of_visit
from ltsa import board
from ltsa.day import Day
from ltsa.message import Refusal
from ltsa.office import Office
from web.forecasting import Wait
from web.house import House

AWAY_SHOWN = 12
HALL_AWAY_SHOWN = 40


class Desk(Struct, frozen=True):
    """The person at the counter and what may be done. `desk.queue` is empty; `desk.waiting` is 1 if anyone waits.
    `journey` is what the person's visit belongs to, if it does.
    """

    office: Office
    desk: board.DeskPicture
    journey: Journey | None = None


class Line(Struct, frozen=True):
    """The people who are not at the counter: in the queue, on hold, away. `free` says that one of them may come now;
    `waits` how long newcomers wait for each of the services.
    """

    office: Office
    free: bool
    services: tuple[str, ...]
    queue: tuple[board.PersonPicture, ...]
    waiting: int
    held: tuple[board.PersonPicture, ...]
    away: tuple[board.PersonPicture, ...]
    gone: int
    waits: dict[str, Wait] = {}
    as_of: int = 0
    overtakes: int = 0


class Hall(Struct, frozen=True):
    """The office at a glance. `away` are the latest of the `gone` who are absent or returned; `offers` are the actions
    that the page offers to whoever looks; `waits` how long newcomers wait for each service.
    """

    office: Office
    hall: board.HallPicture
    away: tuple[board.PersonPicture, ...] = ()
    gone: int = 0
    offers: frozenset[str] = frozenset()
    waits: dict[str, Wait] = {}


def desk(house: House, office: str, counter: str) -> Desk | None:
    """The desk's middle."""
    if (day := _day(house, office)) is None or counter not in day.counters:
        return None
    whole = board.desk(day, counter)
    here = tuple(person for person in whole.held if person.counter == counter)
    journey = of_visit(house, day, whole.counter.ticket)
    quiet: dict[str, Any] = {"queue": (), "away": (), "as_of": 0, "overtakes": 0}
    return Desk(day.rules_of, replace(whole, held=here, waiting=min(whole.waiting, 1), **quiet), journey)


def line(house: House, office: str, counter: str) -> Line | None:
    """The desk's right side."""
    if (day := _day(house, office)) is None or counter not in day.counters:
        return None
    whole, waits = board.desk(day, counter), house.forecasts.newcomers(office)
    return Line(
        office=day.rules_of,
        free=day.open and whole.counter.state == "open" and whole.current is None,
        services=whole.counter.services,
        queue=whole.queue,
        waiting=whole.waiting,
        held=whole.held,
        away=whole.away[:AWAY_SHOWN],
        gone=len(whole.away),
        waits={service: wait for service, wait in waits.items() if service in whole.counter.services},
        as_of=whole.as_of,
        overtakes=whole.overtakes,
    )


def hall(house: House, office: str, offers: str = "") -> Hall | None:
    """The supervisor's page, which offers some actions of the policy ("hall.lead,desk.work"): what it offers in vain is
    refused all the same.
    """
    day = _day(house, office)
    if day is None:
        return None
    away = board.away(day)
    shown, waits = away[:HALL_AWAY_SHOWN], house.forecasts.newcomers(office)
    return Hall(day.rules_of, board.hall(day), shown, len(away), frozenset(offers.split(",")), waits)


def counters(house: House, office: str) -> Hall | None:
    """The choice of a counter: its state and officer, not who is there."""
    day = _day(house, office)
    if day is None:
        return None
    whole = board.hall(day)
    quiet: dict[str, Any] = {"ticket": "", "ticket_state": "", "service": "", "ticket_since": 0}
    shown = tuple(replace(counter, **quiet) for counter in whole.counters)
    return Hall(day.rules_of, replace(whole, counters=shown, queues=(), tally={}, issued=0, help=()))


def _day(house: House, office: str) -> Day | None:
    try:
        return house.today(office)
    except Refusal:
        return None

"""What the hall sees: the board's picture of the day, and for each call the sentence that is spoken and shown."""

from msgspec import Struct

from display.announcement import announcement
from ltsa import board
from ltsa.board import CallPicture, QueuePicture, StandbyPicture
from ltsa.office import Text
from web.doors import Door, door
from web.forecasting import Wait
from web.house import House


class Shown(Struct, frozen=True, kw_only=True):
    """A call on the wall. `serial` is spoken once; `kind` is "call", "recall" or "last"; `clips` are what is heard,
    `captions` the same to read.
    """

    number: str
    counter: str
    service: Text
    state: str
    at: int
    serial: int
    kind: str
    clips: tuple[str, ...]
    captions: Text


class Wall(Struct, frozen=True, kw_only=True):
    """The whole wall: calls that people still have to follow first, then those being served, each latest first; then
    earlier calls of others, the queues with how long newcomers wait, and who sits before which counters (shown, never
    spoken). `door` says how the office's doors stand.
    """

    date: str
    open: bool
    door: Door
    running_text: Text
    calls: tuple[Shown, ...]
    earlier: tuple[Shown, ...]
    queues: tuple[QueuePicture, ...]
    waits: dict[str, Wait] = {}
    standby: tuple[StandbyPicture, ...] = ()


def wall(house: House, office: str) -> Wall | None:
    """An office's wall now; None for an office that is not there."""
    shut = door(house, office)
    if shut is None:
        return None
    day = house.today(office)
    picture, services = board.display(day), day.rules_of.service

    def shown(call: CallPicture) -> Shown:
        kind = "last" if call.last_call else "recall" if call.recalls else "call"
        said = announcement(call.number, call.counter, kind)
        return Shown(
            number=call.number,
            counter=call.counter,
            service=services[call.service].name,
            state=call.state,
            at=call.at,
            serial=call.serial,
            kind=kind,
            clips=said.clips,
            captions=said.captions,
        )

    present = {call.number for call in picture.current}
    earlier = {call.number: call for call in reversed(picture.recent) if call.number not in present}
    return Wall(
        date=picture.date,
        open=picture.open,
        door=shut,
        running_text=picture.running_text,
        calls=tuple(shown(call) for call in sorted(picture.current, key=lambda call: call.state != "called")),
        earlier=tuple(shown(call) for call in sorted(earlier.values(), key=lambda call: -call.serial)),
        queues=picture.queues,
        waits=house.forecasts.newcomers(office),
        standby=picture.standby,
    )

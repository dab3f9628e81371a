"""How an office's doors stand, as its screens say it: by its hours, its supervisor, and how many it serves a day."""

from datetime import date
from typing import Literal

from msgspec import Struct

from ltsa.hours import ALWAYS, hours_on, opens_after, state_at
from ltsa.message import Refusal
from ltsa.office import Text
from ltsa.rules import is_full
from web.house import House

State = Literal["open", "closed", "off", "before", "after", "full"]


class Door(Struct, frozen=True, kw_only=True):
    """Whether numbers are given now, and what else there is to say. It stays the same until one of its times comes.

    Attributes:
        state: "open"; "closed" (the supervisor has ended the day), "off" (shut all day), "before" and "after" (no
            numbers yet, no more today), "full" (all of today's are taken).
        hours: "open", "break", "before", "after" or "off", whether or not numbers are given.
        name: why it is off, or what the break is called.
        opens: when the office, or the break, is over and the office opens again (ms UTC); None where nobody knows.
        timed: whether `opens` is a time of day, or only a date.
        begins, ends: from when until when numbers are given today; None for an office without hours.
    """

    date: str
    state: State
    hours: str
    name: Text = {}
    opens: int | None = None
    timed: bool = True
    begins: int | None = None
    ends: int | None = None


def door(house: House, office: str) -> Door | None:
    """An office's doors now; None for an office that is not there."""
    try:
        day = house.today(office)
    except Refusal:
        return None
    configured, at, today = day.rules_of, house.now(), date.fromisoformat(day.date)
    now = state_at(configured, at)
    state: State = "open"
    if not day.open:
        state = "closed"
    elif now.state == "off":
        state = "off"
    elif not now.numbers:
        state = "before" if at < (now.numbers_from or 0) else "after"
    elif is_full(day):
        state = "full"
    if not (configured.week or configured.days_off or configured.special_days):
        return Door(date=day.date, state=state, hours=now.state)
    opens = now.until if now.state == "break" else now.opens
    if state in {"closed", "full", "after"}:
        later = opens_after(configured, today)
        opens = int(later.timestamp() * 1000) if later else None
    return Door(
        date=day.date,
        state=state,
        hours=now.state,
        name=now.name,
        opens=opens,
        timed=opens is not None and hours_on(configured, configured.service_date(opens)) is not ALWAYS,
        begins=now.numbers_from,
        ends=now.numbers_until,
    )

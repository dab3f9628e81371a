"""When an office is open, and when it gives numbers: pure, from its configuration.

A special day goes before a day off, a day off before the week; an office without any week is always open. Local times
are of the office's zone, instants ms UTC.
"""

from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from ltsa.office import WEEKDAYS, DayOff, Office, Opening, Text

ALWAYS = Opening(opens="00:00", closes="24:00")
"""The hours of an office that has none."""

FARTHEST = 400
"""Days within which the next opening is looked for."""

State = Literal["open", "break", "before", "after", "off"]


class Doors(Struct, frozen=True, kw_only=True):
    """How an office's doors stand at an instant.

    `name` says why they are shut (the break's name, the day off's) or what is special about today's hours. `until` is
    when this state ends, at the latest at midnight; `opens` the next opening where they are not open, None when none is
    near. `numbers` says whether numbers are given now, `numbers_from` and `numbers_until` when today.
    """

    state: State
    name: Text = {}
    until: int
    opens: int | None = None
    numbers: bool = False
    numbers_from: int | None = None
    numbers_until: int | None = None


def hours_on(office: Office, day: date) -> Opening | None:
    """The hours of a date; None when the office is closed all day."""
    written = day.isoformat()
    if special := office.special_day.get(written):
        return special
    if written in office.day_off:
        return None
    return office.week.get(WEEKDAYS[day.weekday()]) if office.week else ALWAYS


def day_off_on(office: Office, day: date) -> DayOff | None:
    """Why the office is closed on a date that would not be closed by its weekday alone."""
    written = day.isoformat()
    return None if written in office.special_day else office.day_off.get(written)


def numbers_on(office: Office, day: date) -> tuple[int, int] | None:
    """From when until when (ms UTC) numbers are given on a date; None when the office is closed all day."""
    hours = hours_on(office, day)
    if hours is None:
        return None
    first, last = office.rules.first_ticket, office.rules.last_ticket
    begins = max(_instant(office, day, hours.opens) - first * 60_000, _instant(office, day, "00:00"))
    return begins, _instant(office, day, hours.closes) - last * 60_000


def rests_on(office: Office, day: date) -> list[tuple[int, int]]:
    """The breaks of a date, each from when until when (ms UTC), in order."""
    hours = hours_on(office, day)
    rests = hours.breaks if hours else ()
    return [(_instant(office, day, rest.begins), _instant(office, day, rest.ends)) for rest in rests]


def opens_after(office: Office, day: date) -> datetime | None:
    """The opening of the first date after `day` on which the office opens, in its zone; None when none is near."""
    for later in (day + timedelta(days=n) for n in range(1, FARTHEST)):
        if hours := hours_on(office, later):
            return datetime.combine(later, time.fromisoformat(hours.opens), office.clock)
    return None


def state_at(office: Office, at: int) -> Doors:
    """How the doors stand at an instant (ms UTC)."""
    today = office.service_date(at)
    hours, numbers = hours_on(office, today), numbers_on(office, today)
    later = opens_after(office, today)
    next_day, midnight = int(later.timestamp() * 1000) if later else None, _instant(office, today, ALWAYS.closes)
    if hours is None or numbers is None:
        off = day_off_on(office, today)
        return Doors(state="off", name=off.name if off else {}, until=midnight, opens=next_day)
    state, until, opens, name = _within(office, today, hours, at)
    special = office.special_day.get(today.isoformat())
    return Doors(
        state=state,
        name=name or (special.name if special else {}),
        until=until or midnight,
        opens=None if state == "open" else opens or next_day,
        numbers=numbers[0] <= at < numbers[1],
        numbers_from=numbers[0],
        numbers_until=numbers[1],
    )


def _within(office: Office, today: date, hours: Opening, at: int) -> tuple[State, int | None, int | None, Text]:
    """The state, until when, the next opening today, and the break's name."""
    if at < (opens := _instant(office, today, hours.opens)):
        return "before", opens, opens, {}
    for rest in hours.breaks:
        if at < (begins := _instant(office, today, rest.begins)):
            return "open", begins, None, {}
        if at < (ends := _instant(office, today, rest.ends)):
            again = None if rest.ends == hours.closes else ends
            return "break", ends, again, rest.name
    if at < (closes := _instant(office, today, hours.closes)):
        return "open", closes, None, {}
    return "after", None, None, {}


def _instant(office: Office, day: date, local: str) -> int:
    """A local time of a date in ms UTC; 24:00 is the next midnight."""
    if local == ALWAYS.closes:
        day, local = day + timedelta(days=1), "00:00"
    return int(datetime.combine(day, time.fromisoformat(local), office.clock).timestamp() * 1000)

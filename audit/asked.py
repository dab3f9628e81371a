"""What an address asks for: a day, an instant of it, a part of its events. What cannot be right gets a sentence."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from ltsa.replay import Line
from web.errors import Refused
from web.words import Words, page_language

LAST_MS = 999
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"(\d\d?)[:.](\d\d)(?:[:.](\d\d))?", re.ASCII)


class WrongTimeError(ValueError):
    """No time of day."""


class Instant(Struct, frozen=True, kw_only=True):
    """An instant of a day: until when (ms UTC), or after which version; its end when neither is given."""

    until: int | None = None
    version: int | None = None


class Filter(Struct, frozen=True, kw_only=True):
    """Which events of a day: of a ticket, a counter, an officer, a kind, between two instants (ms UTC, inclusive)."""

    number: str = ""
    counter: str = ""
    officer: str = ""
    event: str = ""
    since: int | None = None
    until: int | None = None

    def take(self, lines: Iterable[Line]) -> list[Line]:
        """The lines that it lets through."""
        return [line for line in lines if self.takes(line)]

    def takes(self, line: Line) -> bool:
        """Whether it lets a line through."""
        return (
            (not self.number or line.number == self.number)
            and (not self.counter or line.counter == self.counter)
            and (not self.officer or self.officer == line.officer or line.actor == f"officer:{self.officer}")
            and (not self.event or line.event == self.event)
            and (self.since is None or line.at >= self.since)
            and (self.until is None or line.at <= self.until)
        )


def day_of(written: str) -> date:
    """A date written as 2026-11-21. Raises `Refused`."""
    try:
        return date.fromisoformat(written if _DATE.fullmatch(written) else "")
    except ValueError:
        raise wrong("date", "date", given=written) from None


def time_of_day(written: str) -> time:
    """A time of day written as 09:15, 09:15:30, or with points. Raises `WrongTimeError`."""
    found = _TIME.fullmatch(written.strip())
    if found is None:
        raise WrongTimeError(written)
    try:
        hour, minute, second = (int(part or 0) for part in found.groups())
        return time(hour, minute, second)
    except ValueError:
        raise WrongTimeError(written) from None


def instant_of(written: str, day: date, zone: ZoneInfo) -> int:
    """The end of the second that a time of day names, in ms UTC: what a list shows at 09.15.30 has happened by then.

    Raises:
        WrongTimeError: it is no time of day.
    """
    return int(datetime.combine(day, time_of_day(written), zone).timestamp() * 1000) + LAST_MS


def instant(query: Mapping[str, str], day: date, zone: ZoneInfo, newest: int) -> Instant:
    """Reads `version=412`, or `at=09:15:00`. Raises `Refused`."""
    if written := query.get("version", ""):
        if not written.isascii() or not written.isdigit() or int(written[:9]) > newest:
            raise wrong("version", "version", given=written, newest=newest)
        return Instant(version=int(written))
    if written := query.get("at", ""):
        return Instant(until=_until(written, day, zone, "at"))
    return Instant()


def events(query: Mapping[str, str], day: date, zone: ZoneInfo) -> Filter:
    """Reads `number=A012&counter=3&officer=…&event=ticket-called&from=09:00&to=10:00`. Raises `Refused`."""
    since, until = query.get("from", ""), query.get("to", "")
    return Filter(
        number=query.get("number", "").strip().upper(),
        counter=query.get("counter", "").strip(),
        officer=query.get("officer", "").strip(),
        event=query.get("event", "").strip(),
        since=_until(since, day, zone, "from") - LAST_MS if since else None,
        until=_until(until, day, zone, "to") if until else None,
    )


class Dates(Struct, frozen=True):
    """The local dates of a list, both included."""

    first: date
    last: date

    def span(self, zone: ZoneInfo) -> tuple[int, int]:
        """From which instant until before which (ms UTC)."""
        begins, ends = (datetime.combine(day, time(), zone) for day in (self.first, self.last + timedelta(days=1)))
        return int(begins.timestamp() * 1000), int(ends.timestamp() * 1000)


def dates(query: Mapping[str, str], today: date, days: int) -> Dates:
    """Reads `from=2026-11-01&to=2026-11-21`; without them the last `days` days. Raises `Refused`."""
    last = day_of(query["to"]) if query.get("to") else today
    first = day_of(query["from"]) if query.get("from") else last - timedelta(days=min(days - 1, last.toordinal() - 1))
    return Dates(first, last)


def page_of(query: Mapping[str, str]) -> int:
    """Reads `page=2`; the first when none is asked for. Raises `Refused`."""
    written = query.get("page", "1")
    if not written.isascii() or not written.isdigit() or int(written[:9]) == 0:
        raise wrong("page", "page", given=written)
    return int(written[:9])


def wrong(what: str, field: str, status: int = 422, **values: object) -> Refused:
    """The refusal of an address, in the page's words."""
    return Refused(f"unreadable-{what}", Words(page_language())(f"audit.wrong.{what}", **values), field, status=status)


def _until(written: str, day: date, zone: ZoneInfo, field: str) -> int:
    try:
        return instant_of(written, day, zone)
    except WrongTimeError:
        raise wrong("time", field, given=written) from None

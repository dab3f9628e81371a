"""What an address asks for: a day, an instant of it, a part of its events. What cannot be right gets a sentence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from ltsa.present import Recorded
from ltsa.replay import Line
from ltsa.traces import Traces
from web.errors import Refused
from web.words import Words, page_language

LAST_MS = 999

CORRECTIONS = ("action-undone", "day-reopened")
"""The kinds of events that take another one back."""

GO: dict[str, tuple[str, ...]] = {"": (), "-call": ("ticket-called",), "-correction": CORRECTIONS}
"""Where one can go from an instant, "next" or "previous" before it: to an event of these kinds, or of the choice."""

DIGITS = 15
"""No ledger has more positions than such a number says."""

CHOICE = ("number", "counter", "officer", "event", "from", "to")
"""What in an address chooses events."""

LANES_CHOICE = ("lanes", "span", "lane", "lanes_page")
"""What in an address chooses lanes of the timeline."""

LANES = ("counters", "officers", "tickets")
SPANS = (5, 15, 60, 240, 0)
"""Minutes that a window of the timeline can be wide; 0 is the whole day."""

_WAYS = tuple(f"{way}{to}" for to in GO for way in ("next", "previous"))
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"(\d\d?)[:.](\d\d)(?:[:.](\d\d))?", re.ASCII)


class WrongTimeError(ValueError):
    """No time of day."""


class Instant(Struct, frozen=True, kw_only=True):
    """An instant of a day: until when (ms UTC), or after which version, or where the ledger's position was so far; its
    end when none is given. `go` leads on from there, to the next or the previous event of `GO`.
    """

    until: int | None = None
    version: int | None = None
    position: int | None = None
    go: str = ""


class Lanes(Struct, frozen=True, kw_only=True):
    """Which lanes of the timeline: of counters, officers or tickets, in a window of so many minutes (0: the whole day),
    only those whose name begins so, and which page of them.
    """

    of: str = "counters"
    span: int = 60
    name: str = ""
    page: int = 1


class Filter(Struct, frozen=True, kw_only=True):
    """Which events of a day: of a ticket, a counter, an officer, a kind, between two instants (ms UTC, inclusive)."""

    number: str = ""
    counter: str = ""
    officer: str = ""
    event: str = ""
    since: int | None = None
    until: int | None = None

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

    @property
    def everything(self) -> bool:
        """Whether it lets through whatever there is."""
        return self == Filter()

    def versions(self, history: Sequence[Recorded], traces: Traces) -> Sequence[int]:
        """The versions of the events that it lets through, ascending: found in the day's traces, without a look at
        each event.
        """
        first = 0 if self.since is None else bisect_left(history, self.since, key=_at)
        last = len(history) if self.until is None else bisect_right(history, self.until, key=_at)
        named = (
            (self.number, traces.numbers),
            (self.counter, traces.counters),
            (self.officer, traces.officers),
            (self.event, traces.kinds),
        )
        lists = sorted((kept.get(name, []) for name, kept in named if name), key=len)
        if not lists:
            return range(first + 1, last + 1)
        found = lists[0][bisect_right(lists[0], first) : bisect_right(lists[0], last)]
        for other in lists[1:]:
            known = set(other)
            found = [version for version in found if version in known]
        return found


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
    """Reads `version=412`, `at=09:15:00` or `position=90412`, and `go=next-call` with it. Raises `Refused`."""
    go = query.get("go", "")
    if go and go not in _WAYS:
        raise wrong("go", "go", given=go, ways=", ".join(_WAYS))
    if written := query.get("version", ""):
        if not _is_number(written) or int(written[:9]) > newest:
            raise wrong("version", "version", given=written, newest=newest)
        return Instant(version=int(written[:9]), go=go)
    if written := query.get("at", ""):
        return Instant(until=_until(written, day, zone, "at"), go=go)
    if written := query.get("position", ""):
        if not _is_number(written) or len(written) > DIGITS:
            raise wrong("position", "position", given=written)
        return Instant(position=int(written), go=go)
    return Instant(go=go)


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


def page_of(query: Mapping[str, str], default: int = 1) -> int:
    """Reads `page=2`; the default when none is asked for. Raises `Refused`."""
    written = query.get("page")
    if written is None:
        return default
    if not _is_number(written) or int(written[:9]) == 0:
        raise wrong("page", "page", given=written)
    return int(written[:9])


def lanes(query: Mapping[str, str]) -> Lanes:
    """Reads `lanes=tickets&span=60&lane=A0&lanes_page=2`. Raises `Refused`."""
    of = query.get("lanes") or LANES[0]
    if of not in LANES:
        raise wrong("lanes", "lanes", given=of, known=", ".join(LANES))
    span = query.get("span") or str(SPANS[2])
    if span not in map(str, SPANS):
        raise wrong("span", "span", given=span, known=", ".join(map(str, SPANS)))
    page = query.get("lanes_page") or "1"
    if not _is_number(page) or int(page[:9]) == 0:
        raise wrong("page", "lanes_page", given=page)
    return Lanes(of=of, span=int(span), name=query.get("lane", "").strip(), page=int(page[:9]))


def wrong(what: str, field: str, status: int = 422, **values: object) -> Refused:
    """The refusal of an address, in the page's words."""
    return Refused(f"unreadable-{what}", Words(page_language())(f"audit.wrong.{what}", **values), field, status=status)


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdigit()


def _at(recorded: Recorded) -> int:
    return recorded.event.at


def _until(written: str, day: date, zone: ZoneInfo, field: str) -> int:
    try:
        return instant_of(written, day, zone)
    except WrongTimeError:
        raise wrong("time", field, given=written) from None

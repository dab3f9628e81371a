"""Times, dates and counts as the screen's language writes them.

Instants are integer milliseconds UTC since 1970, durations integer milliseconds, zones IANA names. The plain functions
take the zone and the language; the Jinja filters of the same names take them from the page (`g.zone`, `g.lang`).
"""

import re
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from flask import Flask, g, has_app_context

from web.words import page_language

ZONE = "Asia/Jakarta"
LABELS = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}

# fmt: off
MONTHS = {
    "id": ["Januari", "Februari", "Maret", "April", "Mei", "Juni",
           "Juli", "Agustus", "September", "Oktober", "November", "Desember"],
    "en": ["January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"],
}
# fmt: on
DAYS = {
    "id": ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}

MINUTE = 60_000
DAYS_A_WEEK = 7

Day = int | str | date
"""A day: an instant, an ISO date ("2026-11-21"), or a date."""


def hhmm(ms: int, zone: str = ZONE, lang: str = "id") -> str:
    """Time of day to the minute: "14.30"; English "14:30"."""
    return f"{_local(ms, zone):%H.%M}" if lang != "en" else f"{_local(ms, zone):%H:%M}"


def hhmmss(ms: int, zone: str = ZONE, lang: str = "id") -> str:
    """Time of day to the second: "14.30.05"; English "14:30:05"."""
    return f"{_local(ms, zone):%H.%M.%S}" if lang != "en" else f"{_local(ms, zone):%H:%M:%S}"


def long_date(day: Day, zone: str = ZONE, lang: str = "id") -> str:
    """Day, month and year: "21 November 2026"."""
    local = _date(day, zone)
    return f"{local.day} {_names(MONTHS, lang)[local.month - 1]} {local.year}"


def short_date(day: Day, zone: str = ZONE, lang: str = "id") -> str:
    """The month in three letters: "21 Nov 2026", "21 Agu 2026"."""
    local = _date(day, zone)
    return f"{local.day} {_names(MONTHS, lang)[local.month - 1][:3]} {local.year}"


def full_date(day: Day, zone: str = ZONE, lang: str = "id") -> str:
    """With the day of the week: "Sabtu, 21 November 2026"."""
    return f"{_names(DAYS, lang)[_date(day, zone).weekday()]}, {long_date(day, zone, lang)}"


def coming(at: int, today: Day, zone: str = ZONE, lang: str = "id", *, timed: bool = True) -> str:
    """When something is that is to come, as people say it today: "pukul 08.00", "Senin pukul 08.00", and from a week
    on "Senin, 4 Januari 2027, pukul 08.00"; without the time of day where it is not `timed`.
    """
    day, now = _date(at, zone), _date(today, zone)
    days = (day - now).days
    if days == 0:
        when = "" if timed else "today" if lang == "en" else "hari ini"
    elif 0 < days < DAYS_A_WEEK:
        when = _names(DAYS, lang)[day.weekday()]
    else:
        when = full_date(day, zone, lang) + ("," if timed and lang != "en" else "")
    when = f"on {when}" if lang == "en" and days else when
    return f"{when} {'at' if lang == 'en' else 'pukul'} {hhmm(at, zone, lang)}".strip() if timed else when


def iso(ms: int, zone: str = ZONE) -> str:
    """For machines, as in `<time datetime>`: "2026-11-21T14:30:05+07:00"."""
    return _local(ms, zone).isoformat(timespec="seconds")


def zone_label(zone: str = ZONE, ms: int = 0) -> str:
    """The zone's everyday name: "WIB", "WITA", "WIT"; elsewhere what the zone calls itself at that instant."""
    return LABELS.get(zone) or _local(ms, zone).tzname() or zone


def minutes(ms: int, lang: str = "id") -> str:
    """A duration in words, down to the minute: "12 menit", "1 jam 5 menit", "< 1 menit"."""
    whole = max(ms, 0) // MINUTE
    if whole == 0:
        return "< 1 minute" if lang == "en" else "< 1 menit"
    hours, rest = divmod(whole, 60)
    parts = [(hours, "hour", "jam"), (rest, "minute", "menit")]
    if lang == "en":
        return " ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word, _ in parts if n)
    return " ".join(f"{n} {kata}" for n, _, kata in parts if n)


def minutes_range(low: int, high: int, lang: str = "id") -> str:
    """A range of durations, for a wait that nobody can promise to the minute: from 10 to 20 minutes, less than 5."""
    first, last = max(low, 0) // MINUTE, -(-max(high, 0) // MINUTE)
    if last <= 1:
        return minutes(0, lang)
    unit = "minutes" if lang == "en" else "menit"
    if first == 0:
        return f"{'less than' if lang == 'en' else 'kurang dari'} {last} {unit}"
    return minutes(last * MINUTE, lang) if first >= last else f"{first}–{last} {unit}"


def listed(names: Iterable[str], lang: str = "id") -> str:
    """Names in a sentence: "A", "A dan B", "A, B, dan C"; English "A, B and C"."""
    *before, last = list(names) or [""]
    if not before:
        return last
    comma = "," if lang != "en" and len(before) > 1 else ""
    return f"{', '.join(before)}{comma} {'and' if lang == 'en' else 'dan'} {last}"


def ranged(names: Iterable[str], lang: str = "id") -> str:
    """Names that differ in their number alone, together: "Loket 4–5", "Loket 4–6 dan 9"; others as `listed`."""
    known = list(dict.fromkeys(names))
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in known]
    heads = {part[1] for part in parts if part}
    if len(known) < 2 or len(heads) > 1 or not all(parts):  # noqa: PLR2004 - one name is no range
        return listed(known, lang)
    numbers, spans = sorted(int(part[2]) for part in parts if part), list[list[int]]()
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    said = [f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans]
    return f"{heads.pop()}{listed(said, lang)}"


def count(n: int, lang: str = "id") -> str:
    """A count with its thousands: "1.234"; English "1,234"."""
    return f"{n:,}" if lang == "en" else f"{n:,}".replace(",", ".")


def now_ms() -> int:
    """The present instant, for a page that shows the time. Rules never ask here: their time comes with the command."""
    return time.time_ns() // 1_000_000


def page_zone() -> str:
    """The time zone of what is being rendered: `g.zone`, which a face sets from its office; WIB where nobody did."""
    return str(g.get("zone", ZONE)) if has_app_context() else ZONE


def install(app: Flask) -> None:
    """Gives every template the filters, each in the page's zone and language unless told otherwise."""
    zoned: list[Callable[..., str]] = [hhmm, hhmmss, long_date, short_date, full_date]
    for written in zoned:
        app.jinja_env.filters[written.__name__] = _in_page_zone(written)
    app.jinja_env.filters.update(
        coming=lambda at, today, lang="", timed=True: coming(
            at, today, page_zone(), lang or page_language(), timed=timed
        ),
        count=lambda n, lang="": count(n, lang or page_language()),
        iso=lambda ms, zone="": iso(ms, zone or page_zone()),
        listed=lambda names, lang="": listed(names, lang or page_language()),
        ranged=lambda names, lang="": ranged(names, lang or page_language()),
        minutes=lambda ms, lang="": minutes(ms, lang or page_language()),
    )
    app.jinja_env.globals.update(
        now_ms=now_ms,
        page_zone=page_zone,
        zone_label=lambda zone="": zone_label(zone or page_zone()),
        minutes_range=lambda low, high, lang="": minutes_range(low, high, lang or page_language()),
    )


def _in_page_zone(written: Callable[..., str]) -> Callable[..., str]:
    def filtered(value: Day, zone: str = "", lang: str = "") -> str:
        return written(value, zone or page_zone(), lang or page_language())

    return filtered


def _names(names: dict[str, list[str]], lang: str) -> list[str]:
    return names.get(lang, names["id"])


def _date(day: Day, zone: str) -> date:
    match day:
        case datetime() | date():
            return day
        case str():
            return date.fromisoformat(day)
    return _local(day, zone).date()


def _local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, _zone(zone))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""What templates ask about an office: each section in one line, the calendar of a year, a change in words."""

from calendar import monthcalendar
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from ltsa.access import ROLES
from ltsa.configuring import Change, Configurations
from ltsa.hours import hours_on
from ltsa.message import Refusal
from ltsa.office import WEEKDAYS, Coded, Office, Opening, Retention, Text
from ltsa.subject import asked
from manage.flows import depths
from manage.offered import agencies
from manage.sections import taken_over
from web import changed
from web.changed import Teller, Told, clock
from web.errors import spoken
from web.format import DAYS, MONTHS, listed
from web.words import FIRST, Words, page_language, said


class Cell(NamedTuple):
    """A day of the calendar: its number and date, how it counts now (`kind`), and would without any tick (`was`)."""

    n: int
    date: str
    kind: str
    was: str


class Month(NamedTuple):
    """A month of the calendar, its weeks from Monday on; None for days of other months."""

    name: str
    weeks: list[list[Cell | None]]


def weekday_names() -> list[str]:
    """The weekdays from Monday on, in the page's language."""
    return DAYS.get(page_language(), DAYS[FIRST])


def calendar_of(it: Any, year: int) -> list[Month]:
    """A year's calendar as its form stands: days that are ticked or written, and weekdays without hours."""
    ticked = {day.date: day.kind for day in it.fields[0].days if it.ticked(f"days_off.{day.date}")}
    for rows, kind in (("own_days", "own"), ("special_days", "special")):
        ticked |= {it.value(f"{rows}.{n}.date"): kind for n in it.rows(rows)}
    names = MONTHS.get(page_language(), MONTHS[FIRST])
    return [
        Month(
            names[month - 1],
            [
                [_cell(it.office, year, month, n, ticked) if n else None for n in week]
                for week in monthcalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


def _cell(office: Office, year: int, month: int, n: int, ticked: Mapping[str, str]) -> Cell:
    day = date(year, month, n)
    was = "work" if not office.week or WEEKDAYS[day.weekday()] in office.week else "shut"
    return Cell(n, day.isoformat(), ticked.get(day.isoformat(), was), was)


def changes_told(known: Configurations, change: Change) -> list[Told]:
    """A recorded change in words."""
    return changed.tell(known, change, page_language())


def week_lines(office: Office) -> list[tuple[str, str]]:
    """The week as people say it: weekdays in a row that have the same hours together."""
    names, teller = weekday_names(), Teller(office, office, page_language())
    lines: list[tuple[int, int, Opening | None]] = []
    for n, weekday in enumerate(WEEKDAYS):
        hours = office.week.get(weekday)
        if lines and lines[-1][2] == hours:
            lines[-1] = (lines[-1][0], n, hours)
        else:
            lines.append((n, n, hours))
    return [(names[a] if a == b else f"{names[a]}–{names[b]}", teller.hours(_plain(hours))) for a, b, hours in lines]


def _plain(hours: Opening | None) -> dict[str, Any] | None:
    if hours is None:
        return None
    breaks = [{"begins": rest.begins, "ends": rest.ends, "name": rest.name} for rest in hours.breaks]
    return {"opens": hours.opens, "closes": hours.closes, "breaks": breaks}


def hours_line(office: Office, day: date) -> str:
    """The hours of a date in words, "" where the office is always open."""
    if not office.week and day.isoformat() not in office.special_day and day.isoformat() not in office.day_off:
        return ""
    return Teller(office, office, page_language()).hours(_plain(hours_on(office, day)))


def place_said(rule: str) -> str:
    """Where somebody put back stands."""
    return changed.place(rule, Words(page_language()))


def summary_of(section: str, office: Office) -> str:
    """A section in one line."""
    return _SUMMARIES[section](office, Words(page_language()))


def _names(items: Iterable[Any], lang: str, most: int = 3) -> str:
    return _first([item.name.get(lang) or item.name["id"] for item in items], lang, most)


def _first(names: list[str], lang: str, most: int = 3) -> str:
    rest = len(names) - most
    return listed(names, lang) if rest <= 1 else f"{', '.join(names[:most])} +{rest}"


def _coded(name: str) -> Callable[[Office, Words], str]:
    return lambda office, words: _names(getattr(office.rules, name), words.lang) or words("manage.summary.nothing")


def _week(office: Office, words: Words) -> str:
    if not office.week:
        return words("manage.summary.always")
    open_days = [(days, hours) for days, hours in week_lines(office) if hours != words("manage.told.shut")]
    return "; ".join(f"{days} {hours.partition(', ')[0]}" for days, hours in open_days)


def _days_off(office: Office, words: Words) -> str:
    years = sorted({day.date[:4] for day in office.days_off})
    counted = [(year, sum(day.date.startswith(year) for day in office.days_off)) for year in years[-2:]]
    if not counted:
        return words("manage.summary.no_days")
    return "; ".join(words("manage.summary.days", n=n, year=year) for year, n in counted)


def _rules(office: Office, words: Words) -> str:
    last, capacity = office.rules.last_ticket, office.rules.capacity
    parts = [words("manage.summary.recalls", n=office.rules.recall_limit)]
    parts += [words("manage.summary.last", n=last)] if last else []
    parts += [words("manage.summary.capacity", n=capacity)] if capacity else []
    return ", ".join(parts)


def _dispatch(office: Office, words: Words) -> str:
    rules = office.rules.dispatch
    parts = [words(f"manage.policy.{rules.policy}")]
    parts += [words("manage.summary.shadow", policy=words(f"manage.policy.{rules.shadow}"))] if rules.shadow else []
    return ", ".join(parts)


def _security(office: Office, words: Words) -> str:
    roles = [words(f"role.{role}") for role in office.second_factor]
    if not roles:
        return words("manage.summary.no_second")
    return words("manage.summary.second", roles=listed(roles, words.lang))


_SUMMARIES: Mapping[str, Callable[[Office, Words], str]] = {
    "office": lambda office, words: said(office.running_text) or words("manage.summary.nothing"),
    "services": lambda office, words: words("manage.summary.services", n=len(office.services)),
    "agencies": lambda office, words: _first([said(name) for name, _ in agencies(office)], words.lang),
    "counters": lambda office, words: words("manage.summary.counters", n=len(office.counters)),
    "week": _week,
    "days-off": _days_off,
    "rules": _rules,
    "dispatch": _dispatch,
    "priorities": _coded("priorities"),
    "return-reasons": _coded("return_reasons"),
    "outcomes": _coded("outcomes"),
    "pause-reasons": _coded("pause_reasons"),
    "deviation-reasons": _coded("deviation_reasons"),
    "closing-outcomes": _coded("closing_outcomes"),
    "opening-checks": _coded("opening_checks"),
    "flows": lambda office, words: _names(office.flows, words.lang) or words("manage.summary.nothing"),
    "security": _security,
    "consent": lambda office, words: words(
        "manage.summary.consent_own" if office.consent else "manage.summary.consent_usual"
    ),
    "retention": lambda office, words: words(
        "manage.summary.kept" if office.retention == Retention() else "manage.summary.kept_so_long"
    ),
}

Options = list[tuple[str, str]]


def said_of(refusal: Refusal | None, field: str = "") -> str:
    """A refusal's sentence, if it is about a field (about any for "")."""
    return spoken(refusal) if refusal and field in ("", refusal.field) else ""


def role_word(role: str) -> str:
    """What a role, of a person or of a device, is called."""
    words = Words(page_language())
    return words(f"role.{role}") if role in ROLES else words(f"device.kind.{role}")


def role_options(roles: Iterable[str]) -> Options:
    """Roles for a list to choose from."""
    return [(role, role_word(role)) for role in roles]


def counter_options(office: Office) -> Options:
    """The counters, and none."""
    return [("", "–"), *((counter.id, said(counter.name)) for counter in office.counters)]


def name_options(names: Iterable[str]) -> Options:
    """Names, and none."""
    return [("", "–"), *((name, name) for name in names)]


def coded_options(items: Iterable[Coded]) -> Options:
    """Coded words for a list to choose from."""
    return [(item.code, said(item.name)) for item in items]


def office_options(lines: Iterable[Any]) -> Options:
    """The offices of a list that a new one may be like."""
    words = Words(page_language())
    return [(line.office.id, words("manage.offices.like_that", name=said(line.office.name))) for line in lines]


def named(code: str, items: Iterable[Coded]) -> Text:
    """The words of a code in one of the office's lists; the code itself where it is there no more."""
    return next((item.name for item in items if item.code == code), {"id": code})


GLOBALS: Mapping[str, Any] = {
    "said_of": said_of,
    "role_options": role_options,
    "counter_options": counter_options,
    "name_options": name_options,
    "coded_options": coded_options,
    "office_options": office_options,
    "named": named,
    "weekday_names": weekday_names,
    "calendar_of": calendar_of,
    "changes_told": changes_told,
    "week_lines": week_lines,
    "hours_line": hours_line,
    "place_said": place_said,
    "summary_of": summary_of,
    "agencies_of": agencies,
    "taken_over": taken_over,
    "flow_depths": depths,
    "usual_consent": asked({}),
    "local_clock": lambda local: clock(local, page_language()),
}
"""What templates of this room may call."""

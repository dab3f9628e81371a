"""The sections of the settings: what each asks for, and which parts of an office it is about. Each is a row here."""

import re
from collections.abc import Callable
from datetime import date

from msgspec import Struct

from ltsa.access import ROLES
from ltsa.days_off import national_days_off
from ltsa.dispatch import POLICIES
from ltsa.office import (
    KEPT,
    LONGEST_TEXT,
    RANGES,
    STANDBY,
    WEEKDAYS,
    WEIGHTS,
    Coded,
    DayOff,
    Office,
    Retention,
    example_office,
)
from ltsa.parts import value_at
from manage import flows
from manage.fields import Choice, Date, Field, Line, Place, Rows, Tick, Ticks, Time, Whole, Words
from manage.offered import Agencies, Counters, DatedRows, DaysOff, Hours, Services, agencies

NEW = "new"
"""Stands for the id of a service that is being made."""


class Section(Struct, frozen=True, kw_only=True):
    """One page of the settings.

    Attributes:
        id: in its address, and in its words.
        icon: of the lucide set.
        about: which parts of an office it changes, as a pattern of paths.
        fields: what it asks for; the text is the item of an address (a service's id, a year), "" for none.
        template: of the settings' templates that shows it.
    """

    id: str
    icon: str
    about: str
    fields: Callable[[Office, str], tuple[Field, ...]]
    template: str = "form"

    def touches(self, path: str) -> bool:
        """Whether a part of an office belongs here."""
        return re.match(self.about, path) is not None


def _usual(path: str) -> str:
    return str(value_at(example_office(), path))


def _office(_office: Office, _item: str) -> tuple[Field, ...]:
    return (
        Words(path="name", label="office_name"),
        Words(path="running_text", label="running_text", longest=LONGEST_TEXT, needed=False, tall=True),
    )


def _services(_office: Office, _item: str) -> tuple[Field, ...]:
    return (Services(path="services", label="services", key="id", columns=()),)


def service(office: Office, item: str) -> tuple[Field, ...]:
    """What there is to say about one service."""
    path = f"services/{item}"
    others = tuple((other.id, other.name["id"]) for other in office.services if other.id != item)
    return (
        Words(path=f"{path}/name", label="service_name"),
        Words(path=f"{path}/about", label="service_about", longest=LONGEST_TEXT, needed=False, tall=True),
        Words(
            path=f"{path}/agency",
            label="service_agency",
            needed=False,
            known=tuple(name for name, _ in agencies(office) if name),
        ),
        Line(path=f"{path}/prefix", label="prefix", large=True, longest=3),
        Whole(path=f"{path}/minutes", label="minutes", least=1, most=480, unit="minutes"),
        Whole(path=f"{path}/capacity", label="service_capacity", most=RANGES["capacity"][1], unit="people"),
        Ticks(path=f"{path}/after", label="after", options=others),
        Rows(path=f"{path}/bring", label="bring", key="code", columns=(Words(path="name", label="document"),)),
        Ticks(path=f"{path}/steps", label="service_steps", options=_steps(office, item)),
    )


def _steps(office: Office, item: str) -> tuple[tuple[str, str], ...]:
    """The steps of flows that a service may do: those that no other one does."""
    known = {step.code: step.name["id"] for step in flows.known_steps(office) if not step.outside}
    own = office.service[item].steps if item in office.service else ()
    names = {code: known.get(code, code) for code in (*known, *own)}
    return tuple((code, name) for code, name in names.items() if office.service_of.get(code, item) == item)


def _agencies(_office: Office, _item: str) -> tuple[Field, ...]:
    return (Agencies(path="agencies", label="agencies"),)


def _counters(office: Office, _item: str) -> tuple[Field, ...]:
    services = tuple((service.id, service.name["id"]) for service in office.services)
    columns = (
        Line(path="id", label="counter_id"),
        Words(path="name", label="counter_name"),
        Ticks(path="services", label="counter_services", options=services, needed=True),
    )
    return (Counters(path="counters", label="counters", key="id", written=True, columns=columns),)


def _week(_office: Office, _item: str) -> tuple[Field, ...]:
    return tuple(Hours(path=f"week/{day}", label=day) for day in WEEKDAYS)


def _days_off(office: Office, item: str) -> tuple[Field, ...]:
    year = int(item)
    columns = (Date(path="date", label="date"), Words(path="name", label="day_name"))
    hours = (Time(path="opens", label="opens"), Time(path="closes", label="closes"))
    return (
        DaysOff(path="days_off", label="days_off", days=offered(office, year)),
        _dated("own_days", "days_off", year, columns),
        _dated("special_days", "special_days", year, (*columns, *hours)),
    )


def _dated(name: str, part: str, year: int, columns: tuple[Field, ...]) -> DatedRows:
    return DatedRows(
        path=name, label=name, part=part, year=year, key="date", written=True, ordered=False, columns=columns
    )


def offered(office: Office, year: int) -> tuple[DayOff, ...]:
    """The national days off of a year, as the office has them where it has them."""
    found = {day.date: day for day in national_days_off(year)}
    found |= {day.date: day for day in office.days_off if day.date.startswith(f"{year}-") and day.kind != "own"}
    own = {day.date for day in office.days_off if day.kind == "own"}
    return tuple(found[name] for name in sorted(found) if name not in own)


def taken_over(office: Office, year: int) -> bool:
    """Whether the office has looked at a year's national days off: it has some of them."""
    return any(day.date.startswith(f"{year}-") and day.kind != "own" for day in office.days_off)


def _rules(_office: Office, _item: str) -> tuple[Field, ...]:
    def number(name: str, unit: str = "") -> Whole:
        least, most = RANGES[name]
        return Whole(path=f"rules/{name}", label=name, least=least, most=most, unit=unit, usual=_usual(f"rules/{name}"))

    return (
        number("recall_limit", "times"),
        Place(path="rules/absent_place", label="absent_place"),
        Place(path="rules/returned_place", label="returned_place"),
        number("undo_seconds", "seconds"),
        number("first_ticket", "minutes"),
        number("last_ticket", "minutes"),
        number("capacity", "people"),
        number("number_digits", "digits"),
    )


def _dispatch(office: Office, _item: str) -> tuple[Field, ...]:
    def number(name: str, label: str, limits: tuple[int, int], unit: str) -> Whole:
        path, (least, most) = f"rules/dispatch/{name}", limits
        return Whole(path=path, label=label, least=least, most=most, unit=unit, usual=_usual(path))

    policies = tuple((policy, f"manage.policy.{policy}") for policy in POLICIES)
    services = tuple((service.id, service.name["id"]) for service in office.services)
    return (
        Choice(path="rules/dispatch/policy", label="policy", options=policies),
        number("standby", "standby", STANDBY, "percent"),
        number("standby_far", "standby_far", STANDBY, "percent"),
        Ticks(path="rules/dispatch/far", label="far", options=services),
        *(
            number(
                f"weights/{name}",
                f"weight_{name}",
                limits,
                "times" if name in {"priority", "age", "wait"} else "minutes",
            )
            for name, limits in WEIGHTS.items()
        ),
        Choice(path="rules/dispatch/shadow", label="shadow", options=(("", "manage.policy.none"), *policies)),
    )


def _coded(name: str, *more: Field) -> Callable[[Office, str], tuple[Field, ...]]:
    columns = (Words(path="name", label=f"{name}_name"), *more)
    field = Rows(path=f"rules/{name}", label=name, key="code", columns=columns)
    return lambda _office, _item: (field,)


def _security(_office: Office, _item: str) -> tuple[Field, ...]:
    return (
        Ticks(path="second_factor", label="second_factor", options=tuple((role, f"role.{role}") for role in ROLES)),
    )


def _retention(_office: Office, _item: str) -> tuple[Field, ...]:
    least, most = KEPT
    return tuple(
        Whole(path=f"retention/{name}", label=f"keep_{name}", least=least, most=most, unit="days")
        for name in Retention.__struct_fields__
    )


def _consent(_office: Office, _item: str) -> tuple[Field, ...]:
    return (Words(path="consent", label="consent", longest=LONGEST_TEXT, needed=False, tall=True),)


SECTIONS: tuple[Section, ...] = (
    Section(id="office", icon="building-2", about="(name|zone|running_text)$", fields=_office, template="office"),
    Section(id="services", icon="layers", about="services", fields=_services, template="services"),
    Section(id="agencies", icon="landmark", about="services/[^/]+/agency|services/[^/]+$", fields=_agencies,
            template="agencies"),
    Section(id="counters", icon="layout-grid", about="counters", fields=_counters, template="counters"),
    Section(id="week", icon="clock", about="week", fields=_week, template="week"),
    Section(id="days-off", icon="calendar-days", about="days_off|special_days", fields=_days_off,
            template="days_off"),
    Section(id="rules", icon="sliders-horizontal", fields=_rules,
            about="rules/(recall_limit|absent_place|returned_place|undo_seconds|first_ticket|last_ticket|capacity|number_digits)"),
    Section(id="dispatch", icon="route", about="rules/dispatch", fields=_dispatch, template="dispatch"),
    Section(id="priorities", icon="accessibility", about="rules/priorities", template="rows",
            fields=_coded("priorities", Whole(path="head_start", label="head_start", most=480, unit="minutes"))),
    Section(id="return-reasons", icon="undo-2", about="rules/return_reasons", template="rows",
            fields=_coded("return_reasons")),
    Section(id="outcomes", icon="circle-check-big", about="rules/outcomes", template="rows",
            fields=_coded("outcomes", Tick(path="unlocks", label="unlocks"))),
    Section(id="pause-reasons", icon="coffee", about="rules/pause_reasons", template="rows",
            fields=_coded("pause_reasons")),
    Section(id="deviation-reasons", icon="split", about="rules/deviation_reasons", template="rows",
            fields=_coded("deviation_reasons")),
    Section(id="closing-outcomes", icon="moon", about="rules/closing_outcomes", template="rows",
            fields=_coded("closing_outcomes")),
    Section(id="opening-checks", icon="list-checks", about="rules/opening_checks", template="rows",
            fields=_coded("opening_checks")),
    Section(id="flows", icon="route", about="flows", fields=flows.switches, template="flows"),
    Section(id="security", icon="shield-check", about="second_factor", fields=_security),
    Section(id="retention", icon="archive", about="retention", fields=_retention, template="retention"),
    Section(id="consent", icon="handshake", about="consent$", fields=_consent, template="consent"),
)  # fmt: skip
"""The sections in the order of the page."""

BY_ID = {section.id: section for section in SECTIONS}

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("house", ("office", "services", "agencies", "counters")),
    ("time", ("week", "days-off")),
    ("queue", ("rules", "dispatch", "priorities")),
    (
        "lists",
        ("return-reasons", "outcomes", "pause-reasons", "deviation-reasons", "closing-outcomes", "opening-checks"),
    ),
    ("journeys", ("flows",)),
    ("safety", ("security", "consent", "retention")),
)
"""How the sections stand together on a page."""


def this_year(office: Office, at: int) -> int:
    """The year of an office's service day."""
    day: date = office.service_date(at)
    return day.year


__all__ = ["BY_ID", "GROUPS", "NEW", "SECTIONS", "Coded", "Section", "offered", "service", "taken_over", "this_year"]

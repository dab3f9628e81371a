"""Today at a glance: how the office stands, and what needs somebody's attention before it becomes a problem."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from ltsa import board
from ltsa.configuring import Configurations
from ltsa.hours import Doors, state_at
from ltsa.message import Refusal
from ltsa.office import Office
from manage import staff
from manage.sections import taken_over
from manage.staff import Member
from web import devices
from web.format import full_date
from web.house import House
from web.presence import State
from web.words import page_language

ASK_FROM_MONTH = 10
"""From October on the days off of the next year may be known: they are decreed by ministers in the autumn."""

SOON = 7
"""Days in which a planned change is told beforehand."""


class Now(Struct, frozen=True, kw_only=True):
    """The office as it is now. `tally` counts today's visits by state."""

    office: Office
    doors: Doors
    open: bool
    issued: int
    tally: dict[str, int]
    counters_open: int


class Attention(Struct, frozen=True, kw_only=True):
    """Something to see to: `code` is its words' name, `names` whom or what it is about, `endpoint` and `where` the
    page on which it is seen to. `grave` if people notice it today. `action` is the right to see to it.
    """

    code: str
    endpoint: str
    action: str
    where: dict[str, Any] = {}
    values: dict[str, Any] = {}
    names: tuple[str, ...] = ()
    grave: bool = False

    @property
    def values_said(self) -> dict[str, Any]:
        """The values as the page writes them: dates as dates."""
        return {
            name: full_date(value, lang=page_language()) if name == "since" else value
            for name, value in self.values.items()
        }


def now(here: House, office: str) -> Now | None:
    """The live part of the page."""
    try:
        day = here.today(office)
    except Refusal:
        return None
    hall = board.hall(day)
    return Now(
        office=day.rules_of,
        doors=state_at(here.office(office), here.now()),
        open=hall.open,
        issued=hall.issued,
        tally={str(state): n for state, n in hall.tally.items()},
        counters_open=sum(counter.state == "open" for counter in hall.counters),
    )


def attention(here: House, office: Office, known: Configurations, today: date) -> list[Attention]:
    """What needs to be seen to, the graver first. Reads credentials in a native thread."""
    members = staff.members(here, office.id)
    found = [*_settings(office, known, today), *_things(devices.states(office.id)), *_people(here, office, members)]
    found += _requests(here, office)
    return sorted(found, key=lambda each: not each.grave)


def _settings(office: Office, known: Configurations, today: date) -> Iterator[Attention]:
    if not office.week:
        yield _at_section("no-hours", "week", grave=True)
    years = [today.year] + ([today.year + 1] if today.month >= ASK_FROM_MONTH else [])
    for year in years:
        if not taken_over(office, year):
            yield _at_section("days-off", "days-off", item=str(year), values={"year": year})
    served = {service for counter in office.counters for service in counter.services}
    if alone := tuple(service.name["id"] for service in office.services if service.id not in served):
        yield _at_section("no-counter", "counters", names=alone, grave=True)
    soon = [c for c in known.planned(today) if (date.fromisoformat(c.since) - today).days <= SOON]
    for since in sorted({change.since for change in soon}):
        yield Attention(code="planned", endpoint="changes.every", action="office.see", values={"since": since})


def _things(states: tuple[State, ...]) -> Iterator[Attention]:
    kinds = {state.kind for state in states}
    for kind in ("kiosk", "display"):
        if kind not in kinds:
            yield _at_devices(f"no-{kind}")
    if gone := tuple(state.name for state in states if not state.online):
        yield _at_devices("not-seen", names=gone, grave=True)
    for paper in ("out", "low"):
        if short := tuple(state.name for state in states if state.paper == paper):
            yield _at_devices(f"paper-{paper}", names=short, grave=paper == "out")
    if old := tuple(state.name for state in states if state.online and state.version and not state.current):
        yield _at_devices("old-version", names=old)


def _people(here: House, office: Office, members: list[Member]) -> Iterator[Attention]:
    if locked := tuple(member.id for member in members if member.locked_until and not member.barred):
        yield _at_people("locked", names=locked)
    if lacking := tuple(m.id for m in members if not m.barred and not m.has_second_factor and m.needs_second_factor):
        yield _at_people("second-factor", names=lacking)
    for role in ("officer", "supervisor"):
        if not here.access.holders(role, office.id):
            yield _at_people(f"no-{role}")


def _requests(here: House, office: Office) -> Iterator[Attention]:
    """Requests about one's own data whose time runs out, or has run out."""
    clocks = [it.clock(here.now()) for it in here.present.requests(office.id).requests.values()]
    for clock in ("overdue", "soon"):
        if count := clocks.count(clock):
            more: dict[str, Any] = {"values": {"n": count}, "grave": clock == "overdue"}
            yield Attention(code=f"request-{clock}", endpoint="requests.every", action="requests.see", **more)


def _at_section(code: str, section: str, item: str = "", **more: Any) -> Attention:
    where = {"section": section, "item": item or None}
    return Attention(code=code, endpoint="settings.section", action="office.see", where=where, **more)


def _at_devices(code: str, **more: Any) -> Attention:
    return Attention(code=code, endpoint="devices.every", action="devices.see", **more)


def _at_people(code: str, **more: Any) -> Attention:
    return Attention(code=code, endpoint="people.every", action="people.see", **more)

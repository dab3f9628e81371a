"""The first path: five steps from an empty office to the first number called. It can be left and gone on with: what is
done shows in the office itself, and every step is an ordinary change.
"""

import re
from http import HTTPStatus
from itertools import islice

import msgspec
from flask import Blueprint, abort
from msgspec import Struct
from werkzeug import Response

from ltsa.access import GiveRole, Grant
from ltsa.configuring import ChangeOffice, Configurations
from ltsa.days_off import national_days_off
from ltsa.hours import state_at
from ltsa.message import Refusal
from ltsa.office import MOST_COUNTERS, WEEKDAYS, ZONES, Counter, Office, Service, new_office, usual_week
from ltsa.parts import differences
from manage import draft, frame, staff
from manage.devices import first_free
from manage.fields import ON, Choice, Field, Words, in_order
from manage.form import Form
from manage.offered import Hours
from manage.sections import taken_over
from web.asking import asker
from web.devices import states
from web.errors import Refused, status_of
from web.house import house

blueprint = Blueprint("setup", __name__, url_prefix="/manage/<office>/setup")

STEPS = ("office", "services", "people", "devices", "ready")
ASK_FROM_MONTH = 10


class Desk(Struct, frozen=True, kw_only=True):
    """A service that may be offered here: whether it is, and at which counters ("1, 4")."""

    service: Service
    offered: bool
    counters: str


@blueprint.get("")
def begin(office: str) -> Response:
    """To the first step that is not done."""
    done = progress(frame.office_of(office), frame.known_of(office))
    return frame.leads_to("setup.step", step=next((step for step in STEPS if not done.get(step)), "ready"))


@blueprint.get("/<step>")
def step(office: str, step: str) -> str:
    """One step."""
    found, known = frame.office_of(office), frame.known_of(office)
    match step:
        case "office":
            filled = draft.painted(_fields(office), _proposed(found), known.version)
            return _office_page(found, known, filled)
        case "services":
            return _page("services", found, desks=_desks(found), problem=None)
        case "people" | "devices" | "ready":
            if step == "people":
                staff.look(house(), office, asker().by("people.see", office))
            return _page(step, found, **_facts(found))
        case _:
            return abort(HTTPStatus.NOT_FOUND)


@blueprint.post("/office")
def keep_office(office: str) -> Response | tuple[str, int]:
    """Name, zone, hours and days off, from today on."""
    here, found, known = house(), frame.office_of(office), frame.known_of(office)
    filled = draft.filled_in(frame.inputs(), known.version)
    fields = _fields(office)
    if (action := frame.form("do")) not in {"", "save"}:
        added = draft.rearrange(filled, fields, action)
        return _office_page(found, known, filled, added=added), HTTPStatus.OK
    filled.since, filled.why = draft.TODAY, frame.worded("manage.setup.why")
    try:
        by = asker().by("office.change", office)
        wanted = draft.command(filled, fields, known, office=office, at=here.now(), by=by)
        _record(wanted, wanted.changes | (_days_off(found, known) if frame.form("holidays") == ON else {}))
    except Refusal as refusal:
        shown = _office_page(found, known, filled, problem=refusal)
        return shown, status_of(refusal)
    return frame.leads_to("setup.step", step="services")


@blueprint.post("/services")
def keep_services(office: str) -> Response | tuple[str, int]:
    """Which services there are, and at which counters."""
    here, found, known = house(), frame.office_of(office), frame.known_of(office)
    desks = [_said(desk) for desk in _desks(found)]
    try:
        changes = differences(found, _with_desks(found, desks))
        wanted = ChangeOffice(
            office=office,
            at=here.now(),
            by=asker().by("office.change", office),
            key=frame.key(),
            since=known.today(here.now()).isoformat(),
            why=frame.worded("manage.setup.why"),
            changes=changes,
        )
        _record(wanted, changes)
    except Refusal as refusal:
        return _page("services", found, desks=desks, problem=refusal), status_of(refusal)
    return frame.leads_to("setup.step", step="people")


@blueprint.post("/people")
def keep_people(office: str) -> Response:
    """The roles in which the manager works here too."""
    here, who = house(), asker()
    by = who.by("people.change", office)
    for role in ("officer", "supervisor"):
        if frame.form(f"me.{role}") == ON and Grant(role, office) not in here.access.people[who.person].grants:
            key = f"{frame.key()} {role}"
            here.do(GiveRole(office=office, at=here.now(), by=by, key=key, person=who.person, role=role))
    return frame.leads_to("setup.step", step="devices")


def progress(office: Office, known: Configurations) -> dict[str, bool]:
    """Which steps are done, as the office shows it."""
    here = house()
    people, things = bool(here.access.holders("officer", office.id)), bool(states(office.id))
    touched = any(path.startswith(("services/", "counters/")) for change in known.changes for path in change.parts)
    return {
        "office": bool(office.week),
        "services": bool(office.week) and (touched or people or things),
        "people": people,
        "devices": things,
    }


# --- Within


def _record(wanted: ChangeOffice, changes: dict[str, object]) -> None:
    """Gives the command, unless all of it is so already: then the step is done too."""
    if changes:
        house().do(msgspec.structs.replace(wanted, changes=changes))
        house().read_own_writes()


def _fields(office: str) -> tuple[Field, ...]:
    zone = () if frame.lived(office) else (Choice(path="zone", label="zone", options=tuple(ZONES.items())),)
    return (
        Words(path="name", label="office_name"),
        *zone,
        *(Hours(path=f"week/{day}", label=day) for day in WEEKDAYS),
    )


def _proposed(office: Office) -> Office:
    return office if office.week else msgspec.structs.replace(office, week=usual_week())


def _days_off(office: Office, known: Configurations) -> dict[str, object]:
    """The national days off of this year, and of the next one from autumn on, that nobody has looked at yet."""
    today = known.today(house().now())
    years = [today.year, *([today.year + 1] if today.month >= ASK_FROM_MONTH else [])]
    days = [day for year in years if not taken_over(office, year) for day in national_days_off(year)]
    return {f"days_off/{day.date}": {"name": day.name, "kind": day.kind} for day in days}


def _desks(office: Office) -> list[Desk]:
    """The services of the office, and those of the standard that it has not."""
    standard = new_office("standard", {"id": "standard"}, office.zone)
    known = [*office.services, *(service for service in standard.services if service.id not in office.service)]
    return [
        Desk(
            service=service,
            offered=service.id in office.service,
            counters=", ".join(c.id for c in office.counters if service.id in c.services),
        )
        for service in known
    ]


def _said(desk: Desk) -> Desk:
    name = desk.service.id
    return Desk(
        service=desk.service, offered=frame.form(f"offered.{name}") == ON, counters=frame.form(f"counters.{name}")
    )


def _with_desks(office: Office, desks: list[Desk]) -> Office:
    """The office with these services at these counters. Raises `Refused` where a service has none."""
    offered = {desk.service.id: desk for desk in desks if desk.offered}
    at: dict[str, list[str]] = {}
    for name, desk in offered.items():
        said = (found[0] for found in re.finditer(r"[A-Za-z0-9-]+", desk.counters))
        numbers = list(dict.fromkeys(islice(said, MOST_COUNTERS + 1)))  # a few more than there may be are looked at
        if not numbers:
            message = f"Say at which counter {name} is."
            raise Refused("missing-counter", message, field=f"counters.{name}", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        for number in numbers:
            at.setdefault(number, []).append(name)
    order = sorted(at, key=lambda number: (not number.isdigit(), len(number) if number.isdigit() else 0, number))
    counters = [
        Counter(
            id=number,
            name=office.counter[number].name
            if number in office.counter
            else {"id": f"Loket {number}", "en": f"Counter {number}"},
            services=tuple(in_order(at[number], office.counter[number].services if number in office.counter else ())),
        )
        for number in order
    ]
    services = [
        msgspec.structs.replace(desk.service, after=tuple(name for name in desk.service.after if name in offered))
        for desk in offered.values()
    ]
    return msgspec.structs.replace(office, services=tuple(services), counters=tuple(counters))


def _office_page(
    found: Office, known: Configurations, filled: draft.Draft, added: str = "", problem: Refusal | None = None
) -> str:
    fields = _fields(found.id)
    at = draft.input_of(problem, filled, fields) if problem else ""
    form = Form(draft=filled, at=at, problem=frame.sentence(problem) if problem else "", added=added, office=found)
    return _page(
        "office",
        found,
        it=form,
        fields=fields,
        week_fields=fields[-7:],
        holidays=_days_off(found, known),
        problem=problem,
    )


def _facts(found: Office) -> dict[str, object]:
    here, who = house(), asker()
    return {
        "members": staff.members(here, found.id),
        "mine": {grant.role for grant in here.access.people[who.person].grants if grant.covers(found.id)}
        if who.person
        else set(),
        "roles": staff.given_by(here.access, who.by("people.see", found.id), found.id),
        "states": states(found.id),
        "free": {kind: first_free(found.id, kind) for kind in ("kiosk", "display")},
        "doors": state_at(found, here.now()),
        "address": here.settings.address,
    }


def _page(step: str, found: Office, **values: object) -> str:
    return frame.page(
        f"setup/{step}", found, step=step, steps=STEPS, progress=progress(found, frame.known_of(found.id)), **values
    )

"""The settings: a page a section, each a form whose change begins on a date, is previewed, and can be undone."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, abort, request
from werkzeug import Response

from ltsa.configuring import Change, Configurations, WithdrawChange
from ltsa.message import Refusal
from ltsa.office import Office, usual_week
from manage import draft, flows, frame
from manage.fields import ON, Field, Sheet
from manage.form import Form
from manage.offered import DaysOff, Hours
from manage.sections import BY_ID, GROUPS, NEW, SECTIONS, Section, service, taken_over, this_year
from web import changed
from web.asking import asker
from web.changed import Told
from web.errors import status_of
from web.house import house
from web.words import page_language

blueprint = Blueprint("settings", __name__, url_prefix="/manage/<office>")

LAST_YEAR = 2098
"""The last year whose days off the library knows."""

OF_ONE = {"services": "service", "flows": "flow"}
"""Sections in which each of several has a page of its own, and the page's template."""

NEW_ONE = {"minutes": 10, "capacity": 0, "stage": "before"}
"""What a page proposes for a new service or flow."""


class Shown(Form, frozen=True, kw_only=True):
    """A section's page.

    Attributes:
        fields: what it asks for.
        after: the office as the change would leave it.
        preview: what would change, None when nobody asked.
        latest: the latest change of this section, `planned` those to come.
    """

    section: Section
    item: str
    fields: tuple[Field, ...]
    after: Office
    latest: Change | None
    planned: list[Change]
    preview: list[Told] | None = None


@blueprint.get("/settings")
def overview(office: str) -> str:
    """All sections, each with how it is set and who changed it last."""
    found, known = frame.office_of(office), frame.known_of(office)
    latest = {section.id: _latest(section, known) for section in SECTIONS}
    return frame.page("settings/overview", found, groups=GROUPS, sections=BY_ID, latest=latest)


@blueprint.get("/settings/<section>")
@blueprint.get("/settings/<section>/<item>")
def section(office: str, section: str, item: str = "") -> str:
    """One section, one service or one year, as it is today."""
    found, known = frame.office_of(office), frame.known_of(office)
    item = _item(found, section, item)
    fields = _fields(found, section, item)
    filled = draft.painted(fields, found, known.version)
    _propose(fields, found, filled.sheet, item)
    return _page(found, known, section, item, fields, draft=filled)


@blueprint.post("/settings/<section>")
@blueprint.post("/settings/<section>/<item>")
def change(office: str, section: str, item: str = "") -> Response | tuple[str, int]:
    """What a form asks for: to be saved, to show what it would change, or a row more or less."""
    here, known = house(), frame.known_of(office)
    found = frame.office_of(office)
    filled = draft.filled_in(frame.inputs(), known.version)
    before = known.on(known.today(here.now()), filled.seen or None)
    item = _item(before, section, item)
    fields = _fields(before, section, item)
    action = frame.form("do") or "preview"
    if action not in {"save", "preview"}:
        _preset(fields, filled.sheet, action)
        added = draft.rearrange(filled, fields, action)
        return _page(before, known, section, item, fields, draft=filled, added=added), HTTPStatus.OK
    try:
        by = asker().by("office.change", office)
        wanted = draft.command(filled, fields, known, office=office, at=here.now(), by=by)
        if action == "preview":
            wanted = msgspec.structs.replace(wanted, why=wanted.why or "–")
            after = draft.office_after(wanted, known)
            told = changed.tell_all(draft.preview(wanted, known), known.on(wanted.since), after, page_language())
            shown = _page(before, known, section, item, fields, draft=filled, preview=told, after=after)
            return shown, HTTPStatus.OK
        done = here.do(wanted)
    except Refusal as refusal:
        at = draft.input_of(refusal, filled, fields)
        _name_steps(refusal, filled.sheet)
        problem = frame.sentence(refusal)
        shown = _page(found, known, section, item, fields, draft=filled, problem=problem, at=at)
        return shown, status_of(refusal)
    item = filled.made or item
    return frame.leads_to("settings.section", section=section, item=item or None, saved=done.events[0].version)


@blueprint.post("/changes/<version>/withdraw")
def withdraw(office: str, version: str) -> Response:
    """Undoes a change: a planned one never happens, one in force ends today."""
    here = house()
    done = here.do(
        WithdrawChange(
            office=office,
            at=here.now(),
            by=asker().by("office.change", office),
            key=frame.key(),
            change=frame.number(version),
            why=frame.form("why") or frame.worded("manage.undo.why"),
        )
    )
    back = frame.form("section")
    if back in BY_ID:
        return frame.leads_to(
            "settings.section", section=back, item=frame.form("item") or None, saved=done.events[0].version
        )
    return frame.leads_to("changes.every", saved=done.events[0].version)


def _page(
    office: Office, known: Configurations, section: str, item: str, fields: tuple[Field, ...], **more: Any
) -> str:
    here, today = BY_ID[section], known.today(house().now())
    shown = Shown(
        section=here,
        item=item,
        fields=fields,
        office=office,
        after=more.pop("after", office),
        latest=_latest(here, known),
        planned=[change for change in known.planned(today) if _touches(here, change)],
        **more,
    )
    template = OF_ONE.get(section, here.template) if item else here.template
    return frame.page(
        f"settings/{template}",
        office,
        it=shown,
        saved=frame.saved(known) if request.method == "GET" else None,
        known=known,
        groups=GROUPS,
        sections=BY_ID,
        today=today,
    )


def _fields(office: Office, section: str, item: str) -> tuple[Field, ...]:
    if section == "flows" and item:
        return flows.flow(office, item)
    return service(office, item) if section == "services" and item else BY_ID[section].fields(office, item)


def _item(office: Office, section: str, item: str) -> str:
    """The item that an address asks for; a year of days off where it asks for none."""
    if section not in BY_ID:
        abort(HTTPStatus.NOT_FOUND)
    if section == "days-off":
        year = this_year(office, house().now())
        item = item or str(year)
        if item.isascii() and item.isdigit() and year - 1 <= int(item[:9]) <= LAST_YEAR:
            return item
    elif not item or (section in OF_ONE and (item == NEW or item in _those(office, section))):
        return item
    return abort(HTTPStatus.NOT_FOUND)


def _those(office: Office, section: str) -> Mapping[str, object]:
    """What has a page of its own in a section, by id."""
    return office.service if section == "services" else office.flow


def _name_steps(refusal: Refusal, sheet: Sheet) -> None:
    """Says the way through a flow by the names of its steps, as they stand on the form."""
    if way := str(refusal.values.get("way", "")):
        keys = [key for key in sheet.inputs if key.endswith(".key")]
        named = {sheet.text(key): sheet.text(f"{key.removesuffix('.key')}.name.id") for key in keys}
        refusal.values = {**refusal.values, "way": " → ".join(named.get(code) or code for code in way.split(" → "))}


def _propose(fields: tuple[Field, ...], office: Office, sheet: Sheet, item: str) -> None:
    """Fills in what a page proposes: the usual values of a new service, all days off of a year not looked at yet."""
    for field in fields:
        if isinstance(field, DaysOff) and not taken_over(office, int(item)):
            sheet.inputs |= {f"{field.path}.{day.date}": ON for day in field.days}
        elif item == NEW and (name := field.path.rpartition("/")[2]) in NEW_ONE:
            sheet.inputs |= field.inputs(field.path, NEW_ONE[name])


def _preset(fields: tuple[Field, ...], sheet: Sheet, action: str) -> None:
    """A button that fills in the form: the usual hours of a week or of Friday, all days off or none."""
    usual = usual_week()
    for field in fields:
        weekday = field.path.rpartition("/")[2]
        if isinstance(field, Hours) and (action == "usual" or (action, weekday) == ("friday", "fri")):
            kept = {name: text for name, text in sheet.inputs.items() if not name.startswith(f"{field.path}.")}
            sheet.inputs = kept | field.inputs(field.path, msgspec.to_builtins(usual.get(weekday)))
        elif isinstance(field, DaysOff) and action in {"all-days", "no-days"}:
            for day in field.days:
                sheet.inputs[f"{field.path}.{day.date}"] = ON if action == "all-days" else ""


def _latest(section: Section, known: Configurations) -> Change | None:
    touching = (change for change in reversed(known.changes) if _touches(section, change))
    return next((change for change in touching if not change.withdrawn), None)


def _touches(section: Section, change: Change) -> bool:
    return change.kind == "configured" or any(section.touches(path) for path in change.parts)

"""The offices of this installation, for headquarters: how each stands now, and a new one, standard or a copy."""

import re
from http import HTTPStatus

from flask import Blueprint, g, render_template, request, url_for
from msgspec import Struct, structs
from werkzeug import Response

from ltsa.configuring import ConfigureOffice
from ltsa.hours import Doors, state_at
from ltsa.message import Refusal
from ltsa.office import ZONES, Office, new_office
from manage import frame
from web.asking import asker
from web.errors import Refused, status_of
from web.house import house

blueprint = Blueprint("offices", __name__, url_prefix="/offices")

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_ID = 30


class Line(Struct, frozen=True, kw_only=True):
    """One office in the list."""

    office: Office
    doors: Doors
    begun: bool
    waiting: int
    serving: int
    issued: int
    managers: int


@blueprint.get("")
def every() -> str:
    """The list, and the form of a new office."""
    return _page()


@blueprint.post("")
def create() -> Response | tuple[str, int]:
    """Sets an office up; what comes next is its first manager."""
    here = house()
    name, title = frame.form("id").lower(), " ".join(frame.form("name").split())
    zone, like = frame.form("zone"), frame.form("like")
    try:
        if not (ID.fullmatch(name) and len(name) <= LONGEST_ID):
            message = "An office's id has small letters, digits and hyphens, as in ltsa-mataram."
            raise Refused("wrong-office-id", message, field="id", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        words = {"id": title, **({"en": english} if (english := " ".join(frame.form("name_en").split())) else {})}
        made = new_office(name, words, zone)
        if like:
            made = structs.replace(here.office(like), id=name, name=words, zone=zone)
        today = made.service_date(here.now()).isoformat()
        here.do(
            ConfigureOffice(
                office=name,
                at=here.now(),
                by=asker().by("offices.create", name),
                key=frame.key(),
                configuration=made,
                since=today,
                new=True,
            )
        )
    except Refusal as refusal:
        return _page(problem=refusal), status_of(refusal)
    here.read_own_writes()
    return frame.leads_to("people.every", office=name, new=1)


def _page(problem: Refusal | None = None) -> str:
    here, who = house(), asker()
    shown = [office for office in here.offices() if who.may("offices.see", office.id)]
    lines = [_line(office) for office in shown]
    if shown:
        g.zone = shown[0].zone
    return render_template(
        "manage/offices.html",
        lines=lines,
        zones=ZONES,
        key=frame.new_key(),
        problem=problem,
        given=request.form if problem else {},
        address=url_for("manage.offices.every"),
    )


def _line(office: Office) -> Line:
    here = house()
    day = here.today(office.id)
    return Line(
        office=office,
        doors=state_at(office, here.now()),
        begun=day.open,
        waiting=day.tally["waiting"],
        serving=day.tally["serving"],
        issued=len(day.tickets),
        managers=len(here.access.holders("manager", office.id)),
    )

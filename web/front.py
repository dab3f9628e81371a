"""The front page: a welcome for whoever comes, and for those who are signed in the screens that are theirs; and the
gallery of the look.
"""

from types import SimpleNamespace

from flask import Blueprint, g, redirect, render_template, request
from msgspec import Struct
from werkzeug import Response

from ltsa.office import Office
from web.asking import asker
from web.house import house

blueprint = Blueprint("front", __name__, template_folder="templates")

FACES = {
    "kiosk": "ticket.take",
    "display": "display.see",
    "desk": "desk.work",
    "supervisor": "hall.see",
    "manage": "office.see",
    "audit": "audit.see",
}
"""The screens of an office, by the first part of their address, and what one needs to open them."""

PARTS = {"manage": ("people", "people.see"), "audit": ("journal", "journal.see")}
"""Of a screen that is not somebody's the part that is, and what one needs for it."""


class Mine(Struct, frozen=True, kw_only=True):
    """An office as somebody sees it who works in it: the paths of the screens that are theirs, by their names."""

    office: Office
    faces: dict[str, str]


@blueprint.get("/")
def front() -> str:
    """For whoever is signed in, their screens in their offices; for a device, its own; for anybody else, a welcome."""
    here, who = house(), asker()
    offices: list[Office] = here.offices()
    called = {office.id: office for office in offices}
    office = called.get(here.settings.office, offices[0])
    g.zone = office.zone
    mine = [Mine(office=office, faces=faces) for office in offices if (faces := _faces(office.id))]
    if who.person and not who.locked:
        g.zone = mine[0].office.zone if len(mine) == 1 else office.zone
        return render_template("web/front.html", offices=mine, address=request.host_url.rstrip("/"))
    return render_template(
        "web/welcome.html",
        office=office,
        only=offices[0].id if len(offices) == 1 else "",
        device=who.device,
        at=called.get(who.device.office) if who.device else None,
        is_new=not here.access.people,
    )


def _faces(office: str) -> dict[str, str]:
    """The paths of the screens of an office that are the asker's."""
    faces = {face: f"/{face}/{office}" for face, action in FACES.items() if asker().may(action, office)}
    for face, (part, action) in PARTS.items():
        if face not in faces and asker().may(action, office):
            faces[part] = f"/{face}/{office}/{part}"
    return faces


@blueprint.get("/gallery")
def gallery() -> str:
    """Every part of the look in every state: linked nowhere, for those who build faces. `?theme=dark` shows it dark,
    `?face=kiosk` at the kiosk's size.
    """
    road = [
        SimpleNamespace(label="Informasi dan pengaduan", state="done", note="08.42, Loket 1"),
        SimpleNamespace(label="Ketenagakerjaan", state="returned", note="Surat izin keluarga belum ditandatangani"),
        SimpleNamespace(label="Kesehatan", state="now", note="Loket 4"),
        SimpleNamespace(label="Kepolisian", state="held", note=""),
        SimpleNamespace(label="Perbankan", state="next", note=""),
        SimpleNamespace(label="Jaminan sosial", state="later", note="Sesudah perbankan"),
        SimpleNamespace(label="Keimigrasian", state="dropped", note=""),
    ]
    return render_template(
        "web/gallery.html",
        road=road,
        theme="dark" if request.args.get("theme") == "dark" else "light",
        face="kiosk" if request.args.get("face") == "kiosk" else "page",
    )


@blueprint.get("/<any(kiosk, display, desk, supervisor, manage, audit):face>")
def face(face: str) -> Response:
    """A screen without an office is that of the first office in which it is the asker's."""
    first = house().settings.office
    known = [first, *(office.id for office in house().offices() if office.id != first)]
    office = next(iter(asker().offices(FACES[face], known)), first)
    return redirect(f"/{face}/{office}?{request.query_string.decode('latin-1')}".rstrip("?"))

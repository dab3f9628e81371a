"""The front page: which face is which, for the person who has just opened the office; and the gallery of the look."""

from types import SimpleNamespace

from flask import Blueprint, g, redirect, render_template, request
from werkzeug import Response

from ltsa.office import Office
from web.house import house

blueprint = Blueprint("front", __name__, template_folder="templates")


@blueprint.get("/")
def front() -> str:
    """Every face of every office, with its address."""
    offices: list[Office] = house().offices()
    if offices:
        g.zone = offices[0].zone
    return render_template("web/front.html", offices=offices, address=request.host_url.rstrip("/"))


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


@blueprint.get("/<any(kiosk, desk, supervisor, display, audit, manage):face>")
def face(face: str) -> Response:
    """A face without an office is that of the office that this installation opens first."""
    return redirect(f"/{face}/{house().settings.office}?{request.query_string.decode('latin-1')}".rstrip("?"))

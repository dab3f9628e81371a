"""The devices of an office: let in by the code on their screen, named, and put out again."""

from flask import Blueprint, request
from werkzeug import Response

from ltsa.access import KINDS
from ltsa.message import Refusal
from manage import frame
from web.asking import asker
from web.devices import approve, link, pending, rename, revoke, states
from web.errors import status_of
from web.fleet import Waiting
from web.house import house

blueprint = Blueprint("devices", __name__, url_prefix="/manage/<office>/devices")


@blueprint.get("")
def every(office: str) -> str:
    """The list, and the field for the code that a screen shows."""
    return _page(office)


@blueprint.post("/find")
def find(office: str) -> str | tuple[str, int]:
    """Who waits under the code that was typed: to be named, and let in."""
    try:
        waiting = pending(frame.form("code"))
    except Refusal as refusal:
        return _page(office, form="find", problem=refusal), status_of(refusal)
    return _page(office, waiting=waiting)


@blueprint.post("/pair")
def pair(office: str) -> Response | str | tuple[str, int]:
    """Lets in the device that shows the code."""
    code, kind, waiting = frame.form("code"), frame.form("kind"), None
    counter = {"counter": frame.form("counter"), "printer": frame.form("kiosk")}.get(kind, "")
    try:
        waiting = pending(code)
        approve(code, kind, office, frame.form("name"), counter, asker().by("devices.change", office))
    except Refusal as refusal:
        return _page(office, waiting=waiting, form="pair", problem=refusal), status_of(refusal)
    if frame.form("from") == "setup":
        return frame.leads_to("setup.step", step="devices")
    return frame.leads_to("devices.every", done="pair")


@blueprint.get("/<device>")
def one(office: str, device: str) -> str:
    """One device: to rename it, or to put it out."""
    return _page(office, device=device)


@blueprint.post("/<device>/rename")
def call_otherwise(office: str, device: str) -> Response | tuple[str, int]:
    """Calls a device otherwise, or puts it at another counter."""
    try:
        by = asker().by("devices.change", office)
        rename(device, office, frame.form("name"), frame.form("counter") or frame.form("kiosk"), by)
    except Refusal as refusal:
        return _page(office, device=device, form="rename", problem=refusal), status_of(refusal)
    return frame.leads_to("devices.every", done="rename")


@blueprint.post("/<device>/revoke")
def put_out(office: str, device: str) -> Response:
    """Puts a device out at once."""
    revoke(device, office, asker().by("devices.change", office))
    return frame.leads_to("devices.every", done="revoke")


@blueprint.post("/this-browser")
def this_browser(office: str) -> Response:
    """Makes a device of the browser that asks: for an office that has no other yet."""
    kind = frame.form("kind")
    name = frame.form("name") or first_free(office, kind)
    address = link(kind, office, name, "", asker().by("devices.change", office))
    answer = frame.leads_to("glance")
    answer.headers["Location"] = address
    return answer


def first_free(office: str, kind: str) -> str:
    """A name for the next device of a kind: kiosk-1, kiosk-2."""
    access, n = house().access, 1
    while access.named(office, kind, f"{kind}-{n}"):
        n += 1
    return f"{kind}-{n}"


def _page(
    office: str,
    *,
    waiting: Waiting | None = None,
    device: str = "",
    form: str = "",
    problem: Refusal | None = None,
) -> str:
    found = frame.office_of(office)
    house().read_own_writes()
    here = states(office)
    chosen = next((state for state in here if state.id == device), None)
    if device and chosen is None:
        raise Refusal("unknown-device", f"There is no device {device!r} in this office.", field="device")
    done = request.args.get("done", "")
    return frame.page(
        "devices",
        found,
        states=here,
        chosen=chosen,
        waiting=waiting,
        kinds=KINDS,
        kiosks=[state.name for state in here if state.kind == "kiosk"],
        free={kind: first_free(office, kind) for kind in KINDS},
        form=form,
        problem=problem,
        given=request.form if form in {"find", "pair", "rename"} else {},
        done=done if done in {"pair", "rename", "revoke"} and not form else "",
        address=house().settings.address,
    )

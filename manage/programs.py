"""The programs of an office: each holds a token for one role, made here, shown once, taken back here."""

from http import HTTPStatus

from flask import Blueprint, request
from werkzeug import Response

from ltsa.access import PROGRAM_ROLES, gives
from ltsa.message import Refusal
from manage import frame
from web import programs
from web.asking import asker
from web.errors import Refused, status_of
from web.house import house

blueprint = Blueprint("programs", __name__, url_prefix="/manage/<office>/programs")

USUAL_DAYS = 365


@blueprint.get("")
def every(office: str) -> str:
    """The list, and the form of a new token."""
    return _page(office)


@blueprint.post("")
def make(office: str) -> str | tuple[str, int]:
    """Makes a token; its secret is shown this once."""
    try:
        token, secret = programs.make(
            frame.form("role"),
            office,
            frame.form("name"),
            _days(frame.form("days")),
            asker().by("programs.change", office),
        )
    except Refusal as refusal:
        return _page(office, problem=refusal), status_of(refusal)
    house().read_own_writes()
    return frame.page("program", frame.office_of(office), token=token, secret=secret, address=house().settings.address)


@blueprint.post("/<token>/revoke")
def revoke(office: str, token: str) -> Response:
    """Lets a program act no more."""
    programs.revoke(token, office, asker().by("programs.change", office))
    return frame.leads_to("programs.every", done="revoke")


def _days(written: str) -> int:
    """For how many days, 0 for until it is revoked. Raises `Refused` for what is no number: that is not for ever."""
    days = frame.number(written)
    if written != str(days):
        raise Refused("wrong-until", "Choose for how long.", field="days", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return days


def _page(office: str, problem: Refusal | None = None) -> str:
    here, found = house(), frame.office_of(office)
    by = asker().by("programs.see", office)
    roles = [role for role in PROGRAM_ROLES if role in {"kiosk", "display"} or gives(here.access, by, role, office)]
    return frame.page(
        "programs",
        found,
        tokens=programs.of(office),
        roles=roles,
        now=here.now(),
        usual_days=USUAL_DAYS,
        problem=problem,
        given=request.form if problem else {},
        done=request.args.get("done") == "revoke" and not problem,
    )

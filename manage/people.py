"""The people of an office: who may act here, and what their accounts need: links, locks, rights, farewells.

Names are personal data: each look at this list is on record, once a minute for each who looks.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, request
from msgspec import Struct
from werkzeug import Response

from ltsa.access import (
    AddPerson,
    BarPerson,
    ChangeCredential,
    Credential,
    GiveRole,
    MakeLink,
    Person,
    Purpose,
    ReadmitPerson,
    TakeRole,
)
from ltsa.journal import AccountUnlocked, DataErased
from ltsa.message import Refusal
from manage import frame, staff
from web.asking import asker
from web.errors import Refused, status_of
from web.house import house
from web.qr import Code, draw
from web.signing_in import close_others, secretly

blueprint = Blueprint("people", __name__, url_prefix="/manage/<office>/people")

INVITATION_HOURS = 7 * 24
RESET_HOURS = 24
LONGEST_NAME = 80


class Ticket(Struct, frozen=True, kw_only=True):
    """A one-time link, shown this once."""

    person: str
    name: str
    purpose: Purpose
    address: str
    code: Code
    until: int


@blueprint.get("")
def every(office: str) -> str:
    """The list, and the form of an invitation."""
    return _list(office)


@blueprint.post("")
def invite(office: str) -> str | tuple[str, int]:
    """Makes an account with roles, and the link with which its person sets a password; the link is shown this once."""
    here, by = house(), asker().by("people.change", office)
    frame.office_of(office)
    account, name = frame.form("person").lower(), " ".join(frame.form("name").split())
    roles = tuple(role for role in staff.given_by(here.access, by, office) if request.form.get(f"role.{role}"))
    try:
        if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
            raise Refused(
                "missing-name", "Write the person's name.", field="name", status=HTTPStatus.UNPROCESSABLE_ENTITY
            )
        if not roles:
            raise Refused(
                "missing-role", "Choose at least one role.", field="roles", status=HTTPStatus.UNPROCESSABLE_ENTITY
            )
        here.do(AddPerson(office=office, at=here.now(), by=by, key=frame.key(), person=account, roles=roles))
    except Refusal as refusal:
        return _list(office, form="invite", problem=refusal), status_of(refusal)
    secretly(here.credentials.set_name, account, name)
    return _link(office, account, "invitation", by)


@blueprint.post("/appoint")
def appoint(office: str) -> Response | tuple[str, int]:
    """Gives a role here to an account that there is already."""
    here = house()
    account = frame.form("account").lower()
    try:
        here.do(_command(GiveRole, office, account, role=frame.form("role")))
    except Refusal as refusal:
        return _list(office, form="appoint", problem=refusal), status_of(refusal)
    return frame.leads_to("people.one", person=account, done="give")


@blueprint.get("/<person>")
def one(office: str, person: str) -> str:
    """One person's rights, and what can be done about the account."""
    return _one(office, person)


@blueprint.post("/<person>/<action>")
def act(office: str, person: str, action: str) -> Response | str | tuple[str, int]:
    """Does one thing about an account."""
    do = ACTIONS.get(action) or abort(HTTPStatus.NOT_FOUND)
    frame.office_of(office)
    _known(office, person)
    try:
        answer = do(office, person)
    except Refusal as refusal:
        return _one(office, person, problem=refusal, form=action), status_of(refusal)
    return answer or frame.leads_to("people.one", person=person, done=action)


# --- What can be done


def _give(office: str, person: str) -> None:
    house().do(_command(GiveRole, office, person, role=frame.form("role")))


def _take(office: str, person: str) -> Response | None:
    house().do(_command(TakeRole, office, person, role=frame.form("role")))
    house().read_own_writes()
    return None if staff.belongs(house().access.people[person], office) else frame.leads_to("people.every", done="take")


def _bar(office: str, person: str) -> None:
    house().do(_command(BarPerson, office, person, why=frame.form("why")))
    close_others(person, "", "barred")


def _readmit(office: str, person: str) -> None:
    house().do(_command(ReadmitPerson, office, person))


def _make_link(office: str, person: str) -> str:
    purpose: Purpose = "reset" if secretly(house().credentials.has_password, person) else "invitation"
    return _link(office, person, purpose, asker().by("people.change", office))


def _unlock(office: str, person: str) -> None:
    by = _after(office, person)
    secretly(house().credentials.unlock, person)
    house().note(AccountUnlocked, office=office, by=by, person=person)


def _end_sessions(office: str, person: str) -> None:
    _changed(office, person, "sessions", _after(office, person))
    close_others(person, "", "everywhere")


def _drop_second_factor(office: str, person: str) -> None:
    _changed(office, person, "second-factor", _after(office, person))
    secretly(house().credentials.drop_totp, person)
    close_others(person, "", "changed")


def _rename(office: str, person: str) -> None:
    _after(office, person)
    name = " ".join(frame.form("name").split())
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise Refused("missing-name", "Write the person's name.", field="name", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    secretly(house().credentials.set_name, person, name)


def _erase(office: str, person: str) -> None:
    """Only of somebody who is barred: who may come back tomorrow has a name."""
    by = _after(office, person)
    if not house().access.people[person].barred:
        raise Refused("not-barred-yet", "Bar the account first.", field="person", status=HTTPStatus.CONFLICT)
    house().note(DataErased, office=office, by=by, kind="name", about=person)
    secretly(house().credentials.erase, person)


ACTIONS: Mapping[str, Callable[[str, str], Response | str | None]] = {
    "give": _give,
    "take": _take,
    "bar": _bar,
    "readmit": _readmit,
    "link": _make_link,
    "unlock": _unlock,
    "end-sessions": _end_sessions,
    "drop-second-factor": _drop_second_factor,
    "rename": _rename,
    "erase": _erase,
}
"""What can be done about an account, by the last part of its address."""


# --- Within


def _command(kind: type[Any], office: str, person: str, **said: Any) -> Any:
    here = house()
    by = asker().by("people.change", office)
    return kind(office=office, at=here.now(), by=by, key=frame.key(), person=person, **said)


def _changed(office: str, person: str, what: Credential, by: str) -> None:
    here = house()
    here.do(ChangeCredential(office=office, at=here.now(), by=by, key=frame.key(), person=person, what=what))


def _after(office: str, person: str) -> str:
    """How events name the asker, who looks after this account. Raises `Refusal`."""
    here, by = house(), asker().by("people.change", office)
    if not staff.looks_after(here.access, by, here.access.people[person]):
        raise Refused(
            "not-yours-to-give", "This account is not yours to look after.", field="person", status=HTTPStatus.FORBIDDEN
        )
    return by


def _known(office: str, person: str) -> Person:
    found = house().access.people.get(person)
    if found is None or not staff.belongs(found, office):
        raise Refused(
            "unknown-person", f"There is no account {person!r} here.", field="person", status=HTTPStatus.NOT_FOUND
        )
    return found


def _link(office: str, person: str, purpose: Purpose, by: str) -> str:
    """The page with the link, which nobody sees again."""
    here, hours = house(), INVITATION_HOURS if purpose == "invitation" else RESET_HOURS
    at = here.now()
    here.do(MakeLink(office=office, at=at, by=by, key=f"link {frame.key()}", person=person, purpose=purpose))
    address = f"{here.settings.address}/link/{secretly(here.credentials.make_link, person, purpose, at, hours)}"
    ticket = Ticket(
        person=person,
        name=secretly(here.credentials.name, person),
        purpose=purpose,
        address=address,
        code=draw(address),
        until=at + hours * 3_600_000,
    )
    here.read_own_writes()
    return frame.page("people/link", frame.office_of(office), ticket=ticket)


def _list(office: str, form: str = "", problem: Refusal | None = None) -> str:
    here, found, by = house(), frame.office_of(office), asker().by("people.see", office)
    staff.look(here, office, by)
    here.read_own_writes()
    return frame.page(
        "people/every",
        found,
        members=staff.members(here, office),
        roles=staff.given_by(here.access, by, office),
        form=form,
        problem=problem,
        given=request.form if form else {},
    )


def _one(office: str, person: str, form: str = "", problem: Refusal | None = None) -> str:
    here, found, by = house(), frame.office_of(office), asker().by("people.see", office)
    known = _known(office, person)
    staff.look(here, office, by, person)
    (member,) = staff.members(here, office, only=person)
    return frame.page(
        "people/one",
        found,
        member=member,
        grants=sorted(known.grants),
        offices={each.id: each for each in here.offices()},
        roles=staff.given_by(here.access, by, office),
        may_give=lambda role, where: role in staff.given_by(here.access, by, where),
        looks_after=staff.looks_after(here.access, by, known),
        form=form,
        problem=problem,
        done=request.args.get("done", "") if request.args.get("done") in ACTIONS and not form else "",
        sessions=secretly(here.credentials.sessions, person, here.now()),
        devices=here.access.devices,
    )

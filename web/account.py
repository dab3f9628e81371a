"""A person's own account: password, second step, PIN, and where they are signed in.

What a thief of an open screen could do harm with asks for the password, unless it was given just now. Each change is on
record, and the session goes on under a new secret.
"""

from http import HTTPStatus
from secrets import token_hex
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug import Response
from werkzeug.exceptions import BadRequest

from ltsa.access import EVERYWHERE, ChangeCredential, Credential
from ltsa.journal import SignedIn, SignedOut
from web.asking import SESSION, asker
from web.errors import Refused, spoken
from web.house import house
from web.passwords import LONGEST, WeakPasswordError, strength
from web.qr import draw
from web.second_factor import totp_address
from web.security import read_cookie
from web.sessions import Session
from web.signing_in import close_others, hashing, lead, local_time, onward, record, refuse, rotate, secretly

blueprint = Blueprint("account", __name__)

FRESH = 10 * 60_000
"""ms after signing in for which nobody is asked for the password again."""

FEW_CODES = 3
"""So many recovery codes left are called few."""

STRONG = 4
"""zxcvbn's highest score."""

DONE = ("password", "second", "pin", "no-pin", "session", "others")
"""What the page may be told to have been done (`?done=`)."""


@blueprint.before_request
def _local_time() -> None:
    local_time()


@blueprint.get("/account")
def account() -> str:
    """Everything about the account on one page."""
    return _page()


@blueprint.post("/account/password")
def change_password() -> Response | tuple[str, int]:
    """A new password; all other sessions end."""
    here, person = house(), asker().person
    if wrong := _proven(always=True):
        return _page(form="password", wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    password = request.form.get("password", "")
    try:
        hashing(here.credentials.set_password, person, password, here.now(), words_here())
    except WeakPasswordError as weak:
        return _page(form="password", wrong={"password": spoken(weak)}), HTTPStatus.UNPROCESSABLE_ENTITY
    changed(person, "password")
    close_others(person, read_cookie(request, SESSION) or "", "changed")
    return rotate(_done("password"))


@blueprint.post("/account/pin")
def change_pin() -> Response | tuple[str, int]:
    """A new PIN, or none any more."""
    here, person = house(), asker().person
    if wrong := _proven():
        return _page(form="pin", wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    if request.form.get("drop"):
        secretly(here.credentials.drop_pin, person)
        changed(person, "pin")
        return _done("no-pin")
    try:
        hashing(here.credentials.set_pin, person, request.form.get("pin", ""), here.now())
    except WeakPasswordError as weak:
        return _page(form="pin", wrong={"pin": spoken(weak)}), HTTPStatus.UNPROCESSABLE_ENTITY
    changed(person, "pin")
    return _done("pin")


@blueprint.post("/account/sessions")
def close_sessions() -> Response:
    """Ends one of the person's other sessions (`session`), or all of them."""
    here, who = house(), asker()
    if not (one := request.form.get("session")):
        close_others(who.person, read_cookie(request, SESSION) or "", "everywhere")
        changed(who.person, "sessions")
        return _done("others")
    if secretly(here.credentials.close_by_id, who.person, one):
        here.door.renew()
        record(SignedOut, who.person, session=one, why="asked")
    return _done("session")


# --- The second step


@blueprint.get("/account/second-factor")
def second_factor() -> str | Response:
    """To set the second step up, or to give its code where a page needs it; who has given it goes on."""
    here, who = house(), asker()
    has = secretly(here.credentials.has_totp, who.person)
    if has and who.session and who.session.second_factor and not request.args.get("replace"):
        return redirect(onward() if request.args.get("next") else "/account", HTTPStatus.SEE_OTHER)
    return _second_page()


@blueprint.post("/account/second-factor")
def confirm_second_factor() -> Response | tuple[str, int]:
    """Puts the scanned secret in force if the phone shows its code; the recovery codes are shown this once."""
    here, who = house(), asker()
    if not _may_replace():
        return _second_page(), HTTPStatus.UNPROCESSABLE_ENTITY
    if wrong := _proven():
        return _second_page(wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    codes = secretly(here.credentials.confirm_totp, who.person, request.form.get("code", ""), here.now())
    if codes is None:
        return _second_page({"code": "code"}), HTTPStatus.UNPROCESSABLE_ENTITY
    changed(who.person, "second-factor")
    return rotate(_codes_page(codes), second_factor=True)


@blueprint.post("/account/second-factor/code")
def strengthen() -> Response | tuple[str, int]:
    """Makes this session a strong one, with a code of the phone that is set up already."""
    here, who = house(), asker()
    outcome = secretly(here.credentials.check_totp, who.person, request.form.get("code", ""), here.now())
    if outcome != "right" or who.session is None:
        refuse(who.person, "code")
        return _second_page({"code": outcome}), HTTPStatus.UNPROCESSABLE_ENTITY
    record(SignedIn, who.person, how=f"{who.session.how}+second-factor", session=who.session.id)
    return rotate(redirect(onward(), HTTPStatus.SEE_OTHER), second_factor=True)


@blueprint.post("/account/second-factor/drop")
def drop_second_factor() -> Response | tuple[str, int]:
    """Removes the second step, where no role of the person needs it."""
    here, who = house(), asker()
    if _must(who.person):
        raise Refused("second-factor-required", "Your role needs the second step.", status=HTTPStatus.CONFLICT)
    if not _may_replace():
        return _second_page(), HTTPStatus.UNPROCESSABLE_ENTITY
    if wrong := _proven():
        return _page(form="second", wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    secretly(here.credentials.drop_totp, who.person)
    changed(who.person, "second-factor")
    return rotate(_done("second"), second_factor=False)


@blueprint.post("/account/recovery-codes")
def new_recovery_codes() -> Response | tuple[str, int]:
    """New recovery codes instead of those before, shown this once."""
    here, who = house(), asker()
    if not secretly(here.credentials.has_totp, who.person):
        return lead("/account/second-factor")
    if not _may_replace():
        return _second_page(), HTTPStatus.UNPROCESSABLE_ENTITY
    if wrong := _proven():
        return _page(form="second", wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    codes = secretly(here.credentials.new_recovery_codes, who.person)
    changed(who.person, "recovery-codes")
    return _codes_page(codes)


# --- How strong a password is


@blueprint.post("/password-strength")
def password_strength() -> Response:
    """What the page says beside a new password while it is typed; for who is signed in or holds a good link."""
    here = house()
    try:
        asked = request.get_json()
    except RecursionError:
        raise BadRequest from None
    said = (
        {key: text[: LONGEST + 1] for key, text in asked.items() if isinstance(text, str)}
        if isinstance(asked, dict)
        else {}
    )
    link = secretly(here.credentials.link, said.get("link", ""), here.now())
    person = link.person if link else asker().person
    if not link and not person:
        raise Refused("wrong-link", "Sign in, or say which link you hold.", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    name = secretly(here.credentials.name, person)
    words = (person, name, said.get("account", ""), said.get("name", ""), *words_here())
    found = secretly(strength, said.get("password", ""), words)
    return jsonify(enough=found.enough, score=found.score, why="strong" if found.score == STRONG else found.why)


def words_here() -> tuple[str, ...]:
    """What a guesser would try first here: the names of the offices."""
    return tuple(name for office in house().offices() for name in (office.id, *office.name.values()))


def changed(person: str, what: Credential) -> None:
    """Puts on record that something a person signs in with has changed; never what it is."""
    here = house()
    here.do(
        ChangeCredential(
            office=EVERYWHERE, at=here.now(), by=f"person:{person}", key=token_hex(16), person=person, what=what
        )
    )


# --- Within


def _fresh(session: Session | None) -> bool:
    return session is not None and house().now() - session.began < FRESH


def _proven(*, always: bool = False) -> dict[str, str]:
    """What is wrong with the password that proves who is at the screen; nothing right after signing in. Who has no
    password yet can only sign in anew.
    """
    here, at, who = house(), house().now(), asker()
    has_password = secretly(here.credentials.has_password, who.person)
    if _fresh(who.session) and not (always and has_password):
        return {}
    outcome = hashing(here.credentials.check_password, who.person, request.form.get("current", ""), at)
    if outcome == "right":
        return {}
    if outcome == "wrong":
        refuse(who.person, "password")
    return {"current": "locked" if secretly(here.credentials.locked_until, who.person, at) else outcome}


def _may_replace() -> bool:
    """Whether the person may set a phone up: those who have one only after giving its code."""
    who = asker()
    strong = who.session is not None and who.session.second_factor
    return strong or not secretly(house().credentials.has_totp, who.person)


def _must(person: str) -> bool:
    here = house()
    known = here.access.people.get(person)
    return known is not None and any(here.door.needs_more(grant) for grant in known.grants)


def _done(what: str) -> Response:
    return lead("/account", done=what)


def _common() -> dict[str, Any]:
    here, who, at = house(), asker(), house().now()
    return {
        "person": who.person,
        "name": secretly(here.credentials.name, who.person),
        "fresh": _fresh(who.session),
        "has_password": secretly(here.credentials.has_password, who.person),
        "until": secretly(here.credentials.locked_until, who.person, at),
        "office": here.office(here.settings.office),
        "onward": onward(),
    }


def _page(form: str = "", wrong: dict[str, str] | None = None) -> str:
    here, who, at = house(), asker(), house().now()
    known = here.access.people.get(who.person)
    sessions = secretly(here.credentials.sessions, who.person, at)
    devices = {session.device: here.access.devices[session.device].name for session in sessions if session.device}
    done = request.args.get("done", "")
    return render_template(
        "web/account.html",
        **_common(),
        form=form,
        wrong=wrong or {},
        done=done if done in DONE and not form else "",
        grants=sorted(known.grants) if known else [],
        offices={office.id: office for office in here.offices()},
        must=_must(who.person),
        has_totp=secretly(here.credentials.has_totp, who.person),
        codes_left=secretly(here.credentials.recovery_codes_left, who.person),
        few=FEW_CODES,
        has_pin=secretly(here.credentials.has_pin, who.person),
        sessions=sessions,
        devices=devices,
        this=who.session.id if who.session else "",
    )


def _second_page(wrong: dict[str, str] | None = None) -> str:
    here, who = house(), asker()
    common = _common()
    if not _may_replace():
        return render_template("web/strengthen.html", **common, wrong=wrong or {})
    secret = _begun(who.person)
    address = totp_address(secret, who.person, common["office"].name["id"])
    return render_template(
        "web/second_factor.html",
        **common,
        code=draw(address),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        must=_must(who.person) and not secretly(here.credentials.has_totp, who.person),
        wrong=wrong or {},
    )


def _begun(person: str) -> str:
    """The secret to scan: the same for some minutes, so that looking again does not make another."""
    here, at = house(), house().now()
    return secretly(here.credentials.begun_totp, person, at) or secretly(here.credentials.begin_totp, person, at)


def _codes_page(codes: list[str]) -> Response:
    return Response(render_template("web/recovery_codes.html", **_common(), codes=codes), mimetype="text/html")

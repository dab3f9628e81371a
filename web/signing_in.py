"""Signing in and out: account and password, then the second step if there is one; a PIN opens a locked counter PC.

Each step is on record. Nothing here says whether an account exists.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug import Response

from ltsa.access import INSTALLATION
from ltsa.journal import AccountLocked, JournalEvent, SignedIn, SignedOut, SignInRefused
from ltsa.office import Office
from web.asking import SESSION, asker
from web.house import house
from web.limits import Limit
from web.security import drop_cookie, read_cookie, set_cookie
from web.sessions import HALF_WAY, HalfWay
from web.words import FIRST, page_language

blueprint = Blueprint("signing_in", __name__)

HALF = "half-way"
"""The cookie between the two steps."""

STRANGERS = Limit(10, 60)
"""Entries on record about accounts that are not there: whoever invents names does not fill the record."""

LONGEST_ACCOUNT = 200
"""Characters of an account that are looked at."""

T = TypeVar("T")


@blueprint.before_request
def _local_time() -> None:
    local_time()


# --- Account and password


@blueprint.get("/sign-in")
def sign_in() -> str | Response:
    """The form; who is signed in already goes on."""
    if asker().session and not asker().locked:
        return redirect(onward(), HTTPStatus.SEE_OTHER)
    return _sign_in_page()


@blueprint.post("/sign-in")
def check_password() -> Response | tuple[str, int]:
    """The first step."""
    here, at = house(), house().now()
    account = request.form.get("account", "").strip().lower()[:LONGEST_ACCOUNT]
    outcome = hashing(here.credentials.check_password, account, request.form.get("password", ""), at)
    person = here.access.people.get(account)
    if outcome == "right" and person and not person.barred:
        return pass_on(account, "password")
    known = account if person else ""
    if outcome == "locked":
        here.door.refused(asker(), "sign-in", INSTALLATION, f"locked {known}".strip())
    else:
        why = "barred" if person and person.barred else "password" if person else "unknown"
        refuse(known, why)
    until = secretly(here.credentials.locked_until, account, at)
    return _sign_in_page(account=account, wrong=True, until=until), _status(until)


@blueprint.get("/sign-out")
def signed_out() -> str | Response:
    """Says that one has signed out, and lets the next sign in."""
    return _sign_in_page(said="out") if asker().nobody or not asker().session else lead("/account")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends the session, and this browser's hold of it. `everywhere` ends all of the person's."""
    who = asker()
    elsewhere = who.session and who.session.how == "external" and house().settings.oidc_issuer
    answer = lead("/sign-in/oidc/out") if elsewhere else lead("/sign-out")
    drop_cookie(answer, SESSION)
    drop_cookie(answer, HALF)
    if who.session and request.form.get("everywhere"):
        close_others(who.person, "", "everywhere")
    elif who.session:
        close(read_cookie(request, SESSION) or "", "asked")
    return answer


# --- The second step


@blueprint.get("/sign-in/second-step")
def second_step() -> str:
    """The form for the app's code, or for a recovery code (`?with=recovery`)."""
    if not (half := _half_way()):
        return _sign_in_page(said="again")
    return _second_page(secretly(house().credentials.locked_until, half.person, house().now()))


@blueprint.post("/sign-in/second-step")
def check_second_step() -> Response | tuple[str, int]:
    """The second step: the app's code, or a recovery code."""
    here, at, half = house(), house().now(), _half_way()
    person = here.access.people.get(half.person) if half else None
    if half is None or person is None or person.barred:
        return _sign_in_page(said="again"), HTTPStatus.UNPROCESSABLE_ENTITY
    if recovery := request.form.get("recovery", ""):
        outcome = "right" if secretly(here.credentials.use_recovery_code, half.person, recovery) else "wrong"
    else:
        outcome = secretly(here.credentials.check_totp, half.person, request.form.get("code", ""), at)
    if outcome == "right":
        secretly(here.credentials.go_through, read_cookie(request, HALF))
        return let_in(half.person, half.how, second_factor=True)
    if outcome == "locked":
        here.door.refused(asker(), "sign-in", INSTALLATION, f"locked {half.person}")
    else:
        refuse(half.person, "recovery-code" if recovery else "code")
    until = secretly(here.credentials.locked_until, half.person, at)
    return _second_page(until, wrong=True, recovery=bool(recovery)), _status(until)


# --- The lock of a counter PC


@blueprint.get("/unlock")
def unlock() -> str | Response:
    """The form for the PIN."""
    if not asker().locked:
        return redirect(onward(), HTTPStatus.SEE_OTHER)
    return _unlock_page()


@blueprint.post("/unlock")
def check_pin() -> Response | tuple[str, int]:
    """Opens this browser's locked session with its person's PIN."""
    here, at, who = house(), house().now(), asker()
    if who.session is None or not who.locked:
        return redirect(onward(), HTTPStatus.SEE_OTHER)
    before = read_cookie(request, SESSION) or ""
    outcome, secret = hashing(here.credentials.unlock_session, before, request.form.get("pin", ""), at)
    if outcome == "right":
        record(SignedIn, who.person, how="pin", session=who.session.id)
        return _with_session(redirect(onward(), HTTPStatus.SEE_OTHER), secret)
    refuse(who.person, "pin")
    if outcome == "wrong":
        return _unlock_page(wrong=True), HTTPStatus.UNPROCESSABLE_ENTITY
    if outcome == "none":
        return _unlock_page(), HTTPStatus.UNPROCESSABLE_ENTITY
    record(SignedOut, who.person, session=who.session.id, why="tries")
    here.door.renew()
    answer = make_response(_sign_in_page(said="closed"), HTTPStatus.UNPROCESSABLE_ENTITY)
    drop_cookie(answer, SESSION)
    return answer


@blueprint.post("/lock")
def lock() -> Response:
    """Locks the session on an enrolled counter PC, until its person gives the PIN; the guard then leads to the lock."""
    here, session = house(), asker().session
    if not (session and session.device and secretly(here.credentials.has_pin, session.person)):
        return lead("/account")  # where a PIN is made
    secretly(here.credentials.lock, read_cookie(request, SESSION))
    here.door.renew()
    record(SignedOut, session.person, session=session.id, why="locked")  # other servers hear of it so
    return redirect(onward("/account"), HTTPStatus.SEE_OTHER)


# --- What the other doors need too (links, the account page, accounts elsewhere)


def pass_on(person: str, how: str, to: str = "") -> Response:
    """After a right first step: to the second if the person has one, else in, and then to the path `to` (where they
    were going, if empty). `how`: "password", "link", "external".
    """
    here = house()
    if not secretly(here.credentials.has_totp, person):
        return let_in(person, how, to)
    secret = secretly(here.credentials.go_half_way, person, how, here.now())
    answer = lead("/sign-in/second-step", next=to or onward())
    set_cookie(answer, HALF, secret, max_age=HALF_WAY // 1000)
    return answer


def let_in(person: str, how: str, to: str = "", *, second_factor: bool = False) -> Response:
    """Begins a session under a new secret, ends the one that this browser had, and leads on: first of all to the second
    step, where the person's role needs one that they have not set up.
    """
    here, at, device = house(), house().now(), asker().device
    where = device.id if device and device.kind == "counter" else ""
    secret = secretly(here.credentials.open_session, person, how, where, at, second_factor=second_factor)
    try:
        if before := read_cookie(request, SESSION):
            close(before, "changed")
        session = secretly(here.credentials.session, secret, at)
        how = f"{how}+second-factor" if second_factor else how
        record(SignedIn, person, how=how, session=session.id if session else "")
    except BaseException:
        secretly(here.credentials.close_session, secret)
        raise
    account = here.access.people.get(person)
    lacks = not second_factor and account and any(here.door.needs_more(grant) for grant in account.grants)
    to = to or onward()
    on = lead("/account/second-factor", next=to) if lacks else redirect(to, HTTPStatus.SEE_OTHER)
    answer = _with_session(on, secret)
    drop_cookie(answer, HALF)
    return answer


def rotate(answer: Response, *, second_factor: bool | None = None) -> Response:
    """Gives this browser's session a new secret, as after each change of strength."""
    here = house()
    before = read_cookie(request, SESSION) or ""
    secret = secretly(here.credentials.rotate, before, here.now(), second_factor=second_factor)
    return _with_session(answer, secret) if secret else answer


def close(secret: str, why: str) -> None:
    """Ends a session, on record."""
    here = house()
    session = secretly(here.credentials.session, secret, here.now())
    secretly(here.credentials.close_session, secret)
    here.door.renew()
    if session:
        record(SignedOut, session.person, session=session.id, why=why)


def close_others(person: str, but: str, why: str) -> int:
    """Ends all of a person's sessions but the one with the secret `but`, on record; how many."""
    here, at = house(), house().now()
    kept = secretly(here.credentials.session, but, at) if but else None
    sessions = [found for found in secretly(here.credentials.sessions, person, at) if not kept or found.id != kept.id]
    secretly(here.credentials.close_all, person, but)
    here.door.renew()
    for session in sessions:
        record(SignedOut, person, session=session.id, why=why)
    return len(sessions)


def refuse(person: str, why: str) -> None:
    """Puts on record that somebody was not let in, and that their account is locked if it was the last try."""
    here = house()
    if not person:
        if here.limits.wait(STRANGERS, why):
            here.door.refused(asker(), "sign-in", INSTALLATION, why)  # counted, and told once a minute
            return
        here.limits.add(STRANGERS, why)
    record(SignInRefused, person, why=why)
    if person and (until := secretly(here.credentials.locked_until, person, here.now())):
        record(AccountLocked, person, until=until)


def record(kind: type[JournalEvent], person: str, **facts: object) -> None:
    """Puts something that happened to a person at the door on record."""
    house().note_about(kind, person, **facts)


def secretly(work: Callable[..., T], *given: Any, **more: Any) -> T:
    """Asks the credentials something in a native thread. Raises `LedgerUnavailableError` if they cannot be had."""
    return house().off_loop(work, *given, **more)


def hashing(work: Callable[..., T], *given: Any, **more: Any) -> T:
    """As `secretly`, for what computes a hash: apart, where sign-ins wait for each other."""
    return house().apart(work, *given, **more)


def onward(otherwise: str = "/") -> str:
    """Where the person was going: `next`, if it is a path of this office."""
    path = request.values.get("next", "")
    own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if own and path.isascii() else otherwise


def lead(path: str, **said: object) -> Response:
    """To another page of this office, in the language of this one."""
    lang = page_language()
    query = urlencode({**said, **({} if lang == FIRST else {"lang": lang})})
    return redirect(f"{path}?{query}" if query else path, HTTPStatus.SEE_OTHER)


def local_time() -> None:
    """Shows times as the office has them that this installation opens first."""
    here = house()
    g.zone = here.office(here.settings.office).zone


# --- Pages


def _with_session(answer: Response, secret: str) -> Response:
    house().door.renew()
    set_cookie(answer, SESSION, secret)
    return answer


def _half_way() -> HalfWay | None:
    here, secret = house(), read_cookie(request, HALF)
    return secretly(here.credentials.half_way, secret, here.now()) if secret else None


def _status(until: int) -> int:
    return HTTPStatus.TOO_MANY_REQUESTS if until else HTTPStatus.UNPROCESSABLE_ENTITY


def _sign_in_page(*, account: str = "", wrong: bool = False, until: int = 0, said: str = "") -> str:
    return render_template(
        "web/sign_in.html", account=account, wrong=wrong, until=until, said=said, onward=onward(), office=_office()
    )


def _second_page(until: int, *, wrong: bool = False, recovery: bool = False) -> str:
    recovery = recovery or request.args.get("with") == "recovery"
    return render_template(
        "web/second_step.html", until=until, wrong=wrong, recovery=recovery, onward=onward(), office=_office()
    )


def _unlock_page(*, wrong: bool = False) -> str:
    here, person = house(), asker().person
    return render_template(
        "web/unlock.html",
        name=secretly(here.credentials.name, person),
        has_pin=secretly(here.credentials.has_pin, person),
        wrong=wrong,
        onward=onward(),
        office=_office(),
    )


def _office() -> Office:
    here = house()
    return here.office(here.settings.office)

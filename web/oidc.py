"""Signing in with an account elsewhere: the way to the OpenID provider, and back.

There for an office whose settings name a provider (`oidc_issuer`); others do not even load this. The provider says who
somebody is, never what they may do, and makes no account: a person's account elsewhere is connected by the link that a
manager gave them. While the provider is silent, all else goes on: two threads at most wait for it.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import msgspec
from flask import Blueprint, Flask, current_app, g, make_response, redirect, render_template, request
from gevent.lock import BoundedSemaphore
from msgspec import Struct
from werkzeug import Response

from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import Office
from web.account import changed
from web.asking import asker
from web.house import House, house
from web.limits import SIGN_IN, buckets, place
from web.provider import Attempt, CancelledError, Identity, Provider, SilentError, UnprovenError
from web.security import drop_cookie, read_cookie, set_cookie
from web.signing_in import let_in, local_time, onward, pass_on, refuse, secretly
from web.vault import digest, new_secret
from web.words import page_language

if TYPE_CHECKING:
    from web.credentials import Link

blueprint = Blueprint("oidc", __name__)

log = logging.getLogger(__name__)

BROWSER = "oidc"
"""The cookie that tells browsers apart between leaving and coming back."""

AWAY = 10 * 60_000
"""ms within which a person has to be back."""

AT_ONCE = 2
"""Threads that may wait for the provider at once."""

TURN = 5.0
"""Seconds to wait for one of them."""

T = TypeVar("T")


class Departure(Struct, frozen=True, kw_only=True):
    """A person who went to the provider: from which browser, until when (ms UTC) they have to be back, where they were
    going, in which language, and with which one-time link, if with one.
    """

    attempt: Attempt
    browser: bytes
    until: int
    to: str
    lang: str
    link: str


class SingleSignOn:
    """The provider of this office, and who is away there. Lives on the loop."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._turns = BoundedSemaphore(AT_ONCE)

    def ask(self, work: Callable[..., T], *given: object, **more: object) -> T:
        """Asks the provider something in a native thread. Raises what the work raises; `SilentError` also when others
        wait for the provider already.
        """
        if not self._turns.acquire(timeout=TURN):
            raise SilentError("others are still waiting for its answer")
        try:
            return house().off_loop(work, *given, **more)
        finally:
            self._turns.release()

    def leaves(self, departure: Departure, at: int) -> None:
        """Remembers somebody until they are back, at this server or another."""
        kept, state = msgspec.msgpack.encode(departure), departure.attempt.state
        secretly(house().credentials.leaves, state, departure.browser, kept, at, departure.until)

    def returns(self, state: str, browser: str, at: int) -> Departure | None:
        """Who is back, once: if this browser left with this state and not too long ago."""
        kept = secretly(house().credentials.returns, state, browser, at)
        return msgspec.msgpack.decode(kept, type=Departure) if kept else None


def install(app: Flask, here: House) -> None:
    """Opens this door, and tells every template under which name (`single_sign_on`)."""
    settings = here.settings
    back = f"{settings.address}/sign-in/oidc/back"
    provider = Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_secret, back)
    app.extensions["single_sign_on"] = SingleSignOn(provider)
    app.jinja_env.globals["single_sign_on"] = provider.host
    app.register_blueprint(blueprint)


@blueprint.before_request
def _local_time() -> None:
    local_time()


# --- There


@blueprint.get("/sign-in/oidc")
def leave() -> Response:
    """To the provider, from where people come back signed in. `anew=1`: it has to ask who they are."""
    if asker().session and not asker().locked:
        return redirect(onward(), HTTPStatus.SEE_OTHER)
    return _to_the_provider(lambda address: redirect(address, HTTPStatus.SEE_OTHER))


@blueprint.post("/sign-in/oidc")
def connect() -> Response:
    """To the provider with a manager's one-time link (`link`), to connect the person's account there with the one here.

    A page leads on, not a redirect: browsers keep the policy `form-action 'self'` along all redirects of a form.
    """
    link = request.form.get("link", "")
    if _invited(link) is None:
        return _told("link", HTTPStatus.GONE)
    return _to_the_provider(_led, link)


@blueprint.get("/sign-in/oidc/out")
def out() -> Response:
    """After the sign-out here: to the provider's own, if it offers one."""
    sso = _sso()
    try:
        address = sso.ask(sso.provider.farewell, f"{house().settings.address}/sign-in")
    except SilentError as reason:
        log.warning("the provider is silent: %s", reason)
        address = ""
    return _led(address, signed_out=True) if address else _told("still_there", HTTPStatus.OK)


# --- And back


@blueprint.get("/sign-in/oidc/back")
def back() -> Response:
    """Whoever comes from the provider: in, or told why not and what to do."""
    here, sso = house(), _sso()
    buckets().take(SIGN_IN, place(request.remote_addr))
    browser = read_cookie(request, BROWSER) or ""
    departure = sso.returns(request.args.get("state", ""), browser, here.now())
    if departure is None:
        return _told("lost", HTTPStatus.BAD_REQUEST)
    g.lang = departure.lang
    try:
        found = sso.ask(sso.provider.finish, departure.attempt, request.args.to_dict(), here.now() // 1000)
    except CancelledError:
        return _told("cancelled", HTTPStatus.FORBIDDEN, to=departure.to)
    except UnprovenError as reason:
        log.warning("the provider's answer proves nobody: %s", reason)
        refuse("", "external")
        return _told("unproven", HTTPStatus.FORBIDDEN, to=departure.to)
    except SilentError as reason:
        return _silent(reason, departure.to)
    answer = _arrives(found, departure)
    drop_cookie(answer, BROWSER)
    return answer


def _arrives(found: Identity, departure: Departure) -> Response:
    """In, if the account elsewhere is somebody's here, or becomes so by the link that they came with."""
    here = house()
    if departure.link and (wrong := _connect(found, departure.link)):
        return wrong
    person = secretly(here.credentials.by_external, found.issuer, found.subject)
    account = here.access.people.get(person or "")
    if person is None or account is None:
        refuse("", "external-unknown")
        return _told("unknown", HTTPStatus.FORBIDDEN, name=found.name, to=departure.to)
    if account.barred:
        refuse(person, "barred")
        return _told("barred", HTTPStatus.FORBIDDEN)
    if found.second_factor:
        return let_in(person, "external", departure.to, second_factor=True)
    return pass_on(person, "external", departure.to)


def _invited(secret: str) -> "Link | None":
    """The invitation with this secret, if it is still good and its person may come in."""
    here = house()
    link = secretly(here.credentials.link, secret, here.now()) if secret else None
    person = here.access.people.get(link.person) if link and link.purpose == "invitation" else None
    return link if person and not person.barred else None


def _connect(found: Identity, secret: str) -> Response | None:
    """Uses an invitation to let this account elsewhere sign its person in; the page that says why not, if it cannot.
    The link is good again where the account is somebody else's, or where nothing could be put on record.
    """
    here = house()
    link = _invited(secret)
    if link is None or secretly(here.credentials.use_link, secret, here.now()) is None:
        return _told("link", HTTPStatus.GONE)
    if not secretly(here.credentials.link_external, link.person, found.issuer, found.subject):
        secretly(here.credentials.put_back, secret, link)
        refuse(link.person, "external-taken")
        return _told("taken", HTTPStatus.CONFLICT, name=found.name)
    try:
        changed(link.person, "external")
    except (Refusal, LedgerUnavailableError):
        secretly(here.credentials.drop_external, link.person, found.issuer, found.subject)
        secretly(here.credentials.put_back, secret, link)
        raise
    return None


# --- Pages


def _sso() -> SingleSignOn:
    found: SingleSignOn = current_app.extensions["single_sign_on"]
    return found


def _to_the_provider(go: Callable[[str], Response], link: str = "") -> Response:
    sso, at = _sso(), house().now()
    browser = read_cookie(request, BROWSER) or new_secret()
    lang, anew = page_language(), request.values.get("anew") == "1"
    try:
        address, attempt = sso.ask(sso.provider.begin, anew=anew, language=lang)
    except SilentError as reason:
        return _silent(reason, onward())
    to = "" if link else onward()
    until = at + AWAY
    departure = Departure(attempt=attempt, browser=digest(browser), until=until, to=to or "/", lang=lang, link=link)
    sso.leaves(departure, at)
    answer = go(address)
    set_cookie(answer, BROWSER, browser, max_age=AWAY // 1000)
    return answer


def _led(address: str, *, signed_out: bool = False) -> Response:
    """A page that leads to the provider at once, by itself or by hand."""
    page = render_template("web/to_provider.html", address=address, signed_out=signed_out, office=_office())
    answer = make_response(page)
    answer.headers["Refresh"] = f"0; url={address}"
    return answer


def _silent(reason: SilentError, to: str) -> Response:
    log.warning("the provider is silent: %s", reason)
    return _told("silent", HTTPStatus.SERVICE_UNAVAILABLE, to=to)


def _told(what: str, status: HTTPStatus, name: str = "", to: str = "/") -> Response:
    """The page that says why nobody was signed in (or out: "still_there"), and what to do now."""
    page = render_template("web/not_signed_in.html", what=what, name=name, onward=to, office=_office())
    return make_response(page, status)


def _office() -> Office:
    here = house()
    return here.office(here.settings.office)

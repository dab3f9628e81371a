"""Devices at the door: a screen shows a code and waits, somebody lets it in, and from then on it says how it is.

A browser that is led to `/pair` gets a secret of 256 bits; its SHA-256 waits in `web/fleet.py` under a code that can be
read out. Who approves the code puts that digest into the ledger, and the secret becomes the browser's `device` cookie:
nothing secret is ever handed over. Programs that pair themselves (the printer's) make their own secret.

For the manager's page: `pending`, `approve`, `rename`, `revoke`, `link`, `states`. Who may is kept by the row of the
page's address in `web/policy.py`, not here.
"""

import re
import secrets
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from msgspec import Meta, Struct
from werkzeug import Response

from ltsa.access import DIGEST, KINDS, NAME, Device, PairDevice, RenameDevice, RevokeDevice
from ltsa.journal import PaperChanged
from ltsa.message import Refusal
from web.asking import DEVICE, asker
from web.errors import Refused
from web.fleet import CODE_GOOD, PairingLink, Paper, Printer, Report, TooManyWaiting, Waiting, plain_code, spoken_code
from web.house import House, house
from web.limits import Limit, TooOften, place
from web.live import View
from web.presence import State
from web.security import drop_cookie, read_cookie, set_cookie
from web.version import version
from web.words import OFFERED, Words

T = TypeVar("T")

blueprint = Blueprint("devices", __name__, template_folder="templates")

PAIRING = "pairing"
"""The cookie of a browser that waits to be let in; it becomes the `device` cookie."""

KEPT = 400 * 24 * 3600
"""Seconds that a browser keeps its `device` cookie: the longest that browsers allow."""

RENEW_EVERY = 24 * 3_600_000
"""ms after which it is given anew, so that it never ends while the device is in use."""

RECORD_EVERY = 60_000
"""ms between two entries about one printer's paper, should its sensor flutter."""

ASKED = Limit(60, 600)
"""Codes that the screens of one address get."""

GUESSED = Limit(10, 600)
"""Wrong codes that one person types."""

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)


class Wanted(Struct, frozen=True):
    """What a device says that it is to be, each "" if it does not say, and where it was going."""

    kind: str = ""
    office: str = ""
    name: str = ""
    counter: str = ""
    next: str = ""


class Asks(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program sends that pairs itself. `digest` is the SHA-256 of the secret that it will show."""

    digest: Annotated[str, Meta(pattern=rf"^{DIGEST.pattern}\Z")]
    kind: Annotated[str, Meta(max_length=20)] = ""
    office: Annotated[str, Meta(max_length=40)] = ""
    name: Annotated[str, Meta(max_length=20)] = ""
    counter: Annotated[str, Meta(max_length=20)] = ""


class Says(Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says of itself. `screen` is its width and height in pixels."""

    version: Annotated[str, Meta(pattern=r"^[ -~]{0,40}\Z")] = ""
    paper: Paper = "unknown"
    printer: Printer = "unknown"
    screen: tuple[Annotated[int, Meta(ge=1, le=32767)], Annotated[int, Meta(ge=1, le=32767)]] | None = None


def picture(here: House, office: str) -> tuple[State, ...] | None:
    """The devices of an office, for a live view; None where there is no such office."""
    return here.presence.states(office) if office in here.present.offices() else None


LIVE = (View("devices", picture, "web/devices.html"),)


@blueprint.record_once
def _prepare(state: BlueprintSetupState) -> None:
    version()  # as the files are at the start, whatever replaces them later
    state.app.jinja_env.globals.update(version=version)


# --- A screen that waits


@blueprint.get("/pair")
def pair() -> Response:
    """The code and what to do with it; a browser that is let in goes on to where it was going."""
    here, who, wanted = house(), asker(), _wanted(house())
    secret = read_cookie(request, PAIRING) or ""
    if device := _let_in(here, _digest(secret)):
        return _go_in(device, secret, wanted)
    if who.device:
        return redirect(_home(who.device, wanted), HTTPStatus.SEE_OTHER)
    waiting = here.off_loop(here.fleet.waits, _digest(secret), here.now())
    if waiting is None and secret and (device := _let_in_elsewhere(here, _digest(secret))):
        return _go_in(device, secret, wanted)
    if waiting is None:
        secret = new_secret()
        waiting = _begin(here, Asks(_digest(secret), wanted.kind, wanted.office, wanted.name, wanted.counter))
    g.zone = here.zone(wanted.office or here.settings.office)
    page = render_template(
        "web/pair.html",
        waiting=waiting,
        code=spoken_code(waiting.code).split("-"),
        wanted=wanted,
        office=here.office(wanted.office) if wanted.office else None,
        spoken={lang: Words(lang) for lang in OFFERED},
    )
    answer = make_response(page)
    set_cookie(answer, PAIRING, secret, max_age=2 * CODE_GOOD // 1000)
    return answer


@blueprint.get("/pair/waiting")
def waiting() -> Response:
    """How it stands with a device that waits, known by its cookie or by `?digest=`: waiting, paired, or gone."""
    here = house()
    digest = request.args.get("digest", "") or _digest(read_cookie(request, PAIRING) or "")
    if _let_in(here, digest):
        return jsonify(state="paired")
    found = here.off_loop(here.fleet.waits, digest, here.now())
    if found:
        return jsonify(state="waiting", until=found.until)
    return jsonify(state="paired" if _let_in_elsewhere(here, digest) else "gone")


@blueprint.post("/pair")
def ask() -> tuple[Response, int]:
    """A program asks for a code, with a secret of its own making; the same digest gets the same code."""
    asks = _read(Asks)
    if asks.kind not in ("", *KINDS):
        raise Refused("wrong-kind", f"There is no device {asks.kind!r}.", field="kind", status=422)
    found = _begin(house(), asks)
    return jsonify(code=spoken_code(found.code), until=found.until), HTTPStatus.CREATED


# --- A link that pairs the browser that opens it


@blueprint.get("/pair/<secret>")
def open_link(secret: str) -> str:
    """Says as what this browser is about to be let in; a script goes on by itself. Looking uses nothing up."""
    here = house()
    link = _link(here, secret)
    g.zone = here.zone(link.office)
    return render_template("web/pair_link.html", link=link, office=here.office(link.office))


@blueprint.post("/pair/<secret>")
def use_link(secret: str) -> Response:
    """Lets this browser in, once."""
    here = house()
    link = _link(here, secret)
    own = new_secret()
    # One key for the link: of two browsers that open it at once, the ledger lets one in.
    done = PairDevice(
        office=link.office,
        at=here.now(),
        by=link.by,
        key=f"pairing link {_digest(secret)}",
        kind=link.kind,
        name=link.name,
        digest=_digest(own),
        counter=link.counter,
    )
    try:
        here.do(done)
    except Refusal as refusal:
        if refusal.code != "key-reused":
            raise
        raise _gone() from None
    here.off_loop(here.fleet.end_link, _digest(secret))
    here.catch_up()
    return _go_in(here.access.devices[_digest(own)[:12]], own, Wanted())


# --- A device that is there


@blueprint.post("/device/report")
def report() -> Response:
    """What a device says of itself, about once a minute; the answer says as what it was let in."""
    here, device, at = house(), asker().device, house().now()
    if device is None:
        raise Refused("unknown-device", "Only a device reports.", status=HTTPStatus.FORBIDDEN)
    says = _read(Says)
    known = here.off_loop(
        here.fleet.report,
        Report(
            device=device.id,
            seen=at,
            version=says.version,
            paper=says.paper,
            printer=says.printer,
            screen="×".join(map(str, says.screen or ())),
        ),
    )
    _put_on_record(here, device, known)
    here.presence.heard(known)
    answer = jsonify(
        device=device.id,
        kind=device.kind,
        office=device.office,
        name=device.name,
        counter=device.counter,
        version=version(),
    )
    secret = read_cookie(request, DEVICE)
    if secret and at - known.renewed >= RENEW_EVERY:
        set_cookie(answer, DEVICE, secret, max_age=KEPT)
        here.off_loop(here.fleet.renewed, device.id, at)
    return answer


def _put_on_record(here: House, device: Device, said: Report) -> None:
    """That a printer has no paper, and that it has again, is part of what happened in the office: tickets stayed away.
    "Low" is not, and says nothing new about either.
    """
    paper = {"ok": "ok", "low": "ok", "out": "out"}.get(said.paper, said.recorded)
    if paper == said.recorded or said.seen - said.recorded_at < RECORD_EVERY:
        return
    by = f"{device.kind}:{device.name}"
    here.note(PaperChanged, office=device.office, by=by, device=device.id, name=device.name, paper=paper)
    here.off_loop(here.fleet.recorded, device.id, paper, said.seen)


# --- For the manager's page


def pending(code: str) -> Waiting:
    """Who waits under a code that somebody read out; small letters, spaces and hyphens do not matter.

    Raises:
        Refusal: `unknown-code`; `too-many` after ten wrong ones of this person in ten minutes.
    """
    here, whose = house(), asker().name
    if wait := here.limits.wait(GUESSED, whose):
        raise TooOften(wait)
    found = here.off_loop(here.fleet.waiting, plain_code(code), here.now())
    if found is None:
        here.limits.add(GUESSED, whose)
        message = "No screen shows this code now; read it again, a code is good for ten minutes."
        raise Refused("unknown-code", message, field="code", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return found


def approve(  # noqa: PLR0913, PLR0917 - what is approved
    code: str, kind: str, office: str, name: str, counter: str, by: str
) -> Device:
    """Lets the device in that shows this code. `counter`: for a counter's PC the counter's id; for a printer the name
    of the kiosk whose tickets it prints.

    Raises:
        Refusal: as `pending`, and `wrong-kind`, `wrong-name`, `name-taken`.
    """
    here, found = house(), pending(code)
    here.do(
        PairDevice(
            office=office,
            at=here.now(),
            by=by,
            key=f"approve {found.digest}",
            kind=kind,
            name=name,
            digest=found.digest,
            counter=counter,
        )
    )
    here.off_loop(here.fleet.end, found.code)
    here.catch_up()
    return here.access.devices[found.digest[:12]]


def rename(device: str, office: str, name: str, counter: str, by: str) -> None:
    """Calls a device otherwise, or puts it elsewhere. Raises `Refusal`: unknown-device, wrong-name, name-taken."""
    here, key = house(), new_secret()
    here.do(RenameDevice(office=office, at=here.now(), by=by, key=key, device=device, name=name, counter=counter))


def revoke(device: str, office: str, by: str) -> None:
    """Puts a device out, at once. Raises `Refusal`: `unknown-device`."""
    here = house()
    here.do(RevokeDevice(office=office, at=here.now(), by=by, key=f"revoke {device}", device=device))


def link(  # noqa: PLR0913, PLR0917 - what is linked
    kind: str, office: str, name: str, counter: str, by: str, here: House | None = None
) -> str:
    """The address that lets in the browser that opens it, once, within ten minutes.

    Raises:
        Refusal: `wrong-kind`, `wrong-name`, `name-taken`, as far as they can be known now.
    """
    here = here or house()
    if kind not in KINDS:
        raise Refusal("wrong-kind", f"{kind!r} is no device; use one of {', '.join(KINDS)}.", field="kind")
    if not NAME.fullmatch(name):
        raise Refusal("wrong-name", f"{name!r} cannot name a device; use small letters, digits, hyphens.", field="name")
    if here.access.named(office, kind, name):
        raise Refusal("name-taken", f"There is a {kind} {name!r} already; choose another name.", field="name")
    secret = new_secret()
    made = PairingLink(kind=kind, office=office, name=name, counter=counter, by=by, until=here.now() + CODE_GOOD)
    here.off_loop(here.fleet.keep_link, _digest(secret), made)
    return f"{here.settings.address}/pair/{secret}"


def states(office: str, here: House | None = None) -> tuple[State, ...]:
    """The devices of an office, by kind and name, as they are now. From memory."""
    return (here or house()).presence.states(office)


# --- Within


def new_secret() -> str:
    """256 random bits, for a cookie or an address."""
    return secrets.token_urlsafe(32)


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()


def _read(kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.get_data(), type=kind)
    except msgspec.ValidationError as wrong:
        raise Refused("wrong-report", f"{wrong}", status=HTTPStatus.UNPROCESSABLE_ENTITY) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("bad-request", "Send JSON.", status=HTTPStatus.BAD_REQUEST) from None


def _let_in(here: House, digest: str) -> Device | None:
    found = here.access.shown.get(digest)
    return found if isinstance(found, Device) else None


def _let_in_elsewhere(here: House, digest: str) -> Device | None:
    """A device that waits no longer: another process may have let it in a moment ago, which the ledger tells."""
    here.catch_up()
    return _let_in(here, digest)


def _begin(here: House, asks: Asks) -> Waiting:
    where = request.remote_addr or ""
    here.limits.take(ASKED, place(where))
    try:
        return here.off_loop(
            here.fleet.begin,
            asks.digest,
            here.now(),
            kind=asks.kind,
            office=asks.office,
            name=asks.name,
            counter=asks.counter,
            address=where,
            browser=_browser(request.user_agent.string),
        )
    except TooManyWaiting:
        raise TooOften(CODE_GOOD / 1000) from None


def _go_in(device: Device, secret: str, wanted: Wanted) -> Response:
    answer = redirect(_home(device, wanted), HTTPStatus.SEE_OTHER)
    set_cookie(answer, DEVICE, secret, max_age=KEPT)
    drop_cookie(answer, PAIRING)
    return answer


def _home(device: Device, wanted: Wanted) -> str:
    """Where a device was going, if that is its own; else where its kind begins."""
    if wanted.next and wanted.kind in ("", device.kind) and wanted.office in ("", device.office):
        return wanted.next
    if device.kind == "counter":
        return f"/desk/{device.office}" + (f"/{device.counter}" if device.counter else "")
    return f"/{device.kind}/{device.office}" if device.kind in ("kiosk", "display") else "/"


def _wanted(here: House) -> Wanted:
    said = request.args
    path = said.get("next", "")
    own = re.fullmatch(r"/(?!/)[!-~]*", path) and "\\" not in path and not path.startswith("/pair")
    return Wanted(
        kind=kind if (kind := said.get("kind", "")) in KINDS else "",
        office=office if (office := said.get("office", "")) in here.present.offices() else "",
        name=name if NAME.fullmatch(name := said.get("name", "")) else "",
        counter=said.get("counter", "")[:20],
        next=path if own else "",
    )


def _link(here: House, secret: str) -> PairingLink:
    found = here.off_loop(here.fleet.link, _digest(secret), here.now())
    if found is None or found.office not in here.present.offices():
        raise _gone()
    return found


def _gone() -> Refused:
    message = "This link has been used, or its ten minutes are over. Make a new one."
    return Refused("pairing-link-gone", message, status=HTTPStatus.GONE)


def _browser(agent: str) -> str:
    """What the manager reads of a browser: "Chrome, Linux"."""
    found = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or agent[:40]

"""What an applicant touches: the kiosk's steps from welcome to ticket, and the ticket's page on the phone.

The server keeps nothing of a person at the kiosk: what was said so far travels in each step's address. A ticket's
secret follows from the idempotency key, so asking again after a lost answer gives the same ticket again.
"""

import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from msgspec import Struct, structs
from werkzeug.wrappers import Response

from kiosk import pictures
from kiosk.printing import on_paper
from ltsa.board import TicketPicture
from ltsa.commands import AskHelp, CancelTicket, GiveHelp
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.tokens import token_digest
from web.asking import asker
from web.errors import Refused, for_a_program, spoken, status_of
from web.format import hhmm
from web.house import house
from web.live import View
from web.qr import draw
from web.tickets import issue
from web.words import FIRST, OFFERED, Words

blueprint = Blueprint("kiosk", __name__, template_folder="templates")

LIVE = (
    View("kiosk_door", pictures.offer, "kiosk/door.html"),
    View("kiosk_offer", pictures.offer, "kiosk/offer.html"),
    View("kiosk_chosen", pictures.chosen, "kiosk/chosen.html"),
    View("kiosk_help", pictures.help_asked, "kiosk/help.html"),
    View("ticket", pictures.visit, "kiosk/visit.html", office=pictures.office_of),
)

blueprint.add_app_template_global(
    lambda lang, key, **values: Words(lang)(key, **values), "spoken"
)  # the door speaks every language at once

KEY = re.compile(r"[!-~]{16,128}")
"""An idempotency key: printable, and long enough that nobody hits another's by chance."""

FIRST_KIOSK = "1"
"""What a kiosk is called at which staff sit without naming it."""

NO_NUMBERS = frozenset({"office-closed-today", "too-early", "too-late-today", "office-full", "service-full"})
"""Refusals that are nobody's mistake: the office gives no numbers now, or none for this."""

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
"""A ticket's address is its secret: kept nowhere, told to nobody."""


class Said(Struct, frozen=True, kw_only=True):
    """What the person has said so far, and what this kiosk has (`print`: auto, off, or "" for a printer that a button
    starts). `kiosk` is what staff call the screen that they try; a paired kiosk has its name.
    """

    services: tuple[str, ...] = ()
    priority: str = ""
    print: str = ""
    kiosk: str = ""


# --- The kiosk


@blueprint.get("/kiosk/<office>")
def welcome(office: str) -> str:
    """The first screen: language."""
    return _step("welcome", _office(office), said=Said(print=_printing(), kiosk=_tried(office)))


@blueprint.get("/kiosk/<office>/services")
def services(office: str) -> str:
    """What the person came for; with services chosen already, one more."""
    return _step("services", _office(office))


@blueprint.get("/kiosk/<office>/review")
def review(office: str) -> str | Response:
    """What was chosen, what to bring, and the button that takes the number."""
    configuration = _office(office)
    said = _so_far(configuration)
    if not said.services:
        return redirect(_address("services", office, said), HTTPStatus.SEE_OTHER)
    return _step("review", configuration, said=said)


@blueprint.get("/kiosk/<office>/priority")
def priority(office: str) -> str:
    """Whether the person has a reason to be served earlier; nobody has to answer."""
    return _step("priority", _office(office))


@blueprint.post("/kiosk/<office>/ticket")
def take(office: str) -> Response:
    """Takes the number. The same key again shows the same ticket again."""
    configuration = _office(office)
    try:
        ticket, secret = _issue(office, _key())
    except Refusal as refusal:
        shut = refusal.code if refusal.code in NO_NUMBERS else ""
        return make_response(_step("sorry", configuration, sentence=spoken(refusal), code=shut), status_of(refusal))
    code = draw(f"{house().settings.address}/t/{secret}")
    paper = on_paper(office, _kiosk(office), ticket.date, _key()) if _printing() != "off" else None
    wait = house().forecasts.of_issued(ticket)
    page = _step("ticket", configuration, it=ticket, code=code, wait=wait, paper=paper, again=request.form)
    return make_response(page, HTTPStatus.CREATED)


@blueprint.post("/kiosk/<office>/help")
def ask_help(office: str) -> Response | dict[str, object]:
    """Calls an officer to this kiosk. Scripts hear the ledger's position, a form gets a page that says so."""
    configuration = _office(office)
    asks = AskHelp(office=office, at=house().now(), by=_by(office), key=_key(), kiosk=_kiosk(office))
    if for_a_program():
        return {"ok": True, "v": house().do(asks).position}
    try:
        house().do(asks)
    except Refusal as refusal:
        return make_response(_step("called", configuration, sentence=spoken(refusal)), status_of(refusal))
    sentence = Words(g.lang)("kiosk.help_called", time=hhmm(house().now(), configuration.zone, g.lang))
    return make_response(_step("called", configuration, sentence=sentence), HTTPStatus.CREATED)


@blueprint.post("/kiosk/<office>/helped")
def give_help(office: str) -> dict[str, object]:
    """The person at this kiosk says that they were helped."""
    given = GiveHelp(office=office, at=house().now(), by=_by(office), key=_key(), kiosk=_kiosk(office))
    return {"ok": True, "v": house().do(given).position}


def _issue(office: str, key: str) -> tuple[TicketPicture, str]:
    """The number for what the form asks: the ticket as it was right after, and its secret. Raises `Refusal`."""
    asked = request.form
    return issue(
        house(),
        office=office,
        by=_by(office),
        key=key,
        services=tuple(asked.getlist("service")),
        priority=asked.get("priority", ""),
        language=language if (language := asked.get("language", "")) in OFFERED else FIRST,
    )


def _step(name: str, office: Office, *, said: Said | None = None, **shown: object) -> str:
    said = said or _so_far(office)
    g.zone = office.zone
    shown |= {"office": office, "kiosk": _kiosk(office.id), "said": said, "to": _to(office.id, said), "key": _new_key()}
    return render_template(f"kiosk/{name}.html", step=name, **shown)


def _office(office: str) -> Office:
    return house().office(office)


def _said(name: str) -> str:
    return request.values.get(name, "")


def _so_far(office: Office) -> Said:
    chosen = [service for service in request.values.getlist("service") if service in office.service]
    return Said(
        services=tuple(service for service in dict.fromkeys(chosen) if service != _said("without")),
        priority=_said("priority") if _said("priority") in office.priority else "",
        print=_printing(),
        kiosk=_tried(office.id),
    )


def _to(office: str, said: Said) -> Callable[..., str]:
    """Addresses of steps for a template: `to("review", priority="")` keeps everything else that was said."""

    def to(step: str, lang: str = "", **changes: Any) -> str:
        return _address(step, office, structs.replace(said, **changes), lang)

    return to


def _address(step: str, office: str, said: Said, lang: str = "") -> str:
    query = {"service": said.services, "priority": said.priority, "print": said.print, "kiosk": said.kiosk}
    kept: dict[str, Any] = {name: value for name, value in query.items() if value}
    return url_for(f"kiosk.{step}", office=office, lang=lang or g.lang, **kept)


def _printing() -> str:
    return _said("print") if _said("print") in {"auto", "off"} else ""


def _paired(office: str) -> str:
    """The name that this screen was paired under as a kiosk of the office, "" if it was not."""
    device = asker().device
    return device.name if device and (device.kind, device.office) == ("kiosk", office) else ""


def _tried(office: str) -> str:
    """What staff call the kiosk that they try; a paired one is called as it was paired, whatever its address says."""
    return _said("kiosk") if not _paired(office) and re.fullmatch(r"[a-z0-9-]{1,20}", _said("kiosk")) else ""


def _kiosk(office: str) -> str:
    """What this kiosk is called."""
    return _paired(office) or _tried(office) or FIRST_KIOSK


def _by(office: str) -> str:
    """In whose name a number is taken here, and an officer called: the kiosk's, or that of staff who try it."""
    return asker().by("ticket.take", office)


# --- The ticket on the phone


@blueprint.get("/t/<token>")
def ticket(token: str) -> Response:
    """The holder's page, in the language the ticket was taken in."""
    it = pictures.visit(house(), token)
    if it is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    return _private("kiosk/phone.html", it=it)


@blueprint.get("/t/<token>/cancel")
def ask_to_cancel(token: str) -> Response:
    """Asks before a ticket is given up."""
    it = pictures.visit(house(), token)
    if it is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    return _cancelling(it)


@blueprint.post("/t/<token>/cancel")
def cancel(token: str) -> Response:
    """Gives the ticket up, as its holder."""
    here = house()
    it = pictures.visit(here, token)
    if it is None:
        return _nobodys_ticket()
    held = it.ticket
    try:
        here.do(
            CancelTicket(
                office=held.office,
                at=here.now(),
                by="holder",
                key=_key(),
                number=held.number,
                token=token_digest(token),
            )
        )
    except Refusal as refusal:
        _as_the_holder_reads(it)
        return _cancelling(it, refusal)
    return _as_private(redirect(url_for("kiosk.ticket", token=token, lang=g.lang), HTTPStatus.SEE_OTHER))


def _cancelling(it: pictures.Visit, refusal: Refusal | None = None) -> Response:
    page = _private("kiosk/cancel.html", it=it, key=_new_key(), refused=spoken(refusal) if refusal else "")
    page.status_code = status_of(refusal) if refusal else HTTPStatus.OK
    # "no-referrer" would hide from the server that the form is its own.
    page.headers["Referrer-Policy"] = "strict-origin"
    return page


def _nobodys_ticket() -> Response:
    page = _private("kiosk/nobody.html")
    page.status_code = HTTPStatus.NOT_FOUND
    return page


def _as_the_holder_reads(it: pictures.Visit) -> None:
    g.zone = it.ticket.zone
    if "lang" not in request.args and it.ticket.language in OFFERED:
        g.lang = it.ticket.language


def _private(template: str, **shown: object) -> Response:
    return _as_private(make_response(render_template(template, **shown)))


def _as_private(answer: Response) -> Response:
    answer.headers.update(PRIVATE)
    return answer


# --- Keys


def _key() -> str:
    """The request's idempotency key, from its header or its form. Raises `Refused`."""
    key = request.headers.get("Idempotency-Key") or request.form.get("key", "")
    if not KEY.fullmatch(key):
        message = "Send an idempotency key of 16 to 128 printable characters."
        raise Refused("missing-key", message, field="key", status=HTTPStatus.BAD_REQUEST)
    return key


def _new_key() -> str:
    """A key for a form that is sent without scripts."""
    return secrets.token_hex(16)

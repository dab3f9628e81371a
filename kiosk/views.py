"""What an applicant touches: the kiosk's steps from welcome to ticket, and the ticket's page on the phone.

The server keeps nothing of a person at the kiosk: what was said so far travels in each step's address. A ticket's
secret follows from the idempotency key, so asking again after a lost answer gives the same ticket again.
"""

from http import HTTPStatus

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kiosk import pictures
from kiosk.printing import on_paper
from kiosk.receipt import Receipt
from kiosk.receipt import read as read_receipt
from kiosk.roads import begins
from kiosk.step import (
    NO_NUMBERS,
    Said,
    address,
    an_office,
    key,
    language,
    name_of_kiosk,
    new_key,
    printing,
    so_far,
    step,
    taken_by,
    tried,
)
from ltsa.board import TicketPicture
from ltsa.commands import AskHelp, CancelTicket, GiveHelp
from ltsa.message import Refusal
from ltsa.receipt import written as proof_of_visit
from ltsa.tokens import token_digest
from web.errors import for_a_program, spoken, status_of
from web.format import hhmm
from web.house import house
from web.live import View
from web.qr import draw
from web.tickets import issue
from web.words import OFFERED, Words

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

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
"""A ticket's address is its secret: kept nowhere, told to nobody."""


# --- The kiosk


@blueprint.get("/kiosk/<office>")
def welcome(office: str) -> str:
    """The first screen: language."""
    return step("welcome", an_office(office), said=Said(print=printing(), kiosk=tried(office)))


@blueprint.get("/kiosk/<office>/services")
def services(office: str) -> str:
    """What the person came for; with services chosen already, one more."""
    configuration = an_office(office)
    today = configuration.service_date(house().now()).isoformat()
    return step("services", configuration, begins=begins(configuration, today))


@blueprint.get("/kiosk/<office>/review")
def review(office: str) -> str | Response:
    """What was chosen, what to bring, and the button that takes the number."""
    configuration = an_office(office)
    said = so_far(configuration)
    if not said.services:
        return redirect(address("services", office, said), HTTPStatus.SEE_OTHER)
    return step("review", configuration, said=said)


@blueprint.get("/kiosk/<office>/priority")
def priority(office: str) -> str:
    """Whether the person has a reason to be served earlier; nobody has to answer."""
    return step("priority", an_office(office))


@blueprint.post("/kiosk/<office>/ticket")
def take(office: str) -> Response:
    """Takes the number. The same key again shows the same ticket again."""
    configuration = an_office(office)
    try:
        ticket, secret = _issue(office, key())
    except Refusal as refusal:
        shut = refusal.code if refusal.code in NO_NUMBERS else ""
        return make_response(step("sorry", configuration, sentence=spoken(refusal), code=shut), status_of(refusal))
    code = draw(f"{house().settings.address}/t/{secret}")
    paper = on_paper(office, name_of_kiosk(office), ticket.date, key()) if printing() != "off" else None
    wait = house().forecasts.of_issued(ticket)
    page = step("ticket", configuration, it=ticket, code=code, wait=wait, paper=paper, again=request.form)
    return make_response(page, HTTPStatus.CREATED)


@blueprint.post("/kiosk/<office>/help")
def ask_help(office: str) -> Response | dict[str, object]:
    """Calls an officer to this kiosk. Scripts hear the ledger's position, a form gets a page that says so."""
    configuration = an_office(office)
    asks = AskHelp(office=office, at=house().now(), by=taken_by(office), key=key(), kiosk=name_of_kiosk(office))
    if for_a_program():
        return {"ok": True, "v": house().do(asks).position}
    try:
        house().do(asks)
    except Refusal as refusal:
        return make_response(step("called", configuration, sentence=spoken(refusal)), status_of(refusal))
    sentence = Words(g.lang)("kiosk.help_called", time=hhmm(house().now(), configuration.zone, g.lang))
    return make_response(step("called", configuration, sentence=sentence), HTTPStatus.CREATED)


@blueprint.post("/kiosk/<office>/helped")
def give_help(office: str) -> dict[str, object]:
    """The person at this kiosk says that they were helped."""
    given = GiveHelp(office=office, at=house().now(), by=taken_by(office), key=key(), kiosk=name_of_kiosk(office))
    return {"ok": True, "v": house().do(given).position}


def _issue(office: str, key: str) -> tuple[TicketPicture, str]:
    """The number for what the form asks: the ticket as it was right after, and its secret. Raises `Refusal`."""
    asked = request.form
    return issue(
        house(),
        office=office,
        by=taken_by(office),
        key=key,
        services=tuple(asked.getlist("service")),
        priority=asked.get("priority", ""),
        language=language(),
    )


# --- The ticket on the phone


@blueprint.get("/t/<token>")
def ticket(token: str) -> Response:
    """The holder's page, in the language the ticket was taken in."""
    it = _visit(token)
    if it is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    return _private("kiosk/phone.html", it=it)


@blueprint.get("/t/<token>/cancel")
def ask_to_cancel(token: str) -> Response:
    """Asks before a ticket is given up."""
    it = _visit(token)
    if it is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    return _cancelling(it)


@blueprint.post("/t/<token>/cancel")
def cancel(token: str) -> Response:
    """Gives the ticket up, as its holder."""
    here = house()
    it = _visit(token)
    if it is None:
        return _nobodys_ticket()
    held = it.ticket
    try:
        here.do(
            CancelTicket(
                office=held.office,
                at=here.now(),
                by="holder",
                key=key(),
                number=held.number,
                token=token_digest(token),
            )
        )
    except Refusal as refusal:
        _as_the_holder_reads(it)
        return _cancelling(it, refusal)
    return _as_private(redirect(url_for("kiosk.ticket", token=token, lang=g.lang), HTTPStatus.SEE_OTHER))


@blueprint.get("/t/<token>/receipt")
def receipt(token: str) -> Response:
    """What is on record of the visit, and where its proof is kept from."""
    it, found = _recorded(token)
    if it is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    return _private("kiosk/receipt.html", it=it, receipt=found)


@blueprint.get("/t/<token>/receipt.zip")
def receipt_file(token: str) -> Response:
    """The proof itself, as a file."""
    it, found = _recorded(token)
    if it is None or found is None:
        return _nobodys_ticket()
    _as_the_holder_reads(it)
    if not found.ready:
        return _as_private(redirect(url_for("kiosk.receipt", token=token, lang=g.lang), HTTPStatus.SEE_OTHER))
    ticket, here = it.ticket, house()
    answer = make_response(here.off_loop(proof_of_visit, here.ledger, ticket.office, ticket.date, ticket.number))
    answer.mimetype = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{ticket.number}-{ticket.date}.zip"'
    return _as_private(answer)


def _visit(token: str) -> pictures.Visit | None:
    """The ticket with this secret, whichever process issued it."""
    here = house()
    return pictures.visit(here, token) if here.find_ticket(token.upper()) else None


def _recorded(token: str) -> tuple[pictures.Visit | None, Receipt | None]:
    """The ticket with this secret, and what is on record of it."""
    here = house()
    it, found = _visit(token), here.ticket(token.upper())
    return it, here.off_loop(read_receipt, here.ledger, *found) if found else None


def _cancelling(it: pictures.Visit, refusal: Refusal | None = None) -> Response:
    page = _private("kiosk/cancel.html", it=it, key=new_key(), refused=spoken(refusal) if refusal else "")
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

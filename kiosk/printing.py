"""Tickets on the paper of a paired printer: the kiosk orders them, the printer's agent fetches them.

The agent (`python3 app.py printer`) stands at the printer and asks every second. What it is given stays on its list
until it says that the ticket was printed, or nobody waits for it any more (`web/spool.py`).
"""

from hashlib import sha256
from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, current_app, jsonify, request, url_for
from msgspec import Struct

from kiosk import pictures, roads
from kiosk.roads import Journey, Mile
from kiosk.slip import Card, Slip, Stop, Way
from ltsa import board
from ltsa.board import StepPicture, TicketPicture
from ltsa.ledger import LedgerUnavailableError
from ltsa.office import Office, Text
from ltsa.tokens import ticket_secret
from web.asking import asker
from web.errors import Refused
from web.format import full_date, hhmm, listed, ranged, short_date, zone_label
from web.house import House, house
from web.spool import PRINTED_WITHIN, PrintJob
from web.waits import wait_sentence
from web.words import FIRST, Words

blueprint = Blueprint("printing", __name__)

COPIES = 3
"""How often one ticket is printed at most."""


class OnPaper(Struct, frozen=True, kw_only=True):
    """How it stands with a ticket's paper at a kiosk that has a printer: `state` is "ordered", "printed", "out" (of
    paper) or "silent" (the printer, or its agent); `ordered` whether it is printed as soon as that is over.
    """

    job: str
    state: str
    ordered: bool = True


def on_paper(office: str, kiosk: str, date: str, key: str, *, again: bool = False) -> OnPaper | None:
    """Has the ticket that was taken under a key printed, once, or once more; None where no printer is at this kiosk.

    A printer that cannot print now is given nothing: the person is told to photograph the code, and goes.
    """
    printer = house().presence.printer_of(office, kiosk)
    if printer is None:
        return None
    try:
        return _ordered(house(), printer.id, office, date, key, again=again)
    except LedgerUnavailableError:
        current_app.logger.exception("The ticket could not be ordered on paper; its number stands.")
        return OnPaper(job=_job(office, date, key, 1), state="silent", ordered=False)


def _ordered(  # noqa: PLR0913 - what is ordered
    here: House, printer: str, office: str, date: str, key: str, *, again: bool
) -> OnPaper:
    for copy in range(1, COPIES + 1):
        job = _job(office, date, key, copy)
        known = here.off_loop(here.fleet.job, job)
        if known is None or known.state == "ordered" or not again:
            break
    if known:
        return OnPaper(job=job, state=_state(here, known))
    if trouble := _trouble(here, printer):
        return OnPaper(job=job, state=trouble, ordered=False)
    at = here.now()
    ordered = PrintJob(
        job=job, printer=printer, office=office, date=date, key=key, ordered=at, until=at + PRINTED_WITHIN, copy=copy
    )
    here.off_loop(here.fleet.order, ordered)
    return OnPaper(job=job, state="ordered")


@blueprint.get("/kiosk/<office>/paper/<job>")
def paper(office: str, job: str) -> Response:
    """How it stands with a ticket's paper, for the kiosk that ordered it."""
    found = house().off_loop(house().fleet.job, job)
    if found is None or found.office != office:
        raise Refused("unknown-job", "No such ticket was ordered here.", status=HTTPStatus.NOT_FOUND)
    return jsonify(state=_state(house(), found))


@blueprint.post("/kiosk/<office>/paper")
def print_again(office: str) -> Response:
    """Has a ticket printed once more, by the `key` that it was taken under on a `date`; or now, if it was not yet."""
    asked, device = request.form, asker().device
    kiosk = device.name if device and device.kind == "kiosk" else asked.get("kiosk", "")
    found = on_paper(office, kiosk, asked.get("date", ""), asked.get("key", ""), again=True)
    if found is None:
        raise Refused("unknown-job", "No printer stands at this kiosk.", status=HTTPStatus.NOT_FOUND)
    address = url_for("printing.paper", office=office, job=found.job)
    return jsonify(state=found.state, ordered=found.ordered, paper=address)


# --- For the printer's agent


@blueprint.get("/device/tickets")
def tickets() -> Response:
    """The tickets that this printer still has to print, as `kiosk.slip.Slip`."""
    here, device = house(), asker().device
    jobs = here.off_loop(here.fleet.to_print, device.id, here.now()) if device else []
    slips = [slip for job in jobs if (slip := _slip(here, job))]
    return Response(msgspec.json.encode(slips), mimetype="application/json")


@blueprint.post("/device/tickets/<job>")
def printed(job: str) -> Response:
    """A ticket was printed."""
    here, device = house(), asker().device
    if not device or not here.off_loop(here.fleet.printed, job, device.id):
        raise Refused("unknown-job", "This printer was given no such ticket.", status=HTTPStatus.NOT_FOUND)
    return jsonify(ok=True)


# --- Within


def _job(office: str, date: str, key: str, copy: int) -> str:
    return sha256(f"print {office} {date} {copy} {key}".encode()).hexdigest()[:32]


def _state(here: House, job: PrintJob) -> str:
    if job.state == "ordered":
        return _trouble(here, job.printer) or "ordered"
    return "printed" if job.state == "printed" else "silent"


def _trouble(here: House, printer: str) -> str:
    """Why a printer cannot print now: "out", "silent", or "" when it can."""
    state = here.presence.state(printer)
    if state is None or not state.online or state.printer == "unreachable":
        return "silent"
    return "out" if state.paper == "out" else ""


def _slip(here: House, job: PrintJob) -> Slip | None:
    """What stands on a ticket, in its own language; None for one that is of no use any more."""
    secret = ticket_secret(here.seed, job.office, job.date, job.key)
    found = here.ticket(secret)
    if found is None:
        return None
    day, number = found
    office, it = day.rules_of, board.ticket(day, number)
    if it.state == "cancelled":
        return None
    lang, zone = it.language or FIRST, it.zone
    words = Words(lang)
    chosen = pictures.chosen(here, job.office, ",".join(step.service for step in it.steps))
    journey, work = roads.of_ticket(here, day, number), roads.work_of(here, day, number)
    bring = journey.bring if journey else chosen.bring if chosen else ()
    papers = [_said(document.name, lang) for document in bring]
    card = roads.card_begun_with(here, day, number, job.key)
    return Slip(
        job=job.job,
        number=number,
        office=_said(office.name, lang),
        label=words("ticket.yours"),
        taken=f"{full_date(it.arrived, zone, lang)}, {hhmm(it.arrived, zone, lang)} {zone_label(zone, it.arrived)}",
        ahead=_ahead(it, words),
        road=tuple(
            _stop(step, office, words, work.get(step.service, ())) for step in it.steps if step.state != "transferred"
        ),
        bring=words("kiosk.papers") if papers else "",
        papers=tuple(papers),
        url=f"{here.settings.address}/t/{secret}",
        follow=words("kiosk.follow"),
        follow_how=words("kiosk.follow_how"),
        foot=f"{words('kiosk.ticket_how')} {words('kiosk.valid')}",
        again=words("paper.again"),
        copy=job.copy > 1,
        notes=tuple(_lacked(mile, words) for mile in journey.missing) if journey else (),
        way=_way(journey, words) if journey else None,
        card=Card(url=f"{here.settings.address}/c/{card}", title=words("journey.card"), keep=words("journey.card_keep"))
        if card
        else None,
        wait=wait_sentence(wait, zone, lang) if (wait := here.forecasts.of(day, number)) else "",
    )


def _ahead(it: TicketPicture, words: Words) -> str:
    """Where the person was told to wait, or how many stand before them."""
    if it.sent and it.sent.seat:
        counters = ranged([_said(name, words.lang) for name in it.sent.counters], words.lang)
        return f"{words('ticket.sent_seat', counters=counters)} · {_said(it.sent.name, words.lang)}"
    if it.sent:
        return words("ticket.sent_line", service=_said(it.sent.name, words.lang))
    return words("ticket.ahead_then", n=it.ahead) if it.ahead else words("kiosk.ahead_none")


def _stop(step: StepPicture, office: Office, words: Words, work: tuple[Text, ...] = ()) -> Stop:
    before = [_said(office.service[service].name, words.lang) for service in step.after if service in office.service]
    note = words("ticket.after", services=listed(before, words.lang)) if step.state == "later" and before else ""
    what = listed([_said(name, words.lang) for name in work], words.lang) if work else ""
    return Stop(_said(step.name, words.lang), " - ".join(filter(None, (what, note))))


def _way(journey: Journey, words: Words) -> Way:
    """The road over days, as short as a narrow paper wants it."""
    then = [f"{_said(mile.name, words.lang)} ({_place(mile, words)})" for mile in journey.then]
    bring = [_said(document.name, words.lang) for document in journey.bring_then]
    sentences = [f"{words('journey.then')}: {', '.join(then)}."] if then else []
    sentences += [f"{words('kiosk.bring')} {listed(bring, words.lang)}."] if then and bring else []
    return Way(
        title=f"{words('journey.title')}: {_said(journey.scheme, words.lang)}",
        road=tuple(Stop(_said(mile.name, words.lang), _mile(mile, words)) for mile in journey.miles),
        signs=tuple({"done": "x", "now": ">"}.get(mile.state, "") for mile in journey.miles),
        then=" ".join(sentences),
        number=words("journey.card_number", number=journey.number),
    )


def _mile(mile: Mile, words: Words) -> str:
    def on(day: str) -> str:
        return short_date(day, lang=words.lang)

    match mile.state:
        case "done":
            until = words("journey.until", date=on(mile.until)) if mile.until else ""
            return ", ".join(filter(None, (on(mile.date), until)))
        case "now":
            return words("journey.step_today")
    if mile.ends == "over":
        return words("journey.again_over", date=on(mile.until))
    return words("journey.outside") if mile.outside and mile.state == "next" else ""


def _place(mile: Mile, words: Words) -> str:
    if mile.outside or mile.at_hand:
        return words("journey.outside" if mile.outside else "journey.here")
    names = [_said(name, words.lang) for name in mile.where]
    return words("journey.at_offices", offices=listed(names, words.lang)) if names else words("journey.nowhere")


def _lacked(mile: Mile, words: Words) -> str:
    lacked = listed([_said(document.name, words.lang) for document in mile.missing], words.lang)
    return f"{_said(mile.name, words.lang)}. {words('journey.lacked', documents=lacked)}"


def _said(text: Text, lang: str) -> str:
    return text.get(lang) or text.get(FIRST, "")

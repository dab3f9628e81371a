"""What an officer touches: the desk; and the supervisor's view of all desks."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug import Response

from counters import casework, journey, screens
from counters.actions import DESK, HALL, Press, note_of
from ltsa import board
from ltsa.commands import CounterCommand, OpenCounter
from ltsa.day import Day
from ltsa.journey import OUTCOMES, REOPENINGS, person_of
from ltsa.message import Refusal
from ltsa.subject import asked
from web.asking import asker
from web.house import house
from web.live import View
from web.looks import note_look
from web.notes import erase_note, note_beside, read_notes
from web.seats import is_own, own_counter
from web.words import said

blueprint = Blueprint("counters", __name__, template_folder="templates")

LIVE = (
    View("counters", screens.counters, "counters/counters.html"),
    View("desk", screens.desk, "counters/person.html"),
    View("line", screens.line, "counters/line.html"),
    View("hall", screens.hall, "counters/hall.html"),
)

DESK_SHEETS = frozenset(
    {"cancel", "close", "deviate", "finish", "number", "pause", "priority", "return", "services", "steps"}
)
DESK_SHEETS |= {"transfer", "visit", "why"}
JOURNEY_SHEETS = frozenset(
    {"appointment", "journey", "journey-card", "journey-close", "journey-reopen", "journey-step", "reference"}
)
"""Sheets about the journey that a number belongs to."""
DESK_SHEETS |= JOURNEY_SHEETS | {"journey-new"}
HALL_SHEETS = frozenset({"close-day", "reopen-day"})

OFFERS = ("hall.lead", "desk.work", "audit.see", "day.begin", "day.report")
"""What the supervisor's page offers beside showing the hall, to those who may."""

Answer = dict[str, Any]


@blueprint.get("/desk/<office>")
def choose(office: str) -> str | Response:
    """The choice of a counter; a computer that stands at one goes straight there."""
    day, device = _opened(office), asker().device
    if device and (device.kind, device.office) == ("counter", office) and device.counter in day.counters:
        there = url_for("counters.desk", office=office, counter=device.counter, lang=request.args.get("lang"))
        return redirect(there, HTTPStatus.SEE_OTHER)
    return render_template("counters/choose.html", office=day.rules_of)


@blueprint.get("/desk/<office>/<counter>")
def desk(office: str, counter: str) -> str:
    """One counter's desk."""
    day = _opened(office, counter)
    return render_template("counters/desk.html", office=day.rules_of, counter=day.rules_of.counter[counter])


@blueprint.get("/desk/<office>/<counter>/sheet/<name>")
def desk_sheet(office: str, counter: str, name: str) -> str:
    """A sheet that the desk lays over itself to ask something, about a number where one is given."""
    day = _opened(office, counter)
    number = request.args.get("number", "").strip().upper()
    if name not in DESK_SHEETS:
        abort(404)
    if name in JOURNEY_SHEETS or name in {"journey-new", "return", "visit"}:
        return _journey_sheet(name, day, counter, number)
    return _sheet(name, day, it=board.desk(day, counter), visit=_visit(day, number))


@blueprint.post("/desk/<office>/<counter>/journey/<action>")
def on_journey(office: str, counter: str, action: str) -> Answer:
    """One press about the journey of whoever has a number here."""
    here, press, does = house(), Press(request), casework.ACTIONS.get(action) or abort(404)
    _opened(office, counter)
    own_counter(here, office, counter, press.key)
    return does(casework.work(here, office, press, asker().by("desk.work", office)))


@blueprint.post("/desk/<office>/<counter>/<action>")
def act(office: str, counter: str, action: str) -> Answer:
    """One press of a button of the desk."""
    here, press, kind = house(), Press(request), DESK.get(action) or abort(404)
    at, by, officer = press.at(here, office), asker().by("desk.work", office), asker().person
    if issubclass(kind, CounterCommand) and kind is not OpenCounter:  # who opens a taken one is refused by the rules
        own_counter(here, office, counter, press.key)
    press.meets(here, office, counter)
    number, text = press.about(here, office, counter), note_of(press, kind)
    with note_beside(here, office=office, number=number, by=by, key=press.key, text=text) as note:
        return _done(press.command(kind, office=office, counter=counter, at=at, by=by, officer=officer, note=note))


@blueprint.get("/desk/<office>/<counter>/notes")
def notes(office: str, counter: str) -> str:
    """The notes about the person who is at the counter, and about nobody else, for whose counter it is."""
    day, number = _opened(office, counter), request.args.get("number", "")
    is_here, own = number and number == day.counters[counter].ticket, is_own(day, counter)
    by = asker().by("note.see", office)
    found = read_notes(house(), office=office, date=day.date, number=number, by=by) if is_here and own else []
    return render_template("counters/notes.html", notes=found, own=own)


@blueprint.post("/desk/<office>/<counter>/notes/<note>/erase")
def erase(office: str, counter: str, note: str) -> Answer:
    """Erases the text of a note about the person who is at the counter."""
    here, press = house(), Press(request)
    day = _opened(office, counter)
    own_counter(here, office, counter)
    present = day.tickets.get(day.counters[counter].ticket)
    if present is None or note not in present.notes:
        raise Refusal("unknown-note", "There is no such note about the person at this counter.", field="note")
    by, about = asker().by("note.erase", office), f"{present.number} {day.date}"
    return {"ok": erase_note(here, note, office=office, about=about, by=by, key=press.key)}


@blueprint.get("/supervisor/<office>")
def supervisor(office: str) -> str:
    """All counters and queues of the office at a glance."""
    day = _opened(office)
    offers = ",".join(action for action in OFFERS if asker().may(action, office))
    return render_template("counters/supervisor.html", office=day.rules_of, offers=offers)


@blueprint.get("/supervisor/<office>/sheet/<name>")
def hall_sheet(office: str, name: str) -> str:
    """A sheet that the supervisor's page lays over itself."""
    day = _opened(office)
    if name not in HALL_SHEETS:
        abort(404)
    return _sheet(name, day, it=board.hall(day))


@blueprint.post("/supervisor/<office>/<action>")
def govern(office: str, action: str) -> Answer:
    """One press of a button of the supervisor."""
    here, press, kind = house(), Press(request), HALL.get(action) or abort(404)
    at, by = press.at(here, office), asker().by("hall.lead", office)
    return _done(press.command(kind, office=office, at=at, by=by))


def _sheet(name: str, day: Day, **shown: object) -> str:
    return render_template("counters/sheet.html", sheet=name, date=day.date, office=day.rules_of, **shown)


def _journey_sheet(name: str, day: Day, counter: str, number: str) -> str:
    """A sheet about the journey of the number given, or of whoever is at the counter."""
    here, (about, _, code) = house(), request.args.get("about", "").partition(" ")
    number = number or about or day.counters[counter].ticket
    visit, found = _visit(day, number), journey.of_visit(here, day, number)
    if found is None and name in JOURNEY_SHEETS:
        raise Refusal("no-case", f"{number} belongs to no journey yet; open one, or tie it to one.", field="number")
    if found is not None and name == "journey":
        office = day.rules_of.id
        note_look(here, "journey", person_of(found.case), office=office, by=asker().by("desk.work", office))
    step = next((step for step in found.road if step.code == code), None) if found else None
    if step is None and name == "journey-step":
        raise Refusal("unknown-step", f"{code!r} is no step of this case.", field="step")
    offices = {office.id: office.name for office in here.offices()}
    return _sheet(
        name,
        day,
        it=board.desk(day, counter),
        visit=visit,
        journey=found,
        step=step,
        offices=offices,
        office_choices=[(office, said(name)) for office, name in offices.items()],
        case_outcomes=OUTCOMES,
        case_reopenings=REOPENINGS,
        consent=asked(day.rules_of.consent),
    )


def _done(command: Any) -> Answer:
    return {"ok": True, "v": house().do(command).position}


def _opened(office: str, counter: str | None = None) -> Day:
    """The office's day; the page takes its time zone. Raises `Refusal` for an office or a counter that is not there."""
    day = house().today(office)
    g.zone = day.rules_of.zone
    if counter is not None and counter not in day.counters:
        raise Refusal("unknown-counter", f"There is no counter {counter!r}.", field="counter")
    return day


def _visit(day: Day, number: str) -> board.TicketPicture | None:
    if number and number not in day.tickets:
        raise Refusal("unknown-ticket", f"There is no ticket {number!r} today.", field="number")
    return board.ticket(day, number) if number else None

"""What an officer touches: the desk; and the supervisor's view of all desks."""

from typing import Any

from flask import Blueprint, abort, g, render_template, request

from counters import screens
from counters.actions import DESK, HALL, Press, note_of
from ltsa import board
from ltsa.day import Day
from ltsa.message import Refusal
from web.house import house
from web.live import View
from web.notes import note_beside

blueprint = Blueprint("counters", __name__, template_folder="templates")

LIVE = (
    View("counters", screens.counters, "counters/counters.html"),
    View("desk", screens.desk, "counters/person.html"),
    View("line", screens.line, "counters/line.html"),
    View("hall", screens.hall, "counters/hall.html"),
)

DESK_SHEETS = frozenset({"cancel", "close", "finish", "number", "pause", "priority", "return", "services", "steps"})
DESK_SHEETS |= {"transfer", "visit"}
HALL_SHEETS = frozenset({"close-day", "give-help", "reopen-day"})

Answer = dict[str, Any]


@blueprint.get("/desk/<office>")
def choose(office: str) -> str:
    """The choice of a counter."""
    day = _opened(office)
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
    return render_template(
        f"counters/sheets/{name}.html", office=day.rules_of, it=board.desk(day, counter), visit=_visit(day, number)
    )


@blueprint.post("/desk/<office>/<counter>/<action>")
def act(office: str, counter: str, action: str) -> Answer:
    """One press of a button of the desk."""
    here, press, kind = house(), Press(request), DESK.get(action) or abort(404)
    by = press.by("officer")
    press.meets(here, office, counter)
    number, text = press.about(here, office, counter), note_of(press, kind)
    with note_beside(here, office=office, number=number, by=by, key=press.key, text=text) as note:
        return _done(press.command(kind, office=office, counter=counter, at=here.now(), by=by, note=note))


@blueprint.get("/desk/<office>/<counter>/notes")
def notes(office: str, counter: str) -> str:
    """The notes about the person who is at the counter, and about nobody else."""
    day, number = _opened(office, counter), request.args.get("number", "")
    is_here = number and number == day.counters[counter].ticket
    found = house().off_loop(house().people.notes, office, day.date, number) if is_here else []
    return render_template("counters/notes.html", notes=found)


@blueprint.post("/desk/<office>/<counter>/notes/<note>/erase")
def erase(office: str, counter: str, note: str) -> Answer:
    """Erases the text of a note about the person who is at the counter."""
    here, press = house(), Press(request)
    day = _opened(office, counter)
    by, present = press.by("officer"), day.tickets.get(day.counters[counter].ticket)
    if present is None or note not in present.notes:
        raise Refusal("unknown-note", "There is no such note about the person at this counter.", field="note")
    return {"ok": here.off_loop(here.people.erase, note, by, here.now())}


@blueprint.get("/supervisor/<office>")
def supervisor(office: str) -> str:
    """All counters and queues of the office at a glance."""
    day = _opened(office)
    return render_template("counters/supervisor.html", office=day.rules_of, date=day.date)


@blueprint.get("/supervisor/<office>/sheet/<name>")
def hall_sheet(office: str, name: str) -> str:
    """A sheet that the supervisor's page lays over itself."""
    day = _opened(office)
    if name not in HALL_SHEETS:
        abort(404)
    return render_template(
        f"counters/sheets/{name}.html", office=day.rules_of, it=board.hall(day), kiosk=request.args.get("kiosk", "")
    )


@blueprint.post("/supervisor/<office>/<action>")
def govern(office: str, action: str) -> Answer:
    """One press of a button of the supervisor."""
    here, press, kind = house(), Press(request), HALL.get(action) or abort(404)
    return _done(press.command(kind, office=office, at=here.now(), by=press.by("supervisor")))


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

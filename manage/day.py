"""The begin and the end of a service day: the check-list with what the system sees by itself, and what becomes of those
who are still here when the office closes.
"""

from collections.abc import Iterator

from flask import Blueprint, request
from msgspec import Struct
from werkzeug import Response

from ltsa import board
from ltsa.commands import CheckDay, CloseDay, ReopenDay
from ltsa.day import Day, Ticket
from ltsa.hours import hours_on, state_at
from ltsa.message import Refusal
from ltsa.people import Note
from manage import frame
from web.asking import asker
from web.devices import states
from web.errors import status_of
from web.house import house
from web.notes import note_beside
from web.presence import State

blueprint = Blueprint("day", __name__, url_prefix="/manage/<office>")

OK, OPEN = "ok", "open"
STILL_HERE = ("serving", "called", "waiting", "held", "returned", "absent")
LONGEST_REMARK = 500

WATCHED = {"kiosk": ("kiosk",), "display": ("display",), "counters": ("counter",), "paper": ("kiosk", "printer")}
"""Items of the check-list that devices tell about, by the kinds of those devices."""


class Fact(Struct, frozen=True, kw_only=True):
    """What the system sees of an item: `good` or not, and the devices that are not as they should be."""

    good: bool
    names: tuple[str, ...] = ()


@blueprint.get("/opening")
def opening(office: str) -> str:
    """The check-list of the morning."""
    return _opening(office)


@blueprint.post("/opening")
def check(office: str) -> Response | tuple[str, int]:
    """Puts on record what is in order and what is not; the day begins with it if it had not begun."""
    here, by, key = house(), asker().by("day.begin", office), frame.key()
    said = {item.code: frame.form(f"item.{item.code}") for item in here.office(office).rules.opening_checks}
    remark = " ".join(frame.form("remark").split())[:LONGEST_REMARK]
    try:
        with note_beside(here, office=office, number="", by=by, key=key, text=remark) as note:
            here.do(
                CheckDay(
                    office=office,
                    at=here.now(),
                    by=by,
                    key=key,
                    ok=tuple(code for code, word in said.items() if word == OK),
                    open=tuple(code for code, word in said.items() if word == OPEN),
                    note=note,
                )
            )
    except Refusal as refusal:
        return _opening(office, problem=refusal), status_of(refusal)
    return frame.leads_to("day.opening", done="check")


@blueprint.get("/closing")
def closing(office: str) -> str:
    """Who is still here, and what becomes of them."""
    return _closing(office)


@blueprint.post("/closing")
def close(office: str) -> Response | tuple[str, int]:
    """Closes the day."""
    here = house()
    outcomes = {
        ticket.number: code
        for ticket in _still_here(here.today(office))
        if (code := frame.form(f"outcome.{ticket.number}"))
    }
    by = asker().by("day.begin", office)
    wanted = CloseDay(
        office=office, at=here.now(), by=by, key=frame.key(), outcomes=outcomes, outcome=frame.form("outcome")
    )
    try:
        here.do(wanted)
    except Refusal as refusal:
        return _closing(office, problem=refusal), status_of(refusal)
    return frame.leads_to("day.closing", done="close")


@blueprint.post("/closing/reopen")
def reopen(office: str) -> Response:
    """Takes back a closing that came too early."""
    here = house()
    here.do(ReopenDay(office=office, at=here.now(), by=asker().by("hall.lead", office), key=frame.key()))
    return frame.leads_to("day.closing")


def facts(found: tuple[State, ...]) -> dict[str, Fact]:
    """What devices tell about the items of the check-list; nothing about items without any device."""
    return {
        code: fact for code, kinds in WATCHED.items() for fact in _fact(code, [d for d in found if d.kind in kinds])
    }


def _fact(code: str, found: list[State]) -> Iterator[Fact]:
    if code == "paper":
        found = [device for device in found if device.paper != "unknown"]
        bad = tuple(device.name for device in found if device.paper != "ok")
    else:
        bad = tuple(device.name for device in found if not device.online)
    if found:
        yield Fact(good=not bad, names=bad)


def _opening(office: str, problem: Refusal | None = None) -> str:
    here, found = house(), frame.office_of(office)
    here.read_own_writes()
    day = here.today(office)
    hall, seen = board.hall(day), facts(states(office))
    today = found.service_date(here.now())
    said = {code: OK if fact.good else OPEN for code, fact in seen.items()}
    if day.check:
        said |= dict.fromkeys(day.check.ok, OK) | dict.fromkeys(day.check.open, OPEN)
    if problem:
        said |= {name.removeprefix("item."): word for name, word in request.form.items() if name.startswith("item.")}
    return frame.page(
        "opening",
        found,
        day=day,
        today=today,
        hours=hours_on(found, today),
        doors=state_at(found, here.now()),
        hall=hall,
        alone=[service for service in found.services if not _taken(day, service.id)],
        seen=seen,
        said=said,
        remark=_remark(day) if day.check else None,
        problem=problem,
        done=request.args.get("done") == "check" and not problem,
    )


def _taken(day: Day, service: str) -> bool:
    return any(now.state == "open" and service in now.services for now in day.counters.values())


def _remark(day: Day) -> Note | None:
    here = house()
    notes = here.off_loop(here.people.notes, day.rules_of.id, day.date, "")
    return next((note for note in notes if day.check and note.id == day.check.note), None)


def _closing(office: str, problem: Refusal | None = None) -> str:
    here, found = house(), frame.office_of(office)
    here.read_own_writes()
    day = here.today(office)
    closed = [ticket for ticket in day.tickets.values() if ticket.state == "closed"]
    return frame.page(
        "closing",
        found,
        day=day,
        begun=day.version > 0,
        here=_still_here(day),
        closed=closed,
        states=STILL_HERE,
        problem=problem,
        given=request.form if problem else {},
        done=request.args.get("done") == "close" and not problem and not day.open,
    )


def _still_here(day: Day) -> list[Ticket]:
    """Those whose visit is not over, those at counters first, then as they came."""
    found = [ticket for ticket in day.tickets.values() if ticket.state in STILL_HERE]
    return sorted(found, key=lambda ticket: (STILL_HERE.index(ticket.state), ticket.order))

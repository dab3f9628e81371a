"""All that was decided about an office: planned, in force, undone; and what was true on any date."""

from contextvars import copy_context
from datetime import date
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, request

from ltsa.configuring import Change
from manage import frame
from web.errors import Refused
from web.house import house

blueprint = Blueprint("changes", __name__, url_prefix="/manage/<office>")

SHOWN = 20


@blueprint.get("/changes")
def every(office: str) -> str:
    """The changes, those to come first, then the latest. Each is told from two foldings, so in a native thread."""
    here, found, known = house(), frame.office_of(office), frame.known_of(office)
    today = known.today(here.now())
    planned = sorted(known.planned(today), key=lambda change: (change.since, change.version))
    past = [change for change in reversed(known.changes) if change not in planned and change.kind != "withdrawn"]
    page = _page(len(past))
    shown: str = here.off_loop(
        copy_context().run,
        frame.page,
        "changes",
        found,
        known=known,
        today=today,
        planned=planned if page == 1 else [],
        past=list(islice(past, (page - 1) * SHOWN, page * SHOWN)),
        page=page,
        pages=max(-(-len(past) // SHOWN), 1),
        withdrawals={change.withdraws: change for change in known.changes if change.kind == "withdrawn"},
        saved=frame.saved(known),
    )
    return shown


@blueprint.get("/on")
def on(office: str) -> str:
    """The whole configuration as it is, was or is to be on a date (`date`), or was known at a version (`known`)."""
    here, known = house(), frame.known_of(office)
    today_office = frame.office_of(office)
    today = known.today(here.now())
    day, version = _day(today), _version(known.version)
    found = known.on(day, version if version != known.version else None)
    return frame.page(
        "on",
        today_office,
        it=found,
        day=day,
        today=today,
        version=version,
        newest=known.version,
        at=_recorded(known.changes, version),
    )


def _day(today: date) -> date:
    written = request.args.get("date", "") or today.isoformat()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(
            "wrong-date", "Write the date as 2027-01-31.", field="date", status=HTTPStatus.UNPROCESSABLE_ENTITY
        ) from None


def _version(newest: int) -> int:
    return max(1, min(frame.number(request.args.get("known", "")) or newest, newest))


def _recorded(changes: list[Change], version: int) -> int:
    return changes[version - 1].at if changes else 0


def _page(found: int) -> int:
    return max(1, min(frame.number(request.args.get("page", "")), -(-found // SHOWN) or 1))

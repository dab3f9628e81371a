"""The page where recorded days are taken out as a file, as `app.py export` does on the terminal.

What it asks for goes on record before the first byte. The file is made in a native thread while it is sent.
"""

import tempfile
from collections.abc import Callable, Generator
from functools import lru_cache, partial
from pathlib import Path

import msgspec
from flask import Blueprint, Response, render_template, request
from msgspec import Struct

from audit import asked
from audit.exports import parquet
from audit.exports.command import KNOWN, record
from audit.exports.extract import WITH_PERSONS, Extract, Wanted
from audit.exports.formats import ENDINGS, written
from ltsa.present import day_stream
from web.asking import asker
from web.house import House, house
from web.journeys import named

DAYS = 31
"""How many days back the page goes that says no date."""

TYPES = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xes": "application/xml",
    "ocel-json": "application/json",
    "ocel-sqlite": "application/vnd.sqlite3",
    "parquet": "application/vnd.apache.parquet",
}

blueprint = Blueprint("exports", __name__, url_prefix="/<office>/export")


class Span(Struct, frozen=True, kw_only=True):
    """The service days between two local dates, both included, and how many events they hold."""

    first: str
    last: str
    days: int
    events: int


@blueprint.get("")
def page(office: str) -> str:
    """Which days, in which format; how much that is, and what is in it."""
    here = house()
    configuration = here.office(office)
    dates = asked.dates(request.args, configuration.service_date(here.now()), DAYS)
    first, last = dates.first.isoformat(), dates.last.isoformat()
    lengths: dict[str, int] = here.off_loop(here.ledger.lengths, day_stream(office, ""))
    chosen = [count for stream, count in lengths.items() if first <= stream.rpartition(":")[2] <= last]
    return render_template(
        "audit/exports.html",
        office=configuration,
        span=Span(first=first, last=last, days=len(chosen), events=sum(chosen)),
        formats=[each for each in TYPES if each != "parquet" or parquet.is_there()],
        with_persons=WITH_PERSONS,
    )


@blueprint.post("")
def take(office: str) -> Response:
    """The days as a file, people under their pseudonym."""
    return _file(office, _wanted(), "audit.export")


@blueprint.post("/persons")
def take_persons(office: str) -> Response:
    """The same, with who the people are; for a reason."""
    wanted = msgspec.structs.replace(_wanted(), why=request.form.get("why", "").strip())
    return _file(office, wanted, "persons.export")


def _wanted() -> Wanted:
    """What the form asks for. Raises `Refused`."""
    form = request.form
    days = {name: asked.day_of(form.get(field, "")).isoformat() for name, field in (("first", "from"), ("last", "to"))}
    chosen, trace = (form.get("format", "") + "/").split("/")[:2]
    if chosen not in TYPES or (chosen == "parquet" and not parquet.is_there()):
        raise asked.wrong("format", "format", given=chosen)
    return Wanted(format=chosen, trace=trace or "visit", **days)  # type: ignore[arg-type]


def _file(office: str, wanted: Wanted, action: str) -> Response:
    here = house()
    extract = record(here, [office], wanted, by=asker().by(action, office))
    pieces = _pieces(here, extract)
    following: Callable[[], bytes | None] = lambda: next(pieces, None)  # noqa: E731 - what the thread runs
    answer = Response(iter(lambda: here.off_loop(following), None), mimetype=TYPES[wanted.format])
    answer.call_on_close(pieces.close)
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name(office, extract)}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _pieces(here: House, extract: Extract) -> Generator[bytes]:
    with tempfile.TemporaryDirectory(prefix="ltsa-export-") as folder:
        who = lru_cache(KNOWN)(partial(named, here))
        yield from written(here.ledger, extract, Path(folder), lambda *_: None, who)


def _name(office: str, extract: Extract) -> str:
    it = extract.wanted
    parts = [office, it.first, it.last, *(["cases"] if it.trace == "case" else [])]
    return "-".join(dict.fromkeys(parts)) + ENDINGS[it.format]

"""The report of a service day: figures, small plots beside them, on paper and as CSV."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from http import HTTPStatus

from flask import Blueprint, Response
from msgspec import Struct
from werkzeug import Response as Redirect

from ltsa.checkpoint import checkpoint_of
from ltsa.happened import DayConfigured, DayOpened
from ltsa.journal import DataExported
from ltsa.ledger import Ledger
from ltsa.models.days import around, reported, settled
from ltsa.office import Office, Text
from ltsa.present import day_stream
from ltsa.report import DayReport, SeatReport, ServiceReport, Spread
from manage import frame
from manage.shown import named
from web.asking import asker
from web.errors import Refused
from web.house import House, house
from web.read_models import BeingBuilt, catch_up
from web.tables import Cell, chunks
from web.words import Words, page_language

blueprint = Blueprint("reports", __name__, url_prefix="/manage/<office>/report")

MINUTE = 60_000
SCALES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720)
"""Minutes that an axis may end at."""


class Signed(Struct, frozen=True, kw_only=True):
    """The first signed checkpoint that holds all of a day, to compare a copy of the record with, years later."""

    size: int
    root: str
    key: str


class Figures(Struct, frozen=True, kw_only=True):
    """What a table for a spreadsheet is made of: the report of a day, or of several (`dates` as they are written)."""

    dates: str
    sums: dict[str, int]
    services: tuple[ServiceReport, ...]
    counters: tuple[SeatReport, ...]
    officers: tuple[SeatReport, ...]
    returns: dict[str, int]
    deviations: dict[str, int]
    closed: dict[str, int]
    hours: dict[int, int]


SUMS = ("issued", "served", "finished", "cancelled", "here", "called", "missed", "returned")
"""What of a day, or of several, is a number of people or of calls."""


class Shown(Struct, frozen=True, kw_only=True):
    """A day's report and what its plots need: how many came in each hour, and the minutes at the end of the axis of
    waits. `before` and `after` are the nearest days with a report.
    """

    report: DayReport
    office: Office
    hours: tuple[tuple[int, int], ...]
    scale: int
    remark: str
    before: str
    after: str
    signed: Signed | None

    @property
    def most_in_an_hour(self) -> int:
        """The fullest hour."""
        return max((issued for _, issued in self.hours), default=0)


@blueprint.get("")
def latest(office: str) -> Redirect:
    """The latest day that there is a report of; today's where there is none."""
    here, found = house(), frame.office_of(office)
    days = here.off_loop(_days, here.ledger, office)
    return frame.leads_to("reports.day", day=days[-1] if days else found.service_date(here.now()).isoformat())


@blueprint.get("/<day>")
def day(office: str, day: str) -> str:
    """A day's report; a day without one says so."""
    found, asked = frame.office_of(office), _date(day)
    shown = _read(office, asked)
    if shown is None:
        return frame.page("no_report", found, day=asked)
    return frame.page("report", found, it=shown, report=shown.report, day=asked)


@blueprint.get("/<day>.csv")
def day_csv(office: str, day: str) -> Response:
    """A day's report for a spreadsheet."""
    frame.office_of(office)
    shown = _read(office, _date(day))
    if shown is None:
        raise Refused("unknown-day", f"Nothing happened here on {day}.", field="day", status=HTTPStatus.NOT_FOUND)
    by = asker().by("day.report", office)
    house().note(DataExported, office=office, by=by, kind="report.csv", about=_date(day).isoformat())
    rows = figure_rows(_figures(shown), shown.office, Words(page_language()))
    answer = Response(b"".join(chunks(rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{office}-{day}-report.csv"'
    return answer


# --- Within


def _days(ledger: Ledger, office: str) -> list[str]:
    return [stream.rpartition(":")[2] for stream in ledger.streams(day_stream(office, ""))]


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        message = "Write the date as 2026-11-21."
        raise Refused("wrong-date", message, field="day", status=HTTPStatus.NOT_FOUND) from None


def _read(office: str, asked: date) -> Shown | None:
    shown: Shown | None = house().off_loop(_computed, house(), office, asked.isoformat())
    return shown


def _computed(here: House, office: str, day: str) -> Shown | None:
    """A closed day's figures stand in the read model; those of another, and of all until it is made, are folded."""
    try:
        with catch_up(here, "days").reading() as cursor:
            found, (before, after) = reported(cursor, office, day), around(cursor, office, day)
    except BeingBuilt:
        found, (before, after) = None, _around(_days(here.ledger, office), day)
    if found is None:
        return _folded(here, office, day, before, after)
    report, hours, position = found
    told = here.ledger.told_in(day_stream(office, day), "day-opened/1", "day-configured/1")
    then = [it.event.office for it in told if isinstance(it.event, DayOpened | DayConfigured)][-1]
    return _shown(here, report, hours, then, (before, after, position))


def _folded(here: House, office: str, day: str, before: str, after: str) -> Shown | None:
    record = list(here.ledger.history(day_stream(office, day)))
    if (found := settled(record)) is None:
        return None
    return _shown(here, found.report, found.hours, found.office, (before, after, record[-1].position))


def _shown(here: House, found: DayReport, hours: Mapping[int, int], then: Office, where: tuple[str, str, int]) -> Shown:
    before, after, position = where
    notes = here.people.notes(found.office, found.date, "") if found.check and found.check.note else []
    return Shown(
        report=found,
        office=then,
        hours=tuple(hours.items()),
        scale=scale(max((service.waits.longest for service in found.services), default=0)),
        remark=next((note.text for note in notes if found.check and note.id == found.check.note), ""),
        before=before,
        after=after,
        signed=_signed(here.ledger, position),
    )


def _around(days: list[str], day: str) -> tuple[str, str]:
    """The days before and after one."""
    earlier, later = [it for it in days if it < day], [it for it in days if it > day]
    return (earlier or [""])[-1], (later or [""])[0]


def _signed(ledger: Ledger, position: int) -> Signed | None:
    note = ledger.log.checkpoint(ledger.log.leaf(position) + 1)
    if note is None:
        return None
    checkpoint, key = checkpoint_of(note.body), note.signatures[0]
    return Signed(size=checkpoint.size, root=b64encode(checkpoint.root).decode(), key=f"{key.name}+{key.id.hex()}")


def scale(longest: int) -> int:
    """The minutes at the end of an axis on which the longest wait (ms) has room."""
    return next((minutes for minutes in SCALES if minutes * MINUTE >= longest), SCALES[-1])


def _figures(shown: Shown) -> Figures:
    it = shown.report
    return Figures(
        dates=it.date,
        sums={measure: getattr(it, measure) for measure in SUMS},
        services=it.services,
        counters=it.counters,
        officers=it.officers,
        returns=it.returns,
        deviations=it.deviations,
        closed=it.closed,
        hours=dict(shown.hours),
    )


def figure_rows(it: Figures, office: Office, words: Words) -> Iterator[Sequence[Cell]]:
    """One figure a row: what it is about, its name, its value, its unit."""
    lang = words.lang
    said: Callable[[Text], str] = lambda text: text.get(lang) or text.get("id", "")  # noqa: E731
    yield [words(f"manage.report.csv.{head}") for head in ("about", "name", "measure", "value", "unit")]
    for measure, value in it.sums.items():
        yield "day", it.dates, words(f"manage.report.{measure}"), value, ""
    for service in it.services:
        name = said(service.name)
        for measure in ("people", "served", "returned", "missed"):
            yield "service", name, words(f"manage.report.{measure}"), getattr(service, measure), ""
        yield from spread_rows("service", name, "wait", service.waits, words)
        yield from spread_rows("service", name, "serving", service.serving, words)
    for about, seats in (("counter", it.counters), ("officer", it.officers)):
        for seat in seats:
            for measure in ("called", "served", "returned", "missed"):
                yield about, seat.name, words(f"manage.report.{measure}"), getattr(seat, measure), ""
            yield about, seat.name, words("manage.report.open"), in_minutes(seat.open), words("manage.unit.minutes")
    codes_of = (
        ("return", "returned", it.returns, office.rules.return_reasons),
        ("deviation", "deviations", it.deviations, office.rules.deviation_reasons),
        ("closing", "closed", it.closed, office.rules.closing_outcomes),
    )
    for about, measure, codes, known in codes_of:
        for code, n in codes.items():
            yield about, said(named(code, known)), words(f"manage.report.{measure}"), n, ""
    for hour, issued in it.hours.items():
        yield "hour", f"{hour:02}:00", words("manage.report.issued"), issued, ""


def spread_rows(about: str, name: str, measure: str, spread: Spread, words: Words) -> Iterator[Sequence[Cell]]:
    """How some durations lie, a figure a row; nothing where there are none."""
    if not spread.count:
        return
    for part in ("median", "p90", "longest"):
        label = f"{words(f'manage.report.{measure}')}, {words(f'manage.report.{part}')}"
        yield about, name, label, in_minutes(getattr(spread, part)), words("manage.unit.minutes")


def in_minutes(ms: int) -> str:
    """With one decimal, for a spreadsheet."""
    return f"{ms / MINUTE:.1f}"

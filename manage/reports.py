"""The report of a service day: figures, small plots beside them, on paper and as CSV."""

from base64 import b64encode
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from http import HTTPStatus

from flask import Blueprint, Response
from msgspec import Struct
from werkzeug import Response as Redirect

from ltsa.checkpoint import checkpoint_of
from ltsa.happened import TicketIssued
from ltsa.journal import DataExported
from ltsa.ledger import Ledger
from ltsa.office import Office, Text
from ltsa.people import People
from ltsa.present import Recorded, day_stream
from ltsa.replay import configured, opening, readable
from ltsa.report import DayReport, Spread, report
from manage import frame
from manage.shown import named
from web.asking import asker
from web.errors import Refused
from web.house import house
from web.tables import Cell, chunks
from web.words import Words, page_language

blueprint = Blueprint("reports", __name__, url_prefix="/manage/<office>/report")

MINUTE = 60_000
SCALES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720)
"""Minutes that an axis may end at."""


class Hour(Struct, frozen=True, kw_only=True):
    """How many people took a number in an hour of the day."""

    hour: int
    issued: int


class Signed(Struct, frozen=True, kw_only=True):
    """The first signed checkpoint that holds all of a day, to compare a copy of the record with, years later."""

    size: int
    root: str
    key: str


class Shown(Struct, frozen=True, kw_only=True):
    """A day's report and what its plots need: the hours in which people came, and the minutes at the end of the axis of
    waits. `before` and `after` are the nearest days with a report.
    """

    report: DayReport
    office: Office
    hours: tuple[Hour, ...]
    scale: int
    remark: str
    before: str
    after: str
    signed: Signed | None

    @property
    def most_in_an_hour(self) -> int:
        """The fullest hour."""
        return max((hour.issued for hour in self.hours), default=0)

    def share(self, ms: int) -> str:
        """A span as a part of the axis of waits, in per cent."""
        return f"{min(ms / MINUTE / self.scale, 1) * 100:.2f}%"


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
    answer = Response(b"".join(chunks(_rows(shown, Words(page_language())))), mimetype="text/csv")
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
    here = house()
    shown: Shown | None = here.off_loop(_computed, here.ledger, here.people, office, asked.isoformat())
    return shown


def _computed(ledger: Ledger, people: People, office: str, day: str) -> Shown | None:
    record = list(ledger.history(day_stream(office, day)))
    history = record[: readable(record)]
    if (opened := opening(history)) is None:
        return None
    office_then = [opened.office, *(event.office for event in configured(history))][-1]
    found, days = report(history), _days(ledger, office)
    here = days.index(day)
    notes = people.notes(office, day, "") if found.check and found.check.note else []
    return Shown(
        report=found,
        office=office_then,
        hours=_hours(history, office_then),
        scale=_scale(max((service.waits.longest for service in found.services), default=0)),
        remark=next((note.text for note in notes if found.check and note.id == found.check.note), ""),
        before=days[here - 1] if here else "",
        after=days[here + 1] if here + 1 < len(days) else "",
        signed=_signed(ledger, record[-1].position),
    )


def _signed(ledger: Ledger, position: int) -> Signed | None:
    note = ledger.log.checkpoint(ledger.log.leaf(position) + 1)
    if note is None:
        return None
    checkpoint, key = checkpoint_of(note.body), note.signatures[0]
    return Signed(size=checkpoint.size, root=b64encode(checkpoint.root).decode(), key=f"{key.name}+{key.id.hex()}")


def _hours(history: Sequence[Recorded], office: Office) -> tuple[Hour, ...]:
    """How many came in each hour, from the first hour in which somebody came to the last."""
    came = Tally(
        datetime.fromtimestamp(recorded.event.at / 1000, office.clock).hour
        for recorded in history
        if isinstance(recorded.event, TicketIssued)
    )
    return tuple(Hour(hour=hour, issued=came[hour]) for hour in range(min(came), max(came) + 1)) if came else ()


def _scale(longest: int) -> int:
    return next((minutes for minutes in SCALES if minutes * MINUTE >= longest), SCALES[-1])


def _rows(shown: Shown, words: Words) -> Iterator[Sequence[Cell]]:
    """One figure a row: what it is about, its name, its value, its unit."""
    it, office, lang = shown.report, shown.office, words.lang
    said: Callable[[Text], str] = lambda text: text.get(lang) or text.get("id", "")  # noqa: E731
    yield [words(f"manage.report.csv.{head}") for head in ("about", "name", "measure", "value", "unit")]
    for measure in ("issued", "served", "finished", "cancelled", "here", "called", "missed", "returned"):
        yield "day", it.date, words(f"manage.report.{measure}"), getattr(it, measure), ""
    for service in it.services:
        name = said(service.name)
        for measure in ("people", "served", "returned", "missed"):
            yield "service", name, words(f"manage.report.{measure}"), getattr(service, measure), ""
        yield from _spread("service", name, "wait", service.waits, words)
        yield from _spread("service", name, "serving", service.serving, words)
    for about, seats in (("counter", it.counters), ("officer", it.officers)):
        for seat in seats:
            for measure in ("called", "served", "returned", "missed"):
                yield about, seat.name, words(f"manage.report.{measure}"), getattr(seat, measure), ""
            yield about, seat.name, words("manage.report.open"), _minutes(seat.open), words("manage.unit.minutes")
    counted = (
        ("return", "returned", it.returns, office.rules.return_reasons),
        ("deviation", "deviations", it.deviations, office.rules.deviation_reasons),
        ("closing", "closed", it.closed, office.rules.closing_outcomes),
    )
    for about, measure, codes, known in counted:
        for code, n in codes.items():
            yield about, said(named(code, known)), words(f"manage.report.{measure}"), n, ""
    for hour in shown.hours:
        yield "hour", f"{hour.hour:02}:00", words("manage.report.issued"), hour.issued, ""


def _spread(about: str, name: str, measure: str, spread: Spread, words: Words) -> Iterator[Sequence[Cell]]:
    if not spread.count:
        return
    for part in ("median", "p90", "longest"):
        label = f"{words(f'manage.report.{measure}')}, {words(f'manage.report.{part}')}"
        yield about, name, label, _minutes(getattr(spread, part)), words("manage.unit.minutes")


def _minutes(ms: int) -> str:
    """With one decimal, for a spreadsheet."""
    return f"{ms / MINUTE:.1f}"

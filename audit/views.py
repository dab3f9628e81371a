"""The auditor's pages: the list of days, a day at any instant, its events, the stories in it, the journal of the doors,
and all of it as CSV.

Nothing here is live: each page reads the ledger anew, in a native thread. What is taken out of the office as a file is
put on record before.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from datetime import date
from typing import IO

from flask import Blueprint, Response, current_app, g, render_template, request, stream_with_context, url_for

from audit import asked, book, export, journal, kept, pages
from audit.book import Book
from audit.case import CaseTeller
from audit.case import read as read_case
from audit.journal_telling import JournalTeller
from audit.opened import Opened
from audit.proofs import NoProofError, write_day
from audit.telling import Teller
from ltsa import receipt
from ltsa.access import EVERYWHERE
from ltsa.journal import DataExported
from ltsa.office import Office
from ltsa.predictions import Outcome
from ltsa.replay import KINDS, shadowed, story
from web import tables
from web.asking import asker
from web.errors import Refused
from web.house import house
from web.tables import Cell
from web.words import FIRST, Words, page_language

DAYS_SHOWN = 31
JOURNAL_DAYS = 30
"""How many days back the journal goes that says no date."""

ENTRIES_SHOWN = 100

FORECAST_DAYS = 7
"""How many days back the page about waiting ranges goes that says no date."""

PIECE = 1 << 16
"""Bytes of a file that are sent at a time."""

blueprint = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")


@blueprint.get("/<office>")
def days(office: str) -> str:
    """The service days of an office, newest first."""
    configuration, chosen, page = _office(office), _chosen(office), asked.page_of(request.args)
    shown = chosen[(page - 1) * DAYS_SHOWN : page * DAYS_SHOWN]
    entries = house().off_loop(lambda ledger: [book.entry(ledger, office, day) for day in shown], house().ledger)
    return render_template(
        "audit/days.html", office=configuration, entries=entries, page=page, pages=-(-len(chosen) // DAYS_SHOWN)
    )


@blueprint.get("/<office>/days.csv")
def days_csv(office: str) -> Response:
    """The chosen service days as CSV."""
    configuration, ledger, chosen = _office(office), house().ledger, _chosen(office)
    _on_record(office, "days.csv", f"{chosen[-1]}–{chosen[0]}" if chosen else "–")
    entries = (book.entry(ledger, office, day) for day in chosen)
    return _csv(export.days(entries, configuration.zone, page_language()), f"{office}.csv")


@blueprint.get("/<office>/journal")
def noted(office: str) -> str:
    """What happened at the doors, to rights and to settings, newest first."""
    configuration, dates, entries, teller = _journal(office)
    chosen, page = _entries(), asked.page_of(request.args)
    people = sorted({person for entry in entries for person in entry.people})
    taken = [entry for entry in entries if chosen.takes(entry)]
    return _written(
        "audit/journal.html",
        office=configuration,
        dates=dates,
        chosen=chosen,
        kinds=_kinds(teller),
        people=[(person, person) for person in people],
        teller=teller,
        found=len(taken),
        all=len(entries),
        page=page,
        pages=max(-(-len(taken) // ENTRIES_SHOWN), 1),
        entries=taken[(page - 1) * ENTRIES_SHOWN : page * ENTRIES_SHOWN],
    )


@blueprint.get("/<office>/journal.csv")
def noted_csv(office: str) -> Response:
    """The chosen entries of the journal as CSV."""
    _, dates, entries, teller = _journal(office)
    _on_record(office, "journal.csv", f"{dates.first}–{dates.last}", action="journal.see")
    return _csv(export.noted(filter(_entries().takes, entries), teller), f"{office}-journal.csv")


@blueprint.get("/<office>/forecast")
def kept_ranges(office: str) -> str:
    """How often the waiting ranges held that people were told."""
    configuration, dates, found = _kept(office)
    it = kept.shown(found, configuration)
    return _written("audit/forecast.html", office=configuration, dates=dates, it=it)


@blueprint.get("/<office>/forecast.csv")
def kept_ranges_csv(office: str) -> Response:
    """Every range of the chosen days that came out, as CSV."""
    configuration, dates, found = _kept(office)
    _on_record(office, "forecast.csv", f"{dates.first}–{dates.last}")
    return _csv(kept.rows(found, configuration, page_language()), f"{office}-forecast.csv")


@blueprint.get("/<office>/case/<case>")
def of_case(office: str, case: str) -> str:
    """The story of one case over days and offices, under its pseudonym."""
    here, configuration = house(), _office(office)
    record = here.off_loop(read_case, here.ledger, office, case)
    if not record:
        message = f"{office} has had nothing to do with a case {case!r}."
        raise Refused("unknown-case", message, field="case", status=404)
    offices = {each.id: each for each in here.offices()}
    teller = CaseTeller(offices, here.present.flows.kept, page_language(), here.access)
    lines, scheme = teller.story(record), teller.scheme(record)
    return _written("audit/case.html", office=configuration, case=case, lines=lines, scheme=scheme)


@blueprint.get("/<office>/<day>")
def day(office: str, day: str) -> str:
    """A day at an instant, with everything there is to know about it."""
    found = _read(office, day)
    nearest = house().off_loop(book.neighbours, house().ledger, office, day)
    if found is None:
        return render_template("audit/empty_day.html", office=_office(office), day=day, nearest=nearest)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    chosen = asked.events(request.args, found.date, found.office.clock)
    page = asked.page_of(request.args)
    held = house().off_loop(book.held, house().ledger, office, found)
    shown = house().off_loop(pages.day, found, instant, chosen, page, held)
    today = house().today(office)
    teller = _teller(found.office)
    return _page(
        "audit/day.html",
        found,
        it=shown,
        nearest=nearest,
        page=page,
        running=found.date.isoformat() == today.date and today.open,
        counters=[(counter.id, teller.said(counter.name)) for counter in found.counters.values()],
        officers=[(officer, officer) for officer in shown.officers],
        kinds=[(kind, teller.kind(kind)) for kind in KINDS.values()],
    )


@blueprint.get("/<office>/<day>/board")
def board(office: str, day: str) -> str:
    """The part of a day's page that shows one instant, for the slider."""
    found = _opened(office, day)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    return _page("audit/moment.html", found, moment=house().off_loop(found.moment, instant))


@blueprint.get("/<office>/<day>/shadow")
def shadow(office: str, day: str) -> str:
    """Whom the policy in shadow would have called, where that was somebody else."""
    found = _opened(office, day)
    calls = house().off_loop(shadowed, found.history)
    return _page("audit/shadow.html", found, calls=calls, differing=[call for call in calls if call.other])


@blueprint.get("/<office>/<day>/events.csv")
def events_csv(office: str, day: str) -> Response:
    """The chosen events of a day as CSV."""
    found = _opened(office, day)
    chosen = asked.events(request.args, found.date, found.office.clock)
    _on_record(office, "events.csv", day)
    rows = export.events(filter(chosen.takes, story(found.history)), _teller(found.office))
    return _csv(rows, f"{office}-{day}.csv")


@blueprint.get("/<office>/<day>/course.csv")
def course_csv(office: str, day: str) -> Response:
    """The course of a day as CSV."""
    found = _opened(office, day)
    moments = house().off_loop(pages.course, found)
    _on_record(office, "course.csv", day)
    return _csv(export.course(moments, found.office.zone, page_language()), f"{office}-{day}-course.csv")


@blueprint.get("/<office>/<day>/proof.zip")
def proof(office: str, day: str) -> Response:
    """Everything on record of a day and the proof that it is all, as one file."""
    found, here = _opened(office, day), house()
    _on_record(office, "day.zip", day)
    return _file(lambda out: write_day(here.ledger, office, found.date.isoformat(), out), f"{office}-{day}.zip")


@blueprint.get("/<office>/<day>/ticket/<number>/proof.zip")
def ticket_proof(office: str, day: str, number: str) -> Response:
    """The proof of one visit, as its holder gets it."""
    found, here = _opened(office, day), house()
    if not receipt.of_visit(found.history, number):
        raise Refused("unknown-ticket", f"There is no ticket {number!r} on {day}.", field="number", status=404)
    _on_record(office, "visit.zip", f"{number} {day}")
    answer = Response(here.off_loop(receipt.written, here.ledger, office, found.date.isoformat(), number))
    return _as_zip(answer, f"{office}-{day}-{number}.zip")


@blueprint.get("/<office>/<day>/ticket/<number>")
def ticket(office: str, day: str, number: str) -> str:
    """The story of one ticket."""
    found = _opened(office, day)
    told = house().off_loop(pages.ticket, found, number)
    if told is None:
        raise Refused("unknown-ticket", f"There is no ticket {number!r} on {day}.", field="number", status=404)
    road = _teller(found.office).road(told.ticket) if told.ticket else []
    cases = [line.details["case"] for line in told.lines if line.details.get("case")]
    return _page("audit/ticket.html", found, it=told, whose=number, steps=road, case=cases[-1] if cases else "")


@blueprint.get("/<office>/<day>/counter/<counter>")
def counter(office: str, day: str, counter: str) -> str:
    """The story of one counter."""
    found = _opened(office, day)
    if counter not in found.counters:
        raise Refused("unknown-counter", f"There was no counter {counter!r} on {day}.", field="counter", status=404)
    told = house().off_loop(pages.counter, found, counter)
    return _page("audit/counter.html", found, it=told, counter=found.counters[counter])


@blueprint.get("/<office>/<day>/officer/<path:officer>")
def officer(office: str, day: str, officer: str) -> str:
    """The story of one officer."""
    found = _opened(office, day)
    told = house().off_loop(pages.officer, found, officer)
    if told is None:
        message = Words(page_language())("audit.wrong.officer", officer=officer)
        raise Refused("unknown-officer", message, field="officer", status=404)
    return _page("audit/officer.html", found, it=told, officer=officer)


@blueprint.app_template_global("audit_link")
def link(endpoint: str, **values: object) -> str:
    """A page of this room, of the same office and day, in the page's language."""
    lang = page_language()
    here = {name: value for name, value in (request.view_args or {}).items() if name in {"office", "day"}}
    return url_for(f"audit.{endpoint}", **{**here, "lang": None if lang == FIRST else lang, **values})


def _office(office: str) -> Office:
    """The office as configured today, whose zone the page is in. Raises `Refusal`."""
    configuration = house().office(office)
    g.zone = configuration.zone
    return configuration


def _chosen(office: str) -> list[str]:
    """The days that the address asks for."""
    written = [request.args.get(name, "") for name in ("from", "to")]
    first, last = (asked.day_of(day).isoformat() if day else "" for day in written)
    found: list[str] = house().off_loop(book.days, house().ledger, office)
    return [day for day in found if (not first or day >= first) and (not last or day <= last)]


def _read(office: str, written: str) -> Book | None:
    _office(office)
    day: date = asked.day_of(written)
    found: Book | None = house().off_loop(_kept_open().read, house().ledger, office, day)
    if found:
        g.zone = found.office.zone
    return found


def _kept_open() -> Opened:
    """The long days that this server keeps."""
    opened: Opened = current_app.extensions.setdefault("audit.opened", Opened())
    return opened


def _opened(office: str, written: str) -> Book:
    found = _read(office, written)
    if found is None:
        raise asked.wrong("day", "day", status=404)
    return found


def _page(template: str, found: Book, **values: object) -> str:
    """A page about a day."""
    values |= {"office": found.office, "day": found.date.isoformat(), "teller": _teller(found.office)}
    return _written(template, configured=found.configured, **values)


def _written(template: str, **values: object) -> str:
    """A page. Some hundred rows take 0.1 s to write, so they are written in a native thread too."""
    page: str = house().off_loop(copy_context().run, render_template, template, **values)
    return page


def _teller(office: Office) -> Teller:
    return Teller(office, page_language(), house().access)


def _journal(office: str) -> tuple[Office, asked.Dates, list[journal.Entry], JournalTeller]:
    """The office, the dates that the address asks for, what is on record about them, and who tells it."""
    here, configuration = house(), _office(office)
    dates = asked.dates(request.args, configuration.service_date(here.now()), JOURNAL_DAYS)
    since, until = dates.span(configuration.clock)
    everything = asker().may("journal.see", EVERYWHERE)
    entries = here.off_loop(journal.read, here.ledger, office, since, until, everything=everything)
    teller = JournalTeller(configuration, page_language(), here.access, here.configurations(office))
    return configuration, dates, entries, teller


def _kept(office: str) -> tuple[Office, asked.Dates, list[Outcome]]:
    """The office, the dates that the address asks for, and the predictions of these that came out."""
    here, configuration = house(), _office(office)
    dates = asked.dates(request.args, configuration.service_date(here.now()), FORECAST_DAYS)
    return configuration, dates, here.off_loop(kept.read, here.ledger, configuration, dates.first, dates.last)


def _entries() -> journal.Chosen:
    return journal.Chosen(kind=request.args.get("kind", ""), person=request.args.get("person", "").strip())


def _kinds(teller: JournalTeller) -> list[tuple[str, str]]:
    """What the list of kinds offers: each group, and below it its kinds."""
    return [
        option
        for group, kinds in journal.GROUPS.items()
        for option in [(group, teller.group(group)), *((kind, f"– {teller.kind(kind)}") for kind in kinds)]
    ]


def _on_record(office: str, kind: str, about: str, action: str = "audit.export") -> None:
    """Puts on record that somebody takes data out of the office, before they get them."""
    house().note(DataExported, office=office, by=asker().by(action, office), kind=kind, about=about)


def _file(write: Callable[[IO[bytes]], object], name: str) -> Response:
    """A file that is made on the disk in a native thread, and sent from there piece by piece."""
    run, out = house().off_loop, tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it was sent
    try:
        run(write, out)
    except NoProofError as reason:
        out.close()
        raise Refused("no-proof-yet", str(reason), status=404) from None
    out.seek(0)
    answer = Response(stream_with_context(_pieces(out)))
    answer.call_on_close(out.close)
    return _as_zip(answer, name)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := house().off_loop(file.read, PIECE):
            yield piece


def _as_zip(answer: Response, name: str) -> Response:
    answer.mimetype = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _csv(rows: Iterator[Sequence[Cell]], name: str) -> Response:
    """A table that is computed in a native thread while it is sent."""
    chunks, run = tables.chunks(rows), house().off_loop
    following: Callable[[], bytes | None] = lambda: next(chunks, None)  # noqa: E731 - what the thread runs
    answer = Response(iter(lambda: run(following), None), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

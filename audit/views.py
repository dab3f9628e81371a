"""The auditor's pages: the list of days, the stories in a day, the journal of the doors, and all of it as CSV. The page
of a day, with its parts, is `day_views.py`'s.

Nothing here is live: each page reads the ledger anew, in a native thread. What is taken out of the office as a file is
put on record before.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from flask import Response, render_template, request, stream_with_context

import audit.committed_views
import audit.day_views  # noqa: F401 - whose addresses are this room's too
from audit import asked, book, journal, kept, pages, searching, seen, sheets
from audit.exports import page as export_page
from audit.exports.extract import watermark
from audit.journal_telling import JournalTeller
from audit.proofs import NoProofError, write_day
from audit.room import blueprint, day_page, office_of, opened, teller_of, written
from ltsa import receipt
from ltsa.access import EVERYWHERE
from ltsa.journal import DataExported
from ltsa.journey import PERSON, person_of
from ltsa.office import Office
from ltsa.predictions import Outcome
from ltsa.replay import shadowed, story
from ltsa.subject import Subject
from web import tables
from web.asking import asker
from web.case_story import CaseTeller
from web.case_story import read as read_case
from web.errors import Refused
from web.house import house
from web.looks import note_look
from web.tables import Cell
from web.words import Words, page_language

DAYS_SHOWN = 31
JOURNAL_DAYS = 30
"""How many days back the journal goes that says no date."""

ENTRIES_SHOWN = 100

LONGEST_SEARCH = 80
"""Letters of what is looked for."""

FORECAST_DAYS = 7
"""How many days back the page about waiting ranges goes that says no date."""

PIECE = 1 << 16
"""Bytes of a file that are sent at a time."""

blueprint.register_blueprint(export_page.blueprint)


@blueprint.get("/<office>")
def days(office: str) -> str:
    """The service days of an office, newest first."""
    here, configuration, chosen, page = house(), office_of(office), _chosen(office), asked.page_of(request.args)
    shown = chosen[(page - 1) * DAYS_SHOWN : page * DAYS_SHOWN]
    entries = house().off_loop(lambda: list(book.entries(here, office, shown)))
    return render_template(
        "audit/days.html", office=configuration, entries=entries, page=page, pages=-(-len(chosen) // DAYS_SHOWN)
    )


@blueprint.get("/<office>/days.csv")
def days_csv(office: str) -> Response:
    """The chosen service days as CSV."""
    configuration, chosen = office_of(office), _chosen(office)
    mark = _on_record(office, "days.csv", f"{chosen[-1]}–{chosen[0]}" if chosen else "–")
    entries = book.entries(house(), office, chosen)
    return _csv(sheets.days(entries, configuration.zone, page_language()), f"{office}.csv", mark)


@blueprint.get("/<office>/search")
def everywhere(office: str) -> str:
    """On which days something stands, and the cases that it leads to."""
    configuration, wanted = office_of(office), request.args.get("q", "").strip()[:LONGEST_SEARCH]
    first, last = (asked.day_of(day) if (day := request.args.get(name, "")) else None for name in ("from", "to"))
    teller = teller_of(configuration)
    it = house().off_loop(searching.search, house(), teller, wanted, first, last)
    return written("audit/search.html", office=configuration, teller=teller, wanted=wanted, it=it)


@blueprint.get("/<office>/journal")
def noted(office: str) -> str:
    """What happened at the doors, to rights and to settings, newest first."""
    configuration, dates, entries, teller = _journal(office)
    chosen, page = _entries(), asked.page_of(request.args)
    people = sorted({person for entry in entries for person in entry.people})
    taken = [entry for entry in entries if chosen.takes(entry)]
    return written(
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
    mark = _on_record(office, "journal.csv", f"{dates.first}–{dates.last}", action="journal.see")
    return _csv(sheets.noted(filter(_entries().takes, entries), teller), f"{office}-journal.csv", mark)


@blueprint.get("/<office>/forecast")
def kept_ranges(office: str) -> str:
    """How often the waiting ranges held that people were told."""
    configuration, dates, found = _kept(office)
    it = kept.shown(found, configuration)
    return written("audit/forecast.html", office=configuration, dates=dates, it=it)


@blueprint.get("/<office>/forecast.csv")
def kept_ranges_csv(office: str) -> Response:
    """Every range of the chosen days that came out, as CSV."""
    configuration, dates, found = _kept(office)
    mark = _on_record(office, "forecast.csv", f"{dates.first}–{dates.last}")
    return _csv(kept.rows(found, configuration, page_language()), f"{office}-forecast.csv", mark)


@blueprint.get("/<office>/case/<case>")
def of_case(office: str, case: str) -> str:
    """The story of one case over days and offices, under its pseudonym."""
    here, configuration = house(), office_of(office)
    record = here.off_loop(read_case, here.ledger, office, case)
    if not record:
        message = f"{office} has had nothing to do with a case {case!r}."
        raise Refused("unknown-case", message, field="case", status=404)
    offices = {each.id: each for each in here.offices()}
    teller = CaseTeller(offices, here.present.flows.kept, page_language(), here.access)
    lines, scheme, person = teller.story(record), teller.scheme(record), person_of(case)
    subject = _looked_at(office, person)
    shown: dict[str, object] = {"case": case, "person": person, "subject": subject, "lines": lines, "scheme": scheme}
    return written("audit/case.html", office=configuration, **shown)


@blueprint.get("/<office>/person/<person>")
def of_person(office: str, person: str) -> str:
    """Who looked at what is kept of a person, under their pseudonym."""
    here, configuration = house(), office_of(office)
    record = here.off_loop(seen.read, here, office, person) if PERSON.fullmatch(person) else []
    if not record:
        message = f"{office} has had nothing to do with a person {person[:40]!r}."
        raise Refused("unknown-person", message, field="person", status=404)
    offices = {each.id: each for each in here.offices()}
    story = CaseTeller(offices, here.present.flows.kept, page_language(), here.access)
    teller = JournalTeller(configuration, page_language(), here.access, here.configurations(office))
    state = here.present.person(person)
    cases = [case for case in state.cases if here.off_loop(read_case, here.ledger, office, case)]
    lines = seen.told(record, teller, story)
    shown: dict[str, object] = {"person": person, "subject": state.subject, "cases": cases, "offices": offices}
    return written("audit/person.html", office=configuration, lines=lines, **shown)


@blueprint.get("/<office>/<day>/shadow")
def shadow(office: str, day: str) -> str:
    """Whom the policy in shadow would have called, where that was somebody else."""
    found = opened(office, day)
    calls = house().off_loop(shadowed, found.history)
    return day_page("audit/shadow.html", found, calls=calls, differing=[call for call in calls if call.other])


@blueprint.get("/<office>/<day>/events.csv")
def events_csv(office: str, day: str) -> Response:
    """The chosen events of a day as CSV."""
    found = opened(office, day)
    chosen = asked.events(request.args, found.date, found.office.clock)
    mark = _on_record(office, "events.csv", day)
    rows = sheets.events(filter(chosen.takes, story(found.history, corrected=found.corrected)), teller_of(found.office))
    return _csv(rows, f"{office}-{day}.csv", mark)


@blueprint.get("/<office>/<day>/course.csv")
def course_csv(office: str, day: str) -> Response:
    """The course of a day as CSV."""
    found = opened(office, day)
    moments = house().off_loop(pages.course, found).moments
    mark = _on_record(office, "course.csv", day)
    return _csv(sheets.course(moments, found.office.zone, page_language()), f"{office}-{day}-course.csv", mark)


@blueprint.get("/<office>/<day>/proof.zip")
def proof(office: str, day: str) -> Response:
    """Everything on record of a day and the proof that it is all, as one file."""
    found, here = opened(office, day), house()
    _on_record(office, "day.zip", day)
    return _file(lambda out: write_day(here.ledger, office, found.date.isoformat(), out), f"{office}-{day}.zip")


@blueprint.get("/<office>/<day>/ticket/<number>/proof.zip")
def ticket_proof(office: str, day: str, number: str) -> Response:
    """The proof of one visit, as its holder gets it."""
    found, here = opened(office, day), house()
    if not receipt.of_visit(found.history, number):
        raise Refused("unknown-ticket", f"There is no ticket {number!r} on {day}.", field="number", status=404)
    _on_record(office, "visit.zip", f"{number} {day}")
    answer = Response(here.off_loop(receipt.written, here.ledger, office, found.date.isoformat(), number))
    return _as_zip(answer, f"{office}-{day}-{number}.zip")


@blueprint.get("/<office>/<day>/ticket/<number>")
def ticket(office: str, day: str, number: str) -> str:
    """The story of one ticket."""
    found = opened(office, day)
    told = house().off_loop(pages.ticket, found, number)
    if told is None:
        raise Refused("unknown-ticket", f"There is no ticket {number!r} on {day}.", field="number", status=404)
    road = teller_of(found.office).road(told.ticket) if told.ticket else []
    cases = [line.details["case"] for line in told.lines if line.details.get("case")]
    case = str(cases[-1]) if cases else ""
    erased = _looked_at(office, person_of(case)).erased if case else 0
    return day_page("audit/ticket.html", found, it=told, whose=number, steps=road, case=case, erased=erased)


@blueprint.get("/<office>/<day>/counter/<counter>")
def counter(office: str, day: str, counter: str) -> str:
    """The story of one counter."""
    found = opened(office, day)
    if counter not in found.counters:
        raise Refused("unknown-counter", f"There was no counter {counter!r} on {day}.", field="counter", status=404)
    told = house().off_loop(pages.counter, found, counter)
    return day_page("audit/counter.html", found, it=told, counter=found.counters[counter])


@blueprint.get("/<office>/<day>/officer/<path:officer>")
def officer(office: str, day: str, officer: str) -> str:
    """The story of one officer."""
    found = opened(office, day)
    told = house().off_loop(pages.officer, found, officer)
    if told is None:
        message = Words(page_language())("audit.wrong.officer", officer=officer)
        raise Refused("unknown-officer", message, field="officer", status=404)
    return day_page("audit/officer.html", found, it=told, officer=officer)


def _looked_at(office: str, person: str) -> Subject:
    """How the data of a person stand whose journey is about to be shown; the look is on record before."""
    note_look(house(), "case", person, office=office, by=asker().by("audit.see", office))
    return house().present.person(person).subject


def _chosen(office: str) -> list[str]:
    """The days that the address asks for."""
    named = [request.args.get(name, "") for name in ("from", "to")]
    first, last = (asked.day_of(day).isoformat() if day else "" for day in named)
    found: list[str] = house().off_loop(book.days, house().ledger, office)
    return [day for day in found if (not first or day >= first) and (not last or day <= last)]


def _journal(office: str) -> tuple[Office, asked.Dates, list[journal.Entry], JournalTeller]:
    """The office, the dates that the address asks for, what is on record about them, and who tells it."""
    here, configuration = house(), office_of(office)
    dates = asked.dates(request.args, configuration.service_date(here.now()), JOURNAL_DAYS)
    since, until = dates.span(configuration.clock)
    everything = asker().may("journal.see", EVERYWHERE)
    entries = here.off_loop(journal.read, here.ledger, office, since, until, everything=everything)
    teller = JournalTeller(configuration, page_language(), here.access, here.configurations(office))
    return configuration, dates, entries, teller


def _kept(office: str) -> tuple[Office, asked.Dates, list[Outcome]]:
    """The office, the dates that the address asks for, and the predictions of these that came out."""
    here, configuration = house(), office_of(office)
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


def _on_record(office: str, kind: str, about: str, action: str = "audit.export") -> str:
    """Puts on record that somebody takes data out of the office, before they get them; the watermark that says so."""
    by = asker().by(action, office)
    done = house().note(DataExported, office=office, by=by, kind=kind, about=about)
    return watermark(by, done.events[0].event.at, done.position)


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


def _csv(rows: Iterator[Sequence[Cell]], name: str, mark: str) -> Response:
    """A table that is computed in a native thread while it is sent; who took it stands in its last column."""
    chunks, run = tables.chunks(_marked(rows, Words(page_language())("audit.list.watermark"), mark)), house().off_loop
    following: Callable[[], bytes | None] = lambda: next(chunks, None)  # noqa: E731 - what the thread runs
    answer = Response(iter(lambda: run(following), None), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _marked(rows: Iterator[Sequence[Cell]], head: str, mark: str) -> Iterator[Sequence[Cell]]:
    yield (*next(rows), head)
    for row in rows:
        yield (*row, mark)

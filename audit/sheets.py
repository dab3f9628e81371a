"""The auditor's tables for spreadsheets, as rows; `web/tables.py` writes them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from audit import journal
from audit.journal_telling import JournalTeller
from audit.telling import Teller
from ltsa.models.days import Listed
from ltsa.replay import Line, Moment
from web.format import iso
from web.tables import Cell
from web.words import Words


def events(lines: Iterable[Line], teller: Teller) -> Iterator[Sequence[Cell]]:
    """Events, one a row: their codes for programs and their words for people."""
    t, zone = Words(teller.lang), teller.office.zone
    heads = (
        *("position", "version", "time", "code", "number", "counter", "service", "what", "reason", "who"),
        *("officer", "state", "rule", "key", "content", "corrects", "corrected_by"),
    )
    yield [t(f"audit.list.{head}") for head in heads]
    for line in lines:
        told = teller.tell(line)
        yield (
            line.position,
            line.version,
            iso(line.at, zone),
            line.event,
            line.number,
            line.counter,
            line.service,
            told.what,
            " ".join(told.why),
            line.actor,
            line.officer,
            line.state,
            line.why.rule if line.why else "",
            line.key,
            line.content,
            line.corrects or "",
            line.corrected_by or "",
        )


def days(entries: Iterable[Listed], zone: str, lang: str) -> Iterator[Sequence[Cell]]:
    """Service days, one a row."""
    t = Words(lang)
    yield [t(f"audit.{head}") for head in ("day", "events", "tickets", "calls", "first", "last")]
    for entry in entries:
        first, last = iso(entry.first, zone), iso(entry.last, zone)
        yield entry.date, entry.events, entry.tickets, entry.calls, first, last


def course(moments: Sequence[Moment], zone: str, lang: str) -> Iterator[Sequence[Cell]]:
    """How full the office was, one span a row."""
    t = Words(lang)
    heads = ("until", "issued", "waiting", "called", "serving", "away", "done", "counters")
    yield [t(f"audit.course.{head}") for head in heads]
    for before, now in pairwise(moments):
        yield (
            iso(now.at, zone),
            now.issued - before.issued,
            now.waiting,
            now.called,
            now.serving,
            now.away,
            now.done - before.done,
            now.counters,
        )


def noted(entries: Iterable[journal.Entry], teller: JournalTeller) -> Iterator[Sequence[Cell]]:
    """The journal's entries, one a row: their facts for programs and their words for people."""
    t, zone = Words(teller.lang), teller.office.zone
    yield [t(f"audit.list.{head}") for head in ("position", "time", "code", "what", "reason", "who", "actor", "facts")]
    for entry in entries:
        told, facts = teller.tell(entry), msgspec.to_builtins(entry.event)
        for known in ("at", "by", "key", "content"):
            facts.pop(known)
        yield (
            entry.position,
            iso(entry.at, zone),
            entry.kind,
            told.what,
            " ".join(told.why),
            told.who,
            entry.by,
            msgspec.json.encode(facts).decode(),
        )

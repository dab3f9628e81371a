"""Who looked at what is kept of a person, took it out, corrected or erased it, at whichever office."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.journal import entry_of
from audit.journal_telling import JournalTeller
from ltsa import requests, subject
from ltsa.journal import DataRecorded
from ltsa.journey import person_stream
from ltsa.present import Recorded
from ltsa.requests import SubjectRequestReceived, requests_stream
from web.case_story import CaseTeller
from web.house import House
from web.looks import records_about

_OF_SUBJECT, _OF_REQUEST = tuple(subject.TOPICS.values()), tuple(requests.TOPICS.values())


class Line(NamedTuple):
    """One thing that happened: when (ms UTC), where the ledger stood, at which office, what, who did it; and whether it
    commits to who the person is.
    """

    at: int
    position: int
    office: str
    what: str
    who: str
    commits: bool


def read(here: House, office: str, person: str) -> list[Recorded]:
    """What is on record, in order; nothing of somebody with whom an office never had to do. Blocks on the disk."""
    ledger = here.ledger
    own = list(ledger.history(person_stream(person)))
    found = [*records_about(here, person), *(row for row in own if isinstance(row.event, _OF_SUBJECT))]
    for stream in ledger.streams(requests_stream("")):
        mine = set[str]()
        for row in ledger.history(stream):
            event: Any = row.event
            if isinstance(event, SubjectRequestReceived) and event.person == person:
                mine.add(event.request)
            if event.request in mine:
                found.append(row)
    known = any(getattr(row.event, "office", "") == office for row in own) or any(
        _office(row) == office for row in found
    )
    return sorted(found, key=lambda row: row.position) if known else []


def told(record: Sequence[Recorded], journal: JournalTeller, story: CaseTeller) -> list[Line]:
    """The same in words."""
    lines = []
    for row in record:
        event: Any = row.event
        if isinstance(event, _OF_SUBJECT):
            what, who = story.tell(event, None), journal.actor(event.by)
        else:
            what, _, who = journal.tell(entry_of(row))
        lines.append(Line(event.at, row.position, _office(row), what, who, isinstance(event, DataRecorded)))
    return lines


def _office(row: Recorded) -> str:
    return getattr(row.event, "office", "") or row.stream.split(":")[1]

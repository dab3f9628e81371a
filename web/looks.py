"""Looks at what is kept of a person: put on record before anything is shown, and gathered again for who asks.

A look names the person by their pseudonymous id, whatever page it was at. Officers' notes are looked at by a ticket's
number and date ("C012 2026-11-21"); whose tickets these were stands in the person's stream.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from ltsa.journal import DataErased, DataExported, DataSeen, entry
from ltsa.journey import VisitBegun, person_stream
from ltsa.ledger import Ledger
from ltsa.present import Recorded
from web.house import House

MINUTE = 60_000


class Look(Struct, frozen=True, kw_only=True):
    """Somebody saw, took out or erased data of a person: when (ms UTC), which kind of data, at which office, by whom;
    `position` is where it stands in the ledger.
    """

    at: int
    position: int
    did: Literal["seen", "exported", "erased"]
    data: str
    about: str
    office: str
    by: str


def note_look(here: House, kind: str, person: str, *, office: str, by: str) -> None:
    """Puts on record that somebody sees data of a person: once a minute for each kind, person and who looks."""
    at = here.now()
    key = f"seen {kind} {person} {by} {at // MINUTE}"
    here.do(entry(DataSeen, office=office, at=at, by=by, key=key, kind=kind, about=person))


def looks_at(here: House, person: str) -> list[Look]:
    """Every look at data of a person, every export and erasure, at whichever office; in order. Blocks on the disk."""
    return [_look(row) for row in records_about(here, person)]


def records_about(here: House, person: str) -> list[Recorded]:
    """The same as it stands in the journals."""
    offices: dict[str, set[str]] = {person: set()}
    for visit in visits_of(here.ledger, person):
        offices.setdefault(f"{visit.number} {visit.date}", set()).add(visit.office)
    found = here.looks.about(here.ledger, list(offices))
    return [row for row in found if _name(row) == person or _office(row) in offices.get(_name(row), ())]


def visits_of(ledger: Ledger, person: str) -> Iterator[VisitBegun]:
    """The visits of a person, in order. Blocks on the disk."""
    for recorded in ledger.history(person_stream(person)):
        if isinstance(recorded.event, VisitBegun):
            yield recorded.event


def _name(recorded: Recorded) -> str:
    return str(getattr(recorded.event, "about", ""))


def _office(recorded: Recorded) -> str:
    return recorded.stream.split(":")[1]


def _look(recorded: Recorded) -> Look:
    event = recorded.event
    assert isinstance(event, DataSeen | DataExported | DataErased)  # noqa: S101 - what the index gives
    did: Literal["seen", "exported", "erased"] = (
        "seen" if isinstance(event, DataSeen) else "exported" if isinstance(event, DataExported) else "erased"
    )
    return Look(
        at=event.at,
        position=recorded.position,
        did=did,
        data=event.kind,
        about=event.about,
        office=_office(recorded),
        by=event.by,
    )

"""Looks at what is kept of a person: put on record before anything is shown, and gathered again for who asks.

A look names the person by their pseudonymous id, whatever page it was at. Officers' notes are looked at by a ticket's
number and date ("C012 2026-11-21"); whose tickets these were stands in the person's stream. An export of days that
holds who came then is a look at everybody who did.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from ltsa.journal import DataErased, DataExported, DataRecorded, DataSeen, entry
from ltsa.journey import VisitBegun, person_stream
from ltsa.ledger import Ledger
from ltsa.models.looks import of_everybody, positions_about
from ltsa.present import Recorded
from web.house import House
from web.read_models import catch_up

MINUTE = 60_000

Did = Literal["seen", "recorded", "exported", "erased"]
DID: dict[type, Did] = {DataSeen: "seen", DataRecorded: "recorded", DataExported: "exported", DataErased: "erased"}


class Look(Struct, frozen=True, kw_only=True):
    """Somebody saw, wrote down, took out or erased data of a person: when (ms UTC), what kind of data, at which office,
    by whom; `position` is where it stands in the ledger.
    """

    at: int
    position: int
    did: Did
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
    """Every look at data of a person, every writing down, export and erasure, at whichever office; in order. Blocks on
    the disk.
    """
    return [_look(row) for row in records_about(here, person)]


def records_about(here: House, person: str) -> list[Recorded]:
    """The same as it stands in the journals."""
    dates: dict[str, set[str]] = {}
    tickets: dict[str, set[str]] = {}
    notes = set[str]()
    for visit in visits_of(here.ledger, person):
        dates.setdefault(visit.office, set()).add(visit.date)
        tickets.setdefault(f"{visit.number} {visit.date}", set()).add(visit.office)
        notes.update(here.people.names(visit.office, visit.date, visit.number))
    with catch_up(here, "looks").reading() as cursor:
        positions = positions_about(cursor, [person, *tickets, *notes, *map(of_everybody, dates)])
    return [row for row in here.ledger.at(*sorted(set(positions))) if _concerns(row, person, dates, tickets, notes)]


def _concerns(
    row: Recorded, person: str, dates: dict[str, set[str]], tickets: dict[str, set[str]], notes: set[str]
) -> bool:
    about, office = str(getattr(row.event, "about", "")), _office(row)
    if isinstance(row.event, DataExported) and row.event.why:
        first, _, last = about.partition("–")
        return any(first <= date <= last for date in dates.get(office, ()))
    if isinstance(row.event, DataErased) and not notes.isdisjoint(row.event.items):
        return True
    return about == person or office in tickets.get(about, ())


def visits_of(ledger: Ledger, person: str) -> Iterator[VisitBegun]:
    """The visits of a person, in order. Blocks on the disk."""
    for recorded in ledger.history(person_stream(person)):
        if isinstance(recorded.event, VisitBegun):
            yield recorded.event


def _office(recorded: Recorded) -> str:
    return recorded.stream.split(":")[1]


def _look(recorded: Recorded) -> Look:
    event = recorded.event
    assert isinstance(event, DataSeen | DataRecorded | DataExported | DataErased)  # noqa: S101 - what the index gives
    return Look(
        at=event.at,
        position=recorded.position,
        did=DID[type(event)],
        data=event.kind,
        about=event.about,
        office=_office(recorded),
        by=event.by,
    )

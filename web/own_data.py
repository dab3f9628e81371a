"""Everything that is kept of one person, and who processed and saw it: the answer to a request to see it.

It is made when it is asked for and kept nowhere. That somebody makes it is a look like any other, on record before
(UU 27/2022 art. 7 and 32: access to the data and to the record of their processing). The file for the person is JSON:
every event as it stands in the record, times in ISO 8601 with the office's offset.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from ltsa.identity import Identity
from ltsa.journal import DataExported, entry
from ltsa.journey import Person, VisitBegun, person_stream
from ltsa.ledger import Ledger
from ltsa.predictions import Told, WaitsPredicted, forecast_stream
from ltsa.present import Recorded, day_stream
from ltsa.record import topic_of
from ltsa.requests import Requests, SubjectRequest, requests_stream
from ltsa.requests import evolve as asks
from ltsa.subject import Consent, Restriction
from web import journeys
from web.house import House
from web.looks import Look, looks_at, note_look

FORMAT = "ltsa-own-data/1"

TIMES = frozenset(
    {
        "at",
        "made",
        "received",
        "taken",
        "ended",
        "withdrawn",
        "erased",
        "erased_at",
        "since",
        "until",
        "slot",
        "arrived",
    }
)
"""Fields that hold an instant (ms UTC), 0 for none."""


OTHERS = frozenset({"why"})
"""Fields that tell of other people: a call explains itself by the numbers of those who waited too (art. 33)."""


class Happened(Struct, frozen=True, kw_only=True):
    """Something on record: its place in the ledger and in its stream, its topic ("step-done/1"), the event itself."""

    position: int
    version: int
    topic: str
    event: Any


class Noted(Struct, frozen=True, kw_only=True):
    """A note of an officer; of an erased one the text is "", and `erased_at` says when."""

    at: int
    by: str
    text: str
    erased_at: int = 0


class Visited(Struct, frozen=True, kw_only=True):
    """A number that the person took: what happened to it that day, what was noted, which waits were told."""

    office: str
    date: str
    number: str
    case: str
    events: tuple[Happened, ...]
    notes: tuple[Noted, ...]
    waits_told: tuple[Told, ...]


class Asked(Struct, frozen=True, kw_only=True):
    """A request of the person, and the office that received it."""

    office: str
    request: SubjectRequest


class OwnData(Struct, frozen=True, kw_only=True):
    """What is kept of a person. `identity` is None where nothing says who they are; `journey` their cases, consent and
    restriction as events, `looks` who saw, took out or erased something.
    """

    format: str
    made: int
    by: str
    office: str
    request: str
    person: str
    identity: Identity | None
    consents: tuple[Consent, ...]
    restriction: Restriction | None
    erased: int
    journey: tuple[Happened, ...]
    visits: tuple[Visited, ...]
    requests: tuple[Asked, ...]
    looks: tuple[Look, ...]

    def as_json(self, zone: ZoneInfo) -> bytes:
        """The file for the person, to be read by people and programs; instants in a time zone."""
        return msgspec.json.format(msgspec.json.encode(_timed(msgspec.to_builtins(self), zone)), indent=2)


def own_data(here: House, request: SubjectRequest, *, office: str, by: str) -> OwnData:
    """Everything that is kept of who asks. That it is seen is on record before, and part of it."""
    note_look(here, "own-data", request.person, office=office, by=by)
    who = journeys.who_is(here, request.person, office=office, by=by, duty=True)
    made = here.now()
    return here.off_loop(_gathered, here, request, who, office=office, by=by, made=made)


def taken_out(here: House, person: str, *, office: str, by: str, key: str) -> None:
    """Puts on record that the file is taken out of the office, before it is."""
    here.do(
        entry(DataExported, office=office, at=here.now(), by=by, key=f"own data {key}", kind="own-data", about=person)
    )


def _gathered(  # noqa: PLR0913 - by name
    here: House, request: SubjectRequest, who: Identity | None, *, office: str, by: str, made: int
) -> OwnData:
    ledger, person = here.ledger, request.person
    history = list(ledger.history(person_stream(person)))
    state: Person = ledger.person(person)
    return OwnData(
        format=FORMAT,
        made=made,
        by=by,
        office=office,
        request=request.id,
        person=person,
        identity=who,
        consents=state.subject.consents,
        restriction=state.subject.restriction,
        erased=state.subject.erased,
        journey=tuple(_happened(row) for row in history),
        visits=tuple(_visits(here, [row.event for row in history if isinstance(row.event, VisitBegun)])),
        requests=tuple(_requests(ledger, person)),
        looks=tuple(looks_at(here, person)),
    )


def _visits(here: House, begun: list[VisitBegun]) -> list[Visited]:
    """Each number once, also where its visit began again; a day is read once."""
    of_day = defaultdict[tuple[str, str], dict[str, str]](dict)
    for visit in begun:
        of_day[visit.office, visit.date][visit.number] = visit.case
    found = []
    for (office, date), numbers in of_day.items():
        events, waits = defaultdict[str, list[Happened]](list), defaultdict[str, list[Told]](list)
        for row in here.ledger.history(day_stream(office, date)):
            if (number := getattr(row.event, "number", "")) in numbers:
                events[number].append(_happened(row))
        for row in here.ledger.history(forecast_stream(office, date)):
            if isinstance(row.event, WaitsPredicted):
                for told in row.event.waits:
                    waits[told.number].append(told)
        for number, case in numbers.items():
            notes = here.people.notes(office, date, number)
            found.append(
                Visited(
                    office=office,
                    date=date,
                    number=number,
                    case=case,
                    events=tuple(events[number]),
                    notes=tuple(Noted(at=it.at, by=it.by, text=it.text, erased_at=it.erased_at) for it in notes),
                    waits_told=tuple(waits[number]),
                )
            )
    return found


def _requests(ledger: Ledger, person: str) -> list[Asked]:
    """What the person asked for, at whichever office."""
    found = []
    for stream in ledger.streams(requests_stream("")):
        state = Requests()
        for row in ledger.history(stream):
            asks(state, row.event)  # type: ignore[arg-type]
        office = stream.partition(":")[2]
        found += [Asked(office=office, request=it) for it in state.requests.values() if it.person == person]
    return sorted(found, key=lambda it: it.request.received)


def _happened(row: Recorded) -> Happened:
    return Happened(position=row.position, version=row.version, topic=topic_of(row.event), event=row.event)


def _timed(value: Any, zone: ZoneInfo, name: str = "") -> Any:
    """The same with instants written as ISO 8601, and without OTHERS."""
    match value:
        case dict():
            return {key: _timed(inner, zone, key) for key, inner in value.items() if key not in OTHERS}
        case list() | tuple():
            return [_timed(inner, zone, name) for inner in value]
        case int() if name in TIMES and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, zone).isoformat(timespec="milliseconds") if value else None
        case _:
            return value

"""What an office keeps of people for how long: the rules of its configuration, and what is due by them today.

Off by default: no rule says when these must go (UU 27/2022 art. 44 leaves it to the purpose), so an office decides.
Notes are due so many days after their service day. Who somebody is, is due so many days after the last thing on record
of them, at whichever office: of several the longest rule counts, and one that keeps for ever keeps. Whatever still goes
on holds a person back; a request about their own data also holds the notes about their tickets.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, get_args

from msgspec import Struct

from ltsa.journey import Person, VisitBegun, evolve, person_stream
from ltsa.ledger import Ledger
from ltsa.office import Office
from ltsa.people import Written
from ltsa.personal import Personal
from ltsa.requests import Requests, requests_stream
from ltsa.requests import evolve as evolve_requests

DAY = 24 * 3_600_000

Held = Literal["request", "restricted", "open-case"]
"""Why somebody is not due though their time is over."""

HELD: tuple[Held, ...] = get_args(Held)


class Due(Struct, frozen=True, kw_only=True):
    """What is due at an office on a local date: ids of notes (with their tickets) and of persons, the oldest first; and
    how many are held back, by the reason. A person stands with the office that had to do with them last.
    """

    office: Office
    today: date
    notes: tuple[Written, ...] = ()
    persons: tuple[str, ...] = ()
    held: dict[Held, int] = {}

    @property
    def nothing(self) -> bool:
        """Whether nothing is due."""
        return not (self.notes or self.persons)


def due(ledger: Ledger, personal: Personal, offices: Sequence[Office], now: int) -> list[Due]:
    """What is due at each office as it is configured today. Blocks on the disk; reads the journeys of those alone of
    whom nothing was recorded for as long as the shortest rule says.
    """
    asking = _asking(ledger, offices)
    persons, held = _persons(ledger, personal, offices, asking, now)
    visits = {
        (it.event.office, it.event.date, it.event.number)
        for person in asking
        for it in ledger.history(person_stream(person))
        if isinstance(it.event, VisitBegun)
    }
    found = []
    for office in offices:
        today, notes = office.service_date(now), list[Written]()
        counted = held[office.id]
        if office.retention.notes:
            before = (today - timedelta(days=office.retention.notes)).isoformat()
            for note in personal.people.written_before(office.id, before):
                if (office.id, note.date, note.number) in visits:
                    counted["request"] += 1
                else:
                    notes.append(note)
        found.append(
            Due(office=office, today=today, notes=tuple(notes), persons=tuple(persons[office.id]), held={**counted})
        )
    return found


def holds(person: Person, *, asks: bool) -> Held | None:
    """What of somebody still goes on; None for nothing. `asks` says that they have a request. A visit and an
    appointment belong to an open case.
    """
    if asks:
        return "request"
    if person.subject.restriction is not None:
        return "restricted"
    return None if person.open_case is None else "open-case"


def _persons(
    ledger: Ledger, personal: Personal, offices: Sequence[Office], asking: set[str], now: int
) -> tuple[dict[str, list[str]], dict[str, Counter[Held]]]:
    """Who is due, and how many are held back, by office."""
    days = {office.id: office.retention.persons for office in offices}
    persons = {office.id: list[str]() for office in offices}
    held = {office.id: Counter[Held]() for office in offices}
    if not any(days.values()):
        return persons, held
    shortest = now - min(filter(None, days.values())) * DAY
    for person in personal.persons.kept_before(shortest):
        last = ledger.last(person_stream(person))
        if last is None or last.event.at >= shortest:
            continue
        state, where = Person(), list[str]()
        for recorded in ledger.history(person_stream(person)):
            evolve(state, recorded.event)  # type: ignore[arg-type]
            if office := getattr(recorded.event, "office", ""):
                where.append(office)
        rules = [days.get(office, 0) for office in set(where)]
        if not all(rules) or last.event.at >= now - max(rules, default=0) * DAY:
            continue
        if (why := holds(state, asks=person in asking)) is not None:
            held[where[-1]][why] += 1
        else:
            persons[where[-1]].append(person)
    return persons, held


def _asking(ledger: Ledger, offices: Sequence[Office]) -> set[str]:
    """Whose request about their own data is not answered yet, at whichever office."""
    found = set[str]()
    for office in offices:
        state = Requests()
        for recorded in ledger.history(requests_stream(office.id)):
            evolve_requests(state, recorded.event)  # type: ignore[arg-type]
        found |= {request.person for request in state.requests.values() if request.open}
    return found

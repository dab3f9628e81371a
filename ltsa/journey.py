"""A person's journey over days and offices: what happened, and what is true. Pure.

One stream a person, `person:<id>`, holds all that person's cases, one after the other. The id is pseudonymous: who it
is lies in the vault (`ltsa/persons.py`), erasable, and the stream stays readable without. A case follows a flow
(`ltsa/flow.py`) that it is pinned to. What happens at counters comes from the day's events (`ltsa/visit.py`), in the
same transaction of the ledger. What may happen is `ltsa/journey_rules.py`.
"""

import re
from typing import Any, Literal, assert_never

from msgspec import Struct

from ltsa import subject
from ltsa.flow import System
from ltsa.message import Event
from ltsa.subject import (
    ConsentGiven,
    ConsentWithdrawn,
    PersonErased,
    PersonRestricted,
    RestrictionLifted,
    Subject,
    SubjectEvent,
)

PERSON = re.compile(r"[0-9a-f]{20}")
DIGEST = re.compile(r"[0-9a-f]{64}")
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./ _-]{1,38}[A-Za-z0-9]")
"""3 to 40 letters, digits and . / _ - or blanks between them: no outside system publishes the form of its numbers."""

OUTCOMES = ("finished", "withdrawn", "referred", "mistaken")
"""How a case may end."""

REOPENINGS = ("mistaken", "goes-on")
"""Why a closed case may be opened again: it was closed by mistake, or the person goes on after all."""


# --- What happened ----------------------------------------------------------------------------------------------------


class CaseOpened(Event, frozen=True):
    """A person's case was opened at an office under a scheme: `flow` is the digest of the flow that it is pinned to,
    `card` the SHA-256 of the secret on the case card.
    """

    case: str
    office: str
    scheme: str
    flow: str
    card: str


class CardReplaced(Event, frozen=True):
    """The person got a new case card; the one before opens nothing any more."""

    case: str
    card: str


class VisitBegun(Event, frozen=True):
    """The person took a number for the case, or a visit that was over goes on. `slot` is the instant (ms UTC) of the
    appointment that is kept with it, 0 for none.
    """

    case: str
    office: str
    date: str
    number: str
    slot: int = 0


class StepDone(Event, frozen=True):
    """A step ended with an outcome code of the office; `unlocks` says whether it counts as done, and `valid_until`
    (ISO) until when, "" for ever. One done outside has no number. Outcome only: nothing of what was found.
    """

    case: str
    step: str
    office: str
    date: str
    outcome: str
    number: str = ""
    unlocks: bool = True
    valid_until: str = ""


class StepReturned(Event, frozen=True):
    """The person was sent to complete something for a step: codes of documents that are missing, and of reasons."""

    case: str
    step: str
    office: str
    date: str
    number: str
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class StepUndone(Event, frozen=True):
    """What was last said of a step was a mistake: it is again what it was before. `corrects` is the version, in this
    stream, of the event that said it (0 before 2026-12).
    """

    case: str
    step: str
    corrects: int = 0


class VisitEnded(Event, frozen=True):
    """The visit is over: `state` is what its ticket became, or "lapsed" where its day ended without a closing."""

    case: str
    office: str
    date: str
    number: str
    state: str


class ReferenceNoted(Event, frozen=True):
    """A step got a reference number in a system outside; `paper` says that it is a number on paper, because the system
    could not be reached, to be completed later.
    """

    case: str
    step: str
    office: str
    system: System
    number: str
    paper: bool = False


class ReferenceCompleted(Event, frozen=True):
    """The system's own number took the place of the paper's."""

    case: str
    step: str
    office: str
    system: System
    number: str
    paper: str


class CaseMoved(Event, frozen=True):
    """The case follows another flow from a local date (ISO) on; until the day before it follows the one it did."""

    case: str
    scheme: str
    flow: str
    grace: str


class CaseClosed(Event, frozen=True):
    """The case is over: one of OUTCOMES."""

    case: str
    outcome: str


class CaseReopened(Event, frozen=True):
    """The case goes on at an office as if it had never been closed, for one of REOPENINGS. `corrects` is the version of
    the closing, where that was the mistake (0 else, and before 2026-12).
    """

    case: str
    office: str
    reason: str
    corrects: int = 0


class AppointmentMade(Event, frozen=True):
    """The person will come to an office at an instant (`slot`, ms UTC), for some of its services."""

    case: str
    office: str
    slot: int
    services: tuple[str, ...]


class AppointmentCancelled(Event, frozen=True):
    """The person will not come then."""

    case: str
    office: str
    slot: int


PersonEvent = (
    CaseOpened
    | CardReplaced
    | VisitBegun
    | StepDone
    | StepReturned
    | StepUndone
    | VisitEnded
    | ReferenceNoted
    | ReferenceCompleted
    | CaseMoved
    | CaseClosed
    | CaseReopened
    | AppointmentMade
    | AppointmentCancelled
    | SubjectEvent
)

TOPICS: dict[str, type[PersonEvent]] = {
    "case-opened/1": CaseOpened,
    "card-replaced/1": CardReplaced,
    "visit-begun/1": VisitBegun,
    "step-done/1": StepDone,
    "step-returned/1": StepReturned,
    "step-undone/1": StepUndone,
    "visit-ended/1": VisitEnded,
    "reference-noted/1": ReferenceNoted,
    "reference-completed/1": ReferenceCompleted,
    "case-moved/1": CaseMoved,
    "case-closed/1": CaseClosed,
    "case-reopened/1": CaseReopened,
    "appointment-made/1": AppointmentMade,
    "appointment-cancelled/1": AppointmentCancelled,
    **subject.TOPICS,
}


# --- What is true -----------------------------------------------------------------------------------------------------


class Mark(Struct, frozen=True, kw_only=True):
    """What was said of a step: "done" (its outcome counts), "rejected" (its outcome does not), "returned". `version` is
    that of the event.
    """

    state: Literal["done", "rejected", "returned"]
    at: int
    by: str
    office: str
    date: str
    number: str = ""
    outcome: str = ""
    valid_until: str = ""
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    version: int = 0

    def holds(self, day: str) -> bool:
        """Whether the step is done, and still valid on a local date (ISO)."""
        return self.state == "done" and (not self.valid_until or day <= self.valid_until)


class Reference(Struct, frozen=True, kw_only=True):
    """A number in a system outside, with who noted it and when (ms UTC); while `paper`, it is one on paper. `replaces`
    is the paper's number that it completed.
    """

    step: str
    system: System
    number: str
    paper: bool
    office: str
    at: int
    by: str
    replaces: str = ""


class Visit(Struct, frozen=True, kw_only=True):
    """A ticket of a person: which one, for which case."""

    case: str
    office: str
    date: str
    number: str


class Appointment(Struct, frozen=True, kw_only=True):
    """When (ms UTC) a person will come, where and for what."""

    case: str
    office: str
    slot: int
    services: tuple[str, ...]


class Move(Struct, frozen=True, kw_only=True):
    """A case follows a flow (its digest) of a scheme from a local date (ISO) on."""

    since: str
    scheme: str
    flow: str


class Case(Struct):
    """One case. `marks` has all that was said of each step, the latest last; `moves` the flows that it followed and
    will follow; `outcome` is "" while it is open, `closed` the version of the event that closed it last.
    """

    id: str
    office: str
    card: str
    opened: int
    moves: tuple[Move, ...]
    marks: dict[str, tuple[Mark, ...]] = {}
    references: tuple[Reference, ...] = ()
    outcome: str = ""
    closed: int = 0

    def follows(self, day: str) -> Move:
        """The flow that it follows on a local date (ISO), and under which scheme."""
        return next((move for move in reversed(self.moves) if move.since <= day), self.moves[0])

    def mark(self, step: str) -> Mark | None:
        """What was last said of a step."""
        return marks[-1] if (marks := self.marks.get(step)) else None

    def holds(self, step: str, day: str) -> bool:
        """Whether a step is done and valid on a local date (ISO)."""
        mark = self.mark(step)
        return mark is not None and mark.holds(day)


class Person(Struct):
    """What is true of one person: the cases in order, the one live visit, the next appointment, and how their data
    stand.
    """

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    cases: dict[str, Case] = {}
    visit: Visit | None = None
    appointment: Appointment | None = None
    subject: Subject = Subject()

    @property
    def open_case(self) -> Case | None:
        """The case that is not closed."""
        return next((case for case in self.cases.values() if not case.outcome), None)


def person_stream(person: str) -> str:
    """The stream of one person."""
    return f"person:{person}"


def case_id(person: str, count: int) -> str:
    """The name of a person's `count`th case."""
    return f"{person}-{count}"


def person_of(case: str) -> str:
    """Whose case it is."""
    return case.rpartition("-")[0]


def evolve(person: Person, event: PersonEvent) -> None:  # noqa: C901, PLR0912 - one case an event, in one place
    """Applies one event to the state, in place. Never refuses, never reads a clock."""
    person.version = version = person.version + 1
    person.at = event.at
    if event.key not in person.answered:
        person.answered[event.key] = (event.content, version)
    match event:
        case CaseOpened():
            first = Move(since="", scheme=event.scheme, flow=event.flow)
            person.cases[event.case] = Case(event.case, event.office, event.card, event.at, (first,))
        case CardReplaced():
            person.cases[event.case].card = event.card
        case VisitBegun():
            person.visit = Visit(case=event.case, office=event.office, date=event.date, number=event.number)
            if event.slot:
                person.appointment = None
        case StepDone():
            state: Literal["done", "rejected"] = "done" if event.unlocks else "rejected"
            said = _of(event) | {"outcome": event.outcome, "valid_until": event.valid_until}
            _mark(person, event, Mark(state=state, version=version, **said))
        case StepReturned():
            said = _of(event) | {"missing": event.missing, "reasons": event.reasons}
            _mark(person, event, Mark(state="returned", version=version, **said))
        case StepUndone():
            marks = person.cases[event.case].marks
            marks[event.step] = marks[event.step][:-1]
        case VisitEnded():
            if person.visit and (person.visit.office, person.visit.date, person.visit.number) == (
                event.office,
                event.date,
                event.number,
            ):
                person.visit = None
        case ReferenceNoted() | ReferenceCompleted():
            _refer(person.cases[event.case], event)
        case CaseMoved():
            case = person.cases[event.case]
            before = tuple(move for move in case.moves if move.since < event.grace)
            case.moves = (*before, Move(since=event.grace, scheme=event.scheme, flow=event.flow))
        case CaseClosed():
            case = person.cases[event.case]
            case.outcome, case.closed = event.outcome, version
            person.appointment = None
        case CaseReopened():
            person.cases[event.case].outcome = ""
        case AppointmentMade():
            person.appointment = Appointment(
                case=event.case, office=event.office, slot=event.slot, services=event.services
            )
        case AppointmentCancelled():
            person.appointment = None
        case ConsentGiven() | ConsentWithdrawn() | PersonRestricted() | RestrictionLifted() | PersonErased():
            person.subject = subject.after(person.subject, event)
        case _:
            assert_never(event)


def _of(event: StepDone | StepReturned) -> dict[str, Any]:
    said: dict[str, Any] = {"at": event.at, "by": event.by, "office": event.office}
    return said | {"date": event.date, "number": event.number}


def _mark(person: Person, event: StepDone | StepReturned, mark: Mark) -> None:
    marks = person.cases[event.case].marks
    marks[event.step] = (*marks.get(event.step, ()), mark)


def _refer(case: Case, event: ReferenceNoted | ReferenceCompleted) -> None:
    """A step has one reference in each system: the latest."""
    others = tuple(it for it in case.references if (it.step, it.system) != (event.step, event.system))
    case.references = (*others, refer(event))


def refer(event: ReferenceNoted | ReferenceCompleted) -> Reference:
    """The reference that an event speaks of."""
    paper, replaces = (event.paper, "") if isinstance(event, ReferenceNoted) else (False, event.paper)
    return Reference(
        step=event.step,
        system=event.system,
        number=event.number,
        paper=paper,
        office=event.office,
        at=event.at,
        by=event.by,
        replaces=replaces,
    )

"""Requests of people about their own data: shown, corrected, restricted, consent withdrawn, erased. Pure.

A stream an office, `requests:ltsa`, holds the requests that it received, with who did what until each was answered. It
names the person by their pseudonymous id; what a request changes about the person stands in the person's stream
(`ltsa/subject.py`), in the same transaction. What was asked for in words, and who it is, never enters an event.

The clock: UU 27/2022 gives the office 3×24 hours from receiving a request to show (art. 32), to correct (art. 30), to
stop what consent allowed (art. 40) and to restrict (art. 41). For erasing (art. 43) the law names no hours; the same
clock counts.
"""

from typing import Any, Literal, assert_never, get_args

import msgspec
from msgspec import Struct

from ltsa.journey import CaseClosed, Person, PersonEvent
from ltsa.journey_rules import Here
from ltsa.message import Command, Event, Refusal, key_digest
from ltsa.subject import ConsentWithdrawn, PersonErased, PersonRestricted

HOUR = 3_600_000
CLOCK = 3 * 24 * HOUR
"""How long the office has to answer, in ms."""
SOON = 24 * HOUR
"""How long before the end a request counts as due soon, in ms."""

Kind = Literal["show", "correct", "restrict", "withdraw", "erase"]
KINDS: tuple[Kind, ...] = get_args(Kind)

IDENTIFIED = ("card-document", "nik-document", "card")
"""How the person showed who they are: the case card and an identity document, NIK and document, or the card alone: the
last where the office keeps nothing that a document could be compared with.
"""

REASONS: dict[str, tuple[Kind, ...]] = {
    "not-identified": KINDS,
    "taken-back": KINDS,
    "nothing-kept": KINDS,
    "endangers": ("show", "correct", "restrict"),
    "of-others": ("show", "correct"),
    "law-requires": ("restrict", "withdraw", "erase"),
}
"""Why a request may be refused, and of which kinds: the person is not who they said, took it back, nothing is kept; it
would endanger somebody (art. 33, 41) or tell of others (art. 33); a law obliges the office to keep and use the data
(art. 15, 41, 43).
"""

FIELDS = ("nik", "name", "phone")
"""What of an identity may be corrected."""

CHANGES: dict[Kind, type[PersonRestricted | ConsentWithdrawn | PersonErased]] = {
    "restrict": PersonRestricted,
    "withdraw": ConsentWithdrawn,
    "erase": PersonErased,
}
"""What stands in the person's stream once a request was done."""

Clock = Literal["running", "soon", "overdue", "answered", "late"]


# --- What happened ----------------------------------------------------------------------------------------------------


class SubjectRequestReceived(Event, frozen=True):
    """Somebody asked the office: `request` is its name there, `identified` how they showed who they are."""

    request: str
    kind: Kind
    person: str
    identified: str


class SubjectRequestTaken(Event, frozen=True):
    """Somebody of the office works on the answer. `correcting` are the fields that they are about to correct, and
    `commitment` what the vault will commit to then (`ltsa/commitment.py`).
    """

    request: str
    correcting: tuple[str, ...] = ()
    commitment: str = ""


class SubjectRequestDone(Event, frozen=True):
    """What was asked for is done; `changed` are the fields that were corrected."""

    request: str
    changed: tuple[str, ...] = ()


class SubjectRequestRefused(Event, frozen=True):
    """The office does not do what was asked for, for one of REASONS."""

    request: str
    reason: str


RequestEvent = SubjectRequestReceived | SubjectRequestTaken | SubjectRequestDone | SubjectRequestRefused

TOPICS: dict[str, type[RequestEvent]] = {
    "subject-request-received/1": SubjectRequestReceived,
    "subject-request-taken/1": SubjectRequestTaken,
    "subject-request-done/1": SubjectRequestDone,
    "subject-request-refused/1": SubjectRequestRefused,
}


# --- What is true -----------------------------------------------------------------------------------------------------


class SubjectRequest(Struct, frozen=True, kw_only=True):
    """One request: `received` and `ended` in ms UTC (0 while it is open), by whom each; `taken_by` who answers it;
    `correcting` and `commitment` what they last began to correct.
    """

    id: str
    kind: Kind
    person: str
    identified: str
    received: int
    received_by: str
    state: Literal["received", "taken", "done", "refused"] = "received"
    taken: int = 0
    taken_by: str = ""
    ended: int = 0
    ended_by: str = ""
    reason: str = ""
    changed: tuple[str, ...] = ()
    correcting: tuple[str, ...] = ()
    commitment: str = ""

    @property
    def open(self) -> bool:
        """Whether it still waits for an answer."""
        return not self.ended

    @property
    def due(self) -> int:
        """Until when it must be answered (ms UTC)."""
        return self.received + CLOCK

    def clock(self, now: int) -> Clock:
        """How it stands with the time at an instant (ms UTC). What is answered was so in time, or "late"."""
        if self.ended:
            return "answered" if self.ended <= self.due else "late"
        if now > self.due:
            return "overdue"
        return "soon" if now > self.due - SOON else "running"


class Requests(Struct):
    """All requests that an office received, by name, the oldest first."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    requests: dict[str, SubjectRequest] = {}

    def of(self, request: str) -> SubjectRequest:
        """A request by its name. Raises `Refusal`."""
        if (found := self.requests.get(request)) is None:
            raise Refusal("unknown-request", f"There is no request {request!r} here.", field="request")
        return found


def requests_stream(office: str) -> str:
    """The stream of the requests that an office received."""
    return f"requests:{office}"


def evolve(state: Requests, event: RequestEvent) -> None:
    """Applies one event, in place."""
    state.version += 1
    state.at = event.at
    if event.key not in state.answered:
        state.answered[event.key] = (event.content, state.version)
    if isinstance(event, SubjectRequestReceived):
        state.requests[event.request] = SubjectRequest(
            id=event.request,
            kind=event.kind,
            person=event.person,
            identified=event.identified,
            received=event.at,
            received_by=event.by,
        )
        return
    found, ended = state.requests[event.request], {"ended": event.at, "ended_by": event.by}
    told: dict[str, Any]
    match event:
        case SubjectRequestTaken():
            begun = {"correcting": event.correcting, "commitment": event.commitment} if event.correcting else {}
            told = {"state": "taken", "taken": event.at, "taken_by": event.by, **begun}
        case SubjectRequestDone():
            told = {"state": "done", "changed": event.changed, **ended}
        case SubjectRequestRefused():
            told = {"state": "refused", "reason": event.reason, **ended}
        case _:
            assert_never(event)
    state.requests[event.request] = msgspec.structs.replace(found, **told)


# --- What may be asked for --------------------------------------------------------------------------------------------


class RequestCommand(Command, frozen=True, kw_only=True):
    """A command about a request that the office received."""


class ReceiveRequest(RequestCommand, frozen=True):
    """Receive a request of a person (a pseudonymous id) who showed who they are."""

    kind: str
    person: str
    identified: str


class AnswerRequest(RequestCommand, frozen=True, kw_only=True):
    """A command that answers a request, or leads there."""

    request: str


class TakeRequest(AnswerRequest, frozen=True):
    """Say that one works on it; `correcting` and `commitment`: what is about to be corrected, and to what."""

    correcting: tuple[str, ...] = ()
    commitment: str = ""


class FinishRequest(AnswerRequest, frozen=True):
    """Say that it is done; `changed` are the fields that were corrected. What it means for the person follows in the
    same transaction.
    """

    changed: tuple[str, ...] = ()


class RefuseRequest(AnswerRequest, frozen=True):
    """Refuse it, for one of REASONS."""

    reason: str


def whose(command: RequestCommand, state: Requests) -> str:
    """The person whom a command is about. Raises `Refusal` for a request that is not there."""
    if isinstance(command, ReceiveRequest):
        return command.person
    assert isinstance(command, AnswerRequest)  # noqa: S101 - there are no others
    return state.of(command.request).person


def decide(command: RequestCommand, state: Requests, person: Person, here: Here) -> list[RequestEvent]:
    """The event that answers a command; raises `Refusal`. `person` is the one whom it is about."""
    said: dict[str, Any] = {
        "at": max(command.at, state.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    if isinstance(command, ReceiveRequest):
        return [_receive(command, state, person, said)]
    if not isinstance(command, AnswerRequest):
        raise TypeError(f"no rule for {type(command).__name__}")
    request = state.of(command.request)
    if not request.open:
        message = f"The request {request.id} is answered already."
        raise Refusal("request-answered", message, field="request", state=request.state)
    match command:
        case TakeRequest(correcting=correcting, commitment=commitment):
            if correcting:
                _may_finish(request, correcting, person, here)
            elif request.taken_by == command.by:
                raise Refusal("nothing-changes", "You work on it already.", field="request", state="taken")
            return [SubjectRequestTaken(**said, request=request.id, correcting=correcting, commitment=commitment)]
        case FinishRequest(changed=changed):
            _may_finish(request, changed, person, here)
            return [SubjectRequestDone(**said, request=request.id, changed=changed)]
        case RefuseRequest(reason=reason):
            if request.kind not in REASONS.get(reason, ()):
                known = ", ".join(code for code, kinds in REASONS.items() if request.kind in kinds)
                raise Refusal("unknown-reason", f"{reason!r} is not known; use one of {known}.", field="reason")
            return [SubjectRequestRefused(**said, request=request.id, reason=reason)]
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def _receive(command: ReceiveRequest, state: Requests, person: Person, said: dict[str, Any]) -> SubjectRequestReceived:
    kind = next((kind for kind in KINDS if kind == command.kind), None)
    if kind is None:
        raise Refusal("unknown-kind", f"{command.kind!r} is not known; use one of {', '.join(KINDS)}.", field="kind")
    if command.identified not in IDENTIFIED:
        message = f"{command.identified!r} is not known; use one of {', '.join(IDENTIFIED)}."
        raise Refusal("unknown-identified", message, field="identified")
    if not person.version:
        raise Refusal("unknown-subject", "Nothing is on record of this person here.", field="person")
    if person.subject.erased:
        raise Refusal("person-erased", "Who this person is was erased; nothing goes on with it.", state="erased")
    for before in state.requests.values():
        if before.open and (before.person, before.kind) == (command.person, kind):
            message = f"The request {before.id} asks for the same, and is not answered yet."
            raise Refusal("request-open", message, state=before.state, values={"request": before.id})
    request = str(len(state.requests) + 1)
    return SubjectRequestReceived(
        **said, request=request, kind=kind, person=command.person, identified=command.identified
    )


def _may_finish(request: SubjectRequest, changed: tuple[str, ...], person: Person, here: Here) -> None:
    """Refuses what cannot be said to be done as things stand."""
    if person.subject.erased:
        raise Refusal("person-erased", "Who this person is was erased; nothing goes on with it.", state="erased")
    if request.kind == "correct" and (not changed or not set(changed) <= set(FIELDS)):
        message = f"Say what was corrected: {', '.join(FIELDS)}."
        raise Refusal("nothing-corrected", message, field="changed")
    if request.kind != "correct" and changed:
        message = "Only a request to correct changes who somebody is."
        raise Refusal("nothing-corrected", message, field="changed")
    visit = person.visit
    if request.kind in {"restrict", "erase"} and visit and visit.date >= here.today:
        message = f"This person has the number {visit.number} at {visit.office} today; end that visit first."
        raise Refusal("visit-first", message, state="live", values={"office": visit.office, "number": visit.number})
    if request.kind == "restrict" and person.subject.restriction is not None:
        raise Refusal("restricted-already", "This person's data are restricted already.", state="restricted")


def follow(event: RequestEvent, request: SubjectRequest, person: Person, office: str) -> list[PersonEvent]:
    """What the end of a request means for the person whom it is about: a fact, which refuses nothing."""
    if not isinstance(event, SubjectRequestDone):
        return []
    said: dict[str, Any] = {"at": max(event.at, person.at), "by": event.by, "key": event.key, "content": event.content}
    where = said | {"office": office, "request": request.id}
    changes = [CHANGES[request.kind](**where)] if request.kind in CHANGES else []
    if request.kind == "erase" and (left := person.open_case):
        return [CaseClosed(**said, case=left.id, outcome="withdrawn"), *changes]
    return [*changes]

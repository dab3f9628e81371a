"""What may be asked for in a person's journey, and what may happen: decide(command, person, here) -> events or a
refusal. Pure. What happened and what is true are `ltsa/journey.py`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, structs

from ltsa.flow import Flow, FlowStep, System
from ltsa.journey import (
    DIGEST,
    OUTCOMES,
    PERSON,
    REFERENCE,
    REOPENINGS,
    AppointmentCancelled,
    AppointmentMade,
    CardReplaced,
    Case,
    CaseClosed,
    CaseMoved,
    CaseOpened,
    CaseReopened,
    Person,
    PersonEvent,
    Reference,
    ReferenceCompleted,
    ReferenceNoted,
    StepDone,
    StepUndone,
    Visit,
    VisitBegun,
    VisitEnded,
    case_id,
)
from ltsa.message import Command, Refusal, key_digest
from ltsa.office import Office
from ltsa.subject import (
    Agreed,
    ConsentGiven,
    PersonErased,
    RestrictionLifted,
)

# --- What may be asked for --------------------------------------------------------------------------------------------


class PersonCommand(Command, frozen=True, kw_only=True):
    """A command about a person's journey, given at an office."""

    person: str


class OpenCase(PersonCommand, frozen=True):
    """Open a case under one of the office's flows. `card` is the SHA-256 of the case card's secret, `agreed` the
    consent that the person gave with it.
    """

    scheme: str
    card: str
    agreed: Agreed | None = None


class ErasePerson(PersonCommand, frozen=True):
    """Erase who a person is, because the office's rules say that their time is over (`ltsa/retention.py`)."""


class LiftRestriction(PersonCommand, frozen=True):
    """Let a person's data be used again that were restricted."""


class CaseCommand(PersonCommand, frozen=True, kw_only=True):
    """A command about one of the person's cases, which must be open."""

    case: str


class ReplaceCard(CaseCommand, frozen=True):
    """Give the person a new card; `card` is the SHA-256 of its secret."""

    card: str


class RecordStep(CaseCommand, frozen=True):
    """Record that a step was done elsewhere, with an outcome code of the office. `valid_until` (ISO) is what the
    document says itself; else the flow's standard counts.
    """

    step: str
    outcome: str
    valid_until: str = ""


class UndoStep(CaseCommand, frozen=True):
    """Take back what was last said of a step."""

    step: str


class NoteReference(CaseCommand, frozen=True):
    """Note a step's number in the system outside; `paper`: one on paper, until the system can be reached."""

    step: str
    system: str
    number: str
    paper: bool = False


class CompleteReference(CaseCommand, frozen=True):
    """Put the system's own number in place of the paper's."""

    step: str
    system: str
    number: str


class MoveCase(CaseCommand, frozen=True):
    """Let a case follow one of the office's flows as it stands now, from a local date (ISO) on; "" is today."""

    scheme: str
    grace: str = ""


class CloseCase(CaseCommand, frozen=True):
    """End a case."""

    outcome: str


class ReopenCase(PersonCommand, frozen=True):
    """Let a closed case go on."""

    case: str
    reason: str


class MakeAppointment(CaseCommand, frozen=True):
    """Let the person come at an instant (`slot`, ms UTC) for some of the office's services."""

    slot: int
    services: tuple[str, ...]


class CancelAppointment(CaseCommand, frozen=True):
    """Give the appointment up."""


class BeginVisit(CaseCommand, frozen=True):
    """A ticket begins a visit. The ledger gives this command itself, with the ticket."""

    number: str


class Here(Struct, frozen=True, kw_only=True):
    """What is true around a person: the office where something is asked, its local date (ISO), the flows that cases are
    pinned to, by digest.
    """

    office: Office
    today: str
    flows: Mapping[str, Flow]

    def flow_of(self, case: Case) -> Flow:
        """The flow that a case follows today."""
        return self.flows[case.follows(self.today).flow]

    def slot_of(self, person: Person) -> int:
        """The instant (ms UTC) of the person's appointment here today, 0 for none."""
        made = person.appointment
        is_here = made is not None and made.office == self.office.id
        return made.slot if made and is_here and self.office.service_date(made.slot).isoformat() == self.today else 0


def decide(command: PersonCommand, person: Person, here: Here) -> list[PersonEvent]:  # noqa: C901, PLR0911, PLR0912 - one case a command
    """The events that answer a command, at least one; raises `Refusal`."""
    said: dict[str, Any] = {
        "at": max(command.at, person.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    if isinstance(command, LiftRestriction):
        return [_lift(person, here, said)]
    usable(person)
    if isinstance(command, ErasePerson):
        return [_erase(person, here, said)]
    if isinstance(command, OpenCase):
        return _open(command, person, here, said)
    if isinstance(command, ReopenCase):
        return [_reopen(command, person, here, said)]
    if not isinstance(command, CaseCommand):
        raise TypeError(f"no rule for {type(command).__name__}")
    case = _case(person, command.case)
    match command:
        case ReplaceCard(card=card):
            _digest(card)
            if case.card == card:
                raise Refusal("nothing-changes", "This is the case's card already.", field="card")
            return [CardReplaced(**said, case=case.id, card=card)]
        case BeginVisit():
            return _begin(command, person, case, here, said)
        case RecordStep():
            return [_record(command, case, here, said)]
        case UndoStep(step=step):
            if (mark := case.mark(step)) is None:
                raise Refusal("nothing-to-undo", f"Nothing was said of {step!r}.", field="step")
            return [StepUndone(**said, case=case.id, step=step, corrects=mark.version)]
        case NoteReference():
            return [_note(command, person, case, here, said)]
        case CompleteReference():
            return [_complete(command, person, case, here, said)]
        case MoveCase():
            return [_move(command, case, here, said)]
        case CloseCase(outcome=outcome):
            if outcome not in OUTCOMES:
                message = f"{outcome!r} is not known; use one of {', '.join(OUTCOMES)}."
                raise Refusal("unknown-outcome", message, field="outcome")
            if person.visit:
                raise _live(person.visit)
            return [CaseClosed(**said, case=case.id, outcome=outcome)]
        case MakeAppointment():
            return [_appoint(command, person, case, here, said)]
        case CancelAppointment():
            if (made := person.appointment) is None:
                raise Refusal("no-appointment", "There is no appointment.")
            return [AppointmentCancelled(**said, case=case.id, office=made.office, slot=made.slot)]
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def _case(person: Person, name: str) -> Case:
    """The open case of this name."""
    case = person.cases.get(name)
    if case is None:
        raise Refusal("unknown-case", f"There is no case {name!r}.", field="case")
    if case.outcome:
        raise Refusal("case-closed", f"The case {name} is closed; open a new one.", field="case", state=case.outcome)
    return case


def _digest(card: str) -> None:
    if not DIGEST.fullmatch(card):
        raise Refusal("wrong-card", "A card is told as the SHA-256 of its secret, in hexadecimal.", field="card")


def _offered(scheme: str, here: Here) -> Flow:
    """One of the office's flows, open for cases today."""
    found = here.office.flow.get(scheme)
    if found is None:
        known = ", ".join(here.office.flow) or "none"
        raise Refusal("unknown-scheme", f"There is no flow {scheme!r} here; known are {known}.", field="scheme")
    if not found.is_open(here.today):
        message = f"No case begins under {scheme} today: it is open from {found.begins} to {found.ends or 'no end'}."
        raise Refusal("scheme-not-open", message, field="scheme", state=here.today, values={"scheme": found.name})
    return found


def usable(person: Person) -> None:
    """Refuses whatever would use the data of somebody who restricted that (UU 27/2022 art. 41), or who was erased."""
    if person.subject.erased:
        raise Refusal("person-erased", "Who this person is was erased; nothing goes on with it.", state="erased")
    if (since := person.subject.restriction) is not None:
        message = "This person's data are restricted: they are kept, and used again once that is lifted."
        raise Refusal("person-restricted", message, state="restricted", values={"office": since.office})


def _lift(person: Person, here: Here, said: dict[str, Any]) -> RestrictionLifted:
    if (since := person.subject.restriction) is None:
        raise Refusal("not-restricted", "This person's data are not restricted.", state="usable")
    return RestrictionLifted(**said, office=here.office.id, request=since.request)


def _erase(person: Person, here: Here, said: dict[str, Any]) -> PersonErased:
    """Nobody is erased by a rule of whom something still goes on."""
    _none_open(person)
    return PersonErased(**said, office=here.office.id, request="")


def _open(command: OpenCase, person: Person, here: Here, said: dict[str, Any]) -> list[PersonEvent]:
    if not PERSON.fullmatch(command.person):
        raise Refusal("wrong-person", "A person is told by 20 hexadecimal digits.", field="person")
    _digest(command.card)
    _none_open(person)
    pinned = _offered(command.scheme, here).digest
    case = case_id(command.person, len(person.cases) + 1)
    where: dict[str, Any] = {"office": here.office.id}
    opened = CaseOpened(**said, **where, case=case, scheme=command.scheme, flow=pinned, card=command.card)
    if (agreed := command.agreed) is None or person.subject.agrees(agreed):
        return [opened]
    return [opened, ConsentGiven(**said, **where, **structs.asdict(agreed))]


def _none_open(person: Person) -> None:
    if (before := person.open_case) is not None:
        message = f"The case {before.id} is open; close it first."
        raise Refusal("case-open", message, state="open", values={"case": before.id, "office": before.office})


def _reopen(command: ReopenCase, person: Person, here: Here, said: dict[str, Any]) -> CaseReopened:
    """Only what the person did last goes on: of two cases the later one says how things stand."""
    if command.case != case_id(command.person, len(person.cases)):
        raise Refusal("unknown-case", f"{command.case!r} is not the person's last case.", field="case")
    _none_open(person)
    if command.reason not in REOPENINGS:
        message = f"{command.reason!r} is not known; use one of {', '.join(REOPENINGS)}."
        raise Refusal("unknown-reason", message, field="reason")
    corrects = person.cases[command.case].closed if command.reason == "mistaken" else 0
    return CaseReopened(**said, case=command.case, office=here.office.id, reason=command.reason, corrects=corrects)


def _live(visit: Visit) -> Refusal:
    message = f"This person has the number {visit.number} at {visit.office} today; one at a time."
    return Refusal("visit-live", message, state="live", values={"office": visit.office, "number": visit.number})


def _begin(command: BeginVisit, person: Person, case: Case, here: Here, said: dict[str, Any]) -> list[PersonEvent]:
    """One live visit a person, in the whole installation. One of an earlier date is over, whether or not its day was
    closed.
    """
    slot = here.slot_of(person)
    begun = VisitBegun(**said, case=case.id, office=here.office.id, date=here.today, number=command.number, slot=slot)
    if (visit := person.visit) is None:
        return [begun]
    if visit.date >= here.today:
        raise _live(visit)
    gone = said | {"case": visit.case, "office": visit.office, "date": visit.date, "number": visit.number}
    return [VisitEnded(**gone, state="lapsed"), begun]


def _step(case: Case, step: str, here: Here) -> FlowStep:
    known = here.flow_of(case).step
    if step not in known:
        raise Refusal("unknown-step", f"{step!r} is no step of this case; use one of {', '.join(known)}.", field="step")
    return known[step]


def _record(command: RecordStep, case: Case, here: Here, said: dict[str, Any]) -> StepDone:
    step = _step(case, command.step, here)
    known = [outcome.code for outcome in here.office.rules.outcomes]
    if command.outcome not in known:
        message = f"{command.outcome!r} is not known; use one of {', '.join(known)}."
        raise Refusal("unknown-outcome", message, field="outcome")
    if case.holds(step.code, here.today):
        raise Refusal("step-done", f"{step.code} is done already.", field="step", state="done")
    if missing := [code for code in here.flow_of(case).after[step.code] if not case.holds(code, here.today)]:
        raise _not_yet(step, missing, here.flow_of(case))
    unlocks = command.outcome in here.office.unlocking
    until = valid_until(step, here.today) if unlocks else ""
    if command.valid_until:
        until = _date("valid_until", command.valid_until, here.today)
    return StepDone(
        **said,
        case=case.id,
        step=step.code,
        office=here.office.id,
        date=here.today,
        outcome=command.outcome,
        unlocks=unlocks,
        valid_until=until,
    )


def _not_yet(step: FlowStep, missing: list[str], flow: Flow) -> Refusal:
    message = f"{step.code} comes after {', '.join(missing)}."
    names = [flow.step[code].name for code in missing]
    return Refusal("step-not-yet", message, field="step", state="later", values={"what": step.name, "after": names[0]})


def valid_until(step: FlowStep, day: str) -> str:
    """The last date on which a step done on a date is valid, "" for ever."""
    return (date.fromisoformat(day) + timedelta(days=step.valid_days)).isoformat() if step.valid_days else ""


def _date(field: str, written: str, today: str) -> str:
    try:
        if date.fromisoformat(written).isoformat() == written >= today:
            return written
    except ValueError:
        pass
    raise Refusal("wrong-date-to-come", f"{written!r} must be a date like 2027-01-31, today or later.", field=field)


def _wanted(command: NoteReference | CompleteReference, person: Person, case: Case, here: Here) -> tuple[System, str]:
    """The system and the number that are meant."""
    step, number = _step(case, command.step, here), " ".join(command.number.split())
    if not step.system or command.system != step.system:
        message = f"{step.code} has its number in {step.system or 'no system outside'}."
        raise Refusal("wrong-system", message, field="system", state=step.system)
    if not REFERENCE.fullmatch(number):
        message = (
            "A reference has 3 to 40 letters, digits, blanks or . / _ -, and begins and ends with one of the first."
        )
        raise Refusal("wrong-reference", message, field="number")
    for other in person.cases.values():
        for it in other.references:
            if (it.system, it.number) == (step.system, number) and (other.id, it.step) != (case.id, step.code):
                message = f"{number} is the reference of {it.step} already."
                raise Refusal("reference-twice", message, field="number", state=it.step)
    return step.system, number


def _noted(case: Case, step: str, system: str) -> Reference | None:
    return next((it for it in case.references if (it.step, it.system) == (step, system)), None)


def _note(command: NoteReference, person: Person, case: Case, here: Here, said: dict[str, Any]) -> ReferenceNoted:
    system, number = _wanted(command, person, case, here)
    noted = _noted(case, command.step, system)
    if noted is not None and (noted.number, noted.paper) == (number, command.paper):
        raise Refusal("nothing-changes", f"{number} is noted already.", field="number", state=noted.number)
    if noted is not None and command.paper and not noted.paper:
        raise Refusal("reference-noted", f"{noted.number} is noted already.", field="number", state=noted.number)
    return ReferenceNoted(
        **said,
        case=case.id,
        step=command.step,
        office=here.office.id,
        system=system,
        number=number,
        paper=command.paper,
    )


def _complete(
    command: CompleteReference, person: Person, case: Case, here: Here, said: dict[str, Any]
) -> ReferenceCompleted:
    system, number = _wanted(command, person, case, here)
    noted = _noted(case, command.step, system)
    if noted is None:
        message = f"{command.step} has no reference yet; note this one."
        raise Refusal("no-paper-reference", message, field="step")
    if not noted.paper:
        code = "nothing-changes" if noted.number == number else "reference-differs"
        raise Refusal(code, f"{noted.number} is noted already.", field="number", state=noted.number)
    return ReferenceCompleted(
        **said,
        case=case.id,
        step=command.step,
        office=here.office.id,
        system=system,
        number=number,
        paper=noted.number,
    )


def _move(command: MoveCase, case: Case, here: Here, said: dict[str, Any]) -> CaseMoved:
    grace = _date("grace", command.grace, here.today) if command.grace else here.today
    pinned = _offered(command.scheme, here).digest
    if case.follows(grace).flow == pinned:
        raise Refusal("nothing-changes", f"The case follows this flow on {grace} already.", field="scheme")
    return CaseMoved(**said, case=case.id, scheme=command.scheme, flow=pinned, grace=grace)


def _appoint(command: MakeAppointment, person: Person, case: Case, here: Here, said: dict[str, Any]) -> AppointmentMade:
    if (made := person.appointment) is not None and made.slot > said["at"]:
        message = "There is an appointment already; cancel it first."
        raise Refusal("appointment-made", message, state="made", values={"office": made.office})
    if command.slot <= said["at"]:
        raise Refusal("wrong-slot", "An appointment is for a time to come.", field="slot")
    for service in command.services:
        if service not in here.office.service:
            known = ", ".join(here.office.service)
            raise Refusal("unknown-service", f"There is no service {service!r}; known are {known}.", field="services")
    if not command.services:
        raise Refusal("no-services", "Choose at least one service.", field="services")
    services = tuple(dict.fromkeys(command.services))
    return AppointmentMade(**said, case=case.id, office=here.office.id, slot=command.slot, services=services)

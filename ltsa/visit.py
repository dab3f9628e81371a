"""What a day's events mean for the journeys of those who came: a visit begins and ends, steps are done. Pure.

Before the ledger appends the events of a day's command it asks `planned` and `begins`, which may refuse; what follows
from the events (`follow`) is a fact and refuses nothing. Both go into one transaction.
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from ltsa.commands import IssueTicket, TieTicket
from ltsa.day import Day, Ticket
from ltsa.flow import Flow
from ltsa.happened import (
    ActionUndone,
    DayConfigured,
    DayEvent,
    DocumentsChecked,
    ServiceFinished,
    StepsChanged,
    TicketIssued,
    TicketPutBack,
    TicketReturned,
    TicketTied,
)
from ltsa.journey import (
    Case,
    Mark,
    Person,
    PersonEvent,
    StepDone,
    StepReturned,
    StepUndone,
    Visit,
    VisitEnded,
    person_of,
)
from ltsa.journey_rules import BeginVisit, Here, decide, valid_until
from ltsa.message import Refusal
from ltsa.road import plan

OVER = frozenset({"done", "cancelled", "closed"})
"""States of tickets whose visit is over."""

GONE = frozenset({"done", "transferred", "dropped"})
"""States of steps of a visit that are not to come any more."""


def planned(command: IssueTicket | TieTicket, day: Day, person: Person, here: Here) -> IssueTicket | TieTicket:
    """The command with what can be done of the person's open case on this visit, beside what it is for already. Raises
    `Refusal` where nothing can, or where one of the services named does steps of the case and can do none of them yet.
    """
    if (case := person.open_case) is None:
        raise Refusal("no-case", "This person has no open case; open one first.", field="person")
    flow, office = here.flow_of(case), here.office
    running = day.tickets.get(command.number) if isinstance(command, TieTicket) else None
    to_come = tuple(step.service for step in running.steps.values() if step.state not in GONE) if running else ()
    chosen: tuple[str, ...] = (*command.services, *to_come) if command.services else ()
    found = plan(case, flow, office, here.today, chosen)
    for service in command.services:
        theirs = (
            [code for code in office.service[service].steps if code in flow.step] if service in office.service else []
        )
        if service not in found.work and any(not case.holds(code, here.today) for code in theirs):
            raise _not_yet(service, case, flow, here)
    if not found.services and not command.services:
        message = "Nothing of this case can be done here today."
        raise Refusal("nothing-possible", message, field="services", state=case.id)
    if isinstance(command, IssueTicket):
        return replace(command, case=case.id, plan=found, slot=command.slot or here.slot_of(person))
    return replace(command, case=case.id, plan=found)


def _not_yet(service: str, case: Case, flow: Flow, here: Here) -> Refusal:
    """A service can do nothing yet: what must be done before the first of its steps."""
    steps = [code for code in flow.step if here.office.service_of.get(code) == service]
    waiting = [code for code in steps if not case.holds(code, here.today)] or steps
    before = [code for code in flow.after[waiting[0]] if not case.holds(code, here.today)]
    message = f"Nothing can be done at {service} yet: {waiting[0]} comes after {', '.join(before)}."
    values = {"what": here.office.service[service].name, "after": flow.step[before[0]].name}
    return Refusal("step-not-yet", message, field="services", state="later", values=values)


def whose(event: DayEvent, day: Day) -> list[Ticket]:
    """The tickets of cases that an event is about."""
    if isinstance(event, DayConfigured):
        return [ticket for ticket in day.tickets.values() if ticket.case]
    ticket = day.tickets.get(getattr(event, "number", ""))
    return [ticket] if ticket is not None and ticket.case else []


def begins(event: DayEvent, day: Day) -> tuple[str, str] | None:
    """The case and the number whose visit an event begins, or begins again; asked before the event is applied."""
    if isinstance(event, TicketIssued | TicketTied):
        ticket = day.tickets.get(event.number)
        is_over = ticket is not None and ticket.state in OVER and not event.added  # type: ignore[union-attr]
        return (event.case, event.number) if event.case and not is_over else None
    for ticket in whose(event, day):
        again = (
            (isinstance(event, TicketPutBack) and ticket.state == "closed")
            or (isinstance(event, StepsChanged) and ticket.state == "done" and event.added)
            or (isinstance(event, ActionUndone) and ticket.state == "done")
        )
        if again:
            return ticket.case, ticket.number
    return None


def begin(event: DayEvent, case: str, number: str, person: Person, here: Here) -> list[PersonEvent]:
    """The visit's begin; raises `Refusal` where the person has another one."""
    visit = person.visit
    if visit and (visit.office, visit.date, visit.number) == (here.office.id, here.today, number):
        return []
    command = BeginVisit(
        office=here.office.id, at=event.at, by=event.by, key="", person=person_of(case), case=case, number=number
    )
    return [replace(begun, key=event.key, content=event.content) for begun in decide(command, person, here)]


def check_documents(event: DayEvent, ticket: Ticket, person: Person, here: Here) -> None:
    """Refuses codes of documents that neither the steps of the sitting ask for nor the service."""
    if not isinstance(event, DocumentsChecked | TicketReturned) or event.service not in ticket.work:
        return
    flow = here.flow_of(person.cases[ticket.case])
    known = {each.code for each in here.office.service[event.service].bring}
    known |= {
        each.code for code in ticket.work[event.service] if code in flow.step for each in flow.step[code].documents
    }
    for code in event.missing if isinstance(event, TicketReturned) else event.seen:
        if code not in known:
            field = "missing" if isinstance(event, TicketReturned) else "seen"
            message = f"{code!r} is not known; use one of {', '.join(sorted(known))}."
            raise Refusal(f"unknown-{field}", message, field=field)


def follow(event: DayEvent, day: Day, ticket: Ticket, person: Person, here: Here) -> Iterator[PersonEvent]:
    """What an event of a day, just applied to it, means for the person whose ticket it is about."""
    said: dict[str, Any] = {
        "at": max(event.at, person.at),
        "by": event.by,
        "key": event.key,
        "content": event.content,
        "case": ticket.case,
    }
    where: dict[str, Any] = {"office": here.office.id, "date": day.date, "number": ticket.number}
    case = person.cases[ticket.case]
    sitting = ticket.work.get(getattr(event, "service", ""), ())
    steps = here.flow_of(case).step
    match event:
        case ServiceFinished():
            unlocks = event.outcome in day.rules_of.unlocking
            for code in event.done if unlocks else sitting:
                until = valid_until(steps[code], day.date) if unlocks and code in steps else ""
                ended: dict[str, Any] = {"outcome": event.outcome, "unlocks": unlocks, "valid_until": until}
                yield StepDone(**said, **where, step=code, **ended)
        case TicketReturned():
            for code in sitting:
                documents = {each.code for each in steps[code].documents} if code in steps else set()
                missing = tuple(each for each in event.missing if each in documents)
                if missing or not event.missing:
                    yield StepReturned(**said, **where, step=code, missing=missing, reasons=event.reasons)
        case ActionUndone(action="finish" | "return"):
            for code in sitting:
                mark = case.mark(code)
                if mark and _was_said_here(mark, where, returned=event.action == "return"):
                    yield StepUndone(**said, step=code, corrects=mark.version)
        case _:
            pass
    is_live = person.visit == Visit(case=ticket.case, **where)
    if is_live and ticket.state in OVER:
        yield VisitEnded(**said, **where, state=ticket.state)


def _was_said_here(mark: Mark, where: dict[str, str], *, returned: bool) -> bool:
    """Whether the last word about a step is of this ticket, and of the kind that is taken back."""
    if (mark.state == "returned") != returned:
        return False
    return {"office": mark.office, "date": mark.date, "number": mark.number} == where

"""What may happen on a service day: `decide` answers each command with events or a refusal.

It is pure: it reads the state and the command, nothing else. Every hard rule of a day stands here: one counter a
ticket, one ticket a counter, numbers without a gap or a double, prerequisites, hours, limits.
"""

from datetime import date, datetime
from typing import Any

from ltsa.calling import CHOSEN, next_for, put_back, why_chosen
from ltsa.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CheckDay,
    CheckDocuments,
    CloseCounter,
    CloseDay,
    ConfigureDay,
    CounterCommand,
    DayCommand,
    FinishService,
    GiveHelp,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    OpenDay,
    PauseCounter,
    PutBack,
    Recall,
    ReopenDay,
    ResumeTicket,
    ReturnTicket,
    SetPriority,
    StartService,
    TieTicket,
    TransferTicket,
    Undo,
    WriteNote,
)
from ltsa.day import CounterNow, Day, Ticket, order_of, outstanding
from ltsa.dispatch import Why
from ltsa.happened import (
    ActionUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayChecked,
    DayClosed,
    DayConfigured,
    DayEvent,
    DayOpened,
    DayReopened,
    DocumentsChecked,
    HelpAsked,
    HelpGiven,
    NoteWritten,
    PriorityChanged,
    ServiceFinished,
    ServiceStarted,
    StepsChanged,
    TicketCalled,
    TicketCancelled,
    TicketClosed,
    TicketHeld,
    TicketIssued,
    TicketMissed,
    TicketPutBack,
    TicketRecalled,
    TicketResumed,
    TicketReturned,
    TicketTied,
    TicketTransferred,
)
from ltsa.hours import ALWAYS, day_off_on, hours_on, numbers_on, opens_after
from ltsa.message import Refusal, key_digest
from ltsa.office import Office, Service, Text
from ltsa.road import NO_PLAN

ANOTHER_DAY: Text = {"id": "hari lain", "en": "another day"}
CLOSED_WEEKDAY: Text = {"id": "bukan hari kerja", "en": "not a working day"}
LONGEST_OFFICER = 40
LONGEST_KIOSK = 40


def decide(command: DayCommand, day: Day) -> list[DayEvent]:  # noqa: C901, PLR0911, PLR0912 - one case a command
    """The events that answer a command, at least one; raises `Refusal`. Time never runs backwards within a day."""
    said: dict[str, Any] = {
        "at": max(command.at, day.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    if isinstance(command, OpenDay):
        return [DayOpened(**said, date=command.date, office=command.configuration)]
    if isinstance(command, ReopenDay):
        if day.open:
            raise Refusal("day-open", "The day is open already.", state="open")
        return [DayReopened(**said, corrects=day.closed)]
    if isinstance(command, ConfigureDay):
        return [_configure(command.configuration, day, said)]
    if not day.open:
        raise Refusal("day-closed", "The service day is closed; a supervisor may reopen it.", state="closed")
    if isinstance(command, CounterCommand):
        counter = _counter(day, command.counter)
        if command.present and counter.ticket != command.present:
            state = day.tickets[command.present].state if command.present in day.tickets else None
            raise Refusal("moved-on", f"{command.present} is not at this counter.", field="present", state=state)
        return _at_counter(command, day, counter, said)
    match command:
        case IssueTicket():
            return [_issue(command, day, said)]
        case TieTicket():
            return [_tie(command, day, said)]
        case CancelTicket(number=number, token=token):
            if token and day.tokens.get(token) != number:
                raise Refusal("visit-over", f"{number} was a ticket of another day.", state="closed")
            ticket = _ticket(day, number)
            if ticket.state in {"done", "cancelled", "closed"}:
                raise Refusal("visit-over", f"{number} is over already.", state=ticket.state)
            if ticket.state == "serving" and command.by == "holder":
                raise Refusal("being-served", "You are being served; tell the officer.", state="serving")
            return [TicketCancelled(**said, number=number)]
        case PutBack(number=number):
            ticket = _ticket(day, number)
            place, since = _place_back(day, ticket, said["at"])
            return [TicketPutBack(**said, number=number, place=place, since=since)]
        case ChangeSteps():
            return [_change_steps(command, day, said)]
        case SetPriority(number=number, priority=priority):
            ticket = _ticket(day, number)
            if ticket.state not in {"waiting", "held", "absent", "returned"}:
                raise Refusal("not-waiting", f"{number} is not waiting.", state=ticket.state)
            place = ticket.place + ticket.head_start - _head_start(day, priority)
            latest = max(said["at"], ticket.slot)
            return [PriorityChanged(**said, number=number, place=min(place, latest), priority=priority)]
        case AskHelp(kiosk=kiosk):
            return [_ask_help(day, kiosk, said)]
        case GiveHelp(kiosk=kiosk):
            if kiosk not in day.help:
                raise Refusal("no-help-asked", f"Nobody at kiosk {kiosk!r} asks for an officer.", field="kiosk")
            return [HelpGiven(**said, kiosk=kiosk)]
        case CheckDay():
            return [_check(command, day, said)]
        case CloseDay():
            return _close_day(command, day, said)
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def _at_counter(command: DayCommand, day: Day, counter: CounterNow, said: dict[str, Any]) -> list[DayEvent]:  # noqa: C901, PLR0911, PLR0912, PLR0915
    match command:
        case OpenCounter():
            return [_open_counter(command, day, counter, said)]
        case PauseCounter(reason=reason):
            _known("reason", reason, [coded.code for coded in day.rules_of.rules.pause_reasons])
            _free_to_leave(counter)
            if counter.state == "paused":
                raise Refusal("counter-paused", "The counter is paused already.", state="paused")
            return [CounterPaused(**said, counter=command.counter, reason=reason)]
        case CloseCounter():
            _free_to_leave(counter)
            return [CounterClosed(**said, counter=command.counter)]
        case CallNext():
            _ready(counter)
            chosen = next_for(day, counter.services, said["at"])
            if chosen is None:
                raise Refusal("nobody-waiting", "Nobody is waiting for the services of this counter.", state="free")
            number, service = chosen.claim.number, chosen.claim.service
            return [TicketCalled(**said, number=number, service=service, counter=command.counter, why=chosen.why)]
        case CallTicket(number=number):
            _ready(counter)
            ticket = _ticket(day, number)
            if ticket.state != "waiting":
                raise Refusal("not-waiting", f"{number} is not waiting.", field="number", state=ticket.state)
            if not set(counter.services) & set(ticket.waits):
                raise Refusal(
                    "not-for-this-counter",
                    f"{number} waits for {', '.join(ticket.waits)}; this counter takes {', '.join(counter.services)}.",
                    field="number",
                    state=ticket.state,
                )
            chosen = why_chosen(day, counter.services, number, said["at"])
            reason = _reason(command, day, chosen.why)
            service = chosen.claim.service
            return [
                TicketCalled(
                    **said, number=number, service=service, counter=command.counter, why=chosen.why, reason=reason
                )
            ]
        case Recall():
            ticket = _present(day, counter, "called")
            limit = day.rules_of.rules.recall_limit
            if ticket.recalls >= limit:
                raise Refusal("recall-limit", f"{ticket.number} was called again {limit} times.", state="called")
            count = ticket.recalls + 1
            return [
                TicketRecalled(**said, number=ticket.number, counter=command.counter, count=count, last=count == limit)
            ]
        case StartService():
            ticket = _present(day, counter, "called")
            return [ServiceStarted(**said, **_where(ticket))]
        case FinishService(outcome=outcome):
            ticket = _present(day, counter, "serving")
            _known("outcome", outcome, [coded.code for coded in day.rules_of.rules.outcomes])
            done = _done(command, ticket, unlocks=outcome in day.rules_of.unlocking)
            return [ServiceFinished(**said, **_where(ticket), outcome=outcome, done=done)]
        case ReturnTicket(reasons=reasons):
            ticket = _present(day, counter, "serving")
            if not reasons:
                raise Refusal("no-reason", "Say at least one reason for the return.", field="reasons")
            for reason in reasons:
                _known("reasons", reason, [coded.code for coded in day.rules_of.rules.return_reasons])
            once = tuple(dict.fromkeys(reasons))
            missing = _documents("missing", command.missing, day, ticket)
            return [TicketReturned(**said, **_where(ticket), reasons=once, note=command.note, missing=missing)]
        case MissTicket():
            ticket = _present(day, counter, "called")
            return [TicketMissed(**said, **_where(ticket))]
        case HoldTicket():
            ticket = _present(day, counter, "called", "serving")
            return [TicketHeld(**said, **_where(ticket))]
        case ResumeTicket():
            _ready(counter)
            ticket = _held(command, day)
            if ticket.service not in counter.services:
                raise Refusal("not-for-this-counter", f"{ticket.number} waits for {ticket.service}.", field="number")
            return [TicketResumed(**said, number=ticket.number, service=ticket.service, counter=command.counter)]
        case TransferTicket(service=service):
            ticket = _present(day, counter, "called", "serving")
            _service(day, service, "service")
            step = ticket.steps.get(service)
            if service == ticket.service or (step is not None and step.state == "done"):
                raise Refusal("not-a-transfer", f"{service} is this service, or done already.", field="service")
            _within_reach(day, ticket, service, "service")
            return [TicketTransferred(**said, **_where(ticket), to=service)]
        case CheckDocuments(seen=seen):
            ticket = _present(day, counter, "serving")
            once = _documents("seen", seen, day, ticket)
            return [DocumentsChecked(**said, number=ticket.number, service=ticket.service, seen=once)]
        case WriteNote(note=note):
            ticket = _present(day, counter, "called", "serving")
            return [NoteWritten(**said, **_where(ticket), note=note)]
        case Undo():
            return [_undo(command, day, counter, said)]
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def _issue(command: IssueTicket, day: Day, said: dict[str, Any]) -> TicketIssued:
    plan = command.plan or NO_PLAN
    asked = command.services or plan.services
    if not asked:
        raise Refusal("no-services", "Choose at least one service.", field="services")
    for service in asked:
        _service(day, service, "services")
    if len(set(asked)) < len(asked):
        raise Refusal("service-twice", "Name each service once.", field="services")
    if command.token in day.tokens:
        raise Refusal("token-used", "This ticket's secret is in use; make a new one.", field="token")
    office = day.rules_of
    _doors_open(office, day.date, said["at"])
    if command.slot and office.service_date(command.slot).isoformat() != day.date:
        written = datetime.fromtimestamp(command.slot / 1000, office.clock)
        message = f"The appointment is on {written:%Y-%m-%d}; a number is for {day.date}."
        raise Refusal("slot-another-day", message, field="slot", state=day.date, values={"day": written.date()})
    _room_for(asked, day)
    services = tuple(service for service in office.service if service in asked)
    series = _first_step(office, services, {**office.after, **plan.after}).prefix
    return TicketIssued(
        **said,
        number=f"{series}{day.series.get(series, 0) + 1:0{office.rules.number_digits}d}",
        series=series,
        token=command.token,
        services=services,
        place=(command.slot or said["at"]) - _head_start(day, command.priority),
        priority=command.priority,
        language=command.language,
        slot=command.slot,
        case=command.case,
        work=plan.work,
        after=plan.after,
    )


def _tie(command: TieTicket, day: Day, said: dict[str, Any]) -> TicketTied:
    """What is over on the visit stays over."""
    ticket = _ticket(day, command.number)
    if ticket.state in {"cancelled", "closed"}:
        raise Refusal("visit-over", f"{ticket.number} is over.", state=ticket.state)
    if ticket.case not in ("", command.case):
        raise Refusal("tied-already", f"{ticket.number} is a visit of another case.", state=ticket.state)
    plan = command.plan or NO_PLAN
    over = [step.service for step in ticket.steps.values() if step.state == "done"]
    on = {step.service for step in ticket.steps.values() if step.state not in {"transferred", "dropped"}}
    added = tuple(service for service in plan.services if service not in on)
    work = {service: steps for service, steps in plan.work.items() if service not in over}
    after = {service: tuple(one for one in plan.after[service] if one in work) for service in work}
    work = {service: ticket.work[service] for service in over if service in ticket.work} | work
    if (ticket.case, ticket.work, ticket.after) == (command.case, work, after):
        raise Refusal("nothing-changes", f"{ticket.number} is for all of this already.", state=ticket.state)
    return TicketTied(**said, number=ticket.number, case=command.case, work=work, after=after, added=added)


def _done(command: FinishService, ticket: Ticket, *, unlocks: bool) -> tuple[str, ...]:
    """The steps of the case that were done at this sitting; none where its outcome is not a good one."""
    work = ticket.work.get(ticket.service, ())
    for step in command.done:
        if step not in work:
            here = ", ".join(work) or "none"
            raise Refusal("unknown-step", f"{step!r} is not to be done here; the steps are {here}.", field="done")
    if not unlocks:
        return ()
    return tuple(step for step in work if step in command.done) if command.done else work


def _documents(field: str, codes: tuple[str, ...], day: Day, ticket: Ticket) -> tuple[str, ...]:
    """Codes of documents, each once. Those of a case are known from its flow (`ltsa/visit.py` looks at them)."""
    if ticket.service not in ticket.work:
        for code in codes:
            _known(field, code, [coded.code for coded in day.rules_of.service[ticket.service].bring])
    return tuple(dict.fromkeys(codes))


def _doors_open(office: Office, written: str, at: int) -> None:
    """Numbers are given from a while before the office opens until a while before it closes."""
    if not (office.week or office.days_off or office.special_days):
        return
    day = date.fromisoformat(written)
    if (times := numbers_on(office, day)) is None:
        off = day_off_on(office, day)
        why = f" ({off.name['id']})" if off else ""
        message = f"The office is closed today{why}; it opens {_said(opens := _opens(office, day))}."
        values = {"opens": opens, "why": off.name if off else CLOSED_WEEKDAY}
        raise Refusal("office-closed-today", message, state="off", values=values)
    begins, ends = (datetime.fromtimestamp(at / 1000, office.clock) for at in times)
    if at < times[0]:
        message = f"Numbers are given from {begins:%H:%M} today."
        raise Refusal("too-early", message, state="before", values={"begins": begins.time()})
    if at >= times[1]:
        message = f"Numbers were given until {ends:%H:%M}; the office opens {_said(opens := _opens(office, day))}."
        raise Refusal("too-late-today", message, state="after", values={"ends": ends.time(), "opens": opens})


def is_full(day: Day) -> bool:
    """Whether as many people have a number as the office can serve in a day."""
    return 0 < day.rules_of.rules.capacity <= len(day.tickets) - day.tally["cancelled"]


def full_services(day: Day) -> tuple[str, ...]:
    """The services for which as many people have a number as can be served in a day."""
    return tuple(one.id for one in day.rules_of.services if 0 < one.capacity <= day.demand.get(one.id, 0))


def _room_for(services: tuple[str, ...], day: Day) -> None:
    """No more people take a number than the office, and each service, can serve in a day."""
    office = day.rules_of
    if is_full(day):
        most = office.rules.capacity
        opens = _opens(office, date.fromisoformat(day.date))
        message = f"All {most} numbers of today are taken; the office opens again {_said(opens)}."
        raise Refusal("office-full", message, state="full", values={"n": most, "opens": opens})
    full = full_services(day)
    for service in services:
        if service in full:
            most = office.service[service].capacity
            opens = _opens(office, date.fromisoformat(day.date))
            message = f"All {most} numbers of today for {service} are taken; come again {_said(opens)}."
            values = {"n": most, "opens": opens, "service": office.service[service].name}
            raise Refusal("service-full", message, field="services", state="full", values=values)


def _opens(office: Office, day: date) -> date | datetime | Text:
    """When the office opens after a date; the date alone where it has no hours, words where no such day is near."""
    opens = opens_after(office, day)
    if opens is None:
        return ANOTHER_DAY
    return opens.date() if hours_on(office, opens.date()) is ALWAYS else opens


def _said(opens: date | datetime | Text) -> str:
    if isinstance(opens, dict):
        return opens["en"]
    return f"on {opens:%Y-%m-%d at %H:%M}" if isinstance(opens, datetime) else f"on {opens}"


def _first_step(office: Office, services: tuple[str, ...], after: dict[str, tuple[str, ...]]) -> Service:
    """The service that the number is named after: the first that can be done at once."""
    first = next(s for s in services if not any(before in services for before in after.get(s, ())))
    return office.service[first]


def _change_steps(command: ChangeSteps, day: Day, said: dict[str, Any]) -> StepsChanged:
    ticket = _ticket(day, command.number)
    if ticket.state in {"cancelled", "closed"}:
        raise Refusal("visit-over", f"{ticket.number} is over.", state=ticket.state)
    if not command.add and not command.drop:
        raise Refusal("no-services", "Name a service to add or to take off.", field="add")
    if len({*command.add, *command.drop}) < len(command.add) + len(command.drop):
        raise Refusal("service-twice", "Name each service once.", field="add")
    for service in command.add:
        _service(day, service, "add")
        step = ticket.steps.get(service)
        if step is not None and step.state not in {"dropped", "transferred"}:
            raise Refusal("service-twice", f"{service} is on the visit already.", field="add", state=step.state)
        _within_reach(day, ticket, service, "add")
    for service in command.drop:
        step = ticket.steps.get(service)
        if step is None or step.state not in {"todo", "returned"}:
            state = step.state if step else "absent"
            raise Refusal("step-begun", f"{service} cannot be taken off.", field="drop", state=state)
    return StepsChanged(**said, number=ticket.number, added=command.add, dropped=command.drop)


def _within_reach(day: Day, ticket: Ticket, service: str, field: str) -> None:
    """Refuses a service that could never be called on this visit: one that comes before it ended, and not well."""
    chain, after = [service], order_of(day, ticket)
    for later in chain:
        for before in after.get(later, ()):
            if before in chain or not outstanding(ticket, before):
                continue
            step = ticket.steps[before]
            if step.state == "done":
                message = f"{later} comes after {before}, which ended with {step.outcome}."
                raise Refusal("step-blocked", message, field=field, state=step.outcome)
            chain.append(before)


def _open_counter(command: OpenCounter, day: Day, counter: CounterNow, said: dict[str, Any]) -> CounterOpened:
    if not (officer := command.officer.strip()):
        raise Refusal("no-officer", "Say who sits at the counter.", field="officer")
    if len(officer) > LONGEST_OFFICER or not officer.isprintable():
        message = f"An officer's name has at most {LONGEST_OFFICER} letters, all of them printable."
        raise Refusal("wrong-officer", message, field="officer")
    if counter.state != "closed" and counter.officer != officer:
        raise Refusal(
            "counter-taken", f"Counter {command.counter} is {counter.officer}'s.", field="counter", state=counter.state
        )
    for other, now in day.counters.items():
        if other != command.counter and now.state != "closed" and now.officer == officer:
            raise Refusal("officer-elsewhere", f"{officer} sits at counter {other}.", field="officer")
    services = command.services or day.rules_of.counter[command.counter].services
    for service in services:
        _service(day, service, "services")
    if len(set(services)) < len(services):
        raise Refusal("service-twice", "Name each service once.", field="services")
    return CounterOpened(**said, counter=command.counter, officer=officer, services=services)


def _undo(command: Undo, day: Day, counter: CounterNow, said: dict[str, Any]) -> ActionUndone:
    last = counter.last
    if last is None:
        raise Refusal("nothing-to-undo", "There is nothing to take back.")
    if counter.state != "open":
        raise Refusal(f"counter-{counter.state}", "The counter is paused; open it first.", state=counter.state)
    ticket = day.tickets[last.number]
    seconds = day.rules_of.rules.undo_seconds
    if said["at"] - last.at > seconds * 1000:
        raise Refusal("too-late", f"It can be taken back for {seconds} seconds only.", state=ticket.state)
    moved_on = ticket.state != "called" if last.action == "call" else ticket.touched != last.version or counter.ticket
    if moved_on:
        raise Refusal("too-late", f"{last.number} has moved on.", state=ticket.state)
    where: dict[str, Any] = {"number": last.number, "service": last.service, "counter": command.counter}
    return ActionUndone(**said, **where, action=last.action, corrects=last.version)


def _ask_help(day: Day, kiosk: str, said: dict[str, Any]) -> HelpAsked:
    if not kiosk.strip() or len(kiosk) > LONGEST_KIOSK or not kiosk.isprintable():
        message = f"A kiosk's name has 1 to {LONGEST_KIOSK} letters, all of them printable."
        raise Refusal("wrong-kiosk", message, field="kiosk")
    if kiosk in day.help:
        raise Refusal("help-asked", f"Kiosk {kiosk} has asked already; somebody is on the way.", field="kiosk")
    return HelpAsked(**said, kiosk=kiosk)


def _configure(office: Office, day: Day, said: dict[str, Any]) -> DayConfigured:
    """What somebody is on today, or sits at, stays until tomorrow."""
    before = day.rules_of
    if office == before:
        raise Refusal("nothing-changes", "The day runs under this configuration already.")
    if (office.id, office.zone) != (before.id, before.zone):
        raise Refusal("zone-fixed", "A day keeps its time zone.", field="zone", state=before.zone)
    in_use = {service for ticket in day.tickets.values() for service in ticket.steps}
    in_use |= {service for now in day.counters.values() if now.state != "closed" for service in now.services}
    for service in before.service:
        if service in in_use and service not in office.service:
            message = f"Somebody came for {service} today, or an open counter takes it; take it away from tomorrow on."
            values = {"service": before.service[service].name}
            raise Refusal("service-in-use", message, field=f"services/{service}", state=day.date, values=values)
    sat_at = {step.counter for ticket in day.tickets.values() for step in ticket.steps.values()}
    for counter, now in day.counters.items():
        if counter not in office.counter and (now.state != "closed" or counter in sat_at):
            message = f"Counter {counter} is in use today; take it away from tomorrow on."
            values = {"counter": before.counter[counter].name}
            raise Refusal("counter-in-use", message, field=f"counters/{counter}", state=day.date, values=values)
    return DayConfigured(**said, office=office)


def _check(command: CheckDay, day: Day, said: dict[str, Any]) -> DayChecked:
    ok, still_open = tuple(dict.fromkeys(command.ok)), tuple(dict.fromkeys(command.open))
    if not (ok or still_open or command.note):
        raise Refusal("missing-items", "Say of at least one item whether it is in order.", field="ok")
    known = [item.code for item in day.rules_of.rules.opening_checks]
    for code in (*ok, *still_open):
        _known("item", code, known)
    if both := [code for code in ok if code in still_open]:
        raise Refusal("wrong-items", f"{both[0]} cannot be in order and open at once.", field="open")
    return DayChecked(**said, ok=ok, open=still_open, note=command.note)


def _close_day(command: CloseDay, day: Day, said: dict[str, Any]) -> list[DayEvent]:
    staying = [ticket for ticket in day.tickets.values() if ticket.state not in {"done", "cancelled", "closed"}]
    known = [outcome.code for outcome in day.rules_of.rules.closing_outcomes]
    for number, outcome in command.outcomes.items():
        if (ticket := _ticket(day, number)) not in staying:
            raise Refusal("visit-over", f"{number} is over already.", field="outcomes", state=ticket.state)
        _known("outcome", outcome, known)
    if command.outcome:
        _known("outcome", command.outcome, known)
    usual = command.outcome or (known[0] if known else "")
    events: list[DayEvent] = [
        TicketClosed(
            **said, number=ticket.number, state=ticket.state, outcome=command.outcomes.get(ticket.number, usual)
        )
        for ticket in staying
    ]
    events += [CounterClosed(**said, counter=name) for name, now in day.counters.items() if now.state != "closed"]
    return [*events, DayClosed(**said)]


def _place_back(day: Day, ticket: Ticket, at: int) -> tuple[int, int]:
    """The place, and from when the wait counts, by the office's rule for absent and for returned tickets."""
    returned = any(step.state == "returned" for step in ticket.steps.values())
    if ticket.state not in {"absent", "closed", "held"} and not (ticket.state in {"waiting", "returned"} and returned):
        raise Refusal("not-away", f"{ticket.number} is not absent, returned or held.", state=ticket.state)
    rule = day.rules_of.rules.place_for(ticket.state)
    return put_back(day, ticket.number, _lines_of(day, ticket), rule, at)


def _reason(command: CallTicket, day: Day, why: Why) -> str:
    """Why an officer calls another than the policy says; "" for whom it says, or where the office asks for none."""
    reasons = [coded.code for coded in day.rules_of.rules.deviation_reasons]
    if command.reason:
        _known("reason", command.reason, reasons)
    if why.rule != CHOSEN:
        return ""
    if reasons and not command.reason:
        message = f"{why.runner_up} is next here; say why you call {command.number} instead."
        values = {"next": why.runner_up, "number": command.number}
        raise Refusal("reason-needed", message, field="reason", state=why.runner_up, values=values)
    return command.reason


def _lines_of(day: Day, ticket: Ticket) -> list[str]:
    """The services for which the ticket will wait once it is put back."""
    after = order_of(day, ticket)
    return [
        step.service
        for step in ticket.steps.values()
        if step.state not in {"done", "transferred", "dropped"}
        and not any(outstanding(ticket, before) for before in after.get(step.service, ()))
    ]


def _head_start(day: Day, priority: str) -> int:
    """Milliseconds that a priority reason adds to the age of a wait."""
    if priority:
        _known("priority", priority, list(day.rules_of.priority))
    return day.rules_of.head_start(priority)


def _counter(day: Day, counter: str) -> CounterNow:
    if counter not in day.counters:
        raise Refusal("unknown-counter", f"There is no counter {counter!r}.", field="counter")
    return day.counters[counter]


def _ticket(day: Day, number: str) -> Ticket:
    if number not in day.tickets:
        raise Refusal("unknown-ticket", f"There is no ticket {number!r} today.", field="number")
    return day.tickets[number]


def _service(day: Day, service: str, field: str) -> None:
    if service not in day.rules_of.service:
        known = ", ".join(day.rules_of.service)
        raise Refusal("unknown-service", f"There is no service {service!r}; known are {known}.", field=field)


def _known(field: str, code: str, codes: list[str]) -> None:
    if code not in codes:
        raise Refusal(f"unknown-{field}", f"{code!r} is not known; use one of {', '.join(codes)}.", field=field)


def _ready(counter: CounterNow) -> None:
    """The counter is open and free."""
    if counter.state != "open":
        raise Refusal(
            f"counter-{counter.state}", f"The counter is {counter.state}; open it first.", state=counter.state
        )
    if counter.ticket:
        raise Refusal("counter-busy", f"{counter.ticket} is at this counter.", state=counter.ticket)


def _free_to_leave(counter: CounterNow) -> None:
    if counter.state == "closed":
        raise Refusal("counter-closed", "The counter is closed.", state="closed")
    if counter.ticket:
        raise Refusal("counter-busy", f"First finish with {counter.ticket}.", state=counter.ticket)


def _present(day: Day, counter: CounterNow, *states: str) -> Ticket:
    """The ticket at the counter, in one of the states."""
    if not counter.ticket:
        raise Refusal("nobody-here", "Nobody has been called to this counter.", state=counter.state)
    ticket = day.tickets[counter.ticket]
    if ticket.state not in states:
        raise Refusal(f"not-{states[-1]}", f"{ticket.number} is {ticket.state}.", state=ticket.state)
    return ticket


def _held(command: ResumeTicket, day: Day) -> Ticket:
    if command.number:
        ticket = _ticket(day, command.number)
        if ticket.state != "held":
            raise Refusal("not-held", f"{ticket.number} is not on hold.", field="number", state=ticket.state)
        return ticket
    aside = [day.tickets[number] for number in day.aside]
    held = [visit for visit in aside if visit.state == "held" and visit.counter == command.counter]
    if len(held) != 1:
        found = ", ".join(ticket.number for ticket in held) or "nobody"
        raise Refusal("which-held", f"On hold at this counter: {found}; say which number.", field="number")
    return held[0]


def _where(ticket: Ticket) -> dict[str, Any]:
    return {"number": ticket.number, "service": ticket.service, "counter": ticket.counter}

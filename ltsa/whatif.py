"""What a recorded day would have been like under another policy, with one more counter, …: replays of what happened.

From a day's events `recorded` takes who came when and needed what, how long each service took, who did not come or had
to complete something, when counters were open: a `Script`. It is played again under the policy that was in force, and
under a change; both are the same days, so the differences are taken in pairs. Beside them stands always how far the
replay of what was in force differs from what really happened: that is how far the tool may be believed.

What a record does not say is assumed: a service that nobody gave before the day closed would have taken the median of
that service's day; who left the house while waiting would have left at that instant; an officer who went home before
the others would have come back once they had gone too. From call to counter everybody takes as long as they took: from
a seat or line before it, and from elsewhere. Of whom only the other is known takes the median of those who did, and
from a seat, where nobody sat, as long as the quickest tenth came. Who comes back keeps their place: the office's rule
for those is not played.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median

from msgspec import Struct, field
from msgspec.structs import replace

from ltsa.comparing import Compared, compare
from ltsa.day import Day, Ticket, evolve
from ltsa.dispatch import MINUTE, Policy, Weights, prospects
from ltsa.happened import (
    ActionUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayClosed,
    DayReopened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCancelled,
    TicketHeld,
    TicketMissed,
    TicketPutBack,
    TicketResumed,
    TicketReturned,
    TicketTransferred,
)
from ltsa.hours import numbers_on
from ltsa.office import Dispatching, Office
from ltsa.present import Recorded
from ltsa.simulate import Cancelled, Counter, Script, Task, Visit, Wait, play

FIGURES = ("mean", "p90", "longest", "unfinished", "priority", "ordinary")
"""Minutes in the building of everybody who got to the end: on average, and what nine of ten do not exceed; the longest
single wait in minutes; people whose visit was not over when the house should have closed; the mean wait for a call of
the priority class and of all others, in minutes.
"""

LONGEST_BETWEEN = 5 * MINUTE
"""An officer who takes longer to call the next one, though somebody waits, is doing something else."""

Tell = Callable[[int, int], bool | None]
"""Told how many replays of how many are done; answers False when they are wanted no more."""


class RecordedDay(Struct, frozen=True, kw_only=True):
    """A day as it was: what it takes to play it again, the policy and weights that were in force, and what really
    happened, in minutes (see `FIGURES`). Where the rules changed during the day, they are those of most calls.
    """

    date: str
    office: Office
    script: Script
    happened: dict[str, float]
    policy: Policy = "fifo"
    weights: Weights = Weights()


class Change(Struct, frozen=True, kw_only=True):
    """What is to be otherwise; what is left empty stays as it was.

    `policy` and `weights` say who is called next. `counter` names a service that gets one more counter, open and
    resting like the one that was open for it the longest. `later` moves rests by minutes: of a counter, or of all
    under "". `slots` makes of the arrivals appointments by half: each person comes at the middle between when they came
    and an even spread over the time in which numbers were taken. `without` takes prerequisites away: of a service,
    those that it need not wait for.
    """

    policy: Policy | None = None
    weights: Weights | None = None
    counter: str = ""
    later: Mapping[str, int] = field(default_factory=dict)
    slots: bool = False
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Answer(Struct, frozen=True, kw_only=True):
    """What came of it, figure by figure over the days: `trust` holds the replay of what was in force against what
    really happened, `effect` the change against that replay.
    """

    dates: tuple[str, ...]
    trust: dict[str, Compared]
    effect: dict[str, Compared]


def what_if(days: Sequence[RecordedDay], change: Change, tell: Tell | None = None) -> Answer:
    """Plays recorded days as they were and changed.

    Raises `ValueError` for no days and for a change that names what an office does not have, `Cancelled` when `tell`
    answers False.
    """
    if not days:
        raise ValueError("no day was recorded; name dates on which the office was open")
    changed = list[dict[str, float]]()
    replayed = list[dict[str, float]]()
    for n, day in enumerate(days):
        _go_on(tell, 2 * n, 2 * len(days))
        replayed.append(_figures(day.script, day.policy, day.weights))
        _go_on(tell, 2 * n + 1, 2 * len(days))
        otherwise = changed_script(day.script, change)
        changed.append(_figures(otherwise, change.policy or day.policy, change.weights or day.weights))
    _go_on(tell, 2 * len(days), 2 * len(days))
    happened = [day.happened for day in days]
    return Answer(
        dates=tuple(day.date for day in days),
        trust={name: _compare(name, replayed, happened) for name in FIGURES},
        effect={name: _compare(name, changed, replayed) for name in FIGURES},
    )


def changed_script(script: Script, change: Change) -> Script:
    """The day as it would have been. Raises `ValueError` where the day has no such service, counter or prerequisite."""
    names = {counter.name for counter in script.counters}
    if change.counter and change.counter not in script.minutes:
        raise ValueError(f"counter: there is no service {change.counter!r}; they are {', '.join(script.minutes)}")
    for name in change.later:
        if name and name not in names:
            raise ValueError(f"later: there was no counter {name!r}; there were {', '.join(sorted(names))}")
    for service, before in change.without.items():
        if missing := [each for each in before if each not in script.after.get(service, ())]:
            raise ValueError(f"without: {service} does not wait for {missing[0]}")
    counters = tuple(_rests_later(counter, change.later) for counter in script.counters)
    if change.counter and (like := [each for each in counters if change.counter in each.services]):
        longest = max(like, key=lambda each: -each.opens - sum(length for _, length in each.rests))
        counters = (*counters, replace(longest, name=f"{longest.name}+", services=(change.counter,)))
    visits = tuple(
        replace(visit, after=_freed(visit.after, change.without)) if visit.after else visit for visit in script.visits
    )
    return replace(
        script,
        visits=_in_slots(visits) if change.slots else visits,
        counters=counters,
        after={service: before for service, before in _freed(script.after, change.without).items() if before},
    )


def is_closed(history: Iterable[Recorded]) -> bool:
    """Whether a day ended with its closing."""
    last = [one.event for one in history if isinstance(one.event, DayClosed | DayReopened)]
    return bool(last) and isinstance(last[-1], DayClosed)


def loads(days: Sequence[RecordedDay]) -> dict[str, float]:
    """How much of their counters' time services took (1: all of it), the fullest first. A counter's time until closing,
    without its rests, is shared evenly among what it takes.
    """
    work, there = Tally[str](), Tally[str]()
    for script in (day.script for day in days):
        for visit in script.visits:
            for service, task in visit.tasks.items():
                work[service] += task.work + task.again
        for counter in script.counters:
            rests = sum(max(0, min(at + length, script.closes) - at) for at, length in counter.rests)
            for service in counter.services:
                there[service] += max(0, script.closes - counter.opens - rests) // len(counter.services)
    shares = {service: work[service] / there[service] for service in work if there[service]}
    return dict(sorted(shares.items(), key=lambda each: -each[1]))


def choosers(days: Sequence[RecordedDay]) -> float:
    """The share of visits (0 to 1) that could do two services in either order: only they can be sent another way."""
    visits = [(visit, day.script.after) for day in days for visit in day.script.visits]
    return sum(_has_choice(tuple(visit.tasks), after) for visit, after in visits) / max(1, len(visits))


def _has_choice(services: Sequence[str], after: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the order leaves anything open: at some time more than one could be next."""
    todo = dict.fromkeys(services, 0)
    while possible := list(prospects(todo, after)):
        if len(possible) > 1:
            return True
        del todo[possible[0]]
    return False


def _freed(after: Mapping[str, tuple[str, ...]], without: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """An order of services without some prerequisites."""
    return {
        service: tuple(each for each in before if each not in without.get(service, ()))
        for service, before in after.items()
    }


def recorded(history: Iterable[Recorded]) -> RecordedDay:
    """A day from its events. Raises `ValueError` for one that never began."""
    walk = _Walk()
    for one in history:
        _step(walk, one.event)
    day = walk.day
    if day.office is None:
        raise ValueError("the day never began")
    office = day.office
    rules = max(walk.under, key=walk.under.__getitem__, default=office.rules.dispatch)
    quickest = _tenth([visit.coming for visit in walk.served.values() if visit.coming >= 0])
    coming = {
        near: round(median(times))
        for near in (False, True)
        if (times := [one.coming for one in walk.served.values() if one.coming >= 0 and one.near == near])
    }
    usual = {
        service: round(median([each.works[0] for (_, of), each in walk.served.items() if of == service and each.works]))
        if any(of == service and each.works for (_, of), each in walk.served.items())
        else found.minutes * MINUTE
        for service, found in office.service.items()
    }
    script = Script(
        visits=tuple(_visit(walk, ticket, usual, coming, quickest) for ticket in day.tickets.values()),
        counters=_counters(walk),
        after=dict(office.after),
        minutes={service: found.minutes for service, found in office.service.items()},
        walks={},
        answer=quickest,
        lost=round(sum(walk.lost) / len(walk.lost)) if walk.lost else MINUTE,
        closes=_closes(office, day) or day.at,
        seats={service: rules.percent(service) for service in office.service},
    )
    return RecordedDay(
        date=day.date,
        office=office,
        script=_possible(script),
        happened=_happened(walk, script),
        policy=rules.policy,
        weights=rules.weights,
    )


# --- Reading the record -----------------------------------------------------------------------------------------------


class _Served(Struct):
    """What one service was for one visit (ms): the stretches at the counter, split where something had to be completed;
    how long the person was away for that, and for calls that they did not come to; how long they took to come, from
    `near` (a seat, a line) or from elsewhere.
    """

    works: list[int] = []
    fixing: int = 0
    away: int = 0
    missed: bool = False
    coming: int = -1
    near: bool = False
    left_at: int = 0


class _Walk(Struct):
    """What is gathered on the way through a day."""

    day: Day = field(default_factory=Day)
    served: dict[tuple[str, str], _Served] = {}
    began: dict[str, int] = {}
    called: dict[str, int] = {}
    near: dict[str, bool] = {}
    free_since: dict[str, int] = {}
    waits: list[Wait] = []
    ends: dict[str, int] = {}
    absent: dict[str, tuple[str, int]] = {}
    fixing: dict[str, dict[str, int]] = {}
    open: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
    idle: dict[str, int] = {}
    between: dict[str, list[int]] = {}
    lost: list[int] = []
    under: Tally[Dispatching] = field(default_factory=Tally)
    closed_at: int = 0


def _step(walk: _Walk, event: object) -> None:  # noqa: C901, PLR0912 - one case an event
    day = walk.day
    number, counter = getattr(event, "number", ""), getattr(event, "counter", "")
    ticket = day.tickets.get(number)
    was = ticket.state if ticket else ""
    service = getattr(event, "service", "") or (ticket.service if ticket else "")
    evolve(day, event)  # type: ignore[arg-type]
    at = day.at
    match event:
        case TicketCalled():
            priority = bool(day.tickets[number].priority)
            since = walk.free_since.get(number, at)
            walk.waits.append(Wait(number, service, priority, since, at))
            walk.called[number] = at
            walk.near[number] = bool(day.tickets[number].directed)
            walk.under[day.rules_of.rules.dispatch] += 1
            if (idle := walk.idle.pop(counter, -1)) >= 0:
                walk.between.setdefault(counter, []).append(min(at - idle, LONGEST_BETWEEN))
        case ServiceStarted() | TicketResumed():
            served = walk.served.setdefault((number, service), _Served())
            if isinstance(event, ServiceStarted):
                served.coming, served.near = at - walk.called.get(number, at), walk.near.get(number, False)
            walk.began[number] = at
        case ServiceFinished() | TicketReturned() | TicketHeld() | TicketTransferred():
            _leaves(walk, number, service, at)
            if isinstance(event, TicketReturned):
                walk.fixing.setdefault(number, {})[service] = at
        case TicketMissed():
            walk.served.setdefault((number, service), _Served()).missed = True
            walk.absent[number] = (service, at)
            walk.lost.append(at - walk.called.get(number, at))
        case TicketPutBack():
            _comes_back(walk, number, at)
        case ActionUndone(action=action):
            _undone(walk, number, service, action)
        case CounterOpened(services=services):
            _closes_stretch(walk, counter, at)
            walk.open.setdefault(counter, []).append((at, 0, services))
        case CounterPaused() | CounterClosed():
            _closes_stretch(walk, counter, at)
            walk.idle.pop(counter, None)
        case TicketCancelled():
            _leaves(walk, number, service, at)
        case DayClosed():
            walk.closed_at = at
    _after(walk, number, was, counter, at, event)


def _after(walk: _Walk, number: str, was: str, counter: str, at: int, event: object) -> None:  # noqa: PLR0913, PLR0917
    """When a wait begins, a visit ends, and a counter is free though somebody waits for it."""
    day = walk.day
    ticket = day.tickets.get(number)
    if ticket is not None and ticket.state != was:
        undone = isinstance(event, ActionUndone) and event.action == "call"
        if ticket.state == "waiting" and not undone:
            walk.free_since[number] = at
        if ticket.state == "done":
            walk.ends[number] = at
        else:
            walk.ends.pop(number, None)
    for idle in [name for name in walk.idle if not _waited_for(day, name)]:
        del walk.idle[idle]
    seat = day.counters.get(counter)
    free = seat is not None and seat.state == "open" and not seat.ticket
    if free and counter not in walk.idle and not isinstance(event, ActionUndone) and _waited_for(day, counter):
        walk.idle[counter] = at


def _waited_for(day: Day, counter: str) -> bool:
    """Whether anybody waits for what a counter takes: in the hall, in its line or on its seats. Who was sent to another
    service waits there alone.
    """
    return any(day.queues.get(service) for service in day.counters[counter].services)


def _leaves(walk: _Walk, number: str, service: str, at: int) -> None:
    """A stretch at the counter ends; further ones go on with it, unless something was completed between."""
    if (began := walk.began.pop(number, -1)) < 0:
        return
    served = walk.served[number, service]
    if not served.works or (served.fixing and len(served.works) == 1):
        served.works.append(at - began)
    else:
        served.works[-1] += at - began
    served.left_at = at


def _comes_back(walk: _Walk, number: str, at: int) -> None:
    if number in walk.absent:
        service, since = walk.absent.pop(number)
        walk.served[number, service].away += at - since
    for service, since in walk.fixing.pop(number, {}).items():
        walk.served[number, service].fixing += at - since


def _undone(walk: _Walk, number: str, service: str, action: str) -> None:
    """What was taken back did not happen."""
    match action:
        case "call":
            walk.waits = [wait for wait in walk.waits if (wait.number, wait.called) != (number, walk.called[number])]
        case "no-show":
            walk.absent.pop(number, None)
            walk.served[number, service].missed = walk.served[number, service].away > 0
        case _:
            walk.fixing.get(number, {}).pop(service, None)
            served = walk.served[number, service]
            if served.works:
                walk.began[number] = served.left_at - served.works.pop()


def _closes_stretch(walk: _Walk, counter: str, at: int) -> None:
    stretches = walk.open.get(counter)
    if stretches and not stretches[-1][1]:
        began, _, services = stretches.pop()
        stretches.append((began, at, services))


def _visit(walk: _Walk, ticket: Ticket, usual: Mapping[str, int], coming: Mapping[bool, int], quickest: int) -> Visit:
    """A ticket as a visit: what was begun, and what they still waited for when the day closed or they gave up. `coming`
    is how long people took from near and from elsewhere.
    """
    tasks = {}
    for service in walk.day.rules_of.service:
        step = ticket.steps.get(service)
        if step is None:
            continue
        served = walk.served.get((ticket.number, service))
        over = ticket.state == "done"
        if served is None or not served.works:
            if over or step.state in {"dropped", "transferred"}:
                continue
            served = _Served(missed=served.missed, away=served.away) if served else _Served()
        first, *again = served.works or [usual[service]]
        took = dict(coming)
        if served.coming >= 0:
            took[served.near] = served.coming
        gone = walk.absent.get(ticket.number, ("", 0))[0] == service and not served.works
        tasks[service] = Task(
            work=max(1, first),
            again=sum(again),
            fixing=served.fixing if again else 0,
            missed=max(1, served.away) if served.missed else 0,
            left=gone,
            coming=max(0, took.get(False, took.get(True, quickest)) - quickest),
            near=max(0, took.get(True, quickest) - quickest),
            meanwhile=bool(again),
        )
    gave_up = ticket.state == "cancelled"
    return Visit(
        number=ticket.number,
        arrives=ticket.arrived,
        age_from=ticket.slot or ticket.arrived,
        tasks=tasks,
        priority=bool(ticket.priority),
        head_start=ticket.head_start,
        until=ticket.since if gave_up else 0,
        after=ticket.after,
    )


def _counters(walk: _Walk) -> tuple[Counter, ...]:
    """Each counter, for each set of services that it was open for. Who had closed before the others rests until all
    have gone, and is then there again for whoever is left.
    """
    last = max((end or walk.day.at for stretches in walk.open.values() for _, end, _ in stretches), default=0)
    counters = []
    for name in sorted(walk.open, key=list(walk.day.counters).index):
        stretches = walk.open[name]
        by_services: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for began, ended, services in stretches:
            by_services.setdefault(services, []).append((began, ended or last))
        pauses = walk.between.get(name, [])
        for services, times in by_services.items():
            gaps = [(end, begin - end) for (_, end), (begin, _) in pairwise(times)]
            if times[-1][1] < last:
                gaps.append((times[-1][1], last - times[-1][1]))
            counters.append(
                Counter(
                    name=name,
                    services=services,
                    opens=times[0][0],
                    rests=tuple((begins, length) for begins, length in gaps if length > 0),
                    between=round(sum(pauses) / len(pauses)) if pauses else 0,
                )
            )
    return tuple(counters)


def _possible(script: Script) -> Script:
    """Without what no counter was open for: nobody could have had it on that day."""
    there = {service for counter in script.counters for service in counter.services}
    visits = (
        replace(visit, tasks={service: task for service, task in visit.tasks.items() if service in there})
        for visit in script.visits
    )
    return replace(script, visits=tuple(visit for visit in visits if visit.tasks))


def _happened(walk: _Walk, script: Script) -> dict[str, float]:
    """The figures of what really happened."""
    tickets = walk.day.tickets
    times = sorted(
        at - tickets[number].arrived
        for number, at in walk.ends.items()
        if any(step.state == "done" for step in tickets[number].steps.values())
    )
    late = sum(
        ticket.arrived < script.closes < walk.ends.get(number, script.closes + 1) and not _left(walk, ticket)
        for number, ticket in tickets.items()
    )
    return _summary(times, walk.waits, late)


def _left(walk: _Walk, ticket: Ticket) -> bool:
    """Whether they gave up, or were called, did not come, and were not seen again."""
    return ticket.state == "cancelled" or ticket.number in walk.absent


def _figures(script: Script, policy: Policy, weights: Weights) -> dict[str, float]:
    """The figures of a replay."""
    played = play(script, policy, weights)
    arrives = {visit.number: visit for visit in script.visits}
    times = sorted(at - arrives[number].arrives for number, at in played.exits.items())
    late = sum(arrives[number].arrives < script.closes < at for number, at in played.exits.items())
    return _summary(times, played.waits, late)


def _summary(times: Sequence[int], waits: Iterable[Wait], late: int) -> dict[str, float]:
    lasted = [(wait.priority, wait.called - wait.since) for wait in waits]
    classes = {kind: [span for priority, span in lasted if priority == kind] for kind in (True, False)}
    return {
        "mean": sum(times) / len(times) / MINUTE if times else 0.0,
        "p90": times[-(-9 * len(times) // 10) - 1] / MINUTE if times else 0.0,
        "longest": max((span for _, span in lasted), default=0) / MINUTE,
        "unfinished": float(late),
        "priority": sum(classes[True]) / max(1, len(classes[True])) / MINUTE,
        "ordinary": sum(classes[False]) / max(1, len(classes[False])) / MINUTE,
    }


def _compare(name: str, own: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]) -> Compared:
    return compare([day[name] for day in own], [day[name] for day in other])


def _go_on(tell: Tell | None, done: int, of: int) -> None:
    if tell is not None and tell(done, of) is False:
        raise Cancelled


def _closes(office: Office, day: Day) -> int:
    """When the house should have closed (ms); 0 for an office without hours."""
    if not (office.week or office.days_off or office.special_days):
        return 0
    times = numbers_on(office, date.fromisoformat(day.date))
    return times[1] + office.rules.last_ticket * MINUTE if times else 0


def _tenth(lasted: Sequence[int]) -> int:
    """What one of ten does not exceed."""
    return sorted(lasted)[len(lasted) // 10] if lasted else 0


def _rests_later(counter: Counter, later: Mapping[str, int]) -> Counter:
    minutes = later.get(counter.name, later.get("", 0))
    moved = tuple((max(counter.opens, begins + minutes * MINUTE), length) for begins, length in counter.rests)
    return replace(counter, rests=moved) if minutes else counter


def _in_slots(visits: Sequence[Visit]) -> tuple[Visit, ...]:
    """The same people in the same order, coming half as unevenly."""
    if not visits:
        return ()
    first, last = visits[0].arrives, visits[-1].arrives
    slots = []
    for n, visit in enumerate(visits):
        comes = (visit.arrives + first + (last - first) * (2 * n + 1) // (2 * len(visits))) // 2
        slots.append(replace(visit, arrives=comes, age_from=comes))
    return tuple(sorted(slots, key=lambda visit: visit.arrives))

"""How fast an office works, learned from what happened: pure, from the recorded events of today and of recent days.

`evolve` gathers what a day shows, `learn` makes the office's paces of some days: how long each service takes, how fast
each counter is, how long it takes until the person called stands there. Few observations count little: what is known
before (the standard minutes, other days) stands in for them. Durations are ms.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from math import exp, log, sqrt
from typing import NamedTuple

from msgspec import Struct

from ltsa.happened import (
    ActionUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayEvent,
    DayOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketHeld,
    TicketIssued,
    TicketMissed,
    TicketPutBack,
    TicketReturned,
    TicketTransferred,
)
from ltsa.office import Office

DAYS = 5
"""Earlier service days that are learned from."""

SHORTEST, LONGEST = 5_000, 3 * 3_600_000
"""A service that took less or more than this was not one (a slip of the finger, a forgotten button)."""

LONGEST_GAP = 5 * 60_000
"""An officer who takes longer than this until the next call does something else meanwhile."""

SPREAD = 0.6
"""How much the time of one service varies (standard deviation of its logarithm) before anything is known."""
_SPREAD_COUNTS = 20  # observations that this is worth
STANDARD_SURE = 0.3
"""How far the mean may lie from the standard minutes (standard deviation of the logarithm)."""
DAY_SURE = 0.12
"""How far a day's mean may lie from that of recent days."""
COUNTER_SURE = 0.15
"""How far a counter's mean may lie from that of all."""

_LATENCY, _GAP, _PAUSE, _BACK = 20_000, 10_000, 15 * 60_000, 12 * 60_000  # what is believed at first
_MISSES, _RETURNS, _COMES = 0.04, 0.05, 0.8
_FEW = 10  # observations that these are worth


class Served(NamedTuple):
    """A person was served: at a counter, for so long (ms)."""

    number: str
    service: str
    counter: str
    lasted: int


class Rest(NamedTuple):
    """A counter's pause: when it began (ms after midnight), and how long it was."""

    began: int
    lasted: int


class Spent(Struct):
    """What one service day has shown so far. `served` are those whose service ended at a counter, whatever came of it;
    `latencies` from call to beginning, `gaps` from being free, with somebody waiting, to the call; `missing` from call
    to giving up, `backs` from going away to being put back. `opened` says when each counter first opened (ms after
    `midnight`), `rests` which pauses it had, in order. The other fields are what is under way.
    """

    served: list[Served] = []
    latencies: list[int] = []
    gaps: list[int] = []
    missing: list[int] = []
    backs: list[int] = []
    pauses: list[int] = []
    returned: int = 0
    arrivals: list[int] = []
    called: dict[str, int] = {}
    began: dict[str, int] = {}
    freed: dict[str, int] = {}
    waiting: dict[str, int] = {}
    away: dict[str, int] = {}
    paused: dict[str, int] = {}
    midnight: int = 0
    opened: dict[str, int] = {}
    rests: dict[str, list[Rest]] = {}


def evolve(spent: Spent, event: DayEvent) -> None:  # noqa: C901, PLR0912 - one case an event
    """Takes in one more event of the day."""
    at = event.at
    match event:
        case DayOpened():
            spent.midnight = int(
                datetime.combine(date.fromisoformat(event.date), time(), event.office.clock).timestamp() * 1000
            )
        case TicketIssued(number=number):
            spent.arrivals.append(at)
            spent.waiting[number] = at
        case TicketCalled(number=number, counter=counter):
            since = max(spent.freed.pop(counter, 0), spent.waiting.get(number, 0))
            if since and at - since <= LONGEST_GAP:
                spent.gaps.append(at - since)
            spent.called[number] = at
        case ServiceStarted(number=number):
            spent.began[number] = at
            if number in spent.called:
                spent.latencies.append(at - spent.called.pop(number))
        case ServiceFinished() | TicketReturned() | TicketTransferred() | TicketHeld():
            _ended(spent, event)
        case TicketMissed(number=number, counter=counter):
            spent.missing.append(at - spent.called.pop(number, at))
            spent.away[number] = spent.freed[counter] = at
        case TicketPutBack(number=number):
            if number in spent.away:
                spent.backs.append(at - spent.away.pop(number))
            spent.waiting[number] = at
        case ActionUndone(number=number, action="finish" | "return"):
            last = next((n for n, one in reversed(list(enumerate(spent.served))) if one.number == number), None)
            if last is not None:
                spent.began[number] = spent.waiting.get(number, at) - spent.served.pop(last).lasted
        case CounterOpened(counter=counter):
            if since := spent.paused.pop(counter, 0):
                spent.pauses.append(at - since)
                spent.rests.setdefault(counter, []).append(Rest(since - spent.midnight, at - since))
            spent.opened.setdefault(counter, at - spent.midnight)
            spent.freed[counter] = at
        case CounterPaused(counter=counter):
            spent.paused[counter] = at
            spent.freed.pop(counter, None)
        case CounterClosed(counter=counter):
            spent.paused.pop(counter, None)
            spent.freed.pop(counter, None)


def _ended(spent: Spent, event: ServiceFinished | TicketReturned | TicketTransferred | TicketHeld) -> None:
    at, number = event.at, event.number
    began = spent.began.pop(number, None)
    if began is not None and SHORTEST <= at - began <= LONGEST and not isinstance(event, TicketHeld):
        spent.served.append(Served(number, event.service, event.counter, at - began))
    spent.called.pop(number, None)
    spent.waiting[number] = spent.freed[event.counter] = at
    if isinstance(event, TicketReturned):
        spent.returned += 1
        spent.away[number] = at


class Pace(NamedTuple):
    """How long a service takes: the logarithm of its time in ms is normal with this mean and this deviation, and the
    mean itself is known up to `sure`.
    """

    mean: float
    spread: float
    sure: float

    @property
    def usual(self) -> float:
        """The mean time in ms."""
        return exp(self.mean + self.spread**2 / 2)


class Speed(NamedTuple):
    """What a counter's times are multiplied by: a logarithm, known up to `sure`."""

    mean: float
    sure: float


class Habit(NamedTuple):
    """What a counter did on a recent day: when it opened (ms after midnight), and its pauses."""

    opened: int
    rests: tuple[Rest, ...]


class Paces(Struct, frozen=True, kw_only=True):
    """How an office works today. `services` and `counters` by id; `latency` passes from call to beginning, `gap` from
    one person to the call of the next. A call in `1/misses` meets nobody after `missing`, a service in `1/returns` ends
    with the person sent away; a share `comes` of these comes back today, after `back`. `pause` is how long a counter's
    pause is, `habits` what each counter did on recent days.
    """

    services: dict[str, Pace]
    counters: dict[str, Speed]
    latency: int
    gap: int
    misses: float
    missing: int
    returns: float
    back: int
    comes: float
    pause: int
    habits: dict[str, tuple[Habit, ...]]


def learn(office: Office, today: Spent, before: Sequence[Spent] = ()) -> Paces:
    """The paces of an office from what today has shown, and the days before it."""
    days = [today, *before]
    spread = {service: _spread(service, days) for service in office.service}
    services = {}
    for service, standard in office.service.items():
        prior = log(standard.minutes * 60_000) - spread[service] ** 2 / 2
        recent = _shrunk(prior, STANDARD_SURE, _logs(service, before), spread[service])
        sure = max(recent[1], DAY_SURE) if any(_logs(service, before)) else recent[1]
        mean, sure = _shrunk(recent[0], sure, _logs(service, [today]), spread[service])
        services[service] = Pace(mean, spread[service], sure)
    calls = sum(len(day.latencies) + len(day.missing) for day in days)
    ends = sum(len(day.served) for day in days)
    return Paces(
        services=services,
        counters={counter: _speed(counter, today, services) for counter in office.counter},
        latency=_usual(_LATENCY, (day.latencies for day in days)),
        gap=_usual(_GAP, (day.gaps for day in days)),
        misses=_share(_MISSES, sum(len(day.missing) for day in days), calls),
        missing=_usual(3 * _LATENCY, (day.missing for day in days)),
        returns=_share(_RETURNS, sum(day.returned for day in days), ends),
        back=_usual(_BACK, (day.backs for day in days)),
        comes=_share(
            _COMES,
            sum(len(day.backs) for day in days),
            sum(len(day.backs) for day in days) + sum(len(day.away) for day in before),
        ),
        pause=_usual(_PAUSE, (day.pauses for day in days)),
        habits={
            counter: tuple(
                Habit(day.opened[counter], tuple(day.rests.get(counter, ()))) for day in before if counter in day.opened
            )
            for counter in office.counter
        },
    )


def _logs(service: str, days: Iterable[Spent]) -> list[float]:
    return [log(one.lasted) for day in days for one in day.served if one.service == service]


def _spread(service: str, days: Iterable[Spent]) -> float:
    """The deviation around each day's own mean."""
    squares, count = SPREAD**2 * _SPREAD_COUNTS, float(_SPREAD_COUNTS)
    for day in days:
        logs = _logs(service, [day])
        if len(logs) > 1:
            mean = sum(logs) / len(logs)
            squares += sum((each - mean) ** 2 for each in logs)
            count += len(logs) - 1
    return sqrt(squares / count)


def _shrunk(prior: float, sure: float, seen: Sequence[float], spread: float) -> tuple[float, float]:
    """A mean that was believed to be `prior` up to `sure`, after what was seen; and how sure it is now."""
    weight, more = 1 / sure**2, len(seen) / spread**2
    return (prior * weight + sum(seen) / spread**2) / (weight + more), 1 / sqrt(weight + more)


def _speed(counter: str, today: Spent, services: Mapping[str, Pace]) -> Speed:
    off = [
        log(one.lasted) - services[one.service].mean
        for one in today.served
        if one.counter == counter and one.service in services
    ]
    return Speed(*_shrunk(0.0, COUNTER_SURE, off, SPREAD))


def _usual(believed: int, seen: Iterable[Sequence[int]]) -> int:
    """A mean duration; what was believed counts as a few observations."""
    all_of = [one for each in seen for one in each]
    return (believed * _FEW + sum(all_of)) // (_FEW + len(all_of))


def _share(believed: float, hits: int, tries: int) -> float:
    return (believed * _FEW + hits) / (_FEW + tries)

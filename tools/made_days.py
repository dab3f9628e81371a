"""Made-up service days with the assumptions of a mid-size office, event by event, to try forecasts on: the live rules
decide, and after each event there is the whole day, which a simulator's script (`ltsa/scenario.py`) does not have.

Arrivals follow a morning and an afternoon wave, services are lognormal with the day's, the step's and the counter's own
pace, some people do not come when called, some are sent away for a paper, counters have their breaks. All of it is
assumed, none of it measured; minutes unless marked.
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count
from math import exp, log, sqrt
from random import Random

from ltsa.board import unopened
from ltsa.calling import carry_out, next_for
from ltsa.dispatch import Policy
from ltsa.happened import (
    CounterOpened,
    CounterPaused,
    DayEvent,
    DayOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketMissed,
    TicketPutBack,
    TicketReturned,
)
from ltsa.office import Coded, Counter, Dispatching, Office, Outcome, Priority, Rules, Service

MINUTE = 60_000
HALF_PAST_SEVEN = 1_795_221_000_000
"""21 November 2026, 07.30 WIB, in ms UTC."""

STEPS = ("reg", "health", "rec", "imm", "bpjs", "bank", "skck", "out")
MEAN = (3.5, 7.5, 4.0, 5.5, 3.5, 4.0, 5.0, 2.0)
VARIES = (0.6, 0.7, 0.5, 0.5, 0.6, 0.6, 0.7, 0.5)
COUNTERS = (4, 4, 2, 3, 2, 2, 2, 2)
AFTER = {
    "health": ("reg",),
    "rec": ("reg", "health"),
    "imm": ("reg", "rec"),
    "bpjs": ("reg",),
    "bank": ("reg",),
    "skck": ("reg",),
    "out": ("reg", "health", "rec", "imm", "bpjs", "bank", "skck"),
}
KINDS = (
    (0.5, STEPS),
    (0.12, ("reg", "rec", "imm", "bpjs", "out")),
    (0.13, ("reg", "health", "bpjs", "bank", "out")),
    (0.08, ("reg", "health", "rec", "imm", "skck", "out")),
    (0.07, ("reg", "imm", "out")),
    (0.04, ("reg", "skck")),
    (0.06, ("reg", "bank")),
)
WAVES = (
    (0, 30, 0.15),
    (30, 120, 0.36),
    (120, 210, 0.21),
    (210, 270, 0.09),
    (270, 330, 0.05),
    (330, 390, 0.12),
    (390, 420, 0.02),
)
OPENS = 30
PRIORITY, REWORK, NO_SHOW, LEAVES = 0.15, 0.08, 0.04, 0.25
SPEED, STEP_DAY, DAY, LATE = 0.15, 0.1, 0.1, 0.1
ONCE = ("reg",)


def office(policy: Policy) -> Office:
    """An office with a counter for each step's every place; its standard minutes are the rounded means."""
    services = tuple(
        Service(
            id=step,
            prefix=chr(ord("A") + n),
            name={"id": step.upper()},
            about={"id": ""},
            agency={"id": ""},
            after=AFTER.get(step, ()),
            minutes=max(round(MEAN[n]), 1),
        )
        for n, step in enumerate(STEPS)
    )
    counters = tuple(
        Counter(id=f"{n + 1}{k + 1}", name={"id": f"Loket {n + 1}{k + 1}"}, services=(step,))
        for n, step in enumerate(STEPS)
        for k in range(COUNTERS[n])
    )
    return Office(
        id="made",
        name={"id": "Kantor buatan"},
        zone="Asia/Jakarta",
        services=services,
        counters=counters,
        rules=Rules(
            dispatch=Dispatching(policy=policy),
            priorities=(Priority(code="elderly", name={"id": "Lansia"}),),
            outcomes=(Outcome(code="done", name={"id": "Selesai"}),),
            return_reasons=(Coded(code="paper", name={"id": "Berkas"}),),
            pause_reasons=(Coded(code="rest", name={"id": "Istirahat"}),),
        ),
    )


class MadeDay:
    """One day, made from a seed. `events()` plays it; `day` is the state right after each event that it yields."""

    def __init__(self, seed: int, people: float = 220.0, policy: Policy = "fifo") -> None:
        self.random, self.office = Random(seed), office(policy)
        self.day = unopened(self.office, self.office.service_date(HALF_PAST_SEVEN))
        self.now = HALF_PAST_SEVEN
        self._keys = count(1)
        self._order = count(1)
        self._agenda: list[tuple[int, int, Callable[[], Iterator[DayEvent]]]] = []
        self._step = {step: exp(self.random.gauss(0, STEP_DAY)) for step in STEPS}
        self._speed = {counter.id: exp(self.random.gauss(0, SPEED)) for counter in self.office.counters}
        self._rests: dict[str, list[tuple[int, int]]] = {}
        self._again: set[tuple[str, str]] = set()
        self._steps_of: dict[str, tuple[str, ...]] = {}
        self._arrivals(people)
        self._counters()

    def events(self) -> Iterator[DayEvent]:
        """The day's events in order, each already applied."""
        yield from self._happens(DayOpened, date=self.day.date, office=self.office)
        while self._agenda:
            self.now, _, act = heappop(self._agenda)
            yield from act()

    def every(self, lasts: int, look: Callable[[], None]) -> None:
        """Has the day looked at every so many ms until it is over. A clock looks between instants: what ends, what
        joins a line and what is called at one instant is never seen half done, as it is by who looks at an event.
        """

        def act() -> Iterator[DayEvent]:
            look()
            if self._agenda:
                self._at(self.now + lasts, act)
            return iter(())

        self._at(self.now + lasts, act)

    def _happens(self, kind: type[DayEvent], **facts: object) -> Iterator[DayEvent]:
        event = kind(at=self.now, by="made", key=f"{next(self._keys)}", content="", **facts)  # type: ignore[arg-type]
        yield from carry_out(self.day, [event])

    def _at(self, when: float, act: Callable[[], Iterator[DayEvent]]) -> None:
        heappush(self._agenda, (int(when), next(self._order), act))

    # --- The plan of the day

    def _arrivals(self, people: float) -> None:
        rnd = self.random
        rate = people * exp(rnd.gauss(0, DAY))
        for begins, ends, share in WAVES:
            at = float(begins)
            while (at := at + rnd.expovariate(rate * share / (ends - begins))) < ends:
                steps = rnd.choices([steps for _, steps in KINDS], [part for part, _ in KINDS])[0]
                priority = "elderly" if rnd.random() < PRIORITY else ""
                self._at(HALF_PAST_SEVEN + at * MINUTE, self._arrival(steps, priority))

    def _arrival(self, steps: tuple[str, ...], priority: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            series = self.office.service[steps[0]].prefix
            number = f"{series}{self.day.series.get(series, 0) + 1:03d}"
            yield from self._happens(
                TicketIssued,
                number=number,
                series=series,
                token=number,
                services=steps,
                place=self.now - self.office.head_start(priority),
                priority=priority,
            )
            yield from self._look(number)

        return act

    def _counters(self) -> None:
        rnd = self.random
        for n, step in enumerate(STEPS):
            names = [counter.id for counter in self.office.counters if counter.services == (step,)]
            for k, name in enumerate(names):
                tea = 135 + rnd.random() * 50
                noon = (292, 40) if len(names) == 1 else (270 + 45 * (k % 2), 45)
                late = 420 + rnd.random() * 35
                self._rests[name] = [
                    (HALF_PAST_SEVEN + int(at * MINUTE), int(lasts * MINUTE))
                    for at, lasts in ((tea, 10), noon, (late, 10))
                ]
                opens = HALF_PAST_SEVEN + (OPENS + (rnd.random() * 10 if rnd.random() < LATE else 0)) * MINUTE
                self._at(opens + n, self._opening(name, step))

    def _opening(self, name: str, step: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            yield from self._happens(CounterOpened, counter=name, officer=f"officer {name}", services=(step,))
            yield from self._next(name)

        return act

    # --- What happens at a counter

    def _look(self, number: str) -> Iterator[DayEvent]:
        """Somebody joined lines: a free counter calls."""
        ticket = self.day.tickets[number]
        for service in ticket.waits:
            for name, now in self.day.counters.items():
                if now.state == "open" and not now.ticket and service in now.services and ticket.state == "waiting":
                    yield from self._next(name)

    def _next(self, name: str) -> Iterator[DayEvent]:
        counter = self.day.counters[name]
        if counter.state != "open" or counter.ticket:
            return
        rests = self._rests[name]
        if rests and self.now >= rests[0][0]:
            _, lasts = rests.pop(0)
            yield from self._happens(CounterPaused, counter=name, reason="rest")
            self._at(self.now + lasts, self._opening(name, counter.services[0]))
            return
        if chosen := next_for(self.day, counter.services, self.now):
            number, service = chosen.claim.number, chosen.claim.service
            yield from self._happens(TicketCalled, number=number, service=service, counter=name, why=chosen.why)
            if self.random.random() < NO_SHOW:
                self._at(self.now + MINUTE, self._missing(name, number))
            else:
                self._at(self.now + MINUTE / 4 + self.random.random() * MINUTE / 2, self._beginning(name, number))

    def _missing(self, name: str, number: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            service = self.day.tickets[number].service
            yield from self._happens(TicketMissed, number=number, service=service, counter=name)
            if self.random.random() >= LEAVES:
                self._at(self.now + self.random.uniform(5, 15) * MINUTE, self._back(number))
            yield from self._next(name)

        return act

    def _back(self, number: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            if self.day.tickets[number].state in {"called", "serving"}:
                self._at(self.now + MINUTE, act)
                return
            yield from self._happens(TicketPutBack, number=number, place=self.day.tickets[number].place)
            yield from self._look(number)

        return act

    def _beginning(self, name: str, number: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            service = self.day.tickets[number].service
            yield from self._happens(ServiceStarted, number=number, service=service, counter=name)
            n = STEPS.index(service)
            spread = sqrt(log(1 + VARIES[n] ** 2))
            lasts = MEAN[n] * exp(self.random.gauss(-(spread**2) / 2, spread)) * self._step[service] * self._speed[name]
            if (number, service) in self._again:
                lasts /= 2
            self._at(self.now + max(lasts, 0.2) * MINUTE, self._end(name, number))

        return act

    def _end(self, name: str, number: str) -> Callable[[], Iterator[DayEvent]]:
        def act() -> Iterator[DayEvent]:
            service = self.day.tickets[number].service
            facts = {"number": number, "service": service, "counter": name}
            if (number, service) not in self._again and service not in ONCE and self.random.random() < REWORK:
                self._again.add((number, service))
                yield from self._happens(TicketReturned, **facts, reasons=("paper",))
                self._at(self.now + self.random.uniform(10, 25) * MINUTE, self._back(number))
            else:
                yield from self._happens(ServiceFinished, **facts, outcome="done")
            if self.day.tickets[number].state == "waiting":
                yield from self._look(number)
            yield from self._next(name)

        return act

"""The same day told a second time, in SimPy: an oracle for `ltsa/simulate.py`, written apart from it.

Counters and the ways of people are SimPy's processes; who is called is asked of `dispatch.pick` with everybody's
claims, each time anew, instead of keeping sorted lines. Nothing here imports the simulator's workings, only its script.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import simpy

from ltsa.dispatch import ONE_LINE, SEATED, Claim, Policy, Weights, line_for, pick, prospects, seats, terms
from ltsa.simulate import HALL, Counter, Script, Visit

Story = Generator[simpy.Event, Any, None]


@dataclass
class Person:
    visit: Visit
    order: int
    left: dict[str, int]
    came_for_it: set[str] = field(default_factory=set)
    second: set[str] = field(default_factory=set)
    free_since: int = 0
    stands: str = HALL
    arrives_there: int = 0
    before: str = ""
    claims: list[Claim] = field(default_factory=list)
    heading_for: str = ""


class Booth:
    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.open = False
        self.rests: list[int] = []
        self.idle: simpy.Event | None = None


class SimpyOffice:
    def __init__(self, script: Script, policy: Policy, weights: Weights, percents: dict[str, int]) -> None:
        self.env = simpy.Environment()
        self.script, self.policy, self.weights, self.percents = script, policy, weights, percents
        self.booths = [Booth(counter) for counter in script.counters]
        self.people = [
            Person(visit, order, {service: script.minutes[service] for service in visit.tasks})
            for order, visit in enumerate(script.visits)
        ]
        self.waiting: list[Person] = []
        self.sent: list[Person] = []
        self.exits: dict[str, int] = {}
        for booth in self.booths:
            self.env.process(self.works(booth))
            for at, length in booth.counter.rests:
                self.env.process(self.gets_tired(booth, at, length))
        for person in self.people:
            self.env.process(self.is_away(person, person.visit.arrives))

    @property
    def now(self) -> int:
        return int(self.env.now)

    def walk(self, here: str, there: str) -> int:
        return self.script.walks.get((here, there), 0)

    def whereabouts(self, person: Person) -> str:
        return person.stands if self.now < person.arrives_there else HALL

    def open_for(self, service: str) -> int:
        return sum(booth.open and service in booth.counter.services for booth in self.booths)

    # --- counters

    def works(self, booth: Booth) -> Story:
        counter = booth.counter
        yield self.env.timeout(counter.opens)
        while True:
            booth.open = True
            fresh = True
            while not booth.rests:
                called = self.choose(counter.services)
                if called is None:
                    if fresh:
                        self.seat_all(counter.services)
                    booth.idle = self.env.event()
                    called = yield booth.idle
                    if called is None:
                        continue
                    fresh = False
                yield from self.serves(booth, *called, fresh=fresh)
                fresh = False
            length = booth.rests.pop(0)
            if booth.open:
                self.starts_rest(booth)
            yield self.env.timeout(length)

    def starts_rest(self, booth: Booth) -> None:
        booth.open = False
        for service in booth.counter.services:
            if not self.open_for(service):
                self.all_stand_up(service)

    def gets_tired(self, booth: Booth, at: int, length: int) -> Story:
        yield self.env.timeout(at)
        booth.rests.append(length)
        if booth.idle is not None:
            wake, booth.idle = booth.idle, None
            self.starts_rest(booth)
            wake.succeed(None)

    def serves(self, booth: Booth, person: Person, service: str, coming: int, *, fresh: bool) -> Story:
        counter, task = booth.counter, person.visit.tasks[service]
        if fresh:
            self.seat_all(counter.services)
        if task.missed and service not in person.came_for_it:
            person.came_for_it.add(service)
            if not task.left:
                self.env.process(self.is_away(person, self.script.lost + task.missed))
            yield self.env.timeout(self.script.lost + counter.between)
            return
        work = task.again if service in person.second else task.work
        yield self.env.timeout(self.script.answer + coming + round(work * counter.slowness))
        person.stands = service
        if task.again and service not in person.second:
            person.second.add(service)
            person.left[service] = -(-person.left[service] * task.again // max(1, task.work))
            self.env.process(self.is_away(person, task.fixing))
        else:
            del person.left[service]
            self.free(person)
        if counter.between:
            yield self.env.timeout(counter.between)

    def choose(self, services: Iterable[str]) -> tuple[Person, str, int] | None:
        for seated in (True, False):
            claims = [
                claim
                for service in services
                for person in self.waiting
                for claim in person.claims
                if claim.service == service and (person.before == service if seated else not person.before)
            ]
            if found := pick(self.policy, self.weights, claims, self.now):
                person = self.people[found.claim.order]
                return person, found.claim.service, self.take(person, found.claim.service)
        return None

    def take(self, person: Person, service: str) -> int:
        """Out of every line; the answer is how long the walk is, and the seat that it leaves is filled."""
        seat, now = person.before, self.now
        if seat or self.policy in ONE_LINE:
            coming = max(0, person.arrives_there - now - self.script.answer) + self.walk(service, service)
        elif person.visit.tasks[service].coming >= 0:
            coming = person.visit.tasks[service].coming
        else:
            coming = self.walk(self.whereabouts(person), service)
        self.waiting.remove(person)
        if person in self.sent:
            self.sent.remove(person)
        person.before, person.claims, person.heading_for = "", [], ""
        if seat:
            self.seat_all([seat])
        return coming

    # --- seats

    def seat_all(self, services: Iterable[str]) -> None:
        if self.policy not in SEATED:
            return
        for service in services:
            while sum(p.before == service for p in self.waiting) < seats(
                self.open_for(service), self.percents[service]
            ):
                claims = [c for p in self.waiting if not p.before for c in p.claims if c.service == service]
                found = pick(self.policy, self.weights, claims, self.now)
                if found is None:
                    break
                person = self.people[found.claim.order]
                person.before = service
                person.arrives_there = self.now + self.walk(self.whereabouts(person), service)

    def all_stand_up(self, service: str) -> None:
        up = [person for person in self.waiting if person.before == service]
        claims = {person.order: next(c for c in person.claims if c.service == service) for person in up}
        for person in sorted(up, key=lambda p: (p.visit.priority, *self.rank(claims[p.order]))):
            person.before, person.stands = "", service
            person.arrives_there = self.now + self.walk(service, HALL)
            self.welcome(person)

    def rank(self, claim: Claim) -> tuple[int, int, int]:
        return -terms(self.policy, self.weights, claim, self.now).score, claim.arrived, claim.order

    # --- people

    def is_away(self, person: Person, length: int) -> Story:
        yield self.env.timeout(length)
        person.stands, person.arrives_there = HALL, self.now
        self.free(person)

    def free(self, person: Person) -> None:
        person.free_since = self.now
        if not person.left:
            self.exits[person.visit.number] = self.now
            return
        ways = prospects(person.left, self.script.after)
        if self.policy in ONE_LINE:
            load = {
                service: (
                    sum(other.left[service] for other in self.sent if other.heading_for == service),
                    self.open_for(service),
                )
                for service in ways
            }
            person.heading_for = line_for(self.policy, list(ways), load)
            self.sent.append(person)
            self.env.process(self.walks_to_line(person))
            return
        if person.stands != HALL:
            person.arrives_there = self.now + self.walk(person.stands, HALL)
        person.claims = [self.claim(person, service, self.now, way) for service, way in ways.items()]
        self.waiting.append(person)
        self.welcome(person)

    def walks_to_line(self, person: Person) -> Story:
        person.arrives_there = self.now + self.walk(person.stands, person.heading_for)
        yield self.env.timeout(person.arrives_there - self.now)
        person.claims = [self.claim(person, person.heading_for, self.now)]
        self.waiting.append(person)
        self.welcome(person)

    def claim(self, person: Person, service: str, since: int, prospect: Any = None) -> Claim:
        visit = person.visit
        claim = Claim(
            visit.number,
            service,
            person.order,
            visit.age_from - visit.head_start,
            visit.age_from,
            since,
            visit.priority,
            visit.head_start,
        )
        return claim._replace(prospect=prospect) if prospect else claim

    def welcome(self, person: Person) -> None:
        for_counter = [
            (self.rank(claim), n, booth.counter.services.index(claim.service), booth, claim.service)
            for n, booth in enumerate(self.booths)
            if booth.idle is not None
            for claim in person.claims
            if claim.service in booth.counter.services
        ]
        if for_counter:
            _, _, _, booth, service = min(for_counter, key=lambda found: found[:3])
            wake, booth.idle = booth.idle, None
            assert wake
            wake.succeed((person, service, self.take(person, service)))
            return
        if self.policy in SEATED:
            room = [
                claim
                for claim in person.claims
                if sum(p.before == claim.service for p in self.waiting)
                < seats(self.open_for(claim.service), self.percents[claim.service])
            ]
            if room:
                best = min(room, key=self.rank)
                self.seat_all([best.service])


def exits(script: Script, policy: Policy, weights: Weights, percents: dict[str, int]) -> dict[str, int]:
    """When each visit was over (ms), told by SimPy. `percents` of a standby seat a counter for each service."""
    office = SimpyOffice(script, policy, weights, percents)
    office.env.run()
    return office.exits

"""A day of an office, played from a script: the decisions are `ltsa/dispatch.py`'s, all else was drawn beforehand.

A `Script` says who comes when and needs what, how long everything would take, who does not come when called, when
counters open and rest. `play` lets the day happen under a policy and says how it went for everybody. Because chance is
all in the script, two policies meet the very same day: what differs is their doing. Instants and durations are integer
milliseconds, so that the same script plays the same on any machine.

How people move:

- Under `fix` and `shortest` a person goes to the one line that the policy names, and stands in it from when they are
  there.
- Under the others they may be called at once, from where they are, while they go back to the hall; a counter that has
  called waits for them as long as they walk.
- Under `all` and `index` the next ones are asked to sit before the counters: as many as `dispatch.seats` says, taken
  from the hall by the policy. Who sits there is called there, and goes back to the hall if no counter for it is open
  any more. A counter calls from its seats, and from the hall when nobody sits there.

Whoever does not come costs the counter a while, is away for a while, and comes back or has left for good. Whoever has
to complete something is away, comes back to the hall, and needs the service a second time; where the task says so they
may be called for something else meanwhile. A rest that is due begins
when the person at the counter is done. Counters stay open after closing until the house is empty.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Any

from msgspec import Struct

from ltsa.dispatch import (
    MINUTE,
    ONE_LINE,
    SEATED,
    Claim,
    Policy,
    Prospect,
    Weights,
    line_for,
    prospects,
    seats,
    slope_and_rank,
)

HALL = "hall"
"""The place where people wait who wait for nothing in particular."""

HALF_HOUR = 30 * MINUTE
"""How much later somebody must have come who overtakes: what a priority's head start is by default."""

SEATS = 50
"""Standby seats for a hundred open counters: half a seat each."""

SEATS_AFAR = 100
"""The same for a service to which the walk from the hall is longer than `FAR` (ms): a whole seat each."""

FAR = MINUTE


class Task(Struct, frozen=True, kw_only=True):
    """What one service is going to be for one visit, in ms at a counter of usual speed.

    `work` the service takes; where `again` is not 0 the person must complete something for `fixing` and needs the
    service once more for `again`. Where `missed` is not 0 the person does not come when first called for it and is away
    for so long, or for good where they have `left`. `coming` is how long they take from the call to the counter when
    they come from elsewhere, -1 for what the distance says, `near` how much longer than usual from a seat or the line
    before it. `meanwhile` says that who completes something may be called
    for other services, as a live day does it.
    """

    work: int
    again: int = 0
    fixing: int = 0
    missed: int = 0
    left: bool = False
    coming: int = -1
    near: int = 0
    meanwhile: bool = False


class Visit(Struct, frozen=True, kw_only=True):
    """Who comes when (ms) and for what, in the printed order; `age_from` is when the age counts from (the arrival, or
    an appointment's slot), `head_start` what the priority makes of the wait where places count (ms), `until` when they
    give up and go if they wait then (ms), 0 for never. `after` is which services come after which on this visit, where
    it is otherwise than in the script.
    """

    number: str
    arrives: int
    age_from: int
    tasks: Mapping[str, Task]
    priority: bool = False
    head_start: int = 0
    until: int = 0
    after: Mapping[str, tuple[str, ...]] = {}


class Counter(Struct, frozen=True, kw_only=True):
    """A counter: from when it is open, how much longer than usual it takes, when it is due to rest and how long each
    time, and how long it needs between two people (ms).
    """

    name: str
    services: tuple[str, ...]
    opens: int
    slowness: float = 1.0
    rests: tuple[tuple[int, int], ...] = ()
    between: int = 0


class Script(Struct, frozen=True, kw_only=True):
    """A day before anybody has decided anything.

    `visits` are in order of arrival, `after` says which services come after which, `minutes` is what is expected of
    each service (the policies know no more), in the printed order. `walks` are ms between two places, a service or the
    hall, 0 where none is named. `answer` is how long a call takes to be heard, `lost` what a counter loses on somebody
    who does not come, `closes` when the house would close (ms). `seats` says how much of a standby seat a service has
    for each open counter, in percent, where it is not as usual.
    """

    visits: tuple[Visit, ...]
    counters: tuple[Counter, ...]
    after: Mapping[str, tuple[str, ...]]
    minutes: Mapping[str, int]
    walks: Mapping[tuple[str, str], int]
    answer: int
    lost: int
    closes: int
    seats: Mapping[str, int] = {}


class Wait(Struct, frozen=True):
    """One wait, from when the person was free (having come, come back, or finished elsewhere) to the counter's call."""

    number: str
    service: str
    priority: bool
    since: int
    called: int


class Played(Struct, frozen=True, kw_only=True):
    """How a day went. `exits` says when each visit was over, without those who left before; `passed` and `overtaken`
    count whom others were called before, see `_Day.count_passed`; `idle` is the avoidable idle time in ms, see
    `_Day.pass_time`.
    """

    exits: Mapping[str, int]
    waits: tuple[Wait, ...]
    passed: int
    overtaken: int
    idle: int


class Cancelled(Exception):
    """Whoever asked for a simulation wants it no more."""


def play(script: Script, policy: Policy, weights: Weights | None = None, percent: int | None = None) -> Played:
    """A day under a policy. `percent` of a standby seat for each open counter, None for what the walks ask for."""
    return _Day(script, policy, weights or Weights(), percents(script, percent)).run()


def percents(script: Script, percent: int | None = None) -> dict[str, int]:
    """How much of a standby seat each service has for an open counter: the same for all, as the script says, or else as
    the walk from the hall asks for.
    """
    if percent is not None:
        return dict.fromkeys(script.minutes, percent)
    usual = {service: SEATS_AFAR if script.walks.get((HALL, service), 0) > FAR else SEATS for service in script.minutes}
    return {**usual, **script.seats}


class _Person:
    """Somebody on the way through the house."""

    __slots__ = (
        *("back", "claims", "completing", "gone", "idle", "order", "place", "seat", "since", "there", "todo"),
        *("untried", "visit"),
    )

    def __init__(self, visit: Visit, order: int, minutes: Mapping[str, int]) -> None:
        self.visit, self.order = visit, order
        self.todo = {service: minutes[service] for service in visit.tasks}
        self.back: set[str] = set()  # services that are needed a second time now
        self.completing: frozenset[str] = frozenset()  # services for which they complete something meanwhile
        self.idle = False  # there, and nothing to be called for until that is completed
        self.untried = {service for service, task in visit.tasks.items() if task.missed}
        self.place, self.there = HALL, 0  # where they come from, and when they are back in the hall
        self.since = visit.arrives
        self.seat, self.gone = "", False
        self.claims: dict[str, tuple[int, int, int]] = {}


class _Lines:
    """Who may be called for what: for each service the claims of both classes, sorted by what never changes."""

    def __init__(self, services: Iterable[str], slopes: tuple[int, int]) -> None:
        self.lines: dict[str, tuple[list[tuple[int, int, int]], ...]] = {service: ([], []) for service in services}
        self.slopes = slopes

    def add(self, service: str, priority: bool, key: tuple[int, int, int]) -> None:  # noqa: FBT001
        insort(self.lines[service][priority], key)

    def remove(self, service: str, priority: bool, key: tuple[int, int, int]) -> None:  # noqa: FBT001
        line = self.lines[service][priority]
        del line[bisect_left(line, key)]

    def first(self, services: Iterable[str], now: int) -> tuple[tuple[int, int, int], str] | None:
        """Whom `dispatch.pick` would call for these services, as (-score, instant, order of arrival), and for which."""
        best, found = None, ""
        for service in services:
            for slope, line in zip(self.slopes, self.lines[service], strict=True):
                if line:
                    rank, arrived, order = line[0]
                    key = (rank - slope * now, arrived, order)
                    if best is None or key < best:
                        best, found = key, service
        return (best, found) if best else None


class _Day:
    """A day under way."""

    def __init__(self, script: Script, policy: Policy, weights: Weights, percents: Mapping[str, int]) -> None:
        self.script, self.policy, self.weights, self.percents = script, policy, weights, percents
        services = list(script.minutes)
        slopes = [slope_and_rank(policy, weights, _claim(priority=kind))[0] for kind in (False, True)]
        self.one_line, self.seated = policy in ONE_LINE, policy in SEATED
        self.hall, self.seats = (_Lines(services, (slopes[0], slopes[1])) for _ in range(2))
        self.taken = dict.fromkeys(services, 0)  # standby seats
        self.open = dict.fromkeys(services, 0)  # counters
        self.sent: dict[str, int] = dict.fromkeys(services, 0)  # minutes of work in each line, or on the way to it
        self.people = [_Person(visit, order, script.minutes) for order, visit in enumerate(script.visits)]
        self.free: list[int] = []  # counters that nobody is at, by their number
        self.due = [list[int]() for _ in script.counters]
        self.at_work = [False] * len(script.counters)
        self.able = dict.fromkeys(services, 0)  # how many people who are free now could do it now
        self.crews = [tuple(counter.services) for counter in script.counters]
        self.known: dict[tuple[Any, ...], dict[str, Prospect]] = {}
        self.now = self.idle = self.passed = self.overtaken = 0
        self.exits: dict[str, int] = {}
        self.waits: list[Wait] = []
        self.future: list[tuple[int, int, Callable[..., None], Any]] = []
        self.tick = count()

    # --- Time ---------------------------------------------------------------------------------------------------------

    def run(self) -> Played:
        """From the first arrival until the house is empty."""
        for number, counter in enumerate(self.script.counters):
            self.at(counter.opens, self.opens, number)
            for begins, length in counter.rests:
                self.at(begins, self.rest_due, (number, length))
        for person in self.people:
            self.at(person.visit.arrives, self.comes, person)
            if person.visit.until:
                self.at(person.visit.until, self.gives_up, person)
        while self.future:
            at, _, what, subject = heappop(self.future)
            self.pass_time(at)
            what(subject)
        return Played(
            exits=self.exits,
            waits=tuple(self.waits),
            passed=self.passed,
            overtaken=self.overtaken,
            idle=self.idle,
        )

    def at(self, at: int, what: Callable[..., None], subject: Any) -> None:
        heappush(self.future, (at, next(self.tick), what, subject))

    def pass_time(self, at: int) -> None:
        """Time goes on. Avoidable idle time: of the open counters that nobody is at, as many as there are people
        who wait, here or for something else, and could be served there. Besides, the walk of those who were called
        from afar, as far as they could have walked while they waited: nobody walks before they are free.
        """
        if self.free and at > self.now:
            idle: dict[tuple[str, ...], int] = {}
            for number in self.free:
                idle[self.crews[number]] = idle.get(self.crews[number], 0) + 1
            able = self.able
            most = sum([min(idle[crew], max([able[service] for service in crew])) for crew in idle])
            self.idle += most * (at - self.now)
        self.now = at

    # --- Counters -----------------------------------------------------------------------------------------------------

    def opens(self, number: int) -> None:
        """A counter opens, or is back from a rest."""
        self.at_work[number] = True
        for service in self.crews[number]:
            self.open[service] += 1
        self.is_free(number)
        for service in self.crews[number]:
            self.fill(service)

    def rest_due(self, subject: tuple[int, int]) -> None:
        number, length = subject
        self.due[number].append(length)
        if number in self.free:
            self.free.remove(number)
            self.is_free(number)

    def is_free(self, number: int) -> None:
        """Nobody is at the counter: it rests if that is due, else it calls."""
        if self.due[number]:
            self.rests(number)
            return
        crew = self.crews[number]
        found = self.seats.first(crew, self.now) or self.hall.first(crew, self.now)
        if found is None:
            insort(self.free, number)
            return
        (_, _, order), service = found
        self.call(number, self.people[order], service)

    def rests(self, number: int) -> None:
        length, self.at_work[number] = self.due[number].pop(0), False
        self.at(self.now + length, self.opens, number)
        for service in self.crews[number]:
            self.open[service] -= 1
            if not self.open[service] and self.taken[service]:
                self.stand_up(service)

    def call(self, number: int, person: _Person, service: str) -> None:
        """The counter calls somebody, who comes or does not."""
        script, counter = self.script, self.script.counters[number]
        seat, task = person.seat, person.visit.tasks[service]
        self.count_passed(person, service)
        self.waits.append(Wait(person.visit.number, service, person.visit.priority, person.since, self.now))
        walk = self.comes_in(person, service)
        self.withdraw(person)
        if service in person.untried:
            person.untried.discard(service)
            self.at(self.now + script.lost + counter.between, self.is_free, number)
            if not task.left:
                self.at(self.now + script.lost + task.missed, self.comes, person)
        else:
            afar = walk - min(walk, script.walks.get((service, service), 0))
            self.idle += min(afar, self.now - person.since)
            begins = self.now + script.answer + walk
            work = task.again if service in person.back else task.work
            self.at(begins + round(work * counter.slowness), self.finish, (number, person, service))
        if seat:
            self.fill(seat)

    def comes_in(self, person: _Person, service: str) -> int:
        """How long the person walks to the counter: from the seat before it, once they are there, or from elsewhere."""
        walks, task = self.script.walks, person.visit.tasks[service]
        near = self.script.walks.get((service, service), 0) + task.near
        if person.seat or self.one_line:
            return max(0, person.there - self.now - self.script.answer) + near
        if task.coming >= 0:
            return task.coming
        return walks.get((person.place if self.now < person.there else HALL, service), 0)

    def finish(self, subject: tuple[int, _Person, str]) -> None:
        number, person, service = subject
        task, now = person.visit.tasks[service], self.now
        person.place = service
        if task.again and service not in person.back:
            person.back.add(service)
            person.todo[service] = -(-person.todo[service] * task.again // max(task.work, 1))
            if task.meanwhile:
                person.completing |= {service}
                self.at(now + task.fixing, self.completes, (person, service))
                self.goes_on(person)
            else:
                self.at(now + task.fixing, self.comes, person)
        else:
            del person.todo[service]
            self.goes_on(person)
        between = self.script.counters[number].between
        if between:
            self.at(now + between, self.is_free, number)
        else:
            self.is_free(number)

    # --- People -------------------------------------------------------------------------------------------------------

    def comes(self, person: _Person) -> None:
        """Somebody is in the hall, for the first time or again, and has with them what they had to complete."""
        person.place, person.there, person.completing = HALL, self.now, frozenset()
        self.goes_on(person)

    def completes(self, subject: tuple[_Person, str]) -> None:
        """Somebody has completed something, and waits for all services again; who is called just then or at a counter
        will afterwards.
        """
        person, service = subject
        if service not in person.completing:
            return
        if person.idle:
            self.comes(person)
        elif person.claims:
            seat, since = person.seat, person.since
            self.withdraw(person)
            person.completing = frozenset()
            self.goes_on(person, since)
            if seat:
                self.fill(seat)
        else:
            person.completing = frozenset()

    def gives_up(self, person: _Person) -> None:
        """Somebody who has had enough goes, unless they are at a counter just then."""
        if person.claims:
            seat = person.seat
            self.withdraw(person)
            if seat:
                self.fill(seat)
        person.gone = True

    def goes_on(self, person: _Person, since: int | None = None) -> None:
        """Somebody is free for the next step (and has been `since`), or goes home."""
        now = self.now
        if person.gone:
            return
        person.since = now if since is None else since
        if not person.todo:
            self.exits[person.visit.number] = now
            return
        walks, possible = self.script.walks, self.prospects(person)
        person.idle = not possible
        if person.idle:
            return
        for service in possible:
            self.able[service] += 1
        if self.one_line:
            load = {service: (self.sent[service], self.open[service]) for service in possible}
            service = line_for(self.policy, list(possible), load)
            self.sent[service] += person.todo[service]
            self.able[service] -= 1
            person.there = now + walks.get((person.place, service), 0)
            self.at(person.there, self.stands_in_line, (person, service))
            return
        if person.place != HALL:
            person.there = now + walks.get((person.place, HALL), 0)
        self.waits_in_hall(person, possible)
        self.is_welcome(person)

    def prospects(self, person: _Person) -> dict[str, Prospect]:
        """What may be done now, and what it would leave; the same for all who have the same to do."""
        own = person.visit.after
        key = tuple(person.todo.items()), person.completing, tuple(own.items())
        if key not in self.known:
            after, stuck = {**self.script.after, **own}, set(person.completing)
            while stuck and (
                more := {s for s in person.todo if s not in stuck and not stuck.isdisjoint(after.get(s, ()))}
            ):
                stuck |= more
            todo = {service: minutes for service, minutes in person.todo.items() if service not in stuck}
            self.known[key] = prospects(todo, after)
        return self.known[key]

    def stands_in_line(self, subject: tuple[_Person, str]) -> None:
        person, service = subject
        self.able[service] += 1
        self.claim(person, service, Prospect(), self.now)
        if person.gone:
            self.withdraw(person)
            return
        self.is_welcome(person)

    def waits_in_hall(self, person: _Person, possible: Mapping[str, Prospect]) -> None:
        for service, prospect in possible.items():
            self.claim(person, service, prospect, person.since)

    def claim(self, person: _Person, service: str, prospect: Prospect, since: int) -> None:
        visit = person.visit
        claim = Claim(
            number=visit.number,
            service=service,
            order=person.order,
            place=visit.age_from - visit.head_start,
            arrived=visit.age_from,
            since=since,
            priority=visit.priority,
            head_start=visit.head_start,
            prospect=prospect,
        )
        key = (-slope_and_rank(self.policy, self.weights, claim)[1], visit.age_from, person.order)
        person.claims[service] = key
        self.hall.add(service, visit.priority, key)

    def is_welcome(self, person: _Person) -> None:
        """Somebody has come to wait: a counter that nobody is at calls them, or a seat is free for them."""
        able = [number for number in self.free if not person.claims.keys().isdisjoint(self.crews[number])]
        if able:
            number, service = min(
                ((number, service) for number in able for service in self.crews[number] if service in person.claims),
                key=lambda pair: person.claims[pair[1]],
            )
            self.free.remove(number)
            self.call(number, person, service)
        elif self.seated:
            room = [service for service in person.claims if self.has_room(service)]
            if room:
                self.fill(min(room, key=person.claims.__getitem__))

    def withdraw(self, person: _Person) -> None:
        """Somebody waits no more."""
        lines = self.seats if person.seat else self.hall
        for service in [person.seat] if person.seat else person.claims:
            lines.remove(service, person.visit.priority, person.claims[service])
        if person.seat:
            self.taken[person.seat] -= 1
        if self.one_line:
            for service in person.claims:
                self.sent[service] -= person.todo[service]
        for service in self.prospects(person):
            self.able[service] -= 1
        person.seat, person.claims = "", {}

    # --- Seats --------------------------------------------------------------------------------------------------------

    def has_room(self, service: str) -> bool:
        return self.taken[service] < seats(self.open[service], self.percents[service])

    def fill(self, service: str) -> None:
        """The next ones are asked to sit before the counters of a service."""
        if not self.seated:
            return
        while self.has_room(service) and (found := self.hall.first((service,), self.now)):
            person = self.people[found[0][2]]
            for each, key in person.claims.items():
                self.hall.remove(each, person.visit.priority, key)
            person.seat = service
            self.seats.add(service, person.visit.priority, person.claims[service])
            self.taken[service] += 1
            walk = self.script.walks.get((person.place if self.now < person.there else HALL, service), 0)
            person.there = self.now + walk

    def stand_up(self, service: str) -> None:
        """No counter for it is open any more: who sits before them waits in the hall again."""
        for line in self.seats.lines[service]:
            for _, _, order in list(line):
                person = self.people[order]
                self.seats.remove(service, person.visit.priority, person.claims[service])
                self.taken[service] -= 1
                person.seat, person.place = "", service
                person.there = self.now + self.script.walks.get((service, HALL), 0)
                for each, key in person.claims.items():
                    self.hall.add(each, person.visit.priority, key)
                self.is_welcome(person)

    # --- Figures ------------------------------------------------------------------------------------------------------

    def count_passed(self, person: _Person, service: str) -> None:
        """Counts whom a call passes over: people of the same class who wait for the same step (in its line, in the
        hall, or on its seats) at that moment, and came to the building earlier. They are overtaken where even this
        wait of theirs is the longer one and the other came more than half an hour after them.
        """
        people, order, since = self.people, person.order, person.since
        soon = person.visit.arrives - HALF_HOUR
        for lines in (self.hall, self.seats):
            for _, _, other in lines.lines[service][person.visit.priority]:
                if other < order:
                    self.passed += 1
                    older = people[other]
                    self.overtaken += older.visit.arrives < soon and older.since < since


def _claim(*, priority: bool) -> Claim:
    return Claim("", "", 0, 0, 0, 0, priority)

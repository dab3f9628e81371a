"""How long people will wait: many futures of the office, played from its present state. Pure, from a seeded stream.

`Office now -> Scene -> futures`. A scene is a copy of what matters of a day, so that it can be computed elsewhere while
the day goes on. In each future services take as long as they take here (`paces.py`), and the policy in force decides
who is called. Within one class of priority the order by rank never changes while people wait
(`dispatch.slope_and_rank`), so two heaps a service suffice. Newcomers are played too where they could go before
somebody who waits. A future ends when everybody has been called who waits now.

A visitor who takes a number now is in every future as a shadow at the end of each line: called when a counter would
have taken them, without taking anybody's turn. Instants are ms UTC, durations ms.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from heapq import heapify, heappop, heappush
from math import exp
from random import Random
from statistics import NormalDist
from typing import Any, NamedTuple

from msgspec import Struct

from ltsa.calling import ahead
from ltsa.day import CounterNow, Day, Ticket, order_of, outstanding
from ltsa.dispatch import ONE_LINE, SEATED, Claim, Policy, Prospect, Weights, line_for, prospects, seats, slope_and_rank
from ltsa.hours import numbers_on, rests_on
from ltsa.paces import Habit, Paces, Rest, Spent

FUTURES = 100
HORIZON = 130 * 60_000
"""Who is not called within this in a future counts as called then."""

NEWCOMERS = 30 * 60_000
"""As many people come as have come within this."""

_SHARES = 512
_NORMAL = [NormalDist().inv_cdf((n + 0.5) / _SHARES) for n in range(_SHARES)]

_DOOR = -2  # instead of the counter, where somebody comes
_COMPLETES = -2  # instead of the service that somebody has done, where they have what they were sent for
_SOON = 60_000  # after which somebody who was at a counter then says that they are back
_AWAY = 1000  # the same, where they have to come back
_LACKS = 2000  # added to the service, where they were sent for something and go on with the others meanwhile

Line = tuple[int, int, int, int, int]
"""Where a person stands in a line: (heap, rank, what a ms of arrival and of this wait add to it, service)."""


class Person(NamedTuple):
    """Somebody inside. `todo` and `blocked` are sets of services as bits: those still to be done, and those that are
    not but let nothing come after them. `since` is when the state began, `queued` when the wait, `waits` the lines they
    stand in, `seat` the service on whose standby seat they sit; `at` that for which they are called or served, else -1.
    `after` is what must come before each service where a case has an order of its own, as bits; else empty. `owing` are
    those of `blocked` for which they have to complete something while they go on with the others, `sent` since when.
    """

    number: str
    order: int
    arrived: int
    place: int
    since: int
    queued: int
    head_start: int
    priority: bool
    state: str
    todo: int
    blocked: int
    waits: int = 0
    seat: int = -1
    at: int = -1
    after: tuple[int, ...] = ()
    owing: int = 0
    sent: int = 0


class Seat(NamedTuple):
    """A counter that works today: its services, whether it is "open", "paused" or not yet open ("closed") and since
    when, who is there, how many pauses it has begun, and on recent days when it opened and paused (ms UTC, as if it
    had been today).
    """

    counter: str
    services: tuple[int, ...]
    state: str
    since: int
    person: int = -1
    rested: int = 0
    habits: tuple[Habit, ...] = ()


class Scene(Struct, frozen=True, kw_only=True):
    """What matters of a day at an instant. `services` in the office's order, `standby` how many percent of a seat
    each of their open counters has, `minutes` their standard times, `after`
    what must come before each, as bits; `rests` are the office's breaks from now on, `head_start` a usual priority's,
    `numbers_until` when it gives the last number; `arrivals` are the latest tickets' (services, priority), `rate` how
    many come in a ms.
    """

    at: int
    version: int
    policy: Policy
    weights: Weights
    standby: tuple[int, ...]
    services: tuple[str, ...]
    minutes: tuple[int, ...]
    after: tuple[int, ...]
    people: tuple[Person, ...]
    seats: tuple[Seat, ...]
    rests: tuple[tuple[int, int], ...]
    head_start: int
    numbers_until: int
    arrivals: tuple[tuple[int, bool], ...]
    rate: float
    paces: Paces

    def people_by_number(self) -> dict[str, tuple[int, bool]]:
        """When each person's state began, and whether they are of the priority class."""
        return {person.number: (person.since, person.priority) for person in self.people}


class Waits(Struct, frozen=True):
    """When somebody was called in each future: ms from the scene's instant, shortest first. `service` is that which
    they were called for most often, `share` in how many of a hundred futures.
    """

    times: tuple[int, ...]
    service: str
    share: int = 100

    def quantile(self, percent: int) -> int:
        """The time that so many per cent of the futures do not exceed (nearest rank)."""
        return self.times[max(-(-percent * len(self.times) // 100) - 1, 0)]


class Forecast(Struct, frozen=True, kw_only=True):
    """The waits of those who wait at an instant, by number; and of who would take a number now, by service and whether
    with priority. Who has no open counter has none.
    """

    at: int
    version: int
    people: dict[str, Waits]
    newcomers: dict[tuple[str, bool], Waits]


def scene(
    day: Day,
    at: int,
    today: Spent,
    paces: Paces,
) -> Scene:
    """What matters of a day at an instant, with what the day has shown so far and the paces learned from it."""
    office = day.rules_of
    services = tuple(office.service)
    bit = {service: 1 << n for n, service in enumerate(services)}
    inside = [visit for visit in day.tickets.values() if visit.state not in {"done", "cancelled", "closed", "held"}]
    index = {visit.number: n for n, visit in enumerate(inside)}
    tickets = list(day.tickets.values())
    latest = tickets[-60:]
    came = sum(visit.arrived > at - NEWCOMERS for visit in latest)
    on = date.fromisoformat(day.date)
    rules = office.rules.dispatch
    numbers, heads = numbers_on(office, on), [one.head_start for one in office.rules.priorities]
    seats = [_seat(counter, now, day, today, paces.habits[counter]) for counter, now in day.counters.items()]
    return Scene(
        at=at,
        version=day.version,
        policy=rules.policy,
        weights=rules.weights,
        standby=tuple(rules.percent(service) if rules.policy in SEATED else 0 for service in services),
        services=services,
        minutes=tuple(service.minutes for service in office.services),
        after=tuple(sum(bit[earlier] for earlier in service.after) for service in office.services),
        people=tuple(_person(visit, bit, order_of(day, visit)) for visit in inside),
        seats=tuple(
            seat._replace(services=tuple(services.index(service) for service in of), person=index.get(ticket, -1))
            for seat, of, ticket in seats
            if seat.state != "closed" or _is_awaited(seat, at)
        ),
        rests=tuple(rest for rest in rests_on(office, on) if rest[1] > at),
        head_start=sum(heads) * 60_000 // len(heads) if heads else 0,
        numbers_until=numbers[1] if day.open and numbers else at,
        arrivals=tuple((sum(bit[service] for service in visit.steps), bool(visit.priority)) for visit in latest),
        rate=came / NEWCOMERS,
        paces=paces,
    )


def _person(visit: Ticket, bit: Mapping[str, int], after: Mapping[str, tuple[str, ...]]) -> Person:
    away = visit.state in {"absent", "returned"}
    todo = [
        step.service
        for step in visit.steps.values()
        if step.state in {"todo", "called", "serving"} or (away and step.state == "returned")
    ]
    blocked = [service for service in visit.steps if service not in todo and outstanding(visit, service)]
    owing = [] if away else [step for step in visit.steps.values() if step.state == "returned"]
    return Person(
        number=visit.number,
        order=visit.order,
        arrived=visit.place + visit.head_start,
        place=visit.place,
        since=visit.since,
        queued=visit.queued,
        head_start=visit.head_start,
        priority=bool(visit.priority),
        state=visit.state,
        todo=sum(bit[service] for service in todo),
        blocked=sum(bit[service] for service in blocked),
        waits=sum(bit[service] for service in visit.waits),
        seat=bit[visit.directed].bit_length() - 1 if visit.seat and visit.state == "waiting" else -1,
        at=bit[visit.service].bit_length() - 1 if visit.state in {"called", "serving"} else -1,
        after=tuple(sum(bit[one] for one in after.get(service, ())) for service in bit) if visit.after else (),
        owing=sum(bit[step.service] for step in owing),
        sent=max((step.since for step in owing), default=0),
    )


LATE = 30 * 60_000
"""A counter that is not open this long after the latest opening of recent days does not open today."""


def _seat(
    counter: str, now: CounterNow, day: Day, today: Spent, habits: tuple[Habit, ...]
) -> tuple[Seat, tuple[str, ...], str]:
    """A counter, the services that it takes or will take, and the number that is there."""
    begins = today.midnight
    moved = tuple(
        Habit(habit.opened + begins, tuple(Rest(rest.began + begins, rest.lasted) for rest in habit.rests))
        for habit in habits
    )
    rested = len(today.rests.get(counter, ())) + (now.state == "paused")
    is_over = now.state == "closed" and counter in today.opened
    seat = Seat(counter, (), now.state, now.since, rested=rested, habits=() if is_over else moved)
    return seat, now.services or day.rules_of.counter[counter].services, now.ticket


def _is_awaited(seat: Seat, at: int) -> bool:
    """Whether a counter that has not been open today still opens, by its habits."""
    return bool(seat.habits) and at < max(habit.opened for habit in seat.habits) + LATE


class _Lines:
    """Which lines somebody stands in, with what rank; remembered, as futures repeat themselves."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.known: dict[tuple[int, int, int], list[Line]] = {}
        self._prospects: dict[tuple[int, int, tuple[int, ...]], dict[int, Prospect]] = {}
        first, second = (
            slope_and_rank(scene.policy, scene.weights, Claim("", "", 0, 0, 0, 0, priority))[0]
            for priority in (False, True)
        )
        self.classes = 1 if first == second else 2
        self.slopes = (first, second)[: self.classes]

    def of(self, who: int, person: Person, todo: int, blocked: int, *, anew: bool = False) -> list[Line]:
        """The lines of a person with these steps to do. `anew` for newcomers, whose arrival differs each time."""
        key = (who, todo, blocked)
        if (known := self.known.get(key)) is None:
            known = [
                self._line(person, service, prospect, anew=anew)
                for service, prospect in self.possible(todo, blocked, person.after).items()
            ]
            self.known[key] = known
        return known

    def _line(self, person: Person, service: int, prospect: Prospect, *, anew: bool) -> Line:
        def rank(arrived: int, since: int) -> int:
            claim = Claim(
                person.number,
                "",
                person.order,
                arrived - person.head_start if anew else person.place,
                arrived,
                since,
                person.priority,
                person.head_start,
                prospect,
            )
            return slope_and_rank(self._scene.policy, self._scene.weights, claim)[1]

        came = 0 if anew else person.arrived
        base = rank(came, 0)
        heap = service * self.classes + (person.priority and self.classes - 1)
        return heap, base, rank(came + 1, 0) - base if anew else 0, rank(came, 1) - base, service

    def possible(self, todo: int, blocked: int, own: tuple[int, ...] = ()) -> dict[int, Prospect]:
        """The services that may be done now, in the office's order or their own, and what each would leave."""
        key = (todo, blocked, own)
        if (known := self._prospects.get(key)) is None:
            stuck, order = blocked, own or self._scene.after
            for _ in self._scene.services:
                stuck |= sum(1 << n for n, before in enumerate(order) if todo >> n & 1 and before & stuck)
            names = [n for n in range(len(self._scene.services)) if (todo & ~stuck) >> n & 1]
            minutes = {str(n): self._scene.minutes[n] for n in names}
            after = {str(n): [str(b) for b in names if order[n] >> b & 1] for n in names}
            free = [n for n in names if not order[n] & (todo | blocked)]
            known = {n: prospect for n, prospect in _prospects(minutes, after).items() if n in free}
            self._prospects[key] = known
        return known


def _prospects(minutes: Mapping[str, int], after: Mapping[str, Sequence[str]]) -> dict[int, Prospect]:
    return {int(step): prospect for step, prospect in prospects(minutes, after).items()}


def _quiet() -> None:
    """Nothing happens between two futures."""


def forecast(scene: Scene, seed: int, futures: int = FUTURES, between: Callable[[], Any] = _quiet) -> Forecast:
    """The waits of everybody in a scene. The same scene and seed give the same waits.

    `between` is called before each future: to let others have their turn, or, by raising, to end it all.
    """
    return _Player(scene, seed).play(futures, between)


class _Player:
    """Plays the futures of one scene."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.random = scene, Random(seed)  # noqa: S311 - no secret
        self.lines = _Lines(scene)
        paces = scene.paces
        known = [paces.services[service] for service in scene.services]
        self.known = known
        self.pool = [[exp(pace.mean + pace.spread * z) for z in _NORMAL] for pace in known]
        self.speeds = [paces.counters[seat.counter] for seat in scene.seats]
        self.counters_of = [
            [c for c, seat in enumerate(scene.seats) if service in seat.services]
            for service in range(len(scene.services))
        ]
        self.sitting: list[list[tuple[int, int, int, int]]] = [[] for _ in scene.services]
        self.seats_of = [
            [seats(at_work, standby) for at_work in range(len(there) + 1)]
            for there, standby in zip(self.counters_of, scene.standby, strict=True)
        ]
        self.heaps = self._heaps()
        self.waiting = [n for n, person in enumerate(scene.people) if self._can_be_called(n, person)]
        self.shadows = self._shadows()
        self.kinds = self._kinds()

    def _can_be_called(self, who: int, person: Person) -> bool:
        return person.state == "waiting" and any(
            self.counters_of[line[4]]
            for line in self.lines.of(who, person, person.todo, person.blocked)
            if person.waits >> line[4] & 1
        )

    def _heaps(self) -> list[list[tuple[int, int, int, int]]]:
        heaps: list[list[tuple[int, int, int, int]]] = [
            [] for _ in range(len(self.scene.services) * self.lines.classes)
        ]
        for who, person in enumerate(self.scene.people):
            if person.state == "waiting":
                for heap, rank, _, by_wait, service in self.lines.of(who, person, person.todo, person.blocked):
                    behind = -(rank + by_wait * person.queued)
                    if person.seat == service:
                        slope = self.lines.slopes[heap % self.lines.classes]
                        self.sitting[service].append((behind, slope, person.arrived, who))
                    elif person.seat < 0 and person.waits >> service & 1:
                        heaps[heap].append((behind, person.arrived, who, 0))
        for each in heaps:
            heapify(each)
        return heaps

    def _shadows(self) -> list[tuple[int, bool, int, int]]:
        """Who would take a number now: (service, priority, slope, rank)."""
        scene, shadows = self.scene, []
        for service in range(len(scene.services)):
            if not self.counters_of[service]:
                continue
            for priority in (False, True):
                ahead_by = scene.head_start if priority else 0
                place, usual = scene.at - ahead_by, self._usual_prospect(service)
                claim = Claim("", "", 0, place, scene.at, scene.at, priority, ahead_by, usual)
                shadows.append((service, priority, *slope_and_rank(scene.policy, scene.weights, claim)))
        return shadows

    def _usual_prospect(self, service: int) -> Prospect:
        """What a visit that begins with a service leaves on average, by the latest tickets."""
        found = [
            prospect
            for services, _ in self.scene.arrivals
            if (prospect := self.lines.possible(services, 0).get(service))
        ]
        count = len(found)
        return Prospect(*(sum(terms) // count for terms in zip(*found, strict=True))) if count else Prospect()

    def _kinds(self) -> list[Person]:
        """The newcomers that could go before somebody who waits."""
        scene = self.scene
        all_of = scene.policy == "index"
        return [
            Person("", 0, 0, 0, 0, 0, scene.head_start if priority else 0, priority, "waiting", services, 0)
            for services, priority in scene.arrivals
            if priority or all_of
        ]

    def play(self, futures: int, between: Callable[[], Any]) -> Forecast:
        """Plays the futures and sums them up."""
        scene = self.scene
        people: list[list[int]] = [[] for _ in scene.people]
        called_for = [dict[int, int]() for _ in scene.people]
        shadows: list[list[int]] = [[] for _ in self.shadows]
        for _ in range(futures):
            between()
            self._future(people, called_for, shadows)
        waits = {}
        for who in self.waiting:
            person = scene.people[who]
            first = next(service for service in range(len(scene.services)) if person.waits >> service & 1)
            often = called_for[who] or {first: 0}
            service = max(often, key=lambda each: (often[each], -each))
            times = tuple(sorted(people[who]))
            waits[person.number] = Waits(times, scene.services[service], 100 * often[service] // futures)
        newcomers = {
            (scene.services[service], priority): Waits(tuple(sorted(times)), scene.services[service])
            for (service, priority, *_), times in zip(self.shadows, shadows, strict=True)
        }
        return Forecast(at=scene.at, version=scene.version, people=waits, newcomers=newcomers)

    def _future(  # noqa: C901, PLR0912, PLR0915 - the loop that must be fast
        self, people: list[list[int]], called_for: list[dict[int, int]], shadow_times: list[list[int]]
    ) -> None:
        scene, lines, pool, counters_of = self.scene, self.lines, self.pool, self.counters_of
        paces, rnd, begins = scene.paces, self.random.random, scene.at
        gauss, expovariate = self.random.gauss, self.random.expovariate
        latency, gap, misses = paces.latency, paces.gap, paces.misses
        goes_away = misses + paces.returns
        known = lines.known
        slopes, classes, standby, seats_of = lines.slopes, lines.classes, scene.standby, self.seats_of
        one_line, is_seated = scene.policy in ONE_LINE, scene.policy in SEATED
        service_factor = [exp(pace.sure * gauss()) for pace in self.known]
        speed = [exp(each.mean + each.sure * gauss()) for each in self.speeds]
        takes = [seat.services for seat in scene.seats]
        heaps = [heap.copy() for heap in self.heaps]
        sitting = [each.copy() for each in self.sitting]
        persons, count = scene.people, len(scene.people)
        kind_of = list(range(count))
        todo = [person.todo for person in persons]
        owing = [person.owing for person in persons]
        stuck = [person.blocked & ~person.owing for person in persons]
        occupied = [False] * count
        arrived = [person.arrived for person in persons]
        began = [person.queued for person in persons]
        turn = [0] * count
        uncalled = [False] * count
        for who in self.waiting:
            uncalled[who] = True
        left = len(self.waiting) + len(self.shadows)
        shadows: list[list[tuple[int, int, int]]] = [[] for _ in scene.services]
        for n, (service, _, slope, rank) in enumerate(self.shadows):
            shadows[service].append((n, slope, rank))
        idle = [False] * len(takes)
        resting = [seat.state != "open" for seat in scene.seats]
        at_work = [sum(not resting[c] for c in counters_of[service]) for service in range(len(scene.services))]
        in_line = [len(heaps[service * classes]) for service in range(len(scene.services))] if one_line else []
        line_of = {who: persons[who].waits.bit_length() - 1 for who in self.waiting} if one_line else {}
        events: list[tuple[int, int, int, int]] = []  # when, counter, person, service done; -1 for none

        def wake(service: int, at: int) -> None:
            for other in counters_of[service]:
                if idle[other]:
                    idle[other] = False
                    heappush(events, (at + gap, other, -1, -1))

        def fill(service: int, at: int) -> None:
            """The free seats before a service's counters are taken by those in the hall who come first."""
            seats_there, taken = seats_of[service][at_work[service]], sitting[service]
            while len(taken) < seats_there:
                first: tuple[int, int, int, int] | None = None
                for k, slope in enumerate(slopes, service * classes):
                    heap_of = heaps[k]
                    while heap_of:
                        top = heap_of[0]
                        if turn[top[2]] == top[3]:
                            if first is None or (top[0] - slope * at, top[1], top[2]) < first[:3]:
                                first = (top[0] - slope * at, top[1], top[2], k)
                            break
                        heappop(heap_of)
                if first is None:
                    return
                behind, came, who, _ = heappop(heaps[first[3]])
                turn[who] += 1
                taken.append((behind, slopes[first[3] % classes], came, who))
                wake(service, at)

        def join(who: int, at: int) -> None:
            """Somebody stands in the lines of all that they may do now, or in the one that they are sent to."""
            kind, own, came, lacks = kind_of[who], turn[who], arrived[who], stuck[who] | owing[who]
            if (found := known.get((kind, todo[who], lacks))) is None:
                person = persons[kind] if kind >= 0 else self.kinds[~kind]
                found = lines.of(kind, person, todo[who], lacks, anew=kind < 0)
            if one_line and len(found) > 1:
                found = [self._line_told(found, at_work, in_line)]
            for heap, rank, by_arrival, by_wait, service in found:
                heappush(heaps[heap], (-(rank + by_arrival * came + by_wait * began[who]), came, who, own))
                if one_line:
                    in_line[service] += 1
                    line_of[who] = service
                if not is_seated:
                    wake(service, at)
            if is_seated:
                for *_, service in found:
                    if len(sitting[service]) < seats_of[service][at_work[service]]:
                        fill(service, at)
                    elif not standby[service]:
                        wake(service, at)

        def leave(who: int, at: int) -> None:
            """Somebody stands and sits nowhere any more."""
            turn[who] += 1
            if who in line_of:
                in_line[line_of.pop(who)] -= 1
            for service, taken in enumerate(sitting):
                for n, (*_, other) in enumerate(taken):
                    if other == who:
                        del taken[n]
                        fill(service, at)
                        return

        rests: list[list[Rest]] = []
        for counter, seat in enumerate(scene.seats):
            habit = self._habit(seat)
            rests.append(list(habit.rests[seat.rested :][::-1]) if habit else [])
            if seat.person >= 0:
                person, occupied[seat.person] = persons[seat.person], True
                lasts = self._rest_of(person, service_factor[person.at] * speed[counter])
                events.append((begins + int(lasts) + gap, counter, seat.person, person.at))
            elif seat.state == "paused":
                events.append((self._back_at(seat, habit), counter, -1, -1))
            elif seat.state == "closed":
                events.append((max(habit.opened if habit else begins, begins), counter, -1, -1))
            else:
                events.append((begins + gap // 2, counter, -1, -1))
        for who, person in enumerate(persons):
            if person.owing or person.state in {"absent", "returned"}:
                likely = paces.comes * exp(-(begins - (person.sent or person.since)) / paces.back)
                if rnd() * (likely + 1 - paces.comes) < likely:
                    back = _COMPLETES if person.owing else -1
                    events.append((begins + int(expovariate(1 / paces.back)), -1, who, back))
        rate = scene.rate * len(self.kinds) / len(scene.arrivals) if self.kinds else 0.0
        if rate:
            events.append((begins + int(expovariate(rate)), _DOOR, -1, -1))
        heapify(events)

        while events and left:
            at, counter, who, done = heappop(events)
            if at - begins > HORIZON:
                break
            if counter == _DOOR:  # somebody comes
                if at < scene.numbers_until:
                    kind = int(rnd() * len(self.kinds))
                    who = len(kind_of)
                    kind_of.append(~kind)
                    todo.append(self.kinds[kind].todo)
                    owing.append(0)
                    stuck.append(0)
                    occupied.append(False)
                    arrived.append(at)
                    began.append(at)
                    turn.append(0)
                    uncalled.append(False)
                    heappush(events, (at + int(expovariate(rate)), _DOOR, -1, -1))
            elif done >= 0:
                occupied[who] = False
                if done == _AWAY:  # not there: back after a while
                    if rnd() < paces.comes:
                        heappush(events, (at + int(expovariate(1 / paces.back)), -1, who, -1))
                    who = -1
                elif done >= _LACKS:  # goes on with the other services, and has what is missing after a while
                    todo[who] &= ~(1 << done - _LACKS)
                    owing[who] |= 1 << done - _LACKS
                    if rnd() < paces.comes:
                        heappush(events, (at + int(expovariate(1 / paces.back)), -1, who, _COMPLETES))
                else:
                    todo[who] &= ~(1 << done)
            elif who >= 0 and occupied[who]:  # called for something else meanwhile
                heappush(events, (at + _SOON, counter, who, done))
                continue
            elif counter == -1:
                leave(who, at)
                if done == _COMPLETES:
                    todo[who] |= owing[who]
                    owing[who] = 0
            if who >= 0:
                began[who] = at
                join(who, at)
            if counter < 0:
                continue
            if rests[counter] and at >= rests[counter][-1].began:
                heappush(events, (at + rests[counter].pop().lasted, counter, -1, -1))
                if not resting[counter]:
                    resting[counter] = True
                    for service in takes[counter]:
                        at_work[service] -= 1
                        released = sitting[service]
                        while len(released) > seats_of[service][at_work[service]]:
                            join(released.pop()[3], at)
                continue
            if scene.rests and (rest := next((ends for starts, ends in scene.rests if starts <= at < ends), 0)):
                heappush(events, (rest, counter, -1, -1))
                continue
            if resting[counter]:
                resting[counter] = False
                for service in takes[counter]:
                    at_work[service] += 1
                    if is_seated:
                        fill(service, at)

            best: tuple[int, int, int, int] | None = None
            chosen = -1
            sat = -1
            if is_seated:
                for service in takes[counter]:
                    for n, (behind, slope, came, who) in enumerate(sitting[service]):
                        score = (behind - slope * at, came, who, n)
                        if best is None or score < best:
                            best, chosen, sat = score, service, n
            if best is None:
                for service in takes[counter]:
                    for k, slope in enumerate(slopes, service * classes):
                        heap_of = heaps[k]
                        while heap_of:
                            top = heap_of[0]
                            if turn[top[2]] == top[3]:
                                score = (top[0] - slope * at, top[1], top[2], k)
                                if best is None or score < best:
                                    best, chosen = score, service
                                break
                            heappop(heap_of)
            for service in takes[counter]:
                if shadows[service]:
                    still = []
                    for shadow in shadows[service]:
                        if best is None or -(shadow[1] * at + shadow[2]) < best[0]:
                            shadow_times[shadow[0]].append(at - begins)
                            left -= 1
                        else:
                            still.append(shadow)
                    shadows[service] = still
            if best is None:
                idle[counter] = True
                continue
            who = best[2]
            turn[who] += 1
            occupied[who] = True
            if one_line:
                in_line[line_of.pop(who, chosen)] -= 1
            if sat >= 0:
                del sitting[chosen][sat]
                fill(chosen, at)
            if who < count and uncalled[who]:
                uncalled[who] = False
                left -= 1
                people[who].append(at - begins)
                times = called_for[who]
                times[chosen] = times.get(chosen, 0) + 1
            if (luck := rnd()) < misses:
                heappush(events, (at + paces.missing + gap, counter, who, _AWAY))
                continue
            lasts = pool[chosen][int(rnd() * _SHARES)] * service_factor[chosen] * speed[counter]
            ends = _LACKS + chosen if luck < goes_away else chosen
            heappush(events, (at + latency + int(lasts) + gap, counter, who, ends))

        for who in self.waiting:
            if uncalled[who]:
                people[who].append(HORIZON)
        for each in shadows:
            for n, *_ in each:
                shadow_times[n].append(HORIZON)

    def _line_told(self, found: Sequence[Line], at_work: Sequence[int], in_line: Sequence[int]) -> Line:
        """The one line that somebody is sent to."""
        by_name = {str(line[4]): line for line in found}
        worked = [name for name in by_name if at_work[int(name)]]
        load = {name: (self.scene.minutes[int(name)] * in_line[int(name)], at_work[int(name)]) for name in by_name}
        return by_name[line_for(self.scene.policy, worked or list(by_name), load)]

    def _habit(self, seat: Seat) -> Habit | None:
        """What a counter does for the rest of today: as on a recent day on which it did as much until now."""
        at, count = self.scene.at, seat.rested
        likely = [
            habit
            for habit in seat.habits
            if (seat.state != "closed" or habit.opened > at)
            and (len(habit.rests) <= count or habit.rests[count].began > at)
        ]
        return self.random.choice(likely or seat.habits) if seat.habits else None

    def _back_at(self, seat: Seat, habit: Habit | None) -> int:
        """When a counter's pause ends."""
        usual = habit.rests[seat.rested - 1].lasted if habit and len(habit.rests) >= seat.rested else 0
        if seat.since + usual > self.scene.at:
            return seat.since + usual
        return self.scene.at + int(self.random.expovariate(1 / self.scene.paces.pause))

    def _rest_of(self, person: Person, factor: float) -> float:
        """How much longer somebody at a counter will be there, given for how long they have been."""
        elapsed = self.scene.at - person.since
        pool = self.pool[person.at]
        if person.state == "called":
            return pool[int(self.random.random() * _SHARES)] * factor + max(self.scene.paces.latency - elapsed, 0)
        first = bisect_right(pool, elapsed / factor)
        if first < _SHARES:
            return pool[first + int(self.random.random() * (_SHARES - first))] * factor - elapsed
        return elapsed * self.random.expovariate(4)


def queue_length(day: Day, paces: Paces) -> dict[str, int]:
    """The wait for each service that has an open counter, as halls used to reckon it: people waiting, times the time of
    one, divided by the open counters (ms).
    """
    waits = {}
    for service, line in day.queues.items():
        counters = sum(now.state == "open" and service in now.services for now in day.counters.values())
        if counters:
            waits[service] = int(len(line) * paces.services[service].usual / counters)
    return waits


def queue_length_of(day: Day, ticket: Ticket, paces: Paces) -> tuple[int, str] | None:
    """The same for somebody who waits: the shortest of their lines, counting those before them, and which it is."""
    waits = []
    for n, service in enumerate(ticket.waits):
        counters = sum(now.state == "open" and service in now.services for now in day.counters.values())
        if counters:
            waits.append(
                (int(ahead(day, ticket.number, service) * paces.services[service].usual / counters), n, service)
            )
    return (min(waits)[0], min(waits)[2]) if waits else None

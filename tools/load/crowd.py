"""The crowd: everybody of all offices comes, lives through the day, and stops; and what was seen of each call."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import Any

from msgspec import Struct

from tools.load.browser import LostError, Site
from tools.load.day import Comer
from tools.load.made import Made, MadeOffice
from tools.load.meter import Meter
from tools.load.officer import Officer
from tools.load.screens import Screen, settles, shows_the_wall, signs_in
from tools.load.visitor import Kiosk
from tools.load.world import Record, Shown, World

SETTLES_WITHIN = 30.0
"""Seconds after the last press in which every display must show the present board."""


class Plan(Struct, frozen=True, kw_only=True):
    """How the crowd comes.

    Attributes:
        speed: how many times faster than life.
        begin: the minute of the scenario (from 07.30) at which the day begins.
        duration: seconds of the day that are played, after the ramp.
        ramp: seconds in which the screens are opened and the officers sit down.
        days: who comes to each office.
        phones: pages on phones for each ticket.
        outages: the share of phones that lose their network once.
        seed: what everybody's dice follow from.
    """

    speed: float
    begin: float
    duration: float
    ramp: float
    days: tuple[list[Comer], ...]
    phones: float
    outages: float
    seed: int


Tell = Callable[[int, int], object]
"""Hears how many of how many seconds have passed."""


async def comes(site: Site, made: Made, plan: Plan, tell: Tell) -> Record:
    """Everybody comes, uses the offices for as long as planned, and finishes what they are at; what they were told.

    Raises:
        LostError: nobody could come in.
    """
    world = World(site, plan.speed, plan.seed, plan.outages, plan.phones)
    async with AsyncExitStack() as stack:
        crowd = _Crowd(world, made, plan, stack)
        await crowd.ramps_up(tell)
        await crowd.lives(tell)
        await crowd.stops()
    return world.record


class _Crowd:
    def __init__(self, world: World, made: Made, plan: Plan, stack: AsyncExitStack) -> None:
        self._world, self._meter, self._made, self._plan, self._stack = world, world.meter, made, plan, stack
        self._luck = Random(f"{plan.seed} crowd")
        self._officers: list[Officer] = []
        self._kiosks: list[tuple[Kiosk, int]] = []
        self._displays: list[tuple[Screen, Shown]] = []
        self._lines = [asyncio.Queue[Comer]() for _ in made.offices]

    async def ramps_up(self, tell: Tell) -> None:
        """Screens are switched on and officers sit down, one after the other."""
        coming: list[Callable[[], Coroutine[Any, Any, None]]] = []
        for n, office in enumerate(self._made.offices):
            place = f"10.0.{n // 250}.{n % 250 + 1}"
            coming += [self._display(office, each, place) for each in range(len(office.displays))]
            coming += [self._kiosk(office, each, place, n) for each in range(len(office.kiosks))]
            coming += [self._officer(office, each, place) for each in range(len(office.desks))]
            coming.append(self._supervisor(office, place))
        self._luck.shuffle(coming)
        began = self._meter.now()
        tasks = []
        for n, come in enumerate(coming):
            await asyncio.sleep(max(0.0, began + self._plan.ramp * n / len(coming) - self._meter.now()))
            tasks.append(asyncio.create_task(come()))
            tell(int(self._meter.now()), int(self._plan.ramp + self._plan.duration))
        lost = await _ended(tasks)
        if len(lost) == len(tasks):
            raise lost[0]

    async def lives(self, tell: Tell) -> None:
        """The day passes."""
        began = self._meter.now()
        arriving = [asyncio.create_task(self._arrive(n, began)) for n in range(len(self._lines))]
        self._issuing = [asyncio.create_task(kiosk.serves(self._lines[n])) for kiosk, n in self._kiosks]
        self._working = [asyncio.create_task(self._works(officer)) for officer in self._officers]
        whole = int(self._plan.ramp + self._plan.duration)
        while (passed := self._meter.now() - began) < self._plan.duration:
            tell(int(self._plan.ramp + passed), whole)
            await asyncio.sleep(min(1.0, self._plan.duration - passed))
        for task in arriving:
            task.cancel()
        await _ended(arriving)

    async def stops(self) -> None:
        """Kiosks and officers finish what they are at; then every display shows the present board, or that is wrong."""
        self._world.over.set()
        await _ended([*self._issuing, *self._working])
        newest = max((told.v for told in self._world.record.told), default=0)
        settling = [settles(screen, shown, newest, SETTLES_WITHIN) for screen, shown in self._displays]
        await _ended([asyncio.create_task(each) for each in settling])
        phones = list(self._world.visitors)
        for task in phones:
            task.cancel()
        await _ended(phones)

    async def _arrive(self, office: int, began: float) -> None:
        for comer in self._plan.days[office]:
            if comer.minute >= self._plan.begin:
                due = began + 60 * (comer.minute - self._plan.begin) / self._plan.speed
                await asyncio.sleep(max(0.0, due - self._meter.now()))
                self._lines[office].put_nowait(comer)

    async def _works(self, officer: Officer) -> None:
        await asyncio.sleep(self._luck.uniform(0, 30) / self._plan.speed)
        await officer.works()

    def _display(self, office: MadeOffice, number: int, place: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def come() -> None:
            name = f"display {number} {office.id}"
            screen = Screen(self._world, "displays", name, place, office.displays[number])
            self._stack.push_async_callback(screen.close)
            self._displays.append((screen, await shows_the_wall(screen, office.id)))

        return come

    def _kiosk(self, office: MadeOffice, number: int, place: str, n: int) -> Callable[[], Coroutine[Any, Any, None]]:
        async def come() -> None:
            kiosk = Kiosk(self._world, office, number, place)
            self._stack.push_async_callback(kiosk.screen.close)
            await kiosk.opens()
            self._kiosks.append((kiosk, n))

        return come

    def _officer(self, office: MadeOffice, number: int, place: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def come() -> None:
            officer = Officer(self._world, office, office.desks[number], place)
            self._stack.push_async_callback(officer.screen.close)
            await officer.sits_down(self._made.password)
            self._officers.append(officer)

        return come

    def _supervisor(self, office: MadeOffice, place: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def come() -> None:
            screen = Screen(self._world, "supervisors", office.supervisor, place)
            self._stack.push_async_callback(screen.close)
            to = f"/supervisor/{office.id}"
            screen.goes_live(await signs_in(screen, office.supervisor, self._made.password, to))

        return come


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> list[LostError]:
    """Waits for all. Whoever got no answer has counted it, and the others go on; what is no such thing is raised."""
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, (asyncio.CancelledError, LostError)):
            raise each
    return [each for each in ended if isinstance(each, LostError)]


def match_calls(record: Record, meter: Meter, process_of: Mapping[int, int]) -> None:
    """When each call was seen on each display of its office, and when it rang on the phone of whoever was called.

    `process_of` says which process is at the other end of a client's port. A display that never showed a call is a
    failure.
    """
    displays = defaultdict(list)
    for shown in record.displays:
        displays[shown.office].append(shown.pictures)
    for call in record.calls:
        for pictures in displays[call.office]:
            n = bisect_left(pictures, call.v, key=lambda each: each[0])
            if n == len(pictures):
                meter.fails("seen", "a call that a display never showed")
                continue
            _, at, port = pictures[n]
            meter.took["seen"].append(meter.reading(call.began, at))
            theirs, ours = process_of.get(port), process_of.get(call.port)
            if theirs and ours and theirs != ours:
                meter.took["seen-elsewhere"].append(meter.reading(call.began, at))
    _match_rings(record, meter)


def _match_rings(record: Record, meter: Meter) -> None:
    """A phone rings for the newest call of its number that its picture can know; it rings once for each."""
    calls = defaultdict(list)
    for call in sorted(record.calls, key=lambda call: call.v):
        calls[call.office, call.number].append(call)
    rung = set()
    for ring in sorted(record.rings, key=lambda ring: ring.at):
        known = calls[ring.office, ring.number]
        n = bisect_right(known, ring.v, key=lambda call: call.v)
        if n and (known[n - 1], ring.phone) not in rung:
            rung.add((known[n - 1], ring.phone))
            meter.took["rings"].append(meter.reading(known[n - 1].began, ring.at))

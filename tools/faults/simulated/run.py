"""One run: an office of several processes, a short morning of clients, and whatever its seed breaks; then a judgement.

Every run draws which faults it has and how many, so that some are calm and some are rough: a fault that is always there
hides what others would show.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from traceback import format_exception
from typing import NamedTuple

import msgspec

from ltsa.configuring import ConfigureOffice
from ltsa.office import Counter, Dispatching, Office, example_office
from ltsa.record import collection_paused
from tools.faults.check import Found
from tools.faults.simulated.disk import Disk, Habits
from tools.faults.simulated.judge import judge
from tools.faults.simulated.people import Client, Display, Network, crowd, serves, takes_numbers
from tools.faults.simulated.process import EPOCH, OFFICE, Made, Process, SimulatedLedger
from tools.faults.simulated.store import SimulatedStore
from tools.faults.simulated.world import Group, World

COUNTERS = (("bank", "5"), ("bank", "6"), ("health", "7"))
WORK, REST, LAST = 600.0, 45.0, 1.0
"""Seconds of the world: the longest that the work may take, that everybody may take after it to be connected to a
process that knows all, and that displays may take then.
"""

HOUR = 3_600_000


class Plan(NamedTuple):
    """What a run is like."""

    processes: int
    displays: int
    many: int
    habits: Habits
    network: Network
    stalls: float
    mischief: tuple[str, ...]
    """What happens now and then: "kill", "fall", "freeze", "clock"."""
    times: int
    """How often one of it does."""


WHOLE = Made()


class Run:
    """What came of a seed. `found` is as of every fault, `trace` what happened."""

    def __init__(self, seed: int, made: Made = WHOLE, plan: Plan | None = None) -> None:
        self.seed, self.made = seed, made
        self.world = World(seed)
        drawn = _plan(self.world)
        self.plan = plan or drawn
        self.world.stalls = self.plan.stalls
        self.disk = made.disk(self.world, _image(), self.plan.habits)
        self.processes = [self._process(n) for n in range(self.plan.processes)]
        self.clients = list[Client]()
        self.displays = [
            Display(self.world, self.processes, self.plan.network, f"display-{n}") for n in range(self.plan.displays)
        ]
        self.work, self.watching = Group(self.world, "work"), Group(self.world, "hall")
        self.found = Found(fault="simulated", runs=1, seed=seed)

    @property
    def office(self) -> tuple[Office, date]:
        """The office, and the service day that all of it happens on."""
        configuration = _office()
        return configuration, configuration.service_date(EPOCH)

    @property
    def trace(self) -> list[str]:
        """What happened, a line each."""
        return self.world.said

    def play(self) -> Found:
        """The morning and its judgement. What brings it down is as wrong as a wrong answer."""
        with _quiet(), collection_paused():
            try:
                self._play()
            except Exception as error:  # noqa: BLE001 - whatever it was
                self.world.say(f"it broke: {error!r}")
                self.found.says("".join(format_exception(error)[-2:]).strip())
            for group in (self.work, self.watching, *(process.group for process in self.processes)):
                group.kill()
        return self.found

    def _play(self) -> None:
        world, plan = self.world, self.plan
        world.say(f"{plan}")
        work = self.work
        for name, service, counter in crowd(2, COUNTERS):
            client = Client(world, self.processes, plan.network, name)
            self.clients.append(client)
            if counter:
                work.spawn(name, serves, client, service, counter, plan.many)
            else:
                work.spawn(name, takes_numbers, client, service, plan.many)
        for display in self.displays:
            self.watching.spawn(display.name, display.run)
        mischief = world.spawn("mischief", self._mischief)
        if not world.run(lambda: not work.going, WORK):
            self.found.late.append(f"Clients were still at work after {WORK:g} s.")
        mischief.kill()
        self._mend()
        judge(self)

    # --- What is broken

    def _process(self, number: int) -> Process:
        process = Process(self.disk, number, self.made)
        process.begin()
        return process

    def _mischief(self) -> None:
        luck = self.world.luck
        for _ in range(self.plan.times if self.plan.mischief else 0):
            self.world.sleep(luck.uniform(0.01, 0.8))
            match luck.choice(self.plan.mischief):
                case "kill":
                    self._kill(luck.randrange(len(self.processes)), luck.uniform(0.01, 2.0))
                case "fall":
                    self._fall()
                case "freeze":
                    self.world.say("the store says nothing")
                    self.disk.thawed.clear()
                    self.world.after(luck.uniform(0.1, 3.0), self.disk.thawed.set)
                case _:
                    process = luck.choice(self.processes)
                    process.turns.ahead = luck.choice((-HOUR, 0, 0, HOUR))
                    self.world.say(f"the clock of p{process.number} is set to {process.turns.ahead}")

    def _kill(self, number: int, pause: float) -> None:
        process = self.processes[number]
        if process.group.alive:
            process.kill()
            self.world.after(pause, lambda: self._begin_again(process))

    def _begin_again(self, process: Process) -> None:
        if self.processes[process.number] is process:
            again = self.processes[process.number] = self._process(process.number)
            again.turns.ahead = process.turns.ahead

    def _fall(self) -> None:
        self.world.say("the power goes" if self.disk.habits.is_file else "the server dies")
        if self.disk.habits.is_file:
            for process in self.processes:
                process.kill()
        self.disk.fall()
        self.world.after(self.world.luck.uniform(0.1, 2.0), self._get_up)

    def _get_up(self) -> None:
        self.world.say("the store is there again")
        self.disk.up.set()
        for process in list(self.processes):
            if not process.group.alive:
                self._begin_again(process)

    def _mend(self) -> None:
        """Nothing fails any more, and displays have time to find out."""
        world, disk = self.world, self.disk
        world.stalls = 0.0
        disk.habits = Habits(is_file=disk.habits.is_file, unheard=disk.habits.unheard)
        disk.thawed.set()
        for display in self.displays:
            display.calm()
        world.run(self._is_calm, REST)
        world.run(lambda: False, LAST)

    def _is_calm(self) -> bool:
        """Whether every process knows all that is on record, and every display is connected to one."""
        if self.world.turns % 64:
            return False
        end = self.disk.committed.execute("SELECT max(rowid) FROM ledger").fetchone()[0]
        return all(
            process.is_open and process.position == end and not process.ledger.is_at_work for process in self.processes
        ) and all(display.is_calm and display.v >= 0 for display in self.displays)


def _plan(world: World) -> Plan:
    luck = world.luck

    def now_and_then(*chances: float) -> float:
        return luck.choice((0.0, *chances))

    is_file = luck.random() < 0.4  # noqa: PLR2004 - fewer faults are possible in a file
    habits = Habits(
        is_file=is_file,
        slow=now_and_then(0.05, 0.3),
        lost=0.0 if is_file else now_and_then(0.005, 0.03),
        in_doubt=0.0 if is_file else now_and_then(0.1, 0.4),
        late=now_and_then(0.2, 0.8),
        unheard=0.0 if is_file else now_and_then(0.2, 1.0),
    )
    network = Network(
        lost=now_and_then(0.05, 0.2), twice=now_and_then(0.3), cut=now_and_then(0.02), drowsy=now_and_then(0.1, 0.5)
    )
    stalls = now_and_then(0.0005, 0.003)
    possible = ("kill", "fall", "clock") if is_file else ("kill", "fall", "freeze", "clock")
    mischief = tuple(luck.sample(possible, luck.randrange(len(possible) + 1)))
    return Plan(
        luck.choice((1, 2, 2, 3)), 2, luck.randrange(1, 4), habits, network, stalls, mischief, luck.randrange(1, 7)
    )


@cache
def _office() -> Office:
    """The example office with what is used of it, and no more: what is small is quickly read anew."""
    example, services = example_office(), {service for service, _ in COUNTERS}
    return msgspec.structs.replace(
        example,
        services=tuple(
            msgspec.structs.replace(one, after=(), bring=(), steps=()) for one in example.services if one.id in services
        ),
        counters=tuple(
            Counter(id=counter, name={"id": f"Loket {counter}"}, services=(service,)) for service, counter in COUNTERS
        ),
        rules=msgspec.structs.replace(example.rules, dispatch=Dispatching(policy=example.rules.dispatch.policy)),
        flows=(),
        days_off=(),
    )


@cache
def _image() -> bytes:
    """A store with the example office in it, as bytes."""
    world = World(0)
    disk = Disk(world, b"", Habits(is_file=True))

    def made() -> None:
        ledger = SimulatedLedger(SimulatedStore(disk, Group(world, "first")))
        first = ConfigureOffice(
            office=OFFICE, at=1, by="system", key="first", configuration=_office(), since="1970-01-01"
        )
        asked = ledger.submit(first)
        ledger.turn()
        asked.result()

    world.alone(made)
    return disk.committed.serialize()


@contextmanager
def _quiet() -> Iterator[None]:
    """What the ledger and the feed say of failures is in the trace."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)

"""Benchmarks of sixty offices in one ledger, each with its day under way: against one such office."""

import gc
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import gevent

from ltsa.commands import CallNext, DayCommand, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.tokens import token_digest
from tools import made_ledger
from tools.figures import Figure, figure, scratch
from web.house import House
from web.server import CreateApp
from web.settings import Settings

OFFICES, TICKETS, WAITING = 60, 250, 60
COUNTERS = 8
BUSIEST = 25
"""Events a second of sixty offices in their busiest minute (docs/scale.md)."""
TIMES, SECONDS, ROUNDS, LEAST = 4, 6.0, 5, 5


class _Told(NamedTuple):
    """What a process measured: commands a second as fast as they go, and ms until one was answered while as many came
    as in some busiest minutes.
    """

    rate: float
    middle: float
    slow: float


def sixty(_create_app: CreateApp, scale: float) -> list[Figure]:
    """Sixty offices, each with 250 tickets, forecasts on; as many commands for one such office are the yardstick."""
    few = scale < 1
    many, tickets = (3, 20) if few else (OFFICES, TICKETS)
    seconds, rounds = max(0.1, SECONDS * scale), 1 if few else ROUNDS
    with (
        scratch() as folder,
        _office(folder / "many", many, tickets) as ours,
        _office(folder / "one", 1, tickets) as one,
    ):
        found = list[tuple[_Told, _Told]]()
        for n in range(rounds + 1):
            first, second = (ours, one) if n % 2 else (one, ours)
            told = {id(first): _told(first[1], seconds), id(second): _told(second[1], seconds)}
            found.append((told[id(ours)], told[id(one)]))
        found = found[1:]
        more = {"offices": many, "tickets": many * tickets, "opening_s": ours[0], "opening_s_of_one": one[0]}
        against = "as many commands for one office"
        return [
            figure(
                "sixty",
                [(a.rate, b.rate) for a, b in found],
                unit="commands/s",
                against=against,
                at_least=0.8,
                more=more | {"rss_mb": _memory(ours[1]), "rss_mb_of_one": _memory(one[1])},
            ),
            figure(
                "sixty-busiest",
                [(a.slow, b.slow) for a, b in found],
                unit="ms",
                against=against,
                at_most=1.2,
                more={
                    "commands_a_second": BUSIEST * TIMES,
                    "median": median(a.middle for a, _ in found),
                    "median_of_one": median(b.middle for _, b in found),
                },
            ),
        ]


_Office = tuple[float, Connection]


def _told(line: Connection, seconds: float) -> _Told:
    line.send(seconds)
    found: _Told = line.recv()
    return found


def _memory(line: Connection) -> float:
    line.send("memory")
    found: float = line.recv()
    return found


@contextmanager
def _office(data: Path, offices: int, tickets: int) -> Iterator[_Office]:
    """A process with that many offices, open and with their loop running: how long the opening took, and its line."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_process, args=(data, offices, tickets, there))
    process.start()
    there.close()
    try:
        yield here.recv(), here
    finally:
        with suppress(OSError):
            here.send(None)
        process.join()


def _process(data: Path, number: int, tickets: int, line: Connection) -> None:
    data.mkdir()
    _fill(data, number, tickets)
    began = time.perf_counter()
    house = House(Settings(data=data, port=0))
    took = time.perf_counter() - began
    house.start()
    line.send(took)
    crowd = _Crowd(house, number)
    wait = gevent.get_hub().threadpool.apply
    while (said := wait(line.recv)) is not None:
        if said == "memory":
            gc.collect()
            line.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        else:
            line.send(_Told(crowd.rate(said), *crowd.busiest(said)))
    house.stop()
    house.close()


def _fill(data: Path, number: int, tickets: int) -> None:
    """Today's tickets of each office: some wait, the others have gone home done."""
    ledger = Ledger(data / "ledger.sqlite")
    try:
        now = time.time_ns() // 1_000_000
        for office in made_ledger.offices(number):
            said = {"office": office.id, "at": 1, "by": "system", "key": f"office {office.id}"}
            ledger.do(ConfigureOffice(**said, configuration=office, since="1970-01-01"))  # type: ignore[arg-type]
            desk = _Desk(office.id, f"fill {office.id}")
            waiting = min(WAITING, tickets // 4)
            given = [*desk.opens(now), *(desk.issue(now, n % COUNTERS) for n in range(waiting))]
            for n in range(tickets - waiting):
                given += desk.visit(now, n % COUNTERS)
            for asked in [ledger.submit(command) for command in given]:
                asked.result()
    finally:
        ledger.close()


class _Desk:
    """An office's counters and kiosk, one command after the other: every one succeeds."""

    def __init__(self, office: str, name: str) -> None:
        self._office, self._name = office, name
        self._keys = count(1)
        self._services = [service.id for service in made_ledger.offices(1)[0].services[:COUNTERS]]
        self._counters = [counter.id for counter in made_ledger.offices(1)[0].counters[:COUNTERS]]

    def opens(self, at: int) -> list[DayCommand]:
        return [
            self._said(OpenCounter, at, counter=counter, officer=f"officer {counter}", services=(service,))
            for counter, service in zip(self._counters, self._services, strict=True)
        ]

    def issue(self, at: int, n: int) -> DayCommand:
        """Somebody takes a number at the service of the counter."""
        token = token_digest(f"{self._name} {next(self._keys)}")
        return self._said(IssueTicket, at, services=(self._services[n],), token=token)

    def visit(self, at: int, n: int) -> list[DayCommand]:
        """Somebody comes, and the counter serves whoever is next."""
        return [
            self.issue(at, n),
            self._said(CallNext, at, counter=self._counters[n]),
            self._said(StartService, at, counter=self._counters[n]),
            self._said(FinishService, at, counter=self._counters[n], outcome="done"),
        ]

    def _said(self, kind: type[DayCommand], at: int, **fields: object) -> DayCommand:
        key = f"{self._name} {next(self._keys)}"
        return kind(office=self._office, at=at, by="bench", key=key, **fields)  # type: ignore[arg-type]


class _Crowd:
    """Who gives commands to a running house, in greenlets, as requests do: at each counter somebody who serves a visit
    in one office, then one in another.
    """

    def __init__(self, house: House, number: int) -> None:
        self._house = house
        desks = [_Desk(office.id, f"crowd {office.id}") for office in made_ledger.offices(number)]
        self._lives = [self._life(desks, n) for n in range(COUNTERS)]

    def _life(self, desks: list[_Desk], counter: int) -> Iterator[DayCommand]:
        chance = random.Random(counter)
        while True:
            yield from chance.choice(desks).visit(self._house.now(), counter)

    def rate(self, seconds: float) -> float:
        """Commands a second, each given when the one before it was answered."""
        costs = list[float]()
        began = time.perf_counter()
        self._all_give(costs, began + seconds, 0)
        return len(costs) / (time.perf_counter() - began)

    def busiest(self, seconds: float) -> tuple[float, float]:
        """The median and the 95th percentile of the ms until a command is answered, in some busiest minutes at once."""
        costs = list[float]()
        self._all_give(costs, time.perf_counter() + seconds, COUNTERS / (BUSIEST * TIMES))
        return median(costs), quantiles(costs, n=20, method="inclusive")[18]

    def _answered(self, command: DayCommand) -> None:
        """Asks again under the same key, as pages do, where a busy machine took too long."""
        while True:
            with suppress(LedgerUnavailableError):
                self._house.do(command)
                return

    def _all_give(self, costs: list[float], until: float, pause: float) -> None:
        def gives(life: Iterator[DayCommand], chance: random.Random) -> None:
            while time.perf_counter() < until or len(costs) < LEAST:
                command = next(life)
                began = time.perf_counter()
                self._answered(command)
                costs.append((time.perf_counter() - began) * 1000)
                if pause:
                    gevent.sleep(chance.expovariate(1 / pause))

        given = [gevent.spawn(gives, life, random.Random(n)) for n, life in enumerate(self._lives)]
        gevent.joinall(given, raise_error=True)

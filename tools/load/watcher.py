"""Looks every second at what the servers take and who is there, while the crowd uses them."""

from __future__ import annotations

import asyncio
import os
import re
import time
from contextlib import suppress

from msgspec import Struct

from tools.load import machine
from tools.load.browser import Browser, LostError, Site
from tools.load.meter import Meter
from tools.load.servers import Servers

EVERY = 1.0
"""Seconds between two looks."""

FINDS = 8
"""Connections that are tried for each process until one of them leads there."""

PLACE = "10.255.255.1"
"""The address that looks come from."""

OURS = "this crowd"
"""What the process that plays the crowd is called."""

_FIGURE = re.compile(r"^(ltsa_\w+)(?:\{\})? ([0-9.e+-]+)$", re.MULTILINE)


class Look(Struct, kw_only=True):
    """What was seen at a moment, `at` seconds after the beginning.

    Attributes:
        cpu: cores that each process took since the look before (1.0: a whole one), by its name.
        memory: bytes, by name.
        files: open files and connections, by name.
        lag: how late each process's loop was, at most, in the last seconds (s); by name.
        own_lag: how late the crowd's own loop was, at most, since the look before (s).
        here: who is live, by kind.
        load: how many processes wanted to run on the machine.
    """

    at: float
    cpu: dict[str, float]
    memory: dict[str, int]
    files: dict[str, int]
    lag: dict[str, float]
    own_lag: float
    here: dict[str, int]
    load: float


class Watcher:
    """Looks until it is told to stop.

    Attributes:
        looks: in their order.
        process_of: which process was at the other end of each client's port, newest first.
    """

    def __init__(self, meter: Meter, site: Site, servers: Servers | None, admin: str) -> None:
        self.looks: list[Look] = []
        self.process_of: dict[int, int] = {}
        self._meter, self._site, self._servers, self._admin = meter, site, servers, admin
        self._own_lag = 0.0
        self._cpu: dict[str, tuple[float, float]] = {}
        self._doors: dict[str, Browser] = {}
        self._opened: list[Browser] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins."""
        self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._feel())]

    async def stop(self) -> None:
        """Takes a last look, and ends."""
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        await self._hang_up(self._opened)

    async def _feel(self) -> None:
        """How late the crowd's own loop is: what it measures is that much too long at most."""
        while True:
            due = time.monotonic() + 0.1
            await asyncio.sleep(0.1)
            self._own_lag = max(self._own_lag, time.monotonic() - due)

    async def _look(self) -> None:
        while True:
            due = time.monotonic() + EVERY
            self.looks.append(await self._seen())
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _seen(self) -> Look:
        processes = {OURS: [os.getpid()]} | dict(self._servers.processes() if self._servers else {})
        at = self._meter.now()
        taken = {name: machine.taken(pids) for name, pids in processes.items()}
        cpu = {name: self._cores(name, each.cpu, at) for name, each in taken.items()}
        if self._servers and self._servers.workers > 1:
            self.process_of |= machine.clients(self._servers.port, self._servers.answering())
        lag = await self._lags() if self._admin else {}
        own, self._own_lag = self._own_lag, 0.0
        return Look(
            at=at,
            cpu=cpu,
            memory={name: each.memory for name, each in taken.items()},
            files={name: each.files for name, each in taken.items()},
            lag=lag,
            own_lag=own,
            here={kind: count for kind, count in self._meter.here.items() if count},
            load=machine.load(),
        )

    def _cores(self, name: str, cpu: float, now: float) -> float:
        before, then = self._cpu.get(name, (cpu, now))
        self._cpu[name] = (cpu, now)
        return max(0.0, cpu - before) / (now - then) if now > then else 0.0

    async def _lags(self) -> dict[str, float]:
        """Asks each process that answers, over a connection that leads there."""
        names = [name for name in (self._servers.processes() if self._servers else ["server"]) if _answers(name)]
        if set(names) != set(self._doors):
            await self._find(names)
        found = {}
        for name, door in self._doors.items():
            with suppress(LostError):
                answer = await door.ask("/metrics", headers={"Authorization": f"Bearer {self._admin}"})
                figures = dict(_FIGURE.findall(answer.text))
                if "ltsa_loop_lag_seconds" in figures:
                    found[name] = float(figures["ltsa_loop_lag_seconds"])
        return found

    async def _find(self, names: list[str]) -> None:
        """A kept connection to each process: whoever comes does not choose which one answers."""
        await self._hang_up(self._opened)
        self._doors.clear()
        whose = {pids[0]: name for name, pids in self._servers.processes().items()} if self._servers else {}
        for _ in range(FINDS * len(names)):
            if len(self._doors) == len(names):
                break
            self._opened.append(door := Browser(self._site, PLACE))
            with suppress(LostError):
                port = (await door.ask("/healthz")).port
                name = names[0]
                if len(names) > 1 and self._servers:
                    name = whose.get(machine.clients(self._servers.port, self._servers.answering()).get(port, 0), "")
                if name:
                    self._doors.setdefault(name, door)
        await self._hang_up([door for door in self._opened if door not in self._doors.values()])

    async def _hang_up(self, doors: list[Browser]) -> None:
        for door in list(doors):
            await door.close()
            self._opened.remove(door)


def _answers(name: str) -> bool:
    return name == "server" or name.startswith("worker")

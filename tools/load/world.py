"""What the whole crowd shares: the site, how fast life goes, when it is over, and what everybody was told."""

from __future__ import annotations

import asyncio
from random import Random
from typing import NamedTuple

from msgspec import Struct

from tools.load.browser import Site


class Told(NamedTuple):
    """A command that the office said is done. `v` is the ledger's position then."""

    what: str
    key: str
    v: int


class Call(NamedTuple):
    """A call that was pressed: when (seconds since the beginning), on record at `v`, through which own port."""

    office: str
    number: str
    began: float
    v: int
    port: int


class Ring(NamedTuple):
    """A phone that showed its holder's call, and when."""

    phone: str
    office: str
    number: str
    v: int
    at: float


class Shown(NamedTuple):
    """One display: its office; its pictures' positions, when they came, at which own port; the HTML of the last one."""

    office: str
    pictures: list[tuple[int, float, int]]
    last: list[str]


class Record(Struct):
    """All that the crowd was told, for the comparison with the ledger and between screens."""

    told: list[Told]
    given_up: list[str]
    calls: list[Call]
    rings: list[Ring]
    displays: list[Shown]
    served: int = 0
    tickets: int = 0


class World:
    """What everybody shares: the site, how fast life goes, the record of what was said; whether it is over."""

    def __init__(self, site: Site, speed: float, seed: int, outages: float, phones: float) -> None:
        self.site, self.meter, self.speed, self.seed = site, site.meter, speed, seed
        self.outages, self.phones = outages, phones
        self.record = Record([], [], [], [], [])
        self.over = asyncio.Event()
        self.visitors: set[asyncio.Task[None]] = set()

    def luck(self, name: str) -> Random:
        """Everybody's own dice."""
        return Random(f"{self.seed} {name}")

    async def lives(self, seconds: float) -> None:
        """So many seconds of life pass, faster by the speed."""
        await asyncio.sleep(seconds / self.speed)

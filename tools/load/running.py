"""One load, from the empty folder to what was found; or of somebody's office, from the first page to the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ltsa.scenario import Scenario
from tools.load import check, made, servers
from tools.load.browser import Site
from tools.load.crowd import Plan, comes, match_calls
from tools.load.day import arrivals
from tools.load.found import Found, Limit
from tools.load.made import Made
from tools.load.meter import Meter
from tools.load.servers import Servers
from tools.load.watcher import Watcher
from tools.load.world import Record
from web.server import CreateApp
from web.settings import Settings

MOST_LIMITS = 1000
"""How many times the usual rate limits a server lets through, at most."""

Tell = Callable[[int, int, str], object]


class Asked(Struct, frozen=True, kw_only=True):
    """What a load is like: see the options of the command, which have these names."""

    scenario: Scenario
    offices: int
    officers: int | None
    visitors: float
    phones: float
    outages: float
    speed: float
    begin: float
    duration: float
    ramp: float
    seed: int
    limits: tuple[Limit, ...] = ()

    def plan(self, many: int) -> Plan:
        """How the crowd comes to so many offices."""
        return Plan(
            speed=self.speed,
            begin=self.begin,
            duration=self.duration,
            ramp=self.ramp,
            days=tuple(arrivals(self.scenario, self.visitors, self.seed, n) for n in range(many)),
            phones=self.phones,
            outages=self.outages,
            seed=self.seed,
        )


def own(  # noqa: PLR0913 - by name
    found: Found,
    asked: Asked,
    folder: Path,
    create_app: CreateApp,
    tell: Tell,
    *,
    database: str,
    workers: int,
    redis: bool,
) -> None:
    """Loads offices made in that folder, and holds their record against what the crowd was told.

    Raises:
        NotOpenError: the servers could not be started.
        WrongOfficeError: something lies there already.
        LostError: nobody could come in.
    """
    with servers.behind(database, redis=redis) as (address, redis_url, heads):
        settings = Settings(data=folder / "office", database=address, office=made.FIRST)
        tell(0, 1, "offices made")
        crowd = made.make(settings, asked.offices, asked.officers)
        limits = min(MOST_LIMITS, max(1, round(asked.speed)))
        server = Servers(settings.data, address, workers, limits, redis_url)
        try:
            server.wait()
            server.beside |= heads
            record = asyncio.run(_load(found, asked, crowd, server.address, tell, server))
        finally:
            server.stop()
        found.checks += check.everything(record, settings, create_app, lambda done, of: tell(done, of, "checks"))
        found.judge(asked.limits)


def pointed(found: Found, asked: Asked, crowd: Made, address: str, tell: Tell) -> None:
    """Loads somebody's office at an address; what can be held against each other is what its displays show.

    Raises:
        LostError: nobody could come in.
    """
    record = asyncio.run(_load(found, asked, crowd, address, tell, None))
    found.checks.append(check.agreeing(record.displays))
    found.notes.append(
        "The record was not looked at: it is another machine's. Run app.py verify there; what was acknowledged is"
        " only known to be answered."
    )
    found.judge(asked.limits)


async def _load(  # noqa: PLR0913, PLR0917 - what `own` and `pointed` share
    found: Found, asked: Asked, crowd: Made, address: str, tell: Tell, server: Servers | None
) -> Record:
    meter = Meter()
    site = Site(address, meter)
    watcher = Watcher(meter, site, server, crowd.admin)
    await watcher.start()
    try:
        record = await comes(site, crowd, asked.plan(len(crowd.offices)), lambda done, of: tell(done, of, "seconds"))
    finally:
        await watcher.stop()
    match_calls(record, meter, watcher.process_of)
    found.ramp = asked.ramp
    found.tickets, found.served, found.commands = record.tickets, record.served, len(record.told)
    found.measured(meter, watcher.looks)
    return record

"""A database that says nothing, and a bad way to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from psycopg.conninfo import conninfo_to_dict

from tools.faults.check import Found, compare
from tools.faults.load import Crowd, at_work
from tools.faults.office import Office, opened
from tools.faults.proxy import Proxy
from tools.faults.round import Round
from tools.postgres import Postgres

CLEAR = 2.0
"""Seconds within which whoever cannot be served is told 503."""


def frozen(this: Round) -> Found:
    """Every process of the database stands still (SIGSTOP) for a while."""
    with Postgres() as server:
        return _disturbed(this, server, server.address(), server.freeze, server.thaw)


def cut(this: Round) -> Found:
    """Every connection breaks, and new ones are refused for a while."""
    return _through_a_proxy(this, Proxy.cut)


def slow(this: Round) -> Found:
    """Everything takes a tenth to a third of a second longer, each way."""

    def slows(proxy: Proxy) -> None:
        proxy.delay = this.luck.uniform(0.1, 0.3)

    return _through_a_proxy(this, slows)


def lossy(this: Round) -> Found:
    """A fifth of all that is sent is lost at first, and some connections break."""

    def loses(proxy: Proxy) -> None:
        proxy.loses = 0.2

    return _through_a_proxy(this, loses)


def _through_a_proxy(this: Round, harm: Callable[[Proxy], None]) -> Found:
    with ExitStack() as until_the_end:
        server = until_the_end.enter_context(Postgres())
        folder = conninfo_to_dict(server.address())["host"]
        proxy = until_the_end.enter_context(Proxy(f"{folder}/.s.PGSQL.5432", this.seed))
        address = f"postgresql://ltsa@127.0.0.1:{proxy.port}/postgres"
        return _disturbed(this, server, address, lambda: harm(proxy), proxy.heal)


def _disturbed(
    this: Round, server: Postgres, address: str, harm: Callable[[], None], heal: Callable[[], None]
) -> Found:
    found = this.found()
    with opened(Office(this.folder, address)) as office:
        crowd = Crowd(office.doors, this.seed)
        with at_work(crowd):
            for _ in this.each():
                time.sleep(this.luck.uniform(0.3, 1.0))
                harm()
                try:
                    time.sleep(this.luck.uniform(0.5, 4.0))
                finally:
                    heal()
                found.recovered += crowd.answered_since(time.monotonic_ns())
        told = crowd.told()
        office.database = server.address()
        compare(found, told, office.recorded())
    found.tells_of(told)
    this.demand(found, "a 503 came", found.more["slowest_503_s"], CLEAR)
    return found

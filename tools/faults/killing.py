"""Servers that die where they stand (SIGKILL): the office's own process, and the database's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from statistics import median

from tools.faults.check import Found, compare
from tools.faults.load import SOON, Client, Crowd, at_work
from tools.faults.office import Office, opened
from tools.faults.round import Round
from tools.postgres import Postgres

RESTART = 2.0
"""Seconds from a restart to the first answer, in 99 of 100."""

DAY = 20
"""Restarts of one office, then there is another one: with some 80 commands between two of them a day would soon be one
that no office has, and each start replays it.
"""

RECOVERY = 3.0
"""Seconds from when the database accepts connections again until a client was answered, in 99 of 100."""


def web_on_a_file(this: Round) -> Found:
    """The office's process, its ledger in a file."""
    return _web(this, lambda folder: nullcontext(Office(folder)))


def web_on_a_database(this: Round) -> Found:
    """The office's process, its ledger in a database."""

    @contextmanager
    def beside_a_server(folder: Path) -> Iterator[Office]:
        with Postgres() as server:
            yield Office(folder, server.address())

    return _web(this, beside_a_server)


def database(this: Round) -> Found:
    """Every process of the database. The machine goes on: what was written is in its memory, if not on the disk."""
    found = this.found()
    with Postgres() as server, opened(Office(this.folder, server.address())) as office:
        crowd = Crowd(office.doors, this.seed)
        with at_work(crowd):
            for _ in this.each():
                time.sleep(this.luck.uniform(0.3, 1.0))
                server.kill()
                time.sleep(this.luck.uniform(0, 1.5))
                server.start()
                there = time.monotonic_ns()
                found.recovered += crowd.answered_since(there)
        told = crowd.told()
        compare(found, told, office.recorded())
    found.tells_of(told)
    this.demand(found, "clients were answered again", found.within(99), RECOVERY)
    return found


def _web(this: Round, made: Callable[[Path], AbstractContextManager[Office]]) -> Found:
    found, cpu, runs = this.found(), list[float](), this.each()
    for begin in range(0, this.runs, DAY):
        (folder := this.folder / f"{begin}").mkdir()
        with made(folder) as office, opened(office):
            crowd, first = Crowd(office.doors, this.seed), Client(office.doors, "first", this.seed)
            with at_work(crowd):
                for _ in islice(runs, DAY):
                    time.sleep(this.luck.uniform(0.2, 1.0))
                    office.kill()
                    began = time.monotonic()
                    office.start(wait=False)
                    first.ask("issue", "bank", pauses=SOON)
                    found.recovered.append(time.monotonic() - began)
                    first.close()
                    cpu.append(office.cpu())
            compare(found, crowd.told() + first.told, office.recorded())
    found.more["cpu_of_a_start_s"] = median(cpu)
    this.demand(found, "the first answer after a restart came", found.within(99), RESTART)
    return found

"""The benchmarks of what one process tells another: a number is taken at one, and a display of the other shows it.

Two servers of one office: over a PostgreSQL, each with a data folder of its own, where NOTIFY rings; or over one
folder, where the ledger's file is watched.
"""

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from tools import bare, postgres, staff
from tools.bench_feed import OFFICE, REST, Audience, server
from tools.bench_http import TICKETS, post, whole_answer
from tools.bench_ledger import PRAGMAS
from tools.figures import Figure, NotMeasuredError, figure, in_turns, scratch
from tools.postgres import Postgres
from tools.serving import serving
from web.house import House
from web.server import CreateApp
from web.settings import Settings

PRESSES = 20
GOAL = 100.0
"""Ms, of the 150 that a click may take until the hall's display shows it (docs/decisions/measuring.md)."""

A_MOMENT = 0.001
"""Seconds."""

LEAST = 0.1
"""Ms that are counted at least: what was shown before its answer was read has no ratio."""


class Doors(NamedTuple):
    """A program's token and a display's secret."""

    token: str
    display: str


def notify(create_app: CreateApp, scale: float) -> Figure:
    """From an answer at one server to the picture at another, over PostgreSQL; against a bare NOTIFY and a socket."""
    if reason := postgres.missing():
        raise NotMeasuredError(reason)
    with (
        Postgres(fsync="on", full_page_writes="on", shared_buffers="128MB") as database,
        scratch() as folder,
        ExitStack() as until_the_end,
    ):
        import psycopg

        database.run("CREATE TABLE plain (n serial)")
        settings = Settings(
            data=folder / "one", port=0, database=database.schema("office"), keys_database=database.schema("keys")
        )
        doors = _prepared(settings)
        shutil.copytree(folder / "one", folder / "other")
        plain = until_the_end.enter_context(psycopg.connect(database.address(), autocommit=True))

        def tell() -> bytes:
            with plain.transaction():
                plain.execute("INSERT INTO plain DEFAULT VALUES")
                plain.execute(f"NOTIFY {bare.CHANNEL}")
            return b""

        theirs = Pair(until_the_end.enter_context(_bare(database=database.address())), tell)
        servers = settings, replace(settings, data=folder / "other")
        ours = until_the_end.enter_context(_two(create_app, servers, doors))
        return _measured("notify", ours, theirs, scale, "a bare NOTIFY, heard by gevent-websocket alone")


def watched(create_app: CreateApp, scale: float) -> Figure:
    """The same over one folder, whose ledger both watch; against a bare file that is looked at as often."""
    with scratch() as folder, ExitStack() as until_the_end:
        settings = Settings(data=folder / "office", port=0)
        doors = _prepared(settings)
        file = folder / "plain.sqlite"
        plain = until_the_end.enter_context(closing(sqlite3.connect(file, isolation_level=None)))
        for pragma in PRAGMAS:
            plain.execute(f"PRAGMA {pragma}")
        plain.execute("CREATE TABLE plain (n INTEGER PRIMARY KEY)")

        def write() -> bytes:
            plain.execute("INSERT INTO plain DEFAULT VALUES")
            return b""

        theirs = Pair(until_the_end.enter_context(_bare(file=file)), write)
        ours = until_the_end.enter_context(_two(create_app, (settings, settings), doors))
        against = "a bare file that is looked at as often, and gevent-websocket alone"
        return _measured("notify-file", ours, theirs, scale, against)


class Pair(NamedTuple):
    """A display, and what is pressed elsewhere: it says, when it is answered, which words the display will show."""

    display: Audience
    press: Callable[[], bytes]

    def latencies(self, presses: int, beside: "Pair") -> list[float]:
        """Ms from each answer until the display shows it; 0 where it did before the answer was read. Meanwhile the
        other display answers its server's pings too.
        """
        took = []
        for _ in range(presses):
            beside.display.rest(A_MOMENT)
            self.display.rest(REST)
            words = self.press()
            answered = time.perf_counter()
            shown = self.display.all_have_received()
            while words not in self.display.last:  # a picture of something else
                shown = self.display.all_have_received()
            took.append(1000 * max(0.0, shown - answered))
        return took


def _measured(name: str, ours: Pair, theirs: Pair, scale: float, against: str) -> Figure:
    presses, middle, middle_of_theirs = max(2, int(PRESSES * scale)), list[float](), list[float]()

    def p95(of: Pair, beside: Pair, middles: list[float]) -> float:
        took = of.latencies(presses, beside)
        middles.append(median(took))
        return max(LEAST, quantiles(took, n=20, method="inclusive")[-1])

    rounds = in_turns(
        lambda: p95(ours, theirs, middle), lambda: p95(theirs, ours, middle_of_theirs), rounds=5 if scale >= 1 else 1
    )
    return figure(
        name,
        rounds,
        unit="ms p95 from the answer to the picture elsewhere",
        against=against,
        most_value=GOAL,
        more={"p50": median(middle), "p50_of_yardstick": median(middle_of_theirs)},
    )


def _prepared(settings: Settings) -> Doors:
    with closing(House(settings)) as here:
        return Doors(staff.program(here, "supervisor"), staff.device(here, "display"))


@contextmanager
def _two(create_app: CreateApp, servers: tuple[Settings, Settings], doors: Doors) -> Iterator[Pair]:
    """A program at one server, and a display at the other."""
    keys, taken = count(1), count(1)
    with (
        serving(create_app, servers[0]) as one,
        serving(create_app, servers[1]) as other,
        socket.create_connection(("127.0.0.1", one.port)) as program,
        Audience(other.port, 1, f"display:{OFFICE}", doors.display) as display,
    ):
        program.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def press() -> bytes:
            program.sendall(post(TICKETS, b'{"services":["health"]}', f"notify-{next(keys)}", doors.token))
            if not (answer := whole_answer(program)).startswith(b"HTTP/1.1 201 "):
                raise RuntimeError(f"no number was given: {answer[-300:]!r}")
            return b"<b>%d</b> menunggu" % next(taken)

        yield Pair(display, press)


@contextmanager
def _bare(database: str = "", file: Path | None = None) -> Iterator[Audience]:
    """Somebody who listens to gevent-websocket alone, which sends something whenever there rings."""
    work = partial(bare.serve, database=database, file=file)
    with server(work, '42["view",{}]') as ((port, _), _), Audience(port, 1) as stranger:
        yield stranger

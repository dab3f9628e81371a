"""Benchmarks of two processes over one ledger, durable, against one process with as many officers."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from ltsa.ledger import Ledger
from ltsa.store import Place
from tools.bench_ledger import OFFICERS, SHORT_ROUNDS, Officer, office_ledger, together
from tools.bench_postgres import server_on_disk
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp


def in_a_file(_create_app: CreateApp, scale: float) -> Figure:
    """Two processes of four officers each over one file; against one process of eight."""
    with scratch() as folder:
        return _measured("two", folder / "one.sqlite", folder / "shared.sqlite", scale)


def in_postgres(_create_app: CreateApp, scale: float) -> Figure:
    """The same over one database."""
    with server_on_disk() as server:
        return _measured("postgres-two", server.schema("one"), server.schema("shared"), scale)


def _measured(name: str, one: Place, shared: Place, scale: float) -> Figure:
    visits, half = max(1, int(15 * scale)), OFFICERS // 2
    for place in (one, shared):
        office_ledger(place).close()
    with _crowds(one, [range(OFFICERS)]) as alone, _crowds(shared, [range(half), range(half, OFFICERS)]) as pair:
        rounds = in_turns(lambda: _serve(pair, visits), lambda: _serve(alone, visits), rounds=SHORT_ROUNDS)
    return figure(name, rounds, unit="commands/s", against="the same by one process", at_least=0.9)


@contextmanager
def _crowds(place: Place, whom: list[range]) -> Iterator[list[Connection]]:
    """Processes with these officers, to be told through their connections how many visits to serve."""
    context, lines, processes = get_context("spawn"), list[Connection](), []
    for numbers in whom:
        here, there = context.Pipe()
        process = context.Process(target=_crowd, args=(place, numbers, there))
        process.start()
        lines.append(here)
        processes.append(process)
    try:
        for line in lines:
            line.recv()
        yield lines
    finally:
        for line, process in zip(lines, processes, strict=True):
            line.send(0)
            process.join()


def _crowd(place: Place, numbers: range, line: Connection) -> None:
    """A process of `_crowds`."""
    with closing(Ledger(place)) as ledger:
        officers = [Officer(ledger, n) for n in numbers]
        line.send(0)
        while visits := line.recv():
            together([lambda o=o: o.serves(visits) for o in officers])  # type: ignore[misc]
            line.send(visits)


def _serve(lines: list[Connection], visits: int) -> float:
    """Commands a second of all of them together."""
    began = time.perf_counter()
    for line in lines:
        line.send(visits)
    for line in lines:
        line.recv()
    return OFFICERS * visits * 4 / (time.perf_counter() - began)

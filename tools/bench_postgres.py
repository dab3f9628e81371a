"""Benchmarks of the ledger in PostgreSQL, durable, on a server of its own: beside pgbench, and of two processes."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median

from ltsa.ledger import Ledger
from tools import postgres
from tools.bench_ledger import OFFICERS, Officer, office_ledger, together
from tools.figures import Figure, NotMeasuredError, figure, in_turns
from tools.postgres import Postgres
from web.server import CreateApp

ROUNDS = 7
INSERT = """INSERT INTO plain (originator_id, originator_version, topic, state)
    VALUES ('day:ltsa:2026-11-21', nextval('version'), 'ticket-called/1', repeat('x', 200)::bytea);"""
LOCKED = f"BEGIN;\nLOCK TABLE plain IN EXCLUSIVE MODE;\n{INSERT}\nCOMMIT;"
"""As the `eventsourcing` library appends."""


def commands(_create_app: CreateApp, scale: float) -> Figure:
    """Eight officers' threads issue, call, start and finish; against as many clients that insert an event each."""
    visits = max(1, int(40 * scale))
    with server_on_disk() as server, closing(office_ledger(server.schema("office"))) as ledger:
        officers = [Officer(ledger, n) for n in range(OFFICERS)]
        server.run(
            "CREATE SEQUENCE version; CREATE TABLE plain (notification_id bigserial UNIQUE, originator_id text,"
            " originator_version bigint, topic text, state bytea, PRIMARY KEY (originator_id, originator_version))"
        )
        locked = list[float]()

        def ours() -> float:
            began = time.perf_counter()
            together([lambda o=o: o.serves(visits) for o in officers])  # type: ignore[misc]
            return OFFICERS * visits * 4 / (time.perf_counter() - began)

        def yardstick() -> float:
            locked.append(server.transactions(LOCKED, OFFICERS, max(1, visits // 4)))
            return server.transactions(INSERT, OFFICERS, visits * 4)

        rounds = in_turns(ours, yardstick, rounds=ROUNDS)
        behind = median(one / other for (one, _), other in zip(rounds, locked[1:], strict=True))
        return figure(
            "postgres",
            rounds,
            unit="commands/s",
            against="pgbench: an INSERT of one event and COMMIT, by as many clients",
            at_least=0.3,
            more={"against_pgbench_behind_a_table_lock": behind},
        )


def two(_create_app: CreateApp, scale: float) -> Figure:
    """Two processes of four officers each over one ledger; against one process of eight."""
    visits = max(1, int(40 * scale))
    with server_on_disk() as server:
        one, shared = server.schema("one"), server.schema("shared")
        for address in (one, shared):
            office_ledger(address).close()
        half = OFFICERS // 2
        with _crowds(one, [range(OFFICERS)]) as alone, _crowds(shared, [range(half), range(half, OFFICERS)]) as pair:
            rounds = in_turns(lambda: _serve(pair, visits), lambda: _serve(alone, visits), rounds=ROUNDS)
        return figure("postgres-two", rounds, unit="commands/s", against="the same by one process", at_least=0.9)


@contextmanager
def server_on_disk(**options: str) -> Iterator[Postgres]:
    """A server that syncs, as in an office."""
    if reason := postgres.missing():
        raise NotMeasuredError(reason)
    with Postgres(fsync="on", full_page_writes="on", shared_buffers="128MB", **options) as server:
        yield server


@contextmanager
def _crowds(address: str, whom: list[range]) -> Iterator[list[Connection]]:
    """Processes with these officers, to be told through their connections how many visits to serve."""
    context, lines, processes = get_context("spawn"), list[Connection](), []
    for numbers in whom:
        here, there = context.Pipe()
        process = context.Process(target=_crowd, args=(address, numbers, there))
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


def _crowd(address: str, numbers: range, line: Connection) -> None:
    """A process of `_crowds`."""
    with closing(Ledger(address)) as ledger:
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

"""The benchmark of the ledger in PostgreSQL, durable, on a server of its own: beside pgbench."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from statistics import median

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


@contextmanager
def server_on_disk(**options: str) -> Iterator[Postgres]:
    """A server that syncs, as in an office."""
    if reason := postgres.missing():
        raise NotMeasuredError(reason)
    with Postgres(fsync="on", full_page_writes="on", shared_buffers="128MB", **options) as server:
        yield server

"""Benchmark of the auditor's room: a day of 50 000 events at any instant."""

import time
from datetime import date
from random import Random

from audit import book
from audit.asked import Instant
from ltsa.present import day_stream
from ltsa.replay import day_at
from tools.bench_ledger import OFFICE, SHORT_ROUNDS, busy_day
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp

TICKETS = 10_150
"""With 100 people left waiting they make 50 500 events."""


def instant(_create_app: CreateApp, scale: float) -> Figure:
    """A random instant of an opened day: its state, its pictures, the events around; against folding the whole day."""
    with scratch() as folder:
        ledger = busy_day(folder / "ledger.sqlite", max(150, int(TICKETS * scale)), 100)[0].ledger
        stream = ledger.streams(day_stream(OFFICE.id, ""))[0]
        day = date.fromisoformat(stream.rpartition(":")[2])
        began = time.perf_counter()
        found = book.read(ledger, OFFICE.id, day)
        opening = time.perf_counter() - began
        assert found is not None  # noqa: S101 - the day was just made
        random = Random(2026)

        def ours() -> float:
            version = random.randint(1, found.newest)
            began = time.perf_counter()
            moment = found.moment(Instant(version=version))
            took = (time.perf_counter() - began) * 1000
            assert moment.version == version  # noqa: S101 - another instant is no figure
            return took

        def yardstick() -> float:
            began = time.perf_counter()
            day_at(found.history)
            return (time.perf_counter() - began) * 1000

        rounds = in_turns(ours, yardstick, rounds=SHORT_ROUNDS)
        ledger.close()
        return figure(
            "replay-instant",
            rounds,
            unit="ms",
            against="folding all of the day's events",
            most_value=100,
            more={
                "events": found.newest,
                "opening_ms": round(opening * 1000, 1),
                "slowest_ms": round(max(own for own, _ in rounds), 1),
            },
        )

"""Benchmark of taking days out: events a second as CSV, from the disk to the disk."""

import csv
import json
import sqlite3
import time
from contextlib import closing

from audit.exports import formats
from audit.exports.extract import Extract, Wanted, days, events
from tools.bench_ledger import OFFICE, busy_day
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp

VISITS = 12_500
"""Four events each: 50 000 events in one day."""


def export(_create_app: CreateApp, scale: float) -> Figure:
    """A day's events as CSV with everything the command writes; against its bare rows through `json` and `csv`."""
    with scratch() as folder:
        file = folder / "ledger.sqlite"
        ledger = busy_day(file, max(50, int(VISITS * scale)), 0)[0].ledger
        zones = {OFFICE.id: OFFICE.zone}
        extract = Extract(wanted=Wanted(format="csv"), zones=zones, until=ledger.newest(), by="bench", at=0)
        chosen = days(ledger, extract)
        select = "SELECT rowid, originator_version, topic, state FROM ledger WHERE originator_id LIKE 'day:%'"
        with closing(sqlite3.connect(file)) as reader:
            count = reader.execute(f"SELECT count(*) FROM ({select})").fetchone()[0]  # noqa: S608

            def ours() -> float:
                began, lines = time.perf_counter(), 0
                with (folder / "ours.csv").open("wb") as out:
                    for piece in formats.csv(events(ledger, extract, chosen), extract, lambda _: None):
                        out.write(piece)
                        lines += piece.count(b"\r\n")
                rate: float = count / (time.perf_counter() - began)
                assert lines == count + 1  # noqa: S101 - an export of something else is no figure
                return rate

            def yardstick() -> float:
                began = time.perf_counter()
                with (folder / "plain.csv").open("w", newline="") as out:
                    write = csv.writer(out).writerow
                    for position, version, topic, state in reader.execute(select):
                        write((position, version, topic, *json.loads(state).values()))
                rate: float = count / (time.perf_counter() - began)
                return rate

            rounds = in_turns(ours, yardstick)
        ledger.close()
        return figure(
            "export",
            rounds,
            unit="events/s",
            against="SELECT, json.loads and csv.writer of the same rows",
            least_value=50_000,
            more={"events": count},
        )

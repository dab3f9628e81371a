"""`python3 app.py faults`: break the office on purpose, and hold what it said against what it kept.

Real processes, real clients. A fault is done so often as `--runs` says, by its seed; each line tells how many commands
were acknowledged and what became of them. What must be true is docs/faults.md.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

import prepare
from tools import postgres
from tools.faults import clock, disk, hosts, killing, network, offline, power, redis, together
from tools.faults.check import Found
from tools.faults.office import no_orphans
from tools.faults.report import Report, timed
from tools.faults.round import NotPossibleError, Round
from tools.faults.simulated.fault import simulated
from tools.figures import scratch
from web.terminal import progress

SENTENCES = 5
"""About what is wrong, told of each fault."""


class Fault(NamedTuple):
    """One way to break it: how often in the full programme, and whether it takes PostgreSQL."""

    work: Callable[[Round], Found]
    runs: int
    on_postgres: bool = False


FAULTS: Mapping[str, Fault] = {
    "web-killed": Fault(killing.web_on_a_file, 300),
    "web-killed-postgres": Fault(killing.web_on_a_database, 300, on_postgres=True),
    "postgres-killed": Fault(killing.database, 100, on_postgres=True),
    "postgres-frozen": Fault(network.frozen, 30, on_postgres=True),
    "connection-cut": Fault(network.cut, 30, on_postgres=True),
    "connection-slow": Fault(network.slow, 30, on_postgres=True),
    "connection-lossy": Fault(network.lossy, 30, on_postgres=True),
    "power-cut": Fault(power.cut, 100),
    "redis-killed": Fault(redis.killed, 30),
    "redis-frozen": Fault(redis.frozen, 30),
    "redis-restarted": Fault(redis.restarted, 30),
    "disk-full": Fault(disk.full, 30),
    "clock-stepped": Fault(clock.stepped, 20),
    "midnight": Fault(clock.midnight, 20),
    "offline-briefly": Fault(offline.briefly, 10),
    "offline": Fault(offline.for_long, 30),
    "screens-slow": Fault(offline.slow, 30),
    "one-key": Fault(together.one_key, 1000),
    "two-officers": Fault(together.two_officers, 1000),
    "eight-officers": Fault(together.eight_officers, 1000),
    "two-hosts": Fault(hosts.two_hosts, 1000, on_postgres=True),
    "cable-pulled": Fault(hosts.cable_pulled, 30, on_postgres=True),
    "simulated": Fault(simulated, 20_000),
}


def faults(arguments: list[str], _create_app: Callable[..., object]) -> int:
    """Does the named faults, or all. 1 when anything was lost, doubled, wrong or late, else 0."""
    options = _parser().parse_args(arguments)
    if wrong := _wrong(options):
        print(wrong, file=sys.stderr)
        return 2
    try:
        prepare.for_checks()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    report = Report(options.report) if options.report else None
    if report and options.anew:
        report.begin_anew()
    known = {line.found.fault: line for line in report.lines()} if report else {}
    seed = next((line.found.seed for line in known.values()), random.randrange(1_000_000))
    seed = options.seed if options.seed is not None else seed
    names = options.names or list(FAULTS)
    if any(FAULTS[name].on_postgres for name in names):
        postgres.install()
    if not options.json:
        print(f"Seed {seed}.\n{HEAD}")
    held = True
    with no_orphans():
        for name in names:
            runs = options.runs or FAULTS[name].runs
            if (before := known.get(name)) and before.found.runs >= runs:
                print(f"{name:<22}was done {before.began}, as the report says.", file=sys.stderr)
                held &= before.found.held
            elif found := _done(name, runs, seed, report):
                held &= found.held
                print(msgspec.json.encode(found).decode() if options.json else line(found), flush=True)
            else:
                held = False
    return 0 if held else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(FAULTS)}")
    parser.add_argument("--runs", type=int, help="how often each, instead of as often as the programme says")
    parser.add_argument("--seed", type=int, help="what decides when (a new one each time unless given, and printed)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each fault")
    into = "write what comes of it into this page, after each fault; what it knows already is not done again"
    parser.add_argument("--report", type=Path, metavar="docs/faults.md", help=into)
    parser.add_argument("--anew", action="store_true", help="forget what the report knows")
    return parser


def _wrong(options: argparse.Namespace) -> str:
    """What is wrong with what was asked for, as a sentence; "" for nothing."""
    if unknown := [name for name in options.names if name not in FAULTS]:
        return f"There is no fault “{unknown[0]}”. The faults are: {', '.join(FAULTS)}."
    if options.runs is not None and options.runs < 1:
        return "--runs must be 1 or more."
    try:
        if options.report:
            Report(options.report)
    except (OSError, ValueError) as reason:
        return f"--report: {reason}"
    return ""


def _done(name: str, runs: int, seed: int, report: Report | None) -> Found | None:
    """What came of a fault, which the report knows then; None where it could not be done to its end: the others are to
    be done all the same.
    """
    began, load = datetime.now(UTC), os.getloadavg()[0]
    try:
        found = do(name, runs, seed)
    except NotPossibleError as reason:
        print(f"{name:<22}NOT DONE: {reason}.", file=sys.stderr)
        return None
    except Exception:  # noqa: BLE001 - whatever it was
        traceback.print_exc()
        print(f"{name:<22}NOT DONE: it ended before its time.", file=sys.stderr)
        return None
    if report:
        report.add(timed(found, FAULTS[name].runs, began, load))
    return found


def do(name: str, runs: int, seed: int) -> Found:
    """Does one fault so often. Raises `NotPossibleError`."""
    if FAULTS[name].on_postgres and (reason := postgres.missing()):
        raise NotPossibleError(reason)
    with scratch() as folder, progress(name) as tell:
        return FAULTS[name].work(Round(name, runs, seed, folder, tell))


HEAD = (
    f"{'fault':<22}{'runs':>6}{'acknowledged':>14}{'lost':>6}{'doubled':>9}{'skipped':>9}{'false':>7}{'order':>7}"
    f"{'linear':>8}{'p50 s':>8}{'p99 s':>8}"
)


def line(found: Found) -> str:
    """A row of the table, and what is wrong below it."""
    order, linear = found.out_of_order or "kept", found.unlinearizable or "yes"
    row = (
        f"{found.fault:<22}{found.runs:>6}{found.acknowledged:>14}{found.lost:>6}{found.doubled:>9}{found.skipped:>9}"
        f"{found.false_failures:>7}{order:>7}{linear:>8}{found.within(50):>8.2f}{found.within(99):>8.2f}"
    )
    more = "  ".join(f"{name} {value:g}" for name, value in found.more.items())
    wrong = [*found.wrong[:SENTENCES], *([f"… and {rest} more"] if (rest := len(found.wrong) - SENTENCES) > 0 else [])]
    return "\n".join([row, *([f"    {more}"] if more else []), *(f"  ! {each}" for each in [*wrong, *found.late])])

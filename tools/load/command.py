"""`python3 app.py load`: a crowd uses an office as on a real day, and what it felt is a report with plots.

Kiosks, officers, displays, phones and supervisors do what their pages do: files, sockets, keys, tries. Offices are made
in a folder of their own and opened, and at the end their record is held against what the crowd was told. Made offices
elsewhere are loaded with --url.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import prepare
from ltsa import scenario
from ltsa.scenario import Scenario, WrongScenarioError
from tools.bench_feed import allow_files
from tools.figures import NotMeasuredError, scratch
from web.settings import PROJECT, Settings, WrongSetting
from web.terminal import progress

if TYPE_CHECKING:
    from tools.load.found import Found, Limit
    from tools.load.running import Asked
    from web.server import CreateApp

WRONG, NOT_DONE = 1, 2

OPENS = 7 * 60 + 30
"""The minute of the day at which a scenario begins."""

CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")
LIMIT = re.compile(r"([a-z-]+)\.(p50|p95|p99|most)=(\d+(?:\.\d+)?)|(again)=(\d+(?:\.\d+)?)")

CONNECTIONS = 2
"""Of an open page, on average: its socket, and what it keeps of those over which it was loaded."""

PAGES_OF_STAFF = 20
"""Open pages of an office beside those on phones, and a few."""


def load(arguments: list[str], create_app: CreateApp) -> int:
    """Load an office. 0 when all was right, 1 when anything was wrong, 2 when it could not be done."""
    options = _options(arguments)
    try:
        prepare.for_load()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return NOT_DONE
    from tools.load.browser import LostError
    from tools.load.made import WrongOfficeError
    from tools.load.servers import NotOpenError

    try:
        if options.prepare:
            return _prepare(options)
        return _load(options, create_app)
    except (NotMeasuredError, NotOpenError, WrongOfficeError, WrongScenarioError, WrongSetting) as reason:
        print(reason, file=sys.stderr)
    except LostError as reason:
        print(f"Nobody could come in: {reason}.", file=sys.stderr)
    return NOT_DONE


def _prepare(options: argparse.Namespace) -> int:
    """Makes offices to be loaded, for a server that somebody starts themselves."""
    from tools.load.made import FILE, FIRST, make

    settings = Settings(data=options.prepare, database=options.database or "", office=FIRST)
    make(settings, options.offices, options.officers)
    database = f" --database {options.database}" if options.database else ""
    print(
        f"Offices to be loaded lie in {options.prepare}. Open them, with limits for a day that passes at speed 60:\n\n"
        f"  LTSA_OFFICE={FIRST} LTSA_RATE_LIMITS=60 python3 app.py serve --data {options.prepare}{database}\n\n"
        f"and load them from anywhere, with the secrets in {options.prepare / FILE}:\n\n"
        f"  python3 app.py load --url http://127.0.0.1:8000 --people {options.prepare / FILE}"
    )
    return 0


def _load(options: argparse.Namespace, create_app: CreateApp) -> int:
    from tools.load import made, report, running

    found, asked = _found(options), _asked(options)
    allow_files(CONNECTIONS * _pages(asked))
    with progress("seconds") as tell:
        if options.url:
            crowd = made.read(options.people)
            if not options.real_office:
                made.demand_marked(crowd)
            running.pointed(found, asked, crowd, options.url, tell)
        else:
            with scratch() as folder:
                behind = {"database": options.database or "", "workers": options.workers, "redis": options.redis}
                running.own(found, asked, folder, create_app, tell, **behind)
    folder = options.out or PROJECT / "var" / f"load-{found.began[:19].replace(':', '').replace('-', '')}"
    report.write(found, folder)
    print(report.as_text(found))
    print(f"\nThe report: {folder / report.PAGE}")
    return 0 if found.held else WRONG


def _found(options: argparse.Namespace) -> Found:
    from tools.load import machine
    from tools.load.found import Found
    from web.version import version

    where = (
        {"url": options.url} if options.url else {"workers": options.workers, "database": options.database or "file"}
    )
    if urlsplit(str(where.get("database", ""))).scheme:
        where["database"] = "PostgreSQL"  # its address may hold a password
    asked = where | {
        "redis": "yes" if options.redis else "no",
        "offices": options.offices,
        "officers": options.officers or "at every counter",
        "visitors": f"{options.visitors:g}",
        "phones": f"{options.phones:g}",
        "outages": f"{options.outages:g}",
        "scenario": options.scenario,
        "speed": f"{options.speed:g}",
        "begin": _hhmm(options.begin),
        "duration": f"{options.duration:g}",
        "ramp": f"{options.ramp:g}",
        "seed": options.seed,
    }
    began = datetime.now().astimezone().isoformat(timespec="seconds")
    return Found(
        began=began,
        asked={name: str(value) for name, value in asked.items()},
        machine=machine.described(),
        version="" if options.url else version(),
    )


def _asked(options: argparse.Namespace) -> Asked:
    from tools.load.running import Asked

    return Asked(
        scenario=options.read_scenario,
        offices=options.offices,
        officers=options.officers,
        visitors=options.visitors,
        phones=options.phones,
        outages=options.outages,
        speed=options.speed,
        begin=options.begin,
        duration=options.duration,
        ramp=options.ramp,
        seed=options.seed,
        limits=tuple(options.fail_over),
    )


def _pages(asked: Asked) -> int:
    """How many pages are open at once, at most."""
    ends = asked.begin + asked.duration * asked.speed / 60
    days = asked.plan(asked.offices).days
    comers = sum(asked.begin <= comer.minute < ends for day in days for comer in day)
    return int(asked.offices * PAGES_OF_STAFF + comers * asked.phones)


# --- Options


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="app.py load", description=__doc__)
    where = parser.add_argument_group("what is loaded")
    where.add_argument("--workers", type=_whole(1, 64), default=1, metavar="N", help="processes that answer (1)")
    where.add_argument(
        "--database", metavar="ADDRESS", help="an empty PostgreSQL database; “postgres” starts one of its own"
    )
    where.add_argument("--redis", action="store_true", help="with a Redis of its own that wakes processes")
    where.add_argument("--url", help="made offices that are open somewhere, instead of ones of its own")
    where.add_argument("--people", type=Path, metavar="FILE", help="with --url: who is let in there")
    where.add_argument("--real-office", action="store_true", help="with --url: although it was not made to be loaded")
    where.add_argument("--prepare", type=_folder, metavar="FOLDER", help="only make offices for --url, and stop")
    crowd = parser.add_argument_group("the crowd")
    crowd.add_argument("--offices", type=_whole(1, 200), default=1, metavar="N", help="offices at once (1)")
    crowd.add_argument("--officers", type=_whole(1, 50), metavar="N", help="at work in each office (at every counter)")
    crowd.add_argument("--scenario", default="base", help="when people come: a scenario of `app.py simulate` (base)")
    crowd.add_argument("--visitors", type=_number(0, 5000), metavar="N", help="a day in each office (the scenario's)")
    crowd.add_argument(
        "--phones", type=_number(0, 100), default=0.7, metavar="N", help="pages on phones a ticket (0.7)"
    )
    crowd.add_argument(
        "--outages", type=_number(0, 1), default=0.2, metavar="SHARE", help="of phones that lose the network (0.2)"
    )
    crowd.add_argument("--seed", type=int, help="what everybody’s dice follow from (a new one, and printed)")
    time = parser.add_argument_group("time")
    time.add_argument("--speed", type=_number(0.1, 1000), default=60.0, help="how much faster than life (60)")
    time.add_argument("--begin", type=_clock, default=0.0, metavar="HH.MM", help="when in the day it begins (07.30)")
    time.add_argument("--duration", type=_number(1, 86400), metavar="S", help="seconds (until the office closes)")
    time.add_argument(
        "--ramp", type=_number(0, 3600), metavar="S", help="seconds in which screens come before (a tenth)"
    )
    told = parser.add_argument_group("what is told")
    told.add_argument("--out", type=_folder, metavar="FOLDER", help="where the report goes (var/load-…)")
    told.add_argument(
        "--fail-over",
        type=_limit,
        action="append",
        default=[],
        metavar="LIMIT",
        help="press.p95=250 (ms), seen.p99=1500, again=1 (%% of requests made again): 1 when it is more; several",
    )
    options = parser.parse_args(arguments)
    if (options.url is None) != (options.people is None):
        parser.error("--url ADDRESS and --people FILE go together; --prepare FOLDER writes that file")
    if options.url and (urlsplit(options.url).scheme not in {"http", "https"} or not urlsplit(options.url).netloc):
        parser.error(f"--url is {options.url!r}; it must be like http://127.0.0.1:8000")
    if options.url and (options.database or options.redis or options.workers > 1):
        parser.error("--url loads what is open there; --workers, --database and --redis are of an office opened here")
    if options.prepare and options.database == "postgres":
        parser.error("--prepare needs the address of a database that stays: --database postgresql://…")
    return _completed(options, parser)


def _completed(options: argparse.Namespace, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What follows from the other options."""
    try:
        found: Scenario = scenario.read(options.scenario)
    except WrongScenarioError as wrong:
        parser.error(str(wrong))
    options.read_scenario = found
    options.visitors = found.lam if options.visitors is None else options.visitors
    if options.begin >= found.closes:
        parser.error(f"--begin is after the scenario closes ({_hhmm(found.closes)})")
    if options.duration is None:
        options.duration = 60 * (found.closes - options.begin) / options.speed
    if options.ramp is None:
        options.ramp = max(2.0, min(60.0, options.duration / 10))
    if options.seed is None:
        options.seed = random.randrange(1_000_000)
    return options


def _hhmm(minute: float) -> str:
    hour, rest = divmod(int(OPENS + minute), 60)
    return f"{hour:02d}.{rest:02d}"


def _clock(text: str) -> float:
    if not (found := CLOCK.fullmatch(text)) or (minute := 60 * int(found[1]) + int(found[2]) - OPENS) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be a time of the day from 07.30 on, like 09.15")
    return float(minute)


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _number(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = None
        with suppress(ValueError):
            value = float(text)
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} must be a number from {least:g} to {most:g}")
        return value

    return number


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from {least} to {most}")
        return int(text)

    return whole


def _limit(text: str) -> Limit:
    from tools.load.found import Limit
    from tools.load.meter import LATENCIES

    found = LIMIT.fullmatch(text)
    if found and found[4]:
        return Limit("again", "", float(found[5]))
    if not found or found[1] not in LATENCIES:
        known = ", ".join(LATENCIES)
        raise argparse.ArgumentTypeError(
            f"{text!r} must be WHAT.p50, .p95, .p99 or .most=MS, or again=PERCENT; WHAT is one of {known}"
        )
    return Limit(found[1], found[2], float(found[3]))

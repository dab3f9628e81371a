"""`python3 app.py demo`: opens an example office and plays a busy morning in it.

The people of `tools.morning` give the same commands as real ones, only faster. Every event carries the true time at
which it happened: at speed 60, a wait of ten minutes stands in the ledger, honestly, as one of ten seconds.
"""

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import gevent
from flask import Flask

from tools.morning import Morning
from web.house import House
from web.server import CreateApp, run
from web.settings import Settings, add_flags

MARK = "demonstration"
"""The file that tells a demonstration's folder from an office's."""

DOORS = 7 * 60 + 30
"""The minute of the day at which the morning begins."""


def demo(arguments: list[str], create_app: CreateApp) -> int:
    """Open the office and play. 0 after a clean stop, 1 when the address cannot be had, 2 for an office's folder."""
    parser = argparse.ArgumentParser(prog="app.py demo", description="Open an example office and play a busy morning.")
    add_flags(parser)
    parser.add_argument("--speed", type=_speed, default=60.0, help="how much faster than life; 60, an hour a minute")
    parser.add_argument("--seed", type=int, default=1, help="another number is another morning")
    parser.add_argument("--until-done", action="store_true", help="close the office when the morning is over")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="ltsa-demo-", ignore_cleanup_errors=True) as temporary:
        data = options.data or Path(temporary)
        if (data / "ledger.sqlite").exists() and not (data / MARK).exists():
            print(f"{data} is a real office's: a demonstration would stay in its ledger for ever.", file=sys.stderr)
            return 2
        settings = Settings.load(host=options.host, port=options.port, data=data)
        data.mkdir(parents=True, exist_ok=True)
        (data / MARK).touch()

        def meanwhile(app: Flask, settings: Settings) -> None:
            kept = "stays in that folder" if options.data else "is thrown away at the end: --data FOLDER keeps it"
            print(f"\nThis is a demonstration; what happens in it {kept}.\n", flush=True)
            _play(app.extensions["ltsa"], settings, options.speed, options.seed)
            if options.until_done:
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                print("The office stays open: go on by hand, or close it with Ctrl+C.", flush=True)

        return run(settings, create_app, meanwhile=meanwhile)


def _play(house: House, settings: Settings, speed: float, seed: int) -> None:
    followed: list[str] = []

    def issued(number: str, secret: str, services: tuple[str, ...]) -> None:
        if not followed and len(services) > 3:  # noqa: PLR2004 - a long visit is worth following
            followed.append(number)
            print(f"  One visitor's phone, {number}: {settings.local_address}/t/{secret}", flush=True)

    morning = Morning(
        office=house.office(settings.office),
        give=house.do,
        now=house.now,
        secret=house.seed,
        seed=seed,
        run=f"demonstration {secrets.token_hex(8)}",
        issued=issued,
    )
    print(f"The morning begins at {_clock(0)}; counters open at 08.00. Speed: {speed:g} × life.", flush=True)
    morning.play(_passing(house, settings, speed))
    print(f"  {_clock(morning.minute)}  The morning is over: {_hall(house, settings)}.", flush=True)


def _passing(house: House, settings: Settings, speed: float) -> Callable[[float], None]:
    """Lets the morning's minutes pass on the wall clock; says every half hour how it goes."""
    began, next_news = time.monotonic(), 30.0

    def wait_until(minute: float) -> None:
        nonlocal next_news
        gevent.sleep(max(0.0, began + minute * 60 / speed - time.monotonic()))
        if minute >= next_news:
            next_news = minute // 30 * 30 + 30
            print(f"  {_clock(minute)}  {_hall(house, settings)}", flush=True)

    return wait_until


def _hall(house: House, settings: Settings) -> str:
    house.catch_up()
    tally = house.today(settings.office).tally
    at_counters = tally["called"] + tally["serving"]
    return f"{tally['waiting']} waiting, {at_counters} at counters, {tally['done']} gone home done"


def _clock(minute: float) -> str:
    hour, minute_of_hour = divmod(DOORS + int(minute), 60)
    return f"{hour:02d}.{minute_of_hour:02d}"


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 1_000_000:  # noqa: PLR2004 - also refuses nan
        raise ValueError
    return speed

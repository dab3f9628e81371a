"""`python3 app.py demo`: opens an example office and plays a busy morning in it.

The people of `tools.morning` give the same commands as real ones, only faster. Every event carries the true time at
which it happened: at speed 60, a wait of ten minutes stands in the ledger, honestly, as one of ten seconds. Its made-up
staff have accounts with one password, freshly made for each folder, so that whoever looks on can be any of them.
"""

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gevent
from flask import Flask

from ltsa.access import EVERYWHERE
from ltsa.identity import Identity
from ltsa.journey_rules import RecordStep
from ltsa.road import NO_PLAN
from ltsa.subject import asked
from tools import staff
from tools.morning import NAMES, OFFICERS, Morning
from web import devices, journeys
from web.house import House
from web.server import CreateApp, run
from web.settings import Settings, add_flags

MARK = "demonstration"
"""The file that tells a demonstration's folder from an office's. It holds the password of its staff."""

STAFF = {
    **dict.fromkeys(OFFICERS, ("officer", "")),
    "ratna": ("supervisor", ""),
    "bambang": ("manager", ""),
    "yusuf": ("auditor", ""),
    "laila": ("headquarters", EVERYWHERE),
    "teguh": ("admin", EVERYWHERE),
}
"""Who has an account, in which role, and where ("": in the one office)."""

SHOWN = ("siti", "ratna", "bambang", "yusuf", "laila", "teguh")
"""One account for each role: those that the demonstration prints, and that have a password."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

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
        settings = Settings.load(host=options.host, port=options.port, data=data, workers=1)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        password = _password(data / MARK)

        def create_with_staff(settings: Settings) -> Flask:
            app = create_app(settings)
            _hire(app.extensions["ltsa"], password)
            return app

        def meanwhile(app: Flask, settings: Settings) -> None:
            kept = "stays in that folder" if options.data else "is thrown away at the end: --data FOLDER keeps it"
            print(f"\nThis is a demonstration; what happens in it {kept}.\n", flush=True)
            print(_doors(app.extensions["ltsa"], password), flush=True)
            _play(app.extensions["ltsa"], settings, options.speed, options.seed)
            if options.until_done:
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                print("The office stays open: go on by hand, or close it with Ctrl+C.", flush=True)

        return run(settings, create_with_staff, meanwhile=meanwhile)


def _password(mark: Path) -> str:
    """The password of the staff in this folder, made when there is none yet."""
    if not (mark.exists() and mark.read_text("ascii")):
        with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)))
    return mark.read_text("ascii")


def _hire(house: House, password: str) -> None:
    for person, (role, office) in STAFF.items():
        if person not in house.access.people:
            staff.add(house, person, [role], NAMES[person], office)
            if person in SHOWN:
                house.credentials.set_password(person, password, house.now())


def _doors(house: House, password: str) -> str:
    """How somebody gets in: as any of the staff, or as a kiosk or a display of its own."""
    rows = [f"              {person:<9}{STAFF[person][0]}" for person in SHOWN]
    return "\n".join(
        [
            f"  sign in     {house.settings.local_address}/sign-in with the password {password} as",
            *rows,
            "              They open every screen that is theirs, the officer also the kiosk and the display.",
            "",
            "  A screen of its own is paired by a link, once, within ten minutes, each in another browser or profile:",
            *(f"  {kind:<12}{_pairing_link(house, kind)}" for kind in ("kiosk", "display")),
            "",
        ]
    )


def _pairing_link(house: House, kind: str) -> str:
    office = house.settings.office
    name = next(name for n in count(1) if not house.access.named(office, kind, name := f"{kind}-{n}"))
    return devices.link(kind, office, name, "", "command line", house)


def _play(house: House, settings: Settings, speed: float, seed: int) -> None:
    followed: list[str] = []
    shown_cards: list[str] = []

    def issued(number: str, secret: str, services: tuple[str, ...]) -> None:
        if not followed and len(services) > 3:  # noqa: PLR2004 - a long visit is worth following
            followed.append(number)
            print(f"  One visitor's phone, {number}: {settings.local_address}/t/{secret}", flush=True)

    run, cards = f"demonstration {secrets.token_hex(8)}", count(1)

    def admit(nik: str, scheme: str, before: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        number = next(cards)
        said: dict[str, Any] = {"office": settings.office, "by": "kiosk:1"}
        words = asked(house.office(settings.office).consent)
        agreed = words.given(words.digest("id"), "kiosk")
        person, case, card = journeys.open_case(
            house, Identity(nik=nik, name=""), scheme=scheme, key=f"{run} case {number}", agreed=agreed, **said
        )
        for step in before:
            key = f"{run} {step} {number}"
            house.do(RecordStep(at=house.now(), key=key, person=person, case=case, step=step, outcome="done", **said))
        if before and not shown_cards:
            shown_cards.append(card)
            print(f"  One visitor's case card: {settings.local_address}/c/{card}", flush=True)
        journey = journeys.journey_of(house, person, office=settings.office)
        plan = (journey and journey.plan) or NO_PLAN
        return person, tuple(service for service in plan.services if not plan.after[service])

    morning = Morning(
        office=house.office(settings.office),
        give=house.do,
        now=house.now,
        secret=house.seed,
        seed=seed,
        run=run,
        issued=issued,
        admit=admit,
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

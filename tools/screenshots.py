"""`python3 app.py screenshots`: makes the pictures of the README from a morning of the demonstration.

The morning is played on paper up to a minute of it, and the one process that shows it believes that it is that minute:
so the pictures have the waits and the times of day of a real office, and come out the same every time.
"""

import argparse
import contextlib
import io
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask

import prepare
from ltsa.day import Day
from tools import chromium, staff
from tools.morning import NAMES, Morning
from web.house import House
from web.server import CreateApp, run
from web.settings import PROJECT, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = PROJECT / "docs" / "screenshots"
DATE = "2026-11-23"
DOORS = "07:30"
MINUTE = 131
"""09.41 on a Monday."""

COLOURS = 256
SOUND = ("--autoplay-policy=no-user-gesture-required", "--mute-audio")
"""A display's Chromium may speak without being touched first; ours speaks unheard."""


class Picture(NamedTuple):
    """A page at the size of the device it is for; `cookie` is what its browser shows at the door ("session=…"), if
    anything.
    """

    name: str
    path: str
    width: int
    height: int
    cookie: str = ""


class Shown(NamedTuple):
    """What the pictures need to know about the morning: a counter and its officer's session, a supervisor's, a
    manager's and an auditor's, two devices, and secrets of tickets in two states.
    """

    port: int = 0
    counter: str = ""
    waiting: str = ""
    called: str = ""
    officer: str = ""
    supervisor: str = ""
    manager: str = ""
    auditor: str = ""
    kiosk: str = ""
    display: str = ""


def screenshots(arguments: list[str], create_app: CreateApp) -> int:
    """Write the pictures into docs/screenshots. 0 when done, 1 where there is no Chromium."""
    parser = argparse.ArgumentParser(prog="app.py screenshots", description="Make the pictures of the README.")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to write them")
    options = parser.parse_args(arguments)
    try:
        prepare.for_checks()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    chromium.install()
    program = chromium.find()
    if not program:
        print("There is no Chromium on this machine.", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    options.to.mkdir(parents=True, exist_ok=True)
    with _office(create_app) as shown, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*chromium.FLAGS, *SOUND])
        for picture in pictures(shown):
            image = _compressed(_taken(browser, picture, f"http://127.0.0.1:{shown.port}"))
            (options.to / f"{picture.name}.png").write_bytes(image)
            print(f"{picture.name}.png  {picture.width}×{picture.height}  {len(image) // 1024} KB", flush=True)
        browser.close()
    return 0


def pictures(shown: Shown) -> list[Picture]:
    """Every face once."""
    return [
        Picture("kiosk", "/kiosk/ltsa/services", 1080, 1920, f"device={shown.kiosk}"),
        Picture("ticket", f"/t/{shown.waiting}", 390, 844),
        Picture("called", f"/t/{shown.called}", 390, 844),
        Picture("desk", f"/desk/ltsa/{shown.counter}", 1366, 768, f"session={shown.officer}"),
        Picture("display", "/display/ltsa", 1920, 1080, f"device={shown.display}"),
        Picture("supervisor", "/supervisor/ltsa", 1366, 1010, f"session={shown.supervisor}"),
        Picture("manage", "/manage/ltsa/settings", 1366, 1010, f"session={shown.manager}"),
        Picture("audit", f"/audit/ltsa/{DATE}?at=08:52:30", 1366, 1010, f"session={shown.auditor}"),
    ]


@contextmanager
def _office(create_app: CreateApp) -> Iterator[Shown]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with TemporaryDirectory(prefix="ltsa-screenshots-") as folder:
        server = context.Process(target=_serve, args=(create_app, Path(folder), theirs))
        server.start()
        theirs.close()
        try:
            yield ours.recv()
        finally:
            server.terminate()
            server.join()


def _serve(create_app: CreateApp, folder: Path, told: Connection) -> None:
    settings = Settings(data=folder, port=0)

    def meanwhile(app: Flask, settings: Settings) -> None:
        told.send(_played(app.extensions["ltsa"], settings))

    begins = datetime.fromisoformat(f"{DATE}T{DOORS}+07:00").timestamp()
    _set_clock(begins + MINUTE * 60)
    with contextlib.redirect_stdout(io.StringIO()):
        run(settings, create_app, meanwhile=meanwhile)


def _played(house: House, settings: Settings) -> Shown:
    """Plays the morning up to the minute that it is now."""
    secrets: dict[str, str] = {}
    begins = house.now() - MINUTE * 60_000
    now = begins

    def wait_until(minute: float) -> None:
        nonlocal now
        now = begins + int(minute * 60_000)

    Morning(
        office=house.office(settings.office),
        give=house.do,
        now=lambda: now,
        secret=house.seed,
        seed=1,
        run="screenshots",
        issued=lambda number, secret, _services: secrets.update({number: secret}),
    ).play(wait_until, until=MINUTE)
    house.catch_up()
    day = house.today(settings.office)
    counter = _counter(day)
    officer = day.counters[counter].officer
    return Shown(
        port=settings.port,
        counter=counter,
        waiting=secrets[_waiting(day)],
        called=secrets[_called(day)],
        officer=staff.session(house, officer, ["officer"], NAMES.get(officer, "")),
        supervisor=staff.session(house, "ratna", ["supervisor"], NAMES["ratna"]),
        manager=staff.session(house, "bambang", ["manager"], NAMES["bambang"]),
        auditor=staff.session(house, "yusuf", ["auditor"], NAMES["yusuf"]),
        kiosk=staff.device(house, "kiosk"),
        display=staff.device(house, "display"),
    )


def _counter(day: Day) -> str:
    """Of the counters that serve somebody, the one with the most documents to check."""
    serving = [ticket for ticket in day.tickets.values() if ticket.state == "serving"]
    return max(serving, key=lambda ticket: len(day.rules_of.service[ticket.service].bring)).counter


def _waiting(day: Day) -> str:
    """A person in the middle of a long visit, with others ahead."""
    waiting = [ticket for ticket in day.tickets.values() if ticket.state == "waiting" and ticket.steps]
    half_done = [ticket for ticket in waiting if sum(step.state == "done" for step in ticket.steps.values()) == 2]  # noqa: PLR2004
    return max(half_done, key=lambda ticket: (len(ticket.steps), ticket.order)).number


def _called(day: Day) -> str:
    return next(ticket.number for ticket in day.tickets.values() if ticket.state == "called")


def _set_clock(seconds: float) -> None:
    """This process believes that it is that time now."""
    ahead = int(seconds * 1e9) - time.time_ns()
    true_time_ns = time.time_ns
    time.time_ns = lambda: true_time_ns() + ahead
    time.time = lambda: time.time_ns() / 1e9


def _taken(browser: "Browser", picture: Picture, address: str) -> bytes:
    context = browser.new_context(viewport={"width": picture.width, "height": picture.height}, locale="id-ID")
    if picture.cookie:
        name, _, value = picture.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    page.goto(address + picture.path)
    page.wait_for_timeout(1500)
    image = page.screenshot()
    context.close()
    return image


def _compressed(image: bytes) -> bytes:
    """With a palette: our pages have few colours, and a repository remembers every byte."""
    from PIL import Image

    with Image.open(io.BytesIO(image)) as picture:
        packed = io.BytesIO()
        picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(packed, "PNG", optimize=True)
        return packed.getvalue()

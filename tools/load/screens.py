"""Pages that are open: a browser with its socket; the displays, the supervisor's page, and the door of the staff."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus

from tools.load.browser import NAVIGATION, PATIENCE, Answer, Browser, LostError, live_views
from tools.load.wire import Picture, Wire
from tools.load.world import Shown, World

REPORTS = 60.0
"""Seconds between two reports of a screen that was paired (`device.js`)."""

_CLIPS = re.compile(r'<li class="call [^>]*data-clips="([^"]*)"')
_VERSION = re.compile(r'data-version="([^"]*)"')
_WALL = re.compile(r'<div data-live="display:[^"]*" data-v="(\d+)"[^>]*>(.*)</div>\s*<span class="probe"', re.DOTALL)
_WAIT = re.compile(r'<span class="queue__wait" data-wait>.*?</li>', re.DOTALL)


class Screen:
    """A browser with one open page and its socket."""

    def __init__(self, world: World, kind: str, name: str, place: str, device: str = "") -> None:
        self.world, self.meter, self.kind, self.name = world, world.meter, kind, name
        self.luck = world.luck(name)
        self.browser = Browser(world.site, place, device)
        self.wire: Wire | None = None
        self._reports: asyncio.Task[None] | None = None

    async def opens(self, path: str, what: str = "page") -> str:
        """Opens the page and its socket; the page's HTML."""
        page = await self.browser.opens(path, what)
        self.goes_live(page)
        return page

    def goes_live(self, page: str) -> None:
        """A page that is open keeps itself live; a paired screen reports."""
        self.wire = Wire(self.browser, self.kind, live_views(page), self.luck)
        if found := _VERSION.search(page):
            self._reports = asyncio.create_task(self._report(found[1]))

    async def close(self) -> None:
        """Closes the page."""
        if self._reports:
            self._reports.cancel()
        if self.wire:
            await self.wire.close()
        await self.browser.close()

    async def _report(self, version: str) -> None:
        """What a paired screen says every minute."""
        while True:
            with suppress(LostError):
                answer = await self.browser.ask("/device/report", json={"version": version, "screen": [1920, 1080]})
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    self.meter.repeats("report", str(answer.status))
            await asyncio.sleep(REPORTS)


async def shows_the_wall(screen: Screen, office: str) -> Shown:
    """Opens a display on the wall; what it shows from now on. Raises `LostError`."""
    shown = Shown(office, [], [""])
    screen.world.record.displays.append(shown)
    await screen.opens(f"/display/{office}")
    assert screen.wire  # noqa: S101 - it is open
    wire, clips = screen.wire, set[str]()
    speaking: set[asyncio.Task[None]] = set()

    def note(_view: str, picture: Picture) -> None:
        shown.pictures.append((picture.v, picture.at, wire.port))
        shown.last[0] = picture.html
        new = {name for names in _CLIPS.findall(picture.html) for name in names.split() if name != ","} - clips
        if new:
            clips.update(new)
            speaking.add(task := asyncio.create_task(_fetch_clips(screen, sorted(new))))
            task.add_done_callback(speaking.discard)

    wire.on_picture = note
    return shown


async def _fetch_clips(screen: Screen, names: list[str]) -> None:
    """What a call is spoken with; each clip is loaded once."""
    for name in names:
        began = screen.meter.now()
        with suppress(LostError):
            answer = await screen.browser.ask(f"/display/voice/{name}")
            if answer.status == HTTPStatus.OK:
                screen.meter.ended("file", began)
            else:
                screen.meter.fails("file", str(answer.status))


async def settles(screen: Screen, shown: Shown, newest: int, patience: float) -> None:
    """Waits until a display shows what a page does that is opened at `newest` or later, or so many seconds have gone.

    Raises:
        LostError: the page did not come.
    """
    until = screen.meter.now() + patience
    while screen.meter.now() < until:
        v, picture = wall(await screen.browser.opens(f"/display/{shown.office}", "page"))
        if v >= newest and plain(picture) == plain(shown.last[0]):
            return
        await asyncio.sleep(0.5)


def wall(page: str) -> tuple[int, str]:
    """The live part of a display's page: the ledger's position, -1 for none, and the picture."""
    return (int(found[1]), found[2]) if (found := _WALL.search(page)) else (-1, "")


def plain(picture: str) -> str:
    """A display's picture without what follows from dice and the clock: how long newcomers will wait."""
    return _WAIT.sub("</li>", picture).strip()


async def signs_in(screen: Screen, account: str, password: str, to: str) -> str:
    """Through the door with a password; the page behind it. Raises `LostError`."""
    await screen.browser.opens(f"/sign-in?next={to}", "page")
    began = screen.meter.now()
    while True:
        form = [("next", to), ("account", account), ("password", password)]
        try:
            answer = await screen.browser.ask("/sign-in", form=form, patience=NAVIGATION)
        except LostError as why:
            screen.meter.repeats("sign-in", str(why))
        else:
            if answer.status == HTTPStatus.OK:
                screen.meter.ended("sign-in", began)
                return await screen.browser.opens(to, "page")
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                screen.meter.fails("sign-in", str(answer.status))
                raise LostError(f"{account} was not let in ({answer.status})")
            screen.meter.repeats("sign-in", str(answer.status))
        if screen.meter.now() - began > PATIENCE:
            screen.meter.fails("sign-in", "never answered")
            raise LostError(f"{account} was never answered")
        await asyncio.sleep(2.0)


async def until_answered(  # noqa: PLR0913 - by name
    screen: Screen,
    path: str,
    key: str,
    began: float,
    *,
    what: str,
    pauses: tuple[float, ...],
    body: dict[str, object] | None = None,
    form: list[tuple[str, str]] | None = None,
) -> Answer | None:
    """Asks again under the same key while no answer came or the office says that it cannot now; None when a minute is
    over.
    """
    tries = 0
    while True:
        try:
            answer = await screen.browser.ask(
                f"{path}?lang=id", json=body, form=form, headers={"Idempotency-Key": key} if body is not None else {}
            )
        except LostError as why:
            screen.meter.repeats(what, str(why))
        else:
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                return answer
            if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                screen.meter.fails(what, "500")
            else:
                screen.meter.repeats(what, str(answer.status))
        if screen.meter.now() - began > PATIENCE:
            screen.meter.fails(what, "never answered")
            return None
        await asyncio.sleep(pauses[min(tries, len(pauses) - 1)])
        tries += 1

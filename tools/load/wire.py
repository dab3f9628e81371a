"""A page's live part: the socket as `wire.js` and `live.js` keep it, with its pictures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import aiohttp

from tools.load.browser import Browser, LostError

FIRST, LAST = 0.25, 5.0
"""Seconds of the first and the longest pause before a page tries its socket again (`wire.js`)."""

SILENCE = 12.0
"""Seconds without a heartbeat after which a page begins anew (`live.js`)."""


class Picture(NamedTuple):
    """What a page was told to show: the ledger's position, the HTML, when it came (seconds since the beginning)."""

    v: int
    html: str
    at: float


class Wire:
    """The live feed of one open page. It comes back by itself until `close`.

    Attributes:
        pictures: the newest of each view.
        newest: the newest position that it was told, by a picture or a heartbeat.
        port: of the present socket, by which its process can be found; 0 while there is none.
    """

    def __init__(self, browser: Browser, kind: str, views: Iterable[str], luck: Random) -> None:
        self.pictures: dict[str, Picture] = {}
        self.newest = self.port = 0
        self.on_picture: Callable[[str, Picture], object] = lambda _view, _picture: None
        self._browser, self._meter, self._kind, self._luck = browser, browser.meter, kind, luck
        self._views = list(views)
        self._line: aiohttp.ClientWebSocketResponse | None = None
        self._since, self._what = self._meter.now(), "join"
        self._away = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        self._leaving: set[asyncio.Task[Any]] = set()
        self._work = asyncio.create_task(self._stay())

    async def watch(self, views: Iterable[str]) -> None:
        """The page shows other parts now."""
        self._views = list(views)
        await self.again()

    async def again(self) -> None:
        """The page asks for the present picture of all that it shows."""
        if self._line is not None and self.port:
            await self._say(self._line)

    def goes_away(self, seconds: float) -> None:
        """The network is gone for so long, from the next news on: nothing is heard or answered, and nobody is told."""
        self._away = seconds

    def news(self) -> asyncio.Future[None]:
        """Is done when the next picture or heartbeat has come."""
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(coming)
        return coming

    async def close(self) -> None:
        """The page is closed."""
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work
        if self._line is not None:
            self._hang_up(self._line)
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _stay(self) -> None:
        pause = FIRST
        while True:
            try:
                line = await self._browser.socket()
            except LostError as why:
                self._meter.repeats(self._what, str(why))
            else:
                self._line, port = line, self._browser.port()
                if await self._listen(line, port):
                    pause = FIRST
                self._hang_up(line)
                self._lost()
                if self._back():
                    continue
            await asyncio.sleep(pause * (0.5 + self._luck.random()))
            pause = min(2 * pause, LAST)

    def _back(self) -> bool:
        """Whether the network has just come back: the page does not wait then."""
        was_away, self._away = self._away, 0.0
        if was_away:
            self._since = self._meter.now()
        return bool(was_away)

    def _lost(self) -> None:
        if self.port:
            self._meter.here[self._kind] -= 1
        self.port, self._line = 0, None
        if self._what:
            return  # it was not live since the last time
        self._since, self._what = self._meter.now(), "rejoin"

    async def _listen(self, line: aiohttp.ClientWebSocketResponse, port: int) -> bool:
        """Hears the socket until it ends; whether it was ever open."""
        opened, beaten = False, self._meter.now()
        while True:
            if self._away:
                await asyncio.sleep(self._away)
                return opened
            try:
                said = await line.receive(timeout=max(0.1, beaten + SILENCE - self._meter.now()))
            except TimeoutError:
                self._meter.repeats("feed", "silent for 12 s")
                return opened
            if said.type is not aiohttp.WSMsgType.TEXT:
                return opened
            text: str = said.data
            if text == "2":
                await self._send(line, "3")
            elif text.startswith("0"):
                await self._send(line, "40")
            elif text.startswith("40"):
                opened, self.port = True, port
                self._meter.here[self._kind] += 1
                await self._say(line)
            elif text.startswith("42"):
                name, body = json.loads(text[2:])
                beaten = self._meter.now() if name == "beat" else beaten
                self._hear(name, body)
            elif text.startswith(("1", "41", "44")):
                return opened

    def _hear(self, name: str, body: dict[str, Any]) -> None:
        if name == "refused":
            self._meter.fails("feed", f"refused a view: {body['code']}")
            return
        self.newest = max(self.newest, body["v"])
        if self._what:
            self._meter.ended(self._what, self._since)
            self._what = ""
        if name == "view":
            shown = self.pictures.get(body["view"])
            if shown is None or body["v"] > shown.v or (body.get("again") and body["v"] == shown.v):
                picture = Picture(body["v"], body["html"], self._meter.now())
                self.pictures[body["view"]] = picture
                self.on_picture(body["view"], picture)
        for coming in self._waiting:
            if not coming.done():
                coming.set_result(None)
        self._waiting.clear()

    async def _say(self, line: aiohttp.ClientWebSocketResponse) -> None:
        await self._send(line, "42" + json.dumps(["watch", {"views": self._views}]))

    @staticmethod
    async def _send(line: aiohttp.ClientWebSocketResponse, text: str) -> None:
        with suppress(aiohttp.ClientError, ConnectionError, RuntimeError):
            await line.send_str(text)

    def _hang_up(self, line: aiohttp.ClientWebSocketResponse) -> None:
        leaving = asyncio.create_task(line.close())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

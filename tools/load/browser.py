"""A browser as an office meets it: pages with all their files, a cache, cookies, six connections, an address.

Where a page asks again by itself, its script says when; where a page does not load, a person loads it again.
"""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from tools.load.meter import Meter

ONE_TRY = 8.0
"""Seconds that a page's script waits for one answer (`act.js`, `steps.js`)."""

SOCKET_OPENS = 12.0
"""Seconds after which a page gives up a socket that does not open (`live.js`)."""

NAVIGATION = 30.0
"""Seconds that a person waits for a page before they try again; the browser would wait longer."""

RELOAD = 2.0
"""Seconds until a person loads a page again that did not come."""

PATIENCE = 60.0
"""Seconds for which an answer is hoped for."""

AT_ONCE = 6
"""Connections that a browser opens to one address."""

AGENT = "Mozilla/5.0 (load; LTSA)"

_NEEDED = re.compile(r'(?:src|href)="(/(?:static|vendor)/[^"]+)"')
_IMPORTED = re.compile(r'(?:from|import)\s*\(?"(/static/[^"]+)"|@import\s+(?:url\()?"(/static/[^"]+)"')
_LIVE = re.compile(r'data-live="([^"]+)"')
_LASTING = re.compile(r"max-age=[1-9]")

_port: ContextVar[int] = ContextVar("port", default=0)


class LostError(Exception):
    """No answer came, or none that counts; the text says why, in a word or a status."""


class Answer(NamedTuple):
    """What the office said. `port` is the client's own end of the connection, by which its process can be found."""

    status: int
    text: str
    headers: Mapping[str, str]
    port: int


class Site:
    """The installation that the crowd is pointed at, and what everybody knows of its files.

    Attributes:
        address: "http://127.0.0.1:8000".
    """

    def __init__(self, address: str, meter: Meter) -> None:
        self.address, self.meter = address.rstrip("/"), meter
        self.imports: dict[str, tuple[str, ...]] = {}
        """Which files a file brings along."""

    def cookie(self, base: str) -> str:
        """What a cookie of the office is called there."""
        return f"__Host-{base}" if self.address.startswith("https:") else base


class Browser:
    """One browser, until it is closed. `place` is the address that it comes from, as a proxy tells it."""

    def __init__(self, site: Site, place: str, device: str = "") -> None:
        self.site, self.meter = site, site.meter
        self._etags: dict[str, str] = {}
        self._lasting: set[str] = set()
        jar = aiohttp.CookieJar(unsafe=True)
        if device:
            shown = SimpleCookie({site.cookie("device"): device})
            jar.update_cookies(shown, URL(site.address))
        self._session = aiohttp.ClientSession(
            site.address,
            cookie_jar=jar,
            connector=_Connector(limit_per_host=AT_ONCE, limit=0),
            headers={"User-Agent": AGENT, "X-Forwarded-For": place, "Sec-Fetch-Site": "same-origin"},
            timeout=aiohttp.ClientTimeout(total=SOCKET_OPENS),
        )

    async def close(self) -> None:
        """Closes it with all its connections."""
        await self._session.close()

    async def ask(
        self,
        path: str,
        *,
        form: Sequence[tuple[str, str]] | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = {},
        patience: float = ONE_TRY,
    ) -> Answer:
        """One request: a form or JSON is posted. Redirects are followed. Raises `LostError` where no answer came."""
        method = "GET" if form is None and json is None else "POST"
        said = {"Origin": self.site.address, **headers} if method == "POST" else headers
        limit = aiohttp.ClientTimeout(total=patience)
        self.meter.asks()
        try:
            async with self._session.request(method, path, data=form, json=json, headers=said, timeout=limit) as answer:
                return Answer(answer.status, await answer.text(errors="replace"), answer.headers, _port.get())
        except TimeoutError:
            raise LostError("no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LostError(type(error).__name__) from None

    async def opens(self, path: str, what: str) -> str:
        """Opens a page with every file that it needs; its HTML. What does not come is loaded again, as by a person.

        Raises:
            LostError: it did not come for a minute, or is no page for this browser.
        """
        began = self.meter.now()
        while True:
            try:
                page = await self._page(path)
                await self._files(_NEEDED.findall(page))
            except LostError as why:
                if self.meter.now() - began > PATIENCE:
                    self.meter.fails(what, str(why))
                    raise
                self.meter.repeats(what, str(why))
                await asyncio.sleep(RELOAD)
            else:
                self.meter.ended(what, began)
                return page

    async def socket(self) -> aiohttp.ClientWebSocketResponse:
        """Opens the live feed's socket. Raises `LostError`."""
        try:
            return await self._session.ws_connect(
                "/socket.io/?EIO=4&transport=websocket",
                origin=self.site.address,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=0,
                autoclose=True,
            )
        except TimeoutError:
            raise LostError("no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LostError(type(error).__name__) from None

    def position(self) -> int:
        """The ledger's position of what this browser changed last, as the office told it in a cookie; 0 for none."""
        for cookie in self._session.cookie_jar:
            if cookie.key == self.site.cookie("position"):
                return int(cookie.value)
        return 0

    @staticmethod
    def port() -> int:
        """The own end of the connection that this task used last."""
        return _port.get()

    async def _page(self, path: str) -> str:
        answer = await self.ask(path, headers={"Accept": "text/html"}, patience=NAVIGATION)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise LostError(str(answer.status))
        return answer.text

    async def _files(self, needed: Sequence[str]) -> None:
        """Loads files and what they import, each once, as many at once as a browser does."""
        known: set[str] = set()
        while wave := [path for path in dict.fromkeys(map(html.unescape, needed)) if path not in known]:
            known.update(wave)
            found = await asyncio.gather(*(self._file(path) for path in wave))
            needed = [path for imports in found for path in imports]

    async def _file(self, path: str) -> tuple[str, ...]:
        if path in self._lasting:
            return self.site.imports[path]
        began = self.meter.now()
        etag = self._etags.get(path)
        answer = await self.ask(path, headers={"If-None-Match": etag} if etag else {}, patience=NAVIGATION)
        if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            raise LostError(str(answer.status))
        self.meter.ended("file", began)
        if answer.status == HTTPStatus.OK:
            self._etags[path] = answer.headers.get("ETag", "")
            if _LASTING.search(answer.headers.get("Cache-Control", "")):
                self._lasting.add(path)
            scripted = path.endswith((".js", ".css"))
            found = _IMPORTED.findall(answer.text) if scripted else []
            self.site.imports[path] = tuple(one or other for one, other in found)
        return self.site.imports[path]


def live_views(page: str) -> list[str]:
    """The addresses of the live parts of a page."""
    return [html.unescape(address) for address in _LIVE.findall(page)]


def new_key() -> str:
    """An idempotency key as pages make it: 128 random bits."""
    return secrets.token_hex(16)


class _Connector(aiohttp.TCPConnector):
    """Remembers, for the task that asks, which connection it was given."""

    async def connect(self, *asked: Any, **more: Any) -> Any:
        connection = await super().connect(*asked, **more)
        if connection.transport is not None:
            _port.set(connection.transport.get_extra_info("sockname")[1])
        return connection

"""What an attacker has: plain connections to a real server, and sockets that say what no page says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

if TYPE_CHECKING:
    from typing import Self

    from tests.conftest import Office

SOON = 3.0
"""Seconds within which a decision counts in every process; about one, with room for a busy machine."""


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    location: str
    text: str


def asks(  # noqa: PLR0913, PLR0917 - what a request has
    office: Office,
    path: str,
    cookie: str = "",
    form: dict[str, str] | None = None,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request as a browser of the office's own pages sends it; with a form or a body, a change."""
    said = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"} | ({"Cookie": cookie} if cookie else {})
    if form is not None:
        body, said["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
    with closing(HTTPConnection("127.0.0.1", office.port, timeout=30)) as connection:
        connection.request("GET" if body is None else "POST", path, body, said | (headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheader("Location", ""), answer.read().decode(errors="replace"))


def comes_true(what: Callable[[], bool], within: float = SOON) -> bool:
    """Whether something is so before long."""
    until = time.monotonic() + within
    while not (so := what()) and time.monotonic() < until:
        time.sleep(0.02)
    return so


class Socket:
    """An open page that is nothing but its websocket."""

    def __init__(self, office: Office, cookie: str, *views: str) -> None:
        address = f"ws://127.0.0.1:{office.port}/socket.io/?EIO=4&transport=websocket"
        self._opening = ExitStack()
        self._connect: Callable[[], ClientConnection] = lambda: connect(
            address, origin=Origin(office.url), additional_headers={"Cookie": cookie}, proxy=None, close_timeout=1
        )
        self._views = views

    def __enter__(self) -> Self:
        self._line = self._opening.enter_context(self._connect())
        self._line.recv(10)
        self._line.send("40")
        self._line.recv(10)
        self._line.send("42" + json.dumps(["watch", {"views": self._views}]))
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.close()

    def sees(self) -> str:
        """The next picture."""
        return str(self._next("view", within=15)["html"])

    def is_shut_out(self, within: float = SOON) -> bool:
        """Whether the page is told before long that it may not watch what it watches."""
        try:
            code: str = self._next("refused", within)["code"]
        except TimeoutError:
            return False
        return code == "not-allowed"

    def _next(self, name: str, within: float) -> dict[str, Any]:
        until = time.monotonic() + within
        while True:
            try:
                said = str(self._line.recv(max(0.0, until - time.monotonic())))
            except ConnectionClosed:
                raise TimeoutError from None
            if said == "2":
                self._line.send("3")
            elif said.startswith("42") and (told := json.loads(said[2:]))[0] == name:
                body: dict[str, Any] = told[1]
                return body

"""Who takes part in the feed's tests: a real server process, and pages that are nothing but a websocket."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.forked import Forked
from tests.web.feed_app import serve


class FeedServer:
    """`feed_app` in a process of its own."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.pages = ExitStack()
        self.start()

    @property
    def said(self) -> str:
        """What it has said on its terminal since it was started."""
        return self.terminal.read_text("utf-8")

    def start(self) -> None:
        """Starts it, again on the same port."""
        self._folder = TemporaryDirectory()
        self.terminal = Path(self._folder.name) / "terminal"
        self.process = Forked(self.terminal, os.environ, serve, self.port)
        while "\n" not in self.said and self.process.poll() is None:
            time.sleep(0.01)
        self.url = self.said.partition("\n")[0]
        assert self.url.startswith("http://"), self.said
        self.port = int(self.url.rpartition(":")[2])

    def post(self, path: str) -> str:
        """Something happens in the hall."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", path)
            return connection.getresponse().read().decode()

    def freeze(self) -> None:
        """The machine stands still."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> str:
        """Ends it without a word of warning, and all pages; what it said on its terminal."""
        self.process.send_signal(signal.SIGKILL)
        self.pages.close()
        self.process.wait(10)
        said = self.said.partition("\n")[2]
        self._folder.cleanup()
        return said


@dataclass
class Watcher:
    """A page: says what it watches, answers pings, keeps what it was told. `guest` is who opened it."""

    server: FeedServer
    views: list[str]
    origin: Origin | None = None
    guest: str = ""
    heard: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Connects, and watches its views."""
        address = f"ws://127.0.0.1:{self.server.port}/socket.io/?EIO=4&transport=websocket"
        origin = self.origin or (Origin(self.server.url) if self.guest else None)  # as browsers with a cookie say it
        cookie = {"Cookie": f"guest={self.guest}"} if self.guest else {}
        opening = connect(address, origin=origin, additional_headers=cookie, proxy=None, close_timeout=1)
        self.socket: ClientConnection = self.server.pages.enter_context(opening)
        assert str(self.socket.recv(10)).startswith("0{")
        self.socket.send("40")
        assert str(self.socket.recv(10)).startswith("40{")
        if self.views:
            self.watch(*self.views)

    def watch(self, *views: object) -> None:
        """Says what it watches from now on."""
        self.socket.send("42" + json.dumps(["watch", {"views": views}]))

    def hears(self, name: str) -> dict[str, Any]:
        """The next event of that name; earlier ones of other names are kept in `heard`."""
        while True:
            said = str(self.socket.recv(15))
            if said == "2":
                self.socket.send("3")
            elif said.startswith("42"):
                event, body = json.loads(said[2:])
                self.heard.append((event, body))
                if event == name:
                    told: dict[str, Any] = body
                    return told

    def hears_number(self, number: int) -> list[int]:
        """The positions of all pictures up to the one that shows a number."""
        positions = []
        while True:
            picture = self.hears("view")
            positions.append(picture["v"])
            if f"<h1>{number}</h1>" in picture["html"]:
                return positions

    def is_closed(self) -> bool:
        """Whether the server ends the connection, after whatever it still said."""
        try:
            while True:
                if self.socket.recv(15) == "2":
                    self.socket.send("3")
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False

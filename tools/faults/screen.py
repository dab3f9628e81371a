"""A display on the wall that is nothing but its websocket: what it is told, and when."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import Self

from tools.faults.office import Office

PATIENCE = 10.0


class Screen:
    """The display of an office at one of its processes; it comes back by itself, as the page does."""

    def __init__(self, office: Office, number: int = 0) -> None:
        self._office, self._number = office, number
        self._newest, self._over = 0, False
        self._news = Condition()
        self._thread = Thread(target=self._watch, name="screen", daemon=True)

    def __enter__(self) -> Self:
        """The screen, on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Off."""
        self._over = True
        self._thread.join()

    @property
    def newest(self) -> int:
        """The serial number of the newest call that it shows."""
        return self._newest

    def shows_another_than(self, before: int) -> float | None:
        """The seconds until it shows a newer call than that one; None when it never does."""
        began = time.monotonic()
        with self._news:
            shown = self._news.wait_for(lambda: self._newest > before, PATIENCE)
        return time.monotonic() - began if shown else None

    def _watch(self) -> None:
        from websockets.exceptions import WebSocketException

        while not self._over:
            with suppress(OSError, WebSocketException, TimeoutError):
                self._listen()
            time.sleep(0.1)

    def _listen(self) -> None:
        from websockets.sync.client import connect
        from websockets.typing import Origin

        address = f"127.0.0.1:{self._office.ports[self._number]}"
        cookie = {"Cookie": f"device={self._office.screen}"}
        with connect(
            f"ws://{address}/socket.io/?EIO=4&transport=websocket",
            origin=Origin(f"http://{address}"),
            additional_headers=cookie,
            proxy=None,
            close_timeout=1,
        ) as line:
            line.recv(PATIENCE)
            line.send("40")
            line.recv(PATIENCE)
            line.send("42" + json.dumps(["watch", {"views": ["display:ltsa"]}]))
            while not self._over:
                with suppress(TimeoutError):
                    self._hear(str(line.recv(0.5)), line.send)

    def _hear(self, said: str, answer: Callable[[str], None]) -> None:
        if said == "2":
            answer("3")
        elif said.startswith('42["view"'):
            serials = map(int, re.findall(r'data-serial="(\d+)"', json.loads(said[2:])[1]["html"]))
            with self._news:
                self._newest = max(self._newest, *serials, 0)
                self._news.notify_all()

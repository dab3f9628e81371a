"""The benchmarks of a hall full of pages: thousands that come back to a restarted server, and what each costs it.

The pages come back as `web/static/wire.js` does: after a pause that doubles from a quarter of a second to five, never
in step with others. They speak websocket by hand, all in one program, so as to cost less than what is measured.
"""

import json
import random
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from statistics import median
from threading import Thread
from typing import NamedTuple, Self

from ltsa.commands import IssueTicket
from ltsa.tokens import token_digest
from tools import bare, staff
from tools.bench_feed import OFFICE, UPGRADE, allow_files, frame_size, masked, server
from tools.figures import Figure, figure, scratch
from tools.serving import cpu_of, memory_of, serving
from web.house import House
from web.server import CreateApp
from web.settings import Settings

PAGES = 3000
WAITING = 7
"""Numbers that were taken before: a right picture says so."""

FIRST, LAST = 0.25, 5.0
"""Seconds of the first pause and of the longest (`wire.js`)."""

ROUNDS = 3
MOST_KB = 64.0
WATCH = masked(b"42" + json.dumps(["watch", {"views": [f"display:{OFFICE}"]}]).encode())


class Served(NamedTuple):
    """An open server: its port, and what it has taken of the processor (ms) and of memory (KB)."""

    port: int
    cpu: Callable[[], float]
    memory: Callable[[], float]


Opening = Callable[[int, float], AbstractContextManager[Served]]
"""Opens a server at a port (0: any free one); a bare one not before an instant of `time.monotonic`."""


def rejoin(create_app: CreateApp, scale: float) -> list[Figure]:
    """Seconds until all pages have the right picture again after a restart, and before that, how many KB of its memory
    each takes; against a bare server that was away as long.
    """
    pages, away, costs = max(10, int(PAGES * scale)), 0.0, list[tuple[float, float]]()
    allow_files(pages)
    with scratch() as folder, ExitStack() as until_the_end:
        display = _prepared(Settings(data=folder / "office", port=0))
        ours = until_the_end.enter_context(Hall(partial(_office, create_app, folder), pages, display))
        theirs = until_the_end.enter_context(Hall(partial(_bare, ours.picture), pages))
        rounds = []
        for _ in range(ROUNDS if scale >= 1 else 1):  # none for caches: each server is a new one
            office = ours.restart()
            plain = theirs.restart(office.away)
            rounds.append((office.back, plain.back))
            costs.append((office.cpu / pages, plain.cpu / pages))
            away = office.away
        return [
            figure(
                "rejoin",
                rounds,
                unit="s until the last page is right",
                against="gevent-websocket alone, which was away as long and sends as many bytes",
                at_most=2.5,
                more={
                    "pages": pages,
                    "away_s": away,
                    "cpu_ms_a_page": median(ours for ours, _ in costs),
                    "cpu_ms_a_page_of_yardstick": median(theirs for _, theirs in costs),
                    "bytes": len(ours.picture),
                },
            ),
            figure(
                "memory",
                [(ours.kb, theirs.kb)],
                unit="KB an open page",
                against="gevent-websocket alone",
                most_value=MOST_KB,
                more={"pages": pages},
            ),
        ]


class Restarted(NamedTuple):
    """Seconds that a server was away, and from then on until the last page was right; ms of processor meanwhile."""

    away: float
    back: float
    cpu: float


class Hall:
    """A server and its pages, all of them there when it begins; how many KB it grew for each."""

    def __init__(self, opening: Opening, pages: int, device: str = "") -> None:
        self._opening, self._many, self._device = opening, pages, device
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Opens it, and has all pages come."""
        self._served = self._open.enter_context(self._opening(0, 0.0))
        with closing(Pages(self._many // 10, self._served.port, self._device)) as first:
            first.all_there()  # what is loaded once is no page's
            before = self._served.memory()
        self._pages = Pages(self._many, self._served.port, self._device)
        self._pages.all_there()
        self.kb = max(0.01, self._served.memory() - before) / self._many
        self.picture = self._pages.picture
        return self

    def __exit__(self, *_: object) -> None:
        """Ends both."""
        self._pages.close()
        self._open.close()

    def restart(self, away: float = 0.0) -> Restarted:
        """Ends the server and opens it again, after so many seconds at the earliest; the pages come back meanwhile."""
        began = opened = cpu = 0.0

        def work() -> None:
            nonlocal began, opened, cpu
            began = time.monotonic()
            self._open.close()
            self._served = self._open.enter_context(self._opening(self._served.port, began + away))
            opened, cpu = time.monotonic(), self._served.cpu()

        restarting = Thread(target=work)
        restarting.start()
        right = self._pages.all_there_again()
        restarting.join()
        return Restarted(opened - began, max(0.001, right - opened), max(0.0, self._served.cpu() - cpu))


class _Page:
    """One page: the state of its connection, and its next pause."""

    __slots__ = ("connection", "data", "is_there", "pause")

    def __init__(self) -> None:
        self.connection: socket.socket | None = None
        self.data = b""
        self.is_there = False
        self.pause = FIRST


class Pages:
    """Many pages that show a display of the office, in browsers of the device with that secret; without one, whatever
    they are sent. All that they do, they do while somebody waits for them.
    """

    def __init__(self, many: int, port: int, device: str = "") -> None:
        cookie = f"Origin: http://127.0.0.1\r\nCookie: device={device}\r\n" if device else ""
        path = "/socket.io/?EIO=4&transport=websocket" if device else "/"
        self._upgrade = UPGRADE.format(path=path, more=cookie).encode()
        self._address = ("127.0.0.1", port)
        self._luck = random.Random(1)
        self._selector = selectors.DefaultSelector()
        self._pages = [_Page() for _ in range(many)]
        self._due: list[tuple[float, int]] = []
        self._there = self._lost = 0
        self.picture = ""
        for number in range(many):
            self._again(number)

    def close(self) -> None:
        """All leave."""
        self._selector.close()
        for page in self._pages:
            if page.connection:
                page.connection.close()

    def all_there(self) -> float:
        """Waits until every page has the right picture. When that was, on `time.monotonic`."""
        while self._there < len(self._pages):
            self._step()
        return time.monotonic()

    def all_there_again(self) -> float:
        """The same, after every page has lost its server."""
        self._lost = 0
        while self._lost < len(self._pages):
            self._step()
        return self.all_there()

    def _step(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            self._connect(heappop(self._due)[1])
        patience = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
        for ready, _ in self._selector.select(patience):
            number, page = ready.data, self._pages[ready.data]
            try:
                if ready.events & selectors.EVENT_WRITE:
                    self._selector.modify(ready.fileobj, selectors.EVENT_READ, number)
                    ready.fileobj.send(self._upgrade)  # type: ignore[union-attr] # a socket
                else:
                    self._read(page)
            except ConnectionError:
                self._again(number)

    def _connect(self, number: int) -> None:
        connection = self._pages[number].connection = socket.socket()
        connection.setblocking(False)  # noqa: FBT003
        connection.connect_ex(self._address)
        self._selector.register(connection, selectors.EVENT_WRITE, number)

    def _again(self, number: int) -> None:
        """Comes back after a pause."""
        page = self._pages[number]
        if page.connection:
            self._selector.unregister(page.connection)
            page.connection.close()
        if page.is_there:
            self._there, self._lost = self._there - 1, self._lost + 1
        page.connection, page.data, page.is_there = None, b"", False
        heappush(self._due, (time.monotonic() + page.pause * self._luck.uniform(0.5, 1.5), number))
        page.pause = min(2 * page.pause, LAST)

    def _read(self, page: _Page) -> None:
        assert page.connection  # noqa: S101 - something came from it
        data = page.data + page.connection.recv(1 << 16)
        if data == page.data:
            raise ConnectionResetError
        if data.startswith(b"HTTP"):
            head, end, rest = data.partition(b"\r\n\r\n")
            if end and not head.startswith(b"HTTP/1.1 101 "):
                raise ConnectionResetError
            data = rest if end else data
        while data and not data.startswith(b"HTTP"):
            head_size, size = frame_size(data)
            if len(data) < head_size + size:
                break
            self._hear(page, page.connection, data[head_size : head_size + size])
            data = data[head_size + size :]
        page.data = data

    def _hear(self, page: _Page, connection: socket.socket, said: bytes) -> None:
        if said.startswith(b"0{"):
            connection.send(masked(b"40"))
        elif said.startswith(b"40"):
            page.pause = FIRST
            connection.send(WATCH)
        elif said == b"2":
            connection.send(masked(b"3"))
        elif said.startswith(b'42["view"') and b"<b>%d</b> menunggu" % WAITING in said and not page.is_there:
            page.is_there, page.pause = True, FIRST
            self._there += 1
            self.picture = said.decode()


@contextmanager
def _office(create_app: CreateApp, folder: Path, port: int, _at: float) -> Iterator[Served]:
    with serving(create_app, Settings(data=folder / "office", port=port)) as served:
        yield Served(served.port, served.cpu, served.memory)


@contextmanager
def _bare(text: str, port: int, at: float) -> Iterator[Served]:
    with server(partial(bare.serve, opens_at=at), text, port) as ((its_port, pid), _):
        yield Served(its_port, partial(cpu_of, pid), partial(memory_of, pid))


def _prepared(settings: Settings) -> str:
    """Makes the office, in which some wait; a display's secret."""
    with closing(House(settings)) as here:
        for n in range(WAITING):
            token = token_digest(f"number {n}")
            here.do(
                IssueTicket(office=OFFICE, at=here.now(), by="kiosk:1", key=token, services=("health",), token=token)
            )
        return staff.device(here, "display")

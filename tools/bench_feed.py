"""The benchmark of the live feed: one change on the display of three thousand clients, against a bare broadcast."""

import asyncio
import contextlib
import io
import json
import multiprocessing
import os
import resource
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Self

from flask import Flask

from ltsa.commands import IssueTicket
from ltsa.tokens import token_digest
from tools import staff
from tools.figures import Figure, NotMeasuredError, figure, in_turns, scratch
from web.server import CreateApp, run
from web.settings import Settings

CLIENTS = 3000
BROADCASTS = 10
REST = 0.2  # seconds between two broadcasts, longer than the feed lets a view rest
OFFICE = "ltsa"

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)


def feed(create_app: CreateApp, scale: float = 1.0) -> Figure:
    """From a commit to the last of many displays; against `websockets` broadcasting the same bytes to as many."""
    if not find_spec("websockets"):
        raise NotMeasuredError("the package websockets is missing: python3 app.py test installs it")
    clients, broadcasts = max(2, int(CLIENTS * scale)), max(2, int(BROADCASTS * scale))
    allow_files(clients)
    with (
        scratch() as folder,
        server(_office, create_app, folder) as ((our_port, display), ours),
        server(_bare) as (their_port, theirs),
        Audience(their_port, clients) as strangers,
        Audience(our_port, clients, f"display:{OFFICE}", display) as halls,
    ):
        ours.send(None)
        ours.recv()
        halls.all_have_received()
        theirs.send(halls.last)  # from now on, the same bytes

        def seconds(audience: Audience, server: Connection, beside: Audience) -> Callable[[], float]:
            def round_() -> float:
                return median(_broadcast(audience, server, beside) for _ in range(broadcasts))

            return round_

        rounds = in_turns(seconds(halls, ours, strangers), seconds(strangers, theirs, halls))
        size = len(halls.last)
    return figure(
        "feed",
        [(1000 * own, 1000 * bare) for own, bare in rounds],
        unit="ms to the last client",
        against="websockets' own broadcast of the same bytes to as many clients",
        at_most=1.5,
        more={"clients": clients, "bytes": size},
    )


def _broadcast(audience: "Audience", server: Connection, beside: "Audience") -> float:
    beside.rest(REST / 2)  # so long as a round takes, nobody's pings stay unanswered
    audience.rest(REST / 2)
    server.send(None)
    received = audience.all_have_received()
    began: float = server.recv()
    return received - began


def allow_files(clients: int) -> None:
    """Lets this process and those it starts open enough sockets. Raises NotMeasuredError where that is forbidden."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * clients + 256
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise NotMeasuredError(f"this account may open {hard} files, {wanted} are needed (ulimit -Hn)")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Audience:
    """Many clients in one program, which speak websocket by hand: a full client would cost more than the servers."""

    def __init__(self, port: int, many: int, view: str = "", device: str = "") -> None:
        """That many watchers of a view, in browsers of the device with that secret; without a view, of what comes."""
        self._port = port
        self._many = many
        self._view = view
        self._cookie = f"Origin: http://127.0.0.1\r\nCookie: device={device}\r\n" if device else ""
        self._sockets: dict[int, socket.socket] = {}
        self._parts: dict[int, bytes] = {}
        self._received: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self.last = b""

    def __enter__(self) -> Self:
        """All connect, and with a view, watch it."""
        path = "/socket.io/?EIO=4&transport=websocket" if self._view else "/"
        for _ in range(self._many):
            client = socket.create_connection(("127.0.0.1", self._port))
            client.sendall(UPGRADE.format(path=path, more=self._cookie).encode())
            _read_until(client, b"\r\n\r\n")
            if self._view:
                _read_until(client, b"}")
                client.sendall(masked(b"40"))
                _read_until(client, b"}")
                client.sendall(masked(b"42" + json.dumps(["watch", {"views": [self._view]}]).encode()))
            self._sockets[client.fileno()] = client
            self._selector.register(client, selectors.EVENT_READ)
            self._read_what_came(0)
        if self._view:
            self.all_have_received()
        return self

    def __exit__(self, *_: object) -> None:
        """All leave."""
        self._selector.close()
        for client in self._sockets.values():
            client.close()

    def rest(self, seconds: float) -> None:
        """Answers pings for a while; whatever else comes is no part of what is measured."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._read_what_came(left)
        self._received.clear()

    def all_have_received(self) -> float:
        """Waits until every client has received the next picture. When that was, on `time.perf_counter`."""
        while len(self._received) < self._many:
            self._read_what_came()
        received = time.perf_counter()
        self._received.clear()
        return received

    def _read_what_came(self, patience: float | None = None) -> None:
        for key, _ in self._selector.select(patience):
            self._read(key.fd)

    def _read(self, fd: int) -> None:
        data = os.read(fd, 1 << 18)
        if not data:
            raise ConnectionError("the server closed a client")
        if fd in self._parts:
            data = self._parts.pop(fd) + data
        while data:
            head, size = frame_size(data)
            if len(data) < head + size:
                self._parts[fd] = data
                return
            if data.startswith(b'42["view"', head):
                self._received.add(fd)
                self.last = data[head : head + size]
            elif size == 1:
                self._sockets[fd].sendall(masked(b"3"))
            data = data[head + size :]


def masked(text: bytes) -> bytes:
    """A client's text frame, masked with zeros, of fewer than 126 bytes."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def frame_size(data: bytes) -> tuple[int, int]:
    """How long a frame's head and body are; longer than any data when the head itself is not whole."""
    if len(data) < 10 and len(data) < (2, 4, 10)[max(0, data[1] - 125) if len(data) > 1 else 2]:  # noqa: PLR2004
        return len(data) + 1, 0
    match data[1]:
        case 126:
            return 4, struct.unpack_from("!H", data, 2)[0]
        case 127:
            return 10, struct.unpack_from("!Q", data, 2)[0]
        case short:
            return 2, short


def _read_until(client: socket.socket, end: bytes) -> None:
    # Byte by byte: what follows belongs to the measured part.
    said = b""
    while not said.endswith(end):
        said += client.recv(1)


@contextmanager
def server(work: Callable[..., None], *arguments: Any) -> Iterator[tuple[Any, Connection]]:
    """A server in a process of its own: what it says of itself (its port), and the line to tell it to broadcast and to
    hear when it began.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        ours.close()  # who still listens to the line hears that it has ended
        process.join()


def _office(line: Connection, create_app: CreateApp, folder: Path) -> None:
    """An office in which, at each word, somebody takes a number; says when that was committed."""

    def take_numbers(app: Flask, settings: Settings) -> None:
        house = app.extensions["ltsa"]
        committed: list[float] = []
        house.ledger.on_commit(lambda: committed.append(time.perf_counter()))
        line.send((settings.port, staff.device(house, "display")))
        with contextlib.suppress(EOFError):
            while True:
                house.off_loop(line.recv)
                token = token_digest(f"number {len(committed)}")
                house.do(
                    IssueTicket(
                        office=OFFICE, at=house.now(), by="kiosk:1", key=token, services=("health", "bank"), token=token
                    )
                )
                line.send(committed[-1])

    with contextlib.redirect_stdout(io.StringIO()):
        run(Settings(data=folder / "office", port=0, rate_limits=0), create_app, meanwhile=take_numbers)


def _bare(line: Connection) -> None:
    """`websockets` alone; at each word it broadcasts what it was told first, and says when it began."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    connected: set[ServerConnection] = set()

    async def stay(connection: ServerConnection) -> None:
        connected.add(connection)
        await connection.wait_closed()
        connected.discard(connection)

    async def work() -> None:
        async with serve(stay, "127.0.0.1", 0, ping_interval=None, compression=None) as listening:
            line.send(listening.sockets[0].getsockname()[1])
            text = (await asyncio.to_thread(line.recv)).decode()
            while True:
                await asyncio.to_thread(line.recv)
                began = time.perf_counter()
                broadcast(connected, text)
                line.send(began)

    asyncio.run(work())

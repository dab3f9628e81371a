"""The benchmark of the programs' door: taking a number over HTTP, against a request that does nothing."""

import contextlib
import io
import multiprocessing
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple, cast

from flask import Flask

from tools import staff
from tools.figures import Figure, figure, in_turns, scratch
from web.policy import ENDPOINTS
from web.server import CreateApp, run
from web.settings import Settings

CALLERS = 8
EMPTY = "/empty"
TICKETS = "/api/v1/offices/ltsa/tickets"
TWO_SERVICES = b'{"services":["health","bank"],"priority":null}'


class Opened(NamedTuple):
    """An office in a process of its own: its port, the token of a program that takes numbers and works at counters, and
    the session of an officer.
    """

    port: int
    token: str
    session: str


def http(create_app: CreateApp, scale: float) -> Figure:
    """Tickets a second over eight kept connections; against an empty Flask POST on the same server."""
    times = max(CALLERS, int(300 * scale))
    keys = count(1)
    with (
        scratch() as folder,
        office(create_app, folder) as opened,
        callers(opened.port, CALLERS) as eight,
        callers(opened.port, 1) as one,
    ):
        token = opened.token

        def issuing(who: Callers, times: int) -> Callable[[], float]:
            return lambda: who.rate(lambda: post(TICKETS, TWO_SERVICES, next(keys), token), times, status=201)

        def doing_nothing(who: Callers, times: int) -> Callable[[], float]:
            return lambda: who.rate(lambda: post(EMPTY, b"", next(keys)), times, status=204)

        rounds = in_turns(issuing(eight, times), doing_nothing(eight, times), rounds=15)
        alone = in_turns(issuing(one, times // 4), doing_nothing(one, times // 4), rounds=15)
    return figure(
        "http",
        rounds,
        unit="tickets/s",
        against="an empty Flask POST on the same server",
        at_least=0.4,
        more={"one_caller_ratio": median(ours / theirs for ours, theirs in alone)},
    )


def post(path: str, body: bytes, key: object, token: str = "") -> bytes:
    """The bytes of a request, of the program with that token if there is one."""
    whose = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Idempotency-Key: {key}\r\n{whose}\r\n"
    ).encode() + body


class Callers:
    """Programs that keep their connections, each sending its next request when the last was answered.

    They speak HTTP by hand: a full client would cost more than the server that is measured.
    """

    def __init__(self, connections: list[socket.socket]) -> None:
        self._connections = connections
        self._selector = selectors.DefaultSelector()
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ, data=connection)

    def rate(self, request: Callable[[], bytes], times: int, status: int) -> float:
        """Requests answered in a second. Raises RuntimeError when an answer has another status."""
        expected = f"HTTP/1.1 {status} ".encode()
        asked, answered = min(times, len(self._connections)), 0
        began = time.perf_counter()
        for connection in self._connections[:asked]:
            connection.sendall(request())
        while answered < times:
            for ready, _ in self._selector.select():
                if not (answer := whole_answer(ready.data)).startswith(expected):
                    raise RuntimeError(f"expected {status}, got {answer[:20]!r} … {answer[-300:]!r}")
                answered += 1
                if asked < times:
                    asked += 1
                    ready.data.sendall(request())
        return times / (time.perf_counter() - began)


@contextmanager
def callers(port: int, many: int) -> Iterator[Callers]:
    """That many programs, connected."""
    with contextlib.ExitStack() as open_until_the_end:
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(many)]
        for connection in connections:
            open_until_the_end.enter_context(connection)
        yield Callers(connections)


@contextmanager
def office(create_app: CreateApp, folder: Path) -> Iterator[Opened]:
    """An office in a process of its own, with an address that does nothing."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(create_app, folder, theirs))
    server.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


def _serve(create_app: CreateApp, folder: Path, told: Connection) -> None:
    def create_with_empty(settings: Settings) -> Flask:
        app = create_app(settings)
        app.add_url_rule(EMPTY, EMPTY, lambda: ("", 204), methods=["POST"])
        cast("dict[str, str]", ENDPOINTS)[EMPTY] = "public"
        return app

    def meanwhile(app: Flask, settings: Settings) -> None:
        here = app.extensions["ltsa"]
        told.send(Opened(settings.port, staff.program(here, "supervisor"), staff.session(here, "siti", ["officer"])))

    with contextlib.redirect_stdout(io.StringIO()):
        run(Settings(data=folder / "office", port=0, rate_limits=0), create_with_empty, meanwhile=meanwhile)


def whole_answer(connection: socket.socket) -> bytes:
    """The bytes of the next answer."""
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, end, body = answer.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + end + body

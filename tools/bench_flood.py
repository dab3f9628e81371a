"""The benchmark of a flood: honest requests while two hundred sockets chatter, against the same requests in quiet.

Half of the sockets are an office's own screens; the others say all day what no page says, name views that are not
theirs, ask for tickets that are nobody's, ask for everything again and again, or hang up and come back. The office
keeps its usual limits, and all of them stand behind one address.
"""

import asyncio
import base64
import contextlib
import io
import json
import multiprocessing
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from flask import Flask

from tools import staff
from tools.bench_feed import allow_files
from tools.bench_http import TICKETS, TWO_SERVICES, post, whole_answer
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp, run
from web.settings import Settings

SOCKETS = 200
REQUESTS = 200
ROUNDS = 3
PAUSE = 0.05
"""Seconds between two things that one of the flood says."""

HONEST_PAUSE = 0.02
"""Seconds between two honest requests: fifty a second, an office's busiest minute."""

GOAL = 500.0
"""ms."""

HEAD = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
)


class Opened(NamedTuple):
    """The office: its port, a program's token, an officer's session, a display's device."""

    port: int
    token: str
    session: str
    display: str


def flood(create_app: CreateApp, scale: float) -> Figure:
    """The 95th percentile of honest requests amid a flood of sockets, in ms; against the same without any."""
    sockets, times = max(10, int(SOCKETS * scale)), max(20, int(REQUESTS * scale))
    allow_files(2 * sockets)
    middle: list[float] = []
    with scratch() as folder, _office(create_app, folder) as opened:
        honest = _Honest(opened)

        def amid() -> float:
            with _flood(opened, sockets):
                p50, p95 = honest.percentiles(times)
            middle.append(p50)
            return p95

        rounds = in_turns(amid, lambda: honest.percentiles(times)[1], rounds=ROUNDS if scale >= 1 else 1)
    return figure(
        "flood",
        rounds,
        unit="ms p95 of honest requests",
        against="the same requests without any socket",
        most_value=GOAL,
        more={"sockets": sockets, "p50": median(middle)},
    )


class _Honest:
    """A program that takes numbers, an officer's desk, a hall's display and its board, in turns over one connection."""

    def __init__(self, opened: Opened) -> None:
        keys = count(1)
        officer, display = f"Cookie: session={opened.session}\r\n", f"Cookie: device={opened.display}\r\n"
        self._port = opened.port
        self._asks: cycle[Callable[[], tuple[bytes, int]]] = cycle(
            [
                lambda: (post(TICKETS, TWO_SERVICES, f"flood-{next(keys)}", opened.token), 201),
                lambda: (_get("/desk/ltsa/1", officer), 200),
                lambda: (_get("/api/v1/offices/ltsa/board", display), 200),
                lambda: (_get("/display/ltsa", display), 200),
            ]
        )

    def percentiles(self, times: int) -> tuple[float, float]:
        """The 50th and the 95th percentile of as many requests, in ms. Raises RuntimeError for one that is refused."""
        took = []
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(times):
                request, status = next(self._asks)()
                began = time.perf_counter()
                connection.sendall(request)
                answer = whole_answer(connection)
                took.append(1000 * (time.perf_counter() - began))
                if not answer.startswith(f"HTTP/1.1 {status} ".encode()):
                    raise RuntimeError(f"an honest request was answered {answer[:60]!r} … {answer[-200:]!r}")
                time.sleep(HONEST_PAUSE)
        return median(took), quantiles(took, n=20)[-1]


def _get(path: str, whose: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{whose}\r\n".encode()


# --- The flood


@contextmanager
def _flood(opened: Opened, sockets: int) -> Iterator[None]:
    """Sockets in a process of their own, all of them connected when this begins."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_chatter, args=(theirs, opened, sockets))
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield
    finally:
        process.terminate()
        process.join()


def _chatter(line: Connection, opened: Opened, sockets: int) -> None:
    async def everybody() -> None:
        there = asyncio.Queue[None]()
        kinds = cycle([*[_screen] * 5, _talker, _stranger, _babbler, _flapper, _trespasser])
        work = [asyncio.create_task(_stay(opened, kind, there)) for _, kind in zip(range(sockets), kinds, strict=False)]
        await asyncio.gather(*(there.get() for _ in range(sockets)))
        line.send(None)
        await asyncio.gather(*work)

    asyncio.run(everybody())


Said = Iterator[bytes]
Kind = Callable[[Opened], tuple[str, Said]]
"""What one of the flood shows when it comes, and what it says then: one thing after the other, or nothing more."""


async def _stay(opened: Opened, kind: Kind, there: "asyncio.Queue[None]") -> None:
    """One of the flood: says when it is there, and comes back whenever it is shut out."""
    for times in count():
        whose, said = kind(opened)
        with contextlib.suppress(OSError, EOFError):
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
            key = base64.b64encode(secrets.token_bytes(16)).decode()
            writer.write(f"{HEAD}{whose}Sec-WebSocket-Key: {key}\r\n\r\n".encode() + _masked(b"40"))
            if not times:
                there.put_nowait(None)
            listening = asyncio.create_task(_listen(reader, writer))
            for words in said:
                if listening.done():
                    break
                writer.write(words)
                await asyncio.sleep(PAUSE)
            if kind is _screen:
                await listening
            listening.cancel()
            writer.close()
        await asyncio.sleep(PAUSE)


async def _listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads whatever comes and throws it away; answers pings, so as to be let stay."""
    while data := await reader.read(1 << 16):
        if data.endswith(b"\x81\x012"):
            writer.write(_masked(b"3"))


def _screen(opened: Opened) -> tuple[str, Said]:
    """An honest screen of the hall."""
    return f"Cookie: device={opened.display}\r\n", iter([_watch("display:ltsa")])


def _talker(opened: Opened) -> tuple[str, Said]:
    """An officer's page gone wild: asks for all its views anew, for ever."""
    views = [f"{view}:ltsa:{counter}" for counter in range(1, 11) for view in ("desk", "line")]
    return f"Cookie: session={opened.session}\r\n", (_watch(*views) for _ in count())


def _stranger(_: Opened) -> tuple[str, Said]:
    """Somebody who guesses tickets."""
    return "", (_watch(*(f"ticket:{secrets.token_hex(13).upper()}" for _ in range(50))) for _ in count())


def _trespasser(_: Opened) -> tuple[str, Said]:
    """Somebody who asks for what only staff may see, under a session that is none."""
    views = [f"{view}:ltsa:{n}" for n in range(1, 11) for view in ("desk", "line")] + ["hall:ltsa", "devices:ltsa"]
    return f"Cookie: session={secrets.token_urlsafe(32)}\r\n", (_watch(*views) for _ in count())


def _babbler(_: Opened) -> tuple[str, Said]:
    """Somebody who says what no page says: each of it costs the socket."""
    words = [
        b"42[" * 1000,
        b'42["watch",' + b"[" * 4000 + b"]" * 4000 + b"]",
        b'451-["watch",{"_placeholder":true,"num":0}]',
        b"2" * 8000,
        b'42["watch",{"views":[' + b",".join([b'"a"'] * 1500) + b"]}]",
    ]
    return "", iter([_masked(secrets.choice(words))])


def _flapper(_: Opened) -> tuple[str, Said]:
    """Somebody who hangs up at once."""
    return "", iter([])


def _watch(*views: str) -> bytes:
    return _masked(b"42" + json.dumps(["watch", {"views": views}]).encode())


def _masked(text: bytes) -> bytes:
    """A client's text frame, masked with zeros, of at most 64 KB."""
    size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)  # noqa: PLR2004
    return b"\x81" + size + bytes(4) + text


# --- The office


@contextmanager
def _office(create_app: CreateApp, folder: Path) -> Iterator[Opened]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs, create_app, folder))
    server.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


def _serve(line: Connection, create_app: CreateApp, folder: Path) -> None:
    def meanwhile(app: Flask, settings: Settings) -> None:
        here = app.extensions["ltsa"]
        token, session = staff.program(here, "supervisor"), staff.session(here, "siti", ["officer"])
        line.send(Opened(settings.port, token, session, staff.device(here, "display")))

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run(Settings(data=folder / "office", port=0), create_app, meanwhile=meanwhile)

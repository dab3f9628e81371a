"""What the office's sockets are held against: gevent-websocket alone, which sends one text to whoever comes."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer
from geventwebsocket.exceptions import WebSocketError
from geventwebsocket.handler import WebSocketHandler

from web.lane import listener

CHANNEL = "bare"
GLANCE = 0.015
"""Seconds between two looks at a file: as often as the office looks (`web/wake.py`)."""

Bell = Callable[[Callable[[], object]], object]
"""Calls what it is given whenever something rings. Runs in a thread of its own."""


def notified(address: str) -> Bell:
    """Rings at each NOTIFY in a PostgreSQL database."""

    def listen(ring: Callable[[], object]) -> None:
        import psycopg

        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            for _ in connection.notifies():
                ring()

    return listen


def written(file: Path) -> Bell:
    """Rings when another process has committed to a SQLite file."""

    def look(ring: Callable[[], object]) -> None:
        connection, seen = sqlite3.connect(file), None
        while True:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                ring()
            time.sleep(GLANCE)

    return look


def serve(  # noqa: PLR0913 - by name
    line: Connection, text: str, port: int = 0, *, opens_at: float = 0.0, database: str = "", file: Path | None = None
) -> None:
    """Serves sockets until it is ended, and says through the line where: the port and its process. Whoever comes is
    sent the text; if there is a database or a file, all are whenever it rings.

    It listens at once, but takes nobody in before an instant (of `time.monotonic`), as an office that is opening.
    """
    listening = listener("127.0.0.1", port)
    bell, connected = notified(database) if database else written(file) if file else None, set[Any]()

    def page(environ: dict[str, Any], _start_response: object) -> list[bytes]:
        page = environ["wsgi.websocket"]
        connected.add(page)
        with suppress(WebSocketError, OSError):
            if not bell:
                page.send(text)
            while page.receive() is not None:
                pass
        connected.discard(page)
        return []

    def send() -> None:
        for page in list(connected):
            page.send(text)

    time.sleep(max(0.0, opens_at - time.monotonic()))
    server = WSGIServer(listening, page, handler_class=WebSocketHandler, log=None)
    server.start()
    line.send((server.server_port, os.getpid()))
    if bell:
        rung = gevent.get_hub().loop.async_()
        rung.start(send)
        threading.Thread(target=bell, args=(rung.send,), daemon=True).start()
    with suppress(EOFError):
        gevent.get_hub().threadpool.apply(line.recv)

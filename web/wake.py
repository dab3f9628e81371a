"""What wakes the feed early when another process committed: the ledger's file, and Redis where there is one.

A bell only ever says "look". Losing one costs the feed's poll, a second, never a call. So a bell may fail as it likes,
in a native thread of its own, where nothing waits for it.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis import Redis

CHANNEL = "ltsa:committed"
_GLANCE = 0.015  # seconds between two looks at the file, 7 µs each
_PATIENCE = 0.5  # seconds that Redis has for an answer
_PAUSE = 1.0  # seconds before a lost Redis is tried again

_log = logging.getLogger(__name__)


class _Bell:
    """A thread that rings until it is stopped, whatever happens to what it listens to."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def stop(self) -> None:
        """Ends the threads, within half a second or so."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _spawn(self, listen: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._keep, args=(listen,), name=f"bell {listen.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self, listen: Callable[[], None]) -> None:
        lost = False
        while not self._stopped.is_set():
            try:
                listen()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next try may hear again
                if not lost:
                    _log.warning("A bell fell silent, the feed polls: %s", error)
                lost = True
                self._stopped.wait(_PAUSE)
            else:
                lost = False


class FileBell(_Bell):
    """Rings when any process committed to a SQLite file."""

    def __init__(self, path: Path, ring: Callable[[], None]) -> None:
        super().__init__(ring)
        self._path = path

    def start(self) -> None:
        """Begins to watch the file; it need not exist yet."""
        self._spawn(self._watch)

    def _watch(self) -> None:
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=rw", uri=True)
        try:
            seen = None
            while not self._stopped.wait(_GLANCE):
                (version,) = connection.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    seen = version
                    self._ring()
        finally:
            connection.close()


class RedisBell(_Bell):
    """Tells other servers of this one's commits through Redis, and rings at theirs."""

    def __init__(self, url: str, ring: Callable[[], None]) -> None:
        super().__init__(ring)
        self._url = url
        self._name = secrets.token_hex(8)
        self._told = threading.Event()

    def start(self) -> None:
        """Begins to tell and to listen; Redis may come, go and freeze meanwhile."""
        self._spawn(self._publish)
        self._spawn(self._subscribe)

    def tell(self) -> None:
        """Says that this process committed something. Any thread may; it never blocks."""
        self._told.set()

    def _client(self) -> Redis:
        from redis import Redis  # noqa: PLC0415 - an office without Redis does not load its driver
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        # The library's own retries would hold a thread for 25 s against a frozen server.
        return Redis.from_url(
            self._url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def _publish(self) -> None:
        with self._client() as client:
            while not self._stopped.is_set():
                if self._told.wait(_PATIENCE):
                    self._told.clear()
                    client.publish(CHANNEL, self._name)

    def _subscribe(self) -> None:
        with self._client() as client, client.pubsub() as heard:
            heard.subscribe(CHANNEL)
            answered = asked = time.monotonic()
            while not self._stopped.is_set():
                message = heard.get_message(timeout=_PATIENCE)
                now = time.monotonic()
                if message:
                    answered = now
                    # What was said before we listened is lost: look once.
                    if message["type"] == "subscribe" or message["data"] not in (self._name, ""):
                        self._ring()
                if now - answered > 3 * _PAUSE:
                    raise ConnectionError("Redis says nothing")
                if now - asked > _PAUSE:
                    asked = now
                    heard.ping()

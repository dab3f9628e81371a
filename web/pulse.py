"""How late the loop is: everything that a process answers waits at least that long."""

import time
from collections import deque

import gevent

EVERY = 0.25
"""Seconds between two beats."""

KEPT = 10.0
"""Seconds for which a late beat is remembered."""


class Pulse:
    """Beats on the server's loop while it runs, and remembers how late each beat came."""

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque()
        self._beating: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Begins. Called on the server's loop, once."""
        self._beating = gevent.spawn(self._beat)

    def stop(self) -> None:
        """Ends."""
        if self._beating:
            self._beating.kill()
            self._beating = None

    def lateness(self) -> float:
        """By how much the latest beat of the last ten seconds came too late, in seconds."""
        self._forget(time.monotonic())
        return max((late for _, late in self._late), default=0.0)

    def _beat(self) -> None:
        while True:
            due = time.monotonic() + EVERY
            gevent.sleep(EVERY)
            now = time.monotonic()
            self._late.append((now, max(0.0, now - due)))
            self._forget(now)

    def _forget(self, now: float) -> None:
        while self._late and self._late[0][0] < now - KEPT:
            self._late.popleft()

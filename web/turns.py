"""Whose turn it is on a server's loop, and what time it is: all that the feed and what follows the ledger know of both.

A server has gevent's loop and the machine's clock. A simulation has its own, and decides who goes on.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore


class Mark(Protocol):
    """Something that happens once or again, and is waited for on the loop."""

    def set(self) -> None:
        """It has happened."""

    def clear(self) -> None:
        """It is waited for anew."""

    def is_set(self) -> bool:
        """Whether it has happened."""

    def wait(self, timeout: float, /) -> bool:
        """Lets others go on until it happens, or so many seconds have gone; whether it has."""


class Bell(Protocol):
    """Something that is rung from any thread, and heard on the loop."""

    def send(self) -> None:
        """Rings. Any thread may; it never blocks."""

    def close(self) -> None:
        """Nobody hears it any more."""


class Going(Protocol):
    """Work that was begun beside others."""

    def kill(self) -> None:
        """Ends it where it waits."""


class Turns(Protocol):
    """A loop and a clock. Only `Bell.send` and the `set` of a mark from `mark_for_threads` may be used off the loop."""

    def now(self) -> float:
        """Seconds of a clock that nobody sets."""

    def clock(self) -> int:
        """What the machine's clock shows, in ms UTC."""

    def sleep(self, seconds: float) -> None:
        """Lets others go on for so long."""

    def spawn(self, work: Callable[..., object], *args: Any) -> Going:
        """Begins some work beside others."""

    def mark(self) -> Mark:
        """A mark that is set on the loop."""

    def mark_for_threads(self) -> Mark:
        """A mark that any thread may set."""

    def lock(self) -> AbstractContextManager[Any]:
        """What one at a time holds, while others go on."""

    def bell(self, ring: Callable[[], object]) -> Bell:
        """A bell, upon which the loop calls `ring`."""


class ServerTurns:
    """The loop of this thread and the clock of this machine."""

    def now(self) -> float:
        """Seconds of a clock that nobody sets."""
        return time.monotonic()

    def clock(self) -> int:
        """What the machine's clock shows, in ms UTC."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Lets others go on for so long."""
        gevent.sleep(seconds)

    def spawn(self, work: Callable[..., object], *args: Any) -> Going:
        """Begins some work beside others."""
        return gevent.spawn(work, *args)

    def mark(self) -> Event:
        """A mark that is set on the loop."""
        return Event()

    def mark_for_threads(self) -> Event:
        """A mark that any thread may set."""
        return _FarMark()

    def lock(self) -> AbstractContextManager[Any]:
        """What one at a time holds, while others go on."""
        return BoundedSemaphore()

    def bell(self, ring: Callable[[], object]) -> Bell:
        """A bell, upon which the loop calls `ring`."""
        return _LoopBell(ring)


class _LoopBell:
    def __init__(self, ring: Callable[[], object]) -> None:
        self._async = gevent.get_hub().loop.async_()
        self._async.start(ring)

    def send(self) -> None:
        self._async.send()

    def close(self) -> None:
        self._async.stop()
        self._async.close()


class _FarMark(Event):
    """A mark whose waiters are woken on the loop that made it."""

    def __init__(self) -> None:
        super().__init__()
        self._waiters = _Waiters.of_this_thread()

    def set(self) -> None:
        """It has happened. Any thread may say so; it never blocks."""
        self._waiters.wake(super().set)


class _Waiters:
    """Lets native threads wake the greenlets of one loop: one bell for all of them, which is never taken down."""

    _known = threading.local()

    def __init__(self) -> None:
        self._ready: deque[Callable[[], object]] = deque()
        self._bell = _LoopBell(self._wake)

    @classmethod
    def of_this_thread(cls) -> "_Waiters":
        """The waiters of the calling thread's loop."""
        if not hasattr(cls._known, "waiters"):
            cls._known.waiters = cls()
        waiters: _Waiters = cls._known.waiters
        return waiters

    def wake(self, waiter: Callable[[], object]) -> None:
        """Calls somebody on the loop's thread. Any thread may call it; it never blocks."""
        self._ready.append(waiter)
        self._bell.send()

    def _wake(self) -> None:
        while self._ready:
            self._ready.popleft()()

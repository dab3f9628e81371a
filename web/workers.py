"""`serve --workers N`: several processes that answer for one office at one address.

The parent listens and serves nobody. Its workers, which it forks, take connections from the one socket that it holds
open; so nothing that waits to be taken is lost when one of them dies. The first opens the office alone, then the
others. One that ends or hangs is replaced. Each tells the parent through a pipe that it is open, and once a second that
its loop still turns; its end is heard there too, and so is the parent's. Why so: docs/decisions/workers.md.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import gevent

from web import systemd
from web.settings import WrongSetting
from web.version import ROOMS

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT = 1.0
"""Seconds between two signs of life."""

HUNG = 30.0
"""Seconds without one after which a worker is killed: its pages and requests wait for nothing."""

PROVEN = 60.0
"""Seconds after which one that ends is replaced at once; each that ends sooner is waited for twice as long."""

LONGEST_PAUSE = 30.0

STOPS_WITHIN = 30.0
"""Seconds that workers have to stop; a request in progress has ten of them."""

OPENED = b"\0"

_log = logging.getLogger(__name__)


def read_rooms() -> None:
    """Reads the program from the disk and opens nothing: whoever is forked then has it at once."""
    for room in ROOMS:
        if find_spec(f"{room}.views"):
            import_module(f"{room}.views")


class Line:
    """A worker's line to its parent."""

    def __init__(self, end: int, *, is_first: bool) -> None:
        self._end = end
        self._is_first = is_first
        os.set_blocking(end, False)

    def opened(self, words: Callable[[], str]) -> None:
        """Says that this worker serves; the first that the parent has started tells the terminal `words`."""
        os.write(self._end, (words().encode() if self._is_first else b"") + OPENED)

    def keep(self, stop: Callable[[], object]) -> None:
        """Gives signs of life until the parent is gone; then calls `stop`. For a greenlet of its own."""
        while True:
            gevent.sleep(BEAT)
            try:
                os.write(self._end, b".")
            except BlockingIOError:
                continue  # the parent stands still
            except BrokenPipeError:
                stop()
                return


@dataclass(slots=True)
class _Worker:
    pid: int
    line: int
    began: float
    heard: float
    said: bytes = b""
    is_open: bool = False


@dataclass(slots=True)
class _Place:
    """Where one worker works: who does now, or when the next one begins."""

    due: float
    worker: _Worker | None = None
    pause: float = 0.0


class Crew:
    """The workers of one parent process, which has neither threads nor a loop of gevent's."""

    def __init__(self, size: int, work: Callable[[Line], int], tell: Callable[[str], object]) -> None:
        """So many workers that do `work` with a line to the parent; `tell` says on the terminal that all are open."""
        self._work = work
        self._tell = tell
        self._places = [_Place(0.0), *(_Place(float("inf")) for _ in range(size - 1))]
        self._heard = selectors.DefaultSelector()
        self._bell, self._ring = os.pipe()
        self._is_told = self._is_stopping = False

    def keep(self) -> int:
        """Keeps all at work until SIGTERM or SIGINT. 0 after a clean stop; else the exit code of a worker that could
        not open the office in the first place.
        """
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        self._heard.register(self._bell, selectors.EVENT_READ)
        code = 0
        while not self._is_stopping:
            for place in self._places:
                if place.worker is None and place.due <= time.monotonic():
                    place.worker = self._begin(is_first=not self._is_told and place is self._places[0])
            ended = self._listen(self._until_next())
            if ended and not self._is_told:
                (place, code), *_ = ended
                place.worker = None
                code = code if code > 0 else 1
                break
            for place, how in ended:
                self._replace(place, how)
            self._kill_hung()
            systemd.is_alive()
        self._end()
        return code

    def _stop(self, *_: object) -> None:
        self._is_stopping = True
        os.write(self._ring, b".")

    def _until_next(self) -> float:
        """Seconds until something is to be done although nothing is heard."""
        return min([BEAT, *(max(0.0, place.due - time.monotonic()) for place in self._places if not place.worker)])

    def _begin(self, *, is_first: bool) -> _Worker:
        line, end = os.pipe()
        pid = os.fork()
        if pid:
            os.close(end)
            self._heard.register(line, selectors.EVENT_READ)
            return _Worker(pid, line, time.monotonic(), time.monotonic())
        code = 1
        try:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            self._heard.close()
            for each_end in (line, self._bell, self._ring, *(p.worker.line for p in self._places if p.worker)):
                os.close(each_end)
            code = self._work(Line(end, is_first=is_first))
        except WrongSetting as reason:
            print(reason, file=sys.stderr)
            code = 2
        except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _listen(self, patience: float) -> list[tuple[_Place, int]]:
        """Takes in what workers say; those that have ended, each with its exit code (below 0: the signal)."""
        ready = {key.fd for key, _ in self._heard.select(patience)}
        ended = []
        for place in self._places:
            worker = place.worker
            if worker is None or worker.line not in ready:
                continue
            if said := os.read(worker.line, 65536):
                self._hear(worker, said)
            else:
                ended.append((place, self._buried(worker)))
        return ended

    def _hear(self, worker: _Worker, said: bytes) -> None:
        worker.heard = time.monotonic()
        if worker.is_open:
            return
        worker.said += said
        worker.is_open = OPENED in worker.said
        if not worker.is_open or self._is_told:
            return
        for place in self._places:
            place.due = min(place.due, time.monotonic())  # the office is there: the others may come
        if all(place.worker and place.worker.is_open for place in self._places):
            self._is_told = True
            first = self._places[0].worker
            assert first  # noqa: S101 - all are there
            self._tell(first.said.partition(OPENED)[0].decode())

    def _replace(self, place: _Place, how: int) -> None:
        """Has another one begin: at once where one has served for long, later and later after those that did not."""
        worker, now = place.worker, time.monotonic()
        assert worker  # noqa: S101 - it has just ended
        place.worker = None
        place.pause = 0.0 if now - worker.began >= PROVEN else min(LONGEST_PAUSE, max(1.0, 2 * place.pause))
        place.due = now + place.pause
        _log.error(
            "a worker ended, another begins",
            extra={"pid": worker.pid, "code": how, "served_s": round(now - worker.began, 1), "in_s": place.pause},
        )

    def _kill_hung(self) -> None:
        for place in self._places:
            worker = place.worker
            if worker and worker.is_open and time.monotonic() - worker.heard > HUNG:
                _log.error("a worker hangs and is killed", extra={"pid": worker.pid})
                worker.heard = time.monotonic()
                os.kill(worker.pid, signal.SIGKILL)

    def _end(self) -> None:
        """Tells all to stop, and waits until they have; who does not is killed."""
        self._tell_all(signal.SIGTERM)
        until = time.monotonic() + STOPS_WITHIN
        while any(place.worker for place in self._places):
            if time.monotonic() > until:
                _log.error("a worker did not stop in time and is killed")
                self._tell_all(signal.SIGKILL)
                until += STOPS_WITHIN
            for place, _ in self._listen(BEAT):
                place.worker = None

    def _tell_all(self, how: signal.Signals) -> None:
        for place in self._places:
            if place.worker:
                os.kill(place.worker.pid, how)

    def _buried(self, worker: _Worker) -> int:
        self._heard.unregister(worker.line)
        os.close(worker.line)
        return os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])

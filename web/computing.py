"""What computes for long, one thing at a time an installation: asked for by a page, told how far it is, taken back.

A computation runs in one native thread of its own, so that no page, command or forecast waits for it. It is known by a
key that says all that it is computed from; whoever asks for the same is shown the same one, and what came out is kept
for a while. All of it lies in memory: a server that is started again computes anew.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from ltsa.message import Refusal

log = logging.getLogger(__name__)

KEPT = 3_600_000
"""Ms for which what came out is kept."""

AT_MOST = 50
"""Computations that are kept; the oldest go first."""

WAITING = 8
"""How many may be asked for before the first of them has ended."""

BREATH = 0.002
"""Seconds that a computation leaves to others whenever it tells how far it is."""

TURNS = 0.0005
"""Seconds after which Python lets another thread have its turn while something is computed (else 0.005): a page takes
several turns, and would wait so long for each.
"""

State = Literal["waiting", "running", "done", "cancelled", "failed"]
Tell = Callable[[int, int], bool]
"""Told how many parts of how many are done; answers False when the computation is wanted no more."""


class Computation:
    """One computation: its state, how far it is (`parts` of `of`), what came out, or why nothing did."""

    def __init__(self, key: str, at: int) -> None:
        self.key, self.asked_at = key, at
        self.state: State = "waiting"
        self.parts, self.of = 0, 1
        self.result: Any = None
        self.failure: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state not in {"waiting", "running"}

    @property
    def is_refused(self) -> bool:
        """Whether it failed because what was asked for cannot be computed, and not because of the program."""
        return isinstance(self.failure, ValueError)

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.parts // max(1, self.of)

    def tell(self, parts: int, of: int) -> bool:
        """The computation says how far it is, and hears whether it shall go on."""
        self.parts, self.of = parts, of
        time.sleep(BREATH)
        return self.state == "running"


class Computations:
    """Those of one installation. Called on any thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "computer")
        self._known: dict[str, Computation] = {}
        self._lock = threading.Lock()

    def known(self, key: str) -> Computation | None:
        """The computation under a key, if it was asked for and is still kept."""
        return self._known.get(key)

    def ask(self, key: str, work: Callable[[Tell], Any], at: int, *, again: bool = False) -> Computation:
        """The computation under a key; begins it where there is none, or `again` where it was cancelled or failed.
        Raises `Refusal` while too many wait.
        """
        with self._lock:
            self._forget(at)
            found = self._known.get(key)
            if found is not None and not (again and found.state in {"cancelled", "failed"}):
                return found
            if sum(not each.ended for each in self._known.values()) >= WAITING:
                raise Refusal("computing-full", "Others are computing already; try again in a minute.", state="busy")
            self._known.pop(key, None)
            found = self._known[key] = Computation(key, at)
            self._thread.submit(_compute, found, work)
            return found

    def cancel(self, key: str) -> None:
        """Takes a computation back; one that has ended, or is not known, stays as it is."""
        with self._lock:
            found = self._known.get(key)
            if found is not None and not found.ended:
                found.state = "cancelled"

    def close(self) -> None:
        """Ends the thread; what is under way stops at its next word."""
        for key in list(self._known):
            self.cancel(key)
        self._thread.shutdown(cancel_futures=True)

    def _forget(self, at: int) -> None:
        ended = [each for each in self._known.values() if each.ended]
        too_many = max(0, len(ended) - AT_MOST + 1)
        for n, each in enumerate(ended):
            if n < too_many or at - each.asked_at > KEPT:
                del self._known[each.key]


def _compute(one: Computation, work: Callable[[Tell], Any]) -> None:
    if one.state != "waiting":
        return
    one.state, usual = "running", sys.getswitchinterval()
    sys.setswitchinterval(TURNS)
    try:
        result = work(one.tell)
    except Exception as failure:  # told to who asked; the thread goes on with the next one
        if one.state == "running":
            one.failure, one.state = failure, "failed"
            if not isinstance(failure, ValueError):
                log.exception("a computation failed")
        return
    finally:
        sys.setswitchinterval(usual)
    if one.state == "running":
        one.result, one.parts = result, one.of
        one.state = "done"

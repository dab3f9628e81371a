"""What was measured: how long each thing took and when, what went wrong, how many of whom were there."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import NamedTuple

from msgspec import Struct

LATENCIES = {
    "ticket": ("A number at the kiosk", "from the press on “take a number” to the ticket on the screen"),
    "step": ("A step at the kiosk", "from a touch to the next screen"),
    "press": ("An officer’s press", "from the press to the office’s answer: it is on record then"),
    "desk": ("The officer’s own desk", "from the press to the picture on the desk that shows it"),
    "seen": ("A call on the displays", "from the officer’s press to the display that shows the call"),
    "seen-elsewhere": (
        "A call at another process",
        "the same, where another process than the officer’s serves the display",
    ),
    "rings": ("A call on the phone", "from the officer’s press to the phone of whoever is called"),
    "phone": ("A ticket’s page on the phone", "from the address to the whole page with every file"),
    "page": ("A page of the staff or a screen", "from the address to the whole page with every file"),
    "file": ("A file of a page", "one style sheet, script, font or picture"),
    "sign-in": ("Signing in", "from the press to the page behind the door"),
    "join": ("Live for the first time", "from opening the socket to the first picture"),
    "rejoin": ("Live again", "from when the network is back to the present picture"),
}
"""What is measured: its name, and between which two moments."""


class Reading(NamedTuple):
    """One measurement: when it ended (seconds since the beginning) and how long it took (seconds)."""

    at: float
    took: float


class Figures(Struct, frozen=True, kw_only=True):
    """How long a thing took, in ms; how often it was done."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


class Meter:
    """Everything that is measured while the crowd is there. `clock` in seconds, never backwards.

    Attributes:
        took: the readings, by what was measured.
        again: tries that had to be repeated, by "what: why" ("press: 503").
        failed: what was never answered, or answered as it must not be, by "what: why".
        refused: commands that the office understood and declined, by "what: code": somebody was quicker.
        here: who is there now, by kind.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()
        self.took: defaultdict[str, list[Reading]] = defaultdict(list)
        self.again: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.troubles: list[float] = []
        self.requests: list[float] = []
        self.here: Counter[str] = Counter()

    def now(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    def ended(self, what: str, began: float) -> None:
        """Something ended that began then."""
        now = self.now()
        self.took[what].append(Reading(now, now - began))

    def reading(self, began: float, ended: float) -> Reading:
        """What took from then to then."""
        return Reading(ended, max(0.0, ended - began))

    def repeats(self, what: str, why: str) -> None:
        """A try was in vain; it will be made again."""
        self.again[f"{what}: {why}"] += 1
        self.troubles.append(self.now())

    def fails(self, what: str, why: str) -> None:
        """Something went wrong for good."""
        self.failed[f"{what}: {why}"] += 1
        self.troubles.append(self.now())

    def asks(self) -> None:
        """A request is sent."""
        self.requests.append(self.now())


def figures(took: Sequence[float]) -> Figures:
    """Of times in seconds, at least one."""
    cut = percentiles(took)
    return Figures(count=len(took), p50=cut[0], p95=cut[1], p99=cut[2], most=_ms(max(took)))


def percentiles(took: Sequence[float]) -> tuple[float, float, float]:
    """The 50th, 95th and 99th of times in seconds, in ms."""
    if len(took) == 1:
        return (_ms(took[0]),) * 3
    cut = quantiles(took, n=100, method="inclusive")
    return _ms(cut[49]), _ms(cut[94]), _ms(cut[98])


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)

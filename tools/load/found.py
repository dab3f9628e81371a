"""What a load found, as it is kept in `report.json`: what was asked, what was felt, what was taken, what was wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from tools.load.check import Check
from tools.load.meter import LATENCIES, Figures, Meter, Reading, figures, percentiles
from tools.load.watcher import OURS, Look

SLICES = 60
"""Into how many slices the time is cut, at most, for what is plotted."""

LEAST = 20
"""Readings from which a curve's point is taken, at least: neighbouring slices are put together for it."""

OWN_MOST = 0.1
"""Seconds that the crowd's own loop may be late in 95 of 100 looks: beyond, the crowd measures itself."""


class Limit(NamedTuple):
    """What must not be exceeded: a latency's percentile in ms, or the share of requests made again (`again`), in %."""

    what: str
    percentile: str
    most: float

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.what}.{self.percentile}={self.most:g}" if self.percentile else f"{self.what}={self.most:g}"


class Held(Struct, frozen=True, kw_only=True):
    """A limit that was given, what was found, and whether it held; `found` is None where nothing was measured."""

    limit: str
    found: float | None
    held: bool


class Curve(Struct, frozen=True, kw_only=True):
    """How a latency went: for each slice in which it was measured, its middle (s) and the percentiles (ms)."""

    at: list[float]
    p50: list[float]
    p95: list[float]
    p99: list[float]


class Found(Struct, kw_only=True):
    """Everything.

    Attributes:
        began: local time, ISO.
        asked: how it was asked for, by the option's name.
        machine: where it ran.
        version: of the program that was loaded, "" where that is not known.
        seconds: how long the crowd was there.
        ramp: the seconds of these in which it came.
        latencies: by what was measured (`meter.LATENCIES`).
        curves: the same over time.
        requests: how many were sent; `rates`, in each slice, a second.
        slices: the middles of the slices (s).
        again, failed, refused: as in `Meter`.
        troubles: tries in vain in each slice, a second.
        tickets, served, commands: numbers given, services finished, commands that were acknowledged.
        looks: what was seen every second.
        checks: what must be true, and whether it was.
        limits: what was given as a limit.
        notes: what whoever reads this must know about the measuring itself.
    """

    began: str
    asked: dict[str, str]
    machine: str
    version: str = ""
    seconds: float = 0.0
    ramp: float = 0.0
    latencies: dict[str, Figures] = {}
    curves: dict[str, Curve] = {}
    requests: int = 0
    slices: list[float] = []
    rates: list[float] = []
    again: dict[str, int] = {}
    failed: dict[str, int] = {}
    refused: dict[str, int] = {}
    troubles: list[float] = []
    tickets: int = 0
    served: int = 0
    commands: int = 0
    looks: list[Look] = []
    checks: list[Check] = []
    limits: list[Held] = []
    notes: list[str] = []

    @property
    def wrong(self) -> list[str]:
        """Everything that was wrong, in sentences."""
        return [
            *(f"{check.what}: {sentence}" for check in self.checks for sentence in check.wrong),
            *(f"{what}, {times} times" for what, times in self.failed.items()),
            *(f"The limit {each.limit} did not hold: {_said(each.found)}" for each in self.limits if not each.held),
        ]

    @property
    def held(self) -> bool:
        """Whether all was right."""
        return not self.wrong

    @property
    def most_here(self) -> int:
        """How many pages were live at once, at most."""
        return max((sum(look.here.values()) for look in self.looks), default=0)

    def measured(self, meter: Meter, looks: Sequence[Look]) -> None:
        """Takes in what was measured."""
        self.seconds = meter.now()
        self.looks = list(looks)
        width = max(1.0, self.seconds / SLICES)
        count = max(1, round(self.seconds / width))
        width = self.seconds / count
        self.slices = [round((n + 0.5) * width, 2) for n in range(count)]
        self.requests = len(meter.requests)
        self.rates = _rates(meter.requests, count, width)
        self.troubles = _rates(meter.troubles, count, width)
        self.again, self.failed, self.refused = dict(meter.again), dict(meter.failed), dict(meter.refused)
        for what in LATENCIES:
            if took := meter.took.get(what):
                self.latencies[what] = figures([each.took for each in took])
                self.curves[what] = _curve(took, count, width)
        self._judge_measuring()

    def judge(self, limits: Sequence[Limit]) -> None:
        """Holds limits against what was measured."""
        for limit in limits:
            found = self._value(limit)
            self.limits.append(Held(limit=str(limit), found=found, held=found is not None and found <= limit.most))

    def _value(self, limit: Limit) -> float | None:
        if limit.what == "again":
            return round(100 * sum(self.again.values()) / max(1, self.requests), 3)
        figure = self.latencies.get(limit.what)
        return None if figure is None else float(getattr(figure, limit.percentile))

    def _judge_measuring(self) -> None:
        late = sorted(look.own_lag for look in self.looks)
        if late and (usual := late[min(len(late) - 1, int(0.95 * len(late)))]) > OWN_MOST:
            self.notes.append(
                f"The crowd itself was late, by up to {1000 * usual:.0f} ms in 95 of 100 seconds: every time in this"
                " report may be that much too long. A quieter machine, a slower day or fewer phones would tell more."
            )
        own = [look.cpu.get(OURS, 0.0) for look in self.looks]
        if own and max(own) > 0.9:  # noqa: PLR2004 - nearly a whole core, and it has one
            self.notes.append("The crowd took a whole core at times: this machine cannot ask more than it did then.")


def _rates(moments: Sequence[float], count: int, width: float) -> list[float]:
    edges = [bisect_left(moments, n * width) for n in range(count)] + [len(moments)]
    return [round((edges[n + 1] - edges[n]) / width, 2) for n in range(count)]


def _curve(took: Sequence[Reading], count: int, width: float) -> Curve:
    slices: list[list[float]] = [[] for _ in range(count)]
    for reading in took:
        slices[min(count - 1, max(0, int(reading.at / width)))].append(reading.took)
    curve = Curve(at=[], p50=[], p95=[], p99=[])
    first, together = 0, list[float]()
    for n, each in enumerate(slices):
        first = first if together else n
        together += each
        if len(together) >= LEAST or (together and n == count - 1):
            p50, p95, p99 = percentiles(together)
            curve.at.append(round((first + n + 1) / 2 * width, 2))
            curve.p50.append(p50)
            curve.p95.append(p95)
            curve.p99.append(p99)
            together = []
    return curve


def _said(found: float | None) -> str:
    return "nothing of it was measured" if found is None else f"it was {found:g}"


def share(part: Mapping[str, int], whole: int) -> float:
    """How much of the whole the parts are, in %."""
    return 100 * sum(part.values()) / max(1, whole)

"""How full the office was over a day, as shapes for an SVG; the slider that lies on the plot has the same scale."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from ltsa.office import Office
from ltsa.present import Recorded
from ltsa.replay import Moment, Phase
from ltsa.traces import GRAIN

MINUTE = 60_000
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240)
TICKS = 11
SAMPLES = 300
WIDE, HIGH = 1000, 100


class Tick(Struct, frozen=True):
    """A mark on the time axis, `place` in per cent."""

    at: int
    place: str


class Scale(Struct, frozen=True, kw_only=True):
    """The time axis: from and to where (ms UTC, whole minutes), and its marks."""

    begins: int
    ends: int
    ticks: tuple[Tick, ...]

    def place(self, at: int) -> float:
        """Where an instant lies between 0 and 1; what lies outside is at the edge."""
        return min(max((at - self.begins) / (self.ends - self.begins), 0.0), 1.0)

    def samples(self) -> list[int]:
        """Evenly spread instants over all of it, such as traces are kept for."""
        step = max(-(-(self.ends - self.begins) // SAMPLES // GRAIN) * GRAIN, GRAIN)
        return [*range(self.begins, self.ends, step), self.ends]

    def spans(self) -> list[int]:
        """The ends of the spans of the table that goes with the plot: two for every mark, but never under a minute."""
        step = max((self.ticks[1].at - self.ticks[0].at) // 2 if len(self.ticks) > 1 else MINUTE, MINUTE)
        return list(range(self.begins + step, self.ends + 1, step))


class Plot(Struct, frozen=True, kw_only=True):
    """The drawing: two paths in a box of 1000 by 100, and the number of people that its height stands for."""

    scale: Scale
    waiting: str
    serving: str
    most: int


class Bar(Struct, frozen=True):
    """A stretch of a story on the time axis; `left` and `width` in per cent."""

    state: str
    left: str
    width: str


def scale(history: Sequence[Recorded], office: Office) -> Scale:
    """An axis for a day: round times around what people did. A closing that the system made up for, at midnight, is
    no reason to show an empty evening.
    """
    by_people = (recorded.event.at for recorded in reversed(history) if recorded.event.by != "system")
    return axis(history[0].event.at, next(by_people, history[-1].event.at), office)


def axis(since: int, until: int, office: Office) -> Scale:
    """An axis over a stretch of time, in round times of the office's zone."""
    minutes = max((until - since) / MINUTE, 1)
    step = next((step for step in STEPS if minutes / step <= TICKS - 1), STEPS[-1]) * MINUTE
    ahead = int((datetime.fromtimestamp(since / 1000, office.clock).utcoffset() or 0).total_seconds() * 1000)  # type: ignore[union-attr]
    edge = step // 2 if step >= 10 * MINUTE else step
    begins = (since + ahead) // edge * edge - ahead
    ends = -(-(until + 1 + ahead) // edge) * edge - ahead
    first = -(-(begins + ahead) // step) * step - ahead
    ticks = tuple(Tick(at, _percent((at - begins) / (ends - begins))) for at in range(first, ends + 1, step))
    return Scale(begins=begins, ends=ends, ticks=ticks)


def plot(on: Scale, moments: Sequence[Moment]) -> Plot:
    """Waiting as an area, serving as a line, each holding its value until the next sample."""
    most = max([5, *(max(moment.waiting, moment.serving) for moment in moments)])
    most = -(-most // 5) * 5
    waiting = _steps(on, [(moment.at, moment.waiting) for moment in moments], most)
    serving = _steps(on, [(moment.at, moment.serving) for moment in moments], most)
    return Plot(scale=on, waiting=f"{waiting}V{HIGH}H0Z", serving=serving, most=most)


def bars(on: Scale, phases: Sequence[Phase], until: int) -> tuple[Bar, ...]:
    """The stretches of a story; the last one lasts `until`."""
    return tuple(
        Bar(phase.state, _percent(left), _percent(max(on.place(phase.until or until) - left, 0.002)))
        for phase in phases
        for left in [on.place(phase.since)]
    )


def _steps(on: Scale, points: Sequence[tuple[int, int]], most: int) -> str:
    path, last = [], -1
    for at, value in points:
        if value != last:
            x, y = round(on.place(at) * WIDE, 1), round(HIGH - value / most * HIGH, 1)
            path.append(f"M{x:g} {y:g}" if last < 0 else f"H{x:g}V{y:g}")
            last = value
    return "".join([*path, f"H{WIDE}"])


def _percent(part: float) -> str:
    return f"{part * 100:.3f}".rstrip("0").rstrip(".")

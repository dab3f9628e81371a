"""What every benchmark gives: a figure beside its yardstick, measured in turns in the same run.

Machines differ, and a shared one differs from minute to minute. So each round measures both, one right after the other,
and the ratio that counts is the median of the rounds' ratios.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Literal

from msgspec import Struct, field

from web.settings import PROJECT

ROUNDS = 5


class NotMeasuredError(Exception):
    """A benchmark cannot run on this machine; the text says what is missing."""


class Figure(Struct, kw_only=True):
    """One benchmark's result.

    Attributes:
        name: the benchmark's.
        ratio: `value` against `yardstick`, median of the rounds.
        value: our own figure in `unit`, median of the rounds.
        unit: what `value` and `yardstick` are counted in.
        yardstick: the figure of what we compare with, in the same unit.
        goal: what is to be reached.
        met: whether it was.
        better: whether the goal is a least or a most.
        goal_of: what the goal is about.
        against: what the yardstick is, in words.
        more: further figures, by name.
    """

    name: str
    ratio: float
    value: float
    unit: str
    yardstick: float
    goal: float
    met: bool
    better: Literal["higher", "lower"]
    goal_of: Literal["ratio", "value"] = "ratio"
    against: str
    more: dict[str, float] = field(default_factory=dict)


def figure(  # noqa: PLR0913 - all by name
    name: str,
    rounds: list[tuple[float, float]],
    *,
    unit: str,
    against: str,
    at_least: float | None = None,
    at_most: float | None = None,
    most_value: float | None = None,
    least_value: float | None = None,
    more: dict[str, float] | None = None,
) -> Figure:
    """The medians of rounds of (our figure, the yardstick's), and whether they reach the one goal that is given."""
    ratio = median(ours / theirs for ours, theirs in rounds)
    value, yardstick = median(ours for ours, _ in rounds), median(theirs for _, theirs in rounds)
    if at_least is not None:
        met, goal = ratio >= at_least, at_least
    elif at_most is not None:
        met, goal = ratio <= at_most, at_most
    elif most_value is not None:
        met, goal = value <= most_value, most_value
    elif least_value is not None:
        met, goal = value >= least_value, least_value
    else:
        raise TypeError("a figure has a goal: at_least, at_most, most_value or least_value")
    return Figure(
        name=name,
        ratio=_short(ratio),
        value=_short(value),
        unit=unit,
        yardstick=_short(yardstick),
        goal=goal,
        met=met,
        better="lower" if at_least is None and least_value is None else "higher",
        goal_of="ratio" if most_value is None and least_value is None else "value",
        against=against,
        more={key: _short(number) for key, number in (more or {}).items()},
    )


def in_turns(
    ours: Callable[[], float], yardstick: Callable[[], float], rounds: int = ROUNDS
) -> list[tuple[float, float]]:
    """Measures both once a round, in alternating order; one round before, for caches and compilers, is not counted."""
    pairs = []
    for n in range(rounds + 1):
        if n % 2:
            theirs, own = yardstick(), ours()
        else:
            own, theirs = ours(), yardstick()
        pairs.append((own, theirs))
    return pairs[1:]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the project's disk, not in memory: durable there is durable as in an office. Removed after."""
    parent = PROJECT / "var"
    parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _short(number: float) -> float:
    """Four significant digits."""
    return float(f"{number:.4g}")

"""What simulated days say: the figures of a day, and how two ways of doing the same days differ.

Days are compared in pairs: the same day once so and once so. A ratio is that of the means over all days; its interval
is the usual one for a ratio of paired means (the spread of `own - ratio · other` over the days, normal), 95 %.
"""

from collections.abc import Sequence
from math import sqrt
from typing import get_type_hints

from msgspec import Struct

from ltsa.dispatch import MINUTE
from ltsa.simulate import Played, Script

SURE = 1.96
"""Standard errors on either side of a 95 % interval."""


class DayFigures(Struct, frozen=True, kw_only=True):
    """One day in figures, in minutes unless they say otherwise.

    - `mean`, `p90`, `worst`: time in the building, from arrival to the end of the last service, of everybody who got
      there: on average, what nine of ten do not exceed (nearest rank), of the one who was there longest.
    - `longest`: the longest single wait, from when somebody was free (having come, come back, or finished elsewhere)
      until a counter called; a walk to the line is part of it.
    - `unfinished`: people who were in the building when it should have closed.
    - `overtakes`: for each visitor, how often somebody was called before them for a step for which they waited too, who
      had come to the building more than half an hour later, is of the same class, and had not waited as long for it.
      `passed`: the same with whoever had come later at all.
    - `priority`, `ordinary`: the mean wait, a call, of the priority class and of all others.
    - `idle`: avoidable idle time, in minutes of one counter. A counter is open and nobody is at it, while somebody who
      could be served there waits: in the hall, in another line, on another seat; or was called there late enough to
      have to walk, as far as they could have walked while they waited. Of several idle counters and several people, as
      many count as there are of the fewer.
    - `visitors`: how many people got to the end of their visit.
    """

    mean: float
    p90: float
    worst: float
    longest: float
    unfinished: float
    overtakes: float
    passed: float
    priority: float
    ordinary: float
    idle: float
    visitors: int


FIGURES = tuple(name for name in get_type_hints(DayFigures) if name != "visitors")


class Compared(Struct, frozen=True, kw_only=True):
    """One figure over many days, beside the same days done another way: the means of both, the difference with its
    interval, and the ratio with its; None where the other is 0.
    """

    value: float
    other: float
    difference: float
    difference_low: float
    difference_high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


def figures(script: Script, played: Played) -> DayFigures:
    """A day in figures."""
    times = sorted(
        played.exits[visit.number] - visit.arrives for visit in script.visits if visit.number in played.exits
    )
    lasted = [(wait.priority, wait.called - wait.since) for wait in played.waits]
    # whoever left for good was not there at closing, as far as the office knows
    late = sum(
        visit.arrives < script.closes < played.exits[visit.number]
        for visit in script.visits
        if visit.number in played.exits
    )
    people = max(1, len(times))
    return DayFigures(
        mean=_mean(times) / MINUTE,
        p90=times[-(-9 * len(times) // 10) - 1] / MINUTE if times else 0.0,
        worst=times[-1] / MINUTE if times else 0.0,
        longest=max((span for _, span in lasted), default=0) / MINUTE,
        unfinished=float(late),
        overtakes=played.overtaken / people,
        passed=played.passed / people,
        priority=_mean([span for urgent, span in lasted if urgent]) / MINUTE,
        ordinary=_mean([span for urgent, span in lasted if not urgent]) / MINUTE,
        idle=played.idle / MINUTE,
        visitors=len(times),
    )


def compare(own: Sequence[float], other: Sequence[float]) -> Compared:
    """One figure of the same days done two ways, day by day."""
    mine, theirs = _mean(own), _mean(other)
    gap = _interval([a - b for a, b in zip(own, other, strict=True)])
    ratio = mine / theirs if theirs else None
    half = _interval([a - ratio * b for a, b in zip(own, other, strict=True)]) / abs(theirs) if ratio is not None else 0
    return Compared(
        value=mine,
        other=theirs,
        difference=mine - theirs,
        difference_low=mine - theirs - gap,
        difference_high=mine - theirs + gap,
        ratio=ratio,
        ratio_low=None if ratio is None else ratio - half,
        ratio_high=None if ratio is None else ratio + half,
    )


def compare_days(own: Sequence[DayFigures], other: Sequence[DayFigures]) -> dict[str, Compared]:
    """Every figure of the same days done two ways."""
    return {
        name: compare([getattr(day, name) for day in own], [getattr(day, name) for day in other]) for name in FIGURES
    }


def _interval(each: Sequence[float]) -> float:
    """Half the width of the mean's 95 % interval; 0 for one day, of which no interval is known."""
    count = len(each)
    if count < 2:  # noqa: PLR2004 - a spread needs two
        return 0.0
    mean = sum(each) / count
    return SURE * sqrt(sum((one - mean) ** 2 for one in each) / (count - 1) / count)


def _mean(each: Sequence[float]) -> float:
    return sum(each) / len(each) if each else 0.0

"""A wait as people are told it: a range in steps of five minutes, never a point; and how it is kept honest.

What a forecast says is corrected by how the last predictions of the same step and class came out (rolling conformal
prediction): the correction is the one with which nine in ten of them would have held. Rounding is part of it, so a
range is not wider than it must be. A day's hours differ (at its end few people wait, and nobody comes before them):
how many of the last ones the bound must hold for follows from how it held at that hour (adaptive conformal inference,
Gibbs and Candès 2021). Integers throughout, seconds unless marked.
"""

from collections import deque
from typing import Literal, NamedTuple

from msgspec import Struct, field

from ltsa.forecast import Waits

Method = Literal["futures", "queue"]
"""How a range was made: from the played futures, or from the queue's length."""

COVER = 90
"""Per cent of the ranges that are to hold."""

STEP = 300
"""Ranges begin and end at multiples of this."""

MOST = 120 * 60
"""What may last longer than this is "more than two hours"."""

LEAST_SCALE = 120
"""A correction is a share of the forecast's own spread, but of at least this."""

KEPT = 150
"""Outcomes of a step and class that a correction looks at."""

HOUR = 3_600_000
"""Bounds are kept honest for each hour of the day, told by the clock of UTC."""

FAILS, LEAST_FAILS, MOST_FAILS = 1_000, 200, 5_000
"""How many of ten thousand bounds an hour begins with as those that may fail, and between what it moves."""

LEARNS = 100
"""An outcome moves that by a hundredth of how far it was from what should be."""

ENOUGH = 20
"""With fewer outcomes than this of a step and class, those of all steps say."""

Key = tuple[str, bool]
"""A step (a service's id) and whether it is of the priority class."""


class Guess(NamedTuple):
    """What a method says of a wait before it is corrected: its 5th, 50th, 90th and 95th per cent, in seconds."""

    low: int
    middle: int
    upper: int
    high: int

    @property
    def scale(self) -> int:
        """What corrections are measured in."""
        return max(self.high - self.low, LEAST_SCALE)


class Range(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wait as it is published: from `low` to `high` minutes, `high` 0 for "more than two hours" or more. `upper` is
    the second within which nine in ten are called, `middle` the expected second; programs and the record have them.
    """

    low: int
    high: int
    middle: int
    upper: int
    method: Method

    @property
    def says(self) -> bool:
        """Whether anything is said: from now to more than two hours is not."""
        return bool(self.low or self.high)


def guess_of(waits: Waits) -> Guess:
    """What played futures say."""
    low, middle, upper, high = (waits.quantile(percent) // 1000 for percent in (5, 50, 90, 95))
    return Guess(low, middle, upper, high)


def guess_from(queue: int) -> Guess:
    """What a queue's length (ms) says: half of it to twice, before outcomes say better."""
    seconds = queue // 1000
    return Guess(seconds // 2, seconds, seconds * 7 // 4, seconds * 2)


class Seen(Struct):
    """The latest scores of one step and class: by how many thousandths of its scale a guess had to be widened for its
    range to hold (`ranges`), or raised for its upper end to (`uppers`).
    """

    ranges: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    uppers: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, guess: Guess, took: int) -> None:
        """One more outcome, in seconds."""
        too_high = guess.low - (took // STEP * STEP + STEP - 1)
        too_low = (-(-took // STEP) * STEP - STEP + 1) - guess.high
        self.ranges.append(-(-1000 * max(too_high, too_low) // guess.scale))
        self.uppers.append(-(-1000 * (took - guess.upper) // guess.scale))


class Calibration(Struct):
    """What the outcomes of one method have shown, by step and class, and of all steps; and by the hour in which it was
    told (`hours`) of how many bounds in ten thousand it is to be expected that they fail, for one in ten to fail.
    """

    steps: dict[Key, Seen] = {}
    classes: dict[bool, Seen] = {}
    hours: dict[int, int] = {}

    def learn(self, key: Key, guess: Guess, took: int, told: Range | None = None, at: int = 0) -> None:
        """Takes in that a wait took so many seconds; of which that was `told` at an instant (ms UTC)."""
        self.steps.setdefault(key, Seen()).add(guess, took)
        self.classes.setdefault(key[1], Seen()).add(guess, took)
        if told:
            hour, failed = at // HOUR % 24, 10_000 if took > told.upper else 0
            moved = self.hours.get(hour, FAILS) + (FAILS - failed) // LEARNS
            self.hours[hour] = min(max(moved, LEAST_FAILS), MOST_FAILS)

    def publish(self, key: Key, guess: Guess, method: Method, at: int = 0) -> Range:
        """The range to be told for a guess at an instant (ms UTC). While there are few outcomes, a correction that
        would leave nothing said (one of them was far off) is not made.
        """
        seen = self.steps.get(key)
        if seen is None or len(seen.ranges) < ENOUGH:
            seen = self.classes.get(key[1]) or Seen()
        fails = self.hours.get(at // HOUR % 24, FAILS)
        wider, more = _needed(seen.ranges, COVER * 100), _needed(seen.uppers, 10_000 - fails)
        upper = max(guess.upper + more * guess.scale // 1000, 0)
        corrected = _told(guess, wider * guess.scale // 1000, upper, method)
        return corrected if corrected.says or len(seen.ranges) >= ENOUGH else _told(guess, 0, upper, method)


def _told(guess: Guess, wider: int, upper: int, method: Method) -> Range:
    """A guess that was widened by so many seconds at both ends, in steps."""
    low, high = sorted((guess.low - wider, guess.high + wider))
    low = max(low, 0) // STEP * STEP
    high = max(-(-high // STEP) * STEP, low + STEP)
    return Range(
        low=min(low, MOST) // 60,
        high=0 if high > MOST else high // 60,
        middle=guess.middle,
        upper=upper,
        method=method,
    )


def _needed(scores: deque[int], hold: int) -> int:
    """The score that so many in ten thousand of the last ones did not exceed; nothing is known without any."""
    if not scores:
        return 0
    rank = -(-(len(scores) + 1) * hold // 10_000)
    return sorted(scores)[min(rank, len(scores)) - 1]


def holds(told: Range, took: int) -> bool:
    """Whether a wait of so many seconds was within the range."""
    return told.low * 60 <= took and (not told.high or took <= told.high * 60)

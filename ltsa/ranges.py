"""A wait as people are told it: a range in steps of five minutes, never a point; and how it is kept honest.

What a forecast says is corrected by how the last predictions of the same step and class came out (rolling conformal
prediction): the correction is the one with which nine in ten of them would have held. Rounding is part of it, so a
range is not wider than it must be. Integers throughout, seconds unless marked.
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


class Range(Struct, frozen=True, kw_only=True):
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
    """What the outcomes of one method have shown, by step and class, and of all steps."""

    steps: dict[Key, Seen] = {}
    classes: dict[bool, Seen] = {}

    def learn(self, key: Key, guess: Guess, took: int) -> None:
        """Takes in that a wait took so many seconds."""
        self.steps.setdefault(key, Seen()).add(guess, took)
        self.classes.setdefault(key[1], Seen()).add(guess, took)

    def publish(self, key: Key, guess: Guess, method: Method) -> Range:
        """The range to be told for a guess. While there are few outcomes, a correction that would leave nothing said
        (one of them was far off) is not made.
        """
        seen = self.steps.get(key)
        if seen is None or len(seen.ranges) < ENOUGH:
            seen = self.classes.get(key[1]) or Seen()
        wider, more = _needed(seen.ranges), _needed(seen.uppers)
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


def _needed(scores: deque[int]) -> int:
    """The score that so many of the last ones did not exceed as are to hold; nothing is known without any."""
    if not scores:
        return 0
    rank = -(-(len(scores) + 1) * COVER // 100)
    return sorted(scores)[min(rank, len(scores)) - 1]


def holds(told: Range, took: int) -> bool:
    """Whether a wait of so many seconds was within the range."""
    return told.low * 60 <= took and (not told.high or took <= told.high * 60)

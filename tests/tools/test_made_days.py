"""Made-up days, and what a forecast's benchmark says of them: from a clock's looks, and hour by hour."""

from math import sqrt

import pytest

from ltsa.predictions import Outcome, Told
from ltsa.ranges import HOUR, Guess, Range
from tools.bench_forecast import by_hour
from tools.made_days import HALF_PAST_SEVEN, MINUTE, MadeDay

EIGHT = HALF_PAST_SEVEN + 30 * MINUTE


def test_a_clock_looks_at_a_made_day_each_minute_and_never_into_the_middle_of_an_instant() -> None:
    """Who ends at one counter and is called to the next at the same instant never waited, as any clock sees it."""
    made, heard, looks = MadeDay(7, people=25), list[int](), list[tuple[int, int]]()
    made.every(MINUTE, lambda: looks.append((made.now, len(heard))))
    for event in made.events():
        heard.append(event.at)

    assert [at for at, _ in looks] == [HALF_PAST_SEVEN + n * MINUTE for n in range(1, len(looks) + 1)]
    assert looks[-1][0] >= heard[-1] - MINUTE, "to the day's end"
    for at, before in looks:
        assert not set(heard[:before]) & set(heard[before:]), f"events of one instant before and after the look at {at}"


def test_a_day_that_is_looked_at_is_the_same_day() -> None:
    seen, unseen = MadeDay(7, people=25), MadeDay(7, people=25)
    seen.every(MINUTE, lambda: None)
    assert list(seen.events()) == list(unseen.events())


def came_out(hour: int, *, within: int, late: int) -> list[Outcome]:
    """So many who were told "at most ten minutes" at an hour, and were called by then or later."""
    told = Told(
        number="A001",
        service="reg",
        at=EIGHT + (hour - 8) * HOUR,
        since=EIGHT,
        told=Range(low=5, high=10, middle=400, upper=600, method="futures"),
        guess=Guess(300, 400, 500, 600),
    )
    return [Outcome(told, 600)] * within + [Outcome(told, 601)] * late


def test_an_hour_is_told_over_all_days_with_what_chance_may_give_or_take() -> None:
    """Two days with 45 and 35 of 50 by the bound: eight in ten, and each day five from what eight in ten would be."""
    hours = by_hour(
        [
            came_out(8, within=45, late=5) + came_out(15, within=9, late=1),
            came_out(8, within=35, late=15) + came_out(15, within=9, late=1),
        ]
    )
    assert (hours[8].waits, hours[8].within) == (100, 80)
    assert hours[8].give == pytest.approx(100 * 2.14 * sqrt(2 * (5**2 + 5**2)) / 100)
    assert (hours[15].waits, hours[15].within) == (20, 90)
    assert hours[15].give == pytest.approx(100 * 2.14 * sqrt(0.9 * 0.1 / 20)), "alike by chance, on so few"


def test_an_hour_in_which_nobody_was_told_anything_on_some_days_counts_the_others() -> None:
    hours = by_hour([came_out(17, within=3, late=1), [], []])
    assert (hours[17].waits, hours[17].within) == (4, 75)

"""A wait as people are told it, and that nine ranges in ten hold whatever the office does."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltsa.forecast import Waits
from ltsa.ranges import ENOUGH, HOUR, MOST, Calibration, Guess, guess_from, guess_of, holds

ORDINARY = ("bank", False)


def test_a_range_is_rounded_outward_to_five_minutes() -> None:
    told = Calibration().publish(ORDINARY, Guess(low=11 * 60, middle=14 * 60, upper=17 * 60, high=18 * 60), "futures")
    assert (told.low, told.high) == (10, 20)


def test_a_short_wait_is_told_as_up_to_five_minutes() -> None:
    told = Calibration().publish(ORDINARY, Guess(0, 20, 60, 100), "futures")
    assert (told.low, told.high) == (0, 5)


def test_what_may_last_longer_than_two_hours_has_no_end() -> None:
    told = Calibration().publish(ORDINARY, Guess(100 * 60, 115 * 60, 120 * 60, MOST + 1), "futures")
    assert (told.low, told.high) == (100, 0)
    assert holds(told, 5 * 3600)
    assert not holds(told, 99 * 60)


def test_one_outcome_far_off_does_not_leave_a_range_that_says_nothing() -> None:
    known = Calibration()
    known.learn(ORDINARY, Guess(80 * 60, 95 * 60, 105 * 60, 110 * 60), 30)
    told = known.publish(ORDINARY, Guess(30 * 60, 55 * 60, 80 * 60, 100 * 60), "futures")
    assert (told.low, told.high) == (30, 100)


def test_from_now_to_more_than_two_hours_says_nothing() -> None:
    assert not Calibration().publish(ORDINARY, Guess(20, 3_000, 7_700, 7_800), "futures").says
    assert Calibration().publish(ORDINARY, Guess(20, 3_000, 7_000, 7_200), "futures").says


def test_played_futures_are_summed_up_by_their_quantiles() -> None:
    waits = Waits(tuple(range(1_000, 101_000, 1_000)), "bank")
    assert guess_of(waits) == Guess(5, 50, 90, 95)


guesses = st.lists(st.integers(0, 9_000), min_size=4, max_size=4).map(lambda four: Guess(*sorted(four)))


@given(guesses, st.lists(st.tuples(guesses, st.integers(0, 9_000)), max_size=60))
def test_a_range_is_never_empty_and_lies_on_the_steps(guess: Guess, before: list[tuple[Guess, int]]) -> None:
    known = Calibration()
    for earlier, took in before:
        known.learn(ORDINARY, earlier, took)
    told = known.publish(ORDINARY, guess, "futures")
    assert told.low % 5 == 0
    assert told.high % 5 == 0
    assert told.high == 0 or told.low < told.high <= 120
    assert told.upper >= 0


@given(guesses, st.integers(0, MOST))
def test_the_widening_on_record_is_the_least_with_which_the_range_holds(guess: Guess, took: int) -> None:
    once = Calibration()
    for _ in range(ENOUGH):
        once.learn(ORDINARY, guess, took)
    assert holds(once.publish(ORDINARY, guess, "futures"), took)


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_nine_ranges_in_ten_hold_after_the_office_has_become_slower_or_faster(factor: float) -> None:
    """Waits follow the guess, until the office changes; after two hundred more the ranges have followed."""
    rnd, known, held, upper = Random(7), Calibration(), [], []
    for n in range(1500):
        middle = rnd.randrange(120, 2_400)
        guess = Guess(middle // 2, middle, middle * 3 // 2, middle * 7 // 4)
        took = int(middle * rnd.lognormvariate(0, 0.35) * (factor if n > 500 else 1))
        told = known.publish(ORDINARY, guess, "futures")
        held.append(holds(told, took))
        upper.append(took <= told.upper)
        known.learn(ORDINARY, guess, took)
    for kept in (held, upper):
        assert 0.86 <= sum(kept[700:]) / 800 <= 0.94


def test_at_an_hour_unlike_the_others_nine_bounds_in_ten_hold_too() -> None:
    """At 15.00 waits are a quarter shorter than the forecast says, at 08.00 a tenth longer: one correction for both
    would hold for 97 in a hundred of the late ones, and for 83 of the others.
    """
    rnd, known, within = Random(7), Calibration(), {8: list[bool](), 15: list[bool]()}
    for n in range(2_400):
        hour = (8, 15)[n % 2]
        middle, at = rnd.randrange(120, 2_400), hour * HOUR
        guess = Guess(middle // 2, middle, middle * 3 // 2, middle * 7 // 4)
        told = known.publish(ORDINARY, guess, "futures", at)
        took = int(middle * rnd.lognormvariate(0, 0.35) * (0.75 if hour == 15 else 1.1))
        within[hour].append(took <= told.upper)
        known.learn(ORDINARY, guess, took, told, at)
    for kept in within.values():
        late = kept[len(kept) // 3 :]
        assert 0.86 <= sum(late) / len(late) <= 0.94


def test_a_step_with_few_outcomes_borrows_from_all_steps_of_its_class() -> None:
    known, guess = Calibration(), Guess(300, 600, 900, 1_000)
    for _ in range(ENOUGH):
        known.learn(("health", False), guess, 3_000)
    slow, unknown = known.publish(ORDINARY, guess, "futures"), known.publish(("bank", True), guess, "futures")
    assert slow.high >= 50, "health is slow today, so the bank may be"
    assert unknown.high < slow.high, "of those with priority nothing is known"


@given(st.integers(0, 10_000_000), st.integers(0, 1_000_000))
def test_a_longer_queue_is_never_told_a_shorter_wait(queue: int, more: int) -> None:
    shorter, longer = (Calibration().publish(ORDINARY, guess_from(each), "queue") for each in (queue, queue + more))
    assert shorter.low <= longer.low
    assert (shorter.high or 999) <= (longer.high or 999)

"""Who is called next, as a pure function of claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltsa.dispatch import (
    MINUTE,
    POLICIES,
    Claim,
    Policy,
    Prospect,
    Weights,
    age_behind,
    calling_order,
    explain,
    pick,
    prospects,
    score,
    seats,
    slope_and_rank,
    terms,
)

WEIGHTS = Weights(priority=3, age=1, wait=1, left=4, unlocks=4, others=3)
NOON = 12 * 60 * MINUTE


def claim(number: str, came: int, service: str = "bank", **more: object) -> Claim:
    """Somebody's claim who came at a minute before noon, and waits since."""
    at = NOON - came * MINUTE
    said: dict[str, object] = {"order": 100 - came, "place": at, "arrived": at, "since": at}
    return Claim(number=number, service=service, **said | more)  # type: ignore[arg-type]


ANI, BUDI, CITRA = claim("A001", 30), claim("A002", 20), claim("B001", 40, "health")


def test_nobody_waits_nobody_is_picked() -> None:
    assert pick("fifo", WEIGHTS, [], NOON) is None


def test_the_oldest_wait_of_all_the_counter_s_services_is_picked() -> None:
    picked = pick("fifo", WEIGHTS, [ANI, BUDI, CITRA], NOON)
    assert picked is not None
    assert (picked.claim.number, picked.claim.service) == ("B001", "health")
    assert (picked.why.eligible, picked.why.runner_up, picked.why.margin) == (3, "A001", 10 * MINUTE)


def test_a_person_with_two_claims_is_one_person_and_called_for_the_first_named() -> None:
    picked = pick("fifo", WEIGHTS, [ANI._replace(service="health"), ANI, BUDI], NOON)
    assert picked is not None
    assert (picked.claim.service, picked.why.eligible) == ("health", 2)


def test_a_choice_against_the_rule_says_how_many_were_passed_over() -> None:
    why = explain("fifo", WEIGHTS, [ANI, BUDI, CITRA], BUDI, NOON)
    assert (why.passed_over, why.runner_up, why.margin) == (2, "B001", -20 * MINUTE)


def test_who_unlocks_work_goes_before_somebody_who_came_a_little_earlier() -> None:
    helps = BUDI._replace(prospect=Prospect(left=15, unlocks=25))
    picked = pick("index", WEIGHTS, [ANI, helps], NOON)
    assert picked is not None
    assert picked.claim.number == "A002"
    assert picked.why.terms == terms("index", WEIGHTS, helps, NOON)
    assert (picked.why.runner_up, picked.why.margin, picked.why.passed_over) == ("A001", 20 * MINUTE, 1)


def test_a_priority_s_wait_counts_three_times_and_nobody_is_overtaken_for_ever() -> None:
    elderly = claim("A003", 12, priority=True)
    assert pick("all", WEIGHTS, [ANI, elderly], NOON).claim.number == "A003"  # type: ignore[union-attr]
    waited_long = claim("A000", 37)
    assert pick("all", WEIGHTS, [waited_long, elderly], NOON).claim.number == "A000"  # type: ignore[union-attr]


def test_what_a_step_leaves_unlocks_and_competes_with_follows_from_the_open_steps() -> None:
    todo = {"civil-registry": 10, "labour": 15, "immigration": 15, "police": 15}
    after = {"immigration": ("civil-registry", "labour"), "police": ("immigration",)}
    assert prospects(todo, after) == {
        "civil-registry": Prospect(left=45, unlocks=0, others=1),
        "labour": Prospect(left=40, unlocks=0, others=1),
    }
    del todo["civil-registry"]
    assert prospects(todo, after) == {"labour": Prospect(left=30, unlocks=15, others=0)}


@pytest.mark.parametrize(
    ("counters", "percent", "expected"), [(0, 50, 0), (1, 50, 1), (2, 50, 1), (3, 50, 2), (2, 0, 0)]
)
def test_half_a_seat_an_open_counter_is_rounded_up(counters: int, percent: int, expected: int) -> None:
    assert seats(counters, percent) == expected


minutes = st.integers(0, 480)
anybody = st.builds(
    lambda order, place, arrived, since, priority, start, meant: Claim(
        f"A{order:03}",
        "bank",
        order,
        place * MINUTE,
        arrived * MINUTE,
        since * MINUTE,
        priority,
        start,
        Prospect(*meant),
    ),
    *(st.integers(1, 99), minutes, minutes, minutes, st.booleans(), st.integers(0, 30 * MINUTE)),
    st.tuples(st.integers(0, 90), st.integers(0, 60), st.integers(0, 4)),
)
policies = st.sampled_from(POLICIES)


@given(policies, anybody, minutes)
def test_a_score_is_the_sum_of_its_terms_and_a_line_over_time(policy: Policy, one: Claim, at: int) -> None:
    now = at * MINUTE
    slope, rank = slope_and_rank(policy, WEIGHTS, one)
    assert score(policy, WEIGHTS, one, now) == terms(policy, WEIGHTS, one, now).score == slope * now + rank


@given(policies, anybody, anybody, minutes)
def test_who_is_put_behind_somebody_stands_just_behind_them(policy: Policy, own: Claim, other: Claim, at: int) -> None:
    now = at * MINUTE
    began = age_behind(policy, WEIGHTS, own, other, now)
    placed, older = (
        own._replace(place=began - start, arrived=began, since=began)
        for start in (own.head_start if policy == "fifo" else 0, 0)
    )
    if policy == "fifo":
        placed = own._replace(place=began, arrived=began, since=began)
    older = placed._replace(place=placed.place - 6, arrived=placed.arrived - 6, since=placed.since - 6)
    behind = score(policy, WEIGHTS, other, now)
    assert score(policy, WEIGHTS, placed, now) < behind <= score(policy, WEIGHTS, older, now) + 6


@given(policies, st.lists(anybody, min_size=1, max_size=12, unique_by=lambda one: one.order), minutes)
def test_the_highest_score_is_picked_and_the_margin_is_what_it_is_ahead(
    policy: Policy, everybody: list[Claim], at: int
) -> None:
    now = at * MINUTE
    picked = pick(policy, WEIGHTS, everybody, now)
    assert picked is not None
    line = sorted(everybody, key=lambda one: calling_order(policy, WEIGHTS, one, now))
    assert picked.claim == line[0]
    assert picked.why.margin >= 0
    assert picked.why.runner_up == (line[1].number if len(line) > 1 else "")

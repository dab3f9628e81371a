"""The lower bound: what it is in plain cases, and that no policy goes below it."""

import pytest

from ltsa.bound import least, of_each_chain
from ltsa.comparing import figures
from ltsa.dispatch import MINUTE, POLICIES
from ltsa.scenario import draw, names, read
from ltsa.simulate import Counter, Script, Task, Visit, play


def bank(*people: tuple[float, float], rest: tuple[int, int] | None = None) -> Script:
    """A bank with one counter: who comes at which minute and takes how many."""
    visits = tuple(
        Visit(
            number=str(n),
            arrives=round(comes * MINUTE),
            age_from=0,
            tasks={"bank": Task(work=round(takes * MINUTE))},
        )
        for n, (comes, takes) in enumerate(people)
    )
    rests = ((rest[0] * MINUTE, rest[1] * MINUTE),) if rest else ()
    counters = (Counter(name="1", services=("bank",), opens=0, rests=rests),)
    return Script(
        visits=visits, counters=counters, after={}, minutes={"bank": 5}, walks={}, answer=0, lost=0, closes=480 * MINUTE
    )


def test_one_queue_is_its_own_bound() -> None:
    script = bank((0, 5), (1, 5), (2, 5))
    assert least([script]) == (sum([5, 9, 13]) * MINUTE / 3, ("bank",))
    assert least([script])[0] == figures(script, play(script, "fix")).mean * MINUTE


def test_a_rest_delays_whoever_comes_next() -> None:
    assert least([bank((0, 5), (1, 5), rest=(3, 20))])[0] == (5 + 29) / 2 * MINUTE


def test_a_day_without_anybody_has_no_bound() -> None:
    assert of_each_chain(bank()) == {}
    assert least([bank()]) == (0.0, ())


@pytest.mark.parametrize("name", names())
def test_no_policy_goes_below_it(name: str) -> None:
    scripts = [draw(read(name), 9, day) for day in range(3)]
    bound, chain = least(scripts)
    assert bound > 20 * MINUTE
    assert chain
    for policy in POLICIES:
        mean = sum(figures(script, play(script, policy)).mean for script in scripts) / 3
        assert mean * MINUTE > bound

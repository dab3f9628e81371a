"""The figures of simulated days, and how two ways of doing the same days differ."""

import pytest

from ltsa.comparing import compare, compare_days, figures
from ltsa.dispatch import MINUTE
from ltsa.simulate import Counter, Played, Script, Task, Visit, Wait, play


def bank(*people: tuple[str, float, float], closes: float = 480) -> Script:
    """A bank with one counter: who comes at which minute and takes how many."""
    return Script(
        visits=tuple(
            Visit(
                number=name,
                arrives=round(comes * MINUTE),
                age_from=round(comes * MINUTE),
                tasks={"bank": Task(work=round(takes * MINUTE))},
            )
            for name, comes, takes in people
        ),
        counters=(Counter(name="1", services=("bank",), opens=0),),
        after={},
        minutes={"bank": 5},
        walks={},
        answer=0,
        lost=0,
        closes=round(closes * MINUTE),
    )


def test_the_figures_of_a_day() -> None:
    script = bank(("Siti", 0, 10), ("Budi", 2, 10), ("Ani", 4, 10), closes=25)
    day = figures(script, play(script, "fix"))
    assert (day.visitors, day.mean, day.p90, day.worst) == (3, (10 + 18 + 26) / 3, 26, 26)
    assert (day.longest, day.unfinished, day.priority, day.ordinary) == (16, 1, 0, 8)
    assert (day.overtakes, day.passed, day.idle) == (0, 0, 0)


def test_the_ninetieth_percentile_is_the_nearest_rank() -> None:
    script = bank(*((str(n), 60 * n, n + 1) for n in range(10)))
    assert figures(script, play(script, "fix")).p90 == 9


def test_a_day_without_anybody_has_figures_too() -> None:
    script = bank()
    assert figures(script, play(script, "index")).mean == 0


def test_who_left_for_good_is_in_no_figure() -> None:
    script = bank(("Siti", 0, 10), ("Budi", 0, 10))
    budi = Wait(number="Budi", service="bank", priority=False, since=0, called=0)
    played = Played(exits={"Siti": 10 * MINUTE}, waits=(budi,), passed=0, overtaken=0, idle=0)
    assert figures(script, played).visitors == 1


def test_overtaking_is_being_called_first_though_one_came_half_an_hour_later_and_waited_less() -> None:
    """Under the index an hour of work left counts against Budi."""
    work = {"bank": Task(work=5 * MINUTE), "health": Task(work=60 * MINUTE)}

    def comes(name: str, minute: int, *services: str) -> Visit:
        tasks = {service: work[service] for service in services}
        return Visit(number=name, arrives=minute * MINUTE, age_from=minute * MINUTE, tasks=tasks)

    def day(later: int) -> Script:
        return Script(
            visits=(comes("Siti", 0, "bank"), comes("Budi", 1, "bank", "health"), comes("Ani", later, "bank")),
            counters=(
                Counter(name="1", services=("bank",), opens=later * MINUTE + 1),
                Counter(name="2", services=("health",), opens=500 * MINUTE),
            ),
            after={},
            minutes={"bank": 5, "health": 60},
            walks={},
            answer=0,
            lost=0,
            closes=480 * MINUTE,
        )

    near, far = play(day(20), "index", percent=0), play(day(40), "index", percent=0)
    assert [wait.number for wait in near.waits[:3]] == ["Siti", "Ani", "Budi"]
    assert [wait.number for wait in far.waits[:3]] == ["Siti", "Ani", "Budi"]
    assert (near.passed, near.overtaken) == (1, 0)
    assert (far.passed, far.overtaken) == (1, 1)
    assert play(day(40), "all", percent=0).passed == 0


def test_the_same_days_done_two_ways_are_compared_in_pairs() -> None:
    found = compare([9, 18, 27], [10, 20, 30])
    assert (found.value, found.other, found.difference) == (18, 20, -2)
    assert found.ratio == pytest.approx(0.9)
    assert found.ratio_low == pytest.approx(0.9)  # each day is nine tenths of the other: no spread
    assert found.difference_low == pytest.approx(-2 - 1.96 * 1 / 3**0.5)


def test_a_ratio_to_nothing_is_none_and_one_day_has_no_interval() -> None:
    found = compare([1.0], [0.0])
    assert (found.ratio, found.difference_low, found.difference_high) == (None, 1, 1)


def test_every_figure_is_compared() -> None:
    script = bank(("Siti", 0, 10), ("Budi", 2, 10))
    day = figures(script, play(script, "fix"))
    assert compare_days([day, day], [day, day])["mean"].ratio == 1

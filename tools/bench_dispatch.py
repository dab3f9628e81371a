"""Benchmark of the dispatcher: what policy `index` makes of the project's scenarios, against the printed order (FIX).

The days come from a seed on which nothing was tuned. Ratios are of means over paired days; the intervals stand in
`more`. These figures are of assumed offices and the same on every machine, but for the one of a decision.
"""

import time
from collections.abc import Sequence

from ltsa.bound import least
from ltsa.comparing import Compared, DayFigures, compare_days
from ltsa.dispatch import MINUTE, POLICIES, Claim, Policy, Prospect, Weights, pick
from ltsa.scenario import draw, read
from tools.figures import Figure, figure, in_turns
from tools.simulating import Asked, play_days
from web.server import CreateApp
from web.terminal import progress

SEED = 2026
DAYS, DAYS_ELSEWHERE, DAYS_OF_BOUND = 300, 100, 60
WAITING = 200
FIX = "the printed order, first come first served (FIX), on the same days"


def dispatch(_create_app: CreateApp, scale: float) -> list[Figure]:
    """The figures of issue 4: `base`, a busy day, a fixed order, and what one decision costs."""
    base = _days("base", DAYS, scale, POLICIES)
    found = compare_days(base["index"], base["fix"])
    figures = [
        _against(name, found[field], goal)
        for name, field, goal in (
            ("mean", "mean", 0.88),
            ("p90", "p90", 0.90),
            ("worst", "worst", 0.75),
            ("longest", "longest", 1.0),
            ("ordinary", "ordinary", 1.0),
        )
    ]
    others = {policy: compare_days(base[policy], base["fix"])["mean"].ratio or 0 for policy in POLICIES}
    figures[0].more |= {f"{policy}_mean": round(ratio, 4) for policy, ratio in others.items()}
    figures[0].more |= _bound(scale)
    figures += [_priority(base["index"]), _overtakes(found), _idle(found)]
    for name, goal in (("busy280", 0.92), ("chain", 1.02)):
        days = _days(name, DAYS_ELSEWHERE, scale, ("fix", "index"))
        figures.append(_against(name, compare_days(days["index"], days["fix"])["mean"], goal))
    return [*figures, _decision()]


def _days(name: str, days: int, scale: float, policies: Sequence[Policy]) -> dict[Policy, list[DayFigures]]:
    with progress("days") as tell:
        return play_days(read(name), policies, Asked(days=max(3, round(days * scale)), seed=SEED), tell)


def _against(name: str, found: Compared, goal: float) -> Figure:
    """A figure of the index as a ratio to that of FIX."""
    low, high = found.ratio_low or 0, found.ratio_high or 0
    return figure(
        f"dispatch-{name}",
        [(found.value, found.other)],
        unit="minutes",
        against=FIX,
        at_most=goal,
        more={"low": low, "high": high},
    )


def _priority(days: Sequence[DayFigures]) -> Figure:
    """The mean wait of the priority class against everybody else's, both under the index."""
    waits = [(day.priority, day.ordinary) for day in days]
    means = [sum(side) / len(waits) for side in zip(*waits, strict=True)]
    return figure(
        "dispatch-priority",
        [(means[0], means[1])],
        unit="minutes",
        against="the mean wait of all others, under the index too",
        at_most=0.4,
    )


def _overtakes(found: dict[str, Compared]) -> Figure:
    """How often a visitor is overtaken; beside it how often at all somebody who came later was called first."""
    overtakes, passed = found["overtakes"], found["passed"]
    return figure(
        "dispatch-overtakes",
        [(overtakes.value, passed.other)],
        unit="a visitor",
        against="calls under FIX of somebody who came to the building later, at all",
        most_value=0.25,
        more={"passed_at_all": passed.value, "fix": overtakes.other},
    )


def _idle(found: dict[str, Compared]) -> Figure:
    return figure(
        "dispatch-idle",
        [(found["idle"].value, found["idle"].other)],
        unit="counter-minutes a day",
        against=FIX,
        most_value=60,
        more={"difference_high": found["idle"].difference_high},
    )


def _bound(scale: float) -> dict[str, float]:
    """The least that any policy could reach, and how far the index and FIX are from it."""
    days = max(3, round(DAYS_OF_BOUND * scale))
    found, chain = least([draw(read("base"), SEED, day) for day in range(days)])
    played = play_days(read("base"), ("fix", "index"), Asked(days=days, seed=SEED), lambda *_: None)
    means = {policy: sum(day.mean for day in each) / days for policy, each in played.items()}
    return {
        "bound": found / MINUTE,
        "bound_steps": float(len(chain)),
        "index_of_bound": means["index"] * MINUTE / found,
        "fix_of_bound": means["fix"] * MINUTE / found,
    }


def _decision() -> Figure:
    """One decision with everybody waiting for one counter."""
    claims = [
        Claim(
            number=f"A{n}",
            service="health",
            order=n,
            place=n * 60_000,
            arrived=n * 60_000,
            since=n * 60_000 + n * 7919 % 3_600_000,
            priority=n % 7 == 0,
            prospect=Prospect(n * 13 % 30, n * 7 % 12, n % 4),
        )
        for n in range(WAITING)
    ]

    def decides(policy: Policy) -> float:
        times = []
        for _ in range(50):
            began = time.perf_counter()
            pick(policy, Weights(), claims, 20_000_000)
            times.append(time.perf_counter() - began)
        return min(times) * 1000

    rounds = in_turns(lambda: decides("index"), lambda: decides("fix"))
    return figure(
        "dispatch-decision",
        rounds,
        unit="ms a decision",
        against=f"the same by FIX, {WAITING} waiting",
        most_value=1.0,
        more={"waiting": WAITING},
    )

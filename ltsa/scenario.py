"""What a simulated office is like: scenarios, read from a file and checked, and the days drawn from them.

A scenario's numbers are assumptions of a mid-size office, measured in none; times are minutes from 07.30. A day is
drawn from one stream of chance for each purpose, and for every service of everybody whether they need it or not: so
that a scenario with one more counter, or another order of the steps, meets the same people with the same needs.
"""

import json
import tomllib
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import exp, log, sqrt
from pathlib import Path
from random import Random
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ltsa.dispatch import MINUTE
from ltsa.simulate import HALL, Counter, Script, Task, Visit

GIVEN = Path(__file__).with_name("scenarios.json")
"""The project's own scenarios: `base`, and what the others change of it."""

FIXING, AWAY, LATE = (10, 25), (5, 15), (5, 30)
"""Minutes, from and to: completing something, being away after a missed call, opening late."""

TEA, SHORT = ((135, 195, 10), (420, 465, 10))
"""Short rests: from, to (minutes), how long. Each counter's begins somewhere between."""

LUNCH, ALONE = ((270, 45), (315, 45)), (292, 40)
"""Lunch by turns where there are several counters (begin, how long), and where there is one."""

SLOWEST, FASTEST = 3.0, 1 / 3
"""How much slower or faster than usual a counter, or a service on a day, ever is."""

MOST = 5000.0
"""People a day, and minutes: beyond that it is a mistake."""

Share = Annotated[float, Meta(ge=0, le=1)]
Minutes = Annotated[float, Meta(ge=0, le=MOST)]
Longer = Annotated[float, Meta(gt=0, le=MOST)]
Spread = Annotated[float, Meta(ge=0, le=5)]


class WrongScenarioError(ValueError):
    """A scenario that cannot be played: `field` says where ("counters[2]"), the message what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}.")
        self.field = field


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of day. Lists of numbers go by `steps`, which stand in the printed order.

    - `lam` people come on average, and the average differs from day to day by `day_sd` of itself.
    - `profile` says when: [from, to, share of the arrivals].
    - `mean` minutes a service takes, with a coefficient of variation `cv` (lognormal); on one day it is slower or
      faster by `stepday_sd`, at one counter by `speed_sd` (both lognormal about 1).
    - `counters` stand at each step; one opens late with `late_open`, or is absent all day with `absent`.
    - `types` are kinds of visits: [share, steps]. `pre` says which steps come before a step, where they are needed.
    - `p_pri` are of the priority class. For each step of each visit: `p_rework` must complete something and come a
      second time for half as long; `p_noshow` do not come when first called, which costs the counter `ns_cost`, and of
      them `p_ns_leave` have left for good.
    - `call_lat` until a call is heard. `positions` of the steps and `hall` in units of 0.2 minutes' walk; 0.4 more
      from one zone to another, 0.2 within one; all of it times `walk_scale`.
    - Counters open at `opens`, the house closes at `closes`; `breaks` says whether counters rest.
    - `slots` makes of the arrivals appointments by half: each comes at the middle between when they would have come
      and an even spread over the day.
    """

    name: str = "base"
    steps: tuple[str, ...]
    lam: Annotated[float, Meta(gt=0, le=MOST)] = 220.0
    day_sd: Annotated[float, Meta(ge=0, le=0.5)] = 0.1
    profile: tuple[tuple[Minutes, Minutes, Share], ...]
    mean: tuple[Longer, ...]
    cv: tuple[Spread, ...]
    counters: tuple[Annotated[int, Meta(ge=1, le=200)], ...]
    speed_sd: Share = 0.15
    stepday_sd: Share = 0.1
    types: tuple[tuple[Share, tuple[str, ...]], ...]
    pre: dict[str, tuple[str, ...]] = {}
    p_pri: Share = 0.15
    p_rework: Share = 0.08
    p_noshow: Share = 0.04
    p_ns_leave: Share = 0.25
    ns_cost: Minutes = 1.0
    call_lat: Minutes = 0.25
    walk_scale: Annotated[float, Meta(ge=0, le=100)] = 1.0
    late_open: Share = 0.1
    absent: Share = 0.005
    breaks: bool = True
    slots: bool = False
    positions: tuple[Annotated[float, Meta(ge=-1000, le=1000)], ...] = ()
    hall: Annotated[float, Meta(ge=-1000, le=1000)] = 4.0
    opens: Minutes = 30.0
    closes: Longer = 510.0


TOLD = {"note", "clock", "walk", "service", "noshow"}
"""What a file of scenarios may say in words; the text of `breaks` too, where it stands beside `base`."""


def names() -> list[str]:
    """The project's own scenarios."""
    return list(json.loads(GIVEN.read_text(encoding="utf-8"))["scenarios"])


def read(wanted: str) -> Scenario:
    """A scenario of the project by its name, or one from a file: FILE, or FILE:NAME for one of several in it.

    A file (JSON or TOML) holds one scenario, or `base` and `scenarios`, each of which says what it changes of it. What
    one leaves out is as in the project's `base`; one with `steps` of its own says everything that goes by steps.
    Raises `WrongScenarioError`.
    """
    if wanted in names():
        return _chosen(_content(GIVEN), wanted, str(GIVEN.name))
    file, _, name = wanted.rpartition(":") if not Path(wanted).exists() and ":" in wanted else (wanted, "", "")
    if not Path(file).exists():
        raise WrongScenarioError(
            "scenario", f"there is no {wanted!r}; the scenarios are {', '.join(names())}, or name a JSON or TOML file"
        )
    return _chosen(_content(Path(file)), name, Path(file).stem)


def _content(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise WrongScenarioError(str(file), f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise WrongScenarioError(str(file), f"is not valid {kind} ({error})") from error
    if not isinstance(content, dict):
        raise WrongScenarioError(str(file), "holds no table of fields")
    return content


def _chosen(content: dict[str, Any], name: str, called: str) -> Scenario:
    """The one that is meant, with all that it leaves to others."""
    own = {field: value for field, value in content.items() if field not in TOLD}
    if "base" not in own and "scenarios" not in own:
        if name:
            raise WrongScenarioError("scenario", f"the file holds one scenario only, no {name!r}")
        return scenario({"name": called, **own})
    if isinstance(own.get("breaks"), str):
        del own["breaks"]
    base, several = own.pop("base", {}), own.pop("scenarios", {})
    if not isinstance(base, dict) or not isinstance(several, dict):
        raise WrongScenarioError("base" if not isinstance(base, dict) else "scenarios", "is a table of fields")
    if name and name != "base" and name not in several:
        raise WrongScenarioError("scenario", f"there is no {name!r} in it; it has {', '.join(several) or 'base alone'}")
    changes = several.get(name or "base", {})
    if not isinstance(changes, dict):
        raise WrongScenarioError(f"scenarios.{name}", "is a table of fields")
    return scenario({**own, **base, **changes, "name": name or base.get("name", called)})


def scenario(fields: Mapping[str, Any]) -> Scenario:
    """A scenario from its fields, checked. Raises `WrongScenarioError`."""
    told = dict(fields)
    given = json.loads(GIVEN.read_text(encoding="utf-8"))
    usual = {"steps": given["steps"], "positions": given["positions"], "hall": given["hall"], **given["base"]}
    if "steps" in told and told["steps"] != usual["steps"]:
        steps = told["steps"]
        by_step = {"mean", "cv", "counters", "types", "pre", "positions", "hall"}
        usual = {field: value for field, value in usual.items() if field not in by_step}
        for field in ("mean", "counters", "types"):
            if field not in told:
                raise WrongScenarioError(field, "is missing; a scenario with steps of its own says it for each of them")
        if isinstance(steps, list):
            usual |= {"cv": [0.6] * len(steps), "positions": list(range(len(steps))), "hall": len(steps) / 2}
    try:
        return _checked(msgspec.convert({**usual, **told}, Scenario))
    except msgspec.ValidationError as error:
        sentence, _, field = str(error).partition(" - at ")
        where = field.strip("`$.")
        if not where and "`" in sentence:
            where = sentence.split("`")[1]
        raise WrongScenarioError(where or "scenario", sentence[0].lower() + sentence[1:]) from error


def _checked(found: Scenario) -> Scenario:
    """What the types do not say. Raises `WrongScenarioError`."""
    steps = found.steps
    if not steps or len(set(steps)) < len(steps) or not all(steps):
        raise WrongScenarioError("steps", "name at least one step, each once")
    if HALL in steps:
        raise WrongScenarioError("steps", f"{HALL!r} is where people wait; give the step another name")
    for field in ("mean", "cv", "counters", "positions"):
        if (got := len(getattr(found, field))) != len(steps):
            raise WrongScenarioError(field, f"has {got} entries; give {len(steps)}, one for each of the steps")
    _check_profile(found)
    _check_types(found)
    _check_order(found)
    return found


def _check_order(found: Scenario) -> None:
    steps = found.steps
    for step, before in found.pre.items():
        for each in (step, *before):
            if each not in steps:
                raise WrongScenarioError(f"pre.{step}", f"{each!r} is no step; they are {', '.join(steps)}")
    try:
        TopologicalSorter(found.pre).prepare()
    except CycleError as error:
        loop = error.args[1]
        path = " → ".join(reversed(loop))
        raise WrongScenarioError(f"pre.{loop[0]}", f"the steps wait for each other: {path}; take one away") from error


def _check_profile(found: Scenario) -> None:
    if not found.profile:
        raise WrongScenarioError("profile", "say at least once from when to when people come: [from, to, share]")
    for n, (begins, ends, _) in enumerate(found.profile):
        if begins >= ends:
            raise WrongScenarioError(f"profile[{n}]", f"ends at {ends:g} before it begins at {begins:g}")
    for n, ((_, ends, _), (begins, _, _)) in enumerate(pairwise(found.profile), 1):
        if begins < ends:
            raise WrongScenarioError(f"profile[{n}]", f"begins at {begins:g}, before the one before it ends ({ends:g})")
    _sum_to_one("profile", [share for _, _, share in found.profile])
    if found.opens >= found.closes:
        raise WrongScenarioError("closes", f"is {found.closes:g}; it comes after opens ({found.opens:g})")


def _check_types(found: Scenario) -> None:
    for n, (_, needed) in enumerate(found.types):
        if not needed or len(set(needed)) < len(needed):
            raise WrongScenarioError(f"types[{n}]", "name at least one step, each once")
        for step in needed:
            if step not in found.steps:
                raise WrongScenarioError(f"types[{n}]", f"{step!r} is no step; they are {', '.join(found.steps)}")
    _sum_to_one("types", [share for share, _ in found.types])


def _sum_to_one(field: str, shares: list[float]) -> None:
    if abs(sum(shares) - 1) > 1e-6:  # noqa: PLR2004 - what is lost in writing thirds
        raise WrongScenarioError(field, f"the shares sum to {sum(shares):g}; make it 1")


# --- Drawing a day ----------------------------------------------------------------------------------------------------


def draw(found: Scenario, seed: int, day: int) -> Script:
    """One day of a scenario: the same for the same seed and number, on any machine, whatever other days are drawn."""

    def chance(purpose: str) -> Random:
        return Random(f"{seed}/{day}/{purpose}")  # noqa: S311 - no secret

    steps, often = found.steps, found.pre
    pace = _paces(found, chance("step-day"))
    return Script(
        visits=_visits(found, pace, chance),
        counters=_counters(found, chance),
        after={step: tuple(before) for step, before in often.items()},
        minutes={step: max(1, int(mean + 0.5)) for step, mean in zip(steps, found.mean, strict=True)},
        walks=_walks(found),
        answer=_ms(found.call_lat),
        lost=_ms(found.ns_cost),
        closes=_ms(found.closes),
    )


def _visits(found: Scenario, pace: list[float], chance: Any) -> tuple[Visit, ...]:
    kinds, urgent, work, again = chance("kind"), chance("priority"), chance("work"), chance("rework")
    missing = chance("no-show")
    shares = [share for share, _ in found.types]
    visits = []
    for n, arrives in enumerate(_arrivals(found, chance("arrivals"))):
        [(_, needed)] = kinds.choices(found.types, shares)
        tasks = {}
        for step, mean, cv, speed in zip(found.steps, found.mean, found.cv, pace, strict=True):
            spent = max(1, _ms(_lognormal(work, mean, cv) * speed))
            reworked, fixing = again.random() < found.p_rework, _ms(again.uniform(*FIXING))
            missed, away, left = missing.random() < found.p_noshow, _ms(missing.uniform(*AWAY)), missing.random()
            tasks[step] = Task(
                work=spent,
                again=(spent + 1) // 2 if reworked else 0,
                fixing=fixing if reworked else 0,
                missed=away if missed else 0,
                left=missed and left < found.p_ns_leave,
            )
        visits.append(
            Visit(
                number=str(n + 1),
                arrives=arrives,
                age_from=arrives,
                tasks={step: tasks[step] for step in found.steps if step in needed},
                priority=urgent.random() < found.p_pri,
            )
        )
    return tuple(visits)


def _arrivals(found: Scenario, chance: Random) -> list[int]:
    """When people come (ms), in order: a Poisson number of them about the day's own mean."""
    mean = found.lam * max(0.0, chance.gauss(1, found.day_sd))
    shares = [share for _, _, share in found.profile]
    times = []
    passed = chance.expovariate(1)
    while passed < mean:
        [(begins, ends, _)] = chance.choices(found.profile, shares)
        times.append(chance.uniform(begins, ends))
        passed += chance.expovariate(1)
    times.sort()
    if found.slots:
        first, last = found.profile[0][0], found.profile[-1][1]
        evenly = [first + (last - first) * (n + 0.5) / len(times) for n in range(len(times))]
        times = [(own + slot) / 2 for own, slot in zip(times, evenly, strict=True)]
    return [_ms(time) for time in times]


def _counters(found: Scenario, chance: Any) -> tuple[Counter, ...]:
    """Each step's counters; one of them at least is there."""
    counters = []
    for step, wanted in zip(found.steps, found.counters, strict=True):
        there = 0
        for n in range(wanted):
            # a stream a counter: one more of them elsewhere leaves this one as it was
            own = chance(f"counter/{step}/{n}")
            slowness = min(SLOWEST, max(FASTEST, _lognormal(own, 1, found.speed_sd)))
            late, minutes, absent = own.random() < found.late_open, own.uniform(*LATE), own.random() < found.absent
            rests = _rests(own, n, wanted) if found.breaks else ()
            if absent and (there or n + 1 < wanted):
                continue
            there += 1
            opens = _ms(found.opens + (minutes if late else 0))
            rests = tuple(rest for rest in rests if rest[0] < _ms(found.closes))
            counters.append(
                Counter(name=f"{step}-{n + 1}", services=(step,), opens=opens, slowness=slowness, rests=rests)
            )
    return tuple(counters)


def _rests(own: Random, n: int, counters: int) -> tuple[tuple[int, int], ...]:
    """A short rest, lunch by turns, a short rest: (when it is due, how long) in ms."""
    lunch = LUNCH[n % len(LUNCH)] if counters > 1 else ALONE
    short = [(own.uniform(begins, ends - length), length) for begins, ends, length in (TEA, SHORT)]
    return tuple((_ms(begins), _ms(length)) for begins, length in (short[0], lunch, short[1]))


def _paces(found: Scenario, chance: Random) -> list[float]:
    drawn = [_lognormal(chance, 1, found.stepday_sd) for _ in found.steps]
    return [min(SLOWEST, max(FASTEST, pace)) for pace in drawn]


def _walks(found: Scenario) -> dict[tuple[str, str], int]:
    places = {**dict(zip(found.steps, found.positions, strict=True)), HALL: found.hall}
    return {
        (here, there): _ms(found.walk_scale * (0.2 if here == there else 0.4 + 0.2 * abs(places[here] - places[there])))
        for here in places
        for there in places
    }


def _lognormal(chance: Random, mean: float, cv: float) -> float:
    """With this mean and coefficient of variation."""
    spread = sqrt(log(1 + cv * cv))
    return mean * exp(spread * chance.gauss(0, 1) - spread * spread / 2)


def _ms(minutes: float) -> int:
    return round(minutes * MINUTE)

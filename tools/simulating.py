"""`python3 app.py simulate`: days of an office under each policy, all of them the very same days.

The decisions are those of the office itself (`ltsa/dispatch.py`), everything else is assumed.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import msgspec

from ltsa import scenario
from ltsa.comparing import FIGURES, Compared, DayFigures, compare_days, figures
from ltsa.dispatch import POLICIES, Policy, Weights, prospects
from ltsa.scenario import Scenario, WrongScenarioError, draw
from ltsa.simulate import play
from web.server import CreateApp
from web.terminal import progress

Progress = Callable[[int, int], None]
"""Told how many days of how many are done."""

FEW = 8
"""So few days are played here; more are shared out to processes."""

MOST_DAYS = 100_000

TITLES = {
    "mean": "mean time in building",
    "p90": "P90 of it",
    "worst": "worst of the day",
    "longest": "longest single wait",
    "unfinished": "unfinished at closing",
    "overtakes": "overtakes a visitor",
    "passed": "passed over at all",
    "priority": "mean wait, priority",
    "ordinary": "mean wait, ordinary",
    "idle": "avoidable idle",
}


def simulate(arguments: list[str], _create_app: CreateApp) -> int:
    """Play the days and print the comparison. 0 when done, 2 for a scenario or option that cannot be."""
    options = _parser().parse_args(arguments)
    try:
        found = scenario.read(options.scenario)
    except WrongScenarioError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    wanted = tuple(dict.fromkeys(options.policy or POLICIES))
    with progress("days") as tell:
        days = play_days(found, ("fix", *(policy for policy in wanted if policy != "fix")), options, tell)
    compared = {policy: compare_days(days[policy], days["fix"]) for policy in wanted}
    if options.json:
        print(msgspec.json.encode(_as_object(found, options, days, compared)).decode())
    else:
        print(_as_text(found, options, compared))
    return 0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which days: how many, from which seed, in how many processes (0: one a core)."""

    days: int
    seed: int
    processes: int = 0


def play_days(
    found: Scenario,
    policies: Sequence[Policy],
    asked: Asked | argparse.Namespace,
    tell: Progress,
    weights: Weights | None = None,
) -> dict[Policy, list[DayFigures]]:
    """The figures of each day under each policy. They are the same however many processes play them."""
    one_day = partial(_play_day, found, asked.seed, tuple(policies), weights or Weights())
    days: list[list[DayFigures]] = []
    for done, day in enumerate(_shared(one_day, asked.days, asked.processes), 1):
        days.append(day)
        tell(done, asked.days)
    return {policy: [day[n] for day in days] for n, policy in enumerate(policies)}


def _play_day(found: Scenario, seed: int, policies: tuple[Policy, ...], weights: Weights, day: int) -> list[DayFigures]:
    script = draw(found, seed, day)
    return [figures(script, play(script, policy, weights)) for policy in policies]


def _shared(one_day: Callable[[int], list[DayFigures]], days: int, processes: int) -> Iterator[list[DayFigures]]:
    """Each day's figures, in the days' order."""
    processes = min(processes or os.cpu_count() or 1, days)
    if days <= FEW or processes == 1:
        yield from map(one_day, range(days))
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(one_day, range(days), chunksize=4)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py simulate", description="Play days of an office under each policy.")
    parser.add_argument(
        "--scenario",
        default="base",
        metavar="NAME|FILE",
        help=f"{', '.join(scenario.names())}; or a JSON or TOML file, FILE:NAME for one of several in it",
    )
    parser.add_argument(
        "--policy", action="append", choices=POLICIES, help="only this one beside FIX; may be said several times"
    )
    parser.add_argument("--days", type=_days, default=100, help="how many days; 100")
    parser.add_argument("--seed", type=int, default=1, help="another number, other days")
    parser.add_argument("--processes", type=_days, default=0, help="how many at once; one a core")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_DAYS}")
    return int(text)


def _choice(found: Scenario) -> float:
    """The share of visits in which anybody may ever choose what to do next."""
    after = {step: tuple(before) for step, before in found.pre.items()}
    free = 0.0
    for share, needed in found.types:
        todo = {step: 1 for step in found.steps if step in needed}
        while todo and len(possible := prospects(todo, after)) == 1:
            del todo[next(iter(possible))]
        free += share if todo else 0
    return free


def _as_object(
    found: Scenario,
    options: argparse.Namespace,
    days: dict[Policy, list[DayFigures]],
    compared: dict[Policy, dict[str, Compared]],
) -> dict[str, object]:
    return {
        "scenario": found.name,
        "seed": options.seed,
        "days": options.days,
        "visitors": sum(day.visitors for day in days["fix"]) / options.days,
        "with_a_choice": round(_choice(found), 6),
        "assumed": True,
        "policies": compared,
    }


def _as_text(found: Scenario, options: argparse.Namespace, compared: dict[Policy, dict[str, Compared]]) -> str:
    lines = [
        f"{found.name}: {options.days} days from seed {options.seed}, the same days under every policy.",
        "Minutes, or counts a day; behind each figure its ratio to FIX (the printed order, first come first served),",
        "± half of the 95 % interval over the paired days.",
        "",
        f"{'':<24}" + "".join(f"{policy:<20}" for policy in compared),
    ]
    for name in FIGURES:
        cells = "".join(f"{_cell(policy, of[name]):<20}" for policy, of in compared.items())
        lines.append(f"{TITLES[name]:<24}{cells}".rstrip())
    choice = _choice(found)
    lines += [
        "",
        "The parameters are assumptions, measured in no office: believe the order of the policies before any figure.",
        f"In this scenario {choice:.0%} of the visits ever have a choice what to do next."
        + (" Without a choice there is nothing to gain but a juster order." if choice < 1 / 2 else ""),
        "Gains vanish where every step has its fixed place, and shrink the fuller the house is.",
    ]
    return "\n".join(lines)


def _cell(policy: Policy, compared: Compared) -> str:
    value = f"{compared.value:.1f}" if compared.value >= 10 else f"{compared.value:.2f}"  # noqa: PLR2004 - digits
    if policy == "fix":
        return value
    if compared.ratio is None or compared.ratio_high is None:
        return f"{value} (FIX 0)"
    return f"{value} {compared.ratio:.2f}±{compared.ratio_high - compared.ratio:.2f}"

"""`python3 app.py bench`: measures the office against its yardsticks.

Every figure is the median of several rounds, each measuring the office and its yardstick one after the other.
"""

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

import msgspec

import prepare
from tools.figures import Figure, NotMeasuredError
from web.server import CreateApp

Benchmark = Callable[[CreateApp, float], Figure | list[Figure]]
"""Gets what makes the application, and how much of the full work to do; one figure, or several with a goal each."""

BENCHMARKS = {
    "commands": "tools.bench_ledger:commands",
    "growth": "tools.bench_ledger:growth",
    "postgres": "tools.bench_postgres:commands",
    "two": "tools.bench_two:in_a_file",
    "postgres-two": "tools.bench_two:in_postgres",
    "big": "tools.bench_big:sqlite",
    "big-postgres": "tools.bench_big:in_postgres",
    "sixty": "tools.bench_sixty:sixty",
    "replay": "tools.bench_ledger:replay",
    "replay-instant": "tools.bench_replay:instant",
    "replay-page": "tools.bench_replay:page",
    "decision": "tools.bench_decision:decision",
    "forecast": "tools.bench_forecast:accuracy",
    "futures": "tools.bench_forecast:speed",
    "http": "tools.bench_http:http",
    "visit": "tools.bench_visit:visit",
    "visit-two": "tools.bench_visit:two",
    "visit-postgres": "tools.bench_visit:in_postgres",
    "visit-postgres-two": "tools.bench_visit:two_in_postgres",
    "feed": "tools.bench_feed:feed",
    "rejoin": "tools.bench_rejoin:rejoin",
    "notify": "tools.bench_notify:notify",
    "notify-file": "tools.bench_notify:watched",
    "click": "tools.bench_click:click",
    "flood": "tools.bench_flood:flood",
    "dispatch": "tools.bench_dispatch:dispatch",
    "proof": "tools.bench_proof:proof",
    "upkeep": "tools.bench_proof:upkeep",
    "export": "tools.bench_export:export",
}

OUTSIDE = {"feed", "click", "replay-page"}
"""Those that need what the checks need too: another server's broadcast, a browser."""


def bench(arguments: list[str], create_app: CreateApp) -> int:
    """Measure the named benchmarks, or all. 0 when every goal is met, 1 when one is not, 2 for a wrong name."""
    parser = argparse.ArgumentParser(prog="app.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, instead of the table")
    parser.add_argument("--scale", type=float, default=1.0, help="less work: 0.01 shows that it runs, proves nothing")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        print(f"There is no benchmark “{unknown[0]}”. They are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    names = options.names or list(BENCHMARKS)
    if OUTSIDE.intersection(names):
        try:
            prepare.for_checks()
        except prepare.SetupFailed as reason:
            print(reason, file=sys.stderr)
            return 1
    all_met = True
    for name in names:
        module, function = BENCHMARKS[name].split(":")
        measure: Benchmark = getattr(import_module(module), function)
        try:
            found = measure(create_app, options.scale)
        except NotMeasuredError as reason:
            print(f"{name} was not measured: {reason}", file=sys.stderr)
            all_met = False
            continue
        for figure in found if isinstance(found, list) else [found]:
            print(msgspec.json.encode(figure).decode() if options.json else _lines(figure), flush=True)
            all_met &= figure.met
    return 0 if all_met else 1


def _lines(figure: Figure) -> str:
    """A figure for people, in two lines."""
    sign = "≥" if figure.better == "higher" else "≤"
    goal = f"goal {sign} {figure.goal:g}" + (f" {figure.unit}" if figure.goal_of == "value" else "")
    more = "".join(f", {name} {number:g}" for name, number in figure.more.items())
    return (
        f"{figure.name:<18}{figure.ratio:>8.3g} ×   {goal:<24}{'met' if figure.met else 'MISSED'}\n"
        f"{'':<18}{figure.value:>8g} {figure.unit} ÷ {figure.yardstick:g} ({figure.against}){more}\n"
    )

"""The benchmarks run, and say what they found. What they find is no matter of tests: machines differ."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from tools import chromium, postgres
from tools.bench import BENCHMARKS, bench
from tools.figures import figure, in_turns

AS_ANOTHER = {"visit-two", "visit-postgres", "visit-postgres-two", "notify-file"}
"""Benchmarks that are `visit` or `notify` with other settings."""

IN_BROWSER = {"click": ["click"], "replay-page": ["replay-page", "replay-step"]}

FIRST_OF = {
    "dispatch": "dispatch-mean",
    "big": "big-start",
    "big-postgres": "big-postgres-start",
    "rejoin": "rejoin",
    "sixty": "sixty",
}
"""Of those with several figures, the first one's name."""

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def what_it_needs(name: str) -> None:
    """Skips what this machine has no server for."""
    if ("postgres" in name or name == "notify") and (reason := postgres.missing()):
        pytest.skip(reason)


def check(line: str, name: str) -> None:
    """An object is complete: name, figures, yardstick, goal."""
    found = json.loads(line)
    assert found["name"] == name
    for part in ("ratio", "value", "yardstick", "goal"):
        assert found[part] > 0
    assert isinstance(found["met"], bool)
    assert found["unit"]


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in IN_BROWSER.keys() | AS_ANOTHER])
@pytest.mark.usefixtures("what_it_needs")
def test_a_benchmark_prints_complete_objects(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench([name, "--json", "--scale", "0.01"], create_app) in {0, 1}

    [line, *more] = capsys.readouterr().out.splitlines()
    check(line, FIRST_OF.get(name, name))
    assert bool(more) == (name in FIRST_OF)


def test_the_dispatcher_has_a_figure_for_each_of_its_goals(capsys: pytest.CaptureFixture[str]) -> None:
    bench(["dispatch", "--json", "--scale", "0.01"], create_app)

    figures = {
        found["name"].removeprefix("dispatch-"): found
        for found in map(json.loads, capsys.readouterr().out.splitlines())
    }
    goals = {"mean": 0.88, "p90": 0.9, "worst": 0.75, "longest": 1, "ordinary": 1, "priority": 0.4, "overtakes": 0.25}
    goals |= {"idle": 60, "busy280": 0.92, "chain": 1.02, "decision": 1}
    assert {name: found["goal"] for name, found in figures.items()} == goals
    assert figures["mean"]["more"]["index_of_bound"] > 1


@pytest.mark.browser
@pytest.mark.skipif(not chromium.find(), reason="no Chromium on this machine")
@pytest.mark.parametrize("name", IN_BROWSER)
def test_a_benchmark_in_the_browser_prints_complete_objects(name: str) -> None:
    command = [sys.executable, "app.py", "bench", name, "--json", "--scale", "0.01"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode in {0, 1}, done.stderr
    for line, of in zip(done.stdout.splitlines(), IN_BROWSER[name], strict=True):
        check(line, of)


def test_a_table_for_people_names_the_goal(capsys: pytest.CaptureFixture[str]) -> None:
    bench(["replay", "--scale", "0.01"], create_app)

    said = capsys.readouterr().out
    assert "replay" in said
    assert "goal ≥ 1.5" in said


def test_an_unknown_benchmark_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["speed"], create_app) == 2
    assert "They are: commands, growth, " in capsys.readouterr().err


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_figures() -> None:
    found = figure("n", [(1, 1), (10, 20), (300, 100)], unit="x", against="y", at_least=1.0)

    assert (found.ratio, found.value, found.yardstick) == (1.0, 10, 20)
    assert found.met


def test_a_goal_may_be_a_least_a_most_or_a_value() -> None:
    rounds = [(2.0, 1.0)]

    assert not figure("n", rounds, unit="x", against="y", at_most=1.5).met
    assert figure("n", rounds, unit="x", against="y", at_least=1.5).met
    assert figure("n", rounds, unit="x", against="y", most_value=2).met
    assert figure("n", rounds, unit="x", against="y", least_value=2).met
    assert not figure("n", rounds, unit="x", against="y", least_value=3).met


def test_rounds_are_taken_in_turns_and_the_first_is_not_counted() -> None:
    order: list[str] = []

    def note(name: str) -> float:
        order.append(name)
        return len(order)

    pairs = in_turns(lambda: note("ours"), lambda: note("theirs"), rounds=2)

    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert pairs == [(4, 3), (5, 6)]

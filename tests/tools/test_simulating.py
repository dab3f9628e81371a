"""`python3 app.py simulate`: what it prints, and that it prints the same however many processes play."""

import json
from pathlib import Path

import pytest

from app import create_app
from ltsa.comparing import FIGURES
from ltsa.dispatch import POLICIES
from ltsa.scenario import read
from tools.simulating import TITLES, Asked, play_days, simulate


def test_the_table_has_every_figure_against_fix_and_says_what_it_is_worth(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(["--scenario", "light150", "--days", "3"], create_app) == 0
    said = capsys.readouterr().out
    assert said.startswith("light150: 3 days from seed 1")
    for policy in POLICIES:
        assert policy in said
    for name in FIGURES:
        assert TITLES[name] in said
    assert "The parameters are assumptions, measured in no office" in said
    assert "Gains vanish where every step has its fixed place" in said


def test_in_a_fixed_order_it_says_that_there_is_nothing_to_gain(capsys: pytest.CaptureFixture[str]) -> None:
    simulate(["--scenario", "chain", "--days", "1", "--policy", "all"], create_app)
    said = capsys.readouterr().out
    assert "0% of the visits ever have a choice what to do next. Without a choice there is nothing to gain" in said


def test_as_json_each_figure_has_its_ratio_and_interval(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(["--days", "4", "--policy", "index", "--json", "--seed", "3"], create_app) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["scenario"], found["seed"], found["days"], found["assumed"]) == ("base", 3, 4, True)
    assert list(found["policies"]) == ["index"]
    mean = found["policies"]["index"]["mean"]
    assert mean["ratio_low"] <= mean["ratio"] <= mean["ratio_high"]
    assert mean["value"] / mean["other"] == pytest.approx(mean["ratio"])


def test_a_file_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "desk.toml"
    file.write_text('steps = ["FORM"]\nlam = 20\nmean = [6]\ncounters = [1]\ntypes = [[1, ["FORM"]]]\n')
    assert simulate(["--scenario", str(file), "--days", "2"], create_app) == 0
    assert capsys.readouterr().out.startswith("desk: 2 days")


def test_a_wrong_scenario_is_refused_with_the_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.json"
    file.write_text('{"counters": [1, 2]}')
    assert simulate(["--scenario", str(file)], create_app) == 2
    assert capsys.readouterr().err == "counters: has 2 entries; give 8, one for each of the steps.\n"


def test_an_impossible_number_of_days_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        simulate(["--days", "0"], create_app)
    assert "'0' is no number from 1 to 100000" in capsys.readouterr().err


def test_two_processes_find_what_one_finds() -> None:
    told: list[tuple[int, int]] = []
    alone = play_days(read("light150"), ("fix", "index"), Asked(days=9, seed=2, processes=1), lambda *_: None)
    shared = play_days(
        read("light150"), ("fix", "index"), Asked(days=9, seed=2, processes=2), lambda *now: told.append(now)
    )
    assert shared == alone
    assert told[-1] == (9, 9)

"""Scenarios: which can be played, what the others are told, and that the same day is drawn again and again."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from ltsa.dispatch import MINUTE
from ltsa.scenario import WrongScenarioError, draw, names, read, scenario
from ltsa.simulate import play

VILLAGE: dict[str, Any] = {
    "name": "village",
    "steps": ["FORM", "STAMP"],
    "lam": 30,
    "profile": [[0, 240, 1.0]],
    "mean": [6, 2.5],
    "counters": [1, 1],
    "types": [[0.75, ["FORM", "STAMP"]], [0.25, ["STAMP"]]],
    "pre": {"STAMP": ["FORM"]},
}
"""An office of two desks with one counter each."""


def test_the_five_scenarios_are_the_base_with_what_they_change() -> None:
    assert names() == ["base", "light150", "busy280", "chain", "bottleneck"]
    base = read("base")
    assert (base.lam, base.counters, base.p_pri) == (220, (4, 4, 2, 3, 2, 2, 2, 2), 0.15)
    assert read("busy280").lam == 280
    assert read("bottleneck").counters == (4, 3, 3, 4, 3, 3, 3, 3)
    assert read("chain").pre["BANK"] == ("REG", "HEALTH", "REC", "IMM", "BPJS")


def test_a_small_office_is_played_from_json_and_from_toml(tmp_path: Path) -> None:
    as_json, as_toml = tmp_path / "village.json", tmp_path / "village.toml"
    as_json.write_text(json.dumps(VILLAGE))
    as_toml.write_text(
        'name = "village"\nsteps = ["FORM", "STAMP"]\nlam = 30\nprofile = [[0, 240, 1.0]]\nmean = [6, 2.5]\n'
        'counters = [1, 1]\ntypes = [[0.75, ["FORM", "STAMP"]], [0.25, ["STAMP"]]]\npre.STAMP = ["FORM"]\n'
    )
    found = read(str(as_json))
    assert read(str(as_toml)) == found
    assert [counter.name for counter in draw(found, 1, 0).counters] == ["FORM-1", "STAMP-1"]


def test_a_file_of_several_scenarios_is_asked_for_one_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "offices.json"
    file.write_text(json.dumps({"note": "ours", "base": VILLAGE, "scenarios": {"fair": {"lam": 90}}}))
    assert read(str(file)).lam == 30
    assert (read(f"{file}:fair").lam, read(f"{file}:fair").name) == (90, "fair")
    with pytest.raises(WrongScenarioError, match="there is no 'market' in it; it has fair"):
        read(f"{file}:market")


def test_a_file_in_the_form_of_the_project_s_own_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    own = json.loads(Path("ltsa/scenarios.json").read_text(encoding="utf-8"))
    file.write_text(json.dumps({**own, "clock": "minutes after 07:30", "breaks": "tea, lunch, tea"}))
    assert read(f"{file}:busy280") == read("busy280")


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"counters": [1]}, "counters", "has 1 entries; give 2, one for each of the steps"),
        ({"mean": [6, 2, 1]}, "mean", "has 3 entries; give 2"),
        ({"mean": [6, -2]}, "mean[1]", "expected `float` > 0"),
        ({"mean": [6, "two"]}, "mean[1]", "expected `float`, got `str`"),
        ({"counters": [1, 0]}, "counters[1]", "expected `int` >= 1"),
        ({"types": [[0.5, ["FORM"]], [0.4, ["STAMP"]]]}, "types", "the shares sum to 0.9; make it 1"),
        ({"types": [[1, ["FORM", "PHOTO"]]]}, "types[0]", "'PHOTO' is no step; they are FORM, STAMP"),
        ({"types": [[1, []]]}, "types[0]", "name at least one step"),
        ({"profile": [[0, 240, 0.9]]}, "profile", "the shares sum to 0.9; make it 1"),
        ({"profile": [[60, 60, 1]]}, "profile[0]", "ends at 60 before it begins at 60"),
        ({"profile": [[0, 60, 0.5], [30, 90, 0.5]]}, "profile[1]", "begins at 30, before the one before it ends"),
        ({"profile": [[-5, 60, 1]]}, "profile[0][0]", "expected `float` >= 0"),
        ({"pre": {"STAMP": ["FORM"], "FORM": ["STAMP"]}}, "pre.", "wait for each other: "),
        ({"pre": {"PHOTO": ["FORM"]}}, "pre.PHOTO", "'PHOTO' is no step"),
        ({"pre": {"FORM": ["FORM"]}}, "pre.FORM", "wait for each other: FORM → FORM"),
        ({"lam": float("nan")}, "lam", "expected `float` > 0"),
        ({"profile": [[0, 240, float("nan")]]}, "profile[0][2]", "expected `float` >= 0"),
        ({"mean": [6, float("inf")]}, "mean[1]", "expected `float` <= 5000"),
        ({"steps": ["FORM", "FORM"]}, "steps", "name at least one step, each once"),
        ({"steps": ["FORM", "hall"]}, "steps", "give the step another name"),
        ({"steps": "FORM"}, "steps", "expected `array`, got `str`"),
        ({"p_noshow": 1.5}, "p_noshow", "expected `float` <= 1"),
        ({"lam": 0}, "lam", "expected `float` > 0"),
        ({"lam": 1e9}, "lam", "expected `float` <= 5000"),
        ({"lamda": 30}, "lamda", "unknown field"),
        ({"opens": 600}, "closes", "it comes after opens (600)"),
        ({"walk_scale": -1}, "walk_scale", "expected `float` >= 0"),
        ({"positions": [1]}, "positions", "has 1 entries; give 2"),
        ({"breaks": "lunch"}, "breaks", "expected `bool`, got `str`"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_told_the_field_and_what_would_be_right(
    change: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(WrongScenarioError) as refused:
        scenario({**VILLAGE, **change})
    assert refused.value.field.startswith(field)
    assert said in str(refused.value)


def test_a_step_may_wait_for_one_that_is_printed_after_it() -> None:
    found = scenario({**VILLAGE, "pre": {"FORM": ["STAMP"]}})
    script = draw(found, 1, 0)
    assert len(play(script, "fix").exits) == len(play(script, "index").exits) > 10


def test_steps_of_ones_own_need_all_that_goes_by_steps() -> None:
    with pytest.raises(WrongScenarioError, match="mean: is missing"):
        scenario({"steps": ["FORM"]})


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is not valid JSON"), ("[]", "holds no table"), ('{"base": 3}', "base: is a table of fields")],
)
def test_a_file_that_is_none_is_refused(content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    with pytest.raises(WrongScenarioError, match=said):
        read(str(file))


def test_an_unknown_scenario_is_told_the_known_ones() -> None:
    with pytest.raises(WrongScenarioError, match="the scenarios are base, light150, busy280, chain, bottleneck"):
        read("bsae")


def test_a_day_is_drawn_the_same_again_and_differs_from_the_next() -> None:
    base = read("base")
    assert draw(base, 3, 7) == draw(base, 3, 7)
    assert draw(base, 3, 7) != draw(base, 3, 8)
    assert draw(base, 3, 7) != draw(base, 4, 7)


def test_one_more_counter_or_another_order_meets_the_same_people_with_the_same_needs() -> None:
    base = draw(read("base"), 1, 0)
    for other in ("chain", "bottleneck"):
        assert draw(read(other), 1, 0).visits == base.visits
    more = draw(read("bottleneck"), 1, 0)
    same = [(counter.name, counter.slowness) for counter in base.counters]
    assert set(same) - {(counter.name, counter.slowness) for counter in more.counters} == {
        pair for pair in same if pair[0] == "HEALTH-4"
    }


def test_the_drawn_days_are_what_the_scenario_says() -> None:
    base = read("base")
    days = [draw(base, 1, day) for day in range(60)]
    visits = [visit for day in days for visit in day.visits]
    health = [visit.tasks["HEALTH"].work for visit in visits if "HEALTH" in visit.tasks]
    tasks = [task for visit in visits for task in visit.tasks.values()]
    assert len(visits) / 60 == pytest.approx(220, rel=0.05)
    assert mean(health) / MINUTE == pytest.approx(7.5, rel=0.05)
    assert mean(visit.priority for visit in visits) == pytest.approx(0.15, abs=0.01)
    assert mean(task.again > 0 for task in tasks) == pytest.approx(0.08, abs=0.005)
    assert mean(task.missed > 0 for task in tasks) == pytest.approx(0.04, abs=0.004)
    assert mean(visit.arrives <= 30 * MINUTE for visit in visits) == pytest.approx(0.15, abs=0.01)
    assert mean(len(visit.tasks) == 8 for visit in visits) == pytest.approx(0.5, abs=0.02)
    rests = {rest[1] for day in days for counter in day.counters for rest in counter.rests}
    assert rests == {10 * MINUTE, 45 * MINUTE}


def test_appointments_make_of_the_same_people_a_smoother_morning() -> None:
    fields = json.loads(Path("ltsa/scenarios.json").read_text(encoding="utf-8"))["base"]
    crowd, slots = draw(read("base"), 1, 0), draw(scenario({**fields, "slots": True}), 1, 0)
    assert [visit.tasks for visit in slots.visits] == [visit.tasks for visit in crowd.visits]
    noon = 180 * MINUTE
    before = [sum(visit.arrives < noon for visit in day.visits) for day in (crowd, slots)]
    assert before[1] < before[0]

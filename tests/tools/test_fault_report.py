"""The report of the fault programme is written as it goes, and goes on where it was stopped."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.faults import command
from tools.faults.check import Found
from tools.faults.report import BEGIN, END, Report, timed
from tools.faults.round import NotPossibleError

PAGE = f"# Faults\n\nWhat was there.\n\n{BEGIN}\nold\n\n{END}\nWhat comes after.\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "faults.md"
    file.write_text(PAGE, "utf-8")
    return file


class Programme:
    """What is done instead of breaking offices; `ends` says at which fault the machine does."""

    def __init__(self, ends: str = "", cannot: str = "") -> None:
        self.done: list[str] = []
        self._ends, self._cannot = ends, cannot

    def __call__(self, name: str, runs: int, seed: int) -> Found:
        if name == self._ends:
            raise KeyboardInterrupt
        if name == self._cannot:
            raise NotPossibleError("there is no such thing on this machine")
        self.done.append(name)
        return Found(fault=name, runs=runs, seed=seed, acknowledged=1234, recovered=[0.5, 1.0, 1.5])


NAMES = ["web-killed", "disk-full", "midnight"]


def test_a_programme_that_was_stopped_goes_on_with_the_next_fault_by_the_same_seed(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*NAMES, "--runs", "20", "--report", str(page)]
    monkeypatch.setattr(command, "do", Programme(ends="midnight"))
    with pytest.raises(KeyboardInterrupt):
        command.faults([*asked, "--seed", "7"], lambda: None)
    monkeypatch.setattr(command, "do", rest := Programme())
    assert command.faults(asked, lambda: None) == 0
    assert rest.done == ["midnight"]
    assert "disk-full             was done 20" in capsys.readouterr().err
    assert {line.found.seed for line in Report(page).lines()} == {7}
    said = page.read_text("utf-8")
    assert said.startswith("# Faults\n\nWhat was there.\n")
    assert said.endswith(f"{END}\nWhat comes after.\n")
    assert "old" not in said
    rows = [line for line in said.splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[:5] for row in rows] == [
        ["| `web-killed`", "20 of 300", "1 234", "0", "1.0 · 1.5"],
        ["| `disk-full`", "20 of 30", "1 234", "0", "1.0 · 1.5"],
        ["| `midnight`", "20", "1 234", "0", "1.0 · 1.5"],
    ]
    assert "**Not the full programme**" in said
    assert f"{len(os.sched_getaffinity(0))} cores (" in said


def test_more_runs_or_all_anew_are_done_and_the_last_counts(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for more, done in (["--runs", "2"], NAMES), (["--runs", "3"], NAMES), (["--runs", "3", "--anew"], NAMES):
        monkeypatch.setattr(command, "do", programme := Programme())
        assert command.faults([*NAMES, *more, "--report", str(page)], lambda: None) == 0
        assert programme.done == done
    assert page.read_text("utf-8").count("| `web-killed` | 3 of 300 |") == 1


def test_a_fault_that_cannot_be_done_here_is_said_and_the_others_are_done(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "do", programme := Programme(cannot="disk-full"))
    assert command.faults([*NAMES, "--runs", "1", "--report", str(page)], lambda: None) == 1
    assert programme.done == ["web-killed", "midnight"]
    assert "NOT DONE: there is no such thing on this machine." in capsys.readouterr().err


def test_what_was_wrong_and_late_stands_below_the_table(page: Path) -> None:
    found = Found(fault="web-killed", runs=300, seed=7, lost=1, wrong=["G001 is lost."], late=["It came after 9.00 s."])
    found.more |= {"most_s": 2, "told_503": 4, "slowest_503_s": 0.25, "odd_things": 3}
    Report(page).add(timed(found, 300, datetime.now(UTC), load=0.5))
    said = page.read_text("utf-8")
    assert "| **1** |  | 4 × 503, each within 0.2 s, odd things 3, limit 2 s: **missed** |" in said
    assert "- `web-killed`: G001 is lost.\n- `web-killed`: It came after 9.00 s.\n" in said


def test_a_page_without_a_place_is_refused_and_the_documentation_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (other := tmp_path / "other.md").write_text("# Nothing\n", "utf-8")
    assert command.faults(["web-killed", "--report", str(other)], lambda: None) == 2
    assert "has no place for the report" in capsys.readouterr().err
    assert command.faults(["web-killed", "--report", str(tmp_path / "none.md")], lambda: None) == 2
    assert Report(Path(__file__).parents[2] / "docs" / "faults.md")

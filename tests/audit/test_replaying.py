"""`python3 app.py replay`: the auditor's page on the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from audit.asked import Instant
from audit.book import read
from audit.replaying import replay
from ltsa.ledger import Ledger
from tests.conftest import PROJECT, Office
from tests.ltsa.scripted_day import DATE, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = tuple[int, str, str]


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Gives the command to that office; its exit code, and what it wrote for people and about errors."""

    def give(*arguments: str) -> Answer:
        code = replay([*arguments, "--data", str(folder)], None)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


def test_the_command_shows_the_very_pictures_of_the_auditors_page(command: Callable[..., Answer], folder: Path) -> None:
    code, said, _ = command("ltsa", "2026-03-02", "--until", "08:20:30", "--json")
    shown = json.loads(said)
    ledger = Ledger(folder / "ledger.sqlite")
    book = read(ledger, "ltsa", DATE)
    ledger.close()
    assert book is not None
    moment = book.moment(Instant(until=instant("08:20:30") + 999))
    assert code == 0
    assert (shown["version"], shown["events"]) == (moment.version, 73) == (38, 73)
    assert shown["until"] == moment.at
    assert shown["display"] == json.loads(msgspec.json.encode(moment.display))
    assert shown["hall"] == json.loads(msgspec.json.encode(moment.hall))


def test_without_an_instant_it_shows_the_end_of_the_day(command: Callable[..., Answer]) -> None:
    code, said, _ = command("ltsa", "2026-03-02", "--json")
    shown = json.loads(said)
    assert (code, shown["version"], shown["until"], shown["display"]["open"]) == (0, 73, None, False)


def test_before_the_first_event_the_hall_is_empty(command: Callable[..., Answer]) -> None:
    code, said, _ = command("ltsa", "2026-03-02", "--until", "07:00", "--json")
    shown = json.loads(said)
    assert (code, shown["version"], shown["hall"]["issued"], shown["display"]["current"]) == (0, 0, 0, [])


def test_people_read_calls_counters_queues_and_totals(command: Callable[..., Answer]) -> None:
    code, said, _ = command("ltsa", "2026-03-02", "--until", "08:05:10")
    assert code == 0
    assert "LTSA Example, 2026-03-02, 08:05:10 (Asia/Jakarta)" in said
    assert "event 10 of 73" in said
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert "A001 Counter 1 called" in rows
    assert "Counter 3 open petugas-budi C002 called, Labour" in rows
    assert "A Information and complaints 2 waiting first came 08:02:00" in rows
    assert "Totals: 5 numbers taken; called 2, waiting 3" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("elsewhere", "2026-03-02"), "There is no office 'elsewhere'; known are ltsa."),
        (("ltsa", "March"), "“March” is no date; write one like 2026-11-21."),
        (("ltsa", "2026-02-30"), "“2026-02-30” is no date"),
        (("ltsa", "2026-03-02", "--until", "noon"), "“noon” is no time; write one of the office's time zone"),
        (("ltsa", "2026-03-02", "--until", "24:00"), "“24:00” is no time"),
    ],
)
def test_what_cannot_be_right_gets_a_sentence_and_exit_code_2(
    command: Callable[..., Answer], arguments: tuple[str, ...], sentence: str
) -> None:
    code, said, wrong = command(*arguments)
    assert (code, said) == (2, "")
    assert sentence in wrong


def test_a_day_without_events_is_said_so_with_exit_code_1(command: Callable[..., Answer]) -> None:
    code, said, wrong = command("ltsa", "2026-03-01")
    assert (code, said, wrong) == (1, "", "Nothing was recorded in ltsa on 2026-03-01.\n")


def test_a_folder_without_an_office_stays_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(["ltsa", "2026-03-02", "--data", str(tmp_path / "nothing")], None) == 2
    assert "There is no ledger in" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_it_reads_beside_a_running_server(folder: Path) -> None:
    office = Office(folder)
    office.start()
    try:
        answer = subprocess.run(
            [sys.executable, "app.py", "replay", "ltsa", "2026-03-02", "--until", "08:05:10", "--data", str(folder)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        office.kill()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert ["A001", "Counter", "1", "called"] in [line.split() for line in answer.stdout.splitlines()]

"""Requests about one's own data from the command line: who asks is read from the input, never among the words."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from ltsa.identity import identity
from ltsa.journal import DataExported
from web import journeys
from web.house import House
from web.requesting import subject
from web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

NIK = "3204014503900001"
Runs = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An office in which Ratna has a journey; nobody has its files open."""
    settings = Settings(data=tmp_path / "office", port=0)
    with closing(House(settings)) as here:
        said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:pintu", "key": "k"}
        journeys.open_case(here, identity(NIK, "Ratna Sari", "0812 3456 7890"), **said, scheme="p-to-p")
    return settings


@pytest.fixture
def runs(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runs:
    """What a command ends with, says, and complains of; `typed` are the lines of its input."""

    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = subject([*words, "--data", str(settings.data), "--port", "0"], None)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_request_is_received_and_answered_with_a_file_for_its_owner_alone(
    runs: Runs, settings: Settings, tmp_path: Path
) -> None:
    assert runs("list") == (0, "Nobody has asked yet.\n", "")
    file = tmp_path / "answer.json"
    code, said, _ = runs("show", "--document", "--out", str(file), typed=f"{NIK}\n")
    assert (code, said) == (0, f"Request 1 is done; the answer lies in {file}.\n")
    assert json.loads(file.read_bytes())["identity"]["name"] == "Ratna Sari"
    assert file.stat().st_mode & 0o777 == 0o600
    _, said, _ = runs("list")
    assert said.startswith("     1  show      done: in time, due ")
    with closing(House(settings)) as here:
        [row] = here.ledger.told("data-exported/1")
        assert isinstance(row.event, DataExported)
        assert (row.event.kind, row.event.by) == ("own-data", "command line")


def test_what_is_right_is_read_line_by_line_and_an_empty_one_keeps_what_stands_there(
    runs: Runs, settings: Settings
) -> None:
    code, said, _ = runs("correct", "--document", typed=f"{NIK}\n\nRatna Sari Dewi\n\n")
    assert (code, said) == (0, "Request 1 is done: name corrected.\n")
    with closing(House(settings)) as here:
        person = journeys.by_nik(here, NIK)
        assert here.persons.read(person or "") == identity(NIK, "Ratna Sari Dewi", "0812 3456 7890")


def test_restricted_lifted_refused_and_erased(runs: Runs, settings: Settings) -> None:
    assert runs("restrict", "--document", typed=NIK)[:2] == (0, "Request 1 is done.\n")
    assert runs("lift", "--request", "1")[:2] == (0, "The data may be used again.\n")
    assert runs("withdraw", "--document", typed=NIK)[:2] == (0, "Request 2 is done.\n")
    assert runs("refuse", "--request", "2", "--reason", "taken-back")[0] == 2, "it is answered already"
    assert runs("erase", "--document", typed=NIK)[:2] == (0, "Request 3 is done.\n")
    code, _, why = runs("show", "--document", typed=NIK)
    assert (code, why) == (2, "Nobody has a journey with this NIK here.\n")
    assert len(runs("list")[1].splitlines()) == 3
    with closing(House(settings)) as here:
        assert journeys.by_nik(here, NIK) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("show",), "identity document first"),
        (("show", "--document", "--office", "moon"), "no office 'moon'"),
        (("erase", "--request", "7"), "no request '7'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(runs: Runs, words: tuple[str, ...], why: str) -> None:
    code, said, complaint = runs(*words, typed=NIK)
    assert (code, said) == (2, "")
    assert why in complaint


@pytest.mark.parametrize("words", [("lift",), ("refuse", "--request", "1"), ("sell",)])
def test_a_command_that_says_too_little_says_what_is_missing(runs: Runs, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as end:
        runs(*words)
    assert end.value.code == 2

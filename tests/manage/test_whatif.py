"""`python3 app.py whatif`: recorded days told otherwise, on the terminal."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ltsa.configuring import ConfigureOffice
from ltsa.happened import TOPICS
from ltsa.ledger import Ledger
from ltsa.office import example_office
from manage.whatif import whatif
from tests.ltsa.recording import Recording
from tests.ltsa.test_whatif import drawn
from tools.bench_ledger import INSERT

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office's folder with two recorded days, 21 and 22 November 2026."""
    folder = tmp_path_factory.mktemp("whatif")
    ledger = Ledger(folder / "ledger.sqlite")
    said = {"office": "ltsa", "at": 1, "by": "system", "key": "first", "since": "1970-01-01"}
    ledger.do(ConfigureOffice(**said, configuration=example_office()))  # type: ignore[arg-type]
    ledger.close()
    topics = {kind: topic for topic, kind in TOPICS.items()}
    with sqlite3.connect(folder / "ledger.sqlite") as rows:
        for n, day in enumerate(("2026-11-21", "2026-11-22")):
            for one in Recording(drawn(n), "fifo").history():
                topic, state = topics[type(one.event)], msgspec.json.encode(one.event)  # type: ignore[index]
                rows.execute(INSERT, (f"day:ltsa:{day}", one.version, topic, state))
    rows.close()
    return folder


@pytest.fixture
def command(data: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    def give(*arguments: str) -> tuple[int, str, str]:
        code = whatif([*arguments, "--data", str(data)], None)
        told = capsys.readouterr()
        return code, told.out, told.err

    return give


SPAN = ("ltsa", "--from", "2026-11-20", "--to", "2026-11-23")


def test_the_change_stands_beside_the_replay_and_what_happened(command: Command) -> None:
    code, said, wrong = command(*SPAN, "--policy", "index")
    assert (code, wrong) == (0, "")
    assert said.startswith("2 recorded days, 2026-11-21 to 2026-11-21")
    happened, replayed, changed = (float(word) for word in said.split("mean time in building")[1].split()[:3])
    assert happened == replayed
    assert changed < replayed
    assert said.splitlines()[-1] in {f"be believed: here {sign}0.0 minutes on average." for sign in "+-"}


def test_several_changes_at_once_as_json(command: Command) -> None:
    code, said, _ = command(
        *SPAN,
        "--counter",
        "HEALTH",
        "--slots",
        "--later",
        "15",
        "--later",
        "REG-1=-5",
        "--without",
        "REC:HEALTH",
        "--json",
    )
    found = json.loads(said)
    assert code == 0
    assert found["effect"]["mean"]["difference"] < 0
    assert set(found["trust"]) == {"mean", "p90", "longest", "unfinished", "priority", "ordinary"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (SPAN, 2, "Say what is to be otherwise"),
        ((*SPAN, "--counter", "PHOTO"), 2, "there is no service 'PHOTO'"),
        ((*SPAN, "--later", "soon"), 2, "“soon” says no minutes"),
        ((*SPAN, "--without", "REC"), 2, "“REC” names no two services"),
        (("ltsa", "--from", "tomorrow", "--slots"), 2, "“tomorrow” is no date"),
        (("ltsa", "--from", "2026-11-23", "--to", "2026-11-20", "--slots"), 2, "is no span of 1 to 366 days"),
        (("batam", "--from", "2026-11-21", "--slots"), 2, "There is no office 'batam'"),
        (("ltsa", "--from", "2025-01-02", "--slots"), 1, "Nothing was recorded in ltsa from 2025-01-02"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(
    arguments: tuple[str, ...], code: int, said: str, command: Command
) -> None:
    ended, _, wrong = command(*arguments)
    assert ended == code
    assert said in wrong


def test_a_folder_without_a_ledger_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert whatif(["ltsa", "--from", "2026-11-21", "--slots", "--data", str(tmp_path)], None) == 2
    assert "There is no ledger in" in capsys.readouterr().err

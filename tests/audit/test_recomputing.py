"""`python3 app.py recompute`: every decision of a day, computed again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from audit.recomputing import recompute
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from tests.ltsa.scripted_day import DISPATCHED, commands, dispatched_office

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = tuple[int, str, str]


@pytest.fixture(scope="module")
def dispatched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office that had the dispatcher's morning, to be copied."""
    folder = tmp_path_factory.mktemp("dispatched") / "office"
    ledger = Ledger(folder / "ledger.sqlite")
    set_up: dict[str, Any] = {"office": "ltsa", "at": 0, "by": "system", "key": "set up"}
    ledger.do(ConfigureOffice(configuration=dispatched_office(), since="1970-01-01", **set_up))
    for command in commands(played=DISPATCHED):
        ledger.do(command)
    ledger.close()
    return folder


@pytest.fixture
def folder(dispatched: Path, tmp_path: Path) -> Path:
    """The folder of an office that had the dispatcher's morning."""
    return Path(shutil.copytree(dispatched, tmp_path / "office"))


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Gives the command to that office; its exit code, and what it wrote for people and about errors."""

    def give(*arguments: str) -> Answer:
        code = recompute([*arguments, "--data", str(folder)], None)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


def rewrite(folder: Path, topic: str, change: Callable[[dict[str, Any]], object]) -> int:
    """Somebody changes the first event of a kind behind the ledger's back; its version."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database:
        row, version, state = database.execute(
            "SELECT rowid, originator_version, state FROM ledger WHERE topic = ? ORDER BY rowid LIMIT 1", (topic,)
        ).fetchone()
        event = json.loads(state)
        change(event)
        database.execute("UPDATE ledger SET state = ? WHERE rowid = ?", (json.dumps(event).encode(), row))
        database.commit()
    return int(version)


def test_all_decisions_of_a_true_record_are_the_same(command: Callable[..., Answer]) -> None:
    code, said, _ = command("ltsa", "2026-03-02")
    assert (code, said) == (0, "22 decisions, 100 % the same.\n")
    found = json.loads(command("ltsa", "2026-03-02", "--json")[1])
    assert (found["decisions"], found["same"], found["differing"]) == (22, 22, [])


@pytest.mark.parametrize(
    ("topic", "change", "recorded"),
    [
        ("ticket-called/1", lambda event: event["why"].update(margin=1), '"margin":1'),
        ("ticket-called/1", lambda event: event["why"]["terms"].update(unlocks=60_000), '"unlocks":60000'),
        ("ticket-called/1", lambda event: event["why"].update(shadow="C001"), '"shadow":"C001"'),
        ("ticket-called/1", lambda event: event["why"].update(seen=3), '"seen":3'),
        ("ticket-called/1", lambda event: event["why"].update(rule="shortest/1"), '"rule":"shortest/1"'),
        ("ticket-directed/1", lambda event: event.update(service="civil-registry"), '"service":"civil-registry"'),
        ("ticket-directed/1", lambda event: event["why"].update(passed_over=2), '"passed_over":2'),
    ],
)
def test_a_reason_that_was_changed_is_found_and_named_with_both_values(
    command: Callable[..., Answer], folder: Path, topic: str, change: Callable[[dict[str, Any]], object], recorded: str
) -> None:
    version = rewrite(folder, topic, change)
    code, said, _ = command("ltsa", "2026-03-02")
    assert code == 1
    assert f"The first that differs is event {version}" in said
    [written, computed] = [line for line in said.splitlines() if line.startswith("  ")]
    assert recorded in written
    assert recorded not in computed


def test_a_rule_that_nobody_knows_is_not_the_same(command: Callable[..., Answer], folder: Path) -> None:
    rewrite(folder, "ticket-called/1", lambda event: event["why"].update(rule="index/9"))
    code, said, _ = command("ltsa", "2026-03-02")
    assert code == 1
    assert "by a rule that this program does not know" in said


def test_a_person_who_should_have_been_sent_somewhere_is_missed(command: Callable[..., Answer], folder: Path) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database:
        [last] = database.execute(
            "SELECT max(originator_version) FROM ledger WHERE topic = 'ticket-directed/1' AND originator_version < 30"
        ).fetchone()
        stream, after = "day:ltsa:2026-03-02", "originator_id = ? AND originator_version > ? ORDER BY rowid"
        database.execute("DELETE FROM ledger WHERE originator_id = ? AND originator_version = ?", (stream, last))
        later = database.execute(f"SELECT rowid FROM ledger WHERE {after}", (stream, last)).fetchall()  # noqa: S608
        for (row,) in later:
            database.execute("UPDATE ledger SET originator_version = originator_version - 1 WHERE rowid = ?", (row,))
        database.commit()
    code, said, _ = command("ltsa", "2026-03-02")
    assert code == 1
    assert "recorded  nothing" in said
    assert '"event":"ticket-directed"' in said


def test_days_of_before_the_dispatcher_are_computed_again_by_the_rules_of_their_time(
    morning: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recompute(["ltsa", "2026-03-02", "--data", str(morning)], None) == 0
    assert capsys.readouterr().out.endswith("100 % the same.\n")


def test_what_cannot_be_right_gets_a_sentence_and_exit_code_2(command: Callable[..., Answer]) -> None:
    assert command("elsewhere", "2026-03-02")[::2] == (2, "There is no office 'elsewhere'; known are ltsa.\n")
    assert command("ltsa", "March")[0] == 2
    assert command("ltsa", "2026-03-01")[0] == 1

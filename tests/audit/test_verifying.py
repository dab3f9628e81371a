"""`python3 app.py verify`: a day that was shown as it is recorded holds; whatever is changed afterwards is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from audit.verifying import verify
from ltsa.day import Day, evolve
from ltsa.ledger import Ledger
from ltsa.shown import RENDERING, Board, RecordBoards, digest, seen, shown_stream
from tests.ltsa.scripted_day import instant
from tests.ltsa.scripted_journey import played

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.audit.conftest import Auditor

    Answer = tuple[int, str, str]

DAY = "day:ltsa:2026-03-02"


def watched(folder: Path) -> int:
    """The morning's screens were watched, and what they showed is on record; how many pictures that is."""
    day, boards = Day(), list[Board]()
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        for recorded in ledger.history(DAY):
            evolve(day, recorded.event)  # type: ignore[arg-type]
            views = ("display", "hall", *(f"desk:{counter}" for counter in day.counters))
            boards += [Board(view, recorded.version, digest(seen(day, view))) for view in views]
        said = {"office": "ltsa", "at": instant("12:00"), "by": "system", "key": "boards 1"}
        batch = {"date": "2026-03-02", "rendering": RENDERING, "server": "5eed", "boards": tuple(boards)}
        ledger.do(RecordBoards(**said, **batch))  # type: ignore[arg-type]
    return len(boards)


@pytest.fixture(scope="module")
def shown(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of an office whose morning was watched, to be copied; and how many pictures were shown."""
    folder = shutil.copytree(morning, tmp_path_factory.mktemp("shown") / "office")
    return folder, watched(folder)


@pytest.fixture
def folder(shown: tuple[Path, int], tmp_path: Path) -> Path:
    """The folder of that office."""
    return shutil.copytree(shown[0], tmp_path / "office")


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Gives the command to that office; its exit code, and what it wrote for people and about errors."""

    def give(*arguments: str) -> Answer:
        code = verify([*arguments, "--data", str(folder)], None)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


def replace(folder: Path, stream: str, version: int, old: bytes, new: bytes) -> None:
    """Somebody changes an event behind the ledger's back."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database, database:
        which = "originator_id = ? AND originator_version = ?"
        query = f"SELECT state FROM ledger WHERE {which}"  # noqa: S608
        (state,) = database.execute(query, (stream, version)).fetchone()
        assert old in state
        update = f"UPDATE ledger SET state = ? WHERE {which}"  # noqa: S608
        database.execute(update, (state.replace(old, new, 1), stream, version))


def first(folder: Path, topic: str) -> int:
    """The version of the day's first event of a kind."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database:
        query = "SELECT min(originator_version) FROM ledger WHERE originator_id = ? AND topic = ?"
        return int(database.execute(query, (DAY, topic)).fetchone()[0])


def test_a_day_that_was_shown_as_it_is_recorded_holds(command: Callable[..., Answer], shown: tuple[Path, int]) -> None:
    code, said, _ = command()
    assert code == 0
    assert f"{shown[1]} pictures" in said
    assert "All of it holds." in said
    assert command("ltsa", "2026-03-02")[0] == 0


def test_a_changed_event_is_named_by_the_log_and_by_what_was_shown(
    command: Callable[..., Answer], folder: Path
) -> None:
    version = first(folder, "counter-opened/1")
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database:
        query = "SELECT state FROM ledger WHERE originator_id = ? AND originator_version = ?"
        officer = json.loads(database.execute(query, (DAY, version)).fetchone()[0])["officer"]
    replace(folder, DAY, version, f'"officer":"{officer}"'.encode(), b'"officer":"Nobody"')
    code, said, _ = command("--json")
    found = json.loads(said)
    assert code == 1
    assert (found["wrong"][0]["check"], found["wrong"][0]["version"]) == ("log", version)
    seen_otherwise = [one for one in found["wrong"] if one["check"] == "shown"]
    assert seen_otherwise[0]["version"] == version
    assert seen_otherwise[0]["says"].startswith("hall showed ")
    assert not any("display showed" in one["says"] for one in seen_otherwise), "which shows no officer"
    _, said, _ = command()
    assert f"The first: event {version} of {DAY}: this event is not what was put into the proof log" in said


def test_a_changed_digest_is_named_with_what_the_record_gives(
    command: Callable[..., Answer], folder: Path, auditor: Auditor
) -> None:
    day = Day()
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        for recorded in ledger.history(DAY, until=5):
            evolve(day, recorded.event)  # type: ignore[arg-type]
    right = digest(seen(day, "display"))
    replace(folder, shown_stream("ltsa", "2026-03-02"), 1, f'["display",5,"{right}"]'.encode(), b'["display",5,"x"]')
    code, said, _ = command("ltsa", "2026-03-02", "--json")
    wrong = {one["check"]: one for one in json.loads(said)["wrong"]}
    assert code == 1
    assert set(wrong) == {"log", "shown"}
    assert wrong["shown"]["version"] == 5
    assert "display showed x at " in wrong["shown"]["says"]
    assert f"the record gives {right} (server 5eed)" in wrong["shown"]["says"]
    page = auditor.opens("/2026-03-02/checks", lang="en")
    assert "The record of this day is not whole" in page
    assert "The screens showed what is on record" in page


def tampered(folder: Path, statement: str, *values: object) -> None:
    """Somebody with any SQLite changes the ledger behind its back."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database, database:
        database.execute(statement, values)


def test_an_event_that_is_put_in_at_the_end_is_named_and_does_not_become_a_leaf(
    command: Callable[..., Answer], folder: Path
) -> None:
    tampered(
        folder,
        "INSERT INTO ledger (originator_id, originator_version, topic, state) SELECT originator_id, 2, topic, state"
        " FROM ledger WHERE originator_id = 'office:ltsa'",
    )
    for _ in range(2):
        code, said, _ = command()
        assert code == 1
        assert "The first: event 2 of office:ltsa: this event is not in the proof log" in said


def test_an_event_that_an_update_turned_into_text_is_named(command: Callable[..., Answer], folder: Path) -> None:
    version = first(folder, "ticket-called/1")
    tampered(
        folder,
        "UPDATE ledger SET state = replace(CAST(state AS TEXT), 'at', 'ta')"
        " WHERE originator_id = ? AND originator_version = ?",
        DAY,
        version,
    )
    code, said, _ = command()
    assert code == 1
    assert f"The first: event {version} of {DAY}: this event is not what was put into the proof log" in said


def test_a_ledger_that_cannot_be_opened_any_more_is_still_told_which_event_it_is(
    command: Callable[..., Answer], folder: Path
) -> None:
    tampered(folder, "UPDATE ledger SET state = x'00' WHERE originator_id = 'office:ltsa'")
    code, said, _ = command("--json")
    log, rest = json.loads(said)["wrong"]
    assert code == 1
    assert (log["check"], log["stream"], log["version"], log["leaf"]) == ("log", "office:ltsa", 1, 0)
    assert rest["says"].startswith("the rest was not looked at: the ledger holds an event that cannot be read")


def test_one_event_that_is_missing_is_told_once_for_each_check(command: Callable[..., Answer], folder: Path) -> None:
    version = first(folder, "ticket-called/1")
    tampered(folder, "DELETE FROM ledger WHERE originator_id = ? AND originator_version = ?", DAY, version)
    code, said, _ = command("--json")
    wrong = json.loads(said)["wrong"]
    assert code == 1
    assert (wrong[0]["check"], wrong[0]["stream"], wrong[0]["version"]) == ("log", DAY, version)
    assert len(wrong) < 8, "and not once for each event after it"
    gap = next(one for one in wrong if one["says"] == "the versions have a gap before this event")
    assert gap["version"] == version + 1
    assert gap["more"] > 0


def test_a_correction_that_names_what_was_not_its_mistake_is_named(
    command: Callable[..., Answer], folder: Path
) -> None:
    version = first(folder, "action-undone/1")
    replace(folder, DAY, version, b'"corrects":', b'"corrects":9')
    code, said, _ = command("--json")
    wrong = [one for one in json.loads(said)["wrong"] if one["says"].startswith("what this event takes back")]
    assert (code, [(one["check"], one["version"]) for one in wrong]) == (1, [("day", version)])


def test_a_journey_s_correction_is_held_against_what_it_names(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    played(tmp_path).close()
    assert verify(["--data", str(tmp_path)], None) == 0
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database:
        query = "SELECT originator_id, min(originator_version) FROM ledger WHERE topic = 'step-undone/1'"
        stream, version = database.execute(query).fetchone()
    replace(tmp_path, stream, version, b'"corrects":', b'"corrects":2')
    capsys.readouterr()
    assert verify(["--data", str(tmp_path), "--json"], None) == 1
    wrong = [one for one in json.loads(capsys.readouterr().out)["wrong"] if one["check"] == "journey"]
    assert [(one["stream"], one["version"]) for one in wrong] == [(stream, version)]


def test_what_is_not_there_is_refused(command: Callable[..., Answer]) -> None:
    assert command("nowhere")[0] == 2
    assert command("ltsa", "2026-13-40")[0] == 2
    code, _, why = command("ltsa", "2026-03-03")
    assert code == 2
    assert "Nothing was recorded in ltsa on 2026-03-03." in why


def test_an_erasure_that_was_done_and_stands_nowhere_of_the_person_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    played(folder).close()
    assert verify(["--data", str(folder)], None) == 0
    assert "6 requests about data" in capsys.readouterr().out
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as database, database:
        assert database.execute("DELETE FROM ledger WHERE topic = 'person-erased/1'").rowcount == 1
    assert verify(["--data", str(folder), "--json"], None) == 1
    wrong = {one["check"]: one["says"] for one in json.loads(capsys.readouterr().out)["wrong"]}
    assert set(wrong) == {"log", "request"}
    assert wrong["request"] == "request 2 was done, and the person's stream does not say so"

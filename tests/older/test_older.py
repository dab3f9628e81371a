"""What older programs left opens under today's: the record stays as it was written, and everybody is who they were."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import app
from ltsa import side_file
from ltsa.identity import Identity
from ltsa.ledger import Ledger
from ltsa.personal import open_personal
from ltsa.present import day_stream
from ltsa.side_store import in_folder
from ltsa.store import FORMAT
from tests.ltsa.crowd import issue, together
from web.house import House
from web.settings import Settings

OLDER = sorted(Path(__file__).parent.glob("*.zip"))
WITHOUT_LOG = OLDER[:2]
"""Of programs that kept no proof log."""
EVENTS = "SELECT rowid, originator_id, originator_version, topic, CAST(state AS BLOB) FROM ledger ORDER BY rowid"


def asked(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(sql).fetchall()


@pytest.fixture(params=OLDER, ids=lambda file: file.stem)
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder that an older program left."""
    folder = tmp_path / "office"
    with ZipFile(request.param) as kept:
        kept.extractall(folder)
    return folder


def known(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "known.json").read_text("utf-8"))
    return found


def test_an_office_of_before_is_opened_and_nothing_of_its_record_has_changed(left: Path) -> None:
    before = asked(left / "ledger.sqlite", EVENTS)
    knew = known(left)
    with closing(House(Settings(data=left, port=0))) as house:
        assert asked(left / "ledger.sqlite", EVENTS)[: len(before)] == before
        assert list(house.ledger.log.examine()) == []
        assert issue(house.ledger, "who comes after the upgrade").startswith("G")
        at = house.now()
        assert house.credentials.name("dewi") == "Dewi Karangan"
        assert house.credentials.check_password("dewi", knew["password"], at) == "right"
        assert house.credentials.check_pin("dewi", knew["pin"], at) == "right"
        assert sha256(knew["kiosk"].encode()).hexdigest() in {it.digest for it in house.access.devices.values()}
        [note] = house.people.notes("ltsa", knew["date"], knew["numbers"][4])
        assert (note.by, note.text) == ("officer:dewi", knew["note"])
        if knew["person"]:
            assert house.persons.read(knew["person"]) == Identity(**knew["identity"])
            assert house.persons.find(knew["identity"]["nik"]) == knew["person"]


def test_it_is_brought_up_to_date_once_and_whole(left: Path, caplog: pytest.LogCaptureFixture) -> None:
    without_log = not asked(left / "ledger.sqlite", "SELECT 1 FROM sqlite_schema WHERE name = 'leaves'")
    notes_open = ("text",) in asked(left / "people.sqlite", "SELECT name FROM pragma_table_info('notes')")
    persons = left / "persons.sqlite"
    keys_beside = persons.exists() and ("key",) in asked(persons, "SELECT name FROM pragma_table_info('persons')")
    with caplog.at_level(logging.WARNING, "ltsa"):
        House(Settings(data=left, port=0)).close()
    did = ("is brought to format" in caplog.text, "keys move" in caplog.text, "notes are sealed" in caplog.text)
    assert did == (without_log, keys_beside, notes_open), "what an upgrade does stands in the log"
    marks = {file.name: asked(file, "PRAGMA user_version")[0][0] for file in left.glob("*.sqlite")}
    ledger = marks.pop("ledger.sqlite")
    assert ledger == FORMAT
    marks.pop("looks.sqlite", None)  # an index of before that nobody opens any more
    assert set(marks.values()) == {side_file.FORMAT}
    with caplog.at_level(logging.WARNING, "ltsa"):
        caplog.clear()
        House(Settings(data=left, port=0)).close()
    assert caplog.text == ""


@pytest.mark.parametrize("left", OLDER[2:3], indirect=True, ids=lambda file: file.stem)
def test_what_lay_beside_its_ledger_goes_into_a_database_at_the_first_start(
    left: Path, database: str, keys_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    knew = known(left)
    assert app.main(["move", str(left), database, "--keys", keys_database]) == 1
    assert "is of an older program: start the office once with this one" in capsys.readouterr().err
    (left / "ledger.sqlite").unlink()
    with closing(House(Settings(data=left, port=0, database=database, keys_database=keys_database))) as house:
        assert house.credentials.name("dewi") == "Dewi Karangan"
        [note] = house.people.notes("ltsa", knew["date"], knew["numbers"][4])
        assert note.text == knew["note"]
        assert house.persons.read(knew["person"]) == Identity(**knew["identity"])


def test_it_is_verified_without_ever_having_been_opened(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["verify", "--data", str(left)]) == 0, capsys.readouterr().out


def test_its_day_is_told_as_it_was(left: Path) -> None:
    knew = known(left)
    with closing(Ledger(left / "ledger.sqlite")) as ledger:
        present = ledger.present()
        day = present.day("ltsa", date.fromisoformat(knew["date"]))
        assert day_stream("ltsa", knew["date"]) in ledger.streams("day:")
    assert list(day.tickets) == knew["numbers"]
    assert [day.tickets[number].state for number in knew["numbers"]] == ["done", "done", *["waiting"] * 3]


@pytest.mark.parametrize("left", WITHOUT_LOG, ids=lambda file: file.stem, indirect=True)
def test_a_record_without_a_proof_log_is_neither_moved_nor_backed_up_before_it_was_opened(
    left: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["move", str(left), str(tmp_path / "target.sqlite")]) == 1
    assert app.main(["backup", str(tmp_path / "to"), "--keys", str(tmp_path / "keys"), "--data", str(left)]) == 1
    assert capsys.readouterr().err.count("start the office once with this one") == 2
    assert not (tmp_path / "target.sqlite").exists()


def test_of_two_processes_that_start_at_once_one_brings_it_up_to_date(left: Path) -> None:
    knew, seed = known(left), (left / "seed").read_bytes()
    together([lambda: open_personal(in_folder(left), seed).close()] * 4)
    with closing(open_personal(in_folder(left), seed)) as personal:
        [note] = personal.people.notes("ltsa", knew["date"], knew["numbers"][4])
        assert note.text == knew["note"]
        if knew["person"]:
            assert personal.persons.read(knew["person"]) == Identity(**knew["identity"])

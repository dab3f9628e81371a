"""A backup is taken while the office is open; what was acknowledged before is in it, and it is brought back whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from ltsa.happened import TicketIssued
from ltsa.ledger import Ledger
from ltsa.present import day_stream
from ltsa.store import looking_at
from ltsa.transfer import TABLES
from tests.ltsa.crowd import issue
from tests.ltsa.test_personal import BUDI, RATNA
from tests.staff import hire
from web import backup as backups
from web.backup import BackupError, bring_back, read, take
from web.house import House
from web.settings import Settings
from web.signing import sign_record

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


def silent(_done: int, _of: int, _what: str) -> None:
    """Nobody watches."""


@pytest.fixture(params=["a file", "a database"])
def here(request: pytest.FixtureRequest, settings: Settings) -> Iterator[House]:
    """An open office in which Dewi is signed in, and somebody has taken a number."""
    if request.param == "a database":
        databases = {name: request.getfixturevalue(name) for name in ("database", "keys_database")}
        settings = replace(settings, **databases)
    house = House(settings)
    hire(house)
    house.credentials.set_name("dewi", "Dewi Lestari")
    house.persons.keep(RATNA, house.now())
    issue(house.ledger, "before")
    yield house
    house.close()


@pytest.fixture
def made(settings: Settings, tmp_path: Path) -> Path:
    """A backup of a small office."""
    with closing(House(settings)) as house:
        hire(house)
        house.credentials.set_name("dewi", "Dewi Lestari")
        house.persons.keep(RATNA, house.now())
        issue(house.ledger, "before")
    history = settings.data / ".ledger.sqlite-litestream" / "ltx"
    history.mkdir(parents=True)
    (history / "1.ltx").write_bytes(b"what was there once")
    return take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)[0]


def events(place: Path | str) -> list[tuple[object, ...]]:
    """Every event, byte for byte."""
    with looking_at(place) as cursor:
        return [tuple(row) for chunk in TABLES[0].rows(cursor) for row in chunk]


def test_what_was_acknowledged_before_is_in_a_backup_that_is_taken_under_commands(here: House, tmp_path: Path) -> None:
    done, numbers, keys = Event(), list[str](), count()

    def people_come() -> None:
        while not done.is_set():
            numbers.append(issue(here.ledger, f"during {next(keys)}"))

    coming = [Thread(target=people_come) for _ in range(8)]
    for each in coming:
        each.start()
    while len(numbers) < 20:
        done.wait(0.01)
    told = len(numbers)
    try:
        made, contents = take(here.settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    finally:
        done.set()
        for each in coming:
            each.join()
    record = events(here.settings.ledger)
    kept = events(made / "ledger.sqlite")
    assert kept == record[: len(kept)], "the record as it was at one moment"
    assert len(kept) == contents.events
    again = replace(here.settings, data=tmp_path / "again", database="", keys_database="")
    bring_back(made, tmp_path / "keys", again, NOON, silent)
    with closing(House(again)) as brought:
        knows_everybody(brought)
        issued = [
            recorded.event.number
            for stream in brought.ledger.streams(day_stream("ltsa", ""))
            for recorded in brought.ledger.history(stream)
            if isinstance(recorded.event, TicketIssued)
        ]
        assert set(numbers[:told]) <= set(issued)
        assert list(brought.ledger.log.examine()) == []
        assert issue(brought.ledger, "the next") == f"G{len(issued) + 1:03d}"


def test_an_office_is_brought_back_into_databases(
    made: Path, tmp_path: Path, database: str, keys_database: str
) -> None:
    again = Settings(data=tmp_path / "again", port=0, database=database, keys_database=keys_database)
    bring_back(made, tmp_path / "keys", again, NOON, silent)
    assert {file.name for file in again.data.iterdir()} == {"seed"}, "all else is there"
    assert events(database) == events(made / "ledger.sqlite")
    with closing(House(again)) as house:
        knows_everybody(house)
        assert issue(house.ledger, "next") == "G002"
    with pytest.raises(backups.BackupError, match="there already"):
        bring_back(made, tmp_path / "keys", replace(again, data=tmp_path / "twice"), NOON, silent)
    assert not (tmp_path / "twice").exists()


def knows_everybody(house: House) -> None:
    """Whether an office that was brought back knows whom it knew."""
    person = house.persons.find(RATNA.nik)
    assert person is not None
    assert house.persons.read(person) == RATNA
    assert house.credentials.name("dewi") == "Dewi Lestari"


def test_what_is_signed_while_a_backup_is_taken_is_no_alarm_when_it_is_brought_back(
    here: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = backups._copy

    def copies_while_the_record_grows(file: Path, to: Path) -> None:
        really(file, to)
        issue(here.ledger, f"beside {file.name}")
        sign_record(here)

    sign_record(here)
    monkeypatch.setattr(backups, "_copy", copies_while_the_record_grows)
    made, _ = take(here.settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    monkeypatch.undo()
    again = replace(here.settings, data=tmp_path / "again", database="", keys_database="")
    bring_back(made, tmp_path / "keys", again, NOON, silent)
    with closing(House(again)) as brought:
        issue(brought.ledger, "the next")
        sign_record(brought)
        assert list(brought.ledger.log.examine()) == []


def test_who_was_signed_in_signs_in_again(settings: Settings, tmp_path: Path) -> None:
    with closing(House(settings)) as house:
        secret, at = hire(house), house.now()
        assert house.credentials.session(secret, at)
        link = house.credentials.make_link("dewi", "reset", at, 24)
    made, _ = take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    again = replace(settings, data=tmp_path / "again")
    bring_back(made, tmp_path / "keys", again, datetime.now(UTC), silent)
    with closing(House(again)) as house:
        assert house.credentials.session(secret, house.now()) is None
        assert house.credentials.link(link, house.now()) is None
        assert [ended.person for ended in house.credentials.forget_expired(house.now())] == ["dewi"]


def test_who_was_erased_after_a_backup_is_in_none_that_is_brought_back(settings: Settings, tmp_path: Path) -> None:
    with closing(House(settings)) as house:
        person, _ = house.persons.keep(RATNA, 1)
        stays, _ = house.persons.keep(BUDI, 1)
    older, _ = take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    with closing(House(settings)) as house:
        house.persons.erase(person, "officer:dewi", 1)
    take(settings, tmp_path / "backups", tmp_path / "keys", NOON + timedelta(days=1), silent)
    again = replace(settings, data=tmp_path / "again")
    bring_back(older, tmp_path / "keys", again, NOON, silent)
    with closing(House(again)) as house:
        assert house.persons.read(person) is None
        assert house.persons.read(stays) == BUDI


def test_keys_of_another_office_open_nothing(made: Path, tmp_path: Path) -> None:
    other = Settings(data=tmp_path / "other", port=0)
    with closing(House(other)) as house:
        house.persons.keep(RATNA, 1)
    take(other, tmp_path / "theirs", tmp_path / "their keys", NOON, silent)
    with pytest.raises(BackupError, match="do not belong together"):
        bring_back(made, tmp_path / "their keys", Settings(data=tmp_path / "again"), NOON, silent)
    with pytest.raises(BackupError, match="has no seed"):
        bring_back(made, tmp_path / "nowhere", Settings(data=tmp_path / "again"), NOON, silent)
    assert not (tmp_path / "again").exists()


def test_a_backup_is_for_its_owner_alone_and_names_what_is_in_it(made: Path) -> None:
    assert made.name == "ltsa-2026-11-21T050000Z"
    assert made.stat().st_mode & 0o777 == 0o700
    files = {file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file()}
    assert files == {*read(made).files, "backup.json"}
    assert {"ledger.sqlite", "persons.sqlite", "people.sqlite", "credentials.sqlite"} <= files
    assert not {"keys.sqlite", "seed", "log.key"} & files, "what opens it lies elsewhere"
    assert not [name for name in files if "ltx" in name], "a backup is of one moment"
    assert {(made / name).stat().st_mode & 0o777 for name in files} == {0o600}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda made: (made / "persons.sqlite").write_bytes(bytes(32)),
            "persons.sqlite in .* is not what was put there",
        ),
        (lambda made: (made / "people.sqlite").unlink(), "people.sqlite is missing"),
        (lambda made: (made / "backup.json").unlink(), "is no backup"),
        (lambda made: (made / "backup.json").write_text("{"), "cannot be read"),
    ],
)
def test_a_backup_that_was_damaged_is_named_and_nothing_is_brought_back(
    made: Path, tmp_path: Path, spoil: object, sentence: str
) -> None:
    spoil(made)  # type: ignore[operator]
    with pytest.raises(BackupError, match=sentence):
        bring_back(made, tmp_path / "keys", Settings(data=tmp_path / "again"), NOON, silent)
    assert not (tmp_path / "again").exists()


def test_a_backup_names_no_file_outside_itself(made: Path) -> None:
    contents = json.loads((made / "backup.json").read_text())
    contents["files"]["../seed"] = contents["files"]["people.sqlite"]
    (made / "backup.json").write_text(json.dumps(contents))
    with pytest.raises(BackupError, match="outside the backup"):
        read(made)


def test_a_data_folder_that_holds_something_is_not_touched(made: Path, settings: Settings) -> None:
    before = (settings.data / "seed").read_bytes()
    with pytest.raises(BackupError, match="is not empty"):
        bring_back(made, made.parent.parent / "keys", settings, NOON, silent)
    assert (settings.data / "seed").read_bytes() == before


def test_a_backup_that_is_interrupted_leaves_nothing_behind(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    House(settings).close()

    def pulls_the_plug(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backups, "examined", pulls_the_plug)
    with pytest.raises(KeyboardInterrupt):
        take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    assert list((tmp_path / "backups").iterdir()) == []
    assert not (tmp_path / "keys").exists()


def test_a_record_that_does_not_hold_is_copied_all_the_same_and_said_to_be_so(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("--keys", str(tmp_path / "keys"))
    House(settings).close()
    with closing(Ledger(settings.data / "ledger.sqlite")) as ledger:
        issue(ledger, "first")
        with ledger._store.writing() as cursor:
            cursor.execute("UPDATE ledger SET state = replace(state, 'bank', 'tank') WHERE rowid = 3")
    assert backups.backup([str(tmp_path / "backups"), *keys, "--data", str(settings.data)], None) == 1
    said = capsys.readouterr()
    assert "ltsa-2" in said.out
    assert "position 3 (changed)" in said.err


def test_the_commands_say_what_was_copied_and_what_keeps_them_from_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("--keys", str(tmp_path / "keys"))
    assert backups.backup([str(tmp_path / "backups"), *keys, "--data", str(tmp_path / "none")], None) == 1
    assert "There is no ledger in" in capsys.readouterr().err
    House(settings).close()
    assert backups.backup([str(settings.data / "in"), *keys, "--data", str(settings.data)], None) == 1
    assert "are kept apart" in capsys.readouterr().err
    assert backups.backup([str(tmp_path / "backups"), *keys, "--data", str(settings.data)], None) == 0
    assert "files, 1 events" in capsys.readouterr().out
    (made,) = (tmp_path / "backups").iterdir()
    assert backups.restore([str(made), *keys, "--data", str(tmp_path / "again")], None) == 0
    assert "Everybody signs in again." in capsys.readouterr().out
    assert backups.restore([str(made), *keys, "--data", str(tmp_path / "again")], None) == 1
    assert "is not empty" in capsys.readouterr().err

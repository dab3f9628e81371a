"""What a newer program has marked is refused by an older one, with a sentence, before anything of it is changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec import Struct

import app
from kiosk.agent import Memory
from ltsa import side_file
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.record import _topics as events_by_topic
from ltsa.store import WITH_ALL_BESIDE, looking_at, store_at
from tests.ltsa.crowd import issue
from tests.staff import hire
from web.house import House
from web.settings import Settings, WrongSetting

FILES = ("ledger", "keys", "persons", "people", "credentials", "devices", "models")
COMMANDS = {
    "serve": "serve --port 0 --data {office}",
    "people": "people --add siti --role officer --data {office}",
    "pair": "pair --kind display --name aula --data {office}",
    "token": "token --list --data {office}",
    "log-key": "log-key --data {office}",
    "references": "references ltsa --out {beside}/r.csv --data {office}",
    "subject": "subject list --data {office}",
    "retention": "retention --data {office}",
    "backup": "backup {beside}/to --keys {beside}/keys --data {office}",
    "move": "move {office} {beside}/copy.sqlite",
}
"""What opens an office whole: it refuses a folder of which one file is newer."""

READERS = {
    "verify": "verify --data {office}",
    "replay": "replay ltsa 2026-11-21 --data {office}",
    "recompute": "recompute ltsa 2026-11-21 --data {office}",
    "prove-day": "prove-day ltsa 2026-11-21 --out {beside}/d.zip --data {office}",
    "tiles": "tiles {beside}/tiles --data {office}",
    "export": "export csv {beside}/e.csv --office ltsa --data {office}",
    "whatif": "whatif ltsa --from 2026-11-21 --policy fifo --data {office}",
    "office": "office --data {office}",
    "rebuild": "rebuild --data {office}",
}
"""What reads the ledger alone."""


def mark(file: Path, number: int) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version={number}")


def content(folder: Path) -> dict[str, str]:
    """What lies there; beside each database SQLite may leave the empty traces of who read it."""
    files = [file for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))]
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office that was closed in order."""
    folder = tmp_path_factory.mktemp("formats") / "office"
    with closing(House(Settings(data=folder, port=0))) as house:
        hire(house)
        issue(house.ledger, "somebody")
    return folder


def refused(command: str, office: Path, beside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(office)
    code = app.main(command.format(office=office, beside=beside).split())
    said = capsys.readouterr()
    assert code in {1, 2}, command
    assert "has format 9, this program knows" in said.err, command
    assert "start it with a newer version" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert content(office) == before, f"{command} changed what it refused"
    assert list(beside.iterdir()) == [], f"{command} left something behind"


@pytest.mark.parametrize("name", FILES)
def test_no_command_opens_an_office_of_which_one_file_is_newer(
    name: str, office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = office / f"{name}.sqlite"
    with closing(sqlite3.connect(file)) as database:
        (was,) = database.execute("PRAGMA user_version").fetchone()
    mark(file, 9)
    try:
        for command in (COMMANDS | READERS if name == "ledger" else COMMANDS).values():
            refused(command, office, tmp_path, capsys)
    finally:
        mark(file, was)


def test_every_command_that_reads_an_office_is_tried() -> None:
    elsewhere = {"prepare", "demo", "verify-file", "witness", "restore", "printer", "voice", "sbom", "simulate"}
    of_the_checks = {"test", "fuzz", "faults", "bench", "load", "screenshots"}
    assert set(app.COMMANDS) - elsewhere - of_the_checks == set(COMMANDS) | set(READERS)


def test_a_backup_of_a_newer_program_is_not_brought_back(
    office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--keys", str(tmp_path / "keys")]
    assert app.main(["backup", str(tmp_path / "to"), *words, "--data", str(office)]) == 0
    (made,) = (tmp_path / "to").iterdir()
    file = made / "backup.json"
    file.write_text(file.read_text("utf-8").replace('"format": 1', '"format": 9'), "utf-8")
    assert app.main(["restore", str(made), *words, "--data", str(tmp_path / "again")]) == 1
    assert "has format 9, this program knows 1: bring it back with a newer version" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_database_of_a_newer_program_is_refused_by_who_opens_it_and_by_who_reads_it(
    database: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "office", port=0, database=database)
    House(settings).close()
    with closing(store_at(database)) as store, store.writing() as cursor:
        store.mark(cursor, WITH_ALL_BESIDE + 1)
    before = content(settings.data)
    with pytest.raises(WrongSetting, match=f"has format {WITH_ALL_BESIDE + 1}, this program knows {WITH_ALL_BESIDE}"):
        House(settings)
    with pytest.raises(LedgerUnavailableError, match="newer version"):
        Ledger(database, tmp_path)
    with pytest.raises(LedgerUnavailableError, match="newer version"), looking_at(database):
        pass
    assert content(settings.data) == before


def test_a_printer_that_a_newer_agent_served_is_left_alone(tmp_path: Path) -> None:
    Memory(tmp_path / "pintu.sqlite").close()
    mark(tmp_path / "pintu.sqlite", side_file.FORMAT + 1)
    with pytest.raises(WrongSetting, match=r"has format 2, this program knows 1: start it with a newer version\.$"):
        Memory(tmp_path / "pintu.sqlite")


def parts_of(kind: Any, found: set[type[Struct]]) -> set[type[Struct]]:
    """All structs that a type is made of."""
    for argument in get_args(kind):
        parts_of(argument, found)
    if isinstance(kind, type) and issubclass(kind, Struct) and kind not in found:
        found.add(kind)
        for field in msgspec.structs.fields(kind):
            parts_of(field.type, found)
    return found


def test_nothing_in_an_event_is_left_out_because_it_is_not_known() -> None:
    found: set[type[Struct]] = set()
    for event in events_by_topic.values():
        parts_of(event, found)
    assert [kind.__name__ for kind in found if not kind.__struct_config__.forbid_unknown_fields] == []


@pytest.mark.parametrize(
    ("topic", "more", "sentence"),
    [
        ("ticket-issued/1", {"companion": "a dog"}, "cannot be read by this version of the program: .*`companion`"),
        ("ticket-blessed/1", {}, "events of kind 'ticket-blessed/1', which this version of the program does not know"),
    ],
)
def test_a_server_that_meets_what_a_newer_one_recorded_stops_following_and_says_so(
    topic: str, more: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    with closing(House(Settings(data=tmp_path / "office", port=0))) as house:
        issue(house.ledger, "somebody")
        house.catch_up()
        with closing(sqlite3.connect(tmp_path / "office" / "ledger.sqlite", isolation_level=None)) as newer:
            stream, version, state = newer.execute(
                "SELECT originator_id, originator_version, state FROM ledger WHERE topic = 'ticket-issued/1'"
            ).fetchone()
            event = json.loads(state) | {"number": "G002", "token": "another", "key": "k", "content": "c"} | more
            newer.execute(
                "INSERT INTO ledger (originator_id, originator_version, topic, state) VALUES (?,?,?,?)",
                (stream, version + 1, topic, json.dumps(event).encode()),
            )
        with pytest.raises(LedgerUnavailableError, match=sentence):
            house.catch_up()
        with pytest.raises(LedgerUnavailableError, match=sentence):
            issue(house.ledger, "who comes next")
        assert list(house.today("ltsa").tickets) == ["G001"]

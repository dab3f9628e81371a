"""PostgreSQL's own backups of a ledger, taken while eight officers work: a dump, and a base backup with its log."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import app
from ltsa import board
from ltsa.day import Day, evolve
from ltsa.happened import TicketIssued
from ltsa.log import log_of
from ltsa.record import decoded
from ltsa.store import looking_at
from ltsa.transfer import TABLES, examined
from tests.ltsa.crowd import DATABASE, Crowd, issue, opened
from tests.staff import hire
from tools import postgres
from tools.postgres import Postgres
from web.house import House
from web.settings import Settings

EIGHT = "12345678"


def silent(_done: int, _of: int, _what: str) -> None:
    """Nobody watches."""


def rows(place: str) -> list[tuple[object, ...]]:
    with looking_at(place) as cursor:
        return [tuple(row) for chunk in TABLES[0].rows(cursor) for row in chunk]


def boards(place: str, until: int) -> dict[str, bytes]:
    """What every display shows, by the first events of a ledger."""
    days: dict[str, Day] = {}
    with looking_at(place) as cursor:
        for one in decoded(
            cursor, "originator_id >= 'day:' AND originator_id < 'day;' AND rowid <= ? ORDER BY rowid", until
        ):
            evolve(days.setdefault(one.stream, Day()), one.event)  # type: ignore[arg-type]
    return {stream: msgspec.json.encode(board.display(day)) for stream, day in days.items()}


def holds(copy: str, source: str, folder: Path, told: list[str]) -> None:
    """Whether a copy is the ledger as it was at one moment, holds what was acknowledged, and goes on."""
    ours, theirs = rows(copy), rows(source)
    assert ours == theirs[: len(ours)]
    with looking_at(copy) as one, looking_at(source) as other:
        size = log_of(one).size()
        assert log_of(one).root(size) == log_of(other).root(size)
    position = int(str(ours[-1][0]))
    assert boards(copy, position) == boards(source, position)
    found, wrong = examined(copy, silent)
    assert (found.events, found.days, wrong) == (len(ours), 1, "")
    with looking_at(copy) as cursor:
        events = [one.event for one in decoded(cursor, "topic = 'ticket-issued/1' ORDER BY rowid")]
    issued = {event.number for event in events if isinstance(event, TicketIssued)}
    assert {line.split()[1] for line in told if line.startswith("issued")} <= issued
    assert app.main(["verify", "--data", str(folder), "--database", copy]) == 0
    with closing(House(Settings(data=folder, port=0, database=copy))) as house:
        assert house.credentials.name("dewi") == "Dewi Karangan"
        assert issue(house.ledger, "who comes next") not in issued


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "office").mkdir()
    return tmp_path / "office"


def at_work(folder: Path, source: str) -> Crowd:
    (folder / DATABASE).write_text(source, "utf-8")
    opened(folder).close()
    with closing(House(Settings(data=folder, port=0, database=source))) as house:
        hire(house)
        house.credentials.set_name("dewi", "Dewi Karangan")
    crowd = Crowd(folder, "crowd", 1000, EIGHT)
    crowd.tells(100)
    return crowd


def stop(crowd: Crowd) -> None:
    crowd.process.send_signal(signal.SIGKILL)
    crowd.process.wait(timeout=30)


def test_a_dump_taken_under_load_is_the_ledger_of_one_moment(
    postgres_server: Postgres, database: str, folder: Path
) -> None:
    crowd = at_work(folder, database)
    told = crowd.told()
    schema = database.rpartition("%3D")[2]
    postgres_server.tool("pg_dump", "--format=custom", f"--schema={schema}*", "--file=ledger.dump", "postgres")
    crowd.tells(len(crowd.told()) + 20)
    stop(crowd)
    postgres_server.run("CREATE DATABASE brought")
    postgres_server.tool("pg_restore", "--exit-on-error", "--dbname=brought", "ledger.dump")
    holds(postgres_server.address(schema, "brought"), database, folder, told)


@pytest.fixture
def archiving() -> Iterator[Postgres]:
    """A server that keeps its log elsewhere, as docs/stores.md says."""
    if reason := postgres.missing():
        pytest.skip(reason)
    with Postgres(archive_mode="on", archive_command="test ! -f ../archive/%f && cp %p ../archive/%f") as server:
        archive = server.folder / "archive"
        archive.mkdir()
        shutil.chown(archive, server.folder.owner())
        yield server


def test_a_base_backup_under_load_and_the_log_since_bring_back_what_was_acknowledged(
    archiving: Postgres, folder: Path
) -> None:
    source = archiving.schema("ltsa")
    crowd = at_work(folder, source)
    archiving.tool("pg_basebackup", "--checkpoint=fast", "-D", "base")
    crowd.tells(len(crowd.told()) + 100)
    told = crowd.told()
    segment = archiving.run("SELECT pg_walfile_name(pg_switch_wal())").strip()
    while not (archiving.folder / "archive" / segment).exists():
        time.sleep(0.05)
    stop(crowd)
    base = archiving.folder / "base"
    (base / "recovery.signal").touch()
    with Postgres(base, restore_command=f"cp {archiving.folder}/archive/%f %p", archive_mode="off") as brought:
        while brought.run("SELECT pg_is_in_recovery()").strip() == "t":
            time.sleep(0.05)
        holds(brought.address("ltsa"), source, folder, told)

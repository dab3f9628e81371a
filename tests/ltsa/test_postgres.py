"""A PostgreSQL that dies, freezes or is reached twice: nothing acknowledged is lost, and nobody waits for it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import psycopg
import pytest

from ltsa.journal import SignedIn
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.log import snapshot
from ltsa.message import Refusal
from ltsa.postgres import _Turn
from ltsa.postgres_server import shown
from ltsa.proof import leaf_hash
from ltsa.store import looking_at
from tests.ltsa.crowd import DATABASE, issue, opened
from tests.ltsa.test_ledger import holds_together
from tools.postgres import Postgres


@pytest.fixture
def place(tmp_path: Path, database: str) -> Path:
    """A folder whose ledger lies in a database."""
    (tmp_path / DATABASE).write_text(database, encoding="utf-8")
    return tmp_path


@pytest.fixture
def server(postgres_server: Postgres) -> Iterator[Postgres]:
    """The server, which is up again after the test, whatever happened to it."""
    yield postgres_server
    postgres_server.thaw()
    postgres_server.kill()
    postgres_server.start()


def patiently(work: Callable[[], str]) -> str:
    """Asks again, as every page does, until there is an answer."""
    while True:
        with suppress(LedgerUnavailableError):
            return work()
        time.sleep(0.02)


def told(work: Callable[[], Any]) -> str:
    """What somebody is told who asks for something while the server is away."""
    with pytest.raises(LedgerUnavailableError) as away:
        work()
    return str(away.value)


def test_a_server_that_is_killed_under_commands_loses_nothing_and_fails_nobody(place: Path, server: Postgres) -> None:
    moments, numbers, done = random.Random(5), list[str](), Event()
    ledger = opened(place)

    def person(name: str) -> None:
        number = 0
        while not done.is_set():
            number += 1
            numbers.append(patiently(partial(issue, ledger, f"{name} {number}")))

    people = [Thread(target=person, args=(f"person {n}",)) for n in range(4)]
    for one in people:
        one.start()
    for _ in range(4):
        before = len(numbers)
        while len(numbers) < before + 20:
            time.sleep(0.001)
        time.sleep(moments.random() / 50)
        server.kill()
        server.start()
    done.set()
    for one in people:
        one.join()
    ledger.close()
    with closing(opened(place)) as again:
        day = holds_together(again)
        assert sorted(numbers) == sorted(day.tickets), "everybody got one number, and the record knows no other"
        assert list(again.log.examine()) == []


def test_a_frozen_server_is_said_to_be_away_at_once_and_found_again(place: Path, server: Postgres) -> None:
    ledger = opened(place)
    first = issue(ledger, "first")
    server.freeze()
    assert "the same key will tell" in told(lambda: issue(ledger, "second"))
    assert "away" in told(lambda: issue(ledger, "second"))
    assert "away" in told(ledger.newest)
    server.thaw()
    assert (first, patiently(lambda: issue(ledger, "second")), issue(ledger, "third")) == ("G001", "G002", "G003")
    assert list(ledger.log.examine()) == []
    ledger.close()


def test_who_reads_while_the_server_freezes_is_told_so(place: Path, server: Postgres) -> None:
    with closing(opened(place)) as ledger:
        server.freeze()
        told(ledger.newest)
        server.thaw()
        assert patiently(lambda: str(ledger.newest())) == "1"


def test_a_session_that_an_administrator_ends_is_noticed_by_nobody(place: Path, postgres_server: Postgres) -> None:
    with closing(opened(place)) as ledger:
        issue(ledger, "first")
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ltsa'"
        assert "t" in postgres_server.run(ended)
        assert (issue(ledger, "second"), ledger.newest()) == ("G002", 4)


def test_a_commit_whose_answer_was_lost_is_found_again_and_not_repeated(
    place: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(place)) as ledger:
        writer, really = ledger._store._writer, _Turn.commit  # type: ignore[attr-defined]

        def commits_and_dies(turn: _Turn) -> None:
            really(turn)
            monkeypatch.undo()
            postgres_server.run(f"SELECT pg_terminate_backend({writer.info.backend_pid})")
            writer.execute("SELECT 1")

        monkeypatch.setattr(_Turn, "commit", commits_and_dies)
        assert issue(ledger, "first") == "G001"
        assert issue(ledger, "first") == "G001"
        assert issue(ledger, "second") == "G002"


def test_what_others_committed_is_shown_and_built_upon_only_when_the_disk_has_it(
    place: Path, database: str, server: Postgres
) -> None:
    server.run("ALTER SYSTEM SET wal_writer_delay = '10s'")
    server.run("SELECT pg_reload_conf()")
    signed_in = SignedIn(at=1, by="person:p", key="k", content="", person="p", how="pin", session="s")
    written = ""

    def another_process_commits(position: int) -> None:
        """And dies before the disk has answered."""
        nonlocal written
        with psycopg.connect(database) as dies:
            dies.execute("SET LOCAL synchronous_commit = off")
            event = (position, "journal:other:1970-01-01", position, "signed-in/1", msgspec.json.encode(signed_in))
            dies.execute("INSERT INTO ledger VALUES (%s, %s, %s, %s, %s)", event)
            dies.execute("INSERT INTO leaves VALUES (%s, %s, %s)", (position - 1, position, leaf_hash(b"")))
            dies.commit()
            [written] = dies.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or [""]

    def the_disk_has_it() -> bool:
        return server.run(f"SELECT pg_current_wal_flush_lsn() >= '{written}'") == "t\n"

    with closing(opened(place)) as ledger:
        issue(ledger, "first")
        newest = ledger.newest()
        another_process_commits(newest + 1)
        assert not the_disk_has_it()
        assert [row.position for row in ledger.since(newest)] == [newest + 1]
        assert the_disk_has_it(), "what pages show is not taken back"
        another_process_commits(newest + 2)
        assert not the_disk_has_it()
        with pytest.raises(Refusal):
            issue(ledger, "first", "health")
        assert the_disk_has_it(), "and nobody is told what rests upon something that is"
        another_process_commits(newest + 3)
        issue(ledger, "second")
        assert the_disk_has_it()
    server.run("ALTER SYSTEM RESET wal_writer_delay")


def test_who_holds_the_lock_too_long_keeps_others_a_second_and_is_sent_away(place: Path, database: str) -> None:
    with closing(opened(place)) as ledger, closing(Ledger(database)) as other:
        with ledger._store.writing():
            assert "lock timeout" in told(lambda: issue(other, "first"))
        assert issue(other, "first") == "G001"


def test_another_process_s_commits_ring_and_one_s_own_do_not(place: Path) -> None:
    with closing(opened(place)) as one, closing(opened(place)) as other:
        rung = Event()
        assert one.on_commit_elsewhere(rung.set)
        rung.wait(1)  # the first look, at what was said before
        rung.clear()
        issue(other, "a")
        assert rung.wait(10)
        rung.clear()
        issue(one, "b")
        with pytest.raises(Refusal):
            issue(one, "b", "health")
        assert not rung.is_set()


def test_what_cannot_hold_a_ledger_is_named_without_its_password(postgres_server: Postgres) -> None:
    postgres_server.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(LedgerUnavailableError, match="ENCODING 'UTF8'"):
        Ledger(postgres_server.address(database="latin"))
    said = told(lambda: Ledger("postgresql://ltsa:secret@127.0.0.1:1/ltsa"))
    assert "cannot be opened" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://ltsa:secret@db.example/ltsa", "postgresql://ltsa@db.example/ltsa"),
        (
            "postgres://db.example:5433/ltsa?password=secret&sslmode=require",
            "postgresql://db.example:5433/ltsa?sslmode=require",
        ),
        ("postgresql:///ltsa?host=/run/pg", "postgresql:///ltsa?host=/run/pg"),
        ("postgresql://a.example,b.example/ltsa", "postgresql://a.example,b.example/ltsa"),
        ("postgresql://ltsa:secret@db.example/ltsa?unheard=of", "the database"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, said: str) -> None:
    assert shown(address) == said


def test_a_database_of_a_newer_program_is_not_touched(place: Path, database: str, postgres_server: Postgres) -> None:
    opened(place).close()
    schema = database.rpartition("%3D")[2]
    postgres_server.run(f"UPDATE {schema}.ltsa_format SET format = 99")  # noqa: S608 - the test's own
    said = told(lambda: Ledger(database))
    assert "start it with a newer version" in said
    assert said.startswith("postgresql://")


def test_a_changed_and_a_removed_event_are_found_and_named(
    place: Path, database: str, postgres_server: Postgres
) -> None:
    with closing(opened(place)) as ledger:
        issue(ledger, "first")
        issue(ledger, "second")
        schema = database.rpartition("%3D")[2]
        change = "state = replace(convert_from(state, 'UTF8'), 'bank', 'tank')::bytea"
        postgres_server.run(f"UPDATE {schema}.ledger SET {change} WHERE notification_id = 3")  # noqa: S608 - the test's own
        postgres_server.run(f"DELETE FROM {schema}.ledger WHERE notification_id = 4")  # noqa: S608 - the test's own
        with snapshot(database) as log:
            found = [(one.what, one.leaf, one.position) for one in log.examine()]
        assert found == [("changed", 2, 3), ("removed", 3, 4)]


def test_everybody_who_may_read_the_database_reads_the_events(place: Path, database: str) -> None:
    with closing(opened(place)) as ledger:
        issue(ledger, "first")
    with looking_at(database) as cursor:
        cursor.execute("SELECT position, event ->> 'number' FROM events WHERE topic = 'ticket-issued/1'")
        assert cursor.fetchall() == [(3, "G001")]

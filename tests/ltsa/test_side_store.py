"""A store beside the ledger keeps the same promises as a file and in a database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from itertools import count
from threading import Event, Thread

import pytest

from ltsa.postgres_server import Server
from ltsa.side_schema import said
from ltsa.side_store import Beside, Schema, SideStore, SideUnavailableError, opened, statements
from ltsa.store import LedgerUnavailableError
from tests.ltsa.crowd import together
from tools.postgres import Postgres

THINGS = statements(
    "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, number INTEGER NOT NULL, content BLOB) STRICT"
)


def names(store: SideStore) -> list[str]:
    with store.looking() as database:
        return [name for (name,) in database.execute("SELECT name FROM things ORDER BY name")]


def put(store: SideStore, name: str, number: int = 0) -> None:
    with store.changing() as database:
        database.execute("INSERT INTO things VALUES (?, ?, ?)", (name, number, b"\0\xff"))


def test_a_change_is_whole_or_undone_and_nobody_sees_half_of_it(beside: Callable[[str], Beside]) -> None:
    with closing(opened(beside("things"), THINGS)) as store, closing(opened(beside("things"), THINGS)) as other:
        put(store, "first")
        with suppress(ZeroDivisionError), store.changing() as database:
            database.execute("INSERT INTO things VALUES ('half', 1, NULL)")
            assert names(other) == names(store) == ["first"]
            raise ZeroDivisionError
        assert names(other) == ["first"]
        with pytest.raises(SideUnavailableError, match="things"):
            put(store, "first")
        put(other, "second")
        assert names(store) == ["first", "second"], "and it goes on"


def test_many_who_change_at_once_do_so_one_after_the_other(beside: Callable[[str], Beside]) -> None:
    stores = [opened(beside("things"), THINGS) for _ in range(3)]
    put(stores[0], "count")

    def one_more(store: SideStore) -> None:
        with store.changing() as database:
            (number,) = database.execute("SELECT number FROM things").fetchone()
            database.execute("UPDATE things SET number = ?", (number + 1,))

    together([partial(one_more, store) for store in stores * 5])
    with stores[0].looking() as database:
        assert database.execute("SELECT number, content FROM things").fetchone() == (15, b"\0\xff")
    for store in stores:
        store.close()


def test_stores_beside_one_ledger_have_tables_of_the_same_name(beside: Callable[[str], Beside]) -> None:
    with closing(opened(beside("one"), THINGS)) as one, closing(opened(beside("other"), THINGS)) as other:
        put(one, "mine")
        for _ in range(8):  # a connection prepares what it is asked often, and serves both
            assert (names(one), names(other)) == (["mine"], [])
        assert one.columns("things") == ["name", "number", "content"]
        assert one.columns("others") == []
        with one.changing() as database:
            database.execute("DELETE FROM things")
        one.empty()
        assert one.rewrite()
        assert names(one) == []


def test_a_text_with_a_zero_in_it_is_nobody_s_name(beside: Callable[[str], Beside]) -> None:
    with closing(opened(beside("things"), THINGS)) as store, store.looking() as database:
        assert database.execute("SELECT 1 FROM things WHERE name = ?", ("a\0b",)).fetchone() is None


def test_types_are_said_as_postgresql_says_them() -> None:
    assert said(THINGS[0]).endswith('(name text COLLATE "C" PRIMARY KEY, number bigint NOT NULL, content bytea)')
    assert said("SELECT name FROM things WHERE number = ?") == "SELECT name FROM things WHERE number = ?"


def test_a_store_whose_server_is_frozen_says_so_at_once_and_goes_on_by_itself(
    database: str, postgres_server: Postgres
) -> None:
    server = Server(database)
    with closing(opened(Schema(server, "things"), THINGS)) as store:
        put(store, "first")
        postgres_server.freeze()
        try:
            with pytest.raises(LedgerUnavailableError):
                names(store)  # until the pulse has missed it
            with pytest.raises(LedgerUnavailableError, match="is away"):
                put(store, "second")
        finally:
            postgres_server.thaw()
        while True:
            with suppress(LedgerUnavailableError):
                put(store, "third")
                break
            time.sleep(0.05)
        assert names(store) == ["first", "third"]
    server.close()


def test_who_may_read_the_ledger_s_schema_reads_no_store_beside_it(database: str, postgres_server: Postgres) -> None:
    server = Server(database)
    with closing(opened(Schema(server, "things"), THINGS)) as store:
        put(store, "secret")
    reader = f"reader_{server.schema}"
    postgres_server.run(f"CREATE ROLE {reader}; GRANT USAGE ON SCHEMA {server.schema} TO {reader}")
    with pytest.raises(RuntimeError, match="permission denied for schema"):
        postgres_server.run(f"SET ROLE {reader}; SELECT * FROM {server.schema}_things.things")  # noqa: S608 - ours
    server.close()


def test_what_was_acknowledged_before_the_server_was_killed_is_there_and_more_is_kept_after(
    database: str, postgres_server: Postgres
) -> None:
    server, acknowledged, done = Server(database), list[str](), Event()

    def keeps(store: SideStore, who: str) -> None:
        for n in count():
            with suppress(LedgerUnavailableError):
                put(store, f"{who} {n}")
                acknowledged.append(f"{who} {n}")
            if done.is_set():
                return

    with closing(opened(Schema(server, "things"), THINGS)) as store:
        people = [Thread(target=keeps, args=(store, f"person {n}")) for n in range(3)]
        for person in people:
            person.start()
        for _ in range(2):
            before = len(acknowledged)
            while len(acknowledged) < before + 20:
                time.sleep(0.01)
            postgres_server.kill()
            postgres_server.start()
        before = len(acknowledged)
        while len(acknowledged) < before + 20:
            time.sleep(0.01)
        done.set()
        for person in people:
            person.join()
        assert {*acknowledged} <= {*names(store)}
    server.close()

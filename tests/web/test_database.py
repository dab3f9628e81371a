"""An office whose ledger lies in a database: the same office, and what it says while the database is away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app as door
from ltsa.identity import identity
from tests.staff import signed_in
from tools.postgres import Postgres
from web.house import House
from web.journeys import open_case, open_cases
from web.rebuilding import rebuild
from web.settings import Settings

RATNA = identity("3204014503900001", "Ratna Sari Dewi", "0812 3456 7890")
OWN = {"Origin": "http://localhost", "Accept": "application/json"}


@pytest.fixture
def office(settings: Settings, database: str, keys_database: str) -> Iterator[Flask]:
    """An office over a database, and another for its keys."""
    app = door.create_app(replace(settings, database=database, keys_database=keys_database))
    yield app
    app.extensions["ltsa"].close()


def takes_number(client: FlaskClient, key: str) -> TestResponse:
    """Somebody takes a number at the bank."""
    headers = {**OWN, "Idempotency-Key": key}
    return client.post("/api/v1/offices/ltsa/tickets", json={"services": ["bank"]}, headers=headers)


def test_a_frozen_database_is_a_clear_503_and_pages_go_on_showing_what_is_known(
    office: Flask, postgres_server: Postgres
) -> None:
    client = signed_in(office)
    assert takes_number(client, "first").status_code == 201
    postgres_server.freeze()
    try:
        refused = takes_number(client, "second")
        assert (refused.status_code, refused.json and refused.json["code"]) == (503, "ledger-unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/supervisor/ltsa").status_code == 200
        stranger = office.test_client()
        stranger.set_cookie("session", "s" * 43)
        assert stranger.get("/supervisor/ltsa").status_code == 503, "who was not known is not let in"
        assert "ledger" in (client.get("/readyz", headers=OWN).json or {})["failing"]
    finally:
        postgres_server.thaw()
    while (again := takes_number(client, "second")).status_code == 503:
        time.sleep(0.05)
    assert again.status_code == 201
    assert [takes_number(client, key).json["number"] for key in ("second", "third")] == ["G002", "G003"]  # type: ignore[index]


def test_two_servers_over_one_database_show_the_same_queue(office: Flask, settings: Settings) -> None:
    beside = replace(office.extensions["ltsa"].settings, data=settings.data.with_name("beside"))
    beside.data.mkdir()
    for name in ("seed", "log.key"):
        shutil.copy(settings.data / name, beside.data)
    other = door.create_app(beside)
    here: House = other.extensions["ltsa"]
    assert takes_number(signed_in(office), "here").status_code == 201
    assert takes_number(signed_in(other), "there").json["number"] == "G002"  # type: ignore[index]
    here.catch_up()
    assert list(here.today("ltsa").tickets) == ["G001", "G002"]
    here.close()
    assert not (beside.data / "ledger.sqlite").exists()


def test_read_models_of_several_hosts_are_one(
    office: Flask, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    here: House = office.extensions["ltsa"]
    case = open_case(here, RATNA, office="ltsa", scheme="p-to-p", by="officer:sari", key="k")[1]
    assert [*open_cases(here, "ltsa")] == [case]
    assert not (settings.data / "models.sqlite").exists(), "they lie beside the ledger"
    beside = replace(here.settings, data=settings.data.with_name("beside"))
    beside.data.mkdir()
    shutil.copy(settings.data / "seed", beside.data)
    shutil.copy(settings.data / "log.key", beside.data)
    with closing(House(beside)) as other:
        assert other.models.progress("cases").reached > 0, "what one has followed, the other need not"
        assert [*open_cases(other, "ltsa")] == [case]
    flags = ["--data", str(settings.data), "--database", here.settings.database]
    assert rebuild(["cases", "search", *flags], None) == 0
    assert rebuild(["cases", "--check", *flags], None) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "cases: the same as a rebuild."
    with here.models._store.changing() as database:
        database.execute("DELETE FROM model_cases")
    assert rebuild(["cases", "--check", *flags], None) == 1
    assert capsys.readouterr().out.startswith("cases: only in the rebuild, cases: ")

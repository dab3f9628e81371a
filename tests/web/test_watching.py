"""What those see who keep the server running."""

from __future__ import annotations

import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gevent
import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

import app as door
from ltsa.office import example_office
from tests.staff import signed_in, token
from web.house import House
from web.pulse import EVERY, Pulse
from web.settings import Settings
from web.watching import LEAST_ROOM, room

PHONE = {"Accept": "application/json"}


@pytest.fixture
def office(settings: Settings) -> Iterator[Flask]:
    app = door.create_app(settings)
    yield app
    app.extensions["ltsa"].close()


def figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measured(office: Flask) -> dict[tuple[str, ...], float]:
    secret = token(office.extensions["ltsa"], "admin", "*", f"prometheus {office.extensions['ltsa'].now()}")
    answer = office.test_client().get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    return figures(answer.text)


def test_the_process_says_that_it_is_alive_to_whoever_asks(office: Flask) -> None:
    answer = office.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_running_office_is_ready(office_server: Any) -> None:
    with urllib.request.urlopen(f"{office_server.url}/readyz", timeout=30) as answer:  # noqa: S310 - our own server
        assert answer.read() == b'{"failing":[],"ready":true}\n'


def test_an_office_whose_pages_do_not_follow_is_not_ready(office: Flask) -> None:
    answer = office.test_client().get("/readyz", headers=PHONE)
    assert (answer.status_code, answer.json) == (503, {"ready": False, "failing": ["feed"]})


def test_an_office_whose_record_cannot_be_written_is_not_ready(office: Flask) -> None:
    house: House = office.extensions["ltsa"]
    with closing(sqlite3.connect(house.database, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        answer = office.test_client().get("/readyz", headers=PHONE)
    assert answer.status_code == 503
    assert answer.json
    assert "ledger" in answer.json["failing"]


def test_a_loop_that_was_kept_busy_says_how_late_it_was() -> None:
    pulse = Pulse()
    pulse.start()
    assert pulse.lateness() == 0

    gevent.sleep(0.01)  # it has begun to wait for its next beat
    time.sleep(EVERY + 0.2)  # and something holds the loop meanwhile
    while not pulse.lateness():
        gevent.sleep(0.01)
    assert pulse.lateness() >= 0.2
    pulse.stop()


def test_the_figures_tell_how_late_the_loop_was(office: Flask) -> None:
    assert measured(office)["ltsa_loop_lag_seconds",] == 0, "nothing runs yet"


def test_room_on_the_disk_is_what_the_system_says(office: Flask) -> None:
    assert room(office.extensions["ltsa"].settings.data) > LEAST_ROOM


def test_figures_are_for_the_technical_admin_of_the_whole_installation(office: Flask) -> None:
    house: House = office.extensions["ltsa"]
    assert office.test_client().get("/metrics", headers=PHONE).status_code == 401
    for role, of in (("manager", "*"), ("admin", "ltsa"), ("auditor", "*")):
        asked = {"Authorization": f"Bearer {token(house, role, of)}", **PHONE}
        assert office.test_client().get("/metrics", headers=asked).status_code == 403
    assert ("ltsa_waiting", "ltsa") in measured(office)


def test_figures_count_requests_by_the_rule_of_their_address(office: Flask) -> None:
    client = office.test_client()
    for secret in ("A" * 26, "B" * 26):
        client.get(f"/t/{secret}")
    found = measured(office)
    assert found["ltsa_requests_total", "GET", "/t/<token>", "404"] == 2
    assert found["ltsa_request_seconds_count", "/t/<token>"] == 2
    assert not any("AAAA" in label for name in found for label in name)


def test_figures_count_people_commands_and_refusals(office: Flask) -> None:
    officer = signed_in(office)
    own = {"Origin": "http://localhost", **PHONE}
    service = example_office().services[0].id
    for key in ("one", "two"):
        officer.post(
            "/api/v1/offices/ltsa/tickets", json={"services": [service]}, headers={**own, "Idempotency-Key": key}
        )
    officer.post(
        "/api/v1/offices/ltsa/tickets", json={"services": ["nonsense"]}, headers={**own, "Idempotency-Key": "three"}
    )
    found = measured(office)
    assert found["ltsa_waiting", "ltsa"] == 2
    assert found["ltsa_commands_total", "IssueTicket", "done"] == 2
    assert found["ltsa_commands_total", "IssueTicket", "unknown-service"] == 1
    assert found["ltsa_ledger_position",] > 2
    assert found["ltsa_disk_free_bytes",] > 0
    assert found["process_resident_memory_bytes",] > 0

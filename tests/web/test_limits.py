"""How often somebody may ask, and that an office on its busiest morning never notices."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import app as door
from ltsa.office import example_office
from tests.staff import pair, signed_in, token
from web import limits
from web.house import House
from web.limits import (
    EVERYTHING,
    GUESSES,
    ISSUED,
    PROGRAM,
    SIGN_IN,
    SOCKETS,
    TRACKED,
    WATCHES,
    Buckets,
    Limit,
    TooOften,
    place,
)
from web.settings import Settings

OWN = {"Origin": "http://localhost"}
PROGRAM_SAYS = {"Accept": "application/json"}
HERE = "127.0.0.1"


class Clock:
    """A clock that stands until it is told to go on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- Buckets


def test_so_many_at_once_and_again_as_many_in_their_time() -> None:
    clock = Clock()
    buckets, limit = Buckets(clock=clock), Limit(3, 60)
    for _ in range(3):
        buckets.take(limit, "siti")
    with pytest.raises(TooOften) as refused:
        buckets.take(limit, "siti")
    assert refused.value.retry_after == 20
    buckets.take(limit, "budi")
    clock.now += 20
    buckets.take(limit, "siti")
    with pytest.raises(TooOften):
        buckets.take(limit, "siti")
    clock.now += 3600
    for _ in range(3):
        buckets.take(limit, "siti")


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 3))
def test_no_rhythm_gets_more_through_than_a_bucket_leaks(pauses: list[float], times: int, factor: int) -> None:
    clock = Clock()
    buckets, limit, through = Buckets(factor, clock), Limit(times, 60), 0
    for pause in pauses:
        clock.now += pause
        if not buckets.wait(limit, "whoever"):
            buckets.take(limit, "whoever")
            through += 1
    assert through <= times * factor * (1 + sum(pauses) / 60) + 1e-6


def test_without_limits_everything_is_let_through() -> None:
    buckets = Buckets(0)
    for _ in range(1000):
        buckets.take(Limit(1, 3600), "siti")


def test_a_flood_of_addresses_does_not_fill_the_memory_and_frees_nobody_who_is_full() -> None:
    buckets, limit = Buckets(clock=Clock()), Limit(2, 3600)
    for _ in range(2):
        buckets.take(limit, "full")
    for one in range(TRACKED + 10):
        buckets.add(limit, one)
    assert len(buckets._empty_at) <= TRACKED
    with pytest.raises(TooOften):
        buckets.take(limit, "full")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_an_address_counts_as_the_place_behind_it(address: str | None, counted: str) -> None:
    assert place(address) == counted


# --- The table, row by row


@pytest.fixture
def office(settings: Settings) -> Iterator[Flask]:
    app = door.create_app(settings)
    buckets(app)._clock = Clock()  # nothing leaks meanwhile
    yield app
    app.extensions["ltsa"].close()


@pytest.fixture
def visitor(office: Flask) -> FlaskClient:
    """Somebody's browser or program, with nothing to show."""
    return office.test_client()


def buckets(office: Flask) -> Buckets:
    house: House = office.extensions["ltsa"]
    return house.limits


def fill(office: Flask, limit: Limit, whose: str) -> None:
    """Somebody has asked as often as they may."""
    for _ in range(limit.times):
        buckets(office).add(limit, whose)


def ticket(office: Flask, key: str = "") -> str:
    """The secret of a new ticket."""
    asked = signed_in(office).post(
        "/api/v1/offices/ltsa/tickets",
        json={"services": [example_office().services[0].id]},
        headers={**OWN, "Idempotency-Key": key or secrets.token_hex(8)},
    )
    assert asked.json
    return str(asked.json["token"])


def test_who_asks_too_often_is_told_when_to_come_back(office: Flask, visitor: FlaskClient) -> None:
    fill(office, EVERYTHING, HERE)
    program = visitor.get("/", headers=PROGRAM_SAYS)
    assert program.status_code == 429
    assert program.json
    assert program.json["code"] == "too-many"
    assert int(program.headers["Retry-After"]) >= 1
    for language, said in (("id", "Terlalu banyak permintaan"), ("en", "Too many requests")):
        page = visitor.get(f"/?lang={language}", headers={"Accept": "text/html"})
        assert page.status_code == 429
        assert said in page.text
    assert visitor.get("/", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_an_office_s_busiest_morning_behind_one_address_is_let_through(office: Flask, visitor: FlaskClient) -> None:
    secret = ticket(office)
    for _ in range(4 * GUESSES.times):  # three hundred phones and more, each with a right secret
        assert visitor.get(f"/api/v1/tickets/{secret}").status_code == 200


@pytest.mark.parametrize("address", ["/t/{}", "/api/v1/tickets/{}", "/link/{}", "/pair/{}"])
def test_who_guesses_secrets_is_stopped_and_who_knows_one_is_not(
    office: Flask, visitor: FlaskClient, address: str
) -> None:
    secret = ticket(office)
    fill(office, GUESSES, HERE)
    guess = visitor.get(address.format("A" * 26), headers=PROGRAM_SAYS)
    assert guess.status_code == 429
    assert int(guess.headers["Retry-After"]) >= 1
    assert visitor.get(f"/t/{secret}").status_code == 200


def test_a_thousand_guesses_open_nothing_and_most_are_turned_away(visitor: FlaskClient) -> None:
    answers = [visitor.get(f"/api/v1/tickets/{secrets.token_hex(13).upper()}").status_code for _ in range(1000)]
    assert set(answers) == {404, 429}
    assert answers.count(404) == GUESSES.times


def test_tokens_of_programs_are_not_guessed_either(visitor: FlaskClient) -> None:
    asked = [
        visitor.get("/api/v1/offices", headers={"Authorization": f"Bearer {secrets.token_hex(32)}"}).status_code
        for _ in range(GUESSES.times + 1)
    ]
    assert asked == [401] * GUESSES.times + [429]


@pytest.mark.parametrize("address", ["/sign-in", "/sign-in/second-step", "/unlock", "/link/x", "/pair", "/account/pin"])
def test_passwords_codes_and_pins_are_tried_so_often_and_no_more(
    office: Flask, visitor: FlaskClient, address: str
) -> None:
    assert visitor.post(address, headers=OWN).status_code != 429
    fill(office, SIGN_IN, HERE)
    assert visitor.post(address, headers=OWN).status_code == 429
    assert visitor.get("/sign-in").status_code == 200, "the form is still there"


def test_a_kiosk_issues_so_many_numbers_a_minute_and_its_neighbour_too(office: Flask) -> None:
    house: House = office.extensions["ltsa"]
    kiosks = []
    for name in ("1", "2"):
        browser = office.test_client()
        browser.set_cookie("device", pair(house, "kiosk", name))
        kiosks.append(browser)
    first = next(device for device in house.access.devices.values() if device.name == "1")
    fill(office, ISSUED, first.id)
    taken = [each.post("/kiosk/ltsa/ticket", headers=OWN).status_code for each in kiosks]
    assert taken[0] == 429
    assert taken[1] != 429
    assert kiosks[0].get("/kiosk/ltsa").status_code == 200


def test_a_program_has_a_limit_of_its_own_wherever_it_asks_from(office: Flask, visitor: FlaskClient) -> None:
    house: House = office.extensions["ltsa"]
    busy, calm = (token(house, "officer", name=name) for name in ("busy", "calm"))
    fill(office, PROGRAM, next(each.id for each in house.access.tokens.values() if each.name == "busy"))
    asked = [
        visitor.get("/api/v1/offices", headers={"Authorization": f"Bearer {secret}"}).status_code
        for secret in (busy, calm)
    ]
    assert asked == [429, 200]


def test_an_installation_may_let_more_through_or_everything(settings: Settings) -> None:
    for factor, turned_away in ((0, False), (2, True)):
        app = door.create_app(replace(settings, rate_limits=factor))
        buckets(app)._clock = Clock()
        fill(app, EVERYTHING, HERE)
        assert app.test_client().get("/healthz").status_code == 200
        fill(app, EVERYTHING, HERE)
        assert (app.test_client().get("/healthz").status_code == 429) is turned_away
        app.extensions["ltsa"].close()


# --- The live feed


def address(office_server: Any) -> str:
    return f"ws://127.0.0.1:{office_server.port}/socket.io/?EIO=4&transport=websocket"


def says(page: ClientConnection, message: str, times: int) -> None:
    """A page comes, and says something so many times."""
    page.recv(30)
    page.send("40")
    page.recv(30)
    with suppress(ConnectionClosed):
        for _ in range(times):
            page.send(message)


def is_closed(page: ClientConnection) -> bool:
    """Whether the server ends the connection before it pings for the first time, five seconds after the page came."""
    try:
        while page.recv(30) != "2":
            pass
    except ConnectionClosed:
        return True
    return False


@pytest.mark.parametrize(("times", "is_too_often"), [(WATCHES.times // 2, False), (WATCHES.times * 2, True)])
def test_a_page_that_talks_without_end_is_closed(office_server: Any, times: int, is_too_often: bool) -> None:  # noqa: FBT001 - a fact
    with connect(address(office_server), proxy=None) as page:
        says(page, '42["watch",{"views":[]}]', times)
        assert is_closed(page) is is_too_often


@pytest.mark.parametrize(("times", "is_too_often"), [(GUESSES.times // 80, False), (GUESSES.times // 20, True)])
def test_a_page_that_guesses_tickets_is_closed(office_server: Any, times: int, is_too_often: bool) -> None:  # noqa: FBT001 - a fact
    guesses = ",".join(f'"ticket:{secrets.token_hex(13).upper()}"' for _ in range(40))
    with connect(address(office_server), proxy=None) as page:
        says(page, f'42["watch",{{"views":[{guesses}]}}]', times)
        assert is_closed(page) is is_too_often


def test_a_hall_full_of_phones_has_its_pages_and_a_flood_has_no_more(office_server: Any) -> None:
    asked = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{office_server.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()
    with ExitStack() as pages:

        def opened() -> bytes:
            page = pages.enter_context(socket.create_connection(("127.0.0.1", office_server.port), timeout=60))
            page.sendall(asked)
            return page.recv(12)

        said = [opened() for _ in range(SOCKETS)]
        assert set(said) == {b"HTTP/1.1 101"}
        assert opened() == b"HTTP/1.1 429"
    assert limits.SOCKETS >= 300

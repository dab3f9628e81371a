"""Who asks, as the door finds it out: what keeps a session alive, what ends it, and what stands on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app import create_app
from ltsa.access import BarPerson, RevokeToken, TakeRole
from ltsa.journal import RequestRefused, SignedOut
from tests.staff import hire, pair, signed_in, token
from web.sessions import IDLE

if TYPE_CHECKING:
    from flask import Flask

    from web.house import House
    from web.settings import Settings

MINUTE = 60_000
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def house(app: Flask) -> House:
    here: House = app.extensions["ltsa"]
    return here


class Clock:
    """The server's clock, which a story moves on."""

    def __init__(self, here: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.here = here.now(), here
        monkeypatch.setattr(here, "now", lambda: self.at)

    def passes(self, milliseconds: int) -> None:
        """Time goes by; what was looked up a moment ago is looked up again."""
        self.at += milliseconds
        self.here.door._sessions.clear()


def test_whoever_works_stays_signed_in_and_whoever_leaves_does_not(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti, clock = signed_in(app, "siti", ("officer",), "ltsa"), Clock(house, monkeypatch)
    for _ in range(3):
        clock.passes(IDLE - MINUTE)
        assert siti.get("/desk/ltsa/1").status_code == 200
    clock.passes(IDLE + MINUTE)
    assert siti.get("/desk/ltsa/1").location == "/sign-in?next=%2Fdesk%2Fltsa%2F1"


def test_a_session_that_ends_by_itself_stands_on_record(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(app, "siti", ("officer",), "ltsa")
    clock = Clock(house, monkeypatch)
    clock.passes(IDLE + MINUTE)
    house._end_sessions()
    house._end_sessions()
    stream = house.present.journal_stream("ltsa", house.now())
    (ended,) = (recorded.event for recorded in house.ledger.history(stream))
    assert isinstance(ended, SignedOut)
    assert (ended.person, ended.why) == ("siti", "idle")


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti, clock = signed_in(app, "siti", ("officer",), "ltsa"), Clock(house, monkeypatch)
    environ = {"HTTP_COOKIE": f"session={siti.get_cookie('session').value}"}  # type: ignore[union-attr]
    for _ in range(4):
        clock.passes(IDLE // 4 + MINUTE)
        siti.get("/desk/ltsa/1/notes")
        with app.app_context():
            house.asker(environ)
    assert siti.get("/desk/ltsa/1").status_code == 303


def test_a_right_that_is_taken_is_gone_at_the_next_request(app: Flask, house: House) -> None:
    siti = signed_in(app, "siti", ("officer", "auditor"), "ltsa")
    assert siti.get("/audit/ltsa").status_code == 200
    house.do(TakeRole(office="ltsa", at=house.now(), by="system", key="t", person="siti", role="auditor"))
    assert siti.get("/audit/ltsa").status_code == 403
    house.do(BarPerson(office="ltsa", at=house.now(), by="system", key="b", person="siti", why="left"))
    assert siti.get("/desk/ltsa").status_code == 303


def test_a_revoked_token_opens_nothing(app: Flask, house: House) -> None:
    program = {"Authorization": f"Bearer {token(house, 'auditor')}"}
    assert app.test_client().get("/api/v1/offices", headers=program).status_code == 200
    (name,) = house.access.tokens
    house.do(RevokeToken(office="ltsa", at=house.now(), by="system", key="r", token=name))
    refused = app.test_client().get("/api/v1/offices", headers=program)
    assert (refused.status_code, refused.json["code"]) == (401, "wrong-token")  # type: ignore[index]


def test_a_session_of_an_enrolled_pc_is_worth_nothing_elsewhere(app: Flask, house: House) -> None:
    device = pair(house, "counter", "loket-4", counter="4")
    hire(house, "siti", ("officer",), "ltsa")
    (enrolled,) = house.access.devices
    session = house.credentials.open_session("siti", "password", enrolled, house.now())
    client = app.test_client()
    client.set_cookie("session", session)
    assert client.get("/desk/ltsa/4").status_code == 303
    client.set_cookie("device", device)
    assert client.get("/desk/ltsa/4").status_code == 200


def test_who_hammers_at_a_door_stands_on_record_and_does_not_fill_it(app: Flask, house: House) -> None:
    siti = signed_in(app, "siti", ("officer",), "ltsa")
    for _ in range(50):
        assert siti.get("/audit/ltsa").status_code == 403
    house.door._refused.clear()  # a minute later
    house.door.tell_all()
    stream = house.present.journal_stream("ltsa", house.now())
    events = [recorded.event for recorded in house.ledger.history(stream)]
    refused = [event for event in events if isinstance(event, RequestRefused)]
    assert sum(event.count for event in refused) == 50
    assert len(refused) <= 3
    assert {(event.by, event.action, event.what) for event in refused} == {("person:siti", "audit.see", "audit.days")}


def test_a_stranger_may_not_write_into_the_record(app: Flask, house: House) -> None:
    before = house.ledger.newest()
    for path in ("/audit/ltsa", "/desk/ltsa", "/api/v1/offices", "/supervisor/atlantis"):
        app.test_client().get(path, headers=OWN)
    house.door.tell_all()
    assert house.ledger.newest() == before


@pytest.mark.parametrize("secret", ["", "x", "x" * 60_000, "\u00e9", "a;b", "null", "0" * 64])
def test_what_is_no_secret_opens_nothing(app: Flask, secret: str) -> None:
    for name in ("session", "device"):
        answer = app.test_client().get("/desk/ltsa", headers={"Cookie": f"{name}={secret}"})
        assert answer.status_code in {303, 431}
    answer = app.test_client().get("/desk/ltsa", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code in {303, 401, 431}

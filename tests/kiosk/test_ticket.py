"""The kiosk's and the ticket's addresses as they answer, without a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from ltsa.commands import CloseDay, IssueTicket
from ltsa.tokens import ticket_secret, token_digest
from tests.staff import paired, signed_in
from web.house import House
from web.settings import Settings

DAY = 24 * 60 * 60 * 1000
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An office in this process."""
    made = create_app(settings)
    yield made
    made.extensions["ltsa"].close()


@pytest.fixture
def kiosk(app: Flask) -> FlaskClient:
    """The browser of its kiosk; a phone is a browser of nobody's."""
    return paired(app, "kiosk")


def takes(kiosk: FlaskClient, key: str = KEY, language: str = "id", **form: Any) -> Any:
    """A kiosk's form is sent."""
    body = {"service": ["health"], "key": key, "language": language, **form}
    return kiosk.post(f"/kiosk/ltsa/ticket?lang={language}", data=body)


def secret(app: Flask, key: str = KEY, at: int = 0) -> str:
    """The secret of the ticket taken under a key, today or on the day of an instant."""
    here: House = app.extensions["ltsa"]
    date = here.office("ltsa").service_date(at or here.now()).isoformat()
    return ticket_secret(here.seed, "ltsa", date, key)


def took_at(app: Flask, at: int, key: str) -> str:
    """A ticket taken at an instant: its secret."""
    here: House = app.extensions["ltsa"]
    token = secret(app, key, at)
    here.do(IssueTicket(office="ltsa", at=at, by="kiosk:1", key=key, services=("bank",), token=token_digest(token)))
    return token


def test_the_same_key_answers_with_the_same_ticket_page(app: Flask, kiosk: FlaskClient) -> None:
    first, second = takes(kiosk), takes(kiosk)
    assert (first.status_code, second.status_code) == (201, 201)
    numbers = [re.findall(r'data-number="(\w+)"', answer.text) for answer in (first, second)]
    codes = [re.findall(r'<path d="(M\d[^"]+)" fill="#000"', answer.text) for answer in (first, second)]
    assert numbers[0] == numbers[1] == ["D001"]
    assert codes[0] == codes[1]
    assert len(set(codes[0])) == 1
    assert app.test_client().get(f"/t/{secret(app)}").status_code == 200


def test_the_same_key_with_another_wish_is_refused_and_takes_nothing(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk)
    other = takes(kiosk, service=["bank"])
    assert other.status_code == 409
    assert "Nomor belum bisa diambil" in other.text
    kiosk.get("/kiosk/ltsa")
    assert list(app.extensions["ltsa"].today("ltsa").tickets) == ["D001"]


@pytest.mark.parametrize("key", ["", "short", "with space in it, long", "x" * 129, "ключ-ключ-ключ-ключ"])
def test_a_form_without_a_proper_key_is_refused_with_a_sentence(app: Flask, kiosk: FlaskClient, key: str) -> None:
    answer = takes(kiosk, key=key)
    assert answer.status_code == 400
    kiosk.get("/kiosk/ltsa")
    assert not app.extensions["ltsa"].today("ltsa").tickets


@pytest.mark.parametrize(
    "form", [{"service": []}, {"service": ["dentist"]}, {"service": ["bank", "bank"]}, {"priority": "rich"}]
)
def test_nonsense_is_refused_on_the_kiosks_own_page(kiosk: FlaskClient, form: dict[str, Any]) -> None:
    answer = takes(kiosk, **form)
    assert answer.status_code == 422
    assert 'data-step="sorry"' in answer.text


def test_an_unknown_language_is_indonesian(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk, language="xx")
    assert '<html lang="id"' in app.test_client().get(f"/t/{secret(app)}").text


@pytest.mark.parametrize("path", ["", "/services", "/review?service=bank", "/priority?service=bank"])
def test_an_office_that_is_not_there_has_no_kiosk(app: Flask, path: str) -> None:
    assert signed_in(app).get(f"/kiosk/nowhere{path}").status_code == 404


def test_a_kiosk_takes_no_numbers_in_another_office(kiosk: FlaskClient) -> None:
    assert kiosk.get("/kiosk/elsewhere").status_code == 403
    assert kiosk.post("/kiosk/elsewhere/ticket", data={"service": ["health"], "key": KEY}).status_code == 403


def test_whoever_is_nobody_pairs_the_screen_first(app: Flask) -> None:
    asked = app.test_client().get("/kiosk/ltsa?print=auto")
    assert asked.status_code == 303
    assert asked.location == "/pair?kind=kiosk&office=ltsa&next=%2Fkiosk%2Fltsa%3Fprint%3Dauto"


def test_a_review_of_nothing_leads_to_the_services(kiosk: FlaskClient) -> None:
    answer = kiosk.get("/kiosk/ltsa/review?service=dentist&lang=en")
    assert (answer.status_code, answer.location) == (303, "/kiosk/ltsa/services?lang=en")


def test_what_was_said_travels_in_the_address_and_nothing_else_does(kiosk: FlaskClient) -> None:
    query = "service=bank&service=health&service=bank&service=dentist&priority=rich&print=rainbow&kiosk=<b>&lang=en"
    page = kiosk.get(f"/kiosk/ltsa/review?{query}").text
    form = page.partition('method="post"')[2].partition("</form>")[0]
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    assert dict(hidden).keys() == {"service", "language", "key"}
    assert [value for name, value in hidden if name == "service"] == ["bank", "health"]
    assert "dentist" not in page.partition("<main")[2].partition("<footer")[0]


def test_a_tickets_page_is_kept_nowhere_and_tells_nobody_its_address(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk)
    for path in (f"/t/{secret(app)}", "/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        headers = app.test_client().get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
    asks = app.test_client().get(f"/t/{secret(app)}/cancel")
    assert (asks.status_code, asks.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert app.test_client().get("/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ").text.count("noindex") == 1


def test_a_secret_may_be_typed_in_small_letters(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk)
    assert app.test_client().get(f"/t/{secret(app).lower()}").status_code == 200


def test_the_ledger_holds_no_secret_and_no_key(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk)
    stored = (app.extensions["ltsa"].database.parent / "ledger.sqlite-wal").read_bytes()
    assert b"ticket-issued/1" in stored
    assert secret(app).encode() not in stored
    assert KEY.encode() not in stored


def test_cancelling_twice_says_that_the_visit_is_over(app: Flask, kiosk: FlaskClient) -> None:
    takes(kiosk)
    phone, address = app.test_client(), f"/t/{secret(app)}/cancel?lang=en"
    first = phone.post(address, data={"key": "first-press-of-the-holder"})
    assert (first.status_code, first.location) == (303, f"/t/{secret(app)}?lang=en")
    assert phone.post(address, data={"key": "first-press-of-the-holder"}).status_code == 303
    again = phone.post(address, data={"key": "second-press-of-the-holder"})
    assert again.status_code == 409
    assert "The number was not cancelled" in again.text
    assert phone.post(address).status_code == 400
    assert phone.post("/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ/cancel", data={"key": KEY}).status_code == 404


def test_only_tickets_of_today_and_of_the_last_day_open(settings: Settings) -> None:
    now = time.time_ns() // 1_000_000
    app = create_app(settings)
    here: House = app.extensions["ltsa"]
    old, last = (took_at(app, now - days * DAY, f"key-of-{days}-days-ago") for days in (2, 1))
    today = took_at(app, now, "key-of-this-very-day")
    here.do(CloseDay(office="ltsa", at=now - DAY, by="system", key="closing-of-yesterday"))
    here.close()

    reopened = create_app(settings)
    phone = reopened.test_client()
    assert phone.get(f"/t/{today}").status_code == 200
    yesterday = phone.get(f"/t/{last}")
    assert yesterday.status_code == 200
    assert "Hari layanan sudah berakhir" in yesterday.text
    gone = phone.get(f"/t/{old}")
    assert gone.status_code == 404
    assert "harinya sudah lewat" in gone.text
    reopened.extensions["ltsa"].close()

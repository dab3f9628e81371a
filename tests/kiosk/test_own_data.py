"""Somebody who restricted the use of their data, or had them erased, at the kiosk: told so, and not found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app import create_app
from ltsa.identity import identity
from ltsa.journal import DataSeen
from tests.staff import paired
from web import journeys, subject

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from web.house import House
    from web.settings import Settings

NIK = "3204014503900001"
RAHMA: dict[str, Any] = {"office": "ltsa", "by": "manager:rahma"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions["ltsa"].close()


def comes(here: House) -> str:
    """Ratna has a journey; the secret of her card."""
    said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:1", "key": "k"}
    return journeys.open_case(here, identity(NIK, "Ratna Sari"), **said, scheme="p-to-p")[2]


def shown(kiosk: FlaskClient, **typed: str) -> tuple[int, str]:
    """How the kiosk answers who types or scans something."""
    answer = kiosk.post("/kiosk/ltsa/journey", data={"key": "k" * 16, **typed})
    return answer.status_code, answer.get_data(as_text=True)


def test_restricted_data_are_not_used_at_the_kiosk_until_that_is_lifted(app: Flask) -> None:
    here: House = app.extensions["ltsa"]
    kiosk = paired(app, "kiosk")
    card = comes(here)
    request = subject.receive(here, "restrict", NIK, document=True, **RAHMA, key="a")
    subject.restrict(here, request.id, **RAHMA, key="b")
    for typed in ({"nik": NIK}, {"card": card}, {"nik": NIK, "scheme": "mandiri"}):
        status, page = shown(kiosk, **typed)
        assert (status, "dibatasi atas permintaan pemiliknya" in page) == (409, True), typed
    assert not [row for row in here.ledger.told("data-seen/1") if isinstance(row.event, DataSeen)], "nothing was shown"
    subject.lift(here, request.id, **RAHMA, key="c")
    status, page = shown(kiosk, card=card)
    assert (status, "langkah selesai" in page) == (200, True)


def test_who_was_erased_is_found_neither_by_nik_nor_by_card(app: Flask) -> None:
    here: House = app.extensions["ltsa"]
    kiosk = paired(app, "kiosk")
    card = comes(here)
    request = subject.receive(here, "erase", card, document=True, **RAHMA, key="a")
    subject.erase(here, request.id, **RAHMA, key="b")
    assert "Belum ada perjalanan dengan NIK ini" in shown(kiosk, nik=NIK)[1]
    assert "bukan kartu perjalanan yang berlaku" in shown(kiosk, card=card)[1]
    assert app.test_client().get(f"/c/{card}").status_code == 404

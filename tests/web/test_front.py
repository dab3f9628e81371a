"""Short addresses, for whoever types one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from app import create_app
from ltsa.configuring import ConfigureOffice
from tests.staff import paired, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from web.settings import Settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An installation of two offices, which opens ltsa first."""
    made = create_app(settings)
    here = made.extensions["ltsa"]
    kupang = structs.replace(here.office("ltsa"), id="kupang")
    set_up = ConfigureOffice(
        office="kupang", at=here.now(), by="system", key="kupang", configuration=kupang, since="1970-01-01"
    )
    here.do(set_up)
    here.catch_up()
    yield made
    here.close()


FACES = ("kiosk", "desk", "supervisor", "display", "manage", "audit")


@pytest.mark.parametrize("face", FACES)
def test_a_face_without_an_office_is_that_of_the_office_that_opens_first(app: Flask, face: str) -> None:
    dewi = signed_in(app)
    answer = dewi.get(f"/{face}?lang=en")
    assert (answer.status_code, answer.location) == (302, f"/{face}/ltsa?lang=en")
    assert dewi.get(answer.location).status_code == 200


@pytest.mark.parametrize("face", FACES)
def test_a_face_without_an_office_is_that_of_the_first_office_in_which_it_is_one_s_own(app: Flask, face: str) -> None:
    everything = ["officer", "supervisor", "manager", "auditor"]
    assert signed_in(app, "rambu", everything, "kupang").get(f"/{face}").location == f"/{face}/kupang"


def test_a_device_s_short_address_is_its_own_office_s(app: Flask) -> None:
    assert paired(app, "kiosk", office="kupang").get("/kiosk?print=auto").location == "/kiosk/kupang?print=auto"
    assert paired(app, "display", office="kupang").get("/display").location == "/display/kupang"


def test_whoever_may_open_none_is_told_so_at_the_door_of_the_first(app: Flask) -> None:
    nobody = app.test_client()
    assert nobody.get("/desk").location == "/desk/ltsa"
    assert nobody.get("/desk/ltsa").location == "/sign-in?next=%2Fdesk%2Fltsa"
    officer = signed_in(app, "siti", ["officer"], "ltsa")
    assert officer.get(officer.get("/audit").location).status_code == 403


def test_the_front_page_shows_the_offices_that_are_one_s_own(app: Flask) -> None:
    page = signed_in(app, "rambu", ["officer"], "kupang").get("/").text
    assert "/desk/kupang/1" in page
    assert "/ltsa" not in page.replace("/static/", "")
    assert app.test_client().get("/").text.count("Selamat datang") == 1


def test_before_anybody_has_an_account_the_front_page_says_where_the_first_one_comes_from(app: Flask) -> None:
    assert "tercetak di terminal server" in app.test_client().get("/").text
    signed_in(app)
    assert "tercetak di terminal server" not in app.test_client().get("/").text

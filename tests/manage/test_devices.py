"""Devices and programs: let in by a code or a token that is shown once, named, and put out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.staff import hire, pair, signed_in, token

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.manage.conftest import Manager


@pytest.fixture
def screen(manager: Manager) -> FlaskClient:
    """The browser of a machine that nobody knows yet."""
    return manager.client.application.test_client()


def code_of(screen: FlaskClient) -> str:
    """What a machine's screen shows."""
    page = screen.get("/pair?kind=kiosk&office=ltsa").get_data(as_text=True)
    found = re.findall(r">([0-9A-Z]{4})<", page)
    assert len(found) == 2, page
    return "-".join(found)


def test_a_screen_is_let_in_by_the_code_that_it_shows(manager: Manager, screen: FlaskClient) -> None:
    code = code_of(screen)
    page = manager.posts("/devices/find", code=code.lower()).get_data(as_text=True)
    assert "Perangkat ditemukan" in page
    assert 'value="kiosk-1"' in page
    answer = manager.posts("/devices/pair", code=code, kind="kiosk", name="pintu", key="p")
    assert answer.status_code == 303
    assert screen.get("/pair?kind=kiosk&office=ltsa").location.endswith("/kiosk/ltsa")
    assert "pintu" in manager.opens("/devices")


def test_a_wrong_code_and_a_wrong_name_are_said_at_their_field(manager: Manager, screen: FlaskClient) -> None:
    answer = manager.posts("/devices/find", code="0000-0000")
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.get_data(as_text=True)
    answer = manager.posts("/devices/pair", code=code_of(screen), kind="kiosk", name="Pintu Depan", key="p")
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.get_data(as_text=True)


def test_a_device_is_renamed_and_put_out(manager: Manager) -> None:
    pair(manager.house, "counter", "satu", counter="1")
    pair(manager.house, "printer", "cetak")
    pair(manager.house, "kiosk", "pintu")
    access = manager.house.access
    counter, printer = (access.named("ltsa", *who) for who in (("counter", "satu"), ("printer", "cetak")))
    assert counter
    assert printer
    assert manager.posts(f"/devices/{counter.id}/rename", name="dua", counter="2").status_code == 303
    assert manager.posts(f"/devices/{printer.id}/rename", name="cetak", kiosk="pintu").status_code == 303
    manager.house.catch_up()
    assert (counter.name, counter.counter, printer.counter) == ("dua", "2", "pintu")
    assert "Loket 2" in manager.opens(f"/devices/{counter.id}")
    assert manager.posts(f"/devices/{counter.id}/revoke").status_code == 303
    manager.house.catch_up()
    assert counter.revoked
    assert manager.client.get(f"/manage/ltsa/devices/{counter.id}").status_code == 422


def test_this_browser_may_be_a_kiosk_for_now(manager: Manager) -> None:
    answer = manager.posts("/devices/this-browser", kind="kiosk")
    assert answer.status_code == 303
    secret = answer.location.rpartition("/")[2]
    went = manager.client.post(f"/pair/{secret}")
    assert went.location.endswith("/kiosk/ltsa")
    assert manager.client.get("/kiosk/ltsa").status_code == 200
    assert "kiosk-1" in manager.opens("/devices")


def test_the_technical_admin_looks_after_devices_and_sees_no_settings(manager: Manager) -> None:
    andi = signed_in(manager.client.application, "andi", ["admin"], "ltsa")
    assert andi.get("/manage/ltsa/devices").status_code == 200
    assert andi.get("/manage/ltsa/settings").status_code == 403
    assert andi.get("/manage/ltsa").location.endswith("/manage/ltsa/people")


def test_a_program_s_token_is_shown_once_and_taken_back(manager: Manager) -> None:
    page = manager.posts("/programs", name="Papan dinas", role="officer", days="30").get_data(as_text=True)
    (secret,) = set(re.findall(r"ltsa_[\w-]{43}", page))
    headers = {"Authorization": f"Bearer {secret}"}
    plain = manager.client.application.test_client()
    assert plain.get("/api/v1/offices", headers=headers).status_code == 200
    listed = manager.opens("/programs")
    assert secret not in listed
    assert "Papan dinas" in listed
    (program,) = set(re.findall(r"/programs/([0-9a-f]{12})/revoke", listed))
    assert manager.posts(f"/programs/{program}/revoke").status_code == 303
    manager.house.catch_up()
    assert plain.get("/api/v1/offices", headers=headers).status_code == 401


def test_a_token_of_more_than_the_manager_may_give_is_refused(manager: Manager) -> None:
    assert "Kantor pusat" not in manager.opens("/programs")
    answer = manager.posts("/programs", name="Terlalu kuat", role="headquarters", days="30")
    assert answer.status_code == 409
    assert "tidak berwenang" in answer.get_data(as_text=True)
    assert manager.posts("/programs", name="", role="officer", days="1").status_code == 422


def test_the_tokens_of_another_office_are_not_there(manager: Manager) -> None:
    token(manager.house, "officer", "batam", "Papan Batam")
    assert "Papan Batam" not in manager.opens("/programs")
    (other,) = manager.house.access.tokens
    assert manager.posts(f"/programs/{other}/revoke").status_code == 422


def test_headquarters_sees_its_offices_and_makes_new_ones(manager: Manager) -> None:
    pusat = signed_in(manager.client.application, "pusat", ["headquarters"])
    page = pusat.get("/offices").get_data(as_text=True)
    assert "LTSA Contoh" in page
    assert "WIB" in page
    assert '<select class="input" id="like" name="like">' in page, "browsers send the standard, which has no id"
    said = {"name": "LTSA Mataram", "id": "ltsa-mataram", "zone": "Asia/Makassar", "like": "", "key": "make"}
    answer = pusat.post("/offices", data=said)
    assert answer.status_code == 303
    assert answer.location.startswith("/manage/ltsa-mataram/people")
    page = pusat.get(answer.location).get_data(as_text=True)
    assert "LTSA Mataram sudah dibuat." in page
    manager.house.catch_up()
    made = manager.house.office("ltsa-mataram")
    assert (made.zone, len(made.services), set(made.week)) == ("Asia/Makassar", 8, {"mon", "tue", "wed", "thu", "fri"})
    said = {"account": "rahma", "role": "manager", "key": "appoint"}
    assert pusat.post("/manage/ltsa-mataram/people/appoint", data=said).status_code == 303
    assert manager.client.get("/manage/ltsa-mataram/setup").status_code == 303
    refused = manager.client.get("/offices")
    assert (refused.status_code, "Bukan wewenang Anda" in refused.get_data(as_text=True)) == (403, True)


def test_a_new_office_may_be_a_copy_and_no_id_is_taken_twice(manager: Manager) -> None:
    manager.opens("/settings/rules")
    manager.saves("rules", **{"rules/recall_limit": "7"})
    pusat = signed_in(manager.client.application, "pusat", ["headquarters"])
    said = {"name": "LTSA Kupang", "id": "kupang", "zone": "Asia/Makassar", "like": "ltsa", "key": "make"}
    assert pusat.post("/offices", data=said).status_code == 303
    manager.house.catch_up()
    assert manager.house.office("kupang").rules.recall_limit == 7
    for wrong in ({"id": "ltsa"}, {"id": "LTSA Baru!"}, {"id": "installation"}, {"name": ""}, {"zone": "Mars"}):
        answer = pusat.post("/offices", data=said | {"key": f"{wrong}", "id": "baru"} | wrong)
        assert answer.status_code in {409, 422}, wrong
        assert "LTSA Kupang" in answer.get_data(as_text=True)


def test_headquarters_of_one_office_sees_that_one_alone(manager: Manager) -> None:
    hire(manager.house, "wilayah", ["headquarters"], "ltsa")
    pusat = signed_in(manager.client.application, "pusat", ["headquarters"])
    said = {"name": "LTSA Mataram", "id": "ltsa-mataram", "zone": "Asia/Makassar", "key": "make"}
    pusat.post("/offices", data=said)
    wilayah = signed_in(manager.client.application, "wilayah", [], "ltsa")
    page = wilayah.get("/offices").get_data(as_text=True)
    assert "LTSA Contoh" in page
    assert "LTSA Mataram" not in page
    assert wilayah.post("/offices", data=said | {"id": "lain"}).status_code == 403

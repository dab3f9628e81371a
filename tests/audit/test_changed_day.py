"""A day in the middle of which the office was changed: each line is told under the rules of its time."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from tests.ltsa.scripted_day import LATER, MORNING, commands, office
from tests.staff import signed_in
from web.settings import Settings

DAY = "/audit/ltsa/2026-03-02"


@pytest.fixture(scope="module")
def browser_of_an_auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """An auditor of the office that had that morning and what follows on it."""
    folder: Path = tmp_path_factory.mktemp("changed") / "office"
    ledger = Ledger(folder / "ledger.sqlite")
    ledger.do(ConfigureOffice(office="ltsa", at=0, by="system", key="k", configuration=office(), since="1970-01-01"))
    for command in commands(played=MORNING + LATER):
        ledger.do(command)
    ledger.close()
    app = create_app(Settings(data=folder, port=0))
    app.testing = True
    yield signed_in(app, "agus", ("auditor",), "ltsa")
    app.extensions["ltsa"].close()


def said(browser: FlaskClient, path: str = "") -> str:
    """The words of a page."""
    answer = browser.get(DAY + path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def test_the_rules_say_when_they_were_changed(browser_of_an_auditor: FlaskClient) -> None:
    day = said(browser_of_an_auditor)
    assert "Aturan diubah sewaktu hari layanan berjalan, pukul 09.05." in day
    assert "Panggilan ulang paling banyak 1 kali" in day
    assert "Pengaturan kantor diubah sewaktu hari layanan berjalan." in day


def test_somebody_put_back_before_and_after_stands_where_the_rule_of_that_time_said(
    browser_of_an_auditor: FlaskClient,
) -> None:
    assert "di belakang 3 orang terdepan" in said(browser_of_an_auditor, "/ticket/C002")
    assert "di tempat paling belakang" in said(browser_of_an_auditor, "/ticket/G002")


def test_what_became_of_those_who_were_still_there_is_told(browser_of_an_auditor: FlaskClient) -> None:
    assert "Diminta datang lagi. Sebelumnya: sedang dilayani." in said(browser_of_an_auditor, "/ticket/A004")
    assert "Sudah pulang" in said(browser_of_an_auditor, "/ticket/G002")


def test_the_check_list_says_what_was_in_order(browser_of_an_auditor: FlaskClient) -> None:
    day = said(browser_of_an_auditor, "?event=day-checked")
    assert "Beres: Kiosk menyala dan dapat disentuh, Kertas tiket cukup untuk sehari, Layar panggilan menyala." in day
    assert "Belum beres: Listrik cadangan siap." in day


@pytest.mark.parametrize("counter", ["10", "11"])
def test_a_counter_that_the_office_had_for_a_part_of_the_day_has_a_story(
    browser_of_an_auditor: FlaskClient, counter: str
) -> None:
    assert f"Loket {counter}" in said(browser_of_an_auditor, f"/counter/{counter}")


@pytest.mark.parametrize("version", [0, 40, 79, 93])
def test_every_instant_can_be_shown(browser_of_an_auditor: FlaskClient, version: int) -> None:
    assert f"{version} dari 93" in said(browser_of_an_auditor, f"?version={version}") or version == 0

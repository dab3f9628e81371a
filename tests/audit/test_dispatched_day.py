"""A day that the dispatcher ran: each decision in words and minutes, and what another policy would have done."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from ltsa.replay import shadowed
from ltsa.report import report
from tests.ltsa.scripted_day import DISPATCHED, commands, dispatched, dispatched_office
from tests.staff import signed_in
from web.settings import Settings

DAY = "/audit/ltsa/2026-03-02"


@pytest.fixture(scope="module")
def browser_of_an_auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """An auditor of the office that had the dispatcher's morning."""
    folder: Path = tmp_path_factory.mktemp("dispatched") / "office"
    ledger = Ledger(folder / "ledger.sqlite")
    configuration = dispatched_office()
    ledger.do(
        ConfigureOffice(office="ltsa", at=0, by="system", key="k", configuration=configuration, since="1970-01-01")
    )
    for command in commands(played=DISPATCHED):
        ledger.do(command)
    ledger.close()
    app = create_app(Settings(data=folder, port=0))
    app.testing = True
    yield signed_in(app, "agus", ("auditor",), "ltsa")
    app.extensions["ltsa"].close()


def said(browser: FlaskClient, path: str = "", **query: str) -> str:
    """The words of a page."""
    answer = browser.get(DAY + path, query_string=query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def test_a_seat_and_a_call_are_explained_in_words_and_minutes(browser_of_an_auditor: FlaskClient) -> None:
    story = said(browser_of_an_auditor, "/ticket/C002")
    assert "Diarahkan ke kursi tunggu Ketenagakerjaan." in story
    assert "Nilainya 40 menit, tertinggi dari 2 orang yang menunggu: 24 di gedung + 36 menunggu langkah ini" in story
    assert "Kelompok prioritas: setiap menit dihitung 3 kali." in story
    assert "Berikutnya C001, 1 jam 57 menit di belakangnya." in story
    assert "1 orang yang datang lebih dahulu dilewati." in story
    assert "Aturan index/1, bobot 3·2·3·6·4·12, berlaku sejak peristiwa 1" in story
    assert "Dihitung ulang: cocok." in story
    assert "TIDAK cocok" not in story


def test_the_same_in_english(browser_of_an_auditor: FlaskClient) -> None:
    story = said(browser_of_an_auditor, "/ticket/A001", lang="en")
    assert "The officer&#39;s reason: Unwell, or must go home soon." in story
    assert "Chosen by the officer. Next in order: C002." in story
    assert "Appointment at 08:30:00: the wait counts from then." in story


def test_the_page_of_the_shadow_says_how_often_and_whom(browser_of_an_auditor: FlaskClient) -> None:
    calls = shadowed(dispatched())
    differing = [call for call in calls if call.other]
    assert [(call.number, call.other) for call in differing] == [("B001", "C002")]
    page = said(browser_of_an_auditor, "/shadow")
    assert f"Panggilan {len(calls)} Berbeda 1 " in page
    assert "B 001 C 002" in page
    assert "Tidak ada cara bayangan" not in page


def test_the_day_report_counts_deviations_by_reason() -> None:
    assert report(dispatched()).deviations == {"unwell": 1}

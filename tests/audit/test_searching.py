"""A search over all days: where something stands, and the cases that a number in an outside system leads to."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from app import create_app
from audit import book
from ltsa.models import following
from tests.audit.conftest import Auditor
from tests.ltsa.scripted_journey import BANDUNG, CASE, MONDAY, played
from tests.staff import signed_in
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    """An auditor of the office in Bandung at which a journey began. Nothing more happens."""
    folder = tmp_path_factory.mktemp("journey")
    played(folder).close()
    app = create_app(Settings(data=folder, port=0, office=BANDUNG))
    app.testing = True
    with closing(app.extensions["ltsa"]) as here:
        yield Auditor(signed_in(app, "ratna", ["auditor"], BANDUNG), here, app)


def finds(auditor: Auditor, wanted: str, **query: str) -> list[tuple[str, ...]]:
    """The rows of the page: date, what, name, how many events."""
    answer = auditor.client.get(f"/audit/{BANDUNG}/search", query_string={"q": wanted, **query})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', page, re.DOTALL)
    return [tuple(" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in row.split("<td")) for row in rows]


def plain(rows: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(row[1].removeprefix(">").strip(), row[2].removeprefix(">").strip()) for row in rows]


def test_a_number_an_officer_a_counter_a_kind_and_a_code_are_found_on_their_days(auditor: Auditor) -> None:
    assert plain(finds(auditor, "b001")) == [("Nomor", "B 001")]
    assert plain(finds(auditor, "officer-3")) == [("Petugas", "officer-3")]
    assert plain(finds(auditor, "officer-")) == [("Petugas", "officer-2"), ("Petugas", "officer-3")], "what begins so"
    assert ("Loket", "Loket 2") in plain(finds(auditor, "loket 2"))
    assert ("Jenis peristiwa", "Dikembalikan") in plain(finds(auditor, "dikembalikan"))
    assert ("Isi", "Kartu keluarga (KK)") in plain(finds(auditor, "kartu keluarga"))
    [row] = finds(auditor, "B001")
    assert row[0].endswith("Senin, 2 Maret 2026")
    numbered = [it for it in auditor.house.ledger.history(f"day:{BANDUNG}:{MONDAY}") if getattr(it.event, "number", "")]
    assert row[3].endswith(str(len(numbered)))
    assert finds(auditor, "B001", **{"from": "2026-03-03"}) == finds(auditor, "B002") == []


def test_a_row_leads_to_the_first_and_the_last_event(auditor: Auditor) -> None:
    page = auditor.client.get(f"/audit/{BANDUNG}/search", query_string={"q": "B001"}).get_data(as_text=True)
    numbered = [it for it in auditor.house.ledger.history(f"day:{BANDUNG}:{MONDAY}") if getattr(it.event, "number", "")]
    for row in (numbered[0], numbered[-1]):
        assert f"/audit/{BANDUNG}/{MONDAY}?position={row.position}#instant" in page
    assert auditor.client.get(f"/audit/{BANDUNG}/{MONDAY}?position={numbered[0].position}").status_code == 200


def test_who_knows_a_number_of_an_outside_system_finds_its_case(auditor: Auditor) -> None:
    for wanted in ("AK1/3204/2026/0815", "ak1 3204 2026 0815", "KERTAS 12", CASE, CASE[:10]):
        page = auditor.client.get(f"/audit/{BANDUNG}/search", query_string={"q": wanted}).get_data(as_text=True)
        assert f'href="/audit/{BANDUNG}/case/{CASE}"' in page, wanted
    page = auditor.client.get(f"/audit/{BANDUNG}/search", query_string={"q": "AK1/3204/2026/0816"}).get_data(
        as_text=True
    )
    assert "Tidak ada yang cocok." in page


def test_the_list_of_days_is_the_same_from_the_model_and_from_the_days(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = list(book.entries(auditor.house, BANDUNG, [MONDAY]))
    assert known == [book.entry(auditor.house.ledger, BANDUNG, MONDAY)]
    monkeypatch.setattr(auditor.house.models, "progress", lambda _: following.Progress(0, 1_000_000))
    assert list(book.entries(auditor.house, BANDUNG, [MONDAY])) == known, "while the model is being built"
    assert auditor.client.get(f"/audit/{BANDUNG}/search?q=B001").status_code == 503


def test_dates_that_are_none_are_refused(auditor: Auditor) -> None:
    assert auditor.client.get(f"/audit/{BANDUNG}/search?q=B001&from=yesterday").status_code == 422

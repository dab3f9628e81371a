"""The page where days are taken out: what it offers, what it writes, and who may take what."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # what is read was written a moment before

import pytest

from ltsa.journal import DataExported
from tests.audit.event_logs import XES
from tests.audit.test_exports import RATNA, RATNA_TEXTS, come
from tests.staff import signed_in

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.audit.conftest import Auditor

DAY = {"from": "2026-03-02", "to": "2026-03-02"}


def takes(auditor: Auditor, path: str = "", role: str = "", **form: str) -> TestResponse:
    """Somebody with a role presses the button."""
    client = signed_in(auditor.app, role, [role], "ltsa") if role else auditor.client
    return client.post(f"/audit/ltsa/export{path}", data=form, headers={"Sec-Fetch-Site": "same-origin"})


def noted(auditor: Auditor) -> list[DataExported]:
    """What is on record as taken."""
    return [it.event for it in auditor.house.ledger.told("data-exported/1") if isinstance(it.event, DataExported)]


def test_the_page_says_how_much_the_chosen_days_hold_and_what_is_in_the_file(auditor: Auditor) -> None:
    page = auditor.opens("/export", **DAY)
    assert "1 hari layanan dengan 73 peristiwa" in page
    assert 'value="xes/case"' in page
    assert "Tanpa nama, NIK, dan nomor telepon" in page
    assert "persons" not in page, "an auditor is not offered what only the manager may take"
    nothing = auditor.opens("/export", **{"from": "2026-03-03", "to": "2026-03-04", "lang": "en"})
    assert "There is no service day" in nothing
    assert "<button" in nothing
    assert 'method="post" action="/audit' not in nothing
    assert auditor.is_refused("/export", 422, **{"from": "yesterday"})


def test_a_file_is_on_record_with_the_watermark_that_it_carries(auditor: Auditor) -> None:
    answer = takes(auditor, format="csv", **DAY)
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert (answer.status_code, answer.mimetype, len(rows)) == (200, "text/csv", 73)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ltsa-2026-03-02.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    [event] = noted(auditor)
    assert (event.kind, event.about, event.by) == ("export.csv", "2026-03-02–2026-03-02", "auditor:ratna")
    assert rows[0]["watermark"].startswith("LTSA export by auditor:ratna at ")
    assert rows[0]["watermark"].endswith(f"ledger position {auditor.house.ledger.newest()}")
    assert "Hari layanan sebagai CSV diunduh: 2 Maret 2026" in auditor.opens("/journal")


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("jsonl", b'{"format"'),
        ("xes/case", b"<?xml"),
        ("ocel-json", b'{"objectTypes"'),
        ("ocel-sqlite", b"SQLite"),
        ("parquet", b"PAR1"),
    ],
)
def test_every_format_of_the_page_is_a_whole_file(auditor: Auditor, kind: str, begins: bytes) -> None:
    answer = takes(auditor, format=kind, **DAY)
    assert answer.status_code == 200
    data = answer.get_data()
    assert data.startswith(begins)
    if kind == "ocel-json":
        assert len(json.loads(data)["events"]) == 73
    if kind == "xes/case":
        assert list(ET.fromstring(data).iter(f"{XES}trace")) == [], "nobody came for a case"  # noqa: S314


def test_only_the_manager_takes_out_who_the_people_are_and_says_why(auditor: Auditor) -> None:
    come(auditor.house, RATNA)
    today = auditor.house.today("ltsa").date
    form = {"format": "csv", "from": today, "to": today, "why": "surat 12/2026"}
    assert takes(auditor, "/persons", **form).status_code == 403
    assert takes(auditor, "/persons", "manager", **form | {"why": " "}).status_code == 422
    assert takes(auditor, "/persons", "manager", **form | {"format": "xes"}).status_code == 422
    assert noted(auditor) == []

    told = takes(auditor, "/persons", "manager", **form).get_data(as_text=True)
    assert [told.count(text) for text in RATNA_TEXTS] == [1, 1, 1]
    assert "with personal data: surat 12/2026" in told
    assert [(event.kind, event.why, event.by) for event in noted(auditor)] == [
        ("export.csv", "surat 12/2026", "manager:manager")
    ]
    journal = auditor.opens("/journal")
    assert "Dengan nama, NIK, dan nomor telepon pemohon." in journal
    assert "Alasan: surat 12/2026" in journal


def test_what_is_no_format_or_no_date_takes_nothing_out(auditor: Auditor) -> None:
    for wrong in ({"format": "docx"}, {"format": "csv", "from": "2 March"}, {"format": "csv/case"}, {}):
        assert takes(auditor, **{**DAY, **wrong}).status_code == 422
    assert takes(auditor, format="csv", **{"from": "2026-03-02", "to": "2026-03-01"}).status_code == 422
    assert noted(auditor) == []

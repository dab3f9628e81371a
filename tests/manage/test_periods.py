"""The report of several days: what the days' own reports say, added up."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from app import create_app
from ltsa.journal import DataExported
from ltsa.models import following
from ltsa.models.days import settled
from ltsa.models.period import read
from ltsa.report import DayReport, spread
from tests.manage.conftest import Manager
from tests.manage.past import DATES, LEFT_OPEN, record
from tests.staff import signed_in
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = (*DATES, LEFT_OPEN)
SPAN = {"from": DATES[0], "to": LEFT_OPEN}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """The manager of an office with three closed days and one that was never closed behind it."""
    settings = Settings(data=tmp_path_factory.mktemp("past"), port=0)
    record(settings.data)
    app = create_app(settings)
    app.testing = True
    yield Manager(signed_in(app, "rahma", ["manager"], "ltsa"), app.extensions["ltsa"])
    app.extensions["ltsa"].close()


def reports(past: Manager) -> list[tuple[DayReport, list[int]]]:
    """Each day's report, and its waits."""
    found = [settled(list(past.house.ledger.history(f"day:ltsa:{date}"))) for date in ALL]
    return [(it.report, [span for spans in it.durations.waits.values() for span in spans]) for it in found if it]


def figures(past: Manager, **query: str) -> dict[tuple[str, str, str], str]:
    answer = past.client.get("/manage/ltsa/report/days/figures.csv", query_string=query)
    rows = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    return {(row["tentang"], row["nama"], row["ukuran"]): row["nilai"] for row in rows}


def shown(past: Manager, date: str) -> str:
    """A day's report, without the page's clock around it."""
    return past.opens(f"/report/{date}").partition("<main")[2]


def test_days_add_up_and_waits_lie_as_if_they_were_of_one_day(past: Manager) -> None:
    days, found = reports(past), figures(past, **SPAN)
    span = f"{DATES[0]}–{LEFT_OPEN}"
    for measure, word in (("issued", "Nomor diambil"), ("called", "Panggilan"), ("missed", "Tidak hadir")):
        assert int(found["day", span, word]) == sum(getattr(day, measure) for day, _ in days)
        if word != "Panggilan":
            assert [int(found["date", date, word]) for date in ALL] == [getattr(day, measure) for day, _ in days]
    for date, (_, waits) in zip(ALL, days, strict=True):
        assert found["date", date, "Menunggu, nilai tengah"] == f"{spread(waits).median / 60_000:.1f}"
    office = found["office", "ltsa", "9 dari 10 paling lama"]
    assert office == f"{spread([wait for _, waits in days for wait in waits]).p90 / 60_000:.1f}"
    served = sum(service.served for day, _ in days for service in day.services if service.service == "bank")
    assert int(found["service", past.office.service["bank"].name["id"], "Dilayani"]) == served > 0
    first = DATES[:1] * 2
    assert int(figures(past, **dict(zip(("from", "to"), first, strict=True)))["day", "–".join(first), "Nomor diambil"])


def test_the_page_leads_to_each_day_and_says_what_is_not_closed(past: Manager) -> None:
    page = past.opens("/report/days", **SPAN)
    for date in ALL:
        assert f'href="/manage/ltsa/report/{date}"' in page
    assert page.count("belum ditutup") == 2, "beside the day, and below the table"
    total = sum(day.issued for day, _ in reports(past))
    assert f"<dt>Nomor diambil</dt><dd>{total}</dd>" in page
    assert "Per loket" in page
    assert "Tidak ada hari layanan pada tanggal ini." in past.opens(
        "/report/days", **{"from": "2020-01-01", "to": "2020-01-31"}
    )
    assert "Laporan beberapa hari" in past.opens("/report/days"), "this month, where none is asked for"


def test_a_day_s_report_is_the_same_from_the_model_and_from_the_record(
    past: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [shown(past, date) for date in ALL]
    with monkeypatch.context() as patch:
        patch.setattr(past.house.models, "progress", lambda _: following.Progress(0, 1_000_000))
        assert [shown(past, date) for date in ALL] == known, "while the model is being built"


def test_what_is_being_built_says_how_far_it_is(past: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past.house.models, "progress", lambda _: following.Progress(400_000, 1_000_000))
    answer = past.client.get("/manage/ltsa/report/days")
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Refresh"]) == (503, "5", "5")
    assert "sedang disusun dari catatan: 40 % selesai." in answer.get_data(as_text=True)


def test_all_offices_are_those_whose_reports_one_may_see(past: Manager) -> None:
    assert "Semua kantor" not in past.opens("/report/days", **SPAN)
    page = past.opens("/report/days", **SPAN, of="all")
    assert "Per kantor" in page
    assert "Per loket" in page, "of the one office"
    with past.house.models.reading() as cursor:
        both = read(cursor, ["ltsa", "elsewhere"], DATES[0], DATES[-1])
    assert [part.name for part in both.offices] == ["ltsa"]


@pytest.mark.parametrize(("first", "last"), [("2026-02-01", "2026-01-01"), ("2025-01-01", "2026-06-01"), ("x", "")])
def test_dates_that_are_none_or_too_many_are_refused(past: Manager, first: str, last: str) -> None:
    assert past.client.get("/manage/ltsa/report/days", query_string={"from": first, "to": last}).status_code == 422


def test_a_table_that_is_taken_is_on_record(past: Manager) -> None:
    figures(past, **SPAN)
    taken = [row.event for row in past.house.ledger.told("data-exported/1") if isinstance(row.event, DataExported)]
    assert (taken[-1].kind, taken[-1].about) == ("report.csv", f"{DATES[0]}–{LEFT_OPEN}")

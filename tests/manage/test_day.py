"""The begin and the end of a day, and its report."""

from __future__ import annotations

import csv
import html
import io
from typing import TYPE_CHECKING

import pytest

from ltsa.commands import CallNext, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.journal import DataExported
from manage import day
from tests.staff import signed_in
from web.fleet import Paper
from web.presence import State

if TYPE_CHECKING:
    from tests.manage.conftest import Manager


def does(manager: Manager, kind: type, **said: object) -> None:
    house = manager.house
    house.do(kind(office="ltsa", at=house.now(), by="officer:siti", key=f"{kind.__name__} {said}", **said))


@pytest.fixture
def busy(manager: Manager) -> Manager:
    """A hall with one person served, one being served, and two waiting."""
    for n, service in enumerate(["information", "information", "bank", "health"]):
        does(manager, IssueTicket, services=(service,), token=f"{n:064x}")
    does(manager, OpenCounter, counter="1", officer="siti")
    does(manager, CallNext, counter="1")
    does(manager, StartService, counter="1")
    does(manager, FinishService, counter="1", outcome="done")
    does(manager, CallNext, counter="1", present="")
    manager.house.catch_up()
    return manager


def device(kind: str, name: str, *, online: bool = True, paper: Paper = "unknown") -> State:
    return State(
        id=name, kind=kind, name=name, counter="", since=0, online=online, seen=0, version="", current=True,
        paper=paper, printer="unknown", screen="",
    )  # fmt: skip


def test_the_list_of_the_morning_is_put_on_record_and_the_day_begins(manager: Manager) -> None:
    page = manager.opens("/opening")
    assert "Kiosk menyala dan dapat disentuh" in page
    assert "0 dari 10 loket sudah buka" in page
    said = {"item.kiosk": "ok", "item.paper": "open", "remark": "Gulungan terakhir", "key": "check"}
    answer = manager.posts("/opening", **said)
    assert answer.status_code == 303
    manager.house.catch_up()
    today = manager.house.today("ltsa")
    assert today.open
    assert today.check
    assert (today.check.ok, today.check.open, today.check.by) == (("kiosk",), ("paper",), "manager:rahma")
    page = manager.opens("/opening")
    assert "Gulungan terakhir" in page
    assert "Gulungan terakhir" in manager.opens(f"/report/{today.date}")


def test_an_empty_list_is_refused(manager: Manager) -> None:
    answer = manager.posts("/opening", key="check")
    assert answer.status_code == 422
    assert not manager.house.today("ltsa").version


def test_the_system_fills_in_what_it_sees_by_itself() -> None:
    found = day.facts(
        (device("kiosk", "pintu", paper="low"), device("kiosk", "aula", online=False), device("display", "hall"))
    )
    assert found["kiosk"] == day.Fact(good=False, names=("aula",))
    assert found["display"] == day.Fact(good=True)
    assert found["paper"] == day.Fact(good=False, names=("pintu",))
    assert "counters" not in found


def test_everybody_who_is_still_here_gets_an_outcome(busy: Manager) -> None:
    page = busy.opens("/closing")
    assert "3 orang belum selesai." in page
    today = busy.house.today("ltsa")
    called, *waiting = [ticket.number for ticket in today.tickets.values() if ticket.state != "done"]
    said = {"outcome": "come-back", f"outcome.{waiting[0]}": "referred", "key": "close"}
    answer = busy.posts("/closing", **said)
    assert answer.status_code == 303
    busy.house.catch_up()
    today = busy.house.today("ltsa")
    assert not today.open
    assert {n: today.tickets[n].outcome for n in (called, *waiting)} == {
        called: "come-back",
        waiting[0]: "referred",
        waiting[1]: "come-back",
    }
    page = busy.opens("/closing")
    assert "3 kunjungan ditutup sebelum selesai." in page
    assert "Hari layanan sudah ditutup." in busy.opens(""), "whatever the hours say"
    assert busy.posts("/closing/reopen", key="again").status_code == 303
    busy.house.catch_up()
    assert busy.house.today("ltsa").open


def test_an_outcome_that_the_office_does_not_know_is_refused(busy: Manager) -> None:
    assert busy.posts("/closing", outcome="gone fishing", key="close").status_code == 422
    assert busy.house.today("ltsa").open


def test_a_day_that_has_not_begun_cannot_be_closed(manager: Manager) -> None:
    assert "Hari layanan belum dimulai." in manager.opens("/closing")


def test_the_report_counts_the_day_and_is_a_table_for_a_spreadsheet(busy: Manager) -> None:
    date = busy.house.today("ltsa").date
    assert busy.client.get("/manage/ltsa/report").location.endswith(f"/report/{date}")
    page = busy.opens(f"/report/{date}")
    assert "Per layanan" in page
    assert '<svg class="bar"' in page
    answer = busy.client.get(f"/manage/ltsa/report/{date}.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    found = {(row["tentang"], row["nama"], row["ukuran"]): row["nilai"] for row in rows}
    assert found["day", date, "Nomor diambil"] == "4"
    assert found["day", date, "Kunjungan selesai"] == "1"
    assert found["service", "Perbankan", "Orang"] == "1"
    assert found["counter", "1", "Dilayani"] == "1"
    journal = busy.house.present.journal_stream("ltsa", busy.house.now())
    taken = [it.event for it in busy.house.ledger.history(journal) if isinstance(it.event, DataExported)]
    assert [(event.kind, event.about) for event in taken] == [("report.csv", date)]


def test_the_report_prints_the_root_that_holds_the_day(busy: Manager) -> None:
    busy.house.sign()
    note = busy.house.ledger.log.checkpoint()
    assert note is not None
    _, size, root, *_ = note.body.split("\n")
    page = busy.opens(busy.client.get("/manage/ltsa/report").location.partition("/manage/ltsa")[2])
    assert root in html.unescape(page)
    assert f"{size} peristiwa, ditandatangani {note.signatures[0].name}" in page


def test_a_day_on_which_nothing_happened_has_no_report(manager: Manager) -> None:
    assert "Tidak ada yang terjadi pada hari ini." in manager.opens("/report/2020-01-01")
    assert manager.client.get("/manage/ltsa/report/2020-01-01.csv").status_code == 404
    assert manager.client.get("/manage/ltsa/report/yesterday").status_code == 404


def test_a_supervisor_begins_and_ends_the_day_and_sees_nothing_of_the_settings(manager: Manager) -> None:
    wati = signed_in(manager.client.application, "wati", ["supervisor"], "ltsa")
    assert wati.get("/manage/ltsa").location.endswith("/manage/ltsa/opening")
    page = wati.get("/manage/ltsa/opening").get_data(as_text=True)
    assert "Tutup hari" in page
    assert "/manage/ltsa/settings" not in page
    assert "/manage/ltsa/people" not in page
    assert wati.get("/manage/ltsa/settings").status_code == 403
    assert wati.post("/manage/ltsa/settings/rules", data={"do": "save"}).status_code == 403

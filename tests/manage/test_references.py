"""Numbers on paper, completed later: by the page, by a table that is pasted or chosen, by the command."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltsa.journal import DataExported
from ltsa.journey import Reference, case_id
from ltsa.journey_rules import NoteReference, OpenCase
from ltsa.requests import FinishRequest, ReceiveRequest
from tests.conftest import Office
from tests.manage.test_pages_browser import AXE
from web.house import House
from web.reconciling import references
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.manage.conftest import Manager

KEYS = (f"key-{n}" for n in count())


def noted(house: House, n: int, number: str, step: str = "ak1", *, paper: bool = True) -> str:
    """Somebody's case, with a number of one step; the case's name."""
    person, said = f"{n:020x}", {"office": "ltsa", "at": house.now(), "by": "officer:siti"}
    card = sha256(person.encode()).hexdigest()
    if not house.ledger.person(person).cases:
        house.do(OpenCase(**said, key=next(KEYS), person=person, scheme="p-to-p", card=card))  # type: ignore[arg-type]
    case = case_id(person, 1)
    about: dict[str, Any] = {"person": person, "case": case, "step": step, "system": "siapkerja"}
    house.do(NoteReference(**said, key=next(KEYS), **about, number=number, paper=paper))  # type: ignore[arg-type]
    return case


def reference(house: House, case: str) -> Reference:
    (found,) = house.ledger.person(case.rpartition("-")[0]).cases[case].references
    return found


def test_the_page_lists_what_is_on_paper_and_filters_by_its_address(manager: Manager) -> None:
    noted(manager.house, 1, "KERTAS 1")
    noted(manager.house, 2, "KERTAS 2", "registration")
    noted(manager.house, 3, "SK-3", paper=False)
    page = manager.opens("/references")
    assert "2 nomor di kertas menunggu" in page
    assert "KERTAS 1" in page
    assert "SK-3" not in page
    assert "SK-3" in manager.opens("/references", all="yes")
    filtered = manager.opens("/references", step="registration", system="siapkerja")
    assert "KERTAS 2" in filtered
    assert "<b>KERTAS 1</b>" not in filtered
    assert "<b>" not in manager.opens("/references", until="2020-01-01").partition("list-title")[2]


def test_a_number_of_somebody_who_was_erased_says_so(manager: Manager) -> None:
    noted(manager.house, 1, "KERTAS 1")
    said: dict[str, Any] = {"office": "ltsa", "at": manager.house.now(), "by": "manager:rahma"}
    asked: dict[str, Any] = {"kind": "erase", "person": f"{1:020x}", "identified": "card"}
    manager.house.do(ReceiveRequest(**said, key=next(KEYS), **asked))
    manager.house.do(FinishRequest(**said, key=next(KEYS), request="1"))
    assert "Data diri dihapus pada" in manager.opens("/references")


def test_the_table_goes_out_on_record_and_comes_back_completed(manager: Manager) -> None:
    first, second = noted(manager.house, 1, "KERTAS 1"), noted(manager.house, 2, "KERTAS 2")
    answer = manager.client.get("/manage/ltsa/references/references.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert [(row["reference"], row["case"], row["paper"]) for row in rows] == [
        ("KERTAS 1", first, "yes"),
        ("KERTAS 2", second, "yes"),
    ]
    exported = [it.event for it in manager.house.ledger.told("data-exported/1")]
    assert [(it.kind, it.by) for it in exported if isinstance(it, DataExported)] == [
        ("references.csv", "manager:rahma")
    ]
    table = f"reference,step,case\nSK-11,ak1,{first}\nKERTAS 2,ak1,{second}\n"
    shown = manager.posts("/references", do="preview", table=table, key="a").get_data(as_text=True)
    assert "1 dilengkapi · 1 masih kertas" in shown
    assert reference(manager.house, first).paper, "a preview changes nothing"
    done = manager.posts("/references", do="apply", table=table, key="b").get_data(as_text=True)
    assert "Yang sudah terjadi" in done
    assert (reference(manager.house, first).number, reference(manager.house, first).replaces) == ("SK-11", "KERTAS 1")
    assert reference(manager.house, first).by == "manager:rahma"
    assert reference(manager.house, second).paper, "a table that still has the paper's number completes nothing"
    newest = manager.house.ledger.newest()
    again = manager.posts("/references", do="apply", table=table, key="c").get_data(as_text=True)
    assert "1 sudah tercatat · 1 masih kertas" in again
    assert manager.house.ledger.newest() == newest


def test_each_row_says_what_would_become_of_it(manager: Manager) -> None:
    case, other = noted(manager.house, 1, "KERTAS 1"), noted(manager.house, 2, "SK-2", paper=False)
    table = "\n".join(
        [
            "reference;step;case",
            f"SK/11;ak1;{case}",
            f"SK-2;ak1;{other}",
            f"SK-9;ak1;{other}",
            f"SK-9;visa;{case}",
            f"SK-9;ak1;{'f' * 20}-1",
            f"<b>;ak1;{case}",
            "x",
        ]
    )
    page = manager.posts("/references", do="preview", table=table, key="a").get_data(as_text=True)
    for words in ("1 dilengkapi", "1 sudah tercatat", "1 bertentangan", "3 tidak dikenal", "1 salah bentuk"):
        assert words in page, words
    assert '<td class="figure">7</td>' in page, "the line of the row that has a wrong format"
    assert "<td><b></td>" not in page


@pytest.mark.parametrize("table", ["", "hello", "a,b\n1,2", 'reference,step,case\n"', "reference,case\n1,2", "\x00"])
def test_what_is_no_table_is_refused_and_stays_in_the_form(manager: Manager, table: str) -> None:
    for do in ("preview", "apply"):
        answer = manager.posts("/references", do=do, table=table, key="k")
        assert answer.status_code == 422
        assert "Tabel ini tidak dapat dibaca" in answer.get_data(as_text=True)


def test_a_table_of_thousands_of_rows_is_taken_and_one_without_end_is_not(manager: Manager) -> None:
    case = noted(manager.house, 1, "KERTAS 1")
    rows = "".join(f"SK-{n},visa,{case}\n" for n in range(3000))
    table = f"reference,step,case\n{rows}SK-1,ak1,{case}\n"
    page = manager.posts("/references", do="preview", table=table, key="a").get_data(as_text=True)
    assert "3000 tidak dikenal" in page
    assert manager.posts("/references", do="preview", table="x" * 1_200_000, key="a").status_code == 413


def test_an_officer_sees_no_list_of_all_references(manager: Manager) -> None:
    from tests.staff import signed_in  # noqa: PLC0415

    siti = signed_in(manager.client.application, "siti", ["officer"], "ltsa")
    assert siti.get("/manage/ltsa/references").status_code == 403
    assert siti.post("/manage/ltsa/references", data={"table": ""}).status_code == 403


def test_the_command_takes_the_table_out_and_in(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(House(settings)) as house:
        case = noted(house, 1, "KERTAS 1")
    data, file = ["--data", str(settings.data)], tmp_path / "references.csv"
    assert references(["ltsa", "--out", str(file), *data], None) == 0
    file.write_text(file.read_text("utf-8").replace("KERTAS 1,", "SK-1,"), "utf-8")
    assert references(["ltsa", "--in", str(file), "--dry-run", *data], None) == 0
    assert references(["ltsa", "--in", str(file), *data], None) == 0
    assert "1 completed" in capsys.readouterr().out
    assert references(["ltsa", "--in", str(file), *data], None) == 0
    assert "1 already" in capsys.readouterr().out
    file.write_text(f"reference,step,case\nSK-2,ak1,{case}\n", "utf-8")
    assert references(["ltsa", "--in", str(file), *data], None) == 1
    assert "line 2: conflicting" in capsys.readouterr().out
    assert references(["ltsa", "--in", str(tmp_path / "nothing.csv"), *data], None) == 2
    with closing(House(settings)) as house:
        assert (reference(house, case).number, reference(house, case).by) == ("SK-1", "command line")


def test_a_number_on_paper_is_completed_from_a_file_in_the_browser(
    office_server: Office, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    from playwright.sync_api import expect  # noqa: PLC0415 - only browser tests need it

    with closing(House(Settings(data=office_server.data, port=0))) as house:
        case = noted(house, 1, "KERTAS 1")
    page = new_page(viewport={"width": 1366, "height": 768})
    office_server.sign_in(page)
    page.goto(f"{office_server.url}/manage/ltsa/references")
    page.get_by_text("KERTAS 1").wait_for()
    page.evaluate(AXE.read_text("utf-8"))
    assert page.evaluate("async () => (await axe.run(document)).violations.map((it) => it.id)") == []
    file = tmp_path / "back.csv"
    file.write_text(f"reference,step,case\nSK-2026-7,ak1,{case}\n", "utf-8")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#table")).to_have_value(file.read_text("utf-8"))
    page.get_by_role("button", name="Pratinjau").click()
    page.get_by_text("Yang akan terjadi").wait_for()
    page.get_by_role("button", name="Lengkapi 1 nomor").click()
    page.get_by_text("Yang sudah terjadi").wait_for()
    page.get_by_text("Tidak ada nomor yang perlu dilengkapi.").wait_for()
    with closing(House(Settings(data=office_server.data, port=0))) as house:
        assert reference(house, case).number == "SK-2026-7"

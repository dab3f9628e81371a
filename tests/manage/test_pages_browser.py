"""The manager's pages in a real browser: for everyone, on a desk, on a phone, on paper, and with a hasty hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltsa.commands import CallNext, FinishService, IssueTicket, OpenCounter, ReturnTicket, StartService
from ltsa.journey_rules import OpenCase
from ltsa.ledger import Ledger
from ltsa.requests import ReceiveRequest
from tests.conftest import Office

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page, ViewportSize

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
DESK = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}

SECTIONS = (
    *("office", "services", "services/immigration", "services/new", "agencies", "counters", "week", "days-off/2027"),
    *("rules", "priorities", "return-reasons", "outcomes", "closing-outcomes", "opening-checks", "security", "consent"),
    "retention",
    *("flows", "flows/p-to-p", "flows/new"),
)
PAGES = (
    "/manage/ltsa",
    "/manage/ltsa/settings",
    *(f"/manage/ltsa/settings/{section}" for section in SECTIONS),
    *(f"/manage/ltsa/{page}" for page in ("changes", "on", "opening", "closing", "report", "report/days", "whatif")),
    *(f"/manage/ltsa/{page}" for page in ("references", "flows/p-to-p/cases", "retention")),
    *(f"/manage/ltsa/{page}" for page in ("requests", "requests/1", "requests/1/answer")),
    *(f"/manage/ltsa/{page}" for page in ("people", "people/dewi", "devices", "programs")),
    *(f"/manage/ltsa/setup/{step}" for step in ("office", "services", "people", "devices", "ready")),
    "/offices",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office with a few people in it."""
    served = Office(tmp_path_factory.mktemp("served") / "office")
    served.start()
    ledger, keys = Ledger(served.data / "ledger.sqlite"), count()

    def does(kind: type, /, **said: Any) -> None:
        now = time.time_ns() // 1_000_000
        ledger.do(kind(office="ltsa", at=now, by="officer:siti", key=f"life {next(keys)}", **said))

    for n, service in enumerate(("information", "information", "information", "bank")):
        does(IssueTicket, services=(service,), token=f"{n:064x}")
    does(OpenCounter, counter="1", officer="siti")
    for end in ("finish", "return", ""):
        does(CallNext, counter="1")
        does(StartService, counter="1")
        if end == "finish":
            does(FinishService, counter="1", outcome="done")
        elif end:
            does(ReturnTicket, counter="1", reasons=("document-missing",))
    does(OpenCase, person="1" * 20, scheme="p-to-p", card="a" * 64)
    does(ReceiveRequest, kind="show", person="1" * 20, identified="card")
    ledger.close()
    yield served
    served.kill()


@pytest.fixture
def opens(new_page: Callable[..., Page], office: Office) -> Callable[..., Page]:
    """Somebody who may do everything opens a page in a window of their own."""

    def open_page(path: str, **context: Any) -> Page:
        page = new_page(**{"viewport": DESK, "reduced_motion": "reduce", **context})
        office.sign_in(page)
        page.goto(office.url + path)
        return page

    return open_page


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everyone_on_a_desk_and_on_a_phone(opens: Callable[..., Page], path: str) -> None:
    page = opens(path)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"]
    page.set_viewport_size(PHONE)
    page.goto(f"{page.url}?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


def test_a_wrong_field_is_where_the_keyboard_stands(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/rules")
    page.expected_errors = ["422"]  # type: ignore[attr-defined]
    page.locator("input[name='rules/recall_limit']").fill("99")
    page.get_by_label("Alasan").fill("coba")
    page.get_by_role("button", name="Simpan").click()
    page.locator("[id='rules/recall_limit-error']").wait_for()
    page.locator("[name='rules/recall_limit']:focus").wait_for()
    assert violations(page) == []


def test_what_is_typed_shows_on_the_screen_of_the_hall(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/office")
    page.locator("textarea[name='running_text.id']").fill("Hari ini pelayanan sampai pukul 14.00.")
    assert page.locator(".mirror__band").inner_text() == "Hari ini pelayanan sampai pukul 14.00."


def test_the_calendar_follows_the_ticks(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/days-off/2027")
    day = page.locator("[data-day='2027-08-17']")
    assert day.get_attribute("class") == "is-holiday"
    page.locator("[data-day-box='2027-08-17']").uncheck()
    assert day.get_attribute("class") == "is-work"


def test_rows_move_and_go_at_once_and_the_order_is_kept(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/pause-reasons")
    words = "input[name$='.name.id']"
    before = page.locator(words).evaluate_all("all => all.map(it => it.value)")
    page.locator("button[value='down:rules/pause_reasons.0']").click()
    page.locator("button[value='drop:rules/pause_reasons.2']").click()
    now = page.locator(words).evaluate_all("all => all.map(it => it.value)")
    assert now == [before[1], before[0], *before[3:]]
    page.get_by_label("Alasan", exact=True).last.fill("urutan baru")
    page.get_by_role("button", name="Simpan").click()
    page.get_by_text("Tersimpan.").wait_for()
    assert page.locator(words).evaluate_all("all => all.map(it => it.value)") == now
    page.get_by_role("button", name="Urungkan").click()
    page.get_by_text("Perubahan diurungkan.").wait_for()
    assert page.locator(words).evaluate_all("all => all.map(it => it.value)") == before


def test_a_row_more_is_where_the_keyboard_stands(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/counters")
    page.get_by_role("button", name="Tambah loket").click()
    page.locator("[data-added]").wait_for()
    page.wait_for_function("document.activeElement?.name?.endsWith('.id')")
    page.keyboard.type("77")
    page.get_by_label("Alasan").fill("loket baru")
    page.get_by_role("button", name="Pratinjau").last.click()
    page.locator(".field__error").first.wait_for()  # it has no name and no service yet
    page.expected_errors = ["422"]  # type: ignore[attr-defined]


def test_a_slip_does_not_lose_what_was_typed(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/office")
    page.locator("input[name='name.id']").fill("Belum disimpan")
    asked: list[str] = []

    def stays(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stays)
    page.get_by_role("link", name="Layanan", exact=True).click()
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    assert page.locator("input[name='name.id']").input_value() == "Belum disimpan"


def test_everything_can_be_done_without_a_script(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/settings/rules", java_script_enabled=False)
    page.locator("input[name='rules/undo_seconds']").fill("25")
    page.get_by_label("Alasan").fill("tanpa skrip")
    page.get_by_role("button", name="Pratinjau").last.click()
    assert "25" in page.locator(".preview").inner_text()
    page.get_by_role("button", name="Simpan").click()
    assert "Tersimpan." in page.locator(".notice--done").inner_text()
    page.get_by_role("button", name="Urungkan").click()
    assert "Perubahan diurungkan." in page.locator(".notice--done").inner_text()


def test_the_report_is_two_sheets_of_paper_at_most(opens: Callable[..., Page]) -> None:
    page = opens("/manage/ltsa/report")
    page.get_by_role("heading", name="Laporan harian").wait_for()
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page/") + paper.count(b"/Type/Page/") <= 2
    page.emulate_media(media="print")
    assert page.locator(".tabs").is_hidden()
    assert page.locator("svg.bar").first.is_visible()

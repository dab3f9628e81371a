"""A manager asks what recorded days would have been like: in a real browser, with and without a script, on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Office
from tests.manage.past import DATES, record
from tests.manage.test_pages_browser import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
LONG = tuple(f"2025-10-{day:02}" for day in range(1, 29))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office with a month of days and three more behind it."""
    served = Office(tmp_path_factory.mktemp("served") / "office")
    record(served.data, (*LONG, *DATES), people=100.0)
    served.start()
    yield served
    served.kill()


def test_a_manager_starts_cancels_reads_and_prints(new_page: Callable[..., Page], office: Office) -> None:
    page = new_page(viewport=DESK, reduced_motion="reduce")
    office.sign_in(page)
    page.goto(f"{office.url}/manage/ltsa")
    page.get_by_role("link", name="Seandainya").click()
    assert violations(page) == []

    page.get_by_label("Dari hari").fill(LONG[0])
    page.get_by_label("Sampai hari").fill(LONG[-1])
    page.get_by_label("Satu loket lagi untuk layanan").last.select_option("health")
    assert page.locator("input[name=change][value=counter]").is_checked(), "whoever changes a detail means that change"
    page.get_by_role("button", name="Hitung").click()
    bar = page.locator("progress")
    bar.wait_for()
    page.locator("progress:not([value='0'])").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Batalkan").click()
    page.get_by_text("Perhitungan dibatalkan.").wait_for()

    page.get_by_label("Dari hari").fill(DATES[0])
    page.get_by_label("Sampai hari").fill(DATES[-1])
    page.get_by_role("button", name="Hitung", exact=True).click()
    page.locator("[data-belief]").wait_for()
    assert page.locator("tbody tr").count() == page.locator("figure svg").count() == 6
    assert violations(page) == []
    page.locator("[data-lever=slots]").click()
    page.locator("[data-belief]").wait_for()
    assert "change=slots" in page.url

    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page/") + paper.count(b"/Type/Page/") <= 2
    page.emulate_media(media="print")
    assert page.locator("form").first.is_hidden()
    assert page.locator("[data-lever=slots]").is_hidden()
    assert page.locator("figure svg").first.is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{page.url}&lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


def test_the_answer_comes_without_a_script_too(new_page: Callable[..., Page], office: Office) -> None:
    page = new_page(viewport=DESK, java_script_enabled=False)
    office.sign_in(page)
    page.goto(f"{office.url}/manage/ltsa/whatif?from={DATES[0]}&to={DATES[-1]}&change=policy&policy=shortest")
    page.locator("[data-belief]").wait_for(timeout=15_000)
    assert "Cara memanggil: Antrean terpendek" in page.locator("#outcome-title").inner_text()

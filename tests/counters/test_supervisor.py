"""The supervisor sees the office at a glance, and ends the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.counters.conftest import Hall, Officer, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

Sits = Callable[..., Officer]


def test_the_supervisor_sees_what_happens_at_the_counters_as_it_happens(
    hall: Hall, sits: Sits, supervisor: Page
) -> None:
    assert violations(supervisor) == []
    first = hall.takes("labour")
    second = hall.takes("labour", "health")
    alone = supervisor.locator("#queue-labour.hall__alone")
    alone.get_by_text("Tidak ada").wait_for()
    siti = sits("3").opens()
    alone.wait_for(state="detached")
    row = supervisor.locator("#counter-3")
    row.get_by_text("siti").wait_for()
    siti.presses(" ")
    row.get_by_text("Dipanggil").wait_for()
    assert row.locator(".number").inner_text() == first
    siti.presses("x")
    supervisor.locator("#away", has_text=first).get_by_text("Tidak hadir", exact=True).last.wait_for()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    row.get_by_text("Sedang dilayani").wait_for()
    hall.at("3", "return", reasons=["document-missing"])
    supervisor.locator("#away tr", has_text=second).get_by_text("Berkas kurang").wait_for(state="detached")
    supervisor.locator("#queue-health.hall__alone").wait_for()
    assert violations(supervisor) == []
    assert supervisor.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    row = supervisor.locator("#queue-health")
    row.locator("td").nth(1).evaluate("(cell) => { cell.querySelector('time').textContent = '1 jam 48 menit' }")
    longest = row.locator("td").nth(1).evaluate("(cell) => cell.scrollWidth - cell.clientWidth")
    assert longest <= 0, "the longest wait keeps to its column"


def test_closing_the_day_says_how_many_people_still_wait_and_can_be_taken_back(hall: Hall, supervisor: Page) -> None:
    for _ in range(3):
        hall.takes("labour")
    hall.at("3", "open", officer="siti", services=[])
    hall.at("3", "call-next")
    supervisor.get_by_role("button", name="Tutup hari").click()
    supervisor.get_by_text("3 orang belum selesai").wait_for()
    supervisor.get_by_text("2 menunggu, 1 di loket, 0 ditunda.").wait_for()
    assert violations(supervisor) == []
    supervisor.get_by_role("button", name="Tutup hari bagi 3 orang").press("Enter")
    supervisor.get_by_text("Hari layanan sudah ditutup.").wait_for()
    supervisor.locator("dialog[open]").wait_for(state="detached")
    assert violations(supervisor) == []
    supervisor.get_by_role("button", name="Buka lagi hari").click()
    supervisor.get_by_text("dapat diantrekan lagi satu per satu").wait_for()
    assert violations(supervisor) == []
    supervisor.keyboard.press("Enter")
    supervisor.get_by_text("Hari layanan sedang buka.").wait_for()


def test_a_desk_says_that_the_day_is_closed(hall: Hall, sits: Sits, supervisor: Page) -> None:
    hall.takes("labour")
    siti = sits("3").opens()
    supervisor.get_by_role("button", name="Tutup hari").click()
    supervisor.get_by_role("button", name="Tutup hari bagi 1 orang").press("Enter")
    siti.reads("Hari layanan sudah ditutup")
    assert violations(siti.page) == []


def test_the_page_prints_its_tables_without_its_buttons(hall: Hall, supervisor: Page) -> None:
    hall.takes("labour")
    supervisor.emulate_media(media="print")
    assert supervisor.get_by_role("button", name="Tutup hari").is_hidden()
    assert supervisor.get_by_role("table").count() == 3
    assert supervisor.pdf(format="A4").startswith(b"%PDF")

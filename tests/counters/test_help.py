"""Somebody at a kiosk calls an officer: who sees it, who answers, and what becomes of the sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.counters.conftest import Hall, Officer, violations
from tests.counters.presses import Presses
from tests.staff import paired

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Sits = Callable[..., Officer]
NewPage = Callable[..., "Page"]


def kiosk(new_page: NewPage, hall: Hall, name: str) -> Page:
    """Somebody stands before a kiosk."""
    page = hall.lets_in(new_page(viewport={"width": 1080, "height": 1920}, reduced_motion="reduce"), f"kiosk {name}")
    page.goto(f"{hall.office.url}/kiosk/ltsa")
    return page


def calls(page: Page) -> Locator:
    """Presses "Panggil petugas"; the sign."""
    page.get_by_role("button", name="Panggil petugas").click()
    sign = page.locator("#help[open]")
    sign.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    return sign


def test_a_person_calls_the_supervisor_sees_it_and_answers_and_the_sign_goes(
    hall: Hall, supervisor: Page, new_page: NewPage
) -> None:
    sign = calls(kiosk(new_page, hall, "timur"))
    band = supervisor.locator(".hall__call", has_text="Kiosk timur memanggil petugas")
    band.wait_for()
    assert violations(supervisor) == []
    band.get_by_role("button", name="Sudah dibantu").focus()
    supervisor.keyboard.press("Enter")
    band.wait_for(state="detached")
    sign.wait_for(state="detached")


def test_an_officer_sees_the_call_without_anything_moving_and_may_answer_it(
    hall: Hall, sits: Sits, new_page: NewPage
) -> None:
    siti = sits("3").opens()
    still = [siti.page.locator(part) for part in ("#primary", "#actions", ".desk__who", ".line", "#documents")]
    before = [part.bounding_box() for part in still]
    first, second = (calls(kiosk(new_page, hall, name)) for name in ("barat", "timur"))
    siti.reads("Kiosk barat memanggil petugas")
    siti.reads("dan 1 kiosk lagi")
    assert [part.bounding_box() for part in still] == before
    assert violations(siti.page) == []
    siti.clicks("Sudah dibantu")
    first.wait_for(state="detached")
    siti.reads("Kiosk timur memanggil petugas")
    siti.clicks("Sudah dibantu")
    second.wait_for(state="detached")
    siti.page.locator(".desk__call").wait_for(state="detached")
    assert [part.bounding_box() for part in still] == before


def test_whoever_was_helped_says_so_and_the_call_goes_from_every_screen(
    hall: Hall, supervisor: Page, new_page: NewPage
) -> None:
    sign = calls(kiosk(new_page, hall, "barat"))
    supervisor.locator(".hall__call").wait_for()
    sign.get_by_role("button", name="Sudah dibantu").click()
    supervisor.locator(".hall__call").wait_for(state="detached")


def test_who_answered_a_call_is_recorded(presses: Presses) -> None:
    presses.does("open")
    kiosk = paired(presses.app, "kiosk", "timur")
    kiosk.post("/kiosk/ltsa/help", headers={"Idempotency-Key": "k" * 16, "Accept": "application/json"})
    assert list(presses.day.help) == ["timur"]
    presses.does("give-help", kiosk="timur")
    asked, given = (recorded.event for recorded in presses.house.ledger.since(0)[-2:])
    assert (asked.by, given.by) == ("kiosk:timur", "officer:siti")
    assert presses.refused("give-help", kiosk="timur") == (409, "no-help-asked")

"""Somebody at a kiosk calls an officer: who sees it, who answers, and what becomes of the sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.counters.conftest import Hall, Officer, violations
from tests.counters.presses import Presses

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Sits = Callable[[str], Officer]
NewPage = Callable[..., "Page"]


def kiosk(new_page: NewPage, hall: Hall, name: str) -> Page:
    """Somebody stands before a kiosk."""
    page = new_page(viewport={"width": 1080, "height": 1920}, reduced_motion="reduce")
    page.goto(f"{hall.office.url}/kiosk/ltsa?kiosk={name}")
    return page


def calls(page: Page) -> Locator:
    """Presses "Panggil petugas"; the sign."""
    page.get_by_role("button", name="Panggil petugas").click()
    sign = page.locator("#help[open]")
    sign.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    return sign


def test_a_person_calls_the_supervisor_sees_it_and_answers_and_the_sign_goes(
    hall: Hall, page: Page, new_page: NewPage
) -> None:
    page.goto(f"{hall.office.url}/supervisor/ltsa")
    sign = calls(kiosk(new_page, hall, "pintu-timur"))
    band = page.locator(".hall__call", has_text="Kiosk pintu-timur memanggil petugas")
    band.wait_for()
    assert violations(page) == []
    band.get_by_role("button", name="Sudah dibantu").focus()
    page.keyboard.press("Enter")
    page.locator("#supervisor:focus").wait_for()
    page.keyboard.type("yuni")
    page.keyboard.press("Enter")
    band.wait_for(state="detached")
    sign.wait_for(state="detached")


def test_an_officer_sees_the_call_without_anything_moving_and_may_answer_it(
    hall: Hall, sits: Sits, new_page: NewPage
) -> None:
    siti = sits("3").opens("siti")
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
    hall: Hall, page: Page, new_page: NewPage
) -> None:
    page.goto(f"{hall.office.url}/supervisor/ltsa")
    sign = calls(kiosk(new_page, hall, "1"))
    page.locator(".hall__call").wait_for()
    sign.get_by_role("button", name="Sudah dibantu").click()
    page.locator(".hall__call").wait_for(state="detached")


def test_who_answered_a_call_is_recorded(presses: Presses) -> None:
    presses.does("open")
    presses.client.post(
        "/kiosk/ltsa/help", data={"kiosk": "2"}, headers={"Idempotency-Key": "k" * 16, "Accept": "application/json"}
    )
    assert list(presses.day.help) == ["2"]
    presses.does("give-help", kiosk="2")
    asked, given = (recorded.event for recorded in presses.house.ledger.since(0)[-2:])
    assert (asked.by, given.by) == ("kiosk:2", "officer:siti")
    assert presses.refused("give-help", kiosk="2") == (409, "no-help-asked")

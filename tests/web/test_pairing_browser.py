"""Pairing as people see it: a code on the wall, a manager elsewhere, a screen that goes on and goes out by itself.

The manager is in another process that shares the folder: what she does reaches the screens' server by the files alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from app import create_app
from tests.conftest import Office
from tests.kiosk.visitor import violations
from tests.staff import pair
from tests.web.test_devices import Manager
from web import devices
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZES = {"upright": (1080, 1920), "hall": (1920, 1080), "desk": (1366, 768)}


@pytest.fixture
def siti(office_server: Office) -> Iterator[Manager]:
    app = create_app(Settings(data=office_server.data, port=office_server.port))
    yield Manager(app)
    app.extensions["ltsa"].close()


def code_on(page: Page) -> str:
    """What the screen shows."""
    return "-".join(page.locator(".code__group").all_inner_texts())


@pytest.mark.parametrize("size", SIZES)
def test_a_code_is_as_large_as_the_screen_allows_and_breaks_no_rule(
    office_server: Office, new_page: Callable[..., Page], size: str
) -> None:
    width, height = SIZES[size]
    page = new_page(viewport={"width": width, "height": height})
    page.goto(f"{office_server.url}/kiosk/ltsa")
    page.locator(".code__group").first.wait_for()
    assert re.fullmatch(r"\w{4}-\w{4}", code_on(page))
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        width,
        height,
    ]
    for widest in ("DDDD", "NHNH"):
        page.evaluate(
            f"() => document.querySelectorAll('.code__group').forEach(it => {{ it.textContent = '{widest}' }})"
        )
        boxes = page.locator(".code__group").evaluate_all("all => all.map(it => it.getBoundingClientRect().toJSON())")
        assert all(box["left"] >= 0 and box["right"] <= width for box in boxes)
        assert max(box["right"] for box in boxes) - min(box["left"] for box in boxes) > width / 2
        page_height = page.evaluate("document.documentElement.scrollHeight")
        assert page_height == height
    assert violations(page) == []


def test_a_kiosk_goes_on_by_itself_when_its_code_is_approved_and_is_out_when_it_is_revoked(
    office_server: Office, new_page: Callable[..., Page], siti: Manager
) -> None:
    kiosk, other = new_page(viewport={"width": 1080, "height": 1920}), new_page()
    kiosk.goto(f"{office_server.url}/kiosk/ltsa?print=off")
    other.goto(f"{office_server.url}/kiosk/ltsa")
    device = siti.approves(code_on(kiosk))
    kiosk.wait_for_selector("[data-step=welcome]")
    assert kiosk.url == f"{office_server.url}/kiosk/ltsa?print=off"
    assert other.locator(".code__group").count() == 2

    kiosk.reload()
    kiosk.locator(".tongue[value=id]").click()
    kiosk.wait_for_selector("[data-step=services]")
    kiosk.expected_errors = ["401"]  # type: ignore[attr-defined]
    siti.does(devices.revoke, device.id, "ltsa", "manager:siti")
    kiosk.wait_for_selector(".code__group")
    assert "/pair?kind=kiosk" in kiosk.url


def test_a_manager_lets_a_kiosk_in_from_her_own_page(
    office_server: Office, new_page: Callable[..., Page], siti: Manager
) -> None:
    kiosk, desk = new_page(viewport={"width": 1080, "height": 1920}), new_page(viewport={"width": 1366, "height": 768})
    kiosk.goto(f"{office_server.url}/kiosk/ltsa?print=off")
    cookie = {"name": "session", "value": siti.session, "url": office_server.url}
    desk.context.add_cookies([cookie])  # type: ignore[list-item]
    desk.goto(f"{office_server.url}/manage/ltsa/devices")
    desk.locator("[name=code]").fill(code_on(kiosk).lower())
    desk.locator("[name=code]").press("Enter")
    desk.locator("[name=name]").fill("pintu")
    desk.locator("form:has([name=name]) button.button--primary").click()
    kiosk.wait_for_selector("[data-step=welcome]")
    assert kiosk.url == f"{office_server.url}/kiosk/ltsa?print=off"
    desk.reload()
    desk.get_by_role("rowheader", name="Kiosk pintu").wait_for()


def test_who_leads_the_hall_sees_how_the_devices_are_although_nothing_of_it_is_in_the_ledger(
    office_server: Office, page: Page, siti: Manager
) -> None:
    here = siti.app.extensions["ltsa"]
    secret = pair(here, "printer", "pintu", counter="pintu")
    office_server.sign_in(page)
    page.goto(f"{office_server.url}/supervisor/ltsa")
    printer = page.locator(".devices__one", has_text="Mesin cetak tiket pintu")
    printer.get_by_text("Belum pernah terlihat").wait_for()
    before = here.ledger.newest()
    for paper, word in (("ok", "Kertas ada"), ("low", "Kertas hampir habis"), ("ok", "Kertas ada")):
        with closing(HTTPConnection("127.0.0.1", office_server.port, timeout=30)) as connection:
            headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
            connection.request("POST", "/device/report", json.dumps({"paper": paper, "printer": "reachable"}), headers)
            assert connection.getresponse().status == 200
        printer.get_by_text(word, exact=True).wait_for()
    assert printer.get_by_text("Tersambung").is_visible()
    assert here.ledger.newest() == before
    assert violations(page) == []


def test_a_screen_says_how_it_is_and_is_seen_elsewhere(
    office_server: Office, new_page: Callable[..., Page], siti: Manager
) -> None:
    display = new_page(viewport={"width": 1920, "height": 1080})
    display.goto(f"{office_server.url}/display/ltsa")
    with display.expect_response("**/device/report") as reported:
        siti.approves(code_on(display), kind="display", name="aula")
    assert reported.value.ok
    here = siti.app.extensions["ltsa"]
    here.presence.look()
    (state,) = [each for each in siti.does(devices.states, "ltsa") if each.name == "aula"]
    assert (state.online, state.current, state.screen) == (True, True, "1920×1080")


def test_a_code_that_is_over_is_followed_by_a_new_one_by_itself(
    office_server: Office, page: Page, siti: Manager
) -> None:
    page.goto(f"{office_server.url}/kiosk/ltsa")
    old = code_on(page)
    siti.app.extensions["ltsa"].fleet.end(old.replace("-", ""))
    page.wait_for_function(
        "old => { const now = [...document.querySelectorAll('.code__group')].map(it => it.textContent).join('-');"
        " return now && now !== old }",
        arg=old,
    )
    assert siti.approves(code_on(page)).name == "pintu"
    page.wait_for_selector("[data-step=welcome]")


def test_a_waiting_screen_that_lost_the_office_keeps_its_code_and_says_so(office_server: Office, page: Page) -> None:
    page.expected_errors = ["ERR_"]  # type: ignore[attr-defined]
    page.clock.install()
    page.goto(f"{office_server.url}/kiosk/ltsa")
    code = code_on(page)
    office_server.kill()
    for _ in range(8):
        page.clock.run_for(2_500)
    page.get_by_text("Tidak tersambung. Yang terlihat adalah keadaan pukul").wait_for()
    assert code_on(page) == code
    office_server.start()
    page.clock.run_for(5_000)
    page.locator(".stale").wait_for(state="hidden")


def test_the_browser_that_opens_a_pairing_link_is_let_in_without_a_touch(
    office_server: Office, new_page: Callable[..., Page], siti: Manager
) -> None:
    address = siti.does(devices.link, "display", "ltsa", "aula", "", "manager:siti")
    display, late = new_page(), new_page()
    display.goto(address)
    display.wait_for_selector("[data-wall]")
    late.expected_errors = ["410"]  # type: ignore[attr-defined]
    late.goto(address)
    late.get_by_text("Tautan ini tidak berlaku lagi").wait_for()
    late.goto(f"{office_server.url}/display/ltsa")
    late.wait_for_selector(".code__group")

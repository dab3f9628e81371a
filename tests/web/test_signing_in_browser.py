"""The door in a real browser: on an officer's PC and on a phone, with a keyboard, for everyone."""

from __future__ import annotations

import io
import re
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
import zxingcpp
from PIL import Image

from tests.conftest import Office
from tests.staff import hire, pair
from tests.web.doors import BETTER, GOOD, MINUTE, PIN
from tests.web.test_look_browser import DESK, PHONE, violations
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

NEW = "tiga kucing memanjat atap genteng"
SIZES = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office where Siti has a PIN, Budi a phone, Ani an invitation; nobody is signed in."""
    data: Path = tmp_path_factory.mktemp("door") / "office"
    with closing(House(Settings(data=data, port=0))) as here:
        at, kept = here.now(), here.credentials
        for person, role, name, password in (
            ("siti", "officer", "Siti Rahma", GOOD),
            ("budi", "manager", "Budi", BETTER),
        ):
            hire(here, person, (role,), "ltsa")
            kept.set_name(person, name)
            kept.set_password(person, password, at)
        hire(here, "ani", ("officer",), "ltsa")
        kept.set_pin("siti", PIN, at)
        phone = kept.begin_totp("budi")
        codes = kept.confirm_totp("budi", pyotp.TOTP(phone).at(at // 1000 - 300), at - 5 * MINUTE) or []
        secrets = {
            "phone": phone,
            "codes": " ".join(codes),
            "setup": kept.make_link("", "setup", at, 24),
            "ani": kept.make_link("ani", "invitation", at, 72),
            "siti": kept.make_link("siti", "reset", at, 24),
            "counter": pair(here, "counter", "loket-4"),
        }
    office = Office(data, secrets=secrets)
    office.start()
    yield office
    office.kill()


def opens(new_page: Callable[..., Page], viewport: dict[str, int] = DESK, **context: object) -> Page:
    """A browser of somebody's own, at whose door refusals are expected."""
    page = new_page(viewport=viewport, **context)
    page.expected_errors = ["422", "429", "410"]  # type: ignore[attr-defined]
    return page


def signs_in(page: Page, office: Office, account: str, password: str, to: str = "/account") -> None:
    page.goto(f"{office.url}/sign-in?next={to}")
    page.fill("#account", account)
    page.fill("#password", password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def is_well_made(page: Page) -> list[Any]:
    """What axe-core finds wrong, what is too small for a finger, and what is cut off at the side."""
    page.wait_for_load_state()
    small = page.evaluate(
        """() => [...document.querySelectorAll("main :is(a, button, input:not([type=hidden]), summary)")]
            .filter(it => it.offsetParent && it.getBoundingClientRect().height < 44).map(it => it.outerHTML)"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*violations(page), *small, *([f"{wide} px too wide"] if wide > 0 else [])]


@SIZES
def test_siti_signs_in_with_the_keyboard_alone_after_a_slip(
    new_page: Callable[..., Page], office: Office, viewport: dict[str, int]
) -> None:
    page = opens(new_page, viewport)
    page.goto(f"{office.url}/sign-in?next=/account")
    assert is_well_made(page) == []
    page.keyboard.type("siti")
    page.keyboard.press("Tab")
    page.keyboard.type("kuda")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("Akun atau kata sandi tidak cocok").wait_for()
    assert is_well_made(page) == []
    assert page.evaluate("document.activeElement.id") == "password", "the account stays, the password is typed again"
    page.keyboard.type(GOOD)
    page.get_by_role("button", name="Perlihatkan").click()
    assert page.get_attribute("#password", "type") == "text"
    page.get_by_role("button", name="Sembunyikan").click()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Siti Rahma").wait_for()
    assert is_well_made(page) == []


@SIZES
def test_budi_comes_in_by_his_phone_and_without_it_by_a_recovery_code(
    new_page: Callable[..., Page], office: Office, viewport: dict[str, int]
) -> None:
    page = opens(new_page, viewport)
    signs_in(page, office, "budi", BETTER)
    page.get_by_role("heading", name="Langkah kedua").wait_for()
    assert is_well_made(page) == []
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    page.get_by_text("Kode tidak cocok atau sudah dipakai").wait_for()
    if viewport == DESK:
        page.fill("#code", pyotp.TOTP(office.secrets["phone"]).at(int(time.time())))
    else:
        page.get_by_role("link", name="Pakai kode pemulihan").click()
        page.get_by_role("heading", name="Kode pemulihan").wait_for()
        assert is_well_made(page) == []
        page.fill("#recovery", office.secrets["codes"].split()[0].lower())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Budi").wait_for()
    assert is_well_made(page) == []


@SIZES
def test_a_locked_account_reads_until_when_and_what_helps(
    new_page: Callable[..., Page], office: Office, viewport: dict[str, int]
) -> None:
    page = opens(new_page, viewport)
    for _ in range(5):
        signs_in(page, office, f"nobody{viewport['width']}", "guess")
    page.get_by_role("alert").get_by_text(re.compile(r"Terkunci sampai pukul \d\d\.\d\d WIB")).wait_for()
    assert page.get_by_text("minta manajer kantor membuka kunci").is_visible()
    assert is_well_made(page) == []


def test_the_first_person_sets_a_password_a_phone_and_keeps_the_codes(
    new_page: Callable[..., Page], office: Office
) -> None:
    page = opens(new_page)
    page.goto(f"{office.url}/link/{office.secrets['setup']}")
    assert is_well_made(page) == []
    page.keyboard.type("Dewi Kartika")
    page.fill("#account", "dewi.k")
    page.fill("#password", "dewi kartika 88")
    page.get_by_role("status").get_by_text("memakai nama akun, orang, atau kantor").wait_for()
    page.fill("#password", "pendek")
    page.get_by_role("status").get_by_text("Perlu 10 karakter atau lebih").wait_for()
    assert is_well_made(page) == []
    page.fill("#password", NEW)
    page.get_by_role("status").get_by_text("Sangat kuat").wait_for()
    page.get_by_role("button", name="Simpan dan masuk").click()
    page.get_by_text("Dewi Kartika").wait_for()
    page.goto(f"{office.url}/account")
    page.get_by_role("link", name="Siapkan langkah kedua").click()
    page.get_by_role("heading", name="Pindai kode ini").wait_for()
    assert is_well_made(page) == []
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    phone = pyotp.parse_uri(read.text)
    assert isinstance(phone, pyotp.TOTP)
    page.fill("#code", phone.at(int(time.time())))
    page.get_by_role("button", name="Aktifkan").click()
    codes = page.get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    assert is_well_made(page) == []
    page.emulate_media(media="print")
    assert page.get_by_text(codes[9]).is_visible()
    assert not page.get_by_role("button", name="Cetak").is_visible()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Sudah saya simpan").click()
    page.get_by_text("10 kode pemulihan tersisa").wait_for()


def test_who_is_invited_is_at_home_in_english_too(new_page: Callable[..., Page], office: Office) -> None:
    page = opens(new_page, PHONE)
    page.goto(f"{office.url}/link/{office.secrets['ani']}?lang=en")
    assert page.get_by_role("heading", name="Welcome, ani").is_visible()
    assert is_well_made(page) == []
    page.fill("#name", "Ani")
    page.fill("#password", "abcdefghijkl")
    page.get_by_role("button", name="Save and sign in").click()
    page.get_by_text("The password is easy to guess: it counts up or down").wait_for()
    assert is_well_made(page) == []
    assert page.input_value("#name") == "Ani"
    page.fill("#password", NEW)
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url(f"{office.url}/")
    page.goto(f"{office.url}/link/{office.secrets['ani']}?lang=en")
    assert page.get_by_role("heading", name="This link does not work").is_visible()
    assert is_well_made(page) == []


def test_a_counter_pc_is_locked_and_opened_with_the_pin(new_page: Callable[..., Page], office: Office) -> None:
    page = opens(new_page)
    page.context.add_cookies([{"name": "device", "value": office.secrets["counter"], "url": office.url}])
    signs_in(page, office, "siti", GOOD)
    page.get_by_role("button", name="Kunci layar").click()
    page.get_by_role("heading", name="Layar ini terkunci").wait_for()
    assert is_well_made(page) == []
    page.goto(f"{office.url}/desk/ltsa")
    assert page.get_by_role("heading", name="Layar ini terkunci").is_visible()
    page.keyboard.type("402818")
    page.keyboard.press("Enter")
    page.get_by_text("PIN tidak cocok").wait_for()
    assert is_well_made(page) == []
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office.url}/desk/ltsa")


def test_siti_changes_her_password_and_signs_out_everywhere(new_page: Callable[..., Page], office: Office) -> None:
    page, elsewhere = opens(new_page), opens(new_page, PHONE)
    signs_in(elsewhere, office, "siti", GOOD)
    signs_in(page, office, "siti", GOOD)
    page.locator("summary", has_text="Ganti kata sandi").click()
    page.fill("#password-current", GOOD)
    page.fill("#password", NEW)
    page.get_by_role("status").get_by_text("Sangat kuat").wait_for()
    page.get_by_role("button", name="Ganti kata sandi").click()
    page.get_by_text("Kata sandi diganti").wait_for()
    assert is_well_made(page) == []
    elsewhere.goto(f"{office.url}/account")
    assert elsewhere.get_by_role("heading", name="Masuk").is_visible()
    page.get_by_role("button", name="Keluar dari semua tempat").click()
    page.get_by_text("Anda sudah keluar").wait_for()
    assert is_well_made(page) == []
    page.goto(f"{office.url}/account")
    assert page.get_by_role("heading", name="Masuk").is_visible()


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/account/second-factor", "/link/{siti}"])
def test_nothing_is_cut_off_on_the_narrowest_screen_in_large_text(
    new_page: Callable[..., Page], office: Office, path: str
) -> None:
    page = opens(new_page, {"width": 320, "height": 640})
    if path.startswith("/account"):
        signs_in(page, office, "ani", NEW)
        page.get_by_role("heading", name="Ani").wait_for()
    page.goto(office.url + path.format(**office.secrets) + "?text=large")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

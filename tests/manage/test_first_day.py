"""The promise: from the one-time link to the first number called, in a browser, without editing a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 30_000


class FreshOffice:
    """A server on an empty folder, as somebody starts it for the first time: nobody has an account."""

    def __init__(self, folder: Path) -> None:
        self.terminal = folder.with_suffix(".terminal")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LTSA_")}
        with self.terminal.open("w") as terminal:
            command = [sys.executable, "app.py", "serve", "--port", "0", "--data", str(folder)]
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=environ, stdout=terminal, stderr=subprocess.STDOUT
            )
        while "Ctrl+C" not in self.said and self.process.poll() is None:
            time.sleep(0.02)

    @property
    def said(self) -> str:
        """What stands on its terminal."""
        return self.terminal.read_text("utf-8")

    @property
    def link(self) -> str:
        """The one-time link that it printed."""
        found = re.search(r"http://\S+/link/\S+", self.said)
        assert found, self.said
        return found[0]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture
def fresh_office(tmp_path: Path) -> Iterator[FreshOffice]:
    office = FreshOffice(tmp_path / "office")
    yield office
    office.close()


def test_a_manager_sets_a_new_office_up_from_the_one_time_link_to_the_first_number_called(
    new_page: Callable[..., Page], fresh_office: FreshOffice
) -> None:
    page = new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE)
    page.goto(fresh_office.link)
    makes_an_account(page)
    says_what_office_it_is(page)
    says_which_desks_there_are(page)
    invites_an_officer(page)
    kiosk = makes_this_browser_a_kiosk(page)

    page.get_by_role("heading", name="Kantor siap").wait_for()
    page.get_by_text("Kiosk memberi nomor sekarang.").wait_for()
    number = takes_a_number(kiosk)
    calls_at_counter_1(page)
    page.locator(f"#stage-{number}").locator(".chip", has_text="Dipanggil").wait_for()

    page.goto(f"{page.url.split('/desk')[0]}/manage/ltsa/changes")
    assert page.get_by_text("rahma.wulandari (manajer kantor)").count() == 2
    assert page.get_by_text("Penyiapan kantor").count() == 2


def makes_an_account(page: Page) -> None:
    """Who is the first here?"""
    page.get_by_label("Nama lengkap").fill("Rahma Wulandari")
    page.get_by_label("Nama akun").fill("rahma.wulandari")
    page.locator("input[name=password]").fill("kapal layar melintasi teluk")
    page.locator("[id$=-strength] [data-why]:not([hidden])").wait_for()
    page.get_by_role("button", name="Simpan dan masuk").click()


def says_what_office_it_is(page: Page) -> None:
    """Its name, its zone, and hours around the clock, so that the story holds whenever it is told."""
    page.get_by_role("heading", name="Kantor dan jam buka").wait_for()
    page.locator("input[name='name.id']").fill("LTSA Mataram")
    page.get_by_label("WITA").check()
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        page.locator(f"input[name='week/{day}.open']").check()
        page.locator(f"input[name='week/{day}.opens']").fill("00.00")
        page.locator(f"input[name='week/{day}.closes']").fill("23.59")
        if (rest := page.locator(f"button[value='drop:week/{day}.breaks.0']")).count():
            rest.click()
    page.get_by_label(re.compile("libur nasional dan cuti bersama")).uncheck()
    page.get_by_role("button", name="Simpan dan lanjut").click()


def says_which_desks_there_are(page: Page) -> None:
    """Two desks of the standard are not here, and one has two counters."""
    page.get_by_role("heading", name="Layanan dan loket").wait_for()
    page.locator("input[name='offered.police']").uncheck()
    page.locator("input[name='offered.civil-registry']").uncheck()
    page.locator("input[name='counters.information']").fill("1, 2")
    page.get_by_role("button", name="Simpan dan lanjut").click()


def invites_an_officer(page: Page) -> None:
    """Somebody is invited; until they come, the manager sits at a counter."""
    page.get_by_role("heading", name="Orang", exact=True).wait_for()
    page.get_by_label("Nama lengkap").fill("Siti Rahmawati")
    page.get_by_label("Akun").fill("siti.rahma")
    page.get_by_role("button", name="Buat undangan").click()
    page.get_by_role("heading", name="Undangan untuk Siti Rahmawati").wait_for()
    assert "/link/" in page.locator("[data-copy-text]").inner_text()
    page.get_by_role("link", name="Lanjutkan penyiapan").click()
    page.locator("input[name='me.officer']").check()
    page.get_by_role("button", name="Simpan dan lanjut").click()


def makes_this_browser_a_kiosk(page: Page) -> Page:
    """For now, in a tab of its own."""
    page.get_by_role("heading", name="Kiosk dan layar").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Jadikan kiosk").click()
    kiosk = opened.value
    kiosk.set_default_timeout(PATIENCE)
    kiosk.get_by_role("heading", name="Selamat datang").wait_for()
    page.get_by_text("kiosk-1").first.wait_for()  # the list on the page follows by itself
    page.get_by_role("link", name=re.compile("lanjut")).click()
    return kiosk


def calls_at_counter_1(page: Page) -> None:
    """Opens the counter, and calls."""
    page.get_by_role("link", name="Buka loket saya").click()
    page.get_by_role("link", name=re.compile("Loket 1")).first.click()
    for action in ("Buka", "Panggil"):
        page.locator("#primary", has_text=action).wait_for()
        page.wait_for_load_state()  # a press before the page's scripts are there would be lost
        page.locator("[data-desk]:not([aria-busy=true]):not([data-settling]):enabled").wait_for()
        page.locator("#primary").click()


def takes_a_number(kiosk: Page) -> str:
    """Three taps: language, matter, number."""
    for tap, step in (
        (".tongue[value=id]", "services"),
        (".service[value=information]", "review"),
        (".review__do .button--primary", "ticket"),
    ):
        kiosk.locator(tap).first.click()
        kiosk.wait_for_selector(f"[data-step={step}]")
        kiosk.wait_for_selector("main:not([inert])")
    return kiosk.locator(".ticket .wide").get_attribute("aria-label") or ""

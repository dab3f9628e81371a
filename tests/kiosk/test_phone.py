"""The ticket on the phone: its state live, its end, and what it never shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ltsa.commands import (
    CallNext,
    CallTicket,
    CloseDay,
    FinishService,
    HoldTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    PutBack,
    Recall,
    ResumeTicket,
    ReturnTicket,
    StartService,
)
from tests.conftest import Office
from tests.kiosk.visitor import Hall, Visitor, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

FIRST_LOAD = 100_000
"""Bytes that a phone may have to fetch before it shows the ticket."""

Comes = Callable[..., Visitor]
Opens = Callable[..., "Page"]


def takes(visitor: Comes, *services: str, language: str = "id") -> tuple[str, str]:
    """Somebody takes a number: the number, and the address in the code."""
    siti = visitor()
    number = siti.takes(*services, language=language)
    address = siti.code
    siti.page.close()
    return number, address


def test_who_is_told_to_sit_before_a_counter_sees_it_calmly(visitor: Comes, phone: Opens, hall: Hall) -> None:
    hall.does(OpenCounter, counter="5", officer="5")
    number, address = takes(visitor, "health", "bank")
    page = phone(address)
    page.get_by_text("Silakan duduk di kursi tunggu Loket 5 · Kesehatan").wait_for()
    page.get_by_text("Nomor Anda dipanggil dari sana. Ini belum panggilan.").wait_for()
    assert page.locator(".visit--called").count() == 0
    assert violations(page) == []
    hall.does(PauseCounter, counter="5", reason="break")
    page.get_by_text("Silakan duduk").wait_for(state="detached")
    assert number in page.title()


def test_the_phone_follows_the_visit_by_itself(visitor: Comes, phone: Opens, hall: Hall) -> None:
    takes(visitor, "health")
    number, address = takes(visitor, "health", "bank")
    page = phone(address)
    for expected in ("Menunggu giliran", "Anda yang berikutnya", "1 orang di depan", "Kesehatan", "Perbankan"):
        page.get_by_text(expected).first.wait_for()
    assert violations(page) == []

    hall.does(CallTicket, counter="9", number=number)
    page.get_by_text("Giliran Anda").wait_for()
    assert page.locator(".call__figure").inner_text() == "9"
    page.get_by_text(f"Tunjukkan nomor {number}").wait_for()
    assert page.title() == f"{number} · Loket 9"

    hall.does(StartService, counter="9")
    page.get_by_text("Anda sedang dilayani").wait_for()
    page.get_by_text("Di Loket 9.").wait_for()
    assert page.get_by_text("Batalkan nomor ini").count() == 0
    assert violations(page) == []

    hall.does(HoldTicket, counter="9")
    page.get_by_text("Tunggu sebentar").wait_for()
    page.get_by_text("Tetaplah dekat Loket 9").wait_for()
    hall.does(ResumeTicket, counter="9")
    hall.does(FinishService, counter="9", outcome="done")
    page.get_by_text("1 orang di depan Anda").wait_for()

    hall.does(CallTicket, counter="5", number=number, reason="unwell")
    hall.does(StartService, counter="5")
    hall.does(ReturnTicket, counter="5", reasons=("document-missing", "copy-unreadable"))
    page.get_by_text("Ada yang perlu dilengkapi").wait_for()
    page.get_by_text("Berkas kurang, Fotokopi tidak terbaca").wait_for()
    assert violations(page) == []

    hall.does(PutBack, number=number)
    hall.does(CallTicket, counter="5", number=number, reason="unwell")
    hall.does(MissTicket, counter="5")
    page.get_by_text("Anda sudah dipanggil, tetapi belum datang").wait_for()
    assert violations(page) == []

    hall.does(PutBack, number=number)
    hall.does(CallTicket, counter="5", number=number, reason="unwell")
    hall.does(StartService, counter="5")
    hall.does(FinishService, counter="5", outcome="done")
    page.get_by_text("Semua sudah selesai").wait_for()
    assert violations(page) == []


def test_a_call_turns_the_whole_page_to_the_accent_and_rings(visitor: Comes, phone: Opens, hall: Hall) -> None:
    _, address = takes(visitor, "labour")
    page = phone(address)
    page.evaluate("""() => {
        window.heard = [];
        navigator.vibrate = () => heard.push("vibration");
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...at) { heard.push("tone"); return start.apply(this, at); };
    }""")
    paper = "getComputedStyle(document.body).backgroundColor"
    usual = page.evaluate(paper)
    page.click("[data-sound-on]")
    page.get_by_text("Suara aktif").wait_for()
    page.evaluate("heard.length = 0")
    hall.does(CallNext, counter="3")
    page.get_by_text("Silakan menuju").wait_for()
    assert page.evaluate(paper) != usual
    assert page.evaluate(paper) == "rgb(0, 83, 84)"
    assert page.locator(".top").evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(0, 83, 84)"
    assert page.evaluate("heard") == [*["tone"] * 6, "vibration"]
    assert violations(page) == []
    for _ in range(3):
        hall.does(Recall, counter="3")
    page.get_by_text("Panggilan terakhir").wait_for()
    page.wait_for_function("() => heard.length >= 14")
    assert violations(page) == []


def test_a_dark_phone_is_legible_in_every_state(visitor: Comes, phone: Opens, hall: Hall) -> None:
    _, address = takes(visitor, "bank", "labour")
    page = phone(address, color_scheme="dark")
    assert violations(page) == []
    hall.does(CallNext, counter="9")
    page.get_by_text("Giliran Anda").wait_for()
    assert violations(page) == []


def test_the_holder_cancels_after_being_asked(visitor: Comes, phone: Opens, hall: Hall) -> None:
    number, address = takes(visitor, "health")
    page = phone(address)
    page.click("text=Batalkan nomor ini")
    page.get_by_role("heading", name=f"Batalkan nomor {number}?").wait_for()
    assert violations(page) == []
    page.click("text=Tidak, kembali")
    page.get_by_text("Menunggu giliran").wait_for()
    assert hall.day.tickets[number].state == "waiting"
    page.click("text=Batalkan nomor ini")
    page.dblclick("text=Ya, batalkan")
    page.get_by_text("Nomor ini sudah dibatalkan").wait_for()
    assert violations(page) == []
    assert hall.day.tickets[number].state == "cancelled"
    cancelled = [recorded.event for recorded in hall.ledger.since(0) if recorded.event.by == "holder"]
    assert [type(event).__name__ for event in cancelled] == ["TicketCancelled"]


def test_a_phone_at_the_public_address_may_cancel_too(
    visitor: Comes, phone: Opens, office_server: Office, hall: Hall
) -> None:
    office_server.stop()
    office_server.environ["LTSA_PUBLIC_URL"] = f"http://localhost:{office_server.port}"
    office_server.start()
    number, address = takes(visitor, "health")
    assert address.startswith(f"http://localhost:{office_server.port}/t/")
    page = phone(address)
    page.click("text=Batalkan nomor ini")
    page.click("text=Ya, batalkan")
    page.get_by_text("Nomor ini sudah dibatalkan").wait_for()
    assert hall.day.tickets[number].state == "cancelled"


def test_who_is_being_served_cannot_cancel_and_reads_why(visitor: Comes, phone: Opens, hall: Hall) -> None:
    number, address = takes(visitor, "health")
    page = phone(address)
    page.expected_errors = ["409"]  # type: ignore[attr-defined]
    page.click("text=Batalkan nomor ini")
    hall.does(CallNext, counter="5")
    hall.does(StartService, counter="5")
    page.click("text=Ya, batalkan")
    page.get_by_text("Nomor tidak dibatalkan").wait_for()
    page.get_by_text("Sampaikan kepada petugas").wait_for()
    assert violations(page) == []
    assert hall.day.tickets[number].state == "serving"


def test_a_ticket_opens_in_the_language_it_was_taken_in_and_changes_it(
    visitor: Comes, phone: Opens, hall: Hall
) -> None:
    _, address = takes(visitor, "health", language="en")
    page = phone(address)
    page.get_by_text("Waiting for your turn").wait_for()
    page.click("text=Bahasa Indonesia")
    page.get_by_text("Menunggu giliran").wait_for()
    hall.does(CallNext, counter="5")
    page.get_by_text("Silakan menuju").wait_for()
    page.click("text=English")
    page.get_by_text("Please go to").wait_for()
    hall.does(StartService, counter="5")
    page.get_by_text("You are being served").wait_for()


@pytest.mark.parametrize("token", ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a", "' or 1=1 --", "x" * 500, "%F0%9F%8E%AB"])
def test_a_wrong_address_says_what_to_do_next(phone: Opens, office_server: Office, token: str) -> None:
    page = phone("about:blank")
    page.expected_errors = ["404"]  # type: ignore[attr-defined]
    answer = page.goto(f"{office_server.url}/t/{token}")
    assert answer
    assert answer.status == 404
    page.get_by_text("Tiket tidak ditemukan").first.wait_for()
    page.get_by_text("Ambil nomor baru di mesin antrean").wait_for()
    assert violations(page) == []
    page.click("text=English")
    page.get_by_text("Ticket not found").first.wait_for()


def test_a_closed_day_is_said_on_its_tickets(visitor: Comes, phone: Opens, hall: Hall) -> None:
    _, address = takes(visitor, "health")
    page = phone(address)
    hall.does(CloseDay)
    page.get_by_text("Hari layanan sudah berakhir").wait_for()
    page.get_by_text("Ambil nomor baru pada hari layanan berikutnya").wait_for()
    assert page.get_by_text("Batalkan nomor ini").count() == 0
    assert violations(page) == []


def test_a_phone_that_lost_the_office_says_since_when(visitor: Comes, phone: Opens, office_server: Office) -> None:
    _, address = takes(visitor, "health")
    page = phone(address)
    page.expected_errors = ["ERR_", "WebSocket"]  # type: ignore[attr-defined]
    page.clock.install()
    page.reload()
    page.get_by_text("Menunggu giliran").wait_for()
    office_server.kill()
    page.clock.fast_forward(20_000)
    band = page.locator("[data-stale]")
    band.get_by_text("Tidak tersambung. Yang terlihat adalah keadaan pukul").wait_for()
    assert violations(page) == []
    office_server.start()
    band.wait_for(state="hidden")


def test_the_first_load_is_light(visitor: Comes, phone: Opens) -> None:
    _, address = takes(visitor, "health", "bank", "labour")
    page = phone("about:blank", extra_http_headers={"Accept-Encoding": "identity"})
    weights: dict[str, int] = {}

    def weigh(request: object) -> None:
        sizes = request.sizes()  # type: ignore[attr-defined]
        weights[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]  # type: ignore[attr-defined]

    page.on("requestfinished", weigh)
    page.goto(address, wait_until="networkidle")
    page.get_by_text("Menunggu giliran").wait_for()
    assert any("woff2" in url for url in weights)
    assert any("live.js" in url for url in weights)
    assert sum(weights.values()) < FIRST_LOAD, weights


def test_a_phone_shows_one_ticket_and_nothing_of_any_other(visitor: Comes, phone: Opens) -> None:
    others = [takes(visitor, "health")[0], takes(visitor, "bank")[0]]
    number, address = takes(visitor, "health")
    page = phone(address)
    assert number in page.content()
    assert not [other for other in others if other in page.content()]
    assert page.evaluate("document.querySelectorAll('[data-live]').length") == 1

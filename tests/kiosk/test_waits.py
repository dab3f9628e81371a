"""What the kiosk and the phone say about the wait: a range that follows the office, or honestly none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ltsa.commands import CallNext, IssueTicket, OpenCounter
from ltsa.predictions import WaitsPredicted, forecast_stream
from ltsa.tokens import token_digest
from tests.kiosk.visitor import LYING, Hall, Visitor, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

Comes = Callable[..., Visitor]
Opens = Callable[..., "Page"]

SENTENCE = re.compile(
    r"Perkiraan dipanggil dalam .+, (sebelum )?pukul \d\d\.\d\d(–\d\d\.\d\d)?"
    r"|Perkiraan tunggu lebih dari \d+ (menit|jam)"  # an office that knows little of itself yet
)
RANGE = re.compile(r"kurang dari \d+ menit|\d+–\d+ menit|lebih dari \d+ (menit|jam)")


def test_the_kiosk_says_the_range_the_phone_follows_it_and_it_is_on_record(
    visitor: Comes, phone: Opens, hall: Hall
) -> None:
    hall.does(OpenCounter, counter="5", officer="Sri", services=("health",))
    for n in range(4):
        hall.does(IssueTicket, services=("health",), token=token_digest(f"somebody {n}"))
    siti = visitor()
    siti.speaks("id")
    offered = siti.page.locator(".service[value=health] [data-wait]")
    offered.wait_for()
    assert RANGE.search(offered.inner_text())
    assert siti.page.locator(".service[value=bank] [data-wait]").count() == 0, "no counter is open for the bank"
    wati = visitor()
    wati.begins("mandiri", "3204125701900001")
    wati.sees("plan")
    cards = wati.page.locator(".chosen__one")
    assert RANGE.search(cards.filter(has_text="Kesehatan").locator("[data-wait]").inner_text())
    assert "Belum buka" in cards.filter(has_text="Paspor").inner_text()
    wati.page.close()
    siti.wants("health")
    number = siti.takes_the_number()
    assert RANGE.search(siti.page.locator(".ticket__wait").inner_text())
    page = phone(siti.code)
    told = page.locator(".visit__wait")
    told.wait_for()
    first = told.inner_text()
    assert SENTENCE.fullmatch(first), first
    assert violations(page) == []

    for counter in ("9", "10"):
        hall.does(OpenCounter, counter=counter, officer=f"officer {counter}", services=("health",))
    for counter in ("5", "9", "10"):
        hall.does(CallNext, counter=counter)
    page.wait_for_function("before => document.querySelector('.visit__wait')?.innerText !== before", arg=first)
    assert RANGE.search(told.inner_text()), "three were called at three counters: another range"

    until = time.monotonic() + 30
    on_record: list[str] = []
    while number not in on_record and time.monotonic() < until:
        rows = hall.ledger.history(forecast_stream("ltsa", hall.today))
        on_record = [one.number for row in rows if isinstance(row.event, WaitsPredicted) for one in row.event.waits]
        time.sleep(0.2)
    assert number in on_record


def test_a_ticket_without_an_open_counter_says_so_instead_of_a_range(visitor: Comes, phone: Opens) -> None:
    siti = visitor()
    siti.takes("bank")
    assert siti.page.locator(".ticket__wait").count() == 0
    phone(siti.code).get_by_text("Belum ada loket yang buka untuk layanan ini").wait_for()


def test_the_codes_of_a_first_visit_are_never_written_over(visitor: Comes, hall: Hall) -> None:
    hall.does(OpenCounter, counter="1", officer="Sri", services=("information",))
    siti = visitor(viewport=LYING)
    siti.begins("p-to-p", "3204125701900001")
    siti.sees("plan")
    siti.takes_the_number()
    assert "Silakan duduk" in siti.page.locator(".ticket__ahead").inner_text()
    for _ in ("usual", "large"):
        code = siti.page.locator(".ticket__code .qr").bounding_box()
        words = siti.page.locator(".ticket__follow h2").bounding_box()
        assert code
        assert words
        assert words["y"] >= code["y"] + code["height"] * 0.95, "within the quiet zone at most"
        siti.page.get_by_role("button", name="Huruf besar").click()

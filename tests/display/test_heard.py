"""What a hall hears: a real server, a real browser, and its loudspeaker's own clock."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from display.announcement import announcement
from tests.conftest import Office
from tests.display.hall import WIDE, Hall, hears, shown
from tools import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_each_call_is_said_twice_in_order_and_nothing_overlaps(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    for counter, service in ((3, "labour"), (5, "health"), (9, "bank")):
        hall.arrives(service)
        hall.opens(counter)
    called = [hall.calls(counter) for counter in (5, 9, 3)]
    heard = hears(wall, 3)
    assert heard == [
        [what, number, "call", turn]
        for number in called
        for what, turn in (("begin", 0), ("speak", 1), ("spoken", 1), ("speak", 2), ("spoken", 2), ("end", 0))
    ]
    played = wall.evaluate("played")
    assert len(played) == 3 * (1 + 2 * len(announcement("A001", "3", "call").clips) - 2 * 2)
    assert all(begins >= ended for (_, ended), (begins, _) in pairwise(played))


def test_what_is_said_can_be_read_while_it_is_said(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    rina = hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    caption = wall.wait_for_selector("[data-caption]:not([hidden])")
    assert caption
    assert [line for line in caption.inner_text().split("\n") if line] == [
        f"Nomor antrean {rina}, silakan menuju Loket 3.",
        f"Number {rina}, please go to counter 3.",
    ]
    assert wall.locator(f"[data-number={rina}][data-announced]").count() == 1
    hears(wall, 1)
    wall.wait_for_selector("[data-caption]", state="hidden")
    assert wall.locator("[data-announced]").count() == 0


def test_a_recall_and_the_last_call_are_said_as_what_they_are(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    rina = hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    hears(wall, 1)
    for n, (kind, words) in enumerate(
        (("recall", "Panggilan ulang."), ("recall", "Panggilan ulang."), ("last", "Panggilan terakhir."))
    ):
        hall.recalls(3)
        wall.wait_for_function(
            "words => document.querySelector('[data-caption] [lang=id]').textContent.startsWith(words)", arg=words
        )
        assert hears(wall, n + 2)[-1] == ["end", rina, kind, 0]
    assert shown(wall, rina)["state"] == "Panggilan terakhir"


def test_a_display_that_was_just_opened_says_nothing_of_old_calls(display: Callable[..., Page], hall: Hall) -> None:
    hall.opens(3)
    hall.opens(5)
    old = hall.arrives("labour")
    new = hall.arrives("health")
    hall.calls(3)
    wall = display()
    assert shown(wall, old)["counter"] == "3"
    hall.calls(5)
    assert {number for _, number, _, _ in hears(wall, 1)} == {new}


def test_a_call_taken_back_or_answered_before_its_turn_is_passed_over(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    for counter, service in ((3, "labour"), (5, "health"), (6, "immigration"), (9, "bank")):
        hall.opens(counter)
        hall.arrives(service)
    first = hall.calls(3)
    mistaken, quick, last = hall.calls(5), hall.calls(6), hall.calls(9)
    hall.takes_back(5)
    hall.serves(6)
    heard = hears(wall, 2)
    assert [number for what, number, _, _ in heard if what == "end"] == [first, last]
    assert {number for what, number, _, _ in heard if what == "speak"} == {first, last}
    assert {number for what, number, _, _ in heard if what == "drop"} <= {mistaken, quick}


def test_a_recall_takes_the_turn_of_the_call_that_was_not_said_yet(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    for counter, service in ((3, "labour"), (5, "health"), (9, "bank")):
        hall.opens(counter)
        hall.arrives(service)
    first, second, third = (hall.calls(counter) for counter in (3, 5, 9))
    wall.wait_for_selector(f"[data-number={third}]")
    hall.recalls(5)
    heard = hears(wall, 3)
    assert [(number, kind) for what, number, kind, _ in heard if what == "begin"] == [
        (first, "call"),
        (second, "recall"),
        (third, "call"),
    ]


def test_without_a_touch_the_browser_is_silent_and_the_display_says_so(
    new_page: Callable[..., Page], office: Office, hall: Hall
) -> None:
    wall = new_page(viewport=WIDE)
    office.sign_in(wall, "display")
    wall.goto(f"{office.url}/display/ltsa")
    tap = wall.wait_for_selector("[data-tap]:not([hidden])")
    assert tap
    assert "Ketuk untuk menyalakan suara" in tap.inner_text()
    assert wall.inner_text(".sound") == "Suara mati"
    rina = hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    row = wall.wait_for_selector(f"[data-number={rina}]")
    assert row
    over, under = tap.bounding_box(), row.bounding_box()
    assert over
    assert under
    assert over["y"] + over["height"] <= under["y"]
    wall.wait_for_selector("[data-caption]:not([hidden])")
    tap.click()
    wall.wait_for_selector("[data-sound=on]")
    assert tap.is_hidden()
    assert wall.inner_text(".sound") == "Suara menyala"


def test_a_kiosk_browser_needs_no_touch(browser: Browser, office: Office) -> None:
    flags = [*chromium.FLAGS, "--autoplay-policy=no-user-gesture-required"]
    kiosk = browser.browser_type.launch(executable_path=chromium.find(), args=flags)
    wall = kiosk.new_page()
    office.sign_in(wall, "display")
    wall.goto(f"{office.url}/display/ltsa")
    wall.wait_for_selector("[data-sound=on]")
    assert wall.locator("[data-tap]").is_hidden()
    kiosk.close()


def test_a_second_screen_is_silent_when_asked_and_still_shows_captions(
    new_page: Callable[..., Page], office: Office, hall: Hall
) -> None:
    wall = new_page(viewport=WIDE)
    office.sign_in(wall, "display")
    wall.goto(f"{office.url}/display/ltsa?sound=off")
    assert wall.inner_text(".sound") == "Layar tanpa suara"
    hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    wall.wait_for_selector("[data-caption]:not([hidden])")
    assert wall.locator("[data-tap]").is_hidden()


def test_whoever_sets_it_up_can_try_the_sound(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    wall.mouse.move(400, 400)
    wall.mouse.move(420, 400)
    wall.get_by_role("button", name="Uji suara").click()
    wall.wait_for_selector("[data-caption]:not([hidden])")
    assert [what for what, *_ in hears(wall, 1)] == ["begin", "speak", "spoken", "speak", "spoken", "end"]
    assert hall.ledger.present().offices() == ["ltsa"]

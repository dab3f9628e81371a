"""The look in a real browser: reachable, legible, calm, and for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from tests.web.look_app import look_app
from web.format import minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"

DESK = {"width": 1366, "height": 768}
KIOSK = {"width": 1080, "height": 1920}
HALL = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the front page and the gallery are served."""
    server = make_server("127.0.0.1", 0, look_app(), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(
    ("path", "viewport"),
    [
        ("/", DESK),
        ("/?lang=en", PHONE),
        ("/?as=nobody", DESK),
        ("/?as=nobody&lang=en", PHONE),
        ("/?as=kiosk", KIOSK),
        ("/?as=locked", DESK),
        ("/?as=newcomer", DESK),
        ("/gallery", DESK),
        ("/gallery?lang=en", PHONE),
        ("/gallery?theme=dark", HALL),
        ("/gallery?face=kiosk", KIOSK),
        ("/gallery?face=kiosk&text=large&contrast=high", KIOSK),
        ("/gallery?theme=dark&contrast=high", HALL),
    ],
)
def test_axe_finds_nothing_wrong(
    new_page: Callable[..., Page], address: str, path: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport)
    page.goto(address + path)
    assert violations(page) == []


def test_an_error_page_is_accessible_too(page: Page, address: str) -> None:
    page.expected_errors = ["409"]  # type: ignore[attr-defined]
    page.goto(f"{address}/served")
    assert violations(page) == []


@pytest.mark.parametrize(
    ("path", "viewport", "least"),
    [("/gallery", DESK, 44), ("/gallery?face=kiosk", KIOSK, 60), ("/", PHONE, 44), ("/?as=nobody", PHONE, 44)],
)
def test_everything_that_is_pressed_is_large_enough_for_a_finger(
    new_page: Callable[..., Page], address: str, path: str, viewport: dict[str, int], least: int
) -> None:
    page = new_page(viewport=viewport)
    page.goto(address + path)
    small = page.evaluate(
        """least => [...document.querySelectorAll("main a, main button, main .choice, main .input, .languages a")]
            .filter(it => it.offsetParent && it.getBoundingClientRect().height < least)
            .map(it => `${it.textContent.trim()} ${it.getBoundingClientRect().height}`)""",
        least,
    )
    assert small == []


@pytest.mark.parametrize("path", ["/", "/?as=nobody", "/gallery", "/gallery?text=large"])
def test_nothing_is_cut_off_on_the_narrowest_screen(new_page: Callable[..., Page], address: str, path: str) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_typeface_is_our_own_and_its_figures_stand_in_columns(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery")
    page.evaluate("async () => { await document.fonts.ready }")
    assert page.evaluate("""() => document.fonts.check('16px "Plus Jakarta Sans"')""")
    widths = page.evaluate(
        """() => ["111", "888", "007"].map(digits => {
            const number = document.querySelector(".number").cloneNode();
            number.textContent = digits;
            document.querySelector("main").append(number);
            return number.getBoundingClientRect().width;
        })"""
    )
    assert len(set(widths)) == 1


def test_the_keyboard_s_place_is_clearly_visible(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    ring = page.evaluate(
        "() => { const at = getComputedStyle(document.activeElement); return [at.outlineStyle, at.outlineWidth] }"
    )
    assert ring == ["solid", "3px"]


def test_nothing_moves_for_those_who_asked_for_no_motion(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(f"{address}/gallery")
    page.evaluate("document.querySelector('.number').classList.add('changed')")
    assert page.evaluate("document.getAnimations().length") == 0
    spans: str = page.evaluate("getComputedStyle(document.querySelector('.button')).transitionDuration")
    assert set(spans.split(", ")) == {"0s"}


def test_large_text_is_a_quarter_larger(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery?text=large")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "20px"


def test_a_phone_in_the_dark_follows_its_owner_s_wish(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{address}/gallery")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(250, 247, 241)"
    page.evaluate("document.documentElement.dataset.theme = 'auto'")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(10, 25, 29)"


def test_the_clock_is_the_office_s_wherever_the_screen_thinks_it_stands(
    new_page: Callable[..., Page], address: str
) -> None:
    page = new_page(timezone_id="America/New_York")
    page.clock.install(time="2011-01-01T00:00:00Z")
    page.goto(f"{address}/gallery")
    painted = page.locator("[data-clock]").inner_text()
    page.clock.run_for(3000)
    page.wait_for_function("painted => document.querySelector('[data-clock]').textContent !== painted", arg=painted)
    moved = page.locator("[data-clock]").inner_text()
    assert moved > painted or moved.startswith("00.00")
    assert moved[:2] == painted[:2] or moved[3:5] == "00"


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_counts_waits_up_in_the_words_that_the_server_uses(page: Page, address: str, language: str) -> None:
    page.goto(f"{address}/gallery?lang={language}")
    for span in (0, 59_999, 60_000, 720_000, 3_600_000, 3_900_000, 7_260_000):
        said = page.evaluate("async ms => (await import('/static/web/clock.js')).lasting(ms)", span)
        assert said == minutes(span, language)
    page.clock.install()
    page.goto(f"{address}/gallery?lang={language}")
    page.clock.run_for(3_610_000)
    assert page.locator("[data-since]").first.inner_text() in {
        minutes(4_320_000, language),
        minutes(4_380_000, language),
    }


def test_the_chance_to_undo_counts_down_and_goes_away(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/gallery")
    undo = page.locator(".undo")
    assert undo.is_visible()
    page.clock.run_for(60_000)
    assert 500 < int(undo.locator("[data-left]").inner_text()) <= 541
    page.evaluate("document.addEventListener('countdown:over', () => { document.body.dataset.over = 'yes' })")
    page.clock.fast_forward(600_000)
    undo.wait_for(state="hidden")
    assert page.locator("body").get_attribute("data-over") == "yes"


def test_paper_gets_the_words_and_no_buttons(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery")
    page.emulate_media(media="print")
    assert page.locator("table.table").is_visible()
    assert page.locator("button.button").first.is_hidden()
    assert page.locator(".undo").is_hidden()


def test_every_state_has_a_colour_a_shape_and_a_word_of_its_own(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery")
    states = ["waiting", "called", "serving", "done", "returned", "absent", "held", "cancelled", "closed"]
    seen = page.evaluate(
        """states => states.map(state => {
            const chip = document.querySelector(`.chip--${state}`);
            const colour = getComputedStyle(chip).getPropertyValue("--state");
            return [colour, chip.querySelector("svg").innerHTML, chip.textContent];
        })""",
        states,
    )
    for aspect in zip(*seen, strict=True):
        assert len(set(aspect)) == len(states)


def test_a_page_without_a_connection_says_since_when(page: Page, address: str) -> None:
    page.goto(f"{address}/gallery")
    band = page.locator("[data-stale]")
    assert band.is_hidden()
    assert "{time}" in (band.get_attribute("data-stale") or "")
    assert band.locator("[data-stale-words]").count() == 1

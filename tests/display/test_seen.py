"""What a hall sees: a real server, a real browser, screens of every shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ltsa.commands import CloseDay
from ltsa.office import example_office
from tests.conftest import Office
from tests.display.hall import UPRIGHT, WIDE, Hall, hears, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
LAPTOP = {"width": 1366, "height": 768}
HUGE = {"width": 3840, "height": 2160}
AFTER_SILENCE = 30_000
"""Milliseconds within which a page has noticed that its server is gone, or is back."""

OVERFLOWING = """
    [...document.querySelectorAll("body *")].filter(it => {
        if (it.closest(".probe, .skip, .running, .visually-hidden, .number > *") || !it.checkVisibility()) return false;
        const box = it.getBoundingClientRect();
        const list = it.closest(".calls__list, .earlier__list")?.getBoundingClientRect();
        if (list && box.left >= list.right - 1) return false; // cut off with its whole row
        return box.right > innerWidth + 1 || box.bottom > Math.min(innerHeight, list?.bottom ?? innerHeight) + 1;
    }).map(it => it.outerHTML.slice(0, 120))
"""
"""Everything that reaches beyond the screen, or beyond its list."""

CRAMPED = """
    [...document.querySelectorAll(".call:not([hidden])")].filter(row => {
        const box = part => row.querySelector(part).getBoundingClientRect();
        const [number, gate, figure] = [".number", ".gate", ".gate__figure"].map(box);
        const about = row.querySelector(".call__about");
        const words = about.checkVisibility() && about.getBoundingClientRect();
        return number.right > gate.left || figure.width > gate.width + 1 || row.scrollWidth > row.clientWidth + 1
            || (words && (number.right > words.left + 1 || about.scrollWidth > about.clientWidth + 1));
    }).map(row => row.innerText)
"""
"""Calls whose parts touch one another."""

VISIBLE = """
    [...document.querySelectorAll(".call, .past")]
        .filter(it => it.checkVisibility() && it.getBoundingClientRect().right <= innerWidth)
        .map(it => it.querySelector(".number").textContent).sort()
"""
"""The numbers that can be seen, large or small."""

CAPITAL = """selector => {
    const pen = document.createElement("canvas").getContext("2d");
    return Math.min(...[...document.querySelectorAll(`.call:not([hidden]) ${selector}`)].map(it => {
        const { fontWeight, fontSize, fontFamily } = getComputedStyle(it);
        pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
        return pen.measureText("H").actualBoundingBoxAscent;
    }));
}"""
"""The height in CSS pixels of a capital H, as the smallest call on the wall is set."""


def resize(page: Page, viewport: dict[str, int]) -> None:
    """Turns or changes the screen, and waits until the wall has found its place on it."""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page.evaluate(
        "() => new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))"
    )


def touch(page: Page) -> None:
    """Somebody moves the mouse: the tools appear."""
    page.mouse.move(400, 400)
    page.mouse.move(420, 400)


def all_busy(hall: Hall, serving: int = 0) -> None:
    """Twelve counters have called somebody; at some of them the person is being served."""
    hall.set_up(12)
    for counter in range(1, 13):
        hall.opens(counter)
        hall.arrives()
        hall.calls(counter)
        if counter <= serving:
            hall.serves(counter)


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, with the contrast of AAA."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {rules: {'color-contrast-enhanced': {enabled: true}}})).violations"
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def test_a_call_appears_with_its_number_and_its_counter(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    assert "Loket belum dibuka" in wall.inner_text("main")
    rina = hall.arrives("labour")
    hall.opens(3)
    assert hall.calls(3) == rina
    assert shown(wall, rina) == {"number": rina, "counter": "3", "state": "Dipanggil"}
    hall.serves(3)
    wall.wait_for_selector(f"[data-number={rina}][data-state=serving]")
    assert shown(wall, rina)["state"] == "Sedang dilayani"


def test_who_is_resumed_after_another_call_of_the_counter_stands_there_like_everybody(
    display: Callable[..., Page], hall: Hall
) -> None:
    wall = display()
    rina, budi = hall.arrives("labour"), hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    hall.serves(3)
    hall.holds(3)
    hall.calls(3)
    hall.serves(3)
    hall.finishes(3)
    wall.wait_for_selector("text=Menunggu panggilan berikutnya")
    hall.resumes(3, rina)
    assert shown(wall, rina) == {"number": rina, "counter": "3", "state": "Sedang dilayani"}
    assert wall.evaluate(VISIBLE) == sorted([rina, budi])


def test_a_lost_server_is_said_with_the_time_of_the_last_news_and_found_again(
    display: Callable[..., Page], hall: Hall, office: Office
) -> None:
    wall = display()
    wall.expected_errors = ["WebSocket", "ERR_"]  # type: ignore[attr-defined]
    hall.opens(3)
    hall.opens(5)
    before, while_away = hall.arrives("labour"), hall.arrives("health")
    hall.calls(3)
    shown(wall, before)
    hears(wall, 1)
    office.kill()
    band = wall.wait_for_selector("[data-stale]:not([hidden])", timeout=AFTER_SILENCE)
    assert band
    time = wall.inner_text("[data-clock]")
    assert band.inner_text().startswith("Tidak tersambung. Yang terlihat adalah keadaan pukul ")
    assert time[:2] in band.inner_text()
    assert shown(wall, before)["counter"] == "3"
    hall.calls(5)
    office.start()
    wall.wait_for_selector("[data-stale]", state="hidden", timeout=AFTER_SILENCE)
    assert shown(wall, while_away)["counter"] == "5"
    assert [number for what, number, _, _ in hears(wall, 2) if what == "end"] == [before, while_away]


@pytest.mark.parametrize(
    ("query", "viewport", "metres", "millimetres"),
    [
        ("", WIDE, 5, 535.3),
        ("", UPRIGHT, 5, 951.9),
        ("?depth=3", LAPTOP, 3, 535.3),
        ("?depth=7&height=700", WIDE, 7, 700),
        ("?depth=8&height=1210", UPRIGHT, 8, 1210),
        ("?depth=4", HUGE, 4, 535.3),
    ],
)
def test_letters_are_as_tall_as_the_hall_is_deep(  # noqa: PLR0913, PLR0917 - a row of the table each
    display: Callable[..., Page], hall: Hall, query: str, viewport: dict[str, int], metres: float, millimetres: float
) -> None:
    """EN 301 549 §5.1.4: a capital H of 0.7°, that is 12.2 mm for each metre of distance."""
    all_busy(hall)
    wall = display(query, viewport=viewport)
    millimetre = viewport["height"] / millimetres
    for part in (".number", ".gate__figure"):
        assert wall.evaluate(CAPITAL, part) / millimetre >= 12.2 * metres - 0.5
    assert wall.locator(".call:visible").count() >= 2


def test_a_screen_too_small_for_its_hall_says_how_far_it_can_be_read(display: Callable[..., Page], hall: Hall) -> None:
    hall.arrives()
    hall.opens(1)
    hall.calls(1)
    wall = display("?depth=30")
    touch(wall)
    assert wall.inner_text(".tools__reach") == "Layar ini terlalu kecil untuk 30 m"
    assert wall.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("serving", [0, 9, 12])
def test_twelve_busy_counters_fit(display: Callable[..., Page], hall: Hall, serving: int) -> None:
    all_busy(hall, serving)
    wall = display()
    for viewport in (WIDE, UPRIGHT, LAPTOP, HUGE):
        resize(wall, viewport)
        assert wall.evaluate(OVERFLOWING) == []
        assert wall.evaluate(CRAMPED) == []
        assert wall.evaluate(VISIBLE) == [f"A{n:03}" for n in range(1, 13)]


def test_who_is_still_expected_comes_round_at_full_height(display: Callable[..., Page], hall: Hall) -> None:
    all_busy(hall)
    wall = display()
    seen: set[str] = set()
    while len(seen) < 12:
        part = wall.inner_text("[data-page]")
        seen |= set(wall.locator(".call:visible .number").all_inner_texts())
        if len(seen) < 12:
            wall.wait_for_function("old => document.querySelector('[data-page]').innerText !== old", arg=part)
    assert seen == {f"A{n:03}" for n in range(1, 13)}


def test_long_numbers_and_names_do_not_touch(display: Callable[..., Page], hall: Hall) -> None:
    example = example_office()
    name = {"id": "Pelayanan ketenagakerjaan, penempatan, dan pelindungan pekerja migran"}
    hall.set_up(
        20,
        services=tuple(msgspec.structs.replace(service, name=name) for service in example.services),
        rules=msgspec.structs.replace(example.rules, number_digits=6),
    )
    hall.opens(20)
    hall.arrives()
    assert hall.calls(20) == "A000001"
    wall = display()
    for viewport in (WIDE, UPRIGHT):
        resize(wall, viewport)
        assert wall.locator(".call:visible").count() == 1
        assert wall.evaluate(CRAMPED) == []
        assert wall.evaluate(OVERFLOWING) == []


def test_the_number_grows_once_for_less_than_a_third_of_a_second(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    wall.evaluate(
        """() => {
            window.grown = [];
            const animate = Element.prototype.animate;
            Element.prototype.animate = function (frames, options) {
                if (this.matches(".call__number")) grown.push([this.innerText, options.duration]);
                return animate.call(this, frames, options);
            };
        }"""
    )
    rina = hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    shown(wall, rina)
    hall.serves(3)
    wall.wait_for_selector("[data-state=serving]")
    [(number, moment)] = wall.evaluate("grown")
    assert number == rina
    assert moment < 300


def test_nothing_moves_for_those_who_asked_for_no_motion(display: Callable[..., Page], hall: Hall) -> None:
    wall = display(reduced_motion="reduce", viewport=UPRIGHT)
    hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    wall.wait_for_selector("[data-number]")
    moving = wall.evaluate(
        """() => document.getAnimations()
            .filter(({ effect }) => effect.getKeyframes().some(({ easing }) => !easing.startsWith("step")))
            .map(({ effect }) => effect.target.outerHTML.slice(0, 80))"""
    )
    assert moving == []
    lines = "document.querySelector('.running__text').scrollHeight / document.querySelector('.running').clientHeight"
    assert wall.evaluate(lines) >= 2  # they are turned over


def test_the_running_text_runs_and_can_be_stopped(display: Callable[..., Page]) -> None:
    wall = display(viewport=UPRIGHT)
    running = "document.querySelector('.running__text').getAnimations()[0].effect.getKeyframes()[0].easing"
    assert wall.evaluate(running) == "linear"
    touch(wall)
    wall.get_by_role("button", name="Hentikan teks berjalan").click()
    assert wall.evaluate(running).startswith("step")
    assert wall.get_by_role("button", name="Jalankan teks lagi").is_visible()


def test_the_clock_is_the_office_s_wherever_the_screen_believes_to_be(display: Callable[..., Page]) -> None:
    wall = display(timezone_id="America/New_York")
    time = wall.evaluate(
        "new Intl.DateTimeFormat('id', {hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Jakarta'}).format()"
    )
    wall.wait_for_function("time => document.querySelector('[data-clock]').innerText >= time", arg=time)
    assert wall.inner_text(".top__clock").endswith("WIB")
    assert "," in wall.inner_text(".top__date")


def test_the_picture_does_not_burn_in(display: Callable[..., Page]) -> None:
    wall = display()
    places = wall.evaluate(
        """() => {
            const drift = document.body.getAnimations().find(({ animationName }) => animationName === "drift");
            return Array.from({ length: 8 }, (_, n) => {
                drift.currentTime = (drift.effect.getTiming().duration / 8) * (n + 0.5);
                return document.querySelector(".top__office").getBoundingClientRect().x;
            });
        }"""
    )
    assert len(set(places)) > 2
    assert max(places) - min(places) < 10


def test_before_the_first_call_the_wall_says_whether_a_counter_is_open(
    display: Callable[..., Page], hall: Hall
) -> None:
    wall = display()
    wall.wait_for_selector("text=Loket belum dibuka")
    hall.opens(3)
    wall.wait_for_selector("text=Belum ada panggilan")
    assert wall.locator("text=Loket belum dibuka").count() == 0


def test_a_closed_day_says_so_and_a_day_gone_by_is_not_called_today(display: Callable[..., Page], hall: Hall) -> None:
    wall = display()
    hall.arrives()
    hall.do(CloseDay)
    wall.wait_for_selector("text=Layanan hari ini sudah selesai")
    wall.evaluate("document.querySelector('[data-live] [data-day]').dataset.day = '2020-01-01'")
    wall.wait_for_selector("text=Loket belum dibuka", timeout=AFTER_SILENCE)
    assert wall.locator("text=Layanan hari ini sudah selesai").is_hidden()


def test_an_office_that_takes_the_day_off_says_when_it_opens_again_in_large_words(
    display: Callable[..., Page], hall: Hall
) -> None:
    walls = [display(viewport=viewport) for viewport in (WIDE, UPRIGHT)]
    hall.takes_the_day_off()
    for wall in walls:
        for words in ("Hari ini tutup", "Buka lagi", "Ulang tahun kota"):
            wall.wait_for_selector(f"text={words}")
        assert wall.evaluate(OVERFLOWING) == []
        assert violations(wall) == []


@pytest.mark.parametrize("viewport", [WIDE, UPRIGHT])
@pytest.mark.parametrize("scene", ["empty", "busy", "announcing", "closed"])
def test_axe_finds_nothing_wrong(
    display: Callable[..., Page], hall: Hall, viewport: dict[str, int], scene: str
) -> None:
    wall = display(viewport=viewport)
    if scene != "empty":
        for counter in range(1, 11):
            hall.opens(counter, "information")
            hall.arrives()
            number = hall.calls(counter)
            if counter % 2:
                hall.serves(counter)
        wall.wait_for_selector(f"[data-calls] [data-number={number}]")
    if scene == "announcing":
        wall.wait_for_selector("[data-announced]")
    if scene == "closed":
        for counter in range(1, 11):
            if not counter % 2:
                hall.serves(counter)
            hall.finishes(counter)
        hall.do(CloseDay)
        wall.wait_for_selector("text=Layanan hari ini sudah selesai")
    assert violations(wall) == []


def test_the_page_can_be_read_in_english(display: Callable[..., Page], hall: Hall) -> None:
    rina = hall.arrives("labour")
    hall.opens(3)
    hall.calls(3)
    wall = display("?lang=en")
    assert shown(wall, rina)["state"] == "Called"
    assert "Earlier calls" in (wall.text_content("main") or "")

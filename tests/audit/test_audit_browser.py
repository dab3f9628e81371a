"""An auditor at work, in a real browser: the slider, the keyboard, the filter, the file, paper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.conftest import AXE
from tests.ltsa.scripted_day import DATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

DAY = f"/audit/ltsa/{DATE}"
PHONE = {"width": 390, "height": 844}


def clock(page: Page, time: str) -> None:
    """The page shows this instant, everywhere."""
    page.locator(f"[data-part=figures] [data-reading-clock]:text-is('{time}')").wait_for()
    page.locator(f"#hall-title:has-text('{time}')").wait_for()


def event(page: Page, version: int) -> None:
    """The page shows the day right after this event."""
    page.locator(f"[data-part=figures] .reading:nth-child(2) dd:text-matches('^{version} dari 73$')").wait_for()


def called(page: Page) -> list[str]:
    """Who is on the board: number and counter, latest call first."""
    return [" ".join(call.inner_text().replace(":", "").split()) for call in page.locator(".call").all()]


def test_an_auditor_drags_the_slider_to_an_instant_and_sees_who_was_called_then(page: Page, address: str) -> None:
    page.goto(address + DAY)
    assert "Sekarang tidak ada yang dipanggil" in page.locator(".hall").inner_text()
    slider = page.locator("[data-slider]")
    box = slider.bounding_box()
    assert box
    begins, last = int(page.locator("[data-instant]").get_attribute("data-begins") or 0), slider.get_attribute("max")
    share = (1_772_414_420_000 - begins) / 1000 / int(last or 0)  # 08.20.20
    thumb = 28
    at = box["x"] + thumb / 2 + share * (box["width"] - thumb), box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - thumb, at[1])
    page.mouse.down()
    page.mouse.move(box["x"] + 40, at[1], steps=8)
    page.mouse.move(*at, steps=8)
    page.mouse.up()
    page.locator(".call:has-text('C002')").wait_for()
    assert called(page) == ["C002 Loket 3 Dipanggil", "A002 Loket 1 Sedang dilayani"]
    page.wait_for_url("**?at=08%3A20%3A*")


def test_a_link_to_an_instant_shows_it_again_to_somebody_else(new_page: Callable[..., Page], address: str) -> None:
    page = new_page()
    page.goto(f"{address}{DAY}?at=08:05:10")
    clock(page, "08.05.10")
    assert called(page) == ["C002 Loket 3 Dipanggil", "A001 Loket 1 Dipanggil"]
    page.locator("[data-slider]").press("ArrowRight")
    event(page, 11)
    another = new_page()
    another.goto(page.url)
    event(another, 11)
    assert called(another) == called(page)
    assert another.locator("[data-part=board]").inner_text() == page.locator("[data-part=board]").inner_text()


def test_the_keyboard_goes_by_one_event_by_one_minute_and_to_both_ends(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=9")
    slider = page.locator("[data-slider]")
    slider.press("ArrowRight")
    event(page, 10)
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    event(page, 8)
    slider.press("PageUp")
    clock(page, "08.05.10")
    slider.press("PageDown")
    slider.press("PageDown")
    clock(page, "08.03.10")
    slider.press("Home")
    event(page, 0)
    assert "Belum ada yang terjadi" in page.locator(".this").inner_text()
    slider.press("ArrowLeft")
    slider.press("End")
    event(page, 73)
    assert slider.get_attribute("aria-valuetext") == "Pukul 08.50.00, peristiwa ke-73 dari 73"


def test_a_held_key_ends_where_the_finger_left_it(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=5")
    page.locator("[data-slider]").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    event(page, 35)
    page.wait_for_url("**?version=35")


def test_the_buttons_and_the_list_lead_from_event_to_event(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=20")
    page.get_by_label("Peristiwa berikutnya").click()
    event(page, 21)
    page.locator("[data-row='32'] a[data-version]").click()
    event(page, 32)
    assert page.locator("[data-row][aria-current]").get_attribute("data-row") == "32"
    page.locator(".around a[data-version='33']").click()
    event(page, 33)
    assert "Langkah ditambah: Kesehatan." in page.locator(".this").inner_text()


def test_a_time_can_be_typed(page: Page, address: str) -> None:
    page.goto(address + DAY)
    page.get_by_label("Jam", exact=True).fill("8.05")
    page.keyboard.press("Enter")
    clock(page, "08.05.00")


def test_the_filter_is_in_the_address_and_the_file_holds_what_it_lets_through(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=30")
    page.locator("#number").fill("C002")
    page.get_by_label("Jenis peristiwa").select_option("ticket-recalled")
    page.locator("#events").get_by_role("button", name="Saring").click()
    page.get_by_text("3 dari 73 peristiwa").wait_for()
    assert "number=C002" in page.url
    assert "version=30" in page.url
    with page.expect_download() as download:
        page.locator("#events").get_by_role("link", name="Unduh CSV").click()
    rows = download.value.path().read_text("utf-8-sig").splitlines()
    assert download.value.suggested_filename == "ltsa-2026-03-02.csv"
    assert [row.split(",")[3] for row in rows[1:]] == ["ticket-recalled"] * 3
    page.get_by_role("link", name="Hapus saringan").click()
    page.get_by_text("73 dari 73 peristiwa").wait_for()
    event(page, 30)


def test_chosen_days_are_downloaded_in_the_chosen_format(page: Page, address: str) -> None:
    page.goto(f"{address}/audit/ltsa")
    page.get_by_role("link", name="Ambil data").click()
    page.get_by_text("Tidak ada hari layanan").wait_for()
    page.get_by_label("Dari tanggal").fill("2026-03-01")
    page.get_by_role("button", name="Pilih tanggal").click()
    page.get_by_text("1 hari layanan dengan 73 peristiwa").wait_for()
    page.get_by_label("OCEL 2.0 (JSON)").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Unduh berkas").click()
    assert download.value.suggested_filename.endswith(".ocel.json")
    assert len(json.loads(download.value.path().read_text())["events"]) == 73


def test_the_filter_keeps_the_instant_that_the_slider_shows(page: Page, address: str) -> None:
    page.goto(address + DAY)
    page.locator("[data-slider]").press("ArrowLeft")
    page.wait_for_url("**?version=72")
    page.locator("#counter").select_option("5")
    page.locator("#events").get_by_role("button", name="Saring").click()
    page.get_by_text("5 dari 73 peristiwa").wait_for()
    event(page, 72)
    page.get_by_role("link", name="English").click()
    page.get_by_text("5 of 73 events").wait_for()
    assert "version=72" in page.url


def test_names_lead_to_the_stories_and_back_to_the_day(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=10")
    page.locator(".call a", has_text="C002").click()
    page.get_by_role("heading", name="C002").wait_for()
    page.locator(".phases").get_by_role("link", name="petugas-budi").first.click()
    page.get_by_role("heading", name="Kisah petugas petugas-budi").wait_for()
    page.locator(".phases").get_by_role("link", name="Loket 3").first.click()
    page.get_by_role("heading", name="Kisah Loket 3").wait_for()
    page.locator(".events a[data-version]").first.click()
    page.get_by_role("heading", name="Senin, 2 Maret 2026").wait_for()


def test_an_auditor_plays_the_day_to_its_end_finds_somebody_and_goes_back(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=9")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Tombol papan ketik").get_by_role("button", name="Tutup").click()
    page.get_by_label("Kecepatan putar").select_option("600")
    play = page.locator("[data-play]")
    play.click()
    page.locator("[data-play][aria-pressed=true]:has-text('Jeda')").wait_for()
    event(page, 73)
    page.locator("[data-play][aria-pressed=false]:has-text('Putar')").wait_for()
    page.locator("h1").click()
    page.keyboard.press("c")
    page.get_by_text("Tidak ada lagi ke arah itu.").wait_for()
    page.keyboard.press("Shift+K")
    page.locator(".this:has-text('Hari dibuka lagi')").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("c002")
    page.keyboard.press("Enter")
    page.locator(".found").get_by_role("link", name="Pertama").click()
    page.locator(".this:has-text('C002'):has-text('Nomor diambil')").wait_for()
    page.locator("[data-said]:has-text('Peristiwa ke-7, pukul 08.03.45')").wait_for(state="attached")
    page.go_back()
    page.locator(".this:has-text('Hari dibuka lagi')").wait_for()


def test_a_click_on_the_timeline_leads_there_and_its_choice_is_in_the_address(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=9")
    page.locator("#lanes").get_by_role("link", name="Nomor").click()
    lane = page.locator(".lane:has-text('G001') [data-lane]")
    box = lane.bounding_box()
    assert box
    lane.click(position={"x": box["width"] / 2, "y": 5})
    page.wait_for_url("**?*at=08*")
    assert "lanes=tickets" in page.url
    shown = page.locator("[data-reading-clock]").inner_text()
    page.reload()
    clock(page, shown)
    page.locator("#lanes .tabs__one[aria-current]:has-text('Nomor')").wait_for()
    page.locator(".lane:has-text('G001')").wait_for()


def test_the_list_takes_in_what_is_scrolled_to_and_follows_the_slider(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=5")
    events = page.locator("[data-list]")
    page.locator("[data-later]").last.wait_for(state="detached")
    assert events.locator("[data-row]").count() == 50
    events.evaluate("list => { list.scrollTop = list.scrollHeight; }")
    events.locator("[data-row='73']").wait_for()
    assert [row.get_attribute("data-row") for row in events.locator("[data-row]").all()] == [
        str(version) for version in range(1, 74)
    ]
    page.locator("[data-slider]").press("End")
    events.locator("[data-row='73'][aria-current]").wait_for()
    page.reload()
    assert events.locator("[data-row]").first.get_attribute("data-row") == "51"


def test_an_instant_that_cannot_be_loaded_is_said_and_the_old_one_stays(page: Page, address: str) -> None:
    page.expected_errors.append("ERR_FAILED")  # type: ignore[attr-defined]
    page.goto(f"{address}{DAY}?version=20")
    page.route("**/board?*", lambda route: route.abort())
    page.locator("[data-slider]").press("ArrowRight")
    page.get_by_text("Saat itu tidak dapat dimuat.").wait_for()
    event(page, 20)
    page.unroute("**/board?*")
    page.locator("[data-slider]").press("ArrowRight")
    page.get_by_text("Saat itu tidak dapat dimuat.").wait_for(state="hidden")


def test_without_scripts_the_same_pages_work(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{address}{DAY}?version=20")
    page.get_by_label("Peristiwa berikutnya").click()
    event(page, 21)


def test_on_paper_the_board_is_ink_on_white_and_nothing_invites_a_finger(page: Page, address: str) -> None:
    page.goto(f"{address}{DAY}?version=20")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.hall')).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert page.get_by_text("Dicetak").is_visible()
    for hidden in ("[data-slider]", ".steps", ".filter", ".jumps"):
        assert not page.locator(hidden).is_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/audit/ltsa",
        "/audit/ltsa/journal",
        "/audit/ltsa/search?q=A003",
        "/audit/ltsa/export?from=2026-03-01",
        f"{DAY}?version=20",
        f"{DAY}?version=0&lang=en",
        f"{DAY}?number=Z999",
        "/audit/ltsa/2026-03-01",
        f"{DAY}/ticket/A003",
        f"{DAY}/counter/3",
        f"{DAY}/officer/petugas-budi",
    ],
)
def test_axe_finds_nothing_wrong(new_page: Callable[..., Page], address: str, path: str) -> None:
    page = new_page()
    for viewport in ({"width": 1366, "height": 768}, PHONE):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.goto(address + path)
        page.locator("[data-later]").last.wait_for(state="detached")
        page.evaluate(AXE.read_text("utf-8"))
        found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
        assert [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]] == []
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{path} is {wide} px too wide for {viewport}"

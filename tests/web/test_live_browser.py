"""Live pages in a real browser: what a person keeps, sees, and is told when the connection is lost.

The pulled plug and the sleeping tab: test_live_office.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.web.feed_clients import FeedServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOST = "WebSocket connection to"  # what Chromium writes on the console when a server is gone


@pytest.fixture
def server() -> Iterator[FeedServer]:
    running = FeedServer()
    yield running
    running.kill()


@pytest.fixture
def board(server: FeedServer, new_page: Callable[..., Page]) -> Page:
    """A person's window on the board of hall a."""
    page = new_page()
    page.expected_errors = [LOST, "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED"]  # type: ignore[attr-defined]
    page.goto(f"{server.url}/a")
    shows(page, 0)
    return page


def shows(page: Page, number: int) -> None:
    """Waits until the board shows a number."""
    page.locator("h1", has_text=f"{number}").wait_for(timeout=30_000)


def raises(server: FeedServer, page: Page) -> None:
    """Raises the hall's number and waits until the page shows it."""
    number = int(page.locator("h1").inner_text()) + 1
    server.post("/raise/a")
    shows(page, number)


def test_a_page_follows_by_itself(server: FeedServer, board: Page) -> None:
    for _ in range(3):
        raises(server, board)
    assert board.locator("#board").get_attribute("data-v") == "3"
    assert board.locator("html").get_attribute("data-feed") == "fresh"
    assert board.locator("[data-stale]").is_hidden()


def test_what_a_person_is_doing_survives_an_update(server: FeedServer, board: Page) -> None:
    board.locator("#note").fill("setengah jadi")
    board.locator("#note").evaluate("field => field.setSelectionRange(2, 5, 'backward')")
    board.locator("#tick").check()
    board.locator("summary").click()
    board.locator(".long").evaluate("box => box.scrollTop = 300")
    board.locator("[data-keep]").evaluate("element => { element.textContent = 'mine'; element.className = 'own'; }")
    board.locator("#note").focus()
    raises(server, board)
    assert board.locator("#note").input_value() == "setengah jadi"
    assert board.locator("#tick").is_checked()
    assert board.locator("details p").is_visible()
    assert board.locator("details p").inner_text() == "about 1"
    assert board.locator(".long").evaluate("box => box.scrollTop") == 300
    assert board.locator("[data-keep]").inner_text() == "mine"
    assert board.locator("[data-keep]").get_attribute("class") == "own"
    assert board.evaluate("document.activeElement.id") == "note"
    selection = "[document.activeElement.selectionStart, document.activeElement.selectionEnd]"
    assert board.evaluate(selection) == [2, 5]


@pytest.mark.parametrize("rows", ["zyx", "xyzw", "wxyz", "yz", "zy", "y", "ayb", "yxz", "zabcdxefghy"])
def test_rows_that_stay_are_the_same_elements_with_their_focus(server: FeedServer, board: Page, rows: str) -> None:
    board.evaluate("for (const row of document.querySelectorAll('li')) row.was = row.dataset.key")
    board.locator("#b-y").focus()
    server.post(f"/rows/{rows}")
    shows(board, 1)
    shown = board.evaluate("Array.from(document.querySelectorAll('li'), row => row.textContent.trim()).join('')")
    assert shown == rows
    kept = board.evaluate("Array.from(document.querySelectorAll('li'), row => row.was ?? '').join('')")
    assert kept == "".join(row for row in rows if row in "xyz")
    assert board.evaluate("document.activeElement.id") == "b-y"


def test_a_row_that_goes_takes_no_other_with_it(server: FeedServer, board: Page) -> None:
    moves = """() => { window.moved = 0; new MutationObserver(all => { for (const one of all)
        for (const node of one.addedNodes) moved += node.nodeType === 1; })
        .observe(document.querySelector('ul'), {childList: true}) }"""
    board.evaluate(moves)
    server.post("/rows/yz")
    shows(board, 1)
    assert board.evaluate("moved") == 0


def test_nothing_moves_under_the_finger(server: FeedServer, board: Page) -> None:
    box = board.locator("#b-y").bounding_box()
    assert box
    board.evaluate("document.addEventListener('click', event => { window.clicked = event.target.id })")
    board.mouse.move(box["x"] + 2, box["y"] + 2)
    board.mouse.down()
    board.evaluate("void (window.heard = new Promise(beat => document.addEventListener('live:beat', beat)))")
    server.post("/rows/wxyz")
    board.evaluate("import('/static/web/live.js').then(live => live.watch())")
    board.evaluate("heard.then(() => 0)")
    assert board.locator("h1").inner_text() == "0"
    board.mouse.up()
    shows(board, 1)
    assert board.evaluate("clicked") == "b-y"


def test_an_update_is_announced_on_the_element_and_bubbles(server: FeedServer, board: Page) -> None:
    board.evaluate("window.told = []; addEventListener('live:update', e => told.push([e.target.id, e.detail]))")
    raises(server, board)
    assert board.evaluate("told") == [["board", {"view": "board:a", "v": 1}]]


def test_an_older_picture_is_ignored(server: FeedServer, board: Page) -> None:
    board.locator("#board").evaluate("element => element.dataset.v = 2")
    board.evaluate("window.told = []; addEventListener('live:update', e => told.push(e.detail.v))")
    for _ in range(3):
        server.post("/raise/a")
    shows(board, 3)
    assert board.evaluate("told") == [3]


def test_another_ledger_on_the_same_address_is_taken_for_what_it_is(server: FeedServer, board: Page) -> None:
    server.post("/position/1000")
    shows(board, 1)
    server.kill()
    server.start()
    server.post("/raise/b")
    shows(board, 0)
    raises(server, board)


def test_a_frozen_server_is_told_and_left_for_a_new_connection(server: FeedServer, board: Page) -> None:
    server.freeze()
    band = board.locator("[data-stale]")
    band.wait_for(state="visible", timeout=30_000)
    assert re.fullmatch(r"last news \d\d\.\d\d", band.inner_text())
    assert board.locator("html").get_attribute("data-feed") == "stale"
    server.thaw()
    board.locator("[data-stale]").wait_for(state="hidden", timeout=30_000)
    raises(server, board)


def test_a_phone_without_network_says_so_and_catches_up(server: FeedServer, board: Page) -> None:
    board.context.set_offline(True)
    server.post("/raise/a")
    board.locator("[data-stale]").wait_for(state="visible", timeout=40_000)
    board.context.set_offline(False)
    shows(board, 1)
    board.locator("[data-stale]").wait_for(state="hidden", timeout=30_000)


def test_a_refused_view_makes_the_page_stale(board: Page) -> None:
    board.evaluate("window.told = []; addEventListener('live:refused', e => told.push(e.detail))")
    board.locator("#board").evaluate("element => { element.dataset.live = 'board:nowhere' }")
    board.evaluate("import('/static/web/live.js').then(live => live.watch())")
    board.locator("[data-stale]").wait_for(state="visible")
    assert board.evaluate("told") == [{"view": "board:nowhere", "code": "unknown"}]
    board.locator("#board").evaluate("element => { element.dataset.live = 'board:a'; }")
    board.evaluate("import('/static/web/live.js').then(live => live.watch())")
    board.locator("[data-stale]").wait_for(state="hidden", timeout=30_000)


def test_whose_right_is_taken_while_the_page_is_open_is_led_to_the_sign_in(
    server: FeedServer, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.context.add_cookies([{"name": "guest", "value": "sari", "url": server.url}])
    page.goto(f"{server.url}/c")
    server.post("/raise/c")
    shows(page, 1)
    server.post("/dismiss/sari")
    page.wait_for_url("**/sign-in")


def test_a_page_that_is_refused_again_and_again_does_not_load_again_and_again(
    server: FeedServer, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(f"{server.url}/a")
    shows(page, 0)
    page.evaluate("sessionStorage.setItem('shut-out', Date.now())")
    page.evaluate("window.before = true")
    page.locator("#board").evaluate("element => { element.dataset.live = 'board:c' }")
    page.evaluate("import('/static/web/live.js').then(live => live.watch())")
    page.locator("[data-stale]").wait_for(state="visible")
    assert page.evaluate("window.before")

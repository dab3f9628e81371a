"""Screens without a network, in a real browser: a display, an officer's desk, and a kiosk with somebody before it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ltsa.happened import TicketCalled, TicketIssued
from tools import chromium
from tools.faults.check import Found, compare
from tools.faults.load import Client
from tools.faults.office import Office, opened
from tools.faults.round import NotPossibleError, Round

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LONGEST = 600.0
BRIEFLY = 20.0
"""Seconds without a network, at most; at least one. Short times are as frequent as long ones, by their magnitude."""

SAID_WITHIN = 20.0
"""Seconds after which a screen without news has said so: it gives up hope after 12."""

PRESS_LIVES = 45.0
"""Seconds for which a press outlives the network: a page hopes for an answer for a minute, then says that none came."""

PATIENCE = 60_000
"""ms that a screen gets to catch up."""

CALL = "[data-desk]:not([aria-busy=true], [data-settling]) [data-do=call-next]:enabled"


def for_long(this: Round) -> Found:
    """For 1 to 600 s."""
    return _offline(this, LONGEST)


def briefly(this: Round) -> Found:
    """For 1 to 20 s."""
    return _offline(this, BRIEFLY)


def _offline(this: Round, longest: float) -> Found:
    if reason := chromium.missing():
        raise NotPossibleError(reason)
    found = this.found()
    with opened(Office(this.folder)) as office, _browser() as browser:
        colleague, screens = Client(office.doors, "colleague", this.seed), _Screens(browser, office)
        colleague.ask("open", "bank", "5")
        colleague.ask("open", "health", "7")
        for _ in this.each():
            seconds = math.exp(this.luck.uniform(0, math.log(longest)))
            called = {"5": colleague.ask("issue", "bank").number}
            screens.prepare()
            screens.connect(is_connected=False)
            screens.press()
            colleague.ask("issue", "health")
            called["7"] = colleague.ask("call", "health", "7").number
            screens.wait(seconds)
            if seconds > SAID_WITHIN:
                found.more["outages_said"] = found.more.get("outages_said", 0) + 1
                found.wrong += [f"The {name} did not say that it has no network." for name in screens.silent()]
            screens.connect(is_connected=True)
            healed = time.monotonic()
            if trouble := screens.catch_up(seconds, called):
                found.says(f"After {seconds:.0f} s without a network a screen did not catch up: {trouble}")
                break
            found.recovered.append(time.monotonic() - healed)
            for counter, service in (("7", "health"), ("5", "bank")):
                colleague.ask("start", service, counter)
                colleague.ask("finish", service, counter)
        colleague.close()
        # The desk's own calls and the kiosk's numbers are known from their screens alone.
        compare(
            found,
            [told for told in colleague.told if told.service == "health" or told.what == "issue"],
            office.recorded(),
        )
        _once(found, screens, office, this.runs)
    return found


def _once(found: Found, screens: _Screens, office: Office, runs: int) -> None:
    """What was pressed without a network was done once, and what a kiosk showed is on record."""
    recorded = [row.event for row in office.recorded()]
    calls = sum(isinstance(event, TicketCalled) and event.counter == "5" for event in recorded)
    taken = [event.number for event in recorded if isinstance(event, TicketIssued) and event.services == ("police",)]
    if calls != runs:
        found.says(f"The desk was pressed {runs} times and called {calls} times.")
    if screens.numbers != taken:
        found.says(f"The kiosk showed {screens.numbers}; on record are {taken}.")
    found.more["numbers_taken"] = len(taken)


class _Screens:
    """A display, the desk of counter 5 and a kiosk, each in a window. `numbers` are those that the kiosk showed."""

    def __init__(self, browser: Browser, office: Office) -> None:
        self._url = f"http://127.0.0.1:{office.ports[0]}"
        self.numbers: list[str] = []
        who = {
            "display": ("device", office.screen),
            "desk": ("session", office.officer),
            "kiosk": ("device", office.kiosk),
        }
        self._pages: dict[str, Page] = {}
        for name, (cookie, secret) in who.items():
            context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
            context.add_cookies([{"name": cookie, "value": secret, "url": self._url}])
            self._pages[name] = context.new_page()
        self._pages["display"].goto(f"{self._url}/display/ltsa")

    def prepare(self) -> None:
        """The officer may call, and somebody at the kiosk has said what they came for."""
        self._pages["desk"].goto(f"{self._url}/desk/ltsa/5")
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
        """Waits until the desk shows its person, the kiosk its ticket, the display both calls; what keeps one
        of them from it, "" for nothing.
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
        desk.wait_for_selector(f"[data-do=start], {CALL}" if given_up else "[data-do=start]", timeout=PATIENCE)
        if given_up and desk.query_selector(CALL):
            desk.click(CALL)
            desk.wait_for_selector("[data-do=start]", timeout=PATIENCE)
        kiosk.wait_for_selector(
            "[data-step=ticket], [data-step=welcome]" if given_up else "[data-step=ticket]", timeout=PATIENCE
        )
        if kiosk.query_selector("[data-step=ticket]"):
            self.numbers.append(kiosk.get_attribute(".ticket .wide", "aria-label") or "")
        for counter, number in called.items():
            at = f"[data-counter='{counter}'][data-number='{number}']"
            self._pages["display"].wait_for_selector(at, state="attached", timeout=PATIENCE)
        for page in self._pages.values():
            page.wait_for_selector("html[data-feed=fresh]", timeout=PATIENCE)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened_browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        yield opened_browser
        opened_browser.close()

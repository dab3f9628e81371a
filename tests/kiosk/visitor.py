"""A visitor at the kiosk, the officers in the hall, and what may be asked of a screen."""

from __future__ import annotations

import io
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zxingcpp
from PIL import Image

from ltsa.access import RevokeDevice
from ltsa.commands import DayCommand, OpenCounter
from ltsa.configuring import ChangeOffice
from ltsa.happened import TicketIssued
from ltsa.ledger import Ledger

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from ltsa.day import Day

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
UPRIGHT = {"width": 1080, "height": 1920}
LYING = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
LEAST = 60

KEYS = (f"key-of-an-officer-{n}" for n in count())


class Hall:
    """Everybody in the office who is not at the kiosk: they act on the same ledger."""

    def __init__(self, data: Path) -> None:
        self.ledger = Ledger(data / "ledger.sqlite")

    def does(self, kind: type[DayCommand], at: int | None = None, **what: Any) -> None:
        """An officer's command; the officer of a counter sits down first."""
        now = at or time.time_ns() // 1_000_000
        office = what.pop("office", "ltsa")
        said: dict[str, Any] = {"office": office, "at": now, "by": "officer:test", "key": next(KEYS)}
        counter = what.get("counter")
        if counter and kind is not OpenCounter and self.day_at(now, office).counters[counter].state == "closed":
            self.ledger.do(OpenCounter(**(said | {"key": next(KEYS)}), counter=counter, officer=counter))
        self.ledger.do(kind(**said, **what))

    def revokes(self, kind: str) -> None:
        """The manager lets the devices of a kind in no more."""
        now = time.time_ns() // 1_000_000
        for device in self.ledger.present().access.devices.values():
            if device.kind == kind:
                revokes: dict[str, Any] = {"office": "ltsa", "at": now, "by": "manager:test", "key": next(KEYS)}
                self.ledger.do(RevokeDevice(**revokes, device=device.id))

    def decides(self, path: str, value: object) -> None:
        """The manager changes a part of the office from today on."""
        now = time.time_ns() // 1_000_000
        said: dict[str, Any] = {"office": "ltsa", "at": now, "by": "manager:test", "key": next(KEYS), "why": "a story"}
        self.ledger.do(ChangeOffice(**said, since=self.today, changes={path: value}))

    @property
    def today(self) -> str:
        """The office's date."""
        return self.ledger.present().office_at("ltsa", time.time_ns() // 1_000_000)[1].isoformat()

    def signed(self, number: str) -> list[str]:
        """In whose names it is on record that a number was taken."""
        events = [recorded.event for recorded in self.ledger.since(0)]
        return [event.by for event in events if isinstance(event, TicketIssued) and event.number == number]

    @property
    def day(self) -> Day:
        """The service day as the ledger has it."""
        return self.day_at(time.time_ns() // 1_000_000)

    def day_at(self, at: int, office: str = "ltsa") -> Day:
        """An office's service day at an instant."""
        present = self.ledger.present()
        return present.day(office, present.office_at(office, at)[1])


SCANNED = """code => {
    for (const key of [...code, "Enter"]) {
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    }
}"""
"""Every key at once: how fast a busy machine hands on real ones says nothing about a scanner."""


class Visitor:
    """Somebody before the kiosk, who reads and touches."""

    def __init__(self, page: Page, url: str, query: str = "", office: str = "ltsa") -> None:
        self.page, self.taps = page, 0
        page.goto(f"{url}/kiosk/{office}{query}")

    def touches(self, what: str) -> None:
        """One tap."""
        self.page.locator(what).first.click()
        self.taps += 1

    def sees(self, step: str) -> None:
        """This step is on the screen, and settled."""
        self.page.wait_for_selector(f"[data-step={step}]")
        self.page.wait_for_selector("main:not([inert])")

    def speaks(self, language: str) -> None:
        """Chooses the language."""
        self.touches(f".tongue[value={language}]")
        self.sees("services")

    def wants(self, service: str) -> None:
        """Chooses a service."""
        self.touches(f".service[value={service}]")
        self.sees("review")

    def adds(self, service: str) -> None:
        """Chooses one more service."""
        self.touches(".review__do a[href*='/services']")
        self.sees("services")
        self.wants(service)

    def types(self, nik: str) -> None:
        """Types a NIK on the screen's keys."""
        for digit in nik:
            self.page.click(f"[data-digit='{digit}']")

    def begins(self, scheme: str, nik: str, *, agrees: bool = True) -> None:
        """The first visit of a journey, from the choice of the language on; who is known already is not asked."""
        self.speaks("id")
        self.touches(".way[href*='/begin']")
        self.sees("schemes")
        self.touches(f".service[href*='/begin/{scheme}']")
        self.sees("nik")
        self.types(nik)
        self.touches(".nik__do .button--primary")
        self.page.wait_for_selector("[data-step]:not([data-step=nik])")
        if self.page.locator("[data-step=consent]").count():
            self.answers(agrees=agrees)

    def answers(self, *, agrees: bool) -> None:
        """Whether their data may be kept."""
        self.sees("consent")
        self.touches(f".consent__answer{':not(' if agrees else ''}[value=no]{')' if agrees else ''}")

    def comes_again(self, nik: str) -> None:
        """Comes again without a card, from the choice of the language on."""
        self.speaks("id")
        self.touches(".way[href*='/return']")
        self.sees("nik")
        self.types(nik)
        self.touches(".nik__do .button--primary")

    def scans(self, card: str, ms_between: int = 0) -> None:
        """Holds a card before the scanner, which types its code like a keyboard; or types it by hand, slowly."""
        if ms_between:
            self.page.keyboard.type(card, delay=ms_between)
            self.page.keyboard.press("Enter")
            return
        self.page.evaluate(SCANNED, card)

    @property
    def codes(self) -> list[str]:
        """What phones read from all codes on the screen."""
        return sorted(str(it.text) for it in zxingcpp.read_barcodes(Image.open(io.BytesIO(self.page.screenshot()))))

    @property
    def offered(self) -> list[str]:
        """What can be done today, as it is chosen."""
        return self.page.locator(".plan .chosen__one:not(.chosen__one--out) .chosen__name").all_inner_texts()

    def takes_the_number(self) -> str:
        """Takes it, and reads it."""
        self.touches(".review__do .button--primary")
        self.sees("ticket")
        return self.number

    def takes(self, *services: str, language: str = "id") -> str:
        """The whole way, for these services."""
        self.speaks(language)
        self.wants(services[0])
        for service in services[1:]:
            self.adds(service)
        return self.takes_the_number()

    @property
    def number(self) -> str:
        """The number on the ticket on the screen."""
        return self.page.locator(".ticket .wide").get_attribute("aria-label") or ""

    @property
    def code(self) -> str:
        """What a phone reads from the code on the screen."""
        return scanned(self.page.screenshot())


def scanned(picture: bytes) -> str:
    """What a phone's camera reads from a picture."""
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return str(code.text)


SETTLED = """
    new Promise((done) => {
        const look = () => (document.querySelector("main[inert]") ? setTimeout(look, 20) : done());
        look();
    })
"""
"""Once a step may be touched: until then it is inert, and axe sees nothing of it."""


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, with the contrast of AAA."""
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(SETTLED)
    page.evaluate("Promise.all(document.getAnimations().map(motion => motion.finished))")
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {rules: {'color-contrast-enhanced': {enabled: true}}})).violations"
    )
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


OUTSIDE = """
    [...document.querySelectorAll("body *")].filter(it => {
        if (it.closest(".skip, .visually-hidden, .paper, .roof, .wide")) return false;
        if (!it.checkVisibility({visibilityProperty: true})) return false;
        const box = it.getBoundingClientRect();
        const list = it.closest(".scroll__all, .ticket__road");
        if (list && list.scrollHeight > list.clientHeight) return box.right > innerWidth;
        return box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1
            || (it.closest(".ticket") && box.bottom > it.closest(".ticket").getBoundingClientRect().bottom + 1);
    }).map(it => it.outerHTML.slice(0, 160))
"""
"""Everything that reaches beyond the screen or beyond the ticket; a list that scrolls may, downwards."""

COVERED = """
    [...document.querySelectorAll("h1, h2, p, strong, .service__line, .service__about, .tongue__name")].filter(it => {
        if (it.closest(".paper, .visually-hidden, dialog:not([open])")) return false;
        return it.checkVisibility() && it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== "inline";
    }).map(it => it.outerHTML.slice(0, 160))
"""
"""Words that are cut off at a side."""

HARD_TO_TOUCH = """
    ({least, reach}) => [...document.querySelectorAll("a, button, input:not([type=hidden])")].filter(it => {
        if (it.matches(".skip") || !it.checkVisibility({visibilityProperty: true})) return false;
        const box = it.getBoundingClientRect();
        return box.width < least || box.height < least || box.top < reach * innerHeight;
    }).map(it => `${it.outerHTML.slice(0, 120)} ${JSON.stringify(it.getBoundingClientRect())}`)
"""
"""Controls that are too small for a finger, or too high for somebody in a wheelchair."""


def flaws(page: Page) -> list[str]:
    """What is wrong with a kiosk's screen: outside, cut off, too small, too high, or against axe's rules."""
    measured = {"least": LEAST, "reach": 1 / 3}
    return [
        *page.evaluate(OUTSIDE),
        *page.evaluate(COVERED),
        *page.evaluate(HARD_TO_TOUCH, measured),
        *violations(page),
    ]

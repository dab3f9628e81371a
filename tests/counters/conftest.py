"""A real office with people who take numbers, and officers who sit at its desks in real browser windows."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app import create_app
from tests.conftest import Office
from tests.counters.presses import Presses
from tests.staff import hire, hired_before_opening, pair
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
SCREEN: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce"}
KEYS = (f"key-of-the-hall-{n}" for n in count())
TEAM = {"siti": "officer", "budi": "officer", "rina": "officer", "yuni": "supervisor", "agus": "auditor"}
KIOSKS = ("barat", "timur")


def staffed(data: Path) -> Office:
    """An office that has not been started yet, with a team, two kiosks, and a computer that stands at counter 4."""
    office = Office(data, secrets=hired_before_opening(data))
    with closing(House(Settings(data=data, port=0))) as here:
        office.secrets |= {person: hire(here, person, (role,), "ltsa") for person, role in TEAM.items()}
        office.secrets |= {f"kiosk {name}": pair(here, "kiosk", name) for name in KIOSKS}
        office.secrets["computer"] = pair(here, "counter", "meja-4", counter="4")
    return office


class Hall:
    """The office, and everyone in it who is not at a keyboard."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def takes(self, *services: str, priority: str | None = None) -> str:
        """A person takes a number at the kiosk."""
        number: str = self.does("/tickets", services=services, priority=priority)["number"]
        return number

    def at(self, counter: str, action: str, **body: object) -> Any:
        """An officer at another counter acts."""
        return self.does(f"/counters/{counter}/{action}", **body)

    def lets_in(self, page: Page, *secrets: str) -> Page:
        """The window is that of somebody of the team, of a device, or of a person at a device."""
        for secret in secrets:
            name = "session" if secret in TEAM else "device"
            cookie = {"name": name, "value": self.office.secrets[secret], "url": self.office.url, "httpOnly": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    def does(self, path: str, **body: object) -> Any:
        """What a program's POST is answered with; it must go well."""
        with closing(HTTPConnection("127.0.0.1", self.office.port, timeout=30)) as connection:
            headers = {"Content-Type": "application/json", "Idempotency-Key": next(KEYS), **self.office.bearer}
            connection.request("POST", f"/api/v1/offices/ltsa{path}", json.dumps(body), headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        assert answer.status < 300, said
        return said


class Officer:
    """Somebody at a desk, who reads the screen and types."""

    def __init__(self, page: Page, hall: Hall, counter: str, person: str = "siti", *more: str) -> None:
        self.page = hall.lets_in(page, person, *more)
        self.counter = counter
        page.goto(f"{hall.office.url}/desk/ltsa/{counter}".rstrip("/"))

    def opens(self) -> Officer:
        """Opens the counter as whoever is signed in."""
        self.may("Buka loket")
        self.presses(" ")
        self.may("Panggil")
        return self

    def presses(self, key: str) -> None:
        """Presses a key as soon as the desk takes one."""
        self.is_ready()
        self.page.keyboard.press(key)

    def clicks(self, name: str) -> None:
        """Presses a button with the mouse."""
        self.is_ready()
        self.page.get_by_role("button", name=name).click()

    def is_ready(self) -> None:
        """The desk takes the next press: its keys are bound, and it is not busy with the last one."""
        self.page.locator("[data-letters] [data-desk]:not([aria-busy=true]):not([data-settling]):enabled").wait_for()

    def may(self, action: str) -> None:
        """The one thing to do now is this."""
        self.page.locator("#primary", has_text=action).wait_for()

    def has(self, number: str, state: str) -> None:
        """This person is here, in this state."""
        stage = self.page.locator(f"#stage-{number}")
        stage.locator(".chip", has_text=state).wait_for()
        assert stage.get_by_role("heading").inner_text() == number

    def reads(self, words: str) -> None:
        """These words stand on the screen."""
        self.page.get_by_text(words).first.wait_for()

    def sees_waiting(self, *numbers: str) -> None:
        """These stand in the queue, in calling order."""
        from playwright.sync_api import expect  # noqa: PLC0415 - only browser tests need it

        expect(self.page.locator("#main .line__part--queue .number")).to_have_text(list(numbers), timeout=30_000)

    @property
    def sheet(self) -> Locator:
        """The sheet on top."""
        return self.page.locator("dialog[open]")


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    # A button on its way from one colour to the next has no contrast of its own.
    page.evaluate(
        """() => Promise.allSettled(
            document.getAnimations().filter(it => it.transitionProperty).map(it => it.finished)
        ).then(() => null)"""
    )
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """A running office with an empty hall."""
    office = staffed(tmp_path / "office")
    office.start()
    yield Hall(office)
    office.kill()


@pytest.fixture
def sits(new_page: Callable[..., Page], hall: Hall) -> Callable[..., Officer]:
    """Somebody sits down before the screen of a counter: `sits("3")` is Siti, `sits("5", "budi")` is Budi."""
    return lambda *who: Officer(new_page(**SCREEN), hall, *who)


@pytest.fixture
def supervisor(new_page: Callable[..., Page], hall: Hall) -> Page:
    """Yuni's window at the supervisor's page."""
    page = hall.lets_in(new_page(viewport=SCREEN["viewport"]), "yuni")
    page.goto(f"{hall.office.url}/supervisor/ltsa")
    return page


@pytest.fixture
def presses(settings: Settings) -> Iterator[Presses]:
    """The desk's buttons without a screen, in this process: Siti's."""
    app = create_app(settings)
    yield Presses(app)
    app.extensions["ltsa"].close()

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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from web.settings import Settings

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
SCREEN: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce"}
KEYS = (f"key-of-the-hall-{n}" for n in count())


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

    def does(self, path: str, **body: object) -> Any:
        """What a program's POST is answered with; it must go well."""
        with closing(HTTPConnection("127.0.0.1", self.office.port, timeout=30)) as connection:
            headers = {"Content-Type": "application/json", "Idempotency-Key": next(KEYS)}
            connection.request("POST", f"/api/v1/offices/ltsa{path}", json.dumps(body), headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        assert answer.status < 300, said
        return said


class Officer:
    """Somebody at a desk, who reads the screen and types."""

    def __init__(self, page: Page, url: str, counter: str) -> None:
        self.page = page
        self.counter = counter
        page.goto(f"{url}/desk/ltsa/{counter}".rstrip("/"))

    def opens(self, code: str) -> Officer:
        """Says who sits here, and opens the counter."""
        self.page.locator("#officer:focus").wait_for()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")
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
        """The desk takes the next press."""
        self.page.locator("[data-desk]:not([aria-busy=true]):not([data-settling]):enabled").wait_for()

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
def hall(office_server: Office) -> Hall:
    """A running office with an empty hall."""
    return Hall(office_server)


@pytest.fixture
def sits(new_page: Callable[..., Page], hall: Hall) -> Callable[[str], Officer]:
    """Somebody sits down before the screen of a counter."""
    return lambda counter: Officer(new_page(**SCREEN), hall.office.url, counter)


@pytest.fixture
def presses(settings: Settings) -> Iterator[Presses]:
    """The desk's buttons without a screen, in this process."""
    app = create_app(settings)
    yield Presses(app)
    app.extensions["ltsa"].close()

"""What many rooms' tests stand on: settings, a running office, a browser that tolerates no error."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import FileSystemBytecodeCache

from ltsa.postgres_server import Server
from ltsa.side_store import Beside, Schema, in_folder
from tests.forked import Forked, days_later, share
from tests.staff import hired_before_opening
from tools import chromium, postgres
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROJECT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that looks through a browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@dataclass
class Office:
    """A real server process: `app.py serve` on a folder of its own."""

    data: Path
    port: int = 0
    url: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    ahead: int = 0  # days that its clock is ahead
    secrets: dict[str, str] = field(default_factory=dict)
    process: Forked | None = None

    @property
    def terminal(self) -> Path:
        """Where everything is written down that the server says on its terminal."""
        return self.data.with_suffix(".terminal")

    @property
    def said(self) -> str:
        """What the server has said on its terminal since it was started."""
        return self.terminal.read_text(encoding="utf-8")

    def start(self) -> None:
        """Start (again, on the same port and folder) and wait until it has printed its addresses.

        `secrets` are those of `tests.staff`: a person's session, a kiosk, a display, a program's token.
        """
        if not self.secrets:
            self.secrets = hired_before_opening(self.data, self.environ.get("LTSA_OFFICE", "ltsa"))
        words = ["serve", "--port", str(self.port), "--data", str(self.data), *self.flags]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LTSA_")} | self.environ
        self.process = Forked(self.terminal, environ, days_later, self.ahead, *words)
        while "Ctrl+C" not in self.said and self.process.poll() is None:
            time.sleep(0.02)
        if not (found := re.search(r"http://[^/\s]+:(\d+)", self.said)):
            pytest.fail(f"The server did not start:\n{self.said}")
        self.url, self.port = found[0], int(found[1])

    @property
    def cookie(self) -> dict[str, str]:
        """The headers of a request by somebody who may do everything."""
        return {"Cookie": f"session={self.secrets['session']}"}

    @property
    def bearer(self) -> dict[str, str]:
        """The headers of a request by a program that may do everything at counters and take numbers."""
        return {"Authorization": f"Bearer {self.secrets['token']}"}

    def sign_in(self, page: Page, what: str = "session") -> None:
        """Lets a window be somebody's who may do everything; or a "kiosk", or a "display"."""
        name = "session" if what == "session" else "device"
        cookie = {"name": name, "value": self.secrets[what], "url": self.url, "httpOnly": True, "sameSite": "Lax"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop; its exit code and what it said after its addresses."""
        assert self.process, "the office is closed already"
        self.process.send_signal(how)
        code, self.process = self.process.wait(timeout=30), None
        return code, self.said.partition("Ctrl+C closes it.\n")[2]

    def kill(self) -> None:
        """Pull the plug: no clean stop."""
        if self.process:
            self.stop(signal.SIGKILL)


@pytest.fixture(scope="session", autouse=True)
def templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every template is compiled once, and not once an office."""
    share(FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates"))))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """A PostgreSQL of our own, once for all tests; skips where there is none."""
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.Postgres() as server:
        yield server


@pytest.fixture
def database(postgres_server: postgres.Postgres) -> str:
    """The address of an empty database for a ledger."""
    return postgres_server.schema(f"t{secrets.token_hex(6)}")


@pytest.fixture
def keys_database(postgres_server: postgres.Postgres) -> str:
    """The address of an empty database for the keys."""
    return postgres_server.schema(f"k{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def side_server(postgres_server: postgres.Postgres) -> Iterator[Server]:
    """A PostgreSQL as stores beside the ledger know it, once for all tests."""
    server = Server(postgres_server.address())
    yield server
    server.close()


@pytest.fixture(params=["file", "database"])
def beside(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Beside]:
    """Where stores beside the ledger lie, by their names: in files, and once more in a database."""
    if request.param == "file":
        return in_folder(tmp_path)
    server: Server = request.getfixturevalue("side_server")
    while server.away:  # another test has frozen it
        time.sleep(0.05)
    own = secrets.token_hex(6)
    return lambda name: Schema(server, f"{own}_{name}")


IN_A_FILE = pytest.mark.parametrize("beside", ["file"], indirect=True)
"""For a test that looks at the bytes of a file."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an office on an empty folder, on any free port."""
    return Settings(data=tmp_path / "office", port=0)


@pytest.fixture
def office_server(tmp_path: Path) -> Iterator[Office]:
    """A running office; `office_server.url` is its address."""
    office = Office(tmp_path / "office")
    office.start()
    yield office
    office.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, once for all tests; skips where it cannot be driven."""
    if reason := chromium.missing():
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only browser tests need it

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens windows, each a person's own: `new_page(viewport={...}, locale="id-ID")`.

    The test fails if any of them meets a script error, a console error or a violation of the content security policy.
    A test that provokes errors lists parts of their texts in `page.expected_errors`.
    """
    pages: list[tuple[Page, list[str]]] = []

    def open_page(**context: object) -> Page:
        page = browser.new_context(**{"locale": "id-ID", **context}).new_page()  # type: ignore[arg-type]
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.expected_errors = []  # type: ignore[attr-defined]
        pages.append((page, complaints))
        return page

    yield open_page
    unexpected = [
        complaint
        for page, complaints in pages
        for complaint in complaints
        if not any(part in complaint for part in page.expected_errors)  # type: ignore[attr-defined]
    ]
    for page, _ in pages:
        page.context.close()
    assert not unexpected, f"The pages complained: {unexpected}"


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One window of 1366×768."""
    return new_page(viewport={"width": 1366, "height": 768})

"""The scripted morning of 2 March 2026, recorded in an office's ledger, and an auditor who opens its pages."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app import create_app
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from tests.conftest import Office
from tests.ltsa.scripted_day import commands, office
from tests.staff import hire, signed_in
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"


def record(folder: Path) -> None:
    """Plays the morning into an office's folder, with the commands that people use."""
    ledger = Ledger(folder / "ledger.sqlite")
    set_up = {"office": "ltsa", "at": 0, "by": "system", "key": "set up"}
    ledger.do(ConfigureOffice(configuration=office(), since="1970-01-01", **set_up))  # type: ignore[arg-type]
    for command in commands():
        ledger.do(command)
    ledger.close()


@dataclass
class Auditor:
    """Ratna, an auditor of this office, who opens pages of the audit room."""

    client: FlaskClient
    house: House
    app: Flask

    def opens(self, path: str, **query: str) -> str:
        """A page's text."""
        answer = self.client.get(f"/audit/ltsa{path}", query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def is_refused(self, path: str, status: int, **query: str) -> str:
        """The text of the page that says why."""
        answer = self.client.get(f"/audit/ltsa{path}", query_string=query)
        assert answer.status_code == status
        return answer.get_data(as_text=True)

    def downloads(self, path: str, **query: str) -> bytes:
        """A file's bytes."""
        answer = self.client.get(f"/audit/ltsa{path}", query_string=query)
        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        return bytes(answer.data)


@pytest.fixture(scope="session")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office that had its morning, to be copied."""
    record(folder := tmp_path_factory.mktemp("morning") / "office")
    return folder


@pytest.fixture
def folder(morning: Path, tmp_path: Path) -> Path:
    """The folder of an office that had its morning."""
    return Path(shutil.copytree(morning, tmp_path / "office"))


@pytest.fixture
def auditor(folder: Path) -> Iterator[Auditor]:
    """The auditor of that office, without a server."""
    app = create_app(Settings(data=folder, port=0))
    app.testing = True
    yield Auditor(signed_in(app, "ratna", ["auditor"], "ltsa"), app.extensions["ltsa"], app)
    app.extensions["ltsa"].close()


@pytest.fixture(scope="module")
def served(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office with that morning, served, for tests that look through a browser."""
    folder = Path(shutil.copytree(morning, tmp_path_factory.mktemp("served") / "office"))
    with closing(House(Settings(data=folder, port=0))) as here:
        secrets = {"session": hire(here, "ratna", ["auditor"], "ltsa")}
    office = Office(folder, secrets=secrets)
    office.start()
    yield office
    office.kill()


@pytest.fixture
def address(served: Office) -> str:
    """Where it is served."""
    return served.url


@pytest.fixture
def new_page(new_page: Callable[..., Page], served: Office) -> Callable[..., Page]:
    """Windows in which Ratna is signed in."""

    def opens(**context: object) -> Page:
        page = new_page(**context)
        served.sign_in(page)
        return page

    return opens

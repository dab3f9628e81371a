"""A manager of a real office, in a browser without a screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from app import create_app
from tests.staff import signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from ltsa.configuring import Configurations
    from ltsa.office import Office
    from web.house import House
    from web.settings import Settings


class _Inputs(HTMLParser):
    """Reads what stands in the form `[data-form]` (or in the first of a page), as a browser would send it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._inside = self._done = False
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and "data-form" in said:
            self._inside = True
        if not self._inside or self._done or not (name := said.get("name", "")):
            if tag == "option" and self._select and "selected" in said:
                self.found[self._select] = said.get("value", "")
            return
        if tag == "input" and said.get("type") in {"checkbox", "radio"}:
            if "checked" in said:
                self.found[name] = said.get("value", "on")
        elif tag == "input":
            self.found[name] = said.get("value", "")
        elif tag == "textarea":
            self._area = name
            self.found[name] = ""
        elif tag == "select":
            self._select = name
            self.found.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._done = True
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data


def inputs_of(page: str) -> dict[str, str]:
    """What a browser would send of a page's form if nobody touched it."""
    reader = _Inputs()
    reader.feed(page)
    return reader.found


@dataclass
class Manager:
    """Somebody who sets an office up."""

    client: FlaskClient
    house: House
    id: str = "ltsa"
    sheet: dict[str, str] = field(default_factory=dict)

    @property
    def office(self) -> Office:
        """The office as it is today."""
        self.house.catch_up()
        return self.house.office(self.id)

    @property
    def known(self) -> Configurations:
        """All that was decided."""
        self.house.catch_up()
        return self.house.configurations(self.id)

    def opens(self, path: str, **query: object) -> str:
        """A page's text; its form lies on the desk, to be filled in."""
        answer = self.client.get(f"/manage/{self.id}{path}", query_string={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, (answer.status_code, answer.location, answer.get_data(as_text=True)[:2000])
        page = answer.get_data(as_text=True)
        self.sheet = inputs_of(page)
        return page

    def saves(self, section: str, why: str = "uji", **changed: str) -> TestResponse:
        """Fills the form of a section in, and saves it; `changed` has other values by input (with "." and "/")."""
        return self.sends(section, do="save", why=why, **changed)

    def sends(self, section: str, **changed: str) -> TestResponse:
        """Sends the form of a section as it lies on the desk, with these inputs changed ("": taken out)."""
        self.sheet |= changed
        return self.client.post(f"/manage/{self.id}/settings/{section}", data=self.sheet)

    def posts(self, path: str, **form: str) -> TestResponse:
        """Presses a button."""
        return self.client.post(f"/manage/{self.id}{path}", data=form)


@pytest.fixture
def manager(settings: Settings) -> Iterator[Manager]:
    """The manager of the example office."""
    app = create_app(settings)
    app.testing = True
    yield Manager(signed_in(app, "rahma", ["manager"], "ltsa"), app.extensions["ltsa"])
    app.extensions["ltsa"].close()

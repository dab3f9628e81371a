"""A running office with a display on its wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Office
from tests.display.hall import WIDE, Hall, opens_display, records_short_clips

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A running office whose clips are short."""
    server = Office(tmp_path / "office")
    records_short_clips(server.data)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def hall(office: Office) -> Iterator[Hall]:
    """The people in it, who act from this process."""
    there = Hall(office.data)
    yield there
    there.ledger.close()


@pytest.fixture
def display(new_page: Callable[..., Page], office: Office) -> Callable[..., Page]:
    """Opens a paired display on the wall of the office, touched once: `display("?depth=3", viewport=UPRIGHT)`."""

    def open_one(query: str = "", **context: Any) -> Page:
        page = new_page(**{"viewport": WIDE, **context})
        office.sign_in(page, "display")
        opens_display(page, office.url, query)
        return page

    return open_one

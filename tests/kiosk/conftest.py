"""A running office, visitors at its kiosk, and phones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Office
from tests.kiosk.visitor import PHONE, UPRIGHT, Hall, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def hall(office_server: Office) -> Iterator[Hall]:
    """The officers of the running office."""
    there = Hall(office_server.data)
    yield there
    there.ledger.close()


@pytest.fixture
def visitor(new_page: Callable[..., Page], office_server: Office) -> Callable[..., Visitor]:
    """Somebody comes to the paired kiosk: `visitor(query="?print=auto", viewport=LYING)`.

    With `who="session"` staff try it at a screen of their own.
    """

    def comes(query: str = "", who: str = "kiosk", **context: object) -> Visitor:
        page = new_page(**{"viewport": UPRIGHT, **context})
        office_server.sign_in(page, who)
        return Visitor(page, office_server.url, query)

    return comes


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Somebody opens an address on a phone."""

    def opens(address: str, **context: object) -> Page:
        page = new_page(**{"viewport": PHONE, "device_scale_factor": 2, **context})
        page.goto(address)
        return page

    return opens

"""A running office whose manager changes it: pages see what was acknowledged, and what was true."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from ltsa.commands import IssueTicket
from ltsa.configuring import ChangeOffice
from ltsa.message import Refusal
from tests.ltsa.hall import EIGHT
from web.house import House
from web.settings import Settings

LATER = EIGHT + 3652 * 24 * 3_600_000
"""Eight o'clock on 20 November 2036: no clock that set up the office is ahead of it."""

TODAY, TOMORROW = "2036-11-20", "2036-11-21"


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The example office that morning, with somebody in it."""
    here = House(settings)
    monkeypatch.setattr(here, "now", lambda: LATER)
    here.do(IssueTicket(office="ltsa", at=LATER, by="kiosk:1", key="first", services=("bank",), token="t"))
    yield here
    here.close()


def changes(house: House, key: str, since: str, **rules: Any) -> None:
    parts = {f"rules/{name}": value for name, value in rules.items()}
    said: dict[str, Any] = {"office": "ltsa", "at": LATER, "by": "manager:maya", "key": key}
    house.do(ChangeOffice(**said, since=since, why="perlu", changes=parts))
    house.read_own_writes()


def test_a_change_for_today_is_seen_at_once_and_one_for_tomorrow_is_seen_to_be_planned(house: House) -> None:
    changes(house, "a", TODAY, recall_limit=5)
    changes(house, "b", TOMORROW, recall_limit=7)
    today = house.office("ltsa").service_date(LATER)
    assert house.office("ltsa").rules.recall_limit == house.today("ltsa").rules_of.rules.recall_limit == 5
    assert house.office_on("ltsa", today + timedelta(days=1)).rules.recall_limit == 7
    assert house.office_on("ltsa", today - timedelta(days=1)).rules.recall_limit == 3
    assert [change.kind for change in house.changes("ltsa")] == ["changed", "changed", "configured"]
    assert [change.since for change in house.configurations("ltsa").planned(today)] == [TOMORROW]


def test_the_screens_of_the_office_are_painted_anew(house: House) -> None:
    house.advance()
    changes(house, "a", TODAY, recall_limit=5)
    assert house.advance() == {"ltsa"}


def test_an_office_that_is_not_there_has_no_history(house: House) -> None:
    with pytest.raises(Refusal, match="There is no office 'lsta'; known are ltsa"):
        house.changes("lsta")

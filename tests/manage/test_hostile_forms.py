"""Forms as no page of ours sends them: refused or read as well as can be; and nobody else feels it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltsa.office import MOST_COUNTERS
from manage.fields import MOST_ROWS, Sheet
from tests.staff import pair

if TYPE_CHECKING:
    from tests.manage.conftest import Manager


@pytest.mark.parametrize(
    "days", ["", "abc", "-1", "3661", "1e3", "²", "00000000199999999", "000000000" + "9" * 5000, "0x1", " 7 7 "]
)
def test_a_program_is_never_let_in_for_ever_by_mistake_nor_until_the_calendar_ends(manager: Manager, days: str) -> None:
    assert manager.posts("/programs", name="Papan", role="officer", days=days).status_code == 422
    manager.house.catch_up()
    assert not manager.house.access.tokens
    manager.opens("/programs")


def test_a_number_without_end_is_no_counter_and_no_row(manager: Manager) -> None:
    endless = "9" * 5000
    page = manager.posts("/setup/services", **{"offered.bank": "on", "counters.bank": endless})
    assert page.status_code == 422
    page = manager.posts("/settings/counters", **{"do": "add:counters", f"counters.{endless}.id": "x"})
    assert page.status_code == 200
    many = ",".join(map(str, range(5000)))
    assert manager.posts("/setup/services", **{"offered.bank": "on", "counters.bank": many}).status_code == 422


@pytest.mark.parametrize("row", ["counters.%d.id", "counters.%d.name.id", "counters.%d.nothing"])
def test_of_thousands_of_rows_a_few_more_than_there_may_be_are_looked_at(manager: Manager, row: str) -> None:
    sheet = {row % n: "x" for n in range(2000)}
    assert len(Sheet(sheet).rows("counters")) == MOST_ROWS
    assert manager.posts("/settings/counters", do="save", why="x", **sheet).status_code in {303, 422}
    assert len(manager.office.counters) <= MOST_COUNTERS


def test_a_form_cannot_take_a_key_that_the_house_will_need(manager: Manager) -> None:
    pair(manager.house, "display", "aula")
    (device,) = manager.house.access.devices
    assert (
        manager.posts("/people", key=f"revoke {device}", person="tono", name="T", **{"role.officer": "on"}).status_code
        == 200
    )
    assert manager.posts(f"/devices/{device}/revoke").status_code == 303
    manager.house.catch_up()
    assert manager.house.access.devices[device].revoked

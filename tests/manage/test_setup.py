"""The first path without a screen: each step is an ordinary change, and it goes on where it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltsa.access import Grant
from ltsa.office import usual_week
from tests.staff import pair

if TYPE_CHECKING:
    from tests.manage.conftest import Manager


def desks(manager: Manager, **changed: str) -> dict[str, str]:
    said = {f"offered.{service.id}": "on" for service in manager.office.services}
    for service in manager.office.services:
        said[f"counters.{service.id}"] = ", ".join(c.id for c in manager.office.counters if service.id in c.services)
    return {name: text for name, text in (said | changed | {"key": "desks"}).items() if text}


def test_the_path_begins_at_the_first_step_and_goes_on_where_it_was_left(manager: Manager) -> None:
    assert manager.client.get("/manage/ltsa/setup").location.endswith("/setup/office")
    assert "Penyiapan kantor belum selesai." in manager.opens("")
    manager.opens("/setup/office")
    manager.sheet |= {"name.id": "LTSA Mataram", "zone": "Asia/Makassar", "do": "save"}
    assert manager.posts("/setup/office", **manager.sheet).location.endswith("/setup/services")
    assert manager.client.get("/manage/ltsa/setup").location.endswith("/setup/services")


def test_the_first_step_keeps_name_zone_hours_and_days_off_in_one_change(manager: Manager) -> None:
    manager.opens("/setup/office")
    manager.posts("/setup/office", **manager.sheet | {"name.id": "LTSA Mataram", "zone": "Asia/Makassar", "do": "save"})
    assert manager.known.version == 2
    found = manager.office
    assert (found.name["id"], found.zone, found.week) == ("LTSA Mataram", "Asia/Makassar", usual_week())
    assert any(day.kind == "holiday" for day in found.days_off)
    assert manager.known.changes[-1].why == "Penyiapan kantor"


def test_without_the_tick_no_days_off_are_taken_over(manager: Manager) -> None:
    manager.opens("/setup/office")
    del manager.sheet["holidays"]
    manager.posts("/setup/office", **manager.sheet, do="save")
    assert not manager.office.days_off


def test_hours_that_cannot_be_are_said_at_their_day(manager: Manager) -> None:
    manager.opens("/setup/office")
    answer = manager.posts("/setup/office", **manager.sheet | {"week/mon.closes": "7.00", "do": "save"})
    assert answer.status_code == 422
    assert 'id="week/mon-error"' in answer.get_data(as_text=True)
    assert manager.known.version == 1


def test_a_break_more_is_a_press_without_a_script(manager: Manager) -> None:
    manager.opens("/setup/office")
    answer = manager.posts("/setup/office", **manager.sheet, do="add:week/mon.breaks")
    assert answer.status_code == 200
    assert 'name="week/mon.breaks.1.begins"' in answer.get_data(as_text=True)


def test_a_step_that_is_right_as_it_is_needs_no_change(manager: Manager) -> None:
    answer = manager.posts("/setup/services", **desks(manager))
    assert answer.location.endswith("/setup/people")
    assert manager.known.version == 1


def test_desks_that_are_not_there_go_and_counters_follow(manager: Manager) -> None:
    said = desks(manager, **{"offered.civil-registry": "", "offered.bank": "", "counters.health": "5, 12"})
    assert manager.posts("/setup/services", **said).status_code == 303
    found = manager.office
    assert "bank" not in found.service
    assert found.service["immigration"].after == ("labour",)
    assert [counter.id for counter in found.counters] == ["1", "3", "4", "5", "6", "7", "8", "10", "12"]
    assert found.counter["12"].name["id"] == "Loket 12"
    page = manager.opens("/setup/services")
    assert "Perbankan" in page  # it can be ticked again
    manager.posts(
        "/setup/services",
        **desks(manager, **{"offered.bank": "on", "counters.bank": "9", "key": "again"}) | {"key": "again"},
    )
    assert manager.office.service["bank"].prefix == "G"


def test_a_desk_without_a_counter_is_said_at_its_line(manager: Manager) -> None:
    answer = manager.posts("/setup/services", **desks(manager, **{"counters.bank": " "}))
    assert answer.status_code == 422
    assert 'id="error-bank"' in answer.get_data(as_text=True)


def test_the_manager_may_work_at_a_counter_too(manager: Manager) -> None:
    answer = manager.posts("/setup/people", **{"me.officer": "on", "key": "me"})
    assert answer.location.endswith("/setup/devices")
    manager.house.catch_up()
    assert Grant("officer", "ltsa") in manager.house.access.people["rahma"].grants
    assert Grant("supervisor", "ltsa") not in manager.house.access.people["rahma"].grants


def test_an_invitation_leads_back_to_the_path(manager: Manager) -> None:
    said = {"name": "Siti", "person": "siti", "role.officer": "on", "key": "k", "from": "setup"}
    assert "/manage/ltsa/setup/people" in manager.posts("/people", **said).get_data(as_text=True)


def test_when_all_is_done_the_path_ends(manager: Manager) -> None:
    manager.opens("/setup/office")
    manager.posts("/setup/office", **manager.sheet, do="save")
    manager.posts("/setup/people", **{"me.officer": "on", "key": "me"})
    pair(manager.house, "kiosk")
    assert manager.client.get("/manage/ltsa/setup").location.endswith("/setup/ready")
    assert "Kantor siap" in manager.opens("/setup/ready")
    assert "Penyiapan kantor belum selesai." not in manager.opens("")
    assert manager.client.get("/manage/ltsa/setup/nowhere").status_code == 404

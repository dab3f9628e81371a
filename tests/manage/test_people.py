"""The people of an office: who may let in whom, with what, and what stands on record of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ltsa.access import Grant
from ltsa.journal import DataErased, DataSeen
from tests.staff import hire, signed_in
from web.security import HEADERS

if TYPE_CHECKING:
    from tests.manage.conftest import Manager


def journal(manager: Manager) -> list[object]:
    manager.house.catch_up()
    streams = manager.house.ledger.streams("journal:ltsa:")
    return [recorded.event for stream in streams for recorded in manager.house.ledger.history(stream)]


def invites(manager: Manager, **form: str) -> str:
    said = {"name": "Siti Rahmawati", "person": "siti.rahma", "role.officer": "on", "key": "invite siti"} | form
    answer = manager.posts("/people", **said)
    assert answer.status_code == 200, answer.get_data(as_text=True)[-1500:]
    return answer.get_data(as_text=True)


def grants(manager: Manager, person: str) -> frozenset[Grant]:
    manager.house.catch_up()
    return manager.house.access.people[person].grants


def test_an_invitation_makes_an_account_and_a_link_that_is_shown_once(manager: Manager) -> None:
    page = invites(manager)
    (secret,) = set(re.findall(r"/link/([\w-]+)", page))
    assert "Siti Rahmawati" in page
    assert '<svg class="qr"' in page
    found = manager.house.credentials.link(secret, manager.house.now())
    assert found
    assert (found.person, found.purpose) == ("siti.rahma", "invitation")
    assert grants(manager, "siti.rahma") == {Grant("officer", "ltsa")}
    assert secret not in manager.opens("/people")
    assert "Belum membuat kata sandi" in manager.opens("/people")


def test_the_page_of_a_link_is_kept_by_nobody(manager: Manager) -> None:
    said = {"name": "Siti", "person": "siti", "role.officer": "on", "key": "k"}
    assert manager.posts("/people", **said).headers["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"person": "Siti Rahma"}, "person"),
        ({"name": " "}, "name"),
        ({"role.officer": ""}, None),
        ({"person": "rahma"}, "person"),
    ],
)
def test_a_wrong_invitation_is_said_at_its_field_and_what_was_typed_stays(
    manager: Manager, wrong: dict[str, str], field: str | None
) -> None:
    said = {"name": "Siti Rahmawati", "person": "siti.rahma", "role.officer": "on", "key": "k"} | wrong
    answer = manager.posts("/people", **said)
    assert answer.status_code in {409, 422}
    page = answer.get_data(as_text=True)
    assert f'id="{field}-error"' in page if field else "Pilih sedikitnya satu peran." in page
    assert "siti.rahma" not in manager.house.access.people


def test_roles_are_given_and_taken_and_the_last_one_leaves_the_office(manager: Manager) -> None:
    invites(manager)
    assert manager.posts("/people/siti.rahma/give", role="supervisor", key="g").status_code == 303
    assert grants(manager, "siti.rahma") == {Grant("officer", "ltsa"), Grant("supervisor", "ltsa")}
    assert manager.posts("/people/siti.rahma/take", role="officer", key="t").status_code == 303
    answer = manager.posts("/people/siti.rahma/take", role="supervisor", key="t2")
    assert answer.location.startswith("/manage/ltsa/people?")
    assert "/people/siti.rahma" not in manager.opens("/people")


def test_a_manager_gives_no_role_that_is_not_theirs_to_give(manager: Manager) -> None:
    page = manager.opens("/people")
    assert "role.auditor" not in page
    invites(manager)
    answer = manager.posts("/people/siti.rahma/give", role="auditor", key="g")
    assert answer.status_code == 409
    assert "tidak berwenang" in answer.get_data(as_text=True)
    assert grants(manager, "siti.rahma") == {Grant("officer", "ltsa")}


def test_who_holds_more_than_the_manager_may_give_is_not_theirs_to_bar_or_reset(manager: Manager) -> None:
    hire(manager.house, "gani", ["headquarters"])
    hire(manager.house, "gani", ["officer"], "ltsa")
    page = manager.opens("/people/gani")
    assert "Nonaktifkan" not in page
    for action in ("bar", "link", "unlock", "end-sessions", "drop-second-factor", "erase", "rename"):
        answer = manager.posts(f"/people/gani/{action}", why="coba", name="Lain", key=action)
        assert answer.status_code in {403, 409}, action
    assert not manager.house.access.people["gani"].barred
    assert manager.house.credentials.sessions("gani", manager.house.now())


def test_a_barred_person_is_out_at_once_and_may_come_back(manager: Manager) -> None:
    app = manager.client.application
    siti = signed_in(app, "siti", ["officer"], "ltsa")
    assert siti.get("/desk/ltsa").status_code == 200
    manager.posts("/people/siti/bar", why="pindah tugas", key="b")
    manager.house.door.renew()
    assert siti.get("/desk/ltsa").status_code == 303
    assert "pindah tugas" in manager.opens("/people/siti")
    manager.posts("/people/siti/readmit", key="r")
    manager.house.catch_up()
    assert not manager.house.access.people["siti"].barred


def test_the_name_of_somebody_who_has_left_is_erased_and_the_record_says_so(manager: Manager) -> None:
    invites(manager)
    assert manager.posts("/people/siti.rahma/erase", key="too early").status_code == 409
    manager.posts("/people/siti.rahma/bar", why="pensiun", key="b")
    assert manager.posts("/people/siti.rahma/erase", key="e").status_code == 303
    assert manager.house.credentials.name("siti.rahma") == "siti.rahma"
    assert "Siti Rahmawati" not in manager.opens("/people")
    erased = [event for event in journal(manager) if isinstance(event, DataErased)]
    assert [(event.kind, event.about, event.by) for event in erased] == [("name", "siti.rahma", "manager:rahma")]


def test_a_locked_account_is_opened_again(manager: Manager) -> None:
    invites(manager)
    kept, at = manager.house.credentials, manager.house.now()
    kept.set_password("siti.rahma", "kuda laut menari pagi", at)
    for _ in range(5):
        kept.check_password("siti.rahma", "bukan ini", at)
    assert kept.locked_until("siti.rahma", at)
    assert "Akun terkunci:" in manager.opens("")
    assert manager.posts("/people/siti.rahma/unlock", key="u").status_code == 303
    assert not kept.locked_until("siti.rahma", at)


def test_every_look_at_names_is_on_record_once_a_minute(manager: Manager) -> None:
    for _ in range(3):
        manager.opens("/people")
    manager.opens("/people/rahma")
    seen = [(event.kind, event.about, event.by) for event in journal(manager) if isinstance(event, DataSeen)]
    assert set(seen) == {("names", "everybody", "manager:rahma"), ("names", "rahma", "manager:rahma")}
    assert len(seen) <= 4


def test_people_of_another_office_are_not_there(manager: Manager) -> None:
    hire(manager.house, "wawan", ["officer"], "batam")
    assert "wawan" not in manager.opens("/people")
    assert manager.client.get("/manage/ltsa/people/wawan").status_code == 404
    assert manager.posts("/people/wawan/bar", why="x", key="b").status_code == 404
    assert manager.client.get("/manage/ltsa/people/nobody").status_code == 404
    assert manager.posts("/people/rahma/dance", key="d").status_code == 404


def test_somebody_from_another_office_is_given_a_role_here_by_their_account(manager: Manager) -> None:
    hire(manager.house, "wawan", ["officer"], "batam")
    answer = manager.posts("/people/appoint", account="wawan", role="officer", key="a")
    assert answer.status_code == 303
    assert Grant("officer", "ltsa") in grants(manager, "wawan")
    assert "peran di kantor lain" in manager.opens("/people/wawan")
    assert manager.posts("/people/appoint", account="siapa", role="officer", key="b").status_code == 422

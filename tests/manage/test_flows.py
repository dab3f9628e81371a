"""Flows by the form: a version with its date, a loop refused with its path, a switch, and open journeys moved along."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from ltsa.flow import Flow
from ltsa.journal import CasesMoved
from ltsa.journey import case_id
from ltsa.journey_rules import MoveCase, OpenCase
from ltsa.office import example_office
from manage.flows import depths
from web.house import House

if TYPE_CHECKING:
    from tests.manage.conftest import Manager

P_TO_P = "flows/p-to-p"


def row(manager: Manager, step: str, flow: str = "p-to-p") -> str:
    """The name under which a step stands in the form that lies on the desk."""
    keys = [name for name, text in manager.sheet.items() if name.endswith(".key") and text == step]
    return next(name for name in keys if name.startswith(f"flows/{flow}/steps.")).removesuffix(".key")


def flow(manager: Manager, day: object = None, scheme: str = "p-to-p") -> Flow:
    known = manager.known
    return known.on(known.today(manager.house.now()) if day is None else day).flow[scheme]  # type: ignore[arg-type]


def opens_case(house: House, n: int, scheme: str = "p-to-p") -> str:
    """Somebody's case is opened; its name."""
    person = f"{n:020x}"
    card = sha256(person.encode()).hexdigest()
    said: dict[str, Any] = {"office": "ltsa", "at": house.now(), "by": "officer:siti", "key": f"open {n}"}
    house.do(OpenCase(**said, person=person, scheme=scheme, card=card))
    return case_id(person, 1)


def follows(house: House, case: str) -> list[tuple[str, str]]:
    """The contents that a case follows, each with the date from which it does."""
    found = house.ledger.person(case.rpartition("-")[0]).cases[case]
    return [(move.since, move.flow) for move in found.moves]


# --- A version by the form


@pytest.mark.parametrize("scheme", [each.id for each in example_office().flows])
def test_a_flow_s_page_that_nobody_touched_changes_nothing(manager: Manager, scheme: str) -> None:
    manager.opens(f"/settings/flows/{scheme}")
    assert manager.saves(f"flows/{scheme}").status_code == 409
    assert manager.known.version == 1


def test_a_step_s_time_and_documents_change_on_a_date_and_can_be_undone(manager: Manager) -> None:
    manager.opens("/settings/flows/p-to-p")
    ak1 = row(manager, "ak1")
    documents = manager.sheet[f"{ak1}.documents"] + "\nSurat lamaran | Letter of application"
    answer = manager.saves(
        "flows/p-to-p",
        since="date",
        since_date="2099-01-05",
        why="Permen baru",
        **{f"{ak1}.minutes": "25", f"{ak1}.documents": documents},
    )
    assert answer.status_code == 303
    assert flow(manager).step["ak1"].minutes == 15
    later = flow(manager, "2099-01-05").step["ak1"]
    assert later.minutes == 25
    assert [one.code for one in later.documents] == ["id-card", "school-certificate", "photo", "surat-lamaran"]
    assert later.documents[3].name == {"id": "Surat lamaran", "en": "Letter of application"}
    assert manager.posts("/changes/2/withdraw", section="flows", item="p-to-p", key="undo").status_code == 303
    assert flow(manager, "2099-01-05") == flow(manager)


def test_a_loop_is_refused_with_its_path_at_the_step(manager: Manager) -> None:
    manager.opens("/settings/flows/p-to-p")
    ak1 = row(manager, "ak1")
    answer = manager.saves("flows/p-to-p", **{f"{ak1}.after.e-pmi": "on"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Langkah-langkah ini saling menunggu" in page
    assert "Paspor → Rekomendasi paspor → Perjanjian penempatan" in page
    assert page.index("field__error", page.index('data-rows="flows/p-to-p/steps"')) > 0
    assert manager.known.version == 1


def test_a_step_that_others_come_after_is_not_taken_away(manager: Manager) -> None:
    manager.opens("/settings/flows/p-to-p")
    visa = row(manager, "visa")
    manager.sheet = {name: text for name, text in manager.sheet.items() if not name.startswith(f"{visa}.")}
    answer = manager.saves("flows/p-to-p")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Langkah ini tidak akan pernah tercapai" in page
    assert "Perjanjian kerja → visa)" in page


def test_steps_are_added_from_those_that_are_known_and_by_a_new_name(manager: Manager) -> None:
    manager.opens("/settings/flows/service-before")
    path = "flows/service-before/steps"
    added = manager.sends("flows/service-before", do=f"add:{path}", **{f"{path}-known": "claim"})
    assert added.status_code == 200
    from tests.manage.conftest import inputs_of  # noqa: PLC0415

    manager.sheet = inputs_of(added.get_data(as_text=True))
    added = manager.sends("flows/service-before", do=f"add:{path}", **{f"{path}-title": "Tes minat dan bakat"})
    manager.sheet = inputs_of(added.get_data(as_text=True))
    claim = row(manager, "claim", "service-before")
    answer = manager.saves("flows/service-before", **{f"{claim}.after.tes-minat-dan-bakat": "on"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    steps = flow(manager, scheme="service-before").step
    assert list(steps) == ["information", "bank-account", "complaint", "claim", "tes-minat-dan-bakat"]
    assert steps["claim"].after == ("tes-minat-dan-bakat",)
    assert steps["claim"].minutes == 20


def test_a_flow_of_one_s_own_is_made(manager: Manager) -> None:
    manager.opens("/settings/flows/new")
    path = "flows/new/steps"
    added = manager.sends("flows/new", do=f"add:{path}", **{f"{path}-known": "information"})
    from tests.manage.conftest import inputs_of  # noqa: PLC0415

    manager.sheet = inputs_of(added.get_data(as_text=True))
    said = {"flows/new/name.id": "Magang ke Jepang", "flows/new/begins": "2026-01-01"}
    answer = manager.saves("flows/new", **said)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert answer.location.partition("?")[0].endswith("/settings/flows/magang-ke-jepang")
    assert list(flow(manager, scheme="magang-ke-jepang").step) == ["information"]


def test_the_preview_shows_the_graph_and_says_what_changes(manager: Manager) -> None:
    manager.opens("/settings/flows/p-to-p")
    ak1 = row(manager, "ak1")
    page = manager.sends("flows/p-to-p", do="preview", why="", **{f"{ak1}.minutes": "25"}).get_data(as_text=True)
    assert "Alur sesudah perubahan" in page
    assert "<td>15</td><td>25</td>" in page
    assert manager.known.version == 1


def test_the_passport_recommendation_is_waived_with_one_control_and_a_date(manager: Manager) -> None:
    manager.opens("/settings/flows")
    name = f"{P_TO_P}/switches/passport-recommendation/on"
    assert manager.sheet[name] == "on"
    answer = manager.saves("flows", since="date", since_date="2099-03-01", why="SE imigrasi", **{name: "off"})
    assert answer.status_code == 303
    assert "Dibebaskan" in manager.client.get(answer.location).get_data(as_text=True)
    assert "passport-recommendation" in flow(manager).step
    waived = flow(manager, "2099-03-01")
    assert "passport-recommendation" not in waived.step
    assert waived.after["passport"] == ("civil-registry-check", "ak1", "placement-agreement") or set(
        waived.after["passport"]
    ) == {"civil-registry-check", "ak1", "placement-agreement"}


def test_a_service_says_which_steps_are_done_there(manager: Manager) -> None:
    page = manager.opens("/settings/services/bank")
    assert "Langkah alur yang dikerjakan di sini" in page
    answer = manager.saves("services/bank", **{"services/bank/steps.departure": "on"})
    assert answer.status_code == 409, "what is done outside is no service's"
    manager.opens("/settings/services/bank")
    answer = manager.saves("services/bank", **{"services/bank/steps.bank-account": ""})
    assert answer.status_code == 303
    assert manager.office.service["bank"].steps == ()


def test_the_graph_has_each_step_below_all_that_come_before_it() -> None:
    for each in example_office().flows:
        rows = depths(each)
        depth = {step.code: number for number, level in enumerate(rows) for step in level}
        assert set(depth) == set(each.step)
        for code, before in each.after.items():
            assert all(depth[one] < depth[code] for one in before)
    broken = example_office().flow["p-to-p"]
    assert depths(replace(broken, steps=broken.steps[4:])) == []


@pytest.mark.parametrize(
    "sheet",
    [
        {f"{P_TO_P}/steps.0.desk": "gudang"},
        {f"{P_TO_P}/steps.0.minutes": "9" * 500},
        {f"{P_TO_P}/steps.0.valid_days": "-1"},
        {f"{P_TO_P}/steps.0.system": "facebook"},
        {f"{P_TO_P}/steps.0.switch": "nuklir"},
        {f"{P_TO_P}/steps.0.after.information": "on"},
        {f"{P_TO_P}/steps.0.documents": "\n".join(f"Berkas {n}" for n in range(500))},
        {f"{P_TO_P}/stage": "kelak"},
        {f"{P_TO_P}/begins": "kemarin"},
        {f"{P_TO_P}/ends": "1999-01-01"},
        {f"{P_TO_P}/name.id": "<b>" * 100},
        {f"{P_TO_P}/steps.0.key": "../../etc"},
    ],
)
def test_a_flow_that_no_form_of_ours_sends_is_refused(manager: Manager, sheet: dict[str, str]) -> None:
    manager.opens("/settings/flows/p-to-p")
    assert manager.saves("flows/p-to-p", **sheet).status_code == 422
    assert manager.known.version == 1
    manager.opens("/settings/flows/p-to-p")


# --- Open journeys


def test_open_journeys_are_moved_with_a_reason_and_a_date_of_grace(manager: Manager) -> None:
    house = manager.house
    cases = [opens_case(house, n) for n in range(1, 4)]
    other = opens_case(house, 9, "mandiri")
    before = flow(manager).digest
    manager.opens("/settings/flows")
    manager.saves("flows", **{f"{P_TO_P}/switches/passport-recommendation/on": "off"})
    page = manager.opens("/flows/p-to-p/cases")
    assert "3 perjalanan" in page
    assert "Langkah yang tidak ada lagi: Rekomendasi paspor." in page
    grace = (manager.known.today(house.now()) + timedelta(days=30)).isoformat()
    said = {"pinned": before, "grace": grace, "key": "pindah"}
    shown = manager.posts("/flows/p-to-p/cases", do="preview", **said).get_data(as_text=True)
    assert "3 perjalanan akan mengikuti alur sekarang sejak" in shown
    assert manager.posts("/flows/p-to-p/cases", do="move", **said).status_code == 422, "why?"
    assert manager.posts("/flows/p-to-p/cases", do="move", **said | {"grace": "2020-01-01"}, why="x").status_code == 422
    moved = manager.posts("/flows/p-to-p/cases", do="move", why="SE imigrasi", **said)
    assert "3 perjalanan dipindahkan." in moved.get_data(as_text=True)
    after = flow(manager).digest
    assert [follows(house, case) for case in cases] == [[("", before), (grace, after)]] * 3
    assert len(follows(house, other)) == 1
    noted = [it.event for it in house.ledger.told("cases-moved/1")]
    assert [(it.why, it.by) for it in noted if isinstance(it, CasesMoved)] == [("SE imigrasi", "manager:rahma")]
    assert manager.posts("/flows/p-to-p/cases", do="move", why="lagi", **said | {"key": "b"}).status_code == 409


def test_a_move_that_the_server_stopped_in_is_gone_on_with(manager: Manager) -> None:
    house = manager.house
    cases = [opens_case(house, n) for n in range(1, 4)]
    before = flow(manager).digest
    manager.opens("/settings/flows")
    manager.saves("flows", **{f"{P_TO_P}/switches/police-letter/on": "off"})
    said = {"pinned": before, "grace": manager.known.today(house.now()).isoformat(), "why": "SE polisi"}
    done = house.do

    def stops(command: object) -> object:
        if isinstance(command, MoveCase) and command.case == cases[1]:
            raise KeyboardInterrupt
        return done(command)  # type: ignore[arg-type]

    house.do = stops  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        manager.posts("/flows/p-to-p/cases", do="move", key="satu", **said)
    house.do = done  # type: ignore[method-assign]
    page = manager.opens("/flows/p-to-p/cases")
    assert "Pemindahan belum selesai: 2 perjalanan masih mengikuti alur lama." in page
    assert "SE polisi" in page
    moved = manager.posts("/flows/p-to-p/cases", do="move", key="dua", **said)
    assert "2 perjalanan dipindahkan." in moved.get_data(as_text=True)
    assert all(follows(house, case)[-1][1] == flow(manager).digest for case in cases)


def test_only_who_may_change_the_office_moves_journeys(manager: Manager) -> None:
    assert manager.client.get("/manage/ltsa/flows/nothing/cases").status_code == 404

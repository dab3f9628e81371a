"""A person's journey at the desk: the check-list of a sitting, what is missing, numbers in systems outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from counters import casework
from counters.views import JOURNEY_SHEETS
from ltsa.journal import DataSeen
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.subject import asked
from tests.counters.conftest import SCREEN, Hall, Officer, violations
from tests.counters.journeys import WATI, Journeys
from tests.counters.presses import Presses
from web import subject

Sits = Callable[..., Officer]


@pytest.fixture
def journeys(presses: Presses) -> Journeys:
    """The journeys of the office whose buttons are pressed."""
    return Journeys.of(presses.house)


@pytest.fixture
def beside(hall: Hall) -> Iterator[Journeys]:
    """The journeys of the office that runs, by a second hand on its ledger."""
    with closing(Ledger(hall.office.data / "ledger.sqlite")) as ledger:
        yield Journeys.of(ledger)


def serves(presses: Presses, number: str) -> None:
    """Siti opens counter 3 and serves a number."""
    presses.does("open", services=["labour"])
    presses.does("call", number=number)
    presses.does("start")


def sheet(presses: Presses, name: str, **query: str) -> str:
    answer = presses.client.get(f"/desk/ltsa/3/sheet/{name}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.text


# --- By the keyboard


def test_the_steps_that_were_not_done_are_left_for_another_time(sits: Sits, beside: Journeys) -> None:
    beside.opens()
    number = beside.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.reads("Kartu pencari kerja (AK-1)")
    for digit in "12":
        siti.presses(digit)
    siti.reads("2 dari 9")
    siti.presses("g")  # the registration is not done today
    siti.page.locator("[data-step=registration][aria-checked=false]").wait_for()
    siti.presses("d")  # but something is
    siti.reads("Bila tidak satu pun selesai")
    assert violations(siti.page) == []
    siti.presses(" ")
    siti.reads(f"{number} selesai.")
    case = beside.case()
    ak1 = case.mark("ak1")
    assert ak1
    assert (ak1.state, ak1.number, ak1.by) == ("done", number, "officer:siti")
    assert ak1.valid_until == (date.fromisoformat(ak1.date) + timedelta(days=730)).isoformat()
    assert case.mark("registration") is None


def test_what_is_missing_is_said_for_each_step_when_somebody_is_sent_back(sits: Sits, beside: Journeys) -> None:
    beside.opens()
    number = beside.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.may("Selesai")
    siti.presses("k")
    siti.sheet.get_by_text("Berkas yang belum ada: Kartu pencari kerja (AK-1)").wait_for()
    siti.presses("1")
    siti.presses("g")  # the photographs, of the job seeker's card
    siti.presses("q")  # the family's permission, of the registration
    assert violations(siti.page) == []
    siti.presses("Enter")
    siti.page.locator(".line__part--away", has_text=number).wait_for()
    ak1, registration = beside.case().mark("ak1"), beside.case().mark("registration")
    assert ak1
    assert registration
    assert (ak1.state, ak1.missing) == ("returned", ("photo",))
    assert (registration.state, registration.missing) == ("returned", ("family-permission",))
    assert ak1.reasons == registration.reasons != ()


def test_a_number_on_paper_is_noted_and_completed_with_the_keyboard(sits: Sits, beside: Journeys) -> None:
    beside.opens()
    number = beside.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.presses("f")
    siti.sheet.get_by_label("Nomor acuan").wait_for()
    siti.page.keyboard.type("KERTAS 0017")
    siti.sheet.get_by_text("Sistem tidak bisa dibuka").click()
    siti.presses("Enter")
    siti.sheet.wait_for(state="detached")
    siti.presses("f")
    siti.sheet.get_by_text("nomor kertas, SIAPkerja menyusul").wait_for()
    siti.page.keyboard.type("SK-2026-551204")
    siti.presses("Enter")
    siti.sheet.wait_for(state="detached")
    siti.presses("v")
    siti.sheet.get_by_text("menggantikan kertas KERTAS 0017").wait_for()
    assert violations(siti.page) == []
    (noted,) = beside.case().references
    assert (noted.number, noted.paper, noted.replaces, noted.by) == (
        "SK-2026-551204",
        False,
        "KERTAS 0017",
        "officer:siti",
    )


# --- As requests


def test_the_desk_says_how_far_the_journey_is(presses: Presses, journeys: Journeys) -> None:
    journeys.opens()
    journeys.did("health-check")
    serves(presses, journeys.takes("labour"))
    page = presses.client.get("/desk/ltsa/3").text
    assert "1 dari 17 selesai" in page
    assert re.search(r"s\.d\. \d+ \w+ 20\d\d: Pemeriksaan kesehatan", page)
    road = sheet(presses, "journey")
    assert "Sesudah Pendaftaran calon pekerja migran" in road
    assert "Seleksi" in road


def test_a_step_outside_is_marked_where_it_can_be_done_and_nowhere_else(presses: Presses, journeys: Journeys) -> None:
    journeys.opens()
    number = journeys.takes("labour")
    assert presses.refused("journey/step", number=number, step="selection") == (409, "step-not-yet")
    serves(presses, number)
    presses.does("finish", outcome="done")
    presses.house.catch_up()
    assert "Tandai selesai: Seleksi" in sheet(presses, "journey", number=number)
    assert "Seleksi: selesai di luar" in sheet(presses, "journey-step", about=f"{number} selection")
    presses.does("journey/step", number=number, step="selection", valid_until="2099-01-31")
    found = journeys.case().mark("selection")
    assert found
    assert (found.state, found.valid_until, found.by) == ("done", "2099-01-31", "officer:siti")
    assert presses.refused("journey/step", number=number, step="selection") == (409, "step-done")
    assert presses.refused("journey/step", number=number, step="kopi") == (422, "unknown-step")


def test_an_appointment_is_made_within_the_hours_of_an_office_and_cancelled(
    presses: Presses, journeys: Journeys
) -> None:
    journeys.opens()
    number = journeys.takes("labour")
    said = {"number": number, "office": "ltsa", "on": "2099-03-02"}
    assert presses.refused("journey/appoint", **said, time="setengah tujuh") == (422, "wrong-time")
    assert presses.refused("journey/appoint", **said | {"on": "besok"}, time="09.00") == (422, "wrong-date")
    assert presses.refused("journey/appoint", **said | {"on": "2020-03-02"}, time="09.00") == (422, "wrong-slot")
    assert presses.refused("journey/appoint", **said | {"office": "nowhere"}, time="09.00") == (404, "unknown-office")
    presses.does("journey/appoint", **said, time="09.30")
    assert presses.refused("journey/appoint", **said, time="10.00") == (409, "appointment-made")
    presses.house.catch_up()
    assert "pukul 09.30" in sheet(presses, "journey", number=number)
    made = presses.house.present.person(WATI).appointment
    assert made
    assert "labour" in made.services
    presses.does("journey/cancel-appointment", number=number)
    assert presses.refused("journey/cancel-appointment", number=number) == (409, "no-appointment")


def test_a_journey_is_closed_once_the_visit_is_over(presses: Presses, journeys: Journeys) -> None:
    journeys.opens()
    number = journeys.takes("labour")
    assert presses.refused("journey/close", number=number, outcome="finished") == (409, "visit-live")
    presses.does("cancel", number=number)
    assert presses.refused("journey/close", number=number, outcome="dipenjara") == (422, "unknown-outcome")
    presses.does("journey/close", number=number, outcome="withdrawn")
    assert journeys.case().outcome == "withdrawn"
    assert presses.refused("journey/step", number=number, step="ak1") == (409, "case-closed")
    presses.house.catch_up()
    assert "Buka kembali" in sheet(presses, "journey", number=number)
    assert "Ditutup keliru" in sheet(presses, "journey-reopen", number=number)
    assert presses.refused("journey/reopen", number=number, reason="iseng") == (422, "unknown-reason")
    presses.does("journey/reopen", number=number, reason="mistaken")
    assert journeys.case().outcome == ""
    assert presses.refused("journey/reopen", number=number, reason="mistaken") == (409, "case-open")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"number": "Z999", "step": "ak1", "reference": "SK-1"}, (404, "unknown-ticket")),
        ({"step": "ak1", "reference": "<script>alert(1)</script>"}, (422, "wrong-reference")),
        ({"step": "ak1", "reference": "SK-1 " * 200}, (422, "wrong-input")),
        ({"step": "ak1", "reference": ["SK-1"]}, (422, "wrong-input")),
        ({"step": "ak1", "reference": "'; DROP TABLE ledger; --"}, (422, "wrong-reference")),
        ({"step": "information", "reference": "SK-1"}, (422, "wrong-system")),
        ({"step": "hati", "reference": "SK-1"}, (422, "unknown-step")),
        ({"step": 7, "reference": "SK-1"}, (422, "wrong-input")),
    ],
)
def test_a_reference_that_cannot_be_one_is_refused(
    presses: Presses, journeys: Journeys, body: dict[str, object], expected: tuple[int, str]
) -> None:
    journeys.opens()
    body = {"number": journeys.takes("labour"), **body}
    answer = presses.send("/desk/ltsa/3/journey/reference", body)
    assert answer.json
    assert (answer.status_code, answer.json["code"]) == expected
    assert journeys.case().references == ()


def test_a_number_without_a_journey_has_no_road_to_note_anything_on(presses: Presses) -> None:
    number = presses.takes("labour")
    assert presses.refused("journey/reference", number=number, step="ak1", reference="SK-1") == (409, "no-case")
    answer = presses.client.get("/desk/ltsa/3/sheet/journey", query_string={"number": number})
    assert answer.status_code == 409
    serves(presses, number)
    assert 'data-sheet="journey-new"' in presses.client.get("/desk/ltsa/3").text


def test_nobody_acts_on_a_journey_at_a_colleague_s_counter(presses: Presses, journeys: Journeys) -> None:
    journeys.opens()
    number = journeys.takes("labour")
    serves(presses, number)
    budi = presses.of("budi", "officer")
    assert budi.refused("journey/close", number=number, outcome="withdrawn") == (409, "counter-taken")
    agus = presses.of("agus", "auditor")
    assert agus.refused("journey/close", number=number, outcome="withdrawn")[0] == 403


# --- Opened, found, tied


NIK = "3273 0152 0190 0007"


def test_a_journey_is_opened_for_a_number_and_found_again_by_nik_and_by_card(presses: Presses) -> None:
    first, asks = presses.takes("labour"), {"scheme": "p-to-p", "nik": NIK, "name": "Sri Wati"}
    assert presses.refused("journey/open", number=first, **asks) == (422, "consent-needed")
    agreed = asked({}).digest("id")
    said = presses.does("journey/open", number=first, **asks, agreed=agreed)
    (secret,) = re.findall(r"[A-Z2-7]{26}", said["sheet"])
    assert "Kode ini hanya tampil sekali" in said["sheet"]
    visit = presses.day.tickets[first]
    assert visit.work["labour"][0] == "ak1"
    assert {"civil-registry", "health"} <= set(visit.steps)
    presses.does("cancel", number=first)

    again = presses.takes("bank")
    for who in (NIK, f"https://ltsa.example/c/{secret}", secret.lower()):
        found = presses.does("journey/find", number=again, found_by=who)["sheet"]
        assert "P ke P" in found
        assert f"Kaitkan dengan {again}" in found
    (person,) = re.findall(r'name="person" value="([0-9a-f]{20})"', found)
    consent = presses.house.present.person(person).subject.consent
    assert consent is not None
    assert (consent.agreed.text, consent.agreed.door, consent.by) == (agreed, "desk", "officer:siti")
    presses.does("journey/tie", number=again, person=person)
    assert presses.day.tickets[again].case == visit.case
    for kept in ("ledger.sqlite", "ledger.sqlite-wal"):
        assert NIK.replace(" ", "").encode() not in (presses.house.settings.data / kept).read_bytes()
        assert b"Sri Wati" not in (presses.house.settings.data / kept).read_bytes()
        assert secret.encode() not in (presses.house.settings.data / kept).read_bytes()


def test_who_comes_back_after_their_journey_was_closed_goes_on_with_it(presses: Presses) -> None:
    first = presses.takes("labour")
    presses.does("journey/open", number=first, scheme="p-to-p", nik=NIK)
    case = presses.day.tickets[first].case
    presses.does("cancel", number=first)
    presses.does("journey/close", number=first, outcome="withdrawn")
    presses.house.catch_up()
    again = presses.takes("labour")
    found = presses.does("journey/find", number=again, found_by=NIK)["sheet"]
    assert "Orangnya mengundurkan diri" in found
    assert "Ditutup keliru" in found
    assert f"Buka kembali dan kaitkan dengan {again}" in found
    presses.does("journey/reopen", number=again, person=case.partition("-")[0], reason="goes-on")
    assert presses.day.tickets[again].case == case


def test_the_same_press_twice_opens_one_journey_and_shows_the_same_card(presses: Presses) -> None:
    number = presses.takes("labour")
    first = presses.does("journey/open", key="satu", number=number, scheme="mandiri")
    second = presses.does("journey/open", key="satu", number=number, scheme="mandiri")
    assert re.findall(r"[A-Z2-7]{26}", first["sheet"]) == re.findall(r"[A-Z2-7]{26}", second["sheet"])
    assert presses.refused("journey/open", number=number, scheme="mandiri") == (409, "tied-already")


def test_no_journey_is_opened_for_a_number_that_cannot_have_it(presses: Presses) -> None:
    tied, over = presses.takes("labour"), presses.takes("bank")
    presses.does("journey/open", number=tied, scheme="mandiri")
    presses.does("cancel", number=over)
    before = presses.house.ledger.newest()
    assert presses.refused("journey/open", number=tied, scheme="p-to-p") == (409, "tied-already")
    assert presses.refused("journey/open", number=over, scheme="p-to-p") == (409, "visit-over")
    assert presses.house.ledger.newest() == before


def test_the_card_of_a_journey_is_shown_though_its_number_could_not_be_tied(
    presses: Presses, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = presses.takes("labour")

    def is_gone(*_: object) -> None:
        raise Refusal("visit-over", f"{number} is over.", state="cancelled")

    monkeypatch.setattr(casework, "_tied", is_gone)  # somebody cancels it between the two commands
    sheet = presses.does("journey/open", number=number, scheme="p-to-p")["sheet"]
    assert re.findall(r"[A-Z2-7]{26}", sheet)
    assert "nomor ini belum terhubung" in sheet


def test_a_lost_card_opens_nothing_once_it_is_replaced(presses: Presses) -> None:
    number = presses.takes("labour")
    (old,) = re.findall(r"[A-Z2-7]{26}", presses.does("journey/open", number=number, scheme="p-to-p")["sheet"])
    presses.house.catch_up()
    (new,) = re.findall(r"[A-Z2-7]{26}", presses.does("journey/card", number=number)["sheet"])
    other = presses.takes("bank")
    assert presses.refused("journey/find", number=other, found_by=old) == (404, "nobody-found")
    found = presses.does("journey/find", number=other, found_by=new)["sheet"]
    assert f"masih punya nomor {number}" in found
    (person,) = re.findall(r'name="person" value="([0-9a-f]{20})"', found)
    assert presses.refused("journey/tie", number=other, person=person) == (409, "visit-live")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"scheme": "p-to-p", "nik": "3273 0192 0190 0007"}, (422, "wrong-nik-day")),
        ({"scheme": "p-to-p", "nik": "sepuluh"}, (422, "wrong-nik")),
        ({"scheme": "p-to-p", "nik": NIK, "name": "1234"}, (422, "wrong-full-name")),
        ({"scheme": "ke-bulan"}, (422, "unknown-scheme")),
        ({"scheme": ""}, (422, "unknown-scheme")),
    ],
)
def test_a_journey_is_not_opened_for_what_cannot_be(
    presses: Presses, body: dict[str, str], expected: tuple[int, str]
) -> None:
    number = presses.takes("labour")
    answer = presses.send("/desk/ltsa/3/journey/open", {"number": number, **body})
    assert answer.json
    assert (answer.status_code, answer.json["code"]) == expected
    assert presses.day.tickets[number].case == ""


def test_somebody_opens_a_journey_with_the_keyboard_and_the_card_is_shown_once(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.presses("v")
    siti.sheet.get_by_label("Kartu perjalanan atau NIK").wait_for()
    opens = siti.sheet.get_by_role("button", name="Buka perjalanan").bounding_box()
    assert opens
    assert opens["y"] + opens["height"] <= SCREEN["viewport"]["height"], "the button is never scrolled away"
    assert violations(siti.page) == []
    siti.sheet.locator("#nik").fill(NIK)
    siti.presses("Enter")
    siti.sheet.get_by_role("img", name="Kode QR kartu perjalanan").wait_for()
    assert violations(siti.page) == []
    siti.presses("Escape")
    siti.reads("0 dari 17 selesai")
    siti.presses(" ")
    siti.reads("Kartu pencari kerja (AK-1)")


def test_every_sheet_about_a_journey_can_be_laid(presses: Presses, journeys: Journeys) -> None:
    journeys.opens()
    number = journeys.takes("labour")
    for name in JOURNEY_SHEETS - {"journey-step"}:
        for language in ("id", "en"):
            assert sheet(presses, name, number=number, lang=language)


# --- Data that are restricted, or erased


def test_who_restricted_their_data_or_was_erased_is_not_found_at_the_desk_and_the_sheet_says_so(
    presses: Presses,
) -> None:
    here = presses.house
    manager: dict[str, Any] = {"office": "ltsa", "by": "manager:rahma"}
    first = presses.takes("labour")
    presses.does("journey/open", number=first, scheme="p-to-p", nik=NIK)
    looked = presses.day.tickets[first].case.partition("-")[0]
    assert presses.client.get(f"/desk/ltsa/3/sheet/journey?number={first}").status_code == 200
    seen = [row.event for row in here.ledger.told("data-seen/1") if isinstance(row.event, DataSeen)]
    assert [(it.kind, it.about, it.by) for it in seen] == [("journey", looked, "officer:siti")]
    presses.does("cancel", number=first)

    restrict = subject.receive(here, "restrict", NIK, document=True, **manager, key="a")
    subject.restrict(here, restrict.id, **manager, key="b")
    again = presses.takes("bank")
    assert presses.refused("journey/find", number=again, found_by=NIK) == (409, "person-restricted")
    assert presses.refused("journey/tie", number=again, person=looked) == (409, "person-restricted")

    erase = subject.receive(here, "erase", NIK, document=True, **manager, key="c")
    subject.erase(here, erase.id, **manager, key="d")
    assert presses.refused("journey/find", number=again, found_by=NIK) == (404, "nobody-found")
    sheet = presses.client.get(f"/desk/ltsa/3/sheet/journey?number={first}").get_data(as_text=True)
    assert "Data diri dihapus pada" in sheet
    assert "Buka kembali" not in sheet

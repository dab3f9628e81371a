"""People's journeys as pages ask for them: the vault before the record, looks on record, tables in and out."""

from collections.abc import Iterator
from typing import Any

import pytest

from ltsa.commands import CancelTicket
from ltsa.configuring import ChangeOffice
from ltsa.identity import identity
from ltsa.journal import DataErased, DataExported, DataSeen
from ltsa.journey_rules import CloseCase, MoveCase, NoteReference, RecordStep
from ltsa.message import Refusal
from ltsa.tokens import token_digest
from web import journeys, references, tables
from web.errors import Refused
from web.house import House
from web.settings import Settings
from web.tickets import issue

RATNA = identity("3204014503900001", "Ratna Sari", "0812 3456 7890")
BUDI = identity("3204010503900002", "Budi")
SARI: dict[str, Any] = {"office": "ltsa", "by": "officer:sari"}


@pytest.fixture
def here(settings: Settings) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


def opens(here: House, who: Any = RATNA, key: str = "k", scheme: str = "p-to-p") -> tuple[str, str, str]:
    return journeys.open_case(here, who, **SARI, scheme=scheme, key=key)


def does(here: House, command: type[Any], case: str, key: str, **fields: Any) -> None:
    said: dict[str, Any] = {**SARI, "at": here.now(), "key": key, "person": case.rpartition("-")[0], "case": case}
    here.do(command(**said, **fields))


def noted(here: House, kind: type[Any]) -> list[Any]:
    rows = [row for stream in here.ledger.streams("journal:ltsa:") for row in here.ledger.history(stream)]
    return [row.event for row in rows if isinstance(row.event, kind)]


def test_a_case_is_found_again_by_its_card_and_by_the_nik(here: House) -> None:
    person, case, secret = opens(here)
    assert journeys.by_card(here, secret) == (person, case)
    assert journeys.by_nik(here, " 320401 450390 0001") == person
    assert (journeys.by_nik(here, BUDI.nik), journeys.by_card(here, "A" * 26)) == (None, None)
    with pytest.raises(Refusal):
        journeys.by_nik(here, "12")


def test_the_same_key_opens_one_case_with_one_card(here: House) -> None:
    assert opens(here) == opens(here)
    assert here.ledger.streams("person:") == [f"person:{opens(here)[0]}"]


def test_whoever_was_not_known_is_forgotten_again_when_the_case_is_refused(here: House) -> None:
    with pytest.raises(Refusal):
        opens(here, scheme="moon")
    assert journeys.by_nik(here, RATNA.nik) is None
    person, _, _ = opens(here)
    with pytest.raises(Refusal) as refusal:
        opens(here, key="another")
    assert refusal.value.code == "case-open"
    assert journeys.by_nik(here, RATNA.nik) == person


def test_no_personal_data_enters_the_record(here: House) -> None:
    person, _, _ = opens(here)
    issue(here, **SARI, key="t", services=(), person=person)
    journeys.who_is(here, person, **SARI)
    files = b"".join(path.read_bytes() for path in here.settings.data.glob("*.sqlite*"))
    for word in (RATNA.nik, RATNA.name, "Ratna", RATNA.phone):
        assert word.encode() not in files


def test_a_new_card_opens_the_case_and_the_old_one_nothing(here: House) -> None:
    person, case, secret = opens(here)
    again = [journeys.replace_card(here, case, **SARI, key="new") for _ in range(2)]
    assert again[0] == again[1] != secret
    assert (journeys.by_card(here, secret), journeys.by_card(here, again[0])) == (None, (person, case))


def test_the_index_of_cards_is_made_anew_from_the_record(here: House) -> None:
    person, case, secret = opens(here)
    here.persons.drop_card(token_digest(secret))
    assert journeys.by_card(here, secret) is None
    journeys.index_cards(here)
    assert journeys.by_card(here, secret) == (person, case)


def test_an_office_sees_the_road_the_plan_and_the_live_visit(here: House) -> None:
    person, case, _ = opens(here)
    ticket, _ = issue(here, **SARI, key="t", services=("health", "bank"), person=person)
    seen = journeys.journey_of(here, person, office="ltsa")
    assert seen is not None
    assert seen.plan is not None
    assert seen.visit is not None
    assert (seen.case.id, seen.visit.number) == (case, ticket.number)
    assert {step.code: step.state for step in seen.road}["passport"] == "later"
    assert seen.plan.work["labour"] == ("ak1", "registration")
    here.do(CancelTicket(**SARI, at=here.now(), key="c", number=ticket.number))
    does(here, CloseCase, case, "close", outcome="withdrawn")
    closed = journeys.journey_of(here, person, office="ltsa", case=case)
    assert closed is not None
    assert (closed.plan, closed.visit) == (None, None)
    assert journeys.journey_of(here, person, office="ltsa") is None


def test_a_number_for_a_case_is_the_same_for_the_same_key(here: House) -> None:
    person, _, _ = opens(here)
    first = issue(here, **SARI, key="t", services=(), person=person)
    assert issue(here, **SARI, key="t", services=(), person=person) == first
    with pytest.raises(Refusal) as refusal:
        issue(here, **SARI, key="other", services=(), person=person)
    assert (refusal.value.code, refusal.value.values["number"]) == ("visit-live", first[0].number)


def test_who_looks_at_somebody_is_on_record_before_and_once_a_minute(here: House, monkeypatch: Any) -> None:
    person, _, _ = opens(here)
    at = here.now() // 60_000 * 60_000 + 60_000
    monkeypatch.setattr(here, "now", lambda: at)
    assert journeys.who_is(here, person, **SARI) == journeys.who_is(here, person, **SARI) == RATNA
    assert [(event.kind, event.about, event.by) for event in noted(here, DataSeen)] == [
        ("person", person, "officer:sari")
    ]


def test_somebody_erased_is_found_no_more_and_the_journey_stays(here: House) -> None:
    person, case, secret = opens(here)
    assert journeys.erase(here, person, **SARI, key="e")
    assert not journeys.erase(here, person, **SARI, key="e")
    assert journeys.who_is(here, person, **SARI) is None
    assert (journeys.by_nik(here, RATNA.nik), journeys.by_card(here, secret)) == (None, None)
    seen = journeys.journey_of(here, person, office="ltsa")
    assert seen is not None
    assert seen.case.id == case
    assert [event.about for event in noted(here, DataErased)] == [person]
    journeys.index_cards(here)
    assert journeys.by_card(here, secret) is None, "the record leads nowhere any more"


def test_who_somebody_is_can_be_corrected(here: House) -> None:
    person, _, _ = opens(here)
    assert journeys.correct(here, person, identity(RATNA.nik, "Ratna Sari Dewi"), **SARI)
    found = journeys.who_is(here, person, **SARI)
    assert found is not None
    assert found.name == "Ratna Sari Dewi"


def test_cases_of_a_flow_are_moved_to_the_office_s_present_one(here: House) -> None:
    cases = [opens(here, who, key)[1] for who, key in ((RATNA, "a"), (BUDI, "b"))]
    pinned = here.office("ltsa").flow["p-to-p"].digest
    today = here.present.here("ltsa", here.now()).today
    changes = {"flows/p-to-p/switches/passport-recommendation/on": False}
    here.do(ChangeOffice(**SARI, at=here.now(), key="w", since=today, why="x", changes=changes))
    here.catch_up()
    does(here, MoveCase, cases[1], "already", scheme="mandiri")
    moved = journeys.move_cases(here, pinned, "p-to-p", "", **SARI, key="m")
    assert (moved.moved, moved.refused) == ((cases[0],), {})
    assert journeys.move_cases(here, pinned, "p-to-p", "", **SARI, key="m").moved == ()
    followed = {case: follows[-1].flow for case, follows in journeys.open_cases(here, "ltsa").items()}
    assert followed[cases[0]] == here.office("ltsa").flow["p-to-p"].digest != pinned
    seen = journeys.journey_of(here, cases[0].rpartition("-")[0], office="ltsa")
    assert seen is not None
    assert "passport-recommendation" not in {step.code for step in seen.road}


# --- References, out and in -------------------------------------------------------------------------------------------


def on_paper(here: House, case: str, number: str, step: str = "ak1") -> None:
    does(here, NoteReference, case, f"note {case} {step}", step=step, system="siapkerja", number=number, paper=True)


def test_a_table_goes_out_comes_back_and_changes_only_what_it_completes(here: House) -> None:
    ratna, budi = opens(here)[1], opens(here, BUDI, "b")[1]
    on_paper(here, ratna, "KERTAS 12")
    on_paper(here, budi, "KERTAS 13")
    on_paper(here, budi, "KERTAS 14", "registration")
    out = b"".join(tables.chunks(references.table(here, "ltsa", by="officer:sari"))).decode()
    assert out.splitlines()[0].lstrip("\ufeff") == "reference,system,step,case,paper,office,noted,by"
    assert [line.split(",")[:5] for line in out.splitlines()[1:]] == [
        ["KERTAS 12", "siapkerja", "ak1", ratna, "yes"],
        ["KERTAS 13", "siapkerja", "ak1", budi, "yes"],
        ["KERTAS 14", "siapkerja", "registration", budi, "yes"],
    ]
    assert [event.kind for event in noted(here, DataExported)] == ["references.csv"]
    back = "\n".join(
        [
            "case;step;reference;system;remark",
            f"{ratna};ak1;AK1-0815;siapkerja;=1+1",
            f"{budi};ak1;AK1-0815;siapkerja;",
            f"{budi};ak1;x;siapkerja;",
            f"{budi};registration;REG-7;siskop2mi;",
            f"{budi};visa;V-1;;",
            "nobody-1;ak1;AK1-0900;siapkerja;",
            f"{'ab' * 10}-1;ak1;AK1-0900;siapkerja;",
            f"{ratna};ak1;AK1-0999;siapkerja;",
            "too;short",
        ]
    )
    taken = references.reconcile(here, back, **SARI, key="i")
    assert [(row.line, row.result) for row in taken] == [
        *((2, "completed"), (3, "completed"), (4, "conflicting"), (5, "unknown"), (6, "unknown")),
        *((7, "unknown"), (8, "unknown"), (9, "conflicting"), (10, "unknown")),
    ]
    before = here.ledger.newest()
    again = references.reconcile(here, back, **SARI, key="i")
    assert [row.result for row in again] == ["already", "already", *[row.result for row in taken[2:]]]
    references.reconcile(here, back, **SARI, key="another")
    assert here.ledger.newest() == before, "the same table once more changes nothing"
    left = list(references.table(here, "ltsa", by="officer:sari"))[1:]
    assert [row[0] for row in left] == ["KERTAS 14"]
    assert len(list(references.table(here, "ltsa", by="officer:sari", everything=True))) == 4


def test_a_number_that_is_no_reference_is_not_taken(here: House) -> None:
    case = opens(here)[1]
    on_paper(here, case, "KERTAS 12")
    table = f"reference,step,case\nx,ak1,{case}\n"
    [row] = references.reconcile(here, table, **SARI, key="i")
    assert row.refusal is not None
    assert (row.result, row.refusal.code) == ("wrong", "wrong-reference")


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", 'reference,step,case\n"open', "x" * 2_000_001])
def test_what_is_no_such_table_is_refused_as_a_whole(here: House, text: str) -> None:
    with pytest.raises(Refused) as refusal:
        references.reconcile(here, text, **SARI, key="i")
    assert refusal.value.code == "wrong-table"


def test_a_step_recorded_elsewhere_shows_on_the_road(here: House) -> None:
    person, case, _ = opens(here)
    does(here, RecordStep, case, "r", step="ak1", outcome="done")
    seen = journeys.journey_of(here, person, office="ltsa")
    assert seen is not None
    [step] = [each for each in seen.road if each.code == "ak1"]
    assert (step.state, step.done_at) == ("done", "ltsa")

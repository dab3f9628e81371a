"""A day's events and those of the people concerned are one: together on record, or not at all, whoever writes."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ltsa import present
from ltsa.commands import (
    CallNext,
    CancelTicket,
    ChangeSteps,
    CheckDocuments,
    CloseDay,
    FinishService,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PutBack,
    ReopenDay,
    ReturnTicket,
    StartService,
    TieTicket,
    TransferTicket,
    Undo,
)
from ltsa.day import Day
from ltsa.happened import TicketIssued
from ltsa.journey import CaseClosed, Person, StepDone, VisitBegun, VisitEnded, person_stream
from ltsa.journey_rules import CloseCase, MakeAppointment, OpenCase, RecordStep
from ltsa.ledger import Done, Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.present import day_stream
from ltsa.record import replayed
from ltsa.replay import decisions
from ltsa.road import road
from ltsa.tokens import token_digest
from ltsa.visit import OVER
from tests.ltsa.crowd import place_in, together
from tests.ltsa.scripted_journey import (
    BANDUNG,
    CASE,
    GARUT,
    MONDAY,
    RATNA,
    TUESDAY,
    WEDNESDAY,
    Offices,
    instant,
    played,
)

FILE = "ledger.sqlite"


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Offices]:
    ledger = Ledger(tmp_path / FILE)
    yield Offices(ledger)
    ledger.close()


def opens_case(it: Offices, person: str = RATNA, scheme: str = "p-to-p") -> str:
    card = token_digest(f"card of {person}")
    done = it.do(MONDAY, "08:00", OpenCase, person=person, scheme=scheme, card=card)
    return str(done.events[0].event.case)  # type: ignore[union-attr]


def number(done: Done) -> str:
    assert done.answer is not None
    assert done.answer.ticket is not None
    return done.answer.ticket.number


def day_of(ledger: Ledger, office: str = BANDUNG, day: str = MONDAY) -> Day:
    return replayed(ledger.history(day_stream(office, day)))


def refused(it: Offices, *asked: Any, **fields: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        it.do(*asked, **fields)
    assert refusal.value.message.endswith(".")
    return refusal.value


def test_a_journey_over_three_days_and_two_offices_is_one_road(tmp_path: Path) -> None:
    ledger = played(tmp_path)
    case = ledger.person(RATNA).cases[CASE]
    flows = ledger.present().flows.kept
    states = {step.code: step.state for step in road(case, flows[case.follows(WEDNESDAY).flow], WEDNESDAY)}
    assert {code for code, state in states.items() if state == "done"} == {
        *("civil-registry-check", "ak1", "registration", "selection", "placement-agreement", "passport"),
    }
    assert "passport-recommendation" not in states, "waived in the flow that the case was moved to"
    assert [mark.state for mark in case.marks["civil-registry-check"]] == ["returned", "rejected", "done"]
    assert (case.marks["passport"][0].office, case.marks["passport"][0].valid_until) == (GARUT, "2036-03-01")
    [reference] = case.references
    assert (reference.number, reference.replaces, reference.paper) == ("AK1/3204/2026/0815", "KERTAS 12", False)
    ratna = ledger.person(RATNA)
    assert (ratna.visit, ratna.appointment) == (None, None)
    outcomes = [it.event.outcome for it in ledger.history(person_stream(RATNA)) if isinstance(it.event, CaseClosed)]
    assert (outcomes, case.outcome) == (["withdrawn", "withdrawn"], "withdrawn"), "closed, opened again, and erased"
    assert ratna.subject.erased == instant(WEDNESDAY, "12:19")
    ledger.close()


def test_a_number_for_a_case_is_for_all_that_can_be_done_today_in_the_order_that_it_must_be_done(it: Offices) -> None:
    opens_case(it, scheme="mandiri")
    done = it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=())
    issued = done.events[-2].event
    assert isinstance(issued, TicketIssued)
    assert issued.services == ("information", "civil-registry", "labour", "health", "immigration", "social-security")
    assert issued.after["immigration"] == ("civil-registry",)
    assert issued.after["labour"] == ("immigration",), (
        "the contract comes after the passport, whatever the office's order"
    )
    assert issued.work["labour"] == ("work-contract",)
    assert set(day_of(it.ledger).tickets[issued.number].waits) == {"information", "civil-registry", "health"}


def test_who_holds_a_number_gets_no_second_one_at_any_office(it: Offices) -> None:
    opens_case(it)
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=()))
    refusal = refused(it, MONDAY, "08:06", IssueTicket, GARUT, person=RATNA, services=())
    assert (refusal.code, refusal.values) == ("visit-live", {"office": BANDUNG, "number": first})
    assert it.ledger.streams("day:") == [day_stream(BANDUNG, MONDAY)], "a refused number does not begin a day"


def takes(answers: list[str], ledger: Ledger, office: str, key: str, person: str) -> None:
    """A wish for a number at a kiosk; what becomes of it goes to the answers."""
    said: dict[str, Any] = {"office": office, "at": instant(MONDAY, "09:00"), "by": "kiosk:1", "key": key}
    try:
        ledger.do(IssueTicket(**said, services=(), token=token_digest(key), person=person))
        answers.append("a number")
    except Refusal as refusal:
        answers.append(refusal.code)


def test_of_two_kiosks_that_issue_for_one_person_at_once_one_gives_a_number(folder: Path) -> None:
    """Ten times: two processes' ledgers over one record, four kiosks each, at two offices."""
    ledgers = [Ledger(place_in(folder)), Ledger(place_in(folder))]
    it = Offices(ledgers[0])
    for n in range(10):
        opens_case(it, f"{n:020x}")
        answers = list[str]()
        doors = [(ledger, office) for ledger in ledgers for office in (BANDUNG, GARUT)] * 2
        together([partial(takes, answers, *door, f"{n} {k}", f"{n:020x}") for k, door in enumerate(doors)])
        assert Counter(answers) == {"a number": 1, "visit-live": 7}
    tickets = [
        *day_of(ledgers[0]).tickets,
        *(day_of(ledgers[0], GARUT).tickets if ledgers[0].streams("day:garut") else ()),
    ]
    assert len(tickets) == 10
    for ledger in ledgers:
        ledger.close()


def test_if_the_person_s_part_cannot_be_written_the_day_s_is_not_written_either(tmp_path: Path, it: Offices) -> None:
    opens_case(it)
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON ledger WHEN NEW.topic = 'visit-begun/1'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        with pytest.raises(LedgerUnavailableError):
            it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=(), key="k")
        assert it.ledger.streams("day:") == []
        database.execute("DROP TRIGGER full")
    assert number(it.do(MONDAY, "08:06", IssueTicket, person=RATNA, services=(), key="k")) == "A001"
    assert [type(row.event) for row in it.ledger.history(person_stream(RATNA), after=1)] == [VisitBegun]


@pytest.mark.parametrize("restarted", [False, True])
def test_the_same_key_gets_the_same_number_and_events_whatever_was_done_since(
    tmp_path: Path,
    restarted: bool,  # noqa: FBT001
) -> None:
    it = Offices(Ledger(tmp_path / FILE))
    opens_case(it)
    asked: dict[str, Any] = {"person": RATNA, "services": (), "key": "k"}
    first = it.do(MONDAY, "23:59", IssueTicket, **asked)
    assert [type(row.event).__name__ for row in first.events] == ["TicketIssued", "VisitBegun"]
    it.serve(MONDAY, "23:59", "1", number(first))
    finished = it.do(MONDAY, "23:59", FinishService, counter="1", outcome="done", key="f")
    if restarted:
        it.ledger.close()
        it = Offices(Ledger(tmp_path / FILE))
    again = it.do(TUESDAY, "00:01", IssueTicket, **asked, token=token_digest("another day, another secret"))
    assert (again.repeated, again.answer, again.events) == (True, first.answer, first.events)
    again = it.do(TUESDAY, "00:02", FinishService, counter="1", outcome="done", key="f")
    assert (again.repeated, again.answer, again.events) == (True, finished.answer, finished.events)
    it.ledger.close()


def test_a_case_is_opened_once_under_a_key_and_keeps_its_flow_once(it: Offices) -> None:
    asked: dict[str, Any] = {"person": RATNA, "scheme": "p-to-p", "card": token_digest("c"), "key": "k"}
    first, again = it.do(MONDAY, "08:00", OpenCase, **asked), it.do(MONDAY, "08:01", OpenCase, **asked)
    assert (again.repeated, again.events) == (True, first.events)
    assert refused(it, MONDAY, "08:02", OpenCase, **(asked | {"scheme": "ukps"})).code == "key-reused"
    opens_case(it, "ab" * 10)
    assert len(list(it.ledger.history("flows:installation"))) == 1


def test_finishing_writes_the_steps_and_undoing_takes_them_back_and_the_visit_lives_again(it: Offices) -> None:
    opens_case(it)
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=("health",)))
    it.serve(MONDAY, "08:10", "5", first)
    done = it.do(MONDAY, "08:20", FinishService, counter="5", outcome="done")
    assert [type(row.event) for row in done.events[1:]] == [StepDone, VisitEnded]
    assert it.ledger.person(RATNA).cases[CASE].holds("health-check", MONDAY)
    it.do(MONDAY, "08:20", Undo, counter="5")
    person = it.ledger.person(RATNA)
    assert (person.visit is not None, person.cases[CASE].mark("health-check")) == (True, None)
    it.do(MONDAY, "08:21", FinishService, counter="5", outcome="rejected")
    person = it.ledger.person(RATNA)
    mark = person.cases[CASE].mark("health-check")
    assert mark is not None
    assert (mark.state, mark.valid_until, person.visit) == ("rejected", "", None)


def test_what_would_give_a_person_a_second_live_visit_is_refused(it: Offices) -> None:
    opens_case(it)
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=("health",)))
    it.serve(MONDAY, "08:10", "5", first)
    it.do(MONDAY, "08:20", FinishService, counter="5", outcome="done")
    second = number(it.do(MONDAY, "08:20", IssueTicket, GARUT, person=RATNA, services=("bank",)))
    assert refused(it, MONDAY, "08:20", Undo, counter="5").code == "visit-live"
    assert refused(it, MONDAY, "08:21", ChangeSteps, number=first, add=("police",)).code == "visit-live"
    it.do(MONDAY, "08:25", CancelTicket, GARUT, number=second)
    it.do(MONDAY, "08:26", ChangeSteps, number=first, add=("information",))
    visit = it.ledger.person(RATNA).visit
    assert visit is not None
    assert (visit.office, visit.number) == (BANDUNG, first)


def test_the_end_of_a_day_ends_the_visits_and_who_is_put_back_after_it_was_reopened_is_there_again(it: Offices) -> None:
    opens_case(it)
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=()))
    it.do(MONDAY, "16:00", CloseDay)
    assert it.ledger.person(RATNA).visit is None
    it.do(MONDAY, "16:01", ReopenDay)
    it.do(MONDAY, "16:02", PutBack, number=first)
    assert it.ledger.person(RATNA).visit is not None


def test_a_visit_whose_day_nobody_closed_is_over_on_the_next(it: Offices) -> None:
    opens_case(it)
    it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=())
    done = it.do(TUESDAY, "08:05", IssueTicket, GARUT, person=RATNA, services=())
    assert [type(row.event).__name__ for row in done.events] == ["TicketIssued", "VisitEnded", "VisitBegun"]
    it.do(TUESDAY, "09:00", CloseDay, at=instant(MONDAY, "23:59"))
    visit = it.ledger.person(RATNA).visit
    assert visit is not None
    assert visit.office == GARUT, "the late closing of the day before ends nothing of today"


def test_a_sitting_that_did_only_some_of_its_steps_does_not_let_the_next_one_begin(it: Offices) -> None:
    case = opens_case(it)
    for step in ("civil-registry-check", "ak1", "registration", "selection"):
        it.do(MONDAY, "08:01", RecordStep, person=RATNA, case=case, step=step, outcome="done")
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=("labour", "immigration")))
    it.serve(MONDAY, "08:10", "3", first)
    assert (
        refused(it, MONDAY, "08:11", FinishService, counter="3", outcome="done", done=("visa",)).code == "unknown-step"
    )
    it.do(MONDAY, "08:12", FinishService, counter="3", outcome="done", done=("placement-agreement",))
    ticket = day_of(it.ledger).tickets[first]
    assert (ticket.state, ticket.waits) == ("done", ())
    again = it.do(MONDAY, "08:15", IssueTicket, person=RATNA, services=("labour", "immigration"))
    issued = again.events[0].event
    assert isinstance(issued, TicketIssued)
    assert issued.work == {"labour": ("passport-recommendation",), "immigration": ("passport",)}


def test_documents_are_those_of_the_steps_of_the_sitting(it: Offices) -> None:
    opens_case(it)
    first = number(it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=("labour",)))
    it.serve(MONDAY, "08:10", "3", first)
    it.do(MONDAY, "08:11", CheckDocuments, counter="3", seen=("competence-certificate", "id-card"))
    assert refused(it, MONDAY, "08:11", CheckDocuments, counter="3", seen=("visa",)).code == "unknown-seen"
    returns: dict[str, Any] = {"counter": "3", "reasons": ("document-missing",)}
    assert refused(it, MONDAY, "08:12", ReturnTicket, **returns, missing=("visa",)).code == "unknown-missing"
    it.do(MONDAY, "08:12", ReturnTicket, **returns, missing=("competence-certificate",))
    marks = it.ledger.person(RATNA).cases[CASE].marks
    assert {step: mark[-1].missing for step, mark in marks.items()} == {"registration": ("competence-certificate",)}


def test_what_cannot_be_done_yet_is_refused_with_what_comes_before(it: Offices) -> None:
    opens_case(it)
    refusal = refused(it, MONDAY, "08:05", IssueTicket, person=RATNA, services=("immigration",))
    assert refusal.code == "step-not-yet"
    assert "passport comes after civil-registry-check, passport-recommendation" in refusal.message
    assert refused(it, MONDAY, "08:06", IssueTicket, person="ab" * 10, services=()).code == "no-case"


def test_a_running_visit_is_tied_to_a_case_and_goes_on_along_its_road(it: Offices) -> None:
    """Somebody comes to ask; the case is opened at the information counter, and the same number goes on."""
    first = number(it.do(MONDAY, "08:05", IssueTicket, services=("information",)))
    it.serve(MONDAY, "08:10", "1", first)
    opens_case(it)
    it.do(MONDAY, "08:15", TieTicket, number=first, person=RATNA, services=("information", "health"))
    assert it.ledger.person(RATNA).visit is not None
    it.do(MONDAY, "08:16", FinishService, counter="1", outcome="done")
    assert it.ledger.person(RATNA).cases[CASE].holds("information", MONDAY)
    assert day_of(it.ledger).tickets[first].waits == ("health",)
    it.do(MONDAY, "08:17", TieTicket, number=first, person=RATNA, services=("bank",))
    ticket = day_of(it.ledger).tickets[first]
    assert (ticket.waits, ticket.work["bank"], ticket.work["health"]) == (
        ("health", "bank"),
        ("bank-account",),
        ("health-check",),
    )
    opens_case(it, "ab" * 10)
    assert refused(it, MONDAY, "08:18", TieTicket, number=first, person="ab" * 10).code == "tied-already"
    assert refused(it, MONDAY, "08:19", TieTicket, number=first, person="", case=CASE).code == "no-case"


def test_an_appointment_is_kept_by_the_visit_of_its_day_and_office(it: Offices) -> None:
    case, slot = opens_case(it), instant(TUESDAY, "09:00")
    it.do(MONDAY, "08:01", MakeAppointment, person=RATNA, case=case, slot=slot, services=("bank",))
    today = it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=())
    it.do(MONDAY, "08:06", CancelTicket, number=number(today))
    assert it.ledger.person(RATNA).appointment is not None
    kept = it.do(TUESDAY, "08:40", IssueTicket, person=RATNA, services=())
    assert kept.events[0].event.slot == slot  # type: ignore[union-attr]
    assert it.ledger.person(RATNA).appointment is None


def test_people_beyond_those_kept_in_memory_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "PERSONS_KEPT", 2)
    ledger = Ledger(tmp_path / FILE)
    it = Offices(ledger)
    people = [f"{n:020x}" for n in range(8)]
    for person in people:
        opens_case(it, person)
        it.do(MONDAY, "08:05", IssueTicket, person=person, services=())
    assert {refused(it, MONDAY, "08:06", IssueTicket, person=person, services=()).code for person in people} == {
        "visit-live"
    }
    it.do(MONDAY, "16:00", CloseDay)  # one command about more people than are kept
    assert [ledger.person(person).visit for person in people] == [None] * 8
    assert len(ledger._present._persons) >= 2
    it.do(TUESDAY, "08:00", IssueTicket, person=people[0], services=())
    it.do(TUESDAY, "08:01", CancelTicket, number="A001")
    assert len(ledger._present._persons) <= 3
    ledger.close()


COUNTERS = {"1": "information", "2": "civil-registry", "3": "labour", "5": "health"}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_a_person_has_at_most_one_live_ticket_and_the_journey_knows_it(
    tmp_path: Path, seed: int
) -> None:
    """Some hundred random commands at two offices through two ledgers on one file, three people, over a night."""
    chance, day = random.Random(seed), MONDAY
    ledgers = [Ledger(tmp_path / FILE), Ledger(tmp_path / FILE)]
    it = Offices(ledgers[0], ("fifo", "index", "shortest", "all")[seed])
    people = [f"{n:020x}" for n in range(3)]
    for person in people:
        opens_case(it, person)
    for step in range(240):
        it.ledger, office = chance.choice(ledgers), chance.choice((BANDUNG, GARUT))
        day = MONDAY if step < 160 else TUESDAY
        at, counter = f"{8 + step // 60:02d}:{step % 60:02d}", chance.choice(list(COUNTERS))
        tickets = day_of(it.ledger, office, day).tickets if it.ledger.streams(day_stream(office, day)) else {}
        ticket = chance.choice([*tickets, "A999"])
        asked: list[tuple[type[Any], dict[str, Any]]] = [
            (IssueTicket, {"person": chance.choice(people), "services": chance.choice([(), ("labour", "health")])}),
            (IssueTicket, {"services": ("information",)}),
            (TieTicket, {"number": ticket, "person": chance.choice(people)}),
            (OpenCounter, {"counter": counter, "officer": f"officer-{counter}"}),
            *[(CallNext, {"counter": counter}), (StartService, {"counter": counter})] * 2,
            *[(FinishService, {"counter": counter, "outcome": chance.choice(["done", "rejected"])})] * 2,
            (ReturnTicket, {"counter": counter, "reasons": ("document-missing",)}),
            (Undo, {"counter": counter}),
            (MissTicket, {"counter": counter}),
            (HoldTicket, {"counter": counter}),
            (TransferTicket, {"counter": counter, "service": chance.choice(["bank", "health"])}),
            (PutBack, {"number": ticket}),
            (ChangeSteps, {"number": ticket, "add": (chance.choice(["bank", "police"]),)}),
            (CancelTicket, {"number": ticket}),
            *([(CloseDay, {}), (ReopenDay, {})] if chance.random() < 0.2 else []),
        ]
        served = [*asked[3:6], next(each for each in asked if each[0] is FinishService)]
        for command, fields in served if chance.random() < 0.4 else [chance.choice(asked)]:
            with suppress(Refusal):
                it.do(day, at, command, office, **fields)
        for person in people:
            holds_together(it.ledger, person, day)
    said = [mark for person in people for mark in it.ledger.person(person).cases[f"{person}-1"].marks.values()]
    assert len(said) > 4, "too little happened"
    for stream in it.ledger.streams("day:"):
        assert all(decision.same for decision in decisions(it.ledger.history(stream))), "recomputes to something else"
    for ledger in ledgers:
        ledger.close()


def holds_together(ledger: Ledger, person: str, today: str) -> None:
    """The live tickets of a person's case in all days of today: at most one, and it is the visit that is on record."""
    live = []
    for stream in ledger.streams("day:"):
        _, office, day = stream.split(":")
        if day == today:
            live += [
                (office, day, ticket.number)
                for ticket in day_of(ledger, office, day).tickets.values()
                if ticket.case == f"{person}-1" and ticket.state not in OVER
            ]
    visit = ledger.person(person).visit
    said = [(visit.office, visit.date, visit.number)] if visit and visit.date == today else []
    assert live == said


def test_a_case_with_a_live_visit_is_not_closed(it: Offices) -> None:
    case = opens_case(it)
    it.do(MONDAY, "08:05", IssueTicket, person=RATNA, services=())
    assert refused(it, MONDAY, "08:06", CloseCase, person=RATNA, case=case, outcome="finished").code == "visit-live"


def test_a_server_that_starts_reads_no_person(tmp_path: Path) -> None:
    played(tmp_path).close()
    ledger = Ledger(tmp_path / FILE)
    assert ledger._present._persons == {}
    assert ledger.person("ff" * 10) == Person()
    assert ledger.present().office_at(BANDUNG, instant(MONDAY, "08:00"))[1] == date(2026, 3, 2)
    ledger.close()

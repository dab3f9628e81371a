"""What may happen to a case: stories of its decider, told by the rules alone."""

from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from ltsa import flow, journey, journey_rules, parts
from ltsa.flow import Flows
from ltsa.journey import CaseMoved, CaseOpened, Person, PersonEvent, StepDone, VisitBegun, VisitEnded
from ltsa.journey_rules import (
    BeginVisit,
    CancelAppointment,
    CloseCase,
    CompleteReference,
    Here,
    MakeAppointment,
    MoveCase,
    NoteReference,
    OpenCase,
    PersonCommand,
    RecordStep,
    ReopenCase,
    ReplaceCard,
    UndoStep,
)
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.tokens import token_digest
from tests.ltsa.hall import EIGHT, MINUTE

RATNA = "0c5a7d1e9b3f82640d17"
DAY = 24 * 60 * MINUTE
TODAY, TOMORROW = "2026-11-21", "2026-11-22"


class Ratna:
    """A person before an office, on 21 November 2026; each thing happens a minute after the last."""

    def __init__(self) -> None:
        self.person, self.flows, self.office = Person(), Flows(), example_office()
        self.now = EIGHT
        self._keys = count(1)

    @property
    def here(self) -> Here:
        return Here(office=self.office, today=self.office.service_date(self.now).isoformat(), flows=self.flows.kept)

    def do(self, command: type[PersonCommand], **fields: Any) -> PersonEvent:
        """Gives a command and applies its events, the last of which is answered; raises the refusal."""
        self.now += MINUTE
        said: dict[str, Any] = {"office": self.office.id, "at": self.now, "by": "officer:sari", "person": RATNA}
        case = {} if command is OpenCase else {"case": f"{RATNA}-{len(self.person.cases)}"}
        events = journey_rules.decide(
            command(**said | case | {"key": f"key {next(self._keys)}"} | fields), self.person, self.here
        )
        for event in events:
            journey.evolve(self.person, event)
            if isinstance(event, CaseOpened | CaseMoved):
                for kept in flow.keep(self.office.flow[event.scheme], self.flows, event):
                    flow.evolve(self.flows, kept)
        return events[-1]

    def opens(self, scheme: str = "p-to-p", card: str = "card") -> None:
        self.do(OpenCase, scheme=scheme, card=token_digest(card))

    def has_done(self, *steps: str) -> None:
        for step in steps:
            self.do(RecordStep, step=step, outcome="done")

    def changes_office(self, path: str, value: Any) -> None:
        whole = parts.tree(self.office)
        parts.put(whole, path, value)
        self.office = parts.office_of(whole)


@pytest.fixture
def ratna() -> Ratna:
    return Ratna()


def refused(ratna: Ratna, command: type[PersonCommand], **fields: Any) -> Refusal:
    """The refusal that a command meets; nothing changes by it."""
    before = (ratna.person.version, repr(ratna.person))
    with pytest.raises(Refusal) as refusal:
        ratna.do(command, **fields)
    assert (ratna.person.version, repr(ratna.person)) == before
    assert refusal.value.message.endswith(".")
    return refusal.value


def test_a_person_has_one_open_case_and_may_have_another_when_it_is_closed(ratna: Ratna) -> None:
    ratna.opens()
    refusal = refused(ratna, OpenCase, scheme="ukps", card=token_digest("b"))
    assert (refusal.code, refusal.values["case"]) == ("case-open", f"{RATNA}-1")
    assert refused(ratna, CloseCase, outcome="bored").code == "unknown-outcome"
    ratna.do(CloseCase, outcome="finished")
    assert refused(ratna, ReplaceCard, card=token_digest("c")).code == "case-closed"
    ratna.opens("re-entry", "b")
    assert [case.outcome for case in ratna.person.cases.values()] == ["finished", ""]
    assert ratna.person.open_case is ratna.person.cases[f"{RATNA}-2"]


def test_a_case_that_was_closed_by_mistake_goes_on_where_it_stood(ratna: Ratna) -> None:
    ratna.opens()
    ratna.do(RecordStep, step="ak1", outcome="done")
    assert refused(ratna, ReopenCase, reason="mistaken").code == "case-open"
    ratna.do(CloseCase, outcome="finished")
    assert refused(ratna, ReopenCase, reason="bored").code == "unknown-reason"
    ratna.do(ReopenCase, reason="mistaken")
    assert ratna.person.open_case is not None
    assert ratna.person.open_case.holds("ak1", TODAY)
    ratna.do(CloseCase, outcome="withdrawn")
    ratna.opens("re-entry", "b")
    assert refused(ratna, ReopenCase, case=f"{RATNA}-1", reason="goes-on").code == "unknown-case"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scheme": "moon"}, "unknown-scheme"),
        ({"card": "secret"}, "wrong-card"),
        ({"person": "3204014503900001"}, "wrong-person"),
    ],
)
def test_a_case_needs_a_scheme_a_card_and_a_pseudonym(ratna: Ratna, fields: dict[str, str], code: str) -> None:
    assert refused(ratna, OpenCase, **({"scheme": "p-to-p", "card": token_digest("x")} | fields)).code == code


def test_a_scheme_takes_cases_from_its_first_date_to_its_last(ratna: Ratna) -> None:
    ratna.changes_office("flows/ssw/begins", TOMORROW)
    assert refused(ratna, OpenCase, scheme="ssw", card=token_digest("x")).code == "scheme-not-open"
    ratna.changes_office("flows/ssw/begins", TODAY)
    ratna.changes_office("flows/ssw/ends", TODAY)
    ratna.opens("ssw")
    ratna.do(CloseCase, outcome="mistaken")
    ratna.now += DAY
    assert refused(ratna, OpenCase, scheme="ssw", card=token_digest("x")).code == "scheme-not-open"


def test_a_case_stays_with_the_flow_that_it_began_under_until_it_is_moved_and_the_grace_date_has_come(
    ratna: Ratna,
) -> None:
    ratna.opens()
    ratna.has_done("ak1", "registration", "selection", "placement-agreement", "civil-registry-check")
    ratna.changes_office("flows/p-to-p/switches/passport-recommendation/on", value=False)
    assert refused(ratna, RecordStep, step="passport", outcome="done").code == "step-not-yet"
    assert refused(ratna, MoveCase, scheme="p-to-p", grace="2026-11-20").code == "wrong-date-to-come"
    ratna.do(MoveCase, scheme="p-to-p", grace=TOMORROW)
    assert refused(ratna, RecordStep, step="passport", outcome="done").code == "step-not-yet"
    ratna.now += DAY
    assert refused(ratna, RecordStep, step="passport-recommendation", outcome="done").code == "unknown-step"
    ratna.has_done("passport")
    assert refused(ratna, MoveCase, scheme="p-to-p").code == "nothing-changes"
    assert len(ratna.flows.kept) == 2


def test_a_case_may_be_moved_to_another_scheme_at_once_and_keeps_what_was_done(ratna: Ratna) -> None:
    ratna.opens("p-to-p")
    ratna.has_done("civil-registry-check")
    ratna.do(MoveCase, scheme="mandiri")
    ratna.has_done("passport")
    case = ratna.person.open_case
    assert case is not None
    assert case.follows(TODAY).scheme == "mandiri"
    assert case.holds("civil-registry-check", TODAY)


def test_a_later_decision_takes_the_place_of_a_move_that_was_planned(ratna: Ratna) -> None:
    ratna.opens("p-to-p")
    ratna.do(MoveCase, scheme="ukps", grace="2026-12-31")
    ratna.do(MoveCase, scheme="mandiri", grace="2026-12-01")
    case = ratna.person.open_case
    assert case is not None
    assert [case.follows(day).scheme for day in (TODAY, "2026-11-30", "2026-12-01", "2027-06-01")] == [
        *("p-to-p", "p-to-p", "mandiri", "mandiri"),
    ]


def test_a_step_expires_after_its_days_and_is_possible_again(ratna: Ratna) -> None:
    ratna.opens()
    done = ratna.do(RecordStep, step="health-check", outcome="done")
    assert isinstance(done, StepDone)
    assert done.valid_until == "2027-02-19", "90 days"
    assert refused(ratna, RecordStep, step="health-check", outcome="done").code == "step-done"
    ratna.now += 90 * DAY
    assert refused(ratna, RecordStep, step="health-check", outcome="done").code == "step-done"
    ratna.now += DAY
    ratna.has_done("health-check")


def test_a_document_from_elsewhere_is_valid_as_long_as_it_says_itself(ratna: Ratna) -> None:
    ratna.opens("ukps")
    assert refused(ratna, RecordStep, step="passport", outcome="done", valid_until="2026-11-20").code == (
        "wrong-date-to-come"
    )
    done = ratna.do(RecordStep, step="passport", outcome="done", valid_until="2027-05-01")
    assert isinstance(done, StepDone)
    assert done.valid_until == "2027-05-01"


def test_what_was_recorded_is_taken_back_and_is_what_it_was_before(ratna: Ratna) -> None:
    ratna.opens()
    assert refused(ratna, UndoStep, step="ak1").code == "nothing-to-undo"
    rejected = ratna.do(RecordStep, step="ak1", outcome="rejected")
    assert isinstance(rejected, StepDone)
    assert (rejected.unlocks, rejected.valid_until) == (False, "")
    ratna.has_done("ak1")
    ratna.do(UndoStep, step="ak1")
    case = ratna.person.open_case
    assert case is not None
    assert case.mark("ak1") is not None
    assert not case.holds("ak1", TODAY)


def test_a_number_on_paper_is_completed_later_with_who_and_when(ratna: Ratna) -> None:
    ratna.opens()
    at: dict[str, Any] = {"step": "ak1", "system": "siapkerja"}
    assert refused(ratna, CompleteReference, **at, number="AK1-0815").code == "no-paper-reference"
    ratna.do(NoteReference, **at, number=" KERTAS  12 ", paper=True)
    assert refused(ratna, NoteReference, **at, number="KERTAS 12", paper=True).code == "nothing-changes"
    ratna.do(CompleteReference, **at, number="AK1-0815")
    assert refused(ratna, CompleteReference, **at, number="AK1-0815").code == "nothing-changes"
    assert refused(ratna, CompleteReference, **at, number="AK1-0816").code == "reference-differs"
    assert refused(ratna, NoteReference, **at, number="KERTAS 13", paper=True).code == "reference-noted"
    case = ratna.person.open_case
    assert case is not None
    [noted] = case.references
    assert (noted.number, noted.replaces, noted.by, noted.at) == (
        "AK1-0815",
        "KERTAS 12",
        "officer:sari",
        ratna.now - 3 * MINUTE,
    )


@pytest.mark.parametrize("number", ["", "12", "x" * 41, "A<b>", "-12-", "12\u202e34"])
def test_a_reference_is_checked_lightly(ratna: Ratna, number: str) -> None:
    ratna.opens()
    assert refused(ratna, NoteReference, step="ak1", system="siapkerja", number=number).code == "wrong-reference"


def test_a_reference_belongs_to_one_step_in_the_system_of_that_step(ratna: Ratna) -> None:
    ratna.opens()
    assert refused(ratna, NoteReference, step="ak1", system="siskop2mi", number="AK1-0815").code == "wrong-system"
    assert refused(ratna, NoteReference, step="passport", system="siapkerja", number="X0815").code == "wrong-system"
    ratna.do(NoteReference, step="ak1", system="siapkerja", number="AK1-0815")
    refusal = refused(ratna, NoteReference, step="registration", system="siapkerja", number="AK1-0815")
    assert (refusal.code, refusal.state) == ("reference-twice", "ak1")
    ratna.do(CloseCase, outcome="finished")
    ratna.opens("p-to-p", "b")
    assert refused(ratna, NoteReference, step="ak1", system="siapkerja", number="AK1-0815").code == "reference-twice"


def test_a_visit_begins_once_and_one_of_an_earlier_day_is_over(ratna: Ratna) -> None:
    ratna.opens()
    ratna.do(BeginVisit, number="A001")
    refusal = refused(ratna, BeginVisit, number="A002")
    assert (refusal.code, refusal.values) == ("visit-live", {"office": "ltsa", "number": "A001"})
    ratna.now += DAY
    events = journey_rules.decide(
        BeginVisit(office="ltsa", at=ratna.now, by="x", key="k", person=RATNA, case=f"{RATNA}-1", number="A001"),
        ratna.person,
        ratna.here,
    )
    assert [type(event) for event in events] == [VisitEnded, VisitBegun]
    assert isinstance(events[0], VisitEnded)
    assert (events[0].date, events[0].state) == (TODAY, "lapsed")


def test_one_appointment_at_a_time_and_only_for_a_time_to_come(ratna: Ratna) -> None:
    ratna.opens()
    soon: dict[str, Any] = {"slot": EIGHT + DAY, "services": ("bank",)}
    assert refused(ratna, MakeAppointment, slot=EIGHT, services=("bank",)).code == "wrong-slot"
    assert refused(ratna, MakeAppointment, slot=EIGHT + DAY, services=()).code == "no-services"
    assert refused(ratna, MakeAppointment, slot=EIGHT + DAY, services=("kitchen",)).code == "unknown-service"
    ratna.do(MakeAppointment, **soon)
    assert refused(ratna, MakeAppointment, **soon).code == "appointment-made"
    ratna.do(CancelAppointment)
    assert refused(ratna, CancelAppointment).code == "no-appointment"
    ratna.do(MakeAppointment, **soon)
    ratna.now += 2 * DAY
    ratna.do(MakeAppointment, slot=EIGHT + 5 * DAY, services=("bank",))


def test_time_never_runs_backwards_within_a_journey(ratna: Ratna) -> None:
    ratna.opens()
    first = ratna.person.at
    ratna.now -= 10 * MINUTE
    ratna.has_done("ak1")
    assert ratna.person.at == first


def test_an_unknown_case_or_step_is_refused_by_its_name(ratna: Ratna) -> None:
    assert refused(ratna, RecordStep, step="ak1", outcome="done").code == "unknown-case"
    ratna.opens()
    assert refused(ratna, RecordStep, step="moon", outcome="done").field == "step"
    assert refused(ratna, RecordStep, step="ak1", outcome="vanished").field == "outcome"


def test_another_office_reads_a_case_that_is_pinned_to_a_flow_that_it_does_not_have(ratna: Ratna) -> None:
    ratna.opens("g-to-g")
    ratna.office = replace(ratna.office, id="garut", flows=())
    ratna.has_done("eps-registration")
    case = ratna.person.open_case
    assert case is not None
    assert case.marks["eps-registration"][0].office == "garut"
    assert refused(ratna, MoveCase, scheme="mandiri").code == "unknown-scheme"

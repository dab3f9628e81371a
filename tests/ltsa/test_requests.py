"""What people ask about their own data: received, answered within three days, and what the answer changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ltsa.commands import CancelTicket, IssueTicket
from ltsa.journey import person_stream
from ltsa.journey_rules import CloseCase, LiftRestriction, OpenCase, RecordStep
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.requests import (
    CLOCK,
    HOUR,
    REASONS,
    FinishRequest,
    ReceiveRequest,
    RefuseRequest,
    SubjectRequest,
    TakeRequest,
    requests_stream,
)
from ltsa.subject import OWN, WORDS, Agreed, ConsentGiven, ConsentText, asked
from ltsa.tokens import token_digest
from tests.ltsa.scripted_journey import BANDUNG, CASE, GARUT, MONDAY, RATNA, TUESDAY, Offices, instant

ASKS: dict[str, Any] = {"person": RATNA, "identified": "card-document"}


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Offices]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    offices = Offices(ledger)
    agreed = asked({}).given(asked({}).digest("id"), "kiosk")
    offices.do(
        MONDAY, "08:00", OpenCase, person=RATNA, scheme="p-to-p", card=token_digest("card"), agreed=agreed, key="open"
    )
    yield offices
    ledger.close()


def of(it: Offices, request: str = "1", office: str = BANDUNG) -> SubjectRequest:
    return it.ledger.present().requests(office).of(request)


def refused(it: Offices, *asked: Any, **fields: Any) -> str:
    before = it.ledger.newest()
    with pytest.raises(Refusal) as refusal:
        it.do(*asked, **fields)
    assert refusal.value.message.endswith(".")
    assert it.ledger.newest() == before, "a refusal changes nothing"
    return refusal.value.code


def test_a_request_is_received_worked_on_and_done_with_who_and_when(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="show", **ASKS)
    it.do(MONDAY, "09:30", TakeRequest, request="1", by="manager:rahma")
    it.do(TUESDAY, "10:00", FinishRequest, request="1", by="manager:rahma")
    assert of(it) == SubjectRequest(
        id="1",
        kind="show",
        person=RATNA,
        identified="card-document",
        received=instant(MONDAY, "09:00"),
        received_by="officer:sari",
        state="done",
        taken=instant(MONDAY, "09:30"),
        taken_by="manager:rahma",
        ended=instant(TUESDAY, "10:00"),
        ended_by="manager:rahma",
    )
    assert refused(it, TUESDAY, "10:01", RefuseRequest, request="1", reason="taken-back") == "request-answered"
    assert refused(it, TUESDAY, "10:01", TakeRequest, request="9") == "unknown-request"


def test_three_times_24_hours_run_from_the_instant_of_receiving(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="erase", **ASKS)
    received, request = instant(MONDAY, "09:00"), of(it)
    assert request.due == received + 72 * HOUR == received + CLOCK
    states = {hours: request.clock(received + hours * HOUR) for hours in (0, 48, 49, 72)}
    assert states == {0: "running", 48: "running", 49: "soon", 72: "soon"}
    assert request.clock(request.due + 1) == "overdue"
    it.do("2026-03-06", "09:00", RefuseRequest, request="1", reason="law-requires")
    assert (of(it).clock(0), of(it).reason) == ("late", "law-requires")


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("unknown-kind", {"kind": "sell"}),
        ("unknown-identified", {"kind": "show", "identified": "face"}),
        ("unknown-subject", {"kind": "show", "person": "f" * 20}),
        ("unknown-office", {"kind": "show", "office": "moon"}),
    ],
)
def test_what_cannot_be_a_request_is_refused(it: Offices, code: str, fields: dict[str, Any]) -> None:
    assert refused(it, MONDAY, "09:00", ReceiveRequest, **(ASKS | fields)) == code


def test_the_same_is_asked_for_once_until_it_is_answered_and_a_key_counts_once(it: Offices) -> None:
    first = it.do(MONDAY, "09:00", ReceiveRequest, kind="show", **ASKS, key="k")
    again = it.do(MONDAY, "09:01", ReceiveRequest, kind="show", **ASKS, key="k")
    assert (again.events, again.repeated) == (first.events, True)
    assert refused(it, MONDAY, "09:02", ReceiveRequest, kind="erase", **ASKS, key="k") == "key-reused"
    assert refused(it, MONDAY, "09:02", ReceiveRequest, kind="show", **ASKS) == "request-open"
    it.do(MONDAY, "09:03", ReceiveRequest, kind="correct", **ASKS)
    it.do(MONDAY, "09:04", ReceiveRequest, GARUT, kind="show", **ASKS)
    assert [of(it, "2").kind, of(it, "1", GARUT).kind] == ["correct", "show"], "each office counts its own"


@pytest.mark.parametrize("kind", ["show", "correct", "restrict", "withdraw", "erase"])
def test_a_request_is_refused_for_a_reason_that_holds_for_its_kind_alone(it: Offices, kind: Any) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind=kind, **ASKS)
    for reason in ("", "no-time", *(code for code, kinds in REASONS.items() if kind not in kinds)):
        assert refused(it, MONDAY, "09:01", RefuseRequest, request="1", reason=reason) == "unknown-reason"


def test_only_a_correction_says_what_was_corrected(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="correct", **ASKS)
    it.do(MONDAY, "09:00", ReceiveRequest, kind="show", **ASKS)
    for request, changed in (("1", ()), ("1", ("address",)), ("2", ("name",))):
        assert refused(it, MONDAY, "09:01", FinishRequest, request=request, changed=changed) == "nothing-corrected"
    it.do(MONDAY, "09:02", FinishRequest, request="1", changed=("name",))
    assert of(it).changed == ("name",)


def test_only_a_correction_is_begun_and_what_was_begun_last_counts(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="correct", **ASKS)
    it.do(MONDAY, "09:00", ReceiveRequest, kind="show", **ASKS)
    for request, fields in (("1", ("address",)), ("2", ("name",))):
        wrong = {"request": request, "correcting": fields, "commitment": "c0"}
        assert refused(it, MONDAY, "09:01", TakeRequest, **wrong) == "nothing-corrected"
    it.do(MONDAY, "09:02", TakeRequest, request="1", correcting=("nik",), commitment="c0")
    it.do(MONDAY, "09:03", TakeRequest, request="1", correcting=("name",), commitment="c1")
    assert (of(it).state, of(it).correcting, of(it).commitment) == ("taken", ("name",), "c1")
    it.do(MONDAY, "09:04", TakeRequest, request="1", by="manager:rahma")
    assert (of(it).correcting, of(it).taken_by) == (("name",), "manager:rahma"), "who goes on knows what was begun"


def test_restricted_data_are_kept_and_not_used_until_that_is_lifted(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="restrict", **ASKS)
    done = it.do(MONDAY, "09:01", FinishRequest, request="1")
    assert [row.stream for row in done.events] == [requests_stream(BANDUNG), person_stream(RATNA)], "in one commit"
    step: dict[str, Any] = {"person": RATNA, "case": CASE, "step": "ak1", "outcome": "done"}
    assert refused(it, MONDAY, "09:02", IssueTicket, person=RATNA, services=()) == "person-restricted"
    assert refused(it, MONDAY, "09:02", RecordStep, GARUT, **step) == "person-restricted"
    it.do(MONDAY, "09:03", ReceiveRequest, kind="restrict", **ASKS)
    assert refused(it, MONDAY, "09:04", FinishRequest, request="2") == "restricted-already"
    it.do(MONDAY, "09:05", LiftRestriction, person=RATNA)
    assert refused(it, MONDAY, "09:06", LiftRestriction, person=RATNA) == "not-restricted"
    it.do(MONDAY, "09:07", IssueTicket, person=RATNA, services=())


@pytest.mark.parametrize("kind", ["restrict", "erase"])
def test_nobody_is_restricted_or_erased_in_the_middle_of_a_visit(it: Offices, kind: str) -> None:
    issued = it.do(MONDAY, "09:00", IssueTicket, GARUT, person=RATNA, services=())
    it.do(MONDAY, "09:01", ReceiveRequest, kind=kind, **ASKS)
    assert refused(it, MONDAY, "09:02", FinishRequest, request="1") == "visit-first"
    it.do(MONDAY, "09:03", CancelTicket, GARUT, number=issued.events[-1].event.number)  # type: ignore[union-attr]
    it.do(MONDAY, "09:04", FinishRequest, request="1")
    assert of(it).state == "done"


def test_whoever_is_erased_leaves_no_open_case_and_nothing_goes_on(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="show", **ASKS)
    it.do(MONDAY, "09:00", ReceiveRequest, kind="erase", **ASKS)
    it.do(MONDAY, "09:01", FinishRequest, request="2")
    person = it.ledger.person(RATNA)
    assert (person.subject.erased, person.open_case) == (instant(MONDAY, "09:01"), None)
    again: dict[str, Any] = {"person": RATNA, "scheme": "p-to-p", "card": token_digest("new")}
    assert refused(it, MONDAY, "09:02", OpenCase, **again) == "person-erased"
    assert refused(it, MONDAY, "09:02", ReceiveRequest, kind="correct", **ASKS) == "person-erased"
    assert refused(it, MONDAY, "09:02", FinishRequest, request="1") == "person-erased"
    it.do(MONDAY, "09:03", RefuseRequest, request="1", reason="nothing-kept")


# --- Consent


def test_consent_is_on_record_with_what_was_read_where_and_by_whom_it_was_entered(it: Offices) -> None:
    consent = it.ledger.person(RATNA).subject.consent
    assert consent is not None
    assert (consent.at, consent.by, consent.office) == (instant(MONDAY, "08:00"), "officer:sari", BANDUNG)
    assert consent.agreed == Agreed(version="usual/2", text=asked({}).digest("id"), language="id", door="kiosk")


def test_consent_is_withdrawn_and_given_again_with_the_next_case_only(it: Offices) -> None:
    it.do(MONDAY, "09:00", ReceiveRequest, kind="withdraw", **ASKS)
    it.do(MONDAY, "09:01", FinishRequest, request="1")
    subject = it.ledger.person(RATNA).subject
    assert (subject.consent, [each.withdrawn for each in subject.consents]) == (None, [instant(MONDAY, "09:01")])
    it.do(MONDAY, "09:02", IssueTicket, person=RATNA, services=())
    assert it.ledger.person(RATNA).visit is not None, "the service does not depend on consent"


def test_words_are_known_by_their_digest_and_an_office_may_have_its_own() -> None:
    usual, own = asked({}), asked({"id": "Saya setuju.", "en": "I agree."})
    assert usual.digest("id") == "a3d318df93c0675e7880c1f0986378462e589317e95d2008e2c16f6f5938a820"
    assert usual.digest("en") == "6e49dc0de85d5ef81936f02d375d859dd9151f3b25afa97fbaa18a9d1980d39c"
    first = ConsentText("usual/1", WORDS["usual/1"])
    assert first.digest("id") == "1eab98a3009d4e009b04c50fbec9232a1b8903a9a223d76cb5dd35eb27aa316a", "as on record"
    assert first.digest("en") == "f56533dd1b3d8367f23052749e077f10372b717d28627c7574a573f1edad4056"
    assert usual.digest("jv") == usual.digest("id"), "who reads Javanese is asked in Indonesian, and that is recorded"
    assert own.given(own.digest("en"), "desk") == Agreed(version=OWN, text=own.digest("en"), language="en", door="desk")
    assert own.given(usual.digest("id"), "desk") is None, "words that are not asked any more"


def test_the_same_consent_is_recorded_once(it: Offices) -> None:
    said: dict[str, Any] = {"person": RATNA, "scheme": "mandiri"}
    it.do(MONDAY, "09:00", CloseCase, person=RATNA, case=CASE, outcome="finished")
    agreed = asked({}).given(asked({}).digest("id"), "desk")
    it.do(MONDAY, "09:01", OpenCase, **said, card=token_digest("new"), agreed=agreed)
    given = [row for row in it.ledger.history(person_stream(RATNA)) if isinstance(row.event, ConsentGiven)]
    assert len(given) == 1

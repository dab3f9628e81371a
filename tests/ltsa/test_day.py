"""The rules of a service day, told as what people do. The state is made by events alone."""

import pytest

from ltsa import board
from ltsa.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CheckDocuments,
    CloseCounter,
    CloseDay,
    FinishService,
    GiveHelp,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    PutBack,
    Recall,
    ReopenDay,
    ResumeTicket,
    ReturnTicket,
    SetPriority,
    StartService,
    TransferTicket,
    Undo,
    WriteNote,
)
from ltsa.happened import TicketCalled, TicketRecalled
from ltsa.tokens import token_digest
from tests.ltsa.hall import MINUTE, Hall, refused


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_numbers_run_without_a_gap_for_each_service(hall: Hall) -> None:
    taken = [hall.takes_number(service) for service in ("bank", "health", "bank", "bank", "health")]
    assert taken == ["G001", "D001", "G002", "G003", "D002"]


def test_a_number_keeps_its_letter_through_the_whole_visit(hall: Hall) -> None:
    number = hall.takes_number("immigration", "labour")
    assert number == "C001", "named after the step that can be done at once"
    hall.opens("3")
    hall.serves("3")
    assert hall.line("immigration") == ["C001"]


def test_whoever_came_first_is_called_first(hall: Hall) -> None:
    first, second = hall.takes_number("health"), hall.takes_number("health")
    hall.opens("5")
    assert hall.calls("5") == first
    hall.do(StartService, counter="5")
    hall.do(FinishService, counter="5", outcome="done")
    assert hall.calls("5") == second


def test_arrival_in_the_building_counts_not_arrival_in_the_queue(hall: Hall) -> None:
    early = hall.takes_number("labour", "social-security")
    late = hall.takes_number("social-security")
    hall.opens("3")
    hall.opens("10")
    hall.serves("3")
    assert hall.line("social-security") == [early, late]
    assert hall.calls("10") == early


def test_a_call_says_why_this_one(hall: Hall) -> None:
    hall.takes_number("health")
    hall.waits(4)
    hall.takes_number("health")
    hall.opens("5")
    [called] = hall.do(CallNext, counter="5")
    assert isinstance(called, TicketCalled)
    assert (called.why.rule, called.why.eligible, called.why.runner_up) == ("fifo/1", 2, "D002")
    assert called.why.margin == 4 * MINUTE + 1000


def test_priority_makes_a_wait_older_but_starves_nobody(hall: Hall) -> None:
    patient = hall.takes_number("bank")
    hall.waits(29)
    elderly = hall.takes_number("bank", priority="elderly")
    assert hall.line("bank") == [elderly, patient]
    hall.waits(5)
    latecomer = hall.takes_number("bank", priority="elderly")
    assert hall.line("bank") == [elderly, patient, latecomer], "nobody overtakes who came 30 minutes earlier"


def test_a_person_with_two_steps_waits_in_both_queues_and_is_called_to_one(hall: Hall) -> None:
    number = hall.takes_number("health", "bank")
    hall.opens("5")
    hall.opens("9")
    assert (hall.line("health"), hall.line("bank")) == ([number], [number])
    hall.calls("9")
    assert hall.line("health") == []
    assert refused(hall, CallNext, counter="5") == "nobody-waiting"


def test_a_step_becomes_possible_when_what_comes_before_is_done(hall: Hall) -> None:
    number = hall.takes_number("civil-registry", "labour", "immigration")
    hall.opens("2")
    hall.opens("3")
    hall.serves("2")
    assert hall.line("immigration") == []
    hall.serves("3")
    assert hall.line("immigration") == [number]


def test_a_rejected_step_does_not_open_the_next(hall: Hall) -> None:
    number = hall.takes_number("labour", "immigration")
    hall.opens("3")
    hall.serves("3", outcome="rejected")
    assert hall.ticket(number).state == "done"
    assert hall.line("immigration") == []


def test_a_visit_is_over_when_its_last_step_is(hall: Hall) -> None:
    number = hall.takes_number("bank", "health")
    hall.opens("9")
    hall.opens("5")
    hall.serves("9")
    assert hall.ticket(number).state == "waiting"
    hall.serves("5")
    assert hall.ticket(number).state == "done"


def test_recalls_are_counted_and_the_last_one_is_announced(hall: Hall) -> None:
    hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    recalls = [hall.do(Recall, counter="9")[0] for _ in range(3)]
    assert [(r.count, r.last) for r in recalls if isinstance(r, TicketRecalled)] == [(1, False), (2, False), (3, True)]
    assert refused(hall, Recall, counter="9") == "recall-limit"


def test_who_does_not_come_frees_the_counter_and_may_be_put_back(hall: Hall) -> None:
    absent = hall.takes_number("bank")
    others = [hall.takes_number("bank") for _ in range(5)]
    hall.opens("9")
    assert hall.misses("9") == absent
    assert hall.ticket(absent).state == "absent"
    hall.do(PutBack, number=absent)
    assert hall.line("bank") == [*others[:3], absent, *others[3:]], "behind the first three, says this office's rule"


@pytest.mark.parametrize(("rule", "place"), [("original", 0), ("last", 2), ("behind:1", 1), ("behind:9", 2)])
def test_the_office_decides_where_an_absent_person_comes_back(rule: str, place: int) -> None:
    hall = Hall(absent_place=rule)
    absent, _, _ = (hall.takes_number("bank") for _ in range(3))
    hall.opens("9")
    hall.misses("9")
    hall.do(PutBack, number=absent)
    assert hall.line("bank").index(absent) == place


def test_behind_three_means_three_of_a_line_that_one_may_stand_in(hall: Hall) -> None:
    for _ in range(3):
        hall.takes_number("immigration")
    absent = hall.takes_number("labour", "immigration")
    others = [hall.takes_number("labour") for _ in range(5)]
    hall.opens("3", "labour")
    hall.misses("3")
    hall.do(PutBack, number=absent)
    assert hall.line("labour") == [*others[:3], absent, *others[3:]], "immigration comes after labour"


def test_behind_two_means_two_others() -> None:
    hall = Hall(returned_place="behind:2")
    returned = hall.takes_number("bank", "health")
    others = [hall.takes_number("health") for _ in range(4)]
    hall.opens("9", "bank")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.do(ReturnTicket, counter="9", reasons=("document-missing",))
    hall.do(PutBack, number=returned)
    assert hall.line("health") == [*others[:2], returned, *others[2:]]


def test_a_returned_person_completes_and_comes_back_to_the_old_place(hall: Hall) -> None:
    returned, other = hall.takes_number("labour"), hall.takes_number("labour")
    hall.opens("3")
    hall.calls("3")
    hall.do(StartService, counter="3")
    reasons = ("document-missing", "copy-unreadable", "document-missing")
    hall.do(ReturnTicket, counter="3", reasons=reasons, note="a" * 32)
    assert hall.ticket(returned).state == "returned"
    assert hall.ticket(returned).steps["labour"].reasons == ("document-missing", "copy-unreadable")
    hall.do(PutBack, number=returned)
    assert hall.line("labour") == [returned, other]


def test_a_returned_step_leaves_the_other_steps_possible(hall: Hall) -> None:
    number = hall.takes_number("labour", "bank", "social-security")
    hall.opens("3")
    hall.calls("3")
    hall.do(StartService, counter="3")
    hall.do(ReturnTicket, counter="3", reasons=("document-missing",))
    assert hall.ticket(number).state == "waiting"
    assert (hall.line("bank"), hall.line("social-security")) == ([number], []), "social security comes after labour"
    hall.do(PutBack, number=number)
    assert hall.line("labour") == [number]


def test_a_held_person_steps_aside_and_is_served_again(hall: Hall) -> None:
    held, next_one = hall.takes_number("bank"), hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.do(HoldTicket, counter="9")
    assert hall.ticket(held).state == "held"
    assert hall.calls("9") == next_one
    assert refused(hall, ResumeTicket, counter="9") == "counter-busy"
    hall.do(MissTicket, counter="9")
    hall.do(ResumeTicket, counter="9")
    assert hall.ticket(held).state == "serving"


def test_a_held_person_is_called_nowhere_else(hall: Hall) -> None:
    hall.takes_number("bank", "health")
    hall.opens("9")
    hall.opens("5")
    hall.calls("9")
    hall.do(HoldTicket, counter="9")
    assert refused(hall, CallNext, counter="5") == "nobody-waiting"


def test_resuming_asks_which_when_several_are_held(hall: Hall) -> None:
    first, second = hall.takes_number("bank"), hall.takes_number("bank")
    hall.opens("9")
    for _ in range(2):
        hall.calls("9")
        hall.do(HoldTicket, counter="9")
    assert refused(hall, ResumeTicket, counter="9") == "which-held"
    hall.do(ResumeTicket, counter="9", number=second)
    assert (hall.ticket(first).state, hall.ticket(second).state) == ("held", "serving")


def test_a_held_person_is_served_again_only_where_the_service_is_offered(hall: Hall) -> None:
    held = hall.takes_number("bank")
    hall.opens("9", officer="sari")
    hall.calls("9")
    hall.do(HoldTicket, counter="9")
    hall.do(CloseCounter, counter="9")
    hall.opens("9", "health", officer="budi")
    assert refused(hall, ResumeTicket, counter="9") == "not-for-this-counter"
    assert refused(hall, ResumeTicket, counter="9", number=held) == "not-for-this-counter"
    hall.do(PutBack, number=held)
    assert hall.line("bank") == [held]


def test_a_transferred_person_keeps_the_place(hall: Hall) -> None:
    early = hall.takes_number("information")
    late = hall.takes_number("bank")
    hall.opens("1")
    hall.opens("9")
    hall.calls("1")
    hall.do(StartService, counter="1")
    hall.do(TransferTicket, counter="1", service="bank")
    assert hall.line("bank") == [early, late]
    assert hall.ticket(early).steps["information"].state == "transferred"
    assert refused(hall, TransferTicket, counter="1", service="bank") == "nobody-here"


def test_nobody_is_sent_where_they_can_never_be_called(hall: Hall) -> None:
    number = hall.takes_number("labour", "health")
    hall.opens("3", "labour")
    hall.opens("5", "health")
    hall.serves("3", outcome="rejected")
    hall.calls("5")
    hall.do(StartService, counter="5")
    assert refused(hall, TransferTicket, counter="5", service="immigration") == "step-blocked", "it comes after labour"
    assert refused(hall, ChangeSteps, number=number, add=("social-security",)) == "step-blocked"
    hall.do(TransferTicket, counter="5", service="bank")
    assert hall.line("bank") == [number]


def test_an_officer_adds_and_drops_steps(hall: Hall) -> None:
    number = hall.takes_number("bank")
    hall.do(ChangeSteps, number=number, add=("health",))
    assert hall.line("health") == [number]
    hall.do(ChangeSteps, number=number, drop=("bank",))
    assert (hall.line("bank"), hall.line("health")) == ([], [number])
    assert refused(hall, ChangeSteps, number=number, add=("health",)) == "service-twice"
    assert refused(hall, ChangeSteps, number=number, add=("police", "police")) == "service-twice"
    assert refused(hall, ChangeSteps, number=number, drop=("police",)) == "step-begun"


def test_a_finished_visit_goes_on_when_a_step_is_added(hall: Hall) -> None:
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.serves("9")
    hall.do(ChangeSteps, number=number, add=("health",))
    assert hall.ticket(number).state == "waiting"


def test_the_holder_cancels_while_waiting_but_not_while_being_served(hall: Hall) -> None:
    waiting, served = hall.takes_number("health"), hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.do(CancelTicket, number=waiting, by="holder")
    assert hall.line("health") == []
    assert refused(hall, CancelTicket, number=served, by="holder") == "being-served"
    hall.do(CancelTicket, number=served)
    assert hall.day.counters["9"].ticket == ""
    assert refused(hall, CancelTicket, number=served) == "visit-over"


def test_yesterdays_secret_does_not_cancel_todays_number(hall: Hall) -> None:
    number = hall.takes_number("bank")
    token = hall.day.tickets[number].token
    assert refused(hall, CancelTicket, number=number, token=token_digest("of yesterday"), by="holder") == "visit-over"
    hall.do(CancelTicket, number=number, token=token, by="holder")


def test_a_mistaken_call_is_taken_back_within_seconds(hall: Hall) -> None:
    first, second = hall.takes_number("bank"), hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(Undo, counter="9")
    assert hall.line("bank") == [first, second]
    assert hall.day.counters["9"].ticket == ""
    assert [call.number for call in hall.day.recent] == []
    assert refused(hall, Undo, counter="9") == "nothing-to-undo"


def test_a_mistaken_finish_is_taken_back_within_seconds(hall: Hall) -> None:
    number = hall.takes_number("labour", "social-security")
    hall.opens("3")
    hall.serves("3")
    assert hall.line("social-security") == [number]
    hall.do(Undo, counter="3")
    assert hall.ticket(number).state == "serving"
    assert hall.line("social-security") == []
    hall.do(FinishService, counter="3", outcome="done")


def test_after_the_office_s_seconds_it_is_too_late_to_take_back(hall: Hall) -> None:
    hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.now += 10_000
    assert refused(hall, Undo, counter="9") == "too-late"


def test_what_has_moved_on_is_not_taken_back(hall: Hall) -> None:
    hall.takes_number("labour", "bank")
    hall.opens("3")
    hall.opens("9")
    hall.serves("3")
    hall.calls("9")
    assert refused(hall, Undo, counter="3") == "too-late"


@pytest.mark.parametrize("action", ["return", "no-show"])
def test_a_mistaken_return_or_no_show_is_taken_back(hall: Hall, action: str) -> None:
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    if action == "return":
        hall.do(StartService, counter="9")
        hall.do(ReturnTicket, counter="9", reasons=("document-missing",))
    else:
        hall.do(MissTicket, counter="9")
    hall.do(Undo, counter="9")
    assert hall.ticket(number).state == ("serving" if action == "return" else "called")
    assert hall.ticket(number).steps["bank"].reasons == ()


@pytest.mark.parametrize("served", [True, False])
def test_nothing_is_taken_back_at_a_counter_on_break(hall: Hall, served: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.serves("9") if served else hall.misses("9")
    hall.do(PauseCounter, counter="9", reason="break")
    assert refused(hall, Undo, counter="9") == "counter-paused", "else somebody would stand at a counter on break"
    assert board.desk(hall.day, "9").undo is None
    hall.opens("9")
    hall.do(Undo, counter="9")
    assert hall.day.counters["9"].ticket == number


def test_an_officer_sits_at_one_counter_and_a_counter_has_one_officer(hall: Hall) -> None:
    hall.opens("3", officer="sari")
    assert refused(hall, OpenCounter, counter="3", officer="budi") == "counter-taken"
    assert refused(hall, OpenCounter, counter="4", officer="sari") == "officer-elsewhere"
    hall.do(CloseCounter, counter="3")
    hall.opens("4", officer="sari")


def test_a_counter_pauses_with_a_reason_and_calls_nobody_meanwhile(hall: Hall) -> None:
    hall.takes_number("bank")
    hall.opens("9", officer="sari")
    assert refused(hall, PauseCounter, counter="9", reason="bored") == "unknown-reason"
    hall.do(PauseCounter, counter="9", reason="prayer")
    assert refused(hall, CallNext, counter="9") == "counter-paused"
    hall.opens("9", officer="sari")
    hall.calls("9")


def test_nobody_leaves_a_counter_with_a_person_at_it(hall: Hall) -> None:
    hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    assert refused(hall, PauseCounter, counter="9", reason="break") == "counter-busy"
    assert refused(hall, CloseCounter, counter="9") == "counter-busy"
    assert refused(hall, CallNext, counter="9") == "counter-busy"


def test_an_officer_may_call_somebody_else_and_it_shows(hall: Hall) -> None:
    older, chosen = hall.takes_number("bank"), hall.takes_number("bank")
    hall.opens("9")
    [called] = hall.do(CallTicket, counter="9", number=chosen)
    assert isinstance(called, TicketCalled)
    assert (called.why.rule, called.why.passed_over, called.why.runner_up) == ("chosen/2", 1, older)
    hall.takes_number("health")
    hall.do(MissTicket, counter="9")
    assert refused(hall, CallTicket, counter="9", number="D001") == "not-for-this-counter"
    assert refused(hall, CallTicket, counter="9", number=chosen) == "not-waiting"


def test_what_was_meant_for_one_person_is_not_done_to_the_next(hall: Hall) -> None:
    first, second = hall.takes_number("bank"), hall.takes_number("bank")
    hall.opens("9")
    hall.serves("9")
    hall.calls("9")
    hall.do(StartService, counter="9", present=second)
    assert refused(hall, FinishService, counter="9", outcome="done", present=first) == "moved-on"
    hall.do(FinishService, counter="9", outcome="done", present=second)


def test_documents_are_ticked_off_and_unknown_ones_refused(hall: Hall) -> None:
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    assert refused(hall, CheckDocuments, counter="9", seen=("id-card",)) == "not-serving"
    hall.do(StartService, counter="9")
    hall.do(CheckDocuments, counter="9", seen=("id-card",))
    assert hall.ticket(number).steps["bank"].seen == ("id-card",)
    assert refused(hall, CheckDocuments, counter="9", seen=("blood-type",)) == "unknown-seen"


def test_a_note_is_a_reference_only(hall: Hall) -> None:
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(WriteNote, counter="9", note="b" * 32)
    assert hall.ticket(number).notes == ("b" * 32,)


def test_an_officer_gives_and_takes_priority(hall: Hall) -> None:
    first, second = hall.takes_number("bank"), hall.takes_number("bank")
    hall.do(SetPriority, number=second, priority="pregnant")
    assert hall.line("bank") == [second, first]
    hall.do(SetPriority, number=second, priority="")
    assert hall.line("bank") == [first, second]
    assert refused(hall, SetPriority, number=second, priority="vip") == "unknown-priority"


def test_who_was_put_back_and_loses_a_priority_does_not_wait_behind_those_who_are_still_to_come() -> None:
    hall = Hall(absent_place="last")
    number = hall.takes_number("bank", priority="elderly")
    hall.opens("9")
    hall.misses("9")
    hall.do(PutBack, number=number)
    hall.do(SetPriority, number=number, priority="")
    later = hall.takes_number("bank")
    assert hall.line("bank") == [number, later]


def test_the_end_of_the_day_gives_everybody_an_outcome(hall: Hall) -> None:
    done, called, waiting = (hall.takes_number("bank") for _ in range(3))
    hall.opens("9")
    hall.serves("9")
    hall.calls("9")
    hall.do(CloseDay)
    assert [hall.ticket(n).state for n in (done, called, waiting)] == ["done", "closed", "closed"]
    assert hall.day.counters["9"].state == "closed"
    assert refused(hall, IssueTicket, services=("bank",), token="t") == "day-closed"


def test_a_day_closed_too_early_is_reopened(hall: Hall) -> None:
    number = hall.takes_number("bank")
    hall.do(CloseDay)
    hall.do(ReopenDay)
    hall.do(PutBack, number=number)
    assert hall.line("bank") == [number]
    assert hall.takes_number("bank") == "G002"
    assert refused(hall, ReopenDay) == "day-open"


def test_the_clock_never_runs_backwards_within_a_day(hall: Hall) -> None:
    hall.takes_number("bank")
    [event] = hall.do(IssueTicket, services=("bank",), token="t2", at=hall.now - 3_600_000)
    assert event.at == hall.events[-2].at


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"services": ()}, "no-services"),
        ({"services": ("dentist",)}, "unknown-service"),
        ({"services": ("bank", "bank")}, "service-twice"),
        ({"services": ("bank",), "priority": "vip"}, "unknown-priority"),
    ],
)
def test_a_wrong_wish_at_the_kiosk_is_refused(hall: Hall, fields: dict[str, object], code: str) -> None:
    assert refused(hall, IssueTicket, **{"token": "t", **fields}) == code


@pytest.mark.parametrize("command", [StartService, MissTicket, HoldTicket, Recall])
def test_nothing_is_done_with_nobody(hall: Hall, command: type) -> None:
    hall.opens("9")
    assert refused(hall, command, counter="9") == "nobody-here"
    assert refused(hall, command, counter="99") == "unknown-counter"


def test_a_call_for_help_stands_until_somebody_has_helped(hall: Hall) -> None:
    hall.do(AskHelp, kiosk="1", by="kiosk:1")
    asked = hall.now
    hall.do(AskHelp, kiosk="pintu-timur", by="kiosk:pintu-timur")
    assert [(call.kiosk, call.since) for call in board.hall(hall.day).help] == [
        ("1", asked),
        ("pintu-timur", hall.now),
    ]
    assert board.desk(hall.day, "3").help == board.hall(hall.day).help, "no counter is open, and every desk sees it"
    hall.do(GiveHelp, kiosk="1")
    assert list(hall.day.help) == ["pintu-timur"]


def test_whoever_asks_twice_hears_that_somebody_is_on_the_way(hall: Hall) -> None:
    assert refused(hall, GiveHelp, kiosk="1") == "no-help-asked"
    hall.do(AskHelp, kiosk="1")
    assert refused(hall, AskHelp, kiosk="1") == "help-asked"
    hall.do(GiveHelp, kiosk="1")
    assert refused(hall, GiveHelp, kiosk="1") == "no-help-asked"
    hall.do(AskHelp, kiosk="1")


@pytest.mark.parametrize("name", ["", " ", "k" * 41, "pintu\n1", "pintu\u202e1"])
def test_a_kiosk_that_asks_for_help_has_a_name_that_can_be_printed(hall: Hall, name: str) -> None:
    assert refused(hall, AskHelp, kiosk=name) == "wrong-kiosk"


def test_nobody_is_called_to_a_kiosk_of_a_closed_day(hall: Hall) -> None:
    hall.do(AskHelp, kiosk="1")
    hall.do(CloseDay)
    assert board.hall(hall.day).help == ()
    assert refused(hall, AskHelp, kiosk="1") == "day-closed"
    hall.do(ReopenDay)
    hall.do(AskHelp, kiosk="1")

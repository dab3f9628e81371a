"""Who is called next on a service day, and who waits where, under each policy."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from ltsa import board
from ltsa.calling import ahead, claims
from ltsa.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CloseCounter,
    ConfigureDay,
    FinishService,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    PutBack,
    SetPriority,
    StartService,
    TransferTicket,
    Undo,
)
from ltsa.day import evolve
from ltsa.dispatch import POLICIES, SEATED, Policy, Prospect
from ltsa.happened import TicketCalled, TicketDirected, TicketIssued, TicketReleased
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.office import Coded, Dispatching
from ltsa.replay import Decided, recompute
from tests.ltsa.crowd import give, issue, opened
from tests.ltsa.hall import MINUTE, SECOND, Hall, office, refused

REASONS = (Coded(code="unwell", name={"id": "Sakit", "en": "Unwell"}),)


def dispatched(policy: Policy, **more: object) -> Hall:
    """The office under a policy."""
    return Hall(dispatch=Dispatching(policy=policy, **more))  # type: ignore[arg-type]


def sits(hall: Hall, number: str) -> str:
    """The service before whose counters somebody sits, "" in the hall."""
    ticket = hall.ticket(number)
    return ticket.directed if ticket.seat else ""


# --- Claims


def test_a_claim_says_how_old_it_is_and_what_the_call_would_mean() -> None:
    hall = dispatched("index", standby=0)
    number = hall.takes_number("civil-registry", "labour", "immigration", priority="elderly")
    came = hall.now
    [first, second] = claims(hall.day, ("civil-registry", "labour"))
    assert (first.number, first.arrived, first.since, first.priority) == (number, came, came, True)
    assert first.place == came - 30 * MINUTE
    assert (first.prospect, second.prospect) == (Prospect(30, 0, 1), Prospect(25, 0, 1))
    hall.opens("2")
    hall.serves("2")
    [left] = claims(hall.day, ("labour",))
    assert left.prospect == Prospect(left=15, unlocks=15, others=0)
    assert (left.arrived, left.since) == (came, hall.now), "the age goes on, the wait begins anew"


def test_what_a_rejected_step_has_shut_off_no_longer_counts() -> None:
    hall = dispatched("index", standby=0)
    hall.takes_number("labour", "immigration", "bank")
    hall.opens("3")
    hall.serves("3", outcome="rejected")
    [claim] = claims(hall.day, ("bank",))
    assert claim.prospect == Prospect(0, 0, 0)


def test_an_appointment_gains_nothing_by_coming_early_and_loses_nothing_by_coming_late() -> None:
    for early in (True, False):
        hall = dispatched("all", standby=0)
        slot = hall.now + 30 * MINUTE
        if not early:
            hall.waits(50)
            earlier = hall.takes_number("bank")
            token = "early or late"
            [issued] = hall.do(IssueTicket, services=("bank",), token=token, slot=slot)
            assert isinstance(issued, TicketIssued)
            hall.opens("9")
            assert hall.calls("9") == issued.number != earlier
        else:
            [issued] = hall.do(IssueTicket, services=("bank",), token="early", slot=slot)
            hall.waits(20)
            later = hall.takes_number("bank")
            hall.opens("9")
            assert hall.calls("9") == later


def test_an_appointment_of_another_day_is_refused() -> None:
    hall = dispatched("index")
    assert refused(hall, IssueTicket, services=("bank",), token="t", slot=hall.now + 24 * 60 * MINUTE) == (
        "slot-another-day"
    )


def test_a_priority_that_is_given_or_taken_leaves_an_appointment_s_age_alone() -> None:
    hall = dispatched("fifo")
    slot = hall.now + 60 * MINUTE
    [issued] = hall.do(IssueTicket, services=("bank",), token="early", slot=slot, priority="elderly")
    number = issued.number  # type: ignore[union-attr]
    hall.do(SetPriority, number=number, priority="")
    assert hall.ticket(number).place == slot


# --- Who is called


def test_under_index_who_unlocks_the_next_steps_is_called_before_who_came_a_little_earlier() -> None:
    hall = dispatched("index", standby=0)
    earlier = hall.takes_number("labour", "health")
    unlocks = hall.takes_number("labour", "social-security")
    hall.opens("3")
    [called] = hall.do(CallNext, counter="3")
    assert isinstance(called, TicketCalled)
    assert (called.number, called.why.rule, called.why.runner_up) == (unlocks, "index/1", earlier)
    assert (called.why.passed_over, called.why.eligible) == (1, 2)
    assert called.why.terms is not None
    assert called.why.terms.unlocks == 4 * 10 * MINUTE
    assert (called.why.under, called.why.seen) == (hall.day.configured, hall.day.version - 1), "the state right before"


def test_under_all_a_priority_catches_up_but_nobody_waits_for_ever() -> None:
    hall = dispatched("all", standby=0)
    first = hall.takes_number("bank")
    hall.waits(30)
    hall.opens("9")
    for _ in range(40):
        hall.takes_number("bank", priority="elderly")
        hall.waits(1)
        called = hall.calls("9")
        hall.do(StartService, counter="9")
        hall.waits(1)
        hall.do(FinishService, counter="9", outcome="done")
        if called == first:
            break
    assert hall.ticket(first).state == "done"


def test_in_a_shortest_queue_everybody_is_told_one_line_and_the_longest_in_the_building_goes_first() -> None:
    hall = dispatched("shortest")
    hall.opens("5")
    hall.opens("9")
    first = hall.takes_number("health", "bank")
    assert hall.ticket(first).directed == "health"
    second = hall.takes_number("health", "bank")
    assert hall.ticket(second).directed == "bank", "15 minutes of work wait at health, none at the bank"
    assert hall.line("health") == [first]
    assert hall.line("bank") == [second]


def test_under_fix_the_printed_order_decides_and_who_joins_a_line_later_stands_behind() -> None:
    hall = dispatched("fix")
    hall.opens("5")
    hall.opens("9")
    both = hall.takes_number("health", "bank")
    only = hall.takes_number("bank")
    assert hall.ticket(both).directed == "health"
    assert hall.serves("5") == both
    assert hall.ticket(both).directed == "bank"
    assert hall.calls("9") == only


def test_who_stands_in_a_line_without_a_counter_is_told_another_one() -> None:
    hall = dispatched("shortest")
    hall.opens("5")
    hall.opens("9")
    number = hall.takes_number("health", "bank")
    assert hall.ticket(number).directed == "health"
    hall.do(CloseCounter, counter="5")
    assert hall.ticket(number).directed == "bank"


# --- Seats


def test_the_next_one_sits_before_the_counter_and_waits_for_it_alone() -> None:
    hall = dispatched("index")
    hall.opens("2")
    hall.opens("3")
    number = hall.takes_number("civil-registry", "labour")
    assert sits(hall, number) == "labour", "most of the visit is left after the shorter step"
    assert hall.line("civil-registry") == []
    assert hall.ticket(number).waits == ("labour",)
    directed = hall.events[-1]
    assert isinstance(directed, TicketDirected)
    assert (directed.seat, directed.by, directed.key) == (True, "system", hall.events[-2].key)


def test_who_sits_is_called_before_somebody_in_the_hall_with_a_higher_score() -> None:
    hall = dispatched("all")
    hall.opens("9")
    sitting = hall.takes_number("bank")
    elderly = hall.takes_number("bank", priority="elderly")
    hall.waits(60)
    [called] = hall.do(CallNext, counter="9")
    assert isinstance(called, TicketCalled)
    assert (called.number, called.why.sat, called.why.runner_up) == (sitting, True, elderly)
    assert called.why.margin < 0
    assert sits(hall, elderly) == "bank", "who follows takes the seat"


def test_nobody_sits_before_a_counter_that_is_closed_or_paused() -> None:
    hall = dispatched("index")
    hall.opens("9")
    number = hall.takes_number("bank", "health")
    assert sits(hall, number) == "bank"
    hall.do(PauseCounter, counter="9", reason="break")
    assert isinstance(hall.events[-1], TicketReleased)
    assert sits(hall, number) == ""
    assert hall.ticket(number).waits == ("health", "bank")
    hall.opens("9")
    assert sits(hall, number) == "bank"
    hall.do(CloseCounter, counter="9")
    assert sits(hall, number) == ""


def test_a_counter_without_anybody_draws_the_next_one_before_a_busy_one_does() -> None:
    hall = dispatched("index")
    hall.opens("5")
    hall.opens("9")
    hall.takes_number("bank")
    hall.calls("9")
    number = hall.takes_number("health", "bank")
    assert sits(hall, number) == "health", "at the bank somebody is being called, at health nobody is"


def test_a_call_taken_back_puts_everybody_back_where_they_were() -> None:
    hall = dispatched("index")
    hall.opens("9")
    first, second = hall.takes_number("bank"), hall.takes_number("bank", "health")
    since = hall.ticket(first).queued
    hall.calls("9")
    assert sits(hall, second) == "bank"
    hall.do(Undo, counter="9")
    assert (sits(hall, first), sits(hall, second)) == ("bank", "")
    assert hall.ticket(first).queued == since, "the wait goes on with the one before"
    assert hall.calls("9") == first


@pytest.mark.parametrize("policy", POLICIES)
def test_a_service_is_taken_back_though_the_person_was_sent_on_at_once(policy: Policy) -> None:
    hall = dispatched(policy)
    hall.opens("2")
    hall.opens("3")
    number = hall.takes_number("civil-registry", "labour")
    waits = hall.ticket(number).waits
    counter = next(one for one in ("2", "3") if set(hall.day.counters[one].services) & set(waits))
    hall.serves(counter)
    assert hall.ticket(number).state == "waiting"
    undo = board.desk(hall.day, counter).undo
    assert undo is not None
    assert (undo.action, undo.number) == ("finish", number), "the desk offers it"
    hall.do(Undo, counter=counter)
    assert (hall.ticket(number).state, hall.ticket(number).directed) == ("serving", "")
    assert not any(number in sitting for sitting in hall.day.seated.values())


def test_a_seat_is_free_again_when_its_guest_gives_up_or_drops_the_service() -> None:
    hall = dispatched("index")
    hall.opens("9")
    first, second, third = (hall.takes_number("bank", "health") for _ in range(3))
    assert sits(hall, first) == "bank"
    hall.do(ChangeSteps, number=first, drop=("bank",))
    assert (sits(hall, first), sits(hall, second)) == ("", "bank")
    hall.do(CancelTicket, number=second, by="holder")
    assert sits(hall, third) == "bank"


def test_far_services_have_a_whole_seat_an_open_counter() -> None:
    hall = dispatched("index", far=("labour",))
    hall.opens("3")
    hall.opens("4", "labour")
    numbers = [hall.takes_number("labour") for _ in range(3)]
    assert [sits(hall, number) for number in numbers] == ["labour", "labour", ""]


def test_another_policy_meanwhile_ends_all_seats_and_tells_everybody_their_line() -> None:
    hall = dispatched("index")
    hall.opens("9")
    number = hall.takes_number("bank", "health")
    assert sits(hall, number) == "bank"
    hall.do(ConfigureDay, configuration=office(dispatch=Dispatching(policy="fix")))
    assert (sits(hall, number), hall.ticket(number).directed) == ("", "bank")
    hall.do(ConfigureDay, configuration=office())
    assert hall.ticket(number).waits == ("health", "bank")


# --- Who comes back


@pytest.mark.parametrize("policy", POLICIES)
def test_an_absent_person_comes_back_behind_three_others_whatever_the_policy(policy: Policy) -> None:
    hall = dispatched(policy, standby=0)
    hall.opens("9")
    absent = hall.takes_number("bank")
    others = [hall.takes_number("bank") for _ in range(5)]
    assert hall.misses("9") == absent
    hall.waits(10)
    hall.do(PutBack, number=absent)
    assert [hall.serves("9") for _ in range(6)] == [*others[:3], absent, *others[3:]]


def test_behind_three_others_is_reckoned_with_what_the_call_would_mean() -> None:
    hall = dispatched("index", standby=0)
    hall.opens("9")
    absent = hall.takes_number("bank", "health")
    hall.waits(30)
    for _ in range(6):
        hall.takes_number("bank")
        hall.waits(1)
    assert hall.misses("9") == absent
    hall.do(PutBack, number=absent)
    assert ahead(hall.day, absent, "bank") == 3


@pytest.mark.parametrize("policy", POLICIES)
def test_at_the_end_of_the_queue_means_behind_everybody(policy: Policy) -> None:
    hall = Hall(absent_place="last", dispatch=Dispatching(policy=policy, standby=0))
    hall.opens("9")
    absent = hall.takes_number("bank")
    others = [hall.takes_number("bank") for _ in range(3)]
    hall.misses("9")
    hall.waits(10)
    hall.do(PutBack, number=absent)
    assert [hall.serves("9") for _ in range(4)] == [*others, absent]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_original_place_is_as_if_they_had_never_been_away(policy: Policy) -> None:
    hall = Hall(absent_place="original", dispatch=Dispatching(policy=policy, standby=0))
    hall.opens("9")
    absent = hall.takes_number("bank")
    others = [hall.takes_number("bank") for _ in range(2)]
    hall.misses("9")
    hall.waits(10)
    hall.do(PutBack, number=absent)
    assert [hall.serves("9") for _ in range(3)] == [absent, *others]


@pytest.mark.parametrize("policy", POLICIES)
def test_somebody_who_is_transferred_keeps_their_place(policy: Policy) -> None:
    hall = dispatched(policy, standby=0)
    hall.opens("3")
    hall.opens("5")
    transferred = hall.takes_number("labour")
    later = hall.takes_number("health")
    hall.calls("3")
    hall.do(TransferTicket, counter="3", service="health")
    assert [hall.serves("5"), hall.serves("5")] == [transferred, later]


# --- Officers who choose, and the policy in shadow


def test_calling_somebody_else_needs_a_reason_and_says_who_was_next() -> None:
    hall = Hall(dispatch=Dispatching(policy="index"), deviation_reasons=REASONS)
    hall.opens("9")
    following, chosen = hall.takes_number("bank"), hall.takes_number("bank")
    assert refused(hall, CallTicket, counter="9", number=chosen) == "reason-needed"
    assert refused(hall, CallTicket, counter="9", number=chosen, reason="whim") == "unknown-reason"
    [called] = hall.do(CallTicket, counter="9", number=chosen, reason="unwell")
    assert isinstance(called, TicketCalled)
    assert (called.reason, called.why.rule, called.why.runner_up) == ("unwell", "chosen/2", following)


def test_calling_whom_the_policy_says_is_no_choice_against_it() -> None:
    hall = Hall(dispatch=Dispatching(policy="index"), deviation_reasons=REASONS)
    hall.opens("9")
    following, _ = hall.takes_number("bank"), hall.takes_number("bank")
    [called] = hall.do(CallTicket, counter="9", number=following, reason="unwell")
    assert isinstance(called, TicketCalled)
    assert (called.reason, called.why.rule) == ("", "index/1")


def test_the_policy_in_shadow_says_whom_it_would_have_called_where_it_differs() -> None:
    hall = dispatched("fifo", shadow="index")
    first, unlocks = hall.takes_number("labour", "health"), hall.takes_number("labour", "social-security")
    hall.opens("3")
    [called] = hall.do(CallNext, counter="3")
    assert isinstance(called, TicketCalled)
    assert (called.number, called.why.rule, called.why.shadow) == (first, "fifo/1", unlocks)
    hall.do(MissTicket, counter="3")
    [agreed] = hall.do(CallNext, counter="3")
    assert isinstance(agreed, TicketCalled)
    assert (agreed.number, agreed.why.shadow) == (unlocks, "")


# --- All of a day


@pytest.mark.parametrize("policy", POLICIES)
def test_a_busy_day_serves_everybody_and_every_decision_is_computed_again_to_the_same(policy: Policy) -> None:
    chance = Random(f"a busy day under {policy}")
    shadow = "fifo" if policy != "fifo" else "index"
    hall = Hall(dispatch=Dispatching(policy=policy, shadow=shadow), deviation_reasons=REASONS)  # type: ignore[arg-type]
    wishes = [service.id for service in office().services]
    for counter in office().counter:
        hall.opens(counter)
    numbers = []
    for n in range(300):
        chosen = chance.sample(wishes, chance.choice([1, 1, 2, 3, 4]))
        numbers.append(hall.takes_number(*chosen, priority=chance.choice(["", "", "", "elderly"])))
        hall.waits(0.5)
        for counter in chance.sample(list(office().counter), 6):
            work_on(hall, counter, chance, n)
    while any(hall.ticket(number).state in {"waiting", "called", "serving"} for number in numbers):
        hall.waits(1)
        for counter in office().counter:
            work_on(hall, counter, chance, -1)
    assert {hall.ticket(number).state for number in numbers} <= {"done", "absent"}
    first = office(dispatch=hall.day.rules_of.rules.dispatch, deviation_reasons=REASONS)
    again = Hall(dispatch=first.rules.dispatch, deviation_reasons=REASONS).day
    looked_at = 0
    for event in hall.events:
        if isinstance(event, Decided):
            assert recompute(again, event) == "agrees"
            looked_at += 1
        evolve(again, event)
    assert looked_at > 300
    assert any(isinstance(event, TicketDirected) for event in hall.events) == (policy != "fifo")
    seen = [event.at for event in hall.events]
    assert all(before <= after for before, after in pairwise(seen))
    if policy in SEATED:
        assert any(isinstance(event, TicketCalled) and event.why.sat for event in hall.events)


def work_on(hall: Hall, counter: str, chance: Random, n: int) -> None:
    """An officer does the next thing: mostly calls whom the policy says, now and then somebody else."""
    now = hall.day.counters[counter]
    visit = hall.day.tickets.get(now.ticket)
    hall.now += SECOND
    if visit is None:
        waiting = sorted({place[2] for service in now.services for place in hall.day.queues[service]})
        if waiting and n > 0 and n % 23 == 0:
            hall.do(CallTicket, counter=counter, number=chance.choice(waiting), reason="unwell")
            return
        try:
            hall.do(CallNext, counter=counter)
        except Refusal as refusal:
            assert refusal.code == "nobody-waiting"  # noqa: PT017 - the only thing that may stop them
    elif visit.state == "called":
        hall.do(MissTicket if chance.random() < 0.05 else StartService, counter=counter)
    elif chance.random() < 0.4:
        hall.do(FinishService, counter=counter, outcome=chance.choice(["done", "done", "done", "rejected"]))


# --- In the ledger


def test_a_repeated_call_gets_its_first_answer_with_all_that_followed_on_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    give(ledger, OpenCounter, "opens", counter="9", officer="petugas")
    first, second = (issue(ledger, f"takes {n}", "bank") for n in range(2))
    called = give(ledger, CallNext, "calls", counter="9")
    assert [type(recorded.event) for recorded in called.events] == [TicketCalled, TicketDirected]
    assert called.answer is not None
    assert called.answer.ticket is not None
    assert (called.answer.ticket.number, called.answer.ticket.state) == (first, "called")
    assert called.events[1].event.number == second  # type: ignore[union-attr]
    give(ledger, StartService, "starts", counter="9")
    again = give(ledger, CallNext, "calls", counter="9")
    assert (again.events, again.answer, again.repeated) == (called.events, called.answer, True)
    ledger.close()
    reopened = Ledger(tmp_path / "ledger.sqlite")
    again = give(reopened, CallNext, "calls", counter="9")
    assert (again.events, again.answer, again.repeated) == (called.events, called.answer, True)
    reopened.close()

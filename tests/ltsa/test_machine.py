"""Hypothesis plays whole days of arbitrary actions against a plain model: what a bystander could count."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from ltsa import board
from ltsa.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CloseCounter,
    CloseDay,
    ConfigureDay,
    FinishService,
    GiveHelp,
    HoldTicket,
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
)
from ltsa.day import Day, claims_of, evolve
from ltsa.dispatch import ONE_LINE, POLICIES, SEATED
from ltsa.happened import TicketCalled, TicketIssued
from ltsa.message import Refusal
from ltsa.office import Dispatching, Office
from ltsa.replay import Decided, recompute
from tests.ltsa.hall import Hall, office, snapshot

SERVICES = ("civil-registry", "labour", "immigration", "bank", "social-security")
COUNTERS = ("2", "3", "4", "6", "9", "10")

services = st.lists(st.sampled_from(SERVICES), min_size=1, max_size=4, unique=True)
counters = st.sampled_from(COUNTERS)
dispatchings = st.builds(
    lambda policy, shadow, standby, far: Dispatching(
        policy=policy, shadow="" if shadow == policy else shadow, standby=standby, far=far
    ),
    st.sampled_from(POLICIES),
    st.sampled_from(["", *POLICIES]),
    st.sampled_from([0, 50, 100]),
    st.sampled_from([(), ("labour",)]),
)
at_counter = st.sampled_from([CallNext, StartService, HoldTicket, MissTicket, Recall, ResumeTicket, Undo, CloseCounter])


class AnyDay(RuleBasedStateMachine):
    """Whatever people do, in whatever order, these facts hold."""

    @initialize(crowd=st.lists(services, min_size=3, max_size=8), dispatching=dispatchings)
    def an_office_opens_and_people_wait(self, crowd: list[list[str]], dispatching: Dispatching) -> None:
        self.dispatching = dispatching
        self.hall = Hall(dispatch=dispatching)
        self.issued: list[str] = []
        self.ended: dict[str, str] = {}
        for counter in COUNTERS:
            self.hall.opens(counter)
        for chosen in crowd:
            self.somebody_takes_a_number(chosen, "")

    def attempt(self, command: type, **fields: object) -> None:
        before = snapshot(self.hall.day)
        try:
            self.hall.do(command, **fields)
        except Refusal:
            assert snapshot(self.hall.day) == before, "a refusal changed the state"

    def somebody_takes_a_number(self, chosen: list[str], priority: str) -> None:
        if self.hall.day.open:
            self.issued.append(self.hall.takes_number(*chosen, priority=priority))

    @rule(chosen=services, priority=st.sampled_from(["", "elderly"]))
    def somebody_comes(self, chosen: list[str], priority: str) -> None:
        self.somebody_takes_a_number(chosen, priority)

    @rule(counter=counters, command=at_counter)
    def a_counter_acts(self, counter: str, command: type) -> None:
        self.attempt(command, counter=counter)

    @rule(counter=counters, outcome=st.sampled_from(["done", "rejected", "not-needed"]))
    def a_counter_finishes(self, counter: str, outcome: str) -> None:
        self.attempt(FinishService, counter=counter, outcome=outcome)

    @rule(counter=counters, to=st.sampled_from(SERVICES))
    def a_counter_transfers(self, counter: str, to: str) -> None:
        self.attempt(TransferTicket, counter=counter, service=to)

    @rule(counter=counters)
    def a_counter_returns(self, counter: str) -> None:
        self.attempt(ReturnTicket, counter=counter, reasons=("document-missing",))

    @rule(counter=counters, chosen=services)
    def a_counter_opens(self, counter: str, chosen: list[str]) -> None:
        self.attempt(OpenCounter, counter=counter, officer=f"officer-{counter}", services=tuple(chosen))

    @rule(counter=counters)
    def a_counter_pauses(self, counter: str) -> None:
        self.attempt(PauseCounter, counter=counter, reason="break")

    @rule(counter=counters, which=st.integers(0, 30))
    def a_counter_calls_somebody(self, counter: str, which: int) -> None:
        if self.issued:
            self.attempt(CallTicket, counter=counter, number=self.issued[which % len(self.issued)])

    @rule(which=st.integers(0, 30), command=st.sampled_from([PutBack, CancelTicket]))
    def somebody_comes_back_or_gives_up(self, which: int, command: type) -> None:
        if self.issued:
            self.attempt(command, number=self.issued[which % len(self.issued)])

    @rule(which=st.integers(0, 30), add=services, drop=services)
    def steps_change(self, which: int, add: list[str], drop: list[str]) -> None:
        if self.issued:
            number = self.issued[which % len(self.issued)]
            self.attempt(ChangeSteps, number=number, add=tuple(add))
            self.attempt(ChangeSteps, number=number, drop=tuple(drop))

    @rule(which=st.integers(0, 30), priority=st.sampled_from(["", "elderly", "pregnant"]))
    def priority_changes(self, which: int, priority: str) -> None:
        if self.issued:
            self.attempt(SetPriority, number=self.issued[which % len(self.issued)], priority=priority)

    @rule(kiosk=st.sampled_from(["1", "2"]), command=st.sampled_from([AskHelp, GiveHelp]))
    def somebody_at_a_kiosk_is_stuck_or_helped(self, kiosk: str, command: type) -> None:
        self.attempt(command, kiosk=kiosk)

    @rule(minutes=st.integers(0, 20))
    def time_passes(self, minutes: int) -> None:
        self.hall.waits(minutes)

    @rule(close=st.booleans())
    def the_day_closes_or_reopens(self, close: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        self.attempt(CloseDay if close and len(self.issued) > 3 else ReopenDay)

    @rule(order=st.sampled_from([(), ("labour",), ("civil-registry", "labour")]), counters=st.sampled_from([10, 9, 8]))
    def the_office_changes_meanwhile(self, order: tuple[str, ...], counters: int) -> None:
        self.attempt(ConfigureDay, configuration=changed(order, counters, self.hall.day.rules_of.rules.dispatch))

    @rule(dispatching=dispatchings)
    def the_policy_changes_meanwhile(self, dispatching: Dispatching) -> None:
        self.attempt(ConfigureDay, configuration=changed((), 10, dispatching))

    @rule(counter=counters)
    def a_call_is_taken_back_at_once(self, counter: str) -> None:
        before = places(self.hall.day)
        try:
            self.hall.do(CallNext, counter=counter)
        except Refusal:
            return
        self.hall.do(Undo, counter=counter)
        assert places(self.hall.day) == before

    @invariant()
    def a_ticket_is_at_one_counter_and_a_counter_has_one_ticket(self) -> None:
        day = self.hall.day
        seated = {counter: now.ticket for counter, now in day.counters.items() if now.ticket}
        assert len(set(seated.values())) == len(seated)
        for counter, number in seated.items():
            assert (day.tickets[number].counter, day.tickets[number].state in {"called", "serving"}) == (counter, True)
        for ticket in day.tickets.values():
            if ticket.state in {"called", "serving"}:
                assert seated.get(ticket.counter) == ticket.number

    @invariant()
    def nobody_stands_at_a_counter_that_is_not_open(self) -> None:
        assert all(now.state == "open" for now in self.hall.day.counters.values() if now.ticket)

    @invariant()
    def numbers_have_no_gap_and_no_double(self) -> None:
        by_series: dict[str, list[int]] = {}
        for event in self.hall.events:
            if isinstance(event, TicketIssued):
                by_series.setdefault(event.series, []).append(int(event.number.removeprefix(event.series)))
        for numbers in by_series.values():
            assert numbers == list(range(1, len(numbers) + 1))
        assert sorted(self.issued) == sorted(self.hall.day.tickets)

    @invariant()
    def queues_hold_exactly_those_who_may_be_called(self) -> None:
        day = self.hall.day
        for service, line in day.queues.items():
            assert line == sorted(line)
            may = {
                ticket.number
                for ticket in day.tickets.values()
                if ticket.state == "waiting"
                and service in ticket.steps
                and ticket.steps[service].state == "todo"
                and not any(blocks(day, ticket.number, before) for before in day.rules_of.service[service].after)
                and ticket.directed in {"", service}
            }
            assert {place[2] for place in line} == may
            assert len(line) == len(may)

    @invariant()
    def a_person_has_one_place(self) -> None:
        day = self.hall.day
        policy = day.rules_of.rules.dispatch.policy
        for ticket in day.tickets.values():
            if ticket.state == "waiting":
                assert (policy in ONE_LINE) <= bool(ticket.directed)
                assert (policy == "fifo") <= (not ticket.directed)
                assert ticket.seat == (bool(ticket.directed) and policy in SEATED)
                assert tuple(claims_of(day, ticket.number)) == ticket.waits
                assert not ticket.directed or ticket.waits == (ticket.directed,)
            else:
                assert ticket.number not in day.claims
                assert ticket.state == "called" or not ticket.directed

    @invariant()
    def people_sit_before_counters_that_are_open_and_no_more_than_there_are_seats(self) -> None:
        day = self.hall.day
        sitting = {
            service: {t.number for t in day.tickets.values() if t.seat and t.waits == (service,)}
            for service in day.rules_of.service
        }
        assert {service: set(numbers) for service, numbers in day.seated.items()} == sitting
        for service, numbers in sitting.items():
            working = [n for n in day.counters.values() if n.state == "open" and service in n.services]
            percent = day.rules_of.rules.dispatch.percent(service)
            most = -(-len(working) * percent // 100)
            assert len(numbers) <= most
            hall = {place[2] for place in day.queues[service]} - numbers
            seated_policy = day.open and day.rules_of.rules.dispatch.policy in SEATED
            assert not (seated_policy and hall and len(numbers) < most), "a seat stays empty while somebody waits"

    @invariant()
    def each_service_counts_those_who_come_for_it(self) -> None:
        day = self.hall.day
        here = {number: ticket for number, ticket in day.tickets.items() if ticket.state != "cancelled"}
        for service in SERVICES:
            steps = [ticket.steps[service] for ticket in here.values() if service in ticket.steps]
            given_up = [ticket.steps.get(service) for number, ticket in day.tickets.items() if number not in here]
            asked = sum(step.state not in {"dropped", "transferred"} for step in steps)
            assert day.demand.get(service, 0) == asked + sum(step.state == "done" for step in given_up if step)

    @invariant()
    def prerequisites_were_done_before_every_call(self) -> None:
        day = Day()
        day.office = self.hall.day.office
        if self.hall.events and isinstance(called := self.hall.events[-1], TicketCalled):
            for before in self.hall.day.rules_of.service[called.service].after:
                assert not blocks(self.hall.day, called.number, before)

    @invariant()
    def every_ticket_is_counted_once(self) -> None:
        day = self.hall.day
        states = [ticket.state for ticket in day.tickets.values()]
        assert +Counter(day.tally) == Counter(states)

    @invariant()
    def every_screen_can_be_painted(self) -> None:
        day = self.hall.day
        board.display(day)
        board.hall(day)
        board.kiosk(day)
        for counter in day.counters:
            board.desk(day, counter)
        for number in self.issued:
            board.ticket(day, number)

    def teardown(self) -> None:
        if not hasattr(self, "hall"):
            return
        first = office(dispatch=self.dispatching)
        replayed = board.unopened(first, first.service_date(self.hall.now))
        for event in self.hall.events:
            if isinstance(event, Decided):
                assert recompute(replayed, event) == "agrees"
            evolve(replayed, event)
        assert snapshot(replayed) == snapshot(self.hall.day), "replay gives another day"


def places(day: Day) -> dict[str, tuple[object, ...]]:
    """Who waits, since when and from which place, and where they were sent."""
    waiting = [ticket for ticket in day.tickets.values() if ticket.state == "waiting"]
    return {ticket.number: (ticket.place, ticket.queued, ticket.directed, ticket.seat) for ticket in waiting}


def changed(order: tuple[str, ...], counters: int, dispatching: Dispatching) -> Office:
    """The office with another order of steps for the bank, and without its last counters."""
    before = office(dispatch=dispatching)
    services = tuple(replace(service, after=order) if service.id == "bank" else service for service in before.services)
    return replace(before, services=services, counters=before.counters[:counters])


def blocks(day: Day, number: str, before: str) -> bool:
    """Whether a step that others wait for is on the visit and not done, in the words of the rule."""
    step = day.tickets[number].steps.get(before)
    if step is None or step.state in {"dropped", "transferred"}:
        return False
    return not (step.state == "done" and step.outcome in {"done", "not-needed"})


AnyDay.TestCase.settings = settings(
    max_examples=70, stateful_step_count=80, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyDay = AnyDay.TestCase

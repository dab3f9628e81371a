"""How long people will wait, told as stories whose ranges a reader can check by hand: every service takes exactly its
standard minutes, nobody is late, nobody is sent away.
"""

from math import log

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltsa import paces
from ltsa.board import unopened
from ltsa.calling import carry_out
from ltsa.day import Day
from ltsa.dispatch import POLICIES, Claim, Policy, Prospect, Weights, Why, slope_and_rank
from ltsa.forecast import HORIZON, Forecast, Scene, forecast, queue_length, queue_length_of, scene
from ltsa.happened import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayEvent,
    DayOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketReturned,
)
from ltsa.office import Break, Dispatching, Office, Opening, example_office
from ltsa.paces import Pace, Paces, Rest, Speed, Spent, learn
from tests.ltsa.hall import EIGHT, MINUTE


class Morning:
    """A morning at the example office, told event by event."""

    def __init__(self, policy: Policy = "fifo", **changes: object) -> None:
        office = example_office()
        rules = msgspec.structs.replace(office.rules, dispatch=Dispatching(policy=policy))
        self.office: Office = msgspec.structs.replace(office, rules=rules, **changes)
        self.now, self.spent = EIGHT, Spent()
        self.day: Day = unopened(self.office, self.office.service_date(EIGHT))
        self.happens(DayOpened, date=self.day.date, office=self.office)

    def happens(self, kind: type[DayEvent], **facts: object) -> None:
        said = {"at": self.now, "by": "test", "key": f"{self.day.version}", "content": ""}
        for event in carry_out(self.day, [kind(**said, **facts)]):  # type: ignore[arg-type]
            paces.evolve(self.spent, event)

    def waits(self, minutes: float) -> None:
        self.now += int(minutes * MINUTE)

    def comes(self, *services: str, priority: str = "", **case: object) -> str:
        series = self.office.service[services[0]].prefix
        number = f"{series}{self.day.series.get(series, 0) + 1:03d}"
        place = self.now - self.office.head_start(priority)
        facts = {"services": services, "place": place, "priority": priority}
        self.happens(TicketIssued, number=number, series=series, token=number, **facts, **case)
        return number

    def opens(self, counter: str, *services: str) -> None:
        self.happens(CounterOpened, counter=counter, officer=f"officer {counter}", services=services)

    def begins(self, counter: str, number: str, service: str) -> None:
        why = Why(rule="fifo/1", place=0, eligible=1)
        self.happens(TicketCalled, number=number, service=service, counter=counter, why=why)
        self.happens(ServiceStarted, number=number, service=service, counter=counter)

    def finishes(self, counter: str, number: str, service: str) -> None:
        self.happens(ServiceFinished, number=number, service=service, counter=counter, outcome="done")

    def scene(self, *, before: tuple[Spent, ...] = ()) -> Scene:
        return scene(self.day, self.now, self.spent, learn(self.office, self.spent, before))

    def foreseen(self, paces: Paces | None = None, **how: object) -> Forecast:
        """What is foreseen where everything takes exactly as long as it should, the rest as learned or as told."""
        here = self.scene(**how)  # type: ignore[arg-type]
        exact = msgspec.structs.replace(
            paces or here.paces,
            services={one.id: Pace(log(one.minutes * MINUTE), 0.0, 0.0) for one in self.office.services},
            counters=dict.fromkeys(self.office.counter, Speed(0.0, 0.0)),
            latency=0,
            gap=0,
            misses=0.0,
            returns=0.0,
        )
        return forecast(msgspec.structs.replace(here, paces=exact, rate=0.0), seed=1)


def minutes(foreseen: Forecast, number: str) -> tuple[int, int]:
    """From when until when somebody is called, over all futures, in whole minutes."""
    times = foreseen.people[number].times
    return round(times[0] / MINUTE), round(times[-1] / MINUTE)


def test_three_people_at_one_counter_are_called_one_service_after_the_other() -> None:
    it = Morning()
    it.opens("1", "information")
    ani, budi, citra = (it.comes("information") for _ in range(3))
    foreseen = it.foreseen()
    assert [minutes(foreseen, number) for number in (ani, budi, citra)] == [(0, 0), (10, 10), (20, 20)]
    assert foreseen.newcomers["information", False].quantile(50) == pytest.approx(30 * MINUTE, abs=SLACK)
    assert len(foreseen.people[ani].times) == 100


SLACK = 1_000


def test_who_is_being_served_needs_only_the_rest_of_their_time() -> None:
    it = Morning()
    it.opens("1", "information")
    ani, budi = it.comes("information"), it.comes("information")
    it.begins("1", ani, "information")
    it.waits(4)
    assert minutes(it.foreseen(), budi) == (6, 6)


def test_who_was_sent_for_a_paper_is_expected_back_while_they_wait_for_something_else() -> None:
    """The bank's line is long, and nobody waits for the papers' counter: Ani is called there once she has it."""
    it = Morning()
    it.opens("1", "information")
    it.opens("9", "bank")
    others = [it.comes("bank") for _ in range(6)]
    ani = it.comes("information", "bank")
    it.begins("9", others[0], "bank")
    it.begins("1", ani, "information")
    it.happens(TicketReturned, number=ani, service="information", counter="1", reasons=("copies",))
    here = it.scene()
    assert (here.people[-1].owing, here.people[-1].sent) == (1 << here.services.index("information"), it.now)
    soon = msgspec.structs.replace(here.paces, back=2 * MINUTE, comes=1.0)
    never = msgspec.structs.replace(here.paces, comes=0.0)
    back, stays = (it.foreseen(paces=each).people[ani] for each in (soon, never))
    assert (back.service, stays.service) == ("information", "bank")
    assert back.quantile(50) < 5 * MINUTE < stays.quantile(5)


def test_two_counters_halve_the_wait() -> None:
    it = Morning()
    it.opens("1", "information")
    it.opens("4", "information")
    numbers = [it.comes("information") for _ in range(5)]
    foreseen = it.foreseen()
    assert [minutes(foreseen, number)[0] for number in numbers] == [0, 0, 10, 10, 20]


def test_nobody_is_called_in_the_offices_break() -> None:
    rest = Break(begins="08:15", ends="08:45", name={"id": "Istirahat"})
    week = dict.fromkeys(
        ("mon", "tue", "wed", "thu", "fri", "sat"), Opening(opens="08:00", closes="16:00", breaks=(rest,))
    )
    it = Morning(week=week)
    it.opens("1", "information")
    numbers = [it.comes("information") for _ in range(4)]
    foreseen = it.foreseen()
    assert [minutes(foreseen, number)[0] for number in numbers] == [0, 10, 45, 55]


def test_a_break_that_a_counter_has_every_day_is_counted_in() -> None:
    it = Morning()
    it.opens("1", "information")
    numbers = [it.comes("information") for _ in range(3)]
    yesterday = Spent(opened={"1": 8 * 60 * MINUTE}, rests={"1": [Rest((8 * 60 + 15) * MINUTE, 40 * MINUTE)]})
    foreseen = it.foreseen(before=(yesterday,))
    assert [minutes(foreseen, number)[0] for number in numbers] == [0, 10, 60]


def test_priority_goes_before_and_a_newcomer_with_it_waits_less() -> None:
    it = Morning()
    it.opens("1", "information")
    ani, budi = it.comes("information"), it.comes("information")
    citra = it.comes("information", priority="elderly")
    foreseen = it.foreseen()
    assert [minutes(foreseen, number)[0] for number in (citra, ani, budi)] == [0, 10, 20]
    ordinary, first = (foreseen.newcomers["information", priority].quantile(50) for priority in (False, True))
    assert (round(ordinary / MINUTE), round(first / MINUTE)) == (30, 10)


def test_without_an_open_counter_there_is_no_range() -> None:
    it = Morning()
    ani, budi = it.comes("information"), it.comes("bank")
    it.opens("1", "information")
    foreseen = it.foreseen()
    assert ani in foreseen.people
    assert budi not in foreseen.people
    assert ("bank", False) not in foreseen.newcomers
    it.happens(CounterClosed, counter="1")
    assert it.foreseen().people == {}
    assert queue_length(it.day, it.scene().paces) == {}


def test_a_paused_counter_is_waited_for() -> None:
    it = Morning()
    it.opens("1", "information")
    ani = it.comes("information")
    it.happens(CounterPaused, counter="1", reason="prayer")
    earliest, latest = minutes(it.foreseen(), ani)
    assert 0 <= earliest < 5 < latest


def test_before_a_counter_opens_its_usual_opening_is_waited_for() -> None:
    it = Morning()
    ani = it.comes("information")
    assert it.foreseen().people == {}, "nobody knows yet when it opens"
    yesterday = Spent(opened={"1": (8 * 60 + 20) * MINUTE})
    assert minutes(it.foreseen(before=(yesterday,)), ani) == (20, 20)


def test_somebody_in_two_lines_is_called_by_whichever_frees_first() -> None:
    it = Morning()
    it.opens("1", "information")
    it.opens("8", "bank")
    numbers = [it.comes("information"), it.comes("bank")]
    it.begins("1", numbers[0], "information")
    it.waits(5)
    it.begins("8", numbers[1], "bank")
    ani = it.comes("information", "bank")
    waits = it.foreseen().people[ani]
    assert (round(waits.times[0] / MINUTE), waits.service, waits.share) == (5, "information", 100)


def test_a_later_step_is_waited_for_only_when_it_is_possible() -> None:
    it = Morning()
    it.opens("2", "civil-registry")
    it.opens("6", "immigration")
    ani = it.comes("civil-registry", "immigration")
    budi = it.comes("immigration")
    it.begins("2", ani, "civil-registry")
    it.finishes("2", ani, "civil-registry")
    foreseen = it.foreseen()
    assert [minutes(foreseen, number)[0] for number in (ani, budi)] == [0, 15], "who came first goes first"


def test_a_case_is_foreseen_in_its_own_order_and_not_in_the_office_s() -> None:
    it = Morning()
    it.opens("2", "civil-registry")
    it.opens("6", "immigration")
    first = {"civil-registry": ("immigration",), "immigration": ()}
    ani = it.comes("civil-registry", "immigration", after=first)
    budi, citra = it.comes("civil-registry"), it.comes("immigration")
    assert it.day.tickets[ani].waits == ("immigration",)
    foreseen = it.foreseen()
    assert foreseen.people[ani].service == "immigration"
    assert [minutes(foreseen, number)[0] for number in (ani, budi, citra)] == [0, 0, 15]


def test_who_is_not_reached_within_two_hours_counts_as_called_then() -> None:
    it = Morning()
    it.opens("1", "information")
    numbers = [it.comes("information") for _ in range(20)]
    assert it.foreseen().people[numbers[-1]].quantile(50) == HORIZON


@pytest.mark.parametrize("policy", POLICIES)
def test_the_same_scene_and_seed_give_the_same_waits(policy: Policy) -> None:
    it = Morning(policy)
    for counter, service in (("1", "information"), ("2", "civil-registry"), ("8", "bank")):
        it.opens(counter, service)
    for n in range(12):
        it.comes(*("information", "bank") if n % 3 else ("civil-registry",), priority="elderly" if n % 5 == 0 else "")
        it.waits(1)
    here = it.scene()
    assert forecast(here, seed=4) == forecast(here, seed=4)
    assert forecast(here, seed=4) != forecast(here, seed=5)


def test_whoever_computes_may_stop_between_two_futures() -> None:
    class EnoughError(Exception):
        pass

    def stop() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        forecast(Morning().scene(), seed=1, between=stop)


times = st.integers(0, 10_000_000)


claims = st.builds(
    lambda priority, head_start, left: Claim(
        "A1", "x", 1, 0, 0, 0, priority, head_start, Prospect(left, unlocks=5, others=2)
    ),
    st.booleans(),
    st.integers(0, 1_800_000),
    st.integers(0, 90),
)


@given(st.sampled_from(POLICIES), claims, times, times)
def test_a_rank_is_a_line_over_arrival_and_wait(policy: Policy, like: Claim, came: int, since: int) -> None:
    def rank(came: int, since: int) -> int:
        claim = like._replace(arrived=came, since=since, place=came - like.head_start)
        return slope_and_rank(policy, Weights(), claim)[1]

    base = rank(0, 0)
    assert rank(came, since) == base + came * (rank(1, 0) - base) + since * (rank(0, 1) - base)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30), st.integers(1, 4))
def test_more_people_ahead_never_shorten_the_queues_estimate(people: int, counters: int) -> None:
    it = Morning()
    for counter in ("1", "4", "5", "6")[:counters]:
        it.opens(counter, "information")
    numbers = [it.comes("information") for _ in range(people)]
    known = it.scene().paces
    waits = [queue_length_of(it.day, it.day.tickets[number], known) for number in numbers]
    assert waits == sorted(waits, key=lambda wait: wait or (0, ""))
    assert queue_length(it.day, known)["information"] >= (waits[-1] or (0, ""))[0]


def test_a_service_is_learned_from_today_and_few_days_say_little() -> None:
    it = Morning()
    it.opens("1", "information")
    believed = it.scene().paces.services["information"].usual
    assert believed == pytest.approx(10 * MINUTE)
    usual = []
    for _ in range(40):
        number = it.comes("information")
        it.begins("1", number, "information")
        it.waits(4)
        it.finishes("1", number, "information")
        usual.append(it.scene().paces.services["information"].usual)
    assert usual == sorted(usual, reverse=True)
    assert usual[0] > 8 * MINUTE
    assert 4 * MINUTE < usual[-1] < 5 * MINUTE

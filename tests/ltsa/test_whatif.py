"""What recorded days would have been like otherwise, and how well a replay tells what really happened."""

import pytest
from msgspec.structs import replace

from ltsa.comparing import figures
from ltsa.dispatch import MINUTE, Policy, Weights
from ltsa.happened import DayClosed, DayOpened, DayReopened, TicketIssued
from ltsa.office import Dispatching
from ltsa.present import Recorded
from ltsa.scenario import draw, read
from ltsa.simulate import Cancelled, Script, Task, Visit, percents, play
from ltsa.simulate import Counter as SeenAt
from ltsa.whatif import Change, RecordedDay, changed_script, choosers, is_closed, loads, recorded, what_if
from tests.ltsa.recording import EIGHT, Recording
from tools.made_days import MadeDay


def drawn(day: int, name: str = "base") -> Script:
    """A drawn day in a house without ways, in which nobody leaves for good, counters are equally quick, and who is sent
    to complete something may be called for other services meanwhile.
    """
    script = draw(read(name), 3, day)
    visits = tuple(
        replace(
            visit,
            tasks={service: replace(task, left=False, meanwhile=True) for service, task in visit.tasks.items()},
            priority=False,
        )
        for visit in script.visits
    )
    counters = tuple(replace(counter, slowness=1.0) for counter in script.counters)
    return replace(script, visits=visits, counters=counters, walks={})


def as_recorded(day: int, policy: Policy = "fifo") -> RecordedDay:
    return recorded(Recording(drawn(day), policy).history())


def lived(seed: int, policy: Policy) -> RecordedDay:
    """A day as the live rules play it: with seats, ways, people who do not come or are sent for a paper."""
    return recorded(
        Recorded(n, "day:made", n, event) for n, event in enumerate(MadeDay(seed, policy=policy).events(), 1)
    )


def test_a_recorded_day_holds_what_was_drawn() -> None:
    script, found, sent_away = drawn(0), as_recorded(0), list[tuple[int, int]]()
    assert found.date == "2026-11-21"
    assert [visit.number for visit in found.script.visits] == [visit.number for visit in script.visits]
    for was, seen in zip(script.visits, found.script.visits, strict=True):
        assert seen.arrives - EIGHT == was.arrives
        assert {service: (task.work + task.again, task.missed) for service, task in seen.tasks.items()} == {
            service: (task.work + task.again, task.missed) for service, task in was.tasks.items()
        }
        sent_away += [(seen.tasks[service].fixing, task.fixing) for service, task in was.tasks.items() if task.again]
    # who is at another counter by then says so afterwards, who is called back for something else says so before
    assert sum(found == drew for found, drew in sent_away) > len(sent_away) // 2
    assert found.script.answer == script.answer
    assert found.script.lost == script.lost
    assert [counter.name for counter in found.script.counters] == [counter.name for counter in script.counters]


def test_the_replay_of_the_policy_in_force_is_what_happened() -> None:
    answer = what_if([as_recorded(day) for day in range(3)], Change())
    for name in ("mean", "p90", "longest"):
        assert answer.trust[name].difference == pytest.approx(0, abs=0.05)
        assert answer.effect[name].difference == 0


def test_the_replay_of_a_day_on_which_nobody_was_sent_away_is_the_day_to_the_millisecond() -> None:
    script = drawn(0)
    visits = tuple(
        replace(visit, tasks={service: replace(task, again=0, fixing=0) for service, task in visit.tasks.items()})
        for visit in script.visits
    )
    script = replace(script, visits=visits)
    replayed = play(recorded(Recording(script, "fifo").history()).script, "fifo").exits
    assert replayed == {number: EIGHT + at for number, at in play(script, "fifo").exits.items()}


def test_the_replay_of_a_day_under_the_index_is_near_to_what_happened() -> None:
    answer = what_if([as_recorded(day, "index") for day in range(3)], Change())
    assert answer.trust["mean"].ratio == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("policy", ["index", "fifo", "shortest"])
def test_the_replay_of_a_day_of_the_live_rules_is_near_to_what_happened(policy: Policy) -> None:
    days = [lived(seed, policy) for seed in range(3)]
    assert {day.policy for day in days} == {policy}
    answer = what_if(days, Change())
    assert answer.trust["mean"].other > 90
    assert answer.trust["mean"].ratio == pytest.approx(1, abs=0.02)
    assert answer.trust["p90"].ratio == pytest.approx(1, abs=0.05)


def test_a_day_is_replayed_by_its_own_rules() -> None:
    made = MadeDay(1, people=20.0, policy="fix")
    rules = Dispatching(policy="index", weights=Weights(age=5), standby=200, far=("bank",), standby_far=300)
    made.office = replace(made.office, rules=replace(made.office.rules, dispatch=rules))
    day = recorded(Recorded(n, "day:made", n, event) for n, event in enumerate(made.events(), 1))
    assert (day.policy, day.weights) == ("index", Weights(age=5))
    assert percents(day.script)["reg"] == 200
    assert percents(day.script)["bank"] == 300


def test_who_completes_something_may_be_called_for_another_service_meanwhile() -> None:
    twice = Task(work=2 * MINUTE, again=MINUTE, fixing=30 * MINUTE, meanwhile=True)
    other = Task(work=5 * MINUTE)
    day = Script(
        visits=(Visit(number="A1", arrives=0, age_from=0, tasks={"copy": twice, "bank": other, "out": other}),),
        counters=tuple(SeenAt(name=name, services=(name,), opens=0) for name in ("copy", "bank", "out")),
        after={"out": ("copy",)},
        minutes={"copy": 2, "bank": 5, "out": 5},
        walks={},
        answer=0,
        lost=0,
        closes=60 * MINUTE,
    )
    found = [(wait.service, wait.called // MINUTE) for wait in play(day, "fifo").waits]
    assert found == [("copy", 0), ("bank", 2), ("copy", 32), ("out", 33)]
    away = replace(
        day, visits=(replace(day.visits[0], tasks={**day.visits[0].tasks, "copy": replace(twice, meanwhile=False)}),)
    )
    assert [wait.called // MINUTE for wait in play(away, "fifo").waits] == [0, 32, 33, 38]


def small(*services: tuple[str, ...], after: dict[str, tuple[str, ...]]) -> RecordedDay:
    """A day of one hour with a counter for each of REG, HEALTH and BANK, and a visit for each of these wishes."""
    visits = tuple(
        Visit(number=f"A{n}", arrives=0, age_from=0, tasks={each: Task(work=10 * MINUTE) for each in wish})
        for n, wish in enumerate(services)
    )
    rests = ((30 * MINUTE, 30 * MINUTE),)
    counters = (
        SeenAt(name="1", services=("REG",), opens=0),
        SeenAt(name="2", services=("HEALTH",), opens=0, rests=rests),
        SeenAt(name="3", services=("BANK",), opens=30 * MINUTE),
    )
    minutes = {"REG": 10, "HEALTH": 10, "BANK": 10}
    script = replace(drawn(0), visits=visits, counters=counters, after=after, minutes=minutes, closes=60 * MINUTE)
    return replace(as_recorded(0), script=script)


def test_the_fullest_counters_are_those_with_the_most_work_for_their_time() -> None:
    day = small(("REG", "HEALTH"), ("REG", "HEALTH"), ("REG", "BANK"), after={})
    assert loads([day]) == pytest.approx({"HEALTH": 20 / 30, "REG": 30 / 60, "BANK": 10 / 30})
    assert list(loads([day])) == ["HEALTH", "REG", "BANK"]


def test_only_who_could_do_two_things_in_either_order_has_a_choice() -> None:
    chain = {"HEALTH": ("REG",), "BANK": ("REG", "HEALTH")}
    wishes = (("REG", "HEALTH", "BANK"), ("REG", "BANK"), ("REG",), ("HEALTH", "BANK"))
    assert choosers([small(*wishes, after=chain)]) == 0
    assert choosers([small(*wishes, after={"HEALTH": ("REG",), "BANK": ("REG",)})]) == 0.5


def test_a_day_is_closed_until_it_is_reopened() -> None:
    history = Recording(drawn(0), "fifo").history()
    said = {"at": history[-1].event.at, "by": "system", "key": "k", "content": ""}
    closed = Recorded(0, "day:ltsa:2026-11-21", len(history) + 1, DayClosed(**said))  # type: ignore[arg-type]
    reopened = Recorded(0, "day:ltsa:2026-11-21", len(history) + 2, DayReopened(**said))  # type: ignore[arg-type]
    assert [is_closed(each) for each in (history, [*history, closed], [*history, closed, reopened])] == [
        False,
        True,
        False,
    ]


def test_a_recorded_day_knows_the_policy_and_the_seats_that_were_in_force() -> None:
    found = as_recorded(0, "index")
    assert (found.policy, found.weights) == ("index", Weights())
    history = Recording(drawn(0), "index").history()
    opened = history[0].event
    assert isinstance(opened, DayOpened)
    rules = replace(
        opened.office.rules, dispatch=Dispatching(policy="index", standby=0, standby_far=100, far=("BANK",))
    )
    history[0] = history[0]._replace(event=replace(opened, office=replace(opened.office, rules=rules)))
    expected = {service: 100 if service == "BANK" else 0 for service in found.script.minutes}
    assert percents(recorded(history).script) == expected


def test_a_case_is_played_again_in_its_own_order_and_from_its_appointment() -> None:
    history = Recording(drawn(0), "all").history()
    where, issued = next(
        (n, one.event)
        for n, one in enumerate(history)
        if isinstance(one.event, TicketIssued) and {"REG", "HEALTH"} <= set(one.event.services)
    )
    assert isinstance(issued, TicketIssued)
    slot, own = issued.at + 30 * MINUTE, {"REG": ("HEALTH",), "HEALTH": ()}
    history[where] = history[where]._replace(event=replace(issued, slot=slot, after=own))
    script = recorded(history).script
    visit = next(visit for visit in script.visits if visit.number == issued.number)
    assert (visit.age_from, visit.after) == (slot, own)
    calls = [wait.service for wait in play(script, "all").waits if wait.number == issued.number]
    assert calls.index("HEALTH") < calls.index("REG")
    freed = changed_script(script, Change(without={"HEALTH": ("REG",)})).visits
    assert next(each for each in freed if each.number == issued.number).after == own


def test_what_happened_is_what_was_played() -> None:
    script = drawn(1)
    played, found = figures(script, play(script, "fifo")), as_recorded(1)
    assert found.happened["mean"] == pytest.approx(played.mean)
    assert found.happened["p90"] == pytest.approx(played.p90)
    assert found.happened["longest"] == pytest.approx(played.longest)
    assert found.happened["ordinary"] == pytest.approx(played.ordinary)
    assert found.happened["priority"] == played.priority == 0


def test_another_policy_one_more_counter_and_slots_are_told_against_the_replay() -> None:
    days = [as_recorded(day) for day in range(3)]
    effect = {
        name: what_if(days, change).effect["mean"]
        for name, change in {
            "policy": Change(policy="index"),
            "counter": Change(counter="HEALTH"),
            "slots": Change(slots=True),
            "order": Change(without={"REC": ("HEALTH",)}),
        }.items()
    }
    for found in effect.values():
        assert found.difference < 0
        assert found.difference_low < found.difference < found.difference_high


def test_a_rest_is_moved_for_one_counter_or_for_all() -> None:
    script = as_recorded(0).script
    one = next(counter.name for counter in script.counters if counter.rests)
    moved = {c.name: c.rests for c in changed_script(script, Change(later={one: 30})).counters}
    for counter in script.counters:
        minutes = 30 if counter.name == one else 0
        assert moved[counter.name] == tuple((at + minutes * MINUTE, length) for at, length in counter.rests)
    everybody = changed_script(script, Change(later={"": -15})).counters
    assert all(
        after.rests[0][0] == max(after.opens, before.rests[0][0] - 15 * MINUTE)
        for before, after in zip(script.counters, everybody, strict=True)
    )


def test_what_an_office_does_not_have_is_refused_with_what_it_has() -> None:
    script = as_recorded(0).script
    with pytest.raises(ValueError, match="there is no service 'PHOTO'; they are REG, HEALTH"):
        changed_script(script, Change(counter="PHOTO"))
    with pytest.raises(ValueError, match="there was no counter '99'"):
        changed_script(script, Change(later={"99": 5}))
    with pytest.raises(ValueError, match="HEALTH does not wait for IMM"):
        changed_script(script, Change(without={"HEALTH": ("IMM",)}))
    with pytest.raises(ValueError, match="no day was recorded"):
        what_if([], Change())
    with pytest.raises(ValueError, match="never began"):
        recorded([])


def test_it_tells_how_far_it_is_and_stops_when_it_is_told_to() -> None:
    days = [as_recorded(0)]
    told: list[tuple[int, int]] = []
    what_if(days, Change(), tell=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    with pytest.raises(Cancelled):
        what_if(days, Change(), tell=lambda done, _of: done < 1)

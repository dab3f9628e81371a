"""What recorded days would have been like otherwise, and how well a replay tells what really happened."""

import pytest
from msgspec.structs import replace

from ltsa.comparing import figures
from ltsa.day import DayOpened, TicketIssued
from ltsa.dispatch import MINUTE, Policy, Weights
from ltsa.office import Dispatching
from ltsa.scenario import draw, read
from ltsa.simulate import Cancelled, Script, percents, play
from ltsa.whatif import Change, RecordedDay, changed_script, recorded, what_if
from tests.ltsa.recording import EIGHT, Recording


def drawn(day: int, name: str = "base") -> Script:
    """A drawn day in a house without ways, in which nobody leaves for good and counters are equally quick."""
    script = draw(read(name), 3, day)
    visits = tuple(
        replace(
            visit, tasks={service: replace(task, left=False) for service, task in visit.tasks.items()}, priority=False
        )
        for visit in script.visits
    )
    counters = tuple(replace(counter, slowness=1.0) for counter in script.counters)
    return replace(script, visits=visits, counters=counters, walks={})


def as_recorded(day: int, policy: Policy = "fifo") -> RecordedDay:
    return recorded(Recording(drawn(day), policy).history())


def test_a_recorded_day_holds_what_was_drawn() -> None:
    script, found = drawn(0), as_recorded(0)
    assert found.date == "2026-11-21"
    assert [visit.number for visit in found.script.visits] == [visit.number for visit in script.visits]
    for was, seen in zip(script.visits, found.script.visits, strict=True):
        assert seen.arrives - EIGHT == was.arrives
        assert {service: (task.work, task.again, task.fixing, task.missed) for service, task in seen.tasks.items()} == {
            service: (task.work, task.again, task.fixing, task.missed) for service, task in was.tasks.items()
        }
    assert found.script.answer == script.answer
    assert found.script.lost == script.lost
    assert [counter.name for counter in found.script.counters] == [counter.name for counter in script.counters]


def test_the_replay_of_the_policy_in_force_is_what_happened() -> None:
    days = [as_recorded(day) for day in range(3)]
    answer = what_if(days, Change())
    for name in ("mean", "p90", "longest"):
        assert answer.trust[name].difference == pytest.approx(0, abs=0.01)
        assert answer.effect[name].difference == 0
    script = drawn(0)
    replayed = play(days[0].script, "fifo").exits
    assert replayed == {number: EIGHT + at for number, at in play(script, "fifo").exits.items()}


def test_the_replay_of_a_day_under_the_index_is_near_to_what_happened() -> None:
    answer = what_if([as_recorded(day, "index") for day in range(3)], Change())
    assert answer.trust["mean"].ratio == pytest.approx(1, abs=0.02)


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

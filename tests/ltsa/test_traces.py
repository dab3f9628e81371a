"""What is gathered in one pass over a day is what a look at the whole day for each thing finds."""

import pytest

from ltsa.happened import DayConfigured
from ltsa.present import Recorded
from ltsa.replay import course, sittings, story, visit
from ltsa.traces import GRAIN, Traces, after, before
from tests.ltsa.scripted_day import dispatched, history, instant
from tools.made_days import MadeDay


def made() -> list[Recorded]:
    """A day with standby seats, absences and returns, on which the office is changed in the middle."""
    played = MadeDay(7, people=12, policy="index")
    events = list(played.events())
    middle = events[len(events) // 2]
    changed = DayConfigured(at=middle.at, by="system", key="changed", content="", office=played.office)
    events.insert(len(events) // 2 + 1, changed)
    return [Recorded(n, "day:ltsa:2026-11-21", n, event) for n, event in enumerate(events, 1)]


DAYS = {"morning": history(), "dispatched": dispatched(), "made": made()}


@pytest.fixture(params=DAYS)
def day(request: pytest.FixtureRequest) -> list[Recorded]:
    """Three days, one after the other."""
    return DAYS[request.param]


@pytest.fixture
def traces(day: list[Recorded]) -> Traces:
    """What the day left, taken in as it went."""
    found = Traces()
    for until in (5, 5, 20, len(day)):
        found.grow(day[:until])
    return found


def test_every_event_stands_where_its_story_tells_it(day: list[Recorded], traces: Traces) -> None:
    lines = list(story(day))
    for name, kept in (("number", traces.numbers), ("counter", traces.counters), ("event", traces.kinds)):
        for what in {getattr(line, name) for line in lines} - {""}:
            assert kept[what] == [line.version for line in lines if getattr(line, name) == what]
    for officer in {line.officer for line in lines} - {""}:
        assert traces.officers[officer] == [line.version for line in story(day, officer=officer)]


def test_every_visit_and_every_seat_has_its_stretches(day: list[Recorded], traces: Traces) -> None:
    for number, phases in traces.visits.items():
        assert tuple(phases) == visit(day, number)
    for counter, phases in traces.seats.items():
        assert tuple(phase for phase in phases if phase.state != "closed") == sittings(day, counter=counter)
    for officer in traces.officers:
        assert tuple(traces.officer(officer)) == sittings(day, officer=officer)


def test_how_full_it_was_is_known_at_every_tenth_second(day: list[Recorded], traces: Traces) -> None:
    first, last = day[0].event.at // GRAIN, day[-1].event.at // GRAIN
    instants = [n * GRAIN for n in range(first - 3, last + 3)]
    assert traces.course(instants) == course(day, instants)


def test_a_code_leads_to_the_events_that_carry_it() -> None:
    traces = Traces()
    traces.grow(DAYS["morning"])
    at = [DAYS["morning"][version - 1].event.at for version in traces.codes["no-family-permission"]]
    assert at == [instant("08:17:00"), instant("08:17:40")]


def test_the_next_and_the_last_one_are_strictly_after_and_before() -> None:
    assert [after([3, 5, 9], version) for version in (0, 3, 4, 9)] == [3, 5, 5, 0]
    assert [before([3, 5, 9], version) for version in (3, 5, 6, 99)] == [0, 3, 5, 9]

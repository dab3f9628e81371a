"""A day taken up at a snapshot is the day folded from its beginning, and shares nothing that it changes."""

from collections import deque
from random import Random

import pytest

from ltsa import snapshots
from ltsa.day import Day
from ltsa.happened import DayConfigured, DayEvent
from ltsa.present import Recorded
from ltsa.replay import day_at
from ltsa.snapshots import Going, Snapshots, fork
from tools.made_days import MadeDay


@pytest.fixture(scope="module")
def history() -> list[Recorded]:
    """A day in which people are directed, missed, put back and returned; and the office is changed in the middle."""
    made = MadeDay(7, people=60, policy="index")
    events: list[DayEvent] = list(made.events())
    middle = events[len(events) // 2]
    changed = DayConfigured(at=middle.at, by="system", key="changed", content="", office=made.office)
    events.insert(len(events) // 2 + 1, changed)
    return [Recorded(n, "day:ltsa:2026-11-21", n, event) for n, event in enumerate(events, 1)]


def folded(history: list[Recorded], version: int) -> Day:
    """The day from its beginning, without the answers to commands: a day that is only looked at knows none."""
    day = day_at(history, version=version)
    day.answered = {}
    return day


def test_every_version_from_a_snapshot_is_the_day_from_its_beginning(
    history: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "EVERY", 37)
    kept = Snapshots(history)
    assert kept.whole
    versions = [0, 1, 36, 37, 38, len(history), *Random(5).sample(range(len(history)), 60)]
    for version in versions:
        going = kept.going(version)
        assert going.day == folded(history, version), version
        for recorded in history[version : version + 40]:
            going.take(recorded.event)  # type: ignore[arg-type]
    for version in versions:
        assert kept.day(version) == folded(history, version), f"{version} was changed by who went on from it"


def test_a_day_that_grows_is_the_day_read_at_once(history: list[Recorded]) -> None:
    kept = Snapshots(history[:100])
    kept.grow(history[100:])
    assert kept.day(len(history)) == folded(history, len(history))


def test_a_record_that_cannot_be_replayed_ends_there(history: list[Recorded]) -> None:
    call = next(n for n, recorded in enumerate(history) if getattr(recorded.event, "number", ""))
    kept = Snapshots([*history[:call], *history[call + 1 :]])
    assert not kept.whole
    assert kept.day(call) == folded(history, call)


def test_nothing_that_an_event_changes_is_shared(history: list[Recorded]) -> None:
    day = day_at(history)
    other = fork(day)
    for name in day.__struct_fields__:
        value = getattr(day, name)
        assert not isinstance(value, dict | list | deque) or getattr(other, name) is not value, name
    going, number = Going(other), next(iter(day.tickets))
    going.take(next(r.event for r in history if getattr(r.event, "number", "") == number))  # type: ignore[arg-type]
    assert other.tickets[number] is not day.tickets[number]

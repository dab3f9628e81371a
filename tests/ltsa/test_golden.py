"""A golden history: what was recorded once must be readable, and give the same boards, for ever.

The files in `golden/` are never edited. Who changes what an event looks like writes a new version of it beside the old
one, and a new golden file with `write_golden.py`.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ltsa import configuring, flow, journey, requests, shown
from ltsa.configuring import Configurations
from ltsa.happened import TOPICS
from ltsa.present import Recorded
from ltsa.replay import day_at, decisions
from tests.ltsa.write_golden import GOLDEN, pictures, roads

HISTORIES = sorted(path.name.removesuffix(".jsonl") for path in GOLDEN.glob("day-?.jsonl"))
JOURNEYS = sorted(path.name.removesuffix(".jsonl") for path in GOLDEN.glob("journey-?.jsonl"))
SHOWN = sorted(path.name.removesuffix(".jsonl") for path in GOLDEN.glob("shown-?.jsonl"))
OFFICES = sorted(path.name.removesuffix(".jsonl") for path in GOLDEN.glob("office-?.jsonl"))


class Row(msgspec.Struct):
    """A row as a ledger stores it."""

    version: int
    topic: str
    state: msgspec.Raw


def rows(name: str) -> list[Row]:
    return [msgspec.json.decode(line, type=Row) for line in lines(GOLDEN / f"{name}.jsonl")]


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def history(name: str) -> list[Recorded]:
    return [
        Recorded(
            row.version, "day:ltsa:2026-03-02", row.version, msgspec.json.decode(row.state, type=TOPICS[row.topic])
        )
        for row in rows(name)
    ]


def missing(golden: Any, now: Any, path: str = "board") -> list[str]:
    """Where a picture no longer says what the golden one said. It may say more."""
    match golden:
        case dict():
            return [
                place
                for name, value in golden.items()
                for place in (missing(value, now[name], f"{path}.{name}") if name in now else [f"{path}.{name}"])
            ]
        case list() if isinstance(now, list) and len(now) == len(golden):
            return [place for n, value in enumerate(golden) for place in missing(value, now[n], f"{path}[{n}]")]
        case _:
            return [] if golden == now else [f"{path}: {golden!r} became {now!r}"]


def test_every_version_of_every_event_stands_in_a_golden_history() -> None:
    assert {row.topic for name in HISTORIES for row in rows(name)} == set(TOPICS)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_golden_history_replays_to_the_same_boards_for_ever(name: str) -> None:
    recorded = history(name)
    for golden in map(json.loads, lines(GOLDEN / f"{name}.boards.jsonl")):
        day = day_at(recorded, until=golden["until"])
        assert missing(golden, json.loads(msgspec.json.encode(pictures(day, golden["until"])))) == []


@pytest.mark.parametrize("name", HISTORIES)
def test_every_decision_of_a_golden_day_is_computed_again_to_the_same(name: str) -> None:
    again = list(decisions(history(name)))
    assert again
    assert [one for one in again if not one.same] == []


@pytest.mark.parametrize("name", HISTORIES)
def test_an_event_read_and_written_again_is_the_same_bytes(name: str) -> None:
    for row in rows(name):
        event = msgspec.json.decode(row.state, type=TOPICS[row.topic])
        again = json.loads(msgspec.json.encode(event))
        assert missing(json.loads(bytes(row.state)), again, row.topic) == []


def test_every_kind_of_decision_about_an_office_stands_in_a_golden_history() -> None:
    assert {row.topic for name in OFFICES for row in rows(name)} == set(configuring.TOPICS)


@pytest.mark.parametrize("name", OFFICES)
def test_what_was_in_force_on_a_date_is_the_same_for_ever(name: str) -> None:
    state = Configurations()
    for row in rows(name):
        configuring.evolve(state, msgspec.json.decode(row.state, type=configuring.TOPICS[row.topic]))
    for golden in map(json.loads, lines(GOLDEN / f"{name}.dates.jsonl")):
        in_force = json.loads(msgspec.json.encode(state.on(golden["day"])))
        assert missing(golden["office"], in_force, golden["day"]) == []


@pytest.mark.parametrize("name", SHOWN)
def test_what_screens_showed_once_is_what_the_record_gives_for_ever(name: str) -> None:
    batches = [msgspec.json.decode(row.state, type=shown.TOPICS[row.topic]) for row in rows(name)]
    held = shown.hold((row.event for row in history("day-7")), batches)  # type: ignore[misc]
    assert {row.topic for row in rows(name)} == set(shown.TOPICS)
    assert (held.pictures > 100, held.differing) == (True, [])
    for row, batch in zip(rows(name), batches, strict=True):
        assert msgspec.json.encode(batch) == bytes(row.state)


PERSONS = journey.TOPICS | flow.TOPICS | requests.TOPICS


def test_everything_that_can_happen_to_a_case_stands_in_a_golden_history() -> None:
    assert {row.topic for name in JOURNEYS for row in rows(name)} == set(PERSONS)


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_is_the_same_road_for_ever(name: str) -> None:
    events = [msgspec.json.decode(row.state, type=PERSONS[row.topic]) for row in rows(name)]
    for golden in map(json.loads, lines(GOLDEN / f"{name}.roads.jsonl")):
        until = int(datetime.fromisoformat(f"{golden['day']}T23:59+07:00").timestamp() * 1000)
        seen = roads([event for event in events if event.at < until], golden["day"])
        assert missing(golden, json.loads(msgspec.json.encode(seen)), golden["day"]) == []

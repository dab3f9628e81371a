"""Writes a new golden history: `python -m tests.ltsa.write_golden day-3`, or of an office's configuration, `office-2`,
of a person's journey, `journey-2`, or of what screens showed, `shown-2`. Never over an old one: those are for ever.

Needed when an event gets a new version: extend the scripted day, write the next file, keep the old ones.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ltsa import board, configuring, flow, journey, requests, shown
from ltsa.configuring import Configurations
from ltsa.day import Day, evolve
from ltsa.flow import FlowKept, Flows
from ltsa.happened import TOPICS
from ltsa.journey import Person, PersonEvent
from ltsa.replay import day_at
from ltsa.road import road
from ltsa.shown import RENDERING, Board, Boards, RecordBoards, digest, seen
from tests.ltsa import scripted_journey
from tests.ltsa.scripted_day import CASES, LATER, MORNING, dispatched, history, instant
from tests.ltsa.scripted_office import DAYS, decided

GOLDEN = Path(__file__).with_name("golden")

ROADS = ("2026-03-02", "2026-03-03", "2026-03-04", "2028-06-01")
"""Dates on which the road of the journey is looked at; on the last one the AK-1 has expired."""

INSTANTS = (
    *("08:05:10", "08:09:20", "08:17:04", "08:22:50", "08:30:00"),
    *("08:38:30", "08:41:40", "08:44:30", "08:47:00", "08:50:00"),
    *("09:04:00", "09:05:00", "09:07:30", "09:08:30", "09:10:30", "09:30:00"),
    *("09:41:40", "09:45:30", "09:48:00", "09:49:30", "09:50:00"),
)


def main(name: str) -> None:
    """Writes a day, an office, a journey or what the screens of a day showed, by the name."""
    writes = {"day": write_day, "office": write_office, "journey": write_journey, "shown": write_shown}
    writes[name.partition("-")[0]](name)


def write_shown(name: str) -> None:
    """Writes `<name>.jsonl`: what screens showed of the golden day 7, each picture when it was first seen."""
    day, boards = Day(), dict[tuple[str, str], Board]()
    for version, line in enumerate((GOLDEN / "day-7.jsonl").read_bytes().splitlines(), 1):
        row = msgspec.json.decode(line)
        evolve(day, msgspec.convert(row["state"], TOPICS[row["topic"]]))
        for view in ("display", "hall", "desk:1", "desk:3"):
            picture = digest(seen(day, view))
            boards.setdefault((view, picture), Board(view, version, picture))
    said: dict[str, Any] = {"office": "ltsa", "at": instant("10:00:00"), "by": "system", "date": day.date}
    batch: dict[str, Any] = {"rendering": RENDERING, "server": "5eed", "boards": tuple(boards.values())}
    with (GOLDEN / f"{name}.jsonl").open("x", encoding="utf-8") as file:
        for event in shown.decide(RecordBoards(**said, **batch, key="boards 1"), Boards()):
            recorded = {"version": 1, "topic": "boards-shown/1", "state": event}
            file.write(msgspec.json.encode(recorded).decode() + "\n")


def write_journey(name: str) -> None:
    """Writes `<name>.jsonl` (an event a line, of the streams of the person, of the flows and of the requests) and
    `<name>.roads.jsonl` (what the road was on some dates).
    """
    topics = journey.TOPICS | flow.TOPICS | requests.TOPICS
    topic_of = {event: topic for topic, event in topics.items()}
    with TemporaryDirectory() as folder:
        ledger = scripted_journey.played(Path(folder), mistaken=True)
        recorded = list(ledger.told(*topics))
        ledger.close()
    with (GOLDEN / f"{name}.jsonl").open("x", encoding="utf-8") as file:
        for row in recorded:
            line = {"version": row.version, "topic": topic_of[type(row.event)], "state": row.event}  # type: ignore[index]
            file.write(msgspec.json.encode(line).decode() + "\n")
    with (GOLDEN / f"{name}.roads.jsonl").open("x", encoding="utf-8") as file:
        for day in ROADS:
            events = [row.event for row in recorded if row.event.at < scripted_journey.instant(day, "23:59")]
            file.write(msgspec.json.encode(roads(events, day)).decode() + "\n")


def roads(events: Iterable[Any], day: str) -> dict[str, object]:
    """What was true of the person on a date, from the events until then."""
    person, flows = Person(), Flows()
    for event in events:
        if isinstance(event, FlowKept):
            flow.evolve(flows, event)
        elif isinstance(event, PersonEvent):
            journey.evolve(person, event)
    case = person.cases[scripted_journey.CASE]
    seen = road(case, flows.kept[case.follows(day).flow], day)
    told = {"day": day, "road": seen, "visit": person.visit, "appointment": person.appointment}
    return told | {"outcome": case.outcome, "subject": person.subject}


def write_office(name: str) -> None:
    """Writes `<name>.jsonl` (an event a line) and `<name>.dates.jsonl` (what was in force on some dates)."""
    state, topic_of = Configurations(), {event: topic for topic, event in configuring.TOPICS.items()}
    with (GOLDEN / f"{name}.jsonl").open("x", encoding="utf-8") as file:
        for version, event in enumerate(decided(), 1):
            configuring.evolve(state, event)
            line = {"version": version, "topic": topic_of[type(event)], "state": event}
            file.write(msgspec.json.encode(line).decode() + "\n")
    with (GOLDEN / f"{name}.dates.jsonl").open("x", encoding="utf-8") as file:
        for day in DAYS:
            file.write(msgspec.json.encode({"day": day, "office": state.on(day)}).decode() + "\n")


def write_day(name: str) -> None:
    """Writes `<name>.jsonl` (an event a line, as a ledger stores it) and `<name>.boards.jsonl` (what it replays to)."""
    recorded = dispatched() if name == "day-6" else history(played=MORNING + LATER + CASES)
    topic_of = {event: topic for topic, event in TOPICS.items()}
    with (GOLDEN / f"{name}.jsonl").open("x", encoding="utf-8") as file:
        for row in recorded:
            line = {"version": row.version, "topic": topic_of[type(row.event)], "state": row.event}  # type: ignore[index]
            file.write(msgspec.json.encode(line).decode() + "\n")
    with (GOLDEN / f"{name}.boards.jsonl").open("x", encoding="utf-8") as file:
        for time in INSTANTS:
            file.write(
                msgspec.json.encode(pictures(day_at(recorded, until=instant(time)), instant(time))).decode() + "\n"
            )


def pictures(day: Day, until: int) -> dict[str, object]:
    """What the boards, the supervisor and every ticket show at an instant."""
    return {
        "until": until,
        "version": day.version,
        "display": board.display(day),
        "hall": board.hall(day),
        "tickets": [board.ticket(day, number) for number in day.tickets],
    }


if __name__ == "__main__":
    main(sys.argv[1])

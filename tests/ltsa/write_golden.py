"""Writes a new golden history: `python -m tests.ltsa.write_golden day-3`, or of an office's configuration, `office-2`.
Never over an old one: those are for ever.

Needed when an event gets a new version: extend the scripted day, write the next file, keep the old ones.
"""

import sys
from pathlib import Path

import msgspec

from ltsa import board, configuring
from ltsa.configuring import Configurations
from ltsa.day import TOPICS, Day
from ltsa.replay import day_at
from tests.ltsa.scripted_day import LATER, MORNING, dispatched, history, instant
from tests.ltsa.scripted_office import DAYS, decided

GOLDEN = Path(__file__).with_name("golden")

INSTANTS = (
    *("08:05:10", "08:09:20", "08:17:04", "08:22:50", "08:30:00"),
    *("08:38:30", "08:41:40", "08:44:30", "08:47:00", "08:50:00"),
    *("09:04:00", "09:05:00", "09:07:30", "09:08:30", "09:10:30", "09:30:00"),
)


def main(name: str) -> None:
    """Writes a day or an office, by the name."""
    (write_day if name.startswith("day-") else write_office)(name)


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
    recorded = history(played=MORNING + LATER) if name < "day-5" else dispatched()
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

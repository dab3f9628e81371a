"""An office with days behind it: small ones, made by the live rules, on record."""

import sqlite3
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ltsa.configuring import ConfigureOffice
from ltsa.happened import TOPICS, DayClosed, DayEvent, DayOpened
from ltsa.ledger import Ledger
from ltsa.office import Office, example_office
from tools.bench_ledger import INSERT
from tools.made_days import MadeDay, office

DATES = ("2025-11-18", "2025-11-19", "2025-11-20")
LEFT_OPEN = "2025-11-21"


@cache
def made_day(seed: int, people: float) -> list[DayEvent]:
    """The events of a day under the example office's rules with the made office's services."""
    day = MadeDay(seed, people)
    day.office = ours()
    return list(day.events())


def ours() -> Office:
    """The example office with the services and counters of the made days."""
    made = office("fifo")
    return replace(example_office(), services=made.services, counters=made.counters, rules=made.rules)


def record(folder: Path, dates: tuple[str, ...] = DATES, people: float = 25.0, left_open: str = LEFT_OPEN) -> None:
    """Writes the days into a folder's new ledger, three of them again and again, and one that was never closed."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder / "ledger.sqlite")
    said = {"office": "ltsa", "at": 1, "by": "system", "key": "first", "since": "1970-01-01"}
    ledger.do(ConfigureOffice(**said, configuration=ours()))  # type: ignore[arg-type]
    ledger.close()
    topics = {kind: topic for topic, kind in TOPICS.items()}
    with sqlite3.connect(folder / "ledger.sqlite") as rows:
        for seed, date in enumerate((*dates, left_open)):
            events = [
                replace(one, date=date) if isinstance(one, DayOpened) else one for one in made_day(seed % 3, people)
            ]
            if date != left_open:
                events.append(DayClosed(at=events[-1].at + 1, by="system", key="closes", content=""))
            for version, event in enumerate(events, 1):
                topic, state = topics[type(event)], msgspec.json.encode(event)
                rows.execute(INSERT, (f"day:ltsa:{date}", version, topic, state))
    rows.close()

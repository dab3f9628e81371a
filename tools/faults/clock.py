"""A clock that is set forward or back while the office works, and midnight in Indonesia's three zones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from ltsa.message import key_digest
from ltsa.office import ZONES
from ltsa.present import Recorded
from tools.faults.check import Found, compare
from tools.faults.load import Client, Told
from tools.faults.office import Office, opened
from tools.faults.round import Round
from tools.faults.shifted import set_ahead

HOUR = 3_600_000
STEPS = {"+1 h": HOUR, "-1 h": -HOUR, "+1 day": 24 * HOUR, "-1 day": -24 * HOUR}
MOMENT = 1.5
"""Seconds before and after midnight."""


class Town:
    """An office in a zone, whose server's clock is set from here; and who uses it, one thing after the other."""

    def __init__(self, this: Round, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        folder = this.folder / zone.rpartition("/")[2]
        folder.mkdir()
        self._file: Path = folder / "ahead"
        self.office = Office(folder, zone=zone)
        self.office.door = ("-m", "tools.faults.shifted", str(self._file))
        self.client = Client(self.office.doors, f"visitor-{folder.name}", this.seed)
        self.asked: list[tuple[Told, set[str]]] = []
        self.set(0)

    def set(self, ahead: int) -> None:
        """So many ms before the true time."""
        self._ahead = ahead
        set_ahead(self._file, ahead)

    def set_to(self, local: datetime) -> int:
        """To a local date and time; how far ahead that is."""
        self.set(int((local.replace(tzinfo=self._zone).timestamp() - time.time()) * 1000))
        return self._ahead

    @property
    def now(self) -> datetime:
        """What the server's clock shows, in the office's zone."""
        return datetime.fromtimestamp(time.time() + self._ahead / 1000, self._zone)

    def asks(self, what: str) -> Told:
        """One command at counter 5; the service day is the one that the server's clock showed meanwhile."""
        before = self.now
        told = self.client.ask(what, "bank", "" if what == "issue" else "5")
        self.asked.append((told, {before.date().isoformat(), self.now.date().isoformat()}))
        return told

    def visit(self) -> None:
        """Somebody comes and is served by an officer who has opened the counter; another comes and waits."""
        self.asks("issue")
        self.asks("issue")
        if self.asks("call").acknowledged:
            self.asks("start")
            self.asks("finish")

    def compare(self, found: Found) -> None:
        """Every day's queue by itself: its numbers begin anew."""
        recorded = self.office.recorded()
        days = {event.key: stream.rpartition(":")[2] for _, stream, _, event in recorded if stream.startswith("day:")}
        told: list[Told] = []
        for each, possible in self.asked:
            day = days.get(key_digest(each.key))
            if day is not None and day not in possible:
                found.says(
                    f"{each.what} {each.number} stands on {day}; the clock showed {' or '.join(sorted(possible))}."
                )
            told.append(each._replace(service=f"{each.service} on {day or min(possible)}"))
        compare(found, told, recorded)
        _no_time_runs_back(found, recorded)


def stepped(this: Round) -> Found:
    """The clock is set by an hour or a day, forward or back, under a visit, and right again after."""
    found = this.found()
    town = Town(this, next(iter(ZONES)))
    noon = town.set_to(town.now.replace(hour=12, tzinfo=None) + timedelta(days=2))
    with opened(town.office):
        opened_on: set[str] = set()
        for run in this.each():
            step = (*STEPS.values(),)[run % len(STEPS)]
            for ahead in (noon, noon + step, noon):
                town.set(ahead)
                if (today := town.now.date().isoformat()) not in opened_on:
                    opened_on.add(today)
                    town.asks("open")
                town.visit()
    town.client.close()
    town.compare(found)
    return found


def midnight(this: Round) -> Found:
    """People take numbers over midnight, in each zone in turn."""
    found = this.found()
    towns = [Town(this, zone) for zone in list(ZONES)[: this.runs]]
    midnights = [this.runs // len(towns) + (n < this.runs % len(towns)) for n in range(len(towns))]
    each = this.each()
    for town, times in zip(towns, midnights, strict=True):
        first = (town.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        with opened(town.office):
            for n in range(times):
                next(each)
                town.set_to(first + timedelta(days=n, seconds=-MOMENT))
                until = time.monotonic() + 2 * MOMENT
                while time.monotonic() < until:
                    town.asks("issue")
                    time.sleep(town.client.luck.uniform(0, 0.05))
        town.client.close()
        town.compare(found)
    found.more["zones"] = len(towns)
    return found


def _no_time_runs_back(found: Found, recorded: Sequence[Recorded]) -> None:
    """Within a service day no event is older than the one before: no wait is negative."""
    in_days = sorted(
        (row for row in recorded if row.stream.startswith("day:")), key=lambda row: (row.stream, row.version)
    )
    for stream, rows in groupby(in_days, key=lambda row: row.stream):
        newest = 0
        for row in rows:
            if row.event.at < newest:
                found.says(f"{stream} {row.version} is {newest - row.event.at} ms older than the event before.")
            newest = max(newest, row.event.at)

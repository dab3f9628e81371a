"""A ledger of many days and offices, written as rows: for what must not grow with the record.

A few mornings of one office are played through a real ledger, with journeys and what is beside them. Each of their rows
then stands for the same of another office and date: other names, times and keys, the same streams, versions and order,
and leaves in the proof log. So ten million events take minutes, where commands would take hours.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from heapq import merge
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from ltsa.commands import CloseDay
from ltsa.configuring import ConfigureOffice
from ltsa.journal import DataSeen, SignedIn, entry
from ltsa.journey import person_stream
from ltsa.journey_rules import OpenCase, RecordStep
from ltsa.ledger import Ledger
from ltsa.log import grow
from ltsa.office import Office, example_office
from ltsa.road import plan
from ltsa.store import Place, Row, store_at
from ltsa.tokens import token_digest
from tools.morning import LATEST, Morning

PLAYED = date(2026, 11, 21)
OPENS = 1_795_221_000_000
"""07.30 WIB on that day, in ms UTC."""
ONE_DAY = 86_400_000
CHUNK = 2500
"""Rows of a transaction: a server does not wait long for who holds the ledger's lock and says nothing."""
INSERT = "INSERT INTO ledger (rowid, originator_id, originator_version, topic, state) VALUES (?,?,?,?,?)"
MORNINGS = 5
"""How many different days there are."""

OFFICE = "the-played-office"
PERSON = "feedbeef"
"""How the ids of a played day's persons begin."""

_AT = re.compile(rb"(?<=[:,\[])1795[12]\d{8}(?=[,}\]])")
_KEY = re.compile(rb'(?<="key":")[0-9a-f]{8}')


class _Event(NamedTuple):
    at: int
    stream: str
    version: int
    topic: str


class _Morning(NamedTuple):
    """A played day: what its rows are, and their JSON, a line each."""

    events: tuple[_Event, ...]
    states: bytes


class Played(NamedTuple):
    """What is played once: the flows that cases are pinned to, and the mornings."""

    flows: tuple[Row, ...]
    mornings: tuple[_Morning, ...]

    def morning(self, day: date, office: int) -> _Morning:
        """The one that stands for a date of an office."""
        return self.mornings[(day.toordinal() + office) % len(self.mornings)]

    @property
    def events(self) -> float:
        """Of a day, in the mean."""
        return sum(len(morning.events) for morning in self.mornings) / len(self.mornings)


class Made(NamedTuple):
    """What was written: how many events, in how many seconds."""

    events: int
    seconds: float


def offices(number: int) -> list[Office]:
    """So many offices: the example office, and others like it."""
    example = example_office()
    return [example, *(replace(example, id=f"{example.id}-{n}") for n in range(1, number))]


def make(  # noqa: PLR0913 - by name
    place: Place, folder: Path, played: Played, *, days: int, of: Sequence[Office], last: date
) -> Made:
    """Writes a ledger with service days of these offices, one after the other up to a last one, into an empty place. A
    date has the same events, however many days there are before it. `folder` is the ledger's.
    """
    began = time.perf_counter()
    with closing(Ledger(place, folder)) as ledger:
        for office in of:
            _configure(ledger, office)
        position = ledger.newest()
    with closing(store_at(place)) as store:
        for n in range(days):
            day = last - timedelta(days=days - 1 - n)
            parts = [_moved(played.morning(day, k), office.id, day, _mark(day, k)) for k, office in enumerate(of)]
            found = [row for _, row in merge(*parts, key=lambda part: part[0])]
            found = found if n else [*played.flows, *found]
            rows = [row._replace(position=at) for at, row in enumerate(found, position + 1)]
            position += len(rows)
            for first in range(0, len(rows), CHUNK):
                some = rows[first : first + CHUNK]
                with store.writing() as cursor:
                    cursor.executemany(INSERT, some)
                    grow(cursor, some)
    return Made(position, time.perf_counter() - began)


def persons(ledger: Ledger, day: date, office: int = 0) -> list[str]:
    """The ids of those whose journeys are on record of a date of an office."""
    return [stream.partition(":")[2] for stream in ledger.streams(person_stream(f"{_mark(day, office):08x}"))]


def _configure(ledger: Ledger, office: Office) -> None:
    said: dict[str, Any] = {"at": 1, "by": "system", "key": f"office {office.id}", "since": "1970-01-01"}
    ledger.do(ConfigureOffice(office=office.id, configuration=office, **said))


def _mark(day: date, office: int) -> int:
    return day.toordinal() % 100_000 + office * 100_000


def _moved(morning: _Morning, office: str, day: date, mark: int) -> Iterator[tuple[int, Row]]:
    """A played day's rows as those of another office and date; `mark` is theirs alone."""
    later = (day - PLAYED).days * ONE_DAY
    names = ((OFFICE, office), (PLAYED.isoformat(), day.isoformat()), (PERSON, f"{mark:08x}"))
    states = morning.states
    for old, new in names:
        states = states.replace(old.encode(), new.encode())
    states = _AT.sub(lambda found: b"%d" % (int(found[0]) + later), states)
    states = _KEY.sub(b"%08x" % mark, states)
    streams: dict[str, str] = {}
    for event, state in zip(morning.events, states.split(b"\n"), strict=True):
        stream = streams.get(event.stream, "")
        if not stream:
            stream = event.stream
            for old, new in names:
                stream = stream.replace(old, new)
            streams[event.stream] = stream
        yield event.at, Row(0, stream, event.version, event.topic, state)


def play(folder: Path, mornings: int = MORNINGS, until: float = LATEST) -> Played:
    """Plays so many different mornings of one office, each up to a minute of it, in ledgers of a folder."""
    office, flows, found = replace(example_office(), id=OFFICE), list[Row](), list[_Morning]()
    for seed in range(mornings):
        place = folder / f"morning-{seed}.sqlite"
        with closing(Ledger(place)) as ledger:
            _configure(ledger, office)
            before = ledger.log.size()
            _Player(ledger, office, seed).plays(until)
            rows = list(ledger.leaves(before, ledger.log.size()))
        flows += [row for row in rows if row.stream.startswith("flows:")]
        found.append(_morning([row for row in rows if not row.stream.startswith("flows:")]))
    return Played(_once(flows), tuple(found))


def _once(flows: Sequence[Row]) -> tuple[Row, ...]:
    """Each content once, counted anew."""
    known = {row.state.partition(b",")[0]: row for row in flows}  # the digest comes first
    return tuple(row._replace(version=n) for n, row in enumerate(known.values(), 1))


def _morning(rows: Sequence[Row]) -> _Morning:
    at, events = OPENS, list[_Event]()
    for row in rows:
        found = re.search(rb'"at":(\d{13})[,}]', row.state)
        at = int(found[1]) if found else at
        events.append(_Event(at, row.stream, row.version, row.topic))
    return _Morning(tuple(events), b"\n".join(row.state for row in rows))


class _Player:
    """Plays one day: the morning's people, a third of them on a journey, a supervisor who looks, and the closing."""

    def __init__(self, ledger: Ledger, office: Office, seed: int) -> None:
        self._ledger, self._office, self._seed = ledger, office, seed
        self._now, self._keys = OPENS, count(1)

    def plays(self, until: float) -> None:
        self._note(SignedIn, person="siti", session="s", how="password")
        morning = Morning(
            office=self._office,
            give=self._ledger.do,
            now=lambda: self._now,
            secret=b"a made-up secret",
            seed=self._seed,
            run=f"morning {self._seed}",
            admit=self._admit,
        )
        morning.play(self._passes, until)
        self._now = OPENS + 16 * 3_600_000
        self._ledger.do(CloseDay(by="system", **self._said()))

    def _passes(self, minute: float) -> None:
        self._now = OPENS + int(minute * 60_000)

    def _said(self) -> dict[str, Any]:
        return {"office": self._office.id, "at": self._now, "key": f"made {self._seed} {next(self._keys)}"}

    def _note(self, what: Callable[..., Any], /, **facts: object) -> None:
        self._ledger.do(entry(what, by="person:siti", **self._said(), **facts))  # type: ignore[arg-type]

    def _admit(self, nik: str, scheme: str, before: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        person = PERSON + token_digest(nik)[:12]
        case = OpenCase(by="kiosk:1", person=person, scheme=scheme, card=token_digest(f"card {nik}"), **self._said())
        opened: Any = self._ledger.do(case).events[0].event
        for step in before:
            self._ledger.do(
                RecordStep(by="kiosk:1", person=person, case=opened.case, step=step, outcome="done", **self._said())
            )
        self._note(DataSeen, kind="person", about=person)
        case_now, today = self._ledger.person(person).cases[opened.case], PLAYED.isoformat()
        now = plan(case_now, self._office.flow[scheme], self._office, today)
        return person, tuple(service for service in now.services if not now.after[service])

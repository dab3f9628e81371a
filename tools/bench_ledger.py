"""Benchmarks of the ledger: durable commands a second, their cost in a full day, and the replay of a day."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from threading import Thread

from ltsa.commands import CallNext, DayCommand, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from ltsa.office import example_office
from ltsa.present import day_stream
from ltsa.record import replayed
from ltsa.store import Place
from ltsa.tokens import token_digest
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp

OFFICE = example_office()
OFFICERS = 8
SHORT_ROUNDS = 15
"""More rounds of a tenth of a second say more than few long ones where others use the machine too."""

DAY = 1_795_222_800_000
"""21 November 2026, 08.00 WIB, in ms UTC: all commands are of this day, whenever they are measured."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")
TABLE = (
    "rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,"
    " topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (originator_id, originator_version)"
)
INSERT = "INSERT INTO ledger (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"


def commands(_create_app: CreateApp, scale: float) -> Figure:
    """Eight officers' threads issue, call, start and finish; against plain SQLite, a transaction an event."""
    visits = max(1, int(40 * scale))
    with scratch() as folder:
        ledger = office_ledger(folder / "ledger.sqlite")
        officers = [Officer(ledger, n) for n in range(OFFICERS)]

        def ours() -> float:
            began = time.perf_counter()
            together([lambda o=o: o.serves(visits) for o in officers])  # type: ignore[misc]
            return OFFICERS * visits * 4 / (time.perf_counter() - began)

        ours()
        rows = _rows(folder / "ledger.sqlite", OFFICERS * visits * 4)
        plain = _plain(folder / "plain.sqlite")
        version = count(1)

        def yardstick() -> float:
            began = time.perf_counter()
            for stream, _, topic, state in rows:
                plain.execute("BEGIN IMMEDIATE")
                plain.execute(INSERT, (stream, next(version), topic, state))
                plain.execute("COMMIT")
            return len(rows) / (time.perf_counter() - began)

        rounds = in_turns(ours, yardstick, rounds=SHORT_ROUNDS)
        ledger.close()
        plain.close()
        return figure(
            "commands",
            rounds,
            unit="commands/s",
            against="plain sqlite3: the same rows, INSERT and COMMIT one by one",
            at_least=1.2,
            more={"fsync_us": fsync_us(folder)},
        )


def growth(_create_app: CreateApp, scale: float) -> Figure:
    """The median command of a day with 50 000 tickets against that of one with 500; as many people wait in both."""
    few, many, waiting, visits = 500, max(1000, int(50_000 * scale)), 100, max(OFFICERS, int(32 * scale))
    with scratch() as folder:
        small, large = (busy_day(folder / f"{n}.sqlite", n, waiting) for n in (few, many))
        rounds, slow = [], []
        for n in range(SHORT_ROUNDS + 1):
            costs: dict[int, list[float]] = {few: [], many: []}
            for visit in range(visits):
                # one visit here, one there: whatever else the machine does meets both
                days = [(few, small), (many, large)]
                for size, officers in days if visit % 2 else reversed(days):
                    costs[size] += officers[visit % OFFICERS].costs()
            if n:
                rounds.append((median(costs[many]) * 1e6, median(costs[few]) * 1e6))
                slow.append(_p99(costs[many]) / _p99(costs[few]))
        for officers in (small, large):
            officers[0].ledger.close()
        return figure(
            "growth",
            rounds,
            unit="µs/command",
            against=f"the same commands at ticket {few}",
            at_most=1.1,
            more={"tickets": many, "p99_ratio": median(slow)},
        )


def replay(_create_app: CreateApp, scale: float) -> Figure:
    """A day's events read and folded into its state; against reading the same rows and `json.loads`."""
    with scratch() as folder:
        file = folder / "ledger.sqlite"
        ledger = busy_day(file, max(50, int(2500 * scale)), 100)[0].ledger
        stream = ledger.streams(day_stream(OFFICE.id, ""))[0]
        reader = sqlite3.connect(file)
        events = reader.execute("SELECT count(*) FROM ledger WHERE originator_id = ?", (stream,)).fetchone()[0]
        select = (
            "SELECT rowid, originator_id, originator_version, topic, state FROM ledger WHERE originator_id = ?"
            " ORDER BY originator_version"
        )

        def ours() -> float:
            began = time.perf_counter()
            day = replayed(ledger.history(stream))
            rate: float = events / (time.perf_counter() - began)
            assert day.version == events  # noqa: S101 - a replay of something else is no figure
            return rate

        def yardstick() -> float:
            began = time.perf_counter()
            for row in reader.execute(select, (stream,)):
                json.loads(row[-1])
            rate: float = events / (time.perf_counter() - began)
            return rate

        rounds = in_turns(ours, yardstick, rounds=SHORT_ROUNDS)
        ledger.close()
        reader.close()
        return figure(
            "replay",
            rounds,
            unit="events/s",
            against="SELECT and json.loads of the same rows",
            at_least=1.5,
            more={"events": events},
        )


class Officer:
    """One counter's officer, who also hands out the numbers of the service: every command succeeds."""

    def __init__(self, ledger: Ledger, n: int, begins: int = DAY, pace: int = 1) -> None:
        self.ledger = ledger
        self._begins, self._pace = begins, pace
        self.counter = OFFICE.counters[n].id
        self.service = OFFICE.services[n].id
        self._keys = count(1)
        opened = self._said(OpenCounter, counter=self.counter, officer=f"officer-{n}", services=(self.service,))
        ledger.do(opened)

    def visit(self) -> Iterator[DayCommand]:
        """A person takes a number, is called, served, and done."""
        yield self.issue()
        yield self._said(CallNext, counter=self.counter)
        yield self._said(StartService, counter=self.counter)
        yield self._said(FinishService, counter=self.counter, outcome="done")

    def issue(self) -> DayCommand:
        """A person takes a number."""
        token = token_digest(f"{self.counter} {next(self._keys)}")
        return self._said(IssueTicket, services=(self.service,), token=token)

    def serves(self, visits: int) -> None:
        """One command after the other, each acknowledged before the next."""
        for _ in range(visits):
            for command in self.visit():
                self.ledger.do(command)

    def costs(self) -> Iterator[float]:
        """The seconds that each command of a visit takes until it is durable."""
        for command in self.visit():
            began = time.perf_counter()
            self.ledger.do(command)
            yield time.perf_counter() - began

    def _said(self, kind: type[DayCommand], **fields: object) -> DayCommand:
        n = next(self._keys)
        by, key = f"officer:{self.counter}", f"counter {self.counter} command {n} since {self._begins}"
        return kind(office=OFFICE.id, at=self._begins + n * self._pace, by=by, key=key, **fields)  # type: ignore[arg-type]


def office_ledger(place: Place) -> Ledger:
    """A new ledger with the example office."""
    ledger = Ledger(place)
    ledger.do(
        ConfigureOffice(
            office=OFFICE.id, at=1, by="system", key="first office", configuration=OFFICE, since="1970-01-01"
        )
    )
    return ledger


def together(works: list[Callable[[], object]]) -> None:
    """Runs all at once, a thread each."""
    threads = [Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fsync_us(folder: Path, times: int = 200) -> float:
    """The median µs of writing 4 KB and waiting for the disk: little where the disk only says that it has it."""
    costs = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            costs.append(time.perf_counter() - began)
    return median(costs) * 1e6


def busy_day(file: Path, tickets: int, waiting: int) -> list[Officer]:
    """The officers of a day on which so many have taken a number and all but the `waiting` went home."""
    return play(office_ledger(file), tickets, waiting)


def play(ledger: Ledger, tickets: int, waiting: int, begins: int = DAY, pace: int = 1) -> list[Officer]:
    """Records such a day from an instant on (ms UTC); each officer does something every `pace` milliseconds."""
    officers = [Officer(ledger, n, begins, pace) for n in range(OFFICERS)]
    given = [officers[n % OFFICERS].issue() for n in range(waiting)]
    given += [command for n in range(tickets - waiting) for command in officers[n % OFFICERS].visit()]
    for asked in [ledger.submit(command) for command in given]:
        asked.result()
    return officers


def _p99(costs: list[float]) -> float:
    return quantiles(costs, n=100, method="inclusive")[98]


def _plain(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"CREATE TABLE ledger ({TABLE})")
    return database


def _rows(file: Path, limit: int) -> list[tuple[str, int, str, bytes]]:
    """Rows as the ledger wrote them: the yardstick's payload."""
    columns = "originator_id, originator_version, topic, state"
    with closing(sqlite3.connect(file)) as database:
        return database.execute(f"SELECT {columns} FROM ledger ORDER BY rowid DESC LIMIT ?", (limit,)).fetchall()  # noqa: S608

"""Benchmarks of an office with years on record: what its people wait for, against the same office after two days."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import NamedTuple

from audit import book, contained
from audit.finding import find
from audit.telling import Teller
from ltsa import board
from ltsa.log_key import signing_key
from ltsa.present import Present, day_stream
from ltsa.record import replayed
from tools import made_ledger
from tools.bench_ledger import OFFICE, OFFICERS, Officer
from tools.bench_postgres import server_on_disk
from tools.figures import Figure, figure, in_turns, scratch
from tools.made_ledger import Made
from web.house import House
from web.looks import looks_at
from web.server import CreateApp
from web.settings import Settings

EVENTS, EVENTS_IN_POSTGRES = 10_000_000, 1_000_000
OFFICES = 10
DAYS_BEFORE = 2
"""Of an office that is new: as many as an opening reads."""
STARTS, ROUNDS, VISITS, READS = 5, 9, 24, 20
FEW, FEWER = 0.02, 20
"""Where it only has to run, days are short, offices two, and events a twentieth of what the scale says."""
GOAL = 1.2


class _Record(NamedTuple):
    """An office's settings and what was written for it."""

    settings: Settings
    made: Made


def sqlite(create_app: CreateApp, scale: float) -> list[Figure]:
    """Ten million events in a file."""
    with scratch() as folder:
        return _measured(create_app, folder, EVENTS, scale, ["", ""])


def in_postgres(create_app: CreateApp, scale: float) -> list[Figure]:
    """A million events in a PostgreSQL database."""
    with scratch() as folder, server_on_disk(autovacuum="on") as server:
        addresses = [server.schema("years"), server.schema("new")]
        return _measured(create_app, folder, EVENTS_IN_POSTGRES, scale, addresses)


def _measured(create_app: CreateApp, folder: Path, events: int, scale: float, databases: list[str]) -> list[Figure]:
    """The figures of an office with so many events on record, at a database or in a file ("")."""
    few = scale <= FEW
    played = made_ledger.play(folder, *((1, 45.0) if few else ()))
    of = made_ledger.offices(2 if few else OFFICES)
    last = OFFICE.service_date(time.time_ns() // 1_000_000) - timedelta(days=1)
    days = max(DAYS_BEFORE + 1, round(events * scale / played.events / len(of) / (FEWER if few else 1)))

    def record(name: str, database: str, days: int) -> _Record:
        data = folder / name
        data.mkdir(mode=0o700)
        made = made_ledger.make(database or data / "ledger.sqlite", data, played, days=days, of=of, last=last)
        return _Record(Settings(data=data, port=0, database=database), made)

    years, new = record("years", databases[0], days), record("new", databases[1], DAYS_BEFORE)
    prefix = "big-postgres" if databases[0] else "big"
    more = {"events": years.made.events, "yardstick_events": new.made.events, "written_in_s": years.made.seconds}
    return [
        _starts(create_app, prefix, years.settings, new.settings, few=few, more=more),
        *_works(prefix, years.settings, new.settings, last, few=few),
    ]


def _starts(  # noqa: PLR0913 - by name
    create_app: CreateApp, prefix: str, years: Settings, new: Settings, *, few: bool, more: dict[str, float]
) -> Figure:
    """From nothing until the office answers, and has signed its record. It was open before."""

    def start(settings: Settings) -> float:
        began = time.perf_counter()
        app = create_app(settings)
        house: House = app.extensions["ltsa"]
        house.sign()
        with app.test_client() as client:
            answered = client.get("/healthz").status_code
        took = time.perf_counter() - began
        house.close()
        assert answered == 200  # noqa: S101, PLR2004 - an office that does not open is no figure
        return took

    first = start(years)
    start(new)
    rounds = in_turns(lambda: start(years), lambda: start(new), 1 if few else STARTS)
    against = "the same after two days"
    return figure(f"{prefix}-start", rounds, unit="s", against=against, at_most=GOAL, more=more | {"first_s": first})


def _works(prefix: str, years: Settings, new: Settings, last: date, *, few: bool) -> Iterator[Figure]:
    with _opened(years, last) as old, _opened(new, last) as young:
        for name in ("command", "board", "sign", "replay", "person", "search", "checkpoint"):
            times = 2 if few else VISITS if name in {"command", "board"} else READS
            ours, theirs = (_times(getattr(one, name), times) for one in (old, young))
            rounds = in_turns(ours, theirs, 1 if few else ROUNDS)
            against = "the same after two days"
            yield figure(f"{prefix}-{name}", rounds, unit="ms", against=against, at_most=GOAL)


def _times(work: Callable[[], float], times: int) -> Callable[[], float]:
    return lambda: median(work() for _ in range(times)) * 1000


@contextmanager
def _opened(settings: Settings, last: date) -> Iterator["_Open"]:
    with closing(House(settings)) as house:
        yield _Open(house, last)


class _Open:
    """An open office, and what its people wait for: each method does it once and says how many seconds it took."""

    def __init__(self, house: House, last: date) -> None:
        self._house, self._ledger, self._last = house, house.ledger, last
        self._officers = cycle([Officer(self._ledger, n, begins=house.now()) for n in range(OFFICERS)])
        self._follower: Present = self._ledger.present()
        house.models.follow("looks")
        house.sign()
        note = self._ledger.log.checkpoint()
        assert note is not None  # noqa: S101 - it was signed
        self._checkpoint, self._key = note.text(), signing_key(self._ledger).key.text()
        self._persons = cycle(made_ledger.persons(self._ledger, last))
        day = self._house.present.day(OFFICE.id, last)
        self._numbers = cycle(day.tickets)

    def command(self) -> float:
        """A command until it is durable: the mean of a visit's four."""
        costs = list(next(self._officers).costs())
        return sum(costs) / len(costs)

    def board(self) -> float:
        """What another process shows after a visit: it reads what was committed, and takes the display's picture."""
        list(next(self._officers).costs())
        began = time.perf_counter()
        for recorded in self._ledger.since(self._follower.position):
            self._follower.apply(recorded)
        office, today = self._follower.office_at(OFFICE.id, self._house.now())
        shown = board.display(self._follower.day(office.id, today))
        took = time.perf_counter() - began
        assert shown.recent  # noqa: S101 - the board of an empty hall is no figure
        return took

    def sign(self) -> float:
        """The minute's signature, after something has happened."""
        list(next(self._officers).costs())
        return _took(self._house.sign)

    def replay(self) -> float:
        """A whole day, from its events."""
        return _took(lambda: replayed(self._ledger.history(day_stream(OFFICE.id, self._last.isoformat()))))

    def person(self) -> float:
        """A person's journey, and who looked at what is kept of them."""
        person = next(self._persons)
        return _took(lambda: (self._ledger.person(person), looks_at(self._house, person)))

    def search(self) -> float:
        """A ticket looked for in a day that nobody has opened yet."""
        number, found = next(self._numbers), list[object]()

        def search() -> None:
            days = book.days(self._ledger, OFFICE.id)
            day = book.read(self._ledger, OFFICE.id, date.fromisoformat(days[days.index(self._last.isoformat())]))
            assert day is not None  # noqa: S101 - it was made
            found.extend(find(day, Teller(day.office, "id"), number, day.newest))

        took = _took(search)
        assert found  # noqa: S101 - as above
        return took

    def checkpoint(self) -> float:
        """Whether the ledger contains a checkpoint that somebody kept."""
        wrong = list[str]()
        place = self._house.settings.ledger
        took = _took(lambda: wrong.extend(contained.hold(place, self._checkpoint, [self._key], [])[1]))
        assert not wrong  # noqa: S101 - it does
        return took


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

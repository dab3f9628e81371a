"""Forecasts while the office runs: computed beside the requests, published for all pages, put on record in batches.

A greenlet looks at each office every second, as far as a fifth of one core allows: of sixty busy offices each is
forecast about every 75 seconds. When something has changed it plays the futures in a native thread, which lets
others have their turn between two of them; what comes out is published as one value. Pages and commands only read that
value: nothing waits for a forecast. Where there is none, or it is too old, the queue's length says. What a person
is told first about a wait goes on record within seconds, by one command for all; what was not yet written when a
server dies is lost, and nothing else.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

import gevent
from msgspec import Struct

from ltsa import paces
from ltsa.board import TicketPicture
from ltsa.day import Day, Ticket
from ltsa.forecast import Forecast, forecast, queue_length, queue_length_of, scene
from ltsa.happened import ActionUndone, TicketCalled, TicketIssued
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.paces import DAYS, Paces, Spent, learn
from ltsa.predictions import MODEL, RecordWaits, Told, WaitsPredicted, forecast_stream, outcomes
from ltsa.present import Recorded, day_stream
from ltsa.ranges import STEP, Calibration, Guess, Key, Method, Range, guess_from, guess_of

if TYPE_CHECKING:
    from web.house import House

log = logging.getLogger(__name__)

T = TypeVar("T")

TURN = 1.0
"""Seconds between two looks at the offices."""

WATCHED = 5_000
"""Ms after which a changed office that somebody watches is forecast anew."""

UNWATCHED = 60_000
"""Ms after which an office in which somebody waits is forecast anew, whatever happens."""

STALE = 150_000
"""A forecast that is older than this (ms) is believed less than the queue's length."""

BATCH_EVERY = 3_000
"""Ms between two batches on record."""

SHARE = 1 / 5
"""Of one core that forecasts take at most, however many offices there are: requests are answered by the same one."""

BATCH = 200
PENDING = 5_000
"""Predictions that wait for their batch; when the ledger cannot be written for long, the oldest go."""


class Wait(Struct, frozen=True, kw_only=True):
    """A wait as pages show it: `low` to `high` minutes (`high` 0 for "more than"), and the same by the clock (ms UTC),
    in steps of five minutes, so that it changes when the words do. `method` says how it was made.
    """

    low: int
    high: int
    begins: int
    ends: int
    method: Method


def shown(told: Range, at: int) -> Wait:
    """A range that was made at an instant, as pages show it."""
    step = STEP * 1000
    return Wait(
        low=told.low,
        high=told.high,
        begins=(at + told.low * 60_000) // step * step,
        ends=-(-(at + told.high * 60_000) // step) * step if told.high else 0,
        method=told.method,
    )


class Said(Struct, frozen=True):
    """A published range with what it was made of."""

    told: Range
    guess: Guess
    service: str


class Published(Struct, frozen=True, kw_only=True):
    """What pages may tell people now: by number and beginning of the wait, and for newcomers by service and class."""

    at: int
    version: int
    people: dict[tuple[str, int], Said]
    newcomers: dict[Key, Said]


@dataclass(slots=True)
class _Office:
    """What is known of one office's service day for its forecasts."""

    date: str
    position: int
    today: Spent
    before: list[Spent]
    known: dict[Method, Calibration]
    paces: Paces
    told: set[tuple[str, int]] = field(default_factory=set)
    open: dict[str, Told] = field(default_factory=dict)
    published: Published | None = None


class Forecasts:
    """The forecasts of a house's offices. All of it runs on the loop's thread, except what is computed."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._offices: dict[str, _Office] = {}
        self._believed: dict[str, tuple[Office, _Office]] = {}
        self._heard: deque[tuple[str, str, Recorded]] = deque(maxlen=100_000)
        self._pending: dict[tuple[str, str], deque[Told]] = {}
        self._mark = token_hex(8)
        self._stopping = False
        self._running: list[gevent.Greenlet[..., None]] = []

    # --- What pages show

    def newcomer(self, office: str, service: str, *, priority: bool = False) -> Wait | None:
        """How long somebody would wait who took a number now; None while no counter is open for it, or nobody knows."""
        day, at = self._house.today(office), self._house.now()
        said = self._said_to_newcomers(day, at, service, priority=priority)
        return shown(*said) if said and said[0].says else None

    def newcomers(self, office: str) -> dict[str, Wait]:
        """The same by service, for those without priority."""
        services = self._house.today(office).rules_of.service
        waits = {service: self.newcomer(office, service) for service in services}
        return {service: wait for service, wait in waits.items() if wait}

    def of(self, day: Day, number: str) -> Wait | None:
        """How long somebody waits; None where they do not, or no counter is open for them, or nobody knows."""
        ticket = day.tickets.get(number)
        if ticket is None or ticket.state != "waiting" or not day.open:
            return None
        said = self._said_to(day, ticket, self._house.now())
        return shown(said[0].told, said[1]) if said and said[0].told.says else None

    def of_issued(self, ticket: TicketPicture) -> Wait | None:
        """The same for a ticket as its command has answered it, which this process's pages may not know yet."""
        day = self._house.today(ticket.office)
        if ticket.date == day.date and ticket.number not in day.tickets:
            services = [step.service for step in ticket.steps if step.state == "waiting"]
            found = [self.newcomer(ticket.office, service, priority=bool(ticket.priority)) for service in services]
            return min((wait for wait in found if wait), key=lambda wait: (wait.high or 999, wait.low), default=None)
        return self.of(day, ticket.number) if ticket.date == day.date else None

    def _fresh(self, day: Day, at: int) -> Published | None:
        state = self._offices.get(day.rules_of.id)
        found = state.published if state and state.date == day.date else None
        return found if found and at - found.at <= STALE else None

    def _said_to_newcomers(self, day: Day, at: int, service: str, *, priority: bool) -> tuple[Range, int] | None:
        if not _takes(day, service):
            return None
        published = self._fresh(day, at)
        if published and (said := published.newcomers.get((service, priority))):
            return said.told, published.at
        known = self._known(day)
        waits = queue_length(day, known.paces)
        if service not in waits:
            return None
        return known.known["queue"].publish((service, priority), guess_from(waits[service]), "queue", at), at

    def _said_to(self, day: Day, ticket: Ticket, at: int) -> tuple[Said, int] | None:
        published = self._fresh(day, at)
        if published:
            said = published.people.get((ticket.number, ticket.since))
            if said is None and ticket.since == ticket.arrived:
                said = _shortest(published, ticket)
            if said:
                return said, published.at
        known = self._known(day)
        found = queue_length_of(day, ticket, known.paces)
        if found is None:
            return None
        guess, key = guess_from(found[0]), (found[1], bool(ticket.priority))
        return Said(known.known["queue"].publish(key, guess, "queue", at), guess, found[1]), at

    def _known(self, day: Day) -> _Office:
        """What is known of a day; where nothing was read yet, what is believed of any office."""
        office = day.rules_of
        state = self._offices.get(office.id)
        if state and state.date == day.date:
            return state
        if (believed := self._believed.get(office.id)) and believed[0] is office:
            return believed[1]
        known: dict[Method, Calibration] = {"futures": Calibration(), "queue": Calibration()}
        self._believed[office.id] = office, _Office(day.date, 0, Spent(), [], known, learn(office, Spent()))
        return self._believed[office.id][1]

    # --- Following the ledger

    def hear(self, office: str, day: str, recorded: Recorded) -> None:
        """Something happened on a service day; the day's state has it already. Cheap: it is called for every event."""
        self._heard.append((office, day, recorded))
        event = recorded.event
        state = self._offices.get(office)
        if isinstance(event, TicketIssued) and state and state.date == day:
            now = self._house.present.day(office, date.fromisoformat(day))
            self._tell(state, now, now.tickets[event.number], event.at)

    def _tell(self, state: _Office, day: Day, ticket: Ticket, at: int) -> None:
        """What a person is told of a new wait goes on record with the next batch."""
        if ticket.state != "waiting" or (ticket.number, ticket.since) in state.told:
            return
        said = self._said_to(day, ticket, at)
        if said is None or not said[0].told.says:
            return
        queue = queue_length_of(day, ticket, state.paces)
        guess = guess_from(queue[0]) if queue else None
        key = said[0].service, bool(ticket.priority)
        told = Told(
            number=ticket.number,
            service=said[0].service,
            priority=bool(ticket.priority),
            at=at,
            since=ticket.since,
            told=said[0].told,
            guess=said[0].guess,
            queue=state.known["queue"].publish(key, guess, "queue", at) if guess else None,
            queue_guess=guess,
        )
        state.told.add((ticket.number, ticket.since))
        state.open[ticket.number] = told
        self._pending.setdefault((day.rules_of.id, day.date), deque()).append(told)
        if sum(map(len, self._pending.values())) > PENDING:
            self._taken(1)

    def _take_in(self) -> None:
        """Learns from what was heard."""
        while self._heard:
            office, day, recorded = self._heard.popleft()
            state = self._offices.get(office)
            if not state or state.date != day or recorded.position <= state.position:
                continue
            state.position = recorded.position
            event = recorded.event
            paces.evolve(state.today, event)  # type: ignore[arg-type]
            if isinstance(event, TicketCalled) and (told := state.open.pop(event.number, None)):
                _learn(state.known, told, (event.at - told.at) // 1000)
            if isinstance(event, ActionUndone) and event.action == "call":
                state.open.pop(event.number, None)

    # --- Running

    def start(self) -> None:
        """Begins to forecast. Called on the server's loop, once."""
        self._stopping = False
        self._running = [gevent.spawn(self._run), gevent.spawn(self._record)]

    def stop(self) -> None:
        """Ends what is being computed, and writes what is still to be put on record."""
        self._stopping = True
        gevent.killall(self._running)
        self._running = []
        while self._pending and self._write():
            pass

    def _run(self) -> None:
        while True:
            for office in self._house.present.offices():
                try:
                    took = self._look(office)
                except Exception:
                    log.exception("no forecast of %s: the queue's length says", office)
                else:
                    gevent.sleep(rest_after(took))
            gevent.sleep(TURN)

    def _record(self) -> None:
        """Every few seconds, and never behind the forecasts: what people were told, a batch for each office."""
        while True:
            gevent.sleep(BATCH_EVERY / 1000)
            for _ in range(len(self._pending)):
                if not self._write():
                    break

    def _look(self, office: str) -> float:
        """Forecasts an office anew if it is time. How many seconds of the processor that took."""
        day, at = self._house.today(office), self._house.now()
        if not day.version or not day.open:
            return 0.0
        state = self._offices.get(office)
        if state is None or state.date != day.date:
            self._take_in()
            state = self._offices[office] = self._house.off_loop(
                _past, self._house.ledger, day.rules_of, day.date, self._house.present.position
            )
        self._take_in()
        before, age = state.published, at - (state.published.at if state.published else 0)
        changed = before is None or before.version != day.version
        if (changed and self._house.feed.is_watched(office) and age >= WATCHED) or (
            age >= UNWATCHED and (changed or day.tally["waiting"])
        ):
            return self._forecast(office, state)
        return 0.0

    def _forecast(self, office: str, state: _Office) -> float:
        house = self._house
        state.paces = house.off_loop(learn, house.today(office).rules_of, state.today, state.before)
        day, at = house.today(office), house.now()
        if day.date != state.date:
            return 0.0
        now = scene(day, at, state.today, state.paces)
        seed = crc32(f"{office} {day.date}".encode())
        found, took = house.off_loop(_timed, partial(forecast, now, seed, between=self._breathe))
        before, state.published = state.published, _published(found, now.people_by_number(), state.known["futures"])
        day = house.today(office)
        if day.date == state.date:
            for ticket in day.tickets.values():
                if (ticket.number, ticket.since) in state.published.people:
                    self._tell(state, day, ticket, house.now())
        if _words(before) != _words(state.published):
            house.concern(office)
        return took

    def _breathe(self) -> None:
        """Lets the loop have its turn; ends a forecast that nobody needs any more."""
        if self._stopping:
            raise _StoppedError
        time.sleep(0)

    def _write(self) -> bool:
        """Puts what people were told on record: one batch, of one day. False when that is not possible now."""
        at = self._house.now()
        if not self._pending:
            return True
        (office, day), batch = self._taken(BATCH)
        key = f"waits {self._mark} {batch[0].number} {batch[0].since} {at}"
        try:
            self._house.do(
                RecordWaits(office=office, at=at, by="system", key=key, date=day, model=MODEL, waits=tuple(batch))
            )
        except Refusal:
            return True  # another server was faster
        except LedgerUnavailableError as reason:
            log.warning("what people were told of their waits is not on record yet: %s", reason)
            self._pending.setdefault((office, day), deque()).extendleft(reversed(batch))
            return False
        return True

    def _taken(self, most: int) -> tuple[tuple[str, str], list[Told]]:
        """The oldest of what is to be recorded, of one day; what is left of that day waits behind the others."""
        whose = next(iter(self._pending))
        waiting = self._pending.pop(whose)
        batch = [waiting.popleft() for _ in range(min(most, len(waiting)))]
        if waiting:
            self._pending[whose] = waiting
        return whose, batch


class _StoppedError(Exception):
    """The server stops."""


def rest_after(took: float) -> float:
    """For how many seconds nothing is forecast after so many seconds of the processor."""
    return took * (1 / SHARE - 1)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What comes of it, and how many seconds of the processor it took this thread."""
    began = time.thread_time()
    return work(), time.thread_time() - began


def _takes(day: Day, service: str) -> bool:
    return any(now.state != "closed" and service in now.services for now in day.counters.values())


def _shortest(published: Published, ticket: Ticket) -> Said | None:
    """What somebody who has just come is told: of the lines that they stand in, the one that is fastest."""
    found = [published.newcomers.get((service, bool(ticket.priority))) for service in ticket.waits]
    return min((said for said in found if said), key=lambda said: said.guess.middle, default=None)


def _published(found: Forecast, since: dict[str, tuple[int, bool]], known: Calibration) -> Published:
    people, newcomers = {}, {}
    for number, waits in found.people.items():
        guess, (began, priority) = guess_of(waits), since[number]
        told = known.publish((waits.service, priority), guess, "futures", found.at)
        people[number, began] = Said(told, guess, waits.service)
    for key, waits in found.newcomers.items():
        guess = guess_of(waits)
        newcomers[key] = Said(known.publish(key, guess, "futures", found.at), guess, key[0])
    return Published(at=found.at, version=found.version, people=people, newcomers=newcomers)


def _words(published: Published | None) -> list[tuple[object, Wait]]:
    """What pages show of it."""
    if published is None:
        return []
    people, newcomers = published.people.items(), published.newcomers.items()
    return [(key, shown(one.told, published.at)) for key, one in (*people, *newcomers)]


def _learn(known: dict[Method, Calibration], told: Told, took: int) -> None:
    known[told.told.method].learn(told.key, told.guess, took, told.told, told.at)
    if told.queue_guess and told.told.method != "queue":
        known["queue"].learn(told.key, told.queue_guess, took, told.queue, told.at)


def _past(ledger: Ledger, office: Office, day: str, position: int) -> _Office:
    """What the record says of a day up to a position, and of the days before it. Reads the disk."""
    first = day_stream(office.id, day)
    streams = ledger.last_streams(day_stream(office.id, ""), DAYS, before=first)
    known: dict[Method, Calibration] = {"futures": Calibration(), "queue": Calibration()}
    spent: list[Spent] = []
    told: list[Told] = []
    came: set[tuple[str, int]] = set()
    for stream in [*streams, first]:
        rows = [recorded.event for recorded in ledger.history(stream) if recorded.position <= position]
        batches = [
            recorded.event
            for recorded in ledger.history(forecast_stream(office.id, stream.rpartition(":")[2]))
            if isinstance(recorded.event, WaitsPredicted)
        ]
        found = outcomes(batches, rows)  # type: ignore[arg-type]
        for one in found:
            _learn(known, one.told, one.took)
        shown_of = Spent()
        for event in rows:
            paces.evolve(shown_of, event)  # type: ignore[arg-type]
        spent.append(shown_of)
        told = [wait for batch in batches for wait in batch.waits]
        came = {(one.told.number, one.told.since) for one in found}
    *before, today = spent
    return _Office(
        date=day,
        position=position,
        today=today,
        before=before,
        known=known,
        paces=learn(office, today, before),
        told={(one.number, one.since) for one in told},
        open={one.number: one for one in told if (one.number, one.since) not in came},
    )

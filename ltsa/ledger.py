"""The permanent record. One writer decides and appends, readers follow; nothing is answered before it is durable.

The writer takes the ledger's lock, reads what other processes appended, decides every command that is queued, inserts,
commits once, then answers (group commit). So commands of any number of threads and processes wait for each other for
moments and never conflict. Where it all lies is the store's (`ltsa/store.py`): a file, or a PostgreSQL database.
"""

import logging
from _thread import allocate_lock
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from typing import Any, NamedTuple

from ltsa import access, configuring, flow, journal, journey, journey_rules, predictions, requests, shown, visit
from ltsa.access import AccessCommand
from ltsa.board import Answer, answer, unopened
from ltsa.calling import carry_out
from ltsa.commands import ConfigureDay, DayCommand, IssueTicket, OpenDay, TieTicket
from ltsa.configuring import ConfigurationCommand, Configurations
from ltsa.day import Day, evolve
from ltsa.happened import DayEvent
from ltsa.journal import WriteJournal
from ltsa.journey import CaseMoved, CaseOpened, PersonEvent, person_of, person_stream
from ltsa.journey_rules import Here, PersonCommand
from ltsa.log import LAST_LEAF, Log, grow, missing
from ltsa.message import Refusal, key_digest
from ltsa.predictions import RecordWaits, forecast_stream
from ltsa.present import AnyEvent, Recorded, day_stream, office_stream
from ltsa.record import BEYOND, CHUNK, NEXT, Record, encoded, events_of, topic_of
from ltsa.requests import RequestCommand, requests_stream
from ltsa.rules import decide
from ltsa.shown import RecordBoards, shown_stream
from ltsa.store import FORMAT, ConnectionLostError, Cursor, Place, Row, Store, demand_known, store_at
from ltsa.store import LedgerUnavailableError as LedgerUnavailableError  # noqa: PLC0414 - the ledger raises it

log = logging.getLogger(__name__)

BATCH = 256
ANSWERS_KEPT = 4096
TOLD_FOR = 600_000
"""ms for which an answer is told again without the writer."""
SEEN_KEPT = 1024

AnyCommand = (
    DayCommand
    | AccessCommand
    | WriteJournal
    | ConfigurationCommand
    | PersonCommand
    | RequestCommand
    | RecordWaits
    | RecordBoards
)


class Done(NamedTuple):
    """What a command led to: its events with their positions, and the picture to answer with, exactly as it was right
    after the last of them. `repeated` says that this key had been answered before.
    """

    events: tuple[Recorded, ...]
    answer: Answer | None
    repeated: bool = False

    @property
    def position(self) -> int:
        """The position of the command's last event."""
        return self.events[-1].position


class Asked:
    """A command on its way. `result()` blocks until the ledger has answered; `finished` is called when it has."""

    __slots__ = ("_lock", "_outcome", "command", "finished")

    def __init__(self, command: AnyCommand, finished: Callable[[], object] | None) -> None:
        self.command = command
        self.finished = finished
        self._outcome: Done | Exception | None = None
        self._lock = allocate_lock()
        self._lock.acquire()

    def settle(self, outcome: Done | Exception) -> None:
        """Gives the answer. Called once, by the writer."""
        self._outcome = outcome
        self._lock.release()
        if self.finished is not None:
            _tell(self.finished)

    def result(self) -> Done:
        """The answer, as soon as it is durable. Raises `Refusal` or `LedgerUnavailableError`."""
        with self._lock:
            if isinstance(self._outcome, Exception):
                raise self._outcome
            assert self._outcome is not None  # noqa: S101 - the lock was released by settle()
            return self._outcome


def _tell(whom: Callable[[], object]) -> None:
    """Calls somebody from the writer's thread, which outlives whatever they do."""
    try:
        whom()
    except Exception:
        log.exception("whoever waits for the ledger could not be told")


class Ledger(Record):
    """The record at a place. Safe to use from any thread, and by any number of processes at once.

    `folder` is where the log's key lies, beside the ledger; a file's is its own, a database's has to be said.
    `store` replaces the place's own; without `threaded` its writer has no thread, and somebody gives it its turns.
    """

    def __init__(
        self, place: Place, folder: Path | None = None, *, store: Store | None = None, threaded: bool = True
    ) -> None:
        self.place = place
        self._folder = folder or (place.parent if isinstance(place, Path) else None)
        super().__init__(store or store_at(place))
        self._closed = False
        try:
            self._prepare()
            self._present = self.present()
        except LedgerUnavailableError:
            self._store.close()
            raise
        self.log = Log(self._store.reading, self._store.writing)
        self._doubtful = False
        self._seen: deque[Recorded] = deque(maxlen=SEEN_KEPT)
        self._answers: OrderedDict[tuple[str, str], Done] = OrderedDict()
        self._told: dict[str, Done] = {}
        self._queue: SimpleQueue[Asked | None] = SimpleQueue()
        self._listeners: list[Callable[[], object]] = []
        self._writer = Thread(target=self._write, name="ledger-writer", daemon=True) if threaded else None
        if self._writer:
            self._writer.start()

    # --- Commands

    def do(self, command: AnyCommand) -> Done:
        """Decides a command and waits until its events are durable. Raises `Refusal` or `LedgerUnavailableError`."""
        return self.submit(command).result()

    def submit(self, command: AnyCommand, finished: Callable[[], object] | None = None) -> Asked:
        """Hands a command in without waiting. The writer's thread calls `finished` when `result()` is there.

        What was told already is told at once, in the caller's thread: whoever comes again because a slow disk kept them
        waiting does not wait for the next commit too.
        """
        asked = Asked(command, finished)
        if (told := self._told_lately(command)) is not None and not self._closed:
            asked.settle(told._replace(repeated=True))
            return asked
        self._queue.put(asked)
        if self._closed:
            self._turn_away()
        return asked

    @property
    def name(self) -> str:
        """Where it lies, as it may be shown."""
        return self._store.name

    def on_commit_elsewhere(self, listener: Callable[[], object]) -> bool:
        """Calls `listener`, from a thread of its own, whenever another process may have committed. False for a file,
        which has to be watched.
        """
        return self._store.hear(listener)

    def on_commit(self, listener: Callable[[], object]) -> None:
        """Calls `listener` from the writer's thread after each commit of this process. It must be quick."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Answers what is queued and lets who reads finish, then closes the store. Whoever comes later is told that the
        ledger is closed.
        """
        self._queue.put(None)
        if self._writer:
            self._writer.join()
        else:
            self._write()
        self._closed = True
        self._turn_away()
        self._store.close()

    def _turn_away(self) -> None:
        with suppress(Empty):
            while True:
                if (asked := self._queue.get_nowait()) is not None:
                    asked.settle(LedgerUnavailableError("the ledger is closed"))

    @property
    def folder(self) -> Path:
        """Where the log's key lies. Raises `ValueError` for a database's that was not said."""
        if self._folder is None:
            raise ValueError("a ledger in a database signs with the key of a folder: Ledger(address, folder)")
        return self._folder

    # --- Reading

    def check(self) -> None:
        """Raises `LedgerUnavailableError` unless the record can be read and written now. May take its lock's time."""
        if self._writer and not self._writer.is_alive():
            raise LedgerUnavailableError("the ledger's writer has ended")
        self._store.check()

    @property
    def newest_seen(self) -> int:
        """The position of the newest event that this process's writer has seen; others may have written since."""
        return self._seen[-1].position if self._seen else 0

    def seen(self, position: int) -> list[Recorded]:
        """What follows a position, as far as this process's writer has it in memory: no disk, no waiting.

        Empty when it has nothing newer, or no longer all of it: then `since` tells.
        """
        known = self._seen.copy()
        if not known or not known[0].position <= position + 1 <= known[-1].position:
            return []
        return list(islice(known, position + 1 - known[0].position, None))

    # --- The writer

    def _prepare(self) -> None:
        """Makes the tables, or takes over those of an older program."""
        with self._store.appending() as cursor:
            found = self._store.format(cursor)
            demand_known(self._store.name, found)
            if found < FORMAT:
                self._store.create(cursor)
                if missing(cursor):
                    log.warning("%s is of an older program, and is brought to format %d", self._store.name, FORMAT)
        while found < FORMAT:
            with self._store.appending() as cursor:
                grow(cursor, rows := missing(cursor))  # of an older program, which knew no leaves
                if not rows:
                    self._store.mark(cursor, found := FORMAT)

    def _write(self) -> None:
        while self.turn():
            pass

    def turn(self) -> bool:
        """The writer's next turn: it waits for a command, and answers all that are queued then, after one commit. False
        when it was the last one: the ledger closes.
        """
        batch: list[Asked] = []
        asked = self._queue.get()
        if self._writer:
            sleep(0)  # a breath, so that those whom the last commit woke get into this one
        with suppress(Empty):
            while asked is not None:
                batch.append(asked)
                if len(batch) == BATCH:
                    break
                asked = self._queue.get_nowait()
        if batch:
            self._commit(batch)
        return asked is not None

    def _commit(self, batch: list[Asked]) -> None:
        """Answers every command of the batch, after one commit. If that fails, none of them happened."""
        outcomes: list[Done | Exception]
        before, failed = self.newest_seen, "nothing was recorded"
        try:
            try:
                outcomes = self._decide_all(batch)
            except ConnectionLostError as lost:
                # It may have been committed: the commands' keys tell, and what was not is done now.
                log.warning("the store was lost under a batch of %d commands: %s", len(batch), lost)
                self._doubt()
                failed = "whether it was recorded is not known yet, the same key will tell"
                outcomes = self._decide_all(batch)
        except Exception as error:
            log.exception("a batch of %d commands was not recorded", len(batch))
            self._doubt()
            fault = LedgerUnavailableError(f"{failed}: {error}")
            fault.__cause__ = error
            outcomes = [fault] * len(batch)
        for asked, outcome in zip(batch, outcomes, strict=True):
            self._keep(asked.command, outcome)
            asked.settle(outcome)
        if self.newest_seen != before:
            for listener in self._listeners:
                _tell(listener)

    def _told_lately(self, command: AnyCommand) -> Done | None:
        """What the same key was told a moment ago. Later it is the streams that tell: a key counts for a day or two."""
        if (told := self._told.get(command.key)) is None:
            return None
        first = told.events[0].event
        is_same = first.content == command.content() and abs(command.at - first.at) < TOLD_FOR
        return told if is_same else None

    def _keep(self, command: AnyCommand, outcome: Done | Exception) -> None:
        """Keeps what is durable now at hand, by the key that was sent, for whoever sends it again."""
        if isinstance(outcome, Done):
            self._told[command.key] = outcome
            if len(self._told) > ANSWERS_KEPT:
                del self._told[next(iter(self._told))]

    def _decide_all(self, batch: list[Asked]) -> list[Done | Exception]:
        """The answers to all commands of a batch, with what they led to on record."""
        rows, news = list[Recorded](), list[Recorded]()
        if self._doubtful:
            self._present, self._doubtful = self.present(), False
        self._present.let_go()
        with self._store.appending() as cursor:
            leaves = self._catch_up(cursor, news)
            self._gather(batch)
            outcomes = [self._decide(asked.command, rows) for asked in batch]
            if rows:
                self._insert(cursor, rows, leaves)
        if rows:
            self._present.position = rows[-1].position
        self._seen.extend((*news, *rows))  # not before they are durable: pages read here
        return outcomes

    def _doubt(self) -> None:
        """What is in memory may not be what is on record: it is read anew before the next command."""
        self._doubtful = True
        self._seen.clear()
        self._answers.clear()

    def _gather(self, batch: list[Asked]) -> None:
        """Takes in what was queued while the lock was waited for: it goes into the same commit."""
        with suppress(Empty):
            while len(batch) < BATCH:
                if (asked := self._queue.get_nowait()) is None:
                    self._queue.put(None)  # the ledger closes, after this turn
                    break
                batch.append(asked)

    def _insert(self, cursor: Cursor, rows: list[Recorded], leaves: int | None) -> None:
        """Appends rows at the positions they were promised, which under the lock are the next ones. `leaves` are as
        many as there are, None where some are missing.
        """
        stored = [Row(row.position, row.stream, row.version, topic_of(row.event), encoded(row.event)) for row in rows]
        while leaves is None and (
            late := missing(cursor)
        ):  # what an older program, still running, appended; or somebody by hand
            log.warning("events from position %d on were appended without leaves; now they have some", late[0].position)
            grow(cursor, late)
        self._store.insert(cursor, stored)
        grow(cursor, stored, leaves)

    def _catch_up(self, cursor: Cursor, news: list[Recorded]) -> int | None:
        """Takes in what other processes appended, and adds it to `news`. How many leaves there are, None where some
        events have none yet. Only called under the ledger's lock.
        """
        more = True
        while more:
            found, leaf = self._store.found(cursor, (NEXT, (self._present.position, CHUNK)), (LAST_LEAF, ()))
            rows = events_of(found)
            for recorded in rows:
                self._present.apply(recorded)
            news += rows
            more = len(rows) == CHUNK
        [(last, position)] = leaf or [(-1, 0)]
        return last + 1 if position >= self._present.position else None

    def _decide(self, command: AnyCommand, rows: list[Recorded]) -> Done | Exception:  # noqa: C901, PLR0911 - one a kind
        """The answer to be, its events appended to `rows` and applied; or a refusal, which changes nothing.

        Whatever fails after that, half applied, must fail the batch.
        """
        before = len(rows)
        try:
            match command:
                case ConfigurationCommand():
                    return self._configure(command, rows)
                case PersonCommand():
                    return self._of_person(command, rows)
                case RequestCommand():
                    return self._of_request(command, rows)
                case AccessCommand():
                    return self._take(command, access.STREAM, self._present.access, access, rows)
                case WriteJournal():
                    stream = self._present.journal_stream(command.office, command.at)
                    return self._take(command, stream, self._present.kept(stream), journal, rows)
                case RecordWaits():
                    stream = forecast_stream(command.office, command.date)
                    return self._take(command, stream, self._present.kept(stream), predictions, rows)
                case RecordBoards():
                    stream = shown_stream(command.office, command.date)
                    return self._take(command, stream, self._present.kept(stream), shown, rows)
                case _:
                    return self._of_day(command, rows)
        except Refusal as refusal:
            return refusal
        except Exception as error:  # whatever it is, it is this command's alone
            if len(rows) > before:
                raise
            log.exception("a command could not be decided")
            return error

    def _of_day(self, command: DayCommand, rows: list[Recorded]) -> Done | Refusal:
        """A command of the service day that its instant lies in; the day begins with its first one."""
        office, date = self._present.office_at(command.office, command.at)
        key = key_digest(command.key)
        self._present.day(office.id, date - timedelta(days=1))  # a retry may cross midnight
        today = self._present.day(office.id, date)
        for loaded in self._present.loaded(office.id):
            if key in loaded.answered:
                return self._repeat(command, day_stream(office.id, loaded.date), key, loaded.answered[key])
        here = self._present.here(office.id, command.at)
        if isinstance(command, TieTicket) or (isinstance(command, IssueTicket) and command.person):
            command = visit.planned(command, today, self._present.person(command.person), here)
        stream = day_stream(office.id, today.date or date.isoformat())
        if today.office is None:
            trial = unopened(office, date)  # a refused command does not begin the day
            self._begun(decide(command, trial), trial, here)
            opening = OpenDay(
                office=office.id,
                at=command.at,
                by="system",
                key=f"open {stream}",
                date=date.isoformat(),
                configuration=office,
            )
            self._append(stream, today, decide(opening, today), rows)
        events = decide(command, today)
        begun = self._begun(events, today, here)
        done = self._append(stream, today, events, rows)
        return self._with(done, self._follow(events, today, here, rows, begun))

    def _begun(self, events: Sequence[DayEvent], day: Day, here: Here) -> list[tuple[str, list[PersonEvent]]]:
        """The visits that events of a day begin, by person, before they are applied; raises the person's refusal."""
        begun = list[tuple[str, list[PersonEvent]]]()
        for event in events:
            for ticket in visit.whose(event, day):
                visit.check_documents(event, ticket, self._present.person(person_of(ticket.case)), here)
            if (found := visit.begins(event, day)) is not None:
                person = person_of(found[0])
                begun.append((person, visit.begin(event, *found, self._present.person(person), here)))
        return begun

    def _follow(
        self,
        events: Sequence[DayEvent],
        day: Day,
        here: Here,
        rows: list[Recorded],
        begun: Sequence[tuple[str, list[PersonEvent]]] = (),
    ) -> list[Recorded]:
        """Records what events of a day, just applied, mean for the journeys of those whom they are about."""
        told = list[Recorded]()
        for person, first in begun:
            told += self._record(person_stream(person), self._present.person(person), first, rows, journey.evolve)
        for event in events:
            for ticket in visit.whose(event, day):
                person = person_of(ticket.case)
                state = self._present.person(person)
                following = list(visit.follow(event, day, ticket, state, here))
                told += self._record(person_stream(person), state, following, rows, journey.evolve)
        return told

    def _of_person(self, command: PersonCommand, rows: list[Recorded]) -> Done | Refusal:
        """A command about a person's journey. The first case that follows a flow keeps it, in the same transaction."""
        stream, key, person = person_stream(command.person), key_digest(command.key), command.person
        state, here = self._present.person(person), self._present.here(command.office, command.at)
        if key in state.answered:
            return self._repeat(command, stream, key, state.answered[key])
        events = journey_rules.decide(command, state, here)
        done = self._append(stream, state, events, rows, journey.evolve)
        first, flows = events[0], self._present.flows
        if not isinstance(first, CaseOpened | CaseMoved):
            return done
        kept = flow.keep(here.office.flow[first.scheme], flows, first)
        return self._with(done, self._record(flow.STREAM, flows, kept, rows, flow.evolve))

    def _of_request(self, command: RequestCommand, rows: list[Recorded]) -> Done | Refusal:
        """A command about a request of a person about their data, and what it means for them, in one transaction."""
        here, stream = self._present.here(command.office, command.at), requests_stream(command.office)
        state, key = self._present.requests(command.office), key_digest(command.key)
        if key in state.answered:
            return self._repeat(command, stream, key, state.answered[key])
        person = requests.whose(command, state)
        subject = self._present.person(person)
        events = requests.decide(command, state, subject, here)
        done = self._append(stream, state, events, rows, requests.evolve)
        following = requests.follow(events[0], state.of(events[0].request), subject, command.office)
        return self._with(done, self._record(person_stream(person), subject, following, rows, journey.evolve))

    def _take(self, command: AnyCommand, stream: str, state: Any, rules: Any, rows: list[Recorded]) -> Done | Refusal:
        """Decides a command by the rules of its stream: a module with `decide` and `evolve`."""
        key = key_digest(command.key)
        if key in state.answered:
            return self._repeat(command, stream, key, state.answered[key])
        return self._append(stream, state, rules.decide(command, state), rows, rules.evolve)

    def _append(
        self,
        stream: str,
        state: Any,
        events: Sequence[AnyEvent],
        rows: list[Recorded],
        evolve: Callable[[Any, Any], None] = evolve,
    ) -> Done:
        recorded = self._record(stream, state, events, rows, evolve)
        picture = answer(state, [one.event for one in recorded]) if isinstance(state, Day) else None  # type: ignore[misc]
        return self._answered(Done(tuple(recorded), picture))

    def _record(
        self,
        stream: str,
        state: Any,
        events: Sequence[AnyEvent],
        rows: list[Recorded],
        evolve: Callable[[Any, Any], None],
    ) -> list[Recorded]:
        position, version = self._present.position + len(rows), state.version
        recorded = [Recorded(position + n, stream, version + n, event) for n, event in enumerate(events, 1)]
        rows += recorded
        if isinstance(state, Day):
            happened = carry_out(state, events)  # type: ignore[arg-type]
            following = enumerate(happened[len(events) :], len(events) + 1)
            more = [Recorded(position + n, stream, version + n, event) for n, event in following]
            rows += more
            return recorded + more
        for event in events:
            evolve(state, event)
        return recorded

    def _with(self, done: Done, more: Sequence[Recorded]) -> Done:
        """An answer with what else came of the command in other streams."""
        return self._answered(done._replace(events=(*done.events, *more))) if more else done

    def _configure(self, command: ConfigurationCommand, rows: list[Recorded]) -> Done | Refusal:
        """A command about an office's configuration. What is in force today changes the day that is under way, in the
        same transaction or not at all.
        """
        stream, key = office_stream(command.office), key_digest(command.key)
        known = command.office in self._present.offices()
        state = self._present.configurations(command.office) if known else Configurations()
        if key in state.answered:
            return self._repeat(command, stream, key, state.answered[key])
        state.lived = state.lived or self._has_lived(command.office, rows)
        events = configuring.decide(command, state)
        later = configuring.after(state, events)
        date = later.today(command.at)
        day = self._present.day(command.office, date)
        of_day: Sequence[DayEvent] = []
        if day.office not in (None, later.on(date)) and events[0].since <= date.isoformat():
            now = ConfigureDay(
                office=command.office, at=command.at, by=command.by, key=command.key, configuration=later.on(date)
            )
            of_day = decide(now, day)
        done = self._append(stream, state, events, rows, configuring.evolve)
        self._present.configured(command.office, state)
        if of_day:
            today = self._append(day_stream(command.office, day.date), day, of_day, rows)
            here = self._present.here(command.office, command.at)
            done = self._with(done, [*today.events, *self._follow(of_day, day, here, rows)])
        return done

    def _has_lived(self, office: str, rows: list[Recorded]) -> bool:
        """Whether an office has had a service day."""
        days = day_stream(office, "")
        return any(row.stream.startswith(days) for row in rows) or bool(
            self._select("originator_id >= ? AND originator_id < ? LIMIT 1", days, days + BEYOND)
        )

    def _answered(self, done: Done) -> Done:
        """Keeps an answer at hand for a while, should the same key come again."""
        first = done.events[0]
        self._answers[first.stream, first.event.key] = done
        if len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return done

    def _repeat(self, command: AnyCommand, stream: str, key: str, answered: tuple[str, int]) -> Done | Refusal:
        """The first answer to this key once more, rebuilt from the record when it is no longer in memory."""
        content, version = answered
        if content != command.content():
            return Refusal(
                "key-reused",
                "This idempotency key was used for another command; use a new key for each.",
                field="Idempotency-Key",
            )
        if (kept := self._answers.get((stream, key))) is not None:
            return kept._replace(repeated=True)
        day, events = Day(), []
        for recorded in self.history(stream):
            if recorded.version > version and recorded.event.key != key:
                break
            if recorded.version >= version:
                events.append(recorded)
            if stream.startswith("day:"):
                evolve(day, recorded.event)  # type: ignore[arg-type]
        picture = answer(day, [recorded.event for recorded in events]) if day.office else None  # type: ignore[misc]
        return Done((*events, *self._beside(events[-1])), picture, repeated=True)

    def _beside(self, last: Recorded) -> Iterator[Recorded]:
        """What came of a command in other streams: it follows in the same commit, under the same key."""
        position, more = last.position, [last]
        while more:
            more = self.since(position)
            for recorded in more:
                if recorded.event.key != last.event.key:
                    return
                yield recorded
            position = more[-1].position if more else position

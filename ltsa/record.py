"""What is on record, as it is read: by position, by stream, by topic; and how an event is written there.

Nothing here decides anything or writes: that is the ledger (`ltsa/ledger.py`), which everybody reads through.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from ltsa import access, configuring, flow, journal, journey, predictions, requests, shown
from ltsa.day import Day, evolve
from ltsa.happened import TOPICS
from ltsa.journey import Person, person_stream
from ltsa.present import AnyEvent, Present, Recorded, office_stream
from ltsa.store import Cursor, Row, Store
from ltsa.store import LedgerUnavailableError as LedgerUnavailableError  # noqa: PLC0414 - the ledger raises it

CHUNK = 1000
BEYOND = "\U0010ffff"
"""Comes after every letter that a stream's name has."""

_topics: dict[str, type[AnyEvent]] = {
    **TOPICS,
    **access.TOPICS,
    **journal.TOPICS,
    **configuring.TOPICS,
    **journey.TOPICS,
    **flow.TOPICS,
    **requests.TOPICS,
    **predictions.TOPICS,
    **shown.TOPICS,
}
_topic_of = {event: topic for topic, event in _topics.items()}
_decoders = {topic: msgspec.json.Decoder(event) for topic, event in _topics.items()}
_encoder = msgspec.json.Encoder()


def topic_of(event: AnyEvent) -> str:
    """Under which name an event stands in the record: "step-done/1"."""
    return _topic_of[type(event)]


def encoded(event: AnyEvent) -> bytes:
    """An event as it stands in the record."""
    return _encoder.encode(event)


class Stored(NamedTuple):
    """An event as it lies on the disk, byte for byte."""

    position: int
    version: int
    topic: str
    state: bytes


EVENTS = "SELECT rowid, originator_id, originator_version, topic, state FROM ledger WHERE "
NEXT = f"{EVENTS}rowid > ? ORDER BY rowid LIMIT ?"


def decoded(cursor: Cursor, where: str, *values: object) -> list[Recorded]:
    """The decoded events of `SELECT … WHERE {where}`. Raises `LedgerUnavailableError` for one that nobody can read."""
    cursor.execute(EVENTS + where, values)
    return events_of(cursor.fetchall())


def events_of(rows: list[Any]) -> list[Recorded]:
    """The decoded events of rows as `EVENTS` finds them."""
    decoders = _decoders
    try:
        return [
            Recorded(position, stream, version, decoders[topic].decode(state))
            for position, stream, version, topic, state in rows
        ]
    except KeyError as error:
        message = f"the ledger holds events of kind {error}, which this version of the program does not know"
        raise LedgerUnavailableError(message) from error
    except msgspec.DecodeError as error:
        message = f"the ledger holds an event that cannot be read by this version of the program: {error}"
        raise LedgerUnavailableError(message) from error


class Record:
    """The record in a store. Safe to use from any thread, and by any number of processes at once. Everything here reads
    the disk, and raises `LedgerUnavailableError` where that cannot be done.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self) -> int:
        """The position of the newest event, 0 when there is none. Cheap enough to poll."""
        with self._store.reading() as cursor:
            cursor.execute("SELECT max(rowid) FROM ledger")
            newest: int = cursor.fetchone()[0] or 0
            self._store.settle(cursor)
            return newest

    def since(self, position: int, limit: int = CHUNK) -> list[Recorded]:
        """The next events of the whole ledger after a position, in order: those that nothing takes back any more."""
        with self._store.reading() as cursor:
            if found := decoded(cursor, "rowid > ? ORDER BY rowid LIMIT ?", position, limit):
                self._store.settle(cursor)
            return found

    def last(self, stream: str) -> Recorded | None:
        """A stream's last event, None where there is none."""
        found = self._select("originator_id = ? ORDER BY originator_version DESC LIMIT 1", stream)
        return found[0] if found else None

    def history(self, stream: str, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """A stream's events with `after < version <= until`, in order, read in chunks."""
        last = (1 << 62) if until is None else until
        while after < last:
            where = (
                "originator_id = ? AND originator_version > ? AND originator_version <= ? ORDER BY originator_version"
            )
            chunk = self._select(f"{where} LIMIT ?", stream, after, last, CHUNK)
            yield from chunk
            if len(chunk) < CHUNK:
                return
            after = chunk[-1].version

    def stored(self, stream: str, until: int | None = None) -> Iterator[Stored]:
        """A stream's events as they are stored, up to a position of the ledger, in order, read in chunks: for who has
        to prove what was written, or takes out much of it and needs little of each.
        """
        last, after = (1 << 62) if until is None else until, 0
        while True:
            with self._store.reading() as cursor:
                cursor.execute(
                    "SELECT rowid, originator_version, topic, CAST(state AS BLOB) FROM ledger"
                    " WHERE originator_id = ? AND originator_version > ? AND rowid <= ?"
                    " ORDER BY originator_version LIMIT ?",
                    (stream, after, last, CHUNK),
                )
                chunk = list(map(Stored._make, cursor.fetchall()))
            yield from chunk
            if len(chunk) < CHUNK:
                return
            after = chunk[-1].version

    def leaves(self, first: int, end: int) -> Iterator[Row]:
        """The stored events of the proof log's leaves `first` to `end`, in order, read in chunks."""
        for begin in range(first, end, CHUNK):
            with self._store.reading() as cursor:
                cursor.execute(
                    "SELECT rowid, originator_id, originator_version, topic, CAST(state AS BLOB) FROM leaves"
                    " JOIN ledger ON rowid = position WHERE leaf >= ? AND leaf < ? ORDER BY leaf",
                    (begin, min(begin + CHUNK, end)),
                )
                rows = list(map(Row._make, cursor.fetchall()))
            yield from rows

    def streams(self, prefix: str) -> list[str]:
        """The names of the streams that begin so, in order: `day:ltsa:` gives an office's service days. Goes from name
        to name: years of events cost no more than their days.
        """
        end = prefix + BEYOND
        with self._store.reading() as cursor:
            cursor.execute(
                """WITH RECURSIVE names(name) AS (
                    SELECT min(originator_id) FROM ledger WHERE originator_id >= ? AND originator_id < ?
                    UNION ALL
                    SELECT (SELECT min(originator_id) FROM ledger WHERE originator_id > name AND originator_id < ?)
                    FROM names WHERE name IS NOT NULL
                ) SELECT name FROM names WHERE name IS NOT NULL""",
                (prefix, end, end),
            )
            return [row[0] for row in cursor.fetchall()]

    def last_streams(self, prefix: str, count: int, before: str = "") -> list[str]:
        """The last `count` of the streams that begin so, in order; of those before a name if one is given."""
        end, found = before or prefix + BEYOND, list[str]()
        with self._store.reading() as cursor:
            while len(found) < count:
                cursor.execute(
                    "SELECT max(originator_id) FROM ledger WHERE originator_id >= ? AND originator_id < ?",
                    (prefix, end),
                )
                if (end := cursor.fetchone()[0]) is None:
                    break
                found.append(end)
        return found[::-1]

    def lengths(self, prefix: str) -> dict[str, int]:
        """How many events each stream has whose name begins so, in order of the names."""
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT originator_id, max(originator_version) FROM ledger"
                " WHERE originator_id >= ? AND originator_id < ? GROUP BY originator_id ORDER BY originator_id",
                (prefix, prefix + BEYOND),
            )
            return {row[0]: row[1] for row in cursor.fetchall()}

    def told(self, *topics: str, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """All events of some topics, of every stream, with `after < position <= until`, in order. Reads through the
        whole record between them: for what is asked for now and then, never for a page.
        """
        position, marks, last = after, ",".join("?" * len(topics)), (1 << 62) if until is None else until
        while chunk := self._select(
            f"rowid > ? AND rowid <= ? AND topic IN ({marks}) ORDER BY rowid LIMIT ?", position, last, *topics, CHUNK
        ):
            yield from chunk
            position = chunk[-1].position

    def told_in(self, prefix: str, *topics: str) -> list[Recorded]:
        """The events of some topics in the streams that begin so, in order. Reads through these streams alone."""
        marks = ",".join("?" * len(topics))
        where = f"originator_id >= ? AND originator_id < ? AND topic IN ({marks})"
        return sorted(self._select(where, prefix, prefix + BEYOND, *topics), key=lambda row: row.position)

    def histories(self, streams: Sequence[str], until: int) -> dict[str, list[Recorded]]:
        """The events of some streams up to a position of the ledger, in order, by stream."""
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for n in range(0, len(streams), CHUNK // 2):
            some = streams[n : n + CHUNK // 2]
            where = f"originator_id IN ({','.join('?' * len(some))}) AND rowid <= ?"
            for row in self._select(f"{where} ORDER BY originator_id, originator_version", *some, until):
                found[row.stream].append(row)
        return found

    def at(self, *positions: int) -> list[Recorded]:
        """The events at some positions of the ledger, in order; what is not there is left out."""
        found = list[Recorded]()
        for n in range(0, len(positions), CHUNK // 2):
            some = positions[n : n + CHUNK // 2]
            found += self._select(f"rowid IN ({','.join('?' * len(some))})", *some)
        return sorted(found, key=lambda row: row.position)

    def person(self, person: str) -> Person:
        """What is on record of a person's journey; of one who never came, nothing."""
        state = Person()
        for recorded in self.history(person_stream(person)):
            journey.evolve(state, recorded.event)  # type: ignore[arg-type]
        return state

    def present(self) -> Present:
        """A new picture of what is true now. It reads days when they are asked for; the caller keeps it up to date."""
        present = Present(self._read_up_to, self.newest())
        for stream in self.streams(office_stream("")):
            for recorded in self._read_up_to(stream, present.position):
                present.apply(recorded._replace(position=present.position))
        return present

    def _read_up_to(self, stream: str, position: int) -> Iterator[Recorded]:
        """A stream's events up to a position of the ledger."""
        for recorded in self.history(stream):
            if recorded.position > position:
                return
            yield recorded

    def _select(self, where: str, *values: object) -> list[Recorded]:
        with self._store.reading() as cursor:
            return decoded(cursor, where, *values)


def replayed(history: Iterator[Recorded]) -> Day:
    """A day's state from its events."""
    day = Day()
    with collection_paused():
        for recorded in history:
            evolve(day, recorded.event)  # type: ignore[arg-type]
    return day


@contextmanager
def collection_paused() -> Iterator[None]:
    """Cyclic garbage collection pauses while a day is read: nothing there makes cycles, and looking for some would cost
    more than the replay.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

"""An extract as OCEL 2.0: a SQLite file as the standard lays it out, and the same as JSON.

What belongs to whom is gathered in the file itself, so neither way holds the extract in memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from audit.exports.extract import PERSONAL, Extract, Taken, Who, pieces, utc
from ltsa.journey import person_of

OBJECTS = {
    "ticket": ("state",),
    "case": (),
    "person": (),
    "counter": ("state",),
    "officer": (),
    "service": (),
    "office": (),
    "export": ("watermark",),
}
"""The kinds of objects with their attributes. The format has no place for a watermark: it is an object."""

ATTRIBUTES = ("outcome", "reason", "corrects")
"""What every event has besides its objects; `corrects` is the event that it takes back."""

STATES = {
    "ticket-issued": "waiting",
    "ticket-called": "called",
    "service-started": "serving",
    "ticket-held": "held",
    "ticket-resumed": "serving",
    "service-finished": "served",
    "ticket-transferred": "transferred",
    "ticket-put-back": "waiting",
    "ticket-returned": "returned",
    "ticket-missed": "absent",
    "ticket-cancelled": "cancelled",
    "ticket-closed": "closed",
}
"""What a ticket becomes. "served" is served at one counter: it may go on to wait for the next."""

UNDONE = {"call": "waiting", "no-show": "called"}
"""What a ticket becomes again once this is taken back; after anything else it is being served again."""

COUNTER_STATES = {"counter-opened": "open", "counter-paused": "paused", "counter-closed": "closed"}

_TABLES = """
PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY;
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES event_map_type (ocel_type));
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES object_map_type (ocel_type));
CREATE TABLE event_object (ocel_event_id TEXT REFERENCES event (ocel_id),
    ocel_object_id TEXT REFERENCES object (ocel_id), ocel_qualifier TEXT,
    PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
CREATE TABLE object_object (ocel_source_id TEXT REFERENCES object (ocel_id),
    ocel_target_id TEXT REFERENCES object (ocel_id), ocel_qualifier TEXT,
    PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
"""


def written(events: Iterable[Taken], extract: Extract, who: Who, path: Path) -> Iterator[bytes]:
    """The events in the form that the extract asks for, gathered in a file at `path` before."""
    write(path, events, extract, who)
    return as_json(path, extract) if extract.wanted.format == "ocel-json" else pieces(path)


def kinds_of(extract: Extract) -> dict[str, tuple[str, ...]]:
    """The kinds of objects with the attributes that they have in an extract."""
    return OBJECTS | {"person": PERSONAL} if extract.wanted.why else OBJECTS


def write(path: Path, events: Iterable[Taken], extract: Extract, who: Who) -> None:
    """Writes the SQLite file; `path` must not exist."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_TABLES)
        for kind, attributes in kinds_of(extract).items():
            db.execute("INSERT INTO object_map_type VALUES (?,?)", (kind, kind))
            columns = "".join(f", {name} TEXT" for name in attributes)
            db.execute(
                f"CREATE TABLE object_{kind} (ocel_id TEXT REFERENCES object (ocel_id), ocel_time TIMESTAMP,"
                f" ocel_changed_field TEXT{columns})"
            )
        made = _Made(db, kinds_of(extract), who)
        for taken in events:
            made.take(taken)
        made.object("export:this", "export", utc(extract.at), extract.watermark)
        db.commit()


class _Made:
    """The file while it is written."""

    def __init__(self, db: sqlite3.Connection, objects: dict[str, tuple[str, ...]], who: Who) -> None:
        self._db, self._objects_have, self._who = db, objects, who
        self._kinds: set[str] = set()
        self._day, self._events = ("", ""), dict[int, str]()

    def object(self, name: str, kind: str, time: str, *values: str) -> str:
        """The object's name; the first mention is its beginning."""
        new = self._db.execute("INSERT OR IGNORE INTO object VALUES (?,?)", (name, kind)).rowcount
        if new:
            attributes = self._objects_have[kind]
            if kind == "person" and attributes and (person := self._who(name.removeprefix("person:"))):
                values = tuple(getattr(person, attribute) for attribute in attributes)
            given = (*values, *("" for _ in attributes[len(values) :]))
            marks = ",?" * len(given)
            self._db.execute(f"INSERT INTO object_{kind} VALUES (?,?,NULL{marks})", (name, time, *given))  # noqa: S608
        return name

    def take(self, taken: Taken) -> None:
        """One event with its objects, their relations, and what it changes about them."""
        said, code, time = taken.said, taken.code, utc(taken.said.at)
        kind = code.replace("-", "_")
        if code not in self._kinds:
            self._kinds.add(code)
            columns = "".join(f", {name} TEXT" for name in ATTRIBUTES)
            self._db.execute("INSERT INTO event_map_type VALUES (?,?)", (code, kind))
            self._db.execute(
                f"CREATE TABLE event_{kind} (ocel_id TEXT PRIMARY KEY REFERENCES event (ocel_id),"
                f" ocel_time TIMESTAMP{columns})"
            )
        event = f"event:{taken.position}"
        self._db.execute("INSERT INTO event VALUES (?,?)", (event, code))
        if (taken.office, taken.date) != self._day:
            self._day, self._events = (taken.office, taken.date), {}
        self._events[taken.version] = event
        values = (event, time, said.outcome, said.reason, self._events.get(said.corrects, ""))
        self._db.execute(f"INSERT INTO event_{kind} VALUES (?,?,?,?,?)", values)  # noqa: S608
        about = list(self._objects(taken, time))
        self._db.executemany(
            "INSERT OR IGNORE INTO event_object VALUES (?,?,?)", [(event, name, role) for name, role in about]
        )
        self._relate(taken, about)
        self._change(taken, about, time)

    def _objects(self, taken: Taken, time: str) -> Iterator[tuple[str, str]]:
        said, office = taken.said, taken.office
        # Readers leave out an event without objects; the opening of a day is about the office.
        yield self.object(f"office:{office}", "office", time), "office"
        if said.number:
            yield self.object(f"ticket:{office}/{taken.date}/{said.number}", "ticket", time, "waiting"), "ticket"
        if said.case:
            yield self.object(f"case:{said.case}", "case", time), "case"
            yield self.object(f"person:{person_of(said.case)}", "person", time), "person"
        if said.counter:
            yield self.object(f"counter:{office}/{said.counter}", "counter", time, "closed"), "counter"
        for service in dict.fromkeys((said.service, *said.services, *said.added)):
            if service:
                yield self.object(f"service:{office}/{service}", "service", time), "service"
        if said.to:
            yield self.object(f"service:{office}/{said.to}", "service", time), "to"
        if said.by.startswith("officer:"):
            yield self.object(said.by, "officer", time), "officer"

    def _relate(self, taken: Taken, about: list[tuple[str, str]]) -> None:
        names = {role: name for name, role in about}
        found = [(names["case"], names["person"], "of person")] if "case" in names else []
        if "ticket" in names and "case" in names:
            found.append((names["ticket"], names["case"], "visit of"))
        if taken.code == "ticket-issued":
            found += [(names["ticket"], name, "asks for") for name, role in about if role == "service"]
        self._db.executemany("INSERT OR IGNORE INTO object_object VALUES (?,?,?)", found)

    def _change(self, taken: Taken, about: list[tuple[str, str]], time: str) -> None:
        state = STATES.get(taken.code)
        if taken.code == "action-undone":
            state = UNDONE.get(taken.said.action, "serving")
        changes = (("ticket", state), ("counter", COUNTER_STATES.get(taken.code)))
        for kind, became in changes:
            if became and taken.code != "ticket-issued":
                name = next(name for name, role in about if role == kind)
                self._db.execute(f"INSERT INTO object_{kind} VALUES (?,?,'state',?)", (name, time, became))  # noqa: S608


def as_json(path: Path, extract: Extract) -> Iterator[bytes]:
    """The file as OCEL 2.0 JSON, piece by piece."""
    encode, objects = msgspec.json.encode, kinds_of(extract)
    # A server draws each piece in whatever thread is free; never two at a time.
    with closing(sqlite3.connect(path, check_same_thread=False)) as db:
        kinds = [kind for (kind,) in db.execute("SELECT ocel_type FROM event_map_type ORDER BY 1")]
        yield b'{"objectTypes":' + encode([{"name": k, "attributes": _texts(a)} for k, a in objects.items()])
        yield b',"eventTypes":' + encode([{"name": k, "attributes": _texts(ATTRIBUTES)} for k in kinds])
        yield b',"objects":['
        mark = b""
        for kind, attributes in objects.items():
            for (name,) in db.execute("SELECT ocel_id FROM object WHERE ocel_type = ? ORDER BY rowid", (kind,)):
                yield mark + encode(_object(db, name, kind, attributes))
                mark = b","
        yield b'],"events":['
        mark = b""
        for name, kind in db.execute("SELECT ocel_id, ocel_type FROM event ORDER BY rowid"):
            table = f"event_{kind.replace('-', '_')}"
            time, *values = db.execute(
                f"SELECT ocel_time, {', '.join(ATTRIBUTES)} FROM {table} WHERE ocel_id = ?",  # noqa: S608
                (name,),
            ).fetchone()
            said = [{"name": key, "value": value} for key, value in zip(ATTRIBUTES, values, strict=True)]
            linked = _linked(db, "event_object", "ocel_event_id", "ocel_object_id", name)
            yield mark + encode({"id": name, "type": kind, "time": time, "attributes": said, "relationships": linked})
            mark = b","
        yield b"]}\n"


def _texts(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": "string"} for name in names]


def _object(db: sqlite3.Connection, name: str, kind: str, attributes: tuple[str, ...]) -> dict[str, object]:
    said = [
        {"name": key, "time": time, "value": value}
        for key in attributes
        for time, value in db.execute(
            f"SELECT ocel_time, {key} FROM object_{kind} WHERE ocel_id = ? ORDER BY rowid",  # noqa: S608
            (name,),
        )
    ]
    linked = _linked(db, "object_object", "ocel_source_id", "ocel_target_id", name)
    return {"id": name, "type": kind, "attributes": said, "relationships": linked}


def _linked(db: sqlite3.Connection, table: str, source: str, target: str, name: str) -> list[dict[str, str]]:
    found = db.execute(f"SELECT {target}, ocel_qualifier FROM {table} WHERE {source} = ? ORDER BY rowid", (name,))  # noqa: S608
    return [{"objectId": other, "qualifier": qualifier} for other, qualifier in found]

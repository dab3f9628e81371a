"""The read model `search`: what somebody looks for, and on which service days of an office it stands. Pure.

For each number, counter, officer, kind of event and code: how many events of a day name it, and where the first and the
last of these are. Cases and the outside systems' numbers stand for an office, whatever the day; of such a number only a
digest, so that who knows it finds the case and nobody else learns it.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ltsa import happened, journey
from ltsa.journey import ReferenceCompleted, ReferenceNoted
from ltsa.models.model import LIVE, Change, Known, Model, Put, Table
from ltsa.present import Recorded
from ltsa.record import BEYOND
from ltsa.replay import KINDS
from ltsa.side_store import Tables

FINDS = Table(
    name="finds",
    key={"office": str, "what": str, "word": str, "date": str},
    rest={"name": str, "events": int, "first": int, "last": int},
    adds=frozenset({"events"}),
    keeps=frozenset({"name", "first"}),
)
"""`what` is "number", "counter", "officer", "kind" or "code", on a local date (ISO); or "case" or "reference", of which
the date is "". `word` is what is looked for (`word_of`, a reference's `reference_word`), `name` how it is written; a
reference's is its case. `first` and `last` are positions of the ledger.
"""

SHORTEST_CASE = 8
"""Letters of a case's name from which on it is looked for."""

_ONE = ("service", "to", "outcome", "reason", "priority")
_SEVERAL = ("services", "added", "dropped", "reasons", "missing")
"""The fields of a day's events that hold codes of the office."""


def word_of(written: str) -> str:
    """How something is looked for: without a difference between letters, and with single blanks."""
    return " ".join(written.split()).casefold()


def reference_word(number: str) -> str:
    """How a number in an outside system is looked for: by a digest of its letters and digits."""
    letters = "".join(filter(str.isalnum, number.casefold()))
    return sha256(f"reference {letters}".encode()).hexdigest()[:32]


class Found(NamedTuple):
    """What stands on a day, or for an office: see `FINDS`."""

    what: str
    date: str
    name: str
    events: int
    first: int
    last: int


def on_days(  # noqa: PLR0913 - by name
    database: Tables,
    office: str,
    named: Iterable[tuple[str, str]],
    first: str,
    last: str,
    *,
    begins: bool = False,
) -> list[Found]:
    """The days of an office between two dates (ISO, both included) on which something stands, the newest first: `named`
    is what, and the word for it, or with `begins` how the word begins.
    """
    than = "word >= ? AND word < ?" if begins else "word = ?"
    query = (
        f"SELECT what, date, name, events, first, last FROM {LIVE}finds WHERE office = ? AND what = ? AND {than}"  # noqa: S608 - ours
        " AND date >= ? AND date <= ?"
    )
    found = list[Found]()
    for what, word in dict.fromkeys(named):
        words = (word, word + BEYOND) if begins else (word,)
        found += map(Found._make, database.execute(query, (office, what, *words, first, last)))
    return sorted(found, key=lambda it: (it.date, it.last), reverse=True)


def cases_of(database: Tables, office: str, word: str, reference: str) -> list[Found]:
    """The cases with which an office had to do, by their name or their person's (or how these begin, from eight letters
    on), or by a reference's digest.
    """
    query = f"SELECT what, date, name, events, first, last FROM {LIVE}finds WHERE office = ? AND what = ?"  # noqa: S608 - ours
    found = list(map(Found._make, database.execute(f"{query} AND word = ?", (office, "reference", reference))))
    if len(word) >= SHORTEST_CASE:
        values = (office, "case", word, word + BEYOND)
        found += map(Found._make, database.execute(f"{query} AND word >= ? AND word < ?", values))
    return found


def _fold(chunk: Sequence[Recorded], _known: Known) -> Iterator[Change]:
    found = dict[tuple[str, str, str, str], list[int | str]]()
    for row in chunk:
        for what, office, date, word, name in _names(row):
            it = found.setdefault((office, what, word, date), [name, 0, row.position, 0])
            it[1:] = [int(it[1]) + 1, it[2], row.position]
    for key, rest in found.items():
        yield Put(FINDS, (*key, *rest))


def _names(row: Recorded) -> Iterable[tuple[str, str, str, str, str]]:
    """What an event is found by: what, at which office, on which date, the word, the name."""
    kind, office, *rest = row.stream.split(":")
    if kind == "day":
        for what, name in dict.fromkeys(_of_day(row.event)):
            yield what, office, rest[0], word_of(name), name
    elif at := getattr(row.event, "office", ""):
        case = str(getattr(row.event, "case", ""))
        yield "case", at, "", case, case
        if isinstance(row.event, ReferenceNoted | ReferenceCompleted):
            yield "reference", at, "", reference_word(row.event.number), case


def _of_day(event: object) -> Iterator[tuple[str, str]]:
    yield "kind", KINDS[type(event)]  # type: ignore[index]
    for what in ("number", "counter", "officer"):
        if name := getattr(event, what, ""):
            yield what, name
    role, _, who = str(getattr(event, "by", "")).partition(":")
    if role == "officer":
        yield "officer", who
    for field in _ONE:
        if code := getattr(event, field, ""):
            yield "code", code
    for field in _SEVERAL:
        for code in getattr(event, field, ()):
            yield "code", code


_OF_CASES = (topic for topic, event in journey.TOPICS.items() if {"case", "office"} <= set(event.__struct_fields__))

MODEL = Model(name="search", version=1, topics=(*happened.TOPICS, *_OF_CASES), tables=(FINDS,), fold=_fold)

"""The read model `search`: what somebody looks for, and on which service days of an office it stands. Pure.

For each number, counter, officer, kind of event and code: how many events of a day name it, and where the first and the
last of these are. Cases and the outside systems' numbers stand for an office, whatever the day; of such a number only a
digest, so that who knows it finds the case and nobody else learns it.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from ltsa import happened, journey
from ltsa.journey import ReferenceCompleted, ReferenceNoted
from ltsa.models.model import Change, Known, Model, Put, Table
from ltsa.present import Recorded
from ltsa.replay import KINDS

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

OVER_DAYS = ("case", "reference")
_ONE = ("outcome", "reason", "priority")
_SEVERAL = ("reasons", "missing")


def word_of(written: str) -> str:
    """How something is looked for: without a difference between letters, and with single blanks."""
    return " ".join(written.split()).casefold()


def reference_word(number: str) -> str:
    """How a number in an outside system is looked for: by a digest of its letters and digits."""
    letters = "".join(filter(str.isalnum, number.casefold()))
    return sha256(f"reference {letters}".encode()).hexdigest()[:32]


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

"""The read model `cases`: every case of the installation with its steps, the flows it follows, its references. Pure.

Nothing in it says who anybody is, and no reference's number is in it: the row names the position of the event that
holds it. A person's rows are made anew from their stream whenever something happened in it; such a stream is short.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ltsa import journey, subject
from ltsa.journey import Case, Person, ReferenceCompleted, ReferenceNoted, VisitBegun, evolve
from ltsa.models.model import LIVE, Change, Drop, Known, Model, Put, Table
from ltsa.present import Recorded
from ltsa.side_store import Tables

CASES = Table(
    name="cases",
    key={"person": str, "id": str},
    rest={
        "position": int,
        "opened_at": str,
        "scheme": str,
        "flow": str,
        "outcome": str,
        "opened": int,
        "changed": int,
        "last_office": str,
        "done": int,
        "returned": int,
        "visits": int,
        "erased": int,
    },
    indexes=(("opened_at", "outcome"), ("outcome", "position"), ("id",)),
)
"""A case: the `position` of its opening, the office at which it was opened, the scheme and flow (digest) that it
follows at last, its outcome ("" while it is open); when it was opened and last changed (ms UTC), the office that had to
do with it last, how many steps are done and how many were returned, on how many visits; and when who the person is was
erased (ms UTC, 0: not).
"""

MOVES = Table(
    name="case_moves",
    key={"person": str, "id": str, "since": str},
    rest={"scheme": str, "flow": str},
    indexes=(("id",),),
)
"""The flows that a case follows, each from a local date (ISO, "" from its beginning) on."""

STEPS = Table(
    name="case_steps",
    key={"person": str, "id": str, "step": str},
    rest={"state": str, "office": str, "date": str, "valid_until": str},
)
"""What was last said of a step: "done", "rejected" or "returned", at which office, on which local date (ISO), and until
when it is valid ("" for ever).
"""

REFERENCES = Table(
    name="case_references",
    key={"person": str, "id": str, "step": str, "system": str},
    rest={"office": str, "paper": int, "position": int},
    indexes=(("office", "paper"),),
)
"""That a step has a number in a system outside: noted at which office, whether on paper, and the position of the event
that holds it.
"""


class Followed(NamedTuple):
    """A content of a flow (its digest) that a case follows from a local date (ISO) on, under a scheme."""

    case: str
    since: str
    scheme: str
    flow: str


def open_at(database: Tables, office: str) -> dict[str, list[Followed]]:
    """What each open case that an office opened follows and will follow, by date; the oldest case first."""
    rows = database.execute(
        f"SELECT m.id, m.since, m.scheme, m.flow FROM {LIVE}cases c JOIN {LIVE}case_moves m"  # noqa: S608 - ours
        " ON m.person = c.person AND m.id = c.id WHERE c.opened_at = ? AND c.outcome = '' ORDER BY c.position, m.since",
        (office,),
    )
    found = dict[str, list[Followed]]()
    for row in rows:
        found.setdefault(row[0], []).append(Followed(*row))
    return found


def references_at(database: Tables, office: str, *, everything: bool) -> list[int]:
    """The positions of the events that hold the references noted at an office, in order: those on paper, or all."""
    rows = database.execute(
        f"SELECT position FROM {LIVE}case_references WHERE office = ? AND paper >= ? ORDER BY position",  # noqa: S608 - ours
        (office, 0 if everything else 1),
    )
    return [row[0] for row in rows]


def _fold(chunk: Sequence[Recorded], known: Known) -> Iterator[Change]:
    touched = list(dict.fromkeys(row.stream for row in chunk))
    for stream, history in known.histories(touched).items():
        person = stream.partition(":")[2]
        for table in MODEL.tables:
            yield Drop(table, (person,))
        yield from _person(person, history)


def _person(person: str, history: Sequence[Recorded]) -> Iterator[Change]:
    """The rows of one person."""
    state, seen = Person(), dict[str, _Seen]()
    for row in history:
        evolve(state, row.event)  # type: ignore[arg-type]
        if case := getattr(row.event, "case", ""):
            seen.setdefault(case, _Seen(row)).take(row)
    for case in state.cases.values():
        yield from _case(person, case, seen[case.id], state.subject.erased)


class _Seen:
    """What the events of a case say beside its state."""

    def __init__(self, first: Recorded) -> None:
        self.position, self.visits, self.office = first.position, 0, ""
        self.references: dict[tuple[str, str], int] = {}

    def take(self, row: Recorded) -> None:
        self.changed = row.event.at
        self.visits += isinstance(row.event, VisitBegun)
        self.office = getattr(row.event, "office", "") or self.office
        if isinstance(row.event, ReferenceNoted | ReferenceCompleted):
            self.references[row.event.step, row.event.system] = row.position


def _case(person: str, case: Case, seen: _Seen, erased: int) -> Iterator[Change]:
    marks = {step: mark for step in case.marks if (mark := case.mark(step)) is not None}
    states = [mark.state for mark in marks.values()]
    last = case.moves[-1]
    yield Put(
        CASES,
        (
            *(person, case.id, seen.position, case.office, last.scheme, last.flow, case.outcome, case.opened),
            *(seen.changed, seen.office, states.count("done"), states.count("returned"), seen.visits, erased),
        ),
    )
    for move in case.moves:
        yield Put(MOVES, (person, case.id, move.since, move.scheme, move.flow))
    for step, mark in marks.items():
        yield Put(STEPS, (person, case.id, step, mark.state, mark.office, mark.date, mark.valid_until))
    for it in case.references:
        position = seen.references[it.step, it.system]
        yield Put(REFERENCES, (person, case.id, it.step, it.system, it.office, int(it.paper), position))


def _topics() -> Iterable[str]:
    """What stands in a person's stream and changes a row."""
    of_subject = subject.TOPICS.keys() - {"person-erased/1"}
    return (topic for topic in journey.TOPICS if topic not in of_subject)


MODEL = Model(name="cases", version=1, topics=tuple(_topics()), tables=(CASES, MOVES, STEPS, REFERENCES), fold=_fold)

"""The read model `looks`: where in the record data of somebody were looked at, written down, taken out or erased. Pure.

A page about one person then need not read years of journals.
"""

from collections.abc import Iterable, Sequence

from ltsa.journal import DataExported
from ltsa.models.model import LIVE, Change, Known, Model, Put, Table
from ltsa.present import Recorded
from ltsa.side_store import Tables

MOST = 500
"""Names that are asked for at once: SQLite takes no more than some thousand."""

LOOKS = Table(name="looks", key={"about": str, "position": int})
"""About whom or what (a pseudonymous id, a ticket "C012 2026-11-21", a note's id, `of_everybody`), and where."""


def of_everybody(office: str) -> str:
    """The name under which exports of an office stand that hold who everybody is that came on some days."""
    return f"*{office}"


def positions_about(database: Tables, whom: Sequence[str]) -> list[int]:
    """The positions of what names one of these persons or things, in no order."""
    found = list[int]()
    for n in range(0, len(whom), MOST):
        some = whom[n : n + MOST]
        marks = ",".join("?" * len(some))
        query = f"SELECT position FROM {LIVE}looks WHERE about IN ({marks})"  # noqa: S608 - marks
        found += [row[0] for row in database.execute(query, some)]
    return found


def _names(row: Recorded) -> tuple[str, ...]:
    """What an entry is about; of notes that were erased together, each."""
    if isinstance(row.event, DataExported) and row.event.why:
        return (of_everybody(row.stream.split(":")[1]),)
    return (str(getattr(row.event, "about", "")), *getattr(row.event, "items", ()))


def _fold(chunk: Sequence[Recorded], _known: Known) -> Iterable[Change]:
    return [Put(LOOKS, (name, row.position)) for row in chunk for name in _names(row)]


MODEL = Model(
    name="looks",
    version=1,
    topics=("data-seen/1", "data-recorded/1", "data-exported/1", "data-erased/1"),
    tables=(LOOKS,),
    fold=_fold,
)

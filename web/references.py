"""Reference numbers in the systems outside, in and out as a table: what was noted on paper is completed later.

Neither SIAPkerja nor SISKOP2MI has a public interface. A table goes out with the numbers that are on paper still, and
comes back with the systems' own; what is wrong in a row changes nothing, and the same table again changes nothing.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ltsa.journal import DataExported
from ltsa.journey import PERSON, Person, Reference, ReferenceCompleted, ReferenceNoted, person_of, refer
from ltsa.journey_rules import CompleteReference, decide
from ltsa.message import Refusal
from ltsa.models.cases import references_at
from web.errors import Refused
from web.format import iso
from web.house import House
from web.journeys import around
from web.read_models import catch_up

COLUMNS = ("reference", "system", "step", "case", "paper", "office", "noted", "by")
"""Of the table that goes out. One that comes in needs NEEDED; where it has `system`, that must be the right one."""

NEEDED = frozenset({"reference", "step", "case"})
LONGEST_TABLE = 2_000_000
MOST_ROWS = 10_000

Result = Literal["completed", "already", "paper", "unknown", "conflicting", "wrong"]


class Row(Struct, frozen=True, kw_only=True):
    """What became of one line of a table that came in, or would; the heading is line 1. "paper" is one on which the
    number on paper stands still. `refusal` says why it was not taken.
    """

    line: int
    case: str
    step: str
    reference: str
    result: Result
    refusal: Refusal | None = None


def table(here: House, office: str, *, by: str, everything: bool = False) -> Iterator[Sequence[str]]:
    """The references noted at an office, with a heading: those that are on paper still, or all. That they were taken
    along is on record before.
    """
    found = here.off_loop(noted, here, office, everything=everything)
    here.note(DataExported, office=office, by=by, kind="references.csv", about=office)
    yield COLUMNS
    zone = here.zone(office)
    for case, it in found:
        paper = "yes" if it.paper else "no"
        yield it.number, it.system, it.step, case, paper, it.office, iso(it.at, zone), it.by


def noted(here: House, office: str, *, everything: bool) -> list[tuple[str, Reference]]:
    """The references noted at an office, each with its case's id: those that are on paper still, or all. Blocks on the
    disk: give it to `off_loop`. Raises `BeingBuilt`.
    """
    with catch_up(here, "cases").reading() as cursor:
        positions = references_at(cursor, office, everything=everything)
    events = [row.event for row in here.ledger.at(*positions)]
    return [(it.case, refer(it)) for it in events if isinstance(it, ReferenceNoted | ReferenceCompleted)]


def reconcile(here: House, text: str, *, office: str, by: str, key: str) -> list[Row]:
    """What became of each row of a table that came in: a number on paper is completed, one that is there already stays,
    one that differs is a conflict. Nothing but that changes. Raises `Refused` for what is no such table.
    """
    return [_taken(here, line, row, office=office, by=by, key=key) for line, row in _read(text)]


def preview(here: House, text: str, *, office: str, by: str) -> list[Row]:
    """What would become of each row of a table that came in; nothing changes. Raises `Refused` as `reconcile` does."""
    return [_judged(here, line, row, office=office, by=by, key="")[0] for line, row in _read(text)]


def _read(text: str) -> list[tuple[int, dict[str, str]]]:
    if len(text) > LONGEST_TABLE:
        raise _unreadable(f"The table is longer than {LONGEST_TABLE} letters; cut it into several.")
    heading = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter, strict=True, restval="")
    try:
        if missing := NEEDED - set(reader.fieldnames or ()):
            raise _unreadable(f"The first line must name the columns; missing: {', '.join(sorted(missing))}.")
        rows = [(reader.line_num, {name: _cell(cell) for name, cell in row.items() if name}) for row in reader]
    except csv.Error as error:
        raise _unreadable(f"The table cannot be read: {error}.") from error
    if len(rows) > MOST_ROWS:
        raise _unreadable(f"The table has more than {MOST_ROWS} rows; cut it into several.")
    return rows


def _cell(written: str) -> str:
    """A cell as it was before a spreadsheet got an apostrophe for it."""
    return written.strip().removeprefix("'")


def _unreadable(message: str) -> Refused:
    return Refused("wrong-table", message, field="table", status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _taken(here: House, line: int, row: dict[str, str], *, office: str, by: str, key: str) -> Row:  # noqa: PLR0913 - by name
    judged, command = _judged(here, line, row, office=office, by=by, key=key)
    if command is None:
        return judged
    try:
        here.do(command)
    except Refusal as why:
        return _refused(judged, why)
    return judged


def _judged(  # noqa: PLR0913 - by name
    here: House, line: int, row: dict[str, str], *, office: str, by: str, key: str
) -> tuple[Row, CompleteReference | None]:
    """What becomes of a row, and the command that completes a number, where it may be given."""
    case, step, number = row["case"], row["step"], " ".join(row["reference"].split())
    person = here.off_loop(here.ledger.person, person_of(case)) if PERSON.fullmatch(person_of(case)) else Person()
    noted = _of_step(person, case, step, row.get("system", ""))
    said: dict[str, Any] = {"line": line, "case": case, "step": step, "reference": number}
    if noted is None or not noted.paper:
        is_same = noted is not None and noted.number == number
        return Row(**said, result="unknown" if noted is None else "already" if is_same else "conflicting"), None
    if noted.number == number:
        return Row(**said, result="paper"), None
    command = CompleteReference(
        office=office,
        at=here.now(),
        by=by,
        key=f"{key} {case} {step} {number}",
        person=person_of(case),
        case=case,
        step=step,
        system=noted.system,
        number=number,
    )
    judged = Row(**said, result="completed")
    try:
        decide(command, person, around(here, person.cases[case], office=office))
    except Refusal as why:
        return _refused(judged, why), None
    return judged, command


def _refused(row: Row, why: Refusal) -> Row:
    return replace(row, result="conflicting" if why.code.startswith("reference-") else "wrong", refusal=why)


def _of_step(person: Person, case: str, step: str, system: str) -> Reference | None:
    found = person.cases.get(case)
    noted = [it for it in found.references if it.step == step and system in ("", it.system)] if found else []
    return noted[0] if noted else None

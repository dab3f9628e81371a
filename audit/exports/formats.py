"""An extract in each of its formats: CSV and JSON Lines here; the others have files of their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from audit.exports import ocel, parquet, xes
from audit.exports.extract import PERSONAL, Extract, Format, Taken, Who, cases, clock, days, events, named
from ltsa.identity import Identity
from ltsa.ledger import Ledger
from web.tables import Cell, chunks

ENDINGS: Mapping[Format, str] = {
    "csv": ".csv",
    "jsonl": ".jsonl",
    "xes": ".xes",
    "ocel-json": ".ocel.json",
    "ocel-sqlite": ".ocel.sqlite",
    "parquet": ".parquet",
}
"""How a file's name ends."""

Told = Callable[[int, int, str], object]

HEADS = (
    *("office", "date", "position", "version", "time", "event", "number", "case", "service", "to", "counter"),
    *("officer", "by", "outcome", "state", "action", "reason", "services", "corrects"),
)
LINES = 500


def csv(events: Iterable[Taken], extract: Extract, who: Who) -> Iterator[bytes]:
    """One event a row, in codes; the watermark in the last column. Who came stands where their visit begins."""
    return chunks(_rows(events, extract, who))


def _rows(events: Iterable[Taken], extract: Extract, who: Who) -> Iterator[Sequence[Cell]]:
    personal = PERSONAL if extract.wanted.why else ()
    yield *HEADS, *personal, "watermark"
    at, mark = clock(extract), extract.watermark
    for office, date, position, version, code, it, _ in events:
        yield (
            *(office, date, position, version, at[office](it.at), code, it.number, it.case, it.service, it.to),
            *(it.counter, it.officer, it.by, it.outcome, it.state, it.action, it.reason),
            *(" ".join(it.services or it.added), it.corrects or ""),
            *_of_person(named(it, who) if personal else None, personal),
            mark,
        )


def _of_person(person: Identity | None, columns: Sequence[str]) -> Iterator[str]:
    return (getattr(person, column, "") for column in columns)


def jsonl(events: Iterable[Taken], extract: Extract, who: Who) -> Iterator[bytes]:
    """A first line that says what this is; then one event a line, `data` exactly as it is stored, and beside it the
    `person`, where their visit begins.
    """
    first = {"format": "ltsa-export/1", "watermark": extract.watermark, "offices": list(extract.zones)}
    yield msgspec.json.encode({**first, "from": extract.wanted.first, "to": extract.wanted.last}) + b"\n"
    lines: list[bytes] = []
    for office, date, position, version, code, said, stored in events:
        head = {"office": office, "date": date, "position": position, "version": version, "event": code}
        if extract.wanted.why and (person := named(said, who)):
            head["person"] = person
        lines.append(msgspec.json.encode({**head, "data": msgspec.Raw(stored)}))
        if len(lines) == LINES:
            yield b"\n".join(lines) + b"\n"
            lines.clear()
    if lines:
        yield b"\n".join(lines) + b"\n"


def written(ledger: Ledger, extract: Extract, folder: Path, told: Told, who: Who) -> Iterator[bytes]:
    """An extract's bytes, in its format, piece by piece; `folder` is for what has to be gathered before. `told` hears
    how many of how many days (or persons, where traces are cases) are done, and what is counted; `who` is asked only
    where the extract is one with personal data.
    """
    if extract.wanted.trace == "case":
        return xes.cases(cases(ledger, extract, lambda done, of: told(done, of, "persons")), extract)
    chosen = days(ledger, extract)
    taken = events(ledger, extract, chosen, lambda done, seen: told(done, len(chosen), f"days, {seen} events"))
    match extract.wanted.format:
        case "csv":
            return csv(taken, extract, who)
        case "jsonl":
            return jsonl(taken, extract, who)
        case "xes":
            return xes.visits(taken, extract)
        case "ocel-sqlite" | "ocel-json":
            return ocel.written(taken, extract, who, folder / "gathered")
        case "parquet":
            return parquet.written(taken, extract, folder / "gathered")
        case _:
            assert_never(extract.wanted.format)

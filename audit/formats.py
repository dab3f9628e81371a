"""An extract in each of its formats: CSV and JSON Lines here; the others have files of their own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from audit import ocel, parquet, xes
from audit.extract import Extract, Taken, cases, clock, days, events
from ltsa.ledger import Ledger
from web.tables import Cell, chunks

Told = Callable[[int, int, str], object]

HEADS = (
    *("office", "date", "position", "version", "time", "event", "number", "case", "service", "to", "counter"),
    *("officer", "by", "outcome", "state", "action", "reason", "services", "watermark"),
)
LINES = 500


def csv(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """One event a row, in codes; the watermark in the last column."""
    return chunks(_rows(events, extract))


def _rows(events: Iterable[Taken], extract: Extract) -> Iterator[Sequence[Cell]]:
    yield HEADS
    at, mark = clock(extract), extract.watermark
    for office, date, position, version, code, it, _ in events:
        yield (
            *(office, date, position, version, at[office](it.at), code, it.number, it.case, it.service, it.to),
            *(it.counter, it.officer, it.by, it.outcome, it.state, it.action, it.reason),
            *(" ".join(it.services or it.added), mark),
        )


def jsonl(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """A first line that says what this is; then one event a line, `data` exactly as it is stored."""
    first = {"format": "ltsa-export/1", "watermark": extract.watermark, "offices": list(extract.zones)}
    yield msgspec.json.encode({**first, "from": extract.wanted.first, "to": extract.wanted.last}) + b"\n"
    lines: list[bytes] = []
    for office, date, position, version, code, _, stored in events:
        head = {"office": office, "date": date, "position": position, "version": version, "event": code}
        lines.append(msgspec.json.encode({**head, "data": msgspec.Raw(stored)}))
        if len(lines) == LINES:
            yield b"\n".join(lines) + b"\n"
            lines.clear()
    if lines:
        yield b"\n".join(lines) + b"\n"


def written(ledger: Ledger, extract: Extract, folder: Path, told: Told) -> Iterator[bytes]:
    """An extract's bytes, in its format, piece by piece; `folder` is for what has to be gathered before. `told` hears
    how many of how many days (or persons, where traces are cases) are done, and what is counted.
    """
    if extract.wanted.trace == "case":
        return xes.cases(cases(ledger, extract, lambda done, of: told(done, of, "persons")), extract)
    chosen = days(ledger, extract)
    taken = events(ledger, extract, chosen, lambda done, seen: told(done, len(chosen), f"days, {seen} events"))
    match extract.wanted.format:
        case "csv":
            return csv(taken, extract)
        case "jsonl":
            return jsonl(taken, extract)
        case "xes":
            return xes.visits(taken, extract)
        case "ocel-sqlite" | "ocel-json":
            return ocel.written(taken, extract, folder / "gathered")
        case "parquet":
            return parquet.written(taken, extract, folder / "gathered")
        case _:
            assert_never(extract.wanted.format)

"""An extract as Parquet, for DuckDB and other column stores: one event a row, every column of its type.

DuckDB writes it, an extra of 70 MB that an office adds when it wants it. Rows go through a table on the disk, so that
no more memory is taken for more days.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import prepare
from audit.exports.extract import Extract, Taken, pieces

COLUMNS = {
    "office": "VARCHAR",
    "date": "DATE",
    "position": "BIGINT",
    "version": "INTEGER",
    "time": "BIGINT",
    "event": "VARCHAR",
    **dict.fromkeys(("number", "case", "service", "to", "counter", "officer", "by"), "VARCHAR"),
    **dict.fromkeys(("outcome", "state", "action", "reason"), "VARCHAR"),
    "services": "VARCHAR",
    "corrects": "INTEGER",
}
"""The table that the file is made of; its `time` (ms UTC) becomes an instant, its `services` a list."""

_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""DuckDB leaves the rest of the machine to the office, and fetches nothing."""

_DIALECT = """header=false, auto_detect=false, delim=',', quote='"', escape='"', new_line='\\r\\n'"""
"""What Python's `csv` writes. Named, or a text with odd characters makes it guess wrong."""

_AS = {"time": 'to_timestamp("time" / 1000)', "services": "string_split(services, ' ')"}


class NoDuckdbError(Exception):
    """The extra that writes Parquet is not installed; the text says how to add it."""


def is_there() -> bool:
    """Whether Parquet can be written here."""
    return find_spec("duckdb") is not None


def check() -> None:
    """Raises `NoDuckdbError` where Parquet cannot be written."""
    if not is_there():
        add = f"{sys.executable} -m pip install -r {prepare.PARQUET_REQUIREMENTS}"
        raise NoDuckdbError(
            f"Parquet is written by DuckDB, which is not installed here. Add it once with:\n\n    {add}\n"
        )


def written(events: Iterable[Taken], extract: Extract, path: Path) -> Iterator[bytes]:
    """The file, gathered at `path`, piece by piece."""
    write(path, events, extract)
    return pieces(path)


def write(path: Path, events: Iterable[Taken], extract: Extract) -> None:
    """Writes the file; the watermark, the offices and the dates stand in its key-value metadata."""
    import duckdb  # noqa: PLC0415 - an extra, of a size that only who asks for Parquet pays for

    rows = path.with_suffix(".csv")
    with rows.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_rows(events))
    types = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in COLUMNS.items())
    columns = ", ".join(f"{_AS.get(name, _name(name))} AS {_name(name)}" for name in COLUMNS)
    about = {"watermark": extract.watermark, "offices": json.dumps(list(extract.zones))}
    about |= {"from": extract.wanted.first, "to": extract.wanted.last}
    metadata = ", ".join(f"{_text(key)}: {_text(value)}" for key, value in about.items())
    with duckdb.connect(config={**_ALONE, "temp_directory": str(path.with_suffix(".tmp"))}) as database:
        read = f"read_csv({_text(str(rows))}, columns={{{types}}}, {_DIALECT})"
        database.execute(
            f"COPY (SELECT {columns} FROM {read}) TO {_text(str(path))}"  # noqa: S608 - names of ours, and texts quoted
            f" (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}})"
        )
    rows.unlink()


def _rows(events: Iterable[Taken]) -> Iterator[tuple[str | int, ...]]:
    for office, date, position, version, code, it, _ in events:
        yield (
            *(office, date, position, version, it.at, code, it.number, it.case, it.service, it.to, it.counter),
            *(it.officer, it.by, it.outcome, it.state, it.action, it.reason, " ".join(it.services or it.added)),
            it.corrects or "",
        )


def _name(name: str) -> str:
    return f'"{name}"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

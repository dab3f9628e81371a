"""`python3 app.py export FORMAT OUT`: recorded service days as a file, in a format that other programs read.

Whoever runs this command owns the machine and its files. That they took something out is on record before the first
byte; the file is whole under its name, or not there.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from audit import formats, ocel
from audit.extract import Extract, Taken, days, events
from ltsa.journal import DataExported
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from web.house import House
from web.settings import add_flags, from_flags
from web.terminal import ledger_file, progress

BY = "command line"
LINES: dict[str, Callable[[Iterable[Taken], Extract], Iterator[bytes]]] = {
    "csv": formats.csv,
    "jsonl": formats.jsonl,
    "xes": formats.xes,
}
FORMATS = (*LINES, "ocel-json", "ocel-sqlite")


def export(arguments: list[str], _create_app: Any) -> int:
    """Write the file. 0 when it is there, 2 when it is refused."""
    options = _parser().parse_args(arguments)
    out = None if str(options.out) == "-" else options.out
    if out is None and options.format == "ocel-sqlite":
        print("A SQLite file cannot be written to the terminal; name a file.", file=sys.stderr)
        return 2
    if out and out.exists() and not options.force:
        print(f"{out} exists already; --force writes over it.", file=sys.stderr)
        return 2
    try:
        if not (out or Path()).parent.is_dir():
            raise FileNotFoundError(f"There is no folder {out.parent if out else ''}.")
        settings = from_flags(options)
        ledger_file(settings)
        with closing(House(settings)) as here:
            count = _export(here, options, out)
    except (Refusal, LedgerUnavailableError, OSError) as reason:
        print(reason, file=sys.stderr)
        return 2
    print(f"{count} service days written", file=sys.stderr)
    return 0


def _export(here: House, options: argparse.Namespace, out: Path | None) -> int:
    offices = list(dict.fromkeys(options.office)) or [office.id for office in here.offices()]
    extract = record(here, offices, options.format, (options.first, options.last), by=BY)
    chosen = days(here.ledger, extract)
    with (
        tempfile.TemporaryDirectory(dir=out.parent if out else None, prefix=".ltsa-export-") as folder,
        progress("days") as tell,
    ):
        told = lambda done, seen: tell(done, len(chosen), f"days, {seen} events")  # noqa: E731 - names what is counted
        taken = events(here.ledger, extract, chosen, told)
        half = Path(folder, "half")
        if options.format.startswith("ocel"):
            ocel.write(half, taken, extract)
        if options.format == "ocel-sqlite":
            pieces: Iterator[bytes] = iter(())
        elif options.format == "ocel-json":
            pieces = ocel.as_json(half)
        else:
            pieces = LINES[options.format](taken, extract)
        if out is None:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.flush()
        elif options.format == "ocel-sqlite":
            half.replace(out)
        else:
            whole = Path(folder, "whole")
            with whole.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            whole.replace(out)
    return len(chosen)


def record(here: House, offices: list[str], kind: str, dates: tuple[str, str], *, by: str) -> Extract:
    """Puts on record at each office what is about to be taken; the last of these entries is where the extract ends.

    Raises `Refusal` for an office that there is none of.
    """
    first, last = dates
    zones = {office: here.office(office).zone for office in offices}
    at, until = here.now(), here.ledger.newest()
    for office in zones:
        done = here.note(DataExported, office=office, by=by, kind=f"export.{kind}", about=f"{first}–{last}")
        until = done.position
    return Extract(zones=zones, first=first, last=last, until=until, by=by, at=at)


def _day(written: str) -> str:
    return date.fromisoformat(written).isoformat()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py export", description="Take recorded service days out as a file.")
    parser.add_argument("format", metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS))
    parser.add_argument("out", metavar="OUT", type=Path, help="the file; - is the terminal")
    parser.add_argument("--from", dest="first", type=_day, default="0001-01-01", metavar="DATE", help="the first day")
    parser.add_argument("--to", dest="last", type=_day, default="9999-12-31", metavar="DATE", help="the last day")
    parser.add_argument(
        "--office", action="append", default=[], metavar="OFFICE", help="one office, may be repeated; else all"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    add_flags(parser)
    return parser

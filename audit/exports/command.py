"""`python3 app.py export FORMAT OUT`: recorded service days as a file, in a format that other programs read.

Whoever runs this command owns the machine and its files. That they took something out is on record before the first
byte; the file is whole under its name, or not there.
"""

import argparse
import os
import sys
import tempfile
from contextlib import closing
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, get_args

from audit.exports import parquet
from audit.exports.extract import WITH_PERSONS, Extract, Format, Trace, Wanted
from audit.exports.formats import written
from audit.exports.parquet import NoDuckdbError
from ltsa.journal import DataExported
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from web.house import House
from web.journeys import named
from web.settings import add_flags, from_flags
from web.terminal import ledger_place, progress

BY = "command line"

KNOWN = 1024
"""Persons whom an extract with personal data has in memory: a case comes again within days."""


def export(arguments: list[str], _create_app: Any) -> int:
    """Write the file. 0 when it is there, 2 when it is refused."""
    options = _parser().parse_args(arguments)
    out = None if str(options.out) == "-" else options.out
    if out is None and (options.format in {"ocel-sqlite", "parquet"} or options.personal is not None):
        print("This is nothing for the terminal; name a file.", file=sys.stderr)
        return 2
    if out and out.exists() and not options.force:
        print(f"{out} exists already; --force writes over it.", file=sys.stderr)
        return 2
    try:
        if options.format == "parquet":
            parquet.check()
        wanted = Wanted(
            format=options.format, trace=options.trace, first=options.first, last=options.last, why=options.personal
        )
        if not (out or Path()).parent.is_dir():
            raise FileNotFoundError(f"There is no folder {out.parent if out else ''}.")
        settings = from_flags(options)
        ledger_place(settings)
        with closing(House(settings)) as here:
            offices = list(dict.fromkeys(options.office)) or [office.id for office in here.offices()]
            extract = record(here, offices, wanted, by=BY)
            _write(here, extract, out)
    except (Refusal, LedgerUnavailableError, NoDuckdbError, OSError) as reason:
        print(reason, file=sys.stderr)
        return 2
    print(f"{out or 'The extract'} is written, up to position {extract.until} of the ledger.", file=sys.stderr)
    return 0


def _write(here: House, extract: Extract, out: Path | None) -> None:
    with (
        tempfile.TemporaryDirectory(dir=out.parent if out else None, prefix=".ltsa-export-") as folder,
        progress("days") as tell,
    ):
        pieces = written(here.ledger, extract, Path(folder), tell, lru_cache(KNOWN)(partial(named, here)))
        if out is None:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.flush()
            return
        whole = Path(folder, "whole")
        whole.touch(mode=0o600 if extract.wanted.why else 0o666)
        with whole.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        whole.replace(out)


def record(here: House, offices: list[str], wanted: Wanted, *, by: str) -> Extract:
    """Puts on record at each office what is about to be taken; the last of these entries is where the extract ends.

    Raises `Refusal` for an office that there is none of.
    """
    zones = {office: here.office(office).zone for office in offices}
    at, until = here.now(), 0
    kind, about = f"export.{wanted.format}", f"{wanted.first}–{wanted.last}"
    for office in zones:
        until = here.note(DataExported, office=office, by=by, kind=kind, about=about, why=wanted.why or "").position
    return Extract(wanted=wanted, zones=zones, until=until, by=by, at=at)


def _day(written: str) -> str:
    return date.fromisoformat(written).isoformat()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py export", description="Take recorded service days out as a file.")
    parser.add_argument("format", metavar="FORMAT", choices=get_args(Format), help=", ".join(get_args(Format)))
    parser.add_argument("out", metavar="OUT", type=Path, help="the file; - is the terminal")
    parser.add_argument("--from", dest="first", type=_day, default="0001-01-01", metavar="DATE", help="the first day")
    parser.add_argument("--to", dest="last", type=_day, default="9999-12-31", metavar="DATE", help="the last day")
    parser.add_argument(
        "--office", action="append", default=[], metavar="OFFICE", help="one office, may be repeated; else all"
    )
    parser.add_argument(
        "--trace", choices=get_args(Trace), default="visit", help="what a trace of XES is: a visit, or a case over days"
    )
    parser.add_argument(
        "--personal",
        metavar="REASON",
        help=f"say who the people are, too ({', '.join(WITH_PERSONS)}); the reason goes on record",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    add_flags(parser)
    return parser

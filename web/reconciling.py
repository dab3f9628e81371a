"""`python3 app.py references`: numbers that are on paper still, out as CSV and in with the systems' own.

Whoever runs this command owns the machine and its files; what they do is on record as done by the "command line".
"""

import argparse
import secrets
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from ltsa.message import Refusal
from web.house import House
from web.references import Row, preview, reconcile, table
from web.settings import add_flags, from_flags
from web.tables import chunks
from web.terminal import progress

BY = "command line"

MEANS = {
    "paper": "the number on paper stands there still; put the system's own in its place",
    "unknown": "no number on paper is noted for this case, step and system",
    "conflicting": "another number is noted already",
}
"""What keeps a row from being taken, where the rules say no more."""


def references(arguments: list[str], _create_app: Any) -> int:
    """Takes the table out, or one in. 0 when it is done, 1 when some row was not taken, 2 when it is refused."""
    parser = argparse.ArgumentParser(
        prog="app.py references",
        description="Take the reference numbers that are on paper still out as CSV, or take the systems' own in.",
    )
    add_flags(parser)
    parser.add_argument("office", metavar="OFFICE", help="which office")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--out", type=Path, metavar="FILE", help="write the table here (default: to the terminal)")
    what.add_argument("--in", type=Path, metavar="FILE", dest="taken", help="complete the numbers of this table")
    parser.add_argument("--all", action="store_true", help="with the table out: those that are complete too")
    parser.add_argument("--dry-run", action="store_true", help="with --in: only say what would become of each row")
    options = parser.parse_args(arguments)
    try:
        with closing(House(from_flags(options))) as here:
            if options.taken:
                return _in(here, options)
            with progress("events") as tell:
                here.models.follow("cases", tell)
            rows = table(here, options.office, by=BY, everything=options.all)
            written = b"".join(chunks(rows))
    except UnicodeDecodeError:
        print(f"{options.taken} is not a text in UTF-8; save the table as CSV (UTF-8).", file=sys.stderr)
        return 2
    except (Refusal, OSError) as reason:
        print(reason, file=sys.stderr)
        return 2
    if options.out:
        options.out.write_bytes(written)
    else:
        sys.stdout.write(written.decode())
    return 0


def _in(here: House, options: argparse.Namespace) -> int:
    text = options.taken.read_text("utf-8")
    if options.dry_run:
        rows = preview(here, text, office=options.office, by=BY)
    else:
        rows = reconcile(here, text, office=options.office, by=BY, key=f"references-{secrets.token_hex(8)}")
    for row in rows:
        if row.result not in {"completed", "already"}:
            print(_told(row))
    counted = Counter(row.result for row in rows)
    print(", ".join(f"{count} {result}" for result, count in counted.items()) or "no rows")
    return 0 if set(counted) <= {"completed", "already"} else 1


def _told(row: Row) -> str:
    why = f": {said}" if (said := row.refusal or MEANS.get(row.result, "")) else ""
    return f"line {row.line}: {row.result} ({row.case}, {row.step}, {row.reference}){why}"

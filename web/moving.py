"""`python3 app.py move FROM TO`: takes the ledger from a file into a database or back, and compares all of it."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ltsa.ledger import LedgerUnavailableError
from ltsa.store import Place, name_of
from ltsa.transfer import TransferError, transfer
from web.settings import checked_database
from web.terminal import progress

FAILED = 1
WRONG = 2


def move(arguments: list[str], _create_app: Any) -> int:
    """Moves a ledger. 0 when the target holds it and all of it was compared, 1 when not, 2 for what cannot be moved."""
    parser = argparse.ArgumentParser(
        prog="app.py move",
        description="Copy the ledger into another store and compare every event, the log's root and every board. The"
        " source stays as it is; close the office before.",
        epilog="A place is the office's folder (var) or the address of a database (postgresql://ltsa@db.example/ltsa).",
    )
    parser.add_argument("source", metavar="FROM", help="where the ledger lies now")
    parser.add_argument("target", metavar="TO", help="an empty place")
    options = parser.parse_args(arguments)
    source, target = place(options.source), place(options.target)
    if isinstance(source, Path) and not source.exists():
        print(
            f"There is no ledger at {source}; name the office's folder, or the address of a database.", file=sys.stderr
        )
        return WRONG
    try:
        with progress("rows") as tell:
            found = transfer(source, target, tell)
    except (TransferError, LedgerUnavailableError) as reason:
        print(reason, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"Interrupted: {name_of(target)} is of no use; remove it and move again.", file=sys.stderr)
        raise
    print(
        f"{found.events} events, {found.boards} boards of service days ({found.days}) and the log's root"
        f" {found.root or '(none)'} are the same in {name_of(target)}."
    )
    print(_next(target))
    return 0


def place(text: str) -> Place:
    """What somebody has named: a database, a folder's ledger, or a file. Raises `WrongSetting`."""
    if "://" in text:
        return checked_database(text)
    path = Path(text).expanduser().absolute()
    return path if path.suffix == ".sqlite" else path / "ledger.sqlite"


def _next(target: Place) -> str:
    if isinstance(target, Path):
        return "Start the office without the setting database. What it named still holds the ledger as it was."
    return (
        f"Start the office with the setting database = {name_of(target)} and the same data folder. Its ledger.sqlite is"
        " not read any more: put it away."
    )

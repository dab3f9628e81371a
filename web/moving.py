"""`python3 app.py move FROM TO`: takes an office from files into a database or back, and compares all of it."""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from ltsa.ledger import LedgerUnavailableError
from ltsa.personal import KEYS, NOTES, PERSONS
from ltsa.side_copy import DiffersError
from ltsa.side_store import in_folder
from ltsa.store import Place, name_of
from ltsa.transfer import TransferError, demand_log, transfer
from web.formats import demand_known
from web.settings import checked_database
from web.sides import TABLES, Sides, copied, fits, holds
from web.terminal import progress

FAILED = 1
WRONG = 2


def move(arguments: list[str], _create_app: Any) -> int:
    """Moves an office. 0 when the target holds it and all was compared, 1 when not, 2 for what cannot be moved."""
    parser = argparse.ArgumentParser(
        prog="app.py move",
        description="Copy the ledger and what lies beside it into another store, and compare every event, the log's"
        " root, every board and every row. The source stays as it is; close the office before.",
        epilog="A place is the office's folder (var) or the address of a database (postgresql://ltsa@db.example/ltsa).",
    )
    parser.add_argument("source", metavar="FROM", help="where the ledger lies now")
    parser.add_argument("target", metavar="TO", help="an empty place")
    parser.add_argument(
        "--keys",
        default="",
        metavar="ADDRESS",
        help="the database's keys_database; without it the keys stay in the folder",
    )
    options = parser.parse_args(arguments)
    source, target = place(options.source), place(options.target)
    if isinstance(source, Path) and not source.exists():
        print(
            f"There is no ledger at {source}; name the office's folder, or the address of a database.", file=sys.stderr
        )
        return WRONG
    try:
        if isinstance(source, Path):
            demand_known(source.parent, source)
            demand_log(source)
        with closing(_sides(source, options.keys)) as here, closing(_sides(target, options.keys)) as there:
            names = _to_be_moved(here, there)
            with progress("rows") as tell:
                found = transfer(source, target, tell)
            rows = sum(copied(name, here.at(name), there.at(name)) for name in names)
    except (TransferError, DiffersError, LedgerUnavailableError) as reason:
        print(reason, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"Interrupted: {name_of(target)} is of no use; remove it and move again.", file=sys.stderr)
        raise
    print(
        f"{found.events} events, {found.boards} boards of service days ({found.days}) and the log's root"
        f" {found.root or '(none)'} are the same in {name_of(target)}."
    )
    if names:
        print(f"So are {rows} rows of what lies beside it: {', '.join(names)}.")
    print(_next(target))
    return 0


def _sides(place: Place, keys: str) -> Sides:
    if isinstance(place, Path):
        return Sides(place.parent)
    return Sides(Path(), place, checked_database(keys, "keys_database"))


def _to_be_moved(here: Sides, there: Sides) -> list[str]:
    """What lies beside the ledger and is to be copied. Raises `TransferError` where it is there already, or its keys
    would be missing.
    """
    apart = not (here.keys_server or there.keys_server)
    names = [name for name in TABLES if not (name == KEYS and apart) and holds(name, here.at(name))]
    for name in names:
        if holds(name, there.at(name)):
            raise TransferError(f"There is {there.at(name)} already: name an empty place.")
        if not fits(name, here.at(name), there.at(name)):
            raise TransferError(f"{here.at(name)} is of an older program: start the office once with this one.")
    folder = there if here.server else here
    if apart and {PERSONS, NOTES} & {*names} and not holds(KEYS, in_folder(folder.folder)(KEYS)):
        raise TransferError(
            f"The keys of who the applicants are, and of notes, are not in {folder.folder}: name their database with"
            " --keys, or bring keys.sqlite there first."
        )
    return names


def place(text: str) -> Place:
    """What somebody has named: a database, a folder's ledger, or a file. Raises `WrongSetting`."""
    if "://" in text:
        return checked_database(text)
    path = Path(text).expanduser().absolute()
    return path if path.suffix == ".sqlite" else path / "ledger.sqlite"


def _next(target: Place) -> str:
    if isinstance(target, Path):
        return (
            f"Start the office without the setting database, its seed and log.key in {target.parent}. What the setting"
            " named still holds the office as it was."
        )
    return (
        f"Start the office with the setting database = {name_of(target)} and the same data folder. What was moved out"
        " of it is not read any more: put ledger.sqlite away; the rest is put aside at the start."
    )

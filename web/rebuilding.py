"""`python3 app.py rebuild [MODEL …] [--check]`: the read models made anew from the ledger, or compared with such."""

import argparse
import sys
from contextlib import closing
from typing import Any

from ltsa.ledger import LedgerUnavailableError
from ltsa.models.following import MODELS, ReadModels
from web.read_models import open_models
from web.settings import add_flags, from_flags
from web.sides import Sides
from web.terminal import open_ledger, progress

DIFFERS = 1
FAILED = 2


def rebuild(arguments: list[str], _create_app: Any) -> int:
    """Makes models anew. 0 when that is done, or nothing differs; 1 for a difference, 2 where it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="app.py rebuild",
        description="Make the read models anew from the ledger, beside the running office, and put them in place at the"
        " end. They may be lost: an office makes what is missing by itself.",
    )
    add_flags(parser)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"which: {', '.join(MODELS)} (default: all)")
    parser.add_argument("--check", action="store_true", help="only compare what stands with a rebuild")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.models if name not in MODELS]:
        parser.error(f"there is no model {unknown[0]!r}; known are {', '.join(MODELS)}")
    try:
        settings = from_flags(options)
        with (
            closing(Sides.of(settings)) as sides,
            closing(open_ledger(settings)) as ledger,
            closing(open_models(sides, ledger)) as models,
        ):
            names = dict.fromkeys(options.models or MODELS)
            return max((_checked if options.check else _rebuilt)(models, name) for name in names)
    except LedgerUnavailableError as reason:
        print(reason, file=sys.stderr)
        return FAILED


def _rebuilt(models: ReadModels, name: str) -> int:
    with progress(f"events, {name}") as tell:
        position = models.rebuild(name, tell)
    print(f"{name}: made anew up to event {position}.")
    return 0


def _checked(models: ReadModels, name: str) -> int:
    with progress(f"events, {name}") as tell:
        found = models.check(name, tell)
    if not found:
        print(f"{name}: the same as a rebuild.")
        return 0
    for difference in found:
        row = " | ".join(str(value) for value in difference.row)
        print(f"{name}: only in {difference.where}, {difference.table}: {row}")
    print(f"{name}: differs from a rebuild. Make it anew: python3 app.py rebuild {name}")
    return DIFFERS

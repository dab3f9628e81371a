"""Whether this program knows all files of an office, asked before one of them is made, changed or brought up to date.

An older program refuses what a newer one has marked; it refuses all of it, so that no file is taken over whose
neighbours are not. What the marks mean: docs/upgrade.md.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from ltsa import side_file
from ltsa.side_file import NewerFileError
from ltsa.store import LedgerUnavailableError, Place, looking_at

LEDGER = "ledger.sqlite"


def demand_known(data: Path, ledger: Place) -> None:
    """Raises `LedgerUnavailableError` for a folder, or a ledger, that a newer program has changed. What else is wrong
    with a file is said by whoever opens it.
    """
    for file in sorted(data.glob("*.sqlite")):
        if file.name != LEDGER:
            try:
                with suppress(sqlite3.OperationalError):
                    side_file.demand_known(file)
            except NewerFileError as newer:
                raise LedgerUnavailableError(str(newer)) from None
            except sqlite3.DatabaseError:
                continue
    if not isinstance(ledger, Path) or (ledger.exists() and ledger.stat().st_size):
        with looking_at(ledger):
            return

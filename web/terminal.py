"""What the commands on the terminal share that read an office's record: where it lies, and how far they are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.store import Place
from web.settings import Settings

WIDE = 30


class Tell(Protocol):
    """Hears how far it is."""

    def __call__(self, done: int, of: int, what: str = ..., /) -> None:
        """So much of so much is done; of `what`, where that changes on the way."""


def ledger_place(settings: Settings) -> Place:
    """Where the ledger lies. Raises `LedgerUnavailableError` for a file that is not there: a reader makes no office."""
    place = settings.ledger
    if isinstance(place, Path) and not place.exists():
        message = f"There is no ledger in {settings.data}; name the office's folder with --data FOLDER."
        raise LedgerUnavailableError(message)
    return place


def open_ledger(settings: Settings) -> Ledger:
    """The ledger, for a reader. Raises `LedgerUnavailableError`."""
    return Ledger(ledger_place(settings), settings.data)


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Shows on a terminal how far it is, and wipes that away at the end; nothing where nobody watches."""
    watched = sys.stderr.isatty()

    def tell(done: int, of: int, what: str = what, /) -> None:
        if watched:
            bar = "█" * (WIDE * done // max(of, 1))
            print(f"\r\033[K{bar:░<{WIDE}} {done} of {of} {what}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if watched:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

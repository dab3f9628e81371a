"""What the commands on the terminal share that read an office's record: where it lies, and how far they are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ltsa.ledger import LedgerUnavailableError
from web.settings import Settings

WIDE = 30


class Tell(Protocol):
    """Hears how far it is."""

    def __call__(self, done: int, of: int, what: str = ..., /) -> None:
        """So much of so much is done; of `what`, where that changes on the way."""


def ledger_file(settings: Settings) -> Path:
    """The ledger's file. Raises `LedgerUnavailableError` where there is none: a reader makes no office."""
    file = settings.data / "ledger.sqlite"
    if not file.exists():
        message = f"There is no ledger in {settings.data}; name the office's folder with --data FOLDER."
        raise LedgerUnavailableError(message)
    return file


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

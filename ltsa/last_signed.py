"""What an office signed last, in a file beside the ledger: a ledger that was brought back from a backup alone, or that
somebody cut with its checkpoints, does not know of it any more.

It finds an accident, and who knows no better. Against who owns the machine only a line that lies elsewhere helps.
"""

import logging
import os
from pathlib import Path

from ltsa import trust
from ltsa.ledger import Ledger
from ltsa.log import ForkError
from ltsa.trust import NotBelievedError

FILE = "log.checkpoint"

log = logging.getLogger(__name__)


def hold(ledger: Ledger, folder: Path) -> None:
    """Raises `ForkError` where the ledger does not contain what was signed last, by the file in a folder. A file that
    says nothing is none.
    """
    path = folder / FILE
    try:
        last = trust.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (NotBelievedError, UnicodeDecodeError, OSError) as reason:
        log.warning("%s cannot be read and is written anew: %s", path, reason)
        return
    size = ledger.log.size()
    if last.size > size or ledger.log.root(last.size) != last.root:
        raise ForkError(
            f"The record does not continue the one that was signed with {last.size} leaves.", last.size, size
        )


def keep(ledger: Ledger, folder: Path) -> None:
    """Writes down what was signed last; the file is whole, or the one before."""
    newest, path = ledger.log.checkpoint(), folder / FILE
    if newest is None or (path.exists() and path.read_bytes() == newest.text().encode()):
        return
    half = path.with_suffix(f".{os.getpid()}")
    with half.open("wb") as file:
        file.write(newest.text().encode())
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)

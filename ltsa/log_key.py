"""The key that signs the record: a file of its own beside the ledger, as a text that Go's `note` reads too.

Its name, made once and kept by every later key, is the origin of the log.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ltsa.checkpoint import MalformedNoteError, Signer, checkpoint_of, signer, signer_of
from ltsa.ledger import Ledger

FILE = "log.key"
NEXT = "log.key.next"
"""The key to come: it is there before it is on record, and takes over once it is."""

NAME_BYTES = 4
SEED_BYTES = 32


class UnreadableKeyError(Exception):
    """The file holds no signing key; the sentence says which."""


def signing_key(ledger: Ledger, name: str = "") -> Signer:
    """The key of a ledger's log, made at first, for a log of that `name` (a made-up one if empty). One that was lost
    gets a successor of its name, for which nobody vouches. Raises `UnreadableKeyError`.
    """
    path = ledger.folder / FILE
    if not path.exists():
        make(path, origin(ledger) or name or f"ltsa.invalid/{secrets.token_hex(NAME_BYTES)}")
    return read(path)


def origin(ledger: Ledger) -> str:
    """The name of a ledger's log; "" while it has none. Raises `UnreadableKeyError`."""
    path = ledger.folder / FILE
    if path.exists():
        return read(path).key.name
    last = ledger.log.checkpoint()
    return checkpoint_of(last.body).origin if last else ""


def make(path: Path, name: str) -> None:
    """Makes a key that is whole or not there. One that another process has just made stays."""
    new = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(signer(name, os.urandom(SEED_BYTES)).text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()


def read(path: Path) -> Signer:
    """The key in a file. Raises `UnreadableKeyError`."""
    try:
        return signer_of(path.read_text(encoding="utf-8").removesuffix("\n"))
    except (MalformedNoteError, UnicodeDecodeError) as reason:
        raise UnreadableKeyError(f"{path} holds no signing key ({reason}); bring it back from a backup.") from None

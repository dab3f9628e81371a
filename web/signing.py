"""The key that signs the record, and the command `log-key` that shows and changes it.

It lies in `log.key` in the data folder, outside the databases, as a text that Go's `note` reads too. Its name,
made once and kept by every later key, is the origin of the log.
"""

import argparse
import os
import secrets
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltsa.access import INSTALLATION
from ltsa.checkpoint import MalformedNoteError, Signer, checkpoint_of, sign, signer, signer_of
from ltsa.journal import LogKeySet, entry
from ltsa.ledger import Ledger
from web.settings import WrongSetting, add_flags, from_flags

if TYPE_CHECKING:
    from web.house import House

FILE = "log.key"
NEXT = "log.key.next"
"""The key to come: it is there before it is on record, and takes over once it is."""

NAME_BYTES = 4
SEED_BYTES = 32


def signing_key(here: "House") -> Signer:
    """The key of the log, made at first. One that was lost gets a successor of its name, for which nobody vouches.

    Raises `WrongSetting` for a file that holds none.
    """
    path = here.settings.data / FILE
    if not path.exists():
        last = here.ledger.log.checkpoint()
        name = checkpoint_of(last.body).origin if last else f"ltsa.invalid/{secrets.token_hex(NAME_BYTES)}"
        with suppress(FileExistsError):
            _make(path, signer(name, os.urandom(SEED_BYTES)))
    return _read(path)


def changed_body(old: Signer, new: Signer) -> str:
    """What an old key signs so that those who know it trust the new one."""
    return f"ltsa-log-key/1\n{old.key.text()}\n{new.key.text()}\n"


def sign_record(here: "House") -> None:
    """Signs how far the record has grown, if it has. A key of which the record does not know is put on it before.

    Blocks.
    """
    key, last = signing_key(here), here.ledger.log.checkpoint()
    known = last and any((one.name, one.id) == (key.key.name, key.key.id) for one in last.signatures)
    if not known and not _on_record(here.ledger, key):
        _record(here, "system", key, key, old="")
    here.ledger.log.sign(key, here.now())


def change(here: "House", by: str) -> Signer:
    """Makes a new key, has the old one vouch for it on record, and signs with it from now on. The old one is gone."""
    sign_record(here)
    data = here.settings.data
    old, path = signing_key(here), data / NEXT
    if not path.exists():
        _make(path, signer(old.key.name, os.urandom(SEED_BYTES)))
    new = _read(path)
    if not _on_record(here.ledger, new):
        _record(here, by, old, new, old=old.key.text())
    path.replace(data / FILE)
    here.ledger.log.sign(new, here.now())
    return new


def log_key(arguments: list[str], _create_app: Any) -> int:
    """Shows the key by which the record's checkpoints are verified, or changes it."""
    from web.house import House  # noqa: PLC0415 - the house signs

    parser = argparse.ArgumentParser(
        prog="app.py log-key",
        description="Show the key by which others verify the record's checkpoints, and those before it.",
    )
    add_flags(parser)
    parser.add_argument("--rotate", action="store_true", help="make a new one, for which the old one vouches on record")
    options = parser.parse_args(arguments)
    with closing(House(from_flags(options))) as here:
        key = change(here, "command line") if options.rotate else signing_key(here)
        print(key.key.text())
        for event in _keys(here.ledger):
            if event.new != key.key.text():
                print(f"before: {event.new}")
    return 0


def _keys(ledger: Ledger) -> Any:
    return (recorded.event for recorded in ledger.told("log-key-set/1"))


def _on_record(ledger: Ledger, key: Signer) -> bool:
    return any(event.new == key.key.text() for event in _keys(ledger))


def _record(here: "House", by: str, voucher: Signer, new: Signer, *, old: str) -> None:
    note = sign(changed_body(voucher, new), voucher).text()
    key = f"log key {new.key.text()}"
    facts = {"new": new.key.text(), "old": old, "note": note}
    here.ledger.do(entry(LogKeySet, office=INSTALLATION, at=here.now(), by=by, key=key, **facts))


def _make(path: Path, key: Signer) -> None:
    """Writes a key that is whole or not there. Raises `FileExistsError` when another process was first."""
    new = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)
    finally:
        new.unlink()


def _read(path: Path) -> Signer:
    try:
        return signer_of(path.read_text().removesuffix("\n"))
    except (MalformedNoteError, UnicodeDecodeError) as reason:
        raise WrongSetting(f"{path} holds no signing key ({reason}); bring it back from a backup.") from None

"""The record is signed, every minute and by the key of now; and the command `log-key`, which shows and changes it."""

import argparse
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ltsa import last_signed
from ltsa import log_key as key_file
from ltsa.access import INSTALLATION
from ltsa.checkpoint import Signer, sign
from ltsa.journal import LogKeySet, entry, journal_stream
from ltsa.ledger import Ledger, LedgerUnavailableError
from web.settings import Settings, WrongSetting, add_flags, from_flags

if TYPE_CHECKING:
    from web.house import House


def signing_key(here: "House") -> Signer:
    """The key of the log, made at first. One that was lost gets a successor of its name, for which nobody vouches.

    Raises `WrongSetting` for a file that holds none.
    """
    try:
        return key_file.signing_key(here.ledger, here.settings.log_origin)
    except key_file.UnreadableKeyError as reason:
        raise WrongSetting(str(reason)) from None


def check_origin(ledger: Ledger, asked: str) -> None:
    """Raises `WrongSetting` where a log that has a name already is to bear another one; and for a key that is none."""
    try:
        has = key_file.origin(ledger)
    except key_file.UnreadableKeyError as reason:
        raise WrongSetting(str(reason)) from None
    if asked and has and asked != has:
        raise WrongSetting(
            f"The setting log_origin is “{asked}”, but this log is called “{has}” and stays so: who follows it knows it"
            " by that name. Leave the setting out, or write the log's name there."
        )


def changed_body(old: Signer, new: Signer) -> str:
    """What an old key signs so that those who know it trust the new one."""
    return f"ltsa-log-key/1\n{old.key.text()}\n{new.key.text()}\n"


def sign_record(here: "House") -> None:
    """Signs how far the record has grown, if it has. A key of which the record does not know is put on it before.

    Blocks. Raises `ForkError` where the record does not continue what was signed last, and `WrongSetting` where another
    host has changed the key since.
    """
    last_signed.hold(here.ledger, here.settings.data)
    if here.installation:
        here.installation.check_log_key(here.ledger, here.settings.log_origin)
    key = signing_key(here)
    if here.key_on_record != key.key.text():  # looking for it reads the installation's whole journal
        if not _on_record(here.ledger, key):
            _record(here, "system", key, key, old="")
        here.key_on_record = key.key.text()
    _sign(here, key)


def change(here: "House", by: str) -> Signer:
    """Makes a new key, has the old one vouch for it on record, and signs with it from now on. The old one is gone."""
    sign_record(here)
    data = here.settings.data
    old, path = signing_key(here), data / key_file.NEXT
    if not path.exists():
        key_file.make(path, old.key.name)
    new = key_file.read(path)
    if not _on_record(here.ledger, new):
        _record(here, by, old, new, old=old.key.text())
    if here.installation:
        here.installation.change_log_key(new.key.text())
    path.replace(data / key_file.FILE)
    _sign(here, new)
    return new


def _sign(here: "House", key: Signer) -> None:
    last_signed.hold(here.ledger, here.settings.data)
    here.ledger.log.sign(key, here.now())
    last_signed.keep(here.ledger, here.settings.data)


def log_key(arguments: list[str], _create_app: Any) -> int:
    """Shows the key by which the record's checkpoints are verified, or changes it."""
    from web.house import House  # noqa: PLC0415 - the house signs

    parser = argparse.ArgumentParser(
        prog="app.py log-key",
        description="Show the key by which others verify the record's checkpoints, and those before it.",
    )
    add_flags(parser)
    parser.add_argument("--rotate", action="store_true", help="make a new one, for which the old one vouches on record")
    parser.add_argument("--lost", action="store_true", help="of several hosts none has it: this one makes another")
    options = parser.parse_args(arguments)
    if options.lost:
        _give_up(from_flags(options))
    with closing(House(from_flags(options))) as here:
        key = change(here, "command line") if options.rotate else signing_key(here)
        print(key.key.text())
        for event in _keys(here.ledger):
            if event.new != key.key.text():
                print(f"before: {event.new}")
    return 0


def _give_up(settings: Settings) -> None:
    """Lets this host bring along, or make, the key that others are asked for from now on. Raises `WrongSetting`."""
    if not settings.database:
        raise WrongSetting("Without the setting database a key that was lost gets a successor by itself.")
    from ltsa.postgres_server import Server  # noqa: PLC0415 - an office on one machine loads no driver
    from web.installation import Installation  # noqa: PLC0415 - the same

    try:
        with closing(Server(settings.database)) as server, closing(Installation(server, settings.data)) as known:
            known.change_log_key("")
    except LedgerUnavailableError as reason:
        raise WrongSetting(f"The database cannot be opened: {reason}.") from None


def _keys(ledger: Ledger) -> Any:
    return (recorded.event for recorded in ledger.told_in(journal_stream(INSTALLATION, ""), "log-key-set/1"))


def _on_record(ledger: Ledger, key: Signer) -> bool:
    return any(event.new == key.key.text() for event in _keys(ledger))


def _record(here: "House", by: str, voucher: Signer, new: Signer, *, old: str) -> None:
    note = sign(changed_body(voucher, new), voucher).text()
    key = f"log key {new.key.text()}"
    facts = {"new": new.key.text(), "old": old, "note": note}
    here.ledger.do(entry(LogKeySet, office=INSTALLATION, at=here.now(), by=by, key=key, **facts))

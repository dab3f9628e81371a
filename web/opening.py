"""How an office's stores are opened: the ledger, what lies beside it, and whether this host belongs to them.

Everything here raises `WrongSetting`, with a sentence that the owner of the machine can act on.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from ltsa.keys import MissingKeysError, WrongSeedError
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.log_key import origin
from ltsa.models.following import ReadModels
from ltsa.personal import KEYS, Personal, open_personal
from ltsa.side_copy import DiffersError
from ltsa.side_file import SideFile
from ltsa.side_store import Schema
from web.credentials import Credentials, WrongKeyError
from web.read_models import open_models
from web.settings import Settings, WrongSetting
from web.sides import CREDENTIALS, DEVICES, Sides, take_over
from web.signing import check_origin
from web.spool import Spool

if TYPE_CHECKING:
    from web.installation import Installation, OneHost

SEED_BYTES = 32


class _Open(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Open)


class Opened(NamedTuple):
    """The open stores. `installation` only with a database, `one_host` only where the keys are a file beside it."""

    ledger: Ledger
    seed: bytes
    installation: "Installation | None"
    one_host: "OneHost | None"
    personal: Personal
    credentials: Credentials
    fleet: Spool
    models: ReadModels


def open_stores(settings: Settings, closing: ExitStack) -> Opened:
    """Opens all of them; `closing` closes them, also those that were open already when another could not be opened."""

    def kept(store: T) -> T:
        closing.callback(store.close)
        return store

    folder = settings.data
    sides = kept(Sides.of(settings))
    if sides.server is None:
        seed, installation = seed_of(folder / "seed"), None
        ledger = kept(_ledger(settings))
    else:
        ledger = kept(_ledger(settings))
        seed, installation = _as_the_other_hosts(sides, ledger, settings, closing)
    one_host = _one_host(sides, closing)
    if installation and sides.keys_server:
        with _said("The database of the keys cannot be opened: {}."):
            installation.check_keys(Schema(sides.keys_server, KEYS), ledger)
    with _said(f"What lies in {folder} cannot be taken into the database: {{}}."):
        take_over(sides, seed)
    with _said(f"The personal data in {folder} cannot be opened: {{}}."):
        personal = kept(open_personal(sides.at, seed))
        if sides.keys_server:
            personal.keys.belong(origin(ledger))
    with _said(f"The sign-ins in {folder} cannot be opened: {{}}."):
        credentials = kept(Credentials(sides.at(CREDENTIALS), seed))
    with _said("The devices cannot be opened: {}. A file may be removed: nothing in it must last."):
        fleet = kept(Spool(sides.at(DEVICES)))
    with _said("The read models cannot be opened: {}."):
        models = kept(open_models(sides, ledger))
    return Opened(ledger, seed, installation, one_host, personal, credentials, fleet, models)


@contextmanager
def _said(sentence: str) -> Iterator[None]:
    """Says why something cannot be opened, as a sentence."""
    try:
        yield
    except (WrongSeedError, MissingKeysError) as reason:
        raise WrongSetting(f"{reason}.") from None
    except (LedgerUnavailableError, WrongKeyError, DiffersError) as reason:
        raise WrongSetting(sentence.format(str(reason).removesuffix("."))) from None


def _as_the_other_hosts(
    sides: Sides, ledger: Ledger, settings: Settings, closing: ExitStack
) -> "tuple[bytes, Installation]":
    """The seed, and the marks of the database's office, once this host was seen to belong to it."""
    from web.installation import Installation  # noqa: PLC0415 - an office on one machine loads no driver

    assert sides.server is not None  # noqa: S101 - whoever calls has looked
    with _said("The database's office cannot be opened: {}."):
        installation = Installation(sides.server, settings.data)
        closing.callback(installation.close)
        installation.check_seed_is_here()
        seed = seed_of(settings.data / "seed")
        installation.check_seed(seed)
        installation.check_log_key(ledger, settings.log_origin)
        installation.compare(settings, seed)
        installation.mark_database()
    return seed, installation


def _one_host(sides: Sides, closing: ExitStack) -> "OneHost | None":
    """Keys in a file beside a database: this host alone."""
    keys = sides.at(KEYS)
    if sides.server is None or not isinstance(keys, Path):
        return None
    from web.installation import OneHost  # noqa: PLC0415 - an office on one machine loads no driver

    with _said("The database's office cannot be opened: {}."):
        SideFile(keys).close()  # made, where it is not there
        alone = OneHost(sides.server, keys)
        closing.callback(alone.close)
        alone.hold()
    return alone


def _ledger(settings: Settings) -> Ledger:
    try:
        opened = Ledger(settings.ledger, settings.data)
    except LedgerUnavailableError as reason:
        raise WrongSetting(f"The office in {settings.data} cannot be opened: {reason}.") from None
    try:
        check_origin(opened, settings.log_origin)
    except WrongSetting:
        opened.close()
        raise
    return opened


def seed_of(path: Path) -> bytes:
    """The secret that tickets' secrets are derived from: made once, readable by the server's account only.

    Raises `WrongSetting` for one that was cut short: everybody could guess the tickets of an empty one.
    """
    if not path.exists():
        new = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(SEED_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise WrongSetting(f"{path} holds {len(seed)} bytes, not {SEED_BYTES}; bring it back from a backup.")
    return seed

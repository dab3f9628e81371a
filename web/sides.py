"""Where the stores beside the ledger lie, by the settings; and files of the data folder that go into a database.

Without the setting `database` each is a file of the data folder, with it a schema of that database. The keys of what is
erasable never lie beside what they seal: in the folder, or in the database of the setting `keys_database`.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ltsa import keys, people, persons, side_copy, side_store
from ltsa.personal import KEYS, NOTES, PERSONS, open_personal
from ltsa.secret_store import MARKS
from ltsa.side_file import SideFile
from ltsa.side_store import Beside, Schema, in_folder
from web import vault
from web.credentials import Credentials
from web.settings import Settings
from web.spool import Spool

if TYPE_CHECKING:
    from ltsa.postgres_server import Server

log = logging.getLogger(__name__)

CREDENTIALS, DEVICES = "credentials", "devices"
TABLES = {
    CREDENTIALS: vault.TABLES,
    PERSONS: persons.TABLES,
    NOTES: people.TABLES,
    DEVICES: Spool.tables,
    KEYS: keys.TABLES,
}
"""Every store beside the ledger that must not be lost, with what makes its tables. The keys come last: of everything in
the data the key is there.
"""
ASIDE = "taken-over"
"""The folder of files that lie in a database now."""


class Sides:
    """The places, and the servers that they are at."""

    def __init__(self, folder: Path, database: str = "", keys_database: str = "") -> None:
        self.folder = folder
        self.server, self.keys_server = _server(database), _server(keys_database)

    @classmethod
    def of(cls, settings: Settings) -> "Sides":
        """Those of an office."""
        return cls(settings.data, settings.database, settings.keys_database)

    def at(self, name: str) -> Beside:
        """Where a store lies."""
        server = self.keys_server if name == KEYS else self.server
        return Schema(server, name) if server else in_folder(self.folder)(name)

    def close(self) -> None:
        """Ends the connections."""
        for server in (self.server, self.keys_server):
            if server:
                server.close()


def copied(name: str, place: Beside, target: Beside) -> int:
    """Copies a store, as it is at one moment, into an empty place, while the office may be open; how many rows there
    are. Raises `DiffersError` or `LedgerUnavailableError`.
    """
    with _as_it_is(place) as here, _opened(target, name) as there:
        return side_copy.copy(here, there, TABLES[name])


def fits(name: str, place: Beside, target: Beside) -> bool:
    """Whether a store is as this version keeps it. The target's tables are made. Raises `LedgerUnavailableError`."""
    with _as_it_is(place) as here, _opened(target, name) as there:
        return side_copy.fits(here, there, TABLES[name])


def holds(name: str, place: Beside) -> bool:
    """Whether a store is there and holds anything. Raises `LedgerUnavailableError`."""
    if isinstance(place, Path) and not place.exists():
        return False
    with _as_it_is(place) as store:
        return not side_copy.is_blank(store, TABLES[name])


def take_over(sides: Sides, seed: bytes) -> None:
    """Takes the files of a data folder into the database, once; whatever was cut off is completed at the next start.

    Everything is there, compared and durable before the first file is put aside. Keys are not put aside but wiped: the
    file would bring back what is erased later.

    Raises `DiffersError` where the database holds something else, and what opening the stores raises.
    """
    with _alone_in(sides.folder):
        _take_over(sides, seed)


def _take_over(sides: Sides, seed: bytes) -> None:
    files = {name: in_folder(sides.folder)(name) for name in TABLES if not isinstance(sides.at(name), Path)}
    there = [name for name, file in files.items() if file.exists() and file.stat().st_size]
    if not there:
        return
    if [name for name in there if not _is_taken(sides, name, files[name])]:
        _bring_up_to_date(sides.folder, seed, there)
        there = [name for name, file in files.items() if file.exists()]
        for name in there:
            rows = copied(name, files[name], sides.at(name))
            log.warning("%s was taken over into %s: %d rows", files[name], sides.at(name), rows)
    for name in there:
        _put_aside(files[name], wiped=name == KEYS)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Of processes that start at once in a folder one moves its files."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _bring_up_to_date(folder: Path, seed: bytes, names: list[str]) -> None:
    """Has this version open the files of an older one, which brings their tables up to date."""
    if {PERSONS, NOTES} & {*names}:
        open_personal(in_folder(folder), seed).close()
    if CREDENTIALS in names:
        Credentials(in_folder(folder)(CREDENTIALS), seed).close()
    if DEVICES in names:
        Spool(in_folder(folder)(DEVICES)).close()


def _is_taken(sides: Sides, name: str, file: Path) -> bool:
    with _as_it_is(file) as source, _opened(sides.at(name), name) as target:
        return side_copy.is_copied(source, target, TABLES[name])


def _as_it_is(place: Beside) -> closing[side_store.SideStore]:
    """A store whose tables may be those of an older version."""
    return closing(side_store.opened(place, [MARKS]))


def _opened(place: Beside, name: str) -> closing[side_store.SideStore]:
    return closing(side_store.opened(place, side_copy.making(TABLES[name])))


def _put_aside(file: Path, *, wiped: bool) -> None:
    if wiped:
        with closing(SideFile(file)) as store, store.changing() as database:
            database.execute("DELETE FROM keys")  # overwritten: secure_delete
        file.unlink()
        return
    with closing(SideFile(file)) as store:
        store.empty()
    aside = file.parent / ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    names = (aside / (f"{file.stem}-{n}.sqlite" if n else file.name) for n in count())
    file.rename(next(name for name in names if not name.exists()))


def _server(address: str) -> "Server | None":
    if not address:
        return None
    from ltsa.postgres_server import Server  # noqa: PLC0415 - an office on one machine loads no driver

    return Server(address)

"""A store beside the ledger as a SQLite file: made whole, opened alike, changed in one transaction at a time.

What was deleted is overwritten in it (`secure_delete`), and a commit is on the disk when it returns. The write-ahead
log, which may hold what was deleted still, is emptied. Each carries a mark, as the ledger does: one that a newer
program has changed is not opened by an older one (docs/upgrade.md).
"""

import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from typing_extensions import override

from ltsa.side_store import Beside, SideStore, SideUnavailableError, Tables

log = logging.getLogger(__name__)

TIMEOUT = 5
"""Seconds to wait for other processes."""

FORMAT = 1
"""Of these files' tables. Raise it when an older program would misread one: what was before marks has 0, and who opens
a file brings it up to date.
"""


class NewerFileError(sqlite3.DatabaseError):
    """A newer program has changed the file. Nothing of it was touched."""


class SideFile(SideStore):
    """The open file, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.place: Beside = path
        self._writing, self._reading = Lock(), Lock()
        try:
            self._writer = connected(path)
            self._reader = _connect(path)
        except (sqlite3.Error, OSError) as error:
            raise SideUnavailableError(f"{path} cannot be opened: {error}") from error

    @override
    @contextmanager
    def changing(self) -> Iterator[Tables]:
        with self._writing, self._named("changed"):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    @override
    @contextmanager
    def looking(self) -> Iterator[Tables]:
        with self._reading, self._named("read"):
            yield self._reader

    @override
    @contextmanager
    def snapshot(self) -> Iterator[Tables]:
        with self.looking() as database:
            database.execute("BEGIN")
            try:
                yield database
            finally:
                database.execute("COMMIT")

    @override
    def columns(self, table: str) -> list[str]:
        with self.looking() as database:
            return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]

    @override
    def empty(self) -> None:
        until = monotonic() + TIMEOUT
        while True:
            with self._writing, self._named("changed"):
                (busy, *_) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if monotonic() > until:
                break
            sleep(0.01)  # SQLite itself does not wait for another process that empties it
        log.warning("the log of %s was not emptied; it is with the next erasure, or at the next start", self.place)

    @override
    def rewrite(self) -> bool:
        return True  # it was overwritten

    @override
    def close(self) -> None:
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SideUnavailableError(f"{self.place} cannot be {what}: {error}") from error


def connected(path: Path) -> sqlite3.Connection:
    """The file, made if it is not there, and readable by its owner alone in any case. Raises `sqlite3.Error` (a
    `NewerFileError` for one that this program does not know) or `OSError`.
    """
    if not path.exists():
        _make(path)
    path.chmod(0o600)
    return _connect(path)


def demand_known(path: Path) -> None:
    """Raises `NewerFileError` for a file that a newer program has changed, `sqlite3.Error` for one that is none."""
    with closing(sqlite3.connect(path, timeout=TIMEOUT)) as database:
        _format(path, database)


def mark_of(path: Path, name: str) -> bytes | None:
    """A mark of a file that may not be there, or be older than marks; nothing is made. Raises
    `SideUnavailableError`.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        database = sqlite3.connect(path, isolation_level=None, timeout=TIMEOUT)
        try:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'marks'").fetchone():
                return None
            row = database.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SideUnavailableError(f"{path} cannot be read: {error}") from error
    return row[0] if row else None


def _make(path: Path) -> None:
    """An empty file with a write-ahead log. Of processes that start at once one's comes to stand there, whole: SQLite
    does not wait for another that is just turning the log on.
    """
    new = path.with_suffix(f".{secrets.token_hex(4)}")
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    _connect(new).close()
    with suppress(FileExistsError):
        os.link(new, path)
    new.unlink()


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=TIMEOUT)
    try:
        found = _format(path, database)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
            database.execute(f"PRAGMA {pragma}")
        database.create_function("greatest", 2, max, deterministic=True)
        database.create_function("least", 2, min, deterministic=True)
        if found != FORMAT:
            database.execute(f"PRAGMA user_version={FORMAT}")
    except BaseException:
        database.close()
        raise
    return database


def _format(path: Path, database: sqlite3.Connection) -> int:
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    if found > FORMAT:
        raise NewerFileError(f"{path} has format {found}, this program knows {FORMAT}: start it with a newer version")
    return found

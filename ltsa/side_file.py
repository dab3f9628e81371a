"""A SQLite file beside the ledger: made whole, opened alike, changed in one transaction at a time.

What was deleted is overwritten in it (`secure_delete`), and a commit is on the disk when it returns.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

TIMEOUT = 5
"""Seconds to wait for other processes."""


def opened(path: Path) -> sqlite3.Connection:
    """The file, for any thread; made if it is not there, and readable by its owner alone in any case. Raises
    `sqlite3.Error` or `OSError`.
    """
    if not path.exists():
        _make(path)
    path.chmod(0o600)
    return _connect(path)


@contextmanager
def changing(lock: Lock, database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction: nobody else writes until it is on the disk, or undone by an exception."""
    with lock:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    return database

"""The ledger in a PostgreSQL database: for several servers over one record.

The lock is an advisory one, held for a transaction: readers, backups and VACUUM never wait for it. The events' table is
laid out as the `eventsourcing` library lays out its own, but the library's recorder is not used: it locks the whole
table, and repeats what it cannot know to have failed (docs/decisions/stores.md).

The lock is let go before the disk has answered, and nobody is answered until it has: so several processes share its
answer. What is read beside the lock to be shown is waited for alike (docs/decisions/stores.md).
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from typing_extensions import override

from ltsa.postgres_server import PATIENCE, PATIENCE_OF_READERS, Server, Session, connect, named, said, sentence, shown
from ltsa.store import ConnectionLostError, Cursor, LedgerUnavailableError, Row, Store, demand_known

log = logging.getLogger(__name__)

CHANNEL = "ltsa_committed"

LOCK = "SELECT pg_advisory_xact_lock(hashtext('ltsa'), hashtext(current_schema()))"
EARLY = "SET LOCAL synchronous_commit = off"
"""A commit that does not wait for the disk, so that its lock is free at once: `SETTLE` follows before anybody hears."""
SETTLE = "SELECT pg_logical_emit_message(true, 'ltsa', '')"
"""Commits next to nothing, and so waits until all that was committed before it is as durable as the server can make it.
"""
IS_SETTLED = "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"

TABLES = (
    """CREATE TABLE ledger (notification_id bigint NOT NULL UNIQUE, originator_id text COLLATE "C" NOT NULL,
        originator_version bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL,
        PRIMARY KEY (originator_id, originator_version))""",
    "CREATE TABLE leaves (leaf bigint PRIMARY KEY, position bigint NOT NULL, hash bytea NOT NULL)",
    """CREATE TABLE nodes (level integer NOT NULL, number bigint NOT NULL, hash bytea NOT NULL,
        PRIMARY KEY (level, number))""",
    "CREATE TABLE checkpoints (size bigint PRIMARY KEY, at bigint NOT NULL, note text NOT NULL)",
    """CREATE TABLE cosignatures (size bigint NOT NULL, line text COLLATE "C" NOT NULL, PRIMARY KEY (size, line))""",
    "CREATE TABLE ltsa_format (format integer NOT NULL)",
    """CREATE VIEW events AS SELECT notification_id AS position, originator_id AS stream, originator_version AS version,
        topic, convert_from(state, 'UTF8')::json AS event FROM ledger""",
)

_TYPES = dict(re.findall(r"(\w+) (bigint|integer|text|bytea)\b", " ".join(TABLES)))
"""Of the columns, whichever table they are in."""
_INSERT = re.compile(r"INSERT INTO (\w+) \(([\w, ]+)\) VALUES \([%s, ]+\)")


@lru_cache(maxsize=64)
def _many(sql: str) -> str:
    """An INSERT of one row as one of many, each column a list: a statement for each costs more than its row."""
    found = _INSERT.fullmatch(said(sql))
    assert found, sql  # noqa: S101 - ours
    target, columns = found.groups()
    lists = ", ".join(f"%s::{_TYPES[name.strip()]}[]" for name in columns.split(","))
    return f"INSERT INTO {target} ({columns}) SELECT * FROM unnest({lists})"  # noqa: S608 - ours


class _Turn:
    """A transaction under the ledger's lock, in as few ways to the server as there can be: what gives nothing back is
    sent with the next question, or with the commit. With `early` the lock goes before the disk has answered.
    """

    def __init__(self, session: Session, *, early: bool = False) -> None:
        self._cursor = psycopg.ClientCursor(session)
        self._told = ["BEGIN", EARLY, LOCK] if early else ["BEGIN", LOCK]
        self._early, self._writes = early, False
        self._found: list[Any] = []

    def execute(self, sql: str, values: Sequence[object] = ()) -> None:
        if sql.startswith("SELECT"):
            [self._found] = self.ask((sql, values))
        else:
            self._tell(self._bound(sql, values))

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        if columns := [list(values) for values in zip(*rows, strict=True)]:
            self._tell(self._cursor.mogrify(_many(sql), columns))

    def fetchone(self) -> Any:
        return self._found.pop(0) if self._found else None

    def fetchall(self) -> list[Any]:
        found, self._found = self._found, []
        return found

    def ask(self, *questions: tuple[str, Sequence[object]]) -> list[list[Any]]:
        """The rows of several SELECTs."""
        return self._send(*(self._bound(*question) for question in questions))

    def commit(self) -> None:
        """Returns when all of it is durable, and all that it was decided upon."""
        if self._writes:
            self._send("COMMIT", *([SETTLE] if self._early else []))
        elif not self._send("COMMIT", IS_SETTLED)[-1][0][0]:
            self._send(SETTLE)

    def _bound(self, sql: str, values: Sequence[object]) -> str:
        return self._cursor.mogrify(said(sql), values) if values else said(sql)

    def _tell(self, said: str) -> None:
        self._told.append(said)
        self._writes = True

    def _send(self, *statements: str) -> list[list[Any]]:
        """Sends these, after what is to be told. What each of these gave back."""
        before, self._told = self._told, []
        self._cursor.execute("; ".join([*before, *statements]).encode())
        for _ in before:
            self._cursor.nextset()
        found = []
        for _ in statements:
            found.append(self._cursor.fetchall() if self._cursor.description else [])
            self._cursor.nextset()
        return found


class PostgresStore(Store):
    """A ledger's tables in a database (`postgresql://USER@HOST/NAME`), in its first schema."""

    def __init__(self, address: str) -> None:
        self.name = shown(address)
        self._ears = list[Callable[[], object]]()
        try:
            self._writer = connect(address, PATIENCE)
        except psycopg.Error as error:
            raise LedgerUnavailableError(f"{self.name} cannot be opened ({sentence(error)})") from error
        self._server = Server(address, CHANNEL, self._heard)

    # --- Transactions

    @override
    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with (
            self._server.session() as session,
            named("the ledger cannot be read"),
            session.cursor(binary=True) as cursor,
        ):
            yield cursor

    @override
    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self._server.session() as session, named("the ledger cannot be written"), _locked(session) as turn:
            yield turn

    @override
    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        if self._server.away:
            raise LedgerUnavailableError(self._server.away)
        if self._writer.is_lost:
            self._writer.close()
            self._writer = self._server.connect()
        try:
            with _locked(self._writer, early=True) as turn:
                yield turn
        except psycopg.Error as error:
            message = f"the ledger cannot be written: {sentence(error)}"
            if not self._writer.is_lost:
                raise LedgerUnavailableError(message) from error
            if self._writer.is_frozen:
                self._server.miss(error)
            raise ConnectionLostError(message) from error

    @override
    def found(self, cursor: Cursor, *questions: tuple[str, Sequence[object]]) -> list[list[Any]]:
        assert isinstance(cursor, _Turn)  # noqa: S101 - what `appending` gives
        return cursor.ask(*questions)

    @override
    def settle(self, cursor: Cursor) -> None:
        cursor.execute(IS_SETTLED)
        if not cursor.fetchone()[0]:
            cursor.execute(SETTLE)

    @override
    def format(self, cursor: Cursor) -> int:
        return _format(cursor)

    @override
    def create(self, cursor: Cursor) -> None:
        if not self.format(cursor):
            for statement in TABLES:
                cursor.execute(statement)
            cursor.execute("INSERT INTO ltsa_format VALUES (1)")

    @override
    def mark(self, cursor: Cursor, number: int) -> None:
        cursor.execute("UPDATE ltsa_format SET format = ?", (number,))

    @override
    def insert(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        cursor.executemany(
            "INSERT INTO ledger (rowid, originator_id, originator_version, topic, state) VALUES (?,?,?,?,?)", rows
        )
        cursor.execute(f"NOTIFY {CHANNEL}")

    @override
    def hear(self, ring: Callable[[], object]) -> bool:
        self._ears.append(ring)
        return True

    @override
    def check(self) -> None:
        with self.writing() as cursor:
            cursor.execute("SELECT max(rowid) FROM ledger")

    @override
    def close(self) -> None:
        self._server.close()
        self._writer.close()

    def _heard(self, process: int) -> None:
        """Somebody has committed. This process's own commits have rung already."""
        if process and not self._writer.closed and process == self._writer.info.backend_pid:
            return
        for ring in self._ears:
            try:
                ring()
            except Exception:
                log.exception("whoever follows the ledger could not be told")


@contextmanager
def looking_at(address: str, *, unfinished: bool = False) -> Iterator[Cursor]:
    """A ledger's database as it is now, in one transaction that only reads. Raises `LedgerUnavailableError`, also for
    one that this program does not know.
    """
    with named(f"{shown(address)} cannot be read"), connect(address, PATIENCE_OF_READERS) as session:
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with session.cursor(binary=True) as cursor:
            demand_known(shown(address), _format(cursor), unfinished=unfinished)
            yield cursor
        session.execute("ROLLBACK")


def _format(cursor: Cursor) -> int:
    cursor.execute("SELECT to_regclass('ltsa_format')")
    if cursor.fetchone()[0] is None:
        return 0
    cursor.execute("SELECT format FROM ltsa_format")
    return int(cursor.fetchone()[0])


@contextmanager
def _locked(session: Session, *, early: bool = False) -> Iterator[_Turn]:
    """A transaction under the ledger's lock; with `early` it is asked for with the first question."""
    turn = _Turn(session, early=early)
    try:
        if not early:
            turn.ask()
        yield turn
        turn.commit()
    except BaseException:
        with suppress(psycopg.Error):
            session.execute("ROLLBACK")
        raise

"""The ledger in a PostgreSQL database: for several servers over one record.

The lock is an advisory one, held for a transaction: readers, backups and VACUUM never wait for it. The events' table is
laid out as the `eventsourcing` library lays out its own, but the library's recorder is not used: it locks the whole
table, and repeats what it cannot know to have failed (docs/decisions/stores.md).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from typing_extensions import override

from ltsa.postgres_server import PATIENCE, PATIENCE_OF_READERS, Server, Session, connect, named, sentence, shown
from ltsa.store import ConnectionLostError, Cursor, LedgerUnavailableError, Row, Store

log = logging.getLogger(__name__)

CHANNEL = "ltsa_committed"

LOCK = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('ltsa'), hashtext(current_schema()))"

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
        with self._server.session() as session, named("the ledger cannot be written"), _locked(session) as cursor:
            yield cursor

    @override
    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        if self._server.away:
            raise LedgerUnavailableError(self._server.away)
        if self._writer.is_lost:
            self._writer.close()
            self._writer = self._server.connect()
        try:
            with _locked(self._writer) as cursor:
                yield cursor
        except psycopg.Error as error:
            message = f"the ledger cannot be written: {sentence(error)}"
            if not self._writer.is_lost:
                raise LedgerUnavailableError(message) from error
            if self._writer.is_frozen:
                self._server.miss(error)
            raise ConnectionLostError(message) from error

    @override
    def format(self, cursor: Cursor) -> int:
        cursor.execute("SELECT to_regclass('ltsa_format')")
        if cursor.fetchone()[0] is None:
            return 0
        cursor.execute("SELECT format FROM ltsa_format")
        return int(cursor.fetchone()[0])

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
        with self._writer.pipeline():  # one answer to wait for
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
def looking_at(address: str) -> Iterator[Cursor]:
    """A ledger's database as it is now, in one transaction that only reads. Raises `LedgerUnavailableError`."""
    with named(f"{shown(address)} cannot be read"), connect(address, PATIENCE_OF_READERS) as session:
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with session.cursor(binary=True) as cursor:
            yield cursor
        session.execute("ROLLBACK")


@contextmanager
def _locked(session: Session) -> Iterator[Cursor]:
    """A transaction under the ledger's lock."""
    with session.cursor(binary=True) as cursor:
        try:
            session.execute(LOCK)
            yield cursor
            session.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                session.execute("ROLLBACK")
            raise

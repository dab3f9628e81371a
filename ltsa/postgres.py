"""The ledger in a PostgreSQL database: for several servers over one record.

The lock is an advisory one, held for a transaction: readers, backups and VACUUM never wait for it. The events' table is
laid out as the `eventsourcing` library lays out its own, but the library's recorder is not used: it locks the whole
table, and repeats what it cannot know to have failed (docs/decisions/stores.md).

Who asks for something is never kept waiting by a server that is away: the pulse looks for it twice a second, and until
it is found everybody else is told so at once.
"""

import logging
import os
import select
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from threading import Condition, Event, Thread
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import _WaitTimeout
from psycopg.pq import ConnStatus, TransactionStatus
from typing_extensions import override

from ltsa.store import ConnectionLostError, Cursor, LedgerUnavailableError, Row, Store

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 1.2
"""Seconds that the server has for the writer's statements, and for the pulse's. One that is frozen says nothing."""
PATIENCE_OF_READERS = 60.0
"""The same for what reads: the pulse hangs up for them when the server is away."""
PULSE = 0.5
"""Seconds between two looks at the server."""
PAUSE = 0.25
"""Seconds before a server that was not found is looked for again."""
IDLE_KEPT = 4
"""Connections kept for the next readers."""
OLDEST = 130000
"""PostgreSQL 13, the oldest that is still looked after."""

CHANNEL = "ltsa_committed"
CONNECTION = {
    "application_name": "ltsa",
    "client_encoding": "UTF8",
    "connect_timeout": 1,  # psycopg makes two of it; only the pulse waits so long for a server that is away
    "target_session_attrs": "read-write",
    "tcp_user_timeout": 5000,
}
SESSION = """SET synchronous_commit = on; SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '5s';
    SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off"""
"""What is acknowledged is durable; who died or froze under the lock does not keep it."""

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


@lru_cache(maxsize=256)
def _said(sql: str) -> str:
    """SQLite's SQL as PostgreSQL says it."""
    return sql.replace("?", "%s").replace("rowid", "notification_id").replace("AS BLOB", "AS bytea")


class _Cursor(psycopg.Cursor[Any]):
    """Takes the SQL that both stores share."""

    @override
    def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
        return super().execute(_said(query), params or None, **more)

    @override
    def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
        super().executemany(_said(query), params_seq, **more)


class _Session(psycopg.Connection[Any]):
    """A connection that does not wait for ever: the library does, for a server that is frozen."""

    patience = PATIENCE_OF_READERS
    is_frozen = False
    """Whether it was given up because the server said nothing."""

    @override
    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except _WaitTimeout:
            if timeout is None:
                self.is_frozen = True
                self.pgconn.finish()
                raise psycopg.OperationalError(f"the server has not answered for {self.patience:g} s") from None
            raise

    @property
    def is_lost(self) -> bool:
        """Whether nothing more can be asked on it, as far as this side knows without asking."""
        if self.closed or self.pgconn.status != ConnStatus.OK:
            return True
        waiting = select.poll()
        waiting.register(self.pgconn.socket, select.POLLIN)
        return bool(waiting.poll(0))  # who was asked nothing says only farewell

    def hang_up(self) -> None:
        """Ends it from another thread: whoever waits on it is told so at once."""
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


class PostgresStore(Store):
    """A ledger's tables in a database (`postgresql://USER@HOST/NAME`), in its first schema."""

    def __init__(self, address: str) -> None:
        self.name = shown(address)
        self._address = address
        self._pulse: _Session | None = None
        self._away = ""
        self._closed = False
        self._using = Condition()
        self._readers = 0
        self._idle, self._used = list[_Session](), set[_Session]()
        self._ears = list[Callable[[], object]]()
        self._stopped = Event()
        try:
            self._writer = _connect(address, PATIENCE)
        except psycopg.Error as error:
            raise LedgerUnavailableError(f"{self.name} cannot be opened ({_sentence(error)})") from error
        self._watch = Thread(target=self._keep_watch, name="postgres-pulse", daemon=True)
        self._watch.start()

    # --- Transactions

    @override
    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self._session() as session, _named("the ledger cannot be read"), session.cursor(binary=True) as cursor:
            yield cursor

    @override
    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self._session() as session, _named("the ledger cannot be written"), _locked(session) as cursor:
            yield cursor

    @override
    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        if self._away:
            raise LedgerUnavailableError(self._away)
        if self._writer.is_lost:
            self._writer.close()
            with _named("the database server is away"):
                self._writer = _connect(self._address, PATIENCE)
        try:
            with _locked(self._writer) as cursor:
                yield cursor
        except psycopg.Error as error:
            message = f"the ledger cannot be written: {_sentence(error)}"
            if not self._writer.is_lost:
                raise LedgerUnavailableError(message) from error
            if self._writer.is_frozen:
                self._miss(error)
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
        with self._using:
            self._closed = True
            self._using.wait_for(lambda: not self._readers)
        self._stopped.set()
        if self._pulse:
            self._pulse.hang_up()
        self._watch.join()
        for session in (*self._idle, self._writer):
            session.close()

    # --- Connections

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        """A connection for one reader, kept for the next."""
        with self._using:
            if self._closed:
                raise LedgerUnavailableError("the ledger is closed")
            if self._away:
                raise LedgerUnavailableError(self._away)
            self._readers += 1
            session = self._idle.pop() if self._idle else None
        try:
            if session is None or session.is_lost:
                if session:
                    session.close()
                with _named("the database server is away"):
                    session = _connect(self._address, PATIENCE_OF_READERS)
            self._used.add(session)
            yield session
        finally:
            with self._using:
                self._readers -= 1
                if session:
                    self._used.discard(session)
                    self._keep(session)
                self._using.notify_all()

    def _keep(self, session: _Session) -> None:
        sound = not session.closed and session.info.transaction_status == TransactionStatus.IDLE
        if sound and not self._away and len(self._idle) < IDLE_KEPT:
            self._idle.append(session)
        else:
            session.close()

    # --- Whether the server is there

    def _miss(self, error: psycopg.Error) -> None:
        """From now on everybody is told that the server is away, until the pulse finds it."""
        if not self._away:
            log.warning("The database server is away: %s", _sentence(error))
        self._away = f"the database server is away and is looked for twice a second ({_sentence(error)})"

    def _find(self) -> None:
        """The server is there."""
        if self._away:
            log.warning("The database server is there again.")
            self._away = ""

    def _keep_watch(self) -> None:
        """The pulse: looks whether the server is there, and hears who else commits."""
        while not self._stopped.is_set():
            found = False
            try:
                with _connect(self._address, PATIENCE) as self._pulse:
                    found = True
                    self._pulse.execute(f"LISTEN {CHANNEL}")
                    self._find()
                    self._ring()  # what was said before we listened is lost
                    self._listen(self._pulse)
            except psycopg.Error as error:
                if self._stopped.is_set():
                    return
                if not found or (self._pulse and self._pulse.is_frozen):
                    self._miss(error)  # a connection alone may end: the next look tells
                    self._hang_up()
                self._stopped.wait(PAUSE)

    def _listen(self, pulse: _Session) -> None:
        while not self._stopped.is_set():
            pulse.execute("SELECT 1")
            self._find()
            own = self._writer.info.backend_pid if not self._writer.closed else 0
            for said in pulse.notifies(timeout=PULSE, stop_after=1):
                if said.pid != own:
                    self._ring()

    def _ring(self) -> None:
        for ring in () if self._closed else self._ears:
            try:
                ring()
            except Exception:
                log.exception("whoever follows the ledger could not be told")

    def _hang_up(self) -> None:
        with self._using:
            for session in self._used.copy():
                session.hang_up()
            for session in self._idle:
                session.close()
            self._idle.clear()


def shown(address: str) -> str:
    """An address as it may be shown: without its passwords."""
    try:
        known = {name: str(value) for name, value in conninfo_to_dict(address).items() if "password" not in name}
    except psycopg.ProgrammingError:
        return "the database"
    host = "" if known.get("host", "").startswith("/") else known.pop("host", "")
    where = f"{known.pop('user', '')}@{host}:{known.pop('port', '')}".removeprefix("@").rstrip(":,")
    rest = f"?{urlencode(known, safe='/')}" if (name := known.pop("dbname", "")) and known else ""
    return f"postgresql://{where}/{name}{rest}"


@contextmanager
def looking_at(address: str) -> Iterator[Cursor]:
    """A ledger's database as it is now, in one transaction that only reads. Raises `LedgerUnavailableError`."""
    with _named(f"{shown(address)} cannot be read"), _connect(address, PATIENCE_OF_READERS) as session:
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with session.cursor(binary=True) as cursor:
            yield cursor
        session.execute("ROLLBACK")


def _connect(address: str, patience: float) -> _Session:
    """Raises `psycopg.Error` for what is no PostgreSQL that serves a ledger."""
    parameters: dict[str, Any] = CONNECTION | conninfo_to_dict(address)
    session = _Session.connect(autocommit=True, cursor_factory=_Cursor, **parameters)
    session.patience = patience
    try:
        session.execute(SESSION)
    except BaseException:
        session.close()
        raise
    if session.info.server_version < OLDEST or session.info.parameter_status("server_encoding") != "UTF8":
        session.close()
        raise psycopg.NotSupportedError("it must be PostgreSQL 13 or newer, the database with ENCODING 'UTF8'")
    return session


@contextmanager
def _locked(session: _Session) -> Iterator[Cursor]:
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


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise LedgerUnavailableError(f"{what}: {_sentence(error)}") from error


def _sentence(error: psycopg.Error) -> str:
    """What the server or the driver said, in one line."""
    return (error.diag.message_primary or str(error).partition("\n")[0]).strip() or type(error).__name__

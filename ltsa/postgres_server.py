"""A PostgreSQL server as one process knows it: sessions for whoever asks, and a pulse that says whether it is there.

Who asks for something is never kept waiting by a server that is away: the pulse looks for it twice a second, and until
it is found everybody else is told so at once. Nothing here knows what lies in the database.
"""

import logging
import os
import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from threading import Condition, Event, Thread
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import psycopg
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import _WaitTimeout
from psycopg.pq import ConnStatus, TransactionStatus
from typing_extensions import override

from ltsa.store import LedgerUnavailableError

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

_CONNECTION = {
    "application_name": "ltsa",
    "client_encoding": "UTF8",
    "connect_timeout": 1,  # psycopg makes two of it; only the pulse waits so long for a server that is away
    "target_session_attrs": "read-write",
    "tcp_user_timeout": 5000,
}
_SESSION = """SET synchronous_commit = on; SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '5s';
    SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off"""
"""What is acknowledged is durable; who died or froze under the lock does not keep it."""


@lru_cache(maxsize=256)
def said(query: str) -> str:
    """SQLite's SQL as PostgreSQL says it."""
    return query.replace("?", "%s").replace("rowid", "notification_id").replace("AS BLOB", "AS bytea")


class _Cursor(psycopg.Cursor[Any]):
    """Takes the SQL that both stores share."""

    @override
    def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
        return super().execute(said(query) if isinstance(query, str) else query, params or None, **more)

    @override
    def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
        super().executemany(said(query), params_seq, **more)


class Session(psycopg.Connection[Any]):
    """A connection that does not wait for ever: the library does, for a server that is frozen."""

    patience = PATIENCE_OF_READERS
    is_frozen = False
    """Whether it was given up because the server said nothing."""
    schema = ""
    """In which schema it looks for tables; "" for the one that the address names."""

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

    def move_to(self, schema: str) -> None:
        """Looks for tables in a schema from now on."""
        if self.schema != schema:
            there = sql.SQL("SET search_path TO {}").format(sql.Identifier(schema))
            self.execute(there if schema else "RESET search_path")
            self.schema = schema


class Server:
    """The server that an address (`postgresql://USER@HOST/NAME`) names. Safe to use from any thread.

    Args:
        address: where it is.
        channel: on which others tell that they have committed; "" for none.
        heard: hears the process at the server that told, from a thread of the server's; 0 where that is not known.
    """

    def __init__(self, address: str, channel: str = "", heard: Callable[[int], object] = lambda _: None) -> None:
        self.name = shown(address)
        self.away = ""
        """What to tell whoever asks for something while the server is away; "" while it is there."""
        self.address, self._channel, self._heard = address, channel, heard
        self._pulse: Session | None = None
        self._closed = False
        self._using = Condition()
        self._users = 0
        self._idle, self._used = list[Session](), set[Session]()
        self._stopped = Event()
        self._watch = Thread(target=self._keep_watch, name="postgres-pulse", daemon=True)
        self._watch.start()

    def connect(self, patience: float = PATIENCE) -> Session:
        """A connection of one's own. Raises `LedgerUnavailableError`."""
        if self.away:
            raise LedgerUnavailableError(self.away)
        with named("the database server is away"):
            return connect(self.address, patience)

    @cached_property
    def schema(self) -> str:
        """The first schema of the address: a ledger's. Raises `LedgerUnavailableError` where there is none."""
        with self.session() as session, named("the database cannot be asked"):
            (found,) = session.execute("SELECT current_schema()").fetchone() or (None,)
        if found is None:
            raise LedgerUnavailableError(f"{self.name} names no schema that is there")
        return str(found)

    @contextmanager
    def session(self, schema: str = "") -> Iterator[Session]:
        """A connection for a moment, kept for the next who needs one. Raises `LedgerUnavailableError`."""
        with self._using:
            if self._closed:
                raise LedgerUnavailableError("the ledger is closed")
            if self.away:
                raise LedgerUnavailableError(self.away)
            self._users += 1
            session = self._fitting(schema)
        try:
            if session is None or session.is_lost:
                if session:
                    session.close()
                session = self.connect(PATIENCE_OF_READERS)
            self._used.add(session)
            with named("the database cannot be asked"):
                session.move_to(schema)
            yield session
        finally:
            with self._using:
                self._users -= 1
                if session:
                    self._used.discard(session)
                    self._keep(session)
                self._using.notify_all()

    def miss(self, error: psycopg.Error) -> None:
        """From now on everybody is told that the server is away, until the pulse finds it."""
        if not self.away:
            log.warning("The database server of %s is away: %s", self.name, sentence(error))
        self.away = f"the database server is away and is looked for twice a second ({sentence(error)})"

    def close(self) -> None:
        """Lets who uses a connection finish, then closes them."""
        with self._using:
            self._closed = True
            self._using.wait_for(lambda: not self._users)
        self._stopped.set()
        if self._pulse:
            self._pulse.hang_up()
        self._watch.join()
        for session in self._idle:
            session.close()

    # --- Connections

    def _fitting(self, schema: str) -> Session | None:
        """An idle connection, best one that is at the schema already."""
        if not self._idle:
            return None
        fits = (n for n, session in enumerate(self._idle) if session.schema == schema)
        return self._idle.pop(next(fits, -1))

    def _keep(self, session: Session) -> None:
        sound = not session.closed and session.info.transaction_status == TransactionStatus.IDLE
        if sound and not self.away and len(self._idle) < IDLE_KEPT:
            self._idle.append(session)
        else:
            session.close()

    # --- Whether the server is there

    def _find(self) -> None:
        if self.away:
            log.warning("The database server of %s is there again.", self.name)
            self.away = ""

    def _keep_watch(self) -> None:
        """The pulse: looks whether the server is there, and hears who else commits."""
        while not self._stopped.is_set():
            found = False
            try:
                with connect(self.address, PATIENCE) as self._pulse:
                    found = True
                    if self._channel:
                        self._pulse.execute(f"LISTEN {self._channel}")
                    self._find()
                    self._tell(0)  # what was said before we listened is lost
                    self._listen(self._pulse)
            except psycopg.Error as error:
                if self._stopped.is_set():
                    return
                if not found or (self._pulse and self._pulse.is_frozen):
                    self.miss(error)  # a connection alone may end: the next look tells
                    self._hang_up()
                self._stopped.wait(PAUSE)

    def _listen(self, pulse: Session) -> None:
        while not self._stopped.is_set():
            pulse.execute("SELECT 1")
            self._find()
            for said in pulse.notifies(timeout=PULSE, stop_after=1):
                self._tell(said.pid)

    def _tell(self, process: int) -> None:
        if not self._closed:
            self._heard(process)

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


def connect(address: str, patience: float) -> Session:
    """Raises `psycopg.Error` for what is no PostgreSQL that serves a ledger."""
    parameters: dict[str, Any] = _CONNECTION | conninfo_to_dict(address)
    session = Session.connect(autocommit=True, cursor_factory=_Cursor, **parameters)
    session.patience = patience
    try:
        session.execute(_SESSION)
    except BaseException:
        session.close()
        raise
    if session.info.server_version < OLDEST or session.info.parameter_status("server_encoding") != "UTF8":
        session.close()
        raise psycopg.NotSupportedError("it must be PostgreSQL 13 or newer, the database with ENCODING 'UTF8'")
    return session


@contextmanager
def named(what: str) -> Iterator[None]:
    """Says what failed as `LedgerUnavailableError`."""
    try:
        yield
    except psycopg.Error as error:
        raise LedgerUnavailableError(f"{what}: {sentence(error)}") from error


def sentence(error: psycopg.Error) -> str:
    """What the server or the driver said, in one line."""
    return (error.diag.message_primary or str(error).partition("\n")[0]).strip() or type(error).__name__

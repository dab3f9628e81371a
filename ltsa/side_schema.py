"""A store beside the ledger as a schema of a PostgreSQL database: what several hosts share that serve one office.

The schema is called after the ledger's, "public_persons" beside one in "public". So who may read the ledger's tables
reads none of these, and SQL needs no prefix. The lock is an advisory one, as the ledger's, of the schema's own.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from threading import Lock
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from typing_extensions import override

from ltsa.postgres_server import Session, sentence
from ltsa.side_store import Beside, Found, Schema, SideStore, SideUnavailableError, Tables
from ltsa.store import LedgerUnavailableError

log = logging.getLogger(__name__)

LONGEST = 63
"""Bytes of a schema's name: PostgreSQL cuts a longer one off, and two might become one."""

_LOCK = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('ltsa'), hashtext({}))"
_TYPES: Mapping[str, str] = {"TEXT": 'text COLLATE "C"', "INTEGER": "bigint", "BLOB": "bytea"}


class SideSchema(SideStore):
    """The schema, made if it is not there."""

    def __init__(self, place: Schema) -> None:
        self.place: Beside = place
        self._server = place.server
        self._changing = Lock()
        self._schema = schema_of(place)
        with self._session("opened", "") as session:
            if not _exists(session, self._schema):
                self._make(session)

    @override
    @contextmanager
    def changing(self) -> Iterator[Tables]:
        # Threads of one process wait here, and not each on a connection of its own.
        with self._changing, self._session("changed", self._schema) as session:
            try:
                session.execute(sql.SQL(_LOCK).format(sql.Literal(self._schema)))
                yield _Tables(session)
                session.execute("COMMIT")
            except BaseException:
                with suppress(psycopg.Error):
                    session.execute("ROLLBACK")
                raise

    @override
    @contextmanager
    def looking(self) -> Iterator[Tables]:
        with self._session("read", self._schema) as session:
            yield _Tables(session)

    @override
    @contextmanager
    def snapshot(self) -> Iterator[Tables]:
        with self._session("read", self._schema) as session:
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            try:
                yield _Tables(session)
            finally:
                with suppress(psycopg.Error):
                    session.execute("COMMIT")

    @override
    def columns(self, table: str) -> list[str]:
        with self.looking() as database:
            found = database.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?"
                " ORDER BY ordinal_position",
                (self._schema, table),
            )
            return [row[0] for row in found]

    @override
    def empty(self) -> None:
        """What was deleted stays in the tables' files until its room is used again."""
        self._vacuum("VACUUM (SKIP_LOCKED) {}")

    @override
    def rewrite(self) -> bool:
        """The server's write-ahead log holds it until that is used again, and copies of it for as long as they are
        kept.
        """
        return self._vacuum("VACUUM (FULL) {}")

    def _vacuum(self, how: LiteralString) -> bool:
        try:
            with self._session("emptied", self._schema) as session:
                query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
                for (table,) in session.execute(query, (self._schema,)).fetchall():
                    session.execute(sql.SQL(how).format(sql.Identifier(table)))
        except LedgerUnavailableError as reason:
            log.warning("%s; it is with the next erasure", reason)
            return False
        return True

    @override
    def close(self) -> None:
        """The connections are the server's."""

    @contextmanager
    def _session(self, what: str, schema: str) -> Iterator[Session]:
        try:
            with self._server.session(schema) as session:
                yield session
        except psycopg.Error as error:
            raise SideUnavailableError(f"{self.place} cannot be {what}: {sentence(error)}") from error

    def _make(self, session: Session) -> None:
        """Of processes that start at once one makes it, under the lock."""
        session.execute(sql.SQL(_LOCK).format(sql.Literal(self._schema)))
        try:
            session.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self._schema)))
            session.execute("COMMIT")
        except psycopg.errors.InsufficientPrivilege as error:
            session.execute("ROLLBACK")
            message = (
                f"{self.place} needs a schema {self._schema}, which the account must not make: GRANT CREATE ON"
                f" DATABASE {session.info.dbname} TO {session.info.user}"
            )
            raise SideUnavailableError(message) from error


class _Tables:
    """The tables in a schema that a connection looks for tables in."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Found:
        return self._session.execute(said(query), _kept(values), binary=True)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> None:
        with self._session.cursor() as cursor:
            cursor.executemany(said(query), map(_kept, rows))


def schema_of(place: Schema) -> str:
    """What a place's schema is called. Raises `LedgerUnavailableError`."""
    name = f"{place.server.schema}_{place.name}"
    if len(name.encode()) > LONGEST:
        raise SideUnavailableError(f"{place} needs a schema {name}, and no name may have more than {LONGEST} bytes")
    return name


def mark_of(place: Schema, name: str) -> bytes | None:
    """A mark of a store that may not be there; nothing is made. Raises `LedgerUnavailableError`."""
    marks = sql.Identifier(schema_of(place), "marks")
    try:
        with place.server.session() as session:
            if session.execute("SELECT to_regclass(?)", (marks.as_string(session),)).fetchone() == (None,):
                return None
            query = sql.SQL("SELECT value FROM {} WHERE name = {}").format(marks, sql.Literal(name))
            row = session.execute(query).fetchone()
    except psycopg.Error as error:
        raise SideUnavailableError(f"{place} cannot be read: {sentence(error)}") from error
    return row[0] if row else None


@lru_cache(maxsize=512)
def said(query: str) -> str:
    """SQLite's SQL as PostgreSQL says it, but for the values. Of a statement that makes a table: its types."""
    if not query.startswith("CREATE TABLE"):
        return query
    plain = re.sub(r"\)\s*(STRICT|WITHOUT ROWID)(\s*,\s*(STRICT|WITHOUT ROWID))?\s*$", ")", query)
    return re.sub(r"\b(TEXT|INTEGER|BLOB)\b", lambda word: _TYPES[word[0]], plain)


def _exists(session: Session, schema: str) -> bool:
    return session.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)).fetchone() is not None


def _kept(values: Sequence[Any]) -> list[Any]:
    """PostgreSQL keeps no text with a zero in it. Nobody is called so: what asks for it finds nothing, as it should."""
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values]

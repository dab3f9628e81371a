"""The devices beside the ledger: who waits to be let in, the links that pair once, what each device last said.

That a device was let in or put out is an event in the ledger. What lies here is operational: losing it costs a new code
on a waiting screen and a minute without "last seen". Several processes share the file; everything blocks, and belongs
into `House.off_loop`. Secrets stand here as SHA-256 only. The decision: docs/decisions/devices.md.
"""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Struct

from ltsa import side_store
from ltsa.side_store import Beside, Tables, statements

ALPHABET = "34679CDFHJKNPRTVXY"
"""No two of these look alike, none is wide, and they spell no word (after RFC 8628, 6.1)."""

CODE_LENGTH = 8
CODE_GOOD = 10 * 60_000
"""ms for which a code, or a link that pairs, is good."""

MOST_WAITING = 500
"""Screens that wait at once. More are no office but somebody who asks for codes."""

T = TypeVar("T", bound=Struct)

Paper = Literal["ok", "low", "out", "unknown"]
Printer = Literal["reachable", "unreachable", "unknown"]

TABLES = statements("""
CREATE TABLE IF NOT EXISTS waiting (code TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    office TEXT NOT NULL, name TEXT NOT NULL, counter TEXT NOT NULL, address TEXT NOT NULL, browser TEXT NOT NULL,
    began INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS links (digest TEXT PRIMARY KEY, kind TEXT NOT NULL, office TEXT NOT NULL,
    name TEXT NOT NULL, counter TEXT NOT NULL, by TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS reports (device TEXT PRIMARY KEY, seen INTEGER NOT NULL, version TEXT NOT NULL,
    paper TEXT NOT NULL, printer TEXT NOT NULL, screen TEXT NOT NULL, renewed INTEGER NOT NULL DEFAULT 0,
    recorded TEXT NOT NULL DEFAULT 'ok', recorded_at INTEGER NOT NULL DEFAULT 0) STRICT;
""")


class Waiting(Struct, frozen=True, kw_only=True):
    """A device that shows a code. What it says of itself (`kind`, `office`, `name`, `counter`) is a proposal; `address`
    and `browser` are what the server saw. Times in ms UTC.
    """

    code: str
    digest: str
    kind: str
    office: str
    name: str
    counter: str
    address: str
    browser: str
    began: int
    until: int


class PairingLink(Struct, frozen=True, kw_only=True):
    """As what the browser that opens a link will be let in, and who said so."""

    kind: str
    office: str
    name: str
    counter: str
    by: str
    until: int


class Report(Struct, frozen=True, kw_only=True):
    """What a device last said, and when it was last heard of. `recorded` is the paper that stands on record, since
    `recorded_at`; `renewed` when its cookie was last given anew.
    """

    device: str
    seen: int = 0
    version: str = ""
    paper: Paper = "unknown"
    printer: Printer = "unknown"
    screen: str = ""
    renewed: int = 0
    recorded: str = "ok"
    recorded_at: int = 0


class TooManyWaiting(Exception):
    """So many devices wait to be let in that no further one may."""


class Fleet:
    """The open store, made if it is not there, readable by its owner alone. Safe to use from any thread."""

    tables: ClassVar = TABLES

    def __init__(self, place: Beside) -> None:
        self._side = side_store.opened(place, self.tables)

    def close(self) -> None:
        """Closes it."""
        self._side.close()

    # --- Who waits to be let in

    def begin(self, digest: str, at: int, **said: str) -> Waiting:
        """A device waits, under a code of its own; the same device again under the code that it has. `said` are the
        other entries of `Waiting`. Raises `TooManyWaiting`.
        """
        with self._changing() as database:
            database.execute("DELETE FROM waiting WHERE until <= ?", (at,))
            if found := one(database, Waiting, "waiting WHERE digest = ?", digest):
                return found
            (there,) = database.execute("SELECT count(*) FROM waiting").fetchone()
            if there >= MOST_WAITING:
                raise TooManyWaiting
            taken = {code for (code,) in database.execute("SELECT code FROM waiting")}
            while (code := new_code()) in taken:
                pass
            waiting = Waiting(code=code, digest=digest, began=at, until=at + CODE_GOOD, **said)
            keep(database, "waiting", waiting)
            return waiting

    def waiting(self, code: str, at: int) -> Waiting | None:
        """Who waits under a code that is still good."""
        with self._looking() as database:
            return one(database, Waiting, "waiting WHERE code = ? AND until > ?", code, at)

    def waits(self, digest: str, at: int) -> Waiting | None:
        """How this device waits."""
        with self._looking() as database:
            return one(database, Waiting, "waiting WHERE digest = ? AND until > ?", digest, at)

    def end(self, code: str) -> None:
        """A code was used."""
        with self._changing() as database:
            database.execute("DELETE FROM waiting WHERE code = ?", (code,))

    # --- Links that pair

    def keep_link(self, digest: str, link: PairingLink) -> None:
        """Keeps a link, by the SHA-256 of its secret."""
        with self._changing() as database:
            keep(database, "links", link, digest=digest)

    def link(self, digest: str, at: int) -> PairingLink | None:
        """What a link is for, if it is still good."""
        with self._looking() as database:
            return one(database, PairingLink, "links WHERE digest = ? AND until > ?", digest, at)

    def end_link(self, digest: str) -> None:
        """A link was used."""
        with self._changing() as database:
            database.execute("DELETE FROM links WHERE digest = ?", (digest,))

    # --- What devices say

    def report(self, said: Report) -> Report:
        """Keeps what a device says now; what is known of it then."""
        with self._changing() as database:
            database.execute(
                "INSERT INTO reports (device, seen, version, paper, printer, screen)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET"
                " seen = greatest(reports.seen, excluded.seen), version = excluded.version, paper = excluded.paper,"
                " printer = excluded.printer, screen = excluded.screen",
                (said.device, said.seen, said.version, said.paper, said.printer, said.screen),
            )
            return one(database, Report, "reports WHERE device = ?", said.device) or said

    def saw(self, devices: Iterable[str], at: int) -> None:
        """These devices were heard of, without saying anything."""
        with self._changing() as database:
            database.executemany(
                "INSERT INTO reports (device, seen, version, paper, printer, screen)"
                " VALUES (?, ?, '', 'unknown', 'unknown', '') ON CONFLICT (device) DO UPDATE"
                " SET seen = greatest(reports.seen, excluded.seen)",
                [(device, at) for device in devices],
            )

    def renewed(self, device: str, at: int) -> None:
        """Its cookie was given anew."""
        with self._changing() as database:
            database.execute("UPDATE reports SET renewed = ? WHERE device = ?", (at, device))

    def recorded(self, device: str, paper: str, at: int) -> None:
        """The state of its paper was put on record."""
        with self._changing() as database:
            database.execute("UPDATE reports SET recorded = ?, recorded_at = ? WHERE device = ?", (paper, at, device))

    def reports(self) -> dict[str, Report]:
        """What every device last said."""
        with self._looking() as database:
            rows = database.execute(f"SELECT {_columns(Report)} FROM reports").fetchall()  # noqa: S608 - our own names
        return {row[0]: made(Report, row) for row in rows}

    def forget(self, at: int, devices: Iterable[str]) -> None:
        """Takes out what is over: codes, links, and what is known of devices other than these."""
        with self._changing() as database:
            database.execute("DELETE FROM waiting WHERE until <= ?", (at,))
            database.execute("DELETE FROM links WHERE until <= ?", (at,))
            known = {device for (device,) in database.execute("SELECT device FROM reports")}
            database.executemany("DELETE FROM reports WHERE device = ?", [(each,) for each in known - {*devices}])

    # --- Within

    def _changing(self) -> AbstractContextManager[Tables]:
        return self._side.changing()

    def _looking(self) -> AbstractContextManager[Tables]:
        return self._side.looking()


def new_code() -> str:
    """Eight letters and digits; 33 bits, of which a person may guess a handful."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def plain_code(said: str) -> str:
    """A code as somebody types it ("7kqm 3fxa", "7KQM-3FXA"), as it is kept."""
    return "".join(said.split()).replace("-", "").upper()


def spoken_code(code: str) -> str:
    """A code as it is shown and read out: in two groups."""
    half = CODE_LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def _columns(kind: type[Struct]) -> str:
    return ", ".join(kind.__struct_fields__)


def made(kind: type[T], row: Sequence[Any]) -> T:
    """A row of the columns of a struct."""
    return msgspec.convert(dict(zip(kind.__struct_fields__, row, strict=True)), kind)


def one(database: Tables, kind: type[T], where: str, *values: object) -> T | None:
    """The one row of "table WHERE …" as a struct, if it is there."""
    row = database.execute(f"SELECT {_columns(kind)} FROM {where}", values).fetchone()  # noqa: S608 - our own names
    return made(kind, row) if row else None


def keep(database: Tables, table: str, row: Struct, **more: object) -> None:
    """Puts a struct into a table whose columns are called as its entries."""
    values = {**msgspec.structs.asdict(row), **more}
    names, places = ", ".join(values), ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(values.values()))  # noqa: S608 - our own names

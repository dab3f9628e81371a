"""A whole store beside the ledger into another, and the proof that it is the same there: every row of every table."""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec

from ltsa.secret_store import MARKS
from ltsa.side_store import SideStore, Tables

CHUNK = 2000
TAKEN = "taken over"
"""The mark of a store that was filled from another: the SHA-256 of what was there."""


class DiffersError(Exception):
    """A store was not taken over; the sentence says why."""


def copy(source: SideStore, target: SideStore, tables: Sequence[str]) -> int:
    """Copies all rows, in one transaction of the target, and compares them in it; how many there are. `tables` are the
    statements that make the tables. Once it was done it is not done again: 0.

    Raises:
        DiffersError: the target holds something else.
        LedgerUnavailableError: one of the two cannot be read or written.
    """
    if is_blank(source, tables):
        return 0
    if not fits(source, target, tables):
        raise DiffersError(f"{source.place} is of an older program: start the office once with this one")
    columns = {table: target.columns(table) for table in names(tables)}
    with source.snapshot() as here, target.changing() as there:
        digest = _digest(here, columns)
        if _taken(there) == digest:
            return 0
        if not _is_blank(there, columns):
            raise DiffersError(
                f"{target.place} holds something else than {source.place}. If what it holds is right, put the file away"
            )
        copied = 0
        for table, known in columns.items():
            marks = ", ".join("?" * len(known))
            for rows in _chunks(here, table, known):
                there.executemany(f"INSERT INTO {table} ({', '.join(known)}) VALUES ({marks})", rows)  # noqa: S608 - ours
                copied += len(rows)
        if _digest(there, columns) != digest:
            raise DiffersError(f"The copy of {source.place} differs from it")
        there.execute("INSERT INTO marks VALUES (?, ?)", (TAKEN, digest))
    return copied


def is_copied(source: SideStore, target: SideStore, tables: Sequence[str]) -> bool:
    """Whether nothing is in the source, or the target was filled from what is in it now. Raises
    `LedgerUnavailableError`.
    """
    if is_blank(source, tables):
        return True
    if not fits(source, target, tables):
        return False
    columns = {table: target.columns(table) for table in names(tables)}
    with source.snapshot() as here, target.looking() as there:
        return _taken(there) == _digest(here, columns)


def fits(source: SideStore, target: SideStore, tables: Sequence[str]) -> bool:
    """Whether the source has the tables of the target, and not those of an older version. Raises
    `LedgerUnavailableError`.
    """
    return all({*source.columns(table)} == {*target.columns(table)} for table in names(tables))


def is_blank(store: SideStore, tables: Sequence[str]) -> bool:
    """Whether nothing at all is in a store. Raises `LedgerUnavailableError`."""
    there = [table for table in names(tables) if store.columns(table)]
    with store.looking() as database:
        return _is_blank(database, there)


def making(tables: Sequence[str]) -> list[str]:
    """The statements that make a store's tables, with the marks."""
    return [MARKS, *tables]


def names(tables: Sequence[str]) -> list[str]:
    """The tables that statements make, marks among them."""
    found = [re.match(r"CREATE TABLE IF NOT EXISTS (\w+)", statement) for statement in making(tables)]
    return list(dict.fromkeys(name[1] for name in found if name))


def _taken(store: Tables) -> bytes | None:
    row = store.execute("SELECT value FROM marks WHERE name = ?", (TAKEN,)).fetchone()
    return row[0] if row else None


def _is_blank(store: Tables, tables: Iterable[str]) -> bool:
    return all(store.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None for table in tables)  # noqa: S608 - ours


def _chunks(store: Tables, table: str, columns: Sequence[str]) -> Iterator[list[Sequence[object]]]:
    """All rows in an order that is the same in each store, without the mark of another copying."""
    names = ", ".join(columns)
    order = ", ".join(str(n) for n in range(1, len(columns) + 1))
    where = f" WHERE name <> '{TAKEN}'" if table == "marks" else ""
    found = store.execute(f"SELECT {names} FROM {table}{where} ORDER BY {order}")  # noqa: S608 - ours
    rows = list[Sequence[object]]()
    for row in found:
        rows.append(row)
        if len(rows) == CHUNK:
            yield rows
            rows = []
    if rows:
        yield rows


def _digest(store: Tables, columns: dict[str, list[str]]) -> bytes:
    mixed = sha256()
    for table, known in columns.items():
        for rows in _chunks(store, table, known):
            for row in rows:
                mixed.update(msgspec.msgpack.encode((table, *row)))
    return mixed.digest()

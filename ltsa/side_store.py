"""A store beside the ledger: tables of its own for what must not stand in the record, or need not.

There are two, as of the ledger: a file (`ltsa/side_file.py`), and a schema of a database (`ltsa/side_schema.py`). The
SQL is written once, as SQLite's with `?` for values; of what SQLite alone knows nothing is used (`INSERT OR IGNORE`,
`max(a, b)`), but for the types of columns, which a schema translates.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ltsa.store import LedgerUnavailableError

if TYPE_CHECKING:
    from ltsa.postgres_server import Server


class SideUnavailableError(LedgerUnavailableError):
    """What lies beside the ledger cannot be read or written now (disk full, locked, damaged, away). Of what was asked
    nothing was acknowledged; whoever asks again gets it done.
    """


class Schema(NamedTuple):
    """A place in a database, beside a ledger that may be there: `name` as "persons"."""

    server: "Server"
    name: str

    def __str__(self) -> str:
        """As it may be shown."""
        return f"{self.name} in {self.server.name}"


Beside = Path | Schema
"""Where a store beside the ledger lies: a file, or a schema of a database."""


class Found(Protocol):
    """What a statement has found, or done."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows."""

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""


class Tables(Protocol):
    """A store's tables, within `changing` or `looking`."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Found:
        """Runs one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Runs one statement for each of many rows."""


class SideStore(Protocol):
    """An open store. Safe to use from any thread and beside other processes; blocks on the disk or the network."""

    place: Beside

    def changing(self) -> AbstractContextManager[Tables]:
        """One transaction under the store's lock: nobody else changes anything until it is durable, or undone by an
        exception. Raises `LedgerUnavailableError`.
        """

    def looking(self) -> AbstractContextManager[Tables]:
        """Reads what is committed; waits for nobody who changes. Raises `LedgerUnavailableError`."""

    def snapshot(self) -> AbstractContextManager[Tables]:
        """Reads all as it is at one moment; for who copies. Raises `LedgerUnavailableError`."""

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns; none for one that is not there."""

    def empty(self) -> None:
        """Takes what was deleted out of where the store has it besides its tables, as far as it can. Says so in the log
        where it cannot.
        """

    def rewrite(self) -> bool:
        """Writes the tables anew where what was deleted stays in them until its room is used again; whoever needs them
        waits. False where it could not be done, which the log says.
        """

    def close(self) -> None:
        """Lets who uses it finish, then closes."""


def in_folder(folder: Path) -> Callable[[str], Path]:
    """Where the stores of a data folder lie, by their names."""
    return lambda name: folder / f"{name}.sqlite"


def opened(place: Beside, tables: Sequence[str] = ()) -> SideStore:
    """The store, made if it is not there; `tables` are the statements that make its tables where there are none.

    Raises `LedgerUnavailableError`.
    """
    store: SideStore
    if isinstance(place, Path):
        from ltsa.side_file import SideFile  # noqa: PLC0415 - the stores build on this module

        store = SideFile(place)
    else:
        from ltsa.side_schema import SideSchema  # noqa: PLC0415 - an office on one machine loads no driver

        store = SideSchema(place)
    try:
        with store.changing() as database:
            for statement in tables:
                database.execute(statement)
    except BaseException:
        store.close()
        raise
    return store


def statements(script: str) -> list[str]:
    """The statements of a script, each for itself."""
    return [statement for statement in map(str.strip, script.split(";")) if statement]

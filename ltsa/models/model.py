"""What a read model is: tables, and how events become their rows. Pure.

A fold says what changes in the tables; it never reads a clock or a disk. The rows depend on the ledger up to a position
alone, and not on how the way there was cut into chunks: so what followed event by event is the same as what was made
anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from ltsa.present import Recorded

LIVE = "model_"
"""What the names of the tables begin with that pages read."""

Value = str | int


class Table(Struct, frozen=True, kw_only=True):
    """A table: the columns of its `key` and the `rest`, each a `str` or an `int`, none ever NULL.

    A row that is put where its key stands already replaces the rest; but of the columns in `adds` it adds to what is
    there, and of those in `keeps` the first value stays. `indexes` are further columns to be looked up by.
    """

    name: str
    key: Mapping[str, type[Value]]
    rest: Mapping[str, type[Value]] = {}
    adds: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, in order of a row's values."""
        return (*self.key, *self.rest)


class Put(NamedTuple):
    """A row comes to stand in a table."""

    table: Table
    row: tuple[Value, ...]


class Drop(NamedTuple):
    """All rows go whose key begins so."""

    table: Table
    key: tuple[Value, ...]


Change = Put | Drop


class Known(Protocol):
    """What a fold may look up beside its chunk."""

    def histories(self, streams: Sequence[str]) -> Mapping[str, Sequence[Recorded]]:
        """The events of some streams up to the chunk's end, in order."""

    def rows(self, table: Table, *key: Value) -> list[tuple[Value, ...]]:
        """The model's own rows whose key begins so, as they stood before the chunk."""


class Model(Struct, frozen=True, kw_only=True):
    """A read model. `topics` are the events that it wants, `fold` what a chunk of these changes. Another `version`,
    of tables or of meaning, is made anew from the ledger.
    """

    name: str
    version: int
    topics: tuple[str, ...]
    tables: tuple[Table, ...]
    fold: Callable[[Sequence[Recorded], Known], Iterable[Change]]

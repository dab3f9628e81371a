"""The tree beside the events: every event is a leaf, numbered without a gap, and nothing is answered before it is one.

The ledger's writer grows the tree in the transaction that appends the events, under the ledger's lock; so the leaves of
any number of processes are one sequence. A leaf says which event it is and the hash of its JSON as stored: anybody can
make it again, and it tells nothing of what happened.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from typing import NamedTuple

from ltsa.checkpoint import Checkpoint, Note, Signature, Signer, checkpoint_of, note_of, sign, signature_of
from ltsa.proof import TILE, Tree, leaf_hash, root
from ltsa.store import Cursor, Place, Row, looking_at

CHUNK = 5000
_EVENTS = "SELECT rowid, originator_id, originator_version, topic, CAST(state AS BLOB) FROM ledger"
WIDTH = 1 << TILE


class ForkError(Exception):
    """The record is not the one that was signed before: nothing more is signed. `signed` is how many leaves that had,
    `size` how many there are.
    """

    def __init__(self, message: str, signed: int, size: int) -> None:
        super().__init__(message)
        self.signed, self.size = signed, size


class Finding(NamedTuple):
    """What is wrong with the record, and where. `what` is "changed", "removed", "inserted", "node" or "checkpoint";
    what an inserted event, a node or a checkpoint has not is -1 or "".
    """

    what: str
    leaf: int
    position: int
    stream: str = ""
    version: int = -1


def leaf_text(row: Row) -> str:
    """What a leaf says."""
    return f"ltsa-event/1\n{row.stream}\n{row.version}\n{row.topic}\n{sha256(row.state).hexdigest()}\n"


def grow(cursor: Cursor, rows: Iterable[Row], first: int | None = None) -> None:
    """Adds leaves for events that were just appended, within their transaction; who knows how many leaves there are
    (`first`) saves looking.
    """
    first = _size(cursor) if first is None else first
    leaves = [(n, row.position, leaf_hash(leaf_text(row).encode())) for n, row in enumerate(rows, first)]
    cursor.executemany("INSERT INTO leaves (leaf, position, hash) VALUES (?,?,?)", leaves)
    size, level = first + len(leaves), 0
    while first // WIDTH < size // WIDTH:
        for number in range(first // WIDTH, size // WIDTH):
            below = _nodes(cursor, level, number * WIDTH, (number + 1) * WIDTH)
            cursor.execute("INSERT INTO nodes VALUES (?,?,?)", (level + 1, number, root(below)))
        first, size, level = first // WIDTH, size // WIDTH, level + 1


LAST_LEAF = "SELECT leaf, position FROM leaves ORDER BY leaf DESC LIMIT 1"
"""The newest leaf: its number, and the position of its event."""


def missing(cursor: Cursor) -> list[Row]:
    """The next events that are no leaves yet, a chunk of them: of an older ledger, or by an older program."""
    last = "coalesce((SELECT position FROM leaves ORDER BY leaf DESC LIMIT 1), 0)"
    cursor.execute(f"{_EVENTS} WHERE rowid > {last} ORDER BY rowid LIMIT ?", (CHUNK,))
    return [Row(*row) for row in cursor.fetchall()]


def _events(cursor: Cursor, after: int) -> list[Row]:
    cursor.execute(f"{_EVENTS} WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, CHUNK))
    return [Row(*row) for row in cursor.fetchall()]


def _size(cursor: Cursor) -> int:
    cursor.execute("SELECT max(leaf) FROM leaves")
    last = cursor.fetchone()[0]
    return 0 if last is None else last + 1


def _nodes(cursor: Cursor, level: int, first: int, end: int) -> list[bytes]:
    if level:
        query = "SELECT hash FROM nodes WHERE level = ? AND number >= ? AND number < ? ORDER BY number"
        cursor.execute(query, (level, first, end))
    else:
        cursor.execute("SELECT hash FROM leaves WHERE leaf >= ? AND leaf < ? ORDER BY leaf", (first, end))
    return [row[0] for row in cursor.fetchall()]


class Log:
    """The tree of a ledger, to read from any thread; and its checkpoints. Everything here reads the disk."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Cursor]],
        writing: Callable[[], AbstractContextManager[Cursor]],
    ) -> None:
        self._reading, self._writing = reading, writing
        self._tree = Tree(self.nodes)

    def size(self) -> int:
        """How many leaves there are."""
        with self._reading() as cursor:
            return _size(cursor)

    def nodes(self, level: int, first: int, end: int) -> list[bytes]:
        """The hashes of complete subtrees of 256^level leaves, as stored; level 0 are the leaves."""
        with self._reading() as cursor:
            return _nodes(cursor, level, first, end)

    def hashes(self, first: int, end: int) -> list[bytes]:
        """The hashes of some leaves."""
        return self.nodes(0, first, end)

    def tile(self, level: int, index: int, width: int = WIDTH) -> bytes:
        """A tile (c2sp.org/tlog-tiles): `width` hashes one after another. Shorter where there are not as many."""
        return b"".join(self.nodes(level, index * WIDTH, index * WIDTH + width))

    def leaf(self, position: int) -> int:
        """The index of the leaf of an event. Raises `KeyError` for a position without one."""
        low, high = 0, self.size()
        while low < high:
            middle = position - 1 if low <= position - 1 < high else (low + high) // 2
            found = self.position(middle)
            if found == position:
                return middle
            low, high = (middle + 1, high) if found < position else (low, middle)
        raise KeyError(position)

    def position(self, index: int) -> int:
        """The position of a leaf's event. Raises `KeyError` for an index without one."""
        with self._reading() as cursor:
            cursor.execute("SELECT position FROM leaves WHERE leaf = ?", (index,))
            if (found := cursor.fetchone()) is None:
                raise KeyError(index)
            return int(found[0])

    def leaf_text(self, index: int) -> str:
        """What a leaf says, made again from its event. Raises `KeyError` when either is missing."""
        position = self.position(index)
        with self._reading() as cursor:
            if not (found := _events(cursor, position - 1)[:1]) or found[0].position != position:
                raise KeyError(index)
            return leaf_text(found[0])

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        return self._tree.root(size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is among the first `size`."""
        return self._tree.inclusion_proof(index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `old` leaves are the beginning of the first `new`."""
        return self._tree.consistency_proof(old, new)

    # --- Checkpoints

    def checkpoint(self, size: int | None = None) -> Note | None:
        """The newest signed checkpoint with its cosignatures; or the first with at least `size` leaves."""
        query = "size >= ? ORDER BY size" if size is not None else "size >= ? ORDER BY size DESC"
        found = self._checkpoints(f"{query} LIMIT 1", size or 0)
        return found[0] if found else None

    def cosigned(self, size: int) -> Note | None:
        """The newest checkpoint with at least `size` leaves that a witness has cosigned."""
        found = self._checkpoints("size = (SELECT max(size) FROM cosignatures WHERE size >= ?)", size)
        return found[0] if found else None

    def checkpoints(self) -> Iterator[Note]:
        """All signed checkpoints, in order."""
        size = 0
        while found := self._checkpoints(f"size >= ? ORDER BY size LIMIT {CHUNK}", size):
            yield from found
            size = checkpoint_of(found[-1].body).size + 1

    def _checkpoints(self, where: str, size: int) -> list[Note]:
        with self._reading() as cursor:
            cursor.execute(f"SELECT size, note FROM checkpoints WHERE {where}", (size,))  # noqa: S608 - ours
            found = [(row[0], note_of(row[1])) for row in cursor.fetchall()]
            notes = []
            for number, note in found:
                cursor.execute("SELECT line FROM cosignatures WHERE size = ? ORDER BY line", (number,))
                notes.append(note.with_(*[signature_of(row[0]) for row in cursor.fetchall()]))
            return notes

    def sign(self, signer: Signer, at: int) -> Note | None:
        """The checkpoint of now, signed unless one of this size is (`at` in ms UTC); none for an empty record.

        Raises `ForkError` when the record does not continue the one that was signed last: a log signs one history.
        """
        with self._writing() as cursor:
            size = _size(cursor)
            tree = Tree(lambda level, first, end: _nodes(cursor, level, first, end))
            cursor.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
            if last := cursor.fetchone():
                before = checkpoint_of(note_of(last[0]).body)
                if before.size > size or tree.root(before.size) != before.root:
                    message = f"The record does not continue the one that was signed with {before.size} leaves."
                    raise ForkError(message, before.size, size)
            if size and not (last and before.size == size):
                note = sign(Checkpoint(signer.key.name, size, tree.root(size)).body(), signer)
                cursor.execute("INSERT INTO checkpoints VALUES (?,?,?)", (size, at, note.text()))
        return self.checkpoint()

    def cosign(self, size: int, *lines: Signature) -> None:
        """Keeps signatures of witnesses with the checkpoint of a size. Whoever calls has verified them."""
        with self._writing() as cursor:
            for line in lines:
                kept = (size, line.line().removesuffix("\n"))
                cursor.execute("INSERT INTO cosignatures VALUES (?,?) ON CONFLICT DO NOTHING", kept)

    # --- Looking through it all

    def examine(self, progress: Callable[[int, int], object] = lambda _done, _of: None) -> Iterator[Finding]:
        """Makes every leaf, node and checkpoint again from the events, and yields what differs, in order. Constant
        memory; `progress` hears how many leaves of how many were looked at.

        Finds what does not fit itself. Whoever rewrites all of it, tree and checkpoints, is found by comparing with a
        checkpoint that is kept elsewhere.
        """
        size, after, stacks = self.size(), 0, list[list[bytes]]()
        roots = {checkpoint_of(note.body).size: checkpoint_of(note.body).root for note in self.checkpoints()}
        events = _Walk(self._reading)
        for index in range(0, size, CHUNK):
            with self._reading() as cursor:
                cursor.execute(
                    "SELECT leaf, position, hash FROM leaves WHERE leaf >= ? AND leaf < ? ORDER BY leaf",
                    (index, index + CHUNK),
                )
                leaves = cursor.fetchall()
            for leaf, position, kept in leaves:
                while (event := events.here()) is not None and event.position < position:
                    yield Finding("inserted", -1, event.position, event.stream, event.version)
                    events.go()
                if event is None or event.position != position:
                    yield Finding("removed", leaf, position, *self._gap(position))
                else:
                    events.go()
                    if leaf_hash(leaf_text(event).encode()) != kept:
                        yield Finding("changed", leaf, position, event.stream, event.version)
                after = position
                yield from self._fold(stacks, kept, leaf, position)
                if leaf + 1 in roots and self.root(leaf + 1) != roots.pop(leaf + 1):
                    yield Finding("checkpoint", leaf, position)
            progress(min(index + CHUNK, size), size)
        while (event := events.here()) is not None:
            yield Finding("inserted", -1, event.position, event.stream, event.version)
            events.go()
        for beyond in roots:
            yield Finding("checkpoint", beyond - 1, after)

    def _gap(self, position: int) -> tuple[str, int]:
        """Which event of which stream must have been at a position, as far as its neighbours tell: the only stream with
        a version missing there, or none.
        """
        with self._reading() as cursor:
            cursor.execute(
                """SELECT later.originator_id, later.originator_version - 1 FROM ledger later WHERE later.rowid > ?
                AND later.originator_version > 1 AND NOT EXISTS (SELECT 1 FROM ledger
                    WHERE originator_id = later.originator_id AND originator_version = later.originator_version - 1)
                AND (later.originator_version = 2 OR EXISTS (SELECT 1 FROM ledger WHERE rowid < ?
                    AND originator_id = later.originator_id AND originator_version = later.originator_version - 2))
                LIMIT 2""",
                (position, position),
            )
            found = cursor.fetchall()
        return (found[0][0], found[0][1]) if len(found) == 1 else ("", -1)

    def _fold(self, stacks: list[list[bytes]], hashed: bytes, leaf: int, position: int) -> Iterator[Finding]:
        """Takes in a leaf, and compares each stored node that it completes."""
        level = 0
        while True:
            if level == len(stacks):
                stacks.append([])
            stacks[level].append(hashed)
            if len(stacks[level]) < WIDTH:
                return
            hashed, level = root(stacks[level]), level + 1
            stacks[level - 1].clear()
            number = leaf // WIDTH**level
            if self.nodes(level, number, number + 1) != [hashed]:
                yield Finding("node", leaf, position)


@contextmanager
def snapshot(place: Place) -> Iterator[Log]:
    """The log of a ledger as it is now, in one transaction that only reads: nothing is filled in, and what is appended
    meanwhile is not seen. Raises `LedgerUnavailableError` where there is none.
    """
    with looking_at(place) as cursor:
        yield log_of(cursor)


def log_of(cursor: Cursor) -> Log:
    """The log that one transaction sees."""
    reading = lambda: nullcontext(cursor)  # noqa: E731 - two uses of one line
    return Log(reading, reading)


class _Walk:
    """All events in order, read in chunks."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Cursor]]) -> None:
        self._reading, self._rows, self._last, self._at = reading, list[Row](), 0, 0

    def here(self) -> Row | None:
        """The next event."""
        if self._at == len(self._rows):
            with self._reading() as cursor:
                self._rows, self._at = _events(cursor, self._last), 0
            if not self._rows:
                return None
        return self._rows[self._at]

    def go(self) -> None:
        """On to the one after it."""
        self._last = self._rows[self._at].position
        self._at += 1

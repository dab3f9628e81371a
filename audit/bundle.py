"""A day's proof as one file, and what somebody who trusts nobody finds when they check it. It needs no ledger.

The file is a zip of plain parts, so that it can be checked without this program too; `reading.txt`, its README, says
how. `check.go` lies in it for who would rather run code of the Go project. The day's events stand there whole, all
other events that the log got meanwhile as leaves: stream, version, kind and the SHA-256 of what they say.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct

from ltsa import receipt, tiles, trust
from ltsa.checkpoint import MalformedNoteError, proof_of
from ltsa.proof import MalformedProofError, leaf_hash, verify_inclusion
from ltsa.tiles import Tree, WrongTileError
from ltsa.trust import NotBelievedError

FORMAT = "ltsa-day/1"
HERE = Path(__file__).parent

CHECKPOINT, KEYS, DAY, LEAVES, EVENTS, README, GO = (
    "checkpoint",
    "keys.txt",
    "day.json",
    "leaves.txt",
    "events.jsonl",
    "README.txt",
    "check.go",
)
"""The parts' names; beside them stand the tiles of the log that are needed, below `tile/`."""

LARGEST = 2 << 30
"""Bytes that a file may unpack to."""

LARGEST_VISIT = 16 << 20
"""The same for a visit's."""

LARGEST_PART = 16 << 20
"""The same for a part that is read at once, and for a line of the others: an event is some hundred KB at most."""

LEAF_LINES = 5
OPENS, CLOSES, REOPENS = "day-opened/", "day-closed/", "day-reopened/"

_EVENT = re.compile(rb'\{"leaf":(0|[1-9]\d*),"event":(.*)\}', re.DOTALL)


class WrongFileError(ValueError):
    """The first thing that is wrong with a file, in a sentence that names the part and the place."""


class About(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file is about. Nothing of it is believed before the rest says the same.

    `first` and `last` are the leaves of the day's first and last event, `size` is the checkpoint's.
    """

    format: str
    office: str
    date: str
    stream: str
    events: int
    first: int
    last: int
    size: int
    origin: str


class Leaf(NamedTuple):
    """A leaf of the log, as its text says. `digest` is the SHA-256 of the event as stored, hexadecimal."""

    stream: str
    version: int
    topic: str
    digest: str


class Checked(Struct, frozen=True, kw_only=True):
    """What was found to be true: `about` what, the `root` (hexadecimal) that the log signed, the names of the
    `witnesses` whose cosignatures were asked for and are there, and whether the day was closed at its end.
    """

    about: About
    root: str
    witnesses: tuple[str, ...]
    closed: bool


def leaf_of(text: bytes) -> Leaf:
    """A leaf's text, read strictly. Raises `ValueError`."""
    kind, stream, version, topic, digest, nothing = text.decode().split("\n")
    if kind != "ltsa-event/1" or nothing or not re.fullmatch(r"[1-9]\d*", version):
        raise ValueError("no leaf of an event")
    if not re.fullmatch(r"[0-9a-f]{64}", digest) or not stream or not topic:
        raise ValueError("no leaf of an event")
    return Leaf(stream, int(version), topic, digest)


def check(file: Path | IO[bytes], keys: Sequence[str], witnesses: Sequence[str] = ()) -> Checked:
    """Checks a file from the signature down to the last event.

    Args:
        file: the zip.
        keys: the log's verifier keys; one of them must have signed the checkpoint.
        witnesses: verifier keys of witnesses; each of them must have cosigned it.

    Raises:
        WrongFileError: for the first thing that is wrong.
    """
    try:
        with zipfile.ZipFile(file) as parts:
            return _check(_Parts(parts), keys, witnesses)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as reason:
        raise WrongFileError(f"The file cannot be unpacked: {reason}.") from None


class _Parts:
    """What is in a zip; every part once, and nothing that does not belong there."""

    def __init__(self, parts: zipfile.ZipFile) -> None:
        self._parts = parts
        names = [each.filename for each in parts.infolist()]
        known = {CHECKPOINT, KEYS, DAY, LEAVES, EVENTS, README, GO}
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise WrongFileError(f"{twice[0]} is in the file twice.")
        for name in names:
            _, _, tile = name.partition("tile/")
            if name not in known and not (tile and name.startswith("tile/") and tiles.named(*_halves(tile))):
                raise WrongFileError(f"{name} does not belong into such a file.")
        if sum(each.file_size for each in parts.infolist()) > LARGEST:
            raise WrongFileError(f"The file would unpack to more than {LARGEST >> 30} GB.")

    def read(self, name: str) -> bytes:
        """A part's bytes."""
        try:
            if self._parts.getinfo(name).file_size > LARGEST_PART:
                raise WrongFileError(f"{name} is longer than {LARGEST_PART >> 20} MB.")
            return self._parts.read(name)
        except KeyError:
            raise WrongFileError(f"{name} is missing.") from None
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise WrongFileError(f"{name} is damaged.") from None

    def lines(self, name: str) -> Iterator[bytes]:
        """A part's lines, each with its end."""
        try:
            with self._parts.open(name) as part:
                while line := part.readline(LARGEST_PART + 1):
                    if len(line) > LARGEST_PART:
                        raise WrongFileError(f"{name} has a line of more than {LARGEST_PART >> 20} MB.")
                    yield line
        except KeyError:
            raise WrongFileError(f"{name} is missing.") from None
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise WrongFileError(f"{name} is damaged.") from None

    def tile(self, tile: tiles.Tile) -> bytes:
        """A tile's bytes."""
        return self.read(f"tile/{tile.path}")


def _check(parts: _Parts, keys: Sequence[str], witnesses: Sequence[str]) -> Checked:
    try:
        about = msgspec.json.decode(parts.read(DAY), type=About)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise WrongFileError(f"{DAY} cannot be read: {reason}.") from None
    if about.format != FORMAT:
        raise WrongFileError(f"{DAY} has the format “{about.format}”; this program knows {FORMAT}.")
    names, root = _signed(parts, about, keys, witnesses)
    tree = Tree(about.size, parts.tile)
    if not 0 <= about.first <= about.last < about.size:
        raise WrongFileError(f"{DAY}: leaves {about.first} to {about.last} are not in a log of {about.size}.")
    try:
        if tree.root(about.size) != root:
            raise WrongFileError("The tiles do not have the root that the log signed.")
        tree.check(about.first, about.last + 1)
        closed = _complete(parts, about, tree)
    except WrongTileError as reason:
        raise WrongFileError(f"A tile is wrong: {reason}.") from None
    return Checked(about=about, root=root.hex(), witnesses=names, closed=closed)


def _signed(
    parts: _Parts, about: About, keys: Sequence[str], witnesses: Sequence[str]
) -> tuple[tuple[str, ...], bytes]:
    """The names of the witnesses, and the root that the log signed."""
    try:
        note = parts.read(CHECKPOINT).decode()
        signed = trust.opened(note, keys)
    except (NotBelievedError, UnicodeDecodeError) as reason:
        raise WrongFileError(f"{CHECKPOINT} is not signed by the log: {reason}.") from None
    if (signed.origin, signed.size) != (about.origin, about.size):
        raise WrongFileError(f"{CHECKPOINT} is of {signed.origin} at {signed.size} leaves; {DAY} says otherwise.")
    for witness in witnesses:
        if not trust.cosigned(note, witness):
            raise WrongFileError(f"{CHECKPOINT} has no cosignature of {witness.partition('+')[0]}.")
    return tuple(witness.partition("+")[0] for witness in witnesses), signed.root


def _complete(parts: _Parts, about: About, tree: Tree) -> bool:
    """Whether the day is closed at the end of what the file holds; all of that is compared."""
    events, version, closed = parts.lines(EVENTS), 0, False
    index = about.first - 1
    for index, leaf in _leaves(parts, about, tree):
        if leaf.stream != about.stream:
            continue
        version += 1
        if leaf.version != version:
            raise WrongFileError(f"Leaf {index} is version {leaf.version} of the day; version {version} is missing.")
        _compare(next(events, b""), index, leaf)
        if (version == 1) != leaf.topic.startswith(OPENS):
            raise WrongFileError(f"The day begins with {leaf.topic} (leaf {index}), or is opened twice.")
        closed = leaf.topic.startswith(CLOSES) or (closed and not leaf.topic.startswith(REOPENS))
    if index != about.last or version != about.events or about.stream != f"day:{about.office}:{about.date}":
        raise WrongFileError(f"{DAY} speaks of {about.events} events up to leaf {about.last}; {LEAVES} does not.")
    if next(events, b""):
        raise WrongFileError(f"{EVENTS} has a line more than the day has events.")
    return closed


def _leaves(parts: _Parts, about: About, tree: Tree) -> Iterator[tuple[int, Leaf]]:
    """The leaves with their indexes, each found in the log, and each stream's versions going up, so that none is there
    twice. Takes memory for each stream, not for each leaf.
    """
    newest = dict[str, int]()
    for index, text in enumerate(_texts(parts), about.first):
        if index > about.last:
            raise WrongFileError(f"{LEAVES} goes on after leaf {about.last}.")
        if leaf_hash(text) != tree.leaf(index):
            raise WrongFileError(f"{LEAVES}: leaf {index} is not the one in the log.")
        try:
            leaf = leaf_of(text)
        except ValueError:
            raise WrongFileError(f"{LEAVES}: leaf {index} is not of an event.") from None
        if leaf.version <= (before := newest.get(leaf.stream, 0)):
            said = f"version {leaf.version} of {leaf.stream} after version {before}"
            raise WrongFileError(f"The log has {said}, at leaf {index}: an event is in it twice, or in another order.")
        newest[leaf.stream] = leaf.version
        yield index, leaf


def _texts(parts: _Parts) -> Iterator[bytes]:
    """The leaves' texts, five lines each."""
    lines: list[bytes] = []
    for line in parts.lines(LEAVES):
        lines.append(line)
        if len(lines) == LEAF_LINES:
            yield b"".join(lines)
            lines = []
    if lines:
        raise WrongFileError(f"{LEAVES} ends within a leaf.")


def _compare(line: bytes, index: int, leaf: Leaf) -> None:
    """Raises `WrongFileError` unless this line of the events is what the leaf commits to."""
    found = _EVENT.fullmatch(line.removesuffix(b"\n"))
    if not found or int(found[1]) != index:
        raise WrongFileError(f"{EVENTS} line {leaf.version} is not the event of leaf {index}.")
    if sha256(found[2]).hexdigest() != leaf.digest:
        raise WrongFileError(
            f"{EVENTS} line {leaf.version} ({leaf.topic}, leaf {index}) is not what was recorded: its SHA-256 differs."
        )


# --- A visit's proof


def told(file: Path | IO[bytes], keys: Sequence[str], witnesses: Sequence[str] = ()) -> str:
    """What a file of either kind proves, in a sentence. Raises `WrongFileError`; also for a day that was not closed."""
    try:
        with zipfile.ZipFile(file) as parts:
            of_day = DAY in parts.namelist()
    except (zipfile.BadZipFile, OSError) as reason:
        raise WrongFileError(f"The file cannot be unpacked: {reason}.") from None
    if not of_day:
        return check_visit(file, keys, witnesses)
    found = check(file, keys, witnesses)
    about = found.about
    if not found.closed:
        raise WrongFileError(f"The {about.events} events are true and in order, but the day was not closed after them.")
    by = "".join(f", cosigned by {name}" for name in found.witnesses)
    return (
        f"{about.office}, {about.date}: {about.events} events, complete and unaltered, as leaves {about.first} to"
        f" {about.last} of the {about.size} that {about.origin} has signed{by}. Root {found.root}."
    )


def check_visit(file: Path | IO[bytes], keys: Sequence[str], witnesses: Sequence[str] = ()) -> str:
    """Checks the proof of a visit: every event is in the log. What that proves, in a sentence. `WrongFileError`."""
    with zipfile.ZipFile(file) as parts:
        names = sorted(name for name in parts.namelist() if name not in {README, KEYS})
        events = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        belonging = {f"{name}{end}" for name in events for end in (".json", receipt.ENDING)}
        if not events or set(names) != belonging or len(names) != len(belonging):
            raise WrongFileError(
                "This is no proof of a day, and none of a visit: other files lie in it than belong there."
            )
        if sum(each.file_size for each in parts.infolist()) > LARGEST_VISIT:
            raise WrongFileError(f"The file would unpack to more than {LARGEST_VISIT >> 20} MB.")
        streams = {
            _proven(name, parts.read(f"{name}.json"), parts.read(f"{name}{receipt.ENDING}"), keys, witnesses)
            for name in events
        }
    if len(streams) != 1:
        raise WrongFileError("The events are not of one day.")
    by = "".join(f", cosigned by {witness.partition('+')[0]}" for witness in witnesses)
    return f"{len(events)} events of {streams.pop()} are in the log, unaltered{by}."


def _proven(name: str, event: bytes, proof: bytes, keys: Sequence[str], witnesses: Sequence[str]) -> str:
    """The stream of an event that its proof shows to be in the log."""
    try:
        it = proof_of(proof)
        note, text = it.checkpoint.text(), it.extra or b""
        signed, leaf = trust.opened(note, keys), leaf_of(text)
        shown = verify_inclusion(it.index, signed.size, leaf_hash(text), signed.root, it.hashes)
    except (NotBelievedError, MalformedNoteError, MalformedProofError, ValueError) as reason:
        raise WrongFileError(f"{name}{receipt.ENDING} cannot be believed: {reason}.") from None
    if not shown:
        raise WrongFileError(f"{name}{receipt.ENDING} does not show that its leaf is in the log.")
    if missing := [witness for witness in witnesses if not trust.cosigned(note, witness)]:
        raise WrongFileError(f"{name}{receipt.ENDING} has no cosignature of {missing[0].partition('+')[0]}.")
    if sha256(event).hexdigest() != leaf.digest:
        raise WrongFileError(f"{name}.json is not what was recorded: its SHA-256 differs from that in its leaf.")
    return leaf.stream


def _halves(path: str) -> tuple[str, str]:
    level, _, rest = path.partition("/")
    return level, rest

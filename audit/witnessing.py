"""`python3 app.py witness URL`: remembers what an office's proof log said, and raises the alarm when it says otherwise.

It keeps the newest checkpoint that it saw of a log, has it proven that each later one only adds to it, cosigns it
(c2sp.org/tlog-cosignature) and hands the cosignature to the office. A log that goes back on what it said is never
cosigned: both checkpoints are kept as evidence. It belongs on a machine that the office does not own.
"""

import argparse
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from audit.sources import Source, UnreachableError, source_of
from ltsa import proof, trust
from ltsa.checkpoint import COSIGNATURE, Checkpoint, cosign, note_of, signer, signer_of
from ltsa.tiles import Tile, Tree, WrongTileError
from ltsa.trust import NotBelievedError

UNREACHABLE, WRONG, ALARM = 1, 2, 3
"""Exit codes: the log could not be read or proven; the command makes no sense; the log went back on what it said."""

EVERY = 60
"""Seconds between two looks, unless something else is asked for."""


class Alarm(Exception):
    """The log went back on what it said. `outcome` is the kind: "rollback", "fork", "other-key", "other-log"."""

    def __init__(self, outcome: str, message: str, **evidence: str) -> None:
        super().__init__(message)
        self.outcome, self.evidence = outcome, evidence


class Look(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one look came to, as the command prints it (a line of JSON).

    `outcome` is "first", "same", "grown", one of an `Alarm`, or "unreachable". `size` and `root` (hexadecimal) are the
    shown checkpoint's; `cosigned` says that it bears this witness's cosignature now, `handed_in` that the office took
    it just now. `evidence` is the folder where both checkpoints lie.
    """

    at: str
    log: str
    outcome: str
    message: str = ""
    origin: str = ""
    size: int = 0
    root: str = ""
    cosigned: bool = False
    handed_in: bool = False
    evidence: str = ""


class Memory:
    """A witness's folder: its key, what it saw of each log, and every checkpoint. One process at a time."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = folder / "witness.key"
        if not key.exists():
            new = signer(name or f"witness.invalid/{secrets.token_hex(4)}", os.urandom(32), COSIGNATURE)
            _written(key, f"{new.text()}\n")
        self.signer = signer_of(key.read_text(encoding="utf-8").strip())

    def of(self, origin: str) -> Path:
        """The folder of one log, whatever a log calls itself."""
        folder = self.folder / f"{quote(origin, safe='')[:60]} {sha256(origin.encode()).hexdigest()[:12]}"
        folder.mkdir(exist_ok=True)
        return folder

    def origin_at(self, where: str) -> str:
        """The log that was found at this address the last time, "" if none was."""
        return self._sources().get(where, "")

    def found(self, where: str, origin: str) -> None:
        """This log is at this address."""
        if self.origin_at(where) != origin:
            _written(self.folder / "sources.json", msgspec.json.encode({**self._sources(), where: origin}).decode())

    def keys(self, origin: str) -> list[str]:
        """The verifier keys that this log may sign with, the present one last."""
        return _lines(self.of(origin) / "keys")

    def trust(self, origin: str, keys: list[str]) -> None:
        """From now on this log may sign with these."""
        if keys != self.keys(origin):
            _written(self.of(origin) / "keys", "".join(f"{key}\n" for key in keys))

    def last(self, origin: str) -> str:
        """The newest checkpoint that was seen of a log, "" if none was."""
        file = self.of(origin) / "checkpoint"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def keep(self, seen: Checkpoint, note: str) -> None:
        """Remembers a checkpoint for ever, before anybody is told of it."""
        folder = self.of(seen.origin)
        every = folder / "checkpoints"
        every.mkdir(exist_ok=True)
        _written(every / f"{seen.size:012}-{seen.root.hex()[:16]}", note)
        _written(folder / "checkpoint", note)

    def accuse(self, alarm: Alarm, at: str) -> Path:
        """Keeps the evidence: what was seen before, what is shown now, what is wrong with it."""
        folder = self.folder / "evidence" / f"{at.replace(':', '')}-{alarm.outcome}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**alarm.evidence, "README": f"{alarm}\n"}.items():
            _written(folder / name, text)
        return folder

    def _sources(self) -> dict[str, str]:
        file = self.folder / "sources.json"
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str]) if file.exists() else {}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else uses the folder meanwhile: of two who compare and then remember, one would forget."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def look(memory: Memory, source: Source, where: str, given: list[str], now: Callable[[], int]) -> Look:
    """One look at a log: what it shows is compared with what it showed before, remembered, cosigned and handed in.

    Args:
        memory: the witness's folder.
        source: the log.
        where: its address, as the command was given it.
        given: verifier keys that the log is known by; none: those that it names itself when it is first seen.
        now: the clock, in seconds UTC.
    """
    at = _instant(now())
    try:
        note = source.read("checkpoint").decode()
        keys = _known_keys(memory, source, where, given, note)
        shown = trust.opened(note, keys)
        seen = _compared(memory, source, shown, note)
    except (UnreachableError, WrongTileError, NotBelievedError, UnicodeDecodeError) as reason:
        return Look(at=at, log=where, outcome="unreachable", message=str(reason))
    except Alarm as alarm:
        folder = memory.accuse(alarm, at)
        return Look(at=at, log=where, outcome=alarm.outcome, message=str(alarm), evidence=str(folder))
    memory.trust(shown.origin, keys)
    memory.found(where, shown.origin)
    memory.keep(shown, note)
    found = Look(
        at=at, log=where, outcome=seen, origin=shown.origin, size=shown.size, root=shown.root.hex(), cosigned=True
    )
    if trust.cosigned(note, memory.signer.key.text()):
        return found
    read = note_of(note)
    cosigned = read.with_(cosign(read, memory.signer, now())).text()
    memory.keep(shown, cosigned)
    return replace(found, handed_in=source.hand_in(cosigned))


def _compared(memory: Memory, source: Source, shown: Checkpoint, note: str) -> str:
    """What the checkpoint is beside the last one. Raises `Alarm`, and what reading tiles raises."""
    tree = Tree(shown.size, lambda tile: _tile(source, tile))
    if tree.root(shown.size) != shown.root:
        raise WrongTileError("the tiles of the log do not have the root that its checkpoint names")
    last = memory.last(shown.origin)
    if not last:
        return "first"
    seen, both = trust.read(last), {"seen": last, "shown": note}
    if shown.size < seen.size:
        message = f"The log had {seen.size} leaves and now says that it has {shown.size}."
        raise Alarm("rollback", message, **both)
    if shown.size == seen.size and shown.root != seen.root:
        raise Alarm("fork", f"The log shows two different histories of {seen.size} leaves.", **both)
    if seen.size and not proof.verify_consistency(
        seen.size, shown.size, seen.root, shown.root, tree.consistency_proof(seen.size, shown.size)
    ):
        message = f"The first {seen.size} leaves of the log are no longer those that it had: their root was"
        raise Alarm("fork", f"{message} {seen.root.hex()} and is {tree.root(seen.size).hex()}.", **both)
    return "same" if shown.size == seen.size else "grown"


def _known_keys(memory: Memory, source: Source, where: str, given: list[str], note: str) -> list[str]:
    """The keys that this log may sign with now: those known, or one that these vouch for. Raises `Alarm`."""
    origin, before = trust.read(note).origin, memory.origin_at(where)
    if before not in ("", origin):
        message = f"The log at {where} was {before} and is {origin} now."
        raise Alarm("other-log", message, seen=memory.last(before), shown=note)
    known = given or memory.keys(origin)
    if not known:
        return [trust.key_now(source.read("keys").decode(), origin)]
    with suppress(NotBelievedError):
        trust.opened(note, known)
        return known
    with suppress(NotBelievedError, UnreachableError, UnicodeDecodeError):
        following = [trust.key_after(source.read("keys").decode(), known[-1])]
        trust.opened(note, following)
        return following
    message = f"The checkpoint of {origin} is not signed by {known[-1]}, nor by a key that this one vouches for."
    raise Alarm("other-key", message, seen=memory.last(origin), shown=note)


def _tile(source: Source, tile: Tile) -> bytes:
    return source.read(f"tile/{tile.path}")


# --- The command


def witness(arguments: list[str], _create_app: Any) -> int:
    """Watch a log. 3 when it went back on what it said, 2 for a command that makes no sense; with `--once` also 0 when
    all is well and 1 when nothing could be proven.
    """
    options = _parser().parse_args(arguments)
    try:
        source = source_of(options.log)
        memory = Memory(options.data, options.name)
    except (ValueError, OSError) as reason:
        print(reason, file=sys.stderr)
        return WRONG
    print(f"This witness is\n    {memory.signer.key.text()}", file=sys.stderr, flush=True)
    while True:
        with memory.alone():
            found = look(memory, source, options.log, options.key, lambda: int(time.time()))
        print(msgspec.json.encode(found).decode(), flush=True)
        if found.evidence:
            print(f"\aALARM: {found.message} The evidence lies in {found.evidence}.", file=sys.stderr, flush=True)
            return ALARM
        if options.once:
            return UNREACHABLE if found.outcome == "unreachable" else 0
        time.sleep(options.every)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py witness",
        description="Remember what an office's proof log said, cosign what follows from it, and raise the alarm (exit"
        " code 3, a line of JSON, both checkpoints as evidence) when it says otherwise.",
    )
    parser.add_argument("log", metavar="URL", help="the office (https://antrean.example), or a folder of tiles")
    parser.add_argument(
        "--data",
        type=lambda text: Path(text).expanduser().absolute(),
        metavar="FOLDER",
        default=Path("witness").absolute(),
        help="where the witness keeps its key and all that it saw (default: witness)",
    )
    parser.add_argument("--once", action="store_true", help="look once and end, for cron")
    parser.add_argument(
        "--every", type=float, default=EVERY, metavar="SECONDS", help=f"between looks (default {EVERY})"
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help="the log's verifier key; without it the first one that is shown is believed",
    )
    parser.add_argument(
        "--name", default="", help="what the witness is called, when its key is made: a domain and path"
    )
    return parser


# --- Files


def _written(file: Path, text: str) -> None:
    """The whole text is on the disk under this name, or what was there before."""
    half = file.with_name(f"{file.name}.half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1] if file.exists() else []


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Proofs to take away: a day as one file (`prove-day`), the log as static files (`tiles`), and a check of what was
taken, without any office (`verify-file`). What these files hold and how they are checked stands in `bundle.py`.
"""

import argparse
import os
import secrets
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import msgspec

from audit import bundle
from audit.asked import day_of
from audit.bundle import About, WrongFileError
from ltsa import tiles, trust
from ltsa.journal import DataExported, entry
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.log import ForkError
from ltsa.log_key import signing_key
from ltsa.message import Refusal
from ltsa.present import day_stream
from ltsa.published import Published
from web.settings import add_flags, from_flags
from web.terminal import open_ledger

WRONG, NO_SUCH_THING = 1, 2
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""What every part of a file is dated: the same day makes the same file."""


class NoProofError(Exception):
    """There is nothing to prove, or not yet; a sentence says which."""


def write_day(ledger: Ledger, office: str, day: str, out: IO[bytes]) -> About:
    """Writes a day's proof. Blocks on the disk, and takes no more memory for a longer day.

    Raises:
        NoProofError: nothing was recorded on that day, or the record is not the one that was signed.
    """
    log, stream = Published(ledger), day_stream(office, day)
    ends = _ends(ledger, stream)
    first, last = log.leaf(ends[0]), log.leaf(ends[1])
    if first is None or last is None:
        raise NoProofError("The day's events are not all in the log: the record was changed.")
    note = _signed(lambda: log.covering(last))
    signed = trust.read(note)
    about = About(
        format=bundle.FORMAT,
        office=office,
        date=day,
        stream=stream,
        events=ends[2],
        first=first,
        last=last,
        size=signed.size,
        origin=signed.origin,
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        _part(parts, bundle.README, [(bundle.HERE / "reading.txt").read_bytes()])
        _part(parts, bundle.GO, [(bundle.HERE / "check.go").read_bytes()])
        _part(parts, bundle.CHECKPOINT, [note.encode()])
        _part(parts, bundle.KEYS, [f"{log.verifier_key}\n".encode()])
        _part(parts, bundle.DAY, [msgspec.json.format(msgspec.json.encode(about)) + b"\n"])
        _part(parts, bundle.LEAVES, log.leaf_texts(first, last + 1 - first))
        _part(parts, bundle.EVENTS, _events(ledger, stream, first, last + 1))
        for tile in tiles.around(signed.size, first, last + 1):
            _part(parts, f"tile/{tile.path}", [log.tile(tile)])
    return about


def _signed(checkpoint: Callable[[], str]) -> str:
    """A checkpoint. Raises `NoProofError` where the record is not the one that was signed before."""
    try:
        return checkpoint()
    except ForkError as reason:
        raise NoProofError(str(reason)) from None


def _ends(ledger: Ledger, stream: str) -> tuple[int, int, int]:
    """The positions of a stream's first and last event, and how many there are."""
    first, last, count = 0, 0, 0
    for stored in ledger.stored(stream):
        first, last, count = first or stored.position, stored.position, count + 1
    if not count:
        raise NoProofError("Nothing was recorded on that day.")
    return first, last, count


def _events(ledger: Ledger, stream: str, first: int, end: int) -> Iterator[bytes]:
    for index, row in enumerate(ledger.leaves(first, end), first):
        if row.stream == stream:
            yield b'{"leaf":%d,"event":%s}\n' % (index, row.state)


def _part(parts: zipfile.ZipFile, name: str, content: Iterable[bytes]) -> None:
    about = zipfile.ZipInfo(name, LONG_AGO)
    about.compress_type = zipfile.ZIP_DEFLATED
    with parts.open(about, "w") as part:
        for piece in content:
            part.write(piece)


def write_tiles(ledger: Ledger, folder: Path, *, entries: bool = False) -> int:
    """Writes what a folder lacks of the log: tiles, keys, then the checkpoint that needs them; how many tiles are new.
    `entries` adds the leaves' texts. Blocks on the disk; killed at any point, it leaves a folder that serves.

    Raises:
        NoProofError: the folder is of another log, or knows more of this one than the log itself.
    """
    log = Published(ledger)
    note = _signed(log.sign)
    signed, since = trust.read(note), _known(folder, ledger)
    new = 0
    for tile in tiles.of(signed.size, since):
        _file(folder / "tile" / tile.path, log.tile(tile))
        if entries and not tile.level:
            _file(folder / "tile" / tile.entries, _entries(log, tile))
        new += 1
        if tile.width == tiles.WIDTH:
            for name in (tile.path, tile.entries):
                shutil.rmtree(folder / "tile" / f"{name}.p", ignore_errors=True)
    _file(folder / "keys", log.keys_text().encode())
    _file(folder / "checkpoint", note.encode())
    return new


def _entries(log: Published, tile: tiles.Tile) -> bytes:
    return tiles.entry_bundle(log.leaf_texts(tile.number * tiles.WIDTH, tile.width))


def _known(folder: Path, ledger: Ledger) -> int:
    """How many leaves a folder has already. Raises `NoProofError` for one that does not belong to this log."""
    file = folder / "checkpoint"
    if not file.exists():
        return 0
    had, now = trust.read(file.read_text(encoding="utf-8")), trust.read(Published(ledger).checkpoint())
    if had.origin != now.origin:
        raise NoProofError(f"{folder} holds the log {had.origin}; this one is {now.origin}. Name another folder.")
    if had.size > now.size or ledger.log.root(had.size) != had.root:
        raise NoProofError(f"{folder} holds {had.size} leaves that are not those of this log: was it cut back?")
    return had.size


def _file(file: Path, content: bytes) -> None:
    """The whole content is on the disk under this name, or nothing new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.half")
    with half.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)


# --- The commands


def prove_day(arguments: list[str], _create_app: Any) -> int:
    """Write a day's proof, and put on record that it was taken. 1 when there is none, 2 for a wrong office or date."""
    parser = argparse.ArgumentParser(
        prog="app.py prove-day", description="Write everything on record of a service day, with the proof, as one file."
    )
    parser.add_argument("office", metavar="OFFICE", help="the office's id, for example ltsa")
    parser.add_argument("date", metavar="DATE", help="the service day, for example 2026-11-21")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: OFFICE-DATE.zip)")
    add_flags(parser)
    options = parser.parse_args(arguments)
    out = options.out or Path(f"{options.office}-{options.date}.zip")
    try:
        settings = from_flags(options)
        with closing(open_ledger(settings)) as ledger:
            signing_key(ledger, settings.log_origin)
            day = day_of(options.date).isoformat()
            ledger.present().office(options.office, day_of(options.date))
            _on_record(ledger, options.office, day)
            about = _written(out, lambda file: write_day(ledger, options.office, day, file))
    except (Refusal, LedgerUnavailableError, OSError) as reason:
        print(getattr(reason, "message", reason), file=sys.stderr)
        return NO_SUCH_THING
    except NoProofError as reason:
        print(reason, file=sys.stderr)
        return WRONG
    print(f"{out}: {about.events} events, leaves {about.first} to {about.last} of {about.size}, {about.origin}")
    return 0


def publish(arguments: list[str], _create_app: Any) -> int:
    """Write the log as static files. 1 when the folder is not this log's, 2 when the ledger cannot be read."""
    parser = argparse.ArgumentParser(
        prog="app.py tiles",
        description="Write the proof log as static files (c2sp.org/tlog-tiles), only what is new, for any web server"
        " or a USB stick.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to")
    parser.add_argument(
        "--entries", action="store_true", help="the leaves' texts too: they name every stream, so for auditors alone"
    )
    add_flags(parser)
    options = parser.parse_args(arguments)
    try:
        settings = from_flags(options)
        with closing(open_ledger(settings)) as ledger:
            signing_key(ledger, settings.log_origin)
            new = write_tiles(ledger, options.folder, entries=options.entries)
            signed = trust.read(Published(ledger).checkpoint())
    except NoProofError as reason:
        print(reason, file=sys.stderr)
        return WRONG
    except (LedgerUnavailableError, OSError) as reason:
        print(reason, file=sys.stderr)
        return NO_SUCH_THING
    print(f"{options.folder}: {new} new tiles, {signed.size} leaves, {signed.origin}")
    return 0


def verify_file(arguments: list[str], _create_app: Any) -> int:
    """Check a day's or a visit's proof. 0 when it holds, 1 with the first thing that is wrong, 2 for no such file."""
    parser = argparse.ArgumentParser(
        prog="app.py verify-file",
        description="Check the proof of a day or of a visit, without an office and without a network.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the zip file")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="KEY",
        help="the log's verifier key, from a source that you trust more than the file",
    )
    parser.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="a witness that must have cosigned; repeatable"
    )
    options = parser.parse_args(arguments)
    if not options.file.is_file():
        print(f"There is no file {options.file}.", file=sys.stderr)
        return NO_SUCH_THING
    try:
        print(f"OK: {bundle.told(options.file, options.key, options.witness)}")
    except WrongFileError as reason:
        print(f"WRONG: {reason}")
        return WRONG
    return 0


def _on_record(ledger: Ledger, office: str, day: str) -> None:
    key, at = secrets.token_hex(16), time.time_ns() // 1_000_000
    ledger.do(entry(DataExported, office=office, at=at, by="command line", key=key, kind="day.zip", about=day))


def _written(out: Path, write: Callable[[IO[bytes]], About]) -> About:
    """Writes a file of that name, whole or not at all."""
    half = out.with_name(f"{out.name}.half")
    try:
        with half.open("wb") as file:
            about = write(file)
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
    return about

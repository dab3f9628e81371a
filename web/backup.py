"""`python3 app.py backup FOLDER --keys ELSEWHERE` and `restore`: all that must not be lost, copied from an open office.

A backup is a folder of its own that is whole or not there: the data, the ledger as a file wherever it lies, and
`backup.json`, which says what is in it. It was replayed before it got its name, and is replayed again before it is
brought back. The keys lie elsewhere, the newest only: what was erased cannot be read in any older backup.
"""

import argparse
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ltsa.keys import MissingKeysError, WrongSeedError
from ltsa.last_signed import FILE as LAST_SIGNED
from ltsa.ledger import LedgerUnavailableError
from ltsa.log import snapshot
from ltsa.log_key import FILE as LOG_KEY
from ltsa.log_key import NEXT
from ltsa.personal import KEYS, open_personal
from ltsa.side_copy import DiffersError
from ltsa.side_store import Beside, in_folder
from ltsa.store import name_of
from ltsa.transfer import Tell, TransferError, Transferred, examined, transfer
from web.credentials import Credentials, WrongKeyError
from web.formats import LEDGER, demand_known
from web.read_models import NAME as MODELS
from web.settings import Settings, add_flags, from_flags
from web.sides import ASIDE, TABLES, Sides, copied, holds, take_over
from web.terminal import ledger_place, progress
from web.version import version

CONTENTS = "backup.json"
SECRETS = (f"{KEYS}.sqlite", "seed", LOG_KEY, NEXT)
"""What is kept apart from the data."""
FAILURES = (LedgerUnavailableError, TransferError, DiffersError, OSError, sqlite3.Error)
FORMAT = 1
HALF = ".unfinished"
FAILED = 1


class BackupError(Exception):
    """A backup was not taken, or not brought back; the sentence says why."""


class Contents(Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `taken` is an instant in UTC, `files` are SHA-256 by name; `format` is higher than
    `FORMAT` where this program would bring it back wrongly.
    """

    format: int = 1
    taken: str
    version: str
    events: int
    root: str
    days: int
    boards: int
    wrong: str
    files: dict[str, str]


def backup(arguments: list[str], _create_app: Any) -> int:
    """Takes a backup. 0 when it is whole and holds together, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="app.py backup",
        description="Copy everything that must not be lost into a new folder, while the office is open, and check the"
        " copy. It holds secrets: keep it where nobody else reads.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where backups are kept: on another disk")
    _add_keys(parser, "where the keys are kept, the newest only: neither there nor in the data folder")
    add_flags(parser)
    options = parser.parse_args(arguments)
    folder, keys = options.folder.expanduser(), options.keys.expanduser()
    try:
        with progress("rows") as tell:
            made, contents = take(from_flags(options), folder, keys, datetime.now(UTC), tell)
    except (BackupError, *FAILURES) as reason:
        print(f"No backup was taken: {reason}", file=sys.stderr)
        return FAILED
    print(f"{made}: {_said(contents)} Its keys lie in {keys}.")
    return _judged(contents)


def restore(arguments: list[str], _create_app: Any) -> int:
    """Brings a backup back. 0 when it is there and holds together, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="app.py restore",
        description="Bring an office back from a backup: into a new data folder and, with --database, an empty"
        " database.",
    )
    parser.add_argument("backup", type=Path, metavar="BACKUP", help="the backup's folder")
    _add_keys(parser, "the newest keys")
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="a newer copy of the ledger, in the place of the backup's own"
    )
    add_flags(parser)
    options = parser.parse_args(arguments)
    settings = from_flags(options)
    try:
        with progress("rows") as tell:
            made, keys = options.backup.expanduser(), options.keys.expanduser()
            newer = options.ledger and options.ledger.expanduser()
            contents = bring_back(made, keys, settings, datetime.now(UTC), tell, newer=newer)
    except (BackupError, *FAILURES) as reason:
        print(f"Nothing was brought back: {reason}", file=sys.stderr)
        return FAILED
    where = f" and {name_of(settings.database)}" if settings.database else ""
    print(f"{settings.data}{where}: {_said(contents)} Everybody signs in again.")
    return _judged(contents)


def _add_keys(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--keys", type=Path, metavar="FOLDER", required=True, help=meaning)


def take(settings: Settings, into: Path, keys: Path, at: datetime, tell: Tell) -> tuple[Path, Contents]:
    """Takes a backup into a new folder below `into`, and replaces the keys in `keys`.

    What was signed last comes first, so that the ledger contains it. The ledger comes next: what it refers to was kept
    before it did, and so is in the files copied after it. The keys come last: of everything in the data the key is
    there.

    Raises `BackupError`, or one of `FAILURES`.
    """
    place, data = ledger_place(settings), settings.data
    demand_known(data, place)
    for one, other in permutations((into.resolve(), keys.resolve(), data.resolve()), 2):
        if one.is_relative_to(other):
            raise BackupError(f"{one} lies in {other}; data, backup and keys are kept apart, best on three disks.")
    with closing(Sides.of(settings)) as sides, _whole(into / f"ltsa-{at:%Y-%m-%dT%H%M%SZ}") as folder:
        if (signed := data / LAST_SIGNED).exists():
            _copy(signed, folder / LAST_SIGNED)
        if isinstance(place, Path):
            _copy(place, folder / LEDGER)
        else:
            transfer(place, folder / LEDGER, tell, online=True)
        for file in _files(data):
            apart = (LAST_SIGNED, LEDGER, f"{MODELS}.sqlite", *SECRETS)
            if file.name not in apart and ASIDE not in file.relative_to(data).parts:
                _copy(file, folder / file.relative_to(data))
        for name in TABLES:
            if name != KEYS and not isinstance(side := sides.at(name), Path):
                _copy_out(side, name, folder / f"{name}.sqlite")
        found, wrong = examined(folder / LEDGER, tell)
        _without_traces(folder)
        sums = {file.relative_to(folder).as_posix(): _sum(file) for file in _files(folder)}
        contents = Contents(
            format=FORMAT,
            taken=f"{at:%Y-%m-%dT%H:%M:%SZ}",
            version=version(),
            wrong=wrong,
            files=sums,
            **found._asdict(),
        )
        _write(folder / CONTENTS, msgspec.json.format(msgspec.json.encode(contents), indent=1))
        _renew(sides, keys)
    return folder.with_name(folder.name.removesuffix(HALF)), contents


def _renew(sides: Sides, keys: Path) -> None:
    """Each key file takes the place of the one before, which is gone."""
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = sides.at(KEYS)
    for name in SECRETS:
        new = keys / f"{name}{HALF}"
        new.unlink(missing_ok=True)
        if name == f"{KEYS}.sqlite" and not isinstance(place, Path):
            _copy_out(place, KEYS, new)
            new.replace(keys / name)
        elif (file := sides.folder / name).exists():
            _copy(file, new)
            new.replace(keys / name)
        else:
            (keys / name).unlink(missing_ok=True)


def bring_back(  # noqa: PLR0913 - what is brought back, whereto, and when
    made: Path, keys: Path, settings: Settings, at: datetime, tell: Tell, *, newer: Path | None = None
) -> Contents:
    """Brings a backup back into a data folder that is not there or empty; with a `newer` ledger that continues the
    backup's, where there is a copy that went on. Raises as `take` does.
    """
    contents = read(made)
    data = settings.data
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty; name a new folder with --data.")
    with _whole(data) as folder:
        for name in contents.files:
            _copy(newer if newer and name == LEDGER else made / name, folder / name)
        for name in SECRETS:
            if (keys / name).exists():
                _copy(keys / name, folder / name)
        found, wrong = examined(folder / LEDGER, tell)
        if newer:
            _demand_continued(folder / LEDGER, newer, contents)
            contents = msgspec.structs.replace(contents, wrong=wrong, **found._asdict())
        elif (found, wrong) != (
            Transferred(contents.events, contents.root, contents.days, contents.boards),
            contents.wrong,
        ):
            raise BackupError(f"the ledger in {made} replays otherwise than when it was taken.")
        _with_its_seed(folder, at)
        if settings.database:
            _into_the_database(folder, settings, tell)
        _without_traces(folder)
    return contents


def _into_the_database(folder: Path, settings: Settings, tell: Tell) -> None:
    with closing(Sides(folder, settings.database, settings.keys_database)) as sides:
        for place in (place for name in TABLES if not isinstance(place := sides.at(name), Path) and holds(name, place)):
            raise BackupError(f"{place} are there already; name an empty database.")
        transfer(folder / LEDGER, settings.database, tell)
        (folder / LEDGER).unlink()
        take_over(sides, (folder / "seed").read_bytes())
        shutil.rmtree(folder / ASIDE)


def _demand_continued(ledger: Path, newer: Path, contents: Contents) -> None:
    with snapshot(ledger) as log:
        size = contents.events
        if log.size() < size or (size and log.root(size).hex() != contents.root):
            raise BackupError(f"{newer} does not continue the ledger of the backup.")


def read(made: Path) -> Contents:
    """What a backup says of itself, once every file is as it says. Raises `BackupError`, or `LedgerUnavailableError`
    for files of a newer program.
    """
    try:
        contents = msgspec.json.decode((made / CONTENTS).read_bytes(), type=Contents)
    except FileNotFoundError:
        raise BackupError(f"{made} is no backup: it has no {CONTENTS}.") from None
    except msgspec.DecodeError as reason:
        raise BackupError(f"{made / CONTENTS} cannot be read ({reason}).") from None
    if contents.format > FORMAT:
        raise BackupError(
            f"{made} has format {contents.format}, this program knows {FORMAT}: bring it back with a newer version."
        )
    for name, known in contents.files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BackupError(f"{made / CONTENTS} names a file outside the backup.")
        if not (made / name).is_file():
            raise BackupError(f"{name} is missing in {made}.")
        if _sum(made / name) != known:
            raise BackupError(f"{name} in {made} is not what was put there.")
    if LEDGER not in contents.files:
        raise BackupError(f"{made} has no {LEDGER}.")
    demand_known(made, made / LEDGER)
    return contents


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder that gets its name when it is complete; what was not is removed."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is there already.")
    half = folder.with_name(folder.name + HALF)
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True, mode=0o700)
    try:
        yield half
        if folder.exists():
            folder.rmdir()
        half.rename(folder)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _files(folder: Path) -> Iterator[Path]:
    """What is to be copied of a folder: no traces of open databases, and no history of them."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.is_symlink() or file.name.endswith(("-wal", "-shm", "-journal")):
            continue
        if not any(part.endswith("-litestream") for part in file.relative_to(folder).parts):
            yield file


def _copy(file: Path, to: Path) -> None:
    """Copies a file; a database as it is at one moment, keeping nobody waiting."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.suffix != ".sqlite" or not file.stat().st_size:
        _write(to, file.read_bytes())
        return
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself
        if (said := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise BackupError(f"{file} is damaged ({said}).")
    _to_the_disk(to)


def _copy_out(place: Beside, name: str, to: Path) -> None:
    """Copies a store of a database, as it is at one moment, into a file."""
    copied(name, place, to)
    with closing(sqlite3.connect(to)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself
    _to_the_disk(to)


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        new.write(content)
    _to_the_disk(file)


def _to_the_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _without_traces(folder: Path) -> None:
    for trace in [*folder.rglob("*-wal"), *folder.rglob("*-shm")]:
        trace.unlink()


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def _with_its_seed(folder: Path, at: datetime) -> None:
    """Whether seed and sealed files belong together; and nobody stays signed in who may have been let go since."""
    try:
        seed = (folder / "seed").read_bytes()
        open_personal(in_folder(folder), seed).close()
        with closing(Credentials(folder / "credentials.sqlite", seed)) as credentials:
            credentials.end_everything(int(at.timestamp() * 1000))
    except FileNotFoundError:
        raise BackupError("the keys' folder has no seed, without which nobody signs in.") from None
    except (WrongKeyError, WrongSeedError, MissingKeysError) as reason:
        raise BackupError(f"data and keys do not belong together: {reason}.") from None


def _said(contents: Contents) -> str:
    return (
        f"{len(contents.files)} files, {contents.events} events, {contents.boards} boards of service days"
        f" ({contents.days}) replayed, the log's root {contents.root or '(none)'}."
    )


def _judged(contents: Contents) -> int:
    if contents.wrong:
        print(f"The copy is complete, but {contents.wrong}: python3 app.py verify names it.", file=sys.stderr)
        return FAILED
    return 0

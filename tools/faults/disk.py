"""A disk that is full: a small file system of its own, which something else fills up."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.faults.check import Found, compare
from tools.faults.load import Crowd, at_work
from tools.faults.office import Office, opened
from tools.faults.round import NotPossibleError, Round

SIZE = 64
"""Of the file system, in MiB."""

PIECE = 4096
CLEAR = 2.0


def full(this: Round) -> Found:
    """Something fills the disk to the last block, and is removed after a while."""
    found = this.found()
    with _small_disk(this.folder) as disk, opened(Office(disk)) as office:
        ballast = disk / "ballast"
        crowd = Crowd(office.doors, this.seed)
        with at_work(crowd):
            for _ in this.each():
                time.sleep(this.luck.uniform(0.3, 1.0))
                before = sum(told.refused for told in crowd.told())
                until = time.monotonic() + this.luck.uniform(1.0, 3.0)
                while time.monotonic() < until:  # logs shrink and leave room
                    _fill(ballast)
                    time.sleep(0.05)
                ballast.unlink()
                found.recovered += crowd.answered_since(time.monotonic_ns())
                found.more["runs_with_503"] = found.more.get("runs_with_503", 0) + (
                    sum(told.refused for told in crowd.told()) > before
                )
        told = crowd.told()
        compare(found, told, office.recorded())
        found.tells_of(told)
    this.demand(found, "a 503 came", found.more["slowest_503_s"], CLEAR)
    return found


def _fill(ballast: Path) -> None:
    """Writes until nothing more fits."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PIECE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A file system in memory. Raises `NotPossibleError` where none may be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise NotPossibleError("a file system can only be mounted by root, and not in every container")
    try:
        yield disk
    finally:
        with suppress(OSError):
            subprocess.run(["umount", "--lazy", str(disk)], check=False)

"""A disk that forgets what was not synced when the power goes: `python -m tools.faults.volatile FILE SEED serve …`.

A SQLite VFS over the system's own, through `ctypes`: it keeps what is written in this process's memory, and writes it
to the file when SQLite syncs that file. When the power goes, each file gets none of what was not synced, all of it, or
some sectors of it in no order, and the process ends where it is. So it also goes in the middle of a sync.

What it says nothing of: a file that is made or removed is so at once (directories are not forgotten), a sector is
written whole or not at all, and a disk that lies about having synced is not played.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import runpy
import signal
import sqlite3
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from threading import RLock

SECTOR = 512
SHORT_READ = 522
"""`SQLITE_IOERR_SHORT_READ`."""

KEPT_OPEN = 2
"""The version of SQLite's table of a file's functions that has shared memory, and no mapping of the file."""

ONLY_OF_DATABASES = 0x100 | 0x800 | 0x80000
"""`SQLITE_OPEN_MAIN_DB`, `_MAIN_JOURNAL`, `_WAL`: temporary files are nobody's loss."""

Close = CFUNCTYPE(c_int, c_void_p)
Read = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)
Size = CFUNCTYPE(c_int, c_void_p, POINTER(c_int64))
Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)


class _Methods(Structure):
    """`sqlite3_io_methods` up to version 2 (sqlite3.h)."""

    _fields_ = (
        ("version", c_int),
        ("close", Close),
        ("read", Read),
        ("write", Write),
        ("truncate", Truncate),
        ("sync", Sync),
        ("size", Size),
        ("others", c_void_p * 10),
    )


class _Vfs(Structure):
    """`sqlite3_vfs` (sqlite3.h)."""

    _fields_ = (
        ("version", c_int),
        ("size_of_file", c_int),
        ("longest_name", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("own", c_void_p),
        ("open", Open),
        ("delete", Delete),
        ("others", c_void_p * 14),
    )


class _File:
    """One file as the process sees it, and which sectors of it the disk does not have yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.image = bytearray(path.read_bytes())
        self.unsynced = set[int]()

    def read(self, at: int, much: int) -> bytes:
        """Up to so many bytes."""
        return bytes(self.image[at : at + much])

    def write(self, at: int, content: bytes) -> None:
        """Into memory alone."""
        if at > len(self.image):
            self.image.extend(bytes(at - len(self.image)))
        self.image[at : at + len(content)] = content
        self.unsynced.update(range(at // SECTOR, (at + len(content) - 1) // SECTOR + 1))

    def truncate(self, size: int) -> None:
        """In memory alone."""
        del self.image[size:]
        self.unsynced = {sector for sector in self.unsynced if sector * SECTOR < size}

    def sync(self) -> None:
        """The disk has all of it."""
        self._put(self.unsynced, resize=True)
        self.unsynced.clear()

    def loses_power(self, luck: random.Random) -> None:
        """The disk has what the moment left."""
        sectors = sorted(self.unsynced)
        match luck.choice(("none", "some", "all")):
            case "some":
                self._put(set(luck.sample(sectors, luck.randint(0, len(sectors)))), resize=luck.random() < 0.5)  # noqa: PLR2004 - either
            case "all":
                self._put(self.unsynced, resize=True)
            case _:
                pass

    def _put(self, sectors: set[int], *, resize: bool) -> None:
        with self.path.open("r+b") as file:
            for sector in sectors:
                file.seek(sector * SECTOR)
                file.write(self.image[sector * SECTOR : (sector + 1) * SECTOR])
            if resize:
                file.truncate(len(self.image))


class VolatileDisk:
    """The disk of this process from now on, for every SQLite connection that it opens.

    `breaker` is a file of 8 bytes: the number that is written there is after how many writes and syncs from then on the
    power goes; 0 for not at all.
    """

    def __init__(self, breaker: Path, seed: object) -> None:
        with breaker.open("rb") as opened:
            self._breaker = mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ)
        self._luck, self._done = random.Random(f"power {seed}"), 0
        self._files: dict[Path, _File] = {}
        self._open: dict[int, _File] = {}
        self._tables: dict[int, tuple[_Methods, _Methods]] = {}
        self._turn = RLock()
        library = ctypes.CDLL(_library())
        library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._below: _Vfs = library.sqlite3_vfs_find(None).contents
        self._vfs = _Vfs.from_buffer_copy(self._below)
        self._vfs.name, self._vfs.next = b"volatile", None
        self._vfs.open, self._vfs.delete = Open(self._opens), Delete(self._deletes)
        if library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1):
            raise OSError("SQLite took no further VFS")

    def _opens(self, vfs: int, name: int, file: int, flags: int, found: object) -> int:
        code: int = self._below.open(vfs, name, file, flags, found)
        table = c_void_p.from_address(file)
        if code or not table.value or not name or not flags & ONLY_OF_DATABASES:
            return code
        path = Path(os.fsdecode(ctypes.string_at(name)))
        with self._turn:
            if table.value not in self._tables:
                self._tables[table.value] = self._table_over(table.value)
            if path not in self._files:
                self._files[path] = _File(path)
            self._open[file] = self._files[path]
            table.value = ctypes.addressof(self._tables[table.value][0])
        return 0

    def _table_over(self, below: int) -> tuple[_Methods, _Methods]:
        """A file's functions: locks and shared memory as below, what is read and written by way of memory."""
        original = _Methods.from_address(below)
        ours = _Methods.from_buffer_copy(original)
        ours.version = min(original.version, KEPT_OPEN)

        def closes(file: int) -> int:
            with self._turn:
                self._open.pop(file, None)
            return int(original.close(file))

        ours.close, ours.read, ours.write = Close(closes), Read(self._reads), Write(self._writes)
        ours.truncate, ours.sync, ours.size = Truncate(self._truncates), Sync(self._syncs), Size(self._tells_size)
        return ours, original

    def _reads(self, file: int, into: int, much: int, at: int) -> int:
        with self._turn:
            content = self._open[file].read(at, much)
        ctypes.memmove(into, content.ljust(much, b"\0"), much)
        return 0 if len(content) == much else SHORT_READ

    def _writes(self, file: int, content: int, much: int, at: int) -> int:
        with self._turn:
            self._open[file].write(at, ctypes.string_at(content, much))
            self._one_more()
        return 0

    def _truncates(self, file: int, size: int) -> int:
        with self._turn:
            self._open[file].truncate(size)
        return 0

    def _syncs(self, file: int, _how: int) -> int:
        with self._turn:
            self._one_more()
            self._open[file].sync()
        return 0

    def _tells_size(self, file: int, size: ctypes._Pointer[c_int64]) -> int:
        with self._turn:
            size[0] = c_int64(len(self._open[file].image))
        return 0

    def _deletes(self, vfs: int, name: bytes, durable: int) -> int:
        with self._turn:
            self._files.pop(Path(os.fsdecode(name)), None)
        return int(self._below.delete(vfs, name, durable))

    def _one_more(self) -> None:
        after = int.from_bytes(self._breaker[:8], "little")
        if not after:
            return
        self._done += 1
        if self._done >= after:
            for file in self._files.values():
                file.loses_power(self._luck)
            os.kill(os.getpid(), signal.SIGKILL)


def set_breaker(breaker: Path, after: int) -> None:
    """After how many writes and syncs from now on the power goes; 0 for not at all."""
    with breaker.open("r+b" if breaker.exists() else "xb") as opened:
        opened.write(after.to_bytes(8, "little"))


def _library() -> str:
    """The library that `sqlite3` itself has loaded."""
    sqlite3.connect(":memory:").close()
    for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
        if "libsqlite3" in line:
            return line.split(maxsplit=5)[5]
    raise OSError("this Python has SQLite built in: its VFS cannot be reached from outside")


if __name__ == "__main__":
    disk = VolatileDisk(Path(sys.argv[1]), sys.argv[2])
    sys.argv = ["app.py", *sys.argv[3:]]
    runpy.run_path("app.py", run_name="__main__")

"""What the servers' processes take, read from /proc: seconds of processor, memory, open files; who is at a port.

Linux only. Memory is the proportional set (what is shared by several processes counts once), in bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ESTABLISHED = "01"


class Taken(NamedTuple):
    """What some processes have taken: seconds of processor since their start, bytes of memory now, open files."""

    cpu: float
    memory: int
    files: int


def children(pid: int) -> list[int]:
    """The processes that one has started and that are there."""
    with suppress(OSError):
        return [int(child) for child in (PROC / f"{pid}/task/{pid}/children").read_text("ascii").split()]
    return []


def taken(pids: Iterable[int]) -> Taken:
    """What these processes have taken together; those that have ended count no more."""
    cpu, memory, files = 0.0, 0, 0
    for pid in pids:
        with suppress(OSError, IndexError):
            fields = (PROC / f"{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICK
            memory += _memory(pid)
            files += len(os.listdir(PROC / f"{pid}/fd"))  # noqa: PTH208 - counted, a thousand at a time
    return Taken(cpu, memory, files)


def _memory(pid: int) -> int:
    with suppress(OSError):
        if found := re.search(r"^Pss:\s+(\d+) kB", (PROC / f"{pid}/smaps_rollup").read_text("ascii"), re.MULTILINE):
            return 1024 * int(found[1])
    return PAGE * int((PROC / f"{pid}/statm").read_text("ascii").split()[1])


def clients(port: int, pids: Iterable[int]) -> Mapping[int, int]:
    """Which process holds the other end of each client's port that is connected to `port` on this machine."""
    inodes: dict[str, int] = {}
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                _, here, there, state, *_, inode = line.split()[:10]
                if state == ESTABLISHED and int(here.rpartition(":")[2], 16) == port:
                    inodes[f"socket:[{inode}]"] = int(there.rpartition(":")[2], 16)
    found: dict[int, int] = {}
    for pid in pids:
        with suppress(OSError):
            for entry in os.scandir(PROC / f"{pid}/fd"):
                with suppress(OSError):
                    if client := inodes.get(os.readlink(entry.path)):  # noqa: PTH115 - a thousand at a time
                        found[client] = pid
    return found


def described() -> str:
    """This machine in a line: cores, processor, memory, system."""
    cpu = PROC.joinpath("cpuinfo").read_text("utf-8")
    model = found[1] if (found := re.search(r"^model name\s*: (.+)$", cpu, re.MULTILINE)) else os.uname().machine
    memory = re.search(r"^MemTotal:\s+(\d+) kB", PROC.joinpath("meminfo").read_text("ascii"), re.MULTILINE)
    gigabytes = int(memory[1]) / 2**20 if memory else 0
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {model}, {gigabytes:.0f} GB, Linux {os.uname().release.split('-')[0]}"


def load() -> float:
    """How many processes want to run on this machine, on average over the last minute."""
    return os.getloadavg()[0]

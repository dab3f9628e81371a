"""An office that a benchmark asks over HTTP: its processes, what they take of the processor and of memory.

It is served as `app.py serve` serves it, by one process or several, over a file or a database.
"""

import contextlib
import dataclasses
import io
import multiprocessing
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, cast

from flask import Flask

from web.policy import ENDPOINTS
from web.server import CreateApp, run
from web.settings import Settings

EMPTY = "/empty"
"""An address that does nothing, under the same headers and checks as all others: what others are held against."""

TICK = 1000 / os.sysconf("SC_CLK_TCK")
"""ms of one unit in which the system counts a process's time."""


class Serving(NamedTuple):
    """An open office: its port, and the process that was started (with several workers, their parent)."""

    port: int
    pid: int

    def cpu(self) -> float:
        """How many ms of processor that its processes have taken since they began."""
        return sum(map(cpu_of, processes(self.pid)))

    def memory(self) -> float:
        """KB of memory that are its processes' own, or their share of what they share (Pss)."""
        return sum(map(memory_of, processes(self.pid)))


@contextmanager
def serving(create_app: CreateApp, settings: Settings) -> Iterator[Serving]:
    """The office of these settings, open, with no limits of how often it may be asked."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(create_app, settings, theirs))
    server.start()
    theirs.close()
    try:
        yield Serving(ours.recv(), server.pid or 0)
    finally:
        server.terminate()
        server.join()


def processes(pid: int) -> list[int]:
    """A process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *map(int, children)]


def cpu_of(pid: int) -> float:
    """How many ms of processor that one process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def memory_of(pid: int) -> float:
    """KB of memory of one process, its share of what it shares (Pss)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    return float(re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)[1])  # type: ignore[index] # every kernel has it


class _Terminal(io.StringIO):
    """Tells the benchmark the port, once the addresses are printed: then every process answers."""

    def __init__(self, told: Connection) -> None:
        super().__init__()
        self._told = told

    def write(self, words: str) -> int:
        if found := re.search(r"http://[^/\s]+:(\d+)/", words):
            self._told.send(int(found[1]))
        return len(words)


def _serve(create_app: CreateApp, settings: Settings, told: Connection) -> None:
    def create_with_empty(settings: Settings) -> Flask:
        app = create_app(settings)
        app.add_url_rule(EMPTY, EMPTY, lambda: ("", 204), methods=["POST"])
        cast("dict[str, str]", ENDPOINTS)[EMPTY] = "public"
        return app

    with contextlib.redirect_stdout(_Terminal(told)):
        run(dataclasses.replace(settings, rate_limits=0), create_with_empty)

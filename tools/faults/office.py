"""Offices to be broken: real processes of `app.py serve` over a folder, or a database, of their own."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from ltsa.ledger import Ledger
from ltsa.present import Recorded
from ltsa.record import decoded
from ltsa.store import Place, looking_at
from tools import staff
from tools.faults.load import Doors
from web.settings import PROJECT, Settings

FOREIGN = ("LTSA_", "PYTHONDONTWRITEBYTECODE")
"""Settings of whoever breaks it that are none of the office's: it keeps its compiled modules, as elsewhere."""

SEATS = ("1", "2", "3", "4", "5", "6")
"""Counters at whose desks somebody is signed in."""

LOCAL = "127.0.0.1"

CHILD_SUBREAPER = 36
"""`PR_SET_CHILD_SUBREAPER` of prctl(2)."""


class Host(NamedTuple):
    """Where a process runs: what leads a command inside, where it answers, and the two databases as seen from there."""

    inside: tuple[str, ...]
    address: str
    database: str
    keys_database: str


class Office:
    """One office, served by any number of processes. They end with whoever started them, however that ends.

    With `on`, each of these hosts has a process and a data folder of its own, over one database, and another for the
    keys.
    """

    def __init__(  # noqa: PLR0913 - by name
        self,
        folder: Path,
        database: str = "",
        keys_database: str = "",
        *,
        processes: int = 1,
        on: Sequence[Host] = (),
        zone: str = "Asia/Jakarta",
        environ: Mapping[str, str] = {},
    ) -> None:
        from web.house import House, first_office

        self.data, self.database = folder / "office", database
        self._environ = {"LTSA_RATE_LIMITS": "0"} | dict(environ)
        self._on = on or [Host((), LOCAL, database, keys_database)] * processes
        self._servers: list[subprocess.Popen[bytes] | None] = [None] * len(self._on)
        self._ports = [0] * len(self._servers)
        with closing(Ledger(self.place, self.data)) as ledger:
            first = first_office("ltsa", at=0)
            ledger.do(
                msgspec.structs.replace(first, configuration=msgspec.structs.replace(first.configuration, zone=zone))
            )
        settings = Settings(data=self.data, port=0, database=database, keys_database=keys_database)
        with closing(House(settings)) as here:
            token = staff.program(here, "supervisor")
            self.screen, self.kiosk = staff.device(here, "display"), staff.device(here, "kiosk")
            self.officers = {each: staff.session(here, f"officer-{each}", ["officer"]) for each in SEATS}
        self._folders = [self.data] * processes
        for host in range(1, len(on)):
            self._folders.append(folder / f"host-{host}")
            self._folders[-1].mkdir()
            for name in ("seed", "log.key"):
                shutil.copy(self.data / name, self._folders[-1])
        self.doors = Doors(token, self._ports, [host.address for host in self._on])
        """The way in, for clients."""

    door: tuple[str, ...] = ("app.py",)
    """What is run to open it."""

    @property
    def place(self) -> Place:
        """Where its ledger lies."""
        return self.database or self.data / "ledger.sqlite"

    @property
    def ports(self) -> list[int]:
        """Of its processes."""
        return self._ports

    def start(self, number: int = 0, *, wait: bool = True) -> None:
        """Starts a process (again, at the same port); waits until it has printed its addresses, or not."""
        host = self._on[number]
        command = [
            *host.inside,
            sys.executable,
            *self.door,
            "serve",
            "--host",
            host.address,
            "--port",
            str(self._ports[number]),
            "--data",
            str(self._folders[number]),
        ]
        if host.database:
            command += ["--database", host.database]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "KILL", *command]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | self._environ
        environ |= {"LTSA_KEYS_DATABASE": host.keys_database} if host.keys_database else {}
        with self._terminal(number).open("wb") as terminal:
            self._servers[number] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environ,
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )
        while wait and not self._is_open(number):
            time.sleep(0.02)

    def kill(self, number: int = 0) -> None:
        """Kills a process where it is (SIGKILL)."""
        self._end(number, signal.SIGKILL)

    def wait_for_the_end(self, number: int = 0) -> None:
        """Waits until a process has ended by itself."""
        server, self._servers[number] = self._servers[number], None
        if server:
            server.wait()

    def stop(self, number: int = 0) -> None:
        """Asks a process to end."""
        self._end(number, signal.SIGTERM)

    def sends(self, which: signal.Signals, number: int = 0) -> None:
        """Sends a process a signal."""
        if server := self._servers[number]:
            server.send_signal(which)

    def cpu(self, number: int = 0) -> float:
        """Seconds of processor that a process has taken since it was started."""
        server = self._servers[number]
        assert server is not None  # noqa: S101 - whoever asks has started it
        fields = Path(f"/proc/{server.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Ends all that runs."""
        for number in range(len(self._servers)):
            with suppress(ProcessLookupError):
                self._end(number, signal.SIGKILL)

    def said(self, number: int = 0) -> str:
        """What a process has said on its terminal since it was started."""
        return self._terminal(number).read_text("utf-8", errors="replace")

    def recorded(self) -> list[Recorded]:
        """All that is on record, in its order."""
        with looking_at(self.place) as cursor:
            return decoded(cursor, "rowid > 0 ORDER BY rowid")

    def _terminal(self, number: int) -> Path:
        return self.data.with_suffix(f".terminal-{number}")

    def _is_open(self, number: int) -> bool:
        server, said = self._servers[number], self.said(number)
        if "Ctrl+C" in said and (found := re.search(r"http://[^/\s]+:(\d+)", said)):
            self._ports[number] = int(found[1])
            return True
        if server is None or server.poll() is not None:
            raise RuntimeError(f"The office did not open:\n{said}")
        return False

    def _end(self, number: int, how: signal.Signals) -> None:
        server, self._servers[number] = self._servers[number], None
        if server:
            server.send_signal(how)
            server.wait()


@contextmanager
def opened(office: Office) -> Iterator[Office]:
    """An office with all its processes, until the end."""
    try:
        for number in range(len(office.ports)):
            office.start(number)
        yield office
    finally:
        office.close()


@contextmanager
def no_orphans() -> Iterator[None]:
    """Whatever processes are left of killed servers become this one's, and end with it (prctl(2), a subreaper)."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(children.read_text("ascii").split())
    ctypes.CDLL(None, use_errno=True).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        for child in map(int, set(children.read_text("ascii").split()) - before):
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        ctypes.CDLL(None, use_errno=True).prctl(CHILD_SUBREAPER, 0, 0, 0, 0)

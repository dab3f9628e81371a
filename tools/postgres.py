"""A PostgreSQL of one's own, in a folder that goes away: for the checks and the benchmarks, as the machine's own.

A server refuses to run as root: started by root it runs as `nobody`.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tools import apt

OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # what is killed are processes, not the machine
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
STARTS_WITHIN = 30
NOBODY = "nobody"


@functools.cache
def find() -> Path | None:
    """The folder of PostgreSQL's programs, or None. The variable POSTGRES names one that lies elsewhere."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("postgres")
    known = [Path(found).resolve().parent] if found else []
    for folder in (Path(os.environ.get("POSTGRES", "/nowhere")), *newest, *known):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    return None


def missing() -> str:
    """What keeps these checks from running here, as a sentence; empty when nothing does."""
    return "" if find() else "no PostgreSQL on this machine"


def version() -> str:
    """As "15.14"; "" where there is none."""
    programs = find()
    if programs is None:
        return ""
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[2]


def install() -> None:
    """Ask the system's packages for it where that is possible. Shows itself."""
    if missing() and apt.can_install() and apt.install("postgresql", purpose="the stores' tests"):
        apt.stop_service("postgresql")
        find.cache_clear()


class Postgres:
    """A running server, reached through a socket in its folder alone. `options` as in postgresql.conf: fsync="on".

    `base`: the folder of a base backup, which it takes over and goes on from.
    """

    def __init__(self, base: Path | None = None, /, **options: str) -> None:
        programs = find()
        if programs is None:
            raise FileNotFoundError(missing())
        self._programs, self._options = programs, OPTIONS | options
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        if base:
            shutil.move(base, self._folder / "data")
        else:
            self._run("initdb", "-D", "data", "-U", "ltsa", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        """The server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self.close()

    @property
    def pid(self) -> int:
        """The process at the head of the server's; 0 while it is not running."""
        return self._process.pid if self._process else 0

    def address(self, schema: str = "public", database: str = "postgres") -> str:
        """Where a ledger may lie in it, each in a schema of its own."""
        return f"postgresql://ltsa@/{database}?host={self._folder}&options=-csearch_path%3D{schema}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """Has `psql` do something; what it prints."""
        return self._run(
            "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", str(self._folder), "-U", "ltsa", "-c", sql, database
        )

    def tool(self, program: str, *words: str) -> str:
        """Has another of PostgreSQL's programs (`pg_dump`) do something here, in its folder; what it prints."""
        return self._run(program, "-h", str(self._folder), "-U", "ltsa", *words)

    @property
    def folder(self) -> Path:
        """Where everything of it lies."""
        return self._folder

    def transactions(self, script: str, clients: int, each: int) -> float:
        """Has `pgbench` run a script, so many times by each of its clients at once; transactions a second."""
        file = self._folder / "script.sql"
        file.write_text(script, encoding="utf-8")
        counts = ("-c", str(clients), "-j", "2", "-t", str(each))
        said = self._run("pgbench", "-n", *counts, "-f", str(file), "-h", str(self._folder), "-U", "ltsa", "postgres")
        return float(said.rpartition("tps = ")[2].split()[0])

    def table_bytes(self) -> bytes:
        """What stands in the files of all tables now, without the write-ahead log."""
        self.run("CHECKPOINT")
        tables = (self._folder / "data" / "base").rglob("*")
        return b"".join(file.read_bytes() for file in tables if file.is_file())

    def schema(self, name: str) -> str:
        """The address of a new, empty schema."""
        self.run(f"CREATE SCHEMA {name}")
        return self.address(name)

    def start(self) -> None:
        """Starts it, after `kill` as after a crash."""
        options = [f"-c{name}={value}" for name, value in self._options.items()]
        until = time.monotonic() + STARTS_WITHIN
        while True:
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [self._programs / "postgres", "-D", "data", "-k", str(self._folder), *options],
                    cwd=self._folder,
                    user=self._user,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            while self._process.poll() is None and time.monotonic() < until:
                if "accepting" in self._run("pg_isready", "-h", str(self._folder), check=False):
                    return
                time.sleep(0.05)
            if time.monotonic() > until:
                raise TimeoutError((self._folder / "log").read_text(encoding="utf-8"))
            time.sleep(0.05)  # those that were killed still hold its memory

    def kill(self) -> None:
        """Kills every one of its processes at once."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def freeze(self) -> None:
        """Stops every one of its processes where it is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Ends it and removes all that was in it."""
        self.thaw()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, which: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        head = self._process.pid
        children = Path(f"/proc/{head}/task/{head}/children").read_text(encoding="ascii").split()
        for process in (head, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, which)

    def _run(self, program: str, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [self._programs / program, *words],
            cwd=self._folder,
            user=self._user,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

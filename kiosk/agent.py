"""The agent at a ticket printer: pairs, says how the printer is, and prints each ticket once.

Before a ticket's first byte leaves, the agent writes down that it has begun; when the printer has answered that it is
done, that it is done; only then it tells the office. So nothing is lost, whenever the agent, the printer or the office
goes. What cannot be known (wire or agent broke between the last byte and the printer's answer) is printed again, and
says so on the paper.
"""

import fcntl
import http.client
import json
import os
import secrets
import sqlite3
import ssl
import time
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from kiosk.slip import Slip, notice, ticket
from kiosk.wire import PrinterGone, Status, Wire
from ltsa import side_file
from web.settings import WrongSetting
from web.version import version
from web.words import Words

EVERY = 1.0
"""Seconds between two looks at what is to be printed, or between two tries."""

LOOK = 5.0
"""Seconds between two looks at an idle printer."""

REPORT = 60.0
"""Seconds between two reports when nothing has changed."""

ASK = 3.0
"""Seconds between two looks whether the code was approved."""

PATIENCE = 10.0
"""Seconds for one answer of the office."""

CODES_ON_PAPER = 3
"""Codes that are printed: a printer that waits all night would use up its roll."""

REMEMBERED = 24 * 3600
"""Seconds for which the agent knows what it has printed."""


class Told(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    server: str
    ca: str
    printer: str
    kiosk: str
    name: str
    office: str
    columns: int
    answers: bool
    memory: Path


class OfficeGone(Exception):
    """The office cannot be reached, or cannot answer now."""


class NotPaired(Exception):
    """The office does not know this printer, or knows it no more."""


class Agent:
    """Works until it is stopped. Raises `WrongSetting` where another agent has the same name on this machine."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._memory = Memory(told.memory)
        self._wire: Wire | None = None
        self._status: Status | None = None
        self._looked = self._reported = float("-inf")
        self._last: dict[str, Any] = {}
        self._said = ""

    def run(self) -> int:
        """For ever: a lost office, a lost printer and a new pairing are all in a day's work."""
        while True:
            try:
                self._look()
                self._report()
                for slip in self._office().tickets():
                    self._print(slip)
            except NotPaired:
                self._pair()
                continue
            except OfficeGone as gone:
                self._say(f"The office at {self._told.server} cannot be reached ({gone}); trying again.")
            except PrinterGone as gone:
                self._lose_printer(gone)
            time.sleep(EVERY)

    def _office(self) -> "Office":
        return Office(self._told.server, self._told.ca, self._memory.secret())

    # --- The printer

    def _look(self) -> None:
        """How the printer is, asked now and then."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        try:
            self._wire = self._wire or Wire(self._told.printer, answers=self._told.answers)
            self._status = self._wire.status()
        except PrinterGone as gone:
            self._lose_printer(gone)

    def _lose_printer(self, gone: PrinterGone) -> None:
        self._say(f"The printer cannot be reached ({gone}); trying again.")
        if self._wire:
            self._wire.close()
        self._wire = self._status = None
        self._looked = time.monotonic()

    def _print(self, slip: Slip) -> None:
        """Prints a ticket, unless that was done before, and tells the office."""
        known = self._memory.state(slip.job)
        if known != "printed":
            self._looked = float("-inf")
            self._look()
            if not (self._wire and self._status and self._status.ready):
                return
            self._memory.put(slip.job, "begun")
            self._wire.print(ticket(slip, self._told.columns, again=known == "begun"), self._hear)
            self._memory.put(slip.job, "printed")
            self._say(f"{slip.number} is printed{' again' if known else ''}.")
        self._office().printed(slip.job)

    def _hear(self, status: Status) -> None:
        """How the printer is while it prints, or waits for paper to go on."""
        self._status, self._looked = status, time.monotonic()
        with suppress(OfficeGone, NotPaired):
            self._report()

    # --- The office

    def _report(self) -> None:
        """Says how the printer is when that has changed, else once a minute. Raises `OfficeGone`, `NotPaired`."""
        says = {
            "version": version(),
            "paper": self._status.paper if self._status else "unknown",
            "printer": "reachable" if self._status and self._status.answers else "unreachable",
        }
        if says == self._last and time.monotonic() - self._reported < REPORT:
            return
        found = self._office().report(says)
        self._last, self._reported = says, time.monotonic()
        self._memory.is_paired()
        place = f" at the kiosk {found['counter']}" if found["counter"] else ", at no kiosk yet"
        paper = {"ok": "has paper", "low": "is low on paper", "out": "is OUT OF PAPER"}.get(says["paper"], "")
        how = (paper or "answers") if says["printer"] == "reachable" else "cannot print"
        self._say(f"{found['office']}: printer {found['name']}{place} {how}.")

    def _pair(self) -> None:
        """Shows a code until somebody has approved it. A printer that was put out begins anew, with a new secret."""
        self._memory.begin_anew()
        digest = sha256(self._memory.secret().encode()).hexdigest()
        shown = 0
        while True:
            try:
                state = self._office().state_of(digest)
                if state == "paired":
                    self._memory.is_paired()
                    self._last = {}
                    return
                if state == "gone":
                    code = self._office().ask_for_code(self._told, digest)
                    shown += 1
                    self._show(code, on_paper=shown <= CODES_ON_PAPER)
            except OfficeGone as gone:
                self._say(f"The office at {self._told.server} cannot be reached ({gone}); trying again.")
            time.sleep(ASK)

    def _show(self, code: str, *, on_paper: bool) -> None:
        self._say(f"Tell the office manager this code, good for ten minutes: {code}")
        if not on_paper:
            return
        words = Words("id")
        self._looked = float("-inf")
        self._look()
        if self._wire and self._status and self._status.ready:
            lines = (words("paper.code"), words("paper.code_how"), Words("en")("paper.code_how"))
            try:
                self._wire.print(notice(lines, code, self._told.columns), self._hear)
            except PrinterGone as gone:
                self._lose_printer(gone)

    def _say(self, sentence: str) -> None:
        """On the terminal, each news once."""
        if sentence != self._said:
            self._said = sentence
            print(f"{time.strftime('%H:%M:%S')}  {sentence}", flush=True)


class Office:
    """The office as the agent asks it, over HTTP. Everything raises `OfficeGone`, and `NotPaired` where it must be."""

    def __init__(self, address: str, ca: str, secret: str) -> None:
        self._parts = urlsplit(address)
        self._ca, self._secret = ca, secret

    def tickets(self) -> list[Slip]:
        """What is still to be printed."""
        return msgspec.json.decode(self._ask("GET", "/device/tickets"), type=list[Slip])

    def printed(self, job: str) -> None:
        """A ticket was printed. An office that does not know it any more does not mind."""
        self._ask("POST", f"/device/tickets/{job}", {}, also=(HTTPStatus.NOT_FOUND,))

    def report(self, says: dict[str, Any]) -> dict[str, str]:
        """How the printer is; the answer says as what it was let in."""
        found: dict[str, str] = json.loads(self._ask("POST", "/device/report", says))
        return found

    def state_of(self, digest: str) -> str:
        """How it stands with the pairing: waiting, paired, gone."""
        return str(json.loads(self._ask("GET", f"/pair/waiting?digest={digest}", known=False))["state"])

    def ask_for_code(self, told: Told, digest: str) -> str:
        """A code under which the printer waits."""
        asks = {"kind": "printer", "office": told.office, "name": told.name, "counter": told.kiosk, "digest": digest}
        return str(json.loads(self._ask("POST", "/pair", asks, known=False))["code"])

    def _ask(
        self, method: str, path: str, body: Any = None, *, known: bool = True, also: tuple[HTTPStatus, ...] = ()
    ) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": "LTSA printer agent"}
        if known:
            headers["Authorization"] = f"Bearer {self._secret}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = self._connection()
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as reason:
            raise OfficeGone(str(reason) or type(reason).__name__) from None
        finally:
            connection.close()
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NotPaired
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, *also):
            raise OfficeGone(f"it answered {answer.status}: {said[:200].decode(errors='replace')}")
        return said

    def _connection(self) -> http.client.HTTPConnection:
        where = self._parts.hostname or ""
        if self._parts.scheme != "https":
            return http.client.HTTPConnection(where, self._parts.port, timeout=PATIENCE)
        context = ssl.create_default_context(cafile=self._ca or None)
        return http.client.HTTPSConnection(where, self._parts.port, timeout=PATIENCE, context=context)


class Memory:
    """What the agent must know after it was killed: its secret, and which tickets it has begun and printed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongSetting(f"Another agent prints for {path.stem} on this machine; stop it first.") from None
        try:
            self._database = side_file.connected(path)
        except sqlite3.Error as reason:
            raise WrongSetting(f"What this printer has printed cannot be read: {reason}.") from None
        for statement in (
            "CREATE TABLE IF NOT EXISTS self (secret TEXT NOT NULL, paired INTEGER NOT NULL) STRICT",
            "CREATE TABLE IF NOT EXISTS jobs (job TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
        ):
            self._database.execute(statement)
        if not self._database.execute("SELECT 1 FROM self").fetchone():
            self._database.execute("INSERT INTO self VALUES (?, 0)", (secrets.token_urlsafe(32),))
        self._is_paired = bool(self._database.execute("SELECT paired FROM self").fetchone()[0])

    def close(self) -> None:
        """Closes the file; another agent may take over."""
        self._database.close()
        os.close(self._lock)

    def secret(self) -> str:
        """What the printer shows to the office."""
        return str(self._database.execute("SELECT secret FROM self").fetchone()[0])

    def is_paired(self) -> None:
        """Somebody has let this secret in."""
        if not self._is_paired:
            self._database.execute("UPDATE self SET paired = 1")
            self._is_paired = True

    def begin_anew(self) -> None:
        """A secret that was let in and put out again is of no use; one that nobody has seen yet is kept."""
        if self._is_paired:
            self._database.execute("UPDATE self SET secret = ?, paired = 0", (secrets.token_urlsafe(32),))
            self._is_paired = False

    def state(self, job: str) -> str:
        """What is known of a ticket: "", "begun" or "printed"."""
        row = self._database.execute("SELECT state FROM jobs WHERE job = ?", (job,)).fetchone()
        return row[0] if row else ""

    def put(self, job: str, state: str) -> None:
        """Writes down how far a ticket is. On the disk when this returns."""
        now = int(time.time())
        self._database.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", (job, state, now))
        self._database.execute("DELETE FROM jobs WHERE at < ?", (now - REMEMBERED,))

"""`python3 app.py fuzz`: Schemathesis asks a real office thousands of things that the API's document allows or forbids.

No answer may be a failure (5xx), or one that the document does not describe: status, type, headers, schema; what is
forbidden must be refused, and so must everything without a token. People keep coming meanwhile, and a closed day is
opened again, so that commands meet a living office. The same seed asks the same things.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Event, Thread

import prepare
from ltsa.access import MakeToken

PROJECT = Path(__file__).resolve().parent.parent
CASES = 10_000
SEED = 20261121
OPERATIONS = 30
"""Fewest operations that the document has: what each gets of the cases follows from it."""

BREATH = 0.5
"""Seconds between two visits of those who keep the office alive."""


@dataclass(frozen=True)
class Asked:
    """What a run came to: how many cases were asked, what they were answered, what was wrong."""

    cases: int
    statuses: Counter[int]
    failures: list[str]
    operations: int

    @property
    def line(self) -> str:
        """All of it in a sentence."""
        told = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        return f"{self.cases} cases on {self.operations} operations: {told}; {len(self.failures)} failures"


def fuzz(arguments: list[str], _create_app: Callable[..., object]) -> int:
    """Ask so many cases; 0 when all went well and at least so many were asked."""
    parser = argparse.ArgumentParser(prog="app.py fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help=f"how many to ask at least (default {CASES})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"which ones (default {SEED})")
    options = parser.parse_args(arguments)
    try:
        prepare.for_checks()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    asked = ask(options.cases, options.seed, quiet=False)
    print(f"\nSeed {options.seed}: {asked.line}.")
    for failure in asked.failures:
        print(f"  {failure}")
    return 0 if not asked.failures and asked.cases >= options.cases else 1


def ask(cases: int, seed: int, *, quiet: bool = True) -> Asked:
    """Opens an office in a folder of its own and lets Schemathesis ask about so many cases of it."""
    with tempfile.TemporaryDirectory(prefix="ltsa-fuzz-") as folder, _office(Path(folder)) as (url, tokens):
        report = Path(folder) / "report"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(PROJECT / "tools" / "fuzz.toml")),
            *("run", f"{url}/api/openapi.json", "--seed", str(seed), "--max-examples", str(-(-cases // OPERATIONS))),
            *("--continue-on-failure", "--report", "ndjson", "--report-dir", str(report)),
        ]
        environ = {**os.environ, **{f"LTSA_FUZZ_{role.upper()}": token for role, token in tokens.items()}}
        with _people(url, tokens["supervisor"]):
            done = subprocess.run(command, cwd=folder, env=environ, capture_output=quiet, text=True, check=False)
        asked = _read(next(report.glob("*.ndjson")))
    if done.returncode and not asked.failures:
        said = done.stdout.strip()[-2000:] if done.stdout else ""
        asked.failures.append(f"Schemathesis ended with {done.returncode}. {said}")
    return asked


@contextmanager
def _office(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A running office without rate limits: its address, and the tokens of programs by their role."""
    from web.house import House
    from web.settings import Settings

    data, tokens = folder / "office", {}
    with closing(House(Settings(data=data, port=0))) as here:
        for role in ("supervisor", "auditor"):
            tokens[role] = secrets.token_hex(32)
            digest = sha256(tokens[role].encode()).hexdigest()
            name, at = f"fuzz {role}", here.now()
            here.ledger.do(
                MakeToken(office="ltsa", at=at, by="command line", key=name, name=name, role=role, digest=digest)
            )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LTSA_")}
    serve = [sys.executable, "app.py", "serve", "--port", "0", "--data", str(data)]
    with (
        (folder / "terminal").open("w+") as terminal,
        subprocess.Popen(
            serve, cwd=PROJECT, env=environ | {"LTSA_RATE_LIMITS": "0"}, stdout=terminal, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            yield _address(folder / "terminal", server), tokens
        finally:
            server.terminate()


def _address(terminal: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server says that it is open."""
    while server.poll() is None:
        said = terminal.read_text("utf-8")
        if "Ctrl+C" in said and (found := re.search(r"http://[^/\s]+:\d+", said)):
            return found[0]
        time.sleep(0.05)
    raise RuntimeError(f"The office did not open:\n{terminal.read_text('utf-8')}")


@contextmanager
def _people(url: str, token: str) -> Iterator[None]:
    """Those who keep an office alive come again and again."""
    over, keys = Event(), count(1)
    visits: list[tuple[str, object]] = [
        ("reopen-day", {}),
        ("counters/5/open", {"officer": "Sri", "services": ["health", "bank"]}),
        ("tickets", {"services": ["health", "bank"], "priority": "elderly"}),
        ("tickets", {"services": ["bank"]}),
        ("counters/5/call-next", {}),
        ("counters/5/start", {}),
    ]

    def come() -> None:
        while not over.wait(BREATH):
            with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as connection:
                for path, body in visits:
                    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                    headers["Idempotency-Key"] = f"people-{next(keys)}"
                    connection.request("POST", f"/api/v1/offices/ltsa/{path}", json.dumps(body), headers)
                    connection.getresponse().read()

    crowd = Thread(target=come, name="people")
    crowd.start()
    try:
        yield
    finally:
        over.set()
        crowd.join()


def _read(report: Path) -> Asked:
    """Counts a report's cases, their answers, and the checks that failed."""
    cases, operations = 0, set()
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    for line in report.read_text("utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        if not recorder.get("cases"):
            continue
        operations |= {recorder["label"]} - {"Stateful tests"}
        cases += len(recorder["cases"])
        statuses.update(it["response"]["status_code"] for it in recorder["interactions"].values() if it.get("response"))
        for checks in recorder["checks"].values():
            failures += [f"{recorder['label']}: {check['name']}" for check in checks if check["status"] != "success"]
    return Asked(cases, statuses, failures, len(operations))

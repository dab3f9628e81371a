"""`python3 app.py test`: install what the checks need and run them all."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import prepare
from tools import chromium, nginx, postgres
from tools.dependencies import NOT_PROVEN

PROJECT = Path(__file__).resolve().parent.parent
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

CHECKS: dict[str, tuple[str, list[str]]] = {
    "format": ("ruff format --check", ["-m", "ruff", "format", "--check", "."]),
    "lint": ("ruff check", ["-m", "ruff", "check", "."]),
    "types": ("mypy --strict", ["-m", "mypy"]),
    "imports": ("lint-imports", ["-c", LINT_IMPORTS, "--no-logo"]),
    "dependencies": ("pip-audit, npm audit", ["-m", "tools.dependencies"]),
    # Half of the time a story waits (for a heartbeat, a commit, a picture): two workers more than cores fill it, and
    # neighbours take over each other's rest. Of some thousand stories with real servers and browsers, one now and then
    # is overtaken by a busy machine: it is told once more, and counted. What is broken fails twice.
    "tests": (
        "pytest",
        ["-m", "pytest", f"--numprocesses={(os.cpu_count() or 1) + 2}", "--dist=worksteal", "--reruns=1", "-rR"],
    ),
}


class Result(NamedTuple):
    """How one check ended: its last line tells a reader what it found."""

    title: str
    code: int
    seconds: float
    said: list[str]

    @property
    def outcome(self) -> str:
        """What the summary calls it."""
        return {0: "passed", NOT_PROVEN: "NOT PROVEN"}.get(self.code, "FAILED")


def test(arguments: list[str], _create_app: Callable[..., object]) -> int:
    """Run the named checks, or all; every one runs even if another fails. 1 when one failed, else 0."""
    own, _, for_pytest = _split(arguments)
    options = _parser().parse_args(own)
    paths = [name for name in options.names if name not in CHECKS]
    if wrong := [path for path in paths if not Path(path.split("::")[0]).exists()]:
        names = ", ".join(CHECKS)
        print(f"“{wrong[0]}” is neither a check ({names}) nor a file of tests.", file=sys.stderr)
        return 2
    chosen = [name for name in CHECKS if name in options.names or not options.names or (paths and name == "tests")]
    for_pytest = [*paths, *(["-m", "not browser"] if options.fast else []), *for_pytest]
    try:
        prepare.for_checks()
        with ThreadPoolExecutor(1) as beside:  # installing waits for disk and network, types for the processor
            others = [beside.submit(_run, *CHECKS[name]) for name in chosen if name != "tests"]
            tests = list[Result]()
            if "tests" in chosen:
                _install_what_tests_need(browser=not options.fast)
                tests = [_run(*CHECKS["tests"], more=for_pytest)]
            results = [*(other.result() for other in others), *tests]
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    _summarize(results)
    return 1 if any(result.outcome == "FAILED" for result in results) else 0


def _install_what_tests_need(*, browser: bool) -> None:
    prepare.for_oracles()
    if browser:
        chromium.install()
    nginx.install()
    postgres.install()


def _split(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], "--", arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py test", description=__doc__, epilog="What follows -- goes to pytest.")
    parser.add_argument("names", nargs="*", help=f"only these: {', '.join(CHECKS)}, or files of tests")
    parser.add_argument("--fast", action="store_true", help="without the tests that need a browser")
    return parser


def _run(title: str, command: list[str], more: Sequence[str] = ()) -> Result:
    """Runs a check. The tests are heard while they run; what runs beside them is heard when it has ended, whole."""
    heading = f"\n── {title} {'─' * (76 - len(title))}\n"
    aloud = title == CHECKS["tests"][0]
    if aloud:
        print(heading, end="", flush=True)
    began = time.monotonic()
    heard, said = [heading], list[str]()
    with subprocess.Popen(
        [sys.executable, *command, *more],
        cwd=PROJECT,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as job:
        for line in job.stdout or ():
            if aloud:
                print(line, end="", flush=True)
            heard.append(line)
            if line.strip():
                said.append(line.strip())
    if not aloud:
        print("".join(heard), end="", flush=True)
    return Result(title, job.returncode, time.monotonic() - began, said)


def _summarize(results: list[Result]) -> None:
    print(f"\n── summary {'─' * 69}")
    for result in results:
        print(f"  {result.outcome:<12}{result.title:<22}{result.seconds:7.1f} s")
    for result in results:
        if result.outcome == "NOT PROVEN":
            print(f"\n  !! {result.title.upper()} COULD NOT LOOK EVERYWHERE, so what it proves is not proven here:")
            print(*(f"     {line}" for line in result.said if line.startswith("NOT PROVEN")), sep="\n")
    last = next((result.said[-1] for result in results if result.title == "pytest" and result.said), "")
    if skipped := re.search(r"(\d+) skipped", last):
        print(f"\n  !! {skipped[1]} TESTS WERE SKIPPED, so what they prove is not proven here:")
        for reason, count in _reasons(results).most_common():
            print(f"     {count:>4} × {reason}")
    if again := sorted({line for result in results for line in result.said if line.startswith("RERUN ")}):
        print(f"\n  !! {len(again)} TESTS FAILED AT FIRST AND WERE RUN AGAIN; each hides a race, theirs or ours:")
        print(*(f"     {line.removeprefix('RERUN ')}" for line in again), sep="\n")
    if last:
        print(f"\n{last}")


def _reasons(results: list[Result]) -> Counter[str]:
    """Why tests were skipped, and how many for each reason."""
    reasons: Counter[str] = Counter()
    for result in results:
        for line in result.said:
            if found := re.match(r"SKIPPED \[(\d+)\] \S+: (.*)", line):
                reasons[found[2]] += int(found[1])
    return reasons

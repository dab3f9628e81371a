"""The check `dependencies`: does anything that is pinned here have a known vulnerability?

About the Python packages PyPI's service is asked, and OSV's where it is silent; about the npm packages npm's. Behind a
closed network or a mirror they do not answer. That fails nothing, and it is no pass either: what nobody answered for is
not proven, and is counted so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

import prepare

ACCEPTED: dict[str, str] = {}
"""Vulnerabilities that do not touch this project, by id ("PYSEC-2026-1"), each with the reason."""

PATIENCE = 120
"""Seconds that one service gets for all packages together."""

NOT_PROVEN = 77
"""The exit code of a check that could not look: neither passed (0) nor failed."""

SERVICES = {"PyPI": ("--vulnerability-service=pypi",), "OSV": ("--vulnerability-service=osv",)}
PIP_AUDIT = (
    *(sys.executable, "-m", "pip_audit"),
    *("--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off", "--timeout=10"),
)
NPM_AUDIT = ("audit", "--package-lock-only", "--json", "--fetch-retries=0", "--fetch-timeout=15000")
PINS = (*prepare.ALL_REQUIREMENTS, prepare.ORACLE_REQUIREMENTS)


class Answer(NamedTuple):
    """What is known about some packages: sentences about the vulnerable ones, and the names nobody answered for."""

    what: str
    asked: int
    found: list[str]
    silent: list[str]
    why: str = ""

    @property
    def outcome(self) -> int:
        """The exit code that this alone would give."""
        return 1 if self.found else NOT_PROVEN if self.silent else 0

    def __str__(self) -> str:
        answered = f"{self.asked - len(self.silent)} of {self.asked} answered for"
        lines = [f"{self.what}: {answered}, {len(self.found)} known vulnerabilities", *self.found]
        if self.silent:
            some = ", ".join(self.silent[:3]) + (", …" if self.silent[3:] else "")
            lines.append(f"NOT PROVEN for {len(self.silent)} ({some}): {self.why}")
        return "\n  ".join(lines)


def main() -> int:
    """Ask about everything; 0 nothing known, 1 something found, 77 not everything was answered for."""
    answers = []
    for ask in (python_packages, browser_code):
        answers.append(ask())
        print(answers[-1], flush=True)
    return verdict(answers)


def verdict(answers: Iterable[Answer]) -> int:
    """The exit code of several answers: what was found weighs more than what could not be asked."""
    outcomes = {answer.outcome for answer in answers}
    return 1 if 1 in outcomes else max(outcomes)


def python_packages(
    files: Sequence[Path] = PINS, services: Mapping[str, Sequence[str]] = SERVICES, patience: float = PATIENCE
) -> Answer:
    """Every pin of these files, by pip-audit: one service (name and flags) after the other, while some are unknown."""
    silent: list[str] = [canonicalize_name(line.split("==")[0]) for file in files for line in _pins(file)]
    asked, found, why = len(silent), dict[str, str](), list[str]()
    for service, flags in services.items():
        audited, said = _json([*PIP_AUDIT, *(f"--requirement={file}" for file in files), *flags], patience)
        known = {canonicalize_name(each["name"]): each for each in audited.get("dependencies", ()) if "vulns" in each}
        for package in known.values():
            for hole in package["vulns"]:
                if not ACCEPTED.keys() & {hole["id"], *hole["aliases"]}:
                    better = ", ".join(hole["fix_versions"]) or "no version yet"
                    found[f"{package['name']} {hole['id']}"] = (
                        f"{package['name']} {package['version']}: {hole['id']}, mended in {better}. "
                        f"{hole['description'][:200]}"
                    )
        silent = [name for name in silent if name not in known]
        if not silent:
            break
        why.append(f"{service}: {said or 'not known there (a mirror keeps no vulnerabilities)'}")
    return Answer("Python packages", asked, list(found.values()), silent, "; ".join(why))


def browser_code(*flags: str, lock: Path = prepare.LOCK_FILE, patience: float = PATIENCE) -> Answer:
    """Every package of the lock file, by `npm audit`."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    names = [path.rpartition("node_modules/")[2] for path in packages if path]
    audited, said = _json([*prepare.npm(sys.executable), *NPM_AUDIT, *flags], patience, lock.parent)
    if "auditReportVersion" not in audited:
        return Answer("npm packages", len(names), [], names, str(audited.get("message") or said))
    found = [
        f"{name} {hole['range']}: {hole['severity']}, {hole['title']} ({hole['url']})"
        for name, package in audited["vulnerabilities"].items()
        for hole in package["via"]
        if isinstance(hole, dict) and hole["url"].rpartition("/")[2] not in ACCEPTED
    ]
    return Answer("npm packages", len(names), found, [])


def _pins(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _json(command: list[str], patience: float, folder: Path = prepare.HERE) -> tuple[dict[str, Any], str]:
    """What a program reports as JSON, or nothing and the reason."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=patience, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return {}, f"no answer within {patience:g} s"
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}, (done.stderr.strip() or "no answer").splitlines()[-1].partition(" (Caused")[0][:300]
    return report, ""


if __name__ == "__main__":
    sys.exit(main())

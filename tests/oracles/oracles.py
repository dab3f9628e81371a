"""Programs that we did not write, asked about our proof log: Go's checksum database (`verify.go`), and pymerkle; and
about our event logs: pm4py.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
BUILT = prepare.ORACLES / "built"


class Oracle:
    """One that answers questions, each a line of JSON, until it is closed."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        """What it answers: `ok`, and what belongs to it; or its `error`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """It ends."""
        self._process.communicate()


class Go(Oracle):
    """Go's `tlog` and `note`: `go.says("inclusion", leaf=…, index=…)`; bytes go in and come out as bytes."""

    def __init__(self) -> None:
        super().__init__(str(built(HERE / "verify.go")))

    def says(self, ask: str, /, **facts: object) -> dict[str, Any]:
        """Its answer."""
        answer = self.ask({"ask": ask, **{name: _plain(fact) for name, fact in facts.items()}})
        for name in ("root", "hashes"):
            if name in answer:
                answer[name] = _read(answer[name])
        return answer


class Pymerkle(Oracle):
    """Bytes go in and come out as bytes."""

    def __init__(self) -> None:
        _there()
        super().__init__(str(prepare.ORACLES / "bin" / "python"), str(HERE / "merkle.py"))

    def says(self, ask: str, /, **facts: object) -> dict[str, Any]:
        """Its answer."""
        answer = self.ask({"ask": ask, **{name: _hexadecimal(fact) for name, fact in facts.items()}})
        for name in ("root", "hashes"):
            if name in answer:
                found = answer[name]
                answer[name] = bytes.fromhex(found) if isinstance(found, str) else [bytes.fromhex(one) for one in found]
        return answer


class Pm4py(Oracle):
    """Reads files; a warning is an error."""

    def __init__(self) -> None:
        _there()
        super().__init__(str(prepare.ORACLES / "bin" / "python"), "-W", "error", str(HERE / "mining.py"))

    def says(self, ask: str, /, file: Path, **facts: object) -> dict[str, Any]:
        """Its answer."""
        return self.ask({"ask": ask, "file": str(file), **facts})


def _there() -> None:
    if not prepare.ORACLE_PACKAGES.is_complete():
        pytest.skip("the oracles are not installed: python3 app.py test does it")


@cache
def built(source: Path) -> Path:
    """The program made of a file of Go: compiled once for these words and this Go, then kept beside the oracles.

    The Go distribution carries `golang.org/x/mod` for its own `go` command. Where all packages lie in one folder
    (`GOPATH`) it can be used for ours, without a network.
    """
    _there()
    root = next(prepare.ORACLES.glob("lib/python3*/site-packages/go"))
    mark = hashlib.sha256(source.read_bytes() + (root / "VERSION").read_bytes()).hexdigest()[:16]
    program = BUILT / f"{source.stem}-{mark}"
    BUILT.mkdir(exist_ok=True)
    with (BUILT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.exists():
            return program
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "src")
            shutil.copytree(root / "src/cmd/vendor/golang.org/x/mod", path / "golang.org/x/mod")
            (path / source.stem).mkdir()
            shutil.copy(source, path / source.stem)
            environ = {"PATH": os.environ["PATH"], "HOME": folder, "GOPATH": folder, "GOCACHE": str(BUILT / "cache")}
            environ |= {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
            half = program.with_suffix(".half")
            subprocess.run([root / "bin" / "go", "build", "-o", half, source.stem], env=environ, check=True)
            half.replace(program)
    return program


def _plain(fact: object) -> object:
    """Go reads bytes in base64."""
    if isinstance(fact, bytes):
        return base64.b64encode(fact).decode()
    return [_plain(each) for each in fact] if isinstance(fact, list | tuple) else fact


def _read(found: str | list[str]) -> bytes | list[bytes]:
    return base64.b64decode(found) if isinstance(found, str) else [base64.b64decode(each) for each in found]


def _hexadecimal(fact: object) -> object:
    if isinstance(fact, bytes):
        return fact.hex()
    return [_hexadecimal(each) for each in fact] if isinstance(fact, list | tuple) else fact

"""What the tests' offices share, so that none does anew what is the same for all: imports, words, templates.

Most of a start of `python3 app.py serve` is that. Here one process does it and then forks a server for whoever asks
(the standard library's forkserver); from `app.main` on everything is as on the terminal. Tests of the command line
itself start it as people do.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask
from jinja2 import BytecodeCache
from werkzeug.routing import Rule

import app
from web.version import version
from web.words import OFFERED, catalogue

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping
    from pathlib import Path

FACES = ("kiosk", "counters", "display", "audit", "manage", "api")
WEB = ("server", "house", "front", "signing_in", "account", "one_time_links", "devices", "watching")
_ready = multiprocessing.get_context("forkserver")
_ready.set_forkserver_preload(
    ["tests.forked", "tests.web.feed_app", *(f"web.{part}" for part in WEB), *(f"{face}.views" for face in FACES)]
)

version()
for language in OFFERED:
    catalogue(language)


class Forked:
    """Work in a process of its own, with what tests need of `subprocess.Popen`; its words end up in `terminal`."""

    def __init__(self, terminal: Path, environ: Mapping[str, str], work: Callable[..., int], *given: object) -> None:
        terminal.write_bytes(b"")
        told = (str(terminal), dict(environ), Flask.jinja_options["bytecode_cache"], work, given)
        self._process = _ready.Process(target=_run, args=told, daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.exitcode

    def send_signal(self, how: signal.Signals) -> None:
        """Nothing happens to one that has ended."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def wait(self, timeout: float) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("a forked server", timeout)
        return code


class _RuleForReading(Rule):
    """An address that learns how it is written when somebody wants it written: half of an application's making."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        compiled = cache(super()._compile_builder)

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


def share(templates: BytecodeCache) -> None:
    """What is compiled for one application of this process serves the next."""
    Flask.jinja_options = {"bytecode_cache": templates}
    Flask.url_rule_class = _RuleForReading


def at_the_door(*words: str) -> int:
    """`python3 app.py` with these words."""
    sys.argv = ["app.py", *words]
    return app.main(list(words))


def _run(
    terminal: str,
    environ: dict[str, str],
    templates: BytecodeCache,
    work: Callable[..., int],
    given: tuple[object, ...],
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    said = os.open(terminal, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(said, stream)
    share(templates)
    sys.exit(work(*given))

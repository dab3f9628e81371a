"""The machine's Chromium, for the checks and measurements that look through a real browser."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

from tools import apt

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = (("chromium-headless-shell", "libatomic1"), ("chromium", "libatomic1"))
"""What Debian and Ubuntu lack: the browser, and what Playwright's driver is linked with. The first that can be had: the
headless shell is the same engine without a browser's own windows, and a story costs a third less processor in it."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@functools.cache
def find() -> str | None:
    """The path of a Chromium that starts (Ubuntu has a package of that name that does not), or None.

    The environment variable CHROMIUM names one that lies elsewhere.
    """
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        path = shutil.which(name) if name else None
        if path and _runs(path, "--version"):
            return path
    return None


@functools.cache
def missing() -> str:
    """What keeps browser tests from running here, as a sentence; empty when nothing does."""
    if not find():
        return "no Chromium that starts on this machine"
    if not _runs(sys.executable, "-m", "playwright", "--version"):
        return f"Playwright's driver does not start: {sys.executable} -m playwright --version tells why"
    return ""


def install() -> None:
    """Ask the system's packages for what is missing where that is possible. Shows itself."""
    if not missing() or not apt.can_install():
        return
    for packages in PACKAGES:
        if apt.install(*packages, purpose="the browser tests"):
            break
    find.cache_clear()
    missing.cache_clear()


def _runs(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

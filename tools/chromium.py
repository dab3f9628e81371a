"""The machine's Chromium, for the checks and measurements that look through a real browser."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
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
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def install() -> None:
    """Ask the system's packages for Chromium where that is possible: Debian or Ubuntu, as root. Shows what it does."""
    if find() or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print("Installing Chromium with apt-get for the browser tests …", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {' '.join(command)} failed: {done.stderr.strip()[-300:]}", flush=True)
    find.cache_clear()

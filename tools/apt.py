"""The system's packages, for what the checks need beside Python's: on Debian and Ubuntu, as root, and only there."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess


def can_install() -> bool:
    """Whether this machine lets us."""
    return bool(shutil.which("apt-get")) and os.geteuid() == 0


def install(*packages: str, purpose: str) -> bool:
    """Installs packages and shows it; False, with what apt-get said, where that fails."""
    print(f"Installing {' and '.join(packages)} with apt-get for {purpose} …", flush=True)
    _update()
    return _run("apt-get", "install", "-y", "--no-install-recommends", *packages)


@functools.cache
def _update() -> None:
    """Asks once what there is."""
    _run("apt-get", "update")


def stop_service(name: str) -> None:
    """Stops what Debian starts when it is installed: the checks have one of their own."""
    if shutil.which("systemctl"):
        _run("systemctl", "disable", "--now", name)


def _run(*command: str) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {' '.join(command)} failed: {done.stderr.strip()[-300:]}", flush=True)
    return done.returncode == 0

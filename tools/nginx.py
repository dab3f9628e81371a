"""The machine's nginx, for the checks that look at the office through a real proxy."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess


@functools.cache
def find() -> str | None:
    """The path of an nginx that starts, or None. The environment variable NGINX names one that lies elsewhere."""
    for name in (os.environ.get("NGINX", ""), "nginx", "/usr/sbin/nginx"):
        path = shutil.which(name) if name else None
        if path and subprocess.run([path, "-v"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def missing() -> str:
    """What keeps these checks from running here, as a sentence; empty when nothing does."""
    return "" if find() else "no nginx on this machine"


def install() -> None:
    """Ask the system's packages for it where that is possible: Debian or Ubuntu, as root. Shows itself."""
    if not missing() or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print("Installing nginx with apt-get for the proxy's tests …", flush=True)
    commands = [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "nginx"]]
    if shutil.which("systemctl"):
        commands.append(["systemctl", "disable", "--now", "nginx"])  # Debian starts it; the tests have one of their own
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {' '.join(command)} failed: {done.stderr.strip()[-300:]}", flush=True)
    find.cache_clear()

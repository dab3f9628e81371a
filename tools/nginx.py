"""The machine's nginx, for the checks that look at the office through a real proxy."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

from tools import apt


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
    """Ask the system's packages for it where that is possible. Shows itself."""
    if missing() and apt.can_install() and apt.install("nginx", purpose="the proxy's tests"):
        apt.stop_service("nginx")
        find.cache_clear()

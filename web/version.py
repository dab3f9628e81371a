"""Which version this program runs: the release, and a mark of its files, so that an old page or agent is told apart."""

import tomllib
from functools import cache
from hashlib import sha256
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("ltsa", "web", "kiosk", "counters", "display", "audit", "manage", "api")
KINDS = (".py", ".html", ".js", ".css", ".toml")


@cache
def version() -> str:
    """As "0.1.0+3f2a91c4": the same for the same files, on every machine."""
    release = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    mark = sha256()
    for room in ROOMS:
        for file in sorted(each for each in (PROJECT / room).rglob("*") if each.suffix in KINDS):
            mark.update(f"{file.relative_to(PROJECT)}\0".encode() + sha256(file.read_bytes()).digest())
    return f"{release}+{mark.hexdigest()[:8]}"

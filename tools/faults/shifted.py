"""`python -m tools.faults.shifted FILE serve …`: the office's door, by a clock that is so many ms ahead as FILE says.

The file is mapped: what is written there counts from the next look at the clock on, in a process that runs.
"""

from __future__ import annotations

import mmap
import runpy
import sys
import time
from pathlib import Path

NANOSECONDS = 1_000_000


class ShiftedClock:
    """The wall clock of a process, set from outside. Waiting goes by the monotonic clock, which nobody sets."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._ahead = mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ)
        self._true = time.time_ns

    def time_ns(self) -> int:
        """Instead of `time.time_ns`."""
        return self._true() + int.from_bytes(self._ahead[:8], "little", signed=True) * NANOSECONDS

    def time(self) -> float:
        """Instead of `time.time`."""
        return self.time_ns() / 1e9


def set_ahead(file: Path, ms: int) -> None:
    """Sets the clock of who runs by this file."""
    with file.open("r+b" if file.exists() else "xb") as opened:
        opened.write(ms.to_bytes(8, "little", signed=True))


if __name__ == "__main__":
    clock = ShiftedClock(Path(sys.argv[1]))
    time.time_ns, time.time = clock.time_ns, clock.time
    sys.argv = ["app.py", *sys.argv[2:]]
    runpy.run_path("app.py", run_name="__main__")

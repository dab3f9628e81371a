"""What each fault is given: how often, by which seed, where; and what it must show."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tools.faults.check import Found
from web.terminal import Tell


class NotPossibleError(Exception):
    """A fault cannot be done on this machine; the text says why."""


class Round:
    """One fault's turn.

    Attributes:
        fault: its name.
        runs: how often it is done.
        seed: what decides when, and what clients do. Threads take turns as the machine lets them: the same
            seed makes the same plan, not the same moments.
        folder: a folder of its own, empty.
        luck: by this seed.
    """

    def __init__(self, fault: str, runs: int, seed: int, folder: Path, tell: Tell) -> None:
        self.fault, self.runs, self.seed, self.folder, self._tell = fault, runs, seed, folder, tell
        self.luck = random.Random(f"{fault} {seed}")

    def found(self) -> Found:
        """An empty result."""
        return Found(fault=self.fault, runs=self.runs, seed=self.seed)

    def each(self) -> Iterator[int]:
        """The runs, telling how far it is."""
        for run in range(self.runs):
            self._tell(run, self.runs, self.fault)
            yield run
        self._tell(self.runs, self.runs, self.fault)

    def demand(self, found: Found, what: str, seconds: float, most: float) -> None:
        """Notes that something took longer than it may, and keeps the limit beside the figure."""
        found.more["most_s"] = most
        if seconds > most:
            found.late.append(f"{what} after {seconds:.2f} s; it must be at most {most:g} s.")

"""The power goes: what was written and not synced is lost, in part or altogether (`volatile.py` says how)."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tools.faults.check import Found, compare
from tools.faults.load import SOON, Client, Crowd, at_work
from tools.faults.office import Office, opened
from tools.faults.round import Round
from tools.faults.volatile import set_breaker

MOST_WRITES = 400
"""The power goes after 1 to so many writes and syncs: a commit is about ten of them, a checkpoint hundreds."""


def cut(this: Round) -> Found:
    """The power of an office whose record lies in a file goes amid its work."""
    found = this.found()
    breaker = this.folder / "breaker"
    set_breaker(breaker, 0)
    office = Office(this.folder)
    office.door = _door(breaker, f"{this.seed} 0")
    with opened(office):
        crowd, first = Crowd(office.doors, this.seed), Client(office.doors, "first", this.seed)
        with at_work(crowd):
            for run in this.each():
                time.sleep(this.luck.uniform(0.1, 0.5))
                set_breaker(breaker, this.luck.randint(1, MOST_WRITES))
                office.wait_for_the_end()
                _look_through(found, office.data, this.folder / "copy")
                set_breaker(breaker, 0)
                office.door = _door(breaker, f"{this.seed} {run + 1}")
                began = time.monotonic()
                office.start(wait=False)
                first.ask("issue", "bank", pauses=SOON)
                found.recovered.append(time.monotonic() - began)
                first.close()
        compare(found, crowd.told() + first.told, office.recorded())
    return found


def _door(breaker: Path, seed: str) -> tuple[str, ...]:
    return ("-m", "tools.faults.volatile", str(breaker), seed)


def _look_through(found: Found, data: Path, copy: Path) -> None:
    """Whether every database opens and is whole; in a copy: the office meets its files as the power left them."""
    shutil.copytree(data, copy)
    for path in sorted(copy.glob("*.sqlite")):
        try:
            with closing(sqlite3.connect(path)) as database:
                said = database.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            found.says(f"{path.name} is damaged: {said}.")
    shutil.rmtree(copy)

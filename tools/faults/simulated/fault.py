"""The fault `simulated`: a run for each seed, and what is said of one that was wrong."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tools.faults.check import Found
from tools.faults.round import Round
from tools.faults.simulated.run import Run

COUNTED = ("acknowledged", "lost", "doubled", "skipped", "false_failures", "out_of_order", "unlinearizable")


def simulated(this: Round) -> Found:
    """Many short mornings: each run's seed is the round's and its number, so that one can be done alone."""
    found, began, steps = this.found(), time.monotonic(), 0
    for number in this.each():
        run = Run(this.seed + number)
        one = run.play()
        steps += run.world.turns
        for name in COUNTED:
            setattr(found, name, getattr(found, name) + getattr(one, name))
        if not one.held:
            found.says(told(run))
    found.more["steps"] = steps
    found.more["runs_a_minute"] = round(this.runs / (time.monotonic() - began) * 60)
    return found


def told(run: Run) -> str:
    """What was wrong with a run, how to do it again, and where all that happened in it is written down."""
    trace = Path(tempfile.gettempdir()) / f"ltsa-simulated-{run.seed}.txt"
    trace.write_text("\n".join([*run.trace, *run.found.wrong, *run.found.late]) + "\n", encoding="utf-8")
    again = f"python3 app.py faults simulated --runs 1 --seed {run.seed}"
    return f"Seed {run.seed}: {' '.join((run.found.wrong + run.found.late)[:2])} Again: {again}. All of it: {trace}"

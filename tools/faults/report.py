"""What the fault programme found, kept line by line while it runs, and written as the table of docs/faults.md.

A line of JSON for each fault as it is finished: a programme that was stopped goes on with the next fault, and the table
is never typed by hand.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from tools import postgres
from tools.faults.check import Found

BEGIN, END = "<!-- written by app.py faults --report -->\n", "<!-- end of what is written -->\n"
"""Between them stands what is written; the rest of the page is nobody's but its authors'."""

GIB = 2**30

WRONG = ("lost", "doubled", "skipped", "false_failures", "out_of_order", "unlinearizable")

SAID = {
    "told_503": "{:g} × 503",
    "slowest_503_s": "each within {:.1f} s",
    "slowest_s": "the slowest answer after {:.1f} s",
    "cpu_of_a_start_s": "a start took {:.2f} s of processor",
    "calls": "{:g} calls",
    "nobody_waiting": "nobody waited {:g} times",
    "outages_said": "{:g} outages said on screen",
    "numbers_taken": "{:g} numbers taken without a network",
    "longest_s": "the longest {:.0f} s",
    "zones": "{:g} zones",
}
"""How further figures are told, in this order; any other is told by its name."""


class Machine(Struct, frozen=True, kw_only=True):
    """Where it ran: cores, memory in GiB, and what with."""

    processor: str
    cores: int
    memory: int
    system: str
    python: str
    database: str

    @classmethod
    def this(cls) -> Self:
        """The one that runs this."""
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("ascii"), re.MULTILINE)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(
            processor=found[1] if found else platform.machine(),
            cores=len(os.sched_getaffinity(0)),
            memory=round(memory / GIB),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            database=postgres.version(),
        )


class Line(Struct, frozen=True, kw_only=True):
    """One fault's turn: what was found, when it began (ISO 8601), how many seconds it took, how many processes wanted a
    core when it began and when it ended (mean of a minute), and of how many runs the full programme has.
    """

    found: Found
    began: str
    took: float
    load: tuple[float, float]
    of: int
    machine: Machine


class Report:
    """The page, and its lines in a file beside it: `faults.md` and `faults.jsonl`."""

    def __init__(self, page: Path) -> None:
        """Raises `ValueError` for a page without a place for it."""
        self._page, self.path = page, page.with_suffix(".jsonl")
        if not _place(page.read_text("utf-8")):
            raise ValueError(f"{page} has no place for the report: a line {BEGIN.strip()} and one {END.strip()}.")

    def lines(self) -> list[Line]:
        """What is known, in the order in which it was found."""
        if not self.path.exists():
            return []
        rows = self.path.read_bytes().splitlines()
        return [msgspec.json.decode(row, type=Line) for row in rows]

    def begin_anew(self) -> None:
        """Forgets what is known."""
        self.path.unlink(missing_ok=True)

    def add(self, line: Line) -> None:
        """Keeps one more, and writes the page."""
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.write()

    def write(self) -> None:
        """Writes the page from its lines."""
        before = self._page.read_text("utf-8")
        self._page.write_text(written(before, self.lines()), "utf-8")


def _place(page: str) -> bool:
    return 0 <= page.find(BEGIN) < page.find(END)


def written(page: str, lines: Sequence[Line]) -> str:
    """The page with what the lines tell in its place."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{told(lines)}\n{END}{rest.partition(END)[2]}"


MEANS = """\
Wrong is everything that must be 0: lost, doubled, skipped, false, out of order, not linearizable, and whatever a fault
says besides. Load is how many processes wanted a core, a minute's mean, when the fault began and when it ended.

| fault | runs | acknowledged | wrong | recovery p50 · p99 (s) | further | took | load |
|---|---|---|---|---|---|---|---|"""


def told(lines: Sequence[Line]) -> str:
    """What the lines tell, as Markdown; of a fault that was done again, the last."""
    if not lines:
        return "Nothing was run yet.\n"
    last = list({line.found.fault: line for line in lines}.values())
    missed = [f"- {sentence}" for line in last for sentence in _sentences(line.found)]
    wrong = ["", "What was wrong or late:", "", *missed] if missed else []
    return "\n".join([*_where(last), MEANS, *map(_row, last), *wrong, ""])


def _where(lines: Sequence[Line]) -> list[str]:
    machine, minutes = lines[-1].machine, sum(line.took for line in lines) / 60
    dates = dict.fromkeys(f"{datetime.fromisoformat(line.began):%-d %B %Y}" for line in lines)
    seeds = dict.fromkeys(str(line.found.seed) for line in lines)
    when = f"{', '.join(dates)}; seed {', '.join(seeds)}; {minutes:.0f} minutes."
    if any(line.found.runs < line.of for line in lines):
        when += " **Not the full programme**: fewer runs, as the column says."
    where = (
        f"{machine.cores} cores ({machine.processor}), {machine.memory} GiB, {machine.system}, Python {machine.python}."
    )
    database = f"PostgreSQL {machine.database} on the same machine, `fsync` off: what is killed are processes."
    return [when, where, database] if machine.database else [when, where]


def _row(line: Line) -> str:
    found, limit = line.found, line.found.more.get("most_s")
    wrong = sum(getattr(found, name) for name in WRONG) or len(found.wrong)
    recovery = f"{found.within(50):.1f} · {found.within(99):.1f}" if found.recovered else ""
    runs = f"{found.runs}" if found.runs >= line.of else f"{found.runs} of {line.of}"
    further = _further(found.more)
    if limit:
        further = [*further, f"limit {limit:g} s" + (": **missed**" if found.late else "")]
    cells = [
        f"`{found.fault}`",
        runs,
        f"{found.acknowledged:,}".replace(",", " "),
        f"**{wrong}**" if wrong else "0",
        recovery,
        ", ".join(further),
        f"{line.took / 60:.0f} min" if line.took >= 60 else f"{line.took:.0f} s",  # noqa: PLR2004 - a minute
        f"{line.load[0]:.1f} · {line.load[1]:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _further(more: dict[str, float]) -> list[str]:
    known = [words.format(more[name]) for name, words in SAID.items() if more.get(name)]
    others = [f"{name.replace('_', ' ')} {value:g}" for name, value in more.items() if name not in {*SAID, "most_s"}]
    return [*known, *others]


def _sentences(found: Found) -> list[str]:
    return [f"`{found.fault}`: {sentence}" for sentence in (*found.wrong[:5], *found.late)]


def timed(found: Found, of: int, began: datetime, load: float) -> Line:
    """A line of what was just found, on this machine; `load` is what it was at the beginning."""
    took = (datetime.now(UTC) - began).total_seconds()
    return Line(
        found=found,
        began=began.isoformat(timespec="seconds"),
        took=round(took, 1),
        load=(round(load, 1), round(os.getloadavg()[0], 1)),
        of=of,
        machine=Machine.this(),
    )

"""People who use one ledger at once: threads in this process, and a crowd in a process of its own.

A crowd issues, calls and serves, and tells a line for each thing that was acknowledged, after it was: what it told must
be in the ledger, whatever happens to the process.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from ltsa.commands import CallNext, DayCommand, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Done, Ledger
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.store import Place
from ltsa.tokens import token_digest
from tests.forked import Forked

FILE = "ledger.sqlite"
DATABASE = "database"


def place_in(folder: Path) -> Place:
    """Where a folder's ledger lies: in its file, or in the database that a note in the folder names."""
    note = folder / DATABASE
    return note.read_text(encoding="utf-8") if note.exists() else folder / FILE


def opened(folder: Path) -> Ledger:
    """A ledger with the example office in it, however many processes open it at once."""
    ledger = Ledger(place_in(folder), folder)
    ledger.do(
        ConfigureOffice(
            office="ltsa", at=1, by="system", key="first office", configuration=example_office(), since="1970-01-01"
        )
    )
    return ledger


def now() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


def give(ledger: Ledger, command: type[DayCommand], key: str, **fields: object) -> Done:
    """Gives one command."""
    return ledger.do(command(office="ltsa", at=now(), by="test", key=key, **fields))  # type: ignore[arg-type]


def issue(ledger: Ledger, key: str, *services: str) -> str:
    """Takes a number under a key; answers the number."""
    done = give(ledger, IssueTicket, key, services=services or ("bank",), token=token_digest(key))
    assert done.answer is not None
    assert done.answer.ticket is not None
    return done.answer.ticket.number


def work_at(ledger: Ledger, counter: str, name: str, rounds: int, tell: Callable[[str], object]) -> None:
    """An officer's morning: issues a number, calls somebody, serves, finishes; tells each success."""
    give(ledger, OpenCounter, f"{name} opens", counter=counter, officer=name, services=("labour", "social-security"))
    for n in range(rounds):
        wish = ("labour", "social-security") if n % 2 else ("social-security",)
        tell(f"issued {issue(ledger, f'{name} issues {n}', *wish)}")
        try:
            done = give(ledger, CallNext, f"{name} calls {n}", counter=counter)
        except Refusal:  # another counter was quicker
            continue
        assert done.answer is not None
        assert done.answer.ticket is not None
        number = done.answer.ticket.number
        tell(f"called {number}")
        give(ledger, StartService, f"{name} starts {n}", counter=counter)
        give(ledger, FinishService, f"{name} finishes {n}", counter=counter, outcome="done")
        tell(f"finished {done.answer.ticket.service} of {number}")


def together(works: list[Callable[[], object]]) -> None:
    """Runs all at once in threads; raises the first failure."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - told below
            failures.append(failure)

    threads = [Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def work(folder: Path, name: str, rounds: int, counters: str) -> int:
    """A process's work: a line on its output for each thing that was acknowledged, after it was."""
    ledger = opened(folder)

    def say(line: str) -> None:
        """One write a line, so that the lines of several threads never mix."""
        os.write(1, f"{line}\n".encode())

    together([lambda c=c: work_at(ledger, c, f"{name}-{c}", rounds, say) for c in counters])  # type: ignore[misc]
    ledger.close()
    return 0


class Crowd:
    """A process of its own that works at a ledger."""

    def __init__(self, folder: Path, name: str, rounds: int, counters: str) -> None:
        self._said = folder / f"{name}.said"
        self.process = Forked(self._said, os.environ, work, folder, name, rounds, counters)

    def told(self) -> list[str]:
        """What it told so far, in whole lines."""
        return self._said.read_text().split("\n")[:-1]

    def tells(self, lines: int) -> None:
        """Waits until it has told so many."""
        while len(self.told()) < lines:
            assert self.process.poll() is None, "the crowd stopped by itself"
            time.sleep(0.001)

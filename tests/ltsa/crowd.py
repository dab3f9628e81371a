"""People who use one ledger at once: threads in this process, and this file run as a process of its own.

`python -m tests.ltsa.crowd FOLDER NAME ROUNDS` issues, calls and serves, and writes a line for each thing that was
acknowledged, after it was: what stands on its output must be in the ledger, whatever happens to the process.
"""

import os
import sys
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


if __name__ == "__main__":
    folder, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    ledger = opened(folder)
    counters = sys.argv[4:] or ["9"]

    def say(line: str) -> None:
        """One write a line, so that the lines of several threads never mix."""
        os.write(1, f"{line}\n".encode())

    together([lambda c=c: work_at(ledger, c, f"{name}-{c}", rounds, say) for c in counters])  # type: ignore[misc]
    ledger.close()

"""The long days that were read last, kept in memory: who moves a slider asks for the same day again and again.

What is kept is what was read from the ledger, and what it comes to; a running day takes in what was recorded since.
"""

from datetime import date
from threading import Lock

from audit import book
from audit.book import Book
from ltsa.ledger import Ledger
from ltsa.present import day_stream

LONG = 5_000
"""Events of a day from which on it is kept: shorter ones are read and folded in 30 ms."""

MOST = 120_000
"""Events of all days that are kept; 1 000 take 1.7 MB, so 200 MB at most (and always the last day)."""


class Opened:
    """Days by office and date, the one asked for last at the end."""

    def __init__(self, most: int = MOST, long: int = LONG) -> None:
        self._most, self._long = most, long
        self._days: dict[tuple[str, date], Book] = {}
        self._lock = Lock()

    def read(self, ledger: Ledger, office: str, day: date) -> Book | None:
        """A day's record; None when nothing was recorded. Blocks on the disk."""
        found = self._days.get((office, day))
        if found is None:
            found = book.read(ledger, office, day)
            if found is None or len(found.record) < self._long:
                return found
        with self._lock:
            found.grow(list(ledger.history(day_stream(office, day.isoformat()), after=found.record[-1].version)))
            self._days.pop((office, day), None)
            self._days[office, day] = found
            while self.events > self._most and len(self._days) > 1:
                del self._days[next(iter(self._days))]
        return found

    @property
    def events(self) -> int:
        """How many events are kept."""
        return sum(len(found.record) for found in self._days.values())

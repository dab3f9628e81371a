"""Long days are kept in memory, take in what is recorded since, and make room for others."""

from contextlib import closing
from datetime import date
from pathlib import Path

from audit import book
from audit.asked import Instant
from audit.opened import Opened
from ltsa.commands import ReopenDay
from ltsa.ledger import Ledger

MORNING = date(2026, 3, 2)


def test_a_kept_day_takes_in_what_was_recorded_since(folder: Path) -> None:
    opened = Opened(long=10)
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        first = opened.read(ledger, "ltsa", MORNING)
        assert first is not None
        assert first.newest == 73
        ledger.do(ReopenDay(office="ltsa", at=first.history[-1].event.at, by="person:wati", key="once more"))
        again, anew = opened.read(ledger, "ltsa", MORNING), book.read(ledger, "ltsa", MORNING)
        assert again is first
        assert anew is not None
        assert again.newest == 74
        for version in (0, 38, 73, 74):
            assert again.moment(Instant(version=version)) == anew.moment(Instant(version=version))


def test_short_days_are_read_anew_and_old_ones_make_room(folder: Path) -> None:
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        short, narrow = Opened(long=1000), Opened(most=100, long=10)
        assert short.read(ledger, "ltsa", MORNING) is not short.read(ledger, "ltsa", MORNING)
        kept = narrow.read(ledger, "ltsa", MORNING)
        narrow._days["elsewhere", MORNING] = narrow._days.pop(("ltsa", MORNING))
        assert narrow.read(ledger, "ltsa", MORNING) is not kept
        assert narrow.events == 73

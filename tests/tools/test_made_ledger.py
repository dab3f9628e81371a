"""A ledger that was written as rows is one that an office could have."""

from contextlib import closing
from datetime import date
from pathlib import Path

from ltsa.ledger import Ledger
from ltsa.record import replayed
from tools import made_ledger

LAST = date(2027, 1, 3)


def test_made_days_replay_and_prove_themselves_and_are_the_same_however_many_there_are(tmp_path: Path) -> None:
    played, of, days = made_ledger.play(tmp_path, mornings=1, until=40), made_ledger.offices(2), list[object]()
    for number in (3, 2):
        file = tmp_path / f"{number}" / "ledger.sqlite"
        made = made_ledger.make(file, file.parent, played, days=number, of=of, last=LAST)
        with closing(Ledger(file)) as ledger:
            assert ledger.newest() == made.events == ledger.log.size()
            assert list(ledger.log.examine()) == []
            assert ledger.streams("day:ltsa-1:")[-2:] == ["day:ltsa-1:2027-01-02", "day:ltsa-1:2027-01-03"]
            assert len(ledger.streams("day:")) == number * 2
            assert [row.version for row in ledger.history("flows:installation")] == list(
                range(1, len(ledger.present().flows.kept) + 1)
            )
            [first, *_] = made_ledger.persons(ledger, LAST, office=1)
            [case] = ledger.person(first).cases.values()
            assert case.office == "ltsa-1"
            day = replayed(ledger.history("day:ltsa-1:2027-01-03"))
            assert (day.date, day.open, day.rules_of.id) == ("2027-01-03", False, "ltsa-1")
            days.append((sorted(day.tickets), first, case))
    assert days[0] == days[1]

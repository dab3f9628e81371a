"""A change of an office and the day under way are one step of the record: both, or neither."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ltsa.commands import CallNext, IssueTicket, OpenCounter, Recall, StartService
from ltsa.configuring import ChangeOffice, ConfigureOffice, WithdrawChange
from ltsa.ledger import Done, Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.present import day_stream, office_stream
from ltsa.record import replayed
from tests.ltsa.crowd import FILE, place_in, together
from tests.ltsa.hall import EIGHT, MINUTE, snapshot

TODAY, TOMORROW = "2026-11-21", "2026-11-22"
HOUR = 60 * MINUTE


class Record:
    """A ledger on the morning of 21 November 2026, in Jakarta."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self._keys = folder, EIGHT, count(1)
        self.ledger = Ledger(place_in(folder))
        self.do(ConfigureOffice, configuration=example_office(), since="1970-01-01")

    def do(self, command: type[Any], **fields: Any) -> Done:
        self.now += 1000
        said = {"office": "ltsa", "at": self.now, "by": "manager:maya", "key": f"key {next(self._keys)}"}
        return self.ledger.do(command(**said | fields))

    def changes(self, since: str = TODAY, key: str = "", **parts: Any) -> Done:
        changes = {path.replace("__", "/"): value for path, value in parts.items()}
        return self.do(ChangeOffice, since=since, why="perlu", changes=changes, **({"key": key} if key else {}))

    def refuses(self, since: str = TODAY, **parts: Any) -> str:
        newest = self.ledger.newest()
        with pytest.raises(Refusal) as refusal:
            self.changes(since, **parts)
        assert self.ledger.newest() == newest
        return refusal.value.code

    def takes_number(self, *services: str) -> str:
        done = self.do(IssueTicket, services=services or ("bank",), token=f"token {self.now}")
        assert done.answer is not None
        assert done.answer.ticket is not None
        return done.answer.ticket.number

    def topics(self) -> list[str]:
        """The kinds of all events on record, in order."""
        return [type(recorded.event).__name__ for recorded in self.ledger.since(0)]


@pytest.fixture
def record(folder: Path) -> Iterator[Record]:
    opened = Record(folder)
    yield opened
    opened.ledger.close()


def test_a_change_for_today_reaches_the_day_under_way_in_the_same_step(record: Record) -> None:
    record.takes_number()
    done = record.changes(rules__recall_limit=1)
    assert [(r.stream, type(r.event).__name__) for r in done.events] == [
        (office_stream("ltsa"), "OfficeChanged"),
        (day_stream("ltsa", TODAY), "DayConfigured"),
    ]
    assert done.position == record.ledger.newest()
    record.do(OpenCounter, counter="9", officer="sari")
    record.do(CallNext, counter="9")
    record.do(Recall, counter="9")
    with pytest.raises(Refusal, match="called again 1 times"):
        record.do(Recall, counter="9")


def test_a_change_before_the_day_begins_is_what_it_begins_with(record: Record) -> None:
    record.changes(rules__recall_limit=1)
    record.takes_number()
    assert record.topics() == ["OfficeConfigured", "OfficeChanged", "DayOpened", "TicketIssued"]
    assert record.ledger.present().day("ltsa", date(2026, 11, 21)).rules_of.rules.recall_limit == 1


def test_what_is_planned_for_tomorrow_leaves_today_alone_and_is_there_at_midnight(record: Record) -> None:
    record.takes_number()
    record.changes(TOMORROW, rules__recall_limit=1)
    assert record.topics()[-1] == "OfficeChanged"
    present = record.ledger.present()
    assert present.office_at("ltsa", record.now)[0].rules.recall_limit == 3
    midnight = EIGHT + 16 * HOUR
    assert present.office_at("ltsa", midnight - 1)[0].rules.recall_limit == 3
    assert present.office_at("ltsa", midnight)[0].rules.recall_limit == 1
    record.now = midnight
    record.takes_number()
    assert record.ledger.present().day("ltsa", date(2026, 11, 22)).rules_of.rules.recall_limit == 1


def test_a_change_that_the_day_cannot_take_is_not_recorded_at_all(record: Record) -> None:
    record.takes_number("bank")
    assert record.refuses(services__bank=None, counters__9=None) == "service-in-use"
    record.changes(TOMORROW, services__bank=None, counters__9=None)
    assert "bank" not in record.ledger.present().office("ltsa", date(2026, 11, 22)).service


def test_undoing_what_is_in_force_reaches_the_day_too(record: Record) -> None:
    record.takes_number()
    changed = record.changes(rules__recall_limit=1).events[0].version
    record.do(WithdrawChange, change=changed, why="keliru")
    assert record.topics()[-2:] == ["ChangeWithdrawn", "DayConfigured"]
    assert record.ledger.present().day("ltsa", date(2026, 11, 21)).rules_of == example_office()


def test_the_same_key_changes_it_once_also_after_a_restart(record: Record) -> None:
    record.takes_number()
    first = record.changes(key="once", rules__recall_limit=1)
    again = record.changes(key="once", rules__recall_limit=1)
    assert (again.events, again.repeated) == (first.events, True)
    record.ledger.close()
    record.ledger = Ledger(place_in(record.folder))
    assert record.changes(key="once", rules__recall_limit=1).repeated
    with pytest.raises(Refusal, match="another command"):
        record.changes(key="once", rules__recall_limit=2)
    assert record.topics().count("OfficeChanged") == 1


def test_the_zone_is_fixed_by_a_service_day_that_this_process_never_saw(record: Record) -> None:
    record.changes(zone="Asia/Makassar")
    record.takes_number()
    record.ledger.close()
    record.ledger, record.now = Ledger(place_in(record.folder)), EIGHT + 30 * 24 * HOUR
    assert record.refuses("2026-12-21", zone="Asia/Jayapura") == "zone-fixed"


def test_a_change_and_a_number_in_one_batch_keep_their_order(record: Record) -> None:
    with pytest.raises(Refusal) as refusal:
        together_in_one_batch(record)
    assert refusal.value.code == "zone-fixed"


def together_in_one_batch(record: Record) -> None:
    """A first number and then another zone, decided before anything is committed."""
    said: dict[str, Any] = {"office": "ltsa", "at": EIGHT, "by": "test"}
    number = IssueTicket(**said, key="n", services=("bank",), token="t")
    zone = ChangeOffice(**said, key="z", since=TODAY, why="pindah", changes={"zone": "Asia/Makassar"})
    asked = [record.ledger.submit(command) for command in (number, zone)]
    for each in asked:
        each.result()


def test_two_writers_on_one_file_decide_about_one_office_and_agree(record: Record) -> None:
    other = Ledger(place_in(record.folder))
    record.takes_number()

    def limit(ledger: Ledger, n: int) -> None:
        said: dict[str, Any] = {"office": "ltsa", "at": EIGHT + n, "by": f"manager:m{n}", "key": f"limit {n}"}
        change = ChangeOffice(**said, since=TODAY, why="perlu", changes={"rules/recall_limit": n})
        for _ in range(30):
            with suppress(LedgerUnavailableError):  # a database's lock is waited for a second: who asks asks again
                ledger.do(change)
                return
        pytest.fail("the ledger was never there")

    together([lambda n=n: limit((record.ledger, other)[n % 2], n) for n in range(4, 14)])  # type: ignore[misc]
    assert snapshot(record.ledger.present().day("ltsa", date(2026, 11, 21))) == snapshot(
        replayed(other.history(day_stream("ltsa", TODAY)))
    )
    state = record.ledger.present().configurations("ltsa")
    assert [change.version for change in state.changes] == list(range(1, state.version + 1))
    assert state.on(TODAY) == record.ledger.present().day("ltsa", date(2026, 11, 21)).office
    other.close()


def test_a_change_that_could_not_be_written_never_was(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.takes_number()
    with closing(sqlite3.connect(record.folder / FILE, isolation_level=None)) as blocker:
        blocker.execute("CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        with pytest.raises(LedgerUnavailableError, match="disk full"):
            record.changes(rules__recall_limit=1)
        blocker.execute("DROP TRIGGER full")
    assert record.ledger.present().office("ltsa", date(2026, 11, 21)).rules.recall_limit == 3
    assert record.changes(rules__recall_limit=1).events[-1].version == 3
    record.ledger.close()


def test_a_service_day_of_another_office_fixes_nobody_else_s_zone(record: Record) -> None:
    record.takes_number()
    fresh = replace(example_office(), id="ltsa-2", zone="Asia/Makassar")
    record.do(ConfigureOffice, office="ltsa-2", configuration=fresh, since=TODAY, new=True)
    record.do(ChangeOffice, office="ltsa-2", since=TODAY, why="salah pilih", changes={"zone": "Asia/Jayapura"})
    assert record.ledger.present().office("ltsa-2", date(2026, 11, 21)).zone == "Asia/Jayapura"
    with pytest.raises(Refusal, match="There is an office"):
        record.do(ConfigureOffice, office="ltsa-2", configuration=fresh, since=TODAY, new=True)


def test_whoever_is_at_a_counter_stays_there_through_a_change(record: Record) -> None:
    number = record.takes_number()
    record.do(OpenCounter, counter="9", officer="sari")
    record.do(CallNext, counter="9")
    record.changes(counters__11={"name": {"id": "Loket 11"}, "services": ["bank"]}, services__bank__minutes=20)
    done = record.do(StartService, counter="9")
    assert done.answer is not None
    assert done.answer.ticket is not None
    assert (done.answer.ticket.number, done.answer.ticket.state) == (number, "serving")
    record.do(OpenCounter, counter="11", officer="budi")

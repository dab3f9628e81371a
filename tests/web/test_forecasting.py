"""Forecasts in a running office: published for pages, on record in batches, cut off without harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from ltsa.commands import CallNext, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.configuring import ConfigureOffice
from ltsa.office import example_office
from ltsa.predictions import WaitsPredicted, forecast_stream
from ltsa.ranges import Range
from ltsa.tokens import token_digest
from web.forecasting import STALE, Wait, rest_after, shown
from web.house import House
from web.settings import Settings
from web.waits import wait_sentence, wait_words


class Bank:
    """The bank's counter of a running office, without a loop: what the loop does every second, `looks` does."""

    def __init__(self, folder: Path) -> None:
        self.house = House(Settings(data=folder))
        self._keys = 0

    def do(self, kind: type, office: str = "ltsa", **fields: object) -> object:
        self._keys += 1
        said = {"office": office, "at": self.house.now(), "by": "test", "key": f"key {self._keys} {self.house.now()}"}
        done = self.house.do(kind(**said, **fields))
        self.house.read_own_writes()
        return done

    def comes(self, office: str = "ltsa") -> str:
        self._keys += 1
        token = token_digest(f"{self._keys} {self.house.now()}")
        done = self.do(IssueTicket, office, services=("bank",), token=token)
        return str(done.answer.ticket.number)  # type: ignore[attr-defined]

    def looks(self, office: str = "ltsa") -> float:
        state = self.house.forecasts._offices.get(office)
        if state:
            state.published = None
        return self.house.forecasts._look(office)

    def on_record(self, office: str = "ltsa") -> list[str]:
        day = self.house.today(office).date
        rows = self.house.ledger.history(forecast_stream(office, day))
        return [one.number for row in rows if isinstance(row.event, WaitsPredicted) for one in row.event.waits]

    def closes(self) -> None:
        self.house.forecasts.stop()
        self.house.close()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    it = Bank(tmp_path / "data")
    yield it
    it.closes()


def test_nobody_is_told_a_range_while_no_counter_is_open(bank: Bank) -> None:
    number = bank.comes()
    bank.looks()
    assert bank.house.forecasts.newcomers("ltsa") == {}
    assert bank.house.forecasts.of(bank.house.today("ltsa"), number) is None


def test_before_a_forecast_the_queues_length_says_and_then_the_futures_do(bank: Bank) -> None:
    bank.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    numbers = [bank.comes() for _ in range(4)]
    day, forecasts = bank.house.today("ltsa"), bank.house.forecasts
    waits = [forecasts.of(day, number) for number in numbers]
    assert {wait.method for wait in waits if wait} == {"queue"}
    bank.looks()
    waits = [forecasts.of(day, number) for number in numbers]
    assert {wait.method for wait in waits if wait} == {"futures"}
    lows = [wait.low for wait in waits if wait]
    assert lows == sorted(lows)
    assert len(lows) == 4
    newcomer = forecasts.newcomer("ltsa", "bank")
    assert newcomer is not None
    assert newcomer.low >= lows[-1]


def test_a_forecast_that_is_too_old_gives_way_to_the_queues_length(bank: Bank) -> None:
    bank.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    number = bank.comes()
    bank.looks()
    state = bank.house.forecasts._offices["ltsa"]
    assert state.published is not None
    published = state.published
    state.published = type(published)(
        at=published.at - STALE - 1, version=published.version, people=published.people, newcomers=published.newcomers
    )
    wait = bank.house.forecasts.of(bank.house.today("ltsa"), number)
    assert wait is not None
    assert wait.method == "queue"


def test_what_people_are_told_is_on_record_also_after_a_restart(bank: Bank, tmp_path: Path) -> None:
    bank.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    bank.looks()
    first = bank.comes()
    assert bank.on_record() == [], "a command never waits for it"
    bank.house.forecasts._write()
    assert bank.on_record() == [first]
    second = bank.comes()
    bank.closes()
    bank.__init__(tmp_path / "data")  # type: ignore[misc]
    assert bank.on_record() == [first, second], "what was waiting is written when the server stops"
    third = bank.comes()
    bank.looks()
    bank.house.forecasts._write()
    assert sorted(bank.on_record()) == [first, second, third], "nobody is on record twice"


def test_what_people_of_several_offices_are_told_goes_on_record_an_office_at_a_time(bank: Bank) -> None:
    offices, told = ["ltsa", "second"], {"ltsa": list[str](), "second": list[str]()}
    second = structs.replace(example_office(), id="second")
    bank.do(ConfigureOffice, "second", configuration=second, since="1970-01-01")
    for office in offices:
        bank.do(OpenCounter, office, counter="8", officer="Sri", services=("bank",))
        bank.looks(office)
    for _ in range(3):
        for office in offices:
            told[office].append(bank.comes(office))
    before = bank.house.ledger.newest()
    bank.house.forecasts._write()
    bank.house.forecasts._write()
    assert {office: bank.on_record(office) for office in offices} == told
    assert bank.house.ledger.newest() == before + 2, "one event for each, however they came in turns"


def test_forecasts_take_a_fifth_of_a_core_however_many_offices_there_are(bank: Bank) -> None:
    bank.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    bank.comes()
    took = bank.looks()
    assert took > 0
    assert took / (took + rest_after(took)) == pytest.approx(1 / 5)
    assert not rest_after(bank.house.forecasts._look("ltsa")), "who was forecast a moment ago costs nothing"


def test_outcomes_teach_the_next_ranges(bank: Bank) -> None:
    bank.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    bank.looks()
    bank.comes()
    for kind in (CallNext, StartService):
        bank.do(kind, counter="8")
    bank.do(FinishService, counter="8", outcome="done")
    bank.looks()
    known = bank.house.forecasts._offices["ltsa"].known
    assert len(known["futures"].steps["bank", False].ranges) == 1
    assert len(known["queue"].steps["bank", False].ranges) == 1


def test_where_nobody_knows_how_long_nothing_is_told_and_nothing_is_on_record(bank: Bank) -> None:
    bank.do(OpenCounter, counter="9", officer="siti")
    bank.comes()
    bank.looks()
    state = bank.house.forecasts._offices["ltsa"]
    assert state.published
    open_end = Range(low=0, high=0, middle=3_000, upper=7_700, method="futures")
    nothing = {key: structs.replace(said, told=open_end) for key, said in state.published.newcomers.items()}
    state.published = structs.replace(state.published, people={}, newcomers=nothing)
    before = len(state.told)
    number = bank.comes()
    assert bank.house.forecasts.newcomer("ltsa", "bank") is None
    assert bank.house.forecasts.of(bank.house.today("ltsa"), number) is None
    assert len(state.told) == before


def test_a_range_in_words_and_by_the_clock() -> None:
    at = 1_795_222_800_000 + 32 * 60_000  # 08.32 WIB
    told = shown(Range(low=10, high=20, middle=900, upper=1_100, method="futures"), at)
    assert wait_sentence(told, "Asia/Jakarta", "id") == ("Perkiraan dipanggil dalam 10–20 menit, pukul 08.40–08.55")
    soon = shown(Range(low=0, high=5, middle=90, upper=200, method="futures"), at)
    assert wait_sentence(soon, "Asia/Jakarta", "id").endswith("kurang dari 5 menit, sebelum pukul 08.40")
    endless = shown(Range(low=120, high=0, middle=9_000, upper=9_900, method="futures"), at)
    assert wait_sentence(endless, "Asia/Jakarta", "id") == "Perkiraan tunggu lebih dari 2 jam"
    assert wait_words(told, "en") == "10–20 minutes"

    def words(low: int, high: int) -> str:
        return wait_words(Wait(low=low, high=high, begins=0, ends=0, method="queue"), "id")

    assert words(0, 5) == "kurang dari 5 menit"
    assert words(100, 0) == "lebih dari 100 menit"
    assert words(120, 0) == "lebih dari 2 jam"

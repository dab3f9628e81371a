"""What people were told of their waits, on record before it came out, and how often it held."""

from pathlib import Path
from typing import Any

import pytest

from ltsa.configuring import ConfigureOffice
from ltsa.dispatch import Why
from ltsa.happened import ActionUndone, DayEvent, TicketCalled, TicketCancelled
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.predictions import (
    MODEL,
    RecordWaits,
    Told,
    WaitsPredicted,
    figures,
    forecast_stream,
    kept,
    outcomes,
)
from ltsa.ranges import Guess, Range
from tests.ltsa.hall import EIGHT, MINUTE

DATE = "2026-11-21"
SAID: dict[str, Any] = {"by": "test", "key": "", "content": ""}


def told(number: str, minute: int, low: int, high: int, *, priority: bool = False) -> Told:
    """Somebody was told so many minutes after eight that they wait from `low` to `high` minutes."""
    middle = (low + high) * 30
    at = EIGHT + minute * MINUTE
    published = Range(low=low, high=high, middle=middle, upper=high * 60, method="futures")
    usual = Range(low=0, high=60, middle=3_000, upper=3_600, method="queue")
    guess = Guess(low * 60, middle, high * 60, high * 60)
    return Told(
        number=number, service="bank", priority=priority, at=at, since=at, told=published, guess=guess, queue=usual
    )


def batch(*waits: Told) -> WaitsPredicted:
    return WaitsPredicted(at=waits[-1].at, **SAID, model=MODEL, waits=waits)


def called(number: str, minute: int) -> TicketCalled:
    why = Why(place=0, eligible=1)
    return TicketCalled(at=EIGHT + minute * MINUTE, **SAID, number=number, service="bank", counter="8", why=why)


def came_out(predicted: list[WaitsPredicted], *happened: DayEvent) -> list[tuple[str, int]]:
    return [(one.told.number, one.took // 60) for one in outcomes(predicted, happened)]


def test_a_prediction_comes_out_with_the_next_call() -> None:
    predicted = [batch(told("G001", 0, 5, 15), told("G002", 1, 10, 20)), batch(told("G001", 30, 0, 5))]
    assert came_out(predicted, called("G001", 9), called("G002", 25), called("G001", 33)) == [
        ("G001", 9),
        ("G002", 24),
        ("G001", 3),
    ]


def test_a_call_that_was_taken_back_does_not_count_and_the_wait_goes_on() -> None:
    undone = ActionUndone(at=EIGHT + 9 * MINUTE, **SAID, number="G001", service="bank", counter="8", action="call")
    assert came_out([batch(told("G001", 0, 5, 15))], called("G001", 9), undone, called("G001", 20)) == [("G001", 20)]


def test_who_gives_up_or_still_waits_is_not_counted() -> None:
    gone = TicketCancelled(at=EIGHT + 9 * MINUTE, **SAID, number="G001")
    assert came_out([batch(told("G001", 0, 5, 15), told("G002", 1, 5, 15))], gone) == []


def test_the_figures_say_what_held_what_was_early_and_what_was_late() -> None:
    predicted = [batch(*(told(f"G00{n}", n, 10, 20, priority=n == 4) for n in range(1, 5)))]
    found = outcomes(predicted, [called("G001", 6), called("G002", 17), called("G003", 18), called("G004", 64)])
    counted = figures(found, example_office())
    all_of = counted.all.told
    assert (all_of.count, all_of.held, all_of.early, all_of.late, all_of.share) == (4, 2, 1, 1, 50)
    assert (all_of.error, all_of.wide) == ((10 + 0 + 0 + 45) * 60 // 4, 10)
    assert list(counted.hours) == [8]
    assert [(key, row.told.count) for key, row in counted.steps.items()] == [(("bank", False), 3), (("bank", True), 1)]
    assert counted.all.queue.held == 4
    assert kept([]).share == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    said = {"office": "ltsa", "at": 0, "by": "system", "key": "set up"}
    ledger.do(ConfigureOffice(configuration=example_office(), since="1970-01-01", **said))  # type: ignore[arg-type]
    ledger.close()
    return tmp_path


def record(ledger: Ledger, key: str, *waits: Told) -> list[str]:
    """Puts a batch on record; the numbers that it holds."""
    said = {"office": "ltsa", "at": EIGHT, "by": "system", "key": key}
    done = ledger.do(RecordWaits(**said, date=DATE, model=MODEL, waits=waits))  # type: ignore[arg-type]
    event = done.events[0].event
    assert isinstance(event, WaitsPredicted)
    return [one.number for one in event.waits]


def test_batches_survive_a_restart_and_a_wait_is_on_record_once(folder: Path) -> None:
    first, second, third = (told(f"G00{n}", n, 5, 15) for n in (1, 2, 3))
    ledger = Ledger(folder / "ledger.sqlite")
    assert record(ledger, "a", first, second) == ["G001", "G002"]
    ledger.close()
    again = Ledger(folder / "ledger.sqlite")
    assert record(again, "b", second, third) == ["G003"], "another server was told of the second one too"
    with pytest.raises(Refusal) as refusal:
        record(again, "c", first)
    assert refusal.value.code == "waits-told"
    on_record = [one.event for one in again.history(forecast_stream("ltsa", DATE))]
    again.close()
    assert [[one.number for one in event.waits] for event in on_record if isinstance(event, WaitsPredicted)] == [
        ["G001", "G002"],
        ["G003"],
    ]

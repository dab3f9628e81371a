"""A day's figures, counted by hand: of short stories, and of the days in the golden history."""

import pytest

from ltsa.commands import (
    AskHelp,
    CallNext,
    CancelTicket,
    CheckDay,
    CloseDay,
    FinishService,
    GiveHelp,
    HoldTicket,
    MissTicket,
    PauseCounter,
    PutBack,
    ResumeTicket,
    ReturnTicket,
    StartService,
    Undo,
)
from ltsa.happened import DayOpened
from ltsa.present import Recorded
from ltsa.report import DayReport, Spread, report
from tests.ltsa.hall import EIGHT, MINUTE, SECOND, Hall
from tests.ltsa.test_golden import history

HEALTH, BANK = 3, 6
"""Where these services stand in the office's list."""


def of(hall: Hall) -> DayReport:
    """The figures of what happened in a hall so far."""
    office = hall.day.rules_of
    opened = DayOpened(at=EIGHT, by="system", key="", content="", date="2026-11-21", office=office)
    events = [opened, *hall.events]
    return report([Recorded(n, "day:ltsa:2026-11-21", n, event) for n, event in enumerate(events, 1)])


def test_who_came_and_what_became_of_them() -> None:
    hall = Hall()
    served, given_up, returned, missed, waiting = (hall.takes_number("bank") for _ in range(5))
    hall.opens("9", officer="sari")
    hall.do(CancelTicket, number=given_up)
    hall.serves("9")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.do(ReturnTicket, counter="9", reasons=("document-missing", "copy-unreadable"))
    hall.misses("9")
    told = of(hall)
    assert (told.issued, told.finished, told.served, told.cancelled, told.here) == (5, 1, 1, 1, 3)
    assert (told.called, told.missed, told.returned) == (3, 1, 1)
    assert told.returns == {"copy-unreadable": 1, "document-missing": 1}
    assert told.closed == {}
    assert told.ended == 0, "the day goes on"
    hall.do(CloseDay, outcomes={missed: "left", returned: "come-back"})
    told = of(hall)
    assert (told.closed, told.here) == ({"come-back": 1, "left": 1, "not-served": 1}, 0)
    assert told.ended == hall.now
    assert {hall.ticket(number).state for number in (served, waiting)} == {"done", "closed"}


def test_a_wait_lasts_from_when_somebody_could_be_called_until_the_call() -> None:
    hall = Hall()
    hall.takes_number("health", "bank")
    hall.opens("5")
    hall.opens("9")
    hall.waits(10)
    hall.calls("5")
    hall.do(StartService, counter="5")
    hall.waits(20)
    hall.do(FinishService, counter="5", outcome="done")
    hall.waits(4)
    hall.calls("9")
    told = of(hall)
    assert told.services[HEALTH].waits == Spread(
        count=1, median=10 * MINUTE + 3000, p90=10 * MINUTE + 3000, longest=10 * MINUTE + 3000
    )
    assert told.services[BANK].waits.longest == 4 * MINUTE + SECOND, "what was not waited is not counted"
    assert told.services[HEALTH].serving.longest == 20 * MINUTE + SECOND


def test_what_was_undone_does_not_count() -> None:
    hall = Hall()
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.waits(5)
    hall.calls("9")
    hall.do(Undo, counter="9")
    assert (of(hall).called, of(hall).first_call) == (0, 0)
    hall.waits(5)
    hall.calls("9")
    hall.do(MissTicket, counter="9")
    hall.do(Undo, counter="9")
    hall.do(StartService, counter="9")
    hall.do(FinishService, counter="9", outcome="done")
    hall.do(Undo, counter="9")
    hall.do(ReturnTicket, counter="9", reasons=("document-missing",))
    hall.do(Undo, counter="9")
    hall.do(FinishService, counter="9", outcome="rejected")
    told = of(hall)
    assert (told.called, told.missed, told.returned, told.finished) == (1, 0, 0, 1)
    assert told.services[BANK].outcomes == {"rejected": 1}
    assert told.waits.longest == 10 * MINUTE + 4 * SECOND, f"{number} waited on while the call was taken back"


def test_the_middle_and_the_ninth_of_ten() -> None:
    hall = Hall()
    for _ in range(10):
        hall.takes_number("bank")
    hall.opens("9")
    called = []
    for n in range(10):
        hall.now = EIGHT + (n + 1) * MINUTE
        hall.do(CallNext, counter="9", at=hall.now)
        called.append(hall.day.at - hall.ticket(hall.day.counters["9"].ticket).arrived)
        hall.do(HoldTicket, counter="9", at=hall.now)
    waits = of(hall).waits
    assert (waits.count, waits.p90, waits.longest) == (10, called[8], called[9])
    assert waits.median == (called[4] + called[5]) // 2


def test_what_each_counter_and_each_officer_did() -> None:
    hall = Hall()
    for _ in range(3):
        hall.takes_number("bank")
    hall.opens("9", officer="sari")
    hall.serves("9")
    hall.waits(10)
    hall.do(PauseCounter, counter="9", reason="break")
    hall.waits(30)
    hall.opens("9", officer="sari")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.waits(5)
    hall.do(HoldTicket, counter="9")
    hall.do(ResumeTicket, counter="9")
    hall.do(FinishService, counter="9", outcome="done")
    [counter] = [seat for seat in of(hall).counters if seat.called]
    [officer] = of(hall).officers
    assert (counter.name, officer.name) == ("9", "sari")
    assert (counter.called, counter.served) == (officer.called, officer.served) == (2, 2)
    assert counter.serving == officer.serving == 5 * MINUTE + 3 * SECOND
    assert counter.open == 15 * MINUTE + 9 * SECOND, "a break is not open"


def test_help_is_counted_with_how_long_it_took() -> None:
    hall = Hall()
    hall.do(AskHelp, kiosk="1")
    hall.waits(2)
    hall.do(GiveHelp, kiosk="1")
    hall.do(AskHelp, kiosk="1")
    told = of(hall).help
    assert (told.asked, told.answered.count, told.answered.longest) == (2, 1, 2 * MINUTE + SECOND)


def test_the_morning_s_check_and_the_first_and_last_call_stand_in_it() -> None:
    hall = Hall()
    hall.do(CheckDay, by="supervisor:budi", ok=("kiosk",), open=("paper",))
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.misses("9")
    first = hall.now - SECOND
    hall.do(PutBack, number=number)
    hall.calls("9")
    told = of(hall)
    assert (told.first_call, told.last_call) == (first, hall.now)
    assert told.check is not None
    assert told.check.open == ("paper",)


def test_a_day_that_nobody_came_to_has_empty_figures() -> None:
    told = of(Hall())
    assert (told.issued, told.called, told.waits, told.officers) == (0, 0, Spread(), ())
    with pytest.raises(ValueError, match="never began"):
        report([])


def test_the_figures_of_the_golden_days() -> None:
    """Counted by hand in the scripted morning (tests/ltsa/scripted_day.py) and what follows on it."""
    morning, later = report(history("day-2")), report(history("day-3"))
    assert (morning.issued, morning.finished, morning.served, morning.cancelled) == (7, 1, 4, 2)
    assert (morning.called, morning.missed, morning.returned) == (9, 1, 1), "11 calls, of which two were taken back"
    assert morning.closed == {"": 4}, "nobody said an outcome then"
    assert morning.returns == {"copy-unreadable": 1, "no-family-permission": 1}
    assert (morning.help.asked, morning.help.answered.longest) == (2, 90 * SECOND)
    assert {seat.name: (seat.called, seat.served) for seat in morning.officers} == {
        "petugas-budi": (6, 2),
        "petugas-rina": (1, 1),
        "petugas-sari": (2, 1),
    }
    labour = morning.services[2]
    assert (labour.people, labour.served, labour.outcomes, labour.missed, labour.returned) == (
        3,
        1,
        {"rejected": 1},
        1,
        1,
    )
    assert (later.issued, later.configured, later.closed) == (9, 1, {"not-served": 3, "left": 2, "come-back": 1})
    assert [seat.name for seat in later.counters][-1] == "11"
    assert later.check is not None
    assert sum(later.closed.values()) + later.cancelled + later.finished == later.issued

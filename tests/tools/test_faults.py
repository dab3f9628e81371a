"""Whatever breaks, what was acknowledged is on record once; and the harness would see it if it were not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ltsa.dispatch import Why
from ltsa.happened import DayEvent, ServiceStarted, TicketCalled, TicketIssued
from ltsa.message import key_digest
from ltsa.present import Recorded
from tools import postgres
from tools.faults.check import Found, compare
from tools.faults.command import FAULTS, do, faults
from tools.faults.load import Told

STREAM = "day:ltsa:2026-11-21"
WHY = Why(rule="index/1", eligible=1, place=1)


@dataclass
class Story:
    """What clients were told, and what is on record of it; a second apart, unless told otherwise."""

    told: list[Told] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)

    def tells(self, what: str, number: str, *, key: str = "", refused: str = "", counter: str = "") -> None:
        """A client is answered."""
        began, status = len(self.told) * 1_000_000_000, 409 if refused else 200
        key = key or f"{what} {number}"
        self.told.append(
            Told(what, "bank", counter, key, began, began + 1_000_000, status, number, refused, 1, 0, slowest=0.001)
        )

    def keeps(self, what: str, number: str, *, key: str = "", counter: str = "5") -> None:
        """The ledger has it."""
        said = {
            "at": 1,
            "by": "program:1",
            "key": key_digest(key or f"{what} {number}"),
            "content": "",
            "number": number,
        }
        event: DayEvent
        match what:
            case "issue":
                event = TicketIssued(**said, series="G", token="", services=("bank",), place=1)  # type: ignore[arg-type]
            case "call":
                event = TicketCalled(**said, service="bank", counter=counter, why=WHY)  # type: ignore[arg-type]
            case _:
                event = ServiceStarted(**said, service="bank", counter=counter)  # type: ignore[arg-type]
        at = len(self.recorded) + 1
        self.recorded.append(Recorded(at, STREAM, at, event))

    def does(self, what: str, number: str, counter: str = "5") -> None:
        """Both."""
        self.tells(what, number, counter="" if what == "issue" else counter)
        self.keeps(what, number, counter=counter)

    def found(self) -> dict[str, int]:
        """What the comparison finds wrong."""
        found = Found(fault="story", runs=1, seed=0)
        compare(found, self.told, self.recorded)
        names = ("lost", "doubled", "skipped", "false_failures", "out_of_order", "unlinearizable")
        assert found.held != any(getattr(found, name) for name in names)
        return {name: count for name in names if (count := getattr(found, name))}


def test_what_went_right_is_found_right() -> None:
    story = Story()
    for number in ("G001", "G002"):
        story.does("issue", number)
    story.does("call", "G001")
    story.does("start", "G001")
    story.does("call", "G002", "6")
    story.tells("call", "", key="nobody", refused="nobody-waiting", counter="7")
    assert story.found() == {}


def test_an_acknowledged_number_that_is_not_on_record_is_lost() -> None:
    story = Story()
    story.does("issue", "G001")
    story.tells("issue", "G002")
    assert story.found() == {"lost": 1}


def test_one_key_that_is_twice_on_record_is_doubled() -> None:
    story = Story()
    story.does("issue", "G001")
    story.keeps("issue", "G002", key="issue G001")
    assert story.found() == {"doubled": 1}


def test_a_number_that_two_were_given_is_doubled_and_no_office_answers_so() -> None:
    story = Story()
    story.does("issue", "G001")
    story.tells("issue", "G001", key="another")
    story.keeps("issue", "G001", key="another")
    assert story.found() == {"doubled": 1, "unlinearizable": 1}


def test_a_person_called_to_two_counters_is_doubled_and_one_passed_over_is_skipped() -> None:
    story = Story()
    for number in ("G001", "G002"):
        story.does("issue", number)
    story.does("call", "G002")
    assert story.found() == {"skipped": 1, "unlinearizable": 1}
    story = Story()
    story.does("issue", "G001")
    story.does("call", "G001")
    story.tells("call", "G001", key="another", counter="6")
    story.keeps("call", "G001", key="another", counter="6")
    assert story.found() == {"doubled": 1, "unlinearizable": 1}


def test_a_refusal_of_what_was_done_is_a_false_failure() -> None:
    story = Story()
    story.tells("issue", "", key="issue G001", refused="failed")
    story.keeps("issue", "G001")
    assert story.found() == {"false_failures": 1, "unlinearizable": 1}
    story = Story()
    story.tells("issue", "", refused="key-reused")
    assert story.found() == {"false_failures": 1, "unlinearizable": 1}


def test_what_was_asked_later_and_stands_before_is_out_of_order() -> None:
    story = Story()
    story.does("issue", "G001")
    story.does("issue", "G002")
    story.recorded[0], story.recorded[1] = (
        story.recorded[0]._replace(position=2),
        story.recorded[1]._replace(position=1),
    )
    assert story.found() == {"out_of_order": 1}


@pytest.mark.parametrize(("name", "runs"), [("connection-cut", 1), ("one-key", 5), ("midnight", 1), ("power-cut", 1)])
def test_what_was_acknowledged_outlives_each_fault(name: str, runs: int) -> None:
    if FAULTS[name].on_postgres and (reason := postgres.missing()):
        pytest.skip(reason)
    found = do(name, runs, seed=20261121)
    assert found.wrong == []
    assert found.acknowledged > 0


def test_an_unknown_fault_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(["fire"], lambda: None) == 2
    assert "There is no fault “fire”. The faults are: web-killed," in capsys.readouterr().err
    assert faults(["web-killed", "--runs", "0"], lambda: None) == 2

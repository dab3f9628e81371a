"""Corrections name what they take back, once; a record of before, which names nothing, is what it was."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ltsa import journey
from ltsa.corrections import Corrections, corrected
from ltsa.happened import ActionUndone, DayClosed, DayReopened
from ltsa.journey import CaseReopened, StepUndone, person_stream
from ltsa.replay import day_at, examine, story
from tests.ltsa.scripted_day import history
from tests.ltsa.scripted_journey import CASE, RATNA, played
from tests.ltsa.write_golden import pictures

if TYPE_CHECKING:
    from pathlib import Path

    from ltsa.present import Recorded

MORNING = history()
KIND = {"call": "TicketCalled", "finish": "ServiceFinished", "return": "TicketReturned", "no-show": "TicketMissed"}


def named(recorded: Recorded, record: list[Recorded]) -> str:
    """The kind of the event that one names, by its version."""
    return type(record[recorded.event.corrects - 1].event).__name__ if recorded.event.corrects else ""  # type: ignore[union-attr]


def broken(record: list[Recorded]) -> tuple[int, ...]:
    """The corrections of a day that do not hold."""
    return next(finding.broken for finding in examine(record) if finding.fact == "corrections")


def otherwise(version: int, corrects: int) -> list[Recorded]:
    """The morning, with a correction that names another event."""
    return [it._replace(event=replace(it.event, corrects=corrects)) if it.version == version else it for it in MORNING]


def test_what_a_counter_takes_back_is_named_and_the_link_leads_both_ways() -> None:
    undone = [it for it in MORNING if isinstance(it.event, ActionUndone)]
    assert [named(it, MORNING) for it in undone] == [KIND[it.event.action] for it in undone]  # type: ignore[union-attr]
    assert {it.event.action for it in undone} == set(KIND)  # type: ignore[union-attr]
    lines = {line.version: line for line in story(MORNING, corrected=corrected(MORNING))}
    for it in undone:
        line = lines[it.version]
        assert lines[line.corrects].corrected_by == it.version
        assert (lines[line.corrects].number, lines[line.corrects].at < line.at) == (line.number, True)
    assert sum(bool(line.corrected_by) for line in lines.values()) == len(undone) + 1, "and the day's first closing"


def test_reopening_the_day_names_its_closing() -> None:
    [again] = [it for it in MORNING if isinstance(it.event, DayReopened)]
    closings = [it.version for it in MORNING if isinstance(it.event, DayClosed)]
    assert corrected([again]) == {closings[0]: again.version}


@pytest.mark.parametrize("names", [0, 1, -7, 999])
def test_a_correction_that_names_no_such_event_is_found(names: int) -> None:
    [first, *_] = [it.version for it in MORNING if isinstance(it.event, ActionUndone)]
    assert broken(MORNING) == ()
    assert broken(otherwise(first, names)) == ((first,) if names else ()), "one of before names nothing"


def test_a_correction_of_what_comes_later_or_is_somebody_else_s_or_was_taken_back_is_found() -> None:
    first, second, *_ = [it for it in MORNING if isinstance(it.event, ActionUndone)]
    assert isinstance(first.event, ActionUndone)
    assert isinstance(second.event, ActionUndone)
    assert broken(otherwise(first.version, second.event.corrects)) == (first.version,)
    assert broken(otherwise(second.version, first.event.corrects)) == (second.version,), "another number's, and twice"
    twice = Corrections()
    called, undone = MORNING[first.event.corrects - 1], first.event
    assert [twice.holds(first.event.corrects, called.event), twice.holds(99, undone), twice.holds(100, undone)] == [
        None,
        True,
        False,
    ]


def test_a_record_of_before_comes_to_the_same() -> None:
    before = [
        it._replace(event=replace(it.event, corrects=0)) if getattr(it.event, "corrects", 0) else it for it in MORNING
    ]
    at = MORNING[-1].event.at
    assert before != MORNING
    assert pictures(day_at(before), at) == pictures(day_at(MORNING), at)
    assert corrected(before) == {}
    assert broken(before) == ()


def test_what_was_said_of_a_step_or_of_a_case_by_mistake_is_named_too(tmp_path: Path) -> None:
    with closing(played(tmp_path, mistaken=True)) as ledger:
        record = list(ledger.history(person_stream(RATNA)))
    undone = [it for it in record if isinstance(it.event, StepUndone)]
    assert [named(it, record) for it in undone] == ["StepDone"] * 3
    assert [record[it.event.corrects - 1].event.step for it in undone] == [it.event.step for it in undone]  # type: ignore[union-attr]
    reopened = [named(it, record) for it in record if isinstance(it.event, CaseReopened)]
    assert reopened == ["", "CaseClosed"], "who goes on after all corrects nothing"
    held, state = Corrections(), journey.Person()
    for it in record:
        assert held.holds(it.version, it.event) is not False
        journey.evolve(state, it.event)  # type: ignore[arg-type]
        if isinstance(it.event, CaseReopened):
            assert state.cases[CASE].outcome == ""

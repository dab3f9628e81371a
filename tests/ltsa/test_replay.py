"""The day at an instant, the stories in it, and whether the record holds: on a scripted morning."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from ltsa import board
from ltsa.board import DisplayPicture, HallPicture
from ltsa.configuring import ConfigureOffice
from ltsa.day import Day, evolve
from ltsa.happened import TicketCalled
from ltsa.ledger import Ledger
from ltsa.present import Recorded, day_stream
from ltsa.replay import Finding, course, day_at, examine, opening, readable, sittings, story, visit
from tests.ltsa.hall import snapshot
from tests.ltsa.scripted_day import DATE, commands, history, instant, office

MORNING = history()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an office that nobody has entered yet."""
    opened = Ledger(tmp_path / "ledger.sqlite")
    opened.do(
        ConfigureOffice(office="ltsa", at=0, by="system", key="set up", configuration=office(), since="2026-01-01")
    )
    yield opened
    opened.close()


def test_the_day_at_every_version_is_what_the_screens_got_live_at_that_version(ledger: Ledger) -> None:
    live, present = dict[int, tuple[DisplayPicture, HallPicture, bytes]](), ledger.present()
    for command in commands():
        ledger.do(command)
        for recorded in ledger.since(present.position):
            present.apply(recorded)
            day = present.day("ltsa", DATE)
            live[day.version] = board.display(day), board.hall(day), snapshot(day)
    recorded_day = list(ledger.history(day_stream("ltsa", DATE.isoformat())))
    assert sorted(live) == [recorded.version for recorded in recorded_day] == [row.version for row in MORNING]
    for version, seen in live.items():
        day = day_at(recorded_day, version=version)
        assert (board.display(day), board.hall(day), snapshot(day)) == seen


def test_an_instant_takes_in_whatever_happened_until_it() -> None:
    at = instant("08:05:30")
    assert day_at(MORNING, until=at).tickets["A001"].state == "serving"
    assert day_at(MORNING, until=at - 1).tickets["A001"].state == "called"
    assert day_at(MORNING).version == len(MORNING)


def test_before_the_first_event_nothing_had_happened() -> None:
    assert day_at(MORNING, version=0).office is None
    assert day_at(MORNING, until=instant("07:00:00")).version == 0


def test_the_first_event_says_under_which_rules_the_day_ran() -> None:
    opened = opening(MORNING)
    assert opened is not None
    assert (opened.date, opened.office) == (DATE.isoformat(), office())
    assert opening([]) is None
    assert opening(MORNING[1:]) is None


def test_a_tickets_story_holds_all_that_happened_to_it_and_nothing_else() -> None:
    lines = list(story(MORNING, number="C002"))
    assert [(line.event, line.counter) for line in lines] == [
        ("ticket-issued", ""),
        ("ticket-called", "3"),
        ("ticket-recalled", "3"),
        ("ticket-recalled", "3"),
        ("ticket-recalled", "3"),
        ("ticket-missed", "3"),
        ("action-undone", "3"),
        ("ticket-missed", "3"),
        ("ticket-put-back", ""),
        ("ticket-called", "3"),
        ("service-started", "3"),
        ("service-finished", "3"),
    ]
    assert [(line.was, line.state) for line in lines][-5:] == [
        ("called", "absent"),
        ("absent", "waiting"),
        ("waiting", "called"),
        ("called", "serving"),
        ("serving", "done"),
    ]
    assert {line.number for line in lines} == {"C002"}
    assert {line.arrived for line in lines} == {instant("08:03:45")}


def test_a_counters_story_holds_what_happened_there_also_where_the_event_does_not_name_it() -> None:
    lines = list(story(MORNING, counter="3"))
    [cancelled] = [line for line in lines if line.event == "ticket-cancelled"]
    assert (cancelled.number, cancelled.counter, cancelled.officer) == ("A001", "3", "petugas-budi")
    [closed] = [line for line in lines if line.event == "counter-closed"]
    assert closed.officer == "petugas-budi"


def test_an_officers_story_holds_what_they_did_and_what_happened_where_they_sat() -> None:
    lines = list(story(MORNING, officer="petugas-rina"))
    assert [line.event for line in lines] == [
        "counter-opened",
        "ticket-called",
        "service-started",
        "service-finished",
        "counter-closed",
    ]
    assert {line.counter for line in lines} == {"5"}


def test_every_line_keeps_the_place_of_its_event_in_the_ledger() -> None:
    assert [(line.position, line.version, line.at, line.key) for line in story(MORNING)] == [
        (row.position, row.version, row.event.at, row.event.key) for row in MORNING
    ]


def test_a_visit_is_told_without_a_gap_from_issue_to_its_end() -> None:
    phases = visit(MORNING, "A003")
    assert [phase.state for phase in phases] == [
        "waiting",
        "called",
        "held",
        "serving",
        "waiting",
        "closed",
        "waiting",
        "closed",
    ]
    assert phases[0].since == instant("08:04:10")
    assert all(phase.until == after.since for phase, after in pairwise(phases))
    assert phases[-1].until is None
    assert visit(MORNING, "Z999") == ()


def test_a_counters_day_is_told_from_opening_to_closing() -> None:
    first = sittings(MORNING, counter="1")
    assert [(phase.state, phase.number) for phase in first[:5]] == [
        ("free", ""),
        ("called", "A001"),
        ("serving", "A001"),
        ("free", ""),
        ("serving", "A001"),
    ]
    assert [phase.reason for phase in first if phase.state == "paused"] == ["prayer"]
    assert all(phase.until is not None for phase in first)


def test_an_officers_day_is_told_wherever_they_sat() -> None:
    told = sittings(MORNING, officer="petugas-rina")
    assert [(phase.state, phase.counter, phase.number) for phase in told] == [
        ("free", "5", ""),
        ("called", "5", "C001"),
        ("serving", "5", "C001"),
        ("free", "5", ""),
    ]
    assert sittings(MORNING, officer="nobody") == ()


def test_the_course_counts_what_the_day_counts_at_each_instant() -> None:
    instants = [instant(f"08:{minute:02}:00") for minute in range(0, 60, 5)]
    for moment in course(MORNING, instants):
        day = day_at(MORNING, until=moment.at)
        assert moment.version == day.version
        assert (moment.waiting, moment.serving) == (day.tally["waiting"], day.tally["serving"])
        assert moment.issued == len(day.tickets)
        assert (
            moment.waiting + moment.called + moment.serving + moment.away + moment.done + moment.gone == moment.issued
        )


def test_a_true_record_holds_in_every_respect() -> None:
    findings = examine(MORNING)
    facts = ["replay", "sequence", "clock", "numbers", "seats", "calls", "corrections"]
    assert [finding.fact for finding in findings] == facts
    assert all(finding.looked_at and not finding.broken for finding in findings)


def broken(recorded: list[Recorded]) -> dict[str, tuple[int, ...]]:
    """The facts that a record breaks, with the versions where it does."""
    return {finding.fact: finding.broken for finding in examine(recorded) if finding.broken}


def changed(version: int, **fields: object) -> list[Recorded]:
    """The morning, with another event at a version."""
    return [row._replace(event=replace(row.event, **fields)) if row.version == version else row for row in MORNING]


def the_call(number: str) -> tuple[int, TicketCalled]:
    """The first call of a ticket."""
    return next(
        (row.version, row.event)
        for row in MORNING
        if isinstance(row.event, TicketCalled) and row.event.number == number
    )


def test_an_event_that_was_taken_out_is_found() -> None:
    assert broken([row for row in MORNING if row.version != 23])["sequence"][0] == 24


def test_a_clock_that_ran_backwards_is_found() -> None:
    assert broken(changed(12, at=instant("08:00:00")))["clock"] == (12,)


def test_a_number_given_twice_or_left_out_is_found() -> None:
    version = next(row.version for row in MORNING if getattr(row.event, "series", "") == "G")
    assert version in broken(changed(version, number="G007"))["numbers"]


def test_a_call_that_passed_somebody_over_is_found() -> None:
    version, call = the_call("A001")
    assert broken(changed(version, number="A002"))["calls"][0] == version
    assert broken(changed(version, why=replace(call.why, eligible=9)))["calls"] == (version,)


def test_a_call_to_a_counter_where_somebody_is_is_found() -> None:
    version, _ = the_call("C002")
    assert version in broken(changed(version, counter="1"))["seats"]


def test_what_cannot_be_replayed_is_found_and_all_before_it_stays_readable() -> None:
    version, _ = the_call("C002")
    damaged = changed(version, number="Z009")
    assert broken(damaged)["replay"] == (version,)
    assert readable(damaged) == version - 1
    assert readable(MORNING) == len(MORNING)


def test_a_rule_that_this_program_does_not_know_is_not_called_right() -> None:
    version, call = the_call("A001")
    recorded = changed(version, why=replace(call.why, rule="index/9"))
    [line] = [line for line in story(recorded) if line.version == version]
    assert line.recomputed == "unknown-rule"
    assert broken(recorded)["calls"] == (version,)


def test_a_call_out_of_turn_is_computed_again_too() -> None:
    chosen = [line for line in story(MORNING) if line.why and line.why.rule == "chosen/2"]
    assert [line.number for line in chosen] == ["C002"]
    assert [line.why.passed_over for line in chosen if line.why] == [1]
    assert {line.recomputed for line in chosen} == {"agrees"}


def test_replaying_changes_nothing_in_the_record() -> None:
    day = Day()
    for row in history():
        evolve(day, row.event)  # type: ignore[arg-type]
    assert history() == MORNING


def test_a_day_that_never_was_has_no_findings() -> None:
    assert all(finding == Finding(fact=finding.fact, looked_at=0, broken=()) for finding in examine([]))

"""Our event logs as pm4py reads them: without a warning, the same that we count, and a case held against its flow."""

from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from audit.exports.command import export
from ltsa.flow import Flow, FlowKept
from tests.audit.conftest import record
from tests.ltsa.scripted_journey import played

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracles.oracles import Pm4py

    Take = Callable[..., Path]


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """Takes the scripted morning out in a format; the file."""
    record(folder := tmp_path_factory.mktemp("mining") / "office")

    def taken(kind: str, ending: str) -> Path:
        out = folder / f"day.{ending}"
        assert export([kind, str(out), "--data", str(folder), "--force"], None) == 0
        return out

    return taken


@pytest.fixture(scope="module")
def rows(take: Take) -> list[dict[str, str]]:
    """The same morning as a table: what is to be found."""
    return list(csv.DictReader(io.StringIO(take("csv", "csv").read_text("utf-8-sig"))))


@pytest.fixture
def journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[Flow]]:
    """Ratna's case over three days and two offices as a log, and the flows that it followed."""
    with closing(played(tmp_path)) as ledger:
        flows = [it.event.flow for it in ledger.told("flow-kept/1") if isinstance(it.event, FlowKept)]
    monkeypatch.setenv("LTSA_OFFICE", "bandung")
    out = tmp_path / "cases.xes"
    assert export(["xes", str(out), "--trace", "case", "--office", "garut", "--data", str(tmp_path)], None) == 0
    return out, flows


def test_the_visits_are_read_with_as_many_cases_events_and_activities_as_the_day_had(
    pm4py: Pm4py, take: Take, rows: list[dict[str, str]]
) -> None:
    read = pm4py.says("xes", take("xes", "xes"))
    assert read["ok"], read
    scheduled = [service for row in rows if row["event"] in {"ticket-issued", "steps-changed"} for service in _of(row)]
    scheduled += [row["to"] for row in rows if row["event"] == "ticket-transferred"]
    moved = [row["service"] for row in rows if row["event"] in MOVING]
    assert read["cases"] == sum(row["event"] == "ticket-issued" for row in rows) == 7
    assert read["events"] == len(scheduled) + len(moved)
    assert Counter(read["activities"]) == Counter(scheduled + moved)
    assert read["transitions"]["complete"] == sum(row["event"] == "service-finished" for row in rows)


@pytest.mark.parametrize(("kind", "ending"), [("ocel-json", "json"), ("ocel-sqlite", "sqlite")])
def test_every_event_of_the_day_is_read_from_ocel_with_its_objects_and_no_rule_of_the_format_is_broken(
    pm4py: Pm4py, take: Take, rows: list[dict[str, str]], kind: str, ending: str
) -> None:
    read = pm4py.says("ocel", take(kind, ending))
    assert read["ok"], read
    assert Counter(read["activities"]) == Counter(row["event"] for row in rows)
    assert (read["events"], read["wrong"]) == (len(rows), [])
    assert read["objects"] == {
        "office": 1,
        "ticket": len({row["number"] for row in rows} - {""}),
        "counter": len({row["counter"] for row in rows} - {""}),
        "officer": len({row["by"] for row in rows if row["by"].startswith("officer:")}),
        "service": len({service for row in rows for service in (*_of(row), row["service"], row["to"])} - {""}),
    }, "whatever no event is about (the watermark) pm4py leaves out"


def test_a_case_that_went_on_without_a_waived_step_deviates_from_the_flow_that_it_began_under_there_alone(
    pm4py: Pm4py, journey: tuple[Path, list[Flow]]
) -> None:
    log, (began_under, moved_to) = journey
    read = pm4py.says("xes", log)
    assert read["ok"], read
    assert (read["cases"], read["transitions"]) == (1, {"complete": 9, "unknown": 3, "ate_abort": 2})

    as_said = pm4py.says("conformance", log, flow=moved_to.after, corrected=False)
    assert as_said["not_in_flow"] == [["registration", "ak1"]], "done at the desk, taken back, and then AK-1 alone"
    before = pm4py.says("conformance", log, flow=began_under.after, corrected=True)
    after = pm4py.says("conformance", log, flow=moved_to.after, corrected=True)
    assert before["ok"], before
    assert before["discovered"] == after["discovered"] == 5
    assert (before["not_in_flow"], after["not_in_flow"]) == ([["placement-agreement", "passport"]], [])
    assert (before["too_early"], after["too_early"]) == ([["passport"]], [[]])
    assert (before["tokens"], after["tokens"]) == ([[6, 13, 10, 17]], [[5, 14, 8, 17]]), "five ends are to come"
    assert before["fitness"] == pytest.approx((1 - 6 / 13) / 2 + (1 - 10 / 17) / 2)
    assert after["fitness"] == pytest.approx((1 - 5 / 14) / 2 + (1 - 8 / 17) / 2)


MOVING = {
    *("ticket-called", "service-started", "service-finished", "ticket-returned", "ticket-missed", "ticket-held"),
    *("ticket-resumed", "ticket-transferred", "action-undone"),
}


def _of(row: dict[str, str]) -> list[str]:
    return row["services"].split() if row["event"] in {"ticket-issued", "steps-changed"} else []

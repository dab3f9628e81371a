"""Flows: what comes before what, whatever the graph. Random graphs, and the usual flows of an office."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ltsa import parts
from ltsa.coded import Text
from ltsa.flow import Flow, FlowStep, Switch, dead_end, loop, ordered
from ltsa.message import Refusal
from ltsa.office import Office, WrongOfficeError, checked, example_office

NAME: Text = {"id": "Langkah"}


def flow(steps: dict[str, tuple[str, ...]], off: frozenset[str] = frozenset()) -> Flow:
    """A flow of steps with what they come after; those in `off` belong to it only while a switch is on that is not."""
    return Flow(
        id="trial",
        name=NAME,
        about={},
        begins="2026-01-01",
        switches=(Switch(code="waived", name=NAME, on=False),),
        steps=tuple(
            FlowStep(code=code, name=NAME, desk="labour", after=after, switch="waived" if code in off else "")
            for code, after in steps.items()
        ),
    )


def with_flow(it: Flow) -> Office:
    return replace(example_office(), flows=(it,))


@st.composite
def dags(draw: st.DrawFn, least: int = 1) -> dict[str, tuple[str, ...]]:
    """Steps in a random order, each after some that come before it in another random order: never a circle."""
    codes = [f"s{n}" for n in range(draw(st.integers(least, 9)))]
    rank = draw(st.permutations(codes))
    after = {
        code: tuple(draw(st.lists(st.sampled_from(rank[:n]), unique=True, max_size=3))) if n else ()
        for n, code in enumerate(rank)
    }
    return {code: after[code] for code in codes}


@settings(deadline=None)
@given(dags())
def test_a_flow_without_a_circle_can_work_and_is_put_in_an_order_that_keeps_what_comes_before(
    steps: dict[str, tuple[str, ...]],
) -> None:
    it = flow(steps)
    assert (loop(it), dead_end(it)) == ((), ())
    assert checked(with_flow(it)).flows == (it,)
    order = [step.code for step in ordered(it)]
    assert sorted(order) == sorted(steps)
    assert all(order.index(before) < order.index(code) for code, after in steps.items() for before in after)


@settings(deadline=None)
@given(dags(least=2), st.data())
def test_a_circle_is_always_found_and_named_with_its_whole_way(
    steps: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    """A step is made to come after one that already comes after it, at once or through others."""
    above = {code: every_one_before(steps, code) for code in steps}
    pairs = [(first, last) for last in steps for first in above[last]]
    first, last = data.draw(st.sampled_from(pairs)) if pairs else ("s0", "s0")
    closed = steps | {first: (*steps[first], last) if last not in steps[first] else steps[first]}
    off = data.draw(st.frozensets(st.sampled_from(sorted(steps))))
    circle = loop(flow(closed, off))
    assert circle[0] == circle[-1]
    assert all(before in closed[code] for code, before in pairwise(circle))
    with pytest.raises(WrongOfficeError) as refusal:
        checked(with_flow(flow(closed, off)))
    assert refusal.value.code == "wrong-loop"
    assert " → ".join(circle) in refusal.value.message


def every_one_before(steps: dict[str, tuple[str, ...]], code: str) -> set[str]:
    found = set(steps[code])
    for before in steps[code]:
        found |= every_one_before(steps, before)
    return found


@settings(deadline=None)
@given(dags(), st.data())
def test_a_step_that_can_never_be_reached_is_found_with_the_way_to_what_is_missing(
    steps: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    broken = data.draw(st.sampled_from(sorted(steps)))
    lost = steps | {broken: (*steps[broken], "gone")}
    way = dead_end(flow(lost))
    assert way[-2:] == (broken, "gone")
    assert all(before in lost[code] for code, before in pairwise(way))
    with pytest.raises(WrongOfficeError) as refusal:
        checked(with_flow(flow(lost)))
    assert (refusal.value.code, refusal.value.values["step"]) == ("unreachable-step", "gone")
    assert " → ".join(way) in refusal.value.message


@settings(deadline=None)
@given(dags(), st.data())
def test_what_comes_after_a_step_that_is_switched_off_comes_after_what_that_one_came_after(
    steps: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    off = data.draw(st.frozensets(st.sampled_from(sorted(steps))))
    it = flow(steps, off)
    assert set(it.step) == set(steps) - off
    for code in it.step:
        needed, looking = set[str](), list(steps[code])
        while looking:
            before = looking.pop()
            if before in off:
                looking += steps[before]
            else:
                needed.add(before)
        assert set(it.after[code]) == needed


USUAL = [flow.id for flow in example_office().flows]


def test_the_schemes_of_the_law_and_the_services_before_during_and_after_are_the_usual_flows() -> None:
    assert [flow.id for flow in example_office().flows] == [
        *("p-to-p", "g-to-g", "mandiri", "ssw", "ukps", "re-entry"),
        *("service-before", "service-during", "service-after"),
    ]


@pytest.mark.parametrize("name", USUAL)
def test_every_step_of_a_usual_flow_is_done_at_a_desk_of_the_example_or_outside(name: str) -> None:
    office = example_office()
    for step in office.flow[name].steps:
        assert step.outside or office.service_of[step.code], step.code
        assert step.name["en"]
        assert all(document.name["en"] for document in step.documents)


def test_the_passport_waits_for_the_recommendation_only_while_that_is_required() -> None:
    office = example_office()
    assert "passport-recommendation" in office.flow["p-to-p"].after["passport"]
    whole = parts.tree(office)
    parts.put(whole, "flows/p-to-p/switches/passport-recommendation/on", value=False)
    waived = parts.office_of(whole)
    assert waived.flow["p-to-p"].after["passport"] == ("civil-registry-check", "ak1", "placement-agreement")
    assert parts.differences(office, waived) == {"flows/p-to-p/switches/passport-recommendation/on": False}
    assert waived.flow["p-to-p"].digest != office.flow["p-to-p"].digest


def test_the_visa_comes_after_the_e_pmi_under_one_scheme_and_before_it_under_another() -> None:
    flows = example_office().flow
    assert "e-pmi" in flows["ssw"].after["visa"]
    assert "visa" in flows["mandiri"].after["e-pmi"]


def test_parts_of_a_flow_are_changed_added_ordered_and_taken_away_by_their_names() -> None:
    office = example_office()
    whole = parts.tree(office)
    new = {"name": {"id": "Buku pelaut"}, "desk": "outside", "outside": True, "after": ["passport"]}
    parts.put(whole, "flows/ukps/steps/seaman-book", new)
    parts.put(whole, "flows/ukps/steps/visa/documents/photo", {"name": {"id": "Pas foto"}})
    parts.put(whole, "flows/ukps/steps/health-check/valid_days", 30)
    parts.put(whole, "flows/re-entry", None)
    parts.put(whole, "flows/*", ["ukps", "p-to-p"])
    changed = checked(parts.office_of(whole))
    assert [flow.id for flow in changed.flows][:2] == ["ukps", "p-to-p"]
    assert "re-entry" not in changed.flow
    ukps = changed.flow["ukps"]
    assert (ukps.step["seaman-book"].outside, ukps.step["health-check"].valid_days) == (True, 30)
    assert [document.code for document in ukps.step["visa"].documents] == ["passport", "photo"]
    again = parts.tree(office)
    for path, value in parts.differences(office, changed).items():
        parts.put(again, path, value)
    assert parts.office_of(again) == changed


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("flows/ukps/steps/visa/desk", "kitchen", "unknown-desk", "flows/ukps/steps/visa/desk"),
        ("flows/ukps/steps/visa/switch", "moon", "unknown-switch", "flows/ukps/steps/visa/switch"),
        ("flows/ukps/steps/visa/valid_days", -1, "wrong-range", "flows/ukps/steps/visa/valid_days"),
        ("flows/ukps/steps/visa/after", ["passport", "passport"], "wrong-twice", "flows/ukps/steps/visa/after"),
        ("flows/ukps/begins", "soon", "wrong-date", "flows/ukps/begins"),
        ("flows/ukps/ends", "2001-01-01", "wrong-ends", "flows/ukps/ends"),
        ("flows/ukps/steps", [], "missing-step", "flows/ukps/steps"),
        ("flows/ukps/steps/passport/after", ["e-pmi"], "wrong-loop", "flows/ukps/steps/"),
        ("services/bank/steps", ["x y"], "wrong-code", "services/bank/steps"),
    ],
)
def test_a_flow_that_cannot_work_is_refused_with_what_would_be_right(
    path: str, value: Any, code: str, field: str
) -> None:
    whole = parts.tree(example_office())
    parts.put(whole, path, value)
    with pytest.raises(Refusal) as refusal:
        checked(parts.office_of(whole))
    assert refusal.value.code == code
    assert str(refusal.value.field).startswith(field)

"""The road of a case, and what one visit can do of it: for any flow, any office and whatever was done before."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ltsa.flow import Flow, ordered
from ltsa.journey import Case, Mark, Move
from ltsa.office import Office, example_office
from ltsa.road import plan, road
from tests.ltsa.test_flow import dags, flow

TODAY, YESTERDAY = "2026-11-21", "2026-11-20"
EIGHT_DESKS = [service.id for service in example_office().services]


def done(until: str = "", **more: Any) -> Mark:
    return Mark(state="done", at=1, by="x", office="ltsa", date="2026-11-01", valid_until=until, **more)


def case_of(it: Flow, marks: dict[str, Mark]) -> Case:
    pinned = (Move(since="", scheme=it.id, flow=it.digest),)
    return Case("p-1", "ltsa", "c", 1, pinned, {step: (mark,) for step, mark in marks.items()})


def office_doing(where: dict[str, str]) -> Office:
    """The example office, each of its services doing the steps that `where` says."""
    before = example_office()
    services = [
        replace(service, steps=tuple(step for step, at in where.items() if at == service.id))
        for service in before.services
    ]
    return replace(before, services=tuple(services))


MARKS = st.sampled_from(
    [
        None,
        done(),
        done(TODAY),
        done(YESTERDAY),
        replace(done(), state="returned", missing=("id-card",), reasons=("document-missing",)),
        replace(done(), state="rejected", outcome="rejected"),
    ]
)


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Flow, Case, Office]:
    """A flow, what was said of its steps, and an office that does some of them."""
    steps = draw(dags())
    it = flow(steps, draw(st.frozensets(st.sampled_from(sorted(steps)))))
    drawn = {code: draw(MARKS) for code in steps}
    where = {code: draw(st.sampled_from(["", *EIGHT_DESKS[:3]])) for code in steps}
    case = case_of(it, {code: mark for code, mark in drawn.items() if mark is not None})
    return it, case, office_doing(where)


@settings(deadline=None)
@given(journeys())
def test_possible_are_exactly_the_steps_not_done_before_which_everything_is_done_and_valid(
    journey: tuple[Flow, Case, Office],
) -> None:
    it, case, office = journey
    seen = road(case, it, TODAY, office)
    assert [step.code for step in seen] == list(it.step)
    for step in seen:
        mark = case.mark(step.code)
        valid = mark is not None and mark.state == "done" and mark.valid_until in ("", TODAY)
        open_before = [before for before in it.after[step.code] if not case.holds(before, TODAY)]
        assert (step.state == "done") == valid
        assert step.ready == (not valid and not open_before)
        assert list(step.waits_for) == ([] if valid else open_before)
        if step.ready and mark is not None:
            assert step.state == {"done": "expired"}.get(mark.state, mark.state)


@settings(deadline=None)
@given(journeys())
def test_a_plan_never_does_a_step_before_what_comes_before_it(journey: tuple[Flow, Case, Office]) -> None:
    """The services are visited in any order that the plan allows: each step finds done what it needs."""
    it, case, office = journey
    found = plan(case, it, office, TODAY)
    assert set(found.services) == set(found.work) == set(found.after)
    held = {code for code in it.step if case.holds(code, TODAY)}
    left = list(found.services)
    while left:
        free = [service for service in left if not set(found.after[service]) & set(left)]
        assert free, "the services wait for each other in a circle"
        service = free[-1]
        for step in found.work[service]:
            assert office.service_of[step] == service
            assert step not in held
            assert set(it.after[step]) <= held
            held.add(step)
        left.remove(service)


@settings(deadline=None)
@given(journeys())
def test_a_plan_leaves_out_nothing_that_could_be_done_unless_services_would_wait_for_each_other(
    journey: tuple[Flow, Case, Office],
) -> None:
    it, case, office = journey
    found = plan(case, it, office, TODAY)
    at = {step: service for service, steps in found.work.items() for step in steps}
    for step in ordered(it):
        service = office.service_of.get(step.code, "")
        needs = [code for code in it.after[step.code] if not case.holds(code, TODAY)]
        if step.code in at or case.holds(step.code, TODAY) or not service or any(code not in at for code in needs):
            continue
        assert any(waits(found.after, at[code], service) for code in needs if at[code] != service)


def waits(after: dict[str, tuple[str, ...]], service: str, other: str) -> bool:
    """Whether a service waits for another, at once or through others."""
    return any(before == other or waits(after, before, other) for before in after.get(service, ()))


@settings(deadline=None)
@given(journeys(), st.data())
def test_a_plan_for_some_services_is_for_those_alone(journey: tuple[Flow, Case, Office], data: st.DataObject) -> None:
    it, case, office = journey
    chosen = data.draw(st.lists(st.sampled_from(EIGHT_DESKS[:3]), min_size=1, unique=True))
    assert set(plan(case, it, office, TODAY, chosen).services) <= set(chosen)


def test_somebody_who_comes_to_labour_twice_in_one_journey_comes_again_on_another_day() -> None:
    """Labour, then immigration, then labour again: the second sitting at labour is left for the next visit."""
    it = flow({"register": (), "passport": ("register",), "contract": ("passport",), "orientation": ("contract",)})
    office = office_doing(
        {"register": "labour", "passport": "immigration", "contract": "labour", "orientation": "information"}
    )
    first = plan(case_of(it, {}), it, office, TODAY)
    assert first.work == {"labour": ("register",), "immigration": ("passport",)}
    assert first.after == {"labour": (), "immigration": ("labour",)}
    next_visit = plan(case_of(it, {"register": done(), "passport": done()}), it, office, TODAY)
    assert next_visit.work == {"information": ("orientation",), "labour": ("contract",)}
    assert next_visit.services == ("information", "labour"), "as the office shows them"
    assert next_visit.after["information"] == ("labour",)


def test_an_expired_health_letter_is_to_be_renewed_and_what_comes_after_it_waits() -> None:
    office = example_office()
    it = office.flow["p-to-p"]
    marks = {code: done() for code in it.step if code not in {"visa", "work-contract", "orientation", "e-pmi"}}
    case = case_of(it, marks | {"health-check": done(YESTERDAY)})
    seen = {step.code: step for step in road(case, it, TODAY, office)}
    assert (seen["health-check"].state, seen["health-check"].until) == ("expired", YESTERDAY)
    assert (seen["visa"].state, seen["visa"].waits_for) == ("later", ("health-check",))
    assert plan(case, it, office, TODAY).work == {"health": ("health-check",)}


def test_a_returned_step_says_what_was_missing_and_what_is_to_be_brought() -> None:
    office = example_office()
    it = office.flow["mandiri"]
    returned = replace(done(), state="returned", missing=("family-card",), reasons=("document-missing",))
    [step] = [each for each in road(case_of(it, {"civil-registry-check": returned}), it, TODAY, office) if each.missing]
    assert (step.state, step.missing, step.reasons) == ("returned", ("family-card",), ("document-missing",))
    assert [document.code for document in step.documents] == ["id-card", "family-card", "birth-certificate"]
    assert step.service == "civil-registry"

"""Whatever is sent as a change of an office: it works, or it is refused with a reason, and harms nobody else."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ltsa import configuring, parts
from ltsa.commands import ChangeSteps, IssueTicket
from ltsa.configuring import ChangeOffice, Configurations, ConfigureOffice, WithdrawChange
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.office import Office, WrongOfficeError, checked, example_office, new_office

TODAY = "2026-11-23"
NOW = int(datetime(2026, 11, 23, 3, tzinfo=UTC).timestamp() * 1000)


def office_with(configuration: Office) -> Configurations:
    state = Configurations()
    begin = ConfigureOffice(
        office=configuration.id, at=0, by="system", key="begin", configuration=configuration, since="1970-01-01"
    )
    for event in configuring.decide(begin, state):
        configuring.evolve(state, event)
    return state


def change(state: Configurations, changes: dict[str, Any], since: str = TODAY) -> None:
    office = state.on(TODAY).id
    key = f"key {state.version}"
    asked = ChangeOffice(office=office, at=NOW, by="manager:maya", key=key, since=since, why="perlu", changes=changes)
    for event in configuring.decide(asked, state):
        configuring.evolve(state, event)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("days_off", 5, "wrong-value"),
        ("special_days", "Natal", "wrong-value"),
        ("days_off", None, "nothing-changes"),
        ("zone", "Asia", "wrong-zone"),
        ("zone", "A" * 5000, "wrong-zone"),
        ("zone", "../../etc/passwd", "wrong-zone"),
        ("rules/return_reasons", [{"code": "a/b", "name": {"id": "A"}}], "wrong-code"),
        ("rules/return_reasons", [{"code": "*", "name": {"id": "A"}}], "wrong-code"),
        ("services", {"": {}}, "wrong-code"),
        ("services", {"a/b": {}}, "wrong-code"),
        ("week/mon", {"opens": "22:00", "closes": "06:00"}, "wrong-hours"),
        ("rules/recall_limit", float("nan"), "wrong-value"),
        ("rules/recall_limit", 10**400, "wrong-range"),
        ("services/" * 8000, {}, "unknown-setting"),
    ],
)
def test_nonsense_is_refused_with_its_reason(path: str, value: object, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        change(office_with(example_office()), {path: value})
    assert refusal.value.code == code


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_paths = st.sampled_from(
    sorted(
        {
            *parts.tree(example_office()),
            *parts.differences(
                example_office(), replace(new_office("ltsa", {"id": "Lain"}, "Asia/Makassar"), services=(), counters=())
            ),
        }
    )
) | st.lists(
    st.sampled_from(
        ["services", "health", "rules", "week", "fri", "days_off", "2027-01-01", "counters", "4", "*", "", "bring"]
    )
    | st.text(max_size=4),
    max_size=4,
).map("/".join)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_paths, _json, max_size=4))
def test_whatever_is_sent_it_works_or_is_refused(changes: dict[str, Any]) -> None:
    state = office_with(example_office())
    try:
        change(state, changes)
    except Refusal:
        assert state.version == 1
    except UnicodeEncodeError:  # half a letter: no form and no decoder of ours lets it in
        assert state.version == 1
    else:
        checked(state.on(TODAY))
        state.differences(2)


def test_services_that_come_after_many_others_are_judged_at_once() -> None:
    office = example_office()
    usual = office.services[0]
    names = [f"s{n}" for n in range(60)]
    many = tuple(
        replace(usual, id=name, prefix=ascii_uppercase[n // 26] + ascii_uppercase[n % 26], after=tuple(names[:n]))
        for n, name in enumerate(names)
    )
    chain = replace(office, services=many, counters=(replace(office.counters[0], services=("s0",)),))
    assert checked(chain) is chain
    circle = replace(chain, services=(replace(many[0], after=("s59",)), *many[1:]))
    with pytest.raises(WrongOfficeError, match="goes in a circle") as wrong:
        checked(circle)
    names = str(wrong.value).partition(": ")[2].partition(": ")[2].rstrip(".").split(" → ")
    assert names[0] == names[-1]
    assert all(before in circle.service[name].after for name, before in pairwise(names))
    assert wrong.value.field == f"services/{names[0]}/after"


def test_a_visit_to_all_of_them_is_changed_at_once(tmp_path: Path) -> None:
    office = example_office()
    names = [f"s{n}" for n in range(40)]
    many = tuple(
        replace(office.services[0], id=name, prefix="X" * (n + 1), after=tuple(names[:n]))
        for n, name in enumerate(names)
    )
    chain = replace(office, services=many, counters=(replace(office.counters[0], services=("s0",)),))
    ledger = Ledger(tmp_path / "ledger.sqlite")
    said: dict[str, Any] = {"office": "ltsa", "at": NOW, "by": "manager:maya"}
    ledger.do(ConfigureOffice(**said, key="a", configuration=chain, since="1970-01-01"))
    ledger.do(IssueTicket(**said, key="b", services=tuple(names[:39]), token="token"))
    ledger.do(ChangeSteps(**said, key="c", number="X001", add=("s39",)))
    ledger.close()


def test_closing_every_weekday_does_not_open_the_office_at_every_hour() -> None:
    state = office_with(new_office("ltsa", {"id": "LTSA"}, "Asia/Jakarta"))
    with pytest.raises(Refusal) as refusal:
        change(state, {f"week/{day}": None for day in state.on(TODAY).week})
    assert (refusal.value.code, refusal.value.field) == ("missing-hours", "week")
    change(state, {"week/fri": None}, since="2027-01-01")
    with pytest.raises(Refusal) as refusal:
        change(state, {f"week/{day}": None for day in ("mon", "tue", "wed", "thu")})
    assert (refusal.value.code, refusal.value.state) == ("missing-hours", "2027-01-01")
    always = office_with(state.on(TODAY))
    change(always, {"week": {}})
    assert always.on(TODAY).week == {}, "whoever wants it says so as a whole"


def test_undoing_the_first_hours_is_no_closing() -> None:
    state = office_with(example_office())
    change(state, {"week/mon": {"opens": "08:00", "closes": "12:00"}})
    undo = WithdrawChange(office="ltsa", at=NOW, by="manager:maya", key="undo", change=2, why="keliru")
    for event in configuring.decide(undo, state):
        configuring.evolve(state, event)
    assert state.on(TODAY).week == {}


def test_a_command_that_nobody_foresaw_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    said: dict[str, Any] = {"office": "ltsa", "at": NOW, "by": "manager:maya"}
    ledger.do(ConfigureOffice(**said, key="a", configuration=example_office(), since="1970-01-01"))
    monkeypatch.setattr("ltsa.configuring._not_past", lambda *_: [].unforeseen)  # type: ignore[attr-defined]
    broken = ledger.submit(ChangeOffice(**said, key="b", since=TODAY, why="perlu", changes={"name": {"id": "X"}}))
    number = ledger.submit(IssueTicket(**said, key="c", services=("bank",), token="token"))
    assert number.result().answer
    with pytest.raises(AttributeError):
        broken.result()
    ledger.close()

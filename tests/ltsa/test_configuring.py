"""An office's configuration over time, told as what its manager does. Times are those of Jakarta."""

from datetime import date, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ltsa import configuring, parts
from ltsa.configuring import ChangeOffice, ConfigurationCommand, Configurations, ConfigureOffice, WithdrawChange
from ltsa.message import Refusal
from ltsa.office import Office, WrongOfficeError, example_office

MONDAY = "2026-11-23"
MAYA = "manager:maya"
Parts = dict[str, Any]


class Desk:
    """Where Maya, who manages the office, decides. It was set up on 1 November and has been open since."""

    def __init__(self, *, lived: bool = True) -> None:
        self.state, self.clock, self._keys = Configurations(), "2026-11-01T09:00", count(1)
        self.do(ConfigureOffice, by="headquarters:hadi", configuration=example_office(), since="2026-11-01")
        self.clock, self.state.lived = f"{MONDAY}T10:00", lived

    def do(self, command: type[ConfigurationCommand], **fields: Any) -> int:
        """Gives a command; answers the version of what was recorded."""
        at = int(datetime.fromisoformat(f"{self.clock}+07:00").timestamp() * 1000)
        said: dict[str, Any] = {"office": "ltsa", "at": at, "by": MAYA, "key": f"key {next(self._keys)}"}
        for event in configuring.decide(command(**said | fields), self.state):
            configuring.evolve(self.state, event)
        return self.state.version

    def changes(self, since: str = MONDAY, why: str = "perlu", seen: int = 0, **parts: Any) -> int:
        """Changes parts; "__" stands for the slash of a path, "_" for what a name may have."""
        changes = {path.replace("__", "/"): value for path, value in parts.items()}
        return self.do(ChangeOffice, since=since, why=why, seen=seen, changes=changes)

    def undoes(self, version: int) -> int:
        return self.do(WithdrawChange, change=version, why="keliru")

    def refused(self, command: type[ConfigurationCommand], **fields: Any) -> Refusal:
        """The refusal that a command meets; it changes nothing."""
        version = self.state.version
        with pytest.raises(Refusal) as refusal:
            self.do(command, **fields)
        assert self.state.version == version
        assert refusal.value.message.endswith((".", ")"))
        return refusal.value

    def refuses(self, since: str = MONDAY, why: str = "perlu", seen: int = 0, **changes: Any) -> tuple[str, str | None]:
        """The code and the field of the refusal that a change meets."""
        changes = {path.replace("__", "/"): value for path, value in changes.items()}
        refusal = self.refused(ChangeOffice, since=since, why=why, seen=seen, changes=changes)
        return refusal.code, refusal.field

    def on(self, day: str) -> Office:
        return self.state.on(date.fromisoformat(day))

    def limits(self, *days: str) -> list[int]:
        """The recall limit on some dates."""
        return [self.on(day).rules.recall_limit for day in days]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_change_is_in_force_from_its_date_on(desk: Desk) -> None:
    desk.changes(since="2026-12-01", rules__recall_limit=5)
    assert desk.limits("2026-11-23", "2026-11-30", "2026-12-01", "2027-06-01") == [3, 3, 5, 5]
    assert desk.limits("2020-01-01") == [3], "before the first one there was the first one"


def test_what_is_planned_for_later_stays_planned_whatever_is_changed_before(desk: Desk) -> None:
    desk.changes(since="2027-01-01", rules__recall_limit=5)
    desk.changes(since="2026-12-01", rules__recall_limit=2)
    assert desk.limits("2026-11-23", "2026-12-01", "2027-01-01") == [3, 2, 5]
    assert [change.since for change in desk.state.planned(date(2026, 11, 23))] == ["2027-01-01", "2026-12-01"]


def test_of_two_changes_for_one_date_the_later_decision_counts(desk: Desk) -> None:
    desk.changes(since="2026-12-01", rules__recall_limit=5)
    desk.changes(since="2026-12-01", rules__recall_limit=4)
    assert desk.limits("2026-12-01") == [4]


def test_a_change_takes_along_only_what_it_is_about(desk: Desk) -> None:
    """A new name decided in December does not take back the time that was planned for January, and the other way."""
    whole = parts.value_at(desk.on(MONDAY), "services/health")
    planned = desk.changes(since="2027-01-01", services__health={**whole, "minutes": 25})
    assert desk.state.changes[planned - 1].parts == {"services/health/minutes": 25}
    desk.changes(since="2026-12-01", services__health__name={"id": "Kesehatan dan psikologi"})
    january = desk.on("2027-01-01").service["health"]
    assert (january.minutes, january.name["id"]) == (25, "Kesehatan dan psikologi")


def test_a_service_comes_with_its_counter_and_goes_with_it(desk: Desk) -> None:
    insurance = {"prefix": "K", "name": {"id": "Asuransi"}, "about": {}, "agency": {}}
    desk.changes(
        services__insurance=insurance,
        counters__11={"name": {"id": "Loket 11"}, "services": ["insurance"]},
        **Parts({"services__*": ["insurance"]}),
    )
    office = desk.on(MONDAY)
    assert list(office.service)[:2] == ["insurance", "information"], "it stands first"
    assert office.counter["11"].services == ("insurance",)
    assert desk.refuses(services__insurance=None) == ("unknown-service", "counters/11/services")
    desk.changes(services__insurance=None, counters__11=None)
    assert desk.on(MONDAY) == replace(example_office())


def test_days_off_stand_by_date_however_they_were_entered(desk: Desk) -> None:
    desk.changes(**Parts({"days_off__2027-03-10": {"name": {"id": "Idul Fitri"}, "kind": "holiday"}}))
    desk.changes(**Parts({"days_off__2027-01-01": {"name": {"id": "Tahun Baru"}, "kind": "holiday"}}))
    assert list(desk.on(MONDAY).day_off) == ["2027-01-01", "2027-03-10"]
    desk.changes(**Parts({"days_off__2027-01-01": None}))
    assert list(desk.on(MONDAY).day_off) == ["2027-03-10"]


def test_a_change_says_what_it_made_another(desk: Desk) -> None:
    version = desk.changes(
        since="2026-12-01", rules__recall_limit=5, week__fri={"opens": "08:00", "closes": "11:00"}, counters__8=None
    )
    said = {difference.path: (difference.before, difference.after) for difference in desk.state.differences(version)}
    assert said["rules/recall_limit"] == (3, 5)
    assert said["week/fri"] == (None, {"opens": "08:00", "closes": "11:00", "breaks": []})
    assert said["counters/8"][0]["services"] == ["police"]
    assert said["counters/8"][1] is None
    desk.changes(since="2026-12-01", rules__recall_limit=6)
    again = {difference.path: (difference.before, difference.after) for difference in desk.state.differences(version)}
    assert again == said, "it says what was decided then"
    undone = desk.state.differences(desk.undoes(version))
    assert {difference.path for difference in undone} == {"week/fri", "counters/8", "counters/*"}
    assert desk.state.differences(1) == ()


def test_undoing_a_plan_means_that_it_never_happens(desk: Desk) -> None:
    planned = desk.changes(since="2026-12-01", rules__recall_limit=5)
    undone = desk.undoes(planned)
    assert desk.limits("2026-11-23", "2026-12-01") == [3, 3]
    assert desk.state.planned(MONDAY) == []
    change, undoing = desk.state.changes[-2:]
    assert (change.withdrawn, change.until, undoing.withdraws) == (undone, "2026-12-01", planned)


def test_undoing_what_is_in_force_takes_it_away_from_today_on_and_leaves_what_was_true(desk: Desk) -> None:
    changed = desk.changes(rules__recall_limit=5)
    desk.clock = "2026-11-25T08:00"
    desk.undoes(changed)
    assert desk.limits("2026-11-23", "2026-11-24", "2026-11-25") == [5, 5, 3]


def test_undoing_one_change_leaves_a_later_one_to_the_same_part(desk: Desk) -> None:
    first = desk.changes(rules__recall_limit=5)
    desk.changes(since="2026-11-30", rules__recall_limit=7)
    desk.undoes(first)
    assert desk.limits("2026-11-23", "2026-11-30") == [3, 7]


def test_what_cannot_be_undone_says_so(desk: Desk) -> None:
    changed = desk.changes(rules__recall_limit=5)
    desk.changes(rules__recall_limit=6)
    codes = {version: desk.refused(WithdrawChange, change=version, why="keliru").code for version in (0, 1, changed, 9)}
    assert codes == {0: "unknown-change", 1: "not-withdrawable", changed: "nothing-changes", 9: "unknown-change"}
    undone = desk.undoes(3)
    assert desk.refused(WithdrawChange, change=3, why="keliru").code == "withdrawn-already"
    assert desk.refused(WithdrawChange, change=undone, why="keliru").code == "not-withdrawable"


def test_what_was_true_on_any_date_can_be_asked_as_it_was_known_then(desk: Desk) -> None:
    known = desk.state.version
    desk.changes(since="2026-12-01", rules__recall_limit=5)
    assert desk.state.on("2026-12-01", known).rules.recall_limit == 3
    assert desk.state.on("2026-12-01").rules.recall_limit == 5


def test_a_change_that_changes_nothing_is_refused_and_what_is_so_already_is_left_out(desk: Desk) -> None:
    assert desk.refuses(rules__recall_limit=3) == ("nothing-changes", "changes")
    assert desk.refuses() == ("nothing-changes", "changes")
    version = desk.changes(rules__recall_limit=3, rules__undo_seconds=20)
    assert desk.state.changes[version - 1].parts == {"rules/undo_seconds": 20}
    whole = replace(desk.on(MONDAY))
    assert desk.refused(ConfigureOffice, configuration=whole, since=MONDAY).code == "nothing-changes"


def test_nothing_begins_in_the_past(desk: Desk) -> None:
    assert desk.refuses(since="2026-11-22", rules__recall_limit=5) == ("wrong-since", "since")
    assert desk.refuses(since="tomorrow", rules__recall_limit=5) == ("wrong-date", "since")
    past = desk.refused(ConfigureOffice, configuration=replace(example_office(), name={"id": "X"}), since="2026-11-22")
    assert (past.code, past.values) == ("wrong-since", {"today": date(2026, 11, 23)})


def test_whoever_changes_something_says_why(desk: Desk) -> None:
    assert desk.refuses(why="  ", rules__recall_limit=5) == ("missing-why", "why")
    assert desk.refuses(why="x" * 301, rules__recall_limit=5) == ("wrong-why", "why")
    assert desk.refuses(why="a\x00b", rules__recall_limit=5) == ("wrong-why", "why")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"rules__recall": 5}, "unknown-setting", "rules/recall"),
        ({"id": "other"}, "unknown-setting", "id"),
        ({"services__dentist__minutes": 5}, "unknown-setting", "services/dentist/minutes"),
        ({"week__fri__opens": "08:00"}, "unknown-setting", "week/fri/opens"),
        ({"week__someday": {"opens": "08:00", "closes": "09:00"}}, "unknown-setting", "week/someday"),
        ({"rules__recall_limit": "5"}, "wrong-value", "rules/recall_limit"),
        ({"rules__recall_limit": 99}, "wrong-range", "rules/recall_limit"),
        ({"services__bank__minutes": 0}, "wrong-range", "services/bank/minutes"),
        ({"services__bank": {"id": "other"}}, "wrong-value", "services/bank"),
        ({"services__bank__bring": ["KTP"]}, "wrong-value", "services/bank/bring/"),
        (
            {"services__b nk": {"prefix": "K", "name": {"id": "X"}, "about": {}, "agency": {}}},
            "wrong-code",
            "services/id",
        ),
        ({"rules__return_reasons": [{"code": "a", "name": {"id": "A"}}] * 2}, "wrong-twice", "rules/return_reasons"),
        ({"week__fri": {"opens": "8.00", "closes": "16:00"}}, "wrong-time", "week/fri/opens"),
        ({"week__fri": {"opens": "08:00", "closes": "07:00"}}, "wrong-hours", "week/fri/closes"),
        ({"days_off__2027-02-30": {"name": {"id": "X"}}}, "wrong-date", "days_off"),
        ({"days_off__2027-02-03": {"name": {"en": "X"}}}, "missing-words", "days_off/2027-02-03/name"),
        ({"second_factor": ["boss"]}, "wrong-role", "second_factor"),
        ({"zone": "Asia/Bandung"}, "wrong-zone", "zone"),
        ({"name": {"id": "x" * 200}}, "wrong-words", "name"),
    ],
)
def test_what_cannot_be_set_names_the_part(desk: Desk, changes: dict[str, Any], code: str, field: str) -> None:
    assert desk.refuses(**changes) == (code, field)


def test_a_change_must_also_work_with_what_is_planned_for_later(desk: Desk) -> None:
    desk.changes(since="2027-01-01", counters__12={"name": {"id": "Loket 12"}, "services": ["bank"]})
    gone = {"services/bank": None, "counters/9": None}
    refusal = desk.refused(ChangeOffice, since="2026-12-01", why="bank pindah", changes=gone)
    assert (refusal.code, refusal.field, refusal.state) == ("unknown-service", "counters/12/services", "2027-01-01")


def test_what_a_plan_is_about_cannot_be_taken_away_before_it(desk: Desk) -> None:
    planned = desk.changes(since="2027-01-01", services__bank__minutes=20)
    gone = {"services/bank": None, "counters/9": None}
    refusal = desk.refused(ChangeOffice, since="2026-12-01", why="bank pindah", changes=gone)
    assert (refusal.code, refusal.field, refusal.state) == ("plan-in-the-way", "services/bank/minutes", "2027-01-01")
    desk.undoes(planned)
    desk.do(ChangeOffice, since="2026-12-01", why="bank pindah", changes=gone)
    assert "bank" not in desk.on("2027-01-01").service


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    seen = desk.state.version
    desk.changes(rules__recall_limit=5)
    assert desk.refuses(seen=seen, rules__recall_limit=4) == ("changed-meanwhile", "rules/recall_limit")
    desk.changes(seen=seen, rules__undo_seconds=20)
    desk.changes(seen=desk.state.version, rules__recall_limit=4)


def test_the_zone_is_fixed_once_there_was_a_service_day(desk: Desk) -> None:
    for since in (MONDAY, "2027-01-01"):
        assert desk.refuses(since=since, zone="Asia/Makassar") == ("zone-fixed", "zone")
        other = replace(example_office(), zone="Asia/Makassar")
        assert desk.refused(ConfigureOffice, configuration=other, since=since).code == "zone-fixed"


def test_before_the_first_service_day_the_zone_changes_at_once_and_is_never_planned() -> None:
    desk = Desk(lived=False)
    desk.clock = f"{MONDAY}T22:30"
    assert desk.refuses(since="2027-01-01", zone="Asia/Jayapura") == ("zone-fixed", "zone")
    moved = desk.changes(zone="Asia/Jayapura")
    assert desk.on(MONDAY).zone == "Asia/Jayapura"
    at = desk.state.at
    assert desk.state.today(at).isoformat() == "2026-11-24", "half past ten in Jakarta is tomorrow in Jayapura"
    desk.state.lived = True
    assert desk.refused(WithdrawChange, change=moved, why="keliru").code == "zone-fixed"


def test_today_s_date_never_depends_on_a_zone_that_somebody_planned_once() -> None:
    """The record may hold what would be refused today."""
    state, at = Configurations(), int(datetime.fromisoformat(f"{MONDAY}T22:30+07:00").timestamp() * 1000)
    for zone, since in (("Asia/Jakarta", "1970-01-01"), ("Asia/Jayapura", "2026-12-01")):
        office = replace(example_office(), zone=zone)
        said = {"at": 1, "by": "command line", "key": zone, "content": ""}
        configuring.evolve(state, configuring.OfficeConfigured(**said, office=office, since=since))  # type: ignore[arg-type]
    assert state.today(at).isoformat() == MONDAY
    week = 8 * 24 * 3_600_000
    assert state.today(at + week).isoformat() == "2026-12-02", "by then it is in force"


def test_a_file_loaded_for_an_earlier_date_leaves_what_another_file_says_for_later(desk: Desk) -> None:
    """Both were once one list in the order of recording."""
    for since, name in (("2027-01-01", "Kantor baru"), ("2026-12-01", "Kantor sementara")):
        desk.do(ConfigureOffice, configuration=replace(example_office(), name={"id": name}), since=since)
    assert [desk.on(day).name["id"] for day in (MONDAY, "2026-12-01", "2027-01-01")] == [
        "LTSA Contoh",
        "Kantor sementara",
        "Kantor baru",
    ]


def test_a_new_office_is_not_set_up_over_another(desk: Desk) -> None:
    taken = desk.refused(
        ConfigureOffice, configuration=replace(example_office(), name={"id": "X"}), since=MONDAY, new=True
    )
    assert taken.code == "office-taken"
    other = desk.refused(ConfigureOffice, configuration=replace(example_office(), id="other"), since=MONDAY)
    assert (other.code, other.field) == ("wrong-value", "id")


def test_nothing_is_changed_in_an_office_that_is_not_there() -> None:
    desk = Desk()
    desk.state = Configurations()
    assert desk.refuses(rules__recall_limit=5) == ("unknown-office", "office")
    with pytest.raises(WrongOfficeError, match="installation"):
        desk.do(
            ConfigureOffice,
            office="installation",
            configuration=replace(example_office(), id="installation"),
            since="1970-01-01",
        )


numbers = st.integers(0, 20)
days = st.integers(23, 30)
decisions = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), days, numbers),
        st.tuples(st.just("seconds"), days, numbers),
        st.tuples(st.just("minutes"), days, st.integers(1, 60)),
        st.tuples(st.just("undo"), days, numbers),
        st.tuples(st.just("night"), days, numbers),
    ),
    max_size=14,
)
PATHS = {"limit": "rules/recall_limit", "seconds": "rules/undo_seconds", "minutes": "services/bank/minutes"}


@settings(deadline=None, max_examples=40)
@given(decisions)
def test_whatever_is_decided_in_whatever_order_each_date_has_the_last_decision_for_the_latest_date_before_it(
    made: list[tuple[str, int, int]],
) -> None:
    """Against a plain model: a list of (date, version, path, value), each until the date of its undoing."""
    desk, today = Desk(), 23
    model: dict[int, tuple[int, dict[str, int]]] = {}
    ended: dict[int, int] = {}
    for what, day, value in made:
        desk.clock = f"2026-11-{today}T12:00"
        before = [desk.on(f"2026-11-{n}") for n in range(23, today)]
        try:
            if what == "night":
                today = min(today + 1, 30)
            elif what == "undo":
                version = 2 + value % max(desk.state.version, 1)
                desk.undoes(version)
                ended[version] = max(model[version][0], today)
            else:
                version = desk.do(ChangeOffice, since=f"2026-11-{day}", why="perlu", changes={PATHS[what]: value})
                model[version] = (day, {PATHS[what]: value})
        except Refusal:
            pass
        assert [desk.on(f"2026-11-{n}") for n in range(23, today)][: len(before)] == before, "the past does not change"
    for day in range(23, 31):
        expected = {path: parts.value_at(example_office(), path) for path in PATHS.values()}
        for version, (since, changes) in sorted(model.items(), key=lambda item: (item[1][0], item[0])):
            if since <= day < ended.get(version, 99):
                expected |= changes
        office = desk.on(f"2026-11-{day}")
        assert {path: parts.value_at(office, path) for path in expected} == expected

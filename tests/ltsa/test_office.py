"""An office file: what is wrong is named, with what would be right."""

from pathlib import Path

import msgspec
import pytest

from ltsa.dispatch import Weights
from ltsa.office import (
    Break,
    Coded,
    DayOff,
    Office,
    Opening,
    Rules,
    Service,
    WrongOfficeError,
    checked,
    example_office,
    new_office,
    read_office,
    usual_week,
)
from tests.ltsa.hall import EIGHT

NEW_YEAR = DayOff(date="2027-01-01", name={"id": "Tahun Baru"})


def changed(**fields: object) -> Office:
    return msgspec.structs.replace(example_office(), **fields)


def dispatching(**fields: object) -> Office:
    rules = example_office().rules
    return changed(rules=msgspec.structs.replace(rules, dispatch=msgspec.structs.replace(rules.dispatch, **fields)))


def test_a_new_office_has_its_dispatcher_and_one_that_names_none_stays_with_who_came_first() -> None:
    chosen = new_office("baru", {"id": "LTSA Baru"}, "Asia/Makassar").rules.dispatch
    assert (chosen.policy, chosen.percent("bank")) == ("index", 50)
    assert msgspec.structs.replace(chosen, far=("bank",)).percent("bank") == 100
    assert Rules().dispatch.policy == "fifo"


def test_the_example_has_the_eight_desks_of_the_law() -> None:
    office = example_office()
    assert [service.prefix for service in office.services] == list("ABCDEFGH")
    assert {service for counter in office.counters for service in counter.services} == set(office.service)


def test_a_service_day_is_a_local_date() -> None:
    late_evening_utc = EIGHT + 16 * 3_600_000
    assert changed(zone="Asia/Jakarta").service_date(late_evening_utc).isoformat() == "2026-11-22"
    assert changed(zone="Asia/Jayapura").service_date(EIGHT + 14 * 3_600_000 - 1).isoformat() == "2026-11-21"
    assert changed(zone="Asia/Jayapura").service_date(EIGHT + 14 * 3_600_000).isoformat() == "2026-11-22"


@pytest.mark.parametrize(
    ("office", "field", "sentence"),
    [
        (lambda: changed(zone="Asia/Bandung"), "zone", "use one of Asia/Jakarta"),
        (lambda: changed(zone="Asia"), "zone", "is no time zone"),
        (lambda: changed(zone="Z" * 500), "zone", "ZZZ' is no time zone"),
        (lambda: changed(id="installation"), "id", "means all offices"),
        (lambda: changed(services=()), "services", "at least one service"),
        (lambda: dispatching(policy="best"), "rules/dispatch/policy", "known are fifo, fix, shortest, all, index"),
        (lambda: dispatching(shadow="best"), "rules/dispatch/shadow", "is no policy"),
        (lambda: dispatching(shadow="index"), "rules/dispatch/shadow", "calls already"),
        (lambda: dispatching(weights=Weights(priority=0)), "rules/dispatch/weights/priority", "from 1 to 10"),
        (lambda: dispatching(standby=301), "rules/dispatch/standby", "from 0 to 300"),
        (lambda: dispatching(far=("bank", "bank")), "rules/dispatch/far", "stands twice"),
        (lambda: dispatching(far=("visa",)), "rules/dispatch/far", "is not a service of this office"),
        (lambda: with_service("bank", minutes=0), "services/bank/minutes", "from 1 to 480"),
        (
            lambda: with_service("bank", bring=(Coded(code="ktp", name={"en": "Card"}),)),
            "services/bank/bring/ktp/name",
            "words in Indonesian",
        ),
        (lambda: with_service("bank", about={"id": "a\u202eb"}), "services/bank/about", "all of them printable"),
        (lambda: with_service("bank", about={"Inggris": "a"}), "services/bank/about", "is no language"),
        (lambda: with_week(mon=Opening(opens="08:00", closes="24:00")), "week/mon/closes", "is no time of day"),
        (lambda: with_week(mon=Opening(opens="16:00", closes="08:00")), "week/mon/closes", "later than 16:00"),
        (lambda: with_week(mon=with_breaks("07:00", "08:30")), "week/mon/breaks", "within the hours"),
        (
            lambda: with_week(mon=with_breaks("12:00", "13:00", "12:30", "14:00")),
            "week/mon/breaks",
            "the break before it",
        ),
        (lambda: with_week(senin=Opening(opens="08:00", closes="16:00")), "week", "is no weekday"),
        (lambda: changed(days_off=(DayOff(date="2027-1-1", name={"id": "X"}),)), "days_off", "write it as 2027-01-31"),
        (lambda: changed(days_off=(NEW_YEAR, NEW_YEAR)), "days_off", "stands twice"),
        (lambda: changed(second_factor=("manager", "boss")), "second_factor", "is no role"),
        (lambda: with_rule(capacity=-1), "rules/capacity", "from 0 to"),
        (lambda: with_service("bank", after=("notary",)), "services/bank/after", "is not a service"),
        (lambda: with_service("labour", after=("immigration",)), "services/", "goes in a circle"),
        (lambda: with_service("bank", prefix="A"), "services/bank/prefix", "stands twice"),
        (lambda: with_service("bank", prefix="A1"), "services/bank/prefix", "capital letters"),
        (lambda: with_service("bank", prefix="b"), "services/bank/prefix", "'b' must be capital"),
        (lambda: with_service("bank", id="b nk"), "services/id", "letters, digits or hyphens"),
        (lambda: changed(rules=Rules()), "rules/outcomes", "at least one outcome"),
        (lambda: with_rule(absent_place="first"), "rules/absent_place", '"behind:3"'),
        (lambda: with_rule(absent_place="behind:²"), "rules/absent_place", "is no place"),
        (lambda: with_rule(recall_limit=-1), "rules/recall_limit", "from 0 to 20"),
    ],
)
def test_what_cannot_work_is_refused_by_name(office: "type[Office]", field: str, sentence: str) -> None:
    with pytest.raises(WrongOfficeError) as wrong:
        checked(office())  # type: ignore[call-arg]
    assert (wrong.value.field or "").startswith(field)
    assert sentence in str(wrong.value)


def test_hours_must_leave_time_to_take_a_number() -> None:
    rules = msgspec.structs.replace(example_office().rules, last_ticket=480)
    with pytest.raises(WrongOfficeError, match="leaves no time to take a number") as wrong:
        checked(changed(week=usual_week(), rules=rules))
    assert wrong.value.field == "rules/last_ticket"


def test_a_new_office_begins_with_desks_and_the_usual_week() -> None:
    office = new_office("ltsa-mataram", {"id": "LTSA Mataram"}, "Asia/Makassar")
    assert (office.id, office.zone, list(office.week)) == (
        "ltsa-mataram",
        "Asia/Makassar",
        ["mon", "tue", "wed", "thu", "fri"],
    )
    assert office.week["fri"].breaks[0].ends == "13:00"
    assert len(office.services) == 8
    assert example_office().week == {}, "the example is open at any hour"


def test_a_file_that_is_no_office_says_where(tmp_path: Path) -> None:
    file = tmp_path / "office.toml"
    file.write_text('id = "x"\nzone = "Asia/Jakarta"\nname = "X"\n', encoding="utf-8")
    with pytest.raises(WrongOfficeError) as wrong:
        read_office(file)
    assert wrong.value.field == "name"
    file.write_text("id = ", encoding="utf-8")
    with pytest.raises(WrongOfficeError, match="not valid TOML"):
        read_office(file)
    with pytest.raises(WrongOfficeError, match="readable TOML file"):
        read_office(tmp_path / "nowhere.toml")


def with_service(name: str, **fields: object) -> Office:
    services: list[Service] = [
        msgspec.structs.replace(service, **fields) if service.id == name else service
        for service in example_office().services
    ]
    return changed(services=tuple(services))


def with_week(**week: Opening) -> Office:
    return changed(week=week)


def with_breaks(*times: str) -> Opening:
    """A day from 8 to 16 with breaks, each from one time to the next."""
    breaks = [Break(begins=a, ends=b, name={"id": "Istirahat"}) for a, b in zip(times[::2], times[1::2], strict=True)]
    return Opening(opens="08:00", closes="16:00", breaks=tuple(breaks))


def with_rule(**fields: object) -> Office:
    return changed(rules=msgspec.structs.replace(example_office().rules, **fields))

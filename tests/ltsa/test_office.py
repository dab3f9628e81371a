"""An office file: what is wrong is named, with what would be right."""

from pathlib import Path

import msgspec
import pytest

from ltsa.office import Office, Rules, Service, WrongOfficeError, checked, example_office, read_office
from tests.ltsa.hall import EIGHT


def changed(**fields: object) -> Office:
    return msgspec.structs.replace(example_office(), **fields)


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


def with_rule(**fields: object) -> Office:
    return changed(rules=msgspec.structs.replace(example_office().rules, **fields))

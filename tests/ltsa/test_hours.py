"""When an office is open, and when it gives numbers."""

from datetime import date, datetime

import pytest
from msgspec.structs import replace

from ltsa.days_off import national_days_off
from ltsa.hours import Doors, day_off_on, hours_on, numbers_on, opens_after, state_at
from ltsa.office import DayOff, Office, SpecialDay, checked, example_office, usual_week
from tests.ltsa.hall import MINUTE

NEW_YEAR = DayOff(date="2027-01-01", name={"id": "Tahun Baru Masehi"}, kind="holiday")
RAMADAN = SpecialDay(date="2027-02-10", name={"id": "Ramadan"}, opens="08:00", closes="15:00")


def office(**fields: object) -> Office:
    """The example office in the usual week, closed on New Year's Day."""
    rules = replace(example_office().rules, first_ticket=30, last_ticket=60)
    usual = {"week": usual_week(), "days_off": (NEW_YEAR,), "special_days": (RAMADAN,), "rules": rules}
    return checked(replace(example_office(), **{**usual, **fields}))


def at(local: str, of: Office | None = None) -> int:
    """A local time in ms UTC."""
    return int(datetime.fromisoformat(local).replace(tzinfo=(of or office()).clock).timestamp() * 1000)


def doors(local: str, of: Office | None = None) -> Doors:
    return state_at(of or office(), at(local, of))


def test_a_day_from_before_opening_until_after_closing() -> None:
    """Thursday, 31 December 2026; the next day that the office opens is Monday, 4 January."""
    monday = at("2027-01-04T08:00")
    said = [(doors(f"2026-12-31T{time}").state, doors(f"2026-12-31T{time}").numbers) for time in TIMES]
    assert said == [
        ("before", False),
        ("before", True),
        ("open", True),
        ("break", True),
        ("open", True),
        ("open", False),
        ("after", False),
    ]
    noon = doors("2026-12-31T12:00")
    assert (noon.name["id"], noon.until, noon.opens) == ("Istirahat", at("2026-12-31T13:00"), at("2026-12-31T13:00"))
    assert doors("2026-12-31T07:30").opens == at("2026-12-31T08:00")
    assert doors("2026-12-31T08:00").until == at("2026-12-31T12:00")
    assert (doors("2026-12-31T16:00").opens, doors("2026-12-31T16:00").until) == (monday, at("2027-01-01T00:00"))
    assert doors("2026-12-31T10:00").opens is None


TIMES = ("07:29", "07:30", "08:00", "12:00", "13:00", "15:00", "16:00")


def test_on_fridays_there_is_time_for_prayer() -> None:
    assert doors("2026-11-20T11:29").state == "open"
    assert (doors("2026-11-20T12:45").state, doors("2026-11-20T12:45").name["en"]) == ("break", "Friday prayer")
    assert doors("2026-11-20T13:00").state == "open"


def test_a_day_off_says_why_and_when_the_office_opens_again() -> None:
    new_year = doors("2027-01-01T09:00")
    assert (new_year.state, new_year.name["id"], new_year.numbers_from) == ("off", "Tahun Baru Masehi", None)
    assert new_year.opens == at("2027-01-04T08:00")
    assert numbers_on(office(), date(2027, 1, 1)) is None
    sunday = doors("2027-01-03T09:00")
    assert (sunday.state, sunday.name) == ("off", {})
    assert day_off_on(office(), date(2027, 1, 3)) is None


def test_a_special_day_has_hours_of_its_own_even_on_a_day_off() -> None:
    assert doors("2027-02-10T15:00").state == "after"
    assert doors("2027-02-10T14:00").name == {"id": "Ramadan"}
    worked = SpecialDay(date="2027-01-01", name={"id": "Piket"}, opens="09:00", closes="12:00")
    open_on_new_year = office(special_days=(worked,))
    assert hours_on(open_on_new_year, date(2027, 1, 1)) == worked
    assert day_off_on(open_on_new_year, date(2027, 1, 1)) is None
    assert doors("2027-01-01T09:30", open_on_new_year).state == "open"


def test_an_office_without_a_week_is_always_open_but_for_its_days_off() -> None:
    example = office(week={}, special_days=(), rules=example_office().rules)
    assert (doors("2026-11-22T03:00", example).state, doors("2026-11-22T03:00", example).numbers) == ("open", True)
    assert doors("2027-01-01T09:00", example).opens == at("2027-01-02T00:00", example)


def test_numbers_are_never_given_before_the_date_begins() -> None:
    early = office(week={"sat": replace(usual_week()["mon"], opens="00:10")})
    begins, ends = numbers_on(early, date(2026, 11, 21)) or (0, 0)
    assert begins == at("2026-11-21T00:00")
    assert ends == at("2026-11-21T16:00") - 60 * MINUTE


def test_where_no_opening_is_near_nobody_is_told_a_date() -> None:
    shut = office(week={}, special_days=(), days_off=tuple(NEW_YEAR_FOR_EVER))
    assert opens_after(shut, date(2026, 12, 31)) is None
    assert doors("2027-01-01T09:00", shut).opens is None


NEW_YEAR_FOR_EVER = [
    replace(NEW_YEAR, date=date.fromordinal(day).isoformat())
    for day in range(date(2027, 1, 1).toordinal(), date(2028, 12, 31).toordinal())
]


def test_each_zone_has_its_own_morning() -> None:
    jayapura = office(zone="Asia/Jayapura")
    assert state_at(jayapura, at("2026-12-31T06:30")).state == "open", "08.30 WIT is 06.30 WIB"
    assert state_at(office(), at("2026-12-31T06:30")).state == "before"


def test_the_country_s_days_off_are_offered_with_their_kind_in_both_languages() -> None:
    year = {day.date: day for day in national_days_off(2026)}
    assert year["2026-08-17"].name == {"id": "Hari Kemerdekaan Republik Indonesia", "en": "Independence Day"}
    assert (year["2026-08-17"].kind, year["2026-03-20"].kind) == ("holiday", "joint-leave")
    assert year["2026-03-20"].name["id"] == "Cuti Bersama Hari Raya Idul Fitri"
    assert list(year) == sorted(year)
    assert checked(replace(example_office(), days_off=tuple(year.values()))).day_off.keys() == year.keys()


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_decreed_year_has_seventeen_holidays_and_its_joint_leave(year: int) -> None:
    """SKB 3 Menteri: 17 national holidays in both years, 10 and 8 days of cuti bersama; 2025 got one more in August."""
    kinds = [day.kind for day in national_days_off(year)]
    assert (kinds.count("holiday"), kinds.count("joint-leave")) == {2025: (17, 11), 2026: (17, 8)}[year]


def test_a_year_far_ahead_says_that_it_is_an_estimate() -> None:
    assert any("perkiraan" in day.name["id"] for day in national_days_off(2040))

"""What an office's settings do to its day: hours, limits, a change while it is under way, its morning and its end."""

from datetime import date, datetime, time
from typing import Any

import pytest
from msgspec.structs import replace

from ltsa import board
from ltsa.commands import (
    CallNext,
    CancelTicket,
    ChangeSteps,
    CheckDay,
    CloseCounter,
    CloseDay,
    ConfigureDay,
    FinishService,
    IssueTicket,
    MissTicket,
    PutBack,
    Recall,
    ReopenDay,
    ReturnTicket,
    SetPriority,
    StartService,
    TransferTicket,
    Undo,
)
from ltsa.message import Refusal
from ltsa.office import Counter, DayOff, Office, Outcome, Service, SpecialDay, checked, usual_week
from tests.ltsa.hall import EIGHT, MINUTE, Hall, office, refused

MIDNIGHT = EIGHT - 8 * 60 * MINUTE
FRIDAY = DayOff(date="2026-11-20", name={"id": "Hari jadi kabupaten"})


def hall_with(rules: dict[str, object] | None = None, **changes: Any) -> Hall:
    """A hall on Saturday, 21 November 2026, whose office has other settings than the example."""
    hall = Hall()
    hall.day.office = checked(replace(office(**(rules or {})), **changes))
    return hall


def open_on_saturday(**rules: object) -> Hall:
    """The office in the usual week, and on that Saturday from 8 to 12."""
    saturday = SpecialDay(date="2026-11-21", name={"id": "Layanan Sabtu"}, opens="08:00", closes="12:00")
    return hall_with(rules, week=usual_week(), special_days=(saturday,))


def with_capacity(**capacity: int) -> Office:
    services = [replace(s, capacity=capacity.get(s.id, 0)) for s in office().services]
    return replace(office(), services=tuple(services))


def refusal_at(hall: Hall, clock: str, *services: str) -> Refusal:
    """The refusal that somebody meets who takes a number at a time of that day."""
    at = int(datetime.fromisoformat(f"2026-11-21T{clock}+07:00").timestamp() * 1000)
    with pytest.raises(Refusal) as refusal:
        hall.do(IssueTicket, services=services or ("bank",), token=f"at {clock}", at=at)
    return refusal.value


# --- Hours


def test_on_a_day_off_nobody_gets_a_number_and_hears_why_and_when_the_office_opens() -> None:
    name = {"id": "Hari jadi kabupaten", "en": "Regency day"}
    hall = hall_with(week=usual_week(), days_off=(DayOff(date="2026-11-21", name=name),))
    refusal = refusal_at(hall, "09:00")
    assert (refusal.code, refusal.state) == ("office-closed-today", "off")
    assert refusal.message == "The office is closed today (Hari jadi kabupaten); it opens on 2026-11-23 at 08:00."
    opens = refusal.values["opens"]
    assert isinstance(opens, datetime)
    assert (opens.date(), opens.time(), refusal.values["why"]) == (date(2026, 11, 23), time(8), name)


def test_on_a_weekday_without_hours_the_office_is_closed() -> None:
    assert refusal_at(hall_with(week=usual_week()), "09:00").code == "office-closed-today"


def test_numbers_are_given_from_a_while_before_opening_until_a_while_before_closing() -> None:
    hall = open_on_saturday(first_ticket=30, last_ticket=60)
    early = refusal_at(hall, "07:29")
    assert (early.code, early.values) == ("too-early", {"begins": time(7, 30)})
    hall.now = MIDNIGHT + (7 * 60 + 30) * MINUTE
    hall.takes_number("bank")
    hall.now = MIDNIGHT + (10 * 60 + 59) * MINUTE
    hall.takes_number("bank")
    late = refusal_at(hall, "11:00")
    assert (late.code, late.values["ends"]) == ("too-late-today", time(11))
    assert late.message.endswith("the office opens on 2026-11-23 at 08:00.")


def test_who_has_a_number_is_served_also_after_the_last_number_was_given() -> None:
    hall = open_on_saturday(last_ticket=60)
    number = hall.takes_number("bank")
    hall.now = MIDNIGHT + 13 * 60 * MINUTE
    hall.opens("9")
    assert hall.serves("9") == number


def test_an_office_without_hours_gives_numbers_in_the_middle_of_the_night() -> None:
    hall = hall_with(days_off=(FRIDAY,))
    hall.do(IssueTicket, services=("bank",), token="night", at=MIDNIGHT + 3 * 60 * MINUTE)
    hall = hall_with(days_off=(replace(FRIDAY, date="2026-11-21"),))
    assert refusal_at(hall, "09:00").values["opens"] == date(2026, 11, 22), "no hours are known for Sunday"


# --- Limits


def test_no_more_people_than_the_office_serves_in_a_day_get_a_number() -> None:
    hall = hall_with({"capacity": 2})
    first = hall.takes_number("bank")
    hall.takes_number("health")
    assert refused(hall, IssueTicket, services=("labour",), token="third") == "office-full"
    hall.do(CancelTicket, number=first)
    hall.takes_number("labour")
    assert refused(hall, IssueTicket, services=("labour",), token="fourth") == "office-full"


def test_a_service_that_is_full_says_so_and_others_go_on() -> None:
    hall = Hall()
    hall.day.office = with_capacity(health=1)
    hall.takes_number("bank", "health")
    refusal = refusal_at(hall, "09:00", "bank", "health")
    assert (refusal.code, refusal.field, refusal.values["n"]) == ("service-full", "services", 1)
    assert refusal.values["service"] == {"id": "Kesehatan", "en": "Health"}
    hall.now += 60 * MINUTE
    hall.takes_number("bank")


def test_a_place_at_a_service_becomes_free_when_somebody_no_longer_comes_for_it() -> None:
    hall = Hall()
    hall.day.office = with_capacity(health=1)
    number = hall.takes_number("health", "bank")
    hall.do(ChangeSteps, number=number, drop=("health",))
    other = hall.takes_number("health")
    hall.opens("5")
    hall.calls("5")
    hall.do(TransferTicket, counter="5", service="bank")
    assert other.startswith("D")
    last = hall.takes_number("health")
    hall.calls("5")
    hall.do(StartService, counter="5")
    hall.do(FinishService, counter="5", outcome="done")
    assert refused(hall, IssueTicket, services=("health",), token="x") == "service-full", "it was needed for somebody"
    assert hall.ticket(last).state == "done"


def test_officers_may_send_more_people_to_a_service_than_its_numbers() -> None:
    hall = Hall()
    hall.day.office = with_capacity(health=1)
    hall.takes_number("health")
    number = hall.takes_number("bank")
    hall.do(ChangeSteps, number=number, add=("health",))
    assert hall.line("health") == ["D001", number]


# --- A change while the day is under way


def configured(hall: Hall, **changes: Any) -> None:
    hall.do(ConfigureDay, by="manager:maya", configuration=replace(hall.day.rules_of, **changes))


def without(hall: Hall, service: str) -> dict[str, Any]:
    """The office without a service and whatever names it."""
    before = hall.day.rules_of
    services = [replace(s, after=tuple(a for a in s.after if a != service)) for s in before.services if s.id != service]
    counters = [replace(c, services=tuple(s for s in c.services if s != service)) for c in before.counters]
    return {"services": tuple(services), "counters": tuple(counter for counter in counters if counter.services)}


def test_a_new_counter_and_a_new_service_are_there_at_once() -> None:
    hall = Hall()
    hall.takes_number("bank")
    before = hall.day.rules_of
    insurance = Service(id="insurance", prefix="K", name={"id": "Asuransi"}, about={}, agency={})
    counter = Counter(id="11", name={"id": "Loket 11"}, services=("insurance", "bank"))
    configured(hall, services=(*before.services, insurance), counters=(*before.counters, counter))
    number = hall.takes_number("insurance")
    hall.opens("11")
    assert (number, hall.calls("11")) == ("K001", "G001")
    assert [choice.service for choice in board.kiosk(hall.day).choices][-1] == "insurance"


def test_what_nobody_uses_today_can_go_today() -> None:
    hall = Hall()
    hall.opens("3")
    configured(hall, **without(hall, "police"))
    assert "police" not in hall.day.queues
    assert "8" not in hall.day.counters
    assert refused(hall, IssueTicket, services=("police",), token="t") == "unknown-service"
    hall.takes_number("labour")
    assert hall.calls("3") == "C001"


def test_a_service_that_somebody_came_for_today_stays_until_tomorrow() -> None:
    hall = Hall()
    number = hall.takes_number("bank")
    office = replace(hall.day.rules_of, **without(hall, "bank"))
    assert refused(hall, ConfigureDay, configuration=office) == "service-in-use"
    hall.do(CancelTicket, number=number)
    assert refused(hall, ConfigureDay, configuration=office) == "service-in-use", "the holder's page still shows it"


def test_a_service_that_an_open_counter_takes_stays_until_tomorrow() -> None:
    hall = Hall()
    hall.opens("4")
    office = replace(hall.day.rules_of, **without(hall, "information"))
    with pytest.raises(Refusal) as refusal:
        hall.do(ConfigureDay, configuration=office)
    assert (refusal.value.code, refusal.value.field) == ("service-in-use", "services/information")
    assert "from tomorrow on" in refusal.value.message
    hall.do(CloseCounter, counter="4")
    hall.do(ConfigureDay, configuration=office)


def test_a_counter_where_somebody_sits_or_was_called_today_stays_until_tomorrow() -> None:
    hall = Hall()
    hall.opens("9")
    counters = tuple(counter for counter in hall.day.rules_of.counters if counter.id != "9")
    office = replace(hall.day.rules_of, counters=counters)
    assert refused(hall, ConfigureDay, configuration=office) == "counter-in-use"
    hall.takes_number("bank")
    hall.serves("9")
    hall.do(CloseCounter, counter="9")
    assert refused(hall, ConfigureDay, configuration=office) == "counter-in-use", "the boards still show its last call"


def test_a_new_order_of_steps_holds_for_those_who_wait() -> None:
    hall = Hall()
    number = hall.takes_number("health", "bank")
    services = tuple(replace(s, after=("health",)) if s.id == "bank" else s for s in hall.day.rules_of.services)
    configured(hall, services=services)
    assert (hall.line("health"), hall.line("bank")) == ([number], [])
    hall.opens("5")
    hall.serves("5")
    assert hall.line("bank") == [number]


def test_who_was_let_through_stays_let_through_when_the_outcomes_are_others() -> None:
    hall = Hall()
    number = hall.takes_number("labour", "immigration")
    hall.opens("3")
    hall.serves("3", outcome="not-needed")
    assert hall.line("immigration") == [number]
    rules = replace(hall.day.rules_of.rules, outcomes=(Outcome(code="done", name={"id": "Selesai"}),))
    configured(hall, rules=rules)
    assert hall.line("immigration") == [number]


def test_a_priority_is_taken_away_with_the_head_start_it_was_given_with() -> None:
    hall = Hall()
    number = hall.takes_number("bank", priority="elderly")
    arrived = hall.ticket(number).arrived
    shorter = tuple(replace(priority, head_start=5) for priority in hall.day.rules_of.rules.priorities[1:])
    configured(hall, rules=replace(hall.day.rules_of.rules, priorities=shorter))
    assert hall.ticket(number).place == arrived - 30 * MINUTE
    hall.do(SetPriority, number=number, priority="child")
    assert hall.ticket(number).place == arrived - 5 * MINUTE
    hall.do(SetPriority, number=number, priority="")
    assert hall.ticket(number).place == arrived


def test_a_call_goes_on_under_the_new_rules() -> None:
    hall = Hall()
    hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(Recall, counter="9")
    configured(hall, rules=replace(hall.day.rules_of.rules, recall_limit=1))
    assert refused(hall, Recall, counter="9") == "recall-limit"
    assert board.desk(hall.day, "9").recall_limit == 1
    hall.do(MissTicket, counter="9")
    hall.do(Undo, counter="9")


def test_what_a_person_was_returned_for_is_still_said_when_the_reason_is_no_longer_on_the_list() -> None:
    hall = Hall()
    number = hall.takes_number("bank")
    hall.opens("9")
    hall.calls("9")
    hall.do(StartService, counter="9")
    hall.do(ReturnTicket, counter="9", reasons=("document-missing",))
    reasons = hall.day.rules_of.rules.return_reasons[1:]
    configured(hall, rules=replace(hall.day.rules_of.rules, return_reasons=reasons))
    assert [reason.code for reason in board.ticket(hall.day, number).steps[0].reasons] == ["document-missing"]


def test_a_day_keeps_its_zone_and_is_not_changed_into_what_it_is() -> None:
    hall = Hall()
    moved = replace(hall.day.rules_of, zone="Asia/Makassar")
    assert refused(hall, ConfigureDay, configuration=moved) == "zone-fixed"
    assert refused(hall, ConfigureDay, configuration=hall.day.rules_of) == "nothing-changes"


def test_a_day_that_was_closed_is_reopened_under_the_newest_rules() -> None:
    hall = Hall()
    hall.takes_number("bank")
    hall.do(CloseDay)
    configured(hall, rules=replace(hall.day.rules_of.rules, recall_limit=9))
    hall.do(ReopenDay)
    assert hall.day.rules_of.rules.recall_limit == 9


# --- The morning and the end


def test_the_opening_check_says_what_is_in_order_and_what_is_open() -> None:
    hall = Hall()
    hall.do(CheckDay, by="supervisor:budi", ok=("kiosk", "paper", "kiosk"), open=("voice",), note="n1")
    check = hall.day.check
    assert check is not None
    assert (check.by, check.ok, check.open, check.note) == ("supervisor:budi", ("kiosk", "paper"), ("voice",), "n1")
    hall.do(CheckDay, by="supervisor:budi", ok=("kiosk", "paper", "voice"))
    assert hall.day.check is not None
    assert hall.day.check.open == (), "the last one counts"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing-items"),
        ({"ok": ("coffee",)}, "unknown-item"),
        ({"ok": ("kiosk",), "open": ("kiosk",)}, "wrong-items"),
    ],
)
def test_a_check_that_says_nothing_or_two_things_is_refused(fields: dict[str, Any], code: str) -> None:
    assert refused(Hall(), CheckDay, **fields) == code


def test_everybody_who_is_still_here_when_the_day_closes_gets_an_outcome() -> None:
    hall = Hall()
    called, waiting, absent = (hall.takes_number("bank") for _ in range(3))
    done = hall.takes_number("health")
    hall.opens("5")
    hall.opens("9")
    hall.serves("5")
    hall.do(CallNext, counter="9")
    hall.do(CloseDay, by="manager:maya", outcomes={waiting: "come-back", absent: "left"}, outcome="referred")
    outcomes = {number: hall.ticket(number).outcome for number in (waiting, called, absent, done)}
    assert outcomes == {waiting: "come-back", called: "referred", absent: "left", done: ""}
    assert {board.ticket(hall.day, number).outcome for number in (absent, done)} == {"left", ""}


def test_where_nobody_says_an_outcome_it_is_the_first_of_the_office_s_list() -> None:
    hall = Hall()
    number = hall.takes_number("bank")
    hall.do(CloseDay, by="system")
    assert hall.ticket(number).outcome == "not-served"
    hall.do(ReopenDay)
    hall.do(PutBack, number=number)
    assert hall.ticket(number).outcome == ""
    older = hall_with({"closing_outcomes": ()})
    number = older.takes_number("bank")
    older.do(CloseDay)
    assert older.ticket(number).outcome == "", "an office that has no such list"


def test_an_outcome_for_somebody_whose_visit_is_over_is_refused_and_nobody_is_closed() -> None:
    hall = Hall()
    over, here = hall.takes_number("bank"), hall.takes_number("bank")
    hall.do(CancelTicket, number=over)
    assert refused(hall, CloseDay, outcomes={over: "left", here: "left"}) == "visit-over"
    assert refused(hall, CloseDay, outcomes={"Z999": "left"}) == "unknown-ticket"
    assert refused(hall, CloseDay, outcomes={here: "vanished"}) == "unknown-outcome"
    assert refused(hall, CloseDay, outcome="vanished") == "unknown-outcome"
    assert hall.day.open

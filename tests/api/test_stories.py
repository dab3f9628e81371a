"""What programs do with the API, from the number to the last counter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.program import Program


def test_an_office_says_what_it_offers_and_every_code_it_takes(program: Program) -> None:
    (office,) = program.get("/offices").json
    assert (office["id"], office["name"], office["names"]["en"]) == ("ltsa", "LTSA Contoh", "LTSA Example")
    assert [service["prefix"] for service in office["services"]] == list("ABCDEFGH")
    assert office["services"][3]["id"] == "health"
    assert office["counters"][4] == {
        "id": "5",
        "name": "Loket 5",
        "names": {"id": "Loket 5", "en": "Counter 5"},
        "services": ["health"],
    }
    assert [outcome["code"] for outcome in office["outcomes"]] == ["done", "not-needed", "rejected"]


def test_a_visit_passes_two_counters_under_one_number(program: Program) -> None:
    program.opens("5", "Sri", "health")
    program.opens("9", "Budi", "bank")
    ticket = program.takes("health", "bank", priority=None)
    assert ticket["number"] == "D001"
    assert ticket["url"] == f"{program.house.settings.address}/t/{ticket['token']}"
    assert [(step["service"], step["state"], step["ahead"]) for step in ticket["steps"]] == [
        ("health", "waiting", 0),
        ("bank", "later", None),
    ], "somebody on a standby seat waits for one service alone"
    assert ticket["sent"] == {"service": "health", "seat": True}

    called = program.at("5", "call-next")
    assert (called["number"], called["service"], called["counter"], called["state"]) == (
        "D001",
        "health",
        "5",
        "called",
    )
    assert program.at("5", "recall")["recalls"] == 1
    program.at("5", "start")
    program.at("5", "documents", {"seen": ["id-card"]})
    assert program.at("5", "finish")["steps"][0]["outcome"] == "done"

    assert program.at("9", "call-next")["service"] == "bank"
    program.at("9", "start")
    program.at("9", "finish", {"outcome": "not-needed"})
    mine = program.get(f"/tickets/{ticket['token']}").json
    assert (mine["state"], [step["outcome"] for step in mine["steps"]]) == ("done", ["done", "not-needed"])


def test_nobody_waiting_is_a_conflict_with_its_own_code(program: Program) -> None:
    program.opens("5", "Sri")
    assert program.refused("/offices/ltsa/counters/5/call-next") == (409, "nobody-waiting")


def test_the_board_shows_calls_queues_and_counters(program: Program) -> None:
    program.opens("5", "Sri")
    program.takes("health")
    program.takes("health")
    program.at("5", "call-next")
    board = program.get("/offices/ltsa/board").json
    assert board["open"]
    assert [(call["number"], call["counter"], call["state"]) for call in board["current"]] == [("D001", "5", "called")]
    assert {queue["service"]: queue["waiting"] for queue in board["queues"]}["health"] == 1
    assert board["counters"][4]["officer"] == "Sri"
    assert board["counters"][4]["ticket"]["number"] == "D001"
    assert board["counters"][4]["ticket"]["why"]["told"]["en"]
    assert board["version"] == 7, "two people took the standby seat, one after the other"
    assert board["position"] == program.house.position


def test_a_follower_reads_the_day_in_pieces_without_gap_or_double(program: Program) -> None:
    program.opens("5", "Sri")
    for _ in range(4):
        program.takes("health")
    program.at("5", "call-next")
    date = program.get("/offices/ltsa/board").json["date"]
    events, after, auditor = [], 0, program.of("auditor")
    while piece := auditor.get(f"/offices/ltsa/days/{date}/events", after=after, limit=2).json:
        events += piece
        after = piece[-1]["version"]
    assert [event["version"] for event in events] == list(range(1, 10))
    assert [event["type"] for event in events[:4]] == [
        "day-opened/1",
        "counter-opened/1",
        "ticket-issued/1",
        "ticket-directed/1",
    ]
    called, followed = events[-2:]
    assert called["by"] == program.name
    assert called["data"]["number"] == "D001"
    assert called["data"]["why"]["rule"] == "index/1"
    assert (followed["by"], followed["data"]["number"], followed["data"]["seat"]) == ("system", "D002", True)


def test_an_officer_s_program_gives_a_reason_for_calling_somebody_else(program: Program) -> None:
    program.opens("5", "Sri")
    program.takes("health")
    chosen = program.takes("health")["number"]
    assert program.refused("/offices/ltsa/counters/5/call", {"number": chosen}) == (409, "reason-needed")
    called = program.at("5", "call", {"number": chosen, "reason": "unwell"})
    assert (called["number"], called["why"]["rule"], called["why"]["runner_up"]) == ("D002", "chosen/2", "D001")
    assert called["why"]["told"]["id"][0] == "Dipilih petugas. Menurut urutan: D001."


def test_an_appointment_counts_from_its_own_time_and_is_of_today(program: Program) -> None:
    now = program.house.now()
    office = program.house.office("ltsa")
    slot = datetime.fromtimestamp(now // 1000, office.clock)
    ticket = program.takes("health", appointment=slot.isoformat())
    assert ticket["appointment"] == now // 1000 * 1000
    tomorrow = (slot + timedelta(days=1)).isoformat()
    body = {"services": ["health"], "appointment": tomorrow}
    assert program.refused("/offices/ltsa/tickets", body) == (409, "slot-another-day")
    assert program.refused("/offices/ltsa/tickets", {**body, "appointment": "2026-11-21T09:00:00"})[0] == 422


def test_a_day_before_its_first_event_has_an_empty_history(program: Program) -> None:
    today = program.get("/offices/ltsa/board").json["date"]
    assert program.of("auditor").get(f"/offices/ltsa/days/{today}/events").json == []


def test_a_day_that_never_was_is_not_found_and_no_date_is_refused(program: Program) -> None:
    auditor = program.of("auditor")
    assert auditor.get("/offices/ltsa/days/2020-02-29/events").status_code == 404
    for date in (
        "2021-02-29",
        "20260101",
        "2026-W01-1",
        "today",
        "2026-1-1",
        "\u0662\u0660\u0662\u0666-01-01",
        "9999-99-99",
    ):
        assert auditor.get(f"/offices/ltsa/days/{date}/events").status_code == 422, date


def test_a_holder_sees_and_cancels_only_with_the_secret(program: Program) -> None:
    ticket = program.takes("bank")
    assert program.does(f"/tickets/{ticket['token']}/cancel")["state"] == "cancelled"
    assert program.get(f"/tickets/{ticket['token']}").json["state"] == "cancelled"
    assert program.refused(f"/tickets/{ticket['token']}/cancel") == (409, "visit-over")
    assert program.get("/tickets/" + "A" * 26).status_code == 404
    assert program.refused("/tickets/D001/cancel") == (404, "unknown-token")


def test_yesterdays_secret_does_not_cancel_todays_number(program: Program) -> None:
    yesterday, house = program.takes("bank"), program.house
    first, now = house.now(), house.now
    house.now = lambda: now() + 86_400_000  # type: ignore[method-assign] # the night has passed
    today = program.takes("bank")
    assert today["number"] == yesterday["number"] == "G001"
    assert house.now() > first
    assert program.refused(f"/tickets/{yesterday['token']}/cancel") == (409, "visit-over")
    assert program.get(f"/tickets/{today['token']}").json["state"] == "waiting"


def test_a_person_is_returned_with_reasons_and_an_erasable_note(program: Program) -> None:
    program.opens("5", "Sri")
    number = program.takes("health")["number"]
    program.at("5", "call-next")
    program.at("5", "start")
    returned = program.at("5", "return", {"reasons": ["document-missing"], "note": "Ask the uncle."})
    assert returned["state"] == "returned"
    assert [reason["name"] for reason in returned["steps"][0]["reasons"]] == ["Berkas kurang"]
    (note,) = program.house.people.notes("ltsa", returned["date"], number)
    assert (note.text, note.by) == ("Ask the uncle.", program.name)
    events = program.of("auditor").get(f"/offices/ltsa/days/{returned['date']}/events").json
    assert events[-1]["data"]["note"] == note.id
    assert "uncle" not in str(events)


def test_a_note_is_written_once_however_often_it_is_sent(program: Program) -> None:
    program.opens("5", "Sri")
    number = program.takes("health")["number"]
    program.at("5", "call-next")
    first = program.at("5", "note", {"note": "Bata, the uncle, waits outside.\nTall."}, key="note-1")
    assert program.at("5", "note", {"note": "Bata, the uncle, waits outside.\nTall."}, key="note-1") == first
    assert program.refused("/offices/ltsa/counters/5/note", {"note": "x"}, key="note-1") == (409, "key-reused")
    assert len(program.house.people.notes("ltsa", first["date"], number)) == 1, "the refused one is forgotten"


def test_a_return_without_a_note_keeps_none(program: Program) -> None:
    program.opens("5", "Sri")
    number = program.takes("health")["number"]
    program.at("5", "call-next")
    program.at("5", "start")
    date = program.at("5", "return", {"reasons": ["document-missing"]})["date"]
    assert program.house.people.notes("ltsa", date, number) == []


def test_hold_resume_transfer_and_undo(program: Program) -> None:
    program.opens("5", "Sri", "health")
    program.opens("9", "Budi", "bank")
    program.takes("health")
    program.at("5", "call", {"number": "D001"})
    assert program.at("5", "hold")["state"] == "held"
    assert program.at("5", "resume")["state"] == "serving"
    program.at("5", "hold")
    assert program.at("5", "resume", {"number": "D001"})["state"] == "serving"
    assert program.at("5", "transfer", {"service": "bank"})["steps"][0]["state"] == "transferred"
    assert program.at("9", "call-next")["number"] == "D001"
    assert program.at("9", "undo")["state"] == "waiting"
    program.at("9", "call-next")
    assert program.at("9", "no-show")["state"] == "absent"
    assert program.does("/offices/ltsa/tickets/D001/put-back")["state"] == "waiting"


def test_an_officer_changes_a_visit(program: Program) -> None:
    program.takes("health", "bank")
    changed = program.does("/offices/ltsa/tickets/D001/steps", {"add": ["information"], "drop": ["bank"]})
    assert [step["service"] for step in changed["steps"]] == ["health", "information"]
    assert program.does("/offices/ltsa/tickets/D001/priority", {"priority": "elderly"})["priority"] == "elderly"
    assert program.does("/offices/ltsa/tickets/D001/priority", {"priority": None})["priority"] is None
    assert program.does("/offices/ltsa/tickets/D001/cancel")["state"] == "cancelled"
    assert program.refused("/offices/ltsa/tickets/Z999/cancel") == (404, "unknown-ticket")


def test_a_counter_pauses_for_the_first_reason_unless_another_is_given(program: Program) -> None:
    program.opens("5", "Sri")
    assert program.at("5", "pause")["reason"] == "break"
    program.opens("5", "Sri")
    paused = program.at("5", "pause", {"reason": "prayer"})
    assert (paused["state"], paused["reason"], paused["officer"]) == ("paused", "prayer", "Sri")
    assert program.at("5", "close")["state"] == "closed"
    assert program.refused("/offices/ltsa/counters/5/pause", {"reason": "tired"}) == (422, "unknown-reason")


def test_a_day_is_closed_and_reopened(program: Program) -> None:
    ticket = program.takes("health")
    assert program.does("/offices/ltsa/close-day")["open"] is False
    assert program.get(f"/tickets/{ticket['token']}").json["state"] == "closed"
    assert program.refused("/offices/ltsa/tickets", {"services": ["health"]}) == (409, "day-closed")
    assert program.does("/offices/ltsa/reopen-day")["open"] is True


def test_an_officers_name_is_trimmed_printable_and_short(program: Program) -> None:
    assert program.opens("5", "  Nyi Rara  ")["officer"] == "Nyi Rara"
    for name in ("x" * 41, "two\nlines", "nul\0", "\u202ereversed"):
        assert program.refused("/offices/ltsa/counters/6/open", {"officer": name}) == (422, "wrong-officer")
    assert program.refused("/offices/ltsa/counters/6/open", {"officer": " "}) == (422, "no-officer")


def test_the_same_key_gets_the_same_answer_even_when_much_has_happened_since(program: Program) -> None:
    asked = {"services": ["health", "bank"], "priority": "elderly"}
    first = program.post("/offices/ltsa/tickets", asked, key="kiosk-1")
    program.opens("5", "Sri")
    call = program.post("/offices/ltsa/counters/5/call-next", key="call-1")
    program.at("5", "start")
    again = program.post("/offices/ltsa/tickets", asked, key="kiosk-1")
    assert (first.status_code, first.data) == (again.status_code, again.data) == (201, first.data)
    assert program.post("/offices/ltsa/counters/5/call-next", key="call-1").data == call.data


def test_a_key_with_other_content_is_refused_whatever_the_address(program: Program) -> None:
    program.does("/offices/ltsa/tickets", {"services": ["health"]}, status=201, key="one")
    assert program.refused("/offices/ltsa/tickets", {"services": ["bank"]}, key="one") == (409, "key-reused")
    assert program.refused("/offices/ltsa/counters/5/open", {"officer": "Sri"}, key="one") == (409, "key-reused")


def test_a_refused_command_leaves_its_key_free(program: Program) -> None:
    program.opens("5", "Sri")
    assert program.refused("/offices/ltsa/counters/5/call-next", key="again") == (409, "nobody-waiting")
    program.takes("health")
    assert program.at("5", "call-next", key="again")["number"] == "D001"


def test_a_name_is_kept_for_those_who_agreed_to_the_office_s_own_words(program: Program) -> None:
    asks = {"scheme": "p-to-p", "nik": "3273015201900007", "name": "Sri Wati"}
    assert program.refused("/offices/ltsa/cases", asks) == (422, "consent-needed")
    assert program.refused("/offices/ltsa/cases", {**asks, "agreed": "Ya."}) == (422, "unknown-consent")
    (office,) = program.get("/offices").json
    opened = program.does("/offices/ltsa/cases", {**asks, "agreed": office["consent"]["en"]}, status=201)
    consent = program.house.ledger.person(opened["case"].partition("-")[0]).subject.consent
    assert consent is not None
    assert (consent.agreed.language, consent.agreed.door, consent.by) == ("en", "program", program.name)


def test_a_journey_is_opened_followed_and_taken_up_with_its_card(program: Program) -> None:
    opened = program.does("/offices/ltsa/cases", {"scheme": "p-to-p"}, status=201)
    card = opened["card"]
    assert [step["code"] for step in opened["steps"] if step["state"] == "possible"][:2] == [
        "information",
        "civil-registry-check",
    ]
    ticket = program.does("/offices/ltsa/tickets", {"services": ["labour"], "card": card}, status=201)
    assert [step["service"] for step in ticket["steps"]] == ["labour"]
    twice = program.refused("/offices/ltsa/tickets", {"services": [], "card": card})
    assert twice == (409, "visit-live")
    path = f"/offices/ltsa/cases/{opened['case']}/references"
    program.does(path, {"step": "ak1", "number": "KERTAS 17", "paper": True})
    program.does(path, {"step": "ak1", "number": "SK-17"})
    road = program.of("").get(f"/cases/{card}").json
    (noted,) = next(step for step in road["steps"] if step["code"] == "ak1")["references"]
    assert (noted["number"], noted["paper"], noted["by"]) == ("SK-17", False, program.name)
    assert program.refused(path, {"step": "visa", "number": "SK-18"}) == (422, "wrong-system")
    assert program.refused("/offices/ltsa/tickets", {"services": [], "card": "A" * 26}) == (422, "unknown-card")
    assert program.refused("/offices/ltsa/cases/nobody-1/references", {"step": "ak1", "number": "SK-1"})[0] == 404
    assert program.of("kiosk").refused("/offices/ltsa/cases", {"scheme": "p-to-p"}) == (403, "not-allowed")
    assert program.refused("/offices/ltsa/cases", {"scheme": "p-to-p", "nik": "12"}) == (422, "wrong-nik")

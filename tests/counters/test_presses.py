"""What the desk's addresses take and refuse, whoever sends it."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from counters.actions import DESK, HALL
from counters.views import DESK_SHEETS, JOURNEY_SHEETS
from ltsa.access import EVERYWHERE, ROLES
from ltsa.commands import (
    AskHelp,
    CallNext,
    CheckDay,
    ConfigureDay,
    DayCommand,
    FinishService,
    IssueTicket,
    OpenDay,
    StartService,
    TieTicket,
)
from ltsa.happened import DayClosed
from ltsa.people import LONGEST_NOTE
from tests.counters.presses import Presses
from tests.staff import EVERYBODY
from web.house import House
from web.settings import Settings


def test_every_command_of_the_day_has_a_button_but_those_that_are_not_an_officers() -> None:
    buttons = {*DESK.values(), *HALL.values()}
    assert set(get_args(DayCommand)) - buttons == {AskHelp, CheckDay, ConfigureDay, IssueTicket, OpenDay, TieTicket}


def test_a_press_goes_through_call_start_and_finish(presses: Presses) -> None:
    number = presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("start", present=number)
    presses.does("finish", present=number, outcome="done")
    assert presses.day.tickets[number].state == "done"


def test_the_same_press_sent_twice_is_done_once(presses: Presses) -> None:
    presses.takes("labour")
    presses.takes("labour")
    presses.does("open")
    first = presses.does("call-next", key="one-press")
    presses.does("start", present="C001")
    presses.does("finish", present="C001", outcome="done")
    assert presses.does("call-next", key="one-press") == first
    assert presses.day.counters["3"].ticket == ""


def test_the_road_says_how_a_step_ended_unless_it_ended_as_usual(presses: Presses) -> None:
    presses.takes("labour", "health")
    presses.takes("labour", "health")
    presses.does("open")
    for number, outcome in (("C001", "not-needed"), ("C002", "done")):
        presses.does("call-next")
        presses.does("start", present=number)
        presses.does("finish", present=number, outcome=outcome)
    unusual, usual = (presses.client.get(f"/desk/ltsa/3/sheet/visit?number={n}").text for n in ("C001", "C002"))
    assert "Loket 3, Tidak diperlukan" in unusual
    assert "Loket 3" in usual
    assert "Loket 3, " not in usual


def test_a_break_for_the_reason_break_is_said_once(presses: Presses) -> None:
    presses.does("open")
    presses.does("pause", reason="break")
    assert "<h1>Istirahat</h1>" in presses.client.get("/desk/ltsa/3").text


def test_a_press_about_somebody_who_has_left_is_refused(presses: Presses) -> None:
    presses.takes("labour")
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("no-show", present="C001")
    presses.does("call-next", present="")
    assert presses.refused("start", present="C001") == (409, "moved-on")
    assert presses.day.tickets["C002"].state == "called"


def test_a_press_that_was_answered_gets_that_answer_though_the_person_has_left(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("start", present="C001")
    first = presses.does("finish", key="lost-answer", present="C001", outcome="done")
    assert presses.does("finish", key="lost-answer", present="C001", outcome="done") == first


@pytest.mark.parametrize(
    ("action", "body", "refusal"),
    [
        ("call-next", {"date": "2020-02-29"}, (409, "day-over")),
        ("call-next", {"date": 7}, (422, "wrong-input")),
        ("open", {"services": "labour"}, (422, "wrong-input")),
        ("open", {"services": ["astrology"]}, (422, "unknown-service")),
        ("call", {}, (422, "wrong-input")),
        ("call", {"number": ["C001"]}, (422, "wrong-input")),
        ("finish", {"outcome": None}, (422, "wrong-input")),
        ("return", {"reasons": [1]}, (422, "wrong-input")),
        ("return", {"reasons": ["document-missing"], "text": {"a": 1}}, (422, "wrong-input")),
        ("note", {}, (422, "no-text")),
        ("note", {"text": "  "}, (422, "no-text")),
        ("note", {"text": "x" * (LONGEST_NOTE + 1)}, (422, "wrong-input")),
        ("call-next", {"present": ["C001"]}, (422, "wrong-input")),
        ("dance", {}, (404, "not-found")),
    ],
)
def test_a_press_that_makes_no_sense_is_refused(
    presses: Presses, action: str, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert presses.refused(action, **body) == refusal


def test_a_press_without_a_key_or_a_body_is_refused(presses: Presses) -> None:
    address = "/desk/ltsa/3/open"
    without_key = presses.client.post(address, json={})
    assert (without_key.status_code, without_key.get_json()["code"]) == (400, "missing-key")
    for body in (b"", b"[]", b"{", b"\xff", b"null", b'{"number": "\\ud800"}'):
        answer = presses.client.post(
            address, data=body, headers={"Idempotency-Key": "k", "Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-request"), body


def test_a_page_cannot_say_when_by_whom_or_where(presses: Presses) -> None:
    presses.does("open", at=1, by="system", officer="budi", office="elsewhere", counter="3", key="another")
    last = presses.house.ledger.since(0)[-1].event
    assert (last.by, presses.day.counters["3"].officer) == ("officer:siti", "siti")
    assert last.at > 1


def test_a_press_for_one_person_is_not_done_to_the_next_when_another_server_was_quicker(
    presses: Presses, settings: Settings
) -> None:
    presses.takes("labour")
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("start", present="C001")
    other = House(settings)
    said: dict[str, Any] = {"office": "ltsa", "at": other.now(), "by": "officer:siti", "counter": "3"}
    other.do(FinishService(key="other 1", outcome="done", **said))
    other.do(CallNext(key="other 2", **said))
    other.do(StartService(key="other 3", **said))
    other.close()
    assert presses.refused("finish", present="C001", outcome="done") == (409, "moved-on")
    assert presses.day.tickets["C002"].state == "serving"


def test_what_is_not_there_is_not_found(presses: Presses) -> None:
    presses = presses.of(EVERYBODY, *ROLES, office=EVERYWHERE)
    for path in ("/desk/nowhere", "/desk/ltsa/99", "/supervisor/nowhere", "/desk/ltsa/3/sheet/nothing"):
        assert presses.client.get(path).status_code == 404, path
    assert presses.client.get("/desk/ltsa/3/sheet/visit?number=Z999").status_code == 404
    assert presses.refused("open", counter="99") == (404, "unknown-counter")


def test_every_sheet_can_be_laid_in_every_state(presses: Presses) -> None:
    def all_lie(number: str) -> None:
        for sheet in DESK_SHEETS - JOURNEY_SHEETS:  # those are asked about a journey
            about = "" if sheet in {"number", "close", "pause", "services"} else f"?number={number}"
            for language in ("", "&lang=en" if about else "?lang=en"):
                answer = presses.client.get(f"/desk/ltsa/3/sheet/{sheet}{about}{language}")
                assert answer.status_code == 200, (sheet, answer.text)

    number = presses.takes("labour", "bank")
    all_lie(number)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("open", {}),
        ("call-next", {}),
        ("start", {}),
        ("hold", {}),
        ("resume", {}),
        ("return", {"reasons": ["document-missing"]}),
        ("cancel", {"number": number}),
    ]
    for action, body in steps:
        presses.does(action, **body)
        all_lie(number)


def test_the_text_of_a_refused_note_is_not_kept(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    assert presses.refused("return", present="", reasons=["document-missing"], text="Ibu Wati") == (409, "nobody-here")
    assert presses.house.people.notes("ltsa", presses.day.date, "") == []


def test_a_note_under_a_key_that_was_used_is_not_kept_and_the_first_one_stays(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", key="once", present="C001", text="Ibu Wati menitipkan berkas")
    assert presses.refused("note", key="once", present="C001", text="Bukan Ibu Wati") == (409, "key-reused")
    assert presses.refused("return", key="once", reasons=["other"], text="Ibu Wati menitipkan berkas")[0] == 409
    (note,) = presses.house.people.notes("ltsa", presses.day.date, "C001")
    assert note.text == "Ibu Wati menitipkan berkas"


def test_a_note_goes_with_whoever_is_at_the_counter_if_the_page_does_not_say(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", text="Ibu Wati menitipkan berkas")
    assert "Ibu Wati" in presses.client.get("/desk/ltsa/3/notes?number=C001").text


def test_a_note_is_read_only_where_its_person_is(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", present="C001", text="<b>Ibu Wati</b> menitipkan berkas")
    address = "/desk/ltsa/3/notes?number=C001"
    assert "&lt;b&gt;Ibu Wati&lt;/b&gt;" in presses.client.get(address).text
    presses.does("no-show", present="C001")
    assert "Ibu Wati" not in presses.client.get(address).text


def test_a_note_can_be_erased_only_where_its_person_is(presses: Presses) -> None:
    presses.takes("labour")
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", present="C001", text="Ibu Wati menitipkan berkas")
    (note,) = presses.day.tickets["C001"].notes
    presses.does("no-show", present="C001")
    presses.does("call-next")
    assert presses.refused(f"notes/{note}/erase") == (422, "unknown-note")
    presses.does("no-show", present="C002")
    presses.does("put-back", number="C001")
    presses.does("call", number="C001")
    assert presses.does(f"notes/{note}/erase") == {"ok": True}
    assert presses.does(f"notes/{note}/erase") == {"ok": False}


def test_who_closes_the_day_is_recorded(presses: Presses) -> None:
    presses.takes("labour")
    yuni = presses.of("yuni", "supervisor")
    assert yuni.send("/supervisor/ltsa/close-day", {"by": "supervisor:siti"}).status_code == 200
    assert not presses.day.open
    (closed,) = [one.event for one in presses.house.ledger.since(0) if isinstance(one.event, DayClosed)]
    assert closed.by == "supervisor:yuni"
    assert yuni.send("/supervisor/ltsa/reopen-day").status_code == 200


def test_no_press_takes_a_key_that_the_house_will_need(presses: Presses) -> None:
    presses.takes("labour")
    answer = presses.send("/desk/ltsa/3/open", {}, key=f"close ltsa {presses.day.date} after 3")
    assert answer.status_code == 400
    assert presses.day.counters["3"].state == "closed"

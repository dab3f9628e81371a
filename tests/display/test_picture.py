"""What the wall shows, as a picture and as a page."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import create_app
from display.picture import Wall, wall
from ltsa.commands import (
    CallNext,
    CloseDay,
    FinishService,
    IssueTicket,
    MissTicket,
    OpenCounter,
    Recall,
    StartService,
    Undo,
)
from ltsa.tokens import token_digest
from tests.staff import paired, signed_in
from web.house import House
from web.settings import Settings


class Wallkeeper:
    """An office in this process; every command is seen on the wall at once."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.display, self.house = paired(app, "display"), app.extensions["ltsa"]
        assert isinstance(self.house, House)

    def do(self, command: Any, **fields: Any) -> Any:
        given = {"office": "ltsa", "at": self.house.now(), "by": "officer:sari", "key": uuid.uuid4().hex}
        answer = self.house.do(command(**given | fields)).answer
        self.house.catch_up()
        return answer

    def called(self, counter: str, service: str) -> str:
        """A person takes a number for a service, and the counter calls it."""
        self.do(IssueTicket, services=(service,), token=token_digest(uuid.uuid4().hex), by="kiosk:1")
        self.do(OpenCounter, counter=counter, officer=f"officer {counter}")
        return str(self.do(CallNext, counter=counter).ticket.number)

    @property
    def wall(self) -> Wall:
        shown = wall(self.house, "ltsa")
        assert shown
        return shown


@pytest.fixture
def office(settings: Settings) -> Iterator[Wallkeeper]:
    app = create_app(settings)
    yield Wallkeeper(app)
    app.extensions["ltsa"].close()


def test_who_sits_before_a_counter_gets_ready_on_the_wall_and_is_not_announced(office: Wallkeeper) -> None:
    office.do(OpenCounter, counter="9", officer="officer 9")
    taken = office.do(IssueTicket, services=("bank",), token=token_digest("sits"), by="kiosk:1")
    [one] = office.wall.standby
    assert (one.number, one.counters) == (taken.ticket.number, ("9",))
    assert office.wall.calls == (), "sitting down is no call: nothing is spoken"
    page = office.display.get("/display/ltsa").text
    assert "Bersiap" in page
    assert "di Loket 9" in page
    office.do(CallNext, counter="9")
    assert office.wall.standby == ()


def test_whom_people_still_wait_for_stands_before_whom_is_being_served(office: Wallkeeper) -> None:
    rina, budi = office.called("2", "civil-registry"), office.called("3", "labour")
    office.do(StartService, counter="3")
    shown = [(call.number, call.counter, call.state) for call in office.wall.calls]
    assert shown == [(rina, "2", "called"), (budi, "3", "serving")]


def test_a_call_carries_what_is_said_and_a_recall_says_something_else(office: Wallkeeper) -> None:
    office.called("2", "civil-registry")
    first = office.wall.calls[0]
    assert (first.kind, first.captions["id"]) == ("call", "Nomor antrean B001, silakan menuju Loket 2.")
    office.do(Recall, counter="2")
    again = office.wall.calls[0]
    assert again.serial > first.serial
    assert (again.kind, again.clips[0]) == ("recall", "panggilan-ulang")
    office.do(Recall, counter="2")
    office.do(Recall, counter="2")
    assert (office.wall.calls[0].kind, office.wall.calls[0].clips[0]) == ("last", "panggilan-terakhir")


def test_a_person_is_never_shown_at_two_counters(office: Wallkeeper) -> None:
    rina = office.called("2", "civil-registry")
    office.do(StartService, counter="2")
    office.do(FinishService, counter="2", outcome="done")
    assert [call.number for call in office.wall.earlier] == [rina]
    office.called("3", "labour")
    office.do(MissTicket, counter="3")
    numbers = [call.number for call in (*office.wall.calls, *office.wall.earlier)]
    assert len(numbers) == len(set(numbers))


def test_a_call_taken_back_leaves_the_wall(office: Wallkeeper) -> None:
    office.called("2", "civil-registry")
    office.do(Undo, counter="2")
    assert office.wall.calls == ()
    assert office.wall.earlier == ()


def test_the_same_day_makes_the_same_picture(office: Wallkeeper) -> None:
    office.called("2", "civil-registry")
    assert office.wall == office.wall


def test_a_closed_day_says_so(office: Wallkeeper) -> None:
    office.called("2", "civil-registry")
    office.do(CloseDay)
    page = office.display.get("/display/ltsa").text
    assert "Layanan hari ini sudah selesai" in page
    assert "data-calls" not in page


def test_an_office_that_is_not_there_has_no_wall(office: Wallkeeper) -> None:
    assert wall(office.house, "nowhere") is None
    assert signed_in(office.app).get("/display/nowhere").status_code == 404


@pytest.mark.parametrize(
    "query", ["depth=far", "depth=0", "depth=99", "depth=5;", "height=1", "height=-5", "depth=1e1"]
)
def test_a_wrong_measure_is_refused_with_a_sentence(office: Wallkeeper, query: str) -> None:
    answer = office.display.get(f"/display/ltsa?{query}")
    assert answer.status_code == 422
    assert "harus berupa angka" in answer.text


def test_a_measure_may_have_a_comma(office: Wallkeeper) -> None:
    assert 'data-depth="7.5"' in office.display.get("/display/ltsa?depth=7,5").text


def test_the_wall_is_for_paired_displays_and_for_staff_and_knows_neither_by_name(office: Wallkeeper) -> None:
    asked = office.app.test_client().get("/display/ltsa?depth=8")
    assert asked.location == "/pair?kind=display&office=ltsa&next=%2Fdisplay%2Fltsa%3Fdepth%3D8"
    assert office.display.get("/display/elsewhere").status_code == 403
    page = signed_in(office.app, "budi.santoso", ["officer"], "ltsa").get("/display/ltsa")
    assert page.status_code == 200
    assert "budi" not in page.text

"""How an office's doors stand, and what its screens say of it at each hour of a week."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import gevent
import pytest
from msgspec import structs

from app import create_app
from ltsa.commands import CallNext, CloseDay, IssueTicket, OpenCounter
from ltsa.configuring import ConfigureOffice
from ltsa.office import DayOff, example_office, usual_week
from ltsa.tokens import ticket_secret, token_digest
from tests.staff import paired
from web.doors import Door, door
from web.format import coming

if TYPE_CHECKING:
    from flask import Flask

    from web.house import House
    from web.settings import Settings

CHRISTMAS = DayOff(date="2099-12-25", name={"id": "Hari Raya Natal", "en": "Christmas Day"}, kind="holiday")
FRIDAY, SATURDAY, MONDAY, HOLIDAY = "2099-11-20", "2099-11-21", "2099-11-23", "2099-12-25"


class Clock:
    """An office in the usual week that gives numbers from half an hour before it opens until half an hour before it
    closes, to three people a day, one of them for the bank; and the time that it believes to be.
    """

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.house = app, app.extensions["ltsa"]
        assert self.house
        self.at(FRIDAY, "06:00")
        monkeypatch.setattr(self.house, "now", lambda: self.now)
        example = example_office()
        services = tuple(structs.replace(one, capacity=1) if one.id == "bank" else one for one in example.services)
        rules = structs.replace(example.rules, first_ticket=30, last_ticket=30, capacity=3)
        self.sets_up(services=services, rules=rules, week=usual_week(), days_off=(CHRISTMAS,))
        self.kiosk, self.display = paired(app, "kiosk"), paired(app, "display")

    def sets_up(self, **changes: object) -> None:
        """The office is configured otherwise."""
        configuration = structs.replace(example_office(), **changes)
        key = f"set up {self.now} {len(changes)}"
        since = self.house.office("ltsa").service_date(self.now).isoformat()
        self.house.do(
            ConfigureOffice(office="ltsa", at=self.now, by="system", key=key, configuration=configuration, since=since)
        )
        self.house.catch_up()

    def at(self, date: str, time: str) -> Clock:
        """It is this date and time in the office's zone."""
        self.now = int(datetime.fromisoformat(f"{date}T{time}:00+07:00").timestamp() * 1000)
        return self

    def takes(self, *services: str) -> str:
        """Somebody takes a number; its secret."""
        key = f"key of the visitor {self.now} {services}"
        secret = ticket_secret(
            self.house.seed, "ltsa", self.house.office("ltsa").service_date(self.now).isoformat(), key
        )
        self.does(IssueTicket, key=key, services=services, token=token_digest(secret))
        return secret

    def does(self, command: type, **fields: object) -> None:
        """Somebody acts now."""
        said = {"office": "ltsa", "at": self.now, "by": "officer:sari", "key": f"{command.__name__} {self.now}"}
        self.house.do(command(**said | fields))
        self.house.catch_up()

    @property
    def door(self) -> Door:
        """How the doors stand."""
        found = door(self.house, "ltsa")
        assert found
        return found

    def reads(self, who: str, path: str) -> str:
        """The words of a page, as a kiosk, a display or a phone shows it."""
        client = {"kiosk": self.kiosk, "display": self.display, "phone": self.app.test_client()}[who]
        text = client.get(path).text
        return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<main") :]).split())


@pytest.fixture
def clock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    app = create_app(settings)
    yield Clock(app, monkeypatch)
    app.extensions["ltsa"].close()


@pytest.mark.parametrize(
    ("date", "time", "state", "kiosk", "display"),
    [
        (MONDAY, "07:15", "before", "Nomor antrean mulai pukul 07.30 Kantor buka pukul 08.00", "Buka pukul 08.00"),
        (MONDAY, "07:45", "open", "Kantor buka pukul 08.00", "Loket belum dibuka Buka pukul 08.00"),
        (MONDAY, "09:00", "open", "Nomor diberikan sampai pukul 15.30", "Loket belum dibuka Selamat datang"),
        (
            *(MONDAY, "12:30", "open", "Istirahat sampai pukul 13.00. Nomor tetap dapat diambil."),
            "Istirahat Buka pukul 13.00",
        ),
        (
            *(MONDAY, "15:30", "after", "hari ini sudah ditutup Buka lagi Selasa pukul 08.00 Nomor terakhir"),
            "Nomor hari ini sudah ditutup",
        ),
        (
            *(FRIDAY, "16:31", "after", "hari ini sudah ditutup Buka lagi Senin pukul 08.00 Nomor terakhir"),
            "Layanan hari ini sudah selesai Buka lagi Senin pukul 08.00",
        ),
        (
            *(SATURDAY, "10:00", "off", "Hari ini tutup Buka lagi Senin pukul 08.00"),
            "Hari ini tutup Buka lagi Senin pukul 08.00",
        ),
        (
            *(HOLIDAY, "10:00", "off", "Hari ini tutup Buka lagi Senin pukul 08.00 Hari Raya Natal"),
            "Hari ini tutup Buka lagi Senin pukul 08.00 Hari Raya Natal",
        ),
    ],
)
def test_the_screens_say_when_numbers_are_given_and_when_the_office_opens_again(  # noqa: PLR0913, PLR0917 - a row of the table
    clock: Clock, date: str, time: str, state: str, kiosk: str, display: str
) -> None:
    clock.at(date, time)
    assert clock.door.state == state
    assert kiosk in clock.reads("kiosk", "/kiosk/ltsa")
    assert display in clock.reads("display", "/display/ltsa")
    assert ("Ambil nomor antrean" in clock.reads("kiosk", "/kiosk/ltsa")) is (state == "open")


def test_the_door_speaks_both_languages_at_once(clock: Clock) -> None:
    said = clock.at(HOLIDAY, "10:00").reads("kiosk", "/kiosk/ltsa")
    assert "Closed today Open again on Monday at 08:00 Christmas Day" in said


def test_an_office_without_hours_says_nothing_of_hours(clock: Clock) -> None:
    clock.sets_up()
    assert clock.door == Door(date=FRIDAY, state="open", hours="open")
    for path in ("/kiosk/ltsa", "/kiosk/ltsa/services"):
        assert "pukul 0" not in clock.reads("kiosk", path).replace("Pukul", "")
    clock.does(OpenCounter, counter="1", officer="sari")
    clock.does(CloseDay)
    said = clock.reads("kiosk", "/kiosk/ltsa")
    assert "Hari ini sudah tutup Nomor antrean dapat diambil lagi pada hari layanan berikutnya." in said


def test_a_day_that_the_supervisor_has_closed_says_when_the_next_one_begins(clock: Clock) -> None:
    clock.at(MONDAY, "13:00").takes("health")
    clock.does(CloseDay)
    assert "Hari ini sudah tutup Buka lagi Selasa pukul 08.00" in clock.reads("kiosk", "/kiosk/ltsa")
    assert "Layanan hari ini sudah selesai Buka lagi Selasa pukul 08.00" in clock.reads("display", "/display/ltsa")


def test_a_full_service_is_marked_and_a_full_office_says_so_at_the_door(clock: Clock) -> None:
    clock.at(MONDAY, "09:00").takes("bank")
    services = clock.kiosk.get("/kiosk/ltsa/services").text
    assert services.count("Penuh untuk hari ini") == 1
    [bank] = re.findall(r'<button class="service service--full"[^>]*>', services)
    assert 'value="bank"' in bank
    assert "disabled" in bank
    clock.takes("health")
    assert "Ambil nomor antrean" in clock.reads("kiosk", "/kiosk/ltsa")
    clock.takes("labour")
    assert clock.door.state == "full"
    said = clock.reads("kiosk", "/kiosk/ltsa")
    assert "Nomor antrean hari ini sudah habis Silakan datang lagi Selasa pukul 08.00" in said


REFUSED = [
    (SATURDAY, "10:00", ("health",), "Hari ini kantor tutup", "Buka lagi Senin, 23 November 2099 pukul 08.00."),
    (MONDAY, "07:00", ("health",), "Nomor belum diberikan", "Nomor baru diberikan mulai pukul 07.30."),
    (MONDAY, "15:45", ("health",), "Nomor hari ini sudah ditutup", "Nomor terakhir hari ini diberikan pukul 15.30."),
]


@pytest.mark.parametrize(("date", "time", "services", "title", "sentence"), REFUSED)
def test_who_is_too_late_at_the_kiosk_reads_why_and_when_to_come(  # noqa: PLR0913, PLR0917 - a row of the table
    clock: Clock, date: str, time: str, services: tuple[str, ...], title: str, sentence: str
) -> None:
    clock.at(date, time)
    form = {"service": list(services), "key": "key-of-a-visitor"}
    page = clock.kiosk.post("/kiosk/ltsa/ticket", data=form)
    assert page.status_code == 409
    assert f'<h1 tabindex="-1">{title}</h1>' in page.text
    assert sentence in page.text
    assert "Mulai lagi" not in page.text.partition("<footer")[0]


def test_who_wants_a_service_that_is_full_may_choose_another(clock: Clock) -> None:
    clock.at(MONDAY, "09:00").takes("bank")
    page = clock.kiosk.post("/kiosk/ltsa/ticket", data={"service": ["bank"], "key": "key-of-a-visitor"}).text
    assert "Layanan ini sudah penuh hari ini" in page
    assert "Kuota Perbankan hari ini (1 orang) sudah penuh." in page
    assert '<a class="button button--primary button--large" href="/kiosk/ltsa/services?lang=id"' in page
    clock.takes("health")
    clock.takes("labour")
    page = clock.kiosk.post("/kiosk/ltsa/ticket", data={"service": ["police"], "key": "key-of-another-one"}).text
    assert '<h1 tabindex="-1">Nomor hari ini sudah habis</h1>' in page


def test_a_phone_says_when_those_who_wait_are_served_again(clock: Clock) -> None:
    phone = f"/t/{clock.at(MONDAY, '07:45').takes('health')}"
    assert "Kantor buka pukul 08.00" in clock.reads("phone", phone)
    clock.at(MONDAY, "10:00")
    assert "pukul 08.00" not in clock.reads("phone", phone)
    clock.at(MONDAY, "12:10")
    assert "Istirahat sampai pukul 13.00. Nomor Anda tetap berlaku." in clock.reads("phone", phone)
    clock.does(OpenCounter, counter="5", officer="sari", services=("health",))
    clock.does(CallNext, counter="5")
    assert "Istirahat" not in clock.reads("phone", phone), "who is called goes"
    clock.at(MONDAY, "16:10").does(CloseDay)
    assert "Buka lagi Selasa pukul 08.00" in clock.reads("phone", phone)


def test_what_a_screen_shows_stays_the_same_until_the_doors_stand_otherwise(clock: Clock) -> None:
    seen = [clock.at(MONDAY, time).door for time in ("07:30", "07:59", "08:00", "11:59", "12:00", "12:59", "13:00")]
    assert [one == other for one, other in pairwise(seen)] == [True, False, True, False, True, False]


def test_the_screens_turn_when_the_office_opens_and_not_a_minute_later(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: House = clock.house
    slept: list[float] = []
    doze: Callable[[float], None] = gevent.sleep

    def sleep(seconds: float = 0) -> None:
        slept.append(seconds)
        clock.now += int(seconds * 1000)
        doze(0)

    clock.at(MONDAY, "07:29")
    clock.now += 45_000
    here.advance()
    monkeypatch.setattr("web.house.gevent.sleep", sleep)
    keeping = gevent.spawn(here._keep_house)
    while len(slept) < 2:
        doze(0)
    keeping.kill()
    assert slept[0] == pytest.approx(15.05)
    assert here.advance() == {"ltsa"}, "the kiosk gives numbers now"


@pytest.mark.parametrize(
    ("at", "lang", "said"),
    [
        ("2099-11-23T08:00", "id", "Senin pukul 08.00"),
        ("2099-11-23T08:00", "en", "on Monday at 08:00"),
        ("2099-11-21T13:00", "id", "pukul 13.00"),
        ("2099-11-21T13:00", "en", "at 13:00"),
        ("2099-11-28T08:00", "id", "Sabtu, 28 November 2099, pukul 08.00"),
        ("2099-11-28T08:00", "en", "on Saturday, 28 November 2099 at 08:00"),
    ],
)
def test_what_is_to_come_is_said_as_people_say_it(at: str, lang: str, said: str) -> None:
    instant = int(datetime.fromisoformat(f"{at}:00+07:00").timestamp() * 1000)
    assert coming(instant, SATURDAY, lang=lang) == said


def test_a_date_without_a_time_of_day_is_said_alone() -> None:
    sunday = int(datetime.fromisoformat("2099-11-22T00:00:00+07:00").timestamp() * 1000)
    assert coming(sunday, SATURDAY, timed=False) == "Minggu"
    assert coming(sunday, SATURDAY, lang="en", timed=False) == "on Sunday"
    assert coming(sunday, "2099-11-22", timed=False) == "hari ini"

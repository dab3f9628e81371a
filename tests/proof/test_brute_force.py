"""Guessing through the doors: of short secrets a handful is looked at, of long ones none is right, and there is a way
back for whoever was locked out by somebody else's guesses.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import create_app
from ltsa.journal import RequestRefused, SignInRefused
from tests.staff import hire, pair, signed_in, token
from tests.web.doors import BETTER, GOOD, MINUTE, PIN, Office
from web import tickets
from web.devices import GUESSED
from web.fleet import ALPHABET, CODE_LENGTH
from web.limits import SIGN_IN
from web.people import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from web.asking import Asker
    from web.settings import Settings

OK = 200


@pytest.fixture
def office(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office without limits for an address: what is shown is what holds against many addresses."""
    return Office(replace(settings, rate_limits=0), monkeypatch)


def count(office: Office, kind: type) -> int:
    """Entries of a kind on record."""
    return sum(isinstance(row.event, kind) for row in office.house.ledger.since(0))


def test_of_a_thousand_passwords_five_are_looked_at_and_siti_comes_in_by_a_link(office: Office) -> None:
    eve = office.visitor()
    answers = [eve.signs_in("siti", f"tebakan nomor {n}").status_code for n in range(300)]
    assert answers[:4] == [422] * 4
    assert set(answers[4:]) == {429}
    assert count(office, SignInRefused) == 5
    assert eve.signs_in("siti", GOOD).status_code == 429, "the right one is not looked at either"
    assert not eve.name
    link = office.kept.make_link("siti", "reset", office.now, 1)
    siti = office.visitor()
    assert siti.sends(f"/link/{link}", password=BETTER).status_code == 303
    assert siti.name == "Siti Rahma"
    assert siti.signs_in("siti", BETTER).status_code == 303, "and the lock has fallen"


def test_time_opens_the_lock_too(office: Office) -> None:
    eve = office.visitor()
    for n in range(6):
        eve.signs_in("siti", f"tebakan nomor {n}")
    office.now += 15 * MINUTE
    assert office.visitor().signs_in("siti", GOOD).status_code == 303


def test_the_last_admin_comes_in_from_the_command_line(office: Office) -> None:
    office.hire("adi", "admin", password=GOOD)
    eve = office.visitor()
    for n in range(6):
        eve.signs_in("adi", f"tebakan nomor {n}")
    assert office.visitor().signs_in("adi", GOOD).status_code == 429
    assert people(["--data", str(office.house.settings.data), "--unlock", "adi"], None) == 0
    assert office.visitor().signs_in("adi", GOOD).status_code == 303


def test_of_a_thousand_codes_of_a_phone_five_are_looked_at(office: Office) -> None:
    eve = office.visitor()
    assert eve.signs_in("budi", BETTER).location.startswith("/sign-in/second-step")
    wrong = (
        f"{n:06}"
        for n in range(10**6)
        if f"{n:06}" not in {office.phone.at(office.now // 1000 + s) for s in (-30, 0, 30)}
    )
    answers = [eve.gives_code(next(wrong)).status_code for _ in range(300)]
    assert answers[:4] == [422] * 4
    assert set(answers[4:]) == {429}
    assert eve.gives_code(office.shows()).status_code == 429
    assert not eve.name
    budi = office.visitor()
    budi.signs_in("budi", BETTER)
    assert budi.sends("/sign-in/second-step", recovery=office.codes[0]).status_code == 303, "a recovery code goes on"
    assert budi.name == "Budi Santoso"


def test_of_a_thousand_pins_five_are_looked_at_and_the_session_is_over(office: Office) -> None:
    siti = office.visitor(device="counter")
    siti.signs_in("siti", GOOD)
    siti.sends("/lock")
    answers = [siti.sends("/unlock", pin=f"{n:06}").status_code for n in range(300)]
    assert answers[:5] == [422] * 5
    assert set(answers[5:]) == {303}
    assert siti.sends("/unlock", pin=PIN).location == "/"
    assert not siti.name
    assert siti.signs_in("siti", GOOD).status_code == 303
    assert siti.opens("/account").status_code == OK


def test_invented_accounts_do_not_fill_the_record(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(settings, monkeypatch)
    eve = office.visitor()
    answers = [eve.signs_in(f"orang{n}", "apa saja").status_code for n in range(SIGN_IN.times + 20)]
    assert answers.count(422) == SIGN_IN.times
    assert set(answers[SIGN_IN.times :]) == {429}
    office.house.door.tell_all()
    assert count(office, SignInRefused) == 10
    told = [row.event for row in office.house.ledger.since(0) if isinstance(row.event, RequestRefused)]
    assert len(told) <= 2


def test_of_a_thousand_pairing_codes_ten_are_looked_at(settings: Settings) -> None:
    app = create_app(settings)
    manager = signed_in(app, "budi", ("manager",), "ltsa")
    screen = app.test_client()
    screen.get("/pair?kind=kiosk&office=ltsa")
    chance = iter(lambda: "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)), "")
    answers = [manager.post("/manage/ltsa/devices/find", data={"code": next(chance)}).status_code for _ in range(200)]
    assert answers.count(422) == GUESSED.times
    assert set(answers[GUESSED.times :]) == {429}
    assert not app.extensions["ltsa"].access.devices
    app.extensions["ltsa"].close()


TIMES = 100_000


class Guesser:
    """Tries secrets of the right shape at the places that look them up: some at random, some a letter beside a right
    one. That a wrong one is refused says something only if the right one is not.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.house = app, app.extensions["ltsa"]
        hire(self.house, "dewi")
        with app.test_request_context():
            _, self.ticket = tickets.issue(self.house, office="ltsa", by="system", key="k" * 20, services=("bank",))
        self.house.catch_up()
        now = self.house.now()
        self.session = self.house.credentials.open_session("dewi", "password", "", now)
        self.link = self.house.credentials.make_link("dewi", "reset", now, 24)
        self.device, self.program = pair(self.house, "display"), token(self.house, "supervisor")

    def asker(self, **environ: str) -> Asker:
        """Who somebody is to the house."""
        with self.app.app_context():
            found: Asker = self.house.asker({"REQUEST_METHOD": "GET", "HTTP_HOST": "localhost", **environ})
        return found

    def lets_in(self, kind: str, secret: str) -> bool:
        """Whether the house knows a secret of a kind."""
        now = self.house.now()
        match kind:
            case "ticket":
                return self.house.ticket(secret) is not None
            case "session":
                return self.house.credentials.session(secret, now) is not None
            case "device":
                return not self.asker(HTTP_COOKIE=f"device={secret}").nobody
            case "program":
                return not self.asker(HTTP_AUTHORIZATION=f"Bearer {secret}").nobody
            case _:
                return self.house.credentials.link(secret, now) is not None

    def is_answered(self, kind: str, secret: str) -> bool:
        """Whether the server shows a page to who holds a secret of a kind."""
        browser = self.app.test_client()
        match kind:
            case "ticket":
                return browser.get(f"/t/{secret}").status_code == OK
            case "session" | "device":
                browser.set_cookie(kind, secret)
                return browser.get("/display/ltsa").status_code == OK
            case "program":
                headers = {"Authorization": f"Bearer {secret}"}
                return browser.get("/api/v1/offices/ltsa/board", headers=headers).status_code == OK
            case _:
                return browser.get(f"/link/{secret}").status_code == OK

    def guesses(self, right: str, times: int) -> Iterator[str]:
        """Wrong secrets."""
        letters, length = "".join(sorted(set(right))), len(right)
        chance = random.Random()
        for n in range(times):
            if n % 10:
                guess = "".join(chance.choices(letters, k=length))
            else:
                place = n // 10 % length
                guess = f"{right[:place]}{chance.choice(letters)}{right[place + 1 :]}"
            if guess != right:
                yield guess


@pytest.fixture
def guesser(settings: Settings) -> Iterator[Guesser]:
    found = Guesser(create_app(replace(settings, rate_limits=0)))
    yield found
    found.house.close()


@pytest.mark.parametrize("kind", ["ticket", "session", "device", "program", "link"])
def test_of_a_hundred_thousand_guessed_secrets_none_is_right(guesser: Guesser, kind: str) -> None:
    right = getattr(guesser, kind)
    assert guesser.lets_in(kind, right)
    assert guesser.is_answered(kind, right)
    assert not any(guesser.lets_in(kind, guess) for guess in guesser.guesses(right, TIMES))
    assert not any(guesser.is_answered(kind, guess) for guess in guesser.guesses(right, 200))

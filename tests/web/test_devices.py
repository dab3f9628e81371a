"""Devices at the door: a screen shows a code, somebody who may lets it in, and it is out the moment it is revoked."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from app import create_app
from ltsa.access import Device, Token
from ltsa.journal import PaperChanged
from ltsa.message import Refusal
from ltsa.side_store import Beside
from tests.staff import hire, pair, token
from web import devices
from web.asking import NOBODY
from web.fleet import ALPHABET, CODE_GOOD, CODE_LENGTH, MOST_WAITING, Fleet, TooManyWaiting, new_code, plain_code
from web.house import House
from web.presence import PATIENCE
from web.settings import WrongSetting
from web.version import version

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from web.settings import Settings

OURS = {"Sec-Fetch-Site": "same-origin"}
KIOSK = "/pair?kind=kiosk&office=ltsa&next=/kiosk/ltsa"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    made.extensions["ltsa"].close()


@pytest.fixture
def here(app: Flask) -> House:
    found: House = app.extensions["ltsa"]
    return found


def code_on(client: FlaskClient, address: str = KIOSK) -> str:
    """What a screen shows that opens an address."""
    page = client.get(address)
    assert page.status_code == 200, page.text
    return "-".join(re.findall(r'class="code__group">(\w+)<', page.text))


def told(answer: TestResponse) -> dict[str, Any]:
    """What a program is answered."""
    said: dict[str, Any] = answer.get_json()
    return said


class Manager:
    """Somebody who may let devices in, in their own browser."""

    def __init__(self, app: Flask, person: str = "siti") -> None:
        self.app, self.person = app, person
        self.session = hire(app.extensions["ltsa"], person, ("manager",), "ltsa")

    def does(self, work: Any, *args: str, **more: str) -> Any:
        """Calls what the manager's page calls, in a request of hers."""
        with self.app.test_request_context("/", headers={"Cookie": f"session={self.session}"}):
            self.app.preprocess_request()
            return work(*args, **more)

    def approves(self, code: str, kind: str = "kiosk", name: str = "pintu", counter: str = "") -> Device:
        """Lets a device in."""
        found: Device = self.does(devices.approve, code, kind, "ltsa", name, counter, "manager:siti")
        return found


def test_a_screen_that_nobody_knows_is_led_to_its_code_and_goes_on_when_it_was_let_in(app: Flask, here: House) -> None:
    kiosk = app.test_client()
    led = kiosk.get("/kiosk/ltsa?print=auto")
    assert led.location == "/pair?kind=kiosk&office=ltsa&next=%2Fkiosk%2Fltsa%3Fprint%3Dauto"
    code = code_on(kiosk, led.location)
    assert code_on(kiosk, led.location) == code
    assert told(kiosk.get("/pair/waiting"))["state"] == "waiting"

    siti = Manager(app)
    waiting = siti.does(devices.pending, code.lower().replace("-", " "))
    assert (waiting.kind, waiting.office, waiting.address) == ("kiosk", "ltsa", "127.0.0.1")
    device = siti.approves(code)
    assert (device.kind, device.name, device.office) == ("kiosk", "pintu", "ltsa")

    assert kiosk.get("/pair/waiting").json == {"state": "paired"}
    on = kiosk.get(led.location)
    assert (on.status_code, on.location) == (303, "/kiosk/ltsa?print=auto")
    (cookie,) = (line for line in on.headers.getlist("Set-Cookie") if line.startswith("device="))
    assert {"Max-Age=34560000", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert kiosk.get("/kiosk/ltsa").status_code == 200
    assert kiosk.get("/display/ltsa").status_code == 403
    assert kiosk.get("/kiosk/ltsa/services").status_code == 200
    assert here.access.named("ltsa", "kiosk", "pintu")


def test_the_ledger_and_the_files_beside_it_hold_no_secret_of_a_device(app: Flask, here: House) -> None:
    kiosk = app.test_client()
    Manager(app).approves(code_on(kiosk))
    secret = kiosk.get_cookie("pairing")
    assert secret
    kiosk.get(KIOSK)
    kept = b"".join(file.read_bytes() for file in here.settings.data.glob("*.sqlite*"))
    assert secret.value.encode() not in kept
    assert devices._digest(secret.value).encode() in kept


def test_a_code_belongs_to_one_browser(app: Flask) -> None:
    kiosk, stranger = app.test_client(), app.test_client()
    code, other = code_on(kiosk), code_on(stranger)
    assert code != other
    Manager(app).approves(code)
    assert told(stranger.get("/pair/waiting"))["state"] == "waiting"
    assert stranger.get(KIOSK).status_code == 200
    assert stranger.get("/kiosk/ltsa").status_code == 303


def test_a_code_is_good_once_and_for_ten_minutes(app: Flask, here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk, siti = app.test_client(), Manager(app)
    code = code_on(kiosk)
    later = here.now() + CODE_GOOD
    monkeypatch.setattr(here, "now", lambda: later)
    with pytest.raises(Refusal, match="No screen shows this code"):
        siti.approves(code)
    assert kiosk.get("/pair/waiting").json == {"state": "gone"}
    new = code_on(kiosk)
    assert new != code
    siti.approves(new)
    with pytest.raises(Refusal, match="No screen shows this code"):
        siti.approves(new, name="lain")


def test_who_types_many_wrong_codes_has_to_wait_even_with_a_right_one(app: Flask) -> None:
    siti, budi = Manager(app), Manager(app, "budi")
    code = code_on(app.test_client())
    for _ in range(10):
        with pytest.raises(Refusal, match="No screen shows this code"):
            siti.does(devices.pending, new_code())
    with pytest.raises(Refusal, match="Too many requests"):
        siti.does(devices.pending, code)
    assert budi.does(devices.pending, code).office == "ltsa"


def test_a_code_that_was_approved_under_a_taken_name_waits_for_another_name(app: Flask) -> None:
    siti = Manager(app)
    siti.approves(code_on(app.test_client()))
    code = code_on(app.test_client())
    with pytest.raises(Refusal, match="There is a kiosk 'pintu' already"):
        siti.approves(code)
    assert siti.approves(code, name="pintu-2").name == "pintu-2"


def test_codes_are_read_without_doubt() -> None:
    assert not set(ALPHABET) & set("0O1IL2Z5S8BGQUWM")
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert plain_code(" 7kn7-3fxa ") == "7KN73FXA"


def test_screens_that_wait_are_bounded_and_those_that_are_over_make_room(beside: Callable[[str], Beside]) -> None:
    said = {"kind": "kiosk", "office": "", "name": "", "counter": "", "address": "", "browser": ""}
    with closing(Fleet(beside("devices"))) as fleet:
        for n in range(MOST_WAITING):
            fleet.begin(f"{n:064x}", 1000, **said)
        with pytest.raises(TooManyWaiting):
            fleet.begin("f" * 64, 2000, **said)
        assert fleet.begin(f"{7:064x}", 2000, **said).began == 1000
        assert fleet.begin("f" * 64, 1000 + CODE_GOOD, **said).began == 1000 + CODE_GOOD


@pytest.mark.parametrize(
    ("going", "arrives"),
    [
        ("/kiosk/ltsa?print=auto", "/kiosk/ltsa?print=auto"),
        ("//evil.example/kiosk", "/kiosk/ltsa"),
        ("https://evil.example/", "/kiosk/ltsa"),
        ("/\\evil.example", "/kiosk/ltsa"),
        ("/%0d%0aSet-Cookie:%20a", "/kiosk/ltsa"),
        ("/pair?kind=kiosk", "/kiosk/ltsa"),
        ("", "/kiosk/ltsa"),
    ],
)
def test_a_device_goes_on_to_an_address_of_this_office_only(app: Flask, going: str, arrives: str) -> None:
    kiosk = app.test_client()
    address = f"/pair?kind=kiosk&office=ltsa&next={going.replace('?', '%3F').replace('&', '%26')}"
    Manager(app).approves(code_on(kiosk, address))
    assert kiosk.get(address).location == arrives


def test_a_device_that_was_let_in_as_something_else_goes_where_that_begins(app: Flask) -> None:
    screen = app.test_client()
    Manager(app).approves(code_on(screen), kind="display", name="aula")
    assert screen.get(KIOSK).location == "/display/ltsa"
    desk = app.test_client()
    Manager(app).approves(code_on(desk, "/pair?kind=counter"), kind="counter", name="meja-3", counter="3")
    assert desk.get("/pair?kind=counter").location == "/desk/ltsa/3"


def test_a_revoked_device_is_out_at_once(app: Flask) -> None:
    kiosk, siti = app.test_client(), Manager(app)
    device = siti.approves(code_on(kiosk))
    kiosk.get(KIOSK)
    assert kiosk.get("/kiosk/ltsa").status_code == 200
    siti.does(devices.revoke, device.id, "ltsa", "manager:siti")
    assert kiosk.get("/kiosk/ltsa").location.startswith("/pair?kind=kiosk")
    assert kiosk.post("/device/report", json={}, headers=OURS).status_code == 401
    assert re.fullmatch(r"\w{4}-\w{4}", code_on(kiosk))


def test_a_person_may_sign_in_instead(app: Flask) -> None:
    assert 'href="/sign-in?next=%2Fkiosk%2Fltsa"' in app.test_client().get(KIOSK).text


def test_a_program_pairs_with_a_secret_of_its_own(app: Flask, here: House) -> None:
    program = app.test_client(use_cookies=False)
    secret = secrets.token_urlsafe(32)
    digest = devices._digest(secret)
    asks = {"kind": "printer", "office": "ltsa", "name": "cetak", "counter": "pintu", "digest": digest}
    asked = program.post("/pair", json=asks)
    assert asked.status_code == 201
    assert program.post("/pair", json=asks).json == asked.json
    shows = {"Authorization": f"Bearer {secret}"}
    assert program.post("/device/report", json={}, headers=shows).status_code == 401
    assert told(program.get(f"/pair/waiting?digest={digest}"))["state"] == "waiting"
    assert Manager(app).does(devices.pending, told(asked)["code"]).counter == "pintu"
    Manager(app).approves(told(asked)["code"], "printer", "cetak", "pintu")
    assert program.get(f"/pair/waiting?digest={digest}").json == {"state": "paired"}
    says = program.post("/device/report", json={"paper": "low", "printer": "reachable"}, headers=shows)
    assert told(says)["name"] == "cetak"
    assert told(says)["counter"] == "pintu"
    assert here.presence.states("ltsa")[0].paper == "low"


@pytest.mark.parametrize(
    "asks",
    [{}, {"digest": "x"}, {"digest": "0" * 64, "kind": "toaster"}, {"digest": "0" * 64, "more": 1}, [], "text"],
)
def test_a_program_that_asks_for_nonsense_is_told_so(app: Flask, asks: object) -> None:
    assert app.test_client().post("/pair", json=asks).status_code == 422


# --- Links


def test_a_link_pairs_one_browser_once(app: Flask, here: House) -> None:
    address = Manager(app).does(devices.link, "display", "ltsa", "aula", "", "manager:siti")
    path = address.partition("://")[2].partition("/")[2]
    curious, screen, late = app.test_client(), app.test_client(), app.test_client()
    assert "aula" in curious.get(f"/{path}").text
    opened = screen.post(f"/{path}", headers=OURS)
    assert (opened.status_code, opened.location) == (303, "/display/ltsa")
    assert screen.get("/display/ltsa").status_code == 200
    assert late.get(f"/{path}").status_code == 410
    assert late.post(f"/{path}", headers=OURS).status_code == 410
    assert late.get("/display/ltsa").status_code == 303
    assert here.access.named("ltsa", "display", "aula")


def test_of_two_browsers_that_open_a_link_at_once_one_is_let_in(app: Flask, here: House) -> None:
    address = Manager(app).does(devices.link, "kiosk", "ltsa", "pintu", "", "manager:siti")
    path = f"/pair/{address.rpartition('/')[2]}"
    first, second = app.test_client(), app.test_client()
    kept = here.fleet.link(devices._digest(path.rpartition("/")[2]), here.now())
    assert kept
    first.post(path, headers=OURS)
    here.fleet.keep_link(devices._digest(path.rpartition("/")[2]), kept)  # as if the second had looked before
    assert second.post(path, headers=OURS).status_code == 410
    assert [device.name for device in here.access.devices.values()] == ["pintu"]


# --- What devices say


def test_what_a_device_says_is_seen_and_outlives_the_process(settings: Settings) -> None:
    app = create_app(settings)
    here: House = app.extensions["ltsa"]
    secret = pair(here, "kiosk", "pintu")
    (state,) = here.presence.states("ltsa")
    assert (state.online, state.seen, state.version, state.paper) == (False, 0, "", "unknown")
    client = app.test_client()
    client.set_cookie("device", secret)
    says = {"version": version(), "screen": [1080, 1920]}
    said = client.post("/device/report", json=says, headers=OURS)
    assert told(said)["name"] == "pintu"
    assert "device=" in said.headers["Set-Cookie"]
    assert "Set-Cookie" not in client.post("/device/report", json=says, headers=OURS).headers
    (state,) = here.presence.states("ltsa")
    assert (state.online, state.seen, state.current, state.screen) == (True, 0, True, "1080×1920")
    before = here.now()
    here.close()

    app = create_app(settings)
    here = app.extensions["ltsa"]
    here.presence.look()
    assert here.presence.states("ltsa")[0].online
    here.now = lambda: before + PATIENCE + 1  # type: ignore[method-assign]
    here.presence.look()
    (state,) = here.presence.states("ltsa")
    assert not state.online
    assert before - 5000 < state.seen <= before
    here.close()


@pytest.mark.parametrize(
    "says",
    [{"paper": "blue"}, {"version": "x" * 41}, {"version": "\n"}, {"screen": [0, 1]}, {"screen": [1]}, {"more": 1}, []],
)
def test_a_report_that_is_none_is_refused(app: Flask, here: House, says: object) -> None:
    client = app.test_client()
    client.set_cookie("device", pair(here, "kiosk"))
    assert client.post("/device/report", json=says, headers=OURS).status_code == 422


def test_paper_that_is_out_and_back_is_on_record_and_a_fluttering_sensor_is_not(app: Flask, here: House) -> None:
    now = here.now()
    secret = pair(here, "printer", "cetak", counter="pintu")
    client = app.test_client(use_cookies=False)
    minute = 0

    def says(paper: str) -> None:
        nonlocal minute
        minute += 1
        here.now = lambda: now + minute * 61_000  # type: ignore[method-assign]
        client.post("/device/report", json={"paper": paper}, headers={"Authorization": f"Bearer {secret}"})

    for paper in ("ok", "low", "out", "out", "unknown", "out", "ok", "low"):
        says(paper)
    for paper in ("out", "ok") * 20:
        here.now = lambda: now + minute * 61_000 + 1  # type: ignore[method-assign]
        client.post("/device/report", json={"paper": paper}, headers={"Authorization": f"Bearer {secret}"})
    on_record = [row.event.paper for row in here.ledger.since(0) if isinstance(row.event, PaperChanged)]
    assert on_record == ["out", "ok", "out"]


def test_a_broken_file_beside_the_ledger_is_named_and_may_be_removed(settings: Settings) -> None:
    House(settings).close()
    file = settings.data / "devices.sqlite"
    for part in settings.data.glob("devices.sqlite*"):
        part.unlink()
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(WrongSetting, match=r"devices.sqlite cannot be opened: .* may be removed"):
        House(settings)
    file.unlink()
    House(settings).close()


# --- 100 000 guesses


def test_no_random_secret_of_a_hundred_thousand_is_a_device_or_a_program(app: Flask, here: House) -> None:
    for n in range(20):
        pair(here, "kiosk", f"kiosk-{n}")
        token(here, "manager", name=f"program {n}")
    known = [each for each in here.access.shown.values() if isinstance(each, Device | Token)]
    assert len(known) == 40
    environ, answers = EnvironBuilder().get_environ(), Counter[str]()
    with app.app_context():
        for n in range(100_000):
            guess = secrets.token_urlsafe(32) if n % 2 else secrets.token_hex(32)
            header = ("HTTP_COOKIE", f"device={guess}") if n % 4 < 2 else ("HTTP_AUTHORIZATION", f"Bearer {guess}")
            try:
                answers[
                    "accepted" if here.door.of(Request({**environ, header[0]: header[1]})) != NOBODY else "nobody"
                ] += 1
            except Refusal as refusal:
                answers[refusal.code] += 1
    assert answers == {"nobody": 50_000, "wrong-token": 50_000}

"""What the server says on its terminal: enough to find a fault, and nothing about anybody."""

from __future__ import annotations

import io
import json
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from websockets.sync.client import connect

from ltsa.office import example_office
from tests.conftest import Office
from tests.staff import hire, hired_before_opening, token
from web import logs
from web.house import House
from web.settings import Settings

PASSWORD, WRONG = "kuda baterai staples benar", "perahu kertas hanyut malam"
NAME, NIK, ACCOUNT = "Sulastri Wijayakusuma", "5201134503980002", "sulastri.w"
SERVICE = example_office().services[0].id


class Visit:
    """What happens in an office on a morning, by hand over HTTP; everything that must not be told is kept."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.secrets = [*office.secrets.values(), PASSWORD, WRONG, NAME, NIK, ACCOUNT]

    def asks(self, path: str, said: object = None, *, form: bool = False, **headers: str) -> tuple[int, str, Any]:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if said is not None:
            body = urllib.parse.urlencode(said).encode() if form else json.dumps(said).encode()  # type: ignore[arg-type]
            headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json", **headers}
        asked = urllib.request.Request(  # noqa: S310 - our own server
            self.office.url + path, body, {"Origin": self.office.url, "Accept": "application/json", **headers}
        )
        try:
            with urllib.request.build_opener(_Stay).open(asked, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    data = tmp_path / "office"
    running = Office(data, secrets=hired_before_opening(data), flags=("--access-log",))
    with closing(House(Settings(data=data, port=0))) as here:
        running.secrets["hers"] = hire(here, ACCOUNT, ("officer",), "ltsa")
        here.credentials.set_name(ACCOUNT, NAME)
        here.credentials.set_password(ACCOUNT, PASSWORD, here.now())
        running.secrets["link"] = here.credentials.make_link(ACCOUNT, "reset", here.now(), 24)
        running.secrets["admin"] = token(here, "admin", "*")
    running.start()
    yield running
    running.kill()


def lines(office: Office) -> list[dict[str, Any]]:
    """Every line that the server wrote after its addresses."""
    return [json.loads(line) for line in office.said.partition("Ctrl+C closes it.\n")[2].splitlines()]


def test_a_visit_and_a_sign_in_leave_no_word_about_anybody(office: Office) -> None:
    visit = Visit(office)
    bearer = {"Authorization": f"Bearer {office.secrets['token']}"}
    for key in ("one", "two"):
        number = {"services": [SERVICE]}
        _, said, _ = visit.asks("/api/v1/offices/ltsa/tickets", number, form=False, **bearer, Idempotency_Key=key)
        issued = json.loads(said)
        visit.secrets += [issued["token"]]
        assert visit.asks(f"/t/{issued['token']}?lang=en")[0] == 200
    assert visit.asks(f"/t/{issued['token']}/cancel", {"key": "three"}, form=True)[0] < 500
    assert visit.asks("/t/" + "A2" * 13)[0] == 404
    assert visit.asks(f"/sign-in?next=/desk/ltsa?nik={NIK}")[0] == 200
    for password, status in ((WRONG, 422), (PASSWORD, 303)):
        found, _, headers = visit.asks("/sign-in", {"account": ACCOUNT, "password": password}, form=True)
        assert found == status
    session = headers["Set-Cookie"].partition(";")[0]
    visit.secrets.append(session.partition("=")[2])
    assert visit.asks("/account", Cookie=session)[0] == 200
    assert visit.asks(f"/audit/ltsa?person={NAME.split(maxsplit=1)[0]}", Cookie=session)[0] == 403
    assert visit.asks(f"/link/{office.secrets['link']}")[0] == 200
    assert visit.asks("/api/v1/offices", Authorization="Bearer " + "f0" * 32)[0] == 401
    assert visit.asks(f"/{NAME.replace(' ', '%20')}/{NIK}")[0] == 404
    assert visit.asks("/sign-in", {"account": ACCOUNT}, form=True, Origin="https://evil.example")[0] == 403
    assert visit.asks(f"/t/{issued['token']}", Host="evil.example")[0] == 421
    with connect(f"ws://127.0.0.1:{office.port}/socket.io/?EIO=4&transport=websocket", proxy=None) as page:
        page.recv(30)
        page.send("40")
        page.recv(30)
        page.send(json.dumps(["watch", {"views": [f"ticket:{issued['token']}", f"ticket:{NIK}"]}]).join(["42", ""]))
        page.recv(30)
    office.stop()
    said = office.said.lower()
    assert [secret for secret in visit.secrets if secret.lower() in said] == []
    assert [part for part in NAME.lower().split() if part in said] == []
    assert "nik=" not in said
    assert "cookie" not in said


def test_a_request_is_one_line_of_what_where_how_long_and_what_kind_of_asker(office: Office) -> None:
    visit = Visit(office)
    _, _, headers = visit.asks("/desk/ltsa", Cookie=f"session={office.secrets['hers']}")
    visit.asks("/metrics", Authorization=f"Bearer {office.secrets['admin']}")
    visit.asks("/kiosk/ltsa", Cookie=f"device={office.secrets['kiosk']}")
    visit.asks("/nowhere")
    hers, program, device, lost = lines(office)
    assert hers.keys() == {
        "timestamp", "level", "logger", "event", "method", "rule", "status", "ms", "asker", "request",
    }  # fmt: skip
    assert (hers["method"], hers["rule"], hers["status"], hers["asker"]) == (
        "GET", "/desk/<office>", 200, "person (officer)",
    )  # fmt: skip
    assert hers["request"] == headers["X-Request-Id"]
    assert hers["ms"] > 0
    assert program["asker"] == "program (admin)"
    assert device["asker"] == "device (kiosk)"
    assert (lost["rule"], lost["status"], lost["asker"]) == ("none", 404, "nobody")


def test_only_who_is_turned_away_leaves_an_address(office: Office) -> None:
    visit = Visit(office)
    visit.asks("/")
    visit.asks("/", Host="evil.example")
    welcome, refused = lines(office)
    assert "127.0.0.1" not in json.dumps(welcome)
    assert (refused["level"], refused["status"], refused["address"]) == ("warning", 421, "127.0.0.1")


def test_without_being_asked_the_server_tells_of_refusals_and_failures_only(office_server: Office) -> None:
    visit = Visit(office_server)
    visit.asks("/")
    visit.asks("/nowhere")
    visit.asks("/", Host="evil.example")
    visit.asks("/sign-in", {}, form=True, Origin="https://evil.example")
    assert [line["status"] for line in lines(office_server)] == [421, 403]


def test_a_failure_is_told_with_its_place_in_the_program_but_without_secrets() -> None:
    app, terminal = Flask("failing"), io.StringIO()
    logs.install(app)

    @app.get("/t/<token>")
    def ticket(token: str) -> str:
        raise KeyError(f"{token} of {NIK}")

    handler = logging.StreamHandler(terminal)
    handler.setFormatter(logs.formatter())
    logger = logging.getLogger("web.requests")
    logger.addHandler(handler)
    try:
        secret = "ORANGJUJURPUNYARAHASIA2345"
        assert app.test_client().get(f"/t/{secret}").status_code == 500
    finally:
        logger.removeHandler(handler)
    failed, request = (json.loads(line) for line in terminal.getvalue().splitlines())
    assert (failed["rule"], failed["level"]) == ("/t/<token>", "error")
    assert re.search(r"test_logs\.py.*in ticket", failed["exception"], re.DOTALL)
    assert failed["request"] == request["request"]
    assert secret not in terminal.getvalue()
    assert NIK not in terminal.getvalue()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no ticket ORANGJUJURPUNYARAHASIA2345 here", "no ticket … here"),
        ("no card ORANGJUJURPUNYARAHASIABESA here", "no card … here"),
        ("Bearer 0123456789abcdef0123456789abcdef", "Bearer …"),
        ("a3Fz-9_kQx7LmN2pR8sT4vW6 is over", "… is over"),
        ("NIK 5201134503980002.", "NIK …."),
        ("a_very_long_name_of_a_function_indeed", "a_very_long_name_of_a_function_indeed"),
        ("request 01936f2a4b5c6d7e at 1795222800000", "request 01936f2a4b5c6d7e at 1795222800000"),
    ],
)
def test_whatever_looks_like_a_secret_is_struck_out(said: str, told: str) -> None:
    assert logs.SECRET.sub("…", said) == told


def test_nobody_writes_a_second_line_into_the_log() -> None:
    record = logging.LogRecord("x", logging.WARNING, "x", 1, 'one\n{"level": "info"}\r\x1b[2J', None, None)
    line = logs.formatter().format(record)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line

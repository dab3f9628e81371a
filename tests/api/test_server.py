"""The API of a real server: many programs at once, a pulled plug, requests that no HTTP client would send, the docs."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.conftest import Office

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs" / "api.md"
TICKETS = "/api/v1/offices/ltsa/tickets"


def post(office: Office, path: str, body: object, key: str) -> tuple[int, bytes]:
    """Status and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
    headers = {"Idempotency-Key": key, "Content-Type": "application/json", **office.bearer}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    status, said = answer.status, answer.read()
    connection.close()
    return status, said


def get(office: Office, path: str) -> Any:
    """What a GET is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
    connection.request("GET", path, headers=office.bearer)
    said = json.loads(connection.getresponse().read())
    connection.close()
    return said


def raw(office: Office, request: bytes) -> bytes:
    """The bytes that the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", office.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return said


def together(count: int, work: Callable[[int], tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """What `count` threads get who all begin at one moment."""
    start = Barrier(count)

    def one(n: int) -> tuple[int, bytes]:
        start.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all the odd requests: it has to outlive each of them."""
    office = Office(tmp_path_factory.mktemp("patient") / "office")
    office.start()
    yield office
    office.kill()


def test_one_key_sent_twenty_times_at_once_is_one_ticket_and_one_answer(office_server: Office) -> None:
    body = {"services": ["health", "bank"], "priority": None}
    answers = together(20, lambda _: post(office_server, TICKETS, body, "same"))
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    board = get(office_server, "/api/v1/offices/ltsa/board")
    assert {queue["service"]: queue["waiting"] for queue in board["queues"]}["health"] == 1
    assert board["version"] == 2


def test_twenty_programs_at_once_get_twenty_numbers_without_gap(office_server: Office) -> None:
    answers = together(20, lambda n: post(office_server, TICKETS, {"services": ["bank"]}, f"program-{n}"))
    assert {status for status, _ in answers} == {201}
    assert {json.loads(said)["number"] for _, said in answers} == {f"G{n:03}" for n in range(1, 21)}
    assert len({json.loads(said)["token"] for _, said in answers}) == 20


def test_a_person_is_called_by_one_of_two_counters_only(office_server: Office) -> None:
    for counter in ("6", "7"):
        post(
            office_server,
            f"/api/v1/offices/ltsa/counters/{counter}/open",
            {"officer": f"O{counter}"},
            f"open-{counter}",
        )
    post(office_server, TICKETS, {"services": ["immigration"]}, "one")
    counters = "/api/v1/offices/ltsa/counters/"
    answers = together(10, lambda n: post(office_server, f"{counters}{6 + n % 2}/call-next", {}, f"call-{n}"))
    assert sorted(status for status, _ in answers) == [200] + [409] * 9


def test_an_answer_is_the_same_after_the_plug_was_pulled(office_server: Office) -> None:
    first = post(office_server, TICKETS, {"services": ["health", "bank"]}, "kiosk-1")
    post(office_server, TICKETS, {"services": ["health"]}, "kiosk-2")
    office_server.kill()
    office_server.start()
    assert post(office_server, TICKETS, {"services": ["health", "bank"]}, "kiosk-1") == first
    assert post(office_server, TICKETS, {"services": ["bank"]}, "kiosk-1")[0] == 409
    token = json.loads(first[1])["token"]
    assert get(office_server, f"/api/v1/tickets/{token}")["number"] == "D001"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ("Transfer-Encoding: chunked", b"16\r\n" + b'{"services": ["bank"]}' + b"\r\n0\r\n\r\n", 201),
        ("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked", b"ff\r\n{}", 400),
        ("Transfer-Encoding: chunked", (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 4 + b"0\r\n\r\n", 413),
        ("Transfer-Encoding: chunked", b"10000\r\n" + b"{}".ljust(0x10000) + b"\r\n1\r\n}\r\n0\r\n\r\n", 413),
        ("Content-Length: 9000000", b" " * 1000, 413),
        ("Content-Length: 40", b"{}", 400),
        ("Content-Length: -1", b"{}", 400),
        ("Content-Length: x", b"{}", 400),
        ("Content-Length: 2\r\nOrigin: http://[", b"{}", 403),
        ("Content-Length: 2\r\nReferer: http://[", b"{}", 422),
        ("Content-Length: 2\r\nX: \x00\xff", b"{}", 400),
    ],
)
def test_odd_bodies_and_headers_are_the_sender_s_fault(patient: Office, headers: str, body: bytes, status: int) -> None:
    head = f"POST {TICKETS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nIdempotency-Key: k\r\n"
    head += f"Authorization: {patient.bearer['Authorization']}\r\nContent-Type: application/json\r\n"
    request = (head + headers + "\r\n\r\n").encode("latin-1")
    assert raw(patient, request + body).split(b" ", 2)[1] == str(status).encode()


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/offices/\xff\xfe/board",
        "/api/v1/%",
        "/api/v1/%00%zz",
        "//api/v2/offices",
        "*",
    ],
)
def test_odd_addresses_are_the_sender_s_fault(patient: Office, target: str) -> None:
    said = raw(patient, f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert said.split(b" ", 2)[1][:1] in {b"3", b"4"}, said[:200]


def test_a_refused_body_leaves_the_connection_usable(patient: Office) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", patient.port, timeout=30)
    for body, status in ((b" " * 70_000, 413), (b"{", 400), (b'{"services": ["bank"]}', 201)):
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json", **patient.bearer}
        connection.request("POST", TICKETS, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_the_examples_of_the_docs_run(office_server: Office, tmp_path: Path) -> None:
    if not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("no curl or bash on this machine")
    blocks = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script = "set -eu\n" + "\necho\n".join(blocks).replace("http://127.0.0.1:8000", office_server.url)
    tokens = {"LTSA_TOKEN": office_server.secrets["token"], "LTSA_AUDIT_TOKEN": office_server.secrets["auditor"]}
    environ = {**os.environ, **tokens}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    said = done.stdout
    for fact in (
        '"number":"D001"',
        '"officer":"Sri"',
        '"outcome":"done"',
        '"state":"absent"',
        '"type":"ticket-called/1"',
    ):
        assert fact in said
    shown = json.loads(re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0])
    refusals = [json.loads(line) for line in re.findall(r'\{"code":[^{}]*"state":[^{}]*\}', said)]
    assert refusals == [shown]


def test_every_code_that_the_docs_name_is_real() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## Refusals")[2].partition("\n\nA refused")[0]
    codes = {
        code for row in re.findall(r"^\| \d.*\|(.*)\|$", table, re.MULTILINE) for code in re.findall(r"`(.*?)`", row)
    }
    source = "".join(
        path.read_text("utf-8") for room in ("ltsa", "web", "api") for path in (PROJECT / room).glob("*.py")
    )
    made = {"too-large", "method-not-allowed", "counter-closed", "not-waiting"}  # from HTTP's own names, or composed
    assert {code for code in codes if f'"{code}"' not in source} <= made

"""What one connection may cost: clients that are slow, broken, or say two things at once."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import Office
from web.connection import HEAD_SIZE

PROJECT = Path(__file__).resolve().parents[2]
A_SECRET = "ORANGJUJURPUNYARAHASIA2345"  # as it stands in a ticket's address


class Server:
    """`patient_app` in a process of its own: a second of patience for everything."""

    def __init__(self, terminal: Path) -> None:
        self.terminal = terminal
        with terminal.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.web.patient_app", "0"], cwd=PROJECT, stdout=said, stderr=said
            )
        while "http://" not in self.said and self.process.poll() is None:
            time.sleep(0.02)
        self.port = int(self.said.split("\n", 1)[0].rpartition(":")[2])

    @property
    def said(self) -> str:
        return self.terminal.read_text()

    def client(self) -> socket.socket:
        """A connection; whatever it waits for comes, or the test fails."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def asked(self, request: bytes) -> bytes:
        """All that is answered until the server closes the connection."""
        with self.client() as client:
            client.sendall(request)
            return everything(client)

    def is_well(self) -> bool:
        """Whether others are answered."""
        return b"200 OK" in self.asked(b"GET /there HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


def everything(client: socket.socket) -> bytes:
    said = b""
    with suppress(ConnectionResetError):
        while more := client.recv(65536):
            said += more
    return said


def answered(client: socket.socket) -> bytes:
    answer = HTTPResponse(client)
    answer.begin()
    return answer.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server") / "terminal")
    yield running
    running.process.kill()
    running.process.wait()


POST = b"POST /length HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"


def drip(client: socket.socket, text: bytes) -> bytes:
    """Sends a byte every tenth of a second, until the server has enough of it; what it says."""
    client.setblocking(False)  # noqa: FBT003
    said = b""
    for each in text:
        with suppress(BlockingIOError):
            if not (more := client.recv(65536)):
                return said
            said += more
        try:
            client.send(bytes([each]))
        except ConnectionError:
            return said
        time.sleep(0.1)
    pytest.fail("The server took every byte.")


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(server: Server) -> None:
    with server.client() as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert drip(client, b"X-Slow: " + b"x" * 600).startswith(b"HTTP/1.1 408 ")


def test_a_first_line_that_comes_byte_by_byte_is_not_waited_for(server: Server) -> None:
    with server.client() as client:
        assert drip(client, b"GET /" + b"x" * 600) == b""


def test_a_body_that_comes_byte_by_byte_is_not_waited_for(server: Server) -> None:
    with server.client() as client:
        client.sendall(POST + b"Content-Length: 600\r\n\r\n")
        said = drip(client, b"x" * 600)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "request-timeout"


def test_a_body_that_nobody_reads_is_not_waited_for_either(server: Server) -> None:
    with server.client() as client:
        client.sendall(POST.replace(b"/length", b"/unread") + b"Content-Length: 600\r\n\r\n")
        assert drip(client, b"x" * 600).startswith(b"HTTP/1.1 200 OK")


def test_a_connection_that_says_nothing_is_closed(server: Server) -> None:
    with server.client() as client:
        assert client.recv(1) == b""


def test_a_client_that_does_not_take_its_answer_is_let_go(server: Server) -> None:
    with server.client() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b"\r\n\r\n1" not in server.asked(b"GET /there HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
            time.sleep(0.1)  # until the one that asks is the only one that is there


def test_a_page_that_listens_is_not_taken_for_an_idle_connection(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", proxy=None) as page:
        page.recv(30)
        page.send("40")
        page.recv(30)
        page.send('42["watch",{"views":["board:a"]}]')
        beats = 0
        while beats < 3:  # one at once, then one every 5 s
            said = str(page.recv(30))
            if said == "2":
                page.send("3")
            beats += "beat" in said


def test_a_page_that_ends_in_the_middle_of_a_message_is_closed(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", proxy=None) as page:
        page.recv(30)
        page.socket.sendall(b"\x81\xfe\x10")  # the beginning of a frame, and no more
        with suppress(ConnectionClosed):
            while page.recv(30):
                pass
            pytest.fail("The server kept it.")
    assert server.is_well()


BROKEN = {
    "a head without an end": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * HEAD_SIZE, 431),
    "many lines": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-%d: x\r\n" * 101 % (*range(101),) + b"\r\n", 400),
    "a long address": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    "a line that is no header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length 4\r\n\r\n", 400),
    "a header that goes on": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n Y: 2\r\n\r\n", 400),
    "a space before the colon": (POST + b"Content-Length : 3\r\n\r\nxxx", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", 400),
    "half a line": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rY: b\r\n\r\n", 400),
    "a language of 1991": (b"GET /\r\n\r\n", 400),
    "a language to come": (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nxxx", 400),
    "a length and pieces": (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "pieces of another kind": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "pieces twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "less than nothing": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a length in words": (POST + b"Content-Length: +3\r\n\r\nxxx", 400),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_can_be_read_in_two_ways_is_not_read(server: Server, how: str) -> None:
    request, status = BROKEN[how]
    said = server.asked(request)
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert said.count(b"HTTP/1.1 ") == 1
    assert server.is_well()


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"PROPFIND"])
def test_no_other_method_is_spoken_and_nothing_is_said_back(server: Server, method: bytes) -> None:
    said = server.asked(
        method
        + b" /there HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nX-Mine: %s\r\nConnection: close\r\n\r\n"
        % A_SECRET.encode()
    )
    assert said.startswith(b"HTTP/1.1 405 ")
    assert A_SECRET.encode() not in said


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (b"/socket.io/", b"Host: localhost", 101),
        (b"/socket.io/", b"Host: localhost\r\nOrigin: http://localhost\r\nCookie: session=x", 101),
        (b"/socket.io/", b"Host: localhost\r\nCookie: session=x", 403),
        (b"/socket.io/", b"Host: localhost\r\nOrigin: https://evil.example", 403),
        (b"/socket.io/", b"Host: localhost\r\nOrigin: null", 403),
        (b"/socket.io/", b"Host: evil.example\r\nOrigin: http://evil.example", 421),
        (b"/there", b"Host: localhost", 404),
    ],
)
def test_a_socket_is_opened_to_the_office_s_own_pages_only(
    server: Server, address: bytes, headers: bytes, status: int
) -> None:
    with server.client() as client:
        client.sendall(
            b"GET %s?EIO=4&transport=websocket HTTP/1.1\r\n%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % (address, headers)
        )
        assert client.recv(12) == b"HTTP/1.1 %d" % status


def test_the_feed_s_address_answers_to_the_office_s_names_only_without_a_socket_too(server: Server) -> None:
    said = server.asked(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 421 ")


def test_nothing_is_smuggled_behind_a_body(server: Server) -> None:
    smuggled = b"GET /there HTTP/1.1\r\nHost: localhost\r\n\r\n"
    said = server.asked(
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(smuggled)) + smuggled
    )
    assert said.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("address", [b"/length", b"/unread"])
def test_a_body_without_an_end_is_answered_and_cut_off(server: Server, address: bytes) -> None:
    head = POST.replace(b"/length", address) + b"Content-Length: 10000000000\r\n\r\n"
    with server.client() as client:
        client.sendall(head)
        with suppress(ConnectionError):
            while True:
                client.sendall(b"x" * 65536)
    assert server.is_well()


def test_a_client_that_asks_before_it_sends_too_much_is_told_not_to(server: Server) -> None:
    said = server.asked(POST + b"Content-Length: 10000000\r\nExpect: 100-continue\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")


def test_after_a_body_that_nobody_read_the_connection_is_still_good(server: Server) -> None:
    with server.client() as client:
        client.sendall(POST.replace(b"/length", b"/unread") + b"Content-Length: 5\r\n\r\nxxxxx")
        assert answered(client) == b"unread"
        client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n0\r\n\r\n")
        assert answered(client) == b"3"
        client.sendall(POST + b"Content-Length: 2\r\n\r\nxx")
        assert answered(client) == b"2"


def test_the_terminal_repeats_nothing_that_a_broken_client_sent(server: Server) -> None:
    for broken in (b"GET /t/%s HTTP/9.9\r\n\r\n", b"GET /t/%s HTTP/1.1\r\n\r\n", b"\x16\x03%s\r\n\r\n"):
        assert server.asked(broken % A_SECRET.encode()).startswith(b"HTTP/1.1 400 ")
    assert A_SECRET not in server.said
    for line in server.said.splitlines()[1:]:
        json.loads(line)


@pytest.mark.parametrize(("proxies", "address"), [("0", "127.0.0.1"), ("1", "203.0.113.7"), ("2", "198.51.100.9")])
def test_only_as_many_proxies_as_there_are_say_who_asks(tmp_path: Path, proxies: str, address: str) -> None:
    office = Office(tmp_path / "office", environ={"LTSA_PROXIES": proxies})
    office.start()
    try:
        with closing(socket.create_connection(("127.0.0.1", office.port), timeout=30)) as client:
            forwarded = b"X-Forwarded-For: 192.0.2.1, 198.51.100.9, 203.0.113.7\r\nX-Forwarded-Host: localhost\r\n"
            client.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + forwarded + b"Connection: close\r\n\r\n")
            assert everything(client).startswith(b"HTTP/1.1 421 ")
        said: dict[str, Any] = json.loads(office.said.splitlines()[-1])
        assert said["address"] == address
    finally:
        office.kill()

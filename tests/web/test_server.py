"""The server as a machine meets it: a real process, real sockets."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent.parent.parent


def fetch(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str]]:
    asked = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


def test_the_address_of_every_face_is_printed_and_answers(office_server: Any) -> None:
    for path in ("/", "/kiosk/ltsa", "/desk/ltsa", "/supervisor/ltsa", "/display/ltsa", "/audit/ltsa"):
        assert f"{office_server.url}{path}\n" in office_server.said
        assert fetch(office_server.url + path, office_server.cookie)[0] == 200
    assert f"{office_server.url}/api/openapi.json\n" in office_server.said


def test_a_taken_port_is_answered_with_a_sentence(office_server: Any, tmp_path: Path) -> None:
    second = [sys.executable, "app.py", "serve", "--port", str(office_server.port), "--data", str(tmp_path / "other")]
    ended = subprocess.run(second, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Cannot listen on 127.0.0.1:{office_server.port}: ")
    assert not (tmp_path / "other").exists()


def test_a_folder_that_cannot_be_made_is_answered_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "app.py", "serve", "--port", "0", "--data", str(tmp_path / "file" / "office")]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr == f"The office in {tmp_path}/file/office cannot be opened: Not a directory.\n"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_the_server_stops_cleanly_and_silently(office_server: Any, how: signal.Signals) -> None:
    idle = socket.create_connection(("127.0.0.1", office_server.port))
    code, said = office_server.stop(how)
    idle.close()
    assert (code, said) == (0, "")


def test_a_request_in_progress_is_answered_before_the_server_stops(office_server: Any) -> None:
    body = b'{"services": ["information"], "priority": null}'
    head = (
        f"POST /api/v1/offices/ltsa/tickets HTTP/1.1\r\nHost: 127.0.0.1:{office_server.port}\r\nIdempotency-Key: k1\r\n"
        f"Authorization: Bearer {office_server.secrets['token']}\r\n"
    )
    with socket.create_connection(("127.0.0.1", office_server.port), timeout=30) as client:
        client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        fetch(office_server.url)  # by now the first request is being read
        office_server.process.send_signal(signal.SIGTERM)
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 201")
    assert office_server.stop() == (0, "")


def test_an_office_that_is_stopped_in_the_middle_of_reading_ends_as_cleanly(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.web.reading_app", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


POST = b"POST /api/v1/offices/ltsa/tickets HTTP/1.1\r\nHost: x\r\n"
SOCKET = b"GET /socket.io/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
BROKEN = {
    "nothing": b"",
    "a request without patience": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    "half a body": POST + b"Content-Length: 500\r\n\r\n{",
    "a wrong chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a wrong key": SOCKET + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
}


def test_a_client_that_breaks_off_disturbs_nobody(office_server: Any) -> None:
    for how, sent in BROKEN.items():
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", office_server.port)) as client:
                client.sendall(sent)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
        assert fetch(office_server.url)[0] == 200, how
        assert "Traceback" not in office_server.said, how
    assert office_server.stop()[0] == 0


@pytest.mark.parametrize(
    ("asked", "answer"),
    [("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x", 400), ("Sec-WebSocket-Version: 7", 400), ("X: y", 426)],
)
def test_a_wrong_websocket_is_refused_and_is_no_error_of_ours(office_server: Any, asked: str, answer: int) -> None:
    with socket.create_connection(("127.0.0.1", office_server.port), timeout=30) as client:
        client.sendall(SOCKET + f"{asked}\r\n\r\n".encode())
        assert client.recv(4096).startswith(f"HTTP/1.1 {answer} ".encode())
    assert "Traceback" not in office_server.stop()[1]


def test_of_the_third_party_code_browsers_get_what_pages_use_and_nothing_else(office_server: Any) -> None:
    font = "@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-latin-wght-normal.woff2"
    status, headers = fetch(f"{office_server.url}/vendor/{font}")
    assert (status, headers["Content-Type"]) == (200, "font/woff2")
    assert fetch(f"{office_server.url}/static/web/look.css")[0] == 200
    for inside in (
        "vendor/lucide-static/package.json",
        "vendor/.package-lock.json",
        "vendor/lucide-static/icons/..%2f..%2f..%2fapp.py",
        "static/web/..%2fsettings.py",
        "static/..%2fvar/ledger.sqlite",
    ):
        assert fetch(f"{office_server.url}/{inside}")[0] == 404

"""Sockets without end: who comes and goes is kept out for a while, and who sits there notices nothing."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

from app import create_app
from tests.proof.hostile import Socket, asks
from web.asking import NOBODY
from web.limits import COMES, SOCKETS

if TYPE_CHECKING:
    from tests.conftest import Office
    from web.settings import Settings

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_who_comes_and_goes_is_kept_out_and_who_is_there_sees_on(office_server: Office) -> None:
    screen = f"device={office_server.secrets['display']}"
    with Socket(office_server, screen, "display:ltsa") as hall:
        assert hall.sees()
        heard: list[bytes] = []
        while len(heard) < SOCKETS // 2 or not heard[-1].endswith(b"429"):  # a slow machine's bucket fills meanwhile
            assert len(heard) < 10 * COMES.times, "nobody is kept out"
            with closing(socket.create_connection(("127.0.0.1", office_server.port), timeout=60)) as page:
                page.sendall(UPGRADE.encode())
                heard.append(page.recv(12))
        assert heard[: SOCKETS // 2] == [b"HTTP/1.1 101"] * (SOCKETS // 2)
        assert len(heard) >= COMES.times
        headers = {"Idempotency-Key": "flood", "Content-Type": "application/json"} | office_server.bearer
        taken = asks(office_server, "/kiosk/ltsa", f"device={office_server.secrets['kiosk']}")
        assert taken.status == 200
        answer = asks(office_server, "/api/v1/offices/ltsa/tickets", body='{"services": ["bank"]}', headers=headers)
        assert answer.status == 201
        assert hall.sees(), "the number that was taken meanwhile"
    assert '"level": "error"' not in office_server.said
    assert "Traceback" not in office_server.said


def test_a_view_is_not_even_looked_at_for_who_may_not_see_it(settings: Settings) -> None:
    feed = create_app(settings).extensions["feed"]
    for view in ("hall:ltsa", "desk:ltsa:1", "devices:ltsa", "desk:nowhere:1", "kiosk_help:ltsa:1"):
        assert feed._ask_for(view, NOBODY) == (None, "not-allowed")
    assert not feed._watched

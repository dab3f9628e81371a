"""The live feed: what pages are told, in which order, and whom nobody waits for."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import gevent
import pytest
from flask import render_template_string
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.conftest import PROJECT
from tests.web.feed_app import Hall, create
from tests.web.feed_clients import FeedServer, Watcher
from web import lane
from web.live import BEAT, VIEWS, NoSuchView, View, _Client


@pytest.fixture
def server() -> Iterator[FeedServer]:
    """A hall whose numbers the tests raise. Whatever was said to it, it must not have met an unexpected error."""
    running = FeedServer()
    yield running
    said = running.kill()
    assert "Traceback" not in said, said


def test_a_new_watcher_is_shown_the_present_picture_at_once(server: FeedServer) -> None:
    server.post("/raise/a")
    page = Watcher(server, ["board:a"])
    picture = page.hears("view")
    assert picture["view"] == "board:a"
    assert picture["v"] == 1
    assert picture["html"].startswith("<h1>1</h1>")
    assert 'href="/a"' in picture["html"]
    assert page.hears("beat")["v"] == 1


def test_twenty_clients_see_the_same_pictures_in_order(server: FeedServer) -> None:
    pages = [Watcher(server, ["board:a"]) for _ in range(20)]
    for page in pages:
        page.hears("beat")
    for _ in range(40):
        server.post("/raise/a")
    told = [page.hears_number(40) for page in pages]
    assert all(positions == told[0] for positions in told)
    assert told[0] == sorted(set(told[0]))
    assert told[0][-1] == 40


def test_a_burst_is_shown_at_its_first_and_its_last_change_and_not_at_each(server: FeedServer) -> None:
    page = Watcher(server, ["board:a"])
    page.hears("beat")
    for _ in range(50):
        server.post("/raise/a")
    told = page.hears_number(50)
    assert told[0] < 50
    assert len(told) < 25


def test_only_what_looks_different_is_sent(server: FeedServer) -> None:
    page = Watcher(server, ["board:a"])
    page.hears("beat")
    server.post("/raise/b")
    server.post("/rows/xyz")
    assert page.hears("view")["v"] == 2


def test_a_page_may_watch_something_else_instead(server: FeedServer) -> None:
    page = Watcher(server, ["board:a"])
    page.hears("beat")
    page.watch("board:b")
    assert page.hears("view")["view"] == "board:b"
    server.post("/raise/a")
    server.post("/raise/b")
    assert page.hears("view")["view"] == "board:b"


def test_whoever_watches_again_is_shown_all_again(server: FeedServer) -> None:
    page = Watcher(server, ["board:a"])
    page.hears("beat")
    page.watch("board:a")
    assert page.hears("view")["v"] == 0
    page.hears("beat")


def test_a_view_is_rendered_in_the_language_of_its_address(server: FeedServer) -> None:
    page = Watcher(server, ["board:a@en", "board:a@xx", "board:a"])
    assert page.hears("view")["view"] == "board:a@en"
    assert page.hears("refused") == {"view": "board:a@xx", "code": "unknown"}
    assert page.hears("view")["view"] == "board:a"


@pytest.mark.parametrize(
    "address", ["", "board", "board:a:b", "board:nowhere", "nothing:a", "a" * 4000, "board:a@../x"]
)
def test_an_unknown_view_is_refused_and_the_known_ones_are_shown(server: FeedServer, address: str) -> None:
    page = Watcher(server, [address, "board:a"])
    assert page.hears("refused") == {"view": address, "code": "unknown"}
    assert page.hears("view")["view"] == "board:a"


def test_a_view_is_shown_to_those_who_may_see_it_and_refused_to_others(server: FeedServer) -> None:
    for stranger in ("", "eve"):
        page = Watcher(server, ["board:c", "board:a"], guest=stranger)
        assert page.hears("refused") == {"view": "board:c", "code": "not-allowed"}
        assert page.hears("view")["view"] == "board:a"
    page = Watcher(server, ["board:c"], guest="sari")
    assert page.hears("view")["view"] == "board:c"
    server.post("/raise/c")
    assert page.hears_number(1)


def test_a_right_that_is_taken_ends_the_view_of_those_who_had_it_and_of_nobody_else(server: FeedServer) -> None:
    sari, budi = (Watcher(server, ["board:c", "board:a"], guest=guest) for guest in ("sari", "budi"))
    for page in (sari, budi):
        page.hears("beat")
    server.post("/dismiss/sari")
    assert sari.hears("refused") == {"view": "board:c", "code": "not-allowed"}
    server.post("/raise/c")
    server.post("/raise/a")
    assert {budi.hears("view")["view"] for _ in "ca"} == {"board:c", "board:a"}
    assert sari.hears("view")["view"] == "board:a", "what is for everybody goes on"
    sari.watch("board:c")
    assert sari.hears("refused") == {"view": "board:c", "code": "not-allowed"}
    assert [body for event, body in budi.heard if event == "refused"] == []


@pytest.mark.parametrize("message", [{}, {"views": "board:a"}, {"views": [1]}, {"views": {"a": 1}}, 7, None, []])
def test_a_message_that_makes_no_sense_is_refused_and_the_next_one_heard(server: FeedServer, message: object) -> None:
    page = Watcher(server, [])
    page.socket.send("42" + json.dumps(["watch", message]))
    assert page.hears("refused") == {"view": None, "code": "bad-request"}
    page.watch("board:a")
    assert page.hears("view")["v"] == 0


def test_a_page_watches_fifty_views_and_no_more(server: FeedServer) -> None:
    page = Watcher(server, [])
    page.watch(*(f"board:{n}" for n in range(VIEWS + 1)))
    assert page.hears("refused") == {"view": None, "code": "too-many"}
    page.watch(*(f"board:{n}" for n in range(VIEWS - 1)), "board:a")
    assert page.hears("view")["view"] == "board:a"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x",
        "2",
        "5",
        "42",
        '42["else",{}]',
        "42[" + "[" * 5000,
        "4" + "[" * 5000,
        '451-["watch",{"_placeholder":true,"num":0}]',
        b"bytes",
        "3" * (lane.MESSAGE + 1),
        ["3", "3"],
    ],
)
def test_who_speaks_another_language_is_closed_and_others_notice_nothing(
    server: FeedServer, message: str | bytes | list[str]
) -> None:
    page, stranger = Watcher(server, ["board:a"]), Watcher(server, [])
    page.hears("beat")
    with suppress(ConnectionClosed):  # of a message in parts, the first may be enough
        stranger.socket.send(message)
    assert stranger.is_closed()
    server.post("/raise/a")
    assert page.hears("view")["v"] == 1


def test_deep_nonsense_is_ignored(server: FeedServer) -> None:
    page = Watcher(server, [])
    page.socket.send('42["watch",' + "[" * 5000)
    page.watch("board:a")
    assert page.hears("view")["v"] == 0


def test_pages_of_other_sites_are_not_served(server: FeedServer) -> None:
    for origin in ("https://elsewhere.example", "null", "http://[", f"http://rebound.example:{server.port}"):
        with pytest.raises(ConnectionClosed):
            Watcher(server, ["board:a"], origin=Origin(origin))
    assert Watcher(server, ["board:a"], origin=Origin(server.url)).hears("view")
    assert Watcher(server, ["board:a"], origin=Origin(f"https://127.0.0.1:{server.port}")).hears("view")
    assert Watcher(server, ["board:a"], origin=Origin("https://antrean.example")).hears("view")


def test_only_websockets_are_served(server: FeedServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        plain.sendall(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400")


def test_a_client_that_never_reads_is_closed_and_delays_nobody(server: FeedServer) -> None:
    silent, page = _silent_client(server), Watcher(server, ["board:a"])
    page.hears("beat")
    for number in range(1, 31):
        server.post("/fill/200000")
        page.hears_number(number)
    silent.settimeout(15)
    heard = 0
    try:
        while chunk := silent.recv(1 << 20):
            heard += len(chunk)
    except ConnectionResetError:
        pass
    finally:
        silent.close()
    assert heard < 30 * 200_000


def test_a_client_that_answers_no_ping_is_let_go(server: FeedServer) -> None:
    silent = _silent_client(server)
    silent.settimeout(30)
    while silent.recv(1 << 16):
        pass
    silent.close()


def _silent_client(server: FeedServer) -> socket.socket:
    """Watches, and then reads nothing any more."""
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    silent.connect(("127.0.0.1", server.port))
    silent.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for text in (b"40", b'42["watch",{"views":["board:a"]}]'):
        silent.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        silent.recv(200)
    return silent


def test_a_heart_beats_only_while_the_ledger_can_be_read() -> None:
    server = FeedServer()
    page = Watcher(server, ["board:a"])
    page.hears("beat")
    server.post("/broken/1")
    server.post("/raise/a")
    time.sleep(BEAT + 1)
    server.post("/broken/0")
    page.hears("view")
    assert [name for name, _ in page.heard] == ["view", "beat", "view"]
    assert page.hears("beat")["v"] == 1
    assert "The disk is gone" in server.kill()


def test_whom_nobody_can_tell_who_they_are_is_shown_nothing_and_may_come_back() -> None:
    server = FeedServer()
    page = Watcher(server, ["board:c"], guest="sari")
    page.hears("view")
    server.post("/broken/1")
    server.post("/dismiss/budi")  # everybody is asked again
    assert page.is_closed()
    assert Watcher(server, ["board:c"], guest="sari").is_closed()
    server.post("/broken/0")
    assert Watcher(server, ["board:c"], guest="sari").hears("view")
    assert "Nobody knows who watches" in server.kill()


def test_a_picture_that_fails_is_refused_and_the_others_are_shown() -> None:
    server = FeedServer()
    page = Watcher(server, ["board:broken", "board:a"])
    assert page.hears("refused") == {"view": "board:broken", "code": "failed"}
    assert page.hears("view")["view"] == "board:a"
    assert "ZeroDivisionError" in server.kill()


def test_the_bell_may_be_rung_from_any_thread() -> None:
    hall = Hall()
    _, feed = create(hall)
    looked = gevent.event.Event()
    looks = 0

    def advance() -> set[str]:
        nonlocal looks
        looks += 1
        looked.set()
        return set()

    hall.advance = advance  # type: ignore[method-assign]
    feed.ring()
    feed.start()
    looked.wait()
    gevent.sleep(0.05)
    looked.clear()
    before = looks
    with ThreadPoolExecutor(8) as threads:
        for _ in range(800):
            threads.submit(feed.ring)
    assert looked.wait(5)
    assert looks > before
    feed.stop()
    threading.Thread(target=feed.ring).start()


def test_a_template_paints_a_view_with_its_address_and_position() -> None:
    hall = Hall()
    app, _ = create(hall)
    hall.change("a", 7)
    with app.test_request_context():
        html = render_template_string("""{{ live("board", "a", id="x", title='"<>') }}""")
        assert html.startswith('<div data-live="board:a" data-v="1" id="x" title="&#34;&lt;&gt;"><h1>7</h1>')
        for name, *args in (("board", "nowhere"), ("nothing", "a"), ("board", "a:b"), ("board", "a@en")):
            with pytest.raises(NoSuchView):
                app.jinja_env.globals["live"](name, *args)  # type: ignore[operator]


def test_a_page_painted_between_two_looks_is_not_left_with_a_picture_that_is_over() -> None:
    class Ear(lane.Lane):
        def __init__(self) -> None:
            self.told: list[dict[str, object]] = []

        def post(self, message: bytes | memoryview) -> None:
            said = bytes(message)
            event, body = json.loads(said[said.index(b"[") :])
            self.told += [body] if event == "view" else []

    hall = Hall()
    app, feed = create(hall)
    early, late = Ear(), Ear()
    feed._clients |= {"early": _Client(early, {}), "late": _Client(late, {})}
    feed._watch("early", {"views": ["board:a"]})
    hall.change("a")
    with app.test_request_context():
        assert 'data-v="1"' in render_template_string("""{{ live("board", "a") }}""")
    hall.change("a", -1)
    feed._watch("late", {"views": ["board:a"]})
    assert [body["v"] for body in early.told] == [0], "nothing looks different to those who were here"
    assert [body["v"] for body in late.told] == [2], "newer than what the page was painted"
    assert str(late.told[0]["html"]).startswith("<h1>0</h1>")


def test_two_views_never_share_a_name() -> None:
    _, feed = create(Hall())
    for name in ("board", "a:b", "a@b", ""):
        with pytest.raises(ValueError, match="cannot be called"):
            feed.add(View(name, lambda _house: None, "board.html"))


def test_the_feed_patches_nothing() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import web.live, web.wake, gevent.monkey as m; print(m.saved)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    assert said.stdout.strip() == "{}"

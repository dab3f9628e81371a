"""One client's websocket: what goes out never waits, what comes in is small.

A broadcast to a thousand clients must not stand still for one phone in a lift. So every byte to a client goes through
its `Lane`, which hands it to the kernel if there is room, and keeps it in a short backlog of that client's own if there
is not. Who lags by more than the backlog is closed, and comes back by itself to a full snapshot. Frames from a server
are not masked, so `frame()` builds them once, and all clients are sent the same bytes. The figures:
docs/decisions/live-feed.md.
"""

import binascii
import logging
import re
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent.ssl import SSLSocket
from geventwebsocket.exceptions import ProtocolError
from geventwebsocket.handler import WebSocketHandler
from geventwebsocket.websocket import Header, Stream, WebSocket

from web.lean import engine, socket_io

BACKLOG = 1 << 20
"""Bytes that may wait for one client before it is closed."""

MESSAGE = 8 << 10
"""Bytes that one message from a client may have: fifty addresses of views, with room."""

# All that a page ever says: closing, pong, connecting, leaving, `watch`. Anything else, python-engineio would meet with
# an exception that skips its own tidying up.
_SPOKEN = re.compile(r'1$|3$|40(\{.*\})?$|41$|42\["watch",')

_log = logging.getLogger(__name__)


def frame(event: str, body: object) -> bytes:
    """The bytes of one Socket.IO event, to be sent to any number of clients by `Lane.post`."""
    said = socket_io.Packet(socket_io.EVENT, data=[event, body], namespace="/").encode()
    text: bytes = engine.Packet(engine.MESSAGE, said).encode().encode()
    return bytes(Header.encode_header(True, WebSocket.OPCODE_TEXT, b"", len(text), 0)) + text  # noqa: FBT003


def listener(host: str, port: int) -> socket.socket:
    """A listening socket whose connections answer at once (`TCP_NODELAY`; Nagle's algorithm would cost a POST 44 ms).
    It never blocks, and knows no loop: several processes may take connections from it.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    listening.setblocking(False)  # noqa: FBT003
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


class Lane(WebSocket):  # type: ignore[misc] # the library has no types
    """A websocket of gevent-websocket whose writes never wait and whose reads are bounded."""

    def __init__(self, environ: dict[str, Any], handler: "LaneHandler") -> None:
        super().__init__(environ, Stream(handler), handler)
        self.raw_write = self.post
        self.raw_read = self._read
        self._socket = handler.socket
        self._backlog: deque[bytes | memoryview] = deque()
        self._behind = 0
        self._draining = False
        self._open = True

    def post(self, data: bytes | memoryview) -> None:
        """Sends `data`, which must be whole frames, or lets it wait its turn; never blocks, never raises."""
        if not self._open:
            return
        if not self._draining and not isinstance(self._socket, SSLSocket):
            try:
                sent = self._socket.send(data, 0, 0.0)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.shut()
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        self._backlog.append(data)
        self._behind += len(data)
        if self._behind > BACKLOG:
            _log.info("closed a client that lags by %d bytes", self._behind)
            # What the kernel still holds for it is of no use to anyone: reset instead of lingering.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.shut()
        elif not self._draining:
            self._draining = True
            self._spawn(self._drain)

    def close(self, code: int = 1000, message: bytes = b"") -> None:
        """Says good-bye and ends the connection; the library leaves that to the other side, which may be gone."""
        super().close(code, message)
        self.shut()

    def shut(self) -> None:
        """Ends the connection at once; the library's reader wakes up and tidies the rest."""
        self._open = False
        self._backlog.clear()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            _log.debug("the client was gone already")

    def _spawn(self, work: Callable[[], object]) -> None:
        gevent.spawn(work)

    def _drain(self) -> None:
        try:
            while self._backlog:
                data = self._backlog[0]
                self._socket.sendall(data)
                if self._open:
                    self._backlog.popleft()
                    self._behind -= len(data)
        except OSError:
            self.shut()
        finally:
            self._draining = False

    def _read(self, length: int) -> bytes:
        # An announced length is the client's word: nothing is read, or kept, for a frame that is too long. The library
        # takes the missing bytes for the end of the connection.
        return self.stream.read(length) if length <= MESSAGE else b""

    def read_frame(self) -> tuple[Header, bytes]:
        """As the library's, but a message is one text frame: pieces or bytes could be heaped up without end."""
        header, payload = super().read_frame()
        if not header.fin or header.opcode in (self.OPCODE_CONTINUATION, self.OPCODE_BINARY):
            raise ProtocolError(f"Refused a frame with opcode {header.opcode}, final {header.fin}")
        return header, payload

    def receive(self) -> str | None:
        """The next message, or None when the connection has ended or the client said what no page says."""
        message: str | None = super().receive()
        if message is not None and not _SPOKEN.match(message):
            self.close(1008)
            return None
        return message


class LaneHandler(WebSocketHandler):  # type: ignore[misc]
    """What `gevent.pywsgi.WSGIServer` is to be started with, so that every websocket is a `Lane`."""

    def upgrade_websocket(self) -> list[bytes] | None:
        """As the library's, whose refusals are no bytes and so cannot be sent."""
        refusal: list[str] | None = super().upgrade_websocket()
        return None if refusal is None else [sentence.encode() for sentence in refusal]

    def upgrade_connection(self) -> list[str] | None:
        """As the library's, with a `Lane`; a key that is no base64 is refused as a short one is."""
        try:
            refusal: list[str] | None = super().upgrade_connection()
        except binascii.Error:
            self.start_response("400 Bad Request", [])
            return ["Invalid key"]
        if refusal is None:
            self.websocket.closed = True  # the plain one is not to say good-bye when it is collected
            self.websocket: WebSocket = Lane(self.environ, self)
            self.environ["wsgi.websocket"] = self.websocket
        return refusal

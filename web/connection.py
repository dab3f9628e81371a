"""One connection: how long it may take, how much it may send, and who it says that it is.

gevent's server believes whatever a client sends and waits for it for ever. Here a request has a size and a time, so
that nobody holds a greenlet, a file descriptor or the loop by sending a byte a second.
"""

import errno
import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import gevent
from gevent.pywsgi import Input, OldMessage, WSGIServer
from gevent.socket import socket as GeventSocket  # noqa: N812
from werkzeug.exceptions import RequestTimeout
from werkzeug.middleware.proxy_fix import ProxyFix

from web.lane import LaneHandler
from web.limits import COMES, CONNECTIONS, SOCKETS, Buckets, Crowd, place
from web.security import BODY_LIMIT, refused_socket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

RETRY = "30"
"""Seconds after which a page may ask for the live feed again where too many were open."""


class Patience(NamedTuple):
    """For how many seconds a client is waited for.

    Attributes:
        idle: that a kept connection may say nothing: longer than nginx keeps one, so that the proxy closes first.
        head: for a request's head.
        body: for its body.
        take: in which it has to take each piece of an answer.
    """

    idle: float = 75.0
    head: float = 15.0
    body: float = 20.0
    take: float = 30.0


HEAD_SIZE = 16 * 1024
"""Bytes of all header lines of a request."""

HEAD_LINES = 100
"""How many they may be."""

DISCARDED = 4 * BODY_LIMIT
"""Bytes of a body nobody wanted that are read, so that the client hears the answer; whoever sends more is cut off."""

_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n")
"""One header line (RFC 9112, 5): nothing before the colon but its name, and none that goes on in the next line."""

_log = logging.getLogger(__name__)


class _TooLarge(ValueError):
    """The head of a request has no end."""


class _Body:
    """gevent's `wsgi.input`, which gives up on a client that does not send what it announced in time."""

    def __init__(self, body: Input, patience: float) -> None:
        self.is_over = False
        self._body = body
        self._patience = patience
        self._until: float | None = None

    def read(self, length: int | None = None) -> bytes:
        with self._in_time():
            read: bytes = self._body.read(length)
        return read

    def readline(self, length: int | None = None) -> bytes:
        with self._in_time():
            line: bytes = self._body.readline(length)
        return line

    def readlines(self, _hint: int | None = None) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _discard(self) -> None:
        """Reads what nobody wanted; then `is_over` says whether the next request begins here. It does not where the
        rest is too long, too slow or broken, or where the client still waits to be told to send it.
        """
        body: Any = self._body
        rest = (body.content_length or 0) - body.position
        if not body.chunked_input and rest <= 0:
            self.is_over = True
        elif body._chunked_input_error or rest > DISCARDED or body.socket is not None:  # noqa: SLF001 - as the library
            return
        left = DISCARDED
        with suppress(OSError, RequestTimeout):
            while left > 0 and not self.is_over:
                read = len(self.read(16 * 1024))
                self.is_over, left = read == 0, left - read

    def _in_time(self) -> gevent.Timeout:
        self._until = self._until or time.monotonic() + self._patience
        return gevent.Timeout(max(0.001, self._until - time.monotonic()), RequestTimeout())


class Connection(LaneHandler):
    """What answers the requests of one connection, one after the other."""

    server: "Server"
    wsgi_input: Any
    close_connection: bool
    _held: list[bytes] | None = None
    """Of an answer, what waits for the rest of its first piece."""

    def read_requestline(self) -> str:
        """As the library's; the connection ends when nothing came in time."""
        with gevent.Timeout(
            self.server.patience.idle, ConnectionResetError(errno.ECONNRESET, "the client says nothing")
        ):
            line: str = super().read_requestline()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """As the library's, in bounded time, and without what proxies and servers read in two ways (RFC 9112, 6.3)."""
        if not raw_requestline.rstrip().endswith(("HTTP/1.1", "HTTP/1.0")):
            raise ValueError("neither HTTP/1.1 nor HTTP/1.0")
        with gevent.Timeout(self.server.patience.head, RequestTimeout()):
            read: bool = super().read_request(raw_requestline)
        if len(self.headers.get_all("host", [])) != 1 and self.request_version == "HTTP/1.1":
            raise ValueError("not one Host")
        return read

    def MessageClass(self, file: BinaryIO, *_more: Any) -> Message:  # noqa: N802 - the library's name
        """The headers. Raises ValueError for those that are no headers, are too long or say two lengths.

        The library's parser is made for mails: it mends what it cannot read, and takes a fifth of the time that a short
        request needs.
        """
        headers, left = OldMessage(), HEAD_SIZE
        while (line := file.readline(left + 1)) not in (b"\r\n", b"\n"):
            left -= len(line)
            if left < 0:
                raise _TooLarge
            if len(headers) == HEAD_LINES:
                raise ValueError("too many headers")
            if not (header := _HEADER.fullmatch(line)):
                raise ValueError("no header")
            headers[header[1].decode("ascii")] = header[2].strip(b" \t").decode("latin-1")
        lengths, coding = headers.get_all("content-length", []), headers.get_all("transfer-encoding", [])
        if len(lengths) + len(coding) > 1 or [each.lower() for each in coding] not in ([], ["chunked"]):
            raise ValueError("a length in two ways")
        if lengths and not (lengths[0].isascii() and lengths[0].isdigit()):
            raise ValueError("a length that is no number")
        return headers

    def get_environ(self) -> dict[str, Any]:
        """As the library's, with what the trusted proxies say about the client, and a patient body."""
        environ: dict[str, Any] = super().get_environ()
        body = _Body(self.wsgi_input, self.server.patience.body)
        if environ["wsgi.input"] is self.wsgi_input:
            environ["wsgi.input"] = body
        self.wsgi_input = body
        if proxies := self.server.proxies:
            ProxyFix(_nothing, x_for=proxies, x_proto=proxies)(environ, cast("StartResponse", _nothing))
        return environ

    def upgrade_websocket(self) -> list[bytes] | None:
        """As the room's, for the office's own pages, and not for too many of one place."""
        refusal = refused_socket(self.environ, self.application.extensions["hosts"])
        if refusal is None and self._upgrades() and self.server.is_crowded_by(place(self.environ.get("REMOTE_ADDR"))):
            refusal = "429 Too Many Requests", "Too many pages of this address are open, or come and go."
        if refusal is None:
            return super().upgrade_websocket()
        status, sentence = refusal
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"), ("Retry-After", RETRY)]
        self.start_response(status, headers if status.startswith("429") else headers[:-1])
        return [sentence.encode()]

    def _upgrades(self) -> bool:
        upgrade: str = self.environ.get("HTTP_UPGRADE", "")
        return upgrade.lower() == "websocket"

    def run_websocket(self) -> None:
        """As the library's, counted; and without its list of clients, from which one that came back from the same port
        before the last was let go would be struck off twice.
        """
        with self.server.sockets.one_more(place(self.environ.get("REMOTE_ADDR"))):
            try:
                list(self.application(self.environ, _nothing))
            finally:
                if not self.websocket.closed:
                    self.websocket.close()
                self.environ["wsgi.websocket"] = self.websocket = None

    def handle_one_response(self) -> None:
        """As the library's. An idle connection does not hold up a stop; one that answers does."""
        self.server.busy += 1
        try:
            super().handle_one_response()
            self.close_connection = self.close_connection or not self.wsgi_input.is_over
        finally:
            self.server.busy -= 1

    def log_request(self) -> None:
        """Nothing: web/logs.py writes a request down, without its address."""

    def _write_with_headers(self, data: bytes) -> None:
        """As the library's, which sends the head by itself: a system call and a packet more for each answer."""
        self._held = []
        try:
            super()._write_with_headers(data)
        finally:
            pieces, self._held = self._held, None
        self._sendall(b"".join(pieces))

    def _sendall(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        with gevent.Timeout(
            self.server.patience.take, ConnectionResetError(errno.ECONNRESET, "the client takes no answer")
        ):
            super()._sendall(data)

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        # The library would write down what the client sent.
        self.close_connection = True
        status = {RequestTimeout: "408 Request Timeout", _TooLarge: "431 Request Header Fields Too Large"}.get(
            type(ex), "400 Bad Request"
        )
        _log.info("a request that cannot be read: %s", status)
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {len(status)}"
        return status, f"{head}\r\n\r\n{status}".encode()

    def _log_error(self, t: type[BaseException], v: BaseException, tb: TracebackType) -> None:
        if not issubclass(t, gevent.GreenletExit):
            _log.error("A request failed outside of the application.", exc_info=(t, v, tb))

    def _send_error_response_if_possible(self, error_code: int) -> None:
        # The library would begin a second answer to a request whose body turns out to be broken after the first.
        if self.headers_sent:
            self.close_connection = True
        else:
            super()._send_error_response_if_possible(error_code)


class Server(WSGIServer):
    """gevent's, which knows how many requests are in progress and who holds how many connections."""

    def __init__(
        self,
        listening: socket.socket,
        application: Any,
        proxies: int = 0,
        patience: Patience | None = None,
        *,
        shared: bool = False,
    ) -> None:
        """Of a socket that is `shared` with other processes it takes one connection at a time."""
        environ = {
            "SERVER_NAME": "localhost",  # of requests that name no host; the library would ask the network for one
            "wsgi.multiprocess": shared,
        }
        super().__init__(listening, application, handler_class=Connection, log=None, error_log=_log, environ=environ)
        self.logger = logging.getLogger("geventwebsocket")  # the library's own would be of a class that says nothing
        self.logger.setLevel(logging.ERROR)
        self.proxies = proxies
        self.patience = patience or Patience()
        self.busy = 0
        self._limits: Buckets = application.extensions["limits"]
        self.sockets: Crowd = self._limits.crowd(SOCKETS)
        self.connections: Crowd = self._limits.crowd(0 if proxies else CONNECTIONS)

    def handle(self, sock: GeventSocket, address: Any) -> None:
        """Serve one connection; a client that broke it off is no news."""
        whose = place(address[0])
        if self.connections.is_full(whose):
            sock.close()
            return
        with self.connections.one_more(whose), suppress(ConnectionError):
            super().handle(sock, address)

    def is_crowded_by(self, where: str) -> bool:
        """Whether so many pages of a place are open, or come and go, that no further one is let in. Counts one more."""
        if self.sockets.is_full(where) or self._limits.wait(COMES, where):
            return True
        self._limits.add(COMES, where)
        return False

    def answer_the_last(self, patience: float) -> None:
        """Wait until no request is in progress, at most `patience` seconds."""
        until = time.monotonic() + patience
        while self.busy and time.monotonic() < until:
            gevent.sleep(0.01)


def _nothing(*_: object) -> list[bytes]:
    return []

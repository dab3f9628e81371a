"""The wire to a ticket printer: bytes go out, one-byte answers come back.

Two kinds of questions. `DLE EOT` is answered at once, whatever the printer does; it tells whether it is online and has
paper. `GS r` waits in line behind what was sent before, so its answer says that all of that was printed: a printer
without paper keeps it, with the rest of the ticket, until paper is there. Their answers differ in bit 4 (Epson,
ESC/POS command reference).
"""

import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from escpos.escpos import Escpos
from msgspec import Struct

from web.fleet import Paper

PORT = 9100
"""Where network printers listen."""

ANSWER = 3.0
"""Seconds in which a printer answers."""

LOOK = 1.0
"""Seconds between two questions while it prints."""

PRINTED = b"\x1dr\x01"
"""`GS r 1`: answered when everything before it has been printed."""

_AT_ONCE, _AT_ONCE_IS = 0x93, 0x12
_IN_LINE, _IN_LINE_IS = 0x90, 0x00

_PAPER: dict[int, Paper] = {0: "out", 1: "low", 2: "ok"}


class PrinterGone(Exception):
    """The printer cannot be reached, or does not answer."""


class Status(Struct, frozen=True):
    """How a printer is: `online` is False with its cover open, its cutter stuck, its paper out."""

    online: bool
    paper: Paper

    @property
    def ready(self) -> bool:
        """Whether it would print now."""
        return self.online and self.paper != "out"

    @property
    def answers(self) -> bool:
        """Whether nothing but paper is missing."""
        return self.online or self.paper == "out"


class Wire(Escpos):  # type: ignore[misc]
    """An open connection to a printer.

    Args:
        address: "tcp://192.168.1.50" (":9100" unless it says otherwise), or a device: "/dev/usb/lp0".
        answers: whether the printer answers at all; some do not, and then nothing is known of its paper.

    Raises:
        PrinterGone: nobody is there.
    """

    def __init__(self, address: str, *, answers: bool = True) -> None:
        self._socket: socket.socket | None = None
        self._file = -1
        super().__init__()
        self._answers = answers
        self._heard = b""
        try:
            self._socket, self._file = _open(address)
        except OSError as reason:
            raise PrinterGone(f"{address}: {reason.strerror or reason}") from None

    def open(self) -> None:
        """It is open from the start."""

    def close(self) -> None:
        """Ends the connection."""
        file, self._file = self._file, -1
        if self._socket:
            self._socket.close()
        elif file >= 0:
            os.close(file)

    def status(self) -> Status:
        """How the printer is now. Raises `PrinterGone`."""
        if not self._answers:
            return Status(online=True, paper="unknown")
        return Status(online=self.is_online(), paper=_PAPER[self.paper_status()])

    def print(self, data: bytes, tell: Callable[[Status], None]) -> None:
        """Sends, and returns when it was printed, however long paper takes to be brought; `tell` hears how the printer
        is meanwhile.

        Raises:
            PrinterGone: somewhere on the way; whether it was printed nobody knows.
        """
        if not self._answers:
            self._raw(data)
            return
        while self._hear(0):
            pass
        self._heard = b""
        self._raw(data + PRINTED)
        while not self._is_printed():
            tell(self.status())

    def _is_printed(self) -> bool:
        until = time.monotonic() + LOOK
        while True:
            if any(byte & _IN_LINE == _IN_LINE_IS for byte in self._heard):
                return True
            left = until - time.monotonic()
            if left <= 0 or not self._hear(left):
                return False

    # --- What python-escpos asks of a connection

    def _raw(self, msg: bytes) -> None:
        rest = memoryview(msg)
        while rest:
            if not select.select([], [self._file], [], ANSWER)[1]:
                raise PrinterGone("the printer takes nothing more")
            try:
                rest = rest[os.write(self._file, rest) :]
            except BlockingIOError:
                continue
            except OSError as reason:
                raise PrinterGone(reason.strerror or str(reason)) from None

    def _read(self) -> bytes:
        """The answer to a question that is answered at once. An answer in line that comes meanwhile is kept."""
        until = time.monotonic() + ANSWER
        while True:
            for n, byte in enumerate(self._heard):
                if byte & _AT_ONCE == _AT_ONCE_IS:
                    self._heard = self._heard[:n] + self._heard[n + 1 :]
                    return bytes([byte])
            left = until - time.monotonic()
            if left <= 0 or not self._hear(left):
                raise PrinterGone("the printer does not answer")

    def query_status(self, mode: bytes) -> bytes:
        """As the library's, without what is left of questions that nobody waited for."""
        while self._hear(0):
            pass
        self._heard = bytes(byte for byte in self._heard if byte & _AT_ONCE != _AT_ONCE_IS)
        status: bytes = super().query_status(mode)
        return status

    def _hear(self, patience: float) -> bool:
        if not select.select([self._file], [], [], patience)[0]:
            return False
        try:
            heard = os.read(self._file, 64)
        except BlockingIOError:
            return False
        except OSError as reason:
            raise PrinterGone(reason.strerror or str(reason)) from None
        if not heard:
            raise PrinterGone("the printer ended the connection")
        self._heard += heard
        return True


def _open(address: str) -> tuple[socket.socket | None, int]:
    if not address.startswith("tcp://"):
        return None, os.open(Path(address), os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    parts = urlsplit(address)
    opened = socket.create_connection((parts.hostname or "", parts.port or PORT), timeout=ANSWER)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.settimeout(0)
    return opened, opened.fileno()

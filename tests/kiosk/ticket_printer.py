"""A ticket printer on the network: speaks ESC/POS on a TCP port, and has paper, a cover and a cutter.

It does what Epson's command reference says: `DLE EOT` is answered when it arrives, everything else when its turn comes.
Without paper it stops where it is, keeps what it was sent, and goes on when paper is there.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

PATIENCE = 30

LENGTHS = {b"\x1b@": 0, b"\x1bE": 1, b"\x1ba": 1, b"\x1bt": 1, b"\x1b!": 1, b"\x1b{": 1, b"\x1b-": 1, b"\x1bM": 1}
LENGTHS |= {b"\x1bd": 1, b"\x1bR": 1, b"\x1d!": 1, b"\x1dB": 1, b"\x1db": 1, b"\x1dV": 1, b"\x1dr": 1}
"""Commands of two letters, and how many bytes follow."""


@dataclass
class Paper:
    """A piece of paper that was cut off."""

    lines: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    large: str = ""

    @property
    def text(self) -> str:
        """All that can be read on it."""
        return "\n".join(self.lines)

    @property
    def is_a_ticket(self) -> bool:
        """Whether it has a number and its code."""
        return bool(self.large and self.codes)


class TicketPrinter:
    """Stands on a port of its own until it is taken away."""

    def __init__(self) -> None:
        self.slips: list[Paper] = []
        self.paper = "ok"
        self.cover_is_open = False
        self.runs_out_after = -1  # bytes of a ticket
        self.breaks_after = -1
        self.breaks_before_answering = False
        self.is_dumb = False
        self.seconds_a_ticket = 0.0
        self._now = Paper()
        self._line = b""
        self._code = b""
        self._is_large = False
        self._done = 0
        self._buffer = b""
        self._changed = threading.Condition()
        self._socket: socket.socket | None = None
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    @property
    def address(self) -> str:
        """As the agent is told it."""
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def tickets(self) -> list[Paper]:
        """The whole tickets that lie in its tray."""
        return [slip for slip in self.slips if slip.is_a_ticket]

    def reads(self, data: bytes) -> None:
        """Takes bytes that came another way."""
        with self._changed:
            self._hear(data)

    # --- What people do to it

    def gets_paper(self) -> None:
        """A new roll; it goes on where it stopped."""
        with self._changed:
            self.paper, self.runs_out_after = "ok", -1
            self._work()

    def is_switched_off(self) -> None:
        """Nobody answers any more, and what was in its memory is gone."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._buffer = b""

    def is_switched_on(self) -> None:
        """On the same port."""
        self._listener = self._listen(self.port)

    def waits_for(self, fact: Callable[[TicketPrinter], object]) -> None:
        """Until something is true of it."""
        with self._changed:
            assert self._changed.wait_for(lambda: fact(self), PATIENCE), [slip.text for slip in self.slips]

    # --- What it does

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return listener

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self._socket = connection
                self._talk(connection)
                self._socket = None

    def _talk(self, connection: socket.socket) -> None:
        while True:
            try:
                received = connection.recv(4096)
            except OSError:
                return
            if not received:
                return
            with self._changed:
                if 0 <= self.breaks_after < len(self._buffer) + len(received) and not received.startswith(b"\x10\x04"):
                    received, self.breaks_after = received[: self.breaks_after], -1
                    self._hear(received)
                    self._hang_up()
                else:
                    self._hear(received)
                self._changed.notify_all()

    def _hear(self, received: bytes) -> None:
        while (at := received.find(b"\x10\x04")) >= 0:
            self._buffer += received[:at]
            self._answer(self._status(received[at + 2]))
            received = received[at + 3 :]
        self._buffer += received
        self._work()

    def _status(self, question: int) -> int:
        if question == 1:
            return 0x12 | (0x08 if self.cover_is_open or self.paper == "out" else 0)
        return {"ok": 0x12, "low": 0x1E, "out": 0x7E}[self.paper]

    def _answer(self, byte: int) -> None:
        if self._socket and not self.is_dumb:
            try:
                self._socket.sendall(bytes([byte]))
            except OSError:
                self._socket = None

    def _hang_up(self) -> None:
        if self._socket:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()
            self._socket = None

    def _work(self) -> None:
        while self._buffer and self.paper != "out":
            if 0 <= self.runs_out_after <= self._done:
                self.paper = "out"
                break
            taken = self._one()
            if not taken:
                break
            self._done += taken
            self._buffer = self._buffer[taken:]
        self._changed.notify_all()

    def _one(self) -> int:
        """Does what stands first in its memory; how many bytes that was, 0 if the rest has not come yet."""
        first = self._buffer[:2]
        if first[:1] not in b"\x1b\x1d":
            letter = self._buffer[:1]
            if letter == b"\n":
                self._end_line()
            else:
                self._line += letter
            return 1
        if first == b"\x1d(":
            length = 5 + int.from_bytes(self._buffer[3:5], "little")
            if len(self._buffer) < max(length, 5):
                return 0
            self._draw(self._buffer[5:length])
            return length
        assert first in LENGTHS or len(first) < 2, f"This printer does not know {first!r}"
        length = 2 + LENGTHS.get(first, 1)
        if len(self._buffer) < length:
            return 0
        self._obey(first, self._buffer[2:length])
        return length

    def _draw(self, said: bytes) -> None:
        if said[:2] == b"1P":
            self._code = said[3:]
        elif said[:2] == b"1Q":
            self._now.codes.append(self._code.decode())

    def _end_line(self) -> None:
        line = self._line.decode("cp1252", "replace")
        self._line = b""
        self._now.lines.append(line)
        if self._is_large:
            self._now.large = line

    def _obey(self, command: bytes, said: bytes) -> None:
        if command == b"\x1b@":
            self._line, self._code, self._is_large = b"", b"", False
        elif command in (b"\x1d!", b"\x1b!"):
            self._is_large = command == b"\x1d!" and said[0] & 0x70 >= 0x40
        elif command == b"\x1dV":
            if self._line:
                self._end_line()
            if self._now.lines or self._now.codes:
                self.slips.append(self._now)
            self._now, self._done = Paper(), 0
        elif command == b"\x1dr":
            self._changed.notify_all()
            self._changed.wait(self.seconds_a_ticket)
            if self.breaks_before_answering:
                self.breaks_before_answering = False
                self._hang_up()
            else:
                self._answer({"ok": 0x00, "low": 0x03}[self.paper])

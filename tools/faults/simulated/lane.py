"""A client's socket in a simulated world: the real `web.lane.Lane` over a line that takes so much, and no more.

What was sent arrives a little later, in order; a line that is cut tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from tools.faults.simulated.world import Group, Mark, World
from web.lane import Lane

TAKES = 2_000
"""Bytes that the kernel keeps for a client."""

LONG = 126
"""A websocket's frame whose length stands in the two bytes that follow; one more, and in eight."""


class Line:
    """One connection, as both ends know it. The client takes from it when it likes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_open, self.is_cut = True, False
        self.heard: Mark = world.mark()
        """Set when something has arrived, or the connection has ended."""
        self._arrived, self._read = bytearray(), bytearray()
        self._room: Mark = world.mark()

    def close(self) -> None:
        """It ends, and both ends notice, unless it is cut."""
        self.is_open = False
        if not self.is_cut:
            self.heard.set()
        self._room.set()

    def take(self) -> list[bytes]:
        """The client takes what has arrived: the texts of all frames that are whole by now."""
        self.heard.clear()
        self._read += self._arrived
        self._arrived.clear()
        self._room.set()
        texts, at, read = list[bytes](), 0, self._read
        while len(read) >= at + 2:
            length, begin = read[at + 1], at + 2
            if length >= LONG:
                width = 2 if length == LONG else 8
                length, begin = int.from_bytes(read[begin : begin + width], "big"), begin + width
            if len(read) < begin + length:
                break
            texts.append(bytes(read[begin : begin + length]))
            at = begin + length
        del read[:at]
        return texts

    # What web.lane asks of a socket

    def send(self, data: bytes | memoryview, _flags: int = 0, _timeout: float = 0.0) -> int:
        """So much as there is room for. Raises as sockets do."""
        if not self.is_open:
            raise BrokenPipeError
        room = TAKES - len(self._arrived)
        if room <= 0:
            raise BlockingIOError
        some = bytes(data[:room])
        if not self.is_cut:
            self._arrived += some
            self.world.after(self.world.luck.uniform(0.0, 0.01), self.heard.set)
        return len(some)

    def sendall(self, data: bytes | memoryview) -> None:
        """All of it, waiting for room."""
        while len(data):
            try:
                data = data[self.send(data) :]
            except BlockingIOError:
                self._room.clear()
                self._room.wait()

    def shutdown(self, _how: int) -> None:
        """The server ends it."""
        self.close()

    def setsockopt(self, *_: object) -> None:
        """It has no options."""


class SimulatedLane(Lane):
    """The real one, whose backlog is sent by a task."""

    def __init__(self, group: Group, line: Line) -> None:
        handler: Any = SimpleNamespace(socket=line, rfile=BytesIO())
        super().__init__({}, handler)
        self._group = group

    def __del__(self) -> None:
        """Says no good-bye: when it is collected is not the world's to decide."""

    def _spawn(self, work: Callable[[], object]) -> None:
        self._group.spawn("drains", work)

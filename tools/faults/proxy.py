"""A TCP proxy in between, that cuts, delays and loses: what a bad cable does to a connection.

TCP never lets a byte go missing without more ado: what the network loses is sent again a while later, or the
connection breaks. So losing is here what both ends see of it: a pause now and then, or a connection that is reset.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any, Self

CHUNK = 65536
RESENT_AFTER = (0.2, 0.4, 0.8)
"""Seconds after which what was lost is sent again (RFC 6298: the time-out doubles)."""


class Proxy:
    """Passes connections from a port of this machine on to another one, or to a socket in the file system.

    Attributes:
        port: where it listens.
        refuses: whether new connections are shut at once.
        delay: seconds that everything takes longer, each way.
        loses: the share of chunks that are lost and sent again; one in ten of those breaks the connection.
    """

    def __init__(self, target: str | int, seed: object, address: str = "127.0.0.1") -> None:
        self.refuses, self.delay, self.loses = False, 0.0, 0.0
        self._target, self._luck = target, random.Random(f"proxy {seed}")
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._joined, address, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        """The proxy."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it and all connections."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Breaks every connection, and refuses new ones until `heal`."""
        self.refuses = True
        self._do(self._break_all())

    def heal(self) -> None:
        """The cable is good again."""
        self.refuses, self.delay, self.loses = False, 0.0, 0.0

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _end(self) -> None:
        self._server.close()
        await self._break_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _break_all(self) -> None:
        for writer in self._open.copy():
            _reset(writer)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has one
        self._tasks.add(task)
        try:
            if self.refuses:
                return
            there, onward = await self._onward()
            self._open |= {writer, onward}
            await asyncio.gather(self._pass_on(reader, onward, writer), self._pass_on(there, writer, onward))
            self._open -= {writer, onward}
        except (OSError, asyncio.CancelledError):
            return  # asyncio's streams complain of tasks that end cancelled
        finally:
            _reset(writer)
            self._tasks.discard(task)

    async def _onward(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, int):
            return await asyncio.open_connection("127.0.0.1", self._target)
        return await asyncio.open_unix_connection(self._target)

    async def _pass_on(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await asyncio.sleep(self.delay)
                if self._luck.random() < self.loses:
                    if self._luck.random() < 0.1:  # noqa: PLR2004 - as the class says
                        break
                    await asyncio.sleep(self._luck.choice(RESENT_AFTER))
                to.write(chunk)
                await to.drain()
        _reset(to)
        _reset(back)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        line = writer.get_extra_info("socket")
        if line is not None and line.family == socket.AF_INET:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, and no farewell
    writer.transport.abort()

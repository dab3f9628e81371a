"""What systemd hears of an office, from the process that it knows: that it is open once it answers, and lives."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Office
from web import systemd


class Listener:
    """The socket that systemd gives a service."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.settimeout(60)
        self._socket.bind(str(path))

    def hears(self) -> tuple[str, int]:
        """What is said next, and the process that says it."""
        said, [(_, _, whose)], _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(struct.calcsize("3i")))
        return said.decode(), struct.unpack("3i", whose)[0]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(tmp_path / "notify")
    yield listener
    listener.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_office_says_when_it_is_open_and_goes_on_giving_signs_of_life(
    workers: int, listener: Listener, tmp_path: Path
) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    office = Office(tmp_path / "office", environ=environ, flags=("--workers", str(workers)))
    office.start()
    assert office.process
    heard = [listener.hears()]
    while not heard[-1][0].startswith("READY=1"):
        heard.append(listener.hears())
    assert heard.pop() == (f"READY=1\nSTATUS=Open at {office.url}", office.process.pid)
    heard += [listener.hears() for _ in range(2)]
    assert {*heard} == {("WATCHDOG=1", office.process.pid)}, "workers say nothing to systemd, which knows one process"
    office.stop()


def test_a_socket_without_a_file_is_heard_too_and_one_that_is_gone_fails_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"ltsa-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        systemd.is_alive()
        assert listening.recv(100) == b"WATCHDOG=1"
    systemd.is_alive()
    monkeypatch.delenv("NOTIFY_SOCKET")
    systemd.is_alive()

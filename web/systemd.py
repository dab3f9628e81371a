"""What the machine's systemd is told of `serve`: that the office is open, and once a second that it still turns.

A datagram to the socket that the variable NOTIFY_SOCKET names (sd_notify(3)). Who was started by hand has none and
tells nobody. A service that is silent for longer than its unit's WatchdogSec is started again: one process answers for
its own loop, the parent of several for itself, and looks after its workers.
"""

import os
import socket
from contextlib import suppress

BEAT = 1.0
"""Seconds between two signs of life."""


def is_open(where: str) -> None:
    """The office answers; `where` stands in `systemctl status`."""
    _tell(f"READY=1\nSTATUS={where}")


def is_alive() -> None:
    """The process still turns."""
    _tell("WATCHDOG=1")


def _tell(what: str) -> None:
    """Never waits, and never fails: an office does not end because nobody listens."""
    if not (address := os.environ.get("NOTIFY_SOCKET", "")):
        return
    if address.startswith("@"):  # one without a file
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        line.sendto(what.encode(), address)

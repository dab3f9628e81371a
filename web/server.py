"""`python3 app.py serve`: a process that answers requests and keeps the pages live, or several (`web/workers.py`).

gevent's server without monkey patching: a request or a socket costs a greenlet; whatever blocks (the ledger's commit, a
long read) goes to a native thread, explicitly, where it is done.
"""

import argparse
import dataclasses
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial

import gevent
from flask import Flask
from gevent.event import Event

from ltsa.store import name_of
from web import logs, systemd
from web.connection import Server
from web.lane import listener
from web.people import setup_link
from web.settings import Settings, WrongSetting, add_flags, from_flags
from web.workers import Crew, Line, read_rooms

LAST_ANSWERS = 10.0
"""Seconds that requests in progress get to be answered when the server is told to stop."""

FILES = 65536
"""Files and connections that may be open at once, if the system lets us."""

FACES = {
    "front page": "/",
    "kiosk": "/kiosk/{office}",
    "desk": "/desk/{office}",
    "supervisor": "/supervisor/{office}",
    "display": "/display/{office}",
    "audit": "/audit/{office}",
    "API": "/api/openapi.json",
}

CreateApp = Callable[[Settings], Flask]


def serve(arguments: list[str], create_app: CreateApp) -> int:
    """Open the office until somebody stops it. 0 after a clean stop, 1 when the address cannot be had."""
    parser = argparse.ArgumentParser(prog="app.py serve", description="Open the office on this machine.")
    add_flags(parser)
    parser.add_argument("--workers", type=int, metavar="N", help="how many processes answer")
    parser.add_argument("--access-log", action="store_true", help="write a line for every request")
    options = parser.parse_args(arguments)
    return run(from_flags(options), create_app, access_log=options.access_log)


def run(
    settings: Settings,
    create_app: CreateApp,
    *,
    meanwhile: Callable[[Flask, Settings], None] | None = None,
    access_log: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, then answer what is in progress and close the ledger.

    Args:
        settings: where to listen; port 0 is replaced by the port that was free.
        create_app: makes the application, after the address is ours.
        meanwhile: what the command does while the office is open, in a greenlet of its own, which ends with it.
        access_log: whether every request writes a line; those that fail do anyway.

    Raises:
        WrongSetting: the data folder cannot be used.
    """
    try:
        listening = listener(settings.host, settings.port)
    except OSError as reason:
        print(
            f"Cannot listen on {settings.host}:{settings.port}: {reason.strerror or reason}. "
            "If another office is open there, stop it or choose another port: --port 8001.",
            file=sys.stderr,
        )
        return 1
    with closing(listening):
        return _run(listening, settings, create_app, meanwhile=meanwhile, access_log=access_log)


def _run(
    listening: socket.socket,
    settings: Settings,
    create_app: CreateApp,
    *,
    meanwhile: Callable[[Flask, Settings], None] | None,
    access_log: bool,
) -> int:
    _open_many_files()
    settings = dataclasses.replace(settings, port=listening.getsockname()[1])
    if settings.workers > 1:
        logs.to_terminal()
        read_rooms()
        work = partial(_work, listening, settings, create_app, access_log)
        return Crew(settings.workers, work, partial(_tell, settings)).keep()
    stopping = Event()
    return _open(
        listening,
        settings,
        create_app,
        stopping,
        opened=partial(_opened_alone, settings),
        meanwhile=meanwhile,
        access_log=access_log,
    )


def _tell(settings: Settings, words: str) -> None:
    """Says that the office is open: on the terminal, and to systemd."""
    print(words, flush=True)
    systemd.is_open(f"Open at {settings.address}")


def _opened_alone(settings: Settings, words: Callable[[], str]) -> None:
    """The same of one process, whose loop then gives signs of life."""
    _tell(settings, words())
    gevent.spawn(_live)


def _live() -> None:
    while True:
        systemd.is_alive()
        gevent.sleep(systemd.BEAT)


def _work(listening: socket.socket, settings: Settings, create_app: CreateApp, access_log: bool, line: Line) -> int:  # noqa: FBT001
    """What one of several workers does."""
    stopping = Event()
    line_keeper = gevent.spawn(line.keep, stopping.set)
    try:
        return _open(listening, settings, create_app, stopping, opened=line.opened, access_log=access_log)
    finally:
        line_keeper.kill()


def _open(  # noqa: PLR0913 - what differs between one process and several
    listening: socket.socket,
    settings: Settings,
    create_app: CreateApp,
    stopping: Event,
    *,
    opened: Callable[[Callable[[], str]], object],
    meanwhile: Callable[[Flask, Settings], None] | None = None,
    access_log: bool,
) -> int:
    """Serves in this process until `stopping` or a signal; `opened` is told what to say once it does."""
    logs.begin(access_log=access_log)
    try:
        app = create_app(settings)
    except OSError as reason:
        raise WrongSetting(f"The office in {settings.data} cannot be opened: {reason.strerror}.") from None
    server = Server(listening, app, settings.proxies, shared=settings.workers > 1)
    for each in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(each, stopping.set)
    server.start()
    app.extensions["ltsa"].start()
    here = app.extensions["ltsa"]
    opened(lambda: _addresses(settings, here.ledger.name, setup_link(here)))
    beside = gevent.spawn(meanwhile, app, settings) if meanwhile else None
    stopping.wait()
    server.close()
    if beside:
        beside.kill()
    app.extensions["ltsa"].stop()
    server.answer_the_last(LAST_ANSWERS)
    app.extensions["ltsa"].close()
    return 0


def _open_many_files() -> None:
    """A hall full of phones is more connections than a shell usually allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if 0 <= soft < wanted:  # infinity is below 0
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _addresses(settings: Settings, ledger: str, setup: str) -> str:
    rows = [
        f"  {face:<12}{settings.local_address}{path.format(office=settings.office)}" for face, path in FACES.items()
    ]
    phones = [f"  {'phones':<12}{settings.address}"] if settings.public_url else []
    return "\n".join(
        [
            "The office is open:",
            "",
            *rows,
            *phones,
            "",
            _where(settings, ledger),
            *_warnings(settings),
            *(
                ["", "Nobody has an account yet. The first is made, once and within a day, at", f"  {setup}", ""]
                if setup
                else []
            ),
            "Ctrl+C closes it.",
        ]
    )


def _where(settings: Settings, ledger: str) -> str:
    several = f" {settings.workers} processes answer." if settings.workers > 1 else ""
    if settings.database:
        keys = name_of(settings.keys_database) if settings.keys_database else settings.data
        return f"It lies in {ledger}, its keys in {keys}, this host's secrets in {settings.data}.{several}"
    return f"Its ledger lies in {settings.data}.{several}"


def _warnings(settings: Settings) -> list[str]:
    if not settings.is_open_to_the_network:
        return []
    if not settings.public_url.startswith("https:"):
        return [
            "Without TLS everybody on the network can read along, passwords too: docs/proxy.md says how to have it."
        ]
    if settings.proxies:
        return [f"Let the proxy alone reach port {settings.port}: whoever comes past it may claim any address."]
    return []

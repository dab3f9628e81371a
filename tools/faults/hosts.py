"""Hosts of their own as far as the network goes: network namespaces, each joined to this machine by a cable that can be
pulled.

A pulled cable is not a connection that is cut: nobody is told, what is sent is gone, and TCP sends it again until the
cable is back. The machine's processor, disk and clock are shared.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from psycopg.conninfo import conninfo_to_dict

from tools.faults.check import compare
from tools.faults.load import Crowd, at_work
from tools.faults.office import Host, Office, opened
from tools.faults.proxy import Proxy
from tools.faults.round import NotPossibleError, Round
from tools.faults.together import on_one_queue
from tools.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.faults.check import Found

COUNTERS = {"1": "bank", "2": "bank", "3": "bank", "4": "bank"}
AGAIN = 5.0
"""Seconds from when a cable is back until a client was answered, in 99 of 100: TCP tries again after up to 3.2 s."""


def two_hosts(this: Round) -> Found:
    """Four officers at two hosts, each with a network and a data folder of its own, on one queue in one database:
    nothing of one is the other's but what is copied to each host.
    """
    with _two(this) as (_, office):
        return on_one_queue(this, office, 4)


def cable_pulled(this: Round) -> Found:
    """The cable of one of them is pulled, and put back; meanwhile the other works."""
    found = this.found()
    with _two(this) as (cables, office), opened(office):
        crowd = Crowd(office.doors, this.seed, counters=COUNTERS)
        with at_work(crowd):
            for run in this.each():
                time.sleep(this.luck.uniform(0.3, 1.0))
                cables[run % 2].pull()
                try:
                    time.sleep(this.luck.uniform(0.5, 6.0))
                finally:
                    cables[run % 2].put_back()
                found.recovered += crowd.answered_since(time.monotonic_ns())
        told = crowd.told()
        compare(found, told, office.recorded())
    found.tells_of(told)
    this.demand(found, "clients were answered again", found.within(99), AGAIN)
    return found


class Cable(NamedTuple):
    """Between this machine, which has the address `here`, and a host at `there`, whose namespace is called `host`."""

    host: str
    here: str
    there: str

    def pull(self) -> None:
        """Nothing goes through any more, and nobody is told."""
        _ip("link", "set", self.host, "down")

    def put_back(self) -> None:
        """What is sent again arrives."""
        _ip("link", "set", self.host, "up")


@contextmanager
def _two(this: Round) -> Iterator[tuple[list[Cable], Office]]:
    """An office on two hosts over one database. Raises `NotPossibleError` where no namespace can be made."""
    with ExitStack() as until_the_end:
        cables = [until_the_end.enter_context(_joined(number)) for number in range(2)]
        server = until_the_end.enter_context(Postgres())
        socket = f"{conninfo_to_dict(server.address())['host']}/.s.PGSQL.5432"
        keys, hosts = server.schema("keys"), list[Host]()
        for cable in cables:
            proxy = until_the_end.enter_context(Proxy(socket, this.seed, cable.here))
            database = f"postgresql://ltsa@{cable.here}:{proxy.port}/postgres"
            inside = ("ip", "netns", "exec", cable.host)
            hosts.append(Host(inside, cable.there, database, f"{database}?options=-csearch_path%3Dkeys"))
        yield cables, Office(this.folder, server.address(), keys, on=hosts)


@contextmanager
def _joined(number: int) -> Iterator[Cable]:
    """A namespace and the cable to it."""
    net = f"10.213.{os.getpid() % 256}"
    cable = Cable(f"lt{os.getpid()}-{number}", f"{net}.{4 * number + 1}", f"{net}.{4 * number + 2}")
    try:
        _ip("netns", "add", cable.host)
    except (OSError, subprocess.CalledProcessError) as reason:
        raise NotPossibleError("network namespaces can only be made by root, and not in every container") from reason
    try:
        _ip("link", "add", cable.host, "type", "veth", "peer", "name", "eth0", "netns", cable.host)
        _ip("address", "add", f"{cable.here}/30", "dev", cable.host)
        cable.put_back()
        _ip("-n", cable.host, "address", "add", f"{cable.there}/30", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", cable.host, "link", "set", device, "up")
        yield cable
    finally:
        _ip("netns", "delete", cable.host)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)

"""Many at once: one command asked by twenty, and many officers on one queue over several processes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tools.faults.check import Found, compare
from tools.faults.load import Client, Crowd, Told, at_work
from tools.faults.office import Office, opened
from tools.faults.round import Round

AT_ONCE = 20
"""Who ask the same under the same key at the same time."""


def one_key(this: Round) -> Found:
    """Each run is a key: twenty ask for a number under it at once, at two processes."""
    found = this.found()
    with opened(Office(this.folder, processes=2)) as office, ThreadPoolExecutor(AT_ONCE) as threads:
        clients = [Client(office.doors, f"asker-{n}", this.seed, n) for n in range(AT_ONCE)]
        together = Barrier(AT_ONCE)

        def asks(client: Client, key: str) -> Told:
            together.wait()
            return client.ask("issue", "bank", key=key)

        told = [each for run in this.each() for each in threads.map(asks, clients, [f"key-{run}"] * AT_ONCE)]
        for client in clients:
            client.close()
        compare(found, told, office.recorded())
    return found


def two_officers(this: Round) -> Found:
    """Two officers and two processes of one machine on one queue; each run is a call."""
    return on_one_queue(this, Office(this.folder, processes=2), 2)


def eight_officers(this: Round) -> Found:
    """Eight officers and two processes."""
    return on_one_queue(this, Office(this.folder, processes=2), 8)


def on_one_queue(this: Round, office: Office, officers: int) -> Found:
    """So many officers call until each run has had its call."""
    found = this.found()
    counters = {str(n): "bank" for n in range(1, officers + 1)}
    with opened(office):
        crowd = Crowd(office.doors, this.seed, kiosks=2, counters=counters, breath=0.01)
        with at_work(crowd):
            for run in this.each():
                while sum(told.what == "call" and told.acknowledged for told in crowd.told()) <= run:
                    time.sleep(0.05)
        told = crowd.told()
        compare(found, told, office.recorded())
    found.more["calls"] = sum(each.what == "call" and each.acknowledged for each in told)
    found.more["nobody_waiting"] = sum(each.what == "call" and not each.acknowledged for each in told)
    return found

"""Those who use an office while it is broken: kiosks and officers, as real HTTP clients that ask as the pages do.

Each makes a key for a command and asks again under the same one while no answer comes or the office says 503, with the
pauses of `counters/static/act.js`. All that they were told is written down (`Told`), to be held against the ledger.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Thread
from typing import Any, NamedTuple

ONE_TRY = 8.0
PATIENCE = 60.0
PAUSES = (0.3, 0.6, 1.2, 2.0)
"""Seconds that a page waits for one answer, hopes for any, and pauses between two tries."""

SOON = (0.02,)
"""Pauses of somebody who wants to know when the office is there again."""

OFFICE = "/api/v1/offices/ltsa"
COUNTER_OF = {"5": "bank", "6": "bank", "7": "health", "8": "health"}
"""Counters and the service of each: a queue of its own, so that it can be judged by itself."""

SERIES = {"bank": "G", "health": "F"}


class Told(NamedTuple):
    """A command as who gave it saw it.

    Attributes:
        what: "open", "issue", "call", "start" or "finish".
        service: whose queue.
        counter: where, "" for "issue".
        key: its idempotency key.
        began, ended: when it was asked first and answered last, ns of the monotonic clock; `ended` None for no answer.
        status: of the answer, 0 for none.
        number: the number that the answer names, "" for none.
        code: of a refusal.
        tries: how often it was asked.
        refused: how often it was told 503.
        slowest: the longest that one try took, in seconds.
        slowest_503: the longest that one took which was told 503.
    """

    what: str
    service: str
    counter: str
    key: str
    began: int
    ended: int | None
    status: int
    number: str
    code: str
    tries: int
    refused: int
    slowest: float
    slowest_503: float = 0.0

    @property
    def acknowledged(self) -> bool:
        """Whether it was told that it is done."""
        return self.status in (HTTPStatus.OK, HTTPStatus.CREATED)


class Doors(NamedTuple):
    """Where an office can be asked: the token of a program of a supervisor, and the addresses and ports of its
    processes.
    """

    token: str
    ports: list[int]
    addresses: list[str]


class Client:
    """One kiosk or officer's computer, with a connection of its own that it opens anew when it is lost."""

    def __init__(self, doors: Doors, name: str, seed: object, number: int = 0) -> None:
        self.luck = random.Random(f"{seed} {name}")
        self.told: list[Told] = []
        self._doors, self._name, self._number = doors, name, number
        self._keys = count(1)
        self._run = f"{seed}-{name}"
        self._connection: HTTPConnection | None = None

    def ask(  # noqa: PLR0913 - the last three by name
        self,
        what: str,
        service: str,
        counter: str = "",
        *,
        key: str = "",
        pauses: tuple[float, ...] = PAUSES,
        patience: float = PATIENCE,
    ) -> Told:
        """Gives a command, and asks again until it is answered or so many seconds have gone."""
        key = key or f"{self._run}-{next(self._keys)}"
        path, body = _request(what, service, counter)
        began, tries, refused, slowest, slowest_503 = time.monotonic_ns(), 0, 0, 0.0, 0.0
        while True:
            asked, tries = time.monotonic(), tries + 1
            status, said = self._once(path, body, key)
            slowest = max(slowest, took := time.monotonic() - asked)
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                refused, slowest_503 = refused + 1, max(slowest_503, took)
            if status not in (0, HTTPStatus.SERVICE_UNAVAILABLE) or asked - began / 1e9 > patience:
                break
            time.sleep(pauses[min(tries, len(pauses)) - 1])
        told = Told(what, service, counter, key, began, None, 0, "", "", tries, refused, slowest, slowest_503)
        if status not in (0, HTTPStatus.SERVICE_UNAVAILABLE):
            number, code = said.get("number", ""), said.get("code", "")
            told = told._replace(ended=time.monotonic_ns(), status=status, number=number, code=code)
        self.told.append(told)
        return told

    def close(self) -> None:
        """Hangs up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _once(self, path: str, body: bytes, key: str) -> tuple[int, dict[str, Any]]:
        """One try: the status, 0 where nothing came, and what was said."""
        headers = {
            "Authorization": f"Bearer {self._doors.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            if self._connection is None:
                door = self._number % len(self._doors.ports)
                address, port = self._doors.addresses[door], self._doors.ports[door]
                self._connection = HTTPConnection(address, port, timeout=ONE_TRY)
            self._connection.request("POST", OFFICE + path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            self.close()
            return 0, {}


def _request(what: str, service: str, counter: str) -> tuple[str, bytes]:
    path, body = f"/counters/{counter}/{what}", dict[str, object]()
    match what:
        case "issue":
            path, body = "/tickets", {"services": [service]}
        case "open":
            body = {"officer": f"officer-{counter}", "services": [service]}
        case "call":
            path = f"/counters/{counter}/call-next"
        case "finish":
            body = {"outcome": "done"}
        case _:
            pass
    return path, json.dumps(body).encode()


class Crowd:
    """Kiosks and officers at work, each in a thread of its own. `told()` is all that they were told so far."""

    def __init__(
        self,
        doors: Doors,
        seed: object,
        *,
        kiosks: int = 2,
        counters: Mapping[str, str] = COUNTER_OF,
        breath: float = 0.04,
    ) -> None:
        self._over, self._breath = Event(), breath
        services = sorted(set(counters.values()))
        numbers = count()
        self.clients: list[Client] = []
        self._threads: list[Thread] = []
        for n in range(kiosks):
            self._joins(doors, f"kiosk-{n}", seed, next(numbers), self._takes_numbers, services[n % len(services)])
        for counter, service in counters.items():
            self._joins(doors, f"desk-{counter}", seed, next(numbers), self._serves, service, counter)

    def start(self) -> None:
        """They begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """They finish what they are at: the office must be there, or they stay until it is."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        for client in self.clients:
            client.close()

    def told(self) -> list[Told]:
        """What they were told, in any order."""
        return [told for client in self.clients for told in client.told.copy()]

    def answered_since(self, there: int) -> list[float]:
        """Waits until every client was answered after an instant (ns); how long each took, in seconds."""
        waited: list[float] = []
        for client in self.clients:
            while not (since := [told.ended for told in client.told[-3:] if told.ended and told.ended > there]):
                time.sleep(0.005)
            waited.append((since[0] - there) / 1e9)
        return waited

    def _joins(self, doors: Doors, name: str, seed: object, number: int, task: Callable[..., None], *at: str) -> None:
        client = Client(doors, name, seed, number)
        self.clients.append(client)
        self._threads.append(Thread(target=task, args=(client, *at), name=name, daemon=True))

    def _takes_numbers(self, client: Client, service: str) -> None:
        while not self._over.wait(client.luck.uniform(0, 2 * self._breath)):
            client.ask("issue", service)

    def _serves(self, client: Client, service: str, counter: str) -> None:
        client.ask("open", service, counter, patience=math.inf)
        while not self._over.wait(client.luck.uniform(0, self._breath)):
            if client.ask("call", service, counter, patience=math.inf).acknowledged:
                # Nobody leaves a person at the counter: who gave up would be told for ever that it is busy.
                client.ask("start", service, counter, patience=math.inf)
                client.ask("finish", service, counter, patience=math.inf)


@contextmanager
def at_work(crowd: Crowd) -> Iterator[Crowd]:
    """A crowd that works meanwhile."""
    crowd.start()
    try:
        yield crowd
    finally:
        crowd.stop()

"""Who uses the simulated office: kiosks and officers, who ask again under the same key until they are answered, and
displays, which do what `web/static/live.js` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import NamedTuple

from ltsa.commands import CallNext, DayCommand, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.ledger import Done, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.tokens import token_digest
from tools.faults.load import PAUSES, Told
from tools.faults.simulated.lane import Line
from tools.faults.simulated.process import ADDRESS, OFFICE, Process
from tools.faults.simulated.world import SECOND, Mark, World

ONE_TRY = 8.0
SILENCE, BEAT, TICK = 12.0, 5.0, 1.0
"""Seconds, as in `live.js`."""

NOTICED = 12.0
"""Seconds after which a server notices a connection that was cut."""


class Network(NamedTuple):
    """What it is like between clients and processes. Chances are of one."""

    lost: float = 0.0
    """How likely a question, or an answer, does not arrive."""
    twice: float = 0.0
    """How likely a client asks twice at once."""
    cut: float = 0.0
    """How likely a display's connection is cut, each time that it hears something, and nobody is told."""
    drowsy: float = 0.0
    """How likely it takes nothing for some seconds then."""


class Answered(NamedTuple):
    """A command that was acknowledged, and the whole answer."""

    key: str
    done: Done


class Client:
    """A kiosk or an officer's desk. `told` is what it was told, `answered` all that came with it."""

    def __init__(self, world: World, processes: Sequence[Process], network: Network, name: str) -> None:
        self.world, self.name, self.told, self.answered = world, name, list[Told](), list[Answered]()
        self.wrong: list[str] = []
        self._processes, self._network = processes, network
        self._keys, self._seen = count(1), 0

    def ask(self, what: str, service: str, counter: str = "") -> Told:
        """Gives a command, and asks again until it is answered."""
        world, key = self.world, f"{self.name} {next(self._keys)}"
        began, tries, refused, answer = world.now, 0, 0, None
        while answer is None:
            tries += 1
            answer = self._once(what, service, counter, key)
            if answer is None:
                refused += 1
                world.sleep(PAUSES[min(tries, len(PAUSES)) - 1])
        told = Told(what, service, counter, key, began, None, 0, "", "", tries, refused, 0.0)
        if isinstance(answer, Refusal):
            told = told._replace(ended=world.now, status=409, code=answer.code)
        elif answer is not None:
            number = getattr(answer.events[0].event, "number", "")
            told = told._replace(ended=world.now, status=200, number=number)
            self.answered.append(Answered(key, answer))
            self._seen = max(self._seen, answer.position)
        world.say(f"{self.name}: {what} was told {told.status} {told.number}{told.code} after {tries}")
        self.told.append(told)
        return told

    def looks(self) -> None:
        """Loads a page: what was acknowledged is on it, whichever process answers."""
        process = self._any()
        if process is None:
            return

        def look() -> None:
            store, seen = process.store, self._seen
            failures = store.failures
            try:
                process.following.read_own_writes(seen)
            except LedgerUnavailableError:
                return
            if process.position < seen and store.failures == failures:
                self.wrong.append(
                    f"{self.name} was told {seen}, and a page of p{process.number} shows {process.position}."
                )

        process.group.spawn(f"page for {self.name}", look)

    def _any(self) -> Process | None:
        process = self.world.luck.choice(self._processes)
        return process if process.is_open else None

    def _once(self, what: str, service: str, counter: str, key: str) -> Done | Refusal | None:
        """One try, None where it was told to ask again or nothing came."""
        world, network = self.world, self._network
        answers: list[Done | Refusal | None] = []
        arrived = world.mark()
        for _ in range(1 + (network.twice > 0 and world.luck.random() < network.twice)):
            if (process := self._any()) is None:
                continue
            if network.lost and world.luck.random() < network.lost:
                continue
            command, seen = partial(_command, what, service, counter, key), self._seen
            process.requests[key] += 1
            work = process.group.spawn(f"request of {self.name}", self._request, process, command, seen, answers)
            work.on_end = partial(_ended, process, key, arrived)
        world.sleep(world.luck.uniform(0, 0.002))
        if not arrived.wait(ONE_TRY if world.luck.random() < 0.9 else 0.01) or not answers:  # noqa: PLR2004 - some are in a hurry
            return None
        if network.lost and world.luck.random() < network.lost:
            world.say(f"{self.name}: the answer is lost")
            return None
        if isinstance(answers[0], Refusal) and any(process.is_at(key) for process in self._processes):
            world.say(f"{self.name}: what was asked first is still on its way")  # and may be done yet: docs/decisions
            return None
        return answers[0]

    def _request(
        self,
        process: Process,
        command: Callable[[int], DayCommand],
        seen: int,
        answers: list[Done | Refusal | None],
    ) -> None:
        """What a process does with a request."""
        try:
            answers.append(process.answer(command, seen))
        except Refusal as refusal:
            answers.append(refusal)
        except LedgerUnavailableError as away:
            self.world.say(f"503: {away}")
            answers.append(None)


def _ended(process: Process, key: str, arrived: Mark) -> None:
    process.requests[key] -= 1
    arrived.set()


def _command(what: str, service: str, counter: str, key: str, at: int) -> DayCommand:
    given = {"office": OFFICE, "at": at, "by": "simulated", "key": key}
    match what:
        case "issue":
            return IssueTicket(**given, services=(service,), token=token_digest(key))  # type: ignore[arg-type]
        case "open":
            return OpenCounter(**given, counter=counter, officer=f"officer-{counter}", services=(service,))  # type: ignore[arg-type]
        case "call":
            return CallNext(**given, counter=counter)  # type: ignore[arg-type]
        case "start":
            return StartService(**given, counter=counter)  # type: ignore[arg-type]
        case _:
            return FinishService(**given, counter=counter, outcome="done")  # type: ignore[arg-type]


def takes_numbers(client: Client, service: str, many: int) -> None:
    """A kiosk's morning."""
    for _ in range(many):
        client.world.sleep(client.world.luck.uniform(0, 0.04))
        client.ask("issue", service)
        client.looks()


def serves(client: Client, service: str, counter: str, many: int) -> None:
    """An officer's."""
    client.ask("open", service, counter)
    for _ in range(many):
        client.world.sleep(client.world.luck.uniform(0, 0.06))
        if client.ask("call", service, counter).acknowledged:
            client.ask("start", service, counter)
            client.ask("finish", service, counter)
            client.looks()


class Shown(NamedTuple):
    """A picture that was pushed or painted."""

    v: int
    html: str


class Display:
    """A screen on the wall, as its page keeps it."""

    def __init__(self, world: World, processes: Sequence[Process], network: Network, name: str) -> None:
        self.world, self.name = world, name
        self.v, self.html = -1, ""
        self.pictures: list[Shown] = []
        """All that was pushed or painted."""
        self.wrong: list[str] = []
        self.began_anew = 0
        self._processes, self._network = processes, network
        self._is_awake = True
        self._line: Line | None = None
        self._process: Process | None = None
        self._sid = ""
        self._news = self._tried = 0
        self._behind = -1
        self._last = -1

    def run(self) -> None:
        """Connects, hears, and begins anew after silence, for ever."""
        while True:
            if self._line is None:
                self._connect()
            if self._line is None:
                self.world.sleep(TICK * self.world.luck.uniform(0.2, 1.0))
                continue
            self._line.heard.wait(TICK)
            if self._network.drowsy and self.world.luck.random() < self._network.drowsy:
                self._is_awake = False
                self.world.sleep(self.world.luck.uniform(0.1, 4.0))
                self._is_awake = True
            self._hears(self._line)
            if self._line.is_cut or not self._network.cut or self.world.luck.random() >= self._network.cut:
                self._judges(self._line)
            else:
                self.world.say(f"{self.name} is cut off")
                self._line.is_cut = True

    def _connect(self) -> None:
        world, process = self.world, self.world.luck.choice(self._processes)
        if not process.is_open:
            return
        if self.v < 0:
            self._take(*process.page(), again=False)
        self._line = Line(world)
        self._process, self._sid, self._tried, self._last = process, process.connect(self._line), world.now, -1
        self._says(process, "watch", {"views": [ADDRESS]})

    @property
    def is_calm(self) -> bool:
        """Whether it is connected, and takes what it is sent."""
        return self._is_awake and self._line is not None and self._line.is_open and not self._line.is_cut

    def calm(self) -> None:
        """Nothing is cut any more; what was cut stays so until it is noticed."""
        self._network = Network()

    def _says(self, process: Process, event: str, message: object = None) -> None:
        sid = self._sid
        process.group.spawn(f"hears {self.name}", lambda: process.hear(sid, event, message))

    def _hears(self, line: Line) -> None:
        texts = line.take()
        if line.is_cut:
            return
        for text in texts:
            event, body = json.loads(text[2:])
            match event:
                case "view":
                    if body["v"] < self._last:
                        self.wrong.append(f"{self.name} was sent {body['v']} after {self._last} on one connection.")
                    self._last = body["v"]
                    self._take(body["v"], body["html"], again=body.get("again", False))
                case "beat":
                    self._beat(body["v"])
                case _:
                    self.wrong.append(f"{self.name} was refused: {body}.")

    def _take(self, v: int, html: str, *, again: bool) -> None:
        self.pictures.append(Shown(v, html))
        if v > self.v or (again and v == self.v):
            self.v, self.html = v, html
            self.world.say(f"{self.name} shows {v}")

    def _beat(self, v: int) -> None:
        if v >= self.v:
            self._behind, self._news = -1, self.world.now
        elif self._behind < 0:
            self._behind = self.world.now
        elif self.world.now - self._behind >= (BEAT - TICK) * SECOND and self._process:
            self.began_anew += 1
            self.v = -1
            self._says(self._process, "watch", {"views": [ADDRESS]})

    def _judges(self, line: Line) -> None:
        """Hangs up where nothing was heard for long, or the connection has ended."""
        world, process = self.world, self._process
        if line.is_open and world.now - max(self._news, self._tried) <= SILENCE * SECOND:
            return
        if process:
            sid = self._sid
            world.after(NOTICED if line.is_cut else 0.0, lambda: process.loses(sid))
        line.is_open = False
        self._line = None


def crowd(kiosks: int, counters: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Names, services and counters ("" for a kiosk)."""
    services = [service for service, _ in counters]
    for n in range(kiosks):
        yield f"kiosk-{n}", services[n % len(services)], ""
    for service, counter in counters:
        yield f"desk-{counter}", service, counter

"""A busy morning in the example office: who comes, what for, and how the officers work.

People are generators that give commands and yield the minutes until they act again. Whoever plays the morning decides
how long a minute lasts: the demonstration lets it pass in a second, tests and pictures in no time at all. The same seed
gives the same people with the same intentions. Assumed figures of a mid-size office, not measured in one.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count
from math import log, sqrt
from random import Random

from ltsa.board import TicketPicture
from ltsa.commands import (
    CallNext,
    CancelTicket,
    ChangeSteps,
    CheckDocuments,
    DayCommand,
    FinishService,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    PutBack,
    Recall,
    ResumeTicket,
    ReturnTicket,
    StartService,
    TransferTicket,
    Undo,
)
from ltsa.identity import WOMEN
from ltsa.ledger import Done
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.tokens import ticket_secret, token_digest

DOORS, COUNTERS, NOON, LATEST = 0, 30, 270, 420
"""Minutes after 07.30: doors open, officers sit down, nobody comes any more, the last officer leaves."""

VISITORS = 160
ARRIVALS = ((0, 30, 0.18), (30, 120, 0.45), (120, 210, 0.26), (210, 270, 0.11))
"""From, to, and the share of the morning's visitors who come in between."""

VISITS = (
    (0.16, ("civil-registry", "labour", "immigration", "bank", "social-security")),
    (0.20, ("civil-registry", "labour", "immigration", "police")),
    (0.12, ("labour", "health", "social-security")),
    (0.12, ("information",)),
    (0.10, ("information", "labour")),
    (0.10, ("health", "bank", "social-security")),
    (0.08, ("immigration", "police")),
    (0.06, ("police",)),
    (0.06, ("bank",)),
)
"""Shares of what people come for."""

SERVICE = {
    "information": (3.5, 0.6),
    "civil-registry": (2.0, 0.5),
    "labour": (4.0, 0.5),
    "health": (7.5, 0.7),
    "immigration": (5.5, 0.5),
    "police": (5.0, 0.7),
    "bank": (4.0, 0.6),
    "social-security": (3.5, 0.6),
}
"""Minutes at the counter: mean, and standard deviation as a share of it (lognormal)."""

OFFICERS = ("siti", "budi", "dewi", "agus", "rina", "joko", "wati", "hendra", "maya", "arif")

NAMES = {
    "siti": "Siti Rahmawati",
    "budi": "Budi Santoso",
    "dewi": "Dewi Lestari",
    "agus": "Agus Prasetyo",
    "rina": "Rina Marlina",
    "joko": "Joko Susilo",
    "wati": "Wati Suryani",
    "hendra": "Hendra Gunawan",
    "maya": "Maya Puspita",
    "arif": "Arif Hidayat",
    "ratna": "Ratna Wulandari",
    "bambang": "Bambang Wijaya",
    "yusuf": "Yusuf Maulana",
    "laila": "Laila Nurhayati",
    "teguh": "Teguh Firmansyah",
}
"""Made-up people: the officers, and who leads, manages and audits the office and looks after its machines."""

JOURNEY, COMES_AGAIN = 0.3, 0.7
"""Shares of the visitors who come for a journey of theirs, and of those who have begun it before."""

PATIENCE = 2
"""Services of a journey that somebody has time for on one day."""

SCHEMES = ((0.4, "p-to-p"), (0.2, "mandiri"), (0.25, "ssw"), (0.15, "re-entry"))
BEGUN = ("information", "civil-registry-check", "ak1", "health-check", "bank-account")
"""What was done at an earlier visit, where the scheme has it."""

PRIORITY, ENGLISH, GIVES_UP = 0.15, 0.05, 0.02
NO_SHOW, LEAVES_FOR_GOOD, COMES_ON_RECALL = 0.06, 0.25, 0.4
RETURNED, HELD, TRANSFERRED, ONE_MORE, MISTAKE = 0.08, 0.03, 0.12, 0.03, 0.01
LATE = 0.1
WALK = 0.4
GLANCE = 0.5
"""Minutes between two looks of a free officer at an empty queue."""

Life = Generator[float, None, None]
Served = Generator[float, None, None]


class Morning:
    """The morning of one office.

    Args:
        office: its configuration; it must offer the services above.
        give: gives a command, answers when it is durable; raises Refusal.
        now: what time it is (ms UTC), for the commands.
        secret: what tickets' secrets are derived from.
        seed: another number is another morning.
        run: begins every idempotency key; must be new for each morning on one ledger.
        issued: is told every ticket's number, secret and services.
        admit: opens a journey for a NIK under a scheme, with steps that were done before; says whose it is, and which
            services can do something of it at once. Who cannot begin raises Refusal. Without it nobody has one.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        office: Office,
        give: Callable[[DayCommand], Done],
        now: Callable[[], int],
        secret: bytes,
        seed: int,
        run: str,
        issued: Callable[[str, str, tuple[str, ...]], object] = lambda _number, _secret, _services: None,
        admit: Callable[[str, str, tuple[str, ...]], tuple[str, tuple[str, ...]]] | None = None,
    ) -> None:
        self.minute = 0.0
        self.given = self.refused = 0
        self._office, self._give, self._now, self._secret, self._run = office, give, now, secret, run
        self._issued, self._admit = issued, admit
        self._seed = seed
        self._keys = count(1)
        self._inside: set[str] = set()
        self._second: set[tuple[str, str]] = set()
        self._held: dict[str, list[tuple[float, str, str]]] = {}
        self._people: list[tuple[float, int, Life]] = []
        self._serial = count()

    def play(self, wait_until: Callable[[float], None], until: float = LATEST) -> None:
        """Everybody acts in turn until all have gone home. `wait_until` hears each minute before it happens."""
        self._arrive()
        for counter, name in zip(self._office.counters, OFFICERS, strict=False):
            self._enter(0, self._officer(counter.id, name))
        while self._people and self._people[0][0] <= until:
            self.minute, serial, life = heappop(self._people)
            wait_until(self.minute)
            if (pause := next(life, None)) is not None:
                heappush(self._people, (self.minute + pause, serial, life))

    # --- Who comes

    def _arrive(self) -> None:
        chance = self._chance("arrivals")
        for begin, end, share in ARRIVALS:
            for _ in range(round(VISITORS * share)):
                self._enter(chance.uniform(begin, end), self._visitor(f"visitor {next(self._serial)}"))

    def _visitor(self, name: str) -> Life:
        chance = self._chance(name)
        services = chance.choices([visit for _, visit in VISITS], [share for share, _ in VISITS])[0]
        person, possible = self._traveller(self._chance(f"{name}, a journey"))
        codes = [priority.code for priority in self._office.rules.priorities]
        key = self._key()
        secret = ticket_secret(self._secret, self._office.id, self._office.service_date(self._now()).isoformat(), key)
        ticket = self._do(
            IssueTicket,
            "kiosk:1",
            key=key,
            services=possible or services,
            person=person,
            token=token_digest(secret),
            priority=chance.choice(codes) if chance.random() < PRIORITY else "",
            language="en" if chance.random() < ENGLISH else "id",
        )
        if ticket is None:
            return
        self._issued(ticket.number, secret, tuple(step.service for step in ticket.steps))
        if chance.random() < GIVES_UP:
            yield chance.uniform(15, 45)
            self._do(CancelTicket, "holder", number=ticket.number)

    def _traveller(self, chance: Random) -> tuple[str, tuple[str, ...]]:
        """Whose journey a visitor comes for, and which services of it they want today; "" for none."""
        if self._admit is None or chance.random() >= JOURNEY:
            return "", ()
        scheme = chance.choices([name for _, name in SCHEMES], [share for share, _ in SCHEMES])[0]
        if scheme not in self._office.flow:
            return "", ()
        day = chance.randint(1, 28) + WOMEN * chance.randint(0, 1)
        born = f"{day:02d}{chance.randint(1, 12):02d}{chance.randint(80, 99)}"
        nik = f"3204{chance.randint(1, 30):02d}{born}{chance.randint(1, 9999):04d}"
        before = [step for step in BEGUN if step in self._office.flow[scheme].step]
        try:
            person, possible = self._admit(nik, scheme, tuple(before) if chance.random() < COMES_AGAIN else ())
        except Refusal:
            self.refused += 1
            return "", ()
        return person, tuple(chance.sample(possible, k=min(PATIENCE, len(possible))))

    def _comes_back(self, number: str, officer: str, after: float) -> Life:
        """Who missed a call, or went to complete something, asks an officer to be put back."""
        yield after
        for _ in range(10):
            if self._do(PutBack, officer, number=number):
                return
            yield 3  # at another counter just now

    # --- How an officer works

    def _officer(self, counter: str, name: str) -> Life:
        chance, officer = self._chance(name), f"officer:{name}"
        pace = max(0.7, chance.gauss(1, 0.15))
        tea = chance.uniform(135, 185)
        yield COUNTERS + (chance.uniform(5, 15) if chance.random() < LATE else chance.uniform(-3, 1))
        self._do(OpenCounter, officer, counter=counter, officer=name)
        while not self._over():
            if self.minute > tea:
                tea = LATEST
                self._do(PauseCounter, officer, counter=counter, reason="break")
                yield 10
                self._do(OpenCounter, officer, counter=counter, officer=name)
            waiting = self._held.get(counter, [])
            if waiting and waiting[0][0] <= self.minute:
                _, number, service = waiting.pop(0)
                if self._do(ResumeTicket, officer, counter=counter, number=number):
                    yield from self._serve(counter, officer, number, service, pace, chance)
            elif called := self._do(CallNext, officer, counter=counter):
                yield from self._receive(counter, officer, called, pace, chance)
            else:
                yield GLANCE

    def _receive(self, counter: str, officer: str, called: TicketPicture, pace: float, chance: Random) -> Served:
        """From the call until the counter is free again."""
        number, service = called.number, called.service
        if chance.random() < MISTAKE:
            yield 0.1
            self._do(Undo, officer, counter=counter)
            return
        yield WALK
        if chance.random() < NO_SHOW:
            for _ in range(2):
                yield 0.5
                self._do(Recall, officer, counter=counter)
            yield 0.5
            if chance.random() >= COMES_ON_RECALL:
                self._do(MissTicket, officer, counter=counter)
                if chance.random() >= LEAVES_FOR_GOOD:
                    self._enter(self.minute, self._comes_back(number, officer, chance.uniform(5, 15)))
                else:
                    self._inside.discard(number)
                return
        if self._do(StartService, officer, counter=counter):
            yield from self._serve(counter, officer, number, service, pace, chance)

    def _serve(self, counter: str, officer: str, number: str, service: str, pace: float, chance: Random) -> Served:  # noqa: PLR0913, PLR0917
        """From the start until the counter is free again."""
        minutes = pace * _lognormal(chance, *SERVICE[service])
        again = (number, service) in self._second
        if again:
            minutes /= 2
        bring = tuple(coded.code for coded in self._office.service[service].bring)
        yield minutes * 0.3
        lacks = not again and chance.random() < RETURNED
        self._do(CheckDocuments, officer, counter=counter, seen=bring[:-1] if lacks else bring)
        yield minutes * (0.2 if lacks else 0.7)
        if lacks:
            self._second.add((number, service))
            reasons = (chance.choice(self._office.rules.return_reasons).code,)
            if self._do(ReturnTicket, officer, counter=counter, reasons=reasons):
                self._enter(self.minute, self._comes_back(number, officer, chance.uniform(10, 25)))
        elif chance.random() < HELD:
            if self._do(HoldTicket, officer, counter=counter):
                self._held.setdefault(counter, []).append((self.minute + chance.uniform(3, 8), number, service))
        elif service == "information" and chance.random() < TRANSFERRED:
            self._do(TransferTicket, officer, counter=counter, service="civil-registry")
        else:
            if service == "labour" and chance.random() < ONE_MORE:
                self._do(ChangeSteps, officer, number=number, add=("health",))
            outcome = chance.choices(["done", "not-needed", "rejected"], [0.94, 0.04, 0.02])[0]
            self._do(FinishService, officer, counter=counter, outcome=outcome)

    def _over(self) -> bool:
        return self.minute >= LATEST or (self.minute >= NOON and not self._inside)

    # --- Common

    def _enter(self, minute: float, life: Life) -> None:
        heappush(self._people, (minute, next(self._serial), life))

    def _chance(self, name: str) -> Random:
        """Everybody has dice of their own, so that one person's luck is not moved by another's."""
        return Random(f"{self._seed} {name}")

    def _key(self) -> str:
        return f"{self._run} {next(self._keys)}"

    def _do(self, kind: type[DayCommand], by: str, *, key: str = "", **fields: object) -> TicketPicture | None:
        """Gives a command; the ticket right after it. A refusal changes nothing: somebody at a screen was quicker."""
        said = {"office": self._office.id, "at": self._now(), "by": by, "key": key or self._key(), **fields}
        try:
            done = self._give(kind(**said))  # type: ignore[arg-type]
        except Refusal:
            self.refused += 1
            return None
        self.given += 1
        ticket = done.answer.ticket if done.answer else None
        if ticket is not None:
            over = ticket.state in {"done", "cancelled", "closed"}
            (self._inside.discard if over else self._inside.add)(ticket.number)
        return ticket


def _lognormal(chance: Random, mean: float, cv: float) -> float:
    spread = log(1 + cv * cv)
    return chance.lognormvariate(log(mean) - spread / 2, sqrt(spread))

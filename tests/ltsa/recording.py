"""A played day written down as an office would record it: its events, as the ledger gives them."""

from typing import Any

from ltsa.dispatch import Policy, Weights, Why
from ltsa.happened import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayEvent,
    DayOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketMissed,
    TicketPutBack,
    TicketReturned,
)
from ltsa.office import Counter, Dispatching, Office, Outcome, Rules, Service
from ltsa.present import Recorded
from ltsa.simulate import Script, _Day, percents

EIGHT = 1_795_222_800_000
"""21 November 2026, 08.00 WIB, in ms UTC; a script's minute 0."""


def office_of(script: Script, policy: Policy = "fifo") -> Office:
    """An office in which the script could happen."""
    return Office(
        id="ltsa",
        name={"id": "LTSA"},
        zone="Asia/Jakarta",
        services=tuple(
            Service(
                id=service,
                prefix="A",
                name={"id": service},
                about={"id": service},
                agency={"id": service},
                after=script.after.get(service, ()),
                minutes=minutes,
            )
            for service, minutes in script.minutes.items()
        ),
        counters=tuple(Counter(id=c.name, name={"id": c.name}, services=c.services) for c in script.counters),
        rules=Rules(outcomes=(Outcome(code="done", name={"id": "Selesai"}),), dispatch=Dispatching(policy=policy)),
    )


class Recording(_Day):
    """A day that writes down what happens in it."""

    def __init__(self, script: Script, policy: Policy) -> None:
        super().__init__(script, policy, Weights(), percents(script))
        self.events: list[DayEvent] = []
        self.away: dict[str, str] = {}
        self.write(DayOpened, 0, date="2026-11-21", office=office_of(script, policy))

    def write(self, kind: type[Any], at: int, **fields: Any) -> None:
        said = {"at": EIGHT + at, "by": "system", "key": f"{len(self.events)}", "content": ""}
        self.events.append(kind(**said, **fields))

    def comes(self, person: Any) -> None:
        number = person.visit.number
        if self.away.pop(number, ""):
            self.write(TicketPutBack, self.now, number=number, place=EIGHT + person.visit.arrives)
        else:
            services = tuple(service for service in self.script.minutes if service in person.visit.tasks)
            said = {"number": number, "series": "A", "token": number, "services": services}
            self.write(TicketIssued, self.now, **said, place=EIGHT + self.now)
        super().comes(person)

    def completes(self, subject: Any) -> None:
        person, service = subject
        if service in person.completing and person.claims:
            self.is_back(person)
        super().completes(subject)

    def goes_on(self, person: Any, since: int | None = None) -> None:
        if person.visit.number in self.away and not person.completing:
            self.is_back(person)
        super().goes_on(person, since)

    def is_back(self, person: Any) -> None:
        """Somebody who completed something meanwhile tells that they have."""
        del self.away[person.visit.number]
        self.write(TicketPutBack, self.now, number=person.visit.number, place=EIGHT + person.visit.arrives)

    def call(self, number: int, person: Any, service: str) -> None:
        counter, ticket, task = self.script.counters[number], person.visit.number, person.visit.tasks[service]
        where = {"number": ticket, "service": service, "counter": counter.name}
        self.write(TicketCalled, self.now, **where, why=Why(rule="fifo/1", place=0, eligible=1))
        coming, missed = self.comes_in(person, service), service in person.untried
        super().call(number, person, service)
        if missed:
            self.away[ticket] = service
            self.write(TicketMissed, self.now + self.script.lost, **where)
        else:
            self.write(ServiceStarted, self.now + self.script.answer + coming, **where)
            self.begun = task

    def finish(self, subject: Any) -> None:
        number, person, service = subject
        task = person.visit.tasks[service]
        where = {"number": person.visit.number, "service": service, "counter": self.script.counters[number].name}
        if task.again and service not in person.back:
            self.away[person.visit.number] = service
            self.write(TicketReturned, self.now, **where, reasons=("copies",))
        else:
            self.write(ServiceFinished, self.now, **where, outcome="done")
        super().finish(subject)

    def opens(self, number: int) -> None:
        counter = self.script.counters[number]
        self.write(CounterOpened, self.now, counter=counter.name, officer=counter.name, services=counter.services)
        super().opens(number)

    def rests(self, number: int) -> None:
        self.write(CounterPaused, self.now, counter=self.script.counters[number].name, reason="break")
        super().rests(number)

    def history(self) -> list[Recorded]:
        """The day's events from its first to its last."""
        self.run()
        last = max(event.at for event in self.events) - EIGHT
        for counter in self.script.counters:
            self.write(CounterClosed, last, counter=counter.name)
        in_order = sorted(self.events, key=lambda event: event.at)
        return [Recorded(n, "day:ltsa:2026-11-21", n, event) for n, event in enumerate(in_order, 1)]

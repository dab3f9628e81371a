"""A service day played by named people at fixed times, in memory: the rules alone, no ledger."""

from itertools import count
from typing import Any

import msgspec
import pytest

from ltsa.board import unopened
from ltsa.calling import carry_out
from ltsa.commands import (
    CallNext,
    DayCommand,
    FinishService,
    IssueTicket,
    MissTicket,
    OpenCounter,
    StartService,
)
from ltsa.day import Day, Ticket
from ltsa.happened import DayEvent
from ltsa.message import Refusal
from ltsa.office import Dispatching, Office, example_office
from ltsa.rules import decide
from ltsa.tokens import token_digest

EIGHT = 1_795_222_800_000
"""21 November 2026, 08.00 WIB, in ms UTC."""

SECOND = 1_000
MINUTE = 60 * SECOND


def office(**rules: object) -> Office:
    """The example office, some of its rules changed; first come, first served where they do not say otherwise, and an
    officer who calls somebody else gives no reason.
    """
    example = example_office()
    plain: dict[str, Any] = {"dispatch": Dispatching(), "deviation_reasons": ()}
    return msgspec.structs.replace(example, rules=msgspec.structs.replace(example.rules, **plain | rules))


class Hall:
    """The office on 21 November 2026. Every action happens a second after the last one."""

    def __init__(self, **rules: object) -> None:
        configuration = office(**rules)
        self.now = EIGHT
        self.day = unopened(configuration, configuration.service_date(EIGHT))
        self.events: list[DayEvent] = []
        self._keys = count(1)

    def do(self, command: type[DayCommand], **fields: Any) -> list[DayEvent]:
        """Gives a command and applies its events; raises the refusal."""
        self.now += SECOND
        given: dict[str, Any] = {
            "office": "ltsa",
            "at": self.now,
            "by": "officer:sari",
            "key": f"key {next(self._keys)}",
        } | fields
        events = decide(command(**given), self.day)
        self.events += carry_out(self.day, events)
        return events

    def waits(self, minutes: float) -> None:
        """Time passes."""
        self.now += int(minutes * MINUTE)

    def takes_number(self, *services: str, priority: str = "", by: str = "kiosk:1") -> str:
        """A person takes a number; answers the number."""
        token = token_digest(f"secret {len(self.day.tickets)}")
        [issued] = self.do(IssueTicket, services=services, token=token, priority=priority, by=by)
        return str(issued.number)  # type: ignore[union-attr]

    def opens(self, counter: str, *services: str, officer: str = "") -> None:
        """An officer sits down."""
        self.do(OpenCounter, counter=counter, officer=officer or f"officer-{counter}", services=services)

    def calls(self, counter: str) -> str:
        """The counter calls the next person; answers the number."""
        [called] = self.do(CallNext, counter=counter)
        return str(called.number)  # type: ignore[union-attr]

    def serves(self, counter: str, outcome: str = "done") -> str:
        """The counter calls, starts and finishes; answers the number."""
        number = self.calls(counter)
        self.do(StartService, counter=counter)
        self.do(FinishService, counter=counter, outcome=outcome)
        return number

    def misses(self, counter: str) -> str:
        """The counter calls somebody who does not come; answers the number."""
        number = self.calls(counter)
        self.do(MissTicket, counter=counter)
        return number

    def ticket(self, number: str) -> Ticket:
        """A ticket as it is now."""
        return self.day.tickets[number]

    def line(self, service: str) -> list[str]:
        """The numbers that wait for a service, first in line first."""
        return [place[2] for place in self.day.queues[service]]


def refused(hall: Hall, command: type[DayCommand], **fields: Any) -> str:
    """The code of the refusal that a command meets; the state must not change by it."""
    before = snapshot(hall.day)
    with pytest.raises(Refusal) as refusal:
        hall.do(command, **fields)
    assert snapshot(hall.day) == before, "a refusal changed the state"
    assert refusal.value.message.endswith("."), "a refusal is a sentence"
    return refusal.value.code


def snapshot(day: Day) -> bytes:
    """All of a day's state as bytes, to compare."""
    return msgspec.json.encode(
        [
            *(day.version, day.at, day.open, day.tickets, day.counters, day.queues, day.series, day.answered),
            *(day.tally, day.help, day.demand, day.check, day.office, day.seated, day.configured),
        ]
    )

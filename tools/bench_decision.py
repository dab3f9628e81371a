"""The benchmark of a decision: whom a counter calls, with 200 people waiting for what it does."""

import time
from collections.abc import Callable
from random import Random
from statistics import median

from msgspec.structs import replace

from ltsa.board import unopened
from ltsa.calling import carry_out, consequence, next_for
from ltsa.commands import DayCommand, IssueTicket, OpenCounter
from ltsa.day import Day
from ltsa.office import Dispatching, example_office
from ltsa.rules import decide
from ltsa.tokens import token_digest
from tools.figures import Figure, figure, in_turns
from web.server import CreateApp

DAY = 1_795_222_800_000
"""21 November 2026, 08.00 WIB, in ms UTC."""

WAITING = 200
COUNTER = ("labour", "information")


def decision(_create_app: CreateApp, scale: float) -> Figure:
    """Whom to call of 200 who wait, and why, under `index` with another policy in shadow; against sorting them by age.

    `follows_ms` is what the dispatcher needs to see that nothing follows upon a command, as after most of them.
    """
    times = max(3, int(200 * scale))
    day = _crowded()
    now = day.at + 60_000
    ages = [(ticket.arrived, ticket.order) for ticket in day.tickets.values()]
    said = {"at": now, "by": "", "key": "", "content": ""}

    def ours() -> float:
        return _ms(lambda: next_for(day, COUNTER, now), times)

    def yardstick() -> float:
        return _ms(lambda: sorted(ages, key=lambda age: (now - age[0], age[1])), times)

    return figure(
        "decision",
        in_turns(ours, yardstick),
        unit="ms/decision",
        against=f"sorting {WAITING} people by their age",
        most_value=1.0,
        more={"waiting": WAITING, "follows_ms": _ms(lambda: consequence(day, said), times)},
    )


def _crowded() -> Day:
    """A morning on which so many wait for one counter, each for three other services besides."""
    office, chance = example_office(), Random(200)
    dispatching = Dispatching(policy="index", shadow="all")
    office = replace(office, rules=replace(office.rules, dispatch=dispatching))
    day, others = unopened(office, office.service_date(DAY)), [s for s in office.service if s not in COUNTER]
    given: list[DayCommand] = [
        IssueTicket(
            office=office.id,
            at=DAY + n * 10_000,
            by="kiosk:1",
            key=f"takes {n}",
            services=(COUNTER[n % 2], *chance.sample(others, 3)),
            token=token_digest(f"secret {n}"),
            priority=chance.choice(["", "", "elderly"]),
        )
        for n in range(WAITING)
    ]
    given += [
        OpenCounter(office=office.id, at=day.at, by="officer:1", key=f"opens {id_}", counter=id_, officer=id_)
        for id_ in ("4", "5")
    ]
    for command in given:
        carry_out(day, decide(command, day))
    return day


def _ms(work: Callable[[], object], times: int) -> float:
    """The median of so many times, in ms."""
    costs = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        costs.append(time.perf_counter() - began)
    return median(costs) * 1000

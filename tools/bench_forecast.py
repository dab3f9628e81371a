"""The benchmarks of forecasts: how far they err and how often the ranges hold on made-up days, and how long one takes.

Days are made event by event (`made_days.py`) under the policy `index`. Forecasts are published every minute as in an
office, learned from the day itself and five days before; each person is told when they take a number and when a new
wait begins. The ranges are corrected by what came out before, and by nothing else. The first day warms the correction
up and is not counted.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

from msgspec import structs

from ltsa import paces
from ltsa.day import TicketCalled, TicketIssued
from ltsa.dispatch import Policy
from ltsa.forecast import FUTURES, Forecast, Scene, forecast, queue_length_of, scene
from ltsa.paces import Paces, Spent, learn
from ltsa.predictions import Outcome, Told, figures
from ltsa.ranges import Calibration, Method, guess_from, guess_of
from tools.figures import Figure, figure, in_turns
from tools.made_days import HALF_PAST_SEVEN, MINUTE, MadeDay, office
from web.server import CreateApp

DAYS = 6
PEOPLE = 220.0
CROWDED, INSIDE = 320.0, 100
POLICY: Policy = "index"
SHARE, LEAST, MOST, LEAST_HOUR, MOST_HOUR = 0.6, 88.0, 92.0, 85.0, 95.0
ENOUGH = 0.3
"""From this scale on the work is done in full on fewer days; below it only shows that it runs."""

FEW = 60
"""Hours with fewer predictions than this say nothing."""


def accuracy(_create_app: CreateApp, scale: float) -> Figure:
    """The mean error of what is expected until the next call, against the queue's length; and how often ranges held.

    `within` is how often people were called by the 90 % bound, in per cent: of all, and in the worst hours; `held` how
    often the published range in steps of five minutes held.
    """
    days, every, people = max(2, round(DAYS * scale)), max(1, round(1 / max(scale, 0.05))), PEOPLE
    known: dict[Method, Calibration] = {"futures": Calibration(), "queue": Calibration()}
    before = [_lived(seed, people) for seed in range(1, 6 if scale >= ENOUGH else 2)]
    found: list[Outcome] = []
    for n in range(days):
        futures = FUTURES if scale >= ENOUGH else 10
        outcomes, spent = _day(100 + n, people, every * MINUTE, before[-5:], known, futures=futures)
        before.append(spent)
        if n:
            found += outcomes
    counted = figures(found, office(POLICY))
    all_of, hours = counted.all, _hours(found)
    measured = figure(
        "forecast",
        [(all_of.told.error / 60, all_of.queue.error / 60)],
        unit="min error",
        against="people waiting × time of one ÷ open counters, corrected alike",
        at_most=SHARE,
        more={
            "waits": all_of.told.count,
            "within": _percent(all_of.told.within, all_of.told.count),
            "within_least_hour": min(hours.values(), default=0.0),
            "within_most_hour": max(hours.values(), default=0.0),
            "held": _percent(all_of.told.held, all_of.told.count),
            "wide_min": all_of.told.wide,
            "bias_min": all_of.told.bias / 60,
            "queue_held": _percent(all_of.queue.held, all_of.queue.count),
            "queue_wide_min": all_of.queue.wide,
        },
    )
    covered = LEAST <= measured.more["within"] <= MOST
    each = all(LEAST_HOUR <= share <= MOST_HOUR for share in hours.values())
    return structs.replace(measured, met=measured.met and covered and each)


def speed(_create_app: CreateApp, scale: float) -> Figure:
    """Processor time of a forecast with a hundred people inside, against as many turns of a bare heap as it has."""
    now = _crowded()
    futures = max(2, int(FUTURES * min(scale * 10, 1)))
    turns = 200 * futures

    def ours() -> float:
        return _ms(lambda: forecast(now, 1, futures))

    def yardstick() -> float:
        return _ms(lambda: _bare(turns))

    inside = sum(person.state in {"waiting", "called", "serving"} for person in now.people)
    return figure(
        "futures",
        in_turns(ours, yardstick),
        unit="ms/forecast",
        against=f"{turns} turns of a bare heap of {INSIDE}",
        most_value=300.0,
        more={"inside": inside, "futures": futures},
    )


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _hours(found: list[Outcome]) -> dict[int, float]:
    """Per cent called by the 90 % bound, by the hour of the prediction; hours with few predictions left out."""
    clock = office(POLICY).clock
    told, within = Counter[int](), Counter[int]()
    for one in found:
        hour = datetime.fromtimestamp(one.told.at / 1000, clock).hour
        told[hour] += 1
        within[hour] += one.took <= one.told.told.upper
    return {hour: _percent(within[hour], count) for hour, count in told.items() if count >= FEW}


def _lived(seed: int, people: float) -> Spent:
    """What a day before has shown."""
    spent = Spent()
    for event in MadeDay(seed, people, POLICY).events():
        paces.evolve(spent, event)
    return spent


class _Playing:
    """A day with its forecasts, as the server does them."""

    def __init__(self, made: MadeDay, before: list[Spent], known: dict[Method, Calibration]) -> None:
        self.made, self.before, self.known = made, before, known
        self.spent, self.outcomes = Spent(), list[Outcome]()
        self.waiting: dict[str, Told] = {}
        self.told: set[tuple[str, int]] = set()
        self.paces: Paces = learn(made.office, self.spent, before)
        self.latest: Forecast | None = None

    def publishes(self, futures: int) -> None:
        made = self.made
        self.paces = learn(made.office, self.spent, self.before)
        self.latest = forecast(scene(made.day, made.now, self.spent, self.paces), 1, futures)
        for number in self.latest.people:
            self.tells(number)

    def tells(self, number: str) -> None:
        """Somebody whose wait has begun is told how long it takes."""
        day, ticket = self.made.day, self.made.day.tickets[number]
        queue = queue_length_of(day, ticket, self.paces)
        if self.latest is None or queue is None or ticket.state != "waiting" or (number, ticket.since) in self.told:
            return
        waits = self.latest.people.get(number)
        if waits is None and ticket.since == ticket.arrived:
            lines = [self.latest.newcomers.get((service, bool(ticket.priority))) for service in ticket.waits]
            waits = min((line for line in lines if line), key=lambda line: line.quantile(50), default=None)
        if waits is None:
            return
        key, guess, reckoned = (waits.service, bool(ticket.priority)), guess_of(waits), guess_from(queue[0])
        self.told.add((number, ticket.since))
        self.waiting[number] = Told(
            number=number,
            service=key[0],
            priority=key[1],
            at=self.made.now,
            since=ticket.since,
            told=self.known["futures"].publish(key, guess, "futures", self.made.now),
            guess=guess,
            queue=self.known["queue"].publish(key, reckoned, "queue", self.made.now),
            queue_guess=reckoned,
        )

    def called(self, number: str) -> None:
        if (told := self.waiting.pop(number, None)) and told.queue_guess:
            took = (self.made.now - told.at) // 1000
            self.outcomes.append(Outcome(told, took))
            self.known["futures"].learn(told.key, told.guess, took, told.told, told.at)
            self.known["queue"].learn(told.key, told.queue_guess, took, told.queue, told.at)


def _day(  # noqa: PLR0913 - by name
    seed: int, people: float, every: int, before: list[Spent], known: dict[Method, Calibration], *, futures: int
) -> tuple[list[Outcome], Spent]:
    playing = _Playing(MadeDay(seed, people, POLICY), before, known)
    due = HALF_PAST_SEVEN
    for event in playing.made.events():
        paces.evolve(playing.spent, event)
        if isinstance(event, TicketCalled):
            playing.called(event.number)
        if isinstance(event, TicketIssued):
            playing.tells(event.number)
        if event.at >= due:
            playing.publishes(futures)
            due = event.at + every
    return playing.outcomes, playing.spent


def _crowded() -> Scene:
    """The moment of a crowded morning at which a hundred people are inside."""
    made, spent = MadeDay(1, CROWDED, POLICY), Spent()
    for event in made.events():
        paces.evolve(spent, event)
        tally = made.day.tally
        if tally["waiting"] + tally["called"] + tally["serving"] >= INSIDE and tally["serving"] >= INSIDE // 8:
            break
    return scene(made.day, made.now, spent, learn(made.office, spent))


def _bare(turns: int) -> None:
    heap = list(range(INSIDE))
    for n in range(turns):
        heappush(heap, heappop(heap) + n % 97)


def _ms(work: Callable[[], object]) -> float:
    """Processor time, for the machine may be busy with other things."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000

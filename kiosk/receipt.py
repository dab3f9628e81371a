"""A visit's proof for its holder: the steps in plain words, and whether all of them are signed already."""

from collections.abc import Sequence

from msgspec import Struct

from ltsa import receipt
from ltsa.day import Day
from ltsa.ledger import Ledger
from ltsa.office import Text
from ltsa.present import Recorded, day_stream
from ltsa.replay import KINDS


class Step(Struct, frozen=True, kw_only=True):
    """One thing that happened to the number: `event` is its kind, at an instant (ms UTC); where and for which service,
    empty where nothing says.
    """

    at: int
    event: str
    counter: Text
    service: Text


class Receipt(Struct, frozen=True, kw_only=True):
    """What is on record of a visit, and whether its proof may be kept: once the day is closed and signed."""

    steps: tuple[Step, ...]
    ready: bool


def read(ledger: Ledger, day: Day, number: str) -> Receipt:
    """The record of one number. Blocks on the disk."""
    history = list(ledger.history(day_stream(day.rules_of.id, day.date)))
    ready = not day.open and receipt.signed(ledger, history)
    return Receipt(steps=_steps(receipt.of_visit(history, number), day), ready=ready)


def _steps(visit: Sequence[Recorded], day: Day) -> tuple[Step, ...]:
    """In order; an event that does not say where or for what happened where and for what the one before did."""
    counters = {counter.id: counter.name for counter in day.rules_of.counters}
    services = {service.id: service.name for service in day.rules_of.services}
    steps, counter, service = list[Step](), "", ""
    for recorded in visit:
        event = recorded.event
        counter = getattr(event, "counter", "") or counter
        service = getattr(event, "service", "") or service
        steps.append(
            Step(
                at=event.at,
                event=KINDS[type(event)],  # type: ignore[index]
                counter=counters.get(counter, {}),
                service=services.get(service, {}),
            )
        )
    return tuple(steps)

"""Who is called next, and why: a pure function of the queues, with an explanation that an auditor can recompute.

The rule today is first come, first served by arrival in the building (`fifo/1`). A priority reason makes the wait older
by the office's head start; a person put back gets the place that the office's rule says. Integers only.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

RULE = "fifo/1"

Place = tuple[int, int, str]
"""A place in a queue: (instant that counts, in ms; order of arrival; ticket number). Smallest first, never equal."""


class Why(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why this ticket: the rule and its version, the instant that counted, how many were eligible, who would have been
    next and by how many milliseconds, how many with an older place were passed over.
    """

    rule: str = RULE
    place: int
    eligible: int
    runner_up: str = ""
    margin: int = 0
    passed_over: int = 0


class Pick(Struct, frozen=True):
    """The ticket to call, for which service, and why."""

    number: str
    service: str
    why: Why


def pick(queues: Mapping[str, Sequence[Place]], services: Iterable[str]) -> Pick | None:
    """The next ticket for a counter that takes `services`, or None when nobody waits for any of them.

    `queues` holds the places of each service in ascending order. A person who waits in several of them is called for
    the service that the counter names first.
    """
    heads = [(queues[service][0], service) for service in services if queues[service]]
    if not heads:
        return None
    first = min(place for place, _ in heads)
    service = next(service for place, service in heads if place == first)
    return Pick(first[2], service, explain(queues, services, first, RULE))


def explain(queues: Mapping[str, Sequence[Place]], services: Iterable[str], called: Place, rule: str) -> Why:
    """Why `called` was taken from these queues: `rule` is `fifo/1`, or `chosen/1` where an officer named the ticket."""
    lines = [queues[service] for service in services]
    others = sorted(place for line in lines for place in line[:2] if place != called)
    runner_up = others[0] if others else None
    return Why(
        rule=rule,
        place=called[0],
        eligible=_people(lines),
        runner_up=runner_up[2] if runner_up else "",
        margin=runner_up[0] - called[0] if runner_up else 0,
        passed_over=_older(lines, called) if runner_up and runner_up < called else 0,
    )


def _people(lines: list[Sequence[Place]]) -> int:
    if len(lines) == 1:
        return len(lines[0])
    return len({place[1] for line in lines for place in line})


def _older(lines: list[Sequence[Place]], called: Place) -> int:
    return len({place[1] for line in lines for place in line if place < called})

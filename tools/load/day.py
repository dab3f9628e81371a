"""Who comes to a loaded office, when, and what for: the arrivals of a day of `ltsa/scenario.py`."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from msgspec import structs

from ltsa.dispatch import MINUTE
from ltsa.scenario import Scenario, draw
from tools.morning import PRIORITY, VISITS

OPENS = 7 * 60 + 30
"""The minute of the day at which a scenario begins."""


class Comer(NamedTuple):
    """Somebody who comes.

    Attributes:
        minute: of the scenario, from 07.30.
        services: that they ask for.
        hurried: whether they ask to be served earlier.
    """

    minute: float
    services: tuple[str, ...]
    hurried: bool


def arrivals(found: Scenario, visitors: float, seed: int, office: int) -> list[Comer]:
    """Everybody who comes on one day of an office, in order: about as many as `visitors`, and when the scenario says.

    What they come for is that of the example office (`tools/morning.py`), because a scenario's steps are not its
    services. The same seed and office make the same day.
    """
    luck = Random(f"{seed} {office} what for")
    kinds, shares = [services for _, services in VISITS], [share for share, _ in VISITS]
    script = draw(structs.replace(found, lam=visitors), seed, office)
    return [
        Comer(visit.arrives / MINUTE, luck.choices(kinds, shares)[0], luck.random() < PRIORITY)
        for visit in script.visits
    ]

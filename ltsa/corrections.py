"""Corrections: events that say that another was a mistake, and name it. Nothing is ever edited. Pure.

What is named is the version, in the same stream, of the event that is taken back (`corrects`; 0 in events of before,
which named none). An event can be taken back once.
"""

from collections.abc import Iterable
from typing import Any

from ltsa.happened import (
    ActionUndone,
    DayClosed,
    DayReopened,
    ServiceFinished,
    TicketCalled,
    TicketMissed,
    TicketReturned,
)
from ltsa.journey import CaseClosed, CaseReopened, StepDone, StepReturned, StepUndone
from ltsa.present import Recorded

CORRECTED: dict[type, tuple[type, ...]] = {
    ActionUndone: (TicketCalled, ServiceFinished, TicketReturned, TicketMissed),
    DayReopened: (DayClosed,),
    StepUndone: (StepDone, StepReturned),
    CaseReopened: (CaseClosed,),
}
"""What each correction may take back."""

_MAY_BE_TAKEN_BACK = tuple(kind for kinds in CORRECTED.values() for kind in kinds)
_ABOUT = ("number", "counter", "case", "step")


def corrected(history: Iterable[Recorded]) -> dict[int, int]:
    """The versions of the events of a stream that were taken back, each with the version of what took it back."""
    found = ((getattr(recorded.event, "corrects", 0), recorded.version) for recorded in history)
    return {version: by for version, by in found if version}


class Corrections:
    """A stream's events one after the other, each correction held against what came before it."""

    def __init__(self) -> None:
        self._standing: dict[int, Any] = {}

    def holds(self, version: int, event: object) -> bool | None:
        """Whether what an event names is on record before it, is about the same thing and was not taken back yet; None
        for an event that names nothing.
        """
        if isinstance(event, _MAY_BE_TAKEN_BACK):
            self._standing[version] = event
        if not (named := getattr(event, "corrects", 0)):
            return None
        taken_back = self._standing.pop(named, None)
        return isinstance(taken_back, CORRECTED[type(event)]) and all(
            getattr(taken_back, name) == getattr(event, name)
            for name in _ABOUT
            if hasattr(taken_back, name) and hasattr(event, name)
        )

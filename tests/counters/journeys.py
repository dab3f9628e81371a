"""Journeys for the tests of this room, beside any screen: a case is opened, a number is taken, steps are done."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any

from ltsa.commands import IssueTicket, TieTicket
from ltsa.journey import Case, Person, case_id
from ltsa.journey_rules import OpenCase, PersonCommand, RecordStep
from ltsa.ledger import Done, Ledger
from web.house import House

WATI = "5e1fa0c3b27d49860a1c"
"""The pseudonymous id of a person."""

KEYS = (f"key-of-a-journey-{n}" for n in count())


class Journeys:
    """What happens to a person's journey in an office that runs, in this process or another. `do` gives commands."""

    def __init__(self, do: Callable[[Any], Done], person: Callable[[str], Person], office: str = "ltsa") -> None:
        self._do, self._person, self.office = do, person, office

    @classmethod
    def of(cls, here: House | Ledger) -> Journeys:
        """Those of a house, or of a ledger that a running office uses too."""
        ledger = here.ledger if isinstance(here, House) else here
        return cls(here.do, ledger.person)

    def opens(self, scheme: str = "p-to-p", person: str = WATI) -> str:
        """A case is opened; its name."""
        self.gives(OpenCase, person=person, scheme=scheme, card=sha256(scheme.encode()).hexdigest())
        return self.case(person).id

    def takes(self, *services: str, person: str = WATI) -> str:
        """The person takes a number for what can be done today."""
        token = sha256(next(KEYS).encode()).hexdigest()
        done = self._do(IssueTicket(**self._said(), person=person, services=services, token=token))
        assert done.answer
        assert done.answer.ticket
        return done.answer.ticket.number

    def ties(self, number: str, person: str = WATI) -> None:
        """A number that was taken without it becomes one of the journey."""
        self._do(TieTicket(**self._said(), number=number, person=person))

    def did(self, *steps: str, person: str = WATI, at: int = 0) -> None:
        """Steps were done elsewhere."""
        for step in steps:
            self.gives(RecordStep, person=person, case=self.case(person).id, step=step, outcome="done", moment=at)

    def gives(self, kind: Callable[..., PersonCommand], *, moment: int = 0, **said: object) -> Done:
        """Any command about a person."""
        return self._do(kind(**self._said() | ({"at": moment} if moment else {}), **said))

    def case(self, person: str = WATI) -> Case:
        """The person's latest case."""
        found = self._person(person)
        return found.cases[case_id(person, len(found.cases))]

    def _said(self) -> dict[str, Any]:
        return {"office": self.office, "at": time.time_ns() // 1_000_000, "by": "officer:siti", "key": next(KEYS)}

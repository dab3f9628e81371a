"""Years in which anything may happen to anybody, from a seed: what two offices record when people act at random.

Whatever the rules refuse did not happen; nothing is looked at but that.
"""

from contextlib import suppress
from random import Random
from typing import Any

from ltsa.commands import (
    CallNext,
    CancelTicket,
    CloseDay,
    FinishService,
    IssueTicket,
    OpenCounter,
    PutBack,
    ReopenDay,
    ReturnTicket,
    StartService,
    Undo,
)
from ltsa.journal import DataErased, DataExported, DataSeen, entry
from ltsa.journey import case_id
from ltsa.journey_rules import (
    CloseCase,
    CompleteReference,
    ErasePerson,
    MoveCase,
    NoteReference,
    OpenCase,
    RecordStep,
    ReopenCase,
    UndoStep,
)
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.tokens import token_digest
from tests.ltsa.scripted_journey import BANDUNG, GARUT, Offices

PEOPLE = tuple(f"{n:020x}" for n in range(1, 4))
COUNTERS = ("2", "3")
STEPS = ("civil-registry-check", "registration", "ak1", "health-check")
DAYS = tuple(f"2026-03-{day:02}" for day in range(2, 7))


class History:
    """A ledger on which something more happens with each `turn`."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger, self._dice = ledger, Random(seed)
        self._offices = Offices(ledger)
        self._minute, self._day = 0, 0

    def turn(self, times: int = 1) -> None:
        """So many things are tried."""
        for _ in range(times):
            self._minute += 1
            if self._minute == 200:
                self._day, self._minute = min(self._day + 1, len(DAYS) - 1), 0
            with suppress(Refusal):
                self._dice.choice((self._of_day, self._of_day, self._of_day, self._of_case, self._look))()

    def _do(self, command: type[Any], **fields: Any) -> None:
        time = f"{8 + self._minute // 60:02}:{self._minute % 60:02}"
        self._offices.do(DAYS[self._day], time, command, self._dice.choice((BANDUNG, GARUT)), **fields)

    def _try(self, chosen: tuple[tuple[type[Any], dict[str, Any]], ...]) -> None:
        """Tries one of some things."""
        command, fields = self._dice.choice(chosen)
        self._do(command, **fields)

    def _of_day(self) -> None:
        dice = self._dice
        counter = dice.choice(COUNTERS)
        number = f"{dice.choice('BC')}{dice.randint(1, 6):03}"
        person: dict[str, Any] = {"person": dice.choice(PEOPLE)} if dice.random() < 0.4 else {}
        chosen: tuple[tuple[type[Any], dict[str, Any]], ...] = (
            *[(IssueTicket, {"services": (dice.choice(("civil-registry", "labour")),), **person})] * 4,
            *[(OpenCounter, {"counter": counter, "officer": f"officer-{counter}"})] * 2,
            *[(CallNext, {"counter": counter})] * 4,
            *[(StartService, {"counter": counter})] * 4,
            *[(FinishService, {"counter": counter, "outcome": dice.choice(("done", "rejected"))})] * 3,
            (ReturnTicket, {"counter": counter, "reasons": ("document-missing",)}),
            (PutBack, {"number": number}),
            (Undo, {"counter": counter}),
            (CancelTicket, {"number": number}),
            *[(CloseDay, {})] * (dice.random() < 0.3),
            *[(ReopenDay, {})] * 3,
        )
        self._try(chosen)

    def _of_case(self) -> None:
        dice, person = self._dice, self._dice.choice(PEOPLE)
        case = {"person": person, "case": case_id(person, dice.randint(1, 2))}
        step, system = dice.choice(STEPS), dice.choice(("siapkerja", "siskop2mi"))
        number = f"NOMOR {dice.randint(100, 999)}"
        chosen: tuple[tuple[type[Any], dict[str, Any]], ...] = (
            *[(OpenCase, {"person": person, "scheme": "p-to-p", "card": token_digest(f"{dice.random()}")})] * 3,
            *[(RecordStep, {**case, "step": step, "outcome": "done"})] * 4,
            (UndoStep, {**case, "step": step}),
            (NoteReference, {**case, "step": step, "system": system, "number": number, "paper": True}),
            (NoteReference, {**case, "step": step, "system": system, "number": number}),
            (CompleteReference, {**case, "step": step, "system": system, "number": number}),
            (MoveCase, {**case, "scheme": dice.choice(("mandiri", "p-to-p")), "grace": dice.choice(DAYS)}),
            (CloseCase, {**case, "outcome": "withdrawn"}),
            (ReopenCase, {**case, "reason": "mistaken"}),
            *[(ErasePerson, {"person": person})] * (dice.random() < 0.1),
        )
        self._try(chosen)

    def _look(self) -> None:
        dice = self._dice
        about, names = dice.choice((*PEOPLE, "B001 2026-03-02")), (f"note-{dice.randint(1, 9)}",)
        kind, facts = dice.choice(
            (
                (DataSeen, {"kind": "person", "about": about}),
                (DataErased, {"kind": "notes", "about": about, "items": names}),
                (DataExported, {"kind": "export.csv", "about": "2026-03-02–2026-03-03", "why": dice.choice(("", "x"))}),
            )
        )
        said: dict[str, Any] = {"office": dice.choice((BANDUNG, GARUT)), "at": 1_772_413_200_000, "by": "auditor:agus"}
        self.ledger.do(entry(kind, **said, key=f"{dice.random()}", **facts))

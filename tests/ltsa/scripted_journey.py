"""A journey over three days and two offices, March 2026, in WIB: everything that can happen to a case does.

Ratna takes her first number in Bandung, with a case and a card. What is missing she brings the same day; her AK-1 gets
a number on paper, because SIAPkerja cannot be reached. The passport recommendation is waived meanwhile, and her case
moved. On the third day she gets her passport in Garut, asks what is kept of her, and has it erased in the end.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ltsa.commands import (
    CallTicket,
    CloseDay,
    FinishService,
    IssueTicket,
    OpenCounter,
    PutBack,
    ReturnTicket,
    StartService,
    Undo,
)
from ltsa.configuring import ChangeOffice, ConfigureOffice
from ltsa.dispatch import Policy
from ltsa.journey_rules import (
    CancelAppointment,
    CloseCase,
    CompleteReference,
    LiftRestriction,
    MakeAppointment,
    MoveCase,
    NoteReference,
    OpenCase,
    RecordStep,
    ReopenCase,
    ReplaceCard,
    UndoStep,
)
from ltsa.ledger import Done, Ledger
from ltsa.message import Command
from ltsa.office import Dispatching, example_office
from ltsa.requests import FinishRequest, ReceiveRequest, RefuseRequest, TakeRequest
from ltsa.subject import asked
from ltsa.tokens import token_digest

RATNA = "0c5a7d1e9b3f82640d17"
CASE = f"{RATNA}-1"
BANDUNG, GARUT = "bandung", "garut"
MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"
AGREED = asked({}).given(asked({}).digest("id"), "kiosk")


def instant(day: str, time: str) -> int:
    """A time of a day in WIB, in ms UTC."""
    return int(datetime.fromisoformat(f"{day}T{time}+07:00").timestamp() * 1000)


class Offices:
    """Two offices on one ledger, played by commands at fixed times; each under a key of its own."""

    def __init__(self, ledger: Ledger, policy: Policy = "fifo") -> None:
        self.ledger = ledger
        self.given = 0
        example = example_office()
        rules = replace(example.rules, dispatch=Dispatching(policy=policy), deviation_reasons=())
        for office in (BANDUNG, GARUT):
            configuration = replace(example, id=office, rules=rules)
            said: dict[str, Any] = {"office": office, "at": 1, "by": "system", "key": f"found {office}"}
            ledger.do(ConfigureOffice(**said, configuration=configuration, since="1970-01-01"))

    def do(self, day: str, time: str, command: type[Command], office: str = BANDUNG, **fields: Any) -> Done:
        """Gives one command."""
        self.given += 1
        if command is IssueTicket:
            fields = {"token": token_digest(f"secret {self.given}"), **fields}
        said: dict[str, Any] = {"office": office, "at": instant(day, time), "by": "officer:sari"}
        return self.ledger.do(command(**({"key": f"key {self.given}"} | said | fields)))  # type: ignore[arg-type]

    def serve(self, day: str, time: str, counter: str, number: str, office: str = BANDUNG) -> None:
        """A counter calls somebody and begins to serve."""
        self.do(day, time, OpenCounter, office, counter=counter, officer=f"officer-{counter}")
        self.do(day, time, CallTicket, office, counter=counter, number=number)
        self.do(day, time, StartService, office, counter=counter)


def played(folder: Path, *, mistaken: bool = False) -> Ledger:
    """The journey, on a ledger of its own; where a test asks, the case is closed by mistake once, and goes on."""
    ledger = Ledger(folder / "ledger.sqlite")
    it, ratna = Offices(ledger), {"person": RATNA}
    case = ratna | {"case": CASE}
    it.do(MONDAY, "08:00", OpenCase, **ratna, scheme="p-to-p", card=token_digest("first card"), agreed=AGREED)
    it.do(MONDAY, "08:01", MakeAppointment, **case, slot=instant(TUESDAY, "09:00"), services=("labour",))
    it.do(MONDAY, "08:02", CancelAppointment, **case)
    it.do(MONDAY, "08:03", MakeAppointment, GARUT, **case, slot=instant(WEDNESDAY, "09:00"), services=("immigration",))
    it.do(MONDAY, "08:05", IssueTicket, **ratna, services=("civil-registry", "labour"))
    it.serve(MONDAY, "08:10", "2", "B001")
    reasons: dict[str, Any] = {"reasons": ("document-missing",), "missing": ("family-card",)}
    it.do(MONDAY, "08:20", ReturnTicket, counter="2", **reasons)
    it.serve(MONDAY, "08:45", "3", "B001")
    it.do(MONDAY, "09:05", FinishService, counter="3", outcome="done")
    it.do(MONDAY, "09:05", Undo, counter="3")
    it.do(MONDAY, "09:06", FinishService, counter="3", outcome="done", done=("ak1",))
    it.do(MONDAY, "09:07", NoteReference, **case, step="ak1", system="siapkerja", number="KERTAS 12", paper=True)
    it.do(MONDAY, "09:08", PutBack, number="B001")
    it.serve(MONDAY, "09:10", "2", "B001")
    it.do(MONDAY, "09:20", FinishService, counter="2", outcome="rejected")
    it.do(MONDAY, "16:00", CloseDay)
    changes = {"flows/p-to-p/switches/passport-recommendation/on": False}
    it.do(TUESDAY, "07:00", ChangeOffice, since=TUESDAY, why="tidak diminta lagi", changes=changes)
    it.do(TUESDAY, "08:00", CompleteReference, **case, step="ak1", system="siapkerja", number="AK1/3204/2026/0815")
    it.do(TUESDAY, "08:10", MoveCase, **case, scheme="p-to-p", grace=WEDNESDAY)
    for time, step in (("09:00", "civil-registry-check"), ("09:01", "registration"), ("09:02", "selection")):
        it.do(TUESDAY, time, RecordStep, **case, step=step, outcome="done")
    it.do(TUESDAY, "09:03", RecordStep, **case, step="health-check", outcome="done", valid_until="2026-05-31")
    it.do(TUESDAY, "09:04", UndoStep, **case, step="health-check")
    it.do(TUESDAY, "09:05", RecordStep, **case, step="placement-agreement", outcome="not-needed")
    it.do(WEDNESDAY, "09:00", IssueTicket, GARUT, **ratna, services=("immigration",))
    it.serve(WEDNESDAY, "09:10", "6", "E001", GARUT)
    it.do(WEDNESDAY, "09:40", FinishService, GARUT, counter="6", outcome="done")
    it.do(WEDNESDAY, "10:00", ReplaceCard, GARUT, **case, card=token_digest("second card"))
    it.do(WEDNESDAY, "11:00", CloseCase, GARUT, **case, outcome="withdrawn")
    it.do(WEDNESDAY, "11:01", ReopenCase, GARUT, **case, reason="goes-on")
    if mistaken:
        it.do(WEDNESDAY, "11:02", CloseCase, GARUT, **case, outcome="mistaken")
        it.do(WEDNESDAY, "11:03", ReopenCase, GARUT, **case, reason="mistaken")
    _asks_for_their_data(it, ratna)
    return ledger


def _asks_for_their_data(it: Offices, ratna: dict[str, Any]) -> None:
    """Requests of each kind, answered."""
    asks: dict[str, Any] = ratna | {"identified": "nik-document"}
    for number, kind in enumerate(("show", "correct", "restrict", "withdraw"), 1):
        it.do(WEDNESDAY, f"12:0{number}", ReceiveRequest, kind=kind, **asks)
    it.do(WEDNESDAY, "12:10", TakeRequest, request="1", by="manager:rahma")
    it.do(WEDNESDAY, "12:11", FinishRequest, request="1", by="manager:rahma")
    wanted: dict[str, Any] = {"correcting": ("name", "phone"), "commitment": "c0" * 32}
    it.do(WEDNESDAY, "12:12", TakeRequest, request="2", **wanted)
    it.do(WEDNESDAY, "12:12", FinishRequest, request="2", changed=("name", "phone"))
    it.do(WEDNESDAY, "12:13", FinishRequest, request="3")
    it.do(WEDNESDAY, "12:14", LiftRestriction, **ratna)
    it.do(WEDNESDAY, "12:15", FinishRequest, request="4")
    it.do(WEDNESDAY, "12:16", ReceiveRequest, GARUT, kind="erase", **asks)
    it.do(WEDNESDAY, "12:17", RefuseRequest, GARUT, request="1", reason="law-requires")
    it.do(WEDNESDAY, "12:18", ReceiveRequest, GARUT, kind="erase", **asks)
    it.do(WEDNESDAY, "12:19", FinishRequest, GARUT, request="2")

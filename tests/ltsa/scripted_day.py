"""A short morning in which everything that can happen to a ticket or a counter does: Monday, 2 March 2026, in WIB.

Fixed times, keys and made-up people, so that it is the same day wherever it is played: in memory, through a ledger, or
through a running office.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from ltsa.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CheckDocuments,
    CloseCounter,
    CloseDay,
    DayCommand,
    FinishService,
    GiveHelp,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    OpenDay,
    PauseCounter,
    PutBack,
    Recall,
    ReopenDay,
    ResumeTicket,
    ReturnTicket,
    SetPriority,
    StartService,
    TransferTicket,
    Undo,
    WriteNote,
    decide,
)
from ltsa.day import Day, evolve
from ltsa.office import Office, example_office
from ltsa.present import Recorded, day_stream
from ltsa.tokens import token_digest

DATE = date(2026, 3, 2)

NOTE = "5f1c0d2ab0a44be5a3f2c9d1e7a86b40"
"""A note's id as events carry it."""

Did = tuple[str, str, type[DayCommand], dict[str, Any]]

SARI, BUDI, RINA = "petugas-sari", "petugas-budi", "petugas-rina"


def _takes(time: str, *services: str, **fields: str) -> Did:
    return time, "kiosk:pintu-1", IssueTicket, {"services": services, **fields}


def _at(time: str, who: str, counter: str, command: type[DayCommand], **fields: Any) -> Did:
    return time, f"officer:{who}", command, {"counter": counter, **fields}


def _over(time: str, command: type[DayCommand], by: str = "supervisor:utama", **fields: Any) -> Did:
    return time, by, command, fields


MORNING: tuple[Did, ...] = (
    _at("07:58:10", SARI, "1", OpenCounter, officer=SARI),
    _at("07:58:40", BUDI, "3", OpenCounter, officer=BUDI, services=("labour", "information")),
    _takes("08:00:05", "information", "labour", "immigration"),
    _takes("08:01:20", "labour", "health", language="en"),
    _takes("08:02:00", "information"),
    _takes("08:03:45", "labour", priority="elderly"),
    _takes("08:04:10", "information", "bank"),
    _at("08:05:00", SARI, "1", CallNext),
    _at("08:05:04", BUDI, "3", CallNext),
    _at("08:05:30", SARI, "1", StartService),
    _at("08:06:00", BUDI, "3", Recall),
    _at("08:06:40", BUDI, "3", Recall),
    _at("08:07:20", BUDI, "3", Recall),
    _at("08:08:00", BUDI, "3", MissTicket),
    _at("08:08:05", BUDI, "3", Undo),
    _at("08:08:20", BUDI, "3", MissTicket),
    _at("08:09:00", BUDI, "3", CallTicket, number="C001"),
    _at("08:09:06", BUDI, "3", Undo),
    _at("08:09:12", BUDI, "3", CallTicket, number="C001"),
    _at("08:09:50", BUDI, "3", StartService),
    _at("08:10:30", BUDI, "3", CheckDocuments, seen=("id-card", "family-card")),
    _at("08:12:00", SARI, "1", WriteNote, note=NOTE),
    _at("08:13:00", SARI, "1", FinishService, outcome="done"),
    _at("08:13:06", SARI, "1", Undo),
    _at("08:14:30", SARI, "1", FinishService, outcome="done"),
    _over("08:15:00", PutBack, number="C002"),
    _at("08:15:20", SARI, "1", CallNext),
    _at("08:15:50", SARI, "1", StartService),
    _at("08:17:00", BUDI, "3", ReturnTicket, reasons=("no-family-permission",), note=NOTE),
    _at("08:17:05", BUDI, "3", Undo),
    _at("08:17:40", BUDI, "3", ReturnTicket, reasons=("no-family-permission", "copy-unreadable"), note=NOTE),
    _over("08:18:00", ChangeSteps, number="A003", add=("health",), drop=("bank",)),
    _over("08:18:30", SetPriority, number="A003", priority="pregnant"),
    _takes("08:19:00", "bank"),
    _at("08:19:30", BUDI, "3", CallNext),
    _at("08:20:00", BUDI, "3", HoldTicket),
    _at("08:20:20", BUDI, "3", CallTicket, number="C002"),
    _at("08:20:50", BUDI, "3", StartService),
    _at("08:22:00", SARI, "1", TransferTicket, service="labour"),
    _at("08:22:10", RINA, "5", OpenCounter, officer=RINA),
    _at("08:22:40", RINA, "5", CallNext),
    _at("08:23:05", RINA, "5", StartService),
    _over("08:24:00", CancelTicket, number="G001", by="holder"),
    _at("08:25:00", SARI, "1", PauseCounter, reason="prayer"),
    _at("08:27:00", BUDI, "3", FinishService, outcome="rejected"),
    _at("08:27:30", BUDI, "3", ResumeTicket, number="A003"),
    _at("08:30:00", BUDI, "3", FinishService, outcome="not-needed"),
    _at("08:33:00", RINA, "5", FinishService, outcome="done"),
    _over("08:33:30", PutBack, number="C001"),
    _over("08:34:00", SetPriority, number="A003", priority=""),
    _at("08:35:00", SARI, "1", OpenCounter, officer=SARI),
    _at("08:36:00", RINA, "5", CloseCounter),
    _at("08:37:00", BUDI, "3", CallNext),
    _over("08:38:00", CancelTicket, by=f"officer:{BUDI}", number="A001"),
    _at("08:39:00", BUDI, "3", CallNext),
    _over("08:40:00", CloseDay),
    _over("08:41:00", ReopenDay),
    _over("08:41:30", PutBack, number="A003"),
    _takes("08:42:00", "social-security", "police", language="en"),
    _at("08:43:00", SARI, "1", OpenCounter, officer=SARI),
    _over("08:44:00", AskHelp, by="kiosk:pintu-1", kiosk="pintu-1"),
    _over("08:45:30", GiveHelp, kiosk="pintu-1"),
    _over("08:47:00", AskHelp, by="kiosk:pintu-1", kiosk="pintu-1"),
    _over("08:50:00", CloseDay, by="system"),
)


def office() -> Office:
    """The example office, as it is configured on that day."""
    return example_office()


def instant(time: str) -> int:
    """A time of that day in the office's zone, in ms UTC."""
    return int(datetime.fromisoformat(f"{DATE}T{time}").replace(tzinfo=office().clock).timestamp() * 1000)


def commands(office_id: str = "ltsa") -> Iterator[DayCommand]:
    """The morning's commands, in order."""
    for count, (at, by, command, chosen) in enumerate(MORNING, 1):
        token = {"token": token_digest(f"secret {count}")} if command is IssueTicket else {}
        fields: dict[str, Any] = {"at": instant(at), "by": by, "key": f"key {count}", **chosen, **token}
        yield command(office=office_id, **fields)


def history(office_id: str = "ltsa") -> list[Recorded]:
    """The morning as a ledger records it, decided anew."""
    day, recorded = Day(), list[Recorded]()
    first = next(commands(office_id))
    opening = OpenDay(
        office=office_id,
        at=first.at,
        by="system",
        key=f"open {office_id}",
        date=DATE.isoformat(),
        configuration=msgspec.structs.replace(office(), id=office_id),
    )
    for command in (opening, *commands(office_id)):
        for event in decide(command, day):
            evolve(day, event)
            recorded.append(
                Recorded(100 + 2 * day.version, day_stream(office_id, DATE.isoformat()), day.version, event)
            )
    return recorded

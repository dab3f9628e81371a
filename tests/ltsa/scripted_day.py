"""A short morning in which everything that can happen to a ticket or a counter does: Monday, 2 March 2026, in WIB.

Fixed times, keys and made-up people, so that it is the same day wherever it is played: in memory, through a ledger, or
through a running office. A second part shows what happens to a day: its check-list, a change of the office, its end.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from ltsa.calling import carry_out
from ltsa.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    CancelTicket,
    ChangeSteps,
    CheckDay,
    CheckDocuments,
    CloseCounter,
    CloseDay,
    ConfigureDay,
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
    TieTicket,
    TransferTicket,
    Undo,
    WriteNote,
)
from ltsa.day import Day
from ltsa.office import Counter, Dispatching, Office, example_office, usual_week
from ltsa.present import Recorded, day_stream
from ltsa.road import Plan
from ltsa.rules import decide
from ltsa.tokens import token_digest

DATE = date(2026, 3, 2)

NOTE = "5f1c0d2ab0a44be5a3f2c9d1e7a86b40"
"""A note's id as events carry it."""

PERSON, OTHER = "0c5a7d1e9b3f82640d17", "7be1f04c93aa5d2806e4"
"""Pseudonymous ids of people whose visits are those of a case."""

Did = tuple[str, str, type[DayCommand], dict[str, Any]]

SARI, BUDI, RINA = "petugas-sari", "petugas-budi", "petugas-rina"


def _takes(time: str, *services: str, **fields: Any) -> Did:
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
    """The example office, as it is configured on that day: first come, first served."""
    before = example_office()
    return replace(before, rules=replace(before.rules, dispatch=Dispatching(), deviation_reasons=()))


def changed_office() -> Office:
    """The office as it goes on later that morning: with hours, a limit, one counter more and one less."""
    before = office()
    rules = replace(before.rules, recall_limit=1, absent_place="last", capacity=200, last_ticket=30)
    more = Counter(id="11", name={"id": "Loket 11", "en": "Counter 11"}, services=("bank", "labour"))
    counters = (*(counter for counter in before.counters if counter.id != "10"), more)
    services = tuple(
        replace(service, after=("information",)) if service.id == "bank" else service for service in before.services
    )
    return replace(before, rules=rules, counters=counters, services=services, week=usual_week())


LATER: tuple[Did, ...] = (
    _over("09:00:00", ReopenDay),
    _over("09:00:30", CheckDay, ok=("kiosk", "paper", "display"), open=("power",), note=NOTE),
    _over("09:01:00", PutBack, number="C001"),
    _takes("09:02:00", "bank", "information"),
    _takes("09:02:30", "bank", priority="elderly"),
    _over("09:05:00", ConfigureDay, by="manager:maya", configuration=changed_office()),
    _at("09:06:00", RINA, "11", OpenCounter, officer=RINA, services=("bank",)),
    _at("09:06:30", RINA, "11", CallNext),
    _at("09:07:00", RINA, "11", Recall),
    _at("09:08:00", RINA, "11", MissTicket),
    _over("09:08:30", PutBack, number="G002"),
    _at("09:09:00", SARI, "1", OpenCounter, officer=SARI),
    _at("09:09:30", SARI, "1", CallTicket, number="A004"),
    _at("09:10:00", SARI, "1", StartService),
    _over("09:30:00", CloseDay, outcomes={"A004": "come-back"}, outcome="left"),
)
"""What follows on the morning, where a test asks for it."""


FIRST_VISIT = Plan(
    services=("information", "health", "bank"),
    after={"information": (), "health": (), "bank": ()},
    work={"information": ("information",), "health": ("health-check",), "bank": ("bank-account",)},
)
SECOND_VISIT = Plan(
    services=("labour", "immigration"),
    after={"labour": (), "immigration": ("labour",)},
    work={"labour": ("placement-agreement", "passport-recommendation"), "immigration": ("passport",)},
)


def _case(person: str, plan: Plan) -> dict[str, Any]:
    return {"case": f"{person}-1", "plan": plan}


CASES: tuple[Did, ...] = (
    _over("09:40:00", ReopenDay),
    _over("09:40:30", PutBack, number="A004"),
    _at("09:40:40", RINA, "11", OpenCounter, officer=RINA, services=("bank",)),
    _over("09:41:00", TieTicket, by=f"officer:{SARI}", number="A004", person=PERSON, **_case(PERSON, FIRST_VISIT)),
    _takes("09:41:30", slot="09:45:00", person=OTHER, **_case(OTHER, SECOND_VISIT)),
    _at("09:42:00", SARI, "1", OpenCounter, officer=SARI),
    _at("09:42:20", SARI, "1", CallTicket, number="A004"),
    _at("09:42:40", SARI, "1", StartService),
    _at("09:43:00", SARI, "1", FinishService, outcome="done"),
    _at("09:43:30", RINA, "11", CallTicket, number="A004"),
    _at("09:44:00", RINA, "11", StartService),
    _at("09:45:00", RINA, "11", ReturnTicket, reasons=("document-missing",), missing=("id-card",)),
    _over("09:46:00", PutBack, number="A004"),
    _at("09:46:30", BUDI, "4", OpenCounter, officer=BUDI, services=("labour",)),
    _at("09:47:00", BUDI, "4", CallTicket, number="C003"),
    _at("09:47:30", BUDI, "4", StartService),
    _at("09:49:00", BUDI, "4", FinishService, outcome="done", done=("placement-agreement",)),
    _over("09:50:00", CloseDay),
)
"""Visits of people's cases, as they are decided when the ledger has put in what the cases say."""


def dispatched_office() -> Office:
    """The example office with its dispatcher, and another policy in shadow."""
    before = example_office()
    dispatching = replace(before.rules.dispatch, policy="index", shadow="fifo")
    return replace(before, rules=replace(before.rules, dispatch=dispatching))


def in_lines(before: Office) -> Office:
    """The office as it goes on with a line for each service."""
    return replace(before, rules=replace(before.rules, dispatch=Dispatching(policy="shortest")))


DISPATCHED: tuple[Did, ...] = (
    _at("07:58:10", SARI, "2", OpenCounter, officer=SARI),
    _at("07:58:40", BUDI, "3", OpenCounter, officer=BUDI),
    _at("07:58:50", RINA, "4", OpenCounter, officer=RINA),
    _takes("08:00:00", "civil-registry", "labour", "immigration"),
    _takes("08:01:00", "labour", "health"),
    _takes("08:02:00", "labour", "social-security", priority="elderly"),
    _takes("08:03:00", "information", "labour", slot="08:30:00"),
    _takes("08:04:00", "civil-registry", "labour", "immigration", "police"),
    _at("08:05:00", SARI, "2", CallNext),
    _at("08:05:04", SARI, "2", Undo),
    _at("08:05:10", SARI, "2", CallNext),
    _at("08:05:40", SARI, "2", StartService),
    _at("08:06:00", BUDI, "3", CallNext),
    _at("08:06:30", BUDI, "3", StartService),
    _at("08:07:00", RINA, "4", CallTicket, number="A001", reason="unwell"),
    _at("08:07:20", RINA, "4", StartService),
    _takes("08:09:00", "civil-registry"),
    _at("08:10:00", SARI, "2", FinishService, outcome="done"),
    _at("08:10:10", SARI, "2", CallNext),
    _at("08:11:00", SARI, "2", MissTicket),
    _over("08:11:30", PutBack, number="B003"),
    _at("08:12:00", SARI, "2", PauseCounter, reason="prayer"),
    _at("08:14:00", BUDI, "3", FinishService, outcome="done"),
    _at("08:14:20", BUDI, "3", CallNext),
    _at("08:15:00", RINA, "4", FinishService, outcome="done"),
    _at("08:15:10", RINA, "4", PauseCounter, reason="break"),
    _at("08:16:00", SARI, "2", OpenCounter, officer=SARI),
    _over("08:17:00", ConfigureDay, by="manager:maya", configuration=in_lines(dispatched_office())),
    _at("08:18:00", RINA, "4", OpenCounter, officer=RINA),
    _at("08:18:30", RINA, "4", CallNext),
    _at("08:19:00", SARI, "2", CallNext),
    _over("08:40:00", CloseDay),
)
"""Another morning, on which the dispatcher sends people to seats, and later to lines."""


def instant(time: str) -> int:
    """A time of that day in the office's zone, in ms UTC."""
    return int(datetime.fromisoformat(f"{DATE}T{time}").replace(tzinfo=office().clock).timestamp() * 1000)


def commands(office_id: str = "ltsa", played: tuple[Did, ...] = MORNING) -> Iterator[DayCommand]:
    """The morning's commands, in order."""
    for count, (at, by, command, chosen) in enumerate(played, 1):
        token = {"token": token_digest(f"secret {count}")} if command is IssueTicket else {}
        if "slot" in chosen:
            chosen = chosen | {"slot": instant(chosen["slot"])}  # noqa: PLW2901 - the clock it says as an instant
        fields: dict[str, Any] = {"at": instant(at), "by": by, "key": f"key {count}", **chosen, **token}
        yield command(office=office_id, **fields)


def dispatched() -> list[Recorded]:
    """The dispatcher's morning as a ledger records it, decided anew."""
    return history(played=DISPATCHED, configuration=dispatched_office())


def history(
    office_id: str = "ltsa", played: tuple[Did, ...] = MORNING, configuration: Office | None = None
) -> list[Recorded]:
    """The morning as a ledger records it, decided anew."""
    day, recorded = Day(), list[Recorded]()
    first = next(commands(office_id, played))
    opening = OpenDay(
        office=office_id,
        at=first.at,
        by="system",
        key=f"open {office_id}",
        date=DATE.isoformat(),
        configuration=replace(configuration or office(), id=office_id),
    )
    for command in (opening, *commands(office_id, played)):
        before = day.version
        for version, event in enumerate(carry_out(day, decide(command, day)), before + 1):
            recorded.append(Recorded(100 + 2 * version, day_stream(office_id, DATE.isoformat()), version, event))
    return recorded

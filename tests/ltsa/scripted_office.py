"""How an office was set up and changed, from February to April 2026, in WIB: every kind of decision at least once."""

from datetime import datetime
from typing import Any

import msgspec

from ltsa import configuring
from ltsa.configuring import ChangeOffice, ConfigurationCommand, ConfigurationEvent, Configurations, WithdrawChange
from ltsa.office import usual_week
from tests.ltsa.scripted_day import office

Decided = tuple[str, str, type[ConfigurationCommand], dict[str, Any]]

HADI, MAYA = "headquarters:hadi", "manager:maya"

DAYS = ("2026-01-31", "2026-02-02", "2026-02-20", "2026-03-01", "2026-03-20", "2026-04-01", "2026-12-31")
"""Dates on which the office is looked at."""


def _changes(at: str, since: str, why: str, changes: dict[str, Any]) -> Decided:
    return at, MAYA, ChangeOffice, {"since": since, "why": why, "changes": changes}


WEEK = msgspec.to_builtins(usual_week())

DECISIONS: tuple[Decided, ...] = (
    ("2026-02-01T08:00", HADI, configuring.ConfigureOffice, {"configuration": office(), "since": "2026-02-01"}),
    _changes("2026-02-01T09:00", "2026-02-01", "jam buka", {"week": WEEK, "rules/last_ticket": 60}),
    _changes(
        "2026-02-02T09:00",
        "2026-04-01",
        "loket baru",
        {
            "services/insurance": {"prefix": "K", "name": {"id": "Asuransi"}, "about": {}, "agency": {}},
            "services/*": ["information", "insurance"],
            "counters/11": {"name": {"id": "Loket 11"}, "services": ["insurance", "bank"]},
            "rules/recall_limit": 2,
        },
    ),
    _changes(
        "2026-02-10T10:00",
        "2026-03-01",
        "libur dan Ramadan",
        {
            "days_off/2026-03-19": {"name": {"id": "Nyepi"}, "kind": "holiday"},
            "days_off/2026-03-20": {"name": {"id": "Cuti bersama Idul Fitri"}, "kind": "joint-leave"},
            "special_days/2026-03-18": {"name": {"id": "Piket"}, "opens": "08:00", "closes": "12:00"},
            "rules/recall_limit": 4,
            "rules/return_reasons/copy-unreadable": None,
            "rules/return_reasons/no-photo": {"name": {"id": "Belum ada foto"}},
        },
    ),
    _changes("2026-02-15T10:00", "2026-02-20", "antre panjang", {"services/bank/capacity": 40, "rules/capacity": 200}),
    ("2026-02-25T10:00", MAYA, WithdrawChange, {"change": 5, "why": "tidak perlu lagi"}),
    _changes("2026-03-05T10:00", "2026-03-10", "batal", {"name": {"id": "LTSA Lain"}, "second_factor": ["manager"]}),
    ("2026-03-06T10:00", MAYA, WithdrawChange, {"change": 7, "why": "salah kantor"}),
)


def decided() -> list[ConfigurationEvent]:
    """The decisions as a ledger records them, decided anew."""
    state, events = Configurations(), list[ConfigurationEvent]()
    for number, (at, by, command, chosen) in enumerate(DECISIONS, 1):
        instant = int(datetime.fromisoformat(f"{at}+07:00").timestamp() * 1000)
        said: dict[str, Any] = {"office": "ltsa", "at": instant, "by": by, "key": f"key {number}"}
        for event in configuring.decide(command(**said | chosen), state):
            configuring.evolve(state, event)
            events.append(event)
    return events

"""What the rules refuse is said in the page's language, with what would be right in this case."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import g
from msgspec.structs import replace

from ltsa import configuring
from ltsa.commands import CloseDay, ConfigureDay, IssueTicket
from ltsa.configuring import ChangeOffice, Configurations, ConfigureOffice
from ltsa.message import Refusal
from ltsa.office import DayOff, SpecialDay, WrongOfficeError, checked, example_office, usual_week
from tests.ltsa.hall import EIGHT, Hall
from tests.web.look_app import look_app
from web.errors import spoken, status_of

NAME = {"id": "Hari jadi kabupaten", "en": "Regency day"}


def hall(**changes: Any) -> Hall:
    """The example office with other settings, on Saturday, 21 November 2026."""
    opened = Hall()
    rules = changes.pop("rules", {})
    opened.day.office = replace(example_office(), rules=replace(example_office().rules, **rules), **changes)
    return opened


def takes_at(clock: str, **changes: Any) -> None:
    """Somebody takes a number at a time of that day."""
    at = int(datetime.fromisoformat(f"2026-11-21T{clock}+07:00").timestamp() * 1000)
    hall(**changes).do(IssueTicket, services=("bank",), token="t", at=at)


def takes_the_second(**changes: Any) -> None:
    opened = hall(**changes)
    opened.takes_number("bank")
    opened.takes_number("bank")


def takes_away_the_bank() -> None:
    opened = hall()
    opened.takes_number("bank")
    services = tuple(service for service in example_office().services if service.id != "bank")
    opened.do(ConfigureDay, configuration=replace(example_office(), services=services))


def changes_in_the_past() -> None:
    state = Configurations()
    said: dict[str, Any] = {"office": "ltsa", "at": EIGHT, "by": "manager:maya"}
    founded = ConfigureOffice(**said, key="1", configuration=example_office(), since="2026-01-01")
    for event in configuring.decide(founded, state):
        configuring.evolve(state, event)
    configuring.decide(ChangeOffice(**said, key="2", since="2026-11-20", why="x", changes={}), state)


SATURDAY = SpecialDay(date="2026-11-21", name={"id": "Layanan Sabtu"}, opens="08:00", closes="12:00")
WEEK = {"week": usual_week(), "special_days": (SATURDAY,)}


@pytest.mark.parametrize(
    ("what", "indonesian", "english"),
    [
        (
            lambda: takes_at("09:00", week=usual_week(), days_off=(DayOff(date="2026-11-21", name=NAME),)),
            "Hari ini kantor tutup: Hari jadi kabupaten. Buka lagi Senin, 23 November 2026 pukul 08.00.",
            "The office is closed today: Regency day. It opens again Monday, 23 November 2026 at 08:00.",
        ),
        (
            lambda: takes_at("09:00", week=usual_week()),
            "Hari ini kantor tutup: bukan hari kerja. Buka lagi Senin, 23 November 2026 pukul 08.00.",
            "The office is closed today: not a working day. It opens again Monday, 23 November 2026 at 08:00.",
        ),
        (
            lambda: takes_at("07:00", **WEEK),
            "Nomor baru diberikan mulai pukul 08.00.",
            "Numbers are given from 08:00.",
        ),
        (
            lambda: takes_at("11:45", **WEEK, rules={"last_ticket": 30}),
            "Nomor terakhir hari ini diberikan pukul 11.30. Buka lagi Senin, 23 November 2026 pukul 08.00.",
            "The last number of today was given at 11:30. The office opens again Monday, 23 November 2026 at 08:00.",
        ),
        (
            lambda: takes_the_second(rules={"capacity": 1}),
            "Kuota hari ini (1 orang) sudah penuh. Silakan datang lagi Minggu, 22 November 2026.",
            "The quota of today (1) is full. Please come again Sunday, 22 November 2026.",
        ),
        (
            takes_away_the_bank,
            "Hari ini ada orang atau loket untuk Perbankan. Hapus mulai besok.",
            "Somebody came for Bank today, or a counter takes it. Remove it from tomorrow on.",
        ),
        (
            changes_in_the_past,
            "Yang sudah berlaku tidak dapat diubah. Pilih Sabtu, 21 November 2026 atau sesudahnya.",
            "What was true stays true. Choose Saturday, 21 November 2026 or a later date.",
        ),
        (
            lambda: checked(replace(example_office(), rules=replace(example_office().rules, undo_seconds=99))),
            "Isi dengan angka dari 0 sampai 60.",
            "Enter a number from 0 to 60.",
        ),
    ],
)
def test_a_refusal_says_what_would_be_right(what: Callable[[], object], indonesian: str, english: str) -> None:
    with pytest.raises(Refusal) as refusal:
        what()
    with look_app().app_context():
        g.lang = "id"
        assert spoken(refusal.value) == indonesian
        g.lang = "en"
        assert spoken(refusal.value) == english


def test_an_input_that_is_wrong_in_any_state_is_told_so_to_programs() -> None:
    assert status_of(WrongOfficeError("zone", "x", code="wrong-zone")) == 422
    assert status_of(Refusal("nothing-changes", "x")) == 409
    with pytest.raises(Refusal) as refusal:
        hall().do(CloseDay, outcome="vanished")
    assert status_of(refusal.value) == 422

"""For how long something is kept is decided on a page, and how much is due is seen on one; neither shows anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltsa.commands import CheckDay
from ltsa.identity import identity
from ltsa.journey_rules import CloseCase
from ltsa.office import Retention
from ltsa.retention import DAY
from web import journeys
from web.notes import note_beside

if TYPE_CHECKING:
    import pytest

    from tests.manage.conftest import Manager

RATNA = identity("3204014503900001", "Ratna Kusumawardhani")
SARI: dict[str, Any] = {"office": "ltsa", "by": "officer:sari"}


def test_a_manager_decides_for_how_long_and_sees_how_much_is_due(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = manager.house
    assert "Kantor ini belum menentukan masa simpan" in manager.opens("/retention")
    manager.opens("/settings/retention")
    assert manager.saves("retention", **{"retention/notes": "36501"}).status_code == 422
    manager.opens("/settings/retention")
    assert manager.saves("retention", **{"retention/notes": "30", "retention/persons": "60"}).status_code == 303
    assert manager.office.retention == Retention(notes=30, persons=60)
    assert "Simpan catatan petugas" in (page := manager.opens("/changes"))
    assert "30 hari" in page
    with note_beside(here, **SARI, number="", key="n", text="Bu Wati sakit") as note:
        here.do(CheckDay(**SARI, at=here.now(), key="n", ok=(), open=(), note=note))
    person, case, _ = journeys.open_case(here, RATNA, **SARI, scheme="p-to-p", key="c")
    here.do(CloseCase(**SARI, at=here.now(), key="d", person=person, case=case, outcome="finished"))
    journeys.open_case(here, identity("3204010503900002", "Budi"), **SARI, scheme="p-to-p", key="e")
    assert "Tidak ada yang harus dihapus hari ini" in manager.opens("/retention")
    later = here.now() + 61 * DAY
    monkeypatch.setattr(here, "now", lambda: later)
    page = manager.opens("/retention")
    for words in ("30 hari sesudah hari layanan", "retention --apply", "1 orang, karena perjalanannya masih terbuka"):
        assert words in page
    for words in (RATNA.name, RATNA.nik, person, note, "Bu Wati"):
        assert words not in page

"""The story of a case over days and offices, as an auditor reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app import create_app
from ltsa import journey
from ltsa.commands import CancelTicket
from ltsa.identity import Identity
from ltsa.journey import person_of
from ltsa.journey_rules import (
    CancelAppointment,
    CloseCase,
    CompleteReference,
    MakeAppointment,
    NoteReference,
    RecordStep,
    ReopenCase,
    ReplaceCard,
    UndoStep,
)
from ltsa.tokens import token_digest
from tests.staff import signed_in
from web import subject
from web.case_story import KINDS
from web.house import House
from web.journeys import open_case
from web.looks import note_look
from web.tickets import issue
from web.words import Words

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from web.settings import Settings

NIK, NAME = "3273015201900007", "Sri Wati"


class Room:
    """An auditor's browser, and a house in which a person's case is worked on."""

    def __init__(self, house: House, client: FlaskClient) -> None:
        self.house, self.client, self._n = house, client, 0
        said: dict[str, Any] = {"office": "ltsa", "by": "officer:siti"}
        self.person, self.case, _ = open_case(house, Identity(nik=NIK, name=NAME), scheme="p-to-p", key="open", **said)

    def gives(self, kind: Any, **said: object) -> None:
        self._n += 1
        about = {"person": self.person, "case": self.case, "by": "officer:siti", "key": f"key-{self._n}"}
        self.house.do(kind(office="ltsa", at=self.house.now(), **about, **said))

    def page(self, path: str, **query: str) -> str:
        answer = self.client.get(f"/audit/ltsa{path}", query_string=query)
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    app = create_app(settings)
    app.testing = True
    yield Room(app.extensions["ltsa"], signed_in(app, "agus", ["auditor"], "ltsa"))
    app.extensions["ltsa"].close()


def test_every_event_of_a_journey_has_its_words() -> None:
    for lang in ("id", "en"):
        words = Words(lang)
        for kind in KINDS.values():
            assert f"audit.case.kind.{kind}" in words
            assert f"audit.case.told.{kind}" in words
        for outcome in journey.OUTCOMES:
            assert f"audit.case.closed.{outcome}" in words


def test_a_journey_is_told_from_its_opening_to_its_end(room: Room) -> None:
    said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:pintu", "key": "ticket"}
    ticket, _ = issue(room.house, **said, services=("health",), person=room.person)
    room.gives(NoteReference, step="ak1", system="siapkerja", number="KERTAS 7", paper=True)
    room.gives(CompleteReference, step="ak1", system="siapkerja", number="SK-7")
    room.gives(RecordStep, step="health-check", outcome="done", valid_until="2099-01-31")
    room.gives(UndoStep, step="health-check")
    room.gives(RecordStep, step="bank-account", outcome="rejected")
    room.gives(ReplaceCard, card=token_digest("another"))
    room.gives(MakeAppointment, slot=4_070_908_800_000, services=("labour",))
    room.gives(CancelAppointment)
    day = room.house.today("ltsa").date
    room.client.get("/")  # the house takes in what was committed
    page = room.page(f"/case/{room.case}")
    for words in (
        "Perjalanan P ke P (melalui P3MI) dibuka di LTSA Contoh.",
        f"Nomor {ticket.number} di LTSA Contoh",
        "nomor kertas KERTAS 7; SIAPkerja sedang tidak bisa dibuka.",
        "nomor SK-7 menggantikan kertas KERTAS 7.",
        "Pemeriksaan kesehatan dan psikologi: Selesai, di LTSA Contoh. Berlaku sampai 31 Januari 2099.",
        "Yang terakhir dicatat tentang Pemeriksaan kesehatan dan psikologi diurungkan.",
        "Rekening atau KUR belum berhasil: Ditolak",
        "Kartu diganti; yang lama tidak berlaku lagi.",
        "Janji temu di LTSA Contoh dibatalkan",
    ):
        assert words in page, words
    assert NIK not in page
    assert NAME not in page
    assert f"/audit/ltsa/{day}/ticket/{ticket.number}" in page
    story = room.page(f"/{day}/ticket/{ticket.number}")
    assert re.search(rf'href="/audit/ltsa/case/{room.case}"', story)
    assert "Journey P to P" in room.page(f"/case/{room.case}", lang="en")


def test_a_case_is_shown_to_the_offices_that_had_to_do_with_it_alone(room: Room) -> None:
    assert room.client.get("/audit/ltsa/case/nothing-1").status_code == 404
    assert room.client.get(f"/audit/ltsa/case/{person_of(room.case)}-2").status_code == 404
    room.gives(CloseCase, outcome="mistaken")
    assert "Perjalanan ditutup: keliru dibuka." in room.page(f"/case/{room.case}")
    room.gives(ReopenCase, reason="goes-on")
    assert "Perjalanan dibuka kembali di LTSA Contoh: orangnya melanjutkan." in room.page(f"/case/{room.case}")


# --- Who looked at the person


def test_everybody_who_looked_at_a_person_stands_on_one_page_and_this_look_at_the_journey_too(room: Room) -> None:
    note_look(room.house, "journey", room.person, office="ltsa", by="kiosk:pintu")
    said: dict[str, Any] = {"office": "ltsa", "by": "manager:rahma"}
    request = subject.receive(room.house, "correct", NIK, document=True, **said, key="ask")
    subject.correct(room.house, request.id, Identity(nik=NIK, name="Sri Wati Dewi"), **said, key="correct")
    room.page(f"/case/{room.case}")
    page = room.page(f"/person/{room.person}")
    for words in (
        f"Perjalanan pemohon dilihat: {room.person}.",
        "Permintaan 1 diterima: perbaiki data",
        "Permintaan 1 dipenuhi.",
        f"Perjalanan pemohon (nama samaran) dilihat: {room.person}.",
        "Auditor agus",
        f"/audit/ltsa/case/{room.case}",
    ):
        assert words in page, words
    assert NAME not in page
    assert f"/audit/ltsa/person/{room.person}" in room.page("/journal")
    assert f"/audit/ltsa/person/{room.person}" in room.page(f"/case/{room.case}")


@pytest.mark.parametrize("person", ["f" * 20, "x", "..", "a b"])
def test_an_office_reads_nothing_of_a_person_with_whom_it_never_had_to_do(room: Room, person: str) -> None:
    assert room.client.get(f"/audit/ltsa/person/{person}").status_code == 404


def test_every_page_about_a_case_says_that_who_it_was_is_erased(room: Room) -> None:
    said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:pintu", "key": "ticket"}
    ticket, _ = issue(room.house, **said, services=("health",), person=room.person)
    manager: dict[str, Any] = {"office": "ltsa", "by": "manager:rahma"}
    room.gives(NoteReference, step="ak1", system="siapkerja", number="KERTAS 7", paper=True)
    room.house.do(CancelTicket(**manager, at=room.house.now(), key="home", number=ticket.number))
    room.house.catch_up()
    request = subject.receive(room.house, "erase", NIK, document=True, **manager, key="ask")
    subject.erase(room.house, request.id, **manager, key="erase")
    for path in (f"/case/{room.case}", f"/person/{room.person}", f"/{ticket.date}/ticket/{ticket.number}"):
        assert "Data diri dihapus pada" in room.page(path), path
    story = room.page(f"/person/{room.person}")
    assert "Data diri pemohon dihapus" in story
    assert "Data diri dihapus untuk selamanya atas permintaan di" in story

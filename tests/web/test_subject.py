"""Requests about one's own data, carried out: what the person gets, what is changed, what is left after an erasure."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ltsa.commands import CallTicket, CancelTicket, OpenCounter, WriteNote
from ltsa.identity import Identity, identity
from ltsa.journal import DataErased, DataExported, DataRecorded, DataSeen, entry
from ltsa.journey_rules import CloseCase
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.subject import asked
from web import journeys, own_data, subject
from web.house import House
from web.looks import looks_at, note_look
from web.notes import note_beside, read_notes
from web.settings import Settings
from web.tickets import issue

RATNA = identity("3204014503900001", "Ratna Sari", "0812 3456 7890")
SARI: dict[str, Any] = {"office": "ltsa", "by": "officer:sari"}
RAHMA: dict[str, Any] = {"office": "ltsa", "by": "manager:rahma"}


@pytest.fixture
def here(settings: Settings) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


def comes(here: House, who: Identity = RATNA, key: str = "k") -> tuple[str, str, str]:
    agreed = asked({}).given(asked({}).digest("id"), "desk")
    return journeys.open_case(here, who, **SARI, scheme="p-to-p", key=key, agreed=agreed)


def visits(here: House, person: str) -> str:
    """The person takes a number, is called, and an officer notes something; the number."""
    ticket, _ = issue(here, **SARI, key="ticket", services=(), person=person)
    said: dict[str, Any] = {**SARI, "at": here.now()}
    here.do(OpenCounter(**said, key="open", counter="2", officer="sari"))
    here.do(CallTicket(**said, key="call", counter="2", number=ticket.number))
    here.catch_up()
    with note_beside(here, **SARI, number=ticket.number, key="note", text="suaminya menunggu di luar") as note:
        here.do(WriteNote(**said, key="note", counter="2", note=note))
    here.catch_up()
    return ticket.number


def asks(here: House, kind: str) -> str:
    return subject.receive(here, kind, RATNA.nik, document=True, **RAHMA, key=f"ask {kind}").id


def kinds(here: House, kind: type[Any]) -> list[tuple[str, str, str]]:
    rows = [row for stream in here.ledger.streams("journal:ltsa:") for row in here.ledger.history(stream)]
    return [(row.event.kind, row.event.about, row.event.by) for row in rows if isinstance(row.event, kind)]


def files(here: House) -> bytes:
    return b"".join(path.read_bytes() for path in here.settings.data.glob("*.sqlite*"))


# --- Who asks


def test_a_request_is_received_of_who_is_found_and_shows_a_document(here: House) -> None:
    person, _, secret = comes(here)
    by_card = subject.receive(here, "show", f"https://ltsa.example/c/{secret}", document=True, **RAHMA, key="a")
    by_nik = subject.receive(here, "erase", " 320401 450390 0001", document=True, **RAHMA, key="b")
    assert [(it.person, it.identified) for it in (by_card, by_nik)] == [
        (person, "card-document"),
        (person, "nik-document"),
    ]
    assert [it.id for it in subject.every(here, "ltsa")] == ["1", "2"]
    for written, document, code in (
        (secret, False, "document-needed"),
        (RATNA.nik, False, "document-needed"),
        ("A" * 26, True, "unknown-subject"),
        ("3204010503900002", True, "unknown-subject"),
        ("12", True, "wrong-nik"),
    ):
        with pytest.raises(Refusal) as refusal:
            subject.receive(here, "correct", written, document=document, **RAHMA, key="c")
        assert refusal.value.code == code


def test_a_card_is_enough_where_nothing_is_kept_that_a_document_could_be_compared_with(here: House) -> None:
    person, _, secret = journeys.open_unnamed(here, **SARI, scheme="mandiri", key="u")
    request = subject.receive(here, "erase", secret, document=False, **RAHMA, key="a")
    assert (request.person, request.identified) == (person, "card")
    subject.erase(here, request.id, **RAHMA, key="b")
    assert journeys.by_card(here, secret) is None
    journeys.index_cards(here)
    assert journeys.by_card(here, secret) is None, "the record leads nowhere any more"


# --- Shown


def test_the_answer_holds_everything_that_is_kept_and_who_processed_and_saw_it(here: House) -> None:
    person, case, _ = comes(here)
    other, _, _ = comes(here, identity("3204010503900002", "Budi"), "b")
    number = visits(here, person)
    today = here.today("ltsa").date
    read_notes(here, **SARI, date=today, number=number)
    note_look(here, "journey", person, office="ltsa", by="kiosk:pintu")
    note_look(here, "journey", other, office="ltsa", by="kiosk:pintu")
    elsewhere: dict[str, Any] = {"office": "installation", "at": here.now(), "by": "officer:else", "key": "x"}
    here.do(entry(DataSeen, **elsewhere, kind="notes", about=f"{number} {today}"))
    for about in (f"{today}–{today}", "2020-01-01–2020-12-31"):
        here.note(DataExported, office="ltsa", by="auditor:agus", kind="export.csv", about=about, why="pemeriksaan")
    here.note(DataExported, office="ltsa", by="auditor:agus", kind="export.csv", about=f"{today}–{today}")

    request = subject.of(here, "ltsa", asks(here, "show"))
    data = own_data.own_data(here, request, **RAHMA)
    assert data.identity == RATNA
    assert [(it.agreed.door, it.by) for it in data.consents] == [("desk", "officer:sari")]
    assert [row.topic for row in data.journey] == ["case-opened/1", "consent-given/1", "visit-begun/1"]
    [visit] = data.visits
    assert (visit.number, visit.case) == (number, case)
    topics = [row.topic for row in visit.events]
    assert topics[0] == "ticket-issued/1"
    assert {"ticket-called/1", "note-written/1"} <= set(topics)
    assert [note.text for note in visit.notes] == ["suaminya menunggu di luar"]
    assert [(look.did, look.data, look.by) for look in data.looks] == [
        ("recorded", "person", "officer:sari"),
        ("seen", "notes", "officer:sari"),
        ("seen", "journey", "kiosk:pintu"),
        ("exported", "export.csv", "auditor:agus"),
        ("seen", "own-data", "manager:rahma"),
        ("seen", "person", "manager:rahma"),
    ], "of this person alone, the export of who came that day and this answer among them"
    assert [it.request.kind for it in data.requests] == ["show"]

    told = json.loads(data.as_json(ZoneInfo("Asia/Jakarta")))
    assert told["identity"] == {"nik": RATNA.nik, "name": "Ratna Sari", "phone": "+6281234567890"}
    assert told["made"].endswith("+07:00")
    assert told["consents"][0]["withdrawn"] is None
    assert all("why" not in row["event"] for row in told["visits"][0]["events"]), "it names others who waited"
    assert other not in data.as_json(ZoneInfo("Asia/Jakarta")).decode()

    own_data.taken_out(here, person, **RAHMA, key="file")
    assert kinds(here, DataExported)[-1] == ("own-data", person, "manager:rahma")
    subject.show(here, request.id, **RAHMA, key="done")
    with pytest.raises(Refusal) as refusal:
        subject.showable(here, "ltsa", request.id)
    assert refusal.value.code == "request-answered", "afterwards nobody looks in its name"


def test_looks_are_found_from_where_the_last_search_ended_and_where_what_finds_them_was_lost(here: House) -> None:
    person, _, _ = comes(here)
    note_look(here, "journey", person, office="ltsa", by="kiosk:1")
    assert [look.by for look in looks_at(here, person)] == ["officer:sari", "kiosk:1"]
    note_look(here, "journey", person, office="ltsa", by="kiosk:2")
    assert [look.by for look in looks_at(here, person)] == ["officer:sari", "kiosk:1", "kiosk:2"]
    (here.settings.data / "models.sqlite").unlink()
    assert [look.by for look in looks_at(here, person)] == ["officer:sari", "kiosk:1", "kiosk:2"]


def test_looks_that_cannot_be_read_are_never_told_as_nobody_looked(here: House) -> None:
    person, _, _ = comes(here)
    (here.settings.data / "models.sqlite").mkdir()
    with pytest.raises(LedgerUnavailableError):
        looks_at(here, person)


# --- Corrected, restricted, withdrawn


def test_what_is_wrong_is_corrected_and_only_the_fields_are_on_record(here: House) -> None:
    person, _, _ = comes(here)
    request = asks(here, "correct")
    wanted = Identity(nik="3204014503900009", name="Ratna Sari Dewi", phone="0812 3456 7890")
    assert subject.correct(here, request, wanted, **RAHMA, key="c") == ("nik", "name")
    assert subject.correct(here, request, wanted, **RAHMA, key="c") == ("nik", "name"), "the same press again"
    assert (journeys.by_nik(here, RATNA.nik), journeys.by_nik(here, wanted.nik)) == (None, person)
    assert subject.of(here, "ltsa", request).changed == ("nik", "name")
    assert b"Dewi" not in files(here)


class KilledError(BaseException):
    """The server's process ends here."""


@pytest.mark.parametrize(
    ("after", "key"),
    [
        ("it was begun", "c"),
        ("the vault had it", "c"),
        ("the vault had it", "another press, of the page that was loaded anew"),
        ("all but the answer was on record", "c"),
    ],
)
def test_a_correction_that_a_kill_cut_off_is_finished_by_who_gives_it_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, after: str, key: str
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KilledError

    wanted = identity(RATNA.nik, "Ratna Sari Dewi", RATNA.phone)
    with closing(House(settings)) as here:
        person, _, _ = comes(here)
        request = asks(here, "correct")
        with monkeypatch.context() as killed:
            where = {"it was begun": "correct", "the vault had it": "_record_identity"}.get(after)
            killed.setattr(*((journeys, where) if where else (subject, "_gives")), dies)
            with pytest.raises(KilledError):
                subject.correct(here, request, wanted, **RAHMA, key="c")
        assert subject.of(here, "ltsa", request).open
    with closing(House(settings)) as here:
        assert subject.correct(here, request, wanted, **RAHMA, key=key) == ("name",)
        it = subject.of(here, "ltsa", request)
        assert (it.state, it.changed, here.persons.read(person)) == ("done", ("name",), wanted)
        recorded = [row.event for row in here.ledger.since(0, 1000) if isinstance(row.event, DataRecorded)]
        assert recorded[-1].commitment == here.persons.commitment(person)


def test_a_correction_that_was_begun_and_refused_says_nothing_of_the_next_one(here: House) -> None:
    comes(here)
    comes(here, identity("3204010503900002", "Budi"), "b")
    request = asks(here, "correct")
    with pytest.raises(Refusal, match="has this NIK"):
        subject.correct(here, request, Identity(nik="3204010503900002", name="Dewi"), **RAHMA, key="c")
    with pytest.raises(Refusal, match="Say what was corrected"):
        subject.correct(here, request, RATNA, **RAHMA, key="d")
    wanted = Identity(nik=RATNA.nik, name=RATNA.name, phone="0812 9999 0000")
    assert subject.correct(here, request, wanted, **RAHMA, key="e") == ("phone",)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (RATNA, "nothing-corrected"),
        (Identity(nik="12", name="Ratna"), "wrong-nik"),
        (Identity(nik=RATNA.nik, name="Ratna", phone="x"), "wrong-phone"),
        (Identity(nik="3204010503900002", name="Ratna Sari"), "nik-taken"),
    ],
)
def test_a_correction_that_cannot_be_changes_nothing(here: House, wanted: Identity, code: str) -> None:
    person, _, _ = comes(here)
    comes(here, identity("3204010503900002", "Budi"), "b")
    request = asks(here, "correct")
    with pytest.raises(Refusal) as refusal:
        subject.correct(here, request, wanted, **RAHMA, key="c")
    assert refusal.value.code == code
    assert (here.persons.read(person), subject.of(here, "ltsa", request).open) == (RATNA, True)


def test_who_restricted_data_are_about_is_shown_to_those_alone_who_answer(here: House) -> None:
    person, _, _ = comes(here)
    request = asks(here, "restrict")
    subject.restrict(here, request, **RAHMA, key="r")
    assert journeys.who_is(here, person, **SARI) is None
    assert journeys.named(here, person) is None, "nor does an export say it"
    assert kinds(here, DataSeen) == [], "what is not shown is no look"
    assert subject.who(here, subject.of(here, "ltsa", request), **RAHMA) == RATNA
    with pytest.raises(Refusal) as refusal:
        issue(here, **SARI, key="t", services=(), person=person)
    assert refusal.value.code == "person-restricted"
    subject.lift(here, request, **RAHMA, key="l")
    assert journeys.who_is(here, person, **SARI) == RATNA
    issue(here, **SARI, key="t", services=(), person=person)


def test_what_stood_on_consent_is_taken_out_and_the_service_goes_on(here: House) -> None:
    person, _, _ = comes(here)
    subject.withdraw(here, asks(here, "withdraw"), **RAHMA, key="w")
    assert here.persons.read(person) == Identity(nik=RATNA.nik, name="")
    assert here.present.person(person).subject.consent is None
    issue(here, **SARI, key="t", services=(), person=person)


def test_who_gives_a_name_again_with_consent_is_kept_by_it_again(here: House) -> None:
    person, case, _ = comes(here)
    subject.withdraw(here, asks(here, "withdraw"), **RAHMA, key="w")
    here.do(CloseCase(**SARI, at=here.now(), key="over", person=person, case=case, outcome="finished"))
    journeys.open_case(here, RATNA, **SARI, scheme="mandiri", key="without")
    assert here.persons.read(person) == Identity(nik=RATNA.nik, name=""), "not without consent"
    here.do(CloseCase(**SARI, at=here.now(), key="over 2", person=person, case=f"{person}-2", outcome="finished"))
    assert comes(here, key="with")[0] == person
    assert here.persons.read(person) == RATNA


# --- Erased


def test_after_an_erasure_nothing_leads_to_the_person_and_the_record_stays(here: House) -> None:
    person, case, secret = comes(here)
    number = visits(here, person)
    request, at = asks(here, "erase"), here.now()
    with pytest.raises(Refusal) as refusal:
        subject.erase(here, request, **RAHMA, key="e")
    assert refusal.value.code == "visit-first"
    assert here.persons.read(person) == RATNA, "what is refused erases nothing"
    here.do(CancelTicket(**SARI, at=at, key="home", number=number))
    here.catch_up()
    before = here.ledger.newest()
    subject.erase(here, request, **RAHMA, key="e")
    subject.erase(here, request, **RAHMA, key="e")
    assert (journeys.by_nik(here, RATNA.nik), journeys.by_card(here, secret)) == (None, None)
    assert journeys.who_is(here, person, **SARI) is None
    state = here.present.person(person)
    assert state.subject.erased >= at
    assert state.cases[case].outcome == "withdrawn"
    [note] = here.people.notes("ltsa", here.today("ltsa").date, number)
    assert (note.text, note.erased_by) == ("", "manager:rahma")
    assert {about for _, about, _ in kinds(here, DataErased)} == {person, f"{number} {here.today('ltsa').date}"}
    for word in (RATNA.nik, "Ratna", RATNA.phone, "suaminya"):
        assert word.encode() not in files(here)
    assert here.ledger.newest() > before
    new, _, _ = comes(here, key="again")
    assert new != person, "who comes again is somebody else"


def test_an_erasure_that_was_interrupted_is_done_by_asking_again(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    person, _, secret = comes(here)
    request = asks(here, "erase")
    with monkeypatch.context() as patch:
        patch.setattr(subject, "_carry_out", _falls_over)
        with pytest.raises(RuntimeError):
            subject.erase(here, request, **RAHMA, key="e")
    assert (here.persons.read(person), subject.of(here, "ltsa", request).open) == (None, True)
    subject.erase(here, request, **RAHMA, key="another press")
    assert subject.of(here, "ltsa", request).state == "done"
    assert here.present.person(person).subject.erased
    assert journeys.by_card(here, secret) is None


def _falls_over(*_asked: object, **_said: object) -> None:
    raise RuntimeError("the plug is pulled")


def test_a_request_that_is_late_is_still_answered_and_says_so(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    comes(here)
    request, now = asks(here, "show"), here.now()
    monkeypatch.setattr(here, "now", lambda: now + int(timedelta(hours=73).total_seconds() * 1000))
    assert subject.of(here, "ltsa", request).clock(here.now()) == "overdue"
    subject.take(here, request, **RAHMA, key="t")
    subject.refuse(here, request, "not-identified", **RAHMA, key="n")
    assert subject.of(here, "ltsa", request).clock(here.now()) == "late"

"""For how long what is known about people is kept: what is due, what holds it back, what is gone once applied."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from ltsa.commands import CallTicket, CheckDay, OpenCounter, WriteNote
from ltsa.configuring import ChangeOffice, ConfigureOffice
from ltsa.identity import Identity, identity
from ltsa.journal import DataErased, RetentionApplied
from ltsa.journey_rules import CloseCase, ErasePerson
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.requests import FinishRequest, ReceiveRequest, RefuseRequest
from ltsa.retention import DAY, Due
from web import journeys, retention
from web.house import House
from web.looks import looks_at
from web.notes import note_beside
from web.settings import Settings
from web.tickets import issue

RATNA = identity("3204014503900001", "Ratna Kusumawardhani", "0812 3456 7890")
BUDI = identity("3204010503900002", "Budi Kartasasmita")
NOTE = "Ibu Sulistyaningsih menunggu surat"
SARI = "officer:sari"


class Office:
    """An office whose clock can be moved on."""

    def __init__(self, here: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.here, self.at = here, here.now()
        monkeypatch.setattr(here, "now", lambda: self.at)

    def days_later(self, days: int) -> None:
        self.at += days * DAY

    def keeps(self, office: str = "ltsa", **days: int) -> None:
        """Decides for how long; from today on."""
        since = self.here.office(office).service_date(self.at).isoformat()
        changes = {f"retention/{name}": value for name, value in days.items()}
        self.does(ChangeOffice, office, since=since, why="Purpose is over", changes=changes)

    def does(self, command: type[Any], office: str = "ltsa", **fields: Any) -> Any:
        said = {"office": office, "at": self.at, "by": SARI, "key": f"{command.__name__} {office} {fields}"}
        done = self.here.do(command(**said, **fields))
        self.here.catch_up()
        return done

    def opens_a_case(self, who: Identity = RATNA, office: str = "ltsa") -> tuple[str, str]:
        said: dict[str, Any] = {"office": office, "by": SARI, "scheme": "p-to-p"}
        person, case, _ = journeys.open_case(self.here, who, key=f"{who.nik} {self.at} {office}", **said)
        self.here.catch_up()
        return person, case

    def closes(self, person: str, case: str, office: str = "ltsa") -> None:
        self.does(CloseCase, office, person=person, case=case, outcome="finished")

    def came(self, who: Identity = RATNA, office: str = "ltsa") -> str:
        """Somebody's whole journey today: who it was."""
        person, case = self.opens_a_case(who, office)
        self.closes(person, case, office)
        return person

    def notes(self, text: str = NOTE) -> str:
        """A remark at today's opening: its id."""
        key = f"note {self.at}"
        with note_beside(self.here, office="ltsa", number="", by=SARI, key=key, text=text) as note:
            self.here.do(CheckDay(office="ltsa", at=self.at, by=SARI, key=key, ok=(), open=(), note=note))
        return note

    def due(self, office: str = "ltsa") -> Due:
        return next(it for it in retention.found(self.here) if it.office.id == office)

    def journal(self, kind: type[Any]) -> list[Any]:
        told = self.here.ledger.told("data-erased/1", "retention-applied/1")
        return [it.event for it in told if isinstance(it.event, kind)]


@pytest.fixture
def it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with closing(House(settings)) as here:
        yield Office(here, monkeypatch)


def test_without_a_rule_everything_stays(it: Office) -> None:
    it.came()
    it.notes()
    it.days_later(9999)
    assert it.due().nothing
    assert it.due().held == {}


def test_notes_are_due_so_many_days_after_their_day(it: Office) -> None:
    old = it.notes()
    it.days_later(20)
    it.notes()
    it.keeps(notes=30)
    it.days_later(10)
    assert it.due().notes == (), "thirty days are not over yet"
    it.days_later(1)
    assert [note.id for note in it.due().notes] == [old]


def test_somebody_is_due_so_many_days_after_the_last_thing_on_record(it: Office) -> None:
    it.keeps(persons=365)
    ratna, budi = it.came(RATNA), it.came(BUDI)
    it.days_later(300)
    again, case = it.opens_a_case(RATNA)
    assert again == ratna
    it.closes(ratna, case)
    it.days_later(66)
    assert it.due().persons == (budi,), "Ratna came again since"
    it.days_later(300)
    assert it.due().persons == (ratna, budi)


def test_what_still_goes_on_holds_somebody_back(it: Office) -> None:
    it.keeps(persons=30)
    ratna, case = it.opens_a_case(RATNA)
    it.days_later(31)
    assert (it.due().persons, it.due().held) == ((), {"open-case": 1})
    it.closes(ratna, case)
    budi = it.came(BUDI)
    asked = it.does(ReceiveRequest, kind="show", person=budi, identified="nik-document").events[0].event.request
    it.days_later(100)
    assert it.due().held == {"request": 1}
    it.does(RefuseRequest, request=asked, reason="taken-back")
    assert set(it.due().persons) == {ratna, budi}
    asked = it.does(ReceiveRequest, kind="restrict", person=budi, identified="nik-document").events[0].event.request
    it.does(FinishRequest, request=asked)
    it.days_later(100)
    assert (it.due().persons, it.due().held) == ((ratna,), {"restricted": 1})


def test_of_several_offices_the_longest_rule_counts_and_one_without_a_rule_keeps(it: Office) -> None:
    batam = replace(example_office(), id="batam", name={"id": "LTSA Batam"})
    it.does(ConfigureOffice, "batam", configuration=batam, since="1970-01-01")
    ratna = it.came(RATNA)
    assert it.came(RATNA, "batam") == ratna
    it.keeps(persons=30)
    it.days_later(100)
    assert it.due("batam").nothing, "Batam keeps for ever"
    it.keeps("batam", persons=200)
    assert it.due("batam").nothing
    it.days_later(101)
    assert (it.due("ltsa").persons, it.due("batam").persons) == ((), (ratna,)), "she stands with whom she saw last"


def test_the_command_says_what_is_due_and_changes_nothing_until_it_is_told_to(
    it: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    it.keeps(notes=30, persons=60)
    note, ratna = it.notes(), it.came(RATNA)
    budi, _ = it.opens_a_case(BUDI)
    it.days_later(61)
    at = it.at
    monkeypatch.setattr(House, "now", lambda _: at)

    def runs(*flags: str) -> str:
        assert retention.retention(["--data", str(it.here.settings.data), *flags], None) == 0
        return capsys.readouterr().out

    before = it.here.ledger.newest()
    said = runs()
    assert "1 notes are due: older than 30 days" in said
    assert "1 persons are due: nothing on record of them for 60 days" in said
    assert "1 held back: a journey is open" in said
    assert it.here.ledger.newest() == before, "looking changes nothing"
    assert it.here.persons.read(ratna) == RATNA
    for word in (RATNA.nik, RATNA.name, BUDI.name, NOTE, ratna, note):
        assert word not in said, "and tells nobody's data"

    assert "erased: 1 notes, 1 persons" in runs("--apply")
    assert (it.here.persons.read(ratna), it.here.persons.find(RATNA.nik)) == (None, None)
    assert not it.here.people.has_text(note)
    assert it.here.persons.read(budi) == BUDI
    assert [(e.kind, e.days, e.count) for e in it.journal(RetentionApplied)] == [("notes", 30, 1), ("persons", 60, 1)]
    assert [(e.kind, e.items or e.about) for e in it.journal(DataErased)] == [("notes", (note,)), ("person", ratna)]
    it.here.catch_up()
    assert it.here.present.person(ratna).subject.erased == at
    assert "erased" not in runs("--apply"), "a second run finds nothing"


def test_a_request_holds_the_notes_about_one_s_tickets_and_who_erased_them_is_told_to_whom_they_were_about(
    it: Office,
) -> None:
    it.keeps(notes=30)
    ratna, _ = it.opens_a_case(RATNA)
    ticket, _ = issue(it.here, office="ltsa", by=SARI, key="t", services=(), person=ratna)
    it.does(OpenCounter, counter="2", officer="sari")
    it.does(CallTicket, counter="2", number=ticket.number)
    with note_beside(it.here, office="ltsa", number=ticket.number, by=SARI, key="n", text=NOTE) as note:
        it.does(WriteNote, counter="2", note=note)
    remark = it.notes("Bu Wati sakit")
    asked = it.does(ReceiveRequest, kind="show", person=ratna, identified="nik-document").events[0].event.request
    it.days_later(31)
    due = it.due()
    assert ([one.id for one in due.notes], due.held) == ([remark], {"request": 1})
    it.does(RefuseRequest, request=asked, reason="taken-back")
    *_, done = retention.apply(it.here, it.due(), by="command line", key="run")
    assert done.notes == 2
    looks = [(look.did, look.data, look.by) for look in looks_at(it.here, ratna)]
    assert looks[-1] == ("erased", "notes", "command line")
    assert not it.here.people.has_text(note)


def test_of_whom_the_key_was_lost_the_rest_goes_too(it: Office) -> None:
    it.keeps(persons=30)
    ratna = it.came(RATNA)
    it.here.personal.keys.drop(f"person:{ratna}")
    it.days_later(31)
    assert it.due().persons == (ratna,)
    *_, done = retention.apply(it.here, it.due(), by="command line", key="run")
    assert done.persons == 1
    assert it.due().nothing
    assert it.here.persons.find(RATNA.nik) is None


def test_who_comes_back_while_it_is_applied_stays(it: Office) -> None:
    it.keeps(persons=30)
    ratna = it.came(RATNA)
    it.days_later(31)
    due = it.due()
    it.opens_a_case(RATNA)
    *_, done = retention.apply(it.here, due, by="command line", key="run")
    assert (done.persons, done.refused) == (0, {"case-open": 1})
    assert it.here.persons.read(ratna) == RATNA


def test_an_erasure_by_a_rule_that_was_cut_off_is_completed_at_the_next_start(it: Office) -> None:
    ratna = it.came(RATNA)
    it.does(ErasePerson, person=ratna)
    assert it.here.persons.read(ratna) == RATNA, "here the power went"
    with closing(House(it.here.settings)) as again:
        assert again.persons.read(ratna) is None
    it.days_later(1)
    with pytest.raises(Refusal) as refusal:
        it.here.do(ErasePerson(office="ltsa", at=it.at, by=SARI, key="again", person=ratna))
    assert refusal.value.code == "person-erased"

"""The journal as an auditor reads it: what happened at the doors, to rights and to settings, and nothing of others."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import html5lib
import pytest
from msgspec.structs import replace

from audit.journal import GROUPS, KINDS, Entry
from audit.journal_telling import JournalTeller
from ltsa.access import (
    INSTALLATION,
    TOPICS,
    AddPerson,
    BarPerson,
    MakeToken,
    PairDevice,
    RevokeDevice,
    RevokeToken,
    TakeRole,
)
from ltsa.configuring import ChangeOffice, ConfigureOffice, OfficeConfigured, WithdrawChange
from ltsa.journal import AccountLocked, DataExported, DataSeen, RequestRefused, SignedIn, SignedOut, SignInRefused
from tests.audit.test_pages import words
from tests.ltsa.scripted_day import DATE, office
from tests.staff import signed_in
from web.policy import ACTIONS
from web.words import Words

if TYPE_CHECKING:
    from tests.audit.conftest import Auditor

KEYS = (f"key {n}" for n in count())


class Doors:
    """What happens at the doors of an installation with two offices, now."""

    def __init__(self, auditor: Auditor) -> None:
        self.house = auditor.house
        self.today = office().service_date(self.house.now()).isoformat()
        self.does(ConfigureOffice, "kupang", configuration=replace(office(), id="kupang"), since="1970-01-01")

    def does(self, command: Any, where: str = "ltsa", /, *, by: str = "system", **said: Any) -> None:
        """A command about rights or settings."""
        self.house.do(command(office=where, at=self.house.now(), by=by, key=next(KEYS), **said))

    def note(self, kind: Any, where: str = "ltsa", /, *, by: str = "nobody", **facts: Any) -> None:
        """Something at the doors."""
        self.house.note(kind, office=where, by=by, **facts)


@pytest.fixture
def doors(auditor: Auditor) -> Doors:
    return Doors(auditor)


def test_what_happened_at_the_doors_stands_in_one_list_the_newest_first(auditor: Auditor, doors: Doors) -> None:
    doors.does(AddPerson, person="siti.rahma", roles=("officer",), by="command line")
    doors.note(SignedIn, by="person:siti.rahma", person="siti.rahma", how="password+second-factor", session="s1")
    doors.note(DataSeen, by="officer:siti.rahma", kind="notes", about=f"C012 {DATE}")
    doors.does(
        ChangeOffice, by="manager:budi", since=doors.today, why="Surat edaran", changes={"rules/recall_limit": 5}
    )
    said = words(auditor.opens("/journal"))
    told = [
        "aturan antrean. Alasan: Surat edaran Manajer budi",
        "Catatan petugas dilihat: C012, 2 Maret 2026. Petugas siti.rahma",
        "siti.rahma masuk dengan kata sandi dan langkah kedua. siti.rahma",
        "siti.rahma mendapat peran petugas loket, LTSA Contoh. Baris perintah server",
        "Akun siti.rahma dibuat.",
    ]
    places = [said.index(sentence) for sentence in told]
    assert places == sorted(places)


def test_the_journal_says_nothing_of_another_office(auditor: Auditor, doors: Doors) -> None:
    doors.does(AddPerson, "kupang", person="orang.kupang", roles=("officer",))
    doors.does(PairDevice, "kupang", kind="kiosk", name="kiosk-kupang", digest="a" * 64)
    doors.does(RevokeDevice, "kupang", device="a" * 12)
    doors.does(MakeToken, "kupang", name="program kupang", role="officer", digest="b" * 64)
    doors.does(RevokeToken, "kupang", token="b" * 12)
    doors.does(ChangeOffice, "kupang", since=doors.today, why="Urusan Kupang", changes={"rules/recall_limit": 5})
    for where in ("kupang", INSTALLATION):
        doors.note(SignedIn, where, by="person:orang.kupang", person="orang.kupang", how="password", session="s")
        doors.note(RequestRefused, where, by=f"device:{'a' * 12}", action="desk.work", what="counters.desk")
        doors.note(RequestRefused, where, by=f"program:{'b' * 12}", action="desk.work", what="api.call-next")
    doors.does(BarPerson, "kupang", person="orang.kupang", why="pindah kupang")
    doors.does(AddPerson, "kupang", person="tanpa.peran.di.kupang")
    assert "kupang" not in auditor.opens("/journal").lower()
    everywhere = signed_in(auditor.app, "pusat", ["headquarters"])
    assert "kupang" in everywhere.get("/audit/kupang/journal").text.lower()


def test_who_worked_here_once_and_who_works_everywhere_stays_in_the_journal(auditor: Auditor, doors: Doors) -> None:
    doors.does(AddPerson, person="rina", roles=("officer",))
    doors.does(TakeRole, person="rina", role="officer")
    doors.does(AddPerson, "*", person="pusat", roles=("headquarters",))
    doors.note(SignedOut, INSTALLATION, by="person:rina", person="rina", session="s", why="asked")
    doors.note(SignedIn, INSTALLATION, by="person:pusat", person="pusat", how="external", session="s")
    doors.note(SignInRefused, INSTALLATION, person="", why="password")
    said = words(auditor.opens("/journal"))
    for sentence in (
        "Sesi rina berakhir: keluar sendiri.",
        "Peran petugas loket dicabut dari rina, LTSA Contoh.",
        "pusat masuk dengan akun lain.",
        "pusat mendapat peran kantor pusat, semua kantor.",
        "Seseorang tidak dapat masuk: kata sandi salah, dan akun itu tidak ada. Belum masuk",
    ):
        assert sentence in said


def test_a_locked_screen_is_no_end_of_a_session(auditor: Auditor, doors: Doors) -> None:
    doors.note(SignedOut, by="person:siti", person="siti", session="b4", why="locked")
    page = words(auditor.opens("/journal"))
    assert "siti mengunci layar komputer loket." in page
    assert "Sesi siti berakhir" not in page


def test_settings_in_force_from_the_beginning_have_no_date(auditor: Auditor) -> None:
    here = auditor.house
    teller = JournalTeller(here.office("ltsa"), "id", here.access, here.configurations("ltsa"))
    begun = replace(some(OfficeConfigured), since="1970-01-01")
    entry = Entry(position=1, at=1, kind="office-configured", by="system", event=begun, people=frozenset())
    assert teller.tell(entry).what == "Pengaturan awal kantor ditetapkan."


def test_the_list_is_chosen_by_date_kind_and_person(auditor: Auditor, doors: Doors) -> None:
    doors.does(AddPerson, person="siti", roles=("officer",))
    doors.note(SignedIn, by="person:siti", person="siti", how="password", session="s")
    doors.note(RequestRefused, by="person:siti", action="office.change", what="manage.part", count=3)
    doors.note(AccountLocked, by="nobody", person="budi", until=doors.house.now())
    by_group = words(auditor.opens("/journal", kind="doors"))
    assert "masuk dengan kata sandi" in by_group
    assert "mengubah pengaturan kantor. 3 kali sejak catatan sebelumnya." in by_group
    assert "mendapat peran" not in by_group
    assert "1 dari " in words(auditor.opens("/journal", kind="account-locked"))
    of_siti = words(auditor.opens("/journal", person="siti"))
    assert "4 dari " in of_siti
    assert "budi terkunci" not in of_siti
    assert "Tidak ada catatan yang cocok" in words(auditor.opens("/journal", to="2026-03-03", **{"from": "2026-03-02"}))
    assert "bukan tanggal" in auditor.is_refused("/journal", 422, **{"from": "yesterday"})


def test_an_undone_change_says_what_it_was(auditor: Auditor, doors: Doors) -> None:
    doors.does(ChangeOffice, since=doors.today, why="Ramai", changes={"rules/recall_limit": 5})
    version = doors.house.ledger.present().configurations("ltsa").version
    doors.does(WithdrawChange, by="manager:budi", change=version, why="Sudah sepi")
    assert "aturan antrean. Alasan: Sudah sepi" in words(auditor.opens("/journal", kind="office-change-withdrawn"))


def test_devices_and_programs_are_called_by_their_names(auditor: Auditor, doors: Doors) -> None:
    doors.does(PairDevice, kind="kiosk", name="pintu-timur", digest="c" * 64)
    doors.does(MakeToken, name="papan luar", role="display", digest="d" * 64)
    doors.note(RequestRefused, by=f"device:{'c' * 12}", action="desk.work", what="counters.desk")
    doors.note(RequestRefused, by=f"program:{'d' * 12}", action="desk.work", what="api.call-next")
    said = words(auditor.opens("/journal"))
    assert "Kiosk pintu-timur dipasangkan." in said
    assert "bekerja di loket. Kiosk pintu-timur" in said
    assert "bekerja di loket. Program papan luar" in said
    assert "papan panggilan, LTSA Contoh" in said


def test_many_entries_are_turned_over_page_by_page(auditor: Auditor, doors: Doors) -> None:
    for n in range(130):
        doors.note(DataSeen, by="officer:siti", kind="notes", about=f"C{n:03} {DATE}")
    assert "130 dari" in words(auditor.opens("/journal", kind="data-seen"))
    first, second = (words(auditor.opens("/journal", kind="data-seen", page=page)) for page in "12")
    assert "Halaman 1 dari 2" in first
    assert "C129," in first
    assert "C029," not in first
    assert "C029," in second


def test_whoever_takes_a_table_out_of_the_office_is_on_record_before(auditor: Auditor, doors: Doors) -> None:
    taken = [
        auditor.downloads(f"/{DATE}/events.csv", number="C002"),
        auditor.downloads(f"/{DATE}/course.csv"),
        auditor.downloads("/days.csv"),
        auditor.downloads("/journal.csv", **{"from": doors.today}),
        auditor.downloads("/forecast.csv", **{"from": doors.today}),
    ]
    auditor.is_refused("/2026-03-01/events.csv", 404)
    auditor.house.catch_up()
    noted = list(auditor.house.ledger.history(f"journal:ltsa:{doors.today}"))
    exported = [(it.event, it.position) for it in noted if isinstance(it.event, DataExported)]
    assert [(event.kind, event.about, event.by) for event, _ in exported] == [
        ("events.csv", str(DATE), "auditor:ratna"),
        ("course.csv", str(DATE), "auditor:ratna"),
        ("days.csv", f"{DATE}–{DATE}", "auditor:ratna"),
        ("journal.csv", f"{doors.today}–{doors.today}", "auditor:ratna"),
        ("forecast.csv", f"{doors.today}–{doors.today}", "auditor:ratna"),
    ]
    for file, (event, position) in zip(taken, exported, strict=True):
        head, *rows = csv.reader(io.StringIO(file.decode("utf-8-sig")))
        when = datetime.fromtimestamp(event.at // 1000, UTC).isoformat()
        assert head[-1] == "Tanda air"
        assert {row[-1] for row in rows} <= {f"LTSA export by auditor:ratna at {when}, ledger position {position}"}
        assert rows or event.kind == "forecast.csv"
    assert "Tabel peristiwa diunduh: 2 Maret 2026. Auditor ratna" in words(auditor.opens("/journal"))


def test_the_csv_of_the_journal_holds_the_facts_and_the_words(auditor: Auditor, doors: Doors) -> None:
    doors.note(DataSeen, by="officer:siti", kind="notes", about=f"=1+1 {DATE}")
    head, row = csv.reader(io.StringIO(auditor.downloads("/journal.csv", kind="data-seen").decode("utf-8-sig")))
    assert (head[2], row[2], row[6]) == ("Kode", "data-seen", "officer:siti")
    assert json.loads(row[7]) == {"kind": "notes", "about": f"=1+1 {DATE}"}


def test_an_admin_reads_the_journal_and_no_days(auditor: Auditor) -> None:
    admin = signed_in(auditor.app, "teknisi", ["admin"], "ltsa")
    page = admin.get("/audit/ltsa/journal").text
    assert "Unduh CSV" in page
    assert 'href="/audit/ltsa"' not in page
    assert admin.get("/audit/ltsa/journal.csv").status_code == 200
    for path in ("", "/days.csv", f"/{DATE}"):
        assert admin.get(f"/audit/ltsa{path}").status_code == 403
    assert 'href="/audit/ltsa/journal"' in auditor.opens("")
    officer = signed_in(auditor.app, "siti", ["officer"], "ltsa")
    assert officer.get("/audit/ltsa/journal").status_code == 403


def test_the_page_is_valid_html_in_both_languages(auditor: Auditor, doors: Doors) -> None:
    doors.does(AddPerson, person="siti", roles=("officer",))
    doors.note(RequestRefused, by="person:siti", action="<script>", what="x")
    for query in ({}, {"lang": "en"}, {"kind": "nothing"}):
        page = auditor.opens("/journal", **query)
        assert "<script>" not in page
        parser = html5lib.HTMLParser()
        parser.parse(page)
        assert parser.errors == []


# --- Every kind has its words


def some(kind: type) -> Any:
    """An event of a kind, with something in each of its fields."""
    facts: dict[str, Any] = {"at": 1, "by": "system", "key": "k", "content": "c"}
    known: dict[str, Any] = {
        "how": "password",
        "kind": "kiosk",
        "role": "officer",
        "paper": "out",
        "since": "2026-03-02",
    }
    known |= {"until": 1, "count": 2, "change": 1, "changes": {"week": None}, "office": "ltsa"}
    if kind is KINDS_BY_NAME["office-configured"]:
        known["office"] = office()
    for name in kind.__struct_fields__:  # type: ignore[attr-defined]
        facts.setdefault(name, known.get(name, "x"))
    return kind(**facts)


KINDS_BY_NAME = {name: kind for kind, name in KINDS.items()}


def test_every_kind_of_entry_stands_in_one_group() -> None:
    grouped = [kind for kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(KINDS.values())
    assert len(KINDS) == len(KINDS_BY_NAME)
    assert {topic.partition("/")[0] for topic in TOPICS} <= set(grouped)


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("kind", sorted(KINDS_BY_NAME))
def test_every_kind_of_entry_is_told_in_words(auditor: Auditor, kind: str, lang: str) -> None:
    here = auditor.house
    teller = JournalTeller(here.office("ltsa"), lang, here.access, here.configurations("ltsa"))
    event = some(KINDS_BY_NAME[kind])
    entry = Entry(position=1, at=1, kind=kind, by="system", event=event, people=frozenset())
    told = teller.tell(entry)
    assert f"audit.journal.told.{kind}" in Words(lang)
    assert told.what.endswith(".")
    assert "{" not in " ".join([told.what, *told.why, told.who])
    for word in (teller.kind(kind), teller.group(entry.group), told.who):
        assert word


@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_action_of_the_policy_has_a_word_for_its_refusal(lang: str) -> None:
    for action in ACTIONS:
        assert f"audit.journal.action.{action}" in Words(lang), action

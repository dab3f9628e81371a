"""The auditor's pages, without a browser: what they say, and what they refuse."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

import html5lib
import pytest
from msgspec.structs import replace

from audit.asked import Instant
from audit.book import read
from audit.telling import Teller
from ltsa import board
from ltsa.commands import CloseDay, OpenCounter, ReopenDay
from ltsa.configuring import ConfigureOffice
from ltsa.happened import TOPICS
from ltsa.replay import story
from tests.ltsa.scripted_day import CASES, DATE, LATER, MORNING, commands, dispatched, history, instant, office
from tests.staff import signed_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audit.conftest import Auditor

DAY = f"/{DATE}"
PARTS = ("/events", "/course", "/checks", "/lanes", "/find", "/rules")
STORIES = ("/ticket/A003", "/counter/3", "/officer/petugas-budi")


def words(page: str) -> str:
    """A page's text as it is read, without its markup."""
    shown = re.sub(r'<span class="number__letter">(\w)</span>', r"\1", page[page.index("<main") :])
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def part(page: str, name: str) -> str:
    """The text of one section of a page."""
    found = re.search(rf'<section class="{name}.*?</section>', page, re.DOTALL)
    assert found, name
    return words(f"<main{found[0]}")


def test_the_pictures_at_every_version_are_those_the_screens_got_live(auditor: Auditor) -> None:
    day = auditor.house.present.day("ltsa", DATE)
    live = {}
    for number, command in enumerate(commands("second"), 1):
        if number == 1:
            configuration = replace(office(), id="second")
            auditor.house.do(
                ConfigureOffice(
                    office="second", at=0, by="system", key="second", configuration=configuration, since="1970-01-01"
                )
            )
        auditor.house.do(command)
        auditor.house.catch_up()
        day = auditor.house.present.day("second", DATE)
        live[day.version] = board.display(day), board.hall(day)
    book = read(auditor.house.ledger, "second", DATE)
    assert book is not None
    assert book.newest == len(book.history) == max(live)
    for version, pictures in live.items():
        moment = book.moment(Instant(version=version))
        assert (moment.display, moment.hall) == pictures


def test_the_day_at_an_instant_shows_who_was_called_then(auditor: Auditor) -> None:
    page = auditor.opens(DAY, at="08:09:20")
    assert "A001 : Loket 1 Sedang dilayani" in part(page, "hall")
    assert "C001 : Loket 3 Dipanggil" in part(page, "hall")
    assert "Jam kantor 08.09.20 WIB Peristiwa ke- 20 dari" in words(page)


def test_a_link_to_a_version_shows_the_day_right_after_that_event(auditor: Auditor) -> None:
    page = auditor.opens(DAY, version="9")
    assert "A001 : Loket 1 Dipanggil" in part(page, "hall")
    assert "Tunggunya dihitung sejak 08.00.05, paling lama dari 3 orang" in part(page, "this")
    assert "Belum ada yang terjadi" in part(auditor.opens(DAY, version="0"), "this")


def test_an_instant_is_the_end_of_its_second_and_may_be_written_as_indonesians_do(auditor: Auditor) -> None:
    moments = {auditor.opens(f"{DAY}/board", at=at) for at in ("08:05", "08:05:00", "08.05.00", "8.05")}
    assert len(moments) == 1
    assert "Peristiwa ke- 9 dari" in words("<main" + moments.pop())


def test_the_slider_gets_the_same_board_as_the_page(auditor: Auditor) -> None:
    fetched, page = auditor.opens(f"{DAY}/board", version="30"), auditor.opens(DAY, version="30")
    for name in ("hall", "this", "desks", "queues"):
        assert part(fetched, name) == part(page, name)


def test_a_call_is_explained_in_words_and_computed_again(auditor: Auditor) -> None:
    said = words(auditor.opens(DAY, event="ticket-called"))
    assert (
        "Dipanggil untuk Ketenagakerjaan. Tunggunya dihitung sejak 07.33.45, paling lama dari 4 orang yang menunggu"
        " layanan loket ini. Berikutnya C001, 27 menit 35 detik di belakangnya. Datang 08.03.45; tunggunya dihitung"
        " 30 menit lebih awal karena prioritas. Dihitung ulang: cocok." in said
    )
    assert "di luar urutan: 1 orang yang menunggu lebih lama dilewati. Terdepan A001, 14 menit 55 detik" in said
    assert "TIDAK" not in said


@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_kind_of_event_is_told_in_words(lang: str) -> None:
    teller = Teller(office(), lang)
    told = {line.event: teller.tell(line) for line in story(history(played=MORNING + LATER + CASES))}
    told |= {line.event: teller.tell(line) for line in story(dispatched())}
    assert set(told) == {topic.partition("/")[0] for topic in TOPICS}
    for event, account in told.items():
        assert teller.kind(event)
        assert account.what.endswith(".")
        assert account.who
        assert "{" not in " ".join([account.what, *account.why, account.who])


def test_a_note_is_never_shown(auditor: Auditor) -> None:
    assert "disimpan terpisah" in words(auditor.opens(DAY, event="note-written"))


def test_the_events_can_be_filtered_in_the_address(auditor: Auditor) -> None:
    assert "12 dari 73 peristiwa" in words(auditor.opens(DAY, number="c002"))
    assert "5 dari 73 peristiwa" in words(auditor.opens(DAY, officer="petugas-rina"))
    assert "1 dari 73 peristiwa" in words(auditor.opens(DAY, event="ticket-cancelled", counter="3"))
    assert "5 dari 73 peristiwa" in words(auditor.opens(DAY, **{"from": "08.00", "to": "08.04.59"}))
    assert "Tidak ada peristiwa yang cocok" in words(auditor.opens(DAY, number="Z999"))


def test_the_day_says_which_rules_were_in_force_then(auditor: Auditor) -> None:
    changed = replace(office(), rules=replace(office().rules, recall_limit=7, absent_place="last"))
    auditor.house.do(
        ConfigureOffice(office="ltsa", at=1, by="system", key="later", configuration=changed, since="1970-01-02")
    )
    said = words(auditor.opens(DAY))
    assert "Yang tidak hadir, bila diantrekan lagi di belakang 3 orang terdepan" in said
    assert "Panggilan ulang paling banyak 3 kali" in said


def test_the_day_says_that_its_record_holds(auditor: Auditor) -> None:
    said = words(auditor.opens(f"{DAY}/checks"))
    assert "Catatan hari ini utuh." in said
    assert "Peristiwa bernomor urut tanpa celah 73 Benar" in said


def test_a_damaged_record_is_shown_as_far_as_it_can_be_read(auditor: Auditor, folder: Path) -> None:
    with sqlite3.connect(folder / "ledger.sqlite") as database:
        database.execute(
            'UPDATE ledger SET state = replace(CAST(state AS TEXT), \'"number":"A001"\', \'"number":"A009"\')'
            " WHERE originator_id LIKE 'day:%' AND originator_version = 11"
        )
    database.close()
    said = words(auditor.opens(DAY))
    assert "Catatan hari ini tidak utuh." in said
    assert "Peristiwa ke- 10 dari 10" in said
    assert "Salah pada peristiwa" in words(auditor.opens(f"{DAY}/checks"))
    auditor.opens(f"{DAY}/ticket/A001")


def test_a_ticket_a_counter_and_an_officer_have_their_story(auditor: Auditor) -> None:
    ticket, counter, officer = (words(auditor.opens(DAY + path)) for path in STORIES)
    assert "A003 Ditutup Datang 08.04.10" in ticket
    assert "Diberi prioritas: Hamil atau menyusui." in ticket
    assert "Kisah Loket 3" in counter
    assert "Nomor dibatalkan." in counter
    assert "Kisah petugas petugas-budi" in officer
    assert "Orang dilayani" in officer


def test_what_was_taken_back_and_what_took_it_back_lead_to_each_other(auditor: Auditor) -> None:
    lines = list(story(list(auditor.house.ledger.history(f"day:ltsa:{DAY[1:]}"))))
    undone = next(line for line in lines if line.event == "action-undone")
    page = html5lib.parse(auditor.opens(DAY, version=str(undone.version)), namespaceHTMLElements=False)
    links = {
        row.get("data-row"): [link.get("data-version") for link in row.findall(".//p[@class]/span/a")]
        for row in page.iter("tr")
        if row.get("data-row")
    }
    assert links[str(undone.version)] == [str(undone.corrects)]
    assert links[str(undone.corrects)] == [str(undone.version)]
    assert f"Dikoreksi oleh peristiwa ke- Lihat saat ini: {undone.version}" in words(
        auditor.opens(DAY, version=str(undone.corrects))
    )


def test_durations_are_those_between_the_times_that_stand_beside_them(auditor: Auditor) -> None:
    said = words(auditor.opens(f"{DAY}/ticket/A001"))
    assert "08.00.05 08.05.00 4 menit 55 detik Menunggu" in said
    assert "08.05.00 08.05.30 30 detik Dipanggil" in said


@pytest.mark.parametrize(
    "path", ["", DAY, f"{DAY}/ticket/C001", "/2026-03-03", "/2026-03-01", *map(DAY.__add__, (*STORIES, *PARTS))]
)
def test_a_page_is_valid_html(auditor: Auditor, path: str) -> None:
    parser = html5lib.HTMLParser()
    for query in ({}, {"lang": "en"}):
        parser.parse(auditor.opens(path, **query))
        assert parser.errors == []


def test_the_list_of_days_says_what_each_day_holds(auditor: Auditor) -> None:
    said = words(auditor.opens(""))
    assert "Senin, 2 Maret 2026 73 7 10 07.58.10 – 08.50.00" in said
    assert "Tidak ada hari layanan di antara" in words(auditor.opens("", **{"from": "2026-03-03"}))
    assert "Senin, 2 Maret 2026" in words(auditor.opens("", **{"from": "2026-03-02", "to": "2026-03-02"}))


def test_a_day_without_events_leads_to_the_nearest_ones(auditor: Auditor) -> None:
    assert "Tidak ada yang tercatat di kantor ini pada hari itu." in words(auditor.opens("/2026-03-01"))
    assert "Senin, 2 Maret 2026" in words(auditor.opens("/2026-03-01"))
    assert "Senin, 2 Maret 2026" in words(auditor.opens("/2026-03-09"))


@pytest.mark.parametrize(
    ("path", "query", "status", "sentence"),
    [
        ("/yesterday", {}, 422, "“yesterday” bukan tanggal. Tulis tahun-bulan-tanggal, misalnya 2026-11-21."),
        ("/2026-02-30", {}, 422, "“2026-02-30” bukan tanggal."),
        ("/20260302", {}, 422, "bukan tanggal"),
        (DAY, {"at": "noon"}, 422, "“noon” bukan jam. Tulis jam kantor ini, misalnya 09:15 atau 09:15:30."),
        (DAY, {"at": "25:00"}, 422, "bukan jam"),
        (DAY, {"from": "8"}, 422, "bukan jam"),
        (DAY, {"version": "74"}, 422, "“74” bukan nomor peristiwa. Hari itu bernomor 0 sampai 73."),
        (DAY, {"version": "-1"}, 422, "bukan nomor peristiwa"),
        (DAY, {"version": "9" * 5000}, 422, "bukan nomor peristiwa"),
        (DAY, {"page": "0"}, 422, "bukan nomor halaman"),
        (DAY, {"position": "x"}, 422, "“x” bukan posisi pembukuan. Tulis bilangan, misalnya 90412."),
        (DAY, {"go": "home"}, 422, "“home” bukan arah. Pilih salah satu: next, previous, next-call, previous-call"),
        ("", {"from": "March"}, 422, "bukan tanggal"),
        ("/2026-03-01/board", {}, 404, "Tidak ada peristiwa pada hari itu"),
        (f"{DAY}/ticket/Z999", {}, 404, "Nomor itu tidak ada hari ini."),
        (f"{DAY}/counter/99", {}, 404, "Loket itu tidak ada di kantor ini."),
        (f"{DAY}/officer/nobody", {}, 404, "Petugas “nobody” tidak tercatat pada hari itu."),
    ],
)
def test_what_cannot_be_right_is_refused_with_what_would_be(
    auditor: Auditor, path: str, query: dict[str, str], status: int, sentence: str
) -> None:
    assert sentence in words(auditor.is_refused(path, status, **query))


NONSENSE = ("", " ", "0", "-1", "١٢", "9" * 400, "09:15:60", "\x00", "💥", "a:b@c", "../..", "<b>", "%", "{n}", "[]")


QUERY = ("at", "version", "page", "from", "to", "number", "counter", "officer", "event", "lang", "text")
QUERIES = {
    **dict.fromkeys(("", DAY, f"{DAY}/events.csv", "/days.csv"), QUERY),
    f"{DAY}/board": (*QUERY, "go", "position"),
    f"{DAY}/events": ("page", "position"),
    f"{DAY}/lanes": ("lanes", "span", "lane", "lanes_page"),
    f"{DAY}/find": ("q", "version"),
}


@pytest.mark.parametrize("path", QUERIES)
def test_no_query_whatever_makes_a_page_fail(auditor: Auditor, path: str) -> None:
    for name in QUERIES[path]:
        for value in NONSENSE:
            answer = auditor.client.get(f"/audit/ltsa{path}", query_string={name: value})
            assert answer.status_code in {200, 422}, (name, value)


@pytest.mark.parametrize("value", [value for value in NONSENSE if value.strip() and ".." not in value])
def test_no_address_whatever_makes_a_page_fail(auditor: Auditor, value: str) -> None:
    for path in ("", DAY, f"{DAY}/ticket", f"{DAY}/counter", f"{DAY}/officer"):
        assert auditor.client.get(f"/audit/ltsa{path}/{quote(value)}").status_code in {404, 422}, path


def test_an_office_that_is_not_there_is_not_found_and_another_office_is_not_shown(auditor: Auditor) -> None:
    everywhere = signed_in(auditor.app)
    for path in ("", DAY, "/journal"):
        assert everywhere.get(f"/audit/elsewhere{path}").status_code == 404
        assert auditor.client.get(f"/audit/elsewhere{path}").status_code == 403


def test_the_csv_holds_every_event_once_in_order_and_opens_in_a_spreadsheet(auditor: Auditor) -> None:
    data = auditor.downloads(f"{DAY}/events.csv")
    assert data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert head[:4] == ["Posisi pembukuan", "Ke-", "Pukul", "Kode"]
    assert [int(row[1]) for row in rows] == list(range(1, 74))
    assert rows[8][2:5] == ["2026-03-02T08:05:00+07:00", "ticket-called", "A001"]
    assert {len(row) for row in rows} == {len(head)}


def test_the_csv_holds_what_the_filter_lets_through(auditor: Auditor) -> None:
    rows = auditor.downloads(f"{DAY}/events.csv", number="C002").decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 12


def test_a_name_that_a_spreadsheet_would_take_for_a_formula_stays_a_name(auditor: Auditor) -> None:
    last = MORNING[-1][0]
    reopened = next(command for command in commands() if isinstance(command, ReopenDay))
    auditor.house.do(replace(reopened, at=instant(last) + 1000, key="again"))
    formula = '=HYPERLINK("http://example.org";"klik")'
    auditor.house.do(
        OpenCounter(
            office="ltsa", at=instant(last) + 2000, by=f"officer:{formula}", key="f", counter="9", officer=formula
        )
    )
    *_, row = csv.reader(io.StringIO(auditor.downloads(f"{DAY}/events.csv").decode("utf-8-sig")))
    assert f"'{formula}" in row
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "HYPERLINK" in auditor.opens(f"{DAY}/officer/{formula}")


def test_the_days_and_the_course_of_a_day_are_csv_too(auditor: Auditor) -> None:
    assert b"2026-03-02,73,7,10," in auditor.downloads("/days.csv")
    assert b"2026-03-02T08:30:00+07:00," in auditor.downloads(f"{DAY}/course.csv")


def test_english_pages_stay_english(auditor: Auditor) -> None:
    page = auditor.opens(DAY, lang="en", version="9")
    assert "The wait counts from 08:00:05, longest of 3 people" in part(page, "this")
    links = re.findall(r'href="(/audit/[^"]+)"', page)
    assert links
    assert all("lang=" in link for link in links)


def test_a_day_that_is_still_running_says_until_when_it_is_shown(auditor: Auditor) -> None:
    now = auditor.house.now()
    auditor.house.do(OpenCounter(office="ltsa", at=now, by="officer:sari", key="now", counter="1", officer="sari"))
    said = words(auditor.opens(f"/{office().service_date(now)}"))
    assert "Hari ini masih berjalan. Yang terlihat adalah catatan sampai pukul" in said
    assert "Loket dibuka oleh sari" in said
    assert "masih berjalan" in words(auditor.opens(""))
    assert "masih berjalan" not in words(auditor.opens(DAY))
    auditor.house.do(CloseDay(office="ltsa", at=now, by="supervisor:ratna", key="closed"))
    assert "masih berjalan" not in words(auditor.opens(f"/{office().service_date(now)}"))

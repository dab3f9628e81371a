"""The page of a day beyond its picture: ways from event to event, the search, what an event changed, the timeline, and
the window on a long list. Without a browser.
"""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from audit import pages
from audit.asked import Filter, Instant, Lanes
from audit.book import Book
from audit.change_telling import ChangeTeller
from audit.finding import find
from audit.in_force import around
from audit.lanes import LANES_SHOWN, timeline, window
from audit.telling import Teller
from ltsa.configuring import ConfigureOffice
from ltsa.day import Day
from ltsa.difference import difference
from ltsa.happened import DayConfigured
from ltsa.present import Recorded
from ltsa.replay import opening
from ltsa.snapshots import Going, Snapshots
from tests.audit.test_pages import DAY, part, words
from tests.ltsa.scripted_day import CASES, DATE, LATER, MORNING, dispatched, history, instant, office
from tools.made_days import MadeDay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.audit.conftest import Auditor


def book_of(record: Sequence[Recorded], on: date) -> Book:
    """A day's record as the auditor's pages have it."""
    opened = opening(record)
    assert opened
    found = Book(on, list(record), Snapshots(record), [opened.office])
    found.take_in(found.history)
    return found


@pytest.fixture(scope="module")
def scripted() -> Book:
    """The scripted scripted."""
    return book_of(history(), DATE)


@pytest.fixture(scope="module")
def busy() -> Book:
    """A made day of some six hundred events, with the office changed in its middle."""
    made = MadeDay(7, people=40, policy="index")
    events = list(made.events())
    changed = DayConfigured(at=events[300].at, by="system", key="changed", content="", office=made.office)
    events.insert(301, changed)
    record = [Recorded(1000 + 2 * n, "day:made:2026-11-21", n, event) for n, event in enumerate(events, 1)]
    return book_of(record, date(2026, 11, 21))


def event_of(page: str) -> int:
    """Which event a page shows."""
    found = re.search(r'data-version="(\d+)" data-newest', page)
    assert found
    return int(found[1])


# --- From event to event


def test_one_goes_from_call_to_call_and_from_correction_to_correction(auditor: Auditor) -> None:
    def goes(go: str, version: int) -> int:
        return event_of(auditor.opens(f"{DAY}/board", version=str(version), go=go))

    assert [goes("next-call", 0), goes("next-call", 9), goes("previous-call", 18)] == [9, 10, 10]
    assert [goes("next-correction", 0), goes("previous-correction", 20)] == [16, 19]
    assert [goes("next", 20), goes("previous", 20)] == [21, 19]
    assert event_of(auditor.opens(DAY, at="08:05:02", go="next-call")) == 10


def test_with_a_choice_one_goes_from_event_to_event_of_it(auditor: Auditor) -> None:
    def goes(go: str, version: int, **choice: str) -> int:
        return event_of(auditor.opens(f"{DAY}/board", version=str(version), go=go, **choice))

    assert "Pilihan" in words(auditor.opens(DAY, number="A001"))
    assert [goes("next", 4, number="A001"), goes("next", 9, number="A001")] == [9, 11]
    assert goes("previous", 73, officer="petugas-rina") < goes("previous", 73)
    assert goes("next", 0, counter="5") == goes("next", 0, officer="petugas-rina")


def test_where_there_is_nothing_more_it_is_said_and_the_instant_stays(auditor: Auditor) -> None:
    assert "Tidak ada lagi ke arah itu." in words(auditor.opens(DAY, version="73", go="next"))
    board = auditor.opens(f"{DAY}/board", at="08:05:02", go="previous-call", number="A001")
    assert event_of(board) == 9
    stays = auditor.opens(f"{DAY}/board", version="5", go="previous-call")
    assert event_of(stays) == 5
    assert "data-nowhere" in stays


def test_a_position_of_the_ledger_leads_to_the_last_event_until_it(busy: Book) -> None:
    assert busy.moment(Instant(position=1000 + 2 * 77)).version == 77
    assert busy.moment(Instant(position=1001 + 2 * 77)).version == 77
    assert busy.moment(Instant(position=1)).version == 0


def test_every_filter_finds_by_bisection_what_a_look_at_every_line_finds(busy: Book) -> None:
    lines = list(busy.lines(range(1, busy.newest + 1)))
    some = lines[400]
    filters = [
        Filter(number=some.number),
        Filter(counter=some.counter),
        Filter(officer=some.officer, event="ticket-called"),
        Filter(since=some.at, until=lines[500].at),
        Filter(counter=some.counter, since=some.at, until=lines[500].at),
        Filter(number="Z999"),
        Filter(),
    ]
    for chosen in filters:
        assert list(busy.versions(chosen)) == [line.version for line in lines if chosen.takes(line)], chosen


# --- The window on the list


def test_the_list_opens_at_the_page_that_holds_the_instant(busy: Book) -> None:
    around = pages.listed(busy, Filter(), 301)
    assert around.lines[0].version <= 301 <= around.lines[-1].version
    assert (around.found, around.pages) == (busy.newest, -(-busy.newest // pages.EVENTS_SHOWN))
    calls = pages.listed(busy, Filter(event="ticket-called"), 301)
    assert any(line.version <= 301 for line in calls.lines)
    assert {line.event for line in calls.lines} == {"ticket-called"}
    assert pages.listed(busy, Filter(), 301, page=1).lines[0].version == 1


# --- The search


def test_a_search_finds_tickets_counters_officers_kinds_and_what_events_carry(scripted: Book) -> None:
    def finds(wanted: str, lang: str = "id") -> list[tuple[str, str]]:
        return [(hit.what, hit.id) for hit in find(scripted, Teller(office(), lang), wanted, 20)]

    assert finds("c00") == [("number", "C001"), ("number", "C002")]
    assert finds("Loket 5") == [("counter", "5")]
    assert ("officer", "petugas-rina") in finds("RINA")
    assert ("kind", "ticket-recalled") in finds("called again", "en")
    assert finds("no-family") == [("code", "no-family-permission")]
    assert finds("  ") == finds("nothing like it") == []


def test_what_is_found_knows_its_first_last_and_next_event(scripted: Book) -> None:
    [hit] = find(scripted, Teller(office(), "id"), "A001", 20)
    assert (hit.count, hit.first, hit.before, hit.after) == (
        len(scripted.traces.numbers["A001"]),
        4,
        *(
            max(version for version in scripted.traces.numbers["A001"] if version < 20),
            min(version for version in scripted.traces.numbers["A001"] if version > 20),
        ),
    )


def test_an_event_a_position_and_a_time_are_places(scripted: Book, busy: Book) -> None:
    teller = Teller(office(), "id")
    assert [(hit.what, hit.first) for hit in find(scripted, teller, "#12", 0)] == [("event", 12)]
    assert [(hit.what, hit.first) for hit in find(scripted, teller, "8.05", 0)] == [("time", 9)]
    assert [(hit.what, hit.first) for hit in find(busy, teller, "@1010", 0)] == [("position", 5)]
    assert find(busy, teller, "@1011", 0) == find(scripted, teller, "#74", 0) == []


def test_the_page_of_what_was_found_leads_there(auditor: Auditor) -> None:
    page = auditor.opens(f"{DAY}/find", q="C002", version="20")
    assert "Nomor C002" in words(page)
    assert "version=21" in page or "Berikutnya" in words(page)
    assert "number=C002" in page
    assert "Tidak ada yang cocok" in words(auditor.opens(f"{DAY}/find", q="<b>"))


# --- What an event changed


def test_a_call_says_what_it_changed_for_the_person_the_counter_and_the_queue(auditor: Auditor) -> None:
    said = part(auditor.opens(DAY, version="9"), "changes")
    assert "A001 Keadaan Menunggu Dipanggil" in said
    assert "Loket 1 Nomor – A001" in said
    assert "Antrean Informasi dan pengaduan Menunggu 3 2" in said
    assert "baru" in part(auditor.opens(DAY, version="4"), "changes")


def test_a_decision_names_the_event_that_recorded_its_weights(auditor: Auditor) -> None:
    assert "dengan bobot dari peristiwa ke-" in part(auditor.opens(DAY, version="9"), "this")


@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_change_there_is_can_be_told(lang: str) -> None:
    for record in (history(played=MORNING + LATER + CASES), dispatched()):
        going, teller = Going(Day()), ChangeTeller(Teller(office(), lang))
        for recorded in record:
            before = going.snapshot()
            going.take(recorded.event)  # type: ignore[arg-type]
            for group in teller.tell(difference(before, going.day)):
                assert group.name
                assert all(row.fact and row.before and row.after and row.before != row.after for row in group.rows)


def test_an_event_leads_to_the_sign_ins_of_whoever_gave_the_command(auditor: Auditor) -> None:
    page = auditor.opens(DAY, version="9")
    [link] = re.findall(r'href="(/audit/ltsa/journal[^"]+person=petugas-sari[^"]*)"', page)
    answer = auditor.client.get(unescape(link))
    assert answer.status_code == 200
    assert re.search(r'value="doors"[^>]* selected', answer.get_data(as_text=True))
    assert "journal?" not in auditor.opens(f"{DAY}/board", version="4")


def test_the_rules_of_a_day_stand_beside_those_of_the_day_before_and_of_today(auditor: Auditor) -> None:
    said = words(auditor.opens(f"{DAY}/rules"))
    assert "Yang berubah sejak itu sampai hari ini Tidak ada yang berubah." in said
    assert "hari layanan sebelumnya" not in said
    changed = replace(office(), rules=replace(office().rules, recall_limit=7))
    auditor.house.do(
        ConfigureOffice(office="ltsa", at=1, by="system", key="later", configuration=changed, since="1970-01-02")
    )
    said = words(auditor.opens(f"{DAY}/rules"))
    assert "Panggilan ulang paling banyak 3 kali" in said
    assert re.search(r"sampai hari ini Apa Sebelum Sesudah [^.]* 3 7", said)
    assert f"{DAY}/rules" in auditor.opens(DAY, version="9")


def test_what_was_changed_before_and_during_a_day_is_told(busy: Book) -> None:
    first = busy.offices[0]
    other = replace(first, rules=replace(first.rules, recall_limit=first.rules.recall_limit + 1))
    earlier = book_of(busy.record[:5], busy.date)
    earlier.offices[:] = [other]
    before, within, until = around(busy, earlier, other, "en")
    assert (before.when, within.when, until.when) == ("before", "within", "until")
    assert within.at == busy.history[301].event.at
    assert within.changes == []
    [change] = before.changes
    assert (change.before, change.after) == (str(other.rules.recall_limit), str(first.rules.recall_limit))


# --- The timeline


def test_a_window_has_the_instant_in_it_and_stays_for_a_while(busy: Book) -> None:
    first, last = busy.history[0].event.at, busy.history[-1].event.at
    for at in (first, (first + last) // 2, last):
        for span in (5, 60, 240, 0):
            scale = window(busy, span, at)
            assert scale.begins <= at <= scale.ends
    assert window(busy, 60, first + 7_200_000) == window(busy, 60, first + 7_260_000)


def test_lanes_show_who_was_there_and_nobody_else(scripted: Book) -> None:
    at = instant("08:20:20")
    tickets = timeline(scripted, Lanes(of="tickets", span=5), at)
    assert [lane.id for lane in tickets.lanes] == ["A001", "C001", "A002", "C002", "A003", "G001"]
    assert [lane.id for lane in timeline(scripted, Lanes(of="tickets", span=5, name="c"), at).lanes] == ["C001", "C002"]
    counters = {lane.id: lane for lane in timeline(scripted, Lanes(span=0), at).lanes}
    assert set(counters) == {"1", "3", "5"}
    assert [bar.phase.state for bar in counters["5"].bars] == ["free", "called", "serving", "free"]
    officers = timeline(scripted, Lanes(of="officers", span=0), at)
    assert [lane.id for lane in officers.lanes] == ["petugas-budi", "petugas-rina", "petugas-sari"]


def test_many_tickets_come_in_pages_and_bars_that_nobody_could_tell_apart_as_one(busy: Book) -> None:
    whole = timeline(busy, Lanes(of="tickets", span=0, page=99), busy.history[200].event.at)
    assert whole.found == len(busy.traces.visits)
    assert whole.asked.page == whole.pages == -(-whole.found // LANES_SHOWN)
    for lane in whole.lanes:
        assert all(bar.left + bar.width <= 100.001 for bar in lane.bars)


def test_the_page_says_in_words_what_a_lane_draws(auditor: Auditor) -> None:
    page = auditor.opens(f"{DAY}/lanes", at="08:20:20", lanes="tickets", span="15")
    assert "08.20.20–08.20.50 Dipanggil C002, Ketenagakerjaan, Loket 3." in page
    assert "jendela" in words(auditor.is_refused(f"{DAY}/lanes", 422, span="7"))
    assert "bukan lajur" in words(auditor.is_refused(f"{DAY}/lanes", 422, lanes="rooms"))

"""Recorded days told otherwise: the question, its progress, the answer, the table."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from app import create_app
from ltsa.comparing import compare
from ltsa.journal import DataExported
from ltsa.message import Refusal
from ltsa.whatif import FIGURES, Answer
from manage.replaying import Result, levers, one, read, rows
from tests.manage.conftest import Manager
from tests.manage.past import DATES, LEFT_OPEN, record
from tests.staff import signed_in
from tools.made_days import office as made_office
from web.computing import Computations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from web.computing import Tell
    from web.settings import Settings

SPAN = {"from": DATES[0], "to": DATES[-1]}
OFFICE = made_office("index")


@pytest.fixture
def past(settings: Settings) -> Iterator[Manager]:
    """The manager of an office with three closed days and one that was never closed behind it."""
    record(settings.data)
    app = create_app(settings)
    app.testing = True
    yield Manager(signed_in(app, "rahma", ["manager"], "ltsa"), app.extensions["ltsa"])
    app.extensions["ltsa"].close()


def outcome(manager: Manager, **query: object) -> str:
    """The page once the computation has ended."""
    for _ in range(600):
        page = manager.opens("/whatif", **query)
        if "data-running" not in page:
            return page
        time.sleep(0.05)
    pytest.fail("the computation did not end")


def until(held: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    for _ in range(500):
        if held():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


# --- The page


def test_an_office_without_a_past_says_so(manager: Manager) -> None:
    page = manager.opens("/whatif")
    assert "Belum ada hari yang tercatat." in page
    assert "Hitung" not in page


def test_the_days_behind_are_offered_and_nothing_is_computed_unasked(past: Manager) -> None:
    page = past.opens("/whatif")
    assert 'min="2025-11-18"' in page
    assert "Pilih satu hal, lalu tekan Hitung." in page
    assert page.count("data-lever") == 3
    assert not past.house.computations.known(f"whatif ltsa {SPAN}")


def test_the_change_stands_beside_what_happened_and_how_far_it_may_be_believed(past: Manager) -> None:
    page = outcome(past, **SPAN, change="counter", counter="health")
    assert "Satu loket lagi: HEALTH" in page
    assert "3 hari, 18 November 2025 sampai 20 November 2025" in page
    assert "data-belief=" in page
    assert page.count("otherwise__bar--happened") == page.count("otherwise__bar--changed") == len(FIGURES)
    cells = re.findall(r'<td class="figure">(.*?)</td>', page.partition("Waktu di gedung, rata-rata")[2])[:5]
    happened, replayed, off = (float(cell.replace(",", ".").replace("\u2212", "-")) for cell in cells[:3])
    assert happened > 20
    assert replayed - happened == pytest.approx(off, abs=0.11)
    assert " sampai " in cells[4]


def test_a_day_that_was_never_closed_is_not_played(past: Manager) -> None:
    assert "2 hari, 19 November 2025" in outcome(past, **{"from": DATES[1], "to": LEFT_OPEN}, change="slots")
    alone = outcome(past, **{"from": LEFT_OPEN, "to": LEFT_OPEN}, change="slots")
    assert "Tidak ada yang dapat dihitung." in alone


def test_the_table_is_there_once_it_was_computed_and_is_on_record(past: Manager) -> None:
    query = {**SPAN, "change": "policy", "policy": "fix"}
    early = past.client.get("/manage/ltsa/whatif/table.csv", query_string=query)
    assert early.status_code == 409
    outcome(past, **query)
    table = past.client.get("/manage/ltsa/whatif/table.csv", query_string=query)
    assert table.mimetype == "text/csv"
    lines = table.get_data(as_text=True).splitlines()
    assert len(lines) == 1 + len(FIGURES)
    assert lines[1].startswith('"Waktu di gedung, rata-rata",menit,')
    journals = past.house.ledger.streams("journal:ltsa:")
    noted = [one.event for one in past.house.ledger.history(journals[-1]) if isinstance(one.event, DataExported)]
    assert [(event.kind, event.about) for event in noted] == [("whatif.csv", DATES[0])]


def test_a_computation_is_taken_back_and_asked_for_again(past: Manager) -> None:
    go, query = threading.Event(), {**SPAN, "change": "slots"}
    past.house.computations.ask("before", lambda _: go.wait(10), past.house.now())
    assert "Menunggu giliran" in past.opens("/whatif", **query)
    answer = past.client.post("/manage/ltsa/whatif/cancel", query_string=query)
    assert answer.status_code == 303
    go.set()
    page = past.client.get(answer.location).get_data(as_text=True)
    assert "Perhitungan dibatalkan." in page
    past.opens("/whatif", **query, again=1)
    assert "data-belief" in outcome(past, **query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "besok", "change": "slots"}, "Tuliskan tanggal"),
        ({"from": DATES[1], "to": DATES[0], "change": "slots"}, "Hari terakhir ada sebelum hari pertama."),
        ({"from": "2024-01-01", "to": "2024-01-02", "change": "slots"}, "Tidak ada hari yang tercatat"),
        ({"change": "counter", "counter": "PHOTO"}, "Layanan itu tidak ada di kantor ini."),
        ({"change": "policy", "policy": "luck"}, "Pilih salah satu cara memanggil."),
        ({"change": "later", "later": "0"}, "Tuliskan menit"),
        ({"change": "later", "later": "9", "at": "99"}, "Loket itu tidak ada di kantor ini."),
        ({"change": "without", "without": "reg:out"}, "Syarat itu tidak ada di kantor ini."),
        ({"change": "everything"}, "Pilih satu hal yang lain."),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field(past: Manager, query: dict[str, str], said: str) -> None:
    answer = past.client.get("/manage/ltsa/whatif", query_string={**SPAN, **query})
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


# --- The question and the answer


def test_more_days_than_a_month_are_too_many() -> None:
    known = [f"2025-{month:02}-{day:02}" for month in (10, 11) for day in range(1, 29)]
    form = read({"from": known[0], "to": known[-1], "change": "slots"}, OFFICE, known)
    assert (form.wrong, form.asked) == ({"to": "too_many"}, None)
    assert read({"change": "slots"}, OFFICE, known).asked is not None, "the last days alone are not"


def test_the_address_holds_what_the_question_needs_and_no_more() -> None:
    form = read({**SPAN, "change": "later", "later": "-15", "at": "", "counter": "imm"}, OFFICE, DATES)
    assert form.asked
    assert form.asked.parameters == {**SPAN, "change": "later", "later": "-15"}
    assert form.asked.change.later == {"": -15}


def test_of_a_class_in_which_nobody_was_nothing_is_said() -> None:
    assert [row.name for row in rows(result(100, 100, (80, 82)).answer)] == list(FIGURES)
    answer = result(100, 100, (80, 82)).answer
    nobody = {**answer.trust, "priority": compare([0.0] * 2, [0.0] * 2)}
    assert "priority" not in [row.name for row in rows(structs.replace(answer, trust=nobody))]


def test_the_levers_are_at_the_bottleneck() -> None:
    found = levers(OFFICE, SPAN, "health")
    assert [lever["change"] for lever in found] == ["slots", "counter", "without"]
    assert (found[1]["counter"], found[2]["without"]) == ("health", "rec:health")


def result(happened: float, replayed: float, changed: tuple[float, float], **more: Any) -> Result:
    """An answer of two days whose figures all are these."""
    trust, effect = compare([replayed] * 2, [happened] * 2), compare(changed, [replayed] * 2)
    answer = Answer(dates=DATES[:2], trust=dict.fromkeys(FIGURES, trust), effect=dict.fromkeys(FIGURES, effect))
    return Result(**{"answer": answer, "loads": {"reg": 0.5, "health": 0.4}, "choosers": 0.9, **more})


def test_it_is_believed_as_far_as_the_replay_was_right() -> None:
    assert result(100, 101, (80, 82)).belief == "close"
    assert result(100, 105, (80, 82)).belief == "rough"
    assert result(100, 105, (103, 103)).belief == "smaller"
    assert result(100, 120, (10, 12)).belief == "not"


def test_where_nothing_is_gained_it_says_why() -> None:
    assert result(100, 100, (80, 82)).vanishes == []
    assert result(100, 100, (90, 112), choosers=0.05).vanishes == ["fixed", "chance"]
    assert result(100, 100, (80, 82), loads={"health": 0.95, "reg": 0.6}).vanishes == ["bottleneck"]
    assert not result(100, 100, (80, 82), loads={"health": 0.95, "reg": 0.9}).is_hard


def test_figures_are_written_as_the_language_has_them() -> None:
    assert [one(value, "id", signed=True) for value in (1.25, -3, -0.01)] == ["+1,2", "\u22123,0", "0,0"]
    assert one(12.5, "en") == "12.5"


# --- One at a time


def test_one_computes_at_a_time_and_stops_when_it_is_taken_back() -> None:
    computations, went_on = Computations(), list[str]()

    def endless(tell: Tell) -> None:
        while tell(1, 4):
            pass
        went_on.append("ended")

    first = computations.ask("first", endless, 0)
    second = computations.ask("second", lambda tell: tell(1, 2) and "out", 0)
    until(lambda: first.percent == 25)
    assert (first.state, second.state) == ("running", "waiting")
    assert computations.ask("first", endless, 0) is first
    computations.cancel("first")
    until(lambda: second.state == "done")
    assert (first.state, second.result, went_on) == ("cancelled", "out", ["ended"])
    computations.close()


def test_what_fails_says_so_and_the_next_one_is_computed() -> None:
    computations = Computations()

    def wrong(_tell: Tell) -> None:
        raise ValueError("no such counter")

    failed, fine = computations.ask("wrong", wrong, 0), computations.ask("fine", lambda _: 1, 0)
    until(lambda: fine.state == "done")
    assert (failed.state, failed.is_refused) == ("failed", True)
    assert computations.ask("wrong", lambda _: 2, 0) is failed
    assert computations.ask("wrong", lambda _: 2, 0, again=True) is not failed
    computations.close()


def test_it_is_kept_for_an_hour_and_a_crowd_is_turned_away() -> None:
    computations, go = Computations(), threading.Event()
    old = computations.ask("old", lambda _: 1, 0)
    until(lambda: old.ended)
    assert computations.ask("old", lambda _: 1, 3_600_000) is old
    assert computations.ask("old", lambda _: go.wait(10), 3_600_001) is not old
    for n in range(7):
        computations.ask(f"{n}", lambda _: 1, 3_600_001)
    with pytest.raises(Refusal, match="Others are computing already"):
        computations.ask("one more", lambda _: 1, 3_600_001)
    go.set()
    computations.close()

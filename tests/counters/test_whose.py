"""Who acts is who is signed in: at their own counter, on the day that their page shows, and seen when they look."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from ltsa.journal import DataErased, DataSeen
from tests.counters.conftest import Hall, Officer, violations
from tests.counters.presses import Presses
from tests.staff import pair

if TYPE_CHECKING:
    from playwright.sync_api import Page

Sits = Callable[..., Officer]
A_DAY = 86_400_000
NOTE = "Ibu Wati menitipkan berkas"


def journal(presses: Presses) -> list[tuple[str, str, str]]:
    """Looks at personal data and erasures: what, by whom, about whom."""
    presses.house.catch_up()
    return [
        (type(recorded.event).__name__, recorded.event.by, recorded.event.about)
        for recorded in presses.house.ledger.since(0)
        if isinstance(recorded.event, DataSeen | DataErased)
    ]


def serving_with_a_note(presses: Presses) -> str:
    """Siti has called C001 to counter 3 and written a note; its id."""
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", text=NOTE)
    (note,) = presses.day.tickets["C001"].notes
    return note


# --- Whose counter it is


def test_an_officer_may_not_act_at_the_counter_of_a_colleague(presses: Presses) -> None:
    note = serving_with_a_note(presses)
    budi = presses.of("budi")
    for action in ("start", "recall", "no-show", "hold", "undo", "pause", "close", "open"):
        assert budi.refused(action, reason="break") == (409, "counter-taken"), action
    assert budi.refused("note", text="Bukan dari Siti") == (409, "counter-taken")
    assert budi.refused(f"notes/{note}/erase") == (409, "counter-taken")
    seen = budi.client.get("/desk/ltsa/3/notes?number=C001").text
    assert NOTE not in seen
    assert "Catatan hanya tampil bagi petugas loket ini." in seen
    assert journal(presses) == []
    assert presses.day.tickets["C001"].state == "called"


def test_a_supervisor_may_step_in_and_the_record_says_so(presses: Presses) -> None:
    serving_with_a_note(presses)
    yuni = presses.of("yuni", "supervisor")
    assert NOTE in yuni.client.get("/desk/ltsa/3/notes?number=C001").text
    yuni.does("no-show", present="C001")
    assert yuni.refused("open") == (409, "counter-taken"), "nobody sits down on somebody's lap"
    yuni.does("close")
    assert presses.house.ledger.since(0)[-1].event.by == "supervisor:yuni"
    assert presses.of("rina").does("open")["ok"]
    assert presses.day.counters["3"].officer == "rina"


def test_an_officer_sits_at_one_counter(presses: Presses) -> None:
    presses.does("open")
    assert presses.refused("open", counter="4") == (409, "officer-elsewhere")


def test_any_officer_may_help_a_visit_along_wherever_they_sit(presses: Presses) -> None:
    presses.takes("labour")
    budi = presses.of("budi")
    budi.does("priority", number="C001", priority="elderly", counter="5")
    budi.does("cancel", number="C001", counter="5")
    assert presses.house.ledger.since(0)[-1].event.by == "officer:budi"


def test_a_press_that_was_answered_gets_that_answer_though_a_colleague_sits_there_now(presses: Presses) -> None:
    presses.does("open")
    first = presses.does("close", key="lost-answer")
    presses.of("budi").does("open")
    assert presses.does("close", key="lost-answer") == first
    assert presses.refused("close") == (409, "counter-taken")


def test_a_desk_says_that_a_colleague_sits_there_and_takes_no_press(hall: Hall, sits: Sits) -> None:
    siti = sits("3").opens()
    budi = sits("3", "budi")
    budi.reads("Loket ini dipakai siti.")
    assert budi.page.locator("#primary").is_disabled()
    assert violations(budi.page) == []
    siti.presses("o")
    siti.sheet.get_by_text("Tutup Loket 3?").wait_for()
    siti.presses("Enter")
    budi.opens()
    siti.reads("Loket ini dipakai budi.")
    hall.takes("labour")
    yuni = sits("3", "yuni")
    yuni.presses(" ")
    yuni.has("C001", "Dipanggil")


# --- Which day it is


def test_a_page_that_still_shows_yesterday_does_not_cancel_todays_bearer_of_the_number(presses: Presses) -> None:
    presses.takes("labour")
    yesterday, house = presses.day.date, presses.house
    now = house.now
    house.now = lambda: now() + A_DAY  # type: ignore[method-assign] # the night has passed
    presses = presses.of("siti")  # signs in again
    assert presses.takes("labour") == "C001"
    for action in ("cancel", "put-back", "priority", "steps", "call"):
        assert presses.refused(action, number="C001", date=yesterday, priority="") == (409, "day-over"), action
    yuni = presses.of("yuni", "supervisor")
    refused = yuni.send("/supervisor/ltsa/close-day", {"date": yesterday})
    assert refused.get_json()["code"] == "day-over"
    assert refused.get_json()["state"] == presses.day.date != yesterday
    presses.does("cancel", number="C001", date=presses.day.date)


def test_a_press_whose_answer_was_lost_at_midnight_gets_it_after(presses: Presses) -> None:
    presses.takes("labour")
    yesterday, house = presses.day.date, presses.house
    first = presses.does("cancel", key="at-midnight", number="C001", date=yesterday)
    now = house.now
    house.now = lambda: now() + A_DAY  # type: ignore[method-assign]
    assert presses.of("siti").does("cancel", key="at-midnight", number="C001", date=yesterday) == first


def test_desks_sheets_and_the_supervisors_page_say_which_day_they_show(presses: Presses) -> None:
    number, day = presses.takes("labour"), presses.day.date
    assert f'data-date="{day}"' in presses.client.get("/desk/ltsa/3").text
    assert f'data-date="{day}"' in presses.client.get(f"/desk/ltsa/3/sheet/cancel?number={number}").text
    assert f'data-date="{day}"' in presses.of("yuni", "supervisor").client.get("/supervisor/ltsa").text


def test_a_sheet_that_lay_open_over_midnight_is_refused(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.page.locator(".line__person", has_text=number).click()
    siti.sheet.get_by_role("button", name="Batalkan nomor").click()
    siti.sheet.get_by_text("tidak dapat diurungkan").wait_for()
    siti.sheet.locator("[data-date]").evaluate("it => { it.dataset.date = '2020-02-29'; }")
    siti.sheet.get_by_role("button", name="Batalkan nomor").click()
    siti.sheet.get_by_text("Hari layanan sudah berganti").wait_for()
    assert siti.page.locator(".line__part--queue", has_text=number).count() == 1


# --- Who saw what


def test_that_somebody_sees_a_note_is_on_record_once_a_minute_for_each_person(presses: Presses) -> None:
    serving_with_a_note(presses)
    about, house = f"C001 {presses.day.date}", presses.house
    instant, address = house.now() // 60_000 * 60_000, "/desk/ltsa/3/notes?number=C001"
    house.now = lambda: instant  # type: ignore[method-assign]
    for _ in range(3):
        assert NOTE in presses.client.get(address).text
    assert journal(presses) == [("DataSeen", "officer:siti", about)]
    assert NOTE in presses.of("yuni", "supervisor").client.get(address).text
    instant += 60_000
    assert NOTE in presses.client.get(address).text
    assert [by for _, by, _ in journal(presses)] == ["officer:siti", "supervisor:yuni", "officer:siti"]
    assert NOTE not in str([recorded.event for recorded in house.ledger.since(0)])


def test_where_there_is_no_note_nothing_was_seen(presses: Presses) -> None:
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.client.get("/desk/ltsa/3/notes?number=C001")
    assert journal(presses) == []


def test_a_note_is_not_shown_when_the_look_cannot_be_recorded(presses: Presses) -> None:
    serving_with_a_note(presses)
    with sqlite3.connect(presses.house.database) as database:
        database.execute("DROP TABLE ledger")
    database.close()
    answer = presses.client.get("/desk/ltsa/3/notes?number=C001")
    assert answer.status_code == 503
    assert NOTE not in answer.text


def test_an_erasure_is_on_record_once_and_what_is_gone_is_not_seen(presses: Presses) -> None:
    note = serving_with_a_note(presses)
    about = f"C001 {presses.day.date}"
    assert presses.does(f"notes/{note}/erase") == {"ok": True}
    assert presses.does(f"notes/{note}/erase") == {"ok": False}
    assert "Dihapus pukul" in presses.client.get("/desk/ltsa/3/notes?number=C001").text
    assert journal(presses) == [("DataErased", "officer:siti", about)]


# --- Who is signed in


def test_a_computer_at_a_counter_opens_there_and_says_its_name(hall: Hall, sits: Sits) -> None:
    del hall
    siti = sits("", "siti", "computer")
    siti.reads("Buka Loket 4")
    assert siti.page.url.endswith("/desk/ltsa/4")
    assert siti.page.locator(".who__names").inner_text().split() == ["Masuk", "sebagai", "siti", "meja-4"]
    assert violations(siti.page) == []


def test_a_computer_of_another_office_or_of_a_counter_that_is_gone_lets_choose(presses: Presses) -> None:
    for n, (office, counter) in enumerate([("elsewhere", "4"), ("ltsa", "99"), ("ltsa", "")]):
        presses.client.set_cookie("device", pair(presses.house, "counter", f"meja-{n}", office, counter))
        assert presses.client.get("/desk/ltsa").status_code == 200


def test_who_signs_out_is_led_away_and_their_keys_do_nothing(hall: Hall, sits: Sits) -> None:
    siti = sits("3").opens()
    siti.page.expected_errors = ["401"]  # type: ignore[attr-defined]
    other = siti.page.context.new_page()
    other.goto(f"{hall.office.url}/desk/ltsa/3")
    other.get_by_role("button", name="Keluar").click()
    other.get_by_text("Anda sudah keluar").first.wait_for()
    siti.page.wait_for_url("**/sign-in?**")


def test_a_press_by_nobody_is_refused(presses: Presses) -> None:
    nobody = presses.app.test_client()
    answer = nobody.post("/desk/ltsa/3/open", json={"officer": "siti"}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "sign-in-needed")
    assert presses.day.counters["3"].state == "closed"


# --- Who only looks


def test_an_auditor_sees_the_hall_and_is_offered_nothing_to_press(hall: Hall, supervisor: Page, sits: Sits) -> None:
    sits("3").opens()
    agus = hall.lets_in(supervisor.context.browser.new_context(locale="id-ID").new_page(), "agus")  # type: ignore[union-attr]
    for page in (agus, supervisor):
        page.goto(f"{hall.office.url}/supervisor/ltsa")
        page.locator("#counter-3").get_by_text("siti").wait_for()
    names = [button.inner_text() for button in supervisor.locator("#main button:visible").all()]
    assert names == ["Cetak", "Tutup hari"]
    assert supervisor.get_by_role("link", name="Loket 3").count() == 1
    assert supervisor.get_by_role("link", name="Putar ulang").count() == 0
    assert [button.inner_text() for button in agus.locator("#main button:visible").all()] == ["Cetak"]
    assert agus.get_by_role("link", name="Loket 3").count() == 0
    assert agus.get_by_role("link", name="Putar ulang").count() == 1
    agus.context.close()


def test_who_may_only_look_changes_nothing(presses: Presses) -> None:
    presses.takes("labour")
    for role in ("auditor", "headquarters"):
        looks = presses.of(f"the-{role}", role)
        assert looks.client.get("/supervisor/ltsa").status_code == 200
        for path in ("/supervisor/ltsa/close-day", "/supervisor/ltsa/reopen-day", "/desk/ltsa/3/open"):
            answer = looks.send(path)
            assert (answer.status_code, answer.get_json()["code"]) == (403, "not-allowed"), path
        assert looks.client.get("/supervisor/ltsa/sheet/close-day").status_code == 403
        assert looks.client.get("/desk/ltsa/3").status_code == 403
    assert presses.day.open

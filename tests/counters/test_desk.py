"""A morning at counter 3, in a real browser against the real server: Siti works, mostly without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger
from ltsa.office import Coded, example_office
from tests.counters.conftest import SCREEN, Hall, Officer, staffed, violations

Sits = Callable[..., Officer]

MEASURED = """() => {
    const words = ".actions .button, .stage__facts, .stage__state, .desk__who, dialog[open] :is(.button, .choice)";
    const cut = [...document.querySelectorAll(words)].filter((each) => each.scrollWidth > each.clientWidth + 1);
    return {
        across: document.documentElement.scrollWidth - innerWidth,
        down: document.documentElement.scrollHeight - innerHeight,
        cut: cut.map((each) => each.textContent.trim()),
    };
}"""

LOST = ["WebSocket connection to", "net::ERR_"]  # what Chromium writes on the console when a server is gone


def refusing(officer: Officer) -> Officer:
    """An officer whose browser will write on its console that it was refused."""
    officer.page.expected_errors = ["409", "422", "404"]  # type: ignore[attr-defined]
    return officer


def test_an_officer_serves_a_person_with_the_keyboard_alone(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour", "health")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.has(number, "Sedang dilayani")
    for digit in "135":
        siti.presses(digit)
    siti.reads("3 dari 5")
    siti.presses(" ")
    siti.reads("Tidak ada yang menunggu")
    siti.reads(f"{number} selesai.")
    budi = sits("5", "budi").opens()
    budi.sees_waiting(number)


def test_who_does_not_come_after_the_last_call_is_put_back_behind_three_others(hall: Hall, sits: Sits) -> None:
    numbers = [hall.takes("labour") for _ in range(5)]
    siti = sits("3").opens()
    siti.presses(" ")
    siti.has(numbers[0], "Dipanggil")
    for words in ("Sisa 2 kali", "Berikutnya panggilan terakhir", "Panggilan terakhir sudah"):
        siti.presses("u")
        siti.reads(words)
    siti.page.get_by_role("button", name="Panggil ulang", disabled=True).wait_for()
    siti.presses("x")
    siti.reads("Tidak hadir ")
    siti.clicks(f"Antrekan lagi {numbers[0]}")
    siti.page.locator(".line__part--away").wait_for(state="detached")
    siti.sees_waiting(*numbers[1:4], numbers[0], numbers[4])


def test_a_note_lies_nowhere_in_the_clear_and_is_gone_once_it_is_erased(hall: Hall, sits: Sits) -> None:
    number, words = hall.takes("labour"), "Surat izin Ibu Wati belum diteken kepala desa"

    def files_with_the_words() -> list[str]:
        files = [file for file in hall.office.data.iterdir() if file.is_file()]
        assert {"ledger.sqlite", "people.sqlite", "keys.sqlite"} <= {file.name for file in files}
        return sorted(file.name for file in files if words.encode() in file.read_bytes())

    siti = sits("3").opens()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.may("Selesai")
    siti.presses("k")
    siti.sheet.get_by_text("Apa yang kurang?").wait_for()
    siti.presses("1")
    siti.presses("5")
    siti.sheet.get_by_label("Catatan").fill(words)
    siti.presses("Control+Enter")
    siti.page.locator(".line__part--away", has_text=number).wait_for()
    assert files_with_the_words() == [], "it is sealed"

    siti.clicks(f"Antrekan lagi {number}")
    siti.page.locator(".line__part--queue", has_text=number).wait_for()
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.reads(words)
    erase = siti.page.get_by_role("button", name="Hapus catatan")
    erase.click()
    siti.reads("Hapus selamanya?")
    erase.click()
    siti.reads("Dihapus pukul")
    assert siti.page.get_by_text(words).count() == 0
    assert files_with_the_words() == []


def test_who_is_on_hold_is_resumed_when_the_counter_is_free(hall: Hall, sits: Sits) -> None:
    first, second = hall.takes("labour"), hall.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.has(first, "Sedang dilayani")
    siti.presses("t")
    siti.page.locator(".line__part--held", has_text=first).wait_for()
    siti.presses(" ")
    siti.has(second, "Dipanggil")
    siti.page.get_by_role("button", name=f"Lanjutkan {first}", disabled=True).wait_for()
    siti.presses("x")
    siti.presses("j")
    siti.has(first, "Sedang dilayani")


def test_a_transfer_keeps_the_place_of_the_person(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    later = hall.takes("health")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.presses("a")
    siti.sheet.get_by_text(f"Alihkan {number}").wait_for()
    siti.presses("3")
    assert siti.sheet.get_by_label("Kesehatan").is_checked()
    siti.presses("Enter")
    siti.may("Panggil")
    sits("5", "budi").sees_waiting(number, later)


def test_a_mistaken_call_is_taken_back_while_the_bar_counts_down(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.reads(f"{number} dipanggil.")
    siti.presses("z")
    siti.may("Panggil")
    siti.sees_waiting(number)


def test_when_the_countdown_is_over_nothing_can_be_taken_back(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    undo = siti.page.get_by_role("button", name="Urungkan")
    undo.wait_for()
    undo.wait_for(state="hidden", timeout=20_000)
    siti.presses("z")
    siti.has(number, "Dipanggil")


def test_a_second_tab_that_is_behind_is_told_why_and_shown_what_is_true(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti, forgotten = sits("3").opens(), refusing(sits("3"))
    forgotten.page.route_web_socket("**/socket.io/**", lambda _: None)  # it hears no more
    forgotten.page.reload()
    forgotten.may("Panggil")
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    forgotten.presses(" ")
    alert = forgotten.page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text() == f"Masih ada nomor di loket ini. Selesaikan dahulu. Keadaan sekarang: {number}."
    forgotten.page.unroute_all()
    forgotten.page.reload()
    forgotten.has(number, "Dipanggil")
    forgotten.presses(" ")
    siti.has(number, "Sedang dilayani")


def test_two_tabs_show_the_same_ticks(hall: Hall, sits: Sits) -> None:
    hall.takes("labour")
    siti = sits("3").opens()
    other = sits("3")
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.may("Selesai")
    siti.page.get_by_role("checkbox", name="KTP").click()
    other.page.get_by_role("checkbox", name="KTP", checked=True).wait_for()
    other.page.get_by_role("checkbox", name="Pas foto").click()
    siti.page.get_by_role("checkbox", name="Pas foto", checked=True).wait_for()
    siti.presses(" ")  # what the mouse ticked last does not take the space bar
    siti.reads("C001 selesai.")


def test_a_press_while_the_server_restarts_is_done_once(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.page.expected_errors = LOST  # type: ignore[attr-defined]
    siti.presses(" ")
    siti.may("Mulai layani")
    hall.office.kill()
    siti.presses(" ")
    siti.reads("Belum ada jawaban. Perintah dikirim ulang sendiri, tidak akan tercatat dua kali.")
    hall.office.start()
    siti.has(number, "Sedang dilayani")
    events = Ledger(hall.office.data / "ledger.sqlite").since(0)
    assert [type(recorded.event).__name__ for recorded in events].count("ServiceStarted") == 1


def test_without_the_server_the_buttons_wait_and_say_so(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = sits("3").opens()
    siti.page.expected_errors = LOST  # type: ignore[attr-defined]
    hall.office.kill()
    siti.page.get_by_text("Tombol menunggu sampai tersambung lagi").wait_for(timeout=30_000)
    assert siti.page.locator("#primary").is_disabled()
    siti.page.keyboard.press(" ")
    hall.office.start()
    siti.page.locator("#primary:enabled").wait_for(timeout=30_000)
    siti.presses(" ")
    siti.has(number, "Dipanggil")


def test_calling_a_number_out_of_turn_says_so_and_asks_for_the_reason_with_one_press(hall: Hall, sits: Sits) -> None:
    first, _, third = (hall.takes("labour") for _ in range(3))
    siti = sits("3").opens()
    siti.presses("n")
    siti.sheet.get_by_label("Nomor antrean").fill(third.lower())
    siti.presses("Enter")
    siti.sheet.get_by_text(f"Bukan urutan berikutnya. Menurut urutan: {first}.").wait_for()
    siti.sheet.get_by_text("2 orang dilewati").wait_for()
    siti.presses("Enter")
    siti.sheet.get_by_text("Pilih alasannya; tercatat bersama panggilan.").wait_for()
    siti.presses("2")
    siti.has(third, "Dipanggil")
    siti.reads("dipilih petugas; mendahului 2 yang lebih dulu datang")


def test_why_this_person_is_told_in_few_words_and_in_all_behind_a_key(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour", "social-security", priority="elderly")
    siti = sits("3").opens()
    siti.reads("dari kursi tunggu; membuka Jaminan sosial (BPJS); paling lama menunggu")
    siti.reads("Urutan pada pukul")
    siti.presses(" ")
    siti.has(number, "Dipanggil")
    siti.reads("dari kursi tunggu; membuka Jaminan sosial (BPJS); paling lama menunggu")
    siti.presses("w")
    siti.sheet.get_by_text(f"Mengapa {number}?").wait_for()
    siti.sheet.get_by_text("Duduk di kursi tunggu depan loket").wait_for()
    siti.sheet.get_by_text("Kelompok prioritas: setiap menit dihitung 3 kali.").wait_for()
    siti.sheet.get_by_text("Selesainya langkah ini membuka Jaminan sosial (BPJS).").wait_for()
    siti.sheet.get_by_text("Aturan index/1, bobot 3·2·3·6·4·12").wait_for()
    assert violations(siti.page) == []


def test_an_officer_gives_priority_changes_steps_and_cancels_by_number(hall: Hall, sits: Sits) -> None:
    numbers = [hall.takes("labour") for _ in range(3)]
    siti = refusing(sits("3").opens())
    siti.presses("n")
    siti.sheet.get_by_label("Nomor antrean").fill("Z999")
    siti.presses("Enter")
    siti.sheet.get_by_text("Nomor itu tidak ada hari ini.").wait_for()
    siti.sheet.get_by_label("Nomor antrean").fill(numbers[2])
    siti.presses("Enter")
    siti.sheet.get_by_role("button", name="Prioritas").wait_for()
    siti.presses("p")
    siti.sheet.get_by_text("Alasan prioritas").wait_for()
    siti.presses("2")
    siti.presses("Enter")
    siti.page.locator(".line__row--priority", has_text=numbers[2]).wait_for()
    siti.sees_waiting(numbers[0], numbers[2], numbers[1])  # the first one sits before the counter already

    siti.page.locator(".line__person", has_text=numbers[0]).click()
    siti.sheet.get_by_role("button", name="Batalkan nomor").wait_for()
    siti.presses("g")
    siti.sheet.get_by_text("tidak dapat diurungkan").wait_for()
    siti.sheet.get_by_role("button", name="Batalkan nomor").press("Enter")
    siti.page.locator(".line__part--queue", has_text=numbers[0]).wait_for(state="detached")

    siti.presses(" ")
    siti.has(numbers[2], "Dipanggil")
    siti.reads("Prioritas: Penyandang disabilitas")
    siti.presses("l")
    siti.sheet.get_by_text("Layanan dalam kunjungan ini").wait_for()
    siti.presses("7")
    siti.presses("Enter")
    siti.page.locator(".stage__road", has_text="Perbankan").wait_for()
    siti.presses("l")
    siti.sheet.get_by_label("Perbankan").uncheck()
    siti.presses("Enter")
    siti.page.locator(".stage__road", has_text="Perbankan").wait_for(state="detached")


def test_an_officer_pauses_comes_back_changes_services_and_goes_home(sits: Sits) -> None:
    siti = sits("3").opens()
    siti.presses("i")
    siti.sheet.get_by_role("button", name="Salat").wait_for()
    siti.presses("2")
    siti.reads("Istirahat: Salat")
    siti.presses(" ")
    siti.may("Panggil")
    siti.presses("s")
    siti.sheet.get_by_label("Informasi dan pengaduan").check()
    siti.presses("Enter")
    siti.page.locator("#who", has_text="Informasi dan pengaduan, Ketenagakerjaan").wait_for()
    siti.presses("o")
    siti.sheet.get_by_text("Tutup Loket 3?").wait_for()
    siti.presses("Enter")
    siti.reads("Buka Loket 3")
    rina = sits("3", "rina").opens()
    rina.page.locator("#who", has_text="rina").wait_for()


def test_what_an_officer_types_stays_while_the_queue_moves(hall: Hall, sits: Sits) -> None:
    hall.takes("labour")
    siti = sits("3").opens()
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses("c")
    siti.page.keyboard.type("Belum sele")
    hall.takes("labour")
    siti.page.locator(".line__part--queue", has_text="C002").wait_for()
    siti.page.keyboard.type("sai")
    note = siti.page.get_by_label("Catatan tentang C001")
    assert note.input_value() == "Belum selesai"
    siti.page.keyboard.press("Escape")
    siti.presses("x")
    siti.may("Panggil")
    siti.presses(" ")
    assert siti.page.get_by_label("Catatan tentang C002").input_value() == ""


def test_the_shortcuts_can_be_switched_off_on_this_computer(hall: Hall, sits: Sits) -> None:
    hall.takes("labour")
    siti = sits("3").opens()
    siti.presses("?")
    siti.sheet.get_by_label("Pintasan aktif").uncheck()
    siti.presses("Escape")
    siti.page.reload()
    siti.may("Panggil")
    siti.presses(" ")
    siti.presses("n")
    assert siti.sheet.count() == 0
    siti.page.get_by_role("button", name="Panggil", exact=True).click()
    siti.may("Mulai layani")


def stands_still(officer: Officer) -> None:
    """The whole desk stands on the screen: nothing to scroll but the lists in it, and no words cut off in a button."""
    assert officer.page.evaluate(MEASURED) == {"across": 0, "down": 0, "cut": []}


@pytest.mark.parametrize("height", [768, 640])
def test_many_documents_and_steps_never_scroll_the_actions_away(
    tmp_path: Path, new_page: Callable[..., Any], height: int
) -> None:
    example = example_office()
    papers = tuple(Coded(code=f"paper-{n}", name={"id": f"Surat keterangan nomor {n}"}) for n in range(1, 25))
    services = tuple(
        service if service.id != "labour" else type(service)(**{**_fields(service), "bring": papers})
        for service in example.services
    )
    data = tmp_path / "many"
    data.mkdir()
    ledger = Ledger(data / "ledger.sqlite")
    office = type(example)(**{**_fields(example), "services": services})
    ledger.do(ConfigureOffice(office="ltsa", at=1, by="test", key="many", configuration=office, since="1970-01-01"))
    ledger.close()
    server = staffed(data)
    server.start()
    try:
        hall = Hall(server)
        hall.takes(*[service.id for service in services if service.id != "civil-registry"])
        siti = Officer(new_page(**SCREEN | {"viewport": {"width": 1366, "height": height}}), hall, "3").opens()
        siti.presses(" ")
        siti.may("Mulai layani")
        siti.presses(" ")
        siti.may("Selesai")
        last = siti.page.get_by_role("checkbox", name="nomor 24")
        last.scroll_into_view_if_needed()
        last.click()
        siti.reads("1 dari 24")
        stands_still(siti)
        for name in ("Selesai", "Kembalikan", "Alihkan", "Tunda", "Ubah langkah"):
            box = siti.page.get_by_role("button", name=name).first.bounding_box()
            assert box
            assert box["y"] + box["height"] <= height
        assert violations(siti.page) == []
    finally:
        server.kill()


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


HALVED = """() => Array.from(document.querySelectorAll(".line__list")).flatMap((list) => {
    const end = list.getBoundingClientRect().bottom;
    return Array.from(list.children).filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top < end - 1 && bottom > end + 1;
    }).map((row) => row.innerText);
})"""
"""Rows of the desk's lists of which a part is seen."""


def fits(officer: Officer) -> None:
    """This state stands still on its screen, its lists end with whole rows, and axe finds nothing wrong."""
    stands_still(officer)
    assert officer.page.evaluate(HALVED) == []
    assert violations(officer.page) == []


def test_the_desk_fits_its_screen_from_opening_to_serving(hall: Hall, sits: Sits) -> None:
    siti = sits("3")
    fits(siti)
    siti.opens()
    fits(siti)
    hall.at("2", "open", officer="rina", services=[])
    before = hall.takes("labour")  # sits before counter 3, so that the next person is sent to counter 2 first
    hall.takes(
        "civil-registry", "labour", "immigration", "police", "health", "bank", "social-security", priority="child"
    )
    for action, body in (("call-next", {}), ("start", {}), ("finish", {"outcome": "done"})):
        hall.at("2", action, **body)
    hall.does(f"/tickets/{before}/cancel")
    for _ in range(14):
        hall.takes("labour", priority="elderly")
    siti.page.locator(".line__more", has_text="dan 3 orang lagi").wait_for()
    fits(siti)
    siti.presses(" ")
    siti.may("Mulai layani")
    fits(siti)
    for words in ("Sisa 2 kali", "Berikutnya panggilan terakhir", "Panggilan terakhir sudah"):
        siti.presses("u")
        siti.reads(words)
    fits(siti)
    siti.presses(" ")
    siti.may("Selesai")
    siti.presses("c")
    siti.page.keyboard.type("Menitipkan fotokopi KTP di loket ini, diambil sebelum pukul tiga.")
    siti.presses("Control+Enter")
    siti.reads("diambil sebelum pukul tiga.")
    fits(siti)
    for key, words in (("k", "Apa yang kurang?"), ("a", "Ke layanan mana?"), ("l", "Layanan dalam kunjungan ini")):
        siti.presses(key)
        siti.sheet.get_by_text(words).wait_for()
        fits(siti)
        siti.presses("Escape")


def test_the_desk_fits_its_screen_while_nobody_is_served(hall: Hall, sits: Sits) -> None:
    siti = refusing(sits("3").opens())
    for _ in range(14):
        hall.takes("labour", "health")
    siti.may("Panggil")
    siti.presses(" ")
    siti.may("Mulai layani")
    siti.presses(" ")
    siti.may("Selesai")
    siti.presses("k")
    siti.sheet.get_by_text("Apa yang kurang?").wait_for()
    siti.presses("Enter")
    siti.sheet.get_by_text("Pilih sedikitnya satu alasan.").wait_for()
    fits(siti)
    siti.presses("Escape")
    siti.presses("t")
    siti.page.locator(".line__part--held").wait_for()
    fits(siti)
    siti.page.locator(".line__person").nth(3).click()
    siti.sheet.get_by_text("Bukan urutan berikutnya").wait_for()
    fits(siti)
    siti.presses("p")
    for key, words in (
        ("", "Alasan prioritas"),
        ("n", "Misalnya"),
        ("o", "Tutup Loket 3?"),
        ("?", "Pintasan papan tik"),
    ):
        if key:
            siti.presses(key)
        siti.sheet.get_by_text(words).wait_for()
        fits(siti)
        siti.presses("Escape")
    siti.presses("i")
    siti.sheet.get_by_role("button", name="Rapat").wait_for()
    fits(siti)
    siti.presses("4")
    siti.reads("Istirahat: Rapat")
    fits(siti)


def test_the_choice_of_a_counter_shows_who_sits_where(hall: Hall, sits: Sits) -> None:
    siti = sits("")
    assert violations(siti.page) == []
    hall.at("3", "open", officer="rina", services=[])
    siti.page.locator(".choose__counter", has_text="rina").wait_for()
    assert violations(siti.page) == []
    siti.page.keyboard.press("4")
    siti.reads("Buka Loket 4")


def test_the_desk_speaks_english_too(hall: Hall, sits: Sits) -> None:
    number = hall.takes("labour")
    siti = refusing(sits("3?lang=en"))
    siti.presses(" ")
    siti.may("Call")
    siti.presses(" ")
    siti.has(number, "Called")
    stands_still(siti)
    siti.presses(" ")
    siti.may("Done")
    siti.presses("k")
    siti.sheet.get_by_text("What is missing?").wait_for()
    siti.presses("Enter")
    siti.sheet.get_by_role("alert").wait_for()
    assert siti.sheet.get_by_role("alert").inner_text() == "Choose at least one reason."
    stands_still(siti)

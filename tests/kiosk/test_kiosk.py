"""The kiosk in a real browser: from the welcome to the ticket, also when things go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ltsa.commands import CloseDay, GiveHelp, OpenCounter
from tests.conftest import Office
from tests.kiosk.visitor import LYING, UPRIGHT, Hall, Visitor, flaws, scanned

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

BOTH = pytest.mark.parametrize("viewport", [UPRIGHT, LYING], ids=["upright", "lying"])
Comes = Callable[..., Visitor]


@BOTH
@pytest.mark.parametrize("language", ["id", "en"])
def test_three_taps_lead_from_the_welcome_to_a_number(
    visitor: Comes, hall: Hall, viewport: dict[str, int], language: str
) -> None:
    siti = visitor(viewport=viewport)
    assert siti.takes("health", language=language) == "D001"
    assert siti.taps == 3
    (ticket,) = hall.day.tickets.values()
    assert (ticket.number, list(ticket.steps), ticket.language) == ("D001", ["health"], language)
    assert siti.page.locator("html").get_attribute("lang") == language


@BOTH
def test_the_code_on_the_screen_leads_to_the_tickets_page(
    visitor: Comes, phone: Callable[..., Page], office_server: Office, viewport: dict[str, int]
) -> None:
    siti = visitor(viewport=viewport)
    number = siti.takes("bank")
    address = siti.code
    assert address.startswith(f"{office_server.url}/t/")
    assert len(address.rpartition("/")[2]) == 26
    page = phone(address)
    assert page.locator("h1 .wide").get_attribute("aria-label") == number


def test_a_double_tap_gives_one_number_and_touches_nothing_on_the_next_step(visitor: Comes, hall: Hall) -> None:
    budi = visitor()
    budi.page.dblclick(".tongue[value=id]")
    budi.sees("services")
    budi.wants("labour")
    budi.page.dblclick(".review__do .button--primary")
    budi.sees("ticket")
    assert budi.number == "C001"
    assert list(hall.day.tickets) == ["C001"]


def test_a_lost_answer_is_asked_for_again_and_brings_the_same_number(visitor: Comes, hall: Hall) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_FAILED"]  # type: ignore[attr-defined]
    budi.speaks("id")
    budi.wants("labour")
    lost = 0

    def loses_two_answers(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost > 2:
            route.continue_()
            return
        route.fetch()
        route.abort()

    budi.page.route("**/ticket?*", loses_two_answers)
    budi.touches(".review__do .button--primary")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    budi.page.get_by_text("Anda tidak akan mendapat dua nomor").wait_for()
    budi.touches("[data-retry]")
    budi.sees("ticket")
    assert budi.number == "C001"
    assert list(hall.day.tickets) == ["C001"]
    assert lost == 3


def test_a_server_that_is_gone_for_a_while_costs_patience_but_no_choice(
    visitor: Comes, office_server: Office, hall: Hall
) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_", "WebSocket"]  # type: ignore[attr-defined]
    budi.speaks("id")
    budi.wants("bank")
    office_server.kill()
    budi.touches(".review__do .button--primary")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    assert flaws(budi.page) == []
    office_server.start()
    budi.sees("ticket")
    assert budi.number == "G001"
    assert list(hall.day.tickets["G001"].steps) == ["bank"]


def test_a_kiosk_that_lost_the_office_says_since_when_and_begins_anew_when_it_is_back(
    visitor: Comes, office_server: Office
) -> None:
    kiosk = visitor(viewport=LYING)
    kiosk.page.expected_errors = ["ERR_", "WebSocket"]  # type: ignore[attr-defined]
    kiosk.page.clock.install()
    kiosk.page.reload()
    kiosk.sees("welcome")
    office_server.kill()
    kiosk.page.clock.fast_forward(20_000)
    kiosk.page.get_by_text("Tidak tersambung. Yang terlihat adalah keadaan pukul").wait_for()
    assert flaws(kiosk.page) == []
    kiosk.page.evaluate("window.before = true")
    office_server.start()
    kiosk.page.wait_for_function("() => !window.before")
    kiosk.sees("welcome")
    assert kiosk.page.locator("[data-stale]").is_hidden()
    assert kiosk.takes("bank") == "G001"


def test_without_a_network_an_abandoned_kiosk_still_forgets_the_person(visitor: Comes) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_"]  # type: ignore[attr-defined]
    budi.speaks("id")
    budi.page.context.set_offline(offline=True)
    budi.touches(".service[value=police]")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    budi.touches("#lost [data-restart]")
    budi.sees("welcome")
    assert "police" not in budi.page.content()


def test_a_kiosk_that_was_left_without_a_network_begins_anew_and_works_when_it_is_back(visitor: Comes) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_", "WebSocket"]  # type: ignore[attr-defined]
    budi.page.clock.install()
    budi.page.reload()
    budi.speaks("id")
    budi.page.context.set_offline(offline=True)
    budi.touches(".service[value=police]")
    budi.page.clock.fast_forward(20_000)
    budi.page.wait_for_selector("html[data-feed=stale]")
    budi.page.clock.fast_forward(120_000)
    budi.page.locator("#idle[open]").wait_for()
    budi.page.clock.fast_forward(30_000)
    budi.sees("welcome")
    assert "police" not in budi.page.content()
    budi.page.evaluate("window.before = true")
    budi.page.context.set_offline(offline=False)
    budi.page.wait_for_function("() => !window.before")
    assert budi.takes("bank") == "G001"


def test_a_kiosk_that_was_loaded_anew_amid_the_steps_begins_anew_without_a_network(visitor: Comes) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_", "WebSocket"]  # type: ignore[attr-defined]
    amid = budi.page.url.partition("?")[0] + "/review?lang=id&service=police"
    first = budi.page.url.partition("?")[0]
    with budi.page.expect_response(lambda answer: answer.url.partition("?")[0] == first) as learned:
        budi.page.goto(amid)  # its browser fell down, and opened again what it had
    learned.value.finished()
    budi.page.context.set_offline(offline=True)
    budi.touches(".review__do .button--primary")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    budi.touches("#lost [data-restart]")
    budi.sees("welcome")
    assert "police" not in budi.page.content() + budi.page.url
    budi.page.context.set_offline(offline=False)
    assert budi.takes("bank") == "G001"


def test_a_kiosk_that_never_saw_its_first_screen_asks_for_it_until_it_comes(visitor: Comes) -> None:
    budi = visitor()
    budi.page.expected_errors = ["ERR_"]  # type: ignore[attr-defined]
    first = budi.page.url.partition("?")[0]
    budi.page.route(re.compile(re.escape(first) + r"(\?.*)?$"), lambda route: route.abort())
    budi.page.goto(f"{first}/services?lang=id&service=bank")
    budi.page.route("**/kiosk/*/review*", lambda route: route.abort())
    budi.touches(".service[value=police]")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    budi.touches("#lost [data-restart]")
    budi.page.get_by_text("Sambungan terputus").wait_for()
    budi.page.unroute_all()
    budi.sees("welcome")
    assert budi.takes("bank") == "G001"


def test_several_services_share_one_number_in_the_order_of_the_visit(visitor: Comes, hall: Hall) -> None:
    siti = visitor()
    number = siti.takes("immigration", "labour", "civil-registry")
    assert number == "B001"
    assert list(hall.day.tickets[number].steps) == ["civil-registry", "labour", "immigration"]
    steps = siti.page.locator(".ticket .road__step").all_inner_texts()
    assert [step.split("\n")[1] for step in steps] == ["Data kependudukan", "Ketenagakerjaan", "Paspor"]
    assert "Sesudah Data kependudukan dan Ketenagakerjaan" in steps[2]


def test_a_sequel_offers_what_comes_before_it_and_each_service_can_be_taken_off_again(visitor: Comes) -> None:
    siti = visitor()
    siti.speaks("id")
    siti.wants("immigration")
    siti.touches(".sequel button[value=labour]")
    siti.page.wait_for_selector(".chosen__one >> nth=1")
    assert siti.page.locator(".chosen__name").all_inner_texts() == ["Ketenagakerjaan", "Paspor"]
    siti.sees("review")
    siti.touches("button[name=without][value=immigration]")
    siti.page.wait_for_selector(".sequel", state="detached")
    assert siti.page.locator(".chosen__name").all_inner_texts() == ["Ketenagakerjaan"]
    assert "Pas foto" in siti.page.locator(".papers__list").inner_text()


def test_a_priority_reason_is_optional_and_stands_on_no_ticket(visitor: Comes, hall: Hall) -> None:
    siti = visitor()
    siti.speaks("id")
    siti.wants("bank")
    siti.touches(".prior--ask")
    siti.sees("priority")
    siti.touches(".answer[value=pregnant]")
    siti.sees("review")
    siti.page.get_by_text("Permintaan didahulukan sudah dicatat").wait_for()
    number = siti.takes_the_number()
    assert hall.day.tickets[number].priority == "pregnant"
    for told in (siti.page.locator(".ticket"), siti.page.locator(".paper")):
        assert "hamil" not in (told.text_content() or "").lower()


def test_waiting_people_and_open_counters_stand_on_each_choice_live(visitor: Comes, hall: Hall) -> None:
    siti, budi = visitor(), visitor(viewport=LYING)
    siti.speaks("id")
    line = siti.page.locator(".service[value=health] .service__line")
    assert line.inner_text().split("\n")[0] == "Antrean kosong"
    budi.takes("health")
    hall.does(OpenCounter, counter="5", officer="Rahmat")
    line.get_by_text("1 menunggu").wait_for()
    line.get_by_text("1 loket buka").wait_for()


def test_the_language_changes_on_every_step_without_losing_anything(visitor: Comes, hall: Hall) -> None:
    siti = visitor()
    siti.speaks("id")
    siti.wants("health")
    siti.touches(".dock [lang=en]")
    siti.page.get_by_role("heading", name="Is this right?").wait_for()
    siti.sees("review")
    assert siti.page.locator(".chosen__name").inner_text() == "Health"
    number = siti.takes_the_number()
    siti.touches(".dock [lang=id]")
    siti.page.get_by_role("heading", name="Ini nomor Anda").wait_for()
    siti.sees("ticket")
    assert siti.number == number
    assert [(ticket.number, ticket.language) for ticket in hall.day.tickets.values()] == [(number, "en")]


def test_everything_can_be_done_with_the_keyboard(visitor: Comes) -> None:
    siti = visitor()
    for step in ("services", "review", "ticket"):
        wanted = {"services": ".tongue", "review": ".service[value=bank]", "ticket": ".review__do .button--primary"}[
            step
        ]
        for _ in range(40):
            siti.page.keyboard.press("Tab")
            if siti.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                break
        siti.page.keyboard.press("Enter")
        siti.sees(step)
        assert siti.page.evaluate("document.activeElement.tagName") == "H1"
    assert siti.number == "G001"


def test_an_idle_kiosk_warns_then_forgets_the_person(visitor: Comes) -> None:
    siti = visitor()
    siti.page.clock.install()
    siti.page.reload()
    siti.touches("[data-comfort='text=large']")
    siti.speaks("id")
    siti.wants("health")
    warning = siti.page.locator("#idle")
    siti.page.clock.fast_forward(46_000)
    warning.get_by_text("Apakah Anda masih di sini?").wait_for()
    assert flaws(siti.page) == []
    siti.touches("[data-stay]")
    siti.sees("review")
    siti.page.clock.fast_forward(46_000)
    warning.get_by_text("Apakah Anda masih di sini?").wait_for()
    siti.page.clock.fast_forward(21_000)
    # After so long a time without a heartbeat the first screen is loaded anew, too: what is asked is asked of either.
    siti.page.wait_for_function(
        """document.querySelector("[data-step=welcome]") && !("text" in document.documentElement.dataset)
           && !document.documentElement.outerHTML.includes("Kesehatan")"""
    )


def test_the_ticket_leaves_the_screen_by_itself_unless_more_time_is_asked_for(visitor: Comes) -> None:
    siti = visitor()
    siti.page.clock.install()
    siti.page.reload()
    number = siti.takes("health")
    siti.page.clock.fast_forward(50_000)
    siti.touches("[data-longer]")
    siti.page.clock.fast_forward(50_000)
    assert siti.number == number
    siti.page.clock.fast_forward(11_000)
    siti.page.wait_for_selector("[data-step=welcome]")
    assert number not in siti.page.content()


def test_a_call_for_help_fills_the_screen_until_somebody_has_helped(visitor: Comes) -> None:
    siti = visitor()
    siti.speaks("id")
    siti.touches("[data-ask]")
    siti.page.get_by_role("heading", name="Perlu bantuan").wait_for()
    assert siti.page.locator("#help").bounding_box() == {"x": 0, "y": 0, **UPRIGHT}
    assert flaws(siti.page) == []
    siti.touches("#help [data-close]")
    siti.sees("services")


def test_a_double_tap_calls_one_officer(visitor: Comes, hall: Hall) -> None:
    siti = visitor()
    siti.page.locator("[data-ask]").first.dblclick()
    siti.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    assert flaws(siti.page) == []
    assert list(hall.day.help) == ["1"]
    hall.does(GiveHelp, kiosk="1")
    siti.page.locator("#help[open]").wait_for(state="detached")
    siti.touches("[data-ask]")
    siti.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()


def test_the_sign_is_lit_without_a_network_and_the_call_follows_when_it_is_back(visitor: Comes, hall: Hall) -> None:
    siti = visitor()
    siti.page.expected_errors = ["ERR_INTERNET_DISCONNECTED"]  # type: ignore[attr-defined]
    siti.speaks("id")
    siti.page.context.set_offline(True)
    siti.touches("[data-ask]")
    siti.page.get_by_role("heading", name="Perlu bantuan").wait_for()
    assert hall.day.help == {}
    siti.page.context.set_offline(False)
    siti.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    assert list(hall.day.help) == ["1"]


def test_without_scripts_a_page_says_that_officers_were_called(visitor: Comes, hall: Hall) -> None:
    siti = visitor("/services?lang=id", java_script_enabled=False)
    siti.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.touches("[data-ask]")
    siti.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    siti.touches("[data-ask]")
    siti.page.get_by_text("sedang menuju ke sini").wait_for()
    assert list(hall.day.help) == ["1"]


def test_two_persons_in_a_row_get_two_numbers(visitor: Comes, hall: Hall) -> None:
    kiosk = visitor()
    first = kiosk.takes("health")
    kiosk.touches(".ticket__do [data-restart]")
    kiosk.sees("welcome")
    second = kiosk.takes("health")
    assert (first, second) == ("D001", "D002")
    assert list(hall.day.tickets) == ["D001", "D002"]


def test_a_closed_office_says_so_at_the_door_and_to_a_person_who_was_faster(visitor: Comes, hall: Hall) -> None:
    siti, budi = visitor(), visitor(viewport=LYING)
    siti.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.takes("bank")
    siti.touches(".ticket__do [data-restart]")
    siti.sees("welcome")
    siti.speaks("id")
    siti.wants("health")
    hall.does(CloseDay)
    budi.page.get_by_text("Hari ini sudah tutup").wait_for()
    assert flaws(budi.page) == []
    siti.touches(".review__do .button--primary")
    siti.sees("sorry")
    siti.page.get_by_text("Hari layanan ini sudah ditutup").wait_for()
    assert flaws(siti.page) == []


@BOTH
def test_an_office_that_takes_the_day_off_says_so_at_the_door_and_to_a_person_who_was_faster(
    visitor: Comes, hall: Hall, viewport: dict[str, int]
) -> None:
    siti, budi, rina = visitor(viewport=viewport), visitor(viewport=viewport), visitor(viewport=viewport)
    siti.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.speaks("id")
    siti.wants("health")
    rina.speaks("id")
    hall.decides(f"days_off/{hall.today}", {"name": {"id": "Ulang tahun kota", "en": "City day"}, "kind": "own"})
    for words in ("Hari ini tutup", "Buka lagi", "Ulang tahun kota", "Closed today"):
        budi.page.get_by_text(words).first.wait_for()
    assert flaws(budi.page) == []
    for late in (siti, rina):
        late.page.locator(".shut-note").get_by_text("Hari ini tutup").wait_for()
        assert flaws(late.page) == []
    siti.touches(".review__do .button--primary")
    siti.sees("sorry")
    siti.page.get_by_role("heading", name="Hari ini kantor tutup").wait_for()
    assert flaws(siti.page) == []
    hall.decides(f"days_off/{hall.today}", None)
    budi.page.get_by_text("Ambil nomor antrean").wait_for()


@BOTH
def test_a_service_whose_numbers_are_all_taken_can_be_read_but_not_chosen(
    visitor: Comes, hall: Hall, viewport: dict[str, int]
) -> None:
    hall.decides("services/bank/capacity", 1)
    siti, budi = visitor(viewport=viewport), visitor(viewport=viewport)
    budi.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.speaks("id")
    budi.speaks("id")
    budi.wants("bank")
    rina = visitor(viewport=viewport)
    assert rina.takes("bank") == "G001"
    siti.page.locator(".service[value=bank][disabled]").get_by_text("Penuh untuk hari ini").wait_for()
    budi.page.locator(".chosen").get_by_text("Penuh untuk hari ini").wait_for()
    assert flaws(siti.page) == flaws(budi.page) == []
    budi.touches(".review__do .button--primary")
    budi.sees("sorry")
    assert flaws(budi.page) == []
    budi.page.get_by_role("link", name="Pilih layanan lain").click()
    budi.sees("services")
    budi.wants("health")
    assert budi.takes_the_number() == "D001"


def test_without_scripts_plain_pages_and_forms_lead_to_a_number(visitor: Comes, hall: Hall) -> None:
    siti = visitor(java_script_enabled=False)
    assert siti.takes("bank", "health") == "D001"
    assert list(hall.day.tickets) == ["D001"]


def test_a_kiosk_signs_with_the_name_it_was_paired_under_whatever_its_address_says(visitor: Comes, hall: Hall) -> None:
    siti = visitor("?kiosk=pintu-timur&print=off")
    number = siti.takes("bank")
    assert siti.page.locator("[data-print]").count() == 0
    siti.touches("[data-ask]")
    siti.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    assert hall.signed(number) == ["kiosk:1"]
    assert list(hall.day.help) == ["1"]


def test_staff_who_try_a_kiosk_sign_with_their_own_name_and_may_name_the_screen(visitor: Comes, hall: Hall) -> None:
    dewi = visitor("?kiosk=pintu-timur", who="session")
    number = dewi.takes("bank")
    dewi.touches("[data-ask]")
    dewi.page.get_by_text("Petugas sudah dipanggil pukul").wait_for()
    assert hall.signed(number) == ["officer:dewi"]
    assert list(hall.day.help) == ["pintu-timur"]


@pytest.mark.parametrize("step", ["welcome", "review"])
def test_a_kiosk_whose_device_was_revoked_leaves_by_itself_also_when_nobody_touches_it(
    visitor: Comes, hall: Hall, step: str
) -> None:
    kiosk = visitor()
    kiosk.page.expected_errors = ["401"]  # type: ignore[attr-defined]
    if step == "review":
        kiosk.speaks("id")
        kiosk.wants("bank")
    kiosk.page.wait_for_selector("[data-feed=fresh]")
    hall.revokes("kiosk")
    kiosk.page.wait_for_url("**/pair?kind=kiosk&office=ltsa&next=*")


def test_a_person_at_a_kiosk_that_was_just_revoked_is_led_to_the_pairing_too(visitor: Comes, hall: Hall) -> None:
    kiosk = visitor()
    kiosk.page.expected_errors = ["401", "WebSocket"]  # type: ignore[attr-defined]
    kiosk.page.route_web_socket("**/socket.io/**", lambda socket: socket.close())  # it hears nothing
    kiosk.page.reload()
    kiosk.speaks("id")
    hall.revokes("kiosk")
    while (asked := kiosk.page.request.get(kiosk.page.url)).ok and "/pair" not in asked.url:
        kiosk.page.wait_for_timeout(20)  # the server hears of it in moments, and a touch before that is still let in
    kiosk.touches(".service[value=bank]")
    kiosk.page.wait_for_url("**/pair?kind=kiosk&office=ltsa&next=*")


def test_a_kiosk_shows_nothing_of_the_staff_account_that_tries_it(visitor: Comes) -> None:
    dewi = visitor(who="session")
    for _ in dewi.takes("bank"):
        assert "dewi" not in dewi.page.content()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("comfort", [(), ("text=large", "contrast=high")], ids=["usual", "large-and-contrast"])
@BOTH
def test_every_step_fits_its_screen_and_every_finger(
    visitor: Comes, viewport: dict[str, int], language: str, comfort: tuple[str, ...]
) -> None:
    siti = visitor(viewport=viewport)
    found: list[str] = []

    def look(step: str) -> None:
        siti.sees(step)
        found.extend(f"{step}: {flaw}" for flaw in flaws(siti.page))
        if not comfort:
            found.extend([f"{step}: scrolls"] * siti.page.locator("[data-further-key]:visible").count())

    for wish in comfort:
        siti.touches(f"[data-comfort='{wish}']")
    look("welcome")
    siti.speaks(language)
    look("services")
    siti.wants("immigration")
    look("review")
    siti.touches(".prior--ask")
    look("priority")
    siti.touches(".answer[value=elderly]")
    siti.sees("review")
    siti.takes_the_number()
    look("ticket")
    assert found == []


def test_a_ticket_for_every_service_still_fits_the_screen(visitor: Comes) -> None:
    siti = visitor(viewport=LYING)
    services = ("information", "civil-registry", "labour", "health", "immigration", "police", "bank", "social-security")
    siti.takes(*services)
    assert flaws(siti.page) == []


# --- On paper


def test_the_printed_ticket_is_one_page_as_wide_as_the_roll_and_as_long_as_the_ticket(visitor: Comes) -> None:
    siti = visitor()
    siti.takes("health", "bank")
    short = siti.page.pdf(prefer_css_page_size=True)
    assert short.count(b"/Type /Page\n") == 1
    width, height = millimetres(short)
    assert width == pytest.approx(80, abs=0.5)
    assert 90 < height < 150
    siti.touches(".ticket__do [data-restart]")
    siti.sees("welcome")
    siti.takes("health", "bank", "labour", "police", "information", "civil-registry")
    long = siti.page.pdf(prefer_css_page_size=True)
    assert long.count(b"/Type /Page\n") == 1
    assert millimetres(long)[1] > height + 20


def millimetres(document: bytes) -> tuple[float, float]:
    """Width and height of a PDF's first page."""
    box = document.partition(b"/MediaBox")[2].partition(b"]")[0].strip(b" [").split()
    return float(box[2]) / 72 * 25.4, float(box[3]) / 72 * 25.4


def test_the_code_on_paper_is_the_code_on_the_screen(visitor: Comes) -> None:
    siti = visitor()
    number = siti.takes("health")
    address = siti.code
    siti.page.emulate_media(media="print")
    siti.page.set_viewport_size({"width": 303, "height": 800})
    assert scanned(siti.page.screenshot()) == address
    paper = siti.page.locator(".paper")
    assert paper.is_visible()
    assert not siti.page.locator(".ticket__do, .dock, .lintel").locator("visible=true").count()
    assert paper.locator(".wide").get_attribute("aria-label") == number
    wide, roll = paper.locator(".wide").bounding_box(), paper.bounding_box()
    assert wide
    assert roll
    assert wide["width"] == pytest.approx(roll["width"], abs=1)
    assert "Satu nomor untuk semua loket, berlaku hari ini saja." in paper.inner_text()


def test_a_kiosk_with_a_printer_prints_each_ticket_once_by_itself(visitor: Comes) -> None:
    siti = visitor("?print=auto")
    siti.page.evaluate("window.printed = 0; addEventListener('beforeprint', () => { printed += 1 })")
    siti.takes("health")
    siti.page.wait_for_function("() => printed === 1")
    siti.touches(".dock [lang=en]")
    siti.page.get_by_role("heading", name="This is your number").wait_for()
    siti.sees("ticket")
    assert siti.page.evaluate("printed") == 1


def test_a_button_prints_where_no_kiosk_prints_by_itself(visitor: Comes) -> None:
    siti = visitor()
    siti.page.evaluate("window.printed = 0; addEventListener('beforeprint', () => { printed += 1 })")
    siti.takes("health")
    assert siti.page.evaluate("printed") == 0
    siti.touches("[data-print]")
    siti.page.wait_for_function("() => printed === 1")

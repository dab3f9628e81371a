"""A journey over days and offices as applicants meet it: at the kiosk, on paper, on the phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from kiosk.slip import Card, Slip, Stop, Way, ticket
from ltsa.commands import CallTicket, FinishService, ReturnTicket, StartService
from ltsa.configuring import ConfigureOffice
from ltsa.journal import DataSeen
from ltsa.journey import CaseOpened, VisitBegun, person_of
from ltsa.journey_rules import MoveCase, RecordStep
from ltsa.office import example_office
from ltsa.subject import ConsentGiven, asked
from tests.conftest import Office
from tests.kiosk.visitor import LYING, UPRIGHT, Hall, Visitor, flaws, violations
from tests.staff import pair
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

SITI, BUDI = "3204125701900001", "3204121701900002"
DAY = 86_400_000
FIRST_LOAD = 100_000
"""Bytes that a phone may have to fetch before it shows the card."""

BOTH = pytest.mark.parametrize("viewport", [UPRIGHT, LYING], ids=["upright", "lying"])
Comes = Callable[..., Visitor]


class Days:
    """The running office, day after day; officers act at the same time as its clock shows."""

    def __init__(self, office: Office, hall: Hall) -> None:
        self.office, self.hall, self.passed = office, hall, 0

    def go_home(self) -> None:
        """The next day begins, at the same time of day."""
        self.passed += 1
        self.office.stop()
        self.office.ahead = self.passed
        self.office.start()

    @property
    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.passed * DAY

    def date(self, later: int = 0) -> str:
        """The local date, some days later."""
        return example_office().service_date(self.now + later * DAY).isoformat()

    def serves(self, number: str, counter: str, office: str = "ltsa", **outcome: Any) -> None:
        """An officer calls a number, serves it and finishes."""
        for kind in (CallTicket, StartService):
            said = {"number": number} if kind is CallTicket else {}
            self.hall.does(kind, at=self.now, office=office, counter=counter, **said)
        self.hall.does(FinishService, at=self.now, office=office, counter=counter, **({"outcome": "done"} | outcome))

    def events(self, kind: type) -> list[Any]:
        return [recorded.event for recorded in self.hall.ledger.since(0) if isinstance(recorded.event, kind)]


@pytest.fixture
def days(office_server: Office, hall: Hall) -> Days:
    """The office over several days."""
    return Days(office_server, hall)


@pytest.fixture
def other_kiosk(office_server: Office, new_page: Callable[..., Page], hall: Hall) -> Comes:
    """Somebody comes to a kiosk of a second office, LTSA Bantul, which has no information desk."""
    kept = [it for it in example_office().services if it.id in {"civil-registry", "immigration", "health"}]
    services = tuple(replace(it, after=()) for it in kept)
    counters = (replace(example_office().counters[0], services=tuple(it.id for it in services)),)
    bantul = replace(example_office(), id="bantul", name={"id": "LTSA Bantul"}, services=services, counters=counters)
    at = time.time_ns() // 1_000_000
    founded = ConfigureOffice(
        office="bantul", at=at, by="system", key="bantul is founded", configuration=bantul, since="2026-01-01"
    )
    hall.ledger.do(founded)
    with closing(House(Settings(data=office_server.data, port=0))) as here:
        secret = pair(here, "kiosk", "bantul-1", "bantul")

    def comes(query: str = "", **context: object) -> Visitor:
        page = new_page(**{"viewport": UPRIGHT, **context})
        cookie = {"name": "device", "value": secret, "url": office_server.url, "httpOnly": True, "sameSite": "Lax"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return Visitor(page, office_server.url, query, "bantul")

    return comes


def begun(visitor: Comes, nik: str = SITI, scheme: str = "mandiri") -> tuple[str, str, str]:
    """Somebody's first visit: the number, and the addresses in the card's code and the ticket's."""
    siti = visitor()
    siti.begins(scheme, nik)
    siti.sees("plan")
    number = siti.takes_the_number()
    card, follow = siti.codes
    assert "/c/" in card
    assert "/t/" in follow
    siti.page.close()
    return number, card, follow


# --- The proof of the whole


def test_a_case_over_three_days_and_two_offices(  # noqa: PLR0915 - one story
    visitor: Comes, other_kiosk: Comes, phone: Callable[..., Page], days: Days
) -> None:
    days.hall.decides("flows/mandiri/steps/health-check/valid_days", 1)

    siti = visitor()
    siti.begins("mandiri", SITI)
    siti.sees("plan")
    assert siti.offered == [
        *("Informasi dan pengaduan", "Data kependudukan", "Ketenagakerjaan", "Kesehatan", "Paspor"),
        "Jaminan sosial (BPJS)",
    ]
    for service in ("information", "immigration"):
        siti.touches(f"[name=without][value={service}]")
        siti.page.locator(f"[name=with][value={service}]").wait_for()
    assert siti.offered == ["Data kependudukan", "Kesehatan"], "what comes after the passport goes with it"
    number = siti.takes_the_number()
    card = siti.codes[0]
    siti.page.close()
    days.serves(number, "2")
    days.serves(number, "5")
    page = phone(card)
    page.get_by_text("2 dari 8 langkah selesai").wait_for()
    page.get_by_text("Pemeriksaan kesehatan dan psikologi hanya berlaku sampai").wait_for()
    page.close()

    days.go_home()
    siti = other_kiosk()
    siti.scans(card)
    siti.sees("plan")
    assert siti.offered == ["Paspor"], "the civil registry's check of yesterday counts at the other office"
    siti.page.get_by_text("Pemeriksaan data kependudukan").wait_for()
    siti.touches(".review__do form[action*='journey/ticket'] .button--primary")
    siti.sees("ticket")
    siti.page.locator(".ticket").get_by_text("Paspor").first.wait_for()
    assert len(siti.codes) == 1, "who has a card gets no second one"
    days.serves(siti.number, example_office().counters[0].id, office="bantul")
    siti.page.close()
    page = phone(card)
    page.get_by_text("3 dari 8 langkah selesai").wait_for()
    page.get_by_text("LTSA Bantul").first.wait_for()
    page.close()

    days.go_home()
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    siti.page.get_by_text("Pemeriksaan kesehatan dan psikologi habis berlaku").wait_for()
    assert siti.offered == ["Informasi dan pengaduan", "Ketenagakerjaan", "Kesehatan", "Jaminan sosial (BPJS)"]
    number = siti.takes_the_number()
    days.serves(number, "5")
    page = phone(card)
    page.get_by_text("Nomor antrean hari ini").wait_for()
    page.get_by_text("3 dari 8 langkah selesai").wait_for()

    (opened,), (consent,) = days.events(CaseOpened), days.events(ConsentGiven)
    assert (consent.version, consent.text, consent.door) == ("usual/2", asked({}).digest("id"), "kiosk")
    assert (consent.by, consent.key) == (opened.by, opened.key), "with the case, in one commit"
    visits = [(visit.office, visit.date) for visit in days.events(VisitBegun)]
    assert visits == [("ltsa", days.date(-2)), ("bantul", days.date(-1)), ("ltsa", days.date())]
    seen = [event for event in days.events(DataSeen) if event.kind == "journey"]
    assert {event.about for event in seen} == {person_of(opened.case)}
    assert [event.by for event in seen] == ["kiosk:bantul-1", "kiosk:1"], "every look at a journey is on record"
    assert SITI not in (days.office.data / "ledger.sqlite").read_bytes().decode("latin-1")


def test_a_flow_that_is_changed_mid_case_leaves_the_case_on_its_own_until_it_is_moved_with_a_grace_date(
    visitor: Comes, days: Days
) -> None:
    _, card, _ = begun(visitor)
    (opened,) = days.events(CaseOpened)
    flow = days.hall.ledger.present().office_at("ltsa", days.now)[0].flow["mandiri"]
    account = next(
        it
        for it in days.hall.ledger.present().office_at("ltsa", days.now)[0].flow["p-to-p"].steps
        if it.code == "bank-account"
    )
    days.hall.decides("flows/mandiri/steps", (*flow.steps, account))

    days.go_home()
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    siti.page.get_by_text("0 dari 8 langkah selesai").wait_for()
    assert "Perbankan" not in siti.offered
    siti.page.close()
    budi = visitor()
    budi.begins("mandiri", BUDI)
    budi.sees("plan")
    assert "Perbankan" in budi.offered, "who begins today begins under the new flow"
    budi.page.close()

    said: dict[str, Any] = {"office": "ltsa", "at": days.now, "by": "manager:test", "key": "a-move-with-a-grace-date"}
    person = person_of(opened.case)
    days.hall.ledger.do(MoveCase(**said, person=person, case=opened.case, scheme="mandiri", grace=days.date(1)))
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    assert "Perbankan" not in siti.offered, "until the day before it stays as it was"
    siti.page.close()

    days.go_home()
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    siti.page.get_by_text("0 dari 9 langkah selesai").wait_for()
    assert "Perbankan" in siti.offered


# --- The first visit


@BOTH
def test_a_first_visit_begins_with_the_scheme_and_ends_with_a_number_and_a_card(
    visitor: Comes, days: Days, viewport: dict[str, int]
) -> None:
    siti = visitor(viewport=viewport)
    siti.speaks("id")
    assert flaws(siti.page) == []
    siti.touches(".way[href*='/begin']")
    siti.sees("schemes")
    assert flaws(siti.page) == []
    siti.touches(".service[href*='/begin/p-to-p']")
    siti.sees("nik")
    assert flaws(siti.page) == []
    siti.types(SITI)
    siti.touches(".nik__do .button--primary")
    siti.sees("consent")
    assert flaws(siti.page) == []
    siti.touches(".dock__form [lang=en]")
    siti.page.get_by_text("May we keep your details?").first.wait_for()
    assert flaws(siti.page) == []
    siti.answers(agrees=viewport == UPRIGHT)
    siti.sees("plan")
    assert flaws(siti.page) == []
    assert SITI not in siti.page.url
    number = siti.takes_the_number()
    assert flaws(siti.page) == []
    card, follow = siti.codes
    (opened,) = days.events(CaseOpened)
    assert (opened.scheme, opened.by) == ("p-to-p", "kiosk:1")
    read = asked({}).digest("en")
    consents = [(event.text, event.language, event.door) for event in days.events(ConsentGiven)]
    assert consents == ([(read, "en", "kiosk")] if viewport == UPRIGHT else []), "who says no is served as well"
    assert days.hall.day.tickets[number].case == opened.case
    assert card.startswith(f"{days.office.url}/c/")
    assert follow.startswith(f"{days.office.url}/t/")
    assert SITI not in siti.page.content()


def test_who_does_not_know_yet_goes_to_the_information_desk(visitor: Comes, days: Days) -> None:
    budi = visitor()
    budi.speaks("id")
    budi.touches(".way[href*='/begin']")
    budi.sees("schemes")
    budi.touches(".service--unsure")
    budi.sees("review")
    number = budi.takes_the_number()
    assert list(days.hall.day.tickets[number].steps) == ["information"]
    assert days.events(CaseOpened) == []


def test_who_has_no_nik_at_hand_gets_a_number_and_the_officer_opens_the_case(visitor: Comes, days: Days) -> None:
    budi = visitor()
    budi.speaks("id")
    budi.touches(".way[href*='/begin']")
    budi.sees("schemes")
    budi.touches(".service[href*='/begin/ukps']")
    budi.sees("nik")
    budi.touches(".nik__do a")
    budi.sees("review")
    number = budi.takes_the_number()
    assert list(days.hall.day.tickets[number].steps) == ["health", "immigration"]
    assert days.events(CaseOpened) == []


def test_somebody_who_begins_but_has_begun_before_goes_on(visitor: Comes, days: Days) -> None:
    begun(visitor)
    days.go_home()
    siti = visitor()
    siti.begins("p-to-p", SITI)
    siti.sees("plan")
    siti.page.get_by_text("Anda sudah punya perjalanan").wait_for()
    siti.takes_the_number()
    (opened,) = days.events(CaseOpened)
    assert opened.scheme == "mandiri"


# --- Coming again


def test_a_scanned_card_leads_to_the_plan_from_any_step_and_two_taps_to_the_number(visitor: Comes, days: Days) -> None:
    _, card, _ = begun(visitor)
    days.go_home()
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    assert card.rpartition("/")[2] not in siti.page.url
    assert card.rpartition("/")[2] not in siti.page.content()
    siti.takes_the_number()
    assert siti.taps == 1
    siti.scans(card)
    siti.sees("held")
    assert siti.page.locator(".held .wide").get_attribute("aria-label") == "A001"


def test_a_scanner_that_expects_another_keyboard_is_understood_and_slow_typing_is_no_scanner(
    visitor: Comes, days: Days
) -> None:
    _, card, _ = begun(visitor)
    days.go_home()
    siti = visitor()
    siti.scans(card.rpartition("/")[2][:6], ms_between=80)
    siti.sees("welcome")
    siti.scans(card.replace(":", "Ö").replace("/", "-").lower())
    siti.sees("plan")


@BOTH
def test_a_nik_with_a_wrong_digit_is_told_as_it_is_typed(visitor: Comes, viewport: dict[str, int]) -> None:
    siti = visitor(viewport=viewport)
    siti.speaks("id")
    siti.touches(".way[href*='/return']")
    siti.sees("nik")
    assert flaws(siti.page) == []
    siti.types("3204123")
    assert siti.page.locator("[data-nik-wrong]").is_hidden()
    siti.types("9")
    siti.page.get_by_text("Angka ke-7 dan ke-8 NIK adalah tanggal lahir").wait_for()
    assert flaws(siti.page) == []
    siti.touches("[data-erase]")
    assert siti.page.locator("[data-nik-wrong]").is_hidden()
    siti.types("113")
    siti.page.get_by_text("Angka ke-9 dan ke-10 NIK adalah bulan lahir").wait_for()
    siti.touches("[data-erase]")
    siti.types("2")
    siti.touches(".nik__do .button--primary")
    siti.page.get_by_text("Baru 10 angka").wait_for()
    siti.page.keyboard.type("90", delay=80)
    siti.types("0000")
    siti.page.get_by_text("tidak pernah 0000").wait_for()
    assert siti.page.locator("[data-nik]").input_value() == "320412 311290 0000"


def test_a_nik_that_nobody_has_offers_to_begin_and_is_asked_for_thirty_times_at_most(
    visitor: Comes, days: Days
) -> None:
    siti = visitor()
    siti.page.expected_errors = ["422", "429"]  # type: ignore[attr-defined]
    siti.comes_again(SITI)
    siti.page.get_by_text("Belum ada perjalanan dengan NIK ini").wait_for()
    assert flaws(siti.page) == []
    assert days.events(DataSeen) == []
    answers = siti.page.evaluate(
        """async () => {
            const found = [];
            for (let n = 0; n < 31; n += 1) {
                const body = new URLSearchParams({ nik: "3204125701900" + (100 + n), key: "a-key-of-a-guess-" + n });
                found.push((await fetch("/kiosk/ltsa/journey", { method: "POST", body })).status);
            }
            return found;
        }"""
    )
    assert answers[:29] == [422] * 29
    assert answers[-1] == 429


def test_a_wrong_code_is_told_and_the_nik_asked_for(visitor: Comes) -> None:
    budi = visitor()
    budi.page.expected_errors = ["422"]  # type: ignore[attr-defined]
    budi.scans("http://example.org/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    budi.sees("nik")
    budi.page.get_by_text("Kode itu bukan kartu perjalanan yang berlaku").wait_for()
    assert flaws(budi.page) == []


# --- One person, one number


def test_two_kiosks_and_one_person_at_once_give_one_number(visitor: Comes, days: Days) -> None:
    first, second = visitor(), visitor(query="?kiosk=2", who="session")
    for kiosk in (first, second):
        kiosk.begins("mandiri", SITI)
        kiosk.sees("plan")
    number = first.takes_the_number()
    second.touches(".review__do form[action*='journey/ticket'] .button--primary")
    second.sees("held")
    assert second.page.locator(".held .wide").get_attribute("aria-label") == number
    assert flaws(second.page) == []
    assert list(days.hall.day.tickets) == [number]
    assert len(days.events(CaseOpened)) == 1


def test_a_number_at_another_office_is_told_instead_of_a_second_one(visitor: Comes, other_kiosk: Comes) -> None:
    number, card, _ = begun(visitor)
    siti = other_kiosk()
    siti.scans(card)
    siti.sees("held")
    siti.page.get_by_text("Nomor ini untuk LTSA Contoh").wait_for()
    assert siti.page.locator(".held .wide").get_attribute("aria-label") == number
    siti.touches(".dock__form [lang=en]")
    siti.page.get_by_text("You have a number already").wait_for()


def test_the_same_ticket_in_english_is_the_same_command_and_keeps_its_card(visitor: Comes, days: Days) -> None:
    siti = visitor()
    siti.begins("mandiri", SITI)
    siti.sees("plan")
    siti.touches(".dock__form [lang=en]")
    siti.page.get_by_text("Can be done here today").wait_for()
    number = siti.takes_the_number()
    codes = siti.codes
    siti.page.get_by_text("Journey card").first.wait_for()
    siti.touches(".dock__form [lang=id]")
    siti.page.get_by_text("Ini nomor Anda").first.wait_for()
    siti.sees("ticket")
    assert (siti.number, siti.codes) == (number, codes)
    assert list(days.hall.day.tickets) == [number]


def test_priority_is_asked_for_without_telling_the_address_who_it_is(visitor: Comes, days: Days) -> None:
    siti = visitor()
    siti.begins("mandiri", SITI)
    siti.sees("plan")
    siti.touches(".prior--ask")
    siti.sees("priority")
    assert flaws(siti.page) == []
    siti.touches(".answer[value=pregnant]" if siti.page.locator(".answer[value=pregnant]").count() else ".answer")
    siti.sees("plan")
    siti.page.get_by_text("Permintaan didahulukan sudah dicatat").wait_for()
    number = siti.takes_the_number()
    assert days.hall.day.tickets[number].priority


# --- What does not stay


def test_an_abandoned_kiosk_forgets_a_half_typed_nik(visitor: Comes) -> None:
    siti = visitor()
    siti.page.clock.install()
    siti.page.reload()
    siti.speaks("id")
    siti.touches(".way[href*='/return']")
    siti.page.clock.run_for(1_000)
    siti.sees("nik")
    siti.types("32041257")
    siti.page.clock.run_for(46_000)
    siti.page.locator("#idle[open]").wait_for()
    siti.page.clock.run_for(21_000)
    siti.sees("welcome")
    assert "320412" not in siti.page.content()
    assert siti.page.evaluate("history.length") <= 2


def test_a_pass_is_of_this_office_and_of_these_minutes(visitor: Comes, days: Days) -> None:
    begun(visitor)
    days.go_home()
    siti = visitor()
    siti.page.expected_errors = ["409"]  # type: ignore[attr-defined]
    siti.comes_again(SITI)
    siti.sees("plan")
    shown = siti.page.locator("[name=pass]").first.get_attribute("value")
    assert shown
    wrong = siti.page.evaluate(
        """async (pass) => {
            const body = new URLSearchParams({ pass, key: "a-key-of-a-forged-pass" });
            return (await fetch("/kiosk/ltsa/journey", { method: "POST", body })).status;
        }""",
        shown.replace(".", ".9", 1),
    )
    assert wrong == 409


# --- Nothing to do here


def test_where_nothing_can_be_done_today_it_is_said_what_comes_next_and_where(
    visitor: Comes, other_kiosk: Comes, days: Days
) -> None:
    number, card, _ = begun(visitor, scheme="ukps")
    days.serves(number, "5")
    days.serves(number, "6")
    days.go_home()
    siti = other_kiosk()
    siti.scans(card)
    siti.sees("later")
    siti.page.get_by_text("Izin").first.wait_for()
    siti.page.get_by_text("Di luar kantor ini").first.wait_for()
    assert flaws(siti.page) == []
    siti.page.close()
    siti = visitor(viewport=LYING)
    siti.scans(card)
    siti.sees("later")
    assert flaws(siti.page) == []
    siti.touches("a[href*='/review']")
    siti.sees("review")
    assert not days.hall.day_at(days.now).tickets
    (opened,) = days.events(CaseOpened)
    said: dict[str, Any] = {"office": "ltsa", "at": days.now, "by": "officer:test", "key": "the-permit-is-there"}
    person = person_of(opened.case)
    days.hall.ledger.do(RecordStep(**said, person=person, case=opened.case, step="company-permit", outcome="done"))
    siti.scans(card)
    siti.sees("plan")
    assert siti.offered == ["Ketenagakerjaan", "Jaminan sosial (BPJS)"]


def test_a_document_that_was_missing_is_told_at_the_next_visit(
    visitor: Comes, phone: Callable[..., Page], days: Days
) -> None:
    number, card, follow = begun(visitor, scheme="ukps")
    for kind, more in ((CallTicket, {"number": number}), (StartService, {})):
        days.hall.does(kind, at=days.now, counter="6", **more)
    days.hall.does(ReturnTicket, at=days.now, counter="6", reasons=("document-missing",), missing=("family-card",))
    page = phone(follow)
    page.get_by_text("Waktu itu kurang: Kartu keluarga (KK)").first.wait_for()
    assert violations(page) == []
    page.close()
    days.go_home()
    siti = visitor()
    siti.scans(card)
    siti.sees("plan")
    siti.page.get_by_text("Waktu itu kurang: Kartu keluarga (KK)").wait_for()
    page = phone(card)
    page.get_by_text("Waktu itu kurang: Kartu keluarga (KK)").first.wait_for()


# --- The card on the phone, the ticket on paper


def test_the_cards_page_is_light_private_and_live(visitor: Comes, phone: Callable[..., Page], days: Days) -> None:
    number, card, _ = begun(visitor)
    page = phone("about:blank", extra_http_headers={"Accept-Encoding": "identity"})
    weights: dict[str, int] = {}

    def weigh(request: object) -> None:
        sizes = request.sizes()  # type: ignore[attr-defined]
        weights[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]  # type: ignore[attr-defined]

    page.on("requestfinished", weigh)
    answer = page.goto(card, wait_until="networkidle")
    assert answer
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page.get_by_text("Kunjungan berikutnya").wait_for()
    assert sum(weights.values()) < FIRST_LOAD, weights
    assert SITI not in page.content()
    assert violations(page) == []
    days.hall.does(CallTicket, at=days.now, counter="1", number=number)
    page.get_by_text("Silakan menuju Loket 1").wait_for()
    days.hall.does(StartService, at=days.now, counter="1")
    days.hall.does(FinishService, at=days.now, counter="1", outcome="done")
    page.get_by_text("1 dari 8 langkah selesai").wait_for()
    page.click("text=English")
    page.get_by_text("1 of 8 steps done").wait_for()
    assert violations(page) == []


def test_a_card_that_opens_nothing_says_what_to_do(phone: Callable[..., Page], office_server: Office) -> None:
    page = phone("about:blank")
    page.expected_errors = ["404"]  # type: ignore[attr-defined]
    page.goto(f"{office_server.url}/c/ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    page.get_by_text("Kartu tidak ditemukan").first.wait_for()
    assert violations(page) == []


def test_the_slip_of_a_journey_has_its_road_and_its_card_and_any_other_is_as_before() -> None:
    bare = Slip(
        job="j",
        number="A001",
        office="LTSA Contoh",
        label="Nomor antrean Anda",
        taken="Sabtu",
        ahead="Anda yang berikutnya",
        road=(Stop("Paspor"),),
        url="http://ltsa.example/t/ABC",
        follow="Ikuti",
        follow_how="Pindai",
        foot="Satu nomor.",
        again="CETAK ULANG",
    )
    way = Way(
        title="Perjalanan Anda: Mandiri",
        road=(Stop("Pemeriksaan data", "21 Nov 2026"), Stop("Paspor", "Hari ini"), Stop("Visa kerja")),
        signs=("x", ">", ""),
        then="Sesudah ini: Visa kerja. Bawa: Paspor.",
        number="Nomor perjalanan 12345",
    )
    card = Card(url="http://ltsa.example/c/XYZ", title="Kartu perjalanan", keep="Simpan kartu ini.")
    printed = ticket(replace(bare, way=way, card=card, notes=("Paspor. Waktu itu kurang: KTP",)))
    for line in (
        b"[x] Pemeriksaan data (21 Nov 2026)",
        b"[>] Paspor (Hari ini)",
        b"[ ] Visa kerja\n",
        b"! Paspor. Waktu itu kurang: KTP",
        b"http://ltsa.example/t/ABC",
        b"http://ltsa.example/c/XYZ",
        b"Nomor perjalanan 12345",
    ):
        assert line in printed
    assert printed.index(b"/t/ABC") < printed.index(b"[x]") < printed.index(b"/c/XYZ")
    plain = ticket(bare)
    assert b"[" not in plain.replace(b"\x1b[", b"").split(b"LTSA Contoh")[1].split(b"http")[0]
    assert b"Perjalanan" not in plain

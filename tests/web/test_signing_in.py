"""People come in by what they know and have, and nobody else does; every step is on record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ltsa.access import BarPerson
from tests.web.doors import BETTER, GOOD, HOUR, MINUTE, PIN, Office
from web.asking import SESSION

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from web.settings import Settings


@pytest.fixture
def office(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(settings, monkeypatch)


def said(page: TestResponse, account: str) -> str:
    """All that a page says, but for the account that was typed and the time of day."""
    return re.sub(r' data-now="\d+"', "", page.text).replace(f'value="{account}"', "")


def test_siti_signs_in_and_goes_on_to_where_she_was_going(office: Office) -> None:
    siti = office.visitor()
    led = siti.opens("/desk/ltsa")
    assert (led.status_code, led.location) == (303, "/sign-in?next=%2Fdesk%2Fltsa")
    page = siti.signs_in("  Siti ", GOOD, to="/desk/ltsa")
    assert (page.status_code, page.location) == (303, "/desk/ltsa")
    assert siti.name == "Siti Rahma"
    assert office.journal() == [("SignedIn", "siti", "password")]


@pytest.mark.parametrize(
    "there",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "\t//evil.example",
        "",
    ],
)
def test_nobody_is_led_away_from_the_office(office: Office, there: str) -> None:
    assert office.visitor().signs_in("siti", GOOD, to=there).location == "/"


def test_a_wrong_password_and_an_account_that_is_not_there_read_the_same(office: Office) -> None:
    wrong = office.visitor().signs_in("siti", "wrong")
    nobody = office.visitor().signs_in("sita", "wrong")
    assert wrong.status_code == nobody.status_code == 422
    assert said(wrong, "siti") == said(nobody, "sita")
    assert "Akun atau kata sandi tidak cocok" in wrong.text
    assert office.journal() == [("SignInRefused", "siti", "password"), ("SignInRefused", "", "unknown")]


def test_the_fifth_wrong_password_locks_and_the_page_says_until_when_and_what_helps(office: Office) -> None:
    office.hire("ani", "officer")
    pages = {}
    for account in ("siti", "nobody", "ani"):
        visitor = office.visitor()
        for _ in range(5):
            visitor.signs_in(account, "wrong")
        pages[account] = visitor.page
        assert visitor.page.status_code == 429
        assert "Terkunci sampai pukul" in visitor.page.text
        assert "minta manajer kantor membuka kunci" in visitor.page.text
        assert visitor.signs_in(account, GOOD).status_code == 429, "the right one too"
    assert len({said(page, account) for account, page in pages.items()}) == 1
    assert ("AccountLocked", "siti") in office.journal()
    office.now += 15 * MINUTE
    assert office.visitor().signs_in("siti", GOOD).status_code == 303


def test_a_barred_person_is_refused_like_a_stranger(office: Office) -> None:
    office.house.do(BarPerson(office="ltsa", at=office.now, by="command line", key="bar", person="siti", why="left"))
    barred = office.visitor().signs_in("siti", GOOD)
    assert barred.status_code == 422
    assert said(barred, "siti") == said(office.visitor().signs_in("siti", "wrong"), "siti")
    assert ("SignInRefused", "siti", "barred") in office.journal()


def test_signing_in_takes_a_new_secret_whatever_the_browser_brought(office: Office) -> None:
    mallory, siti = office.visitor(), office.visitor()
    mallory.signs_in("budi", BETTER)
    planted = office.kept.open_session("siti", "password", "", office.now)
    siti.client.set_cookie(SESSION, planted)
    siti.sends("/sign-out")
    siti.client.set_cookie(SESSION, planted)
    siti.signs_in("siti", GOOD)
    assert siti.session != planted
    assert office.kept.session(planted, office.now) is None


def test_signing_in_as_another_ends_the_session_before(office: Office) -> None:
    visitor = office.visitor()
    visitor.signs_in("siti", GOOD)
    before = visitor.session
    visitor.signs_in("budi", BETTER)
    visitor.gives_code(office.shows())
    assert visitor.name == "Budi Santoso"
    assert office.kept.session(before, office.now) is None
    assert ("SignedOut", "siti", "changed") in office.journal()


def test_signing_out_ends_the_session_and_everywhere_ends_all(office: Office) -> None:
    here, there = office.visitor(), office.visitor()
    here.signs_in("siti", GOOD)
    there.signs_in("siti", GOOD)
    secret = here.session
    assert here.sends("/sign-out").location == "/sign-out"
    assert "Anda sudah keluar" in here.opens("/sign-out").text
    assert (here.name, here.session) == ("", "")
    here.client.set_cookie(SESSION, secret)
    assert here.name == "", "the old secret opens nothing"
    here.signs_in("siti", GOOD)
    here.sends("/sign-out", everywhere="1")
    assert there.name == ""
    assert [entry[2] for entry in office.journal() if entry[0] == "SignedOut"] == ["asked", "everywhere", "everywhere"]


def test_who_is_signed_in_is_not_asked_again(office: Office) -> None:
    siti = office.visitor()
    siti.signs_in("siti", GOOD)
    assert siti.opens("/sign-in?next=/desk/ltsa").location == "/desk/ltsa"


# --- The second step


def test_budi_s_password_alone_opens_nothing(office: Office) -> None:
    budi = office.visitor()
    page = budi.signs_in("budi", BETTER, to="/audit/ltsa")
    assert (page.status_code, page.location) == (303, "/sign-in/second-step?next=%2Faudit%2Fltsa")
    assert (budi.name, budi.session) == ("", "")
    half = budi.client.get_cookie("half-way")
    assert half
    budi.client.set_cookie(SESSION, half.value)
    assert budi.name == "", "the half is no session"
    assert budi.opens(page.location).status_code == 200
    assert budi.gives_code(office.shows(), to="/audit/ltsa").location == "/audit/ltsa"
    assert budi.name == "Budi Santoso"
    assert office.journal() == [("SignedIn", "budi", "password+second-factor")]
    assert budi.client.get_cookie("half-way") is None


def test_a_used_code_and_a_wrong_one_are_refused_and_five_lock(office: Office) -> None:
    code = office.shows()
    first, thief = office.visitor(), office.visitor()
    first.signs_in("budi", BETTER)
    first.gives_code(code)
    thief.signs_in("budi", BETTER)
    assert [thief.gives_code(code).status_code for _ in range(5)] == [422] * 4 + [429]
    assert "Terkunci sampai pukul" in thief.page.text
    office.now += MINUTE
    assert thief.gives_code(office.shows()).status_code == 429
    assert thief.name == ""
    assert ("AccountLocked", "budi") in office.journal()


def test_a_recovery_code_stands_in_for_the_phone_once(office: Office) -> None:
    for status in (303, 422):
        budi = office.visitor()
        budi.signs_in("budi", BETTER)
        assert budi.sends("/sign-in/second-step", recovery=office.codes[0].lower()).status_code == status
    assert office.journal()[-1] == ("SignInRefused", "budi", "recovery-code")


def test_the_second_step_waits_five_minutes(office: Office) -> None:
    budi = office.visitor()
    budi.signs_in("budi", BETTER)
    office.now += 5 * MINUTE
    assert "Waktu untuk langkah kedua sudah habis" in budi.gives_code(office.shows()).text
    assert "Waktu untuk langkah kedua sudah habis" in budi.opens("/sign-in/second-step").text
    assert budi.name == ""


def test_without_the_first_step_there_is_no_second(office: Office) -> None:
    stranger = office.visitor()
    assert "Masuk lagi dari awal" in stranger.opens("/sign-in/second-step").text
    assert stranger.gives_code(office.shows()).status_code == 422
    stranger.client.set_cookie("half-way", "x" * 43)
    assert stranger.gives_code(office.shows()).status_code == 422
    assert office.journal() == []


def test_whose_role_needs_a_second_step_sets_it_up_before_anything_else(office: Office) -> None:
    office.requires_second_factor("officer")
    siti = office.visitor()
    page = siti.signs_in("siti", GOOD, to="/desk/ltsa")
    assert page.location == "/account/second-factor?next=%2Fdesk%2Fltsa"
    assert "Peran Anda memerlukan langkah kedua" in siti.opens(page.location).text
    assert siti.opens("/desk/ltsa").location == "/account/second-factor?next=%2Fdesk%2Fltsa", "the desk stays closed"


# --- The lock of a counter PC


def test_a_counter_pc_left_alone_locks_and_the_pin_goes_on_where_siti_was(office: Office) -> None:
    siti = office.visitor(device="counter")
    siti.signs_in("siti", GOOD)
    before = siti.session
    office.now += HOUR
    led = siti.opens("/desk/ltsa")
    assert led.location == "/unlock?next=%2Fdesk%2Fltsa"
    assert "Sesi Siti Rahma di loket ini masih berjalan" in siti.opens(led.location).text
    assert siti.name == "", "nothing else is open"
    assert siti.sends("/unlock", pin=PIN, next="/desk/ltsa").location == "/desk/ltsa"
    assert siti.name == "Siti Rahma"
    assert siti.session != before
    assert office.journal()[-1] == ("SignedIn", "siti", "pin")


def test_every_page_of_a_counter_pc_has_the_lock_in_its_head_and_no_page_elsewhere(office: Office) -> None:
    at_the_counter, elsewhere = office.visitor(device="counter"), office.visitor()
    for siti, there in ((at_the_counter, True), (elsewhere, False)):
        siti.signs_in("siti", GOOD)
        assert ('formaction="/lock?lang=id"' in siti.opens("/account").text) is there


def test_elsewhere_an_idle_session_ends(office: Office) -> None:
    siti = office.visitor()
    siti.signs_in("siti", GOOD)
    office.now += HOUR
    assert siti.opens("/desk/ltsa").location == "/sign-in?next=%2Fdesk%2Fltsa"
    assert siti.sends("/unlock", pin=PIN).location == "/"
    assert siti.name == ""


def test_five_wrong_pins_close_the_session(office: Office) -> None:
    siti = office.visitor(device="counter")
    siti.signs_in("siti", GOOD)
    assert siti.sends("/lock", next="/desk/ltsa").location == "/desk/ltsa"
    assert siti.opens("/desk/ltsa").location == "/unlock?next=%2Fdesk%2Fltsa"
    for _ in range(4):
        assert "PIN tidak cocok" in siti.sends("/unlock", pin="402818").text
    assert "Sesi ditutup karena PIN salah lima kali" in siti.sends("/unlock", pin="402818").text
    assert siti.session == ""
    assert siti.sends("/unlock", pin=PIN).location == "/"
    assert siti.name == ""
    assert office.journal()[-1] == ("SignedOut", "siti", "tries")


def test_a_locked_session_is_worth_nothing_at_another_computer(office: Office) -> None:
    siti, thief = office.visitor(device="counter"), office.visitor()
    siti.signs_in("siti", GOOD)
    siti.sends("/lock")
    thief.client.set_cookie(SESSION, siti.session)
    assert thief.sends("/unlock", pin=PIN).location == "/"
    assert thief.name == ""
    assert siti.sends("/unlock", pin=PIN, next="/account").location == "/account"


def test_without_a_pin_a_screen_is_not_locked_and_an_idle_one_asks_for_the_password(office: Office) -> None:
    office.kept.drop_pin("siti")
    siti = office.visitor(device="counter")
    siti.signs_in("siti", GOOD)
    assert siti.sends("/lock", next="/desk/ltsa").location == "/account", "where a PIN is made"
    assert siti.name == "Siti Rahma"
    office.now += HOUR
    assert "Akun ini belum punya PIN" in siti.opens("/unlock").text
    siti.signs_in("siti", GOOD)
    assert siti.name == "Siti Rahma"


def test_other_sites_forms_are_refused(office: Office) -> None:
    siti = office.visitor()
    siti.signs_in("siti", GOOD)
    siti.client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    for path in ("/sign-in", "/sign-out", "/account/password", "/account/pin", "/account/sessions", "/unlock", "/lock"):
        assert siti.sends(path, account="siti", password=GOOD).status_code == 403, path
    siti.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    assert siti.name == "Siti Rahma"


def test_when_the_record_cannot_be_written_nobody_is_let_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from ltsa.ledger import LedgerUnavailableError  # noqa: PLC0415

    def full(*_: object, **__: object) -> None:
        raise LedgerUnavailableError("disk full")

    siti = office.visitor()
    with monkeypatch.context() as broken:
        broken.setattr(office.house, "note", full)
        assert siti.signs_in("siti", GOOD).status_code == 503
    assert siti.session == ""
    assert office.kept.sessions("siti", office.now) == []

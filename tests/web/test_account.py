"""A person's own account: what they change, what a thief of an open screen cannot, and what is on record."""

from __future__ import annotations

import html
import re

import pyotp
import pytest
import zxingcpp

from tests.web.doors import BETTER, GOOD, HOUR, MINUTE, PIN, Office, Visitor
from tests.web.test_qr import painted
from web.qr import Code
from web.settings import Settings

NEW = "tiga kucing memanjat atap genteng"


@pytest.fixture
def office(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(settings, monkeypatch)


@pytest.fixture
def siti(office: Office) -> Visitor:
    """Siti, who has just signed in."""
    visitor = office.visitor()
    visitor.signs_in("siti", GOOD)
    return visitor


@pytest.fixture
def budi(office: Office) -> Visitor:
    """Budi, who has just signed in with his phone."""
    visitor = office.visitor()
    visitor.signs_in("budi", BETTER)
    visitor.gives_code(office.shows())
    return visitor


def later(office: Office, *people: Visitor) -> None:
    """Ten minutes pass, and nobody is asked for the password again for having just signed in."""
    office.now += 11 * MINUTE
    for visitor in people:
        assert visitor.name


# --- The password


def test_a_new_password_ends_all_other_sessions_and_gives_this_one_a_new_secret(office: Office, siti: Visitor) -> None:
    elsewhere, before = office.visitor(), siti.session
    elsewhere.signs_in("siti", GOOD)
    assert siti.sends("/account/password", current=GOOD, password=NEW).location == "/account?done=password"
    assert "Kata sandi diganti" in siti.opens("/account?done=password").text
    assert siti.session != before
    assert (siti.name, elsewhere.name) == ("Siti Rahma", "")
    assert office.kept.session(before, office.now) is None
    assert office.visitor().signs_in("siti", GOOD).status_code == 422
    assert office.visitor().signs_in("siti", NEW).status_code == 303
    assert ("CredentialChanged", "siti", "password") in office.journal()
    assert ("SignedOut", "siti", "changed") in office.journal()


def test_the_present_password_is_asked_for_even_right_after_signing_in(office: Office, siti: Visitor) -> None:
    page = siti.sends("/account/password", current="wrong", password=NEW)
    assert page.status_code == 422
    assert "Kata sandi sekarang tidak cocok" in page.text
    assert office.visitor().signs_in("siti", GOOD).status_code == 303


def test_who_guesses_the_present_password_at_an_open_screen_is_locked_out(office: Office, siti: Visitor) -> None:
    for _ in range(5):
        siti.sends("/account/password", current="wrong", password=NEW)
    assert "Terkunci sampai pukul" in siti.page.text
    assert siti.sends("/account/password", current=GOOD, password=NEW).status_code == 422
    assert office.journal()[-1] == ("AccountLocked", "siti")


@pytest.mark.parametrize(
    ("password", "why"),
    [("seblak", "terlalu pendek"), ("siti rahma 99", "memakai nama"), ("LTSA Contoh!", "memakai nama")],
)
def test_a_weak_password_is_refused_with_its_reason_beside_the_field(siti: Visitor, password: str, why: str) -> None:
    page = siti.sends("/account/password", current=GOOD, password=password)
    assert page.status_code == 422
    error = re.search(r'id="password-error">.*?</p>', page.text, re.DOTALL)
    assert error
    assert why in error[0]
    assert password not in page.text, "what was typed is not sent back"


# --- The second step


def test_siti_sets_up_a_second_step_with_her_phone(office: Office, siti: Visitor) -> None:
    page = siti.opens("/account/second-factor?next=/desk/ltsa")
    secret = re.search(r'enrol__secret">([A-Z2-7 ]+)<', page.text)
    path = re.search(r'<path d="(M[^"]+)" fill="#000"', page.text)
    size = re.search(r'class="qr" viewBox="0 0 (\d+)', page.text)
    assert secret
    assert path
    assert size
    key = secret[1].replace(" ", "")
    (read,) = zxingcpp.read_barcodes(painted(Code(int(size[1]), path[1])))
    app = pyotp.parse_uri(read.text)
    assert (app.secret, app.name, app.issuer) == (key, "siti", "LTSA Contoh")
    assert siti.opens("/account/second-factor").text.count(secret[1]) == 1, "looking again shows the same"
    wrong = siti.sends("/account/second-factor", code="000000")
    assert wrong.status_code == 422
    assert "Kode tidak cocok" in wrong.text
    before = siti.session
    done = siti.sends("/account/second-factor", code=pyotp.TOTP(key).at(office.now // 1000), next="/desk/ltsa")
    codes = re.findall(r"<li>([A-Z2-9-]{29})</li>", done.text)
    assert (done.status_code, len(codes)) == (200, 10)
    assert 'href="/desk/ltsa"' in done.text
    assert done.headers["Cache-Control"] == "no-store"
    assert siti.session != before
    session = office.kept.session(siti.session, office.now)
    assert session
    assert session.second_factor
    assert ("CredentialChanged", "siti", "second-factor") in office.journal()
    again = office.visitor()
    again.signs_in("siti", GOOD)
    assert again.name == "", "the password alone opens nothing from now on"
    assert again.sends("/sign-in/second-step", recovery=codes[3]).status_code == 303


def test_who_saw_the_secret_on_an_open_screen_an_hour_ago_saw_another(office: Office, siti: Visitor) -> None:
    seen = []
    for _ in range(2):
        page = siti.opens("/account/second-factor").text
        seen.append(re.findall(r'enrol__secret">([A-Z2-7 ]+)<', page))
        later(office, siti)
    assert seen[0] != seen[1]


def test_who_came_by_an_account_elsewhere_sets_a_first_password_right_after_signing_in(office: Office) -> None:
    office.hire("ani", "officer", name="Ani")
    ani = office.visitor()
    ani.client.set_cookie("session", office.kept.open_session("ani", "external", "", office.now))
    assert "password-current" not in ani.opens("/account").text
    later(office, ani)
    assert ani.sends("/account/password", password=NEW).status_code == 422, "somebody else may sit there by now"
    ani.client.set_cookie("session", office.kept.open_session("ani", "external", "", office.now))
    assert ani.sends("/account/password", password=NEW).status_code == 303
    assert office.visitor().signs_in("ani", NEW).status_code == 303


def test_with_the_second_step_the_way_to_the_desk_is_open(office: Office) -> None:
    office.requires_second_factor("officer")
    siti = office.visitor()
    siti.signs_in("siti", GOOD, to="/desk/ltsa")
    siti.opens("/account/second-factor")
    key = office.kept.begun_totp("siti", office.now)
    assert key
    assert siti.opens("/desk/ltsa").status_code == 303
    siti.sends("/account/second-factor", code=pyotp.TOTP(key).at(office.now // 1000))
    assert siti.opens("/desk/ltsa").status_code == 200
    refused = siti.sends("/account/second-factor/drop")
    assert refused.status_code == 409, "the role needs it"
    assert office.kept.has_totp("siti")


def test_a_session_from_before_the_second_step_is_asked_for_its_code(office: Office, siti: Visitor) -> None:
    app = pyotp.TOTP(office.kept.begin_totp("siti"))
    assert office.kept.confirm_totp("siti", app.at(office.now // 1000 - 60), office.now - MINUTE)
    office.requires_second_factor("officer")
    led = siti.opens("/desk/ltsa")
    assert led.location == "/account/second-factor?next=%2Fdesk%2Fltsa"
    assert "Masukkan kode dari telepon Anda" in siti.opens(led.location).text
    assert siti.sends("/account/second-factor/code", code="000000").status_code == 422
    before = siti.session
    right = siti.sends("/account/second-factor/code", code=app.at(office.now // 1000), next="/desk/ltsa")
    assert right.location == "/desk/ltsa"
    assert siti.opens("/desk/ltsa").status_code == 200
    assert siti.session != before
    assert office.journal()[-1] == ("SignedIn", "siti", "password+second-factor")


def test_a_weak_session_cannot_put_its_own_phone_in_the_place_of_another_s(office: Office, siti: Visitor) -> None:
    real, thief = office.kept.begin_totp("siti"), siti
    assert office.kept.confirm_totp("siti", pyotp.TOTP(real).at(office.now // 1000 - 60), office.now - MINUTE)
    assert "enrol__secret" not in thief.opens("/account/second-factor?replace=1").text
    own = office.kept.begin_totp("siti")
    thief.sends("/account/second-factor", code=pyotp.TOTP(own).at(office.now // 1000))
    assert office.kept.check_totp("siti", pyotp.TOTP(real).at(office.now // 1000), office.now) == "right"


def test_budi_changes_his_phone_and_drops_the_second_step_with_his_password(office: Office, budi: Visitor) -> None:
    later(office, budi)
    key = re.search(r'enrol__secret">([A-Z2-7 ]+)<', budi.opens("/account/second-factor?replace=1").text)
    assert key
    new = pyotp.TOTP(key[1].replace(" ", ""))
    code = new.at(office.now // 1000)
    assert budi.sends("/account/second-factor", code=code, current="wrong").status_code == 422
    assert budi.sends("/account/second-factor", code=code, current=BETTER).status_code == 200
    office.now += MINUTE
    assert office.kept.check_totp("budi", office.shows(), office.now) == "wrong"
    assert office.kept.check_totp("budi", new.at(office.now // 1000), office.now) == "right"
    assert budi.sends("/account/second-factor/drop").status_code == 422
    assert budi.sends("/account/second-factor/drop", current=BETTER).location == "/account?done=second"
    assert not office.kept.has_totp("budi")


def test_new_recovery_codes_end_the_old_ones(office: Office, budi: Visitor, siti: Visitor) -> None:
    codes = re.findall(r"<li>([A-Z2-9-]{29})</li>", budi.sends("/account/recovery-codes").text)
    assert len(set(codes)) == 10
    assert not office.kept.use_recovery_code("budi", office.codes[0])
    assert office.kept.use_recovery_code("budi", codes[0])
    assert ("CredentialChanged", "budi", "recovery-codes") in office.journal()
    assert siti.sends("/account/recovery-codes").location == "/account/second-factor", "first the phone"


# --- PIN and sessions


def test_a_pin_is_changed_and_dropped(office: Office, siti: Visitor) -> None:
    guessable = siti.sends("/account/pin", pin="123456")
    assert guessable.status_code == 422
    assert "termasuk yang pertama dicoba orang" in guessable.text
    assert siti.sends("/account/pin", pin="739105").location == "/account?done=pin"
    assert office.kept.check_pin("siti", "739105", office.now) == "right"
    assert siti.sends("/account/pin", drop="1").location == "/account?done=no-pin"
    assert not office.kept.has_pin("siti")
    assert office.journal()[-2:] == [("CredentialChanged", "siti", "pin")] * 2


def test_a_thief_of_an_open_screen_changes_nothing_without_the_password(
    office: Office, siti: Visitor, budi: Visitor
) -> None:
    later(office, siti, budi)
    assert siti.sends("/account/pin", pin="739105").status_code == 422
    assert siti.sends("/account/pin", drop="1").status_code == 422
    assert budi.sends("/account/recovery-codes").status_code == 422
    assert office.kept.check_pin("siti", PIN, office.now) == "right"
    assert office.kept.use_recovery_code("budi", office.codes[0])
    assert siti.sends("/account/pin", pin="739105", current=GOOD).status_code == 303


def test_the_page_lists_where_one_is_signed_in_and_closes_what_one_does_not_know(office: Office, siti: Visitor) -> None:
    desk, phone = office.visitor(device="counter"), office.visitor()
    desk.signs_in("siti", GOOD)
    phone.signs_in("siti", GOOD)
    page = siti.opens("/account").text
    assert ("Komputer loket-4" in page, page.count("Peramban lain"), page.count("Sesi ini")) == (True, 1, 1)
    (session,) = [found.id for found in office.kept.sessions("siti", office.now) if found.device]
    assert siti.sends("/account/sessions", session=session).location == "/account?done=session"
    assert (desk.name, phone.name, siti.name) == ("", "Siti Rahma", "Siti Rahma")
    siti.sends("/account/sessions")
    assert (phone.name, siti.name) == ("", "Siti Rahma")


def test_nobody_closes_another_person_s_session(office: Office, siti: Visitor, budi: Visitor) -> None:
    (session,) = [found.id for found in office.kept.sessions("budi", office.now)]
    siti.sends("/account/sessions", session=session)
    assert budi.name == "Budi Santoso"


# --- How strong


def test_the_sentence_about_a_new_password_is_for_who_may_set_one(office: Office, siti: Visitor) -> None:
    asked = {"password": "siti rahma 99"}
    assert siti.client.post("/password-strength", json=asked).json == {"enough": False, "score": 1, "why": "name"}
    strong = siti.client.post("/password-strength", json={"password": NEW}).json
    assert strong == {"enough": True, "score": 4, "why": "strong"}
    stranger = office.visitor().client
    assert stranger.post("/password-strength", json=asked).status_code == 422
    link = office.kept.make_link("siti", "reset", office.now, 24)
    by_link = stranger.post("/password-strength", json={**asked, "link": link}).json
    assert by_link
    assert by_link["why"] == "name"
    odd: object
    for odd in ([], "x", 1, {"password": 1}, {"password": ["x"]}, {"link": {}}):
        assert stranger.post("/password-strength", json=odd).status_code == 422
        assert siti.client.post("/password-strength", json=odd).status_code in {200, 400}


def test_a_name_is_shown_as_text(office: Office, siti: Visitor) -> None:
    office.kept.set_name("siti", "<script>alert(1)</script>")
    assert html.escape("<script>alert(1)</script>") in siti.opens("/account").text
    office.now += HOUR

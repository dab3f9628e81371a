"""A link opens once, for its person and its purpose."""

from __future__ import annotations

import pytest

from ltsa.access import BarPerson, Grant
from ltsa.ledger import LedgerUnavailableError
from tests.staff import hire
from tests.web.doors import BETTER, GOOD, HOUR, Office
from web.settings import Settings

NEW = "tiga kucing memanjat atap genteng"


@pytest.fixture
def office(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(settings, monkeypatch)


def test_the_first_person_makes_their_account_and_leads_the_office(office: Office) -> None:
    link = office.kept.make_link("", "setup", office.now, 24)
    first = office.visitor()
    assert "Siapkan kantor ini" in first.opens(f"/link/{link}").text
    page = first.sends(f"/link/{link}", name=" Dewi   Kartika ", account="dewi.k", password=NEW)
    assert page.status_code == 303
    assert first.name == "Dewi Kartika"
    assert office.house.access.people["dewi.k"].grants == {
        Grant("headquarters", "*"),
        Grant("admin", "*"),
        Grant("manager", "ltsa"),
    }
    assert office.journal() == [("CredentialChanged", "dewi.k", "password"), ("SignedIn", "dewi.k", "link")]
    assert office.visitor().sends(f"/link/{link}", name="x", account="eve", password=NEW).status_code == 410
    assert "eve" not in office.house.access.people


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"account": "Dewi K"}, "account"),
        ({"account": "siti"}, "account"),
        ({"account": "installation--"}, "account"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"password": "dewi kartika"}, "password"),
        ({"password": "pendek"}, "password"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_uses_nothing_up(
    office: Office, typed: dict[str, str], field: str
) -> None:
    link = office.kept.make_link("", "setup", office.now, 24)
    right = {"name": "Dewi Kartika", "account": "dewi", "password": NEW}
    visitor = office.visitor()
    page = visitor.sends(f"/link/{link}", **{**right, **typed})
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert visitor.sends(f"/link/{link}", **right).status_code == 303


def test_who_is_invited_gives_their_name_and_a_password(office: Office) -> None:
    office.hire("ani", "officer")
    link = office.kept.make_link("ani", "invitation", office.now, 72)
    ani = office.visitor()
    assert "Selamat datang, ani" in ani.opens(f"/link/{link}").text
    assert ani.sends(f"/link/{link}", name="Ani", password=NEW, account="budi").status_code == 303
    assert ani.name == "Ani"
    assert office.visitor().signs_in("ani", NEW).status_code == 303
    assert office.kept.check_password("budi", BETTER, office.now) == "right", "the link is Ani's alone"


def test_a_reset_ends_all_sessions_and_opens_the_lock(office: Office) -> None:
    old = office.visitor()
    old.signs_in("siti", GOOD)
    for _ in range(5):
        office.visitor().signs_in("siti", "wrong")
    link = office.kept.make_link("siti", "reset", office.now, 24)
    siti = office.visitor()
    assert "Kata sandi baru untuk Siti Rahma" in siti.opens(f"/link/{link}").text
    assert siti.sends(f"/link/{link}", password=NEW).status_code == 303
    assert (siti.name, old.name) == ("Siti Rahma", "")
    assert office.visitor().signs_in("siti", GOOD).status_code == 422
    assert office.visitor().signs_in("siti", NEW).status_code == 303


def test_a_reset_does_not_go_round_the_second_step(office: Office) -> None:
    link = office.kept.make_link("budi", "reset", office.now, 24)
    budi = office.visitor()
    assert budi.sends(f"/link/{link}", password=NEW).location.startswith("/sign-in/second-step")
    assert budi.name == ""
    budi.gives_code(office.shows())
    assert budi.name == "Budi Santoso"
    assert office.journal()[-1] == ("SignedIn", "budi", "link+second-factor")


def test_looking_at_a_link_uses_nothing_up(office: Office) -> None:
    link = office.kept.make_link("siti", "reset", office.now, 24)
    for _ in range(3):
        assert office.visitor().opens(f"/link/{link}").status_code == 200
        assert office.visitor().client.head(f"/link/{link}").status_code == 200


def test_a_link_that_is_none_any_more_says_so_and_what_to_do(office: Office) -> None:
    used = office.kept.make_link("siti", "reset", office.now, 24)
    office.visitor().sends(f"/link/{used}", password=NEW)
    late = office.kept.make_link("budi", "reset", office.now, 1)
    office.now += HOUR
    for link in (used, late, "x" * 43, "%00", "é"):
        page = office.visitor().opens(f"/link/{link}")
        assert page.status_code == 410, link
        assert "Minta tautan baru kepada manajer kantor" in page.text
        assert office.visitor().sends(f"/link/{link}", password=NEW).status_code == 410


def test_who_was_barred_since_does_not_come_in_by_link(office: Office) -> None:
    link = office.kept.make_link("siti", "reset", office.now, 24)
    office.house.do(BarPerson(office="ltsa", at=office.now, by="command line", key="bar", person="siti", why="left"))
    siti = office.visitor()
    assert siti.opens(f"/link/{link}").status_code == 410
    assert siti.sends(f"/link/{link}", password=NEW).status_code == 410


def test_a_link_whose_use_could_not_be_put_on_record_is_good_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise LedgerUnavailableError("disk full")

    link = office.kept.make_link("", "setup", office.now, 24)
    typed = {"name": "Dewi", "account": "dewi", "password": NEW}
    with monkeypatch.context() as broken:
        broken.setattr(office.house, "do", full)
        assert office.visitor().sends(f"/link/{link}", **typed).status_code == 503
    assert office.visitor().sends(f"/link/{link}", **typed).status_code == 303


def test_the_first_link_opens_nothing_once_somebody_else_leads_the_installation(office: Office) -> None:
    link = office.kept.make_link("", "setup", office.now, 24)
    office.hire("adi", "admin")
    hire(office.house, "adi", ("admin",))
    assert office.visitor().opens(f"/link/{link}").status_code == 200, "nobody knows a password to that account yet"
    office.kept.set_password("adi", BETTER, office.now)
    eve = office.visitor()
    assert eve.opens(f"/link/{link}").status_code == 410
    assert eve.sends(f"/link/{link}", name="Eve", account="eve", password=NEW).status_code == 410
    assert "eve" not in office.house.access.people

"""A code of the app opens once; a recovery code too; who guesses is locked out.

Siti's phone shows the codes; times are passed in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyotp
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from ltsa.side_store import Beside
from web.credentials import Credentials
from web.second_factor import STEP
from web.vault import LOCK

NOW = 1_795_219_200_000 // STEP * STEP
"""2026-11-21 07:00 WIB, when a code begins."""

WIDE = "".join(chr(0xFF10 + digit) for digit in range(1, 7))
"""Digits that are not ASCII."""


@dataclass
class Phone:
    """Siti's phone, which was set up a minute before `NOW`."""

    kept: Credentials
    secret: str
    recovery: list[str]

    def shows(self, at: int) -> str:
        return pyotp.TOTP(self.secret).at(at // 1000)

    def opens(self, code: str, at: int) -> str:
        return self.kept.check_totp("siti", code, at)


@pytest.fixture
def kept(beside: Callable[[str], Beside]) -> Iterator[Credentials]:
    opened = Credentials(beside("credentials"), bytes(32), PasswordHasher.from_parameters(CHEAPEST))
    yield opened
    opened.close()


@pytest.fixture
def phone(kept: Credentials) -> Phone:
    secret, before = kept.begin_totp("siti"), NOW - 2 * STEP
    recovery = kept.confirm_totp("siti", pyotp.TOTP(secret).at(before // 1000), before)
    assert recovery
    return Phone(kept, secret, recovery)


def test_nothing_counts_before_the_app_has_shown_that_it_knows_the_secret(kept: Credentials) -> None:
    secret = kept.begin_totp("siti")
    code = pyotp.TOTP(secret).at(NOW // 1000)
    assert not kept.has_totp("siti")
    assert kept.check_totp("siti", code, NOW) == "none"
    assert kept.confirm_totp("siti", "000000", NOW) is None
    assert kept.confirm_totp("budi", code, NOW) is None
    assert kept.confirm_totp("siti", code, NOW)
    assert kept.has_totp("siti")
    assert kept.check_totp("siti", code, NOW) == "wrong", "the code that set it up is used"


def test_a_code_is_accepted_once(phone: Phone) -> None:
    assert phone.opens(phone.shows(NOW), NOW) == "right"
    assert phone.opens(phone.shows(NOW), NOW) == "wrong"
    assert phone.opens(phone.shows(NOW), NOW + STEP) == "wrong"


@pytest.mark.parametrize(("late", "outcome"), [(-2, "wrong"), (-1, "right"), (0, "right"), (1, "right"), (2, "wrong")])
def test_a_phone_s_clock_may_be_half_a_minute_off(phone: Phone, late: int, outcome: str) -> None:
    at = NOW + 10 * STEP
    assert phone.opens(phone.shows(at - late * STEP), at) == outcome


def test_an_older_code_than_one_accepted_is_refused(phone: Phone) -> None:
    assert phone.opens(phone.shows(NOW + STEP), NOW) == "right"
    assert phone.opens(phone.shows(NOW), NOW) == "wrong"
    assert phone.opens(phone.shows(NOW + STEP), NOW + STEP) == "wrong"
    assert phone.opens(phone.shows(NOW + 2 * STEP), NOW + 2 * STEP) == "right"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", WIDE, "\ud800", "0" * 5000])
def test_what_is_no_code_is_wrong(phone: Phone, typed: str) -> None:
    assert phone.opens(typed, NOW) == "wrong"


def test_a_code_may_be_typed_with_a_space_as_the_app_shows_it(phone: Phone) -> None:
    code = phone.shows(NOW)
    assert phone.opens(f" {code[:3]} {code[3:]}", NOW) == "right"


def test_five_wrong_codes_lock_and_time_or_a_recovery_code_is_the_way_out(phone: Phone) -> None:
    assert [phone.opens("000000", NOW) for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    assert phone.opens(phone.shows(NOW), NOW) == "locked"
    assert phone.kept.locked_until("siti", NOW) == NOW + LOCK
    assert phone.opens(phone.shows(NOW + LOCK), NOW + LOCK) == "right"
    for _ in range(5):
        phone.opens("000000", NOW + 2 * LOCK)
    assert phone.kept.use_recovery_code("siti", phone.recovery[0])
    assert phone.opens(phone.shows(NOW + 2 * LOCK), NOW + 2 * LOCK) == "right"


def test_a_new_phone_replaces_the_old_when_it_is_confirmed(phone: Phone) -> None:
    secret = phone.kept.begin_totp("siti")
    assert phone.opens(phone.shows(NOW), NOW) == "right", "the old one stays until then"
    new = pyotp.TOTP(secret)
    assert phone.kept.confirm_totp("siti", new.at(NOW // 1000), NOW)
    assert phone.opens(phone.shows(NOW + STEP), NOW + STEP) == "wrong"
    assert phone.opens(new.at((NOW + STEP) // 1000), NOW + STEP) == "right"
    assert not phone.kept.use_recovery_code("siti", phone.recovery[0]), "recovery codes are new too"


def test_each_recovery_code_opens_once_however_it_is_typed(phone: Phone) -> None:
    first, second, *_ = phone.recovery
    assert len(set(phone.recovery)) == 10
    assert not phone.kept.use_recovery_code("budi", first), "it is Siti's"
    assert phone.kept.use_recovery_code("siti", f" {first.lower().replace('-', ' ')} ")
    assert not phone.kept.use_recovery_code("siti", first)
    assert phone.kept.recovery_codes_left("siti") == 9
    renewed = phone.kept.new_recovery_codes("siti")
    assert not phone.kept.use_recovery_code("siti", second), "new ones end the old"
    assert phone.kept.use_recovery_code("siti", renewed[0])


def test_without_the_second_factor_its_recovery_codes_are_gone_too(phone: Phone) -> None:
    phone.kept.drop_totp("siti")
    assert not phone.kept.has_totp("siti")
    assert phone.opens(phone.shows(NOW), NOW) == "none"
    assert not phone.kept.use_recovery_code("siti", phone.recovery[0])

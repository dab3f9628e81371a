"""What is secret about people: who has it gets in, who guesses does not, and the file tells nobody.

Siti is an officer, Budi her supervisor. Passwords are hashed at the least cost here; one test looks at the real one.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from ltsa.side_store import Beside
from tests.conftest import IN_A_FILE
from web.credentials import ABSOLUTE, IDLE, Credentials, WeakPasswordError, WrongKeyError
from web.passwords import LONGEST, strength
from web.vault import FORGOTTEN_AFTER, LOCK, digest

KEY = bytes(range(32))
MORNING = 1_795_219_200_000  # 2026-11-21 07:00 WIB
MINUTE, HOUR = 60_000, 3_600_000
AWAY = 10 * MINUTE
GOOD = "kuda baterai staples benar"
BETTER = "tujuh perahu menunggu bulan"
PIN = "402817"
WIDE = "".join(chr(0xFF10 + digit) for digit in range(1, 7))
"""Digits that are not ASCII."""

cheap = PasswordHasher.from_parameters(CHEAPEST)


@pytest.fixture
def kept(beside: Callable[[str], Beside]) -> Iterator[Credentials]:
    opened = Credentials(beside("credentials"), KEY, cheap)
    yield opened
    opened.close()


@pytest.fixture
def siti(kept: Credentials) -> Credentials:
    """Siti has a name, a password and a PIN."""
    kept.set_name("siti", "Siti Rahma")
    kept.set_password("siti", GOOD, MORNING)
    kept.set_pin("siti", PIN, MORNING)
    return kept


class CountingHasher(PasswordHasher):
    """Argon2 that remembers how often it computed, and how many computed at the same time."""

    def __init__(self) -> None:
        super().__init__(1, 8192, 1)
        self.computed = self.now = self.most = 0
        self._counting = Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self:
            return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:  # noqa: A002 - the library's name
        with self:
            return super().verify(hash, password)

    def __enter__(self) -> None:
        with self._counting:
            self.computed += 1
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        with self._counting:
            self.now -= 1


# --- Passwords


def test_who_knows_the_password_is_let_in(siti: Credentials) -> None:
    assert siti.check_password("siti", GOOD, MORNING) == "right"
    assert siti.check_password("siti", GOOD.upper(), MORNING) == "wrong"
    assert siti.check_password("siti", GOOD + " ", MORNING) == "wrong"
    assert siti.check_password("budi", GOOD, MORNING) == "none"


def test_a_new_password_ends_the_old_one(siti: Credentials) -> None:
    siti.set_password("siti", BETTER, MORNING)
    assert siti.check_password("siti", GOOD, MORNING) == "wrong"
    assert siti.check_password("siti", BETTER, MORNING) == "right"


@IN_A_FILE
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("pendek", "short"),
        ("x" * (LONGEST + 1), "long"),
        ("siti rahma 99", "name"),
        ("Ltsa Indramayu", "name"),
        ("rahasiaku123", "common"),
        ("qwertyuiop[]", "keyboard"),
        ("aaaaaaaaaaaaaa", "repeated"),
        ("abcdefghijkl", "sequence"),
        ("17-08-1945", "date"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(siti: Credentials, password: str, why: str) -> None:
    with pytest.raises(WeakPasswordError) as refused:
        siti.set_password("siti", password, MORNING, words=("LTSA Indramayu",))
    assert (refused.value.code, refused.value.field) == (f"wrong-password-{why}", "password")
    assert siti.check_password("siti", GOOD, MORNING) == "right", "the old one stays"


@pytest.mark.parametrize("password", [GOOD, "x7#kQ!m2vL", "nasi goreng tanpa telur", "密码本身并不重要吧朋友"])
def test_no_rule_asks_for_digits_capitals_or_signs(siti: Credentials, password: str) -> None:
    siti.set_password("siti", password, MORNING)
    assert siti.check_password("siti", password, MORNING) == "right"


def test_the_longest_password_counts_to_its_last_character(siti: Credentials) -> None:
    longest = (GOOD * 5)[: LONGEST - 1]
    siti.set_password("siti", longest + "x", MORNING)
    assert siti.check_password("siti", longest + "y", MORNING) == "wrong"
    assert siti.check_password("siti", longest + "x", MORNING) == "right"


def test_the_words_of_one_judgement_are_not_those_of_another() -> None:
    names = [f"zq{number}xvw" * 2 for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        own = list(threads.map(lambda name: strength(name, [name]).why, names))
        other = list(threads.map(lambda name: strength(name, ["kxjqz"]).why, names))
    assert set(own) == {"name"}
    assert "name" not in other


def test_a_hash_of_less_cost_is_renewed_when_the_password_is_next_given(tmp_path: Path) -> None:
    before = Credentials(tmp_path / "credentials.sqlite", KEY, cheap)
    before.set_password("siti", GOOD, MORNING)
    before.close()
    now = Credentials(tmp_path / "credentials.sqlite", KEY)
    assert now.check_password("siti", "not this one", MORNING) == "wrong"
    assert _parameters(now, "siti") == CHEAPEST
    assert now.check_password("siti", GOOD, MORNING) == "right"
    assert _parameters(now, "siti") == RFC_9106_LOW_MEMORY
    assert now.check_password("siti", GOOD, MORNING) == "right"
    now.close()


def _parameters(credentials: Credentials, person: str) -> object:
    with credentials._looking() as database:
        (sealed,) = database.execute("SELECT sealed FROM hashes WHERE person = ?", (person,)).fetchone()
    return extract_parameters(credentials._open(sealed, f"password {person}").decode())


def test_an_account_that_is_not_there_costs_as_much_and_locks_alike(tmp_path: Path) -> None:
    hasher = CountingHasher()
    kept = Credentials(tmp_path / "credentials.sqlite", KEY, hasher)
    kept.set_password("siti", GOOD, MORNING)
    computed, locked = {}, {}
    for person in ("siti", "nobody", "x" * 10_000):
        before = hasher.computed
        for _ in range(7):
            kept.check_password(person, "a guess like another", MORNING)
        computed[person], locked[person] = hasher.computed - before, kept.locked_until(person, MORNING)
    assert set(computed.values()) == {5}
    assert set(locked.values()) == {MORNING + LOCK}
    kept.close()


@IN_A_FILE
def test_what_was_typed_for_an_account_that_is_not_there_is_not_kept(siti: Credentials, tmp_path: Path) -> None:
    siti.check_password("my-password-in-the-wrong-field", "", MORNING)
    assert b"wrong-field" not in _bytes(tmp_path)


def test_no_more_than_two_hashes_are_computed_at_once(tmp_path: Path) -> None:
    hasher = CountingHasher()
    kept = Credentials(tmp_path / "credentials.sqlite", KEY, hasher)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda number: kept.check_password(f"guest{number}", GOOD, MORNING), range(60)))
    assert (hasher.computed, hasher.most) == (60, 2)
    kept.close()


# --- The lock, and the ways out


def test_five_wrong_in_a_row_lock_for_a_quarter_of_an_hour(siti: Credentials) -> None:
    assert [siti.check_password("siti", "wrong", MORNING + n) for n in range(5)] == ["wrong"] * 5
    assert siti.check_password("siti", GOOD, MORNING + 5) == "locked", "also for the right one"
    opens = MORNING + 4 + LOCK
    assert siti.locked_until("siti", MORNING + 5) == opens
    assert siti.check_password("siti", GOOD, opens - 1) == "locked"
    assert siti.locked_until("siti", opens - 1) == opens, "a try while locked does not lengthen it"
    assert siti.check_password("siti", GOOD, opens) == "right"
    assert siti.locked_until("siti", opens) == 0


def test_a_right_password_begins_the_count_anew(siti: Credentials) -> None:
    for _ in range(3):
        assert [siti.check_password("siti", "wrong", MORNING) for _ in range(4)] == ["wrong"] * 4
        assert siti.check_password("siti", GOOD, MORNING) == "right"


def test_after_a_lock_there_are_five_tries_again(siti: Credentials) -> None:
    for round_ in range(3):
        at = MORNING + round_ * LOCK
        assert [siti.check_password("siti", "wrong", at) for _ in range(6)] == ["wrong"] * 5 + ["locked"]


def test_a_supervisor_a_reset_link_and_a_new_password_open_the_lock(siti: Credentials) -> None:
    def lock() -> None:
        for _ in range(5):
            siti.check_password("siti", "wrong", MORNING)
        assert siti.check_password("siti", GOOD, MORNING) == "locked"

    lock()
    siti.unlock("siti")
    assert siti.check_password("siti", GOOD, MORNING) == "right"
    lock()
    siti.use_link(siti.make_link("siti", "reset", MORNING, 24), MORNING)
    assert siti.check_password("siti", GOOD, MORNING) == "right"
    lock()
    siti.set_password("siti", BETTER, MORNING)
    assert siti.check_password("siti", BETTER, MORNING) == "right"


def test_another_person_s_wrong_tries_lock_nobody_else(siti: Credentials) -> None:
    siti.set_password("budi", BETTER, MORNING)
    for _ in range(6):
        siti.check_password("budi", "wrong", MORNING)
    assert siti.check_password("siti", GOOD, MORNING) == "right"


def test_wrong_tries_of_other_days_are_forgotten_for_everybody_alike(siti: Credentials) -> None:
    for person in ("siti", "nobody"):
        for _ in range(4):
            siti.check_password(person, "wrong", MORNING)
        assert siti.check_password(person, "wrong", MORNING + FORGOTTEN_AFTER) != "locked"
        assert siti.locked_until(person, MORNING + FORGOTTEN_AFTER) == 0


# --- The PIN


@IN_A_FILE
@pytest.mark.parametrize(
    "pin",
    [
        "12345",
        "1234567",
        "12345a",
        WIDE,
        "123456",
        "654321",
        "901234",
        "111111",
        "121212",
        "123123",
        "112233",
        "100000",
    ],
)
def test_a_pin_that_is_tried_first_is_refused(siti: Credentials, pin: str) -> None:
    with pytest.raises(WeakPasswordError) as refused:
        siti.set_pin("siti", pin, MORNING)
    assert refused.value.field == "pin"


def test_a_counter_pc_left_alone_locks_and_a_pin_opens_it_under_a_new_secret(siti: Credentials) -> None:
    before = siti.open_session("siti", "password", "counter-4", MORNING)
    idle = siti.session(before, MORNING + IDLE)
    assert idle
    assert idle.locked
    assert siti.rotate(before, MORNING + IDLE) is None, "a locked session does nothing"
    outcome, after = siti.unlock_session(before, PIN, MORNING + IDLE)
    assert outcome == "right"
    assert siti.session(before, MORNING + IDLE) is None
    opened = siti.session(after, MORNING + IDLE)
    assert opened
    assert (opened.id, opened.locked, opened.until) == (idle.id, False, MORNING + ABSOLUTE)
    assert siti.unlock_session(after, PIN, MORNING + ABSOLUTE) == ("none", ""), "not beyond the absolute end"


def test_the_fifth_wrong_pin_closes_the_session_and_signing_in_begins_anew(siti: Credentials) -> None:
    secret = siti.open_session("siti", "password", "counter-4", MORNING)
    siti.lock(secret)
    outcomes = [siti.unlock_session(secret, "402818", MORNING)[0] for _ in range(6)]
    assert outcomes == ["wrong"] * 4 + ["locked", "none"]
    assert siti.session(secret, MORNING) is None
    again = siti.open_session("siti", "password", "counter-5", MORNING)
    siti.lock(again)
    assert siti.unlock_session(again, PIN, MORNING)[0] == "right"


def test_wrong_pins_and_wrong_passwords_are_counted_apart(siti: Credentials) -> None:
    for _ in range(5):
        siti.check_pin("siti", "402818", MORNING)
    assert siti.check_pin("siti", PIN, MORNING + 365 * 24 * HOUR) == "locked", "time does not help, signing in does"
    assert siti.check_password("siti", GOOD, MORNING) == "right"
    assert siti.locked_until("siti", MORNING) == 0


# --- Sessions


def test_a_session_ends_when_nobody_is_there_and_in_any_case(siti: Credentials) -> None:
    idle, busy = (siti.open_session("siti", "password", "", MORNING) for _ in range(2))
    at = MORNING
    while at + 20 * MINUTE < MORNING + ABSOLUTE:
        at += 20 * MINUTE
        siti.seen(busy, at)
    assert siti.session(idle, MORNING + IDLE - 1)
    assert siti.session(idle, MORNING + IDLE) is None
    siti.seen(idle, MORNING + IDLE)
    assert siti.session(idle, MORNING + IDLE) is None, "what has ended does not revive"
    assert siti.session(busy, MORNING + ABSOLUTE - 1)
    assert siti.session(busy, MORNING + ABSOLUTE) is None


def test_a_sign_of_life_opens_no_lock(siti: Credentials) -> None:
    secret = siti.open_session("siti", "password", "counter-4", MORNING)
    siti.seen(secret, MORNING + IDLE)
    found = siti.session(secret, MORNING + IDLE)
    assert found
    assert found.locked


def test_a_rotated_session_is_the_same_under_another_secret(siti: Credentials) -> None:
    before = siti.open_session("siti", "password", "", MORNING)
    after = siti.rotate(before, MORNING + 1, second_factor=True)
    assert after
    assert siti.session(before, MORNING + 1) is None
    assert siti.rotate(before, MORNING + 1) is None
    found = siti.session(after, MORNING + 1)
    assert found
    assert (found.person, found.second_factor, found.began) == ("siti", True, MORNING)


def test_signing_out_ends_one_session_and_everywhere_all_but_this(siti: Credentials) -> None:
    here, there, phone = (siti.open_session("siti", "password", where, MORNING) for where in ("", "counter-4", ""))
    budi = siti.open_session("budi", "password", "", MORNING)
    siti.close_session(phone)
    assert [siti.session(secret, MORNING) is not None for secret in (here, there, phone, budi)] == [
        True,
        True,
        False,
        True,
    ]
    assert siti.close_all("siti", except_=here) == 1
    assert [siti.session(secret, MORNING) is not None for secret in (here, there, budi)] == [True, False, True]
    [left] = siti.sessions("siti", MORNING)
    assert not siti.close_by_id("budi", left.id), "nobody ends another's"
    assert siti.close_by_id("siti", left.id)
    assert siti.sessions("siti", MORNING) == []


def test_a_first_step_opens_nothing_and_waits_five_minutes_for_the_second(siti: Credentials) -> None:
    secret = siti.go_half_way("siti", "password", MORNING)
    assert siti.session(secret, MORNING) is None
    found = siti.half_way(secret, MORNING + 5 * MINUTE - 1)
    assert found
    assert (found.person, found.how) == ("siti", "password")
    assert siti.half_way(secret, MORNING + 5 * MINUTE) is None
    siti.go_through(secret)
    assert siti.half_way(secret, MORNING) is None
    other = siti.go_half_way("siti", "password", MORNING)
    siti.close_all("siti")
    assert siti.half_way(other, MORNING) is None, "a new password ends sign-ins with the old one"


def test_what_has_ended_is_taken_out(siti: Credentials) -> None:
    siti.open_session("siti", "password", "", MORNING)
    siti.open_session("siti", "password", "counter-4", MORNING)
    siti.make_link("siti", "reset", MORNING, 1)
    siti.go_half_way("siti", "password", MORNING)
    siti.check_password("nobody", "wrong", MORNING)
    siti.forget_expired(MORNING + HOUR)
    assert _rows(siti) == {"sessions": 1, "links": 0, "half_way": 0, "tries": 1}
    siti.forget_expired(MORNING + 2 * FORGOTTEN_AFTER)
    assert _rows(siti) == {"sessions": 0, "links": 0, "half_way": 0, "tries": 0}


def _rows(credentials: Credentials) -> dict[str, int]:
    with credentials._looking() as database:
        return {
            table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - the names below
            for table in ("sessions", "links", "half_way", "tries")
        }


@IN_A_FILE
def test_ten_thousand_random_secrets_open_nothing(siti: Credentials) -> None:
    siti.open_session("siti", "password", "", MORNING)
    siti.make_link("siti", "reset", MORNING, 24)
    siti.begin_totp("siti")
    for _ in range(10_000):
        secret = secrets.token_urlsafe(32)
        assert siti.session(secret, MORNING) is None
        assert siti.link(secret, MORNING) is None
        assert siti.use_link(secret, MORNING) is None
    odd = ["", " ", "\0", "\ud800", "'; DROP TABLE sessions; --", "é" * 9999]
    assert [siti.session(secret, MORNING) for secret in odd] == [None] * len(odd)
    assert [siti.use_link(secret, MORNING) for secret in odd] == [None] * len(odd)


# --- Links and accounts elsewhere


def test_a_link_is_good_once_and_for_its_hours(kept: Credentials) -> None:
    secret = kept.make_link("siti", "invitation", MORNING, 24)
    found = kept.link(secret, MORNING + 24 * HOUR - 1)
    assert found
    assert (found.person, found.purpose, found.until) == ("siti", "invitation", MORNING + 24 * HOUR)
    assert kept.use_link(secret, MORNING + 24 * HOUR) is None
    assert kept.use_link(secret, MORNING + 24 * HOUR - 1) == found
    assert kept.use_link(secret, MORNING) is None
    assert kept.link(secret, MORNING) is None


def test_a_new_link_ends_the_one_before(kept: Credentials) -> None:
    old, new = kept.make_link("siti", "invitation", MORNING, 72), kept.make_link("siti", "invitation", MORNING, 72)
    budi = kept.make_link("budi", "reset", MORNING, 1)
    assert kept.link(old, MORNING) is None
    assert kept.link(new, MORNING)
    assert kept.link(budi, MORNING)


def test_a_link_whose_use_failed_half_way_is_good_again_unless_a_newer_one_was_made(kept: Credentials) -> None:
    secret = kept.make_link("", "setup", MORNING, 24)
    used = kept.use_link(secret, MORNING)
    assert used
    kept.put_back(secret, used)
    assert kept.use_link(secret, MORNING) == used
    newer = kept.make_link("", "setup", MORNING, 24)
    kept.put_back(secret, used)
    assert kept.link(secret, MORNING) is None
    assert kept.link(newer, MORNING)


def test_an_account_elsewhere_is_one_person_s(kept: Credentials) -> None:
    assert kept.link_external("siti", "https://id.example", "248289761001")
    assert kept.link_external("siti", "https://id.example", "248289761001"), "again is no harm"
    assert not kept.link_external("budi", "https://id.example", "248289761001")
    assert kept.by_external("https://id.example", "248289761001") == "siti"
    assert kept.by_external("https://other.example", "248289761001") is None
    assert kept.external("siti") == [("https://id.example", "248289761001")]
    assert not kept.drop_external("budi", "https://id.example", "248289761001")
    assert kept.drop_external("siti", "https://id.example", "248289761001")
    assert kept.by_external("https://id.example", "248289761001") is None


# --- Who is away at a provider


def test_who_left_has_ten_minutes_to_come_back_once(kept: Credentials) -> None:
    for state in ("one", "two"):
        kept.leaves(state, digest("siti's"), b"on her way", MORNING, MORNING + AWAY)
    assert kept.returns("one", "siti's", MORNING + AWAY - 1) == b"on her way"
    assert kept.returns("one", "siti's", MORNING + AWAY - 1) is None
    assert kept.returns("two", "siti's", MORNING + AWAY) is None


def test_a_wrong_browser_does_not_use_up_the_way_back(kept: Credentials) -> None:
    kept.leaves("one", digest("siti's"), b"on her way", MORNING, MORNING + AWAY)
    assert kept.returns("one", "", MORNING) is None
    assert kept.returns("one", "another's", MORNING) is None
    assert kept.returns("", "siti's", MORNING) is None
    assert kept.returns("one", "siti's", MORNING) == b"on her way"


def test_only_so_many_are_remembered(kept: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.departures.MOST", 3)
    for n in range(4):
        kept.leaves(f"{n}", digest("siti's"), b"on her way", MORNING, MORNING + AWAY + n)
    assert kept.returns("0", "siti's", MORNING) is None
    assert kept.returns("1", "siti's", MORNING)


# --- The file


def test_names_are_kept_and_default_to_the_account(kept: Credentials) -> None:
    kept.set_name("siti", "Siti")
    kept.set_name("siti", "Siti Rahma")
    assert (kept.name("siti"), kept.name("budi"), kept.names()) == ("Siti Rahma", "budi", {"siti": "Siti Rahma"})


@IN_A_FILE
def test_nothing_secret_is_readable_in_the_bytes_of_the_file(siti: Credentials, tmp_path: Path) -> None:
    secret = siti.begin_totp("siti")
    codes = siti.new_recovery_codes("siti")
    session = siti.rotate(siti.open_session("siti", "password", "", MORNING), MORNING)
    link = siti.make_link("siti", "reset", MORNING, 24)
    siti.check_password("siti", "a wrong one of hers", MORNING)
    siti.set_password("siti", BETTER, MORNING)
    written = _bytes(tmp_path)
    assert {"credentials.sqlite", "credentials.sqlite-wal"} <= {file.name for file in tmp_path.iterdir()}
    assert b"Siti Rahma" in written, "it is this file"
    unreadable = [GOOD, BETTER, "a wrong one of hers", PIN, secret, *codes, session or "", link, "$argon2"]
    unreadable += [code.replace("-", "") for code in codes]
    assert [text for text in unreadable if text.encode() in written] == []
    assert KEY not in written


def test_only_the_server_s_account_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "credentials.sqlite"
    path.touch(0o644)
    before = os.umask(0)
    try:
        kept = Credentials(path, KEY, cheap)
        kept.set_name("siti", "Siti Rahma")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("credentials.sqlite", "credentials.sqlite-wal", "credentials.sqlite-shm"), 0o600)
    kept.close()


def test_another_key_opens_nothing(siti: Credentials, beside: Callable[[str], Beside]) -> None:
    for key in (bytes(32), KEY[:31], b""):
        with pytest.raises(WrongKeyError):
            Credentials(beside("credentials"), key, cheap)
    assert siti.check_password("siti", GOOD, MORNING) == "right"


def test_a_hash_moved_to_another_account_opens_nothing(siti: Credentials) -> None:
    siti.set_password("budi", BETTER, MORNING)
    with siti._changing() as database:
        database.execute(
            "UPDATE hashes SET sealed = (SELECT sealed FROM hashes WHERE person = 'siti' AND kind = 'password')"
            " WHERE person = 'budi'"
        )
    with pytest.raises(WrongKeyError):
        siti.check_password("budi", GOOD, MORNING)


@IN_A_FILE
def test_of_a_person_who_has_left_nothing_stays(siti: Credentials, tmp_path: Path) -> None:
    siti.set_name("budi", "Budi")
    siti.begin_totp("siti")
    siti.new_recovery_codes("siti")
    session = siti.open_session("siti", "password", "", MORNING)
    link = siti.make_link("siti", "reset", MORNING, 24)
    siti.link_external("siti", "https://id.example", "248289761001")
    for check in (siti.check_password, siti.check_pin, siti.check_totp):
        check("siti", "000000", MORNING)
    siti.erase("siti")
    written = _bytes(tmp_path)
    assert [text for text in (b"siti", b"Siti", b"Rahma", b"248289761001") if text in written] == []
    assert b"Budi" in written
    assert (siti.session(session, MORNING), siti.link(link, MORNING), siti.has_pin("siti")) == (None, None, False)
    assert siti.check_password("siti", GOOD, MORNING) == "none"


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))

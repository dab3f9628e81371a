"""Two processes at the same store, and any order of tries: what holds once holds once."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ltsa.side_store import Beside
from tests.conftest import IN_A_FILE
from web.credentials import Credentials
from web.second_factor import STEP
from web.vault import FORGOTTEN_AFTER, LOCK, TRIES

KEY = bytes(range(32))
NOW = 1_795_219_200_000 // STEP * STEP
GOOD = "kuda baterai staples benar"
ROUNDS = 25

cheap = PasswordHasher.from_parameters(CHEAPEST)


class Pair:
    """Two server processes with the same store."""

    def __init__(self, place: Beside) -> None:
        program = Path(__file__).with_name("secret_steps.py")
        self._processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    str(program),
                    *([str(place)] if isinstance(place, Path) else [place.server.address, place.name]),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
                env={"PYTHONPATH": "."},
            )
            for _ in range(2)
        ]
        assert [self._answer(process) for process in self._processes] == ["ready"] * 2

    def both(self, step: str, *given: object) -> list[str]:
        """What each answers when both are asked at once."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(json.dumps([step, *given]) + "\n")
        for process in self._processes:
            assert process.stdin
            process.stdin.flush()
        return [json.loads(self._answer(process)) for process in self._processes]

    def close(self) -> None:
        for process in self._processes:
            process.communicate()

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> str:
        assert process.stdout
        return process.stdout.readline().strip()


IN_BOTH = pytest.mark.parametrize("beside", ["file", "database"], indirect=True)


@pytest.fixture
def two(beside: Callable[[str], Beside]) -> Iterator[Pair]:
    pair = Pair(beside("credentials"))
    yield pair
    pair.close()


@pytest.fixture
def kept(two: Pair, beside: Callable[[str], Beside]) -> Iterator[Credentials]:
    assert two, "both processes made the store at once, before this one opened it"
    opened = Credentials(beside("credentials"), KEY, cheap)
    yield opened
    opened.close()


@IN_A_FILE
def test_a_link_is_used_by_one_of_two_processes(two: Pair, kept: Credentials) -> None:
    for _ in range(ROUNDS):
        secret = kept.make_link("siti", "reset", NOW, 24)
        assert sorted(answer == "None" for answer in two.both("use_link", secret, NOW)) == [False, True]


@IN_A_FILE
def test_a_code_is_accepted_by_one_of_two_processes(two: Pair, kept: Credentials) -> None:
    app = pyotp.TOTP(kept.begin_totp("siti"))
    assert kept.confirm_totp("siti", app.at(NOW // 1000), NOW)
    for at in range(NOW + STEP, NOW + (ROUNDS + 1) * STEP, STEP):
        assert sorted(two.both("check_totp", "siti", app.at(at // 1000), at)) == ["'right'", "'wrong'"]


@IN_A_FILE
def test_a_recovery_code_is_used_by_one_of_two_processes(two: Pair, kept: Credentials) -> None:
    for code in kept.new_recovery_codes("siti"):
        assert sorted(two.both("use_recovery_code", "siti", code)) == ["False", "True"]


@IN_A_FILE
def test_a_session_is_rotated_by_one_of_two_processes(two: Pair, kept: Credentials) -> None:
    for _ in range(ROUNDS):
        secret = kept.open_session("siti", "password", "", NOW)
        assert sorted(answer == "None" for answer in two.both("rotate", secret, NOW)) == [False, True]


@IN_BOTH
def test_no_sixth_try_is_looked_at_by_two_processes(two: Pair, kept: Credentials) -> None:
    kept.set_password("siti", GOOD, NOW)
    for round_ in range(ROUNDS):
        at = NOW + round_ * LOCK
        answers = [answer for _ in range(4) for answer in two.both("check_password", "siti", "wrong", at)]
        assert sorted(answers) == ["'locked'"] * 3 + ["'wrong'"] * TRIES
        assert kept.check_password("siti", GOOD, at) == "locked"


class TheLock(RuleBasedStateMachine):
    """Any order of tries, waits and ways out, against a plain count."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.kept = Credentials(Path(self._folder.name) / "credentials.sqlite", KEY, cheap)
        self.kept.set_password("siti", GOOD, NOW)
        self.now, self.wrong, self.latest, self.opens = NOW, 0, NOW, 0

    def teardown(self) -> None:
        self.kept.close()
        self._folder.cleanup()

    @rule(
        wait=st.one_of(
            st.integers(0, 2 * LOCK), st.sampled_from([LOCK - 1, LOCK, FORGOTTEN_AFTER - 1, FORGOTTEN_AFTER])
        )
    )
    def waits(self, wait: int) -> None:
        self.now += wait

    @rule(right=st.booleans(), times=st.integers(1, 4))
    def tries(self, right: bool, times: int) -> None:  # noqa: FBT001 - a drawn value
        for _ in range(times):
            outcome = self.kept.check_password("siti", GOOD if right else "wrong", self.now)
            if self.now < self.opens:
                assert outcome == "locked"
            elif right:
                assert outcome == "right"
                self.wrong = self.opens = 0
            else:
                assert outcome == "wrong"
                forgotten = self.opens or self.now - self.latest >= FORGOTTEN_AFTER
                self.wrong, self.latest = (0 if forgotten else self.wrong) + 1, self.now
                self.opens = self.now + LOCK if self.wrong == TRIES else 0

    @rule()
    def is_unlocked(self) -> None:
        self.kept.unlock("siti")
        self.wrong = self.opens = 0

    @rule()
    def is_tidied(self) -> None:
        self.kept.forget_expired(self.now)

    @invariant()
    def the_page_says_when_it_opens(self) -> None:
        assert self.kept.locked_until("siti", self.now) == (self.opens if self.opens > self.now else 0)


TheLock.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_the_lock_is_a_plain_count_in_any_order = TheLock.TestCase


@settings(max_examples=60, deadline=None)
@given(tries=st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3)), max_size=25))
def test_accepted_codes_only_ever_get_newer(tries: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = Credentials(Path(folder) / "credentials.sqlite", KEY, cheap)
        app, accepted, step = pyotp.TOTP(kept.begin_totp("siti")), [NOW // STEP], NOW // STEP
        assert kept.confirm_totp("siti", app.generate_otp(step), NOW)
        for later, off in tries:
            step += later
            kept.unlock("siti")
            expected = abs(off) <= 1 and step + off > accepted[-1]
            assert (kept.check_totp("siti", app.generate_otp(step + off), step * STEP) == "right") == expected
            if expected:
                accepted.append(step + off)
        assert accepted == sorted(set(accepted))
        kept.close()


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["make", "use", "look"]), st.integers(0, 5), st.integers(0, 3)), max_size=30
    )
)
def test_a_link_is_used_at_most_once_in_any_order(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = Credentials(Path(folder) / "credentials.sqlite", KEY, cheap)
        made: list[tuple[str, str, int]] = []
        good: dict[str, int] = {}
        at = NOW
        for step, which, hours in steps:
            at += hours * 1_800_000
            if step == "make":
                person = f"person{which % 2}"
                good = {
                    secret: until for secret, until in good.items() if (secret, person) not in [m[:2] for m in made]
                }
                secret = kept.make_link(person, "reset", at, hours)
                made.append((secret, person, at + hours * 3_600_000))
                good[secret] = at + hours * 3_600_000
            elif made:
                secret = made[which % len(made)][0]
                found = kept.use_link(secret, at) if step == "use" else kept.link(secret, at)
                assert (found is not None) == (good.get(secret, 0) > at)
                if step == "use":
                    good.pop(secret, None)
        kept.close()

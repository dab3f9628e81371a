"""What a good password or PIN is, and how it is kept: Argon2id, two at a time.

No rules of composition (ASVS 5.0, 6.2.5): a length, and how many guesses it would take (zxcvbn, on this machine, with
the words that a guesser would try first here).
"""

from collections.abc import Iterable
from itertools import pairwise
from threading import BoundedSemaphore, Lock
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from msgspec import Struct

from ltsa.message import Refusal

SHORTEST, LONGEST = 10, 128
PIN_LENGTH = 6
ENOUGH = 3
"""zxcvbn's score from which a password is taken: more than 10^8 guesses."""

JUDGED = 32
"""Characters from the beginning that are judged: zxcvbn takes seconds for 128 that were chosen to keep it busy."""

AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and all cores."""

LOCAL_WORDS = """
    ltsa p2mi bp3mi bp2mi siapkerja disnaker kemnaker layanan terpadu satu atap antrean antrian loket petugas kantor
    kerja pekerja migran rahasia sandi katasandi password passwordku admin administrator indonesia merdeka garuda
    nusantara pancasila bhinneka jakarta jawa surabaya bandung indramayu cirebon mataram lombok kupang medan padang
    bismillah alhamdulillah assalamualaikum sayang sayangku cinta cintaku selalu bahagia keluarga anakku istriku suamiku
    ibuku mama papa bunda ayah persija persib arema persebaya doraemon naruto januari februari maret april mei juni juli
    agustus september oktober november desember senin selasa rabu kamis jumat sabtu minggu
"""
"""What people here choose; zxcvbn knows English."""


class WeakPasswordError(Refusal):
    """A password or PIN that others would guess. `code` names the sentence, `field` is "password" or "pin"."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(code, message, field=field)


class Strength(Struct, frozen=True):
    """How a password stands: `enough`, zxcvbn's `score` from 0 to 4, and `why`: "short", "long", "name" (words of the
    person or the office), "common", "keyboard", "repeated", "sequence", "date", "guessable", or "good".
    """

    enough: bool
    score: int
    why: str


_PATTERNS = {"spatial": "keyboard", "repeat": "repeated", "sequence": "sequence", "date": "date", "regex": "date"}
_SENTENCES = {
    "short": f"The password is too short: {SHORTEST} characters or more.",
    "long": f"The password is too long: {LONGEST} characters or fewer.",
    "name": "The password is easy to guess: it is made of the name of the account, the person or the office.",
    "common": "The password is easy to guess: many people use it or parts of it.",
    "keyboard": "The password is easy to guess: it follows the keys of a keyboard.",
    "repeated": "The password is easy to guess: it repeats itself.",
    "sequence": "The password is easy to guess: it counts up or down.",
    "date": "The password is easy to guess: it is a date or a year.",
    "guessable": "The password is easy to guess; add a word or two.",
}

_zxcvbn_alone = Lock()  # the library keeps the words of the call in a dictionary shared by all threads
_hashing = BoundedSemaphore(AT_ONCE)


def strength(password: str, words: Iterable[str] = ()) -> Strength:
    """How hard a password is to guess for who knows `words`: account, names of person and office. Computes for some
    milliseconds.
    """
    if len(password) < SHORTEST:
        return Strength(enough=False, score=0, why="short")
    if len(password) > LONGEST:
        return Strength(enough=False, score=0, why="long")
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists of words take a start 20 ms, and passwords are seldom chosen

    own = sorted({part.lower() for word in words for part in (word, *_parts(word)) if len(part) > 2})  # noqa: PLR2004 - "di", "ke"
    with _zxcvbn_alone:
        judged = zxcvbn(password[:JUDGED], [*own, *LOCAL_WORDS.split()])
    score: int = judged["score"]
    if score >= ENOUGH:
        return Strength(enough=True, score=score, why="good")
    return Strength(enough=False, score=score, why=_why(judged["sequence"], own))


def demand_password(password: str, words: Iterable[str] = ()) -> None:
    """Raises `WeakPasswordError` for a password that is too short, too long or too easy to guess."""
    found = strength(password, words)
    if not found.enough:
        raise WeakPasswordError(f"wrong-password-{found.why}", _SENTENCES[found.why], "password")


def demand_pin(pin: str) -> None:
    """Raises `WeakPasswordError` unless it is six digits, and not among those that are tried first."""
    if not (len(pin) == PIN_LENGTH and pin.isascii() and pin.isdigit()):
        raise WeakPasswordError("wrong-pin-length", f"A PIN is {PIN_LENGTH} digits.", "pin")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    repeats = any(pin == pin[:part] * (PIN_LENGTH // part) for part in (1, 2, 3))
    if repeats or steps <= {1} or steps <= {9} or len(set(pin)) == 2 or pin[::2] == pin[1::2]:  # noqa: PLR2004 - two digits
        raise WeakPasswordError("wrong-pin-guessable", "This PIN is among the first that others would try.", "pin")


def hashed(hasher: PasswordHasher, password: str) -> str:
    """The hash to keep. Waits for its turn; takes as long as `matches`."""
    with _hashing:
        return hasher.hash(password.encode(errors="surrogatepass"))


def matches(hasher: PasswordHasher, kept: str, password: str) -> bool:
    """Whether a password is the one of this hash. Waits for its turn."""
    with _hashing:
        try:
            return hasher.verify(kept, password.encode(errors="surrogatepass"))
        except VerifyMismatchError:
            return False


def _parts(word: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in word).split()


def _why(sequence: list[Any], own: list[str]) -> str:
    longest = max(sequence, key=lambda match: len(match["token"]))
    if longest["pattern"] != "dictionary":
        return _PATTERNS.get(longest["pattern"], "guessable")
    return "name" if longest["dictionary_name"] == "user_inputs" and longest["matched_word"] in own else "common"

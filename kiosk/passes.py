"""What lets a screen act for somebody who was found once, without a secret or a NIK in it. Pure."""

from hashlib import blake2b
from hmac import compare_digest


def guest_pass(seed: bytes, office: str, person: str, until: int) -> str:
    """Lets a kiosk of an office act for a person (a pseudonymous id) who was found there, until an instant (ms UTC)."""
    return f"{person}.{until}.{_mac(seed, 'guest', office, person, str(until))}"


def guest_of(seed: bytes, office: str, shown: str, at: int) -> str | None:
    """The person whom a pass is for; None for one that is of another office, not ours, or over at `at` (ms UTC)."""
    person, until, _ = _three(shown)
    if not (until.isascii() and until.isdigit()) or int(until[:20]) <= at:
        return None
    return person if _same(shown, guest_pass(seed, office, person, int(until))) else None


def case_pass(seed: bytes, case: str, card: str) -> str:
    """Lets a page show a case as long as this card (SHA-256) is the case's."""
    return f"{case}.{_mac(seed, 'case', case, card)}"


def case_of(shown: str) -> str:
    """The case that a pass says it is for; `case_pass` says whether it is."""
    return shown.partition(".")[0]


def is_case_pass(seed: bytes, shown: str, case: str, card: str) -> bool:
    """Whether a pass is for this case with this card."""
    return _same(shown, case_pass(seed, case, card))


def _three(shown: str) -> tuple[str, str, str]:
    first, _, rest = shown.partition(".")
    second, _, third = rest.partition(".")
    return first, second, third


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode(errors="replace"), other.encode())


def _mac(seed: bytes, *words: str) -> str:
    return blake2b(" ".join(words).encode(), key=seed, digest_size=16, person=b"kiosk pass").hexdigest()

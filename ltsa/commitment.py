r"""What the record says of personal data without saying it: a commitment, HMAC-SHA256 under a salt of that datum's own.

The salt follows from the key that seals the datum (HKDF), and goes with it: who is shown datum and salt finds that this
is what was recorded, and once the key is destroyed nobody can test a guess any more. The texts are simple, so that
anybody can check one by hand: `printf 'ltsa-note/1\n%s' TEXT | openssl dgst -sha256 -mac HMAC -macopt hexkey:SALT`.
"""

import hmac
from hashlib import sha256

from ltsa.identity import Identity
from ltsa.secret_store import derived

DIGITS = 64
"""Of a commitment, hexadecimal."""


def salt_of(key: bytes) -> bytes:
    """The salt (32 bytes) under a person's or a note's key; who knows it learns nothing of the key."""
    return derived(key, "commitment salt")


def note_text(text: str) -> bytes:
    """The datum that a note is."""
    return f"ltsa-note/1\n{text}".encode()


def identity_text(who: Identity) -> bytes:
    """The datum that an identity is: NIK, name and phone, a line each; none of them holds a line's end."""
    return f"ltsa-identity/1\n{who.nik}\n{who.name}\n{who.phone}\n".encode()


def commitment(salt: bytes, datum: bytes) -> str:
    """What stands on record for a datum, in hexadecimal."""
    return hmac.digest(salt, datum, sha256).hex()


def holds(recorded: str, salt: bytes, datum: bytes) -> bool:
    """Whether a datum, under its salt, is the one that was recorded."""
    return hmac.compare_digest(commitment(salt, datum).encode(), recorded.encode())

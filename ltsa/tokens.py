"""A ticket's secret: 128 bits, upper-case base32 in the QR's address, kept in the ledger as SHA-256 only.

The secret is derived from the idempotency key of the command that issued the ticket, under a seed that only the server
knows. So a kiosk that asks again after a lost connection gets the same ticket with the same secret, and neither the
ledger (which holds a digest of the key) nor the key alone gives it away.
"""

from base64 import b32encode
from hashlib import blake2b, sha256

LENGTH = 26


def ticket_secret(seed: bytes, office: str, date: str, key: str) -> str:
    """The 26 letters and digits (A–Z, 2–7) that let the holder see and cancel the ticket issued under this key.

    The service day (ISO) is part of it: a program that uses a key again next week makes another ticket with it.
    """
    return b32encode(_mac(seed, f"ticket {office} {date} {key}")).decode().rstrip("=")


def card_secret(seed: bytes, key: str) -> str:
    """The 26 letters and digits on a case card, which the command under this key gave out."""
    return b32encode(_mac(seed, f"card {key}")).decode().rstrip("=")


def token_digest(secret: str) -> str:
    """What the ledger keeps of a ticket's secret, or a card's."""
    return sha256(secret.encode()).hexdigest()


def note_id(seed: bytes, key: str, text: str) -> str:
    """The name under which a note's text is kept beside the ledger. It commits to the text without revealing it: the
    same key with another text is another command.
    """
    return _mac(seed, f"note {len(key)} {key} {text}").hex()


def _mac(seed: bytes, message: str) -> bytes:
    """128 bits that only who knows the seed can compute. Keyed BLAKE2 (RFC 7693) keeps the interpreter's lock for so
    short a text; an HMAC lets it go, and a busy server waits to get it back.
    """
    return blake2b(message.encode(), key=seed, digest_size=16).digest()

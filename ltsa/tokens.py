"""A ticket's secret: 128 bits, upper-case base32 in the QR's address, kept in the ledger as SHA-256 only.

The secret is derived from the idempotency key of the command that issued the ticket, under a seed that only the server
knows. So a kiosk that asks again after a lost connection gets the same ticket with the same secret, and neither the
ledger (which holds a digest of the key) nor the key alone gives it away.
"""

import hmac
from base64 import b32encode
from hashlib import sha256

LENGTH = 26


def ticket_secret(seed: bytes, office: str, key: str) -> str:
    """The 26 letters and digits (A–Z, 2–7) that let the holder see and cancel the ticket issued under this key."""
    mac = hmac.digest(seed, f"ticket {office} {key}".encode(), "sha256")
    return b32encode(mac[:16]).decode().rstrip("=")


def token_digest(secret: str) -> str:
    """What the ledger keeps of a ticket's secret."""
    return sha256(secret.encode()).hexdigest()


def note_id(seed: bytes, key: str, text: str) -> str:
    """The name under which a note's text is kept beside the ledger. It commits to the text without revealing it: the
    same key with another text is another command.
    """
    return hmac.digest(seed, f"note {key} {text}".encode(), "sha256").hex()[:32]

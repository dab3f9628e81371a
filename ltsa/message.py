"""What every command, event and refusal says, whatever it is about."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

import msgspec
from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What every command says: the office, when (ms UTC, from the server's clock), by whom, and the client's
    idempotency key: the same key again gets the first answer, and the same key with other content is refused. What is
    left as it is by default does not count as content, so that a command may get a field more.
    """

    office: str
    at: int
    by: str
    key: str

    def content(self) -> str:
        """A digest of what is asked, whenever it is asked: 64 bits as hexadecimal."""
        asked = msgspec.json.encode(msgspec.structs.replace(self, at=0, key=""))
        return sha256(type(self).__name__.encode() + asked).hexdigest()[:16]


class Event(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What every event says: when (ms UTC), by whom ("officer:…", "kiosk:…", "holder", "system"), and which command:
    `key` is the digest of its idempotency key, `content` of what it asked. One with a field that this program does not
    know is of a newer one, and is not read at all rather than in part; so all that events hold is declared alike.
    """

    at: int
    by: str
    key: str
    content: str


class Refusal(Exception):
    """A command that the rules do not allow now. `code` is stable for programs, the message is for a person, `field`
    names the wrong input, `state` what is true instead. `values` are what the sentence says in particular, for screens
    that say it in another language: texts, numbers, dates, times, and words by language.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        state: str | None = None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.field, self.state, self.values = code, message, field, state, dict(values or {})


@lru_cache(maxsize=1024)
def key_digest(key: str) -> str:
    """What the ledger keeps of an idempotency key: 128 bits as hexadecimal. A ticket's secret is derived from the key
    itself, so the ledger must not hold it.
    """
    return sha256(key.encode()).hexdigest()[:32]

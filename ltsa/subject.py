"""What a person decided about their own data: consent, restriction, erasure. What happened and what is true. Pure.

It stands in the person's stream beside the cases (`ltsa/journey.py`), because it says what may be done with them. Who
the person is stays in the vault. What is asked for, by whom and how it was answered, is a request (`ltsa/requests.py`).

The service does not depend on consent: UU 18/2017 obliges the office to serve, and UU 27/2022 art. 20 (2) c to f lets
it keep what that needs. Consent is asked for what goes beyond: to be known by name and phone at following visits.
"""

from hashlib import sha256
from typing import Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from ltsa.coded import Text
from ltsa.message import Event

Where = Literal["kiosk", "desk", "program"]
"""By which door consent came in: the person touched the kiosk, or told an officer, who pressed; or an office's program
says so.
"""

USUAL = "usual/2"
OWN = "own"

WORDS: dict[str, Text] = {
    "usual/1": {
        "id": "Dengan melanjutkan, saya setuju NIK, nama, dan nomor telepon saya disimpan untuk kunjungan berikutnya;"
        " ini dapat saya tarik kapan saja, dan tanpanya saya tetap dilayani.",
        "en": "By going on, I agree that my NIK, name and phone number are kept for my next visits; I may withdraw this"
        " at any time, and I am served without it.",
    },
    USUAL: {
        "id": "Saya setuju NIK, nama, dan nomor telepon saya disimpan untuk kunjungan berikutnya. Persetujuan ini dapat"
        " saya tarik kapan saja, dan tanpanya saya tetap dilayani.",
        "en": "I agree that my NIK, name and phone number are kept for my next visits. I may withdraw this at any time,"
        " and I am served without it.",
    },
}
"""What is asked where an office has no words of its own, by version. A version's words are never changed: consents that
were given name them by their digest.
"""


class ConsentText(Struct, frozen=True):
    """The words in which consent is asked, and their version: USUAL, or OWN for an office's own."""

    version: str
    words: Text

    def in_language(self, lang: str) -> str:
        """The language in which somebody reads it who reads a page in `lang`."""
        return lang if self.words.get(lang) else "id"

    def digest(self, lang: str) -> str:
        """What a consent to the words in a language names them by."""
        return digest(self.words[self.in_language(lang)])

    def given(self, digest: str, door: Where) -> "Agreed | None":
        """The consent to the words with this digest; None for words that are not asked any more."""
        for lang in self.words:
            if self.digest(lang) == digest:
                return Agreed(version=self.version, text=digest, language=lang, door=door)
        return None


def asked(own: Text) -> ConsentText:
    """The words in which an office asks for consent: its own, or the usual ones."""
    return ConsentText(OWN, own) if own else ConsentText(USUAL, WORDS[USUAL])


def digest(words: str) -> str:
    """How a consent names the words that were read: their SHA-256, in hexadecimal."""
    return sha256(words.encode()).hexdigest()


class Agreed(Struct, frozen=True, kw_only=True):
    """To what somebody agreed, and how: the words' version, the SHA-256 of what was read, in which language, at which
    door.
    """

    version: str
    text: str
    language: str
    door: Where


# --- What happened ----------------------------------------------------------------------------------------------------


class ConsentGiven(Event, frozen=True):
    """The person agreed to be kept for following visits (UU 27/2022 art. 22, 24: proof of consent)."""

    office: str
    version: str
    text: str
    language: str
    door: Where


class ConsentWithdrawn(Event, frozen=True):
    """The person withdrew that (art. 9, 40): name and phone are kept no more. `request` is the office's request."""

    office: str
    request: str


class PersonRestricted(Event, frozen=True):
    """The person's data are kept and not used until the restriction is lifted (art. 11, 41)."""

    office: str
    request: str


class RestrictionLifted(Event, frozen=True):
    """The person's data may be used again."""

    office: str
    request: str


class PersonErased(Event, frozen=True):
    """Who the person is was erased for good (art. 8, 43, 44), at a `request`, or by a rule of the office for how long
    something is kept (""). The stream stays, and leads to nobody.
    """

    office: str
    request: str


SubjectEvent = ConsentGiven | ConsentWithdrawn | PersonRestricted | RestrictionLifted | PersonErased

TOPICS: dict[str, type[SubjectEvent]] = {
    "consent-given/1": ConsentGiven,
    "consent-withdrawn/1": ConsentWithdrawn,
    "person-restricted/1": PersonRestricted,
    "restriction-lifted/1": RestrictionLifted,
    "person-erased/1": PersonErased,
}


# --- What is true -----------------------------------------------------------------------------------------------------


class Consent(Struct, frozen=True, kw_only=True):
    """A consent, with its proof: when (ms UTC), where, by whom entered, to what; `withdrawn` when, 0 while it holds."""

    at: int
    by: str
    office: str
    agreed: Agreed
    withdrawn: int = 0


class Restriction(Struct, frozen=True, kw_only=True):
    """Since when (ms UTC) data are restricted, by which request of which office."""

    at: int
    office: str
    request: str


class Subject(Struct, frozen=True, kw_only=True):
    """How a person's data stand. `erased` is when (ms UTC) who they are was erased, 0 if it was not."""

    consents: tuple[Consent, ...] = ()
    restriction: Restriction | None = None
    erased: int = 0

    @property
    def consent(self) -> Consent | None:
        """The consent that holds."""
        return self.consents[-1] if self.consents and not self.consents[-1].withdrawn else None

    def agrees(self, agreed: Agreed) -> bool:
        """Whether the person has agreed to these words already."""
        return self.consent is not None and self.consent.agreed.text == agreed.text


def after(subject: Subject, event: SubjectEvent) -> Subject:
    """How a person's data stand after an event."""
    match event:
        case ConsentGiven():
            agreed = Agreed(version=event.version, text=event.text, language=event.language, door=event.door)
            given = Consent(at=event.at, by=event.by, office=event.office, agreed=agreed)
            return replace(subject, consents=(*subject.consents, given))
        case ConsentWithdrawn():
            withdrawn = (each if each.withdrawn else replace(each, withdrawn=event.at) for each in subject.consents)
            return replace(subject, consents=tuple(withdrawn))
        case PersonRestricted():
            since = Restriction(at=event.at, office=event.office, request=event.request)
            return replace(subject, restriction=since)
        case RestrictionLifted():
            return replace(subject, restriction=None)
        case PersonErased():
            return replace(subject, erased=event.at)
        case _:
            assert_never(event)

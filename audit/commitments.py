"""Whether something is what was recorded: what an auditor is shown, held against the commitment on record.

An auditor sees no note and nobody's name. Who shows them one can be held to it: they type what they were shown, and the
office says whether the record commits to it. Only if it does the salt is told, with which anybody can check the same
without this program; it tells nothing to who does not have the datum.
"""

from typing import Literal

from msgspec import Struct

from ltsa.commitment import DIGITS, holds, identity_text, note_text
from ltsa.identity import Identity
from ltsa.journal import DataRecorded
from ltsa.ledger import Ledger
from ltsa.people import People
from ltsa.persons import Persons

State = Literal["kept", "gone", "older"]
"""Whether it can be checked: its salt is there; it was erased or lost; an older version recorded no commitment."""


class Committed(Struct, frozen=True, kw_only=True):
    """What an event of the ledger commits to: a "note" (about a ticket's `number` on a `date`; "" for the opening's
    remark) or a "person" (a pseudonymous id, as `about`).
    """

    position: int
    at: int
    by: str
    kind: Literal["note", "person"]
    commitment: str
    date: str = ""
    number: str = ""
    about: str = ""

    @property
    def told(self) -> str:
        """About whom it is, as the journal says it."""
        return self.about or f"{self.number} {self.date}".strip()


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether what was shown is what was recorded; its salt (hexadecimal) only if it is."""

    holds: bool
    salt: str = ""


def read(ledger: Ledger, office: str, position: int) -> Committed | None:
    """What the event at a position commits to; None if it is none of this office's, or commits to nothing."""
    found = next(iter(ledger.since(position - 1, 1)), None) if 0 < position <= ledger.newest() else None
    if found is None or found.position != position:
        return None
    event, (kind, *where) = found.event, found.stream.split(":")
    if where[:1] != [office]:
        return None
    if isinstance(event, DataRecorded):
        return Committed(
            position=position, at=event.at, by=event.by, kind="person", commitment=event.commitment, about=event.about
        )
    if kind != "day" or not (note := getattr(event, "note", "")):
        return None
    number = getattr(event, "number", "")
    return Committed(
        position=position, at=event.at, by=event.by, kind="note", commitment=note, date=where[1], number=number
    )


def state(it: Committed, persons: Persons, people: People) -> State:
    """Whether it can be checked. Blocks on the disk."""
    if len(it.commitment) != DIGITS:
        return "older"
    return "gone" if _salt(it, persons, people) is None else "kept"


def check(it: Committed, shown: str | Identity, persons: Persons, people: People) -> Verdict:
    """Whether a note's text, or an identity, is the one that was recorded. Blocks on the disk."""
    datum = note_text(shown) if isinstance(shown, str) else identity_text(shown)
    salt = _salt(it, persons, people)
    if salt is None or not holds(it.commitment, salt, datum):
        return Verdict(holds=False)
    return Verdict(holds=True, salt=salt.hex())


def _salt(it: Committed, persons: Persons, people: People) -> bytes | None:
    return persons.salt(it.about) if it.kind == "person" else people.salt(it.commitment)

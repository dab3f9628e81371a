"""What happened at the office's doors: sign-ins, refusals, looks at personal data. On the record, and without state.

A stream an office and local date, `journal:ltsa:2026-11-21`; what concerns no office goes to `journal:installation:…`
by the date in UTC. Nothing is decided by it, so nothing is folded from it but the keys that were answered.
"""

from typing import Any

import msgspec
from msgspec import Struct

from ltsa.message import Command, Event, key_digest


class SignedIn(Event, frozen=True):
    """Somebody proved to be who they are: `how` is "password", "pin", "external", "link", each with "+second-factor" or
    not; `session` is its public id.
    """

    person: str
    how: str
    session: str


class SignedOut(Event, frozen=True):
    """A session ended: `why` is "asked", "everywhere", "idle", "expired", "tries", "barred" or "changed"; or it was
    "locked".
    """

    person: str
    session: str
    why: str


class SignInRefused(Event, frozen=True):
    """Somebody was not let in; `person` is the account that they named, "" where there is no such account."""

    person: str
    why: str


class AccountLocked(Event, frozen=True):
    """Too many wrong tries in a row: until an instant (ms UTC) no password is looked at."""

    person: str
    until: int


class AccountUnlocked(Event, frozen=True):
    """Somebody let a locked account be tried again."""

    person: str


class RequestRefused(Event, frozen=True):
    """Somebody asked for what is not theirs, `count` times since the last such entry."""

    action: str
    what: str
    count: int = 1


class DataSeen(Event, frozen=True):
    """Somebody was shown personal data: what kind, and about whom ("C012 2026-11-21")."""

    kind: str
    about: str


class DataRecorded(Event, frozen=True):
    """Who a "person" (`about`, a pseudonymous id) is was written down, corrected, or given again: `commitment` to it
    (`ltsa/commitment.py`).
    """

    kind: str
    about: str
    commitment: str


class DataErased(Event, frozen=True):
    """Somebody asked for personal data to be erased, which follows: a "person", named by `about`; or "notes", whose ids
    are `items` (where there are none, an older version erased one of the ticket that `about` names).
    """

    kind: str
    about: str
    items: tuple[str, ...] = ()


class RetentionApplied(Event, frozen=True):
    """An office's rule for how long something is kept was applied: `kind` is "notes" or "persons", `days` the rule,
    `count` how many were to be erased, which follows.
    """

    kind: str
    days: int
    count: int


class DataExported(Event, frozen=True):
    """Somebody took data out of the office. `why` is their reason for taking who the people are (name, NIK, phone); ""
    where nothing of that is in it.
    """

    kind: str
    about: str
    why: str = ""


class CasesMoved(Event, frozen=True):
    """Somebody lets all open cases of an office that follow one content of a flow (`pinned`, its digest) follow another
    one (`flow`) from a local date (ISO, `grace`) on.
    """

    scheme: str
    pinned: str
    flow: str
    grace: str
    why: str


class PaperChanged(Event, frozen=True):
    """A ticket printer ran out of paper ("out"), or has some again ("ok")."""

    device: str
    name: str
    paper: str


class LogKeySet(Event, frozen=True):
    """A key signs the record's checkpoints from now on: `new`, as a text (c2sp.org/signed-note). `note` is signed by
    the `old` one, so that who knows that may trust the new; "" for the first key, and where the one before was lost.
    """

    new: str
    old: str
    note: str


JournalEvent = (
    SignedIn
    | SignedOut
    | SignInRefused
    | AccountLocked
    | AccountUnlocked
    | RequestRefused
    | DataSeen
    | DataRecorded
    | DataErased
    | RetentionApplied
    | DataExported
    | CasesMoved
    | PaperChanged
    | LogKeySet
)

TOPICS: dict[str, type[JournalEvent]] = {
    "signed-in/1": SignedIn,
    "signed-out/1": SignedOut,
    "sign-in-refused/1": SignInRefused,
    "account-locked/1": AccountLocked,
    "account-unlocked/1": AccountUnlocked,
    "request-refused/1": RequestRefused,
    "data-seen/1": DataSeen,
    "data-recorded/1": DataRecorded,
    "data-erased/1": DataErased,
    "retention-applied/1": RetentionApplied,
    "data-exported/1": DataExported,
    "cases-moved/1": CasesMoved,
    "paper-changed/1": PaperChanged,
    "log-key-set/1": LogKeySet,
}

_topic_of = {event: topic for topic, event in TOPICS.items()}


class WriteJournal(Command, frozen=True):
    """Put an entry on record; `entry` makes it."""

    topic: str
    facts: dict[str, Any]


def entry(kind: type[JournalEvent], /, *, office: str, at: int, by: str, key: str, **facts: object) -> WriteJournal:
    """The command that puts one entry on record. `office` is INSTALLATION where none is concerned."""
    return WriteJournal(office=office, at=at, by=by, key=key, topic=_topic_of[kind], facts=facts)


class Journal(Struct):
    """What the ledger must know of a day's journal to go on with it."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}


def evolve(journal: Journal, event: JournalEvent) -> None:
    """Counts one more entry."""
    journal.version += 1
    journal.at = event.at
    if event.key not in journal.answered:
        journal.answered[event.key] = (event.content, journal.version)


def decide(command: WriteJournal, journal: Journal) -> list[JournalEvent]:
    """The entry. Raises `ValueError` for facts that are none of its kind."""
    said = {
        "at": max(command.at, journal.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    return [msgspec.convert({**command.facts, **said}, TOPICS[command.topic])]


def journal_stream(office: str, date: str) -> str:
    """The stream of an office's journal of one local date."""
    return f"journal:{office}:{date}"

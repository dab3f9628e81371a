"""The office's journal as an auditor reads it: what happened at the doors, to rights and to settings, in one list.

It is read from several streams: the journals of the office and of the installation, who may act, the office's
configuration, and the requests of people about their data. Of what concerns no single office only that is shown which
has to do with this one, or with all.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from ltsa import access, configuring, journal, requests
from ltsa.access import (
    EVERYWHERE,
    INSTALLATION,
    STREAM,
    AccessEvent,
    DevicePaired,
    PersonAdded,
    RoleGiven,
    RoleTaken,
    TokenMade,
)
from ltsa.configuring import ConfigurationEvent
from ltsa.journal import JournalEvent, journal_stream
from ltsa.journey import PERSON
from ltsa.ledger import Ledger
from ltsa.present import Recorded, office_stream
from ltsa.requests import RequestEvent, SubjectRequestReceived, requests_stream

EPOCH, DAY = date(1970, 1, 1).toordinal(), 24 * 3_600_000
"""The first date of UTC's milliseconds as an ordinal, and how many there are in a day."""

GROUPS: dict[str, tuple[str, ...]] = {
    "doors": (
        *("signed-in", "signed-out", "sign-in-refused", "account-locked", "account-unlocked"),
        "request-refused",
    ),
    "data": (
        *("data-seen", "data-recorded", "data-erased", "retention-applied", "data-exported"),
        *("subject-request-received", "subject-request-taken", "subject-request-done", "subject-request-refused"),
    ),
    "people": (
        *("person-added", "role-given", "role-taken", "person-barred", "person-readmitted"),
        *("credential-changed", "link-made"),
    ),
    "devices": (
        *("device-paired", "device-renamed", "device-revoked", "paper-changed"),
        *("token-made", "token-revoked"),
    ),
    "settings": ("office-configured", "office-changed", "office-change-withdrawn", "cases-moved", "log-key-set"),
}
"""Every kind of entry, in the groups by which people look for them."""

KINDS: dict[type, str] = {
    event: topic.partition("/")[0]
    for topics in (journal.TOPICS, access.TOPICS, configuring.TOPICS, requests.TOPICS)
    for topic, event in topics.items()
}

Noted = JournalEvent | AccessEvent | ConfigurationEvent | RequestEvent


class Entry(Struct, frozen=True, kw_only=True):
    """Something on record. `kind` is its topic without the version, `people` the accounts that did it or are meant."""

    position: int
    at: int
    kind: str
    by: str
    event: Noted
    people: frozenset[str]

    @property
    def group(self) -> str:
        """The group that its kind is in."""
        return next(group for group, kinds in GROUPS.items() if self.kind in kinds)

    @property
    def subject(self) -> str:
        """The pseudonym of the person whose data it is about, "" where it names none."""
        if isinstance(self.event, SubjectRequestReceived):
            return self.event.person
        about = getattr(self.event, "about", "")
        return about if PERSON.fullmatch(about) else ""


class Chosen(Struct, frozen=True, kw_only=True):
    """Which entries are asked for: of a kind or group, and about or by a person; "" for all."""

    kind: str = ""
    person: str = ""

    def takes(self, entry: Entry) -> bool:
        """Whether it lets an entry through."""
        return self.kind in ("", entry.kind, entry.group) and (not self.person or self.person in entry.people)


def read(ledger: Ledger, office: str, since: int, until: int, *, everything: bool) -> list[Entry]:
    """What is on record about an office from an instant until before another (ms UTC), newest first; with `everything`
    also what has to do with no office yet. Blocks on the disk.
    """
    rights = list(ledger.history(STREAM))
    ties = _Ties(recorded.event for recorded in rights)  # type: ignore[misc]
    noted = [
        *_journal(ledger, office, since, until),
        *ledger.history(office_stream(office)),
        *ledger.history(requests_stream(office)),
        *(
            recorded
            for recorded in [*_journal(ledger, INSTALLATION, since, until), *rights]
            if ties.concern(recorded.event, office, everything=everything)  # type: ignore[arg-type]
        ),
    ]
    entries = [entry_of(recorded) for recorded in noted if since <= recorded.event.at < until]
    return sorted(entries, key=lambda entry: -entry.position)


def _journal(ledger: Ledger, office: str, since: int, until: int) -> Iterator[Recorded]:
    """The journals of the local dates that a span may touch, wherever on earth the office is."""
    first, last = (EPOCH + at // DAY for at in (since, until))  # the year 1 of Jakarta begins before all dates of UTC
    for stream in ledger.streams(journal_stream(office, "")):
        if first - 1 <= date.fromisoformat(stream.rpartition(":")[2]).toordinal() <= last + 1:
            yield from ledger.history(stream)


def entry_of(recorded: Recorded) -> Entry:
    """Something on record as an entry of the journal."""
    event: Noted = recorded.event  # type: ignore[assignment]
    role, _, who = event.by.partition(":")
    about = "" if isinstance(event, SubjectRequestReceived) else getattr(event, "person", "")  # no account
    named = {about, who if role in {"person", *access.ROLES} else ""}
    return Entry(
        position=recorded.position,
        at=event.at,
        kind=KINDS[type(event)],
        by=event.by,
        event=event,
        people=frozenset(named - {""}),
    )


class _Ties:
    """With which offices people, devices and programs have ever had to do."""

    def __init__(self, rights: Iterable[AccessEvent]) -> None:
        self._offices: dict[str, set[str]] = {}
        for event in rights:
            match event:
                case PersonAdded():
                    self._offices[f"person:{event.person}"] = set()
                case RoleGiven():
                    self._offices[f"person:{event.person}"].add(event.office)
                case DevicePaired():
                    self._offices[f"device:{event.device}"] = {event.office}
                case TokenMade():
                    self._offices[f"program:{event.token}"] = {event.office}
                case _:
                    pass

    def concern(self, event: JournalEvent | AccessEvent, office: str, *, everything: bool) -> bool:
        """Whether something that is in no office's journal has to do with an office: because of whom it is about, or
        because it may concern any (somebody unknown tried a door).
        """
        if isinstance(event, RoleGiven | RoleTaken):
            return event.office in {office, EVERYWHERE}
        offices = self._offices.get(_whose(event))
        return offices is None or bool(offices & {office, EVERYWHERE}) or (everything and not offices)


def _whose(event: JournalEvent | AccessEvent) -> str:
    """Whom or what something is about, as askers are named; who did it, if it is about nobody."""
    for kind, name in (("person", "person"), ("device", "device"), ("program", "token")):
        if about := getattr(event, name, ""):
            return f"{kind}:{about}"
    role, _, who = event.by.partition(":")
    return f"person:{who}" if role in access.ROLES else event.by

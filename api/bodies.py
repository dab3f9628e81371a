"""What programs send: one struct a kind of body, strictly typed. A field that is not here is refused.

The fields are named as those of the command they become; `said()` gives them as the command takes them.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ltsa.office import LONGEST_CODE, LONGEST_TEXT, Rules
from ltsa.people import LONGEST_NOTE
from ltsa.rules import LONGEST_OFFICER

Code = Annotated[str, Meta(max_length=LONGEST_CODE)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=50)]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Card = Annotated[str, Meta(pattern=r"^[A-Z2-7]{26}$")]
PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Any text without control characters but tab and new line."""


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every body can do."""

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:  # noqa: ARG002 - for the bodies that leave a choice to the office
        """The command's fields that this body gives."""
        return msgspec.structs.asdict(self)


class Nothing(Body, frozen=True):
    """The address says all: send `{}` or no body."""


class OfDay(Body, frozen=True):
    """`date` is the service day whose number is meant (2026-11-21): numbers begin anew each day, and on another day the
    command is refused (409 `day-over`). Null: today, whichever day it is.
    """

    date: Date | None = None


class Issue(Body, frozen=True):
    """What a person came for. `services` are ids of the office's services, each once; `priority` is a reason code of
    the office, or null; `language` is what the ticket page speaks first. `appointment` is when they were asked to come,
    a date and time of today with its zone (2026-11-21T09:30:00+07:00), or null: their wait counts from it, whether they
    come early or late. With the secret of a journey's `card` the number is for what can be done of that journey today:
    at the services named, at all where none is.
    """

    services: Codes
    priority: Code | None = None
    language: Literal["id", "en"] = "id"
    appointment: Annotated[datetime, Meta(tz=True)] | None = None
    card: Card | None = None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:  # noqa: ARG002
        """The fields, with "" for no priority and 0 for no appointment, and without the card."""
        slot = int(self.appointment.timestamp()) * 1000 if self.appointment else 0
        return {
            "services": self.services,
            "priority": self.priority or "",
            "language": self.language,
            "slot": slot,
        }


class NewCase(Body, frozen=True):
    """A journey under one of the office's schemes. `nik` and `name` are kept encrypted beside the record, so that the
    journey is found again without its card; null where somebody gives none. `agreed` is the office's sentence of
    consent (`consent` of the office), exactly as the person read it and agreed; a name is kept for those alone who did.
    """

    scheme: Code
    nik: Annotated[str, Meta(max_length=24)] | None = None
    name: Annotated[str, Meta(max_length=100, pattern=PLAIN)] | None = None
    agreed: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)] | None = None


class NewReference(Body, frozen=True):
    """A step's number in the system outside; `paper`: one on paper, because that cannot be reached. The system's own
    number takes the place of one on paper.
    """

    step: Code
    number: Annotated[str, Meta(min_length=3, max_length=40, pattern=PLAIN)]
    paper: bool = False


class Open(Body, frozen=True):
    """Who sits down at the counter, as a program calls them (a person who is signed in can only name themselves), and
    for which services: all that the counter is meant for when none is named.
    """

    officer: Annotated[str, Meta(description=f"A printable name of at most {LONGEST_OFFICER} letters.")]
    services: Codes = ()


class Pause(Body, frozen=True):
    """Why the counter pauses: a reason code of the office, its first one when left out."""

    reason: Code | None = None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:
        """The reason, or the office's first."""
        reason = self.reason
        if reason is None:
            reason = next((coded.code for coded in rules().pause_reasons), "")
        return {"reason": reason}


class Numbered(OfDay, frozen=True, kw_only=True):
    """Which ticket, by its number, and of which day (null: today)."""

    number: Code


class Chosen(Numbered, frozen=True, kw_only=True):
    """Which ticket, and why this one where it is not whom the office's policy calls next: one of the office's
    `deviation_reasons`, needed where it has any.
    """

    reason: Code | None = None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:  # noqa: ARG002
        """The number, and "" for no reason."""
        return {"number": self.number, "reason": self.reason or ""}


class Resume(OfDay, frozen=True):
    """Which ticket on hold, and of which day (null: today); may be left out where only one is on hold here."""

    number: Code | None = None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:  # noqa: ARG002
        """The number, or "" for the only one."""
        return {"number": self.number or ""}


class Finish(Body, frozen=True):
    """How the service ended: an outcome code of the office, its first one (`done`) when left out."""

    outcome: Code | None = None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:
        """The outcome, or the office's first."""
        return {"outcome": rules().outcomes[0].code if self.outcome is None else self.outcome}


class Return(Body, frozen=True):
    """What the person has to complete: reason codes of the office. The note is kept beside the ledger, erasable."""

    reasons: Codes
    note: Annotated[str, Meta(max_length=LONGEST_NOTE, pattern=PLAIN)] = ""


class WrittenNote(Body, frozen=True):
    """A note about the present person, kept beside the ledger, erasable."""

    note: Annotated[str, Meta(min_length=1, max_length=LONGEST_NOTE, pattern=PLAIN)]


class Transfer(Body, frozen=True):
    """The service that the person is sent to."""

    service: Code


class Documents(Body, frozen=True):
    """Which documents of the present service's list were seen: all of them each time."""

    seen: Codes


class Steps(OfDay, frozen=True):
    """Services to add to the visit, and such to take off as have not begun; `date` is its number's (null: today)."""

    add: Codes = ()
    drop: Codes = ()


class NewPriority(OfDay, frozen=True, kw_only=True):
    """A priority reason of the office, or null to take it away; `date` is the number's day (null: today)."""

    priority: Code | None

    def said(self, rules: Callable[[], Rules]) -> dict[str, Any]:  # noqa: ARG002
        """The reason, "" for none."""
        return {"priority": self.priority or ""}


class Close(Body, frozen=True):
    """What becomes of those whose visit is not over: closing outcome codes of the office by number, and one for all
    others, its first when left out.
    """

    outcomes: Annotated[dict[Code, Code], Meta(max_length=5000)] = msgspec.field(default_factory=dict)
    outcome: Code = ""


class Since(Body, frozen=True):
    """Which part of a day's history: the events after a version, at most so many."""

    after: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 1000

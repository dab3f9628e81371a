"""What happened on one office's service day: its events, and the names under which they are kept. What follows from
them is `day.py`'s.

A day is one stream of the ledger. Events are small values without personal data. They are for ever: a new field has a
default, another meaning is a new version. Instants are integer milliseconds UTC, durations integer milliseconds.
"""

from typing import Literal

from ltsa.dispatch import Why
from ltsa.message import Event
from ltsa.office import Office

Undoable = Literal["call", "finish", "return", "no-show"]


class DayOpened(Event, frozen=True):
    """The day began, under this configuration of the office."""

    date: str
    office: Office


class TicketIssued(Event, frozen=True):
    """A person took a number. `token` is the SHA-256 of the ticket's secret, `place` is when its wait began (ms).

    For a visit of a person's `case`, `work` has the steps of its flow that are to be done at each service, and `after`
    the services that come before each of those; the office's own order counts for the others.
    """

    number: str
    series: str
    token: str
    services: tuple[str, ...]
    place: int
    priority: str = ""
    language: str = "id"
    slot: int = 0
    case: str = ""
    work: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - each event gets its own
    after: dict[str, tuple[str, ...]] = {}  # noqa: RUF012


class TicketTied(Event, frozen=True):
    """A running visit became one of a person's case: with services added, steps to be done, and their order."""

    number: str
    case: str
    work: dict[str, tuple[str, ...]]
    after: dict[str, tuple[str, ...]]
    added: tuple[str, ...] = ()


class TicketCalled(Event, frozen=True):
    """A counter called a ticket, and why this one; `reason` is the officer's code for calling another than the policy
    says.
    """

    number: str
    service: str
    counter: str
    why: Why
    reason: str = ""


class TicketDirected(Event, frozen=True):
    """The person was told where to wait: in the line of a service, or on a standby `seat` before its counters. They
    wait for that service alone, until they are called or released.
    """

    number: str
    service: str
    why: Why
    seat: bool = False


class TicketReleased(Event, frozen=True):
    """The person no longer waits at the service that they were directed to, but for all they may do now: the seat is
    no more, since a counter closed, was paused or no longer takes the service, or the seat's last guest came back.
    """

    number: str
    service: str


class TicketRecalled(Event, frozen=True):
    """The called ticket was called again for the `count`th time; `last` says that it was announced as the last call."""

    number: str
    counter: str
    count: int
    last: bool = False


class ServiceStarted(Event, frozen=True):
    """The person stands at the counter."""

    number: str
    service: str
    counter: str


class ServiceFinished(Event, frozen=True):
    """A service ended with an outcome code of the office. `done` are the steps of the person's case that were done."""

    number: str
    service: str
    counter: str
    outcome: str
    done: tuple[str, ...] = ()


class TicketReturned(Event, frozen=True):
    """The person was sent to complete something: codes of reasons, and of missing documents; a note's text lives beside
    the ledger under `note`.
    """

    number: str
    service: str
    counter: str
    reasons: tuple[str, ...]
    note: str = ""
    missing: tuple[str, ...] = ()


class TicketMissed(Event, frozen=True):
    """The called person did not come."""

    number: str
    service: str
    counter: str


class TicketPutBack(Event, frozen=True):
    """An absent, returned, held or closed ticket waits again, its wait counting from `place`; from `since` that at the
    counter alone (0: from now on).
    """

    number: str
    place: int
    since: int = 0


class TicketHeld(Event, frozen=True):
    """The person stepped aside; the counter is free for others."""

    number: str
    service: str
    counter: str


class TicketResumed(Event, frozen=True):
    """A held person is served again."""

    number: str
    service: str
    counter: str


class TicketTransferred(Event, frozen=True):
    """The person was sent to another service instead, and keeps the place."""

    number: str
    service: str
    to: str
    counter: str


class StepsChanged(Event, frozen=True):
    """An officer added services to the visit or took some off."""

    number: str
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class PriorityChanged(Event, frozen=True):
    """An officer gave or took a priority reason; the wait now counts from `place`."""

    number: str
    place: int
    priority: str = ""


class DocumentsChecked(Event, frozen=True):
    """Which documents of the service's list the officer has seen: codes, all of them each time."""

    number: str
    service: str
    seen: tuple[str, ...]


class NoteWritten(Event, frozen=True):
    """An officer wrote a note; its text lives beside the ledger under `note`, where it can be erased."""

    number: str
    service: str
    counter: str
    note: str


class TicketCancelled(Event, frozen=True):
    """The holder or an officer gave the ticket up."""

    number: str


class TicketClosed(Event, frozen=True):
    """The day ended before the visit did; `state` is what the ticket was, `outcome` a closing outcome of the office."""

    number: str
    state: str
    outcome: str = ""


class CounterOpened(Event, frozen=True):
    """An officer sat down at a counter, or came back from a pause, for these services."""

    counter: str
    officer: str
    services: tuple[str, ...]


class CounterPaused(Event, frozen=True):
    """The officer left for a while: a reason code of the office."""

    counter: str
    reason: str


class CounterClosed(Event, frozen=True):
    """The officer left the counter."""

    counter: str


class ActionUndone(Event, frozen=True):
    """A counter's last action was a mistake: the ticket is again what it was before. `corrects` is the version of the
    event that is taken back (0 before 2026-12, when it was not said).
    """

    number: str
    service: str
    counter: str
    action: Undoable
    corrects: int = 0


class HelpAsked(Event, frozen=True):
    """Somebody at a kiosk asked for an officer."""

    kiosk: str


class HelpGiven(Event, frozen=True):
    """Whoever asked for an officer at a kiosk was helped."""

    kiosk: str


class DayConfigured(Event, frozen=True):
    """The office was changed while the day was under way: from now on it runs under this configuration."""

    office: Office


class DayChecked(Event, frozen=True):
    """Somebody went through the opening check-list: the items that are in order and those still open. A remark's text
    lives beside the ledger under `note`.
    """

    ok: tuple[str, ...]
    open: tuple[str, ...] = ()
    note: str = ""


class DayClosed(Event, frozen=True):
    """No more tickets today."""


class DayReopened(Event, frozen=True):
    """The day was closed too early. `corrects` is the version of that closing (0 before 2026-12)."""

    corrects: int = 0


DayEvent = (
    TicketIssued
    | TicketTied
    | TicketCalled
    | TicketDirected
    | TicketReleased
    | ServiceStarted
    | ServiceFinished
    | TicketRecalled
    | TicketReturned
    | TicketMissed
    | TicketPutBack
    | TicketHeld
    | TicketResumed
    | TicketTransferred
    | StepsChanged
    | PriorityChanged
    | DocumentsChecked
    | NoteWritten
    | TicketCancelled
    | TicketClosed
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | ActionUndone
    | HelpAsked
    | HelpGiven
    | DayOpened
    | DayConfigured
    | DayChecked
    | DayClosed
    | DayReopened
)

TOPICS: dict[str, type[DayEvent]] = {
    "day-opened/1": DayOpened,
    "day-closed/1": DayClosed,
    "day-reopened/1": DayReopened,
    "ticket-issued/1": TicketIssued,
    "ticket-tied/1": TicketTied,
    "ticket-called/1": TicketCalled,
    "ticket-directed/1": TicketDirected,
    "ticket-released/1": TicketReleased,
    "ticket-recalled/1": TicketRecalled,
    "service-started/1": ServiceStarted,
    "service-finished/1": ServiceFinished,
    "ticket-returned/1": TicketReturned,
    "ticket-missed/1": TicketMissed,
    "ticket-put-back/1": TicketPutBack,
    "ticket-held/1": TicketHeld,
    "ticket-resumed/1": TicketResumed,
    "ticket-transferred/1": TicketTransferred,
    "steps-changed/1": StepsChanged,
    "priority-changed/1": PriorityChanged,
    "documents-checked/1": DocumentsChecked,
    "note-written/1": NoteWritten,
    "ticket-cancelled/1": TicketCancelled,
    "ticket-closed/1": TicketClosed,
    "counter-opened/1": CounterOpened,
    "counter-paused/1": CounterPaused,
    "counter-closed/1": CounterClosed,
    "action-undone/1": ActionUndone,
    "help-asked/1": HelpAsked,
    "help-given/1": HelpGiven,
    "day-configured/1": DayConfigured,
    "day-checked/1": DayChecked,
}
"""The stable name and version of every event; a breaking change is a new version with an upcaster, never an edit."""

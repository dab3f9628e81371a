"""What may be asked for on a service day: its commands. What becomes of each is decided in `ltsa/rules.py`."""

import msgspec

from ltsa.message import Command
from ltsa.office import Office
from ltsa.road import Plan


class IssueTicket(Command, frozen=True):
    """Take a number for one or more services. `token` is the SHA-256 of the ticket's secret, `slot` the instant of an
    appointment (ms UTC, 0 without one): the person's age counts from it, whether they come early or late.

    For a `person` (a pseudonymous id) the number is for the open case: with no services named, for all that can be done
    of it today. The ledger puts `case`, `plan` and `slot` in.
    """

    services: tuple[str, ...]
    token: str
    priority: str = ""
    language: str = "id"
    slot: int = 0
    person: str = ""
    case: str = ""
    plan: Plan | None = None

    def content(self) -> str:
        """As of every command, but for the token: it follows from the key and the day, and midnight may have passed;
        and for what follows from the case.
        """
        slot = 0 if self.person else self.slot
        return Command.content(msgspec.structs.replace(self, token="", case="", plan=None, slot=slot))


class TieTicket(Command, frozen=True):
    """Let a running visit be one of a `person`'s open case: what can be done of it today is added to the visit, at the
    services named (none named: at all). Once more, for other services, where it is one already. The ledger puts `case`
    and `plan` in.
    """

    number: str
    person: str
    services: tuple[str, ...] = ()
    case: str = ""
    plan: Plan | None = None

    def content(self) -> str:
        """As of every command, but for what follows from the case."""
        return Command.content(msgspec.structs.replace(self, case="", plan=None))


class CancelTicket(Command, frozen=True):
    """Give a ticket up; by "holder", or by an officer. Numbers begin anew each day: the SHA-256 of the ticket's secret
    as `token` says which one is meant.
    """

    number: str
    token: str = ""


class PutBack(Command, frozen=True):
    """Let an absent, returned, held or closed ticket wait again, at the place that the office's rule says."""

    number: str


class ChangeSteps(Command, frozen=True):
    """Add services to a visit, or take off such as have not begun."""

    number: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SetPriority(Command, frozen=True):
    """Give a ticket a priority reason, or take it ("")."""

    number: str
    priority: str


class CounterCommand(Command, frozen=True, kw_only=True):
    """A command of one counter. `present` is the number that whoever asks sees there: if somebody else is there by now,
    the command was meant for another person.
    """

    counter: str
    present: str = ""


class OpenCounter(CounterCommand, frozen=True):
    """Sit down at a counter for some services (none named: all it is meant for), or come back from a pause."""

    officer: str
    services: tuple[str, ...] = ()


class PauseCounter(CounterCommand, frozen=True):
    """Leave the counter for a while."""

    reason: str


class CloseCounter(CounterCommand, frozen=True):
    """Leave the counter."""


class CallNext(CounterCommand, frozen=True):
    """Call whoever `dispatch.pick` says."""


class CallTicket(CounterCommand, frozen=True):
    """Call a ticket that the officer chose. `reason` says why, where it is not whom the dispatcher says."""

    number: str
    reason: str = ""


class Recall(CounterCommand, frozen=True):
    """Call the called ticket again."""


class StartService(CounterCommand, frozen=True):
    """The called person has come."""


class FinishService(CounterCommand, frozen=True):
    """The service ended. `done` are the steps of the person's case that were done, all of the sitting where none is
    named.
    """

    outcome: str
    done: tuple[str, ...] = ()


class ReturnTicket(CounterCommand, frozen=True):
    """Send the person to complete something. `missing` are codes of documents; `note` is the id of a text kept beside
    the ledger.
    """

    reasons: tuple[str, ...]
    note: str = ""
    missing: tuple[str, ...] = ()


class MissTicket(CounterCommand, frozen=True):
    """The called person did not come."""


class HoldTicket(CounterCommand, frozen=True):
    """The person steps aside for a moment, and the counter is free."""


class ResumeTicket(CounterCommand, frozen=True):
    """Serve a held person again; the only one held at this counter when no number is given."""

    number: str = ""


class TransferTicket(CounterCommand, frozen=True):
    """Send the person to another service instead of this one."""

    service: str


class CheckDocuments(CounterCommand, frozen=True):
    """Which documents of the present service's list the officer has seen: all of them each time."""

    seen: tuple[str, ...]


class WriteNote(CounterCommand, frozen=True):
    """Keep a note about the present person. `note` is the id of a text kept beside the ledger."""

    note: str


class Undo(CounterCommand, frozen=True):
    """Take back the counter's last call, finish, return or no-show."""


class AskHelp(Command, frozen=True):
    """Somebody at a kiosk asks for an officer."""

    kiosk: str


class GiveHelp(Command, frozen=True):
    """Whoever asked at a kiosk has been helped."""

    kiosk: str


class OpenDay(Command, frozen=True):
    """Begin a service day under a configuration. The ledger gives this command itself, before a day's first one."""

    date: str
    configuration: Office


class ConfigureDay(Command, frozen=True):
    """Go on under another configuration of the office. The ledger gives this command itself, with the change."""

    configuration: Office


class CheckDay(Command, frozen=True):
    """Go through the opening check-list: codes of the items that are `ok`, and of those still `open`. `note` is the id
    of a text kept beside the ledger.
    """

    ok: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    note: str = ""


class CloseDay(Command, frozen=True):
    """End the day: every visit that is not over is closed, every counter too. `outcomes` say by number what becomes of
    people, `outcome` of all others: closing outcomes of the office, its first where nothing is said.
    """

    outcomes: dict[str, str] = {}  # noqa: RUF012 - each command gets its own
    outcome: str = ""


class ReopenDay(Command, frozen=True):
    """Take back a closing that came too early. Closed tickets may be put back."""


DayCommand = (
    IssueTicket
    | TieTicket
    | CallNext
    | StartService
    | FinishService
    | CallTicket
    | Recall
    | ReturnTicket
    | MissTicket
    | HoldTicket
    | ResumeTicket
    | TransferTicket
    | CheckDocuments
    | WriteNote
    | Undo
    | CancelTicket
    | PutBack
    | ChangeSteps
    | SetPriority
    | OpenCounter
    | PauseCounter
    | CloseCounter
    | AskHelp
    | GiveHelp
    | OpenDay
    | ConfigureDay
    | CheckDay
    | CloseDay
    | ReopenDay
)

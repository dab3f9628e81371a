"""An office as it was set up: what it offers, at which counters, under which rules.

An `Office` is a value. The ledger records each version of it, and every service day opens with the version that was in
force, so that a rule changed next year leaves last year's days readable.
"""

from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

Text = dict[str, str]
"""Words by language code; "id" (Indonesian) is always there."""

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
"""Indonesia's three time zones, none with summer time."""


class WrongOfficeError(ValueError):
    """An office file that cannot be used: `field` says where, the message what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Coded(Struct, frozen=True, kw_only=True):
    """A code that events carry, with the words that screens show for it."""

    code: str
    name: Text


class Priority(Coded, frozen=True, kw_only=True):
    """A reason for priority (UU 25/2009 art. 29). `head_start` minutes are added to the age of the wait: nobody who
    came more than that much earlier is ever overtaken, so nobody starves.
    """

    head_start: int = 30


class Outcome(Coded, frozen=True, kw_only=True):
    """How a service may end. `unlocks` says whether the steps that come after it become possible."""

    unlocks: bool = True


class Service(Struct, frozen=True, kw_only=True):
    """What a person can come for: one queue. `after` names services that must be finished first when they are on the
    same visit; `minutes` is the published standard time.
    """

    id: str
    prefix: str
    name: Text
    about: Text
    agency: Text
    bring: tuple[Coded, ...] = ()
    after: tuple[str, ...] = ()
    minutes: int = 10


class Counter(Struct, frozen=True, kw_only=True):
    """A counter and the services it is meant for. `id` is what the voice says after "Loket"."""

    id: str
    name: Text
    services: tuple[str, ...]


class Rules(Struct, frozen=True, kw_only=True):
    """What an office may decide for itself. A place is "original", "last", or "behind:N" (N in line)."""

    recall_limit: int = 3
    absent_place: str = "behind:3"
    returned_place: str = "original"
    undo_seconds: int = 10
    number_digits: int = 3
    priorities: tuple[Priority, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    return_reasons: tuple[Coded, ...] = ()
    pause_reasons: tuple[Coded, ...] = ()


class Office(Struct, frozen=True, kw_only=True, dict=True):
    """One office. `zone` is an IANA name; its service day is a local date there."""

    id: str
    name: Text
    zone: str
    services: tuple[Service, ...]
    counters: tuple[Counter, ...]
    rules: Rules = Rules()
    running_text: Text = msgspec.field(default_factory=dict)

    @cached_property
    def service(self) -> dict[str, Service]:
        """Services by id, in the order the office shows them."""
        return {service.id: service for service in self.services}

    @cached_property
    def after(self) -> dict[str, tuple[str, ...]]:
        """The services that come after others, and which those are."""
        return {service.id: service.after for service in self.services if service.after}

    @cached_property
    def counter(self) -> dict[str, Counter]:
        """Counters by id."""
        return {counter.id: counter for counter in self.counters}

    @cached_property
    def priority(self) -> dict[str, Priority]:
        """Priority reasons by code."""
        return {priority.code: priority for priority in self.rules.priorities}

    @cached_property
    def unlocking(self) -> frozenset[str]:
        """Codes of the outcomes after which the next steps become possible."""
        return frozenset(outcome.code for outcome in self.rules.outcomes if outcome.unlocks)

    @cached_property
    def clock(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.zone)

    def service_date(self, at: int) -> date:
        """The office's local date at an instant (milliseconds UTC)."""
        return datetime.fromtimestamp(at / 1000, self.clock).date()


def read_office(path: Path) -> Office:
    """Reads and checks an office file (TOML). Raises `WrongOfficeError` with the field and what would be right."""
    try:
        office = msgspec.toml.decode(path.read_bytes(), type=Office)
    except OSError as error:
        raise WrongOfficeError(str(path), f"cannot be read ({error.strerror}); name a readable TOML file") from error
    except msgspec.ValidationError as error:
        sentence, _, field = str(error).partition(" - at ")
        raise WrongOfficeError(field.strip("`$.") or "office", sentence) from error
    except msgspec.DecodeError as error:
        raise WrongOfficeError(str(path), f"is not valid TOML: {error}") from error
    return checked(office)


def example_office() -> Office:
    """The example: eight desks as in PP 59/2021 art. 31, ten counters."""
    return read_office(Path(__file__).with_name("example_office.toml"))


def checked(office: Office) -> Office:  # noqa: C901 - one look after the other
    """The same office if it can work; else `WrongOfficeError` for the first thing that would not."""
    _codes("id", [office.id])
    _codes("services.id", [service.id for service in office.services])
    _codes("counters.id", [counter.id for counter in office.counters])
    _codes("services.prefix", [service.prefix for service in office.services])
    for service in office.services:
        if not (service.prefix.isalpha() and service.prefix.isupper()):
            message = (
                f"{service.prefix!r} must be capital letters: A1 would make A101 both the 1st of A1 and the 101st of A"
            )
            raise WrongOfficeError("services.prefix", message)
    for list_name in ("priorities", "outcomes", "return_reasons", "pause_reasons"):
        _codes(f"rules.{list_name}", [coded.code for coded in getattr(office.rules, list_name)])
    try:
        ZoneInfo(office.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{office.zone!r} is no time zone; use one of {', '.join(ZONES)}"
        raise WrongOfficeError("zone", message) from error
    for counter in office.counters:
        _known(f"counters.{counter.id}.services", counter.services, office)
    for service in office.services:
        _known(f"services.{service.id}.after", service.after, office)
    for service in office.services:
        _no_loop(office, (service.id,))
    for name in ("absent_place", "returned_place"):
        rule = getattr(office.rules, name)
        if rule not in {"original", "last"} and not (
            rule.startswith("behind:") and rule[7:].isdecimal() and int(rule[7:])
        ):
            raise WrongOfficeError(f"rules.{name}", f'{rule!r} is no place; use "original", "last" or "behind:3"')
    for name, least, most in (("recall_limit", 0, 20), ("undo_seconds", 0, 60), ("number_digits", 2, 6)):
        if not least <= getattr(office.rules, name) <= most:
            raise WrongOfficeError(f"rules.{name}", f"must be from {least} to {most}")
    if not office.rules.outcomes:
        raise WrongOfficeError("rules.outcomes", "needs at least one outcome, for example code = 'done'")
    return office


LONGEST_CODE = 40


def _codes(field: str, codes: list[str]) -> None:
    for code in codes:
        if not (0 < len(code) <= LONGEST_CODE and code.isascii() and code.replace("-", "").isalnum()):
            raise WrongOfficeError(field, f"{code!r} must be 1 to 40 letters, digits or hyphens")
    for code in codes:
        if codes.count(code) > 1:
            raise WrongOfficeError(field, f"{code!r} stands twice; each must be different")


def _known(field: str, services: tuple[str, ...], office: Office) -> None:
    for service in services:
        if service not in office.service:
            known = ", ".join(office.service)
            raise WrongOfficeError(field, f"{service!r} is not a service of this office; known are {known}")


def _no_loop(office: Office, path: tuple[str, ...]) -> None:
    for before in office.service[path[-1]].after:
        if before in path:
            loop = " → ".join((*path, before))
            raise WrongOfficeError(f"services.{path[0]}.after", f"goes in a circle: {loop}")
        _no_loop(office, (*path, before))

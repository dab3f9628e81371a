"""An office as it was set up: what it offers, at which counters, under which rules.

An `Office` is a value. The ledger records each version of it, and every service day opens with the version that was in
force, so that a rule changed next year leaves last year's days readable.
"""

import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from ltsa import coded, flow
from ltsa.access import INSTALLATION, ROLES
from ltsa.dispatch import POLICIES, Policy, Weights
from ltsa.flow import DESKS, Flow
from ltsa.message import Refusal

Text = coded.Text
Coded = coded.Coded

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
"""Indonesia's three time zones, none with summer time."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of a week, in the order of `date.weekday()`."""

Kind = Literal["holiday", "joint-leave", "own"]
"""Why an office is closed on a date: a national holiday, cuti bersama, or a decision of its own."""


class WrongOfficeError(Refusal):
    """An office that cannot work so: `field` says where ("services/bank/prefix"), the message what would be right."""

    def __init__(self, field: str, message: str, code: str = "wrong-office", **values: object) -> None:
        super().__init__(code, f"{field}: {message}.", field=field, values=values)


class Priority(Coded, frozen=True, kw_only=True):
    """A reason for priority (UU 25/2009 art. 29). `head_start` minutes are added to the age of the wait: nobody who
    came more than that much earlier is ever overtaken, so nobody starves.
    """

    head_start: int = 30


class Outcome(Coded, frozen=True, kw_only=True):
    """How a service may end. `unlocks` says whether the steps that come after it become possible."""

    unlocks: bool = True


class Service(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person can come for: one queue. `after` names services that must be finished first when they are on the
    same visit; `minutes` is the published standard time; `steps` are the steps of flows that are done here.
    """

    id: str
    prefix: str
    name: Text
    about: Text
    agency: Text
    bring: tuple[Coded, ...] = ()
    after: tuple[str, ...] = ()
    minutes: int = 10
    capacity: int = 0
    steps: tuple[str, ...] = ()


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counter and the services it is meant for. `id` is what the voice says after "Loket"."""

    id: str
    name: Text
    services: tuple[str, ...]


class Break(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time of the day at which nobody is served, for example Friday prayer; local times like "11:30"."""

    begins: str
    ends: str
    name: Text


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours of one day in local times like "08:00"; breaks in order."""

    opens: str
    closes: str
    breaks: tuple[Break, ...] = ()


class DayOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A date (ISO) on which the office is closed."""

    date: str
    name: Text
    kind: Kind = "own"


class SpecialDay(Opening, frozen=True, kw_only=True):
    """A date (ISO) with other hours than its weekday has, open even if it were a day off."""

    date: str
    name: Text


class Dispatching(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is called next: the policy, what counts how much, and a policy that may run in `shadow` ("" for none), which
    calls nobody but says whom it would have called.

    `standby` is how much of a standby seat each open counter of a service has, in percent, `standby_far` the same for
    the services that are `far` from the hall. Offices of before 2026-12 say nothing of all this: first come, first
    served.
    """

    policy: Policy = "fifo"
    shadow: Literal["", "fifo", "fix", "shortest", "all", "index"] = ""
    weights: Weights = Weights()
    standby: int = 50
    standby_far: int = 100
    far: tuple[str, ...] = ()

    def percent(self, service: str) -> int:
        """How much of a standby seat an open counter of a service has, in percent."""
        return self.standby_far if service in self.far else self.standby


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office may decide for itself. A place is "original", "last", or "behind:N" (N in line).

    `capacity` people may take a number a day, 0 for any number. Numbers are given from `first_ticket` minutes before
    the office opens until `last_ticket` minutes before it closes. `closing_outcomes` say what becomes of those whose
    visit is not over when the day closes, the first where nobody says otherwise; `opening_checks` what is looked at in
    the morning. An officer who calls somebody else than the `dispatch` says gives one of the `deviation_reasons`, where
    there are any.
    """

    recall_limit: int = 3
    absent_place: str = "behind:3"
    returned_place: str = "original"
    undo_seconds: int = 10
    number_digits: int = 3
    priorities: tuple[Priority, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    return_reasons: tuple[Coded, ...] = ()
    pause_reasons: tuple[Coded, ...] = ()
    capacity: int = 0
    first_ticket: int = 0
    last_ticket: int = 0
    closing_outcomes: tuple[Coded, ...] = ()
    opening_checks: tuple[Coded, ...] = ()
    dispatch: Dispatching = Dispatching()
    deviation_reasons: tuple[Coded, ...] = ()

    def place_for(self, state: str) -> str:
        """Where a ticket that was absent, closed, held or returned is put back."""
        away = {"absent": self.absent_place, "closed": self.absent_place, "held": "original"}
        return away.get(state, self.returned_place)


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days what is known about people is kept, 0 for ever: `notes` after their service day, `persons`
    (NIK, name, phone) after the last thing on record of them.
    """

    notes: int = 0
    persons: int = 0


class Office(Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True):
    """One office. `zone` is an IANA name; its service day is a local date there.

    `week` has the hours of each weekday; one that is not in it is closed, and an office without any week is always
    open. A special day goes before a day off, a day off before the week. `second_factor` are the roles whose people
    need more than a password. `consent` are the office's own words in which people are asked whether they are kept for
    following visits; without any, the usual ones of `ltsa/subject.py`.
    """

    id: str
    name: Text
    zone: str
    services: tuple[Service, ...]
    counters: tuple[Counter, ...]
    rules: Rules = Rules()
    running_text: Text = msgspec.field(default_factory=dict)
    consent: Text = msgspec.field(default_factory=dict)
    retention: Retention = Retention()
    week: dict[str, Opening] = {}
    days_off: tuple[DayOff, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()
    second_factor: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()

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
    def flow(self) -> dict[str, Flow]:
        """Flows by id."""
        return {flow.id: flow for flow in self.flows}

    @cached_property
    def service_of(self) -> dict[str, str]:
        """Which service does a step of a flow: the first that names it."""
        return {step: service.id for service in reversed(self.services) for step in service.steps}

    @cached_property
    def priority(self) -> dict[str, Priority]:
        """Priority reasons by code."""
        return {priority.code: priority for priority in self.rules.priorities}

    def head_start(self, priority: str) -> int:
        """Milliseconds that a priority reason adds to the age of a wait; none for "" or a code that is not known."""
        return self.priority[priority].head_start * 60_000 if priority in self.priority else 0

    @cached_property
    def unlocking(self) -> frozenset[str]:
        """Codes of the outcomes after which the next steps become possible."""
        return frozenset(outcome.code for outcome in self.rules.outcomes if outcome.unlocks)

    @cached_property
    def day_off(self) -> dict[str, DayOff]:
        """Days off by date (ISO)."""
        return {day.date: day for day in self.days_off}

    @cached_property
    def special_day(self) -> dict[str, SpecialDay]:
        """Days with other hours by date (ISO)."""
        return {day.date: day for day in self.special_days}

    @cached_property
    def clock(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.zone)

    def service_date(self, at: int) -> date:
        """The office's local date at an instant (milliseconds UTC)."""
        return datetime.fromtimestamp(at / 1000, self.clock).date()


def read_office(path: Path) -> Office:
    """Reads and checks an office file (TOML); one that says nothing of flows has the usual ones. Raises
    `WrongOfficeError` with the field and what would be right.
    """
    try:
        said = msgspec.toml.decode(path.read_bytes())
        office = msgspec.convert(said, Office)
        if "flows" not in said:
            office = msgspec.structs.replace(office, flows=usual_flows())
    except OSError as error:
        raise WrongOfficeError(str(path), f"cannot be read ({error.strerror}); name a readable TOML file") from error
    except msgspec.ValidationError as error:
        sentence, _, field = str(error).partition(" - at ")
        raise WrongOfficeError(field.strip("`$.") or "office", sentence) from error
    except msgspec.DecodeError as error:
        raise WrongOfficeError(str(path), f"is not valid TOML: {error}") from error
    return checked(office)


@lru_cache(maxsize=1)
def example_office() -> Office:
    """The example: eight desks as in PP 59/2021 art. 31, ten counters, open at any hour, the usual flows."""
    return read_office(Path(__file__).with_name("example_office.toml"))


@lru_cache(maxsize=1)
def usual_flows() -> tuple[Flow, ...]:
    """The schemes of UU 18/2017, and the services before, during and after a migration, each with its source in the
    file. It says documents, steps and switches once, by their codes.
    """
    said = tomllib.loads(Path(__file__).with_name("example_flows.toml").read_text("utf-8"))

    def coded(kind: str, code: str, **more: object) -> dict[str, object]:
        return {"code": code, "name": said[kind][code], **more}

    def step(use: dict[str, Any]) -> dict[str, object]:
        whole: dict[str, Any] = said["steps"][use["code"]] | use
        return whole | {"documents": [coded("documents", code) for code in whole.get("documents", ())]}

    flows = [
        flow
        | {
            "switches": [coded("switches", code, on=on) for code, on in flow.get("switches", {}).items()],
            "steps": [step(use) for use in flow["steps"]],
        }
        for flow in said["flows"]
    ]
    return msgspec.convert(flows, tuple[Flow, ...])


def usual_week() -> dict[str, Opening]:
    """Hours within those of Perpres 21/2023 (five days from 07.30, breaks of 60 minutes and on Fridays of 90)."""
    rest = Break(begins="12:00", ends="13:00", name={"id": "Istirahat", "en": "Break"})
    prayer = Break(begins="11:30", ends="13:00", name={"id": "Istirahat dan salat Jumat", "en": "Friday prayer"})
    usual = Opening(opens="08:00", closes="16:00", breaks=(rest,))
    return dict.fromkeys(WEEKDAYS[:4], usual) | {"fri": Opening(opens="08:00", closes="16:30", breaks=(prayer,))}


def new_office(name: str, called: Text, zone: str) -> Office:
    """What a new office begins with, to be changed as it needs: the example's desks and rules, in the usual week.

    Raises `WrongOfficeError`.
    """
    return checked(msgspec.structs.replace(example_office(), id=name, name=called, zone=zone, week=usual_week()))


# --- What can work ----------------------------------------------------------------------------------------------------

LONGEST_CODE = 40
LONGEST_NAME = 120
LONGEST_TEXT = 600
LONGEST_VALID = 3660
"""Days for which a step may hold at most, where that ends at all."""
MOST_CODES, MOST_COUNTERS, MOST_DAYS = 100, 200, 1000
"""More services or reasons, counters, dates than these no page can show."""
CODED = ("priorities", "outcomes", "return_reasons", "pause_reasons", "closing_outcomes", "opening_checks",
         "deviation_reasons")  # fmt: skip
"""The rules that are lists of codes."""

RANGES = {
    "recall_limit": (0, 20),
    "undo_seconds": (0, 60),
    "number_digits": (2, 6),
    "capacity": (0, 100_000),
    "first_ticket": (0, 720),
    "last_ticket": (0, 720),
}
"""The least and the most of each rule that is a number."""

KEPT = (0, 36_500)
"""The least and the most days for which something is kept."""

WEIGHTS = {"priority": (1, 10), "age": (1, 10), "wait": (0, 10), "left": (0, 20), "unlocks": (0, 20), "others": (0, 20)}
"""The least and the most of each weight of the dispatcher."""
STANDBY = (0, 300)
"""The least and the most of a standby seat that an open counter has, in percent."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def checked(office: Office) -> Office:
    """The same office if it can work; else `WrongOfficeError` for the first thing that would not."""
    _check_office(office)
    _check_services(office)
    _check_counters(office)
    _check_rules(office.rules)
    _check_dispatching(office)
    _check_calendar(office)
    _check_flows(office)
    for name in Retention.__struct_fields__:
        _range(f"retention/{name}", getattr(office.retention, name), *KEPT)
    return office


def _check_office(office: Office) -> None:
    _codes("id", [office.id])
    if office.id == INSTALLATION:
        raise WrongOfficeError("id", f"{INSTALLATION!r} means all offices together; choose another", code="wrong-code")
    _text("name", office.name)
    _text("running_text", office.running_text, LONGEST_TEXT, needed=False)
    _text("consent", office.consent, LONGEST_TEXT, needed=bool(office.consent))
    try:
        ZoneInfo(office.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{office.zone!r} is no time zone; use one of {', '.join(ZONES)}"
        raise WrongOfficeError("zone", message, code="wrong-zone") from error
    for role in office.second_factor:
        if role not in ROLES:
            message = f"{role!r} is no role; known are {', '.join(ROLES)}"
            raise WrongOfficeError("second_factor", message, code="wrong-role")
    _once("second_factor", office.second_factor)


def _check_services(office: Office) -> None:
    if not office.services:
        raise WrongOfficeError("services", "needs at least one service", code="missing-service")
    _range("services", len(office.services), 1, MOST_CODES)
    _codes("services/id", [service.id for service in office.services])
    for service in office.services:
        _check_service(f"services/{service.id}", service)
    prefixes = [service.prefix for service in office.services]
    for number, service in enumerate(office.services):
        _once(f"services/{service.id}/prefix", prefixes[: number + 1])
        _known(f"services/{service.id}/after", service.after, office)
    _no_circle(office)


def _check_service(field: str, service: Service) -> None:
    _codes(f"{field}/prefix", [service.prefix])
    if not (service.prefix.isalpha() and service.prefix.isupper()):
        message = f"{service.prefix!r} must be capital letters: A1 would make A101 the 1st of A1 and the 101st of A"
        raise WrongOfficeError(f"{field}/prefix", message, code="wrong-prefix")
    _text(f"{field}/name", service.name)
    _text(f"{field}/about", service.about, LONGEST_TEXT, needed=False)
    _text(f"{field}/agency", service.agency, needed=False)
    _coded(f"{field}/bring", service.bring)
    _once(f"{field}/after", service.after)
    _range(f"{field}/minutes", service.minutes, 1, 480)
    _range(f"{field}/capacity", service.capacity, *RANGES["capacity"])
    _range(f"{field}/steps", len(service.steps), 0, MOST_CODES)
    _codes(f"{field}/steps", list(service.steps))


def _check_counters(office: Office) -> None:
    _range("counters", len(office.counters), 0, MOST_COUNTERS)
    _codes("counters/id", [counter.id for counter in office.counters])
    for counter in office.counters:
        field = f"counters/{counter.id}"
        _text(f"{field}/name", counter.name)
        if not counter.services:
            raise WrongOfficeError(f"{field}/services", "needs at least one service", code="missing-service")
        _known(f"{field}/services", counter.services, office)
        _once(f"{field}/services", counter.services)


def _check_rules(rules: Rules) -> None:
    for name in CODED:
        _coded(f"rules/{name}", getattr(rules, name))
    for priority in rules.priorities:
        _range(f"rules/priorities/{priority.code}/head_start", priority.head_start, 0, 480)
    for name in ("absent_place", "returned_place"):
        rule = getattr(rules, name)
        if rule not in {"original", "last"} and not re.fullmatch("behind:[1-9][0-9]{0,2}", rule):
            message = f'{rule!r} is no place; use "original", "last" or "behind:3"'
            raise WrongOfficeError(f"rules/{name}", message, code="wrong-place")
    for name, (least, most) in RANGES.items():
        _range(f"rules/{name}", getattr(rules, name), least, most)
    if not rules.outcomes:
        message = "needs at least one outcome, for example code = 'done'"
        raise WrongOfficeError("rules/outcomes", message, code="missing-outcome")


def _check_dispatching(office: Office) -> None:
    field, dispatching = "rules/dispatch", office.rules.dispatch
    for name in ("policy", "shadow"):
        if (chosen := getattr(dispatching, name)) not in POLICIES and (name == "policy" or chosen):
            message = f"{chosen!r} is no policy; known are {', '.join(POLICIES)}"
            raise WrongOfficeError(f"{field}/{name}", message, code="wrong-policy")
    if dispatching.shadow == dispatching.policy:
        message = "is the policy that calls already; name another one, or none"
        raise WrongOfficeError(f"{field}/shadow", message, code="wrong-shadow")
    for name, (least, most) in WEIGHTS.items():
        _range(f"{field}/weights/{name}", getattr(dispatching.weights, name), least, most)
    for name in ("standby", "standby_far"):
        _range(f"{field}/{name}", getattr(dispatching, name), *STANDBY)
    _known(f"{field}/far", dispatching.far, office)
    _once(f"{field}/far", dispatching.far)


def _check_calendar(office: Office) -> None:
    for weekday, opening in office.week.items():
        if weekday not in WEEKDAYS:
            message = f"{weekday!r} is no weekday; known are {', '.join(WEEKDAYS)}"
            raise WrongOfficeError("week", message, code="wrong-weekday")
        _check_hours(f"week/{weekday}", opening, office.rules)
    for special in office.special_days:
        field = _check_date("special_days", special.date)
        _text(f"{field}/name", special.name)
        _check_hours(field, special, office.rules)
    for day in office.days_off:
        _text(f"{_check_date('days_off', day.date)}/name", day.name)
    for name in ("special_days", "days_off"):
        _range(name, len(getattr(office, name)), 0, MOST_DAYS)
    _once("special_days", [day.date for day in office.special_days])
    _once("days_off", [day.date for day in office.days_off])


def _check_flows(office: Office) -> None:
    _range("flows", len(office.flows), 0, MOST_CODES)
    _codes("flows/id", [each.id for each in office.flows])
    for each in office.flows:
        field = f"flows/{each.id}"
        _text(f"{field}/name", each.name)
        _text(f"{field}/about", each.about, LONGEST_TEXT, needed=False)
        _check_date(f"{field}/begins", each.begins)
        if each.ends and _check_date(f"{field}/ends", each.ends) and each.ends < each.begins:
            message = f"must not be before {each.begins}"
            raise WrongOfficeError(f"{field}/ends", message, code="wrong-ends", begins=date.fromisoformat(each.begins))
        _coded(f"{field}/switches", each.switches)
        _check_steps(f"{field}/steps", each)


def _check_steps(field: str, each: Flow) -> None:
    if not each.steps:
        raise WrongOfficeError(field, "needs at least one step", code="missing-step")
    _coded(field, each.steps)
    for step in each.steps:
        here = f"{field}/{step.code}"
        if step.desk not in DESKS:
            message = f"{step.desk!r} is no desk; use one of {', '.join(DESKS)}"
            raise WrongOfficeError(f"{here}/desk", message, code="unknown-desk", desk=step.desk)
        if step.switch and step.switch not in (known := [switch.code for switch in each.switches]):
            message = f"{step.switch!r} is no switch of this flow; known are {', '.join(known) or 'none'}"
            raise WrongOfficeError(f"{here}/switch", message, code="unknown-switch", switch=step.switch)
        _once(f"{here}/after", step.after)
        _coded(f"{here}/documents", step.documents)
        _range(f"{here}/minutes", step.minutes, 1, 480)
        _range(f"{here}/valid_days", step.valid_days, 0, LONGEST_VALID)
    if circle := flow.loop(each):
        way = " → ".join(circle)
        raise WrongOfficeError(f"{field}/{circle[0]}/after", f"goes in a circle: {way}", code="wrong-loop", way=way)
    if path := flow.dead_end(each):
        way = " → ".join(path)
        message = f"can never be reached ({way}): {path[-1]!r} is no step of this flow; name one, or add it"
        raise WrongOfficeError(f"{field}/{path[0]}/after", message, code="unreachable-step", way=way, step=path[-1])


def _check_hours(field: str, opening: Opening, rules: Rules) -> None:
    _times(field, opening.opens, opening.closes, "opens", "closes")
    ended = opening.opens
    for rest in opening.breaks:
        _times(f"{field}/breaks", rest.begins, rest.ends, "begins", "ends")
        if not ended <= rest.begins <= rest.ends <= opening.closes:
            message = f"{rest.begins} to {rest.ends} must lie within the hours, after the break before it"
            raise WrongOfficeError(f"{field}/breaks", message, code="wrong-break", begins=rest.begins, ends=rest.ends)
        ended = rest.ends
        _text(f"{field}/breaks/name", rest.name)
    if _minutes(opening.closes) - rules.last_ticket <= _minutes(opening.opens) - rules.first_ticket:
        message = f"leaves no time to take a number between {opening.opens} and {opening.closes} ({field})"
        raise WrongOfficeError("rules/last_ticket", message, code="wrong-last-ticket")


def _times(field: str, begins: str, ends: str, first: str, last: str) -> None:
    for name, time in ((first, begins), (last, ends)):
        if not _TIME.fullmatch(time):
            message = f"{time!r} is no time of day; write it as 08:00"
            raise WrongOfficeError(f"{field}/{name}", message, code="wrong-time")
    if begins >= ends:
        message = f"must be later than {begins}"
        raise WrongOfficeError(f"{field}/{last}", message, code="wrong-hours", begins=begins, ends=ends)


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _check_date(field: str, day: str) -> str:
    try:
        if date.fromisoformat(day).isoformat() == day:
            return f"{field}/{day}"
    except ValueError:
        pass
    raise WrongOfficeError(field, f"{day!r} is no date; write it as 2027-01-31", code="wrong-date")


def _codes(field: str, codes: list[str]) -> None:
    for code in codes:
        if not (0 < len(code) <= LONGEST_CODE and code.isascii() and code.replace("-", "").isalnum()):
            message = f"{code!r} must be 1 to {LONGEST_CODE} letters, digits or hyphens"
            raise WrongOfficeError(field, message, code="wrong-code")
    _once(field, codes)


def _once(field: str, codes: Iterable[str]) -> None:
    seen = set[str]()
    for code in codes:
        if code in seen:
            message = f"{code!r} stands twice; each must be different"
            raise WrongOfficeError(field, message, code="wrong-twice", twice=code)
        seen.add(code)


def _coded(field: str, coded: tuple[Coded, ...]) -> None:
    _range(field, len(coded), 0, MOST_CODES)
    _codes(field, [each.code for each in coded])
    for each in coded:
        _text(f"{field}/{each.code}/name", each.name)


def _text(field: str, text: Text, longest: int = LONGEST_NAME, *, needed: bool = True) -> None:
    if needed and not text.get("id", "").strip():
        raise WrongOfficeError(field, "needs words in Indonesian (id)", code="missing-words")
    for language, words in text.items():
        if not _LANGUAGE.fullmatch(language):
            raise WrongOfficeError(field, f"{language!r} is no language; use id, en, jv …", code="wrong-language")
        if len(words) > longest or not words.replace("\xa0", " ").isprintable():
            message = f"must be one line of at most {longest} letters, all of them printable"
            raise WrongOfficeError(field, message, code="wrong-words", longest=longest)


def _range(field: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        message = f"must be from {least} to {most}"
        raise WrongOfficeError(field, message, code="wrong-range", least=least, most=most)


def _known(field: str, services: tuple[str, ...], office: Office) -> None:
    for service in services:
        if service not in office.service:
            message = f"{service!r} is not a service of this office; known are {', '.join(office.service)}"
            raise WrongOfficeError(field, message, code="unknown-service")


def _no_circle(office: Office) -> None:
    try:
        TopologicalSorter({service.id: service.after for service in office.services}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        message = f"goes in a circle: {' → '.join(circle)}"
        raise WrongOfficeError(f"services/{circle[0]}/after", message, code="wrong-circle") from None

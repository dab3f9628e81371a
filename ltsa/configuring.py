"""An office's configuration over time: what was decided (events), what is true on a date (state), what may be (rules).

Two times count. A change has a date from which it is in force, and a moment at which it was recorded. What is true on a
date are all changes in force then, in the order of those dates, whatever the order in which they were recorded: what is
planned for later stays planned. What was true stays true: a change begins today at the earliest, and undoing one that
is in force takes it away from today on. Pure.
"""

from datetime import date, datetime
from typing import Any, Literal, assert_never
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from ltsa import parts
from ltsa.message import Command, Event, Refusal, key_digest
from ltsa.office import Office, WrongOfficeError, checked

LONGEST_WHY = 300
EVER = "0001-01-01"
"""The date before all others."""


# --- What happened ----------------------------------------------------------------------------------------------------


class OfficeConfigured(Event, frozen=True):
    """An office was set up or changed as a whole, in force for the service days from a local date on."""

    office: Office
    since: str
    why: str = ""


class OfficeChanged(Event, frozen=True):
    """Parts of an office were changed, in force from a local date on. `changes` has each part's new value by its path
    (`ltsa/parts.py`), None where it was taken away.
    """

    since: str
    why: str
    changes: dict[str, Any]


class ChangeWithdrawn(Event, frozen=True):
    """The change with the version `change` does not count for the dates from `since` on."""

    change: int
    since: str
    why: str


ConfigurationEvent = OfficeConfigured | OfficeChanged | ChangeWithdrawn

TOPICS: dict[str, type[ConfigurationEvent]] = {
    "office-configured/1": OfficeConfigured,
    "office-changed/1": OfficeChanged,
    "office-change-withdrawn/1": ChangeWithdrawn,
}


# --- What is true -----------------------------------------------------------------------------------------------------

Kind = Literal["configured", "changed", "withdrawn"]


class Change(Struct, frozen=True, kw_only=True):
    """One decision on record. `withdraws` is the version of the change that it undoes; `withdrawn` the version of what
    undid it and `until` the first date on which it no longer counts; 0 and "" for none.
    """

    version: int
    at: int
    by: str
    since: str
    why: str
    kind: Kind
    office: Office | None = None
    parts: dict[str, Any] = {}
    withdraws: int = 0
    withdrawn: int = 0
    until: str = ""


class Difference(Struct, frozen=True, kw_only=True):
    """A part that a change made another: its path, and its plain values, None where it is not there."""

    path: str
    before: Any
    after: Any


class Configurations(Struct):
    """All that was decided about one office, as recorded. `lived` says that it has had a service day."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    changes: list[Change] = []
    lived: bool = False
    folded: dict[str, Office] = {}

    def on(self, day: date | str, known: int | None = None) -> Office:
        """The configuration on a local date, the first one for dates before it; as known at a version, if one is given.

        Raises `LookupError` for an office that was not set up.
        """
        if known is not None:
            return _fold(self, str(day), known)[0]
        begins = max((knot for knot in self.knots() if knot <= str(day)), default=EVER)
        if begins not in self.folded:
            self.folded[begins] = _fold(self, begins, self.version)[0]
        return self.folded[begins]

    def knots(self, since: str = EVER) -> list[str]:
        """The dates from `since` on at which something begins or ends to count, in order."""
        dates = {change.since for change in self.changes} | {change.until for change in self.changes if change.until}
        return sorted(knot for knot in dates if knot >= since)

    def planned(self, day: date | str) -> list[Change]:
        """What is to change after a date."""
        return [c for c in self.changes if c.since > str(day) and c.kind != "withdrawn" and not c.withdrawn]

    def differences(self, version: int) -> tuple[Difference, ...]:
        """What a change made another on the date from which it counts, as far as was known when it was recorded."""
        change = self.changes[version - 1]
        if version == 1:
            return ()
        return compared(*(self.on(change.since, known) for known in (version - 1, version)))

    def zone_at(self, at: int) -> ZoneInfo:
        """The time zone in force at an instant (ms UTC). Another one begins with its date as dated until then."""
        changes = [change for change in self.changes if change.office or "zone" in change.parts]
        clock = self.on(EVER).clock
        for begins in sorted({c.since for c in changes} | {c.until for c in changes if c.until}):
            if _date(at, clock) >= begins:
                clock = self.on(begins).clock
        return clock

    def today(self, at: int) -> date:
        """The local date at an instant (ms UTC)."""
        return date.fromisoformat(_date(at, self.zone_at(at)))


def compared(before: Office, after: Office) -> tuple[Difference, ...]:
    """What is another in one configuration than in another."""
    return tuple(
        Difference(path=path, before=parts.value_at(before, path), after=parts.value_at(after, path))
        for path in parts.differences(before, after)
    )


def evolve(configurations: Configurations, event: ConfigurationEvent) -> None:
    """Applies one event to the state, in place. Never refuses, never reads a clock."""
    configurations.version = version = configurations.version + 1
    configurations.at = event.at
    if event.key not in configurations.answered:
        configurations.answered[event.key] = (event.content, version)
    said: dict[str, Any] = {"version": version, "at": event.at, "by": event.by, "since": event.since, "why": event.why}
    changes = configurations.changes
    match event:
        case OfficeConfigured():
            changes.append(Change(**said, kind="configured", office=event.office))
        case OfficeChanged():
            changes.append(Change(**said, kind="changed", parts=event.changes))
        case ChangeWithdrawn():
            undone = changes[event.change - 1]
            changes[event.change - 1] = msgspec.structs.replace(undone, withdrawn=version, until=event.since)
            changes.append(Change(**said, kind="withdrawn", withdraws=event.change))
        case _:
            assert_never(event)
    configurations.folded.clear()


def _fold(configurations: Configurations, day: str, known: int) -> tuple[Office, list[tuple[Change, str]]]:
    """The configuration on a date as known at a version, and what could not be applied: changes with a part's path."""
    standing = [
        change
        for change in configurations.changes
        if change.version <= known
        and change.kind != "withdrawn"
        and not (change.until and change.withdrawn <= known and change.until <= day)
    ]
    in_force = sorted((change for change in standing if change.since <= day), key=_order)
    wholes = [change for change in in_force if change.office]
    begin = wholes[-1] if wholes else min((change for change in standing if change.office), key=_order, default=None)
    if begin is None or begin.office is None:
        raise LookupError("the office was not set up")
    after = in_force[in_force.index(begin) + 1 :] if wholes else in_force
    if not after:
        return begin.office, []
    whole, lost = parts.tree(begin.office), list[tuple[Change, str]]()
    for change in after:
        for path, value in change.parts.items():
            try:
                parts.put(whole, path, value)
            except Refusal:
                lost.append((change, path))
    return parts.office_of(whole), lost


def _order(change: Change) -> tuple[str, int]:
    return change.since, change.version


def _date(at: int, clock: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, clock).date().isoformat()


# --- What may happen --------------------------------------------------------------------------------------------------


class ConfigurationCommand(Command, frozen=True, kw_only=True):
    """A command about an office's configuration. `since` is a local date (ISO), today or later."""


class ConfigureOffice(ConfigurationCommand, frozen=True):
    """Set an office up, or change it as a whole. `new` refuses an id that an office has. One that cannot work is a
    `WrongOfficeError`.
    """

    configuration: Office
    since: str
    why: str = ""
    new: bool = False


class ChangeOffice(ConfigurationCommand, frozen=True):
    """Change parts of an office: `changes` has their values by path (`ltsa/parts.py`), None to take one away. What is
    so already is left out. `seen` is the version that whoever asks has seen, 0 for any: what was changed since then is
    not overwritten.
    """

    since: str
    why: str
    changes: dict[str, Any]
    seen: int = 0


class WithdrawChange(ConfigurationCommand, frozen=True):
    """Undo the change with a version: a planned one never happens, one in force ends today."""

    change: int
    why: str


def decide(command: ConfigurationCommand, configurations: Configurations) -> list[ConfigurationEvent]:
    """The event that answers a command; raises `Refusal`. `configurations.lived` must be up to date."""
    said: dict[str, Any] = {
        "at": max(command.at, configurations.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    event: ConfigurationEvent
    match command:
        case ConfigureOffice(configuration=office, since=since):
            if checked(office).id != command.office:
                raise Refusal("wrong-value", f"The id must be {command.office!r}.", field="id")
            event = OfficeConfigured(**said, office=office, since=_written(since), why=_why(command.why, needed=False))
            if not configurations.version:
                return [event]
            if command.new:
                raise Refusal(
                    "office-taken", f"There is an office {office.id!r} already; choose another id.", field="id"
                )
            _not_past(since, configurations.today(said["at"]))
        case ChangeOffice(since=since):
            _not_past(_written(since), _known(command, configurations).today(said["at"]))
            event = OfficeChanged(
                **said, since=since, why=_why(command.why), changes=_differing(command, configurations)
            )
        case WithdrawChange():
            change = _withdrawable(command, _known(command, configurations))
            since = max(change.since, configurations.today(said["at"]).isoformat())
            event = ChangeWithdrawn(**said, change=change.version, since=since, why=_why(command.why))
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")
    touched = _must_work(configurations, event)
    if isinstance(command, ChangeOffice) and "week" not in command.changes:
        _still_opens(configurations, event, touched)
    return [event]


def after(configurations: Configurations, events: list[ConfigurationEvent]) -> Configurations:
    """What will be true after some events; the state itself stays as it is."""
    later = msgspec.structs.replace(
        configurations, answered={}, changes=list(configurations.changes), folded=dict(configurations.folded)
    )
    for event in events:
        evolve(later, event)
    return later


def _known(command: ConfigurationCommand, configurations: Configurations) -> Configurations:
    if not configurations.version:
        raise Refusal("unknown-office", f"There is no office {command.office!r}.", field="office")
    return configurations


def _written(since: str) -> str:
    try:
        if date.fromisoformat(since).isoformat() == since:
            return since
    except ValueError:
        pass
    raise Refusal("wrong-date", f"{since!r} is no date; write it as 2027-01-31.", field="since")


def _not_past(since: str, today: date) -> None:
    if since < today.isoformat():
        message = f"What was true stays true: choose {today} or a later date."
        raise Refusal("wrong-since", message, field="since", state=today.isoformat(), values={"today": today})


def _why(why: str, *, needed: bool = True) -> str:
    if needed and not why.strip():
        raise Refusal("missing-why", "Say why.", field="why")
    if len(why) > LONGEST_WHY or not why.replace("\n", " ").isprintable():
        message = f"A reason has at most {LONGEST_WHY} letters, all of them printable."
        raise Refusal("wrong-why", message, field="why", values={"longest": LONGEST_WHY})
    return why.strip()


def _differing(command: ChangeOffice, configurations: Configurations) -> dict[str, Any]:
    """The parts that would be others than they are on the date."""
    before = configurations.on(command.since)
    whole = parts.tree(before)
    for path, value in command.changes.items():
        parts.put(whole, path, value)
    changes = parts.differences(before, parts.office_of(whole))
    if not changes:
        raise Refusal("nothing-changes", "All of this is so already.", field="changes")
    if 0 < command.seen < configurations.version:
        elsewhere = parts.differences(configurations.on(command.since, command.seen), before)
        for path in changes:
            if any(f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in elsewhere):
                message = f"Somebody else has changed {path} meanwhile; look at it again."
                raise Refusal("changed-meanwhile", message, field=path)
    return changes


def _withdrawable(command: WithdrawChange, configurations: Configurations) -> Change:
    if not 0 < command.change <= len(configurations.changes):
        raise Refusal("unknown-change", f"There is no change {command.change}.", field="change")
    change = configurations.changes[command.change - 1]
    if change.withdrawn:
        raise Refusal("withdrawn-already", "This change was undone already.", field="change")
    if change.kind == "withdrawn" or change.version == 1:
        message = "This cannot be undone; make a new change instead."
        raise Refusal("not-withdrawable", message, field="change")
    return change


def _must_work(configurations: Configurations, event: ConfigurationEvent) -> list[str]:
    """Refuses what would not work on some date from the event's on, also together with what is planned for later. The
    dates from which something is another.
    """
    later = after(configurations, [event])
    dates = sorted({event.since, *later.knots(event.since)})
    touched = [day for day in dates if later.on(day) != configurations.on(day)]
    if not touched:
        raise Refusal("nothing-changes", "All of this is so already, or is planned to be otherwise.", field="changes")
    for day in touched:
        _, lost = _fold(later, day, later.version)
        for change, path in lost:
            if change.version != later.version and change.since >= event.since:
                message = f"The change planned for {change.since} needs {path}; withdraw it first."
                values = {"planned": date.fromisoformat(change.since)}
                raise Refusal("plan-in-the-way", message, field=path, state=day, values=values)
        try:
            checked(later.on(day))
        except WrongOfficeError as wrong:
            message = f"{wrong.message} (from {day} on)" if day != event.since else wrong.message
            raise Refusal(wrong.code, message, field=wrong.field, state=day, values=wrong.values) from wrong
    _zone_stays(configurations, later, touched, event)
    return touched


def _still_opens(before: Configurations, event: ConfigurationEvent, touched: list[str]) -> None:
    """Who takes the hours away day by day wants it closed; without any week it would be open at every hour."""
    later = after(before, [event])
    for day in touched:
        if before.on(day).week and not later.on(day).week:
            message = "Leave at least one weekday with hours; close the others, or single dates as days off."
            raise Refusal("missing-hours", message, field="week", state=day)


def _zone_stays(before: Configurations, later: Configurations, touched: list[str], event: ConfigurationEvent) -> None:
    """Service days are local dates: once there was one, another zone would make it another day."""
    changed = [day for day in touched if later.on(day).zone != before.on(day).zone]
    if not changed:
        return
    today = later.today(event.at)
    if before.lived:
        message = "The time zone cannot change: the office has had service days in it. Set up another office instead."
        raise Refusal("zone-fixed", message, field="zone", state=before.on(today).zone)
    now = later.on(today).zone
    if any(later.on(day).zone != now for day in later.knots(today.isoformat())):
        message = "The time zone changes at once or not at all, before the first service day: choose today."
        raise Refusal("zone-fixed", message, field="zone", state=now)

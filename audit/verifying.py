"""`python3 app.py verify [OFFICE [DATE]]`: rebuilds what was true from the events, and holds it against the proof log,
against what the screens showed, and against the rules.

It reads beside a running server, changes no event, and takes the memory of one day.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from audit.asked import day_of
from audit.replaying import NO_SUCH_THING, WrongRequestError
from audit.telling import Teller
from ltsa import configuring, journey
from ltsa.configuring import Configurations
from ltsa.journey import Person
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.present import day_stream, office_stream
from ltsa.replay import decisions, examine
from ltsa.shown import Differs, hold, shown_stream
from web.settings import add_flags, from_flags

DIFFERENT = 1

Tell = Callable[[str, int, int], object]


class Wrong(Struct, frozen=True, kw_only=True):
    """Something that does not hold. `check` is "log", "configuration", "journey", "day", "decision" or "shown";
    `version` counts the stream's events from 1, `leaf` is -1 where there is none.
    """

    check: str
    stream: str
    version: int
    says: str
    leaf: int = -1


class Verified(Struct, kw_only=True):
    """What was looked at, and what does not hold, in the order in which it was found; at most `KEPT` of it."""

    leaves: int = 0
    configurations: int = 0
    journeys: int = 0
    days: int = 0
    events: int = 0
    decisions: int = 0
    pictures: int = 0
    differing: int = 0
    wrong: list[Wrong] = []

    def add(self, one: Wrong) -> None:
        """Counts one more, and keeps the first ones."""
        self.differing += 1
        if len(self.wrong) < KEPT:
            self.wrong.append(one)


KEPT = 100


def verify(arguments: list[str], _create_app: Any) -> int:
    """Verify the record. 0 when all holds, 1 when something differs, 2 for a wrong office or date."""
    options = _parser().parse_args(arguments)
    file = from_flags(options).data / "ledger.sqlite"
    if not file.exists():
        print(f"There is no ledger in {file.parent}; name the office's folder with --data FOLDER.", file=sys.stderr)
        return NO_SUCH_THING
    try:
        with closing(Ledger(file)) as ledger, _progress() as tell:
            found = look(ledger, options.office, options.date, tell)
    except Refusal as refusal:
        print(refusal.message, file=sys.stderr)
        return NO_SUCH_THING
    except (WrongRequestError, LedgerUnavailableError) as wrong:
        print(wrong, file=sys.stderr)
        return NO_SUCH_THING
    print(msgspec.json.encode(found).decode() if options.json else _as_text(found))
    return DIFFERENT if found.differing else 0


def look(ledger: Ledger, office: str | None, day: str | None, tell: Tell) -> Verified:
    """Looks through the proof log, and through what is on record of all offices, of one, or of one's day; the journeys
    only where no office is named. Raises `Refusal` or `WrongRequestError` for what is not there.
    """
    present, found = ledger.present(), Verified()
    chosen = [office] if office else present.offices()
    for name in chosen:
        present.configurations(name)
    days = [(name, stream) for name in chosen for stream in ledger.streams(day_stream(name, ""))]
    if office and day:
        wanted = day_stream(office, day_of(day).isoformat())
        days = [one for one in days if one[1] == wanted]
        if not days:
            raise WrongRequestError(f"Nothing was recorded in {office} on {day}.")
    found.leaves = ledger.log.size()
    for one in ledger.log.examine(lambda done, of: tell("leaves", done, of)):
        found.add(Wrong(check="log", stream=one.stream, version=one.version, leaf=one.leaf, says=_LOG[one.what]))
    for name in chosen:
        found.configurations += _applies(ledger, office_stream(name), Configurations(), configuring, found)
    people = [] if office else ledger.streams("person:")
    for done, stream in enumerate(people, 1):
        _applies(ledger, stream, Person(), journey, found)
        found.journeys += 1
        tell("journeys", done, len(people))
    for done, (name, stream) in enumerate(days, 1):
        _day(ledger, name, stream.rpartition(":")[2], found)
        found.days += 1
        tell("days", done, len(days))
    return found


_LOG = {
    "changed": "this event is not what was put into the proof log: it was changed afterwards",
    "removed": "an event of the proof log is missing here: it was removed",
    "inserted": "this event is not in the proof log: it was inserted past the program",
    "node": "a stored hash of the proof log does not follow from its leaves",
    "checkpoint": "a signed checkpoint does not fit the leaves before it",
}


def _applies(ledger: Ledger, stream: str, state: Any, rules: Any, found: Verified) -> int:
    """Whether a stream's versions have no gap, and each event applies to what was true before it; how many."""
    check, count = "configuration" if rules is configuring else "journey", 0
    try:
        for count, recorded in enumerate(ledger.history(stream), 1):
            if recorded.version != count:
                says = f"event {count} is missing before this one"
                found.add(Wrong(check=check, stream=stream, version=recorded.version, says=says))
                break
            rules.evolve(state, recorded.event)
    except (LookupError, ValueError, LedgerUnavailableError) as reason:
        says = f"this event cannot have happened then, or cannot be read ({reason})"
        found.add(Wrong(check=check, stream=stream, version=max(count, 1), says=says))
    return count


def _day(ledger: Ledger, office: str, day: str, found: Verified) -> None:
    """One service day: what must be true of it, its decisions, and what the screens showed."""
    stream = day_stream(office, day)
    try:
        record = list(ledger.history(stream))
        batches = [one.event for one in ledger.history(shown_stream(office, day))]
    except LedgerUnavailableError as reason:
        found.add(Wrong(check="day", stream=stream, version=-1, says=f"the day cannot be read: {reason}"))
        return
    found.events += len(record)
    for fact in examine(record):
        for version in fact.broken:
            found.add(Wrong(check="day", stream=stream, version=version, says=_FACTS[fact.fact]))
    try:
        for decided in decisions(record):
            found.decisions += 1
            if not decided.same:
                says = "the rule of the day, computed again, decides otherwise"
                found.add(Wrong(check="decision", stream=stream, version=decided.version, says=says))
    except (LookupError, ValueError):
        pass  # `examine` has named the event that cannot be replayed
    held = hold((one.event for one in record), batches)  # type: ignore[arg-type, misc]
    found.pictures += held.pictures
    say = Teller(ledger.present().office(office, date.fromisoformat(day)), "en") if held.differing else None
    for one in held.differing:
        found.add(Wrong(check="shown", stream=stream, version=one.version, says=_shown(one, say)))  # type: ignore[arg-type]


_FACTS = {
    "replay": "this event cannot have happened then; what comes after it was not looked at",
    "sequence": "the versions have a gap before this event",
    "clock": "this event is older than the one before it",
    "numbers": "the series of numbers has a gap or a double here",
    "seats": "somebody was called to where somebody was, or while at another counter",
    "calls": "the rule of the day, computed again, calls or sends somebody else",
}


def _shown(one: Differs, say: Teller) -> str:
    gives = f"the record gives {one.recorded}" if one.recorded else "the record has no such picture"
    return f"{one.view} showed {one.shown} at {say.time(one.at)}, {gives} (server {one.server})"


def _as_text(found: Verified) -> str:
    whole = (
        f"{found.leaves} leaves of the proof log, {found.configurations} decisions about configurations,"
        f" {found.journeys} journeys; {found.days} days with {found.events} events, {found.decisions} decisions and"
        f" {found.pictures} pictures that were shown."
    )
    if not found.differing:
        return f"{whole}\nAll of it holds."
    first = found.wrong[0]
    where = f"event {first.version} of {first.stream}" if first.stream else f"leaf {first.leaf}"
    return "\n".join(
        [
            whole,
            f"{found.differing} things differ. The first: {where}: {first.says}.",
            "Leave this folder as it is, take a copy of it, and compare it with a backup and with what a witness keeps",
            "(python3 app.py witness); --json names what else differs.",
        ]
    )


SHOWN_OF = 30


@contextmanager
def _progress() -> Iterator[Tell]:
    """Shows on a terminal how far it is, and wipes it away at the end."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _of: None
        return

    def tell(what: str, done: int, of: int) -> None:
        bar = "█" * (SHOWN_OF * done // max(of, 1))
        print(f"\r\033[K{bar:░<{SHOWN_OF}} {done} of {of} {what}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py verify",
        description="Rebuild everything from the events, and compare with what was shown, decided and proven.",
    )
    parser.add_argument("office", nargs="?", metavar="OFFICE", help="the office's id; all offices and journeys if none")
    parser.add_argument("date", nargs="?", metavar="DATE", help="one service day alone, for example 2026-11-21")
    parser.add_argument("--json", action="store_true", help="print one JSON object with what differs")
    add_flags(parser)
    return parser

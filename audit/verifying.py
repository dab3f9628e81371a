"""`python3 app.py verify [OFFICE [DATE]]`: rebuilds what was true from the events, and holds it against the proof log,
against what the screens showed, and against the rules; and against a checkpoint that somebody kept.

It reads beside a running server, changes nothing but the format of an older file, and takes the memory of one day.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from audit import contained
from audit.asked import day_of
from audit.contained import Kept
from audit.replaying import NO_SUCH_THING, WrongRequestError
from audit.telling import Teller
from ltsa import configuring, journey, requests
from ltsa.configuring import Configurations
from ltsa.corrections import Corrections
from ltsa.journey import Person, person_stream
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.log import snapshot
from ltsa.message import Refusal
from ltsa.present import Present, day_stream, office_stream
from ltsa.replay import decisions, examine
from ltsa.requests import Requests, requests_stream
from ltsa.shown import Differs, hold, shown_stream
from ltsa.store import Place, has_log
from ltsa.trust import NotBelievedError
from web.settings import add_flags, from_flags
from web.terminal import Tell, ledger_place, open_ledger, progress

DIFFERENT = 1


class Wrong(Struct, frozen=True, kw_only=True):
    """Something that does not hold. `check` is "log", "checkpoint" (the one that somebody kept), "configuration",
    "journey", "request", "day", "decision" or "shown"; `version` counts the stream's events from 1; it and `leaf` are
    -1 where none is known. `more` is how many others of the stream do not hold for the same reason.
    """

    check: str
    stream: str
    version: int
    says: str
    leaf: int = -1
    more: int = 0


class Verified(Struct, kw_only=True):
    """What was looked at, and what does not hold, in the order in which it was found; at most `KEPT` of it."""

    leaves: int = 0
    configurations: int = 0
    journeys: int = 0
    requests: int = 0
    days: int = 0
    events: int = 0
    decisions: int = 0
    pictures: int = 0
    checkpoint: Kept | None = None
    differing: int = 0
    wrong: list[Wrong] = []

    def add(self, one: Wrong) -> None:
        """Counts one more, and keeps the first ones."""
        self.differing += 1
        if len(self.wrong) < KEPT:
            self.wrong.append(one)


KEPT = 100


def verify(arguments: list[str], _create_app: Any) -> int:
    """Verify the record. 0 when all holds, 1 when something differs, 2 for a wrong office, date, checkpoint or key."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.checkpoint) != bool(options.key) or (options.witness and not options.checkpoint):
        parser.error("--checkpoint FILE needs --key KEY, the log's verifier key, from a source that you trust")
    found = Verified()
    try:
        settings = from_flags(options)
        with progress("leaves") as tell:
            _log(place := ledger_place(settings), found, tell)
            if options.checkpoint:
                _checkpoint(place, options, found)
            with closing(open_ledger(settings)) as ledger:
                look(ledger, options.office, options.date, found, tell)
    except (Refusal, WrongRequestError, LedgerUnavailableError) as wrong:
        says = wrong.message if isinstance(wrong, Refusal) else str(wrong)
        if not found.differing:
            print(says, file=sys.stderr)
            return NO_SUCH_THING
        found.add(Wrong(check="configuration", stream="", version=-1, says=f"the rest was not looked at: {says}"))
    print(msgspec.json.encode(found).decode() if options.json else _as_text(found))
    return DIFFERENT if found.differing else 0


def _log(place: Place, found: Verified, tell: Tell) -> None:
    """Looks through the proof log, before the ledger is opened: that may fail on an event which the log can name.

    A file of an older program has none yet. Raises `LedgerUnavailableError` for what is no ledger.
    """
    if not has_log(place):
        Ledger(place).close()  # which gives it one
    with snapshot(place) as log:
        found.leaves = log.size()
        for one in log.examine(tell):
            found.add(Wrong(check="log", stream=one.stream, version=one.version, leaf=one.leaf, says=_LOG[one.what]))


def _checkpoint(place: Place, options: argparse.Namespace, found: Verified) -> None:
    """Holds a checkpoint that somebody kept against the ledger. Raises `WrongRequestError` for what is none."""
    try:
        text = options.checkpoint.read_text(encoding="utf-8")
        found.checkpoint, wrong = contained.hold(place, text, options.key, options.witness)
    except (OSError, UnicodeDecodeError, NotBelievedError) as reason:
        raise WrongRequestError(f"{options.checkpoint} is no checkpoint, or a key is none: {reason}.") from None
    for says in wrong:
        found.add(Wrong(check="checkpoint", stream="", version=-1, says=f"{options.checkpoint}: {says}"))


def look(ledger: Ledger, office: str | None, day: str | None, found: Verified, tell: Tell) -> None:
    """Looks through what is on record of all offices, of one, or of one's day; the journeys only where no office is
    named. Raises `Refusal` or `WrongRequestError` for what is not there.
    """
    present = ledger.present()
    chosen = [office] if office else present.offices()
    for name in chosen:
        present.configurations(name)
    days = [(name, stream) for name in chosen for stream in ledger.streams(day_stream(name, ""))]
    if office and day:
        wanted = day_stream(office, day_of(day).isoformat())
        days = [one for one in days if one[1] == wanted]
        if not days:
            raise WrongRequestError(f"Nothing was recorded in {office} on {day}.")
    for name in chosen:
        found.configurations += _applies(ledger, office_stream(name), Configurations(), configuring, found)
        _requests(ledger, name, found)
    people = [] if office else ledger.streams("person:")
    for done, stream in enumerate(people, 1):
        _applies(ledger, stream, Person(), journey, found)
        found.journeys += 1
        tell(done, len(people), "journeys")
    for done, (name, stream) in enumerate(days, 1):
        _day(ledger, present, name, stream.rpartition(":")[2], found)
        found.days += 1
        tell(done, len(days), "days")


CHECKS = {configuring: "configuration", journey: "journey", requests: "request"}


def _requests(ledger: Ledger, office: str, found: Verified) -> None:
    """The requests of people about their data, and that what was done of them is on record of the person too."""
    state, stream = Requests(), requests_stream(office)
    _applies(ledger, stream, state, requests, found)
    found.requests += len(state.requests)
    for request in state.requests.values():
        if request.state != "done" or (kind := requests.CHANGES.get(request.kind)) is None:
            continue
        theirs = [row.event for row in ledger.history(person_stream(request.person)) if isinstance(row.event, kind)]
        if not any((event.office, event.request) == (office, request.id) for event in theirs):
            says = f"request {request.id} was done, and the person's stream does not say so"
            found.add(Wrong(check="request", stream=stream, version=-1, says=says))


_LOG = {
    "changed": "this event is not what was put into the proof log: it was changed afterwards",
    "removed": "an event of the proof log is missing here: it was removed",
    "inserted": "this event is not in the proof log: it was inserted past the program",
    "node": "a stored hash of the proof log does not follow from its leaves",
    "checkpoint": "a signed checkpoint does not fit the leaves before it",
}


def _applies(ledger: Ledger, stream: str, state: Any, rules: Any, found: Verified) -> int:
    """Whether a stream's versions have no gap, and each event applies to what was true before it; how many."""
    check, count, corrections = CHECKS[rules], 0, Corrections()
    try:
        for count, recorded in enumerate(ledger.history(stream), 1):
            if recorded.version != count:
                says = f"event {count} is missing before this one"
                found.add(Wrong(check=check, stream=stream, version=recorded.version, says=says))
                break
            if corrections.holds(count, recorded.event) is False:
                found.add(Wrong(check=check, stream=stream, version=count, says=_FACTS["corrections"]))
            rules.evolve(state, recorded.event)
    except (LookupError, ValueError) as reason:
        says = f"this event cannot have happened then ({reason})"
        found.add(Wrong(check=check, stream=stream, version=count, says=says))
    except LedgerUnavailableError as reason:
        found.add(Wrong(check=check, stream=stream, version=-1, says=f"it cannot be read: {reason}"))
    return count


def _day(ledger: Ledger, present: Present, office: str, day: str, found: Verified) -> None:
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
        _first(found, "day", stream, fact.broken, _FACTS[fact.fact])
    otherwise = list[int]()
    try:
        for decided in decisions(record):
            found.decisions += 1
            if not decided.same:
                otherwise.append(decided.version)
    except (LookupError, ValueError):
        pass  # `examine` has named the event that cannot be replayed
    _first(found, "decision", stream, otherwise, "the rule of the day, computed again, decides otherwise")
    held = hold((one.event for one in record), batches)  # type: ignore[arg-type, misc]
    found.pictures += held.pictures
    if held.differing:
        says = _shown(held.differing[0], Teller(present.office(office, date.fromisoformat(day)), "en"))
        _first(found, "shown", stream, [one.version for one in held.differing], says)


def _first(found: Verified, check: str, stream: str, versions: Sequence[int], says: str) -> None:
    """The first event of a stream that does not hold for a reason, and how many more there are: one event that is
    missing makes all that follow it look wrong.
    """
    if versions:
        found.add(Wrong(check=check, stream=stream, version=versions[0], says=says, more=len(versions) - 1))


_FACTS = {
    "replay": "this event cannot have happened then; what comes after it was not looked at",
    "sequence": "the versions have a gap before this event",
    "clock": "this event is older than the one before it",
    "numbers": "the series of numbers has a gap or a double here",
    "seats": "somebody was called to where somebody was, or while at another counter",
    "corrections": "what this event takes back is not on record before it, is about something else, or was taken back",
    "calls": "the rule of the day, computed again, calls or sends somebody else",
}


def _shown(one: Differs, say: Teller) -> str:
    gives = f"the record gives {one.recorded}" if one.recorded else "the record has no such picture"
    return f"{one.view} showed {one.shown} at {say.time(one.at)}, {gives} (server {one.server})"


def _as_text(found: Verified) -> str:
    whole = (
        f"{found.leaves} leaves of the proof log, {found.configurations} decisions about configurations,"
        f" {found.journeys} journeys, {found.requests} requests about data; {found.days} days with {found.events}"
        f" events, {found.decisions} decisions and {found.pictures} pictures that were shown."
    )
    if kept := found.checkpoint:
        cosigned = f", cosigned by {', '.join(kept.witnesses)}" if kept.witnesses else ""
        whole += f"\nHeld against the checkpoint of {kept.origin} with {kept.size} leaves{cosigned}."
    if not found.differing:
        return f"{whole}\nAll of it holds."
    first = found.wrong[0]
    where = first.stream or (f"leaf {first.leaf}" if first.leaf >= 0 else first.check)
    if first.stream and first.version >= 0:
        where = f"event {first.version} of {first.stream}"
    more = f" (and {first.more} more of it)" if first.more else ""
    return "\n".join(
        [
            whole,
            f"{found.differing} things differ. The first: {where}: {first.says}{more}.",
            "Leave this folder as it is, take a copy of it, and compare it with a backup and with what a witness keeps",
            "(python3 app.py witness); --json names what else differs.",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py verify",
        description="Rebuild everything from the events, and compare with what was shown, decided and proven.",
    )
    parser.add_argument("office", nargs="?", metavar="OFFICE", help="the office's id; all offices and journeys if none")
    parser.add_argument("date", nargs="?", metavar="DATE", help="one service day alone, for example 2026-11-21")
    parser.add_argument("--json", action="store_true", help="print one JSON object with what differs")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint that somebody kept; the ledger must contain it"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="the log's verifier key that must have signed it"
    )
    parser.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="a witness that must have cosigned it; repeatable"
    )
    add_flags(parser)
    return parser

"""`python3 app.py retention`: what is due by the offices' rules for how long something is kept, and erasing it.

Looking changes nothing and prints no personal data. Applying says on record what is to go, then erases it; what is cut
off then is done by the next run, or at the next start.
"""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from msgspec import Struct

from ltsa.journal import DataErased, RetentionApplied, entry
from ltsa.journey_rules import ErasePerson
from ltsa.message import Refusal
from ltsa.people import Written
from ltsa.retention import Due, due
from web.house import House
from web.journeys import erase
from web.settings import add_flags, from_flags
from web.terminal import progress

BY = "command line"
AT_ONCE = 500
"""Notes that one entry of the journal names."""

WHY = {
    "request": "a request about their own data is not answered yet",
    "restricted": "their data are restricted",
    "open-case": "a journey is open",
}


class Applied(Struct, frozen=True, kw_only=True):
    """What became of what was due: how many notes and persons were erased, and who was held back after all."""

    notes: int = 0
    persons: int = 0
    refused: dict[str, int] = {}


def found(here: House) -> list[Due]:
    """What is due at every office now. Blocks: give it to `off_loop`."""
    return due(here.ledger, here.personal, here.offices(), here.now())


def apply(here: House, it: Due, *, by: str, key: str) -> Iterator[Applied]:
    """Erases what is due at an office, and tells after each step how far it is. The rules look at each person again,
    under the ledger's lock: whoever has come back since stays. Once more under the same key does what was left.
    """
    notes, persons, refused = 0, 0, Counter[str]()
    for kind, rule, count in (
        ("notes", it.office.retention.notes, len(it.notes)),
        ("persons", it.office.retention.persons, len(it.persons)),
    ):
        if count:
            facts: dict[str, Any] = {"kind": kind, "days": rule, "count": count}
            said: dict[str, Any] = {"office": it.office.id, "at": here.now(), "by": by}
            here.do(entry(RetentionApplied, **said, key=f"{key} {kind} {it.office.id}", **facts))
    left = iter(it.notes)
    while some := list(islice(left, AT_ONCE)):
        notes += _erase_notes(here, it.office.id, some, by=by)
        yield Applied(notes=notes)
    for person in it.persons:
        name = f"{key} {person}"
        said = {"office": it.office.id, "at": here.now(), "by": by, "key": name}
        try:
            here.do(ErasePerson(**said, person=person))
        except Refusal as refusal:
            if refusal.code != "person-erased":
                refused[refusal.code] += 1
                continue
        if not erase(here, person, office=it.office.id, by=by, key=name):  # whose key was lost: the rest goes too
            here.off_loop(here.persons.erase, person, by, here.now())
        persons += 1
        yield Applied(notes=notes, persons=persons, refused={**refused})
    yield Applied(notes=notes, persons=persons, refused={**refused})


def _erase_notes(here: House, office: str, notes: list[Written], *, by: str) -> int:
    names, at = tuple(note.id for note in notes), here.now()
    about = " – ".join(dict.fromkeys((notes[0].date, notes[-1].date)))
    here.do(
        entry(
            DataErased,
            office=office,
            at=at,
            by=by,
            key=f"retention {names[0]} {names[-1]}",
            kind="notes",
            about=about,
            items=names,
        )
    )
    erased: int = here.off_loop(here.people.erase, names, by, at)
    return erased


def retention(arguments: list[str], _create_app: Any) -> int:
    """Shows what is due, or erases it. 0 when that is done, 1 when somebody was held back while it was applied."""
    parser = argparse.ArgumentParser(
        prog="app.py retention",
        description="Show what is kept for longer than the offices' rules say, and erase it with --apply.",
    )
    add_flags(parser)
    parser.add_argument("--apply", action="store_true", help="erase what is due, and put that on record")
    options = parser.parse_args(arguments)
    with closing(House(from_flags(options))) as here:
        key, held_back = f"retention-{secrets.token_hex(8)}", 0
        for it in found(here):
            print("\n".join(_told(it)))
            if options.apply and not it.nothing:
                done = _applied(here, it, key)
                print(f"  erased: {done.notes} notes, {done.persons} persons")
                for code, count in done.refused.items():
                    print(f"  not erased after all: {count} ({code})", file=sys.stderr)
                    held_back = 1
    return held_back


def _applied(here: House, it: Due, key: str) -> Applied:
    done = Applied()
    with progress("erased") as tell:
        for done in apply(here, it, by=BY, key=key):
            tell(done.notes + done.persons, len(it.notes) + len(it.persons))
    return done


def _told(it: Due) -> list[str]:
    """What is due at an office, and why."""
    rules = it.office.retention
    lines = [f"{it.office.id}, {it.today}:"]
    if not (rules.notes or rules.persons):
        return [*lines, "  no rule is set; everything is kept"]
    if rules.notes:
        days = f", of {it.notes[0].date} to {it.notes[-1].date}" if it.notes else ""
        lines.append(f"  {len(it.notes)} notes are due: older than {rules.notes} days{days}")
    if rules.persons:
        lines.append(f"  {len(it.persons)} persons are due: nothing on record of them for {rules.persons} days")
    for why, count in it.held.items():
        lines.append(f"  {count} held back: {WHY[why]}")
    return lines

"""What is on record held against what the crowd was told, and what the displays showed against the replay."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from flask import Flask, g
from msgspec import Struct

from ltsa.happened import (
    CounterOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketMissed,
    TicketRecalled,
)
from ltsa.message import key_digest
from ltsa.present import Recorded
from ltsa.record import decoded
from ltsa.store import Place, looking_at
from tools.load.screens import plain
from tools.load.world import Record, Shown, Told
from web.server import CreateApp
from web.settings import PROJECT, Settings
from web.words import FIRST

KINDS = {
    "issue": TicketIssued,
    "open": CounterOpened,
    "call-next": TicketCalled,
    "recall": TicketRecalled,
    "start": ServiceStarted,
    "no-show": TicketMissed,
    "finish": ServiceFinished,
}
"""What each command leads to."""

SENTENCES = 10
"""About what is wrong, kept of each check."""


class Check(Struct, frozen=True, kw_only=True):
    """One thing that must be true: what, whether it is, how much was looked at, and what is wrong."""

    what: str
    held: bool
    looked_at: int
    wrong: tuple[str, ...] = ()


def recorded(place: Place) -> list[Recorded]:
    """All that is on record, in its order."""
    with looking_at(place) as cursor:
        return decoded(cursor, "rowid > 0 ORDER BY rowid")


def acknowledged(told: Sequence[Told], rows: Iterable[Recorded]) -> Check:
    """Every command that was acknowledged is on record, once."""
    times = _effects(rows)
    wrong = []
    for each in told:
        found = times[key_digest(each.key), KINDS[each.what]]
        if found != 1:
            wrong.append(f"{each.what} under {each.key} was acknowledged and is {found} times on record.")
    return _check("Every acknowledged command is on record, once", len(told), wrong)


def given_up(keys: Sequence[str], rows: Iterable[Recorded]) -> Check:
    """What was never answered is on record once at most: nobody knows more of it."""
    times = _effects(rows)
    wrong = [
        f"A command under {key} that was never answered is {found} times on record."
        for key in keys
        for found in [max((times[key_digest(key), kind] for kind in KINDS.values()), default=0)]
        if found > 1
    ]
    return _check("Nothing that was never answered was done twice", len(keys), wrong)


def numbers(rows: Iterable[Recorded]) -> Check:
    """No number was given twice on a day, and none was called to two counters at once."""
    given = Counter((row.stream, row.event.number) for row in rows if isinstance(row.event, TicketIssued))
    wrong = [f"{number} was given {times} times on {stream}." for (stream, number), times in given.items() if times > 1]
    return _check("Every number was given once", len(given), wrong)


def boards(displays: Sequence[Shown], app: Flask) -> Check:
    """What each display showed last is what a replay of the record shows.

    Expected waits are left out: they follow from dice and the clock, not from the record alone.
    """
    wrong = []
    for n, shown in enumerate(displays, 1):
        with app.test_request_context():
            g.lang = FIRST
            painted = str(app.extensions["feed"].paint("display", shown.office))
        expected = painted.partition(">")[2].removesuffix("</div>")
        if shown.pictures and plain(shown.last[0]) != plain(expected):
            wrong.append(f"Display {n}, in {shown.office}, shows another board than the replay of the record.")
        elif not shown.pictures:
            wrong.append(f"Display {n}, in {shown.office}, never showed anything.")
    return _check("Every display shows what a replay of the record shows", len(displays), wrong)


def verified(data: Path, database: str) -> Check:
    """`app.py verify` holds the whole record against its proof, its rules and what screens showed."""
    command = [sys.executable, "app.py", "verify", "--json", "--data", str(data)]
    done = subprocess.run(
        [*command, *(["--database", database] if database else [])],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    what = "The whole record verifies: proof log, rules, decisions, what screens showed"
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return _check(what, 0, [f"verify ended with {done.returncode}: {done.stderr.strip()[-300:]}"])
    wrong = [f"{each['check']} {each['stream']}: {each['says']}" for each in found["wrong"]]
    if done.returncode and not wrong:
        wrong = [f"verify ended with {done.returncode}"]
    return _check(what, found["leaves"], wrong)


def everything(
    record: Record, settings: Settings, create_app: CreateApp, tell: Callable[[int, int], object]
) -> list[Check]:
    """All checks of an office of our own, which is closed by now."""
    tell(0, 5)
    rows = recorded(settings.ledger)
    checks = [acknowledged(record.told, rows), given_up(record.given_up, rows), numbers(rows)]
    tell(3, 5)
    app = create_app(settings)
    with closing(app.extensions["ltsa"]):
        checks.append(boards(record.displays, app))
    tell(4, 5)
    checks.append(verified(settings.data, settings.database))
    tell(5, 5)
    return checks


def agreeing(displays: Sequence[Shown]) -> Check:
    """All displays of an office show the same: what can be seen of somebody's office from outside."""
    wrong, first = [], dict[str, Shown]()
    for n, shown in enumerate(displays, 1):
        other = first.setdefault(shown.office, shown)
        if not shown.pictures:
            wrong.append(f"Display {n}, in {shown.office}, never showed anything.")
        elif plain(other.last[0]) != plain(shown.last[0]):
            wrong.append(f"Display {n}, in {shown.office}, shows another board than the first one there.")
    return _check("All displays of an office show the same", len(displays), wrong)


def _effects(rows: Iterable[Recorded]) -> Counter[tuple[str, type]]:
    """How often each key led to each kind of event."""
    return Counter((row.event.key, type(row.event)) for row in rows)


def _check(what: str, looked_at: int, wrong: Sequence[str]) -> Check:
    kept = tuple(wrong[:SENTENCES])
    if len(wrong) > SENTENCES:
        kept += (f"… and {len(wrong) - SENTENCES} more.",)
    return Check(what=what, held=not wrong, looked_at=looked_at, wrong=kept)

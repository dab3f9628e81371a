"""`python3 app.py recompute OFFICE DATE`: every decision of a day, computed again from the state right before it.

Calls of every version of every rule, people sent to seats and lines and released from them, and whom the policy in
shadow would have called. It reads beside a running server and changes nothing.
"""

import argparse
import sys
from itertools import islice
from typing import Any

import msgspec

from audit.book import Book
from audit.replaying import LANG, NO_SUCH_THING, NOTHING_THERE, WrongRequestError, read_day
from audit.telling import Teller
from ltsa.ledger import LedgerUnavailableError
from ltsa.replay import Decision, Recomputation, decisions
from web.settings import add_flags, from_flags

DIFFERENT = 1


def recompute(arguments: list[str], _create_app: Any) -> int:
    """Compute a day's decisions again. 0 when all are the same, 1 when one differs or the day has no events, 2 for a
    wrong office or date.
    """
    options = _parser().parse_args(arguments)
    try:
        found = read_day(options.office, options.date, from_flags(options))
    except (WrongRequestError, LedgerUnavailableError) as wrong:
        print(wrong, file=sys.stderr)
        return NO_SUCH_THING
    if found is None:
        print(f"Nothing was recorded in {options.office} on {options.date}.", file=sys.stderr)
        return NOTHING_THERE
    again = list(decisions(found.history))
    differing = [one for one in again if not one.same]
    damaged = len(found.record) > len(found.history)
    print(_as_json(found, again, differing) if options.json else _as_text(found, again, differing))
    return DIFFERENT if differing or damaged else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py recompute", description="Compute every decision of a service day again, and compare."
    )
    parser.add_argument("office", metavar="OFFICE", help="the office's id, for example ltsa")
    parser.add_argument("date", metavar="DATE", help="the service day, for example 2026-11-21")
    parser.add_argument("--json", action="store_true", help="print one JSON object with all that differ")
    add_flags(parser)
    return parser


def _as_json(found: Book, again: list[Recomputation], differing: list[Recomputation]) -> str:
    """One object: how many decisions there are, how many are the same, and those that differ with both values."""
    return msgspec.json.encode(
        {
            "office": found.office.id,
            "date": found.date.isoformat(),
            "events": len(found.record),
            "readable": len(found.history),
            "decisions": len(again),
            "same": len(again) - len(differing),
            "differing": differing,
        }
    ).decode()


def _as_text(found: Book, again: list[Recomputation], differing: list[Recomputation]) -> str:
    say = Teller(found.office, LANG)
    lines = []
    if len(found.record) > len(found.history):
        lines.append(
            f"The record cannot be read from event {len(found.history) + 1} on; what follows is about the rest."
        )
    if not differing:
        lines.append(f"{len(again)} decisions, 100 % the same.")
        return "\n".join(lines)
    share = (len(again) - len(differing)) * 1000 // len(again)
    lines.append(f"{len(again)} decisions, {share // 10}.{share % 10} % the same; {len(differing)} differ.")
    for one in islice(differing, 1):
        lines += [
            f"The first that differs is event {one.version}, at {say.time(one.at)}:",
            f"  recorded  {_said(one.recorded)}",
            f"  computed  {_said(one.again)}",
        ]
    return "\n".join(lines)


def _said(decision: Decision | None) -> str:
    """A decision with all that it says, on one line."""
    if decision is None:
        return "nothing, or by a rule that this program does not know"
    fields = {name: value for name, value in msgspec.to_builtins(decision).items() if value}
    return msgspec.json.encode(fields).decode()

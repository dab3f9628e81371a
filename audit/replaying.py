"""`python3 app.py replay OFFICE DATE`: a service day as it stood at any instant, on the terminal or as JSON.

The same record and the same pictures as the auditor's page; it reads beside a running server and changes nothing.
"""

import argparse
import sys
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from audit import book
from audit.asked import Instant, WrongTimeError, day_of, instant_of
from audit.book import Book
from audit.telling import Teller
from ltsa import board
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from web.settings import Settings, add_flags, from_flags
from web.terminal import open_ledger

LANG = "en"
NO_SUCH_THING, NOTHING_THERE = 2, 1


class WrongRequestError(ValueError):
    """Something that the command cannot replay, in a sentence."""


def replay(arguments: list[str], _create_app: Any) -> int:
    """Show a day at an instant. 0 when it is shown, 1 for a day without events, 2 for a wrong office, date or time."""
    options = _parser().parse_args(arguments)
    try:
        found, until = _read(options, from_flags(options))
    except (WrongRequestError, LedgerUnavailableError) as wrong:
        print(wrong, file=sys.stderr)
        return NO_SUCH_THING
    if found is None:
        print(f"Nothing was recorded in {options.office} on {options.date}.", file=sys.stderr)
        return NOTHING_THERE
    version = found.newest if until is None else found.version_of(Instant(until=until))
    print(_as_json(found, version, until) if options.json else _as_text(found, version, until))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py replay", description="Show a service day as it stood at any instant.")
    parser.add_argument("office", metavar="OFFICE", help="the office's id, for example ltsa")
    parser.add_argument("date", metavar="DATE", help="the service day, for example 2026-11-21")
    parser.add_argument(
        "--until",
        metavar="HH:MM[:SS]",
        help="the instant, in the office's time zone: whatever had happened by the end of that second",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object with the pictures of the screens")
    add_flags(parser)
    return parser


def read_day(office: str, written: str, settings: Settings) -> Book | None:
    """A day's record; None when nothing was recorded. Raises `WrongRequestError` or `LedgerUnavailableError`."""
    try:
        day = day_of(written)
    except Refusal:
        raise WrongRequestError(f"“{written}” is no date; write one like 2026-11-21.") from None
    ledger = open_ledger(settings)
    try:
        ledger.present().office(office, day)
        return book.read(ledger, office, day)
    except Refusal as refusal:
        raise WrongRequestError(refusal.message) from None
    finally:
        ledger.close()


def _read(options: argparse.Namespace, settings: Settings) -> tuple[Book | None, int | None]:
    """The day and the instant that the command names. Raises `WrongRequestError`."""
    found = read_day(options.office, options.date, settings)
    try:
        zone = found.office.clock if found else ZoneInfo("UTC")
        until = instant_of(options.until, day_of(options.date), zone) if options.until else None
    except WrongTimeError:
        raise WrongRequestError(
            f"“{options.until}” is no time; write one of the office's time zone, like 09:15 or 09:15:30."
        ) from None
    return found, until


def _as_json(found: Book, version: int, until: int | None) -> str:
    """One object: `version` of the last event taken in, `until` in ms UTC or null, `events` of the whole day."""
    day = found.day(version)
    return msgspec.json.encode(
        {
            "office": found.office.id,
            "date": found.date.isoformat(),
            "until": until,
            "version": version,
            "events": found.newest,
            "display": board.display(day),
            "hall": board.hall(day),
        }
    ).decode()


def _as_text(found: Book, version: int, until: int | None) -> str:
    day, say = found.day(version), Teller(found.office, LANG)
    display, hall = board.display(day), board.hall(day)
    at = until if until is not None else found.history[-1].event.at
    lines = [
        f"{say.said(found.office.name)}, {found.date}, {say.time(at)} ({found.office.zone})",
        f"event {version} of {found.newest}{'' if display.open or not version else ', the day is closed'}",
        "",
        "Calls now",
        *(f"  {call.number:<8}{say.said(call.counter_name):<14}{call.state}" for call in display.current),
        *([] if display.current else ["  nobody"]),
        "",
        "Counters",
    ]
    for desk in hall.counters:
        person = f"{desk.ticket} {desk.ticket_state}, {say.service(desk.service)}" if desk.ticket else ""
        lines.append(f"  {say.said(desk.name):<14}{desk.state:<9}{desk.officer:<20}{person}".rstrip())
    lines += ["", "Queues"]
    for queue in hall.queues:
        since = f"first came {say.time(queue.oldest)}" if queue.oldest is not None else ""
        lines.append(f"  {queue.prefix}  {say.said(queue.name):<34}{queue.waiting:>4} waiting  {since}".rstrip())
    totals = ", ".join(f"{state} {count}" for state, count in hall.tally.items())
    lines += ["", f"Totals: {hall.issued} numbers taken{f'; {totals}' if totals else ''}"]
    return "\n".join(lines)

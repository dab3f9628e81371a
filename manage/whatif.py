"""`python3 app.py whatif OFFICE --from DATE --to DATE`: what recorded days would have been like otherwise.

It reads beside a running server and changes nothing. Beside every answer stands how far the replay of what was in force
is from what really happened: that is how far the tool may be believed.
"""

import argparse
import sys
from datetime import date, timedelta
from typing import Any

import msgspec

from ltsa.comparing import Compared
from ltsa.dispatch import POLICIES
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.present import day_stream
from ltsa.whatif import Answer, Change, RecordedDay, recorded, what_if
from web.settings import Settings, add_flags, from_flags
from web.terminal import open_ledger, progress

NOTHING_THERE, NO_SUCH_THING = 1, 2
MOST_DAYS = 366

TITLES = {
    "mean": "mean time in building",
    "p90": "P90 of it",
    "longest": "longest single wait",
    "unfinished": "unfinished at closing",
    "priority": "mean wait, priority",
    "ordinary": "mean wait, others",
}


class WrongRequestError(ValueError):
    """Something that cannot be asked, in a sentence."""


def whatif(arguments: list[str], _create_app: Any) -> int:
    """Play the days and print the comparison. 0 when done, 1 without any day, 2 for what cannot be asked."""
    options = _parser().parse_args(arguments)
    try:
        change = _change(options)
        days = _days(options, from_flags(options))
        if not days:
            print(f"Nothing was recorded in {options.office} from {options.since} to {options.to}.", file=sys.stderr)
            return NOTHING_THERE
        with progress("replays") as tell:
            answer = what_if(days, change, tell)
    except (ValueError, LedgerUnavailableError) as wrong:
        print(wrong, file=sys.stderr)
        return NO_SUCH_THING
    print(msgspec.json.encode(answer).decode() if options.json else _as_text(answer))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py whatif", description="Play recorded days again, as they were and with a change."
    )
    parser.add_argument("office", metavar="OFFICE", help="the office's id, for example ltsa")
    parser.add_argument("--from", dest="since", required=True, metavar="DATE", help="the first day, like 2026-11-02")
    parser.add_argument("--to", metavar="DATE", help="the last day; the first one alone if it is left out")
    parser.add_argument("--policy", choices=POLICIES, help="who is called next")
    parser.add_argument("--counter", default="", metavar="SERVICE", help="one more counter for this service")
    parser.add_argument(
        "--later",
        action="append",
        default=[],
        metavar="[COUNTER=]MINUTES",
        help="rests so much later (or earlier: -10), at one counter or at all",
    )
    parser.add_argument("--slots", action="store_true", help="arrivals by appointment, half as uneven")
    parser.add_argument(
        "--without", action="append", default=[], metavar="SERVICE:BEFORE", help="it need not wait for that one"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_flags(parser)
    return parser


def _change(options: argparse.Namespace) -> Change:
    """What the command asks for. Raises `WrongRequestError`."""
    later, without = {}, dict[str, tuple[str, ...]]()
    for text in options.later:
        counter, _, minutes = text.rpartition("=")
        if not minutes.removeprefix("-").isdecimal() or len(minutes) > len("-999"):
            raise WrongRequestError(f"“{text}” says no minutes; write --later 15, or --later 3=-10 for counter 3.")
        later[counter] = int(minutes)
    for text in options.without:
        service, _, before = text.partition(":")
        if not before:
            raise WrongRequestError(f"“{text}” names no two services; write --without immigration:labour.")
        without[service] = (*without.get(service, ()), before)
    change = Change(policy=options.policy, counter=options.counter, later=later, slots=options.slots, without=without)
    if change == Change():
        raise WrongRequestError("Say what is to be otherwise: --policy, --counter, --later, --slots or --without.")
    return change


def _days(options: argparse.Namespace, settings: Settings) -> list[RecordedDay]:
    """The recorded days that the command names. Raises `WrongRequestError` or `LedgerUnavailableError`."""
    options.to = options.to or options.since
    first, last = (_date(text) for text in (options.since, options.to))
    if not 0 <= (last - first).days < MOST_DAYS:
        raise WrongRequestError(f"From {first} to {last} is no span of 1 to {MOST_DAYS} days.")
    ledger, days = open_ledger(settings), []
    try:
        ledger.present().configurations(options.office)
        for n in range((last - first).days + 1):
            stream = day_stream(options.office, (first + timedelta(days=n)).isoformat())
            if history := list(ledger.history(stream)):
                days.append(recorded(history))
    except Refusal as refusal:
        raise WrongRequestError(refusal.message) from None
    finally:
        ledger.close()
    return [day for day in days if day.script.visits and day.script.counters]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongRequestError(f"“{text}” is no date; write one like 2026-11-21.") from None


def _as_text(answer: Answer) -> str:
    days = len(answer.dates)
    lines = [
        f"{days} recorded {'day' if days == 1 else 'days'}, {answer.dates[0]} to {answer.dates[-1]}. Minutes; people.",
        "",
        f"{'':<24}{'happened':>10}{'replayed':>10}{'changed':>10}  difference (95 % interval)",
    ]
    for name, title in TITLES.items():
        trust, effect = answer.trust[name], answer.effect[name]
        lines.append(
            f"{title:<24}{trust.other:>10.1f}{trust.value:>10.1f}{effect.value:>10.1f}  {_difference(effect, days)}"
        )
    lines += [
        "",
        "“Replayed” is the same day under what was in force. How far it is from “happened” says how far “changed” may",
        f"be believed: here {_off(answer.trust['mean'])} on average.",
    ]
    return "\n".join(lines)


def _difference(effect: Compared, days: int) -> str:
    if days == 1:
        return f"{effect.difference:+.1f} (one day: no interval)"
    return f"{effect.difference:+.1f} ({effect.difference_low:+.1f} to {effect.difference_high:+.1f})"


def _off(trust: Compared) -> str:
    return f"{trust.difference:+.1f} minutes"

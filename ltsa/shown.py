"""What screens showed, on the record as digests, so that what everybody saw can be held against what is recorded. Pure.

A stream an office and date, `shown:ltsa:2026-11-21`, written in batches beside the day's own stream. A digest is over a
rendering of its own, `seen/1`, and not over a page or a picture: these gain fields, a rendering never changes. Another
one gets another name, and the old one stays.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from msgspec import Struct

from ltsa.day import Day
from ltsa.day import evolve as happens
from ltsa.happened import DayEvent
from ltsa.message import Command, Event, Refusal, key_digest

RENDERING = "seen/1"
BITS = 96
"""How much of a SHA-256 is kept: 16 characters a picture."""


class Board(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A picture as it was shown: of the view `display`, `hall` or `desk:COUNTER`, after the day's event `version`."""

    view: str
    version: int
    digest: str


class BoardsShown(Event, frozen=True):
    """A server showed these pictures, in this order; `server` tells the servers of one office apart."""

    rendering: str
    server: str
    boards: tuple[Board, ...]


TOPICS: dict[str, type[BoardsShown]] = {"boards-shown/1": BoardsShown}


class RecordBoards(Command, frozen=True):
    """Put on record what was shown of the service day `date`."""

    date: str
    rendering: str
    server: str
    boards: tuple[Board, ...]


class Boards(Struct):
    """What the ledger must know of a day's boards to go on with them."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}


def evolve(state: Boards, event: BoardsShown) -> None:
    """Takes in one more batch."""
    state.version += 1
    state.at = event.at
    if event.key not in state.answered:
        state.answered[event.key] = (event.content, state.version)


def decide(command: RecordBoards, state: Boards) -> list[BoardsShown]:
    """The batch, as it was shown: several servers may each have shown the same. Raises `Refusal` for an empty one."""
    if not command.boards:
        raise Refusal("nothing-shown", "No picture was shown since the last batch.", field="boards")
    return [
        BoardsShown(
            at=max(command.at, state.at),
            by=command.by,
            key=key_digest(command.key),
            content=command.content(),
            rendering=command.rendering,
            server=command.server,
            boards=command.boards,
        )
    ]


def shown_stream(office: str, date: str) -> str:
    """The stream of what screens of an office showed on a date."""
    return f"shown:{office}:{date}"


# --- The rendering


def seen(day: Day, view: str) -> str:
    """What a view shows of a day, by `seen/1`: lines of words parted by tabs. Raises `LookupError` for another view.

    - every view: `day DATE open|closed`
    - display: `call NUMBER COUNTER STATE RECALLS` for each counter at which somebody is, in the order of the counters;
      `queue SERVICE WAITING` for each service.
    - hall: `counter ID STATE OFFICER NUMBER STATE-OF-NUMBER` for each counter, the queues, `tally STATE COUNT`.
    - desk:COUNTER: its `counter` line. Who waits there, follows from the events and the rules.
    """
    kind, _, counter = view.partition(":")
    lines: list[tuple[str, ...]] = [("day", day.date, "open" if day.open else "closed")]
    match kind:
        case "display":
            for name, now in day.counters.items():
                if now.ticket:
                    at = day.tickets[now.ticket]
                    lines.append(("call", at.number, name, at.state, str(at.recalls)))
            lines += _queues(day)
        case "hall":
            lines += [_counter(day, name) for name in day.counters]
            lines += _queues(day)
            lines += [("tally", state, str(count)) for state, count in sorted(day.tally.items()) if count]
        case "desk":
            lines.append(_counter(day, counter))
        case _:
            raise LookupError(view)
    return "".join("\t".join(line) + "\n" for line in lines)


def _queues(day: Day) -> list[tuple[str, ...]]:
    return [("queue", service, str(len(line))) for service, line in day.queues.items()]


def _counter(day: Day, name: str) -> tuple[str, ...]:
    now = day.counters[name]
    return "counter", name, now.state, now.officer, now.ticket, day.tickets[now.ticket].state if now.ticket else ""


def digest(rendered: str) -> str:
    """The digest of a rendering, as the record has it."""
    return urlsafe_b64encode(sha256(rendered.encode()).digest()[: BITS // 8]).decode()


RENDERINGS: dict[str, Callable[[Day, str], str]] = {RENDERING: seen}


# --- Held against the record


class Differs(Struct, frozen=True):
    """A picture that was shown otherwise than the record gives it. `recorded` is the digest that follows from the
    events; empty where the record has no such event, view or rendering. `at` is when that event happened (ms UTC), or
    when the batch was recorded.
    """

    view: str
    version: int
    at: int
    shown: str
    recorded: str
    server: str


class Held(Struct):
    """How many pictures were looked at, and those that differ, in the order of the day."""

    pictures: int = 0
    differing: list[Differs] = []


def hold(history: Iterable[DayEvent], batches: Iterable[BoardsShown]) -> Held:
    """Makes every picture that was shown again from a day's events. Takes the memory of one day."""
    wanted: dict[int, list[tuple[BoardsShown, Board]]] = {}
    found = Held()
    for batch in batches:
        for one in batch.boards:
            found.pictures += 1
            wanted.setdefault(one.version, []).append((batch, one))
    day = Day()
    for version, event in enumerate(history, 1):
        if not wanted:
            break
        try:
            happens(day, event)
        except (LookupError, ValueError):
            break
        found.differing += _compared(day, wanted.pop(version, ()), event.at)
    for _, left in sorted(wanted.items()):
        found.differing += [Differs(one.view, one.version, of.at, one.digest, "", of.server) for of, one in left]
    return found


def _compared(day: Day, wanted: Iterable[tuple[BoardsShown, Board]], at: int) -> Iterator[Differs]:
    for batch, one in wanted:
        try:
            again = digest(RENDERINGS[batch.rendering](day, one.view))
        except LookupError:
            again = ""
        if again != one.digest:
            yield Differs(one.view, one.version, at, one.digest, again, batch.server)

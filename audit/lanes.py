"""The timeline of a day: a lane for each ticket, each counter or each officer, and on it a bar for every stretch.

A window of the day at a time: so wide as one asks for, around an instant, and only the lanes that are not empty in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct, structs

from audit import plot
from audit.asked import Lanes
from audit.book import Book
from audit.plot import MINUTE, Scale
from ltsa.replay import Phase

LANES_SHOWN = 40
NARROW = 0.3
"""Per cent of the width under which bars side by side are drawn as one: nobody could tell them apart."""

OVER = frozenset({"done", "cancelled", "closed"})
"""States of tickets, and of counters, in which nobody is there."""


class Bar(Struct, frozen=True, kw_only=True):
    """A stretch on a lane: what it was, until when (ms UTC), and where it lies (`left` and `width` in per cent). Of
    bars that are too narrow to tell apart, the longest stands for all.
    """

    phase: Phase
    until: int
    left: float
    width: float


class Lane(Struct, frozen=True, kw_only=True):
    """A ticket's, a counter's or an officer's lane."""

    id: str
    bars: tuple[Bar, ...]


class Timeline(Struct, frozen=True, kw_only=True):
    """A window of the day with its lanes. `now` is where the instant lies on it, in per cent, `found` how many lanes
    there are in the window on all `pages`.
    """

    asked: Lanes
    scale: Scale
    now: float
    lanes: tuple[Lane, ...]
    found: int
    pages: int


def timeline(book: Book, asked: Lanes, at: int) -> Timeline:
    """The window around an instant (ms UTC)."""
    scale = window(book, asked.span, at)
    last = book.history[-1].event.at
    lanes = _seen(book, asked, scale, last).items()
    there = [(id_, phases) for id_, phases in lanes if phases and id_.upper().startswith(asked.name.upper())]
    pages = max(-(-len(there) // LANES_SHOWN), 1)
    asked = structs.replace(asked, page=min(asked.page, pages))
    shown = there[(asked.page - 1) * LANES_SHOWN : asked.page * LANES_SHOWN]
    return Timeline(
        asked=asked,
        scale=scale,
        now=round(scale.place(at) * 100, 3),
        lanes=tuple(Lane(id=id_, bars=_bars(scale, phases, last)) for id_, phases in shown),
        found=len(there),
        pages=pages,
    )


def window(book: Book, span: int, at: int) -> Scale:
    """A window of so many minutes with an instant in it, in round times; it moves by halves, so that an instant that
    goes on stays in the same window for a while.
    """
    day = plot.scale(book.history, book.office)
    if not span or span * MINUTE >= day.ends - day.begins:
        return day
    half = span * MINUTE // 2
    halves = max(at - day.begins - half // 2, 0) // half
    begins = min(day.begins + halves * half, day.ends - 2 * half)
    return plot.axis(begins, begins + 2 * half - 1, book.office)


def _seen(book: Book, asked: Lanes, scale: Scale, last: int) -> dict[str, list[Phase]]:
    """Each lane's stretches that lie in the window."""
    traces = book.traces
    if asked.of == "tickets":
        return {number: _within(phases, scale, last) for number, phases in dict(traces.visits).items()}
    seats = {counter: _within(traces.seats.get(counter, ()), scale, last) for counter in book.counters}
    if asked.of == "counters":
        return seats
    sat = sorted((phase for phases in seats.values() for phase in phases), key=_since)
    return {officer: [phase for phase in sat if phase.officer == officer] for officer in book.officers}


def _within(phases: Sequence[Phase], scale: Scale, last: int) -> list[Phase]:
    """The stretches that lie in the window; somebody whose visit is over, or a closed counter, is not there."""
    first = max(bisect_right(phases, scale.begins, key=_since) - 1, 0)
    until = bisect_left(phases, scale.ends, key=_since)
    return [phase for phase in phases[first:until] if phase.state not in OVER and (phase.until or last) > scale.begins]


def _since(phase: Phase) -> int:
    return phase.since


def _bars(scale: Scale, phases: Sequence[Phase], last: int) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    for phase in phases:
        until = phase.until or max(last, phase.since)
        left = scale.place(phase.since) * 100
        bar = Bar(phase=phase, until=until, left=round(left, 3), width=round(scale.place(until) * 100 - left, 3))
        if bars and bar.width < NARROW and bars[-1].width < NARROW and bar.left - bars[-1].left < NARROW:
            bars[-1] = max(bars[-1], bar, key=lambda one: one.width)
        else:
            bars.append(bar)
    return tuple(bars)

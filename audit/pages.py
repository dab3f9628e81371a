"""What the auditor's pages hold, computed from one day's record in one go, for a native thread."""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct, structs

from audit import plot
from audit.asked import Filter
from audit.book import Book
from audit.plot import Bar, Plot, Scale
from audit.telling import whole_seconds
from ltsa import board, replay
from ltsa.board import TicketPicture
from ltsa.replay import Line, Phase

EVENTS_SHOWN = 50


class Listed(Struct, frozen=True, kw_only=True):
    """A page of the chosen events of a day: `found` of them in all, on so many `pages`; and the file's filter."""

    lines: tuple[Line, ...]
    found: int
    page: int
    pages: int


class Course(Struct, frozen=True, kw_only=True):
    """How full the office was over a day: as a drawing below the slider, and as a table."""

    plot: Plot
    moments: tuple[replay.Moment, ...]


class Story(Struct, frozen=True, kw_only=True):
    """A ticket's, a counter's or an officer's day: what was, from when to when, and every event. `spent` are the
    milliseconds in each state, `ticket` what the ticket was in the end.
    """

    lines: tuple[Line, ...]
    phases: tuple[Phase, ...]
    scale: Scale
    bars: tuple[Bar, ...]
    until: int
    spent: dict[str, int]
    ticket: TicketPicture | None = None

    @property
    def served(self) -> int:
        """How many different people were served."""
        return len({phase.number for phase in self.phases if phase.state == "serving"})

    @property
    def missed(self) -> int:
        """How many did not come, not counting what was undone."""
        undone = sum(line.event == "action-undone" and line.details["action"] == "no-show" for line in self.lines)
        return sum(line.event == "ticket-missed" for line in self.lines) - undone


def listed(book: Book, chosen: Filter, version: int, page: int = 0) -> Listed:
    """A page of the chosen events; the one that holds the instant right after a version where none is named."""
    versions = book.versions(chosen)
    page = page or max(bisect_right(versions, version) - 1, 0) // EVENTS_SHOWN + 1
    shown = versions[(page - 1) * EVENTS_SHOWN : page * EVENTS_SHOWN]
    pages = max(-(-len(versions) // EVENTS_SHOWN), 1)
    return Listed(lines=tuple(book.lines(shown)), found=len(versions), page=page, pages=pages)


def course(book: Book) -> Course:
    """How full the office was at the end of each span of the day; the first is the beginning."""
    scale, traces = plot.scale(book.history, book.office), book.traces
    moments = traces.course([scale.begins, *scale.spans()])
    return Course(plot=plot.plot(scale, traces.course(scale.samples())), moments=moments)


def ticket(book: Book, number: str) -> Story | None:
    """A ticket's story; None when it was not issued."""
    versions = book.traces.numbers.get(number)
    if not versions:
        return None
    lines = tuple(book.lines(versions))
    told = _story(book, lines, _living(book.traces.visits[number]), lines[-1].at)
    return structs.replace(told, ticket=board.ticket(book.day(book.newest), number))


def counter(book: Book, name: str) -> Story:
    """A counter's story."""
    lines = tuple(book.lines(book.traces.counters.get(name, ())))
    phases = tuple(phase for phase in book.traces.seats.get(name, ()) if phase.state != "closed")
    return _story(book, lines, phases, book.history[-1].event.at)


def officer(book: Book, name: str) -> Story | None:
    """An officer's story, wherever they sat; None for one who was not there."""
    versions = book.traces.officers.get(name)
    if not versions:
        return None
    return _story(book, tuple(book.lines(versions)), tuple(book.traces.officer(name)), book.history[-1].event.at)


def _story(book: Book, lines: tuple[Line, ...], phases: tuple[Phase, ...], last: int) -> Story:
    # What lasted to the end of the record has lasted until its last event, as far as anybody knows.
    until = last if phases and phases[-1].until else book.history[-1].event.at
    since = phases[0].since if phases else book.history[0].event.at
    scale = plot.axis(since, until, book.office)
    spent: dict[str, int] = {}
    for phase in phases:
        spent[phase.state] = spent.get(phase.state, 0) + whole_seconds(phase.since, phase.until or until)
    return Story(
        lines=lines, phases=phases, scale=scale, bars=plot.bars(scale, phases, until), until=until, spent=spent
    )


def _living(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """Without the last stretch of a visit that is over: nobody is in the building in it."""
    over = bool(phases) and phases[-1].state in {"done", "cancelled", "closed"}
    return tuple(phases[:-1] if over else phases)

"""What the auditor's pages hold, computed from one day's record in one go, for a native thread."""

from collections.abc import Sequence

from msgspec import Struct, structs

from audit import plot
from audit.asked import Filter, Instant
from audit.book import Book, Moment
from audit.plot import Bar, Plot, Scale
from audit.telling import whole_seconds
from ltsa import board, replay
from ltsa.board import TicketPicture
from ltsa.replay import Finding, Line, Phase

EVENTS_SHOWN = 100


class DayPage(Struct, frozen=True, kw_only=True):
    """A day: how it stood at an instant, how it went, whether its record holds, and a page of its events."""

    moment: Moment
    plot: Plot
    course: tuple[replay.Moment, ...]
    findings: tuple[Finding, ...]
    tickets: int
    calls: int
    officers: tuple[str, ...]
    found: int
    pages: int
    lines: tuple[Line, ...]


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


def day(book: Book, instant: Instant, chosen: Filter, page: int, shown: Sequence[Finding] = ()) -> DayPage:
    """A day's page; `shown` is what came of holding the screens' pictures against the record."""
    lines = list(replay.story(book.history))
    taken = chosen.take(lines)
    scale = plot.scale(book.history, book.office)
    return DayPage(
        moment=book.moment(instant),
        plot=plot.plot(scale, replay.course(book.history, scale.samples())),
        course=course(book),
        findings=(*replay.examine(book.record), *shown),
        tickets=sum(line.event == "ticket-issued" for line in lines),
        calls=sum(line.event == "ticket-called" for line in lines),
        officers=tuple(sorted({line.officer for line in lines if line.officer})),
        found=len(taken),
        pages=max(-(-len(taken) // EVENTS_SHOWN), 1),
        lines=tuple(taken[(page - 1) * EVENTS_SHOWN : page * EVENTS_SHOWN]),
    )


def course(book: Book) -> tuple[replay.Moment, ...]:
    """How full the office was at the end of each span of the day; the first is the beginning."""
    scale = plot.scale(book.history, book.office)
    return replay.course(book.history, [scale.begins, *scale.spans()])


def ticket(book: Book, number: str) -> Story | None:
    """A ticket's story; None when it was not issued."""
    lines = tuple(replay.story(book.history, number=number))
    if not lines:
        return None
    told = _story(book, lines, _living(replay.visit(book.history, number)), lines[-1].at)
    return structs.replace(told, ticket=board.ticket(book.day(book.newest), number))


def counter(book: Book, name: str) -> Story:
    """A counter's story."""
    lines = tuple(replay.story(book.history, counter=name))
    return _story(book, lines, replay.sittings(book.history, counter=name), book.history[-1].event.at)


def officer(book: Book, name: str) -> Story | None:
    """An officer's story, wherever they sat; None for one who was not there."""
    lines = tuple(replay.story(book.history, officer=name))
    if not lines:
        return None
    return _story(book, lines, replay.sittings(book.history, officer=name), book.history[-1].event.at)


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

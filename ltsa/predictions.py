"""What people were told about their waits, on the record before it came out, and how often it held. Pure.

A stream an office and date, `forecast:ltsa:2026-11-21`, written in batches beside the day's own stream: a command of
the day never waits for it. How a wait came out follows from the day's calls (`outcomes`). Nothing is decided by it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field

from ltsa.happened import ActionUndone, DayEvent, TicketCalled, TicketCancelled, TicketClosed
from ltsa.message import Command, Event, Refusal, key_digest
from ltsa.office import Office
from ltsa.ranges import Guess, Key, Range, holds


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one person was told at an instant about the wait that began at `since`: the range, and what it was made of.

    `guess` is what the method said before it was corrected, `queue` what the queue's length alone would have had
    published, made of `queue_guess`; None where no counter was open for it.
    """

    number: str
    service: str
    priority: bool = False
    at: int
    since: int
    told: Range
    guess: Guess
    queue: Range | None = None
    queue_guess: Guess | None = None

    @property
    def key(self) -> Key:
        """The step and class by which ranges are corrected."""
        return self.service, self.priority


class WaitsPredicted(Event, frozen=True):
    """People were told how long they will wait, by a version of the model."""

    model: str
    waits: tuple[Told, ...]


TOPICS: dict[str, type[WaitsPredicted]] = {"waits-predicted/1": WaitsPredicted}

MODEL = "futures-100/2"
"""The model and its version, as the record names it."""


class RecordWaits(Command, frozen=True):
    """Put on record what people were told, of the service day `date`."""

    date: str
    model: str
    waits: tuple[Told, ...]


class Predictions(Struct):
    """What the ledger must know of a day's predictions: the waits that were told, by number and beginning."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    told: set[tuple[str, int]] = field(default_factory=set)


def evolve(state: Predictions, event: WaitsPredicted) -> None:
    """Takes in one more batch."""
    state.version += 1
    state.at = event.at
    if event.key not in state.answered:
        state.answered[event.key] = (event.content, state.version)
    state.told.update((wait.number, wait.since) for wait in event.waits)


def decide(command: RecordWaits, state: Predictions) -> list[WaitsPredicted]:
    """The batch, without the waits of which another server has put the prediction on record already.

    Raises `Refusal` when none is left.
    """
    new = tuple(wait for wait in command.waits if (wait.number, wait.since) not in state.told)
    if not new:
        raise Refusal("waits-told", "These predictions are on record already.", field="waits")
    return [
        WaitsPredicted(
            at=max(command.at, state.at),
            by=command.by,
            key=key_digest(command.key),
            content=command.content(),
            model=command.model,
            waits=new,
        )
    ]


def forecast_stream(office: str, date: str) -> str:
    """The stream of what people of an office were told on a date."""
    return f"forecast:{office}:{date}"


# --- How it came out


class Outcome(Struct, frozen=True):
    """What somebody was told, and after how many seconds they were called."""

    told: Told
    took: int


def outcomes(predicted: Iterable[WaitsPredicted], history: Iterable[DayEvent]) -> list[Outcome]:
    """The predictions that came out, in the order of the calls, from both streams of a day: each with the next call
    that was not taken back. Who gave up, or is still waiting, is not among them.
    """
    waiting: dict[str, list[Told]] = {}
    for batch in predicted:
        for told in batch.waits:
            waiting.setdefault(told.number, []).append(told)
    for each in waiting.values():
        each.sort(key=lambda told: told.at)
    called: dict[str, tuple[int, list[Told]]] = {}
    found: list[Outcome] = []

    def settle(number: str) -> None:
        at, about = called.pop(number, (0, []))
        found.extend(Outcome(told, (at - told.at) // 1000) for told in about)

    for event in history:
        match event:
            case TicketCalled(number=number) if number in waiting:
                settle(number)
                about = [told for told in waiting[number] if told.at <= event.at]
                waiting[number] = [told for told in waiting[number] if told.at > event.at]
                called[number] = event.at, about
            case ActionUndone(number=number, action="call") if number in called:
                waiting[number] = called.pop(number)[1] + waiting[number]
            case TicketCancelled(number=number) | TicketClosed(number=number):
                settle(number)
                waiting.pop(number, None)
    for number in list(called):
        settle(number)
    return sorted(found, key=lambda one: one.told.at + one.took * 1000)


class Kept(Struct, frozen=True, kw_only=True):
    """How often ranges held: of `count`, `held` were right, `early` people were called before the range began, `late`
    after it ended; `within` were called by the upper end that programs are given. `error` is the mean distance from the
    expected second, `bias` its mean with the sign (more than 0: too long was told), `wide` the mean width in minutes.
    Durations in seconds.
    """

    count: int = 0
    held: int = 0
    early: int = 0
    late: int = 0
    within: int = 0
    error: int = 0
    bias: int = 0
    wide: int = 0

    @property
    def share(self) -> int:
        """Per cent of the ranges that held."""
        return round(100 * self.held / self.count) if self.count else 0


ENDLESS = 150
"""How wide "more than two hours" counts, in minutes, from its beginning on."""


def kept(pairs: Sequence[tuple[Range, int]]) -> Kept:
    """How often ranges held, given how many seconds each wait took."""
    count = len(pairs)
    if not count:
        return Kept()
    return Kept(
        count=count,
        held=sum(holds(told, took) for told, took in pairs),
        early=sum(took < told.low * 60 for told, took in pairs),
        late=sum(bool(told.high) and took > told.high * 60 for told, took in pairs),
        within=sum(took <= told.upper for told, took in pairs),
        error=sum(abs(told.middle - took) for told, took in pairs) // count,
        bias=sum(told.middle - took for told, took in pairs) // count,
        wide=sum((told.high or ENDLESS) - told.low for told, _ in pairs) // count,
    )


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table: what was told, and what the queue's length would have told of the same waits."""

    told: Kept
    queue: Kept


class Figures(Struct, frozen=True, kw_only=True):
    """How often the ranges held: of all, by the hour they were told in, by service and class (priority or not)."""

    all: Row
    hours: dict[int, Row]
    steps: dict[Key, Row]


def figures(found: Sequence[Outcome], office: Office) -> Figures:
    """The figures of some outcomes, hours in the office's zone, services in its order."""
    hours: dict[int, list[Outcome]] = {}
    steps: dict[Key, list[Outcome]] = {
        (service, priority): [] for service in office.service for priority in (False, True)
    }
    for one in found:
        hours.setdefault(datetime.fromtimestamp(one.told.at / 1000, office.clock).hour, []).append(one)
        steps.setdefault(one.told.key, []).append(one)
    return Figures(
        all=_row(found),
        hours={hour: _row(of) for hour, of in sorted(hours.items())},
        steps={key: _row(of) for key, of in steps.items() if of},
    )


def _row(found: Sequence[Outcome]) -> Row:
    return Row(
        told=kept([(one.told.told, one.took) for one in found]),
        queue=kept([(one.told.queue, one.took) for one in found if one.told.queue]),
    )

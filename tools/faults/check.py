"""What is on record held against what clients were told: nothing lost, nothing twice, in its order. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

from msgspec import Struct, field

from ltsa.happened import CounterOpened, ServiceFinished, ServiceStarted, TicketCalled, TicketIssued
from ltsa.message import key_digest
from ltsa.present import Recorded
from tools.faults.linear import Asked, OneQueue, Operation, unexplained
from tools.faults.load import Told

KINDS = {
    "open": CounterOpened,
    "issue": TicketIssued,
    "call": TicketCalled,
    "start": ServiceStarted,
    "finish": ServiceFinished,
}
"""What each command leads to."""

NOBODY = "nobody-waiting"
"""The only refusal that the clients' work can meet: of calling while nobody waits."""


class Found(Struct, kw_only=True):
    """What came of a fault.

    Attributes:
        fault: its name.
        runs: how often it was done.
        seed: what decided when, and what clients did.
        acknowledged: commands that clients were told are done.
        lost: those that are not on record.
        doubled: effects that are there twice: a key's, a number given or called twice.
        skipped: people who were passed over by somebody behind them.
        false_failures: commands that were refused for no reason, or as if they had not been done.
        out_of_order: acknowledged commands that stand before one that was answered before they were asked.
        unlinearizable: queues whose history no office that does one thing at a time could have answered.
        recovered: how long each recovery took, in seconds.
        wrong: what was wrong, in sentences.
        late: what took too long, in sentences.
        more: further figures, by name.
    """

    fault: str
    runs: int
    seed: int
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    skipped: int = 0
    false_failures: int = 0
    out_of_order: int = 0
    unlinearizable: int = 0
    recovered: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    more: dict[str, float] = field(default_factory=dict)

    def says(self, sentence: str) -> None:
        """One more thing that is wrong."""
        self.wrong.append(sentence)

    def tells_of(self, told: Sequence[Told]) -> None:
        """Notes how often clients were told 503, and how long one try took at most."""
        self.more["told_503"] = sum(each.refused for each in told)
        self.more["slowest_503_s"] = max((each.slowest_503 for each in told), default=0.0)
        self.more["slowest_s"] = max((each.slowest for each in told), default=0.0)

    def within(self, share: int) -> float:
        """In how many seconds so many of a hundred recoveries were over; 0 where nothing had to recover."""
        if len(self.recovered) < 2:  # noqa: PLR2004 - one has no distribution
            return max(self.recovered, default=0.0)
        return quantiles(self.recovered, n=100, method="inclusive")[share - 1]

    @property
    def held(self) -> bool:
        """Whether all that must be so was so."""
        return not self.wrong and not self.late


class _Effect(NamedTuple):
    position: int
    number: str


def compare(found: Found, told: Sequence[Told], recorded: Sequence[Recorded]) -> None:
    """Holds what clients were told against an office's whole record, and adds what is wrong to `found`."""
    effects: dict[tuple[str, type], list[_Effect]] = defaultdict(list)
    for position, _, _, event in recorded:
        effects[event.key, type(event)].append(_Effect(position, getattr(event, "number", "")))
    at: list[tuple[Told, int]] = []
    for each in told:
        done = effects.get((key_digest(each.key), KINDS[each.what]), [])
        if each.acknowledged:
            found.acknowledged += 1
            if not done:
                found.lost += 1
                found.says(f"{each.what} {each.number} under {each.key} was acknowledged and is not on record.")
            elif each.what != "open" and done[0].number != each.number:
                found.false_failures += 1
                found.says(f"{each.what} under {each.key} was told {each.number}; on record is {done[0].number}.")
            else:
                at.append((each, done[0].position))
        elif each.ended is not None and (done or each.code != NOBODY):
            found.false_failures += 1
            found.says(
                f"{each.what} under {each.key} was told {each.status} {each.code}; on record: {done or 'nothing'}."
            )
        if len(done) > 1:
            found.doubled += 1
            found.says(f"{each.what} under {each.key} is {len(done)} times on record.")
    _order(found, at)
    _queues(found, recorded)
    for service in sorted({each.service for each in told}):
        history = _history([each for each in told if each.service == service and each.what != "open"])
        if (culprit := unexplained(history, OneQueue())) is not None:
            found.unlinearizable += 1
            found.says(f"No order of the queue of {service} explains {culprit.asked}.")


def _order(found: Found, at: Iterable[tuple[Told, int]]) -> None:
    """Whoever asked after another was answered stands behind it."""
    moments = sorted(
        [(each.began, 1, position, each.key) for each, position in at]
        + [(each.ended or 0, 0, position, each.key) for each, position in at]
    )
    newest = 0
    for _, begins, position, key in moments:
        if not begins:
            newest = max(newest, position)
        elif position < newest:
            found.out_of_order += 1
            found.says(f"The command under {key} stands at {position}, before {newest}, which was answered before.")


def _queues(found: Found, recorded: Sequence[Recorded]) -> None:
    """Nobody's number is given twice, nobody is called twice, nobody is passed over."""
    given: Counter[str] = Counter()
    called: Counter[str] = Counter()
    waiting: Mapping[str, list[str]] = defaultdict(list)
    for _, stream, _, event in recorded:
        if isinstance(event, TicketIssued):
            given[f"{stream} {event.number}"] += 1
            waiting[stream, event.services[0]].append(event.number)  # type: ignore[index]
        elif isinstance(event, TicketCalled):
            called[f"{stream} {event.number}"] += 1
            line = waiting[stream, event.service]  # type: ignore[index]
            if event.number in line:
                found.skipped += (behind := line.index(event.number)) > 0
                if behind:
                    found.says(f"{event.number} was called before {line[0]}, who had come before.")
                line.remove(event.number)
    for what, counted in (("given", given), ("called", called)):
        for number, times in counted.items():
            if times > 1:
                found.doubled += 1
                found.says(f"{number} was {what} {times} times.")


def _history(told: Iterable[Told]) -> list[Operation[Asked]]:
    """What was seen of a queue. A key that several asked at once is one operation, over when the first was answered."""
    by_key: dict[str, Operation[Asked]] = {}
    for each in told:
        number = int(each.number[1:]) if each.number else 0
        asked = Asked(each.what, each.counter, None if each.ended is None else number)
        before = by_key.get(each.key)
        if before is None or before.ended is None or (each.ended is not None and each.ended < before.ended):
            began = min(each.began, before.began) if before else each.began
            by_key[each.key] = Operation(began, each.ended, asked)
        elif each.began < before.began:
            by_key[each.key] = before._replace(began=each.began)
    return list(by_key.values())

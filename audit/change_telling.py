"""What an event changed, in words: a row for each fact that differs, with what it was before and what it is after."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from audit.telling import Teller
from ltsa.difference import Change, Changed, Difference, Value
from web.words import Words

NOTHING = "–"


class Row(NamedTuple):
    """A fact that differs: its name, before, after."""

    fact: str
    before: str
    after: str


class Group(NamedTuple):
    """What differs of one thing: a "ticket", a "counter", a "queue", or the "day"; what it is called, and its id."""

    kind: str
    id: str
    name: str
    new: bool
    rows: tuple[Row, ...]


class ChangeTeller:
    """Tells differences in the words of a day's configuration."""

    def __init__(self, teller: Teller) -> None:
        self._teller, self._words = teller, Words(teller.lang)
        plainly = dict.fromkeys(("seated", "first", "counter.ticket", "officer", "case", "help"), str)
        services = dict.fromkeys(("service", "waits", "directed", "services"), teller.service)
        self._sayings: dict[str, Callable[[str], str]] = {
            **plainly,
            **services,
            "ticket.state": lambda code: self._words(f"state.{code}"),
            "counter.state": lambda code: self._words(f"counter_state.{code}"),
            "step.state": lambda code: self._words(f"audit.change.step_state.{code}"),
            "counter": teller.counter,
            "priority": teller.priority,
            "counter.reason": teller.reason,
        }

    def tell(self, difference: Difference) -> list[Group]:
        """Everything that differs, tickets first."""
        return [
            *self._groups("ticket", difference.tickets, difference.new),
            *self._groups("counter", difference.counters),
            *self._groups("queue", difference.queues),
            *self._groups("day", (Changed("", difference.day),) if difference.day else ()),
        ]

    def _groups(self, kind: str, found: tuple[Changed, ...], new: tuple[str, ...] = ()) -> Iterator[Group]:
        for one in found:
            rows = tuple(self._row(kind, change) for change in one.changes)
            yield Group(kind, one.id, self._name(kind, one.id), one.id in new, rows)

    def _name(self, kind: str, id_: str) -> str:
        match kind:
            case "counter":
                return self._teller.counter(id_)
            case "queue":
                return self._words("audit.change.queue", service=self._teller.service(id_))
            case "day":
                return self._words("audit.change.day")
        return id_

    def _row(self, kind: str, change: Change) -> Row:
        of = "step" if change.step else kind
        section = {"queue": "in_queue", "day": "of_day"}.get(of, of)
        fact = self._words(f"audit.change.{section}.{change.fact}")
        if change.step:
            fact = self._words("audit.change.of_step", step=self._teller.service(change.step), fact=fact)
        return Row(fact, self._said(of, change.fact, change.before), self._said(of, change.fact, change.after))

    def _said(self, of: str, fact: str, value: Value) -> str:  # noqa: PLR0911 - one a kind of value
        if isinstance(value, bool):
            return self._words("audit.change.yes" if value else "audit.change.no")
        if fact == "waiting":
            return str(value)
        if not value:
            return NOTHING
        if fact == "notes":
            return str(len(value)) if isinstance(value, tuple) else NOTHING
        if fact == "place" and isinstance(value, int):
            return self._teller.time(value)
        if isinstance(value, tuple):
            return ", ".join(self._code(of, fact, code) for code in value)
        return self._code(of, fact, value) if isinstance(value, str) else str(value)

    def _code(self, of: str, fact: str, code: str) -> str:
        say = self._sayings.get(f"{of}.{fact}") or self._sayings.get(fact) or self._teller.code
        return say(code)

"""What a search in a day finds: an event, an instant, tickets, counters, officers, kinds of events, codes; each with
the events that one can go to from there. Everything is looked up in the day's traces.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from audit.asked import Instant, WrongTimeError, instant_of
from audit.book import Book
from audit.telling import Teller
from ltsa.replay import KINDS
from ltsa.traces import after, before

EACH = 8
"""How many of a kind are shown; whoever wants another one writes more of it."""

_EVENT = re.compile(r"#\s*(\d{1,9})", re.ASCII)
_POSITION = re.compile(r"@\s*(\d{1,15})", re.ASCII)


class Hit(Struct, frozen=True, kw_only=True):
    """Something that was found: an "event", a "position" or a "time" to go to; or a "number", "counter", "officer",
    "kind" or "code" with the versions of the first of its `count` events, and of the last before and the first after
    an instant (0: none).
    """

    what: str
    id: str
    name: str
    count: int = 1
    first: int = 0
    before: int = 0
    after: int = 0


def find(book: Book, teller: Teller, wanted: str, version: int) -> list[Hit]:
    """What is called, or begins, like what somebody wrote; seen from the instant right after a version."""
    wanted = " ".join(wanted.split())
    if not wanted:
        return []
    if places := list(_places(book, teller, wanted)):
        return places
    traces, small = book.traces, wanted.casefold()
    hits = _Hits(version)
    begins: Callable[[str, str], bool] = lambda id_, _: id_.casefold().startswith(small)  # noqa: E731 - beside the other
    within: Callable[[str, str], bool] = lambda id_, name: small in id_.casefold() or small in name.casefold()  # noqa: E731
    named = {counter.id: teller.said(counter.name) for counter in book.counters.values()}
    return [
        *hits.of("number", traces.numbers, {number: number for number in list(traces.numbers)}, begins),
        *hits.of("counter", traces.counters, named, within),
        *hits.of("officer", traces.officers, {officer: officer for officer in list(traces.officers)}, within),
        *hits.of("kind", traces.kinds, {kind: teller.kind(kind) for kind in KINDS.values()}, within),
        *hits.of("code", traces.codes, {code: teller.code(code) for code in list(traces.codes)}, within),
    ]


class _Hits:
    """Hits as seen from right after a version."""

    def __init__(self, version: int) -> None:
        self._version = version

    def of(
        self,
        what: str,
        kept: Mapping[str, Sequence[int]],
        names: Mapping[str, str],
        fits: Callable[[str, str], bool],
    ) -> Iterable[Hit]:
        found = ((id_, name) for id_, name in names.items() if id_ in kept and fits(id_, name))
        for id_, name in islice(found, EACH):
            versions = kept[id_]
            yield Hit(
                what=what,
                id=id_,
                name=name,
                count=len(versions),
                first=versions[0],
                before=before(versions, self._version),
                after=after(versions, self._version),
            )


def _places(book: Book, teller: Teller, wanted: str) -> Iterator[Hit]:
    """The one event or instant that a number or a time of day names."""
    if (event := _EVENT.fullmatch(wanted)) and 0 < int(event[1]) <= book.newest:
        yield Hit(what="event", id=event[1], name=event[1], first=int(event[1]))
    elif position := _POSITION.fullmatch(wanted):
        version = book.version_of(Instant(position=int(position[1])))
        if version and book.history[version - 1].position == int(position[1]):
            yield Hit(what="position", id=position[1], name=position[1], first=version)
    else:
        try:
            at = instant_of(wanted, book.date, book.office.clock)
        except WrongTimeError:
            return
        yield Hit(what="time", id=teller.time(at), name=teller.time(at), first=book.version_of(Instant(until=at)))

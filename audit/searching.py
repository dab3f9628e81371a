"""A search over all days of an office: on which of them a number, a counter, an officer, a kind of event or a code
stands; and the cases that somebody's number in an outside system leads to. The read model `search` answers.
"""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from audit.telling import Teller
from ltsa.models.search import Found, cases_of, on_days, reference_word, word_of
from ltsa.replay import KINDS
from web.house import House
from web.read_models import catch_up

SHOWN = 100
"""Days that are shown at once, the newest."""

SHORTEST = 2
"""Letters of which a beginning is looked for."""


class Result(Struct, frozen=True, kw_only=True):
    """What was found: days, the newest first, at most SHOWN of `count`; and cases."""

    days: tuple[Found, ...]
    count: int
    cases: tuple[Found, ...]


def search(here: House, teller: Teller, wanted: str, first: date | None, last: date | None) -> Result:
    """What is called as somebody wrote; where nothing is, what begins so. Blocks on the disk.

    Raises `BeingBuilt` or `LedgerUnavailableError`.
    """
    word, office = word_of(wanted), teller.office.id
    if not word:
        return Result(days=(), count=0, cases=())
    span = (first.isoformat() if first else "", last.isoformat() if last else "9999")
    named = [("number", word), ("officer", word), *_named(teller, word)]
    with catch_up(here, "search").reading() as database:
        days = on_days(database, office, named, *span)
        if not days and len(word) >= SHORTEST:
            days = on_days(database, office, [(what, word) for what in ("number", "officer")], *span, begins=True)
        cases = cases_of(database, office, word, reference_word(wanted))
    return Result(days=tuple(days[:SHOWN]), count=len(days), cases=tuple(cases))


def _named(teller: Teller, word: str) -> Iterator[tuple[str, str]]:
    """The counters, kinds of events and codes that are called so, or have it in their names."""
    names = {
        "counter": {counter: teller.counter(counter) for counter in teller.office.counter},
        "kind": {kind: teller.kind(kind) for kind in KINDS.values()},
        "code": teller.codes,
    }
    for what, known in names.items():
        yield what, word
        for code, name in known.items():
            if word != word_of(code) and (word in word_of(name) or (len(word) > SHORTEST and word in word_of(code))):
                yield what, word_of(code)

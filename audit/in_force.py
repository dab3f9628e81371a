"""What the rule said on a day: how its configuration differs from that of the service day before and of today, and what
was changed while the day was under way.
"""

from itertools import pairwise
from typing import NamedTuple

from audit.book import Book
from ltsa.configuring import compared
from ltsa.office import Office
from web.changed import Told, tell_all


class Differs(NamedTuple):
    """Changes between two configurations: from "before" the day, "within" it at an instant (ms UTC), "until" today; and
    the date of the service day before.
    """

    when: str
    at: int
    date: str
    changes: list[Told]


def around(book: Book, earlier: Book | None, today: Office, lang: str) -> list[Differs]:
    """What differs before, within and after a day, in words; nothing stands for a day that has none before it."""
    found = []
    if earlier:
        found.append(Differs("before", 0, earlier.date.isoformat(), _told(earlier.office, book.offices[0], lang)))
    for at, (was, now) in zip(book.configured, pairwise(book.offices), strict=True):
        found.append(Differs("within", at, "", _told(was, now, lang)))
    return [*found, Differs("until", 0, "", _told(book.office, today, lang))]


def _told(before: Office, after: Office, lang: str) -> list[Told]:
    return tell_all(compared(before, after), before, after, lang)

"""Service days taken out of the ledger: which, up to where, for whom, and their events with little ado.

An extract is one consistent cut: it ends at the position of the entry in the journal that says that it was taken. It is
read in chunks, day by day, so the memory that it takes does not grow with the ledger. No name, NIK or telephone number
is in an event, so none leaves with it; people stand in it under their pseudonym.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from ltsa.ledger import Ledger
from ltsa.present import day_stream

TOLD_EVERY = 1000
"""Events after which who waits hears how far it is."""


class Extract(Struct, frozen=True, kw_only=True):
    """What is taken: `zones` of each office by its id, dates (ISO, inclusive), up to which position of the ledger; and
    the watermark: by whom, when (ms UTC).
    """

    zones: dict[str, str]
    first: str
    last: str
    until: int
    by: str
    at: int

    @property
    def watermark(self) -> str:
        """Who took it and when, in one line that each format carries."""
        taken = datetime.fromtimestamp(self.at // 1000, ZoneInfo("UTC")).isoformat()
        return f"LTSA export by {self.by} at {taken}, ledger position {self.until}"


class Said(Struct, gc=False):
    """The part of any event of a day that tables need; what an event does not have is empty."""

    at: int
    by: str
    number: str = ""
    service: str = ""
    to: str = ""
    counter: str = ""
    case: str = ""
    officer: str = ""
    outcome: str = ""
    state: str = ""
    action: str = ""
    reason: str = ""
    services: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Taken(NamedTuple):
    """One event: where it stands, what it is called ("ticket-called"), what it says, and its JSON as stored."""

    office: str
    date: str
    position: int
    version: int
    code: str
    said: Said
    stored: bytes


_decode = msgspec.json.Decoder(Said).decode


def days(ledger: Ledger, extract: Extract) -> list[tuple[str, str]]:
    """The office and date of each service day of an extract, in order."""
    return [
        (office, date)
        for office in extract.zones
        for stream in ledger.streams(day_stream(office, ""))
        if extract.first <= (date := stream.removeprefix(day_stream(office, ""))) <= extract.last
    ]


def events(
    ledger: Ledger,
    extract: Extract,
    chosen: Sequence[tuple[str, str]],
    told: Callable[[int, int], object] = lambda _days, _events: None,
) -> Iterator[Taken]:
    """The events of some days, in order; `told` hears after each day, and now and then within a long one, how many days
    and events are done.
    """
    count = 0
    for done, (office, date) in enumerate(chosen):
        for position, version, topic, stored in ledger.stored(day_stream(office, date), extract.until):
            code = topic.partition("/")[0]
            yield Taken(office, date, position, version, code, _decode(stored), stored)
            count += 1
            if count % TOLD_EVERY == 0:
                told(done, count)
        told(done + 1, count)


def clock(extract: Extract) -> dict[str, Callable[[int], str]]:
    """What writes an instant (ms UTC) in each office's time zone, as ISO 8601 with milliseconds."""

    def of(zone: ZoneInfo) -> Callable[[int], str]:
        return lambda at: datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")

    return {office: of(ZoneInfo(zone)) for office, zone in extract.zones.items()}

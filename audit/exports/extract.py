"""Service days taken out of the ledger: which, up to where, for whom, and their events with little ado; and the cases
of those who came.

An extract is one consistent cut: it ends at the position of the entry in the journal that says that it was taken. It is
read in chunks, day by day, so the memory that it takes does not grow with the ledger. No name, NIK or telephone number
is in an event: people stand in an extract under their pseudonym. Who asks for who they are gives a reason, and gets
what the vault beside the ledger still has.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from ltsa.identity import Identity
from ltsa.journey import person_of, person_stream
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.present import day_stream

TOLD_EVERY = 1000
"""Events after which who waits hears how far it is."""

PIECE = 1 << 16
"""Bytes of a file that are read at a time."""


Format = Literal["csv", "jsonl", "xes", "ocel-json", "ocel-sqlite", "parquet"]
Trace = Literal["visit", "case"]

WITH_PERSONS = ("csv", "jsonl", "ocel-json", "ocel-sqlite")
"""The formats that can say who the people are: where one person stands once, or in columns of their own."""

PERSONAL = ("name", "nik", "phone")

LONGEST_REASON = 200

Who = Callable[[str], Identity | None]
"""Says who a person is, by the pseudonymous id; None for who was erased."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody asks for: in which format, of which dates (ISO, inclusive); `trace` is what a trace is in XES.
    `why` they need to know who the people are, None where they do not.

    Raises `Refusal` for what no format has, and for no reason.
    """

    format: Format
    first: str = "0001-01-01"
    last: str = "9999-12-31"
    trace: Trace = "visit"
    why: str | None = None

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise Refusal("wrong-span", f"{self.first} is after {self.last}; the first day comes first.", field="from")
        if self.trace == "case" and self.format != "xes":
            raise Refusal("wrong-trace", "Only XES has traces; the other formats take visits.", field="trace")
        if self.why is None:
            return
        if self.format not in WITH_PERSONS:
            message = f"Names, NIK and phone numbers go into {', '.join(WITH_PERSONS)} alone."
            raise Refusal("wrong-format-for-persons", message, field="format")
        if not self.why.strip() or len(self.why) > LONGEST_REASON or not self.why.isprintable():
            message = f"Say why you need to know who the people are, in 1 to {LONGEST_REASON} letters."
            raise Refusal("missing-export-reason", message, field="why")


class Extract(Struct, frozen=True, kw_only=True):
    """What is taken: `zones` of each office by its id, up to which position of the ledger; and the watermark: by whom,
    when (ms UTC).
    """

    wanted: Wanted
    zones: dict[str, str]
    until: int
    by: str
    at: int

    @property
    def watermark(self) -> str:
        """Who took it and when, in one line that each format carries."""
        personal = f", with personal data: {self.wanted.why}" if self.wanted.why else ""
        return watermark(self.by, self.at, self.until) + personal


def watermark(by: str, at: int, position: int) -> str:
    """Who took something out, when (ms UTC), and where the journal's entry about it stands."""
    taken = datetime.fromtimestamp(at // 1000, UTC).isoformat()
    return f"LTSA export by {by} at {taken}, ledger position {position}"


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
    corrects: int = 0
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


class CaseSaid(Struct, gc=False):
    """The part of any event of a person's stream that tables need; what an event does not have is empty."""

    at: int
    by: str
    case: str = ""
    office: str = ""
    date: str = ""
    number: str = ""
    step: str = ""
    outcome: str = ""
    unlocks: bool = True
    scheme: str = ""
    flow: str = ""
    corrects: int = 0


class Case(Struct):
    """A case: the office that opened it, its scheme and flow (the digest; the last that it was moved to), how it ended
    ("" while it is open), and what was said of its steps, in order, each under the version and the code of its event.
    """

    id: str
    office: str
    scheme: str
    flow: str
    outcome: str = ""
    steps: list[tuple[int, str, CaseSaid]] = []


def named(said: Said, who: Who) -> Identity | None:
    """Who came, where an event begins a visit of a case and the vault knows them."""
    return who(person_of(said.case)) if said.case else None


_decode = msgspec.json.Decoder(Said).decode
_decode_case = msgspec.json.Decoder(CaseSaid).decode


def days(ledger: Ledger, extract: Extract) -> list[tuple[str, str]]:
    """The office and date of each service day of an extract, in order."""
    return [
        (office, date)
        for office in extract.zones
        for stream in ledger.streams(day_stream(office, ""))
        if extract.wanted.first <= (date := stream.removeprefix(day_stream(office, ""))) <= extract.wanted.last
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


def cases(
    ledger: Ledger, extract: Extract, told: Callable[[int, int], object] = lambda _done, _of: None
) -> Iterator[Case]:
    """The cases that were opened, came for a visit or had a step in the extract's offices on its dates; each whole,
    wherever the rest of it happened, up to where the extract ends. `told` hears after each person how many of how many
    are done.
    """
    at = clock(extract)
    people = ledger.streams(person_stream(""))
    for done, stream in enumerate(people, 1):
        found: dict[str, Case] = {}
        chosen: set[str] = set()
        for _, version, topic, stored in ledger.stored(stream, extract.until):
            code, said = topic.partition("/")[0], _decode_case(stored)
            if code == "case-opened":
                found[said.case] = Case(said.case, said.office, said.scheme, said.flow)
            if (case := found.get(said.case)) is None:
                continue  # of the person and no case: a consent, a restriction, an appointment
            if code == "case-moved":
                case.scheme, case.flow = said.scheme, said.flow
            elif code in {"case-closed", "case-reopened"}:
                case.outcome = said.outcome
            elif said.step and code.startswith("step-"):
                case.steps.append((version, code, said))
            if said.office in at and (said.date or code == "case-opened"):
                date = said.date or at[said.office](said.at)[:10]
                chosen |= {said.case} if extract.wanted.first <= date <= extract.wanted.last else set()
        yield from (case for name, case in found.items() if name in chosen)
        told(done, len(people))


def utc(at: int) -> str:
    """An instant (ms UTC) in UTC, as ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def clock(extract: Extract) -> dict[str, Callable[[int], str]]:
    """What writes an instant (ms UTC) in each office's time zone, as ISO 8601 with milliseconds."""

    def of(zone: ZoneInfo) -> Callable[[int], str]:
        return lambda at: datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")

    return {office: of(ZoneInfo(zone)) for office, zone in extract.zones.items()}


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece

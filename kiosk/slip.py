"""A ticket on paper, in the printer's own language (ESC/POS): large number, the road, what to bring, the QR code.

The server says what stands on it, in the ticket's language; the printer's agent makes the bytes. Text and QR code are
the printer's own, so that a ticket is a few hundred bytes and its edges are sharp.
"""

from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from escpos.escpos import Escpos

COLUMNS = 48
"""Letters of a line: 80 mm paper, 203 dots an inch, the printer's first font. 58 mm paper has 32."""

DOTS_OF_A_LETTER = 12
LARGEST = 8
"""How many times its size the printer draws a letter at most."""

QR_MODULE = 7
"""Dots of a module of the code: 0.9 mm."""

QR_MEDIUM = 1
"""15 % of the code may be lost: a fold, a thumb."""


class Stop(Struct, frozen=True):
    """One service on the road, with what is to be said about it ("" for nothing)."""

    name: str
    note: str = ""


class Way(Struct, frozen=True, kw_only=True):
    """The journey that a ticket is a visit of: its road over days, each stop with its `signs` ("x" for done, ">" for
    today, "" for later), what comes next, and the number by which it is known.
    """

    title: str
    road: tuple[Stop, ...]
    signs: tuple[str, ...]
    then: str = ""
    number: str = ""


class Card(Struct, frozen=True, kw_only=True):
    """The card that a journey is found by: its address, and what is said beside the code."""

    url: str
    title: str
    keep: str


class Slip(Struct, frozen=True, kw_only=True):
    """What stands on a ticket. `again` is said on a `copy`, and when the same ticket may have been printed before. A
    visit of a journey shows the `way` too, the first one carries its `card`; `notes` are documents that were missing.
    """

    job: str
    number: str
    office: str
    label: str
    taken: str
    ahead: str
    road: tuple[Stop, ...]
    bring: str = ""
    papers: tuple[str, ...] = ()
    url: str
    follow: str
    follow_how: str
    foot: str
    again: str
    copy: bool = False
    wait: str = ""
    notes: tuple[str, ...] = ()
    way: Way | None = None
    card: Card | None = None


def ticket(slip: Slip, columns: int = COLUMNS, *, again: bool = False) -> bytes:
    """The bytes that print a ticket and cut it off."""
    paper = _paper()
    paper.hw("INIT")
    if again:
        paper.cut()  # what was begun before and broken off stays a slip of its own
    _lines(paper, slip.office, columns, bold=True, align="center")
    _lines(paper, slip.label, columns, align="center")
    size = min(LARGEST, columns // len(slip.number))
    paper.set(align="center", bold=True, custom_size=True, width=size, height=size)
    paper.text(f"{slip.number}\n")
    if again or slip.copy:
        _lines(paper, slip.again, columns, bold=True, align="center")
    _lines(paper, slip.taken, columns, align="center")
    _lines(paper, slip.ahead, columns, align="center")
    if slip.wait:
        _lines(paper, slip.wait, columns, bold=True, align="center")
    paper.text("\n")
    for n, stop in enumerate(slip.road, start=1):
        _lines(paper, f"{n}. {stop.name}", columns, bold=True, hang=3)
        if stop.note:
            _lines(paper, f"   {stop.note}", columns, hang=3)
    _papers(paper, slip, columns)
    paper.text("\n")
    _code(paper, slip.url)
    _lines(paper, slip.follow, columns, bold=True, align="center")
    _lines(paper, slip.follow_how, columns, align="center")
    paper.text("\n")
    if slip.way:
        _way(paper, slip.way, columns)
    if slip.card:
        _lines(paper, slip.card.title, columns, bold=True, align="center")
        _code(paper, slip.card.url)
        _lines(paper, slip.card.keep, columns, align="center")
    if slip.way or slip.card:
        paper.text("\n")
    _lines(paper, slip.foot, columns, align="center")
    paper.cut()
    return bytes(paper.output)


def _papers(paper: "Escpos", slip: Slip, columns: int) -> None:
    if slip.papers:
        paper.text("\n")
        _lines(paper, slip.bring, columns, bold=True)
        for document in slip.papers:
            _lines(paper, f"- {document}", columns, hang=2)
    for note in slip.notes:
        _lines(paper, f"! {note}", columns, bold=True, hang=2)


def _way(paper: "Escpos", way: Way, columns: int) -> None:
    _lines(paper, "-" * columns, columns)
    _lines(paper, way.title, columns, bold=True)
    for stop, sign in zip(way.road, way.signs, strict=True):
        note = f" ({stop.note})" if stop.note else ""
        _lines(paper, f"[{sign or ' '}] {stop.name}{note}", columns, bold=sign == ">", hang=4)
    if way.then:
        paper.text("\n")
        _lines(paper, way.then, columns)
    if way.number:
        _lines(paper, way.number, columns)
    paper.text("\n")


def _code(paper: "Escpos", url: str) -> None:
    paper.set_with_default(align="center")
    paper.qr(url, native=True, size=QR_MODULE, ec=QR_MEDIUM)


def notice(lines: tuple[str, ...], code: str, columns: int = COLUMNS) -> bytes:
    """The bytes that print a code with a sentence above and below it."""
    paper = _paper()
    paper.hw("INIT")
    _lines(paper, lines[0], columns, bold=True, align="center")
    size = min(LARGEST, columns // len(code))
    paper.set(align="center", bold=True, custom_size=True, width=size, height=size)
    paper.text(f"{code}\n")
    for line in lines[1:]:
        _lines(paper, line, columns, align="center")
    paper.cut()
    return bytes(paper.output)


def _paper() -> "Escpos":
    from escpos.printer import Dummy  # noqa: PLC0415 - installed when a printer is first used: requirements-printer.txt

    return Dummy()


def _lines(  # noqa: PLR0913 - by name
    paper: "Escpos", text: str, columns: int, *, bold: bool = False, align: str = "left", hang: int = 0
) -> None:
    paper.set_with_default(align=align, bold=bold)
    for line in wrap(text, columns, subsequent_indent=" " * hang):
        paper.text(f"{line}\n")

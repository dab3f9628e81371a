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


class Slip(Struct, frozen=True, kw_only=True):
    """What stands on a ticket. `again` is said on a `copy`, and when the same ticket may have been printed before."""

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
    if slip.papers:
        paper.text("\n")
        _lines(paper, slip.bring, columns, bold=True)
        for document in slip.papers:
            _lines(paper, f"- {document}", columns, hang=2)
    paper.text("\n")
    paper.set_with_default(align="center")
    paper.qr(slip.url, native=True, size=QR_MODULE, ec=QR_MEDIUM)
    _lines(paper, slip.follow, columns, bold=True, align="center")
    _lines(paper, slip.follow_how, columns, align="center")
    paper.text("\n")
    _lines(paper, slip.foot, columns, align="center")
    paper.cut()
    return bytes(paper.output)


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

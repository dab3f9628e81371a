"""A code that a phone reads (a ticket, an authenticator app), as one path of an SVG: sharp on any screen and paper."""

from itertools import groupby
from typing import NamedTuple

QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 asks."""

MASK = 2
"""Which of the eight masks is laid over every code. ISO/IEC 18004 (7.8) has an encoder make all eight and keep the most
even one; a reader is told in the code which it is, and reads any. That took five sixths of the time, for 725 points of
unevenness instead of 792 with this mask, the best on average over tickets' addresses.
"""


class Code(NamedTuple):
    """A QR code: `size` modules wide and high with its quiet zone, `path` the dark ones in those units."""

    size: int
    path: str


def draw(text: str) -> Code:
    """The smallest code of error level M (15 % may be lost: a fold, a thumb) that holds the text."""
    import qrcode  # noqa: PLC0415 - looks for an imaging library: a start has no time for it
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    return Code(len(rows), "".join(_row(y, row) for y, row in enumerate(rows)))


def _row(y: int, row: list[bool]) -> str:
    drawn, x = "", 0
    for dark, run in groupby(row):
        width = len(list(run))
        drawn += f"M{x} {y}h{width}v1h-{width}z" if dark else ""
        x += width
    return drawn

"""A code that a phone reads (a ticket, an authenticator app), as one path of an SVG: sharp on any screen and paper."""

from itertools import groupby
from typing import NamedTuple

QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 asks."""


class Code(NamedTuple):
    """A QR code: `size` modules wide and high with its quiet zone, `path` the dark ones in those units."""

    size: int
    path: str


def draw(text: str) -> Code:
    """The smallest code of error level M (15 % may be lost: a fold, a thumb) that holds the text."""
    import qrcode  # noqa: PLC0415 - looks for an imaging library: a start has no time for it
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
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

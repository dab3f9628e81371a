"""Tables for spreadsheets: CSV as RFC 4180 has it, in UTF-8 with the mark by which a spreadsheet knows that.

A text that a spreadsheet would take for a formula is written behind an apostrophe: officers' names are free text.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

MARK = "\ufeff"
FORMULA = (*"=+-@\uff1d\uff0b\uff0d\uff20", "\t", "\r", "\n")  # the wide ones as some spreadsheets read them
CHUNK = 500

Cell = str | int | float


def chunks(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The table as bytes, some hundred rows at a time."""
    text = io.StringIO(MARK)
    text.seek(0, io.SEEK_END)
    write = csv.writer(text).writerow
    for count, row in enumerate(rows, 1):
        write([_safe(cell) for cell in row])
        if count % CHUNK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

"""Free text on its way: kept beside the ledger before the ledger refers to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.people import Note
from ltsa.tokens import note_id
from web.house import House


@contextmanager
def note_beside(here: House, *, office: str, number: str, by: str, key: str, text: str) -> Iterator[str]:  # noqa: PLR0913 - by name
    """Keeps a note about a ticket of today while its command is given, and forgets it if the command is refused, unless
    the same note was kept before: then the ledger may refer to it.

    Gives the note's id for the command; "" for an empty text. Reading and writing wait in a native thread.
    """
    if not text:
        yield ""
        return
    name, day = note_id(here.seed, key, text), here.today(office)
    note = Note(id=name, office=office, date=day.date, number=number, by=by, at=here.now(), text=text)
    try:
        is_new = here.off_loop(here.people.keep, note)
    except sqlite3.Error as error:
        raise LedgerUnavailableError(f"the note cannot be kept: {error}") from error
    try:
        yield name
    except Refusal:
        if is_new:
            here.off_loop(here.people.forget, name)
        raise

"""Free text about people: kept beside the ledger before the ledger refers to it, and shown or erased only once that is
on record.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ltsa.journal import DataErased, DataSeen, entry
from ltsa.message import Refusal
from ltsa.people import Note
from web.house import House

MINUTE = 60_000


@contextmanager
def note_beside(here: House, *, office: str, number: str, by: str, key: str, text: str) -> Iterator[str]:  # noqa: PLR0913 - by name
    """Keeps a note about a ticket of today while its command is given, and forgets it if the command is refused, unless
    the same note was kept before: then the ledger may refer to it.

    Gives the note's id for the command; "" for an empty text. Reading and writing wait in a native thread.
    """
    if not text:
        yield ""
        return
    day = here.today(office)
    note = Note(office=office, date=day.date, number=number, by=by, at=here.now(), text=text)
    name, is_new = here.off_loop(here.people.keep, note, key)
    try:
        yield name
    except Refusal:
        if is_new:
            here.off_loop(here.people.forget, name)
        raise


def read_notes(here: House, *, office: str, date: str, number: str, by: str) -> list[Note]:
    """The notes about a ticket, oldest first. That somebody sees their words is on record before: once a minute for
    each person and ticket, by a key that is the same until the minute is over.
    """
    found = here.off_loop(here.people.notes, office, date, number)
    if any(note.text for note in found):
        at, about = here.now(), f"{number} {date}"
        key = f"seen notes {office} {about} {by} {at // MINUTE}"
        here.do(entry(DataSeen, office=office, at=at, by=by, key=key, kind="notes", about=about))
    return found


def erase_note(here: House, note: str, *, office: str, about: str, by: str, key: str) -> bool:  # noqa: PLR0913 - by name
    """Erases a note's text for good; that it was asked is on record before. `key` is the request's, `about` as
    "C012 2026-11-21". False when there is no such text any more.
    """
    if not here.off_loop(here.people.has_text, note):
        return False
    at, name = here.now(), f"erase {note} {key}"
    here.do(entry(DataErased, office=office, at=at, by=by, key=name, kind="notes", about=about, items=(note,)))
    return here.off_loop(here.people.erase, [note], by, at) == 1

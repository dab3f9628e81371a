"""A made-up office, kept by whichever program is on the path: `write.py` runs this beside programs of long ago, so it
says only what all of them understand.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from ltsa.commands import CallNext, FinishService, OpenCounter, StartService
from ltsa.people import Note
from tests.ltsa.crowd import give, issue
from tests.staff import hire, pair
from web.house import House
from web.settings import Settings

PASSWORD, PIN, TEXT = "kuda baterai staples benar", "493027", "Surat dokter menyusul."
RATNA = {"nik": "3171014507900001", "name": "RATNA KARANGAN", "phone": ""}


def keep(data: Path) -> dict[str, Any]:
    """Keeps an office in a new folder; what its program knew of it."""
    house: Any = House(Settings(data=data, port=0))
    hire(house)
    at = house.now()
    house.credentials.set_name("dewi", "Dewi Karangan")
    house.credentials.set_password("dewi", PASSWORD, at)
    house.credentials.set_pin("dewi", PIN, at)
    kiosk = pair(house, "kiosk", "pintu")
    numbers = [issue(house.ledger, f"visitor {n}") for n in range(5)]
    give(house.ledger, OpenCounter, "opens", counter="7", officer="dewi", services=("bank",))
    for n in range(2):
        give(house.ledger, CallNext, f"calls {n}", counter="7")
        give(house.ledger, StartService, f"starts {n}", counter="7")
        give(house.ledger, FinishService, f"finishes {n}", counter="7", outcome="done")
    house.catch_up()
    date = house.today("ltsa").date
    note: dict[str, Any] = {"office": "ltsa", "date": date, "number": numbers[4], "by": "officer:dewi", "at": at}
    if "sealed" in _columns_of_notes(data):
        house.people.keep(Note(**note, text=TEXT), "a note")
    else:
        house.people.keep(Note(**note, text=TEXT, id="n" * 32))
    person = ""
    if hasattr(house, "persons"):
        from ltsa.identity import Identity  # noqa: PLC0415 - the first programs have none

        person, _ = house.persons.keep(Identity(**RATNA), at)
    house.close()
    return {"date": date, "numbers": numbers, "kiosk": kiosk, "person": person, "identity": RATNA} | {
        "password": PASSWORD,
        "pin": PIN,
        "note": TEXT,
    }


def _columns_of_notes(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / "people.sqlite")) as file:
        return {row[1] for row in file.execute("PRAGMA table_info(notes)")}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "known.json").write_text(json.dumps(keep(folder), indent=1), encoding="utf-8")
    for path in folder.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

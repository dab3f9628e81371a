"""Writes a golden record with its signed checkpoint: `.venv/bin/python -m tests.ltsa.write_golden_checkpoint NAME`.

What was signed once must verify for ever. Never edit or write over what is there; a new format gets a new name.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from ltsa.checkpoint import signer
from ltsa.journal import DataSeen, entry
from ltsa.ledger import Ledger

GOLDEN = Path(__file__).parent / "golden"
KEY = signer("ltsa.example/golden", bytes(range(32)))
EVENTS = 300


def main(name: str) -> None:
    """The rows of a small ledger as SQL, the checkpoint, the key and a proof."""
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        for n in range(EVENTS):
            ledger.do(
                entry(DataSeen, office="installation", at=n, by="auditor:r", key=f"k{n}", kind="note", about=f"A{n}")
            )
        note = ledger.log.sign(KEY, EVENTS)
        assert note is not None
        ledger.close()
        with closing(sqlite3.connect(Path(folder) / "ledger.sqlite")) as connection:
            (GOLDEN / f"{name}.sql").write_text("\n".join(connection.iterdump()) + "\n")
    (GOLDEN / f"{name}.note").write_text(note.text())
    (GOLDEN / f"{name}.key").write_text(KEY.key.text() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

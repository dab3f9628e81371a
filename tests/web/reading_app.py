"""An office in which many read the ledger without a pause, and which is told to stop meanwhile.

`python -m tests.web.reading_app FOLDER`
"""

import os
import signal
import sys
from pathlib import Path

import gevent
from flask import Flask

from app import create_app
from web.server import run
from web.settings import Settings

READERS = 20
"""More than there are threads: some still wait for one."""


def meanwhile(app: Flask, _settings: Settings) -> None:
    """Begins to read; tells the office to stop as soon as everybody has read something."""
    house, have_read = app.extensions["ltsa"], set[int]()

    def reads_a_while() -> None:
        for _ in range(100):
            house.ledger.since(0)

    def reads(reader: int) -> None:
        while True:
            house.off_loop(reads_a_while)
            have_read.add(reader)
            if len(have_read) == READERS:
                os.kill(os.getpid(), signal.SIGINT)

    gevent.joinall([gevent.spawn(reads, reader) for reader in range(READERS)])


if __name__ == "__main__":
    sys.exit(run(Settings(data=Path(sys.argv[1]), port=0), create_app, meanwhile=meanwhile))

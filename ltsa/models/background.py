"""A thread that keeps a running office's read models up with the ledger, so that pages seldom wait for them."""

import logging
from threading import Event, Thread
from time import monotonic

from ltsa.ledger import LedgerUnavailableError
from ltsa.models.following import MODELS, ReadModels

log = logging.getLogger(__name__)

PAUSE = 10.0
"""Seconds between two looks at the ledger, when nobody asks."""


class Follower:
    """The thread. After each chunk it rests for as long as the chunk took: commands and pages go first."""

    def __init__(self, models: ReadModels) -> None:
        self._models = models
        self._asked, self._stopped = Event(), Event()
        self._thread = Thread(target=self._run, name="read-models", daemon=True)

    def start(self) -> None:
        """Begins. Called once."""
        self._thread.start()

    def hurry(self) -> None:
        """Somebody waits for a model."""
        self._asked.set()

    def stop(self) -> None:
        """Lets the present chunk end."""
        self._stopped.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failed = False
        while not self._stopped.is_set():
            self._asked.clear()
            try:
                for name in MODELS:
                    self._follow(name)
                failed = False
            except LedgerUnavailableError:
                if not failed:
                    log.exception("the read models do not follow the ledger; this is tried again")
                failed = True
            except Exception:
                log.exception("a read model cannot be followed")
            self._asked.wait(PAUSE)

    def _follow(self, name: str) -> None:
        behind = self._models.progress(name).behind
        while behind and not self._stopped.is_set():
            began = monotonic()
            behind = self._models.step(name).behind
            self._stopped.wait(monotonic() - began)

"""One process beside its ledger: what was committed, kept in memory, and commands, handed in and waited for.

Nothing here blocks the loop: the ledger's writer and whatever reads the disk are waited for, and others go on.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from ltsa.ledger import AnyCommand, Done, Ledger, LedgerUnavailableError
from ltsa.present import Present, Recorded
from ltsa.record import CHUNK
from web.turns import Turns

ANSWER = 1.8
"""Seconds that somebody waits for the ledger's answer; then they are told to ask again."""


class OffLoop(Protocol):
    """Does something that blocks while others go on, and waits for it."""

    def __call__(self, work: Callable[[int], Sequence[Recorded]], position: int, /) -> Sequence[Recorded]:
        """What came of it."""


class Following:
    """The committed state of one process, kept up with its ledger. On the loop's thread.

    `hear` is told of each event right after it was taken in.
    """

    def __init__(
        self,
        ledger: Ledger,
        present: Present,
        hear: Callable[[Recorded], object],
        off_loop: OffLoop,
        turns: Turns,
    ) -> None:
        self.present = present
        self._ledger, self._hear, self._off_loop, self._turns = ledger, hear, off_loop, turns
        self._reading = turns.lock()
        self._changed: set[str] = set()
        self._acknowledged = 0
        self._others_rang = False

    def do(self, command: AnyCommand) -> Done:
        """Waits, without blocking others, until a command is durable. Raises `Refusal`, or `LedgerUnavailableError`,
        also when that takes too long: the command goes on, and the same key gets its answer.
        """
        answered = self._turns.mark_for_threads()
        asked = self._ledger.submit(command, answered.set)
        if not answered.wait(ANSWER):
            raise LedgerUnavailableError(f"no answer for {ANSWER:g} s; the same key will tell what came of it")
        done = asked.result()
        self._acknowledged = max(self._acknowledged, done.position)
        return done

    def catch_up(self, position: int | None = None) -> None:
        """Takes in everything that was committed until now; or what was until a position that is known to be on record,
        without asking the disk for what the writer has in memory.
        """
        if position is not None and self.present.position >= position:
            return  # nobody waits for who is reading already
        with self._reading:
            while position is None or self.present.position < position:
                remembered = self._ledger.seen(self.present.position)
                rows = remembered or self._off_loop(self._ledger.since, self.present.position)
                for recorded in rows:
                    self.present.apply(recorded)
                    self._concerns(recorded)
                if not remembered and len(rows) < CHUNK:
                    return

    def keep_up(self) -> None:
        """After a bell: takes in what this process has committed, which is in memory, and whatever others have, if
        theirs has rung or there is nothing of its own.
        """
        own, others, self._others_rang = self._ledger.newest_seen, self._others_rang, False
        try:
            self.catch_up(own if own > self.present.position and not others else None)
        except LedgerUnavailableError:
            self._others_rang = True
            raise

    def read_own_writes(self, elsewhere: int = 0) -> None:
        """Before each request: everything that this server has acknowledged is part of what it shows and judges by; and
        what another has acknowledged to who asks, up to a position, unless the ledger is away.
        """
        self.catch_up(self._acknowledged)
        with suppress(LedgerUnavailableError):
            self.catch_up(elsewhere)

    def concern(self, office: str) -> None:
        """Something has changed that pages of this office show."""
        self._changed.add(office)

    def changed(self) -> set[str]:
        """The ids of the offices that changed since this was asked last."""
        changed, self._changed = self._changed, set()
        return changed

    def others_wrote(self) -> bool:
        """Whether there is more on record than this process's writer has seen. Reads the disk; any thread may."""
        if self._ledger.newest() <= self._ledger.newest_seen:
            return False
        self.others_rang()
        return True

    def others_rang(self) -> None:
        """Somebody else has perhaps written. Any thread may say so."""
        self._others_rang = True

    def _concerns(self, recorded: Recorded) -> None:
        kind, office, *_ = recorded.stream.split(":")
        if kind in {"day", "office"}:
            self.concern(office)
        elif kind == "person" and (at := getattr(recorded.event, "office", "")):
            self.concern(at)
        self._hear(recorded)

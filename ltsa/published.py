"""The proof log as others see it: signed, with witnesses' cosignatures, and with the keys that it signs with.

How each key vouched for the next one is on record.
"""

import time
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ltsa import trust
from ltsa.access import INSTALLATION
from ltsa.checkpoint import checkpoint_of
from ltsa.journal import LogKeySet, journal_stream
from ltsa.ledger import Ledger
from ltsa.log import leaf_text
from ltsa.log_key import signing_key
from ltsa.tiles import Tile
from ltsa.trust import NotBelievedError


class Published:
    """The log of one ledger. Safe from any thread and process; blocks on the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._log = ledger, ledger.log

    def sign(self) -> str:
        """Signs all that was committed; the newest checkpoint. Raises `ltsa.log.ForkError`."""
        self._log.sign(signing_key(self._ledger), time.time_ns() // 1_000_000)
        return self.checkpoint()

    def checkpoint(self) -> str:
        """The newest checkpoint, with the cosignatures that witnesses have brought."""
        note = self._log.checkpoint() or self._log.sign(signing_key(self._ledger), time.time_ns() // 1_000_000)
        if note is None:
            raise NotBelievedError("nothing is on record yet")
        return note.text()

    def covering(self, leaf: int) -> str:
        """The checkpoint that says most of a leaf: the newest that a witness has cosigned; else the newest; else one of
        now. Raises `ltsa.log.ForkError`.
        """
        newest = self._log.cosigned(leaf + 1) or self._log.checkpoint()
        if newest is None or checkpoint_of(newest.body).size <= leaf:
            return self.sign()
        return newest.text()

    def size(self) -> int:
        """How many leaves the newest checkpoint has signed."""
        return trust.read(self.checkpoint()).size

    def cosign(self, text: str, witnesses: Sequence[str]) -> list[str]:
        """Keeps the cosignatures that a checkpoint of ours bears of these witnesses (verifier keys); their names.

        Raises:
            NotBelievedError: it is no checkpoint of ours, or none of these has cosigned it.
        """
        brought = trust.read(text)
        found = trust.cosignatures(text, witnesses)
        if not found:
            raise NotBelievedError("no witness of this office has cosigned it")
        ours = self._log.checkpoint(brought.size)
        if ours is None or checkpoint_of(ours.body) != brought:
            raise NotBelievedError("it is none of the checkpoints of this log")
        self._log.cosign(brought.size, *found)
        return [each.name for each in found]

    def leaf(self, position: int) -> int | None:
        """The index of the leaf of the event at a position of the ledger; None for one that there is not."""
        try:
            return self._log.leaf(position)
        except KeyError:
            return None

    def leaf_texts(self, first: int, count: int) -> Iterator[bytes]:
        """The texts of so many leaves, made anew from what is stored."""
        return (leaf_text(row).encode() for row in self._ledger.leaves(first, first + count))

    def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile."""
        return self._log.tile(*tile)

    # --- The keys

    @property
    def verifier_key(self) -> str:
        """The key by which its signatures are known now."""
        return signing_key(self._ledger).key.text()

    def keys_text(self) -> str:
        """The key, and how each vouched for the next."""
        present = self.verifier_key
        return trust.keys_text(present, _successions(self._ledger, present))


@lru_cache(maxsize=8)
def _successions(ledger: Ledger, _present: str) -> tuple[str, ...]:
    """The notes by which keys vouched for the next, the oldest first: others are there once the key is another one."""
    events = (recorded.event for recorded in ledger.told_in(journal_stream(INSTALLATION, ""), "log-key-set/1"))
    return tuple(event.note for event in events if isinstance(event, LogKeySet) and event.old)

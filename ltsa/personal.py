"""The stores of personal data together: the persons, the notes, and the store of their keys, as one office has them.

Erasures on record are carried out here, whatever was cut off or put back from a backup. The ledger says first that an
erasure was asked; then the key is destroyed, then what it sealed is dropped. The key store remembers up to which
position of the ledger it has followed. So whichever of the stores comes back from a backup, what was erased since is
erased again when the office opens: from the ledger in the key store, from there in the data.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from ltsa.journal import DataErased
from ltsa.keys import Erased, Keys, MissingKeysError, missing
from ltsa.ledger import Ledger
from ltsa.people import People
from ltsa.persons import Persons
from ltsa.present import Recorded
from ltsa.side_store import Beside
from ltsa.subject import PersonErased

log = logging.getLogger(__name__)

KEYS, PERSONS, NOTES = "keys", "persons", "people"
"""Their stores' names."""

FOLLOWED_EVERY = 10_000
"""Events of the ledger after which a running office looks again what it said was erased."""


class Personal(NamedTuple):
    """The open stores. Everything here blocks."""

    keys: Keys
    persons: Persons
    people: People

    def close(self) -> None:
        """Closes them."""
        for store in reversed(self):
            store.close()

    def lost(self) -> tuple[int, int]:
        """Of how many persons and notes the key is gone although nobody erased them: the key store is an older one."""
        return (
            len(self.persons.kept() - self.keys.kept("person")),
            len(self.people.kept() - self.keys.kept("note")),
        )

    def carry_out(self, ledger: Ledger) -> None:
        """Erases what the ledger says was erased and is still there. Idempotent; reads the ledger on from where the key
        store had followed it, all of it where the ledger is the older one.
        """
        newest, after = ledger.newest(), self.keys.reached
        gone = list[Erased]()
        unnamed = defaultdict[tuple[str, str, str], list[Recorded]](list)
        for recorded in ledger.told("data-erased/1", "person-erased/1", after=after if after <= newest else 0):
            event = recorded.event
            match event:
                case PersonErased():
                    gone.append(Erased(f"person:{recorded.stream.partition(':')[2]}", event.by, event.at))
                case DataErased(kind="person" | "card"):
                    gone.append(Erased(f"person:{event.about}", event.by, event.at))
                case DataErased(kind="notes") if event.items:
                    gone += [Erased(f"note:{note}", event.by, event.at) for note in event.items]
                case DataErased(kind="notes"):
                    number, _, date = event.about.partition(" ")
                    unnamed[recorded.stream.split(":")[1], date, number].append(recorded)
                case _:
                    pass
        if left := [it for it in gone if not self.keys.was_erased(it.about)]:
            self.keys.destroy(left)
            self.persons.drop_erased()
            self.people.drop_erased()
        for (office, date, number), asked in unnamed.items():
            self._erase_unnamed(office, date, number, asked)
        if newest != after:
            self.keys.reach(newest)

    def _erase_unnamed(self, office: str, date: str, number: str, asked: list[Recorded]) -> None:
        """An older version did not say on record which note of a ticket was erased. If the file shows none of them as
        erased it is older than that: all that were there then go, since one of them must.
        """
        at = asked[-1].event.at
        before = [note for note in self.people.notes(office, date, number) if note.at <= at]
        if before and not any(note.erased_at for note in before):
            log.warning("%s of %s had a note erased, and the file of notes is older: all of them go", number, date)
            self.people.erase([note.id for note in before], asked[-1].event.by, at)


def open_personal(at: Callable[[str], Beside], seed: bytes) -> Personal:
    """Opens the stores, each where it lies by its name. Raises `MissingKeysError`, `WrongSeedError` or
    `LedgerUnavailableError`.
    """
    data = [at(PERSONS), at(NOTES)]
    keys = Keys(at(KEYS), seed, data)
    opened: list[Keys | Persons | People] = [keys]
    try:
        opened.append(persons := Persons(at(PERSONS), seed, keys))
        opened.append(people := People(at(NOTES), seed, keys))
        found = Personal(keys, persons, people)
        lost = found.lost()
        _check_keys(keys, [place for place, count in zip(data, lost, strict=True) if count])
    except BaseException:
        for store in reversed(opened):
            store.close()
        raise
    if any(lost):
        log.warning("the keys of %d persons and %d notes are missing: bring back the newest %s", *lost, keys.place)
    return found


def _check_keys(keys: Keys, without: list[Beside]) -> None:
    """Raises `MissingKeysError` where stores hold what has no key, and there is not one key."""
    if without and not (keys.kept("person") or keys.kept("note")):
        raise MissingKeysError(missing(keys.place, without[0]))

"""Who the persons are whose journeys are on record: the vault beside the ledger, where each can be erased.

Events carry a pseudonymous id. NIK, name and phone lie here, encrypted (AES-GCM) with a key of the person's own, which
lies in the key store (`ltsa/keys.py`). A person is found by a keyed hash of the NIK (HMAC-SHA256). Erasing destroys the
person's key, what it sealed and the hash: the id and its stream stay, and lead to nobody any more.
"""

import hmac
import logging
import secrets
from collections.abc import Iterable
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ltsa.commitment import commitment, identity_text, salt_of
from ltsa.identity import Identity
from ltsa.keys import Erased, Keys, WrongSeedError, bind
from ltsa.message import Refusal
from ltsa.secret_store import SecretStore, derived, opened, sealed
from ltsa.side_store import Beside, Tables

log = logging.getLogger(__name__)

ID_BYTES = 10

TABLES = (
    """CREATE TABLE IF NOT EXISTS persons (id TEXT PRIMARY KEY, found_by BLOB UNIQUE, sealed BLOB,
        kept_at INTEGER NOT NULL, erased_by TEXT NOT NULL DEFAULT '', erased_at INTEGER NOT NULL DEFAULT 0) STRICT""",
    "CREATE TABLE IF NOT EXISTS cards (card TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS cards_of_person ON cards (person)",
)
_ERASE = (
    "UPDATE persons SET found_by = NULL, sealed = NULL, erased_by = ?, erased_at = ? WHERE id = ? AND erased_at = 0"
)


class Persons(SecretStore):
    """The open file. Safe to use from any thread and beside other processes; blocks on the disk.

    Args:
        place: where it lies; made if it is not there, readable by its owner alone.
        seed: the installation's 32 secret bytes.
        keys: where the persons' keys lie. Keys that an older version kept in the file itself move there.

    Raises:
        WrongSeedError: the seed is another one than before.
    """

    def __init__(self, place: Beside, seed: bytes, keys: Keys) -> None:
        super().__init__(place, TABLES)
        self._keys = keys
        self._find = derived(seed, "persons find")
        own = AESGCM(derived(seed, "persons wrap"))
        try:
            self._keep_mark(own)
            self._move_keys(own)
        except InvalidTag:
            self.close()
            raise WrongSeedError("The persons were kept under another seed; bring it back from a backup") from None
        self.drop_erased()
        self._end_renewals()
        self._empty_log()

    # --- Who it is

    def keep(self, who: Identity, at: int) -> tuple[str, bool]:
        """The person's id, and whether it is a new one. Somebody who is known keeps name and phone as they were; whose
        key was lost is written down anew.
        """
        found_by = self._found_by(who.nik)
        with self._changing() as database:
            row = database.execute("SELECT id FROM persons WHERE found_by = ?", (found_by,)).fetchone()
            if row and self._keys.was_erased(_key(row[0])):  # by somebody else, a moment ago
                database.execute("UPDATE persons SET found_by = NULL WHERE id = ?", row)
                row = None
            person = row[0] if row else secrets.token_hex(ID_BYTES)
            if row is None or self._identity(database, person) is None:
                database.execute(
                    "INSERT INTO persons (id, found_by, sealed, kept_at) VALUES (?,?,?,?)"
                    " ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
                    (person, found_by, _seal(self._keys.make(_key(person)), who, person), at),
                )
        return person, row is None

    def find(self, nik: str) -> str | None:
        """The id of the person with a NIK, None where nobody has it."""
        row = self._rows("SELECT id FROM persons WHERE found_by = ?", self._found_by(nik))
        return str(row[0][0]) if row else None

    def read(self, person: str) -> Identity | None:
        """Who a person is; None for an id that nobody has, who was erased, or whose key was lost, or renewed since the
        file was backed up.
        """
        with self._looking() as database:
            return self._identity(database, person)

    def salt(self, person: str) -> bytes | None:
        """The salt under which the record commits to who a person is; None once they were erased."""
        key = self._keys.get(_key(person))
        return None if key is None else salt_of(key)

    def commitment(self, person: str) -> str:
        """The commitment to who a person is now; "" where nothing is known of them."""
        salt, who = self.salt(person), self.read(person)
        return "" if salt is None or who is None else commitment(salt, identity_text(who))

    def change(self, person: str, who: Identity, *, renewed: bool = False) -> bool:
        """Corrects who a person is. False for an id that nobody has; raises `Refusal` for somebody else's NIK.

        With `renewed` under another key: no backup tells any more what was kept before, and no guess can be held
        against what the record says of that.
        """
        with self._changing() as database:
            row = database.execute("SELECT 1 FROM persons WHERE id = ? AND erased_at = 0", (person,)).fetchone()
            if row is None or (key := self._keys.get(_key(person))) is None:
                return False
            found_by = self._found_by(who.nik)
            if database.execute("SELECT 1 FROM persons WHERE found_by = ? AND id <> ?", (found_by, person)).fetchone():
                raise Refusal("nik-taken", "Somebody else has this NIK here; look at both.", field="nik")
            if renewed:
                key = self._keys.begin_renewal(_key(person))
            sealed_now = _seal(key, who, person)
            database.execute("UPDATE persons SET found_by = ?, sealed = ? WHERE id = ?", (found_by, sealed_now, person))
        self._empty_log()
        if renewed:
            self._keys.end_renewal(_key(person))
        return True

    def forget(self, person: str) -> None:
        """Takes back a person to whom the ledger never came to refer, as if nobody had been kept."""
        with self._changing() as database:
            database.execute("DELETE FROM persons WHERE id = ?", (person,))
            database.execute("DELETE FROM cards WHERE person = ?", (person,))
        self._empty_log()
        self._keys.drop(_key(person))

    def erase(self, person: str, by: str, at: int) -> bool:
        """Erases who a person is for good, from both files and their logs; False when nothing is left to erase. Who did
        it and when stays. The key goes first: what is cut off then is completed when the file is opened.
        """
        destroyed = self._keys.destroy([Erased(_key(person), by, at)])
        with self._changing() as database:
            erased = database.execute(_ERASE, (by, at, person)).rowcount
            database.execute("DELETE FROM cards WHERE person = ?", (person,))
        self._empty_log()
        return bool(destroyed or erased)

    # --- Cards

    def put_card(self, card: str, person: str) -> bool:
        """Notes whose card has this SHA-256, before the ledger refers to it. False if it was noted before."""
        with self._changing() as database:
            return (
                database.execute("INSERT INTO cards VALUES (?,?) ON CONFLICT DO NOTHING", (card, person)).rowcount == 1
            )

    def drop_card(self, card: str) -> None:
        """Takes back a card to which the ledger never came to refer."""
        with self._changing() as database:
            database.execute("DELETE FROM cards WHERE card = ?", (card,))

    def of_card(self, card: str) -> str | None:
        """The id of the person whose card has this SHA-256."""
        row = self._rows("SELECT person FROM cards WHERE card = ?", card)
        return str(row[0][0]) if row else None

    def index(self, cards: Iterable[tuple[str, str]]) -> None:
        """Notes cards (SHA-256, person's id) as the ledger knows them, but those of the erased: the index is nothing
        that could not be made anew.
        """
        gone = {erased.about for erased in self._keys.erased("person")}
        with self._changing() as database:
            database.executemany(
                "INSERT INTO cards VALUES (?,?) ON CONFLICT DO NOTHING",
                [(card, person) for card, person in cards if _key(person) not in gone],
            )

    # --- What a file from a backup may hold

    def drop_erased(self) -> int:
        """Drops what is left of persons whose key was destroyed, and says of how many: of an erasure that was cut off,
        or in a file that is older than it.
        """
        gone = self._keys.erased("person")
        with self._changing() as database:
            dropped = 0
            for about, by, at in gone:
                person = about.partition(":")[2]
                dropped += database.execute(_ERASE, (by, at, person)).rowcount
                database.execute("DELETE FROM cards WHERE person = ?", (person,))
        if dropped:
            self._empty_log()
        return dropped

    def kept(self) -> set[str]:
        """The ids of all whom the file knows and who were not erased."""
        return {str(row[0]) for row in self._rows("SELECT id FROM persons WHERE erased_at = 0")}

    def kept_before(self, at: int) -> list[str]:
        """The ids of those who were written down before an instant (ms UTC) and not erased, the oldest first."""
        query = "SELECT id FROM persons WHERE kept_at < ? AND erased_at = 0 ORDER BY kept_at"
        return [str(row[0]) for row in self._rows(query, at)]

    # --- Inside

    def _identity(self, database: Tables, person: str) -> Identity | None:
        about = _key(person)
        for of in (self._keys.renewal, self._keys.get) * 2:  # again, if it was renewed between two looks
            if (key := of(about)) is not None and (plain := _opens(database, person, key)) is not None:
                return msgspec.json.decode(plain, type=Identity)
        return None

    def _end_renewals(self) -> None:
        """Ends what was cut off between two keys: the new one stays where the person is sealed with it, else the
        old one. Under the file's lock, so that nobody is in the middle of it.
        """
        with self._changing() as database:
            for about in self._keys.renewals():
                person, new = about.partition(":")[2], self._keys.renewal(about)
                if new is not None and _opens(database, person, new) is not None:
                    self._keys.end_renewal(about)
                else:
                    self._keys.drop_renewal(about)

    def _found_by(self, nik: str) -> bytes:
        return hmac.digest(self._find, nik.encode(), sha256)

    def _keep_mark(self, own: AESGCM) -> None:
        """By which another seed is known. Raises `InvalidTag`."""
        with self._changing() as database:
            mine = sealed(own, b"persons", "mark")
            database.execute("INSERT INTO marks VALUES ('seed', ?) ON CONFLICT DO NOTHING", (mine,))
            (mark,) = database.execute("SELECT value FROM marks WHERE name = 'seed'").fetchone()
        opened(own, mark, "mark")

    def _move_keys(self, own: AESGCM) -> None:
        """Moves the keys of an older version, which lie wrapped beside what they seal, to the key store: first they are
        there, then they are no longer here. Whatever was erased stays so.
        """
        with self._changing() as database:
            if "key" in self.side.columns("persons"):
                log.warning("%s is of an older program: the persons' keys move to the key store", self.side.place)
                erased = database.execute("SELECT id, erased_by, erased_at FROM persons WHERE erased_at > 0").fetchall()
                self._keys.destroy(Erased(_key(person), by, at) for person, by, at in erased)
                gone = {key.about for key in self._keys.erased("person")}
                held = database.execute("SELECT id, key FROM persons WHERE key IS NOT NULL").fetchall()
                self._keys.take_over(
                    {_key(it): opened(own, key, it) for it, key in held if _key(it) not in gone},
                )
                database.execute("ALTER TABLE persons DROP COLUMN key")
            bind(database, self._keys)


def _key(person: str) -> str:
    return f"person:{person}"


def _seal(key: bytes, who: Identity, person: str) -> bytes:
    return sealed(AESGCM(key), msgspec.json.encode(who), person)


def _opens(database: Tables, person: str, key: bytes) -> bytes | None:
    """What is sealed of a person, if this key opens it."""
    row = database.execute("SELECT sealed FROM persons WHERE id = ? AND sealed IS NOT NULL", (person,)).fetchone()
    if row is None:
        return None
    try:
        return opened(AESGCM(key), row[0], person)
    except InvalidTag:
        return None

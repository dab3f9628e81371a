"""What must be the same on every host that serves one office: `seed` and `log.key`, by marks of them in the database.

The files themselves are copied by hand, once: who has a copy of the database must not have them. And a guard: keys that
lie in a file are one host's, which takes no second one beside it.
"""

import hmac
import logging
import zlib
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ltsa import log_key
from ltsa.keys import LOG, mark
from ltsa.ledger import Ledger
from ltsa.postgres_server import Server, Session, named
from ltsa.secret_store import SecretStore, derived, mark_of
from ltsa.side_store import Schema
from ltsa.store import FORMAT, WITH_ALL_BESIDE
from web.settings import Settings, WrongSetting

log = logging.getLogger(__name__)

SEED, LOG_KEY = "seed", "log key"
ALIKE = ("office", "public_url", "witnesses", "log_origin", "oidc_issuer", "oidc_client_id", "oidc_secret")
"""Settings that an office has, not a host."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Installation(SecretStore):
    """The marks of what the hosts of one office share, in their database."""

    def __init__(self, server: Server, folder: Path) -> None:
        super().__init__(Schema(server, "installation"), ())
        self._folder = folder
        self._server = server

    def mark_database(self) -> None:
        """Lets no older program open the ledger, which knows nothing of what lies beside it in the database."""
        with self._server.session() as session, named("the ledger cannot be marked"):
            session.execute("UPDATE ltsa_format SET format = ? WHERE format = ?", (WITH_ALL_BESIDE, FORMAT))

    def check_seed_is_here(self) -> None:
        """Raises `WrongSetting` on a host that has no seed while others have one: it must not make its own."""
        path = self._folder / "seed"
        if not path.exists() and self._mark(SEED):
            raise WrongSetting(
                f"There is no {path}, and this database's office has a seed: copy seed and {log_key.FILE} from the data"
                f" folder of another host, or of a backup's keys, into {self._folder}."
            )

    def check_seed(self, seed: bytes) -> None:
        """Raises `WrongSetting` for another seed than the hosts before have."""
        if self._kept(SEED, derived(seed, "installation")) != derived(seed, "installation"):
            raise WrongSetting(
                f"{self._folder / 'seed'} is not the seed of this database's office: tickets, people and sign-ins would"
                " be strangers to this host. Copy seed from the data folder of another host in its place."
            )

    def check_log_key(self, ledger: Ledger, name: str) -> None:
        """Makes the key that signs the record if there is none yet. Raises `WrongSetting` for another one than the
        hosts before have, or where it is missing or no key.
        """
        try:
            self._check_log_key(ledger, name)
        except log_key.UnreadableKeyError as reason:
            raise WrongSetting(str(reason)) from None

    def check_keys(self, keys: Schema, ledger: Ledger) -> None:
        """Raises `WrongSetting` where the database of the keys is another office's: neither would know how far the
        other's erasures were followed.
        """
        known = mark_of(keys, LOG)
        if known not in (None, log_key.origin(ledger).encode()):
            raise WrongSetting(
                f"The setting keys_database names the keys of another office, whose log is {known.decode()}: name a"
                " database, or a schema, of this office's own."
            )

    def compare(self, settings: Settings, seed: bytes) -> None:
        """Says in the log what should be the same here as on the host that started last, and is not."""
        key = derived(seed, "installation settings")
        own = {name: hmac.digest(key, str(getattr(settings, name)).encode(), sha256) for name in ALIKE}
        own["voice/"] = _content(settings.data / "voice")
        known = dict(self._rows("SELECT name, value FROM marks"))
        differing = [name for name, value in own.items() if known.get(f"like {name}", value) != value]
        if differing:
            log.warning(
                "Not as on the host that started last: %s. Give all hosts of an office the same.", ", ".join(differing)
            )
        if any(known.get(f"like {name}") != value for name, value in own.items()):
            with self._changing() as database:
                for name, value in own.items():
                    mark(database, f"like {name}", value)

    def change_log_key(self, new: str) -> None:
        """Another key signs from now on; "": the next that a host brings along."""
        with self._changing() as database:
            if new:
                mark(database, LOG_KEY, new.encode())
            else:
                database.execute("DELETE FROM marks WHERE name = ?", (LOG_KEY,))

    # --- Within

    def _check_log_key(self, ledger: Ledger, name: str) -> None:
        path, following = self._folder / log_key.FILE, self._folder / log_key.NEXT
        known = self._mark(LOG_KEY)
        if known and following.exists() and log_key.read(following).key.text().encode() == known:
            following.replace(path)  # changed here, and cut off in it
        if known and not path.exists():
            raise WrongSetting(
                f"There is no {path}, and other hosts of this database's office sign with theirs: copy {log_key.FILE}"
                " from the data folder of another host, or of a backup's keys. If it is lost everywhere: python3 app.py"
                " log-key --lost."
            )
        own = log_key.signing_key(ledger, name).key.text().encode()
        if self._kept(LOG_KEY, own) != own:
            raise WrongSetting(
                f"{path} is not the key that signs this database's record now: copy {log_key.FILE} from the data folder"
                " of the host on which it was changed last."
            )

    def _mark(self, name: str) -> bytes | None:
        found = self._rows("SELECT value FROM marks WHERE name = ?", name)
        return found[0][0] if found else None

    def _kept(self, name: str, own: bytes) -> bytes | None:
        """A mark; one's own where there was none."""
        if (known := self._mark(name)) is not None:
            return known
        with self._changing() as database:
            database.execute("INSERT INTO marks VALUES (?, ?) ON CONFLICT DO NOTHING", (name, own))
        return self._mark(name)


class OneHost:
    """Says in the database, for as long as this process lives, which file of keys it uses: who uses another one beside
    it would seal with keys that nobody else has. Processes of one machine over one data folder use the same.
    """

    def __init__(self, server: Server, keys: Path) -> None:
        where = keys.stat()
        own = f"{BOOT.read_text('ascii') if BOOT.exists() else ''} {where.st_dev} {where.st_ino}"
        self._keys, self._server = keys, server
        self._class, self._own = _number(f"ltsa keys {server.schema}"), _number(own)
        self._session: Session | None = None

    def hold(self) -> None:
        """Says it, again if the connection was lost. Raises `WrongSetting` where another host says so too, and
        `LedgerUnavailableError`.
        """
        if self._session is not None and not self._session.is_lost:
            return
        self.close()
        self._session = self._server.connect()
        with named("the other hosts of this database cannot be looked for"):
            self._session.execute("SELECT pg_advisory_lock_shared(?, ?)", (self._class, self._own))
            others = self._session.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = ? AND"
                " objid::bigint <> ? AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                (self._class % 2**32, self._own % 2**32),
            ).fetchone()
        if others != (0,):
            self.close()
            raise WrongSetting(
                f"Another host serves this database's office with a keys.sqlite of its own, and so would this one with"
                f" {self._keys}: what one seals the other could not read. Name a database for the keys on each host,"
                " with the setting keys_database; the first that starts takes its keys.sqlite there."
            )

    def close(self) -> None:
        """Says it no longer."""
        if self._session is not None:
            with suppress(OSError):
                self._session.close()
            self._session = None


def _content(folder: Path) -> bytes:
    """What is in a folder: the names and sizes of its files."""
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    said = [f"{file.relative_to(folder)} {file.stat().st_size}" for file in files if file.is_file()]
    return sha256("\n".join(said).encode()).digest()


def _number(text: str) -> int:
    """A text as a key of an advisory lock, 32 bits with a sign."""
    return zlib.crc32(text.encode()) - 2**31

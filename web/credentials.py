"""What must stay secret about people, beside the ledger and erasable: passwords, PINs, second factors, links, sessions.

Everything here blocks (on the disk, or computing hashes) and belongs into `House.off_loop`; time is always passed in
(`at`, ms UTC). No secret is kept: passwords and PINs as Argon2id hashes under the server's key, sessions, links and
recovery codes as SHA-256, the secrets of authenticator apps encrypted. The decision: docs/decisions/sign-in.md.
"""

from collections.abc import Iterable
from typing import Literal

from argon2 import PasswordHasher
from msgspec import Struct

from ltsa.side_store import Beside, Tables
from web.departures import Departures
from web.passwords import WeakPasswordError, demand_password, demand_pin, hashed, matches
from web.second_factor import Outcome, SecondFactors
from web.sessions import ABSOLUTE, IDLE, Session, Sessions, find_session, rotated
from web.vault import TRIES, UNTIL_SIGN_IN, WrongKeyError, begin_try, digest, end_tries, new_secret

__all__ = [
    "ABSOLUTE",
    "IDLE",
    "TRIES",
    "Credentials",
    "Link",
    "Outcome",
    "Purpose",
    "Session",
    "WeakPasswordError",
    "WrongKeyError",
]

Purpose = Literal["setup", "invitation", "reset"]


class Link(Struct, frozen=True, kw_only=True):
    """What a one-time link is for; `until` in ms UTC. `person` is "" where the first account is to be made."""

    person: str
    purpose: Purpose
    until: int


class Credentials(SecondFactors, Sessions, Departures):
    """The secrets of all people of one installation. Safe to use from any thread and by several processes at once."""

    def __init__(self, place: Beside, key: bytes, hasher: PasswordHasher | None = None) -> None:
        super().__init__(place, key)
        self._hasher = hasher or PasswordHasher()

    # --- Names

    def set_name(self, person: str, name: str) -> None:
        """Keeps a person's full name."""
        with self._changing() as database:
            database.execute(
                "INSERT INTO names VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET name = excluded.name",
                (person, name),
            )

    def name(self, person: str) -> str:
        """A person's full name; the account's id where there is none."""
        with self._looking() as database:
            row = database.execute("SELECT name FROM names WHERE person = ?", (person,)).fetchone()
        return row[0] if row else person

    def names(self) -> dict[str, str]:
        """All names by account."""
        with self._looking() as database:
            return dict(database.execute("SELECT person, name FROM names").fetchall())

    # --- Passwords

    def set_password(self, person: str, password: str, at: int, words: Iterable[str] = ()) -> None:
        """Keeps a new password; locks fall. `words` that a guesser would try first, beside account and name: the
        office's names. Open sessions stay: `close_all` ends them.

        Raises:
            WeakPasswordError: too short, too long, too easy to guess.
        """
        demand_password(password, (person, self.name(person), *words))
        self._keep_hash(person, "password", password, at)

    def has_password(self, person: str) -> bool:
        """Whether the person has set a password."""
        with self._looking() as database:
            return _kept(database, person, "password") is not None

    def check_password(self, person: str, password: str, at: int) -> Outcome:
        """Whether this is the person's password. Five wrong in a row lock for 15 minutes; "none" where there is no such
        account or no password, at the same cost and with the same lock.
        """
        with self._changing() as database:
            kept = _kept(database, person, "password")
            about = self._about(database, person)
            if not begin_try(database, about, at):
                return "locked"
        if kept is None:
            hashed(self._hasher, password)
            return "none"
        return self._compare(person, "password", password, kept, about)

    def locked_until(self, person: str, at: int) -> int:
        """When the lock on a person's sign-in ends (ms UTC); 0 when there is none."""
        with self._looking() as database:
            (until,) = database.execute(
                "SELECT coalesce(max(locked_until), 0) FROM tries WHERE about IN (?, ?)",
                (self._about(database, person), f"second-factor {person}"),
            ).fetchone()
        return until if until > at else 0

    def unlock(self, person: str) -> None:
        """Lets a person try again at once."""
        with self._changing() as database:
            _end_all_tries(database, person)

    # --- PINs

    def set_pin(self, person: str, pin: str, at: int) -> None:
        """Keeps a PIN of six digits. Raises `WeakPasswordError`."""
        demand_pin(pin)
        self._keep_hash(person, "pin", pin, at)

    def has_pin(self, person: str) -> bool:
        """Whether the person has a PIN."""
        with self._looking() as database:
            return _kept(database, person, "pin") is not None

    def drop_pin(self, person: str) -> None:
        """Takes the PIN away."""
        with self._changing() as database:
            database.execute("DELETE FROM hashes WHERE person = ? AND kind = 'pin'", (person,))
            end_tries(database, f"pin {person}")

    def check_pin(self, person: str, pin: str, at: int) -> Outcome:
        """Whether this is the person's PIN. Five wrong in a row lock it until the person signs in again."""
        about = f"pin {person}"
        with self._changing() as database:
            kept = _kept(database, person, "pin")
            if kept is None:
                return "none"
            if not begin_try(database, about, at, lock=UNTIL_SIGN_IN):
                return "locked"
        return self._compare(person, "pin", pin, kept, about)

    def unlock_session(self, secret: str, pin: str, at: int) -> tuple[Outcome, str]:
        """Opens a locked session with its person's PIN: "right" and the session's new secret. The fifth wrong PIN in a
        row closes the session: "locked"; "none" where there is no session or no PIN.
        """
        found = self.session(secret, at)
        outcome = self.check_pin(found.person, pin, at) if found else "none"
        if found is None or outcome == "none":
            return "none", ""
        about = f"pin {found.person}"
        with self._changing() as database:
            if outcome == "right":
                still = find_session(database, secret, at)
                return (
                    ("right", rotated(database, still, at, second_factor=still.second_factor))
                    if still
                    else ("none", "")
                )
            if database.execute("SELECT 1 FROM tries WHERE about = ? AND locked_until > ?", (about, at)).fetchone():
                database.execute("DELETE FROM sessions WHERE digest = ?", (digest(secret),))
                return "locked", ""
        return outcome, ""

    # --- Links

    def make_link(self, person: str, purpose: Purpose, at: int, hours: int) -> str:
        """The secret of a new link for a person, good once within `hours`. Links made for them before are no longer."""
        secret = new_secret()
        with self._changing() as database:
            database.execute("DELETE FROM links WHERE person = ?", (person,))
            database.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?)", (digest(secret), person, purpose, at + hours * 3_600_000)
            )
        return secret

    def link(self, secret: str, at: int) -> Link | None:
        """What a link is for, if it is still good. Does not use it."""
        with self._looking() as database:
            row = database.execute(
                "SELECT person, purpose, until FROM links WHERE digest = ? AND until > ?", (digest(secret), at)
            ).fetchone()
        return Link(person=row[0], purpose=row[1], until=row[2]) if row else None

    def use_link(self, secret: str, at: int) -> Link | None:
        """What a link is for, once: nobody else gets it. Locks of its person fall."""
        with self._changing() as database:
            row = database.execute(
                "DELETE FROM links WHERE digest = ? AND until > ? RETURNING person, purpose, until",
                (digest(secret), at),
            ).fetchone()
            if row is None:
                return None
            _end_all_tries(database, row[0])
            return Link(person=row[0], purpose=row[1], until=row[2])

    def put_back(self, secret: str, link: Link) -> None:
        """Makes a link good again whose use failed half-way, unless a newer one was made."""
        with self._changing() as database:
            if not database.execute("SELECT 1 FROM links WHERE person = ?", (link.person,)).fetchone():
                kept = (digest(secret), link.person, link.purpose, link.until)
                database.execute("INSERT INTO links VALUES (?, ?, ?, ?)", kept)

    # --- Accounts elsewhere (OpenID Connect)

    def link_external(self, person: str, issuer: str, subject: str) -> bool:
        """Lets an account of another provider sign a person in. False if it belongs to somebody else."""
        with self._changing() as database:
            database.execute("INSERT INTO external VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (issuer, subject, person))
            return _by_external(database, issuer, subject) == person

    def by_external(self, issuer: str, subject: str) -> str | None:
        """Whose account of another provider this is."""
        with self._looking() as database:
            return _by_external(database, issuer, subject)

    def external(self, person: str) -> list[tuple[str, str]]:
        """A person's accounts elsewhere: issuer and subject."""
        with self._looking() as database:
            found: list[tuple[str, str]] = database.execute(
                "SELECT issuer, subject FROM external WHERE person = ? ORDER BY issuer, subject", (person,)
            ).fetchall()
        return found

    def drop_external(self, person: str, issuer: str, subject: str) -> bool:
        """Takes an account elsewhere from a person. False if it was not theirs."""
        with self._changing() as database:
            dropped = database.execute(
                "DELETE FROM external WHERE issuer = ? AND subject = ? AND person = ?", (issuer, subject, person)
            )
            return dropped.rowcount == 1

    # --- Erasing

    def erase(self, person: str) -> None:
        """Everything of a person who has left, from the file and its log."""
        with self._changing() as database:
            for table in ("names", "hashes", "totp", "recovery", "links", "sessions", "half_way", "external"):
                database.execute(f"DELETE FROM {table} WHERE person = ?", (person,))  # noqa: S608 - our own names
            _end_all_tries(database, person)
        self._empty_log()

    # --- Within

    def _about(self, database: Tables, person: str) -> str:
        known = _kept(database, person, "password") is not None
        return f"password {person}" if known else f"password ?{self._hidden(person)}"

    def _keep_hash(self, person: str, kind: str, secret: str, at: int) -> None:
        kept = self._seal(hashed(self._hasher, secret).encode(), f"{kind} {person}")
        with self._changing() as database:
            database.execute(
                "INSERT INTO hashes VALUES (?, ?, ?, ?) ON CONFLICT (person, kind) DO UPDATE"
                " SET sealed = excluded.sealed, at = excluded.at",
                (person, kind, kept, at),
            )
            end_tries(database, f"{kind} {person}")

    def _compare(self, person: str, kind: str, secret: str, kept: bytes, about: str) -> Outcome:
        """Whether a secret is the one kept, outside any transaction: a hash takes long. Renews a hash of less cost than
        new ones have. What was changed meanwhile is not accepted.
        """
        known = self._open(kept, f"{kind} {person}").decode()
        if not matches(self._hasher, known, secret):
            return "wrong"
        renewed = kept
        if self._hasher.check_needs_rehash(known):
            renewed = self._seal(hashed(self._hasher, secret).encode(), f"{kind} {person}")
        with self._changing() as database:
            still = database.execute(
                "UPDATE hashes SET sealed = ? WHERE person = ? AND kind = ? AND sealed = ?",
                (renewed, person, kind, kept),
            )
            if still.rowcount != 1:
                return "wrong"
            end_tries(database, about)
        return "right"


def _kept(database: Tables, person: str, kind: str) -> bytes | None:
    row = database.execute("SELECT sealed FROM hashes WHERE person = ? AND kind = ?", (person, kind)).fetchone()
    return row[0] if row else None


def _by_external(database: Tables, issuer: str, subject: str) -> str | None:
    row = database.execute("SELECT person FROM external WHERE issuer = ? AND subject = ?", (issuer, subject)).fetchone()
    return row[0] if row else None


def _end_all_tries(database: Tables, person: str) -> None:
    end_tries(database, *(f"{kind} {person}" for kind in ("password", "second-factor", "pin")))

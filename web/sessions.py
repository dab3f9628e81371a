"""Sessions: who is signed in where. A session's secret stands in a cookie; the file keeps its SHA-256 alone."""

import secrets

import msgspec
from msgspec import Struct

from ltsa.side_store import Tables
from web.vault import FORGOTTEN_AFTER, Vault, digest, end_tries, new_secret

IDLE = 30 * 60_000
"""ms without a sign of life after which a session ends, or locks on an enrolled counter PC."""

ABSOLUTE = 12 * 3_600_000
"""ms after which a session ends in any case."""

SEEN_EVERY = 60_000
"""ms between two notes of a sign of life: each is a write to the disk."""

HALF_WAY = 5 * 60_000
"""ms within which the second step of a sign-in must follow the first."""


class HalfWay(Struct, frozen=True, kw_only=True):
    """A sign-in whose first step was right (`how`: "password", "link", "external") and whose second is to come."""

    person: str
    how: str


class Session(Struct, frozen=True, kw_only=True):
    """One session. `id` is public and short; `device` the enrolled device it is on, or ""; times in ms UTC.

    `locked` ones let their person do nothing but unlock them (or sign in anew).
    """

    id: str
    person: str
    how: str
    device: str
    began: int
    seen: int
    until: int
    locked: bool
    second_factor: bool


_COLUMNS = ", ".join(Session.__struct_fields__)


class Sessions(Vault):
    """Who is signed in where."""

    def open_session(  # noqa: PLR0913 - what a session is
        self, person: str, how: str, device: str, at: int, absolute_ms: int = ABSOLUTE, *, second_factor: bool = False
    ) -> str:
        """Begins a session after a sign-in; its secret, for the cookie. The PIN's wrong tries are forgotten."""
        secret = new_secret()
        with self._changing() as database:
            database.execute(
                f"INSERT INTO sessions (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",  # noqa: S608 - our own names
                (
                    digest(secret),
                    secrets.token_hex(6),
                    person,
                    how,
                    device,
                    at,
                    at,
                    at + absolute_ms,
                    int(second_factor),
                ),
            )
            end_tries(database, f"pin {person}")
        return secret

    def session(self, secret: str, at: int) -> Session | None:
        """The session of a secret, if it has not ended. Reads only."""
        with self._looking() as database:
            return find_session(database, secret, at)

    def seen(self, secret: str, at: int) -> None:
        """Notes a sign of life, once a minute at most. Neither a locked nor an ended session revives."""
        with self._looking() as database:
            found = find_session(database, secret, at)
        if found is None or found.locked or at - found.seen < SEEN_EVERY:
            return
        with self._changing() as database:
            found = find_session(database, secret, at)
            if found and not found.locked:
                database.execute("UPDATE sessions SET seen = greatest(seen, ?) WHERE id = ?", (at, found.id))

    def rotate(self, secret: str, at: int, *, second_factor: bool | None = None) -> str | None:
        """The same session under a new secret, for each change of strength; the old one opens nothing any more. None if
        it has ended or is locked.
        """
        with self._changing() as database:
            found = find_session(database, secret, at)
            if found is None or found.locked:
                return None
            return rotated(
                database, found, at, second_factor=found.second_factor if second_factor is None else second_factor
            )

    def lock(self, secret: str) -> None:
        """Locks a session until its PIN is given."""
        with self._changing() as database:
            database.execute("UPDATE sessions SET locked = 1 WHERE digest = ?", (digest(secret),))

    def close_session(self, secret: str) -> None:
        """Ends a session: sign-out."""
        with self._changing() as database:
            database.execute("DELETE FROM sessions WHERE digest = ?", (digest(secret),))

    def close_by_id(self, person: str, session: str) -> bool:
        """Ends one of the person's sessions by its public id. False when there is none such."""
        with self._changing() as database:
            closed = database.execute("DELETE FROM sessions WHERE id = ? AND person = ?", (session, person))
            return closed.rowcount == 1

    def close_all(self, person: str, except_: str = "") -> int:
        """Ends a person's sessions and sign-ins, but the session with the secret `except_`; how many sessions."""
        with self._changing() as database:
            closed = database.execute(
                "DELETE FROM sessions WHERE person = ? AND digest != ?", (person, digest(except_) if except_ else b"")
            )
            database.execute("DELETE FROM half_way WHERE person = ?", (person,))
            return closed.rowcount

    def end_everything(self, at: int) -> None:
        """All sessions end now, as those do whose time is over; links and sign-ins half way are no longer good."""
        with self._changing() as database:
            database.execute("UPDATE sessions SET until = least(until, ?)", (at,))
            database.execute("DELETE FROM links")
            database.execute("DELETE FROM half_way")
            database.execute("DELETE FROM away")

    def sessions(self, person: str, at: int) -> list[Session]:
        """A person's sessions that have not ended, the latest seen first."""
        with self._looking() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM sessions WHERE person = ? ORDER BY seen DESC, began DESC, id",  # noqa: S608 - our own names
                (person,),
            ).fetchall()
        return [found for row in rows if (found := _alive(row, at))]

    def go_half_way(self, person: str, how: str, at: int) -> str:
        """Keeps that the first step of a sign-in was right; the secret for the second. It opens nothing by itself."""
        secret = new_secret()
        with self._changing() as database:
            database.execute("INSERT INTO half_way VALUES (?, ?, ?, ?)", (digest(secret), person, how, at + HALF_WAY))
        return secret

    def half_way(self, secret: str, at: int) -> HalfWay | None:
        """Who did the first step, if that was not too long ago."""
        with self._looking() as database:
            row = database.execute(
                "SELECT person, how FROM half_way WHERE digest = ? AND until > ?", (digest(secret), at)
            ).fetchone()
        return HalfWay(person=row[0], how=row[1]) if row else None

    def go_through(self, secret: str) -> None:
        """Forgets the first step: the second was done, or the sign-in was given up."""
        with self._changing() as database:
            database.execute("DELETE FROM half_way WHERE digest = ?", (digest(secret),))

    def forget_expired(self, at: int) -> list[Session]:
        """Takes out what has ended: sessions, links, counts of tries. The sessions: each process is told of some."""
        with self._changing() as database:
            ended = database.execute(
                "DELETE FROM sessions WHERE until <= ? OR (device = '' AND seen <= ?)"  # noqa: S608 - our own names
                f" RETURNING {_COLUMNS}",
                (at, at - IDLE),
            ).fetchall()
            database.execute("DELETE FROM links WHERE until <= ?", (at,))
            database.execute("DELETE FROM half_way WHERE until <= ?", (at,))
            database.execute("DELETE FROM away WHERE until <= ?", (at,))
            database.execute("DELETE FROM tries WHERE locked_until <= ? AND latest <= ?", (at, at - FORGOTTEN_AFTER))
        return [_session(row) for row in ended]


def find_session(database: Tables, secret: str, at: int) -> Session | None:
    """The session of a secret, if it has not ended."""
    row = database.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE digest = ?",  # noqa: S608 - our own names
        (digest(secret),),
    ).fetchone()
    return _alive(row, at) if row else None


def rotated(database: Tables, session: Session, at: int, *, second_factor: bool) -> str:
    """The new secret of an open session."""
    secret = new_secret()
    database.execute(
        "UPDATE sessions SET digest = ?, seen = ?, locked = 0, second_factor = ? WHERE id = ?",
        (digest(secret), at, int(second_factor), session.id),
    )
    return secret


def _alive(row: tuple[object, ...], at: int) -> Session | None:
    found = _session(row)
    idle = at - found.seen >= IDLE
    if at >= found.until or (idle and not found.device):
        return None
    return msgspec.structs.replace(found, locked=True) if idle else found


def _session(row: tuple[object, ...]) -> Session:
    return msgspec.convert(dict(zip(Session.__struct_fields__, row, strict=True)), Session, strict=False)

"""Who is away at an OpenID provider: known to every process and host, since nobody knows to which they come back."""

from web.vault import Vault, digest

MOST = 1000
"""How many people may be away at once; who left first is forgotten first."""


class Departures(Vault):
    """Who left, and what has to be known again when they come back, sealed."""

    def leaves(self, state: str, browser: bytes, content: bytes, at: int, until: int) -> None:
        """Remembers somebody who leaves at an instant, until another (ms UTC): by a random `state` that comes back with
        them, and the digest of what their browser keeps.
        """
        with self._changing() as database:
            database.execute("DELETE FROM away WHERE until <= ?", (at,))
            (there,) = database.execute("SELECT count(*) FROM away").fetchone()
            if there >= MOST:
                first = "SELECT state FROM away ORDER BY until LIMIT ?"
                database.execute(f"DELETE FROM away WHERE state IN ({first})", (there - MOST + 1,))  # noqa: S608 - ours
            kept = (digest(state), browser, self._seal(content, f"away {state}"), until)
            database.execute("INSERT INTO away VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", kept)

    def returns(self, state: str, browser: str, at: int) -> bytes | None:
        """What was kept of who is back, once: if this browser left with this state and not too long ago."""
        with self._changing() as database:
            row = database.execute(
                "DELETE FROM away WHERE state = ? AND browser = ? RETURNING sealed, until",
                (digest(state), digest(browser)),
            ).fetchone()
        return self._open(row[0], f"away {state}") if row and at < row[1] else None

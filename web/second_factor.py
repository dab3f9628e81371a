"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the phone is gone."""

import secrets
from typing import Literal

import pyotp

from ltsa.side_store import Tables
from web.vault import Vault, begin_try, digest, end_tries

Outcome = Literal["right", "wrong", "locked", "none"]

STEP = 30_000
"""ms for which an app shows one code."""

BEGUN_FOR = 10 * 60_000
"""ms for which a new secret is shown until it is confirmed; who saw it on an open screen longer ago saw another."""

RECOVERY_CODES = 10
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of recovery codes: nothing that reads like another."""

GROUPS, GROUP = 6, 4
"""24 of 32 letters: 120 bits, enough for SHA-256 without a slow hash (ASVS 5.0, 6.5.2: 112)."""


class SecondFactors(Vault):
    """Who has which second factor."""

    def begin_totp(self, person: str, at: int = 0) -> str:
        """A new secret for the person's app (base32). It counts for nothing until `confirm_totp`; one that was
        confirmed before stays in force until then.
        """
        secret = pyotp.random_base32()
        with self._changing() as database:
            database.execute(
                "INSERT INTO totp (person, begun) VALUES (?, ?)"
                " ON CONFLICT (person) DO UPDATE SET begun = excluded.begun",
                (person, self._seal(f"{at} {secret}".encode(), f"begun totp {person}")),
            )
        return secret

    def begun_totp(self, person: str, at: int) -> str | None:
        """The secret that `begin_totp` made not long ago and nobody has confirmed yet."""
        with self._looking() as database:
            row = database.execute("SELECT begun FROM totp WHERE person = ?", (person,)).fetchone()
        begun, secret = self._begun(row[0], person) if row and row[0] else (0, None)
        return secret if at - begun < BEGUN_FOR else None

    def confirm_totp(self, person: str, code: str, at: int) -> list[str] | None:
        """Puts the begun secret in force if the app shows the right code for it: new recovery codes, shown this once.
        None for a wrong code, or if nothing was begun.
        """
        with self._changing() as database:
            row = database.execute("SELECT begun FROM totp WHERE person = ?", (person,)).fetchone()
            if not row or not row[0]:
                return None
            _, secret = self._begun(row[0], person)
            step = _step(secret, code, at, after=-1)
            if step is None:
                return None
            database.execute(
                "UPDATE totp SET sealed = ?, begun = NULL, step = ? WHERE person = ?",
                (self._seal(secret.encode(), f"totp {person}"), step, person),
            )
            end_tries(database, f"second-factor {person}")
            return _new_codes(database, person)

    def check_totp(self, person: str, code: str, at: int) -> Outcome:
        """Whether this is the app's code now, or half a minute before or after; each is accepted once, and none that is
        older than one accepted. Five wrong in a row lock for 15 minutes. "none": no second factor.
        """
        with self._changing() as database:
            row = database.execute("SELECT sealed, step FROM totp WHERE person = ?", (person,)).fetchone()
            if not row or not row[0]:
                return "none"
            if not begin_try(database, f"second-factor {person}", at):
                return "locked"
            step = _step(self._open(row[0], f"totp {person}").decode(), code, at, after=row[1])
            if step is None:
                return "wrong"
            database.execute("UPDATE totp SET step = ? WHERE person = ?", (step, person))
            end_tries(database, f"second-factor {person}")
            return "right"

    def drop_totp(self, person: str) -> None:
        """Takes the second factor and its recovery codes away."""
        with self._changing() as database:
            database.execute("DELETE FROM totp WHERE person = ?", (person,))
            database.execute("DELETE FROM recovery WHERE person = ?", (person,))
            end_tries(database, f"second-factor {person}")

    def has_totp(self, person: str) -> bool:
        """Whether a second factor is in force."""
        with self._looking() as database:
            found = database.execute("SELECT 1 FROM totp WHERE person = ? AND sealed IS NOT NULL", (person,))
            return found.fetchone() is not None

    def use_recovery_code(self, person: str, code: str) -> bool:
        """Whether this is one of the person's recovery codes; each is accepted once. Nobody guesses 120 bits, so none
        is counted, and a lock of the second factor falls.
        """
        with self._changing() as database:
            used = database.execute(
                "DELETE FROM recovery WHERE digest = ? AND person = ?", (_code_digest(person, code), person)
            )
            if used.rowcount == 1:
                end_tries(database, f"second-factor {person}")
            return used.rowcount == 1

    def new_recovery_codes(self, person: str) -> list[str]:
        """New recovery codes instead of those before, shown this once."""
        with self._changing() as database:
            return _new_codes(database, person)

    def recovery_codes_left(self, person: str) -> int:
        """How many are unused."""
        with self._looking() as database:
            left: int = database.execute("SELECT count(*) FROM recovery WHERE person = ?", (person,)).fetchone()[0]
            return left

    def _begun(self, sealed: bytes, person: str) -> tuple[int, str]:
        begun, _, secret = self._open(sealed, f"begun totp {person}").decode().partition(" ")
        return int(begun), secret


def _step(secret: str, code: str, at: int, after: int) -> int | None:
    """The step, later than `after`, whose code this is."""
    totp = pyotp.TOTP(secret)
    typed = "".join(code.split()).encode(errors="replace")
    now = at // STEP
    found = [
        step
        for step in range(max(now - 1, after + 1), now + 2)
        if secrets.compare_digest(totp.generate_otp(step).encode(), typed)
    ]
    return found[0] if found else None


def totp_address(secret: str, person: str, issuer: str) -> str:
    """What an app reads from the QR code: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=issuer)


def _new_codes(database: Tables, person: str) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
        for _ in range(RECOVERY_CODES)
    ]
    database.execute("DELETE FROM recovery WHERE person = ?", (person,))
    database.executemany("INSERT INTO recovery VALUES (?, ?)", [(_code_digest(person, code), person) for code in codes])
    return codes


def _code_digest(person: str, code: str) -> bytes:
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    return digest(f"recovery {person} {typed}")

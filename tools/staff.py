"""Who acts in what the tools play: people, devices and programs of a made-up office, let in without a door."""

import secrets
from collections.abc import Sequence
from hashlib import sha256

from ltsa.access import AddPerson, MakeToken, PairDevice
from web.house import House


def session(here: House, person: str, roles: Sequence[str]) -> str:
    """Adds a person with these roles in the office that opens first; the secret of a session of theirs."""
    office, at = here.settings.office, here.now()
    here.ledger.do(AddPerson(office=office, at=at, by="system", key=_new(), person=person, roles=tuple(roles)))
    here.catch_up()
    return here.credentials.open_session(person, "password", "", at, second_factor=True)


def device(here: House, kind: str, name: str = "1") -> str:
    """Lets a device into that office; the secret that it shows."""
    secret = _new()
    here.ledger.do(
        PairDevice(
            office=here.settings.office,
            at=here.now(),
            by="system",
            key=_new(),
            kind=kind,
            name=name,
            digest=_digest(secret),
        )
    )
    here.catch_up()
    return secret


def program(here: House, role: str) -> str:
    """Lets a program act in a role in that office; the token that it shows."""
    secret = _new()
    here.ledger.do(
        MakeToken(
            office=here.settings.office,
            at=here.now(),
            by="system",
            key=_new(),
            name=f"{role} program",
            role=role,
            digest=_digest(secret),
        )
    )
    here.catch_up()
    return secret


def _new() -> str:
    return secrets.token_hex(32)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

"""Who acts in what the tools play: people, devices and programs of a made-up office, let in without a door."""

import secrets
from collections.abc import Sequence
from hashlib import sha256

from ltsa.access import AddPerson, MakeToken, PairDevice
from web.house import House


def add(here: House, person: str, roles: Sequence[str], name: str = "", office: str = "") -> None:
    """Adds a person with these roles, in the office that opens first unless told otherwise."""
    where, at = office or here.settings.office, here.now()
    here.ledger.do(AddPerson(office=where, at=at, by="system", key=_new(), person=person, roles=tuple(roles)))
    if name:
        here.credentials.set_name(person, name)
    here.catch_up()


def session(here: House, person: str, roles: Sequence[str], name: str = "") -> str:
    """Adds a person with these roles; the secret of a session of theirs."""
    add(here, person, roles, name)
    return here.credentials.open_session(person, "password", "", here.now(), second_factor=True)


def device(here: House, kind: str, name: str = "1", office: str = "") -> str:
    """Lets a device into that office; the secret that it shows."""
    secret = _new()
    here.ledger.do(
        PairDevice(
            office=office or here.settings.office,
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


def program(here: House, role: str, office: str = "") -> str:
    """Lets a program act in a role in that office; the token that it shows."""
    secret = _new()
    here.ledger.do(
        MakeToken(
            office=office or here.settings.office,
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

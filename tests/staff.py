"""People of a test's office, signed in without their having to type: the doors themselves are tested in tests/web."""

import secrets
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from ltsa.access import EVERYWHERE, ROLES, AddPerson, GiveRole, MakeToken, PairDevice
from web.house import House
from web.settings import Settings

EVERYBODY = "dewi"
"""Holds every role everywhere, with a second factor, in tests whose story is not about rights."""


def hire(here: House, person: str = EVERYBODY, roles: Sequence[str] = ROLES, office: str = EVERYWHERE) -> str:
    """The secret of a new session of a person, who holds these roles there from now on."""
    at = here.now()
    if person not in here.ledger.present().access.people:
        here.ledger.do(AddPerson(office=office, at=at, by="system", key=f"hire {person}", person=person))
    for role in roles:
        key = f"give {person} {role} {office}"
        here.ledger.do(GiveRole(office=office, at=at, by="system", key=key, person=person, role=role))
    here.catch_up()
    return here.credentials.open_session(person, "password", "", at, second_factor=True)


def pair(here: House, kind: str, name: str = "1", office: str = "ltsa", counter: str = "") -> str:
    """The secret of a new device."""
    secret = secrets.token_hex(32)
    digest, at = sha256(secret.encode()).hexdigest(), here.now()
    key = f"pair {kind} {name} {office}"
    here.ledger.do(
        PairDevice(office=office, at=at, by="system", key=key, kind=kind, name=name, digest=digest, counter=counter)
    )
    here.catch_up()
    return secret


def token(here: House, role: str, office: str = "ltsa", name: str = "") -> str:
    """The secret of a new program."""
    secret = secrets.token_hex(32)
    digest, at, name = sha256(secret.encode()).hexdigest(), here.now(), name or f"{role} program"
    make = MakeToken(office=office, at=at, by="system", key=f"token {digest}", name=name, role=role, digest=digest)
    here.ledger.do(make)
    here.catch_up()
    return secret


def signed_in(
    app: Flask, person: str = EVERYBODY, roles: Sequence[str] = ROLES, office: str = EVERYWHERE
) -> FlaskClient:
    """A browser in which a person is signed in."""
    return _browser(app, "session", hire(app.extensions["ltsa"], person, roles, office))


def paired(app: Flask, kind: str, name: str = "1", office: str = "ltsa") -> FlaskClient:
    """The browser of a device."""
    return _browser(app, "device", pair(app.extensions["ltsa"], kind, name, office))


def _browser(app: Flask, cookie: str, secret: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(cookie, secret)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"  # as browsers say of a page's own forms
    return client


def hired_before_opening(data: Path, office: str = "ltsa") -> dict[str, str]:
    """Prepares a folder before a server process opens it: `session`, `kiosk` and `display` secrets, a `token` with
    every right of a supervisor, and one of an `auditor`.
    """
    with closing(House(Settings(data=data, port=0, office=office))) as here:
        return {
            "session": hire(here),
            "kiosk": pair(here, "kiosk", office=office),
            "display": pair(here, "display", office=office),
            "token": token(here, "supervisor", office),
            "auditor": token(here, "auditor", office),
        }

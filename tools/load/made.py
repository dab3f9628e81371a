"""Offices that are made to be loaded: their accounts and devices, and the file that lets the crowd in.

A made office's id begins with `load-`, as nobody's real one does: what a crowd does stays in a ledger for ever, so
whoever is pointed at an office without that mark refuses.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from ltsa.access import EVERYWHERE
from ltsa.office import Counter
from tools import staff
from web.house import House, first_office
from web.settings import Settings

MARK = "load-"
"""How the id of an office begins that is made to be loaded."""

FIRST = f"{MARK}1"
"""The first one, which the front page opens."""

FILE = "load.json"
"""The file in the data folder that holds the secrets of the crowd."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongOfficeError(Exception):
    """An office that must not be loaded, or a file that lets nobody in; the text says what would be right."""


class MadeDesk(Struct, frozen=True, kw_only=True):
    """A counter, the services that are given there, and whose account works there."""

    counter: str
    services: tuple[str, ...]
    account: str


class MadeOffice(Struct, frozen=True, kw_only=True):
    """An office, and who is let in: secrets of paired kiosks and displays, the desks, the supervisor's account."""

    id: str
    kiosks: tuple[str, ...]
    displays: tuple[str, ...]
    desks: tuple[MadeDesk, ...]
    supervisor: str


class Made(Struct, frozen=True, kw_only=True):
    """All offices of an installation that are loaded together.

    Attributes:
        offices: in the order in which they were made.
        password: of every account.
        admin: the token of a program that reads `/metrics`; "" where nobody gave one.
    """

    offices: tuple[MadeOffice, ...]
    password: str
    admin: str = ""


def make(settings: Settings, offices: int, officers: int | None = None, kiosks: int = 2, displays: int = 2) -> Made:
    """Makes so many offices in an empty folder (and database), and writes the file that lets the crowd in.

    At every counter sits somebody, or at the first `officers` of each office.

    Raises:
        WrongOfficeError: something lies there already.
    """
    if settings.data.exists() and any(settings.data.iterdir()):
        raise WrongOfficeError(f"{settings.data} is not empty: offices to be loaded are made in a folder of their own.")
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
    with closing(House(settings)) as here:
        counters = here.office(FIRST).counters[:officers]
        if others := [office for office in here.present.offices() if office != FIRST]:
            raise WrongOfficeError(f"The database holds an office already ({others[0]}); name an empty one.")
        for number in range(2, offices + 1):
            here.ledger.do(first_office(f"{MARK}{number}", here.now()))
        here.catch_up()
        made = Made(
            offices=tuple(
                _furnished(here, f"{MARK}{n}", password, counters, kiosks, displays) for n in range(1, offices + 1)
            ),
            password=password,
            admin=staff.program(here, "admin", EVERYWHERE),
        )
    with os.fdopen(os.open(settings.data / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(made)))
    return made


def _furnished(  # noqa: PLR0913, PLR0917 - one call
    here: House, office: str, password: str, counters: Sequence[Counter], kiosks: int, displays: int
) -> MadeOffice:
    desks = []
    for counter in counters:
        account = f"officer-{counter.id}.{office}"
        _hire(here, office, account, "officer", password)
        desks.append(MadeDesk(counter=counter.id, services=counter.services, account=account))
    _hire(here, office, supervisor := f"supervisor.{office}", "supervisor", password)
    return MadeOffice(
        id=office,
        kiosks=tuple(staff.device(here, "kiosk", f"kiosk-{n}", office) for n in range(1, kiosks + 1)),
        displays=tuple(staff.device(here, "display", f"display-{n}", office) for n in range(1, displays + 1)),
        desks=tuple(desks),
        supervisor=supervisor,
    )


def _hire(here: House, office: str, account: str, role: str, password: str) -> None:
    staff.add(here, account, [role], office=office)
    here.credentials.set_password(account, password, here.now())


def read(file: Path) -> Made:
    """What `make` wrote, perhaps changed by hand. Raises `WrongOfficeError` when it cannot be read."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Made)
    except OSError as error:
        raise WrongOfficeError(
            f"{file} cannot be read ({error.strerror}); `app.py load --prepare FOLDER` writes one."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongOfficeError(f"{file} is not what `app.py load --prepare FOLDER` writes: {error}") from error
    if not found.offices:
        raise WrongOfficeError(f"{file} names no office.")
    return found


def demand_marked(made: Made) -> None:
    """Raises `WrongOfficeError` for an office that was not made to be loaded."""
    for office in made.offices:
        if not office.id.startswith(MARK):
            raise WrongOfficeError(
                f"The office {office.id} was not made to be loaded: what the crowd does would stay in its ledger for"
                f" ever. Make one with --prepare FOLDER (its id begins with {MARK}), or say --real-office."
            )

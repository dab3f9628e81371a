"""`python3 app.py people`: who has an account, and the way back in when nobody can sign in any more.

Whoever runs this command owns the machine and its files; what they do is on record as done by the "command line".
"""

import argparse
import secrets
import sys
from contextlib import closing
from typing import Any

from ltsa.access import EVERYWHERE, ROLES, AddPerson, ChangeCredential, GiveRole, MakeLink, Person, Purpose
from ltsa.journal import AccountUnlocked, entry
from ltsa.ledger import AnyCommand
from ltsa.message import Refusal
from web.house import House
from web.settings import Settings, add_flags, from_flags

LINK_HOURS = 24
"""For how long a link made here is good."""

SETUP_HOURS = 24
"""For how long the link to the first account is good; every start makes another."""

BY = "command line"


def people(arguments: list[str], _create_app: Any) -> int:
    """Lists accounts, lets somebody in again, adds somebody. 2 when it is refused."""
    parser = argparse.ArgumentParser(
        prog="app.py people", description="Show who has an account, let somebody in again, or add somebody."
    )
    add_flags(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--link", metavar="ACCOUNT", help="make a one-time link with which to set a new password")
    what.add_argument("--unlock", metavar="ACCOUNT", help="let an account be tried again that wrong passwords locked")
    what.add_argument("--add", metavar="ACCOUNT", help="add somebody, in a role, and make the link that lets them in")
    what.add_argument("--give", metavar="ACCOUNT", help="give somebody a further role")
    parser.add_argument("--role", choices=ROLES, help="with --add and --give")
    parser.add_argument("--office", help=f"where; {EVERYWHERE!r} for all offices. Default: the setting office")
    parser.add_argument("--name", default="", help="with --add: the full name")
    parser.add_argument(
        "--without-second-factor", action="store_true", help="with --link: the phone is lost, take it out too"
    )
    options = parser.parse_args(arguments)
    if (options.add or options.give) and not options.role:
        parser.error("say in which --role")
    settings = from_flags(options)
    with closing(House(settings)) as here:
        try:
            print(_answer(here, options, options.office or settings.office))
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            return 2
    return 0


def setup_link(here: House) -> str:
    """The one-time address at which the first account is made, while there is none; "" then. Blocks on the disk."""
    if here.access.people:
        return ""
    return _address(here.settings, here.credentials.make_link("", "setup", here.now(), SETUP_HOURS))


def _answer(here: House, options: argparse.Namespace, office: str) -> str:
    if office != EVERYWHERE:
        here.office(office)
    if options.link:
        return _link(here, options.link, lost_phone=options.without_second_factor)
    if options.unlock:
        return _unlock(here, options.unlock)
    if options.add:
        return _add(here, options.add, options.role, office, options.name)
    if options.give:
        _does(here, GiveRole, office=office, person=options.give, role=options.role)
        return f"{options.give} is {options.role} in {_where(office)} now."
    return _list(here)


def _link(here: House, person: str, *, lost_phone: bool) -> str:
    purpose: Purpose = "reset" if here.credentials.has_password(person) else "invitation"
    _does(here, MakeLink, person=person, purpose=purpose)
    told = ""
    if lost_phone and here.credentials.has_totp(person):
        here.credentials.drop_totp(person)
        _does(here, ChangeCredential, person=person, what="second-factor")
        told = "\n\nTheir second step was taken out; a role may ask them to set one up again."
    address = _address(here.settings, here.credentials.make_link(person, purpose, here.now(), LINK_HOURS))
    return f"{address}\n\nWhoever opens this within {LINK_HOURS} hours sets the password of {person}, once.{told}"


def _unlock(here: House, person: str) -> str:
    if person not in here.access.people:
        raise Refusal("unknown-person", f"There is no account {person!r}.", field="person")
    here.credentials.unlock(person)
    here.ledger.do(entry(AccountUnlocked, office="installation", at=here.now(), by=BY, key=_key(), person=person))
    return f"{person} may try again."


def _add(here: House, person: str, role: str, office: str, name: str) -> str:
    _does(here, AddPerson, office=office, person=person, roles=(role,))
    if name:
        here.credentials.set_name(person, name)
    return _link(here, person, lost_phone=False)


def _list(here: House) -> str:
    everybody = here.ledger.present().access.people.values()
    names = here.credentials.names()
    rows = [_row(here, each, names.get(each.id, "")) for each in sorted(everybody, key=lambda each: each.id)]
    return "\n".join(rows) or "Nobody has an account yet; the office prints a link for the first one when it opens."


def _row(here: House, person: Person, name: str) -> str:
    roles = ", ".join(f"{grant.role} in {_where(grant.office)}" for grant in sorted(person.grants)) or "no role"
    marks = [f"barred: {person.barred}" if person.barred else ""]
    marks += ["" if here.credentials.has_password(person.id) else "no password yet"]
    marks += ["second step" if here.credentials.has_totp(person.id) else ""]
    marks += ["locked" if here.credentials.locked_until(person.id, here.now()) else ""]
    more = "".join(f" ({mark})" for mark in marks if mark)
    return f"  {person.id:<20} {f'{name}: ' if name else ''}{roles}{more}"


def _does(here: House, kind: type[AnyCommand], office: str = EVERYWHERE, **what: Any) -> None:
    here.ledger.do(kind(office=office, at=here.now(), by=BY, key=_key(), **what))


def _where(office: str) -> str:
    return "all offices" if office == EVERYWHERE else office


def _address(settings: Settings, secret: str) -> str:
    return f"{settings.address}/link/{secret}"


def _key() -> str:
    return secrets.token_hex(16)

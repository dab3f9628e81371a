"""Programs that may act: their tokens, for the manager's page and for `python3 app.py token`.

A token is 256 random bits that are shown once; the ledger has their SHA-256 (`ltsa/access.py`).
"""

import argparse
import secrets
import sys
from contextlib import closing
from hashlib import sha256
from typing import Any

from ltsa.access import EVERYWHERE, PROGRAM_ROLES, Access, MakeToken, RevokeToken, Token
from ltsa.message import Refusal
from web.format import hhmm, long_date, zone_label
from web.house import House, house
from web.settings import add_flags, from_flags

PREFIX = "ltsa_"
"""What every token begins with: so that people, and scanners of repositories, know what they have found."""

DAY = 24 * 3_600_000
"""In ms."""


def make(role: str, office: str, name: str, days: int, by: str) -> tuple[Token, str]:
    """A new program's token, and its secret, which nobody can be shown again. `days` 0: good until it is revoked.

    Raises:
        Refusal: `not-yours-to-give`, `wrong-role`, `wrong-name`, `wrong-until`.
    """
    here, secret = house(), new_token()
    here.do(_command(role, office, name, days, by, secret, here.now()))
    here.catch_up()
    return here.access.tokens[_digest(secret)[:12]], secret


def revoke(token: str, office: str, by: str) -> None:
    """Lets a program act no more, at once. Raises `Refusal`: `unknown-program`."""
    here = house()
    here.do(RevokeToken(office=office, at=here.now(), by=by, key=f"revoke {token}", token=token))


def of(office: str) -> list[Token]:
    """The programs of an office that were not revoked, the latest first; the time of some may be over."""
    tokens = (token for token in house().access.tokens.values() if token.office == office and not token.revoked)
    return sorted(tokens, key=lambda token: -token.since)


def new_token() -> str:
    """256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


# --- The command


def token(arguments: list[str], _create_app: Any) -> int:
    """Makes, lists or revokes programs' tokens, beside a running office or without one. 2 when it is refused."""
    parser = argparse.ArgumentParser(
        prog="app.py token",
        description="Make a token with which a program signs in (Authorization: Bearer TOKEN), scoped like a person's"
        " role. It is shown once.",
    )
    add_flags(parser)
    parser.add_argument("--role", choices=PROGRAM_ROLES, help="what the program may do")
    parser.add_argument("--office", help=f"where; {EVERYWHERE!r} for all offices. Default: the setting office")
    parser.add_argument("--name", default="", help="which program it is")
    parser.add_argument("--days", type=int, default=0, help="for how many days; default: until it is revoked")
    parser.add_argument("--list", action="store_true", help="show all programs")
    parser.add_argument("--revoke", metavar="ID", help="let this program act no more")
    options = parser.parse_args(arguments)
    if not (options.role or options.list or options.revoke):
        parser.error("say --role, --list or --revoke")
    if options.days < 0:
        parser.error("--days is 0 or more")
    settings = from_flags(options)
    with closing(House(settings)) as here:
        try:
            if options.revoke:
                print(_revoke(here, options.revoke))
            elif options.role:
                office = options.office or settings.office
                print(_make(here, options.role, office, options.name or f"{options.role} program", options.days))
            else:
                print(_list(here))
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            return 2
    return 0


def _make(here: House, role: str, office: str, name: str, days: int) -> str:
    if office != EVERYWHERE:
        here.office(office)
    secret = new_token()
    here.ledger.do(_command(role, office, name, days, "command line", secret, here.now()))
    made = here.ledger.present().access.tokens[_digest(secret)[:12]]
    return (
        f"{secret}\n\nThe token of “{made.name}” ({made.id}): {made.role} in {_where(made)}, {_until(here, made)}."
        " It is not shown again."
    )


def _revoke(here: House, wanted: str) -> str:
    known = here.ledger.present().access.tokens
    office = known[wanted].office if wanted in known else here.settings.office
    here.ledger.do(RevokeToken(office=office, at=here.now(), by="command line", key=f"revoke {wanted}", token=wanted))
    return f"“{known[wanted].name}” ({wanted}) may act no more."


def _list(here: House) -> str:
    access: Access = here.ledger.present().access
    rows = [
        f"  {each.id}  {each.role:<12} {_where(each):<12} {each.name}, made by {each.by}, {_until(here, each)}"
        for each in sorted(access.tokens.values(), key=lambda each: each.since)
    ]
    return "\n".join(rows) or "No program has a token."


def _where(token: Token) -> str:
    return "all offices" if token.office == EVERYWHERE else token.office


def _until(here: House, token: Token) -> str:
    if token.revoked:
        return f"revoked on {_written(here, token.revoked)}"
    return f"good until {_written(here, token.until)}" if token.until else "good until it is revoked"


def _written(here: House, at: int) -> str:
    zone = here.zone(here.settings.office)
    return f"{long_date(at, zone, 'en')}, {hhmm(at, zone, 'en')} {zone_label(zone, at)}"


def _command(  # noqa: PLR0913, PLR0917 - what a token is
    role: str, office: str, name: str, days: int, by: str, secret: str, at: int
) -> MakeToken:
    digest = _digest(secret)
    until = at + days * DAY if days else 0
    return MakeToken(
        office=office, at=at, by=by, key=f"token {digest}", name=name, role=role, digest=digest, until=until
    )


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

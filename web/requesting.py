"""`python3 app.py subject`: requests of people about their own data, listed, received and carried out.

Whoever runs this command owns the machine and its files; what they do is on record as done by the "command line". Who
asks, and what is right, is read from the input and never from the command's words: others on the machine see those.
"""

import argparse
import getpass
import os
import secrets
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from ltsa.identity import Identity
from ltsa.message import Refusal
from ltsa.requests import KINDS, REASONS, SubjectRequest
from web import own_data
from web import subject as requests
from web.house import House
from web.settings import add_flags, from_flags
from web.terminal import progress

BY = "command line"

ACTIONS = ("list", *KINDS, "lift", "refuse")

STANDS = {"running": "in time", "soon": "due within a day", "overdue": "OVERDUE", "answered": "in time", "late": "late"}


def subject(arguments: list[str], _create_app: Any) -> int:
    """Does one thing; 2 when it is refused."""
    parser = argparse.ArgumentParser(
        prog="app.py subject",
        description="List the requests of people about their own data, receive one, or carry one out. Who asks is read"
        " from the input: a case card's code, or a NIK.",
    )
    add_flags(parser)
    parser.add_argument("action", choices=ACTIONS, help="what is asked, or done")
    parser.add_argument("--office", help="default: the setting office")
    parser.add_argument("--request", metavar="N", help="carry out this one; without it, it is received first")
    parser.add_argument("--document", action="store_true", help="the person's identity document was looked at")
    parser.add_argument("--reason", choices=REASONS, help="with refuse: why")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="with show: write the answer here, not to the terminal"
    )
    options = parser.parse_args(arguments)
    if options.action in {"lift", "refuse"} and not options.request:
        parser.error("say which --request")
    if options.action == "refuse" and not options.reason:
        parser.error("say for which --reason")
    settings = from_flags(options)
    with closing(House(settings)) as here:
        try:
            print(_answer(here, options, options.office or settings.office))
        except (Refusal, OSError) as reason:
            print(reason, file=sys.stderr)
            return 2
    return 0


def _answer(here: House, options: argparse.Namespace, office: str) -> str:
    if options.action == "list":
        return "\n".join(_line(here, office, it) for it in requests.every(here, office)) or "Nobody has asked yet."
    said: dict[str, Any] = {"office": office, "by": BY, "key": secrets.token_hex(16)}
    request = options.request or _received(here, options, said)
    match options.action:
        case "show":
            return _shown(here, request, options.out, said)
        case "correct":
            changed = requests.correct(here, request, _right(here, request, said), **said)
            return f"Request {request} is done: {', '.join(changed)} corrected."
        case "lift":
            requests.lift(here, request, **said)
            return "The data may be used again."
        case "refuse":
            requests.refuse(here, request, options.reason, **said)
            return f"Request {request} is refused: {options.reason}. Tell the person."
        case kind:
            requests.DOES[kind](here, request, **said)
            return f"Request {request} is done."


def _received(here: House, options: argparse.Namespace, said: dict[str, Any]) -> str:
    who = _input("Case card or NIK: ", hidden=True)
    fresh = said | {"key": secrets.token_hex(16)}
    return requests.receive(here, options.action, who, document=options.document, **fresh).id


def _shown(here: House, request: str, out: Path | None, said: dict[str, Any]) -> str:
    """The answer is on record as taken out before it is written, and as done after."""
    office, by = said["office"], said["by"]
    it = requests.showable(here, office, request)
    with progress("events") as tell:
        here.models.follow("looks", tell)
    data = own_data.own_data(here, it, office=office, by=by)
    own_data.taken_out(here, it.person, office=office, by=by, key=said["key"])
    written = data.as_json(here.office(office).clock)
    if out is not None:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(written)
    requests.show(here, request, **said)
    return f"Request {request} is done; the answer lies in {out}." if out else written.decode()


def _right(here: House, request: str, said: dict[str, Any]) -> Identity:
    """Who the person is by their document; an empty line keeps what stands there."""
    office, by = said["office"], said["by"]
    now = requests.who(here, requests.of(here, office, request), office=office, by=by)
    if now is None:
        raise Refusal("nothing-kept", "Nothing is kept that says who this is; there is nothing to correct.")
    fields = {name: _input(f"{name} [as it is]: ") or getattr(now, name) for name in ("nik", "name", "phone")}
    return Identity(**fields)


def _line(here: House, office: str, it: SubjectRequest) -> str:
    zone, clock = here.office(office).clock, it.clock(here.now())
    due = datetime.fromtimestamp(it.due / 1000, zone).isoformat(" ", "minutes")
    ended = f", {it.reason}" if it.reason else ""
    works = f", {it.taken_by} works on it" if it.taken_by and it.open else ""
    return f"  {it.id:>4}  {it.kind:<9} {it.state}{ended}: {STANDS[clock]}, due {due}{works}"


def _input(prompt: str, *, hidden: bool = False) -> str:
    """A line of the input; on a terminal what says who somebody is does not show."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return (getpass.getpass(prompt) if hidden else input(prompt)).strip()

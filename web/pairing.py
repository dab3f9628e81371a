"""`python3 app.py pair`: an address that lets in the browser that opens it, for screens that nobody can walk to."""

import argparse
import sys
from contextlib import closing
from typing import Any

from ltsa.access import KINDS
from ltsa.message import Refusal
from web.devices import link
from web.fleet import CODE_GOOD
from web.house import House
from web.settings import add_flags, from_flags


def pair(arguments: list[str], _create_app: Any) -> int:
    """Prints a pairing link, beside a running office. 2 when it is refused."""
    parser = argparse.ArgumentParser(
        prog="app.py pair", description="Print an address that pairs the browser that opens it, once, for ten minutes."
    )
    add_flags(parser)
    parser.add_argument("--kind", choices=[kind for kind in KINDS if kind != "printer"], required=True)
    parser.add_argument("--office", help="default: the setting office")
    parser.add_argument("--name", required=True, help="what the device is called: pintu")
    parser.add_argument("--counter", default="", help="with --kind counter: the id of the counter where it stands")
    options = parser.parse_args(arguments)
    settings = from_flags(options)
    with closing(House(settings)) as here:
        try:
            office = here.office(options.office or settings.office)
            address = link(options.kind, office.id, options.name, options.counter, "command line", here)
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            return 2
    minutes = CODE_GOOD // 60_000
    print(f"{address}\n\nThe browser that opens this within {minutes} minutes is the {options.kind} {options.name}.")
    return 0

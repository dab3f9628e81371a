"""`python3 app.py printer`: prints a kiosk's tickets on a printer that stands beside it. Its work: kiosk/agent.py."""

import argparse
import sys
from pathlib import Path
from typing import Any

import prepare
from kiosk.slip import COLUMNS
from ltsa.access import LONGEST_NAME, NAME
from web.settings import WrongSetting, add_flags, from_flags

DEVICES = "/dev/usb"
"""Where Linux shows printers on USB."""


def printer(arguments: list[str], _create_app: Any) -> int:
    """Runs the agent for ever. 1 when its driver cannot be installed, 2 when it is told nonsense."""
    parser = argparse.ArgumentParser(
        prog="app.py printer",
        description="Stand at a ticket printer (ESC/POS): pair it with the office, say how it is, print its tickets.",
    )
    add_flags(parser)
    parser.add_argument("--server", metavar="URL", help="the office; default: the one on this machine")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="the authority that signed the office's certificate")
    parser.add_argument(
        "--printer", metavar="ADDRESS", help="tcp://192.168.1.50 or /dev/usb/lp0; default: the first on USB"
    )
    parser.add_argument("--kiosk", default="", help="the name of the kiosk whose tickets it prints")
    parser.add_argument("--name", default="", help="what the printer is called; default: as the kiosk")
    parser.add_argument("--office", default="", help="in which office it stands; the manager may say so too")
    parser.add_argument("--columns", type=int, default=COLUMNS, help=f"letters of a line; default: {COLUMNS}")
    parser.add_argument(
        "--silent", action="store_true", help="this printer never answers; nothing is known of its paper"
    )
    options = parser.parse_args(arguments)
    name = options.name or options.kiosk or "1"
    if not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        parser.error("--name is 1 to 20 small letters, digits and hyphens, as in pintu-1")
    if not 24 <= options.columns <= 64:  # noqa: PLR2004 - the narrowest and the widest paper
        parser.error("--columns is a number from 24 to 64: 48 on 80 mm paper, 32 on 58 mm")
    settings = from_flags(options)
    try:
        prepare.for_printer()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    from kiosk.agent import Agent, Told  # noqa: PLC0415 - needs what was just installed

    told = Told(
        server=(options.server or settings.local_address).rstrip("/"),
        ca=str(options.ca) if options.ca else "",
        printer=options.printer or _first(),
        kiosk=options.kiosk,
        name=name,
        office=options.office,
        columns=options.columns,
        answers=not options.silent,
        memory=settings.data / "printers" / f"{name}.sqlite",
    )
    return Agent(told).run()


def _first() -> str:
    found = sorted(Path(DEVICES).glob("lp*"))
    if not found:
        raise WrongSetting(f"No printer is on USB ({DEVICES}/lp0). Say where it is: --printer tcp://192.168.1.50")
    return str(found[0])

"""The door of LTSA: prepares its own environment, joins the rooms, and knows every command.

`python3 app.py --help` lists the commands; a command's work lives with what it commands.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import prepare

if TYPE_CHECKING:
    from flask import Flask

    from web.settings import Settings

COMMANDS = {
    "serve": ("open the office on this machine (the default)", "web.server:serve"),
    "prepare": ("fetch all that an office needs, and open none", "prepare:prepare"),
    "demo": ("open an example office and play a busy morning in it", "tools.demo:demo"),
    "replay": ("show a day as it stood at any minute", "audit.replaying:replay"),
    "recompute": ("compute a day's decisions again, and compare", "audit.recomputing:recompute"),
    "verify": ("rebuild everything from the events, and compare with what was shown", "audit.verifying:verify"),
    "prove-day": ("write a day's record with its proof, as one file", "audit.proofs:prove_day"),
    "verify-file": ("check the proof of a day or a visit, anywhere", "audit.proofs:verify_file"),
    "tiles": ("write the proof log as static files", "audit.proofs:publish"),
    "witness": ("remember what a log said, and alarm when it lies", "audit.witnessing:witness"),
    "office": ("show the office's configuration, or import one", "web.offices:office"),
    "move": ("take the office into a PostgreSQL database, or back into files", "web.moving:move"),
    "rebuild": ("make the read models anew from the record, or compare them with it", "web.rebuilding:rebuild"),
    "backup": (
        "copy everything that must not be lost while the office is open, and check the copy",
        "web.backup:backup",
    ),
    "restore": ("bring an office back from a backup", "web.backup:restore"),
    "people": ("show who has an account, let somebody in again, or add somebody", "web.people:people"),
    "token": ("make, list or revoke programs' tokens", "web.programs:token"),
    "log-key": ("show the key by which the record's checkpoints are verified, or change it", "web.signing:log_key"),
    "references": ("take numbers of outside systems out as CSV, or in", "web.reconciling:references"),
    "export": ("take recorded days out: CSV, JSON Lines, XES, OCEL 2.0, Parquet", "audit.exports.command:export"),
    "subject": ("list people's requests about their own data, receive or carry one out", "web.requesting:subject"),
    "retention": ("show what is kept for longer than the rules say, or erase it", "web.retention:retention"),
    "pair": ("print an address that pairs the browser that opens it", "web.pairing:pair"),
    "printer": ("print a kiosk's tickets on a printer beside it", "kiosk.printer:printer"),
    "voice": ("make the clips that the announcements are composed of", "display.voice:voice"),
    "test": ("install what the checks need and run them all", "tools.checks:test"),
    "fuzz": ("ask the API 10 000 odd things (Schemathesis)", "tools.fuzz:fuzz"),
    "faults": ("break the office on purpose, and see what it kept", "tools.faults.command:faults"),
    "load": ("let a crowd use an office as on a real day, and report what it felt", "tools.load.command:load"),
    "sbom": ("write the software bill of materials (CycloneDX)", "tools.sbom:sbom"),
    "simulate": ("play days of an office under each policy of calling", "tools.simulating:simulate"),
    "whatif": ("play recorded days again, with a change", "manage.whatif:whatif"),
    "bench": ("measure the office against its yardsticks", "tools.bench:bench"),
    "screenshots": ("make the pictures of the README", "tools.screenshots:screenshots"),
}


def create_app(settings: Settings) -> Flask:
    """Join the rooms into one web application for the given settings; nothing starts before this is called."""
    from api import views as api
    from audit import views as audit
    from counters import views as counters
    from display import views as display
    from kiosk import printing, returning
    from kiosk import views as kiosk
    from manage import views as manage
    from web import account, devices, front, one_time_links, proving, signing_in, watching
    from web.house import open_house

    shared = (front, signing_in, account, one_time_links, devices, watching, proving)
    return open_house(settings, *shared, kiosk, printing, returning, counters, display, audit, manage, api)


def main(arguments: list[str]) -> int:
    """Run one command; the answer is the program's exit code."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(_overview())
        return 0
    name, rest = (
        (arguments[0], arguments[1:]) if arguments and not arguments[0].startswith("-") else ("serve", arguments)
    )
    if name not in COMMANDS:
        print(f"There is no command “{name}”. The commands are: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    try:
        prepare.environment()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    from web.settings import WrongSetting

    module, function = COMMANDS[name][1].split(":")
    try:
        return int(getattr(import_module(module), function)(rest, create_app))
    except WrongSetting as reason:
        print(reason, file=sys.stderr)
        return 2


def _overview() -> str:
    lines = [f"  {name:<12} {line}" for name, (line, _) in COMMANDS.items()]
    return "\n".join(
        ["usage: python3 app.py [COMMAND] [OPTIONS]", "", *lines, "", "COMMAND --help tells a command's options."]
    )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

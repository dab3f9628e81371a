"""`python3 app.py office`: shows an office's configuration, or records a new one from a file."""

import argparse
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ltsa.configuring import ConfigureOffice
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import Office, WrongOfficeError, read_office
from ltsa.present import day_stream
from web.house import first_office
from web.settings import add_flags, from_flags


def office(arguments: list[str], _create_app: Any) -> int:
    """Shows or loads a configuration. 0 when it is done, 1 when there is no ledger to be had, 2 when the file
    cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="app.py office",
        description="Show the office's configuration, or load another one (model: ltsa/example_office.toml).",
    )
    add_flags(parser)
    parser.add_argument("--load", type=Path, metavar="FILE", help="record this configuration")
    parser.add_argument(
        "--since",
        type=date.fromisoformat,
        metavar="DATE",
        help="the first service day under it; default: the next unopened",
    )
    options = parser.parse_args(arguments)
    settings = from_flags(options)
    try:
        ledger = Ledger(settings.ledger, settings.data)
    except LedgerUnavailableError as reason:
        print(reason, file=sys.stderr)
        return 1
    try:
        at = time.time_ns() // 1_000_000
        if not ledger.present().offices():
            ledger.do(first_office(settings.office, at))
        if options.load:
            configuration = read_office(options.load)
            since = options.since or _next_unopened(ledger, configuration, at)
            ledger.do(
                ConfigureOffice(
                    office=configuration.id,
                    at=at,
                    by="command line",
                    key=f"office {configuration.id} {at}",
                    configuration=configuration,
                    since=since.isoformat(),
                )
            )
            print(f"{configuration.name['id']} ({configuration.id}) is set up so from {since} on.")
        else:
            for name in ledger.present().offices():
                print(_summary(ledger.present().office_at(name, at)[0]))
    except (WrongOfficeError, Refusal) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    finally:
        ledger.close()
    return 0


def _next_unopened(ledger: Ledger, configuration: Office, at: int) -> date:
    """Today if the day has not begun, else tomorrow: a day runs under one configuration."""
    today = configuration.service_date(at)
    opened = ledger.streams(day_stream(configuration.id, today.isoformat()))
    return today + timedelta(days=1) if opened else today


def _summary(configuration: Office) -> str:
    lines = [f"{configuration.id}: {configuration.name['id']}, {configuration.zone}"]
    for service in configuration.services:
        after = f", after {', '.join(service.after)}" if service.after else ""
        lines.append(f"  {service.prefix}  {service.id:<16} {service.name['id']}{after}")
    lines += [f"  {counter.name['id']:<10} {', '.join(counter.services)}" for counter in configuration.counters]
    return "\n".join(lines)

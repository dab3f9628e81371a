"""Who acted, in words: people by their account and role, devices and programs by what they are called."""

from ltsa.access import Access
from web.words import Words

_BY_THEMSELVES = {"command line": "command-line"}


def actor(by: str, words: Words, access: Access | None = None) -> str:
    """Who gave a command, or asked: "officer:siti", "kiosk:pintu-timur", "device:3f2a…", "program:9c1b…", "holder",
    "system". `access` knows what devices and programs are called that stand there by their id.
    """
    role, _, name = by.partition(":")
    if role == "device":
        role, name = device(name, access)
    elif role == "program":
        name = program(name, access)
    key = f"audit.who.{_BY_THEMSELVES.get(role, role)}"
    return (words(key, name=name) if key in words else by).strip()


def device(name: str, access: Access | None) -> tuple[str, str]:
    """A device's kind and what it is called now; "device" and its id for an unknown one."""
    found = access.devices.get(name) if access else None
    return (found.kind, found.name) if found else ("device", name)


def program(name: str, access: Access | None) -> str:
    """What a program is called; its id for an unknown one."""
    found = access.tokens.get(name) if access else None
    return found.name if found else name

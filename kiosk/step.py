"""What every step of the kiosk shares: what was said so far, where the steps are, whose kiosk it is, its keys.

The server keeps nothing of a person at the kiosk: what was said travels with each step.
"""

import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import g, render_template, request, url_for
from msgspec import Struct, structs

from ltsa.office import Office
from web.asking import asker
from web.errors import Refused
from web.house import house
from web.words import FIRST, OFFERED

KEY = re.compile(r"[!-~]{16,128}")
"""An idempotency key: printable, and long enough that nobody hits another's by chance."""

FIRST_KIOSK = "1"
"""What a kiosk is called at which staff sit without naming it."""

NO_NUMBERS = frozenset({"office-closed-today", "too-early", "too-late-today", "office-full", "service-full"})
"""Refusals that are nobody's mistake: the office gives no numbers now, or none for this."""


class Said(Struct, frozen=True, kw_only=True):
    """What the person has said so far, and what this kiosk has (`print`: auto, off, or "" for a printer that a button
    starts). `kiosk` is what staff call the screen that they try; a paired kiosk has its name.
    """

    services: tuple[str, ...] = ()
    priority: str = ""
    print: str = ""
    kiosk: str = ""


def step(name: str, office: Office, *, said: Said | None = None, **shown: object) -> str:
    """The page of a step."""
    said = said or so_far(office)
    g.zone = office.zone
    shown |= {"office": office, "kiosk": name_of_kiosk(office.id), "said": said, "to": _to(office.id, said)}
    return render_template(f"kiosk/{name}.html", step=name, key=new_key(), **shown)


def an_office(office: str) -> Office:
    """An office as configured today. Raises `Refusal` for one that is not there."""
    return house().office(office)


def heard(name: str) -> str:
    """What the request says under a name, "" for nothing."""
    return request.values.get(name, "")


def so_far(office: Office) -> Said:
    """What was said up to this step, as far as the office knows it."""
    chosen = [service for service in request.values.getlist("service") if service in office.service]
    return Said(
        services=tuple(service for service in dict.fromkeys(chosen) if service != heard("without")),
        priority=heard("priority") if heard("priority") in office.priority else "",
        print=printing(),
        kiosk=tried(office.id),
    )


def _to(office: str, said: Said) -> Callable[..., str]:
    """Addresses of steps for a template: `to("review", priority="")` keeps everything else that was said."""

    def to(step: str, lang: str = "", **changes: Any) -> str:
        return address(step, office, structs.replace(said, **changes), lang)

    return to


def address(step: str, office: str, said: Said, lang: str = "") -> str:
    """Where a step is: one of the kiosk's own, or one of another part of it ("returning.identify")."""
    query = {"service": said.services, "priority": said.priority, "print": said.print, "kiosk": said.kiosk}
    kept: dict[str, Any] = {name: value for name, value in query.items() if value}
    endpoint = step if "." in step else f"kiosk.{step}"
    return url_for(endpoint, office=office, lang=lang or g.lang, **kept)


def printing() -> str:
    """How the kiosk's browser prints."""
    return heard("print") if heard("print") in {"auto", "off"} else ""


def _paired(office: str) -> str:
    """The name that this screen was paired under as a kiosk of the office, "" if it was not."""
    device = asker().device
    return device.name if device and (device.kind, device.office) == ("kiosk", office) else ""


def tried(office: str) -> str:
    """What staff call the kiosk that they try; a paired one is called as it was paired, whatever its address says."""
    return heard("kiosk") if not _paired(office) and re.fullmatch(r"[a-z0-9-]{1,20}", heard("kiosk")) else ""


def name_of_kiosk(office: str) -> str:
    """What this kiosk is called."""
    return _paired(office) or tried(office) or FIRST_KIOSK


def taken_by(office: str) -> str:
    """In whose name a number is taken here, and an officer called: the kiosk's, or that of staff who try it."""
    return asker().by("ticket.take", office)


def language() -> str:
    """The language that a ticket is asked for in."""
    return said if (said := request.form.get("language", "")) in OFFERED else FIRST


def key() -> str:
    """The request's idempotency key, from its header or its form. Raises `Refused`."""
    found = request.headers.get("Idempotency-Key") or request.form.get("key", "")
    if not KEY.fullmatch(found):
        message = "Send an idempotency key of 16 to 128 printable characters."
        raise Refused("missing-key", message, field="key", status=HTTPStatus.BAD_REQUEST)
    return found


def new_key() -> str:
    """A key for a form that is sent without scripts."""
    return secrets.token_hex(16)

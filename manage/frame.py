"""What the pages of this room share: the office of the address, the frame around a page, the line after a change."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import g, redirect, render_template, request, url_for
from werkzeug import Response

from ltsa.configuring import Change, Configurations
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.present import day_stream
from web import changed
from web.errors import spoken
from web.house import house
from web.words import FIRST, Words, page_language

LONGEST_NUMBER = 9
"""Digits of a number that is read."""


def office_of(office: str) -> Office:
    """The office as configured today; the page takes its time zone. Raises `Refusal` for one that is not there."""
    found = house().office(office)
    g.zone = found.zone
    return found


def known_of(office: str) -> Configurations:
    """All that was decided about an office."""
    return house().configurations(office)


def lived(office: str) -> bool:
    """Whether the office has had a service day: its time zone is then what it is."""
    here = house()
    return bool(here.off_loop(here.ledger.streams, day_stream(office, "")))


def page(template: str, office: Office, **values: Any) -> str:
    """A page of this room about an office."""
    return render_template(f"manage/{template}.html", office=office, key=new_key(), **values)


def link(endpoint: str, **values: object) -> str:
    """A page of this room, of the same office, in the page's language."""
    lang = page_language()
    here = {name: value for name, value in (request.view_args or {}).items() if name == "office"}
    return url_for(f"manage.{endpoint}", **{**here, "lang": None if lang == FIRST else lang, **values})


def leads_to(endpoint: str, **values: object) -> Response:
    """After something was done: the page that shows it."""
    return redirect(link(endpoint, **values), HTTPStatus.SEE_OTHER)


def sentence(refusal: Refusal) -> str:
    """A refusal in the page's language."""
    return spoken(refusal)


def form(name: str) -> str:
    """A field of the form that was sent, without space around it."""
    return request.form.get(name, "").strip()


def new_key() -> str:
    """An idempotency key for a form that is painted."""
    return secrets.token_hex(16)


def key() -> str:
    """The idempotency key of the form that was sent, without space: the house's own keys ("revoke …") hold one."""
    return "".join(form("key")[:64].split()) or new_key()


def inputs() -> Mapping[str, str]:
    """The fields of the form that was sent, in the order of the page."""
    return request.form.to_dict()


def number(written: str) -> int:
    """A number of an address or a form; 0 for what is none."""
    return int(written) if written.isascii() and written.isdigit() and len(written) <= LONGEST_NUMBER else 0


def saved(known: Configurations) -> Change | None:
    """The change that the page before this one has just recorded: the address names it."""
    version = number(request.args.get("saved", ""))
    return known.changes[version - 1] if 0 < version <= len(known.changes) else None


def actor(by: str) -> str:
    """Who did something, in the page's language."""
    return changed.actor(by, page_language())


def worded(key: str) -> str:
    """A word that not every field has, "" where it has none."""
    words = Words(page_language())
    return words(key) if key in words else ""


def clock(local: str) -> str:
    """A local time as it is written in the configuration, as people write it."""
    return changed.clock(local, page_language())

"""What all of the auditor's pages share: their addresses' beginning, the office and the day in one, the page itself."""

from contextvars import copy_context
from datetime import date

from flask import Blueprint, current_app, g, render_template, request, url_for

from audit import asked
from audit.book import Book
from audit.change_telling import ChangeTeller
from audit.opened import Opened
from audit.telling import Teller
from ltsa.office import Office
from web.house import house
from web.words import FIRST, page_language

blueprint = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")


@blueprint.app_template_global("audit_link")
def link(endpoint: str, **values: object) -> str:
    """A page of this room, of the same office and day, in the page's language."""
    lang = page_language()
    here = {name: value for name, value in (request.view_args or {}).items() if name in {"office", "day"}}
    return url_for(f"audit.{endpoint}", **{**here, "lang": None if lang == FIRST else lang, **values})


def office_of(office: str) -> Office:
    """The office as configured today, whose zone the page is in. Raises `Refusal`."""
    configuration = house().office(office)
    g.zone = configuration.zone
    return configuration


def read(office: str, day: str) -> Book | None:
    """The day that an address names; None when nothing was recorded. Raises `Refusal`."""
    office_of(office)
    named: date = asked.day_of(day)
    found: Book | None = house().off_loop(_kept_open().read, house().ledger, office, named)
    if found:
        g.zone = found.office.zone
    return found


def _kept_open() -> Opened:
    """The long days that this server keeps."""
    opened: Opened = current_app.extensions.setdefault("audit.opened", Opened())
    return opened


def opened(office: str, day: str) -> Book:
    """The day that an address names. Raises `Refusal`, also where nothing was recorded."""
    found = read(office, day)
    if found is None:
        raise asked.wrong("day", "day", status=404)
    return found


def day_page(template: str, found: Book, **values: object) -> str:
    """A page about a day."""
    values |= {"office": found.office, "day": found.date.isoformat(), "teller": teller_of(found.office)}
    if moment := values.get("moment"):
        values["changes"] = ChangeTeller(teller_of(found.office)).tell(moment.changed)  # type: ignore[attr-defined]
    return written(template, configured=found.configured, **values)


def written(template: str, **values: object) -> str:
    """A page. Some hundred rows take 0.1 s to write, so they are written in a native thread too."""
    page: str = house().off_loop(copy_context().run, render_template, template, **values)
    return page


def teller_of(office: Office) -> Teller:
    """Who tells the events of a day under this configuration, in the page's language."""
    return Teller(office, page_language(), house().access)

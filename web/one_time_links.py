"""A link that opens once: the first account of an installation, an invitation, a new password.

Looking at it uses nothing up (mail programs look at links); saving does, and what fails half-way gives the link back.
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, current_app, render_template, request
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from ltsa.access import ACCOUNT, EVERYWHERE, LONGEST_ACCOUNT, SHORTEST_ACCOUNT, AddPerson, GiveRole
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from web.account import changed, words_here
from web.credentials import Link
from web.errors import Refused, spoken
from web.house import house
from web.passwords import WeakPasswordError, demand_password
from web.signing_in import close_others, hashing, local_time, pass_on, secretly

blueprint = Blueprint("one_time_links", __name__)

LONGEST_NAME = 80


@blueprint.before_request
def _local_time() -> None:
    local_time()


@blueprint.get("/link/<secret>")
def link(secret: str) -> str | tuple[str, int]:
    """The form that the link opens."""
    found = _good(secret)
    return _page(secret, found) if found else _gone()


@blueprint.post("/link/<secret>")
def use(secret: str) -> Response | tuple[str, int]:
    """Uses the link: name and password are kept, and the person is in, or at their second step."""
    here, at = house(), house().now()
    if (found := _good(secret)) is None:
        return _gone()
    account = found.person or request.form.get("account", "").strip()
    name = " ".join(request.form.get("name", "").split())
    password = request.form.get("password", "")
    if wrong := _wrong(found, account, name, password):
        return _page(secret, found, wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    if secretly(here.credentials.use_link, secret, at) is None:
        return _gone()
    try:
        if found.purpose == "setup":
            _first_account(account, at)
        if name:
            secretly(here.credentials.set_name, account, name)
        hashing(here.credentials.set_password, account, password, at, words_here())
        changed(account, "password")
    except (Refusal, LedgerUnavailableError):
        secretly(here.credentials.put_back, secret, found)
        raise
    close_others(account, "", "changed")
    return pass_on(account, "link", _next(found))


def _good(secret: str) -> Link | None:
    """The link, if it is good and its person may still come in; to the first account, while nobody else can let in."""
    here = house()
    found = secretly(here.credentials.link, secret, here.now())
    if found is None:
        return None
    if found.purpose == "setup":
        admins = here.access.holders("admin", EVERYWHERE)
        return None if any(secretly(here.credentials.has_password, admin) for admin in admins) else found
    person = here.access.people.get(found.person)
    return found if person and not person.barred else None


def _wrong(found: Link, account: str, name: str, password: str) -> dict[str, str]:
    """What is wrong with the form, by field."""
    here, wrong = house(), {}
    if found.purpose == "setup":
        if not (ACCOUNT.fullmatch(account) and SHORTEST_ACCOUNT <= len(account) <= LONGEST_ACCOUNT):
            wrong["account"] = spoken(Refused("wrong-account", ""))
        elif account in here.access.people:
            wrong["account"] = spoken(Refused("account-taken", ""))
    if _asks_name(found) and not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        wrong["name"] = "missing"
    try:
        known = secretly(here.credentials.name, account)
        secretly(demand_password, password, (account, name, known, *words_here()))
    except WeakPasswordError as weak:
        wrong["password"] = spoken(weak)
    return wrong


def _first_account(person: str, at: int) -> None:
    """The first person leads the office that this installation opens first, and may let others in everywhere."""
    here = house()
    roles = ("headquarters", "admin")
    here.do(AddPerson(office=EVERYWHERE, at=at, by="system", key=f"add first {person}", person=person, roles=roles))
    office = here.settings.office
    here.do(GiveRole(office=office, at=at, by="system", key=f"first {person}", person=person, role="manager"))
    here.catch_up()


def _asks_name(found: Link) -> bool:
    return found.purpose == "setup" or (
        found.purpose == "invitation" and found.person not in secretly(house().credentials.names)
    )


def _next(found: Link) -> str:
    """Where the person begins: the first of all, with setting up the office."""
    setup = f"/manage/{house().settings.office}/setup"
    if found.purpose != "setup":
        return "/"
    try:
        current_app.url_map.bind("").match(setup)
    except HTTPException:
        return "/"
    return setup


def _page(secret: str, found: Link, wrong: dict[str, str] | None = None) -> str:
    here = house()
    given: Any = request.form
    return render_template(
        "web/link.html",
        link=found,
        secret=secret,
        wrong=wrong or {},
        account=given.get("account", ""),
        name=given.get("name", ""),
        known=secretly(here.credentials.name, found.person) if found.person else "",
        asks_name=_asks_name(found),
        office=here.office(here.settings.office),
    )


def _gone() -> tuple[str, int]:
    here = house()
    return render_template("web/link_gone.html", office=here.office(here.settings.office)), HTTPStatus.GONE

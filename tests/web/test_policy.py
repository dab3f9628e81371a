"""Who may do what: the table is complete, and the doors keep it for every address, role and office.

What is expected stands below, written by hand from what each role is for; nothing of it is read from the table that is
tested. The longest beginning of an address that is listed speaks for it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from app import create_app
from ltsa.access import EVERYWHERE
from ltsa.configuring import ConfigureOffice
from ltsa.office import example_office
from tests.staff import hire, pair, token
from web import policy

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from web.house import House
    from web.settings import Settings

ROLES = ("officer", "supervisor", "manager", "auditor", "headquarters", "admin")
KINDS = ("kiosk", "display", "counter", "printer")
EVERYONE = frozenset({"nobody", *ROLES, *KINDS})
PEOPLE = frozenset(ROLES)


def _only(who: str) -> frozenset[str]:
    return frozenset(who.split())


LEADING = "supervisor manager auditor headquarters"

EXPECTED: dict[str, frozenset[str]] = {
    "GET /": EVERYONE,
    "GET /static": EVERYONE,
    "GET /vendor": EVERYONE,
    "GET /gallery": PEOPLE,
    "GET /t/": EVERYONE,
    "POST /t/": EVERYONE,
    "GET /c/": EVERYONE,
    "GET /kiosk/": _only("kiosk officer supervisor"),
    "POST /kiosk/": _only("kiosk officer supervisor"),
    "GET /desk/": _only("officer supervisor"),
    "POST /desk/": _only("officer supervisor"),
    "GET /supervisor/": _only(LEADING),
    "GET /supervisor/<office>/sheet": _only("supervisor manager"),
    "POST /supervisor/": _only("supervisor manager"),
    "GET /display/": PEOPLE | {"display"},
    "GET /display/voice": EVERYONE,
    "GET /audit/": _only("auditor manager headquarters"),
    "POST /audit/<office>/export": _only("auditor manager headquarters"),
    "POST /audit/<office>/export/persons": _only("manager"),
    "POST /audit/<office>/committed": _only("auditor manager headquarters"),
    "GET /audit/<office>/journal": _only("auditor manager headquarters admin"),
    "GET /api/openapi.json": EVERYONE,
    "GET /api/v1/offices": PEOPLE | {"display"},
    "GET /api/v1/offices/<office>/board": PEOPLE | {"display"},
    "GET /api/v1/offices/<office>/days": _only("auditor manager headquarters"),
    "POST /api/v1/offices/<office>/tickets": _only("officer supervisor"),
    "POST /api/v1/offices/<office>/tickets!": _only("kiosk officer supervisor"),
    "POST /api/v1/offices/<office>/counters": _only("officer supervisor"),
    "POST /api/v1/offices/<office>/kiosks": _only("kiosk officer supervisor"),
    "POST /api/v1/offices/<office>/close-day": _only("supervisor manager"),
    "POST /api/v1/offices/<office>/reopen-day": _only("supervisor manager"),
    "POST /api/v1/offices/<office>/cases": _only("officer supervisor"),
    "GET /api/v1/cases/": EVERYONE,
    "GET /api/v1/tickets/": EVERYONE,
    "POST /api/v1/tickets/": EVERYONE,
    "GET /sign-in": EVERYONE,
    "POST /sign-in": EVERYONE,
    "GET /link/": EVERYONE,
    "POST /link/": EVERYONE,
    "GET /pair": EVERYONE,
    "POST /pair": EVERYONE,
    "GET /unlock": EVERYONE,
    "POST /unlock": EVERYONE,
    "GET /sign-out": EVERYONE,
    "POST /sign-out": EVERYONE,
    "POST /lock": PEOPLE,
    "POST /password-strength": EVERYONE,
    "GET /account": PEOPLE,
    "POST /account": PEOPLE,
    "POST /device/report": _only("kiosk display counter printer"),
    "GET /device/tickets": _only("printer"),
    "POST /device/tickets": _only("printer"),
    "GET /healthz": EVERYONE,
    "GET /readyz": EVERYONE,
    "GET /metrics": _only("admin"),
    "GET /log/": EVERYONE,
    "POST /log/": EVERYONE,
    "GET /log/tile/entries/": _only("auditor headquarters"),
    "GET /manage/": _only("manager auditor headquarters"),
    "GET /manage/<office>!": _only("supervisor manager auditor headquarters admin"),
    "POST /manage/": _only("manager"),
    "GET /manage/<office>/opening": _only("supervisor manager"),
    "POST /manage/<office>/opening": _only("supervisor manager"),
    "GET /manage/<office>/closing": _only("supervisor manager"),
    "POST /manage/<office>/closing": _only("supervisor manager"),
    "GET /manage/<office>/report": _only(LEADING),
    "GET /manage/<office>/references": _only("supervisor manager"),
    "POST /manage/<office>/references": _only("supervisor manager"),
    "GET /manage/<office>/requests": _only("supervisor manager auditor"),
    "GET /manage/<office>/requests/<request>/answer": _only("manager"),
    "POST /manage/<office>/requests": _only("supervisor manager"),
    "POST /manage/<office>/requests/<request>/<action>": _only("manager"),
    "POST /manage/<office>/whatif": _only("manager auditor headquarters"),
    "GET /manage/<office>/people": _only("manager headquarters auditor admin"),
    "POST /manage/<office>/people": _only("manager headquarters admin"),
    "GET /manage/<office>/devices": _only("manager auditor headquarters admin"),
    "POST /manage/<office>/devices": _only("manager admin"),
    "GET /manage/<office>/programs": _only("manager auditor headquarters admin"),
    "POST /manage/<office>/programs": _only("manager"),
    "GET /manage/<office>/setup": _only("manager"),
    "GET /offices": _only("headquarters admin"),
    "POST /offices": _only("headquarters"),
}
"""Who may ask for what begins so; with "!" for exactly that address."""

WHOLE_INSTALLATION = frozenset({"GET /metrics", "POST /offices", "GET /log/tile/entries/<path:rest>"})
"""What a role in one office is not enough for."""


@pytest.fixture
def doors(settings: Settings) -> Doors:
    """An installation with the offices ltsa and batam, and an OpenID provider that is silent."""
    return Doors(create_app(dataclasses.replace(settings, oidc_issuer="http://127.0.0.1:9", oidc_client_id="ltsa")))


class Doors:
    """Goes to every address as everybody, and says who was let in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.house: House = app.extensions["ltsa"]
        batam = replace(example_office(), id="batam")
        self.house.do(
            ConfigureOffice(office="batam", at=0, by="system", key="b", configuration=batam, since="1970-01-01")
        )
        self.house.catch_up()

    def rules(self) -> list[tuple[str, Rule]]:
        """Every method and address of the application."""
        found = [
            (method, rule)
            for rule in self.app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
        assert len(found) > 60
        return found

    def lets_in(self, method: str, rule: Rule, headers: dict[str, str]) -> bool:
        """Whether the address is answered, however: by anything but a refusal for want of a right."""
        values = {
            "office": "ltsa",
            "counter": "1",
            "day": "2026-11-20",
            "date": "2026-11-20",
            "number": "A001",
            "face": "desk",
        }
        path = rule.build({name: values.get(name, "none") for name in rule.arguments}, append_unknown=False)
        assert path
        said = {"Sec-Fetch-Site": "same-origin", **headers}
        answer = self.app.test_client(use_cookies=False).open(path[1], method=method, headers=said)
        return not _turned_away(answer)


def _turned_away(answer: TestResponse) -> bool:
    if answer.status_code == 303:
        leads = ("/sign-in?", "/pair?", "/unlock?", "/account/second-factor?")
        return answer.location.startswith(leads)
    if answer.status_code == 401:
        return True
    return answer.status_code == 403 and b"not-allowed" in answer.data


def _expected(method: str, rule: Rule) -> tuple[str, frozenset[str]]:
    asked = f"{method} {rule}"
    if f"{asked}!" in EXPECTED:
        return asked, EXPECTED[f"{asked}!"]
    listed = [name for name in EXPECTED if asked == name or (name != "GET /" and asked.startswith(name))]
    if not listed:
        return asked, EVERYONE if str(rule).startswith("/<any(") else frozenset()
    return asked, EXPECTED[max(listed, key=len)]


def test_every_address_and_every_view_has_a_row_and_no_row_is_left_over(doors: Doors) -> None:
    endpoints = {rule.endpoint for rule in doors.app.url_map.iter_rules()}
    assert set(policy.ENDPOINTS) == endpoints
    assert set(policy.VIEWS) == set(doors.house.feed._views)
    assert {*policy.ENDPOINTS.values(), *policy.VIEWS.values()} <= set(policy.ACTIONS)
    assert set(policy.ACTIONS) - {*policy.ENDPOINTS.values(), *policy.VIEWS.values()} == set()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("where", ["ltsa", "batam", EVERYWHERE])
def test_a_person_is_let_in_where_their_role_belongs(doors: Doors, role: str, where: str) -> None:
    wrong = []
    for method, rule in doors.rules():
        session = hire(doors.house, "siti", (role,), where)
        asked, who = _expected(method, rule)
        concerned = "office" in rule.arguments
        right = role in who and (not concerned or where in ("ltsa", EVERYWHERE) or "nobody" in who)
        if asked in WHOLE_INSTALLATION:
            right = right and where == EVERYWHERE
        if doors.lets_in(method, rule, {"Cookie": f"session={session}"}) != right:
            wrong.append(f"{asked}: {'should' if right else 'must not'} be open to {role} of {where}")
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["ltsa", "batam"])
def test_a_device_is_let_in_where_its_kind_belongs(doors: Doors, kind: str, where: str) -> None:
    secret = pair(doors.house, kind, office=where)
    wrong = []
    for method, rule in doors.rules():
        asked, who = _expected(method, rule)
        right = kind in who and ("office" not in rule.arguments or where == "ltsa" or "nobody" in who)
        if doors.lets_in(method, rule, {"Cookie": f"device={secret}"}) != right:
            wrong.append(f"{asked}: {'should' if right else 'must not'} be open to a {kind} of {where}")
    assert not wrong


@pytest.mark.parametrize("role", [*ROLES, "kiosk", "display"])
@pytest.mark.parametrize("where", ["ltsa", "batam"])
def test_a_program_is_let_in_as_a_person_of_its_role(doors: Doors, role: str, where: str) -> None:
    secret = token(doors.house, role, where)
    wrong = []
    for method, rule in doors.rules():
        asked, who = _expected(method, rule)
        right = role in who and ("office" not in rule.arguments or where == "ltsa" or "nobody" in who)
        # A program has no account of its own, and holds no role everywhere.
        right = right and asked not in WHOLE_INSTALLATION and (who != PEOPLE or "nobody" in who)
        if doors.lets_in(method, rule, {"Authorization": f"Bearer {secret}"}) != right:
            wrong.append(f"{asked}: {'should' if right else 'must not'} be open to a {role} program of {where}")
    assert not wrong


def test_nobody_gets_further_than_the_public_pages(doors: Doors) -> None:
    let_in = {f"{method} {rule}" for method, rule in doors.rules() if doors.lets_in(method, rule, {})}
    assert let_in == {asked for asked, who in (_expected(*each) for each in doors.rules()) if "nobody" in who}


def test_a_view_is_watched_by_those_who_may_see_the_page(doors: Doors, tmp_path: Path) -> None:
    del tmp_path
    pages = {"desk": "GET /desk/", "hall": "GET /supervisor/", "display": "GET /display/", "ticket": "GET /t/"}
    pages["card"] = "GET /c/"
    for role in ROLES:
        for where in ("ltsa", "batam"):
            environ = {"HTTP_COOKIE": f"session={hire(doors.house, f'{role}-{where}', (role,), where)}"}
            with doors.app.app_context():
                who = doors.house.asker(environ)
            for view, page in pages.items():
                right = "nobody" in EXPECTED[page] or (role in EXPECTED[page] and where == "ltsa")
                assert doors.house.may_watch(who, view, "ltsa") == right, (role, where, view)

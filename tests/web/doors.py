"""People at the office's door: what they type, press and see, over the real application."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyotp
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from msgspec.structs import replace

from app import create_app
from ltsa.configuring import ConfigureOffice
from ltsa.journal import JournalEvent
from tests.staff import hire, pair

if TYPE_CHECKING:
    import pytest
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from web.house import House
    from web.settings import Settings

GOOD, BETTER, PIN = "kuda baterai staples benar", "tujuh perahu menunggu bulan", "402817"
MINUTE, HOUR = 60_000, 3_600_000


class Office:
    """A running office whose clock a test moves. Siti is an officer and has a PIN, Budi a manager with a phone."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app: Flask = create_app(settings)
        self.house: House = self.app.extensions["ltsa"]
        self.now = self.house.now() // 30_000 * 30_000
        monkeypatch.setattr(self.house, "now", lambda: self.now)
        monkeypatch.setattr("web.asking.REMEMBERED", -1.0)  # sessions are looked up anew: the clock jumps
        self.kept = self.house.credentials
        self.kept._hasher = PasswordHasher.from_parameters(CHEAPEST)
        self.hire("siti", "officer", name="Siti Rahma", password=GOOD)
        self.kept.set_pin("siti", PIN, self.now)
        self.hire("budi", "manager", name="Budi Santoso", password=BETTER)
        self.phone = pyotp.TOTP(self.kept.begin_totp("budi"))
        earlier = self.now - 2 * MINUTE
        self.codes = self.kept.confirm_totp("budi", self.phone.at(earlier // 1000), earlier) or []

    def hire(self, person: str, role: str, name: str = "", password: str = "", office: str = "ltsa") -> None:
        """Somebody with a role; nobody is signed in."""
        hire(self.house, person, (role,), office)
        self.kept.close_all(person)
        if name:
            self.kept.set_name(person, name)
        if password:
            self.kept.set_password(person, password, self.now)

    def visitor(self, device: str = "") -> Visitor:
        """Somebody at a browser of their own, or at a device of this kind."""
        client = self.app.test_client()
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        if device:
            client.set_cookie("device", pair(self.house, device, "loket-4"))
        return Visitor(self, client)

    def shows(self) -> str:
        """The code that Budi's phone shows now."""
        return self.phone.at(self.now // 1000)

    def journal(self) -> list[tuple[Any, ...]]:
        """What is on record about the doors: kind, who, and what else."""
        events = [row.event for row in self.house.ledger.since(0)]
        return [
            (
                type(event).__name__,
                *(getattr(event, name) for name in ("person", "how", "why", "what") if hasattr(event, name)),
            )
            for event in events
            if isinstance(event, JournalEvent) or type(event).__name__ == "CredentialChanged"
        ]

    def requires_second_factor(self, role: str) -> None:
        """The office asks for a second step of everybody in a role."""
        stricter = replace(self.house.office("ltsa"), second_factor=(role,))
        today = stricter.service_date(self.now).isoformat()
        self.house.do(
            ConfigureOffice(
                office="ltsa", at=self.now, by="manager:budi", key="strict", configuration=stricter, since=today
            )
        )
        self.house.catch_up()


@dataclass
class Visitor:
    """One browser and who sits at it."""

    office: Office
    client: FlaskClient
    page: TestResponse = field(init=False)

    def opens(self, path: str) -> TestResponse:
        self.page = self.client.get(path)
        return self.page

    def sends(self, path: str, **typed: str) -> TestResponse:
        self.page = self.client.post(path, data=typed)
        return self.page

    def signs_in(self, account: str, password: str, to: str = "") -> TestResponse:
        return self.sends("/sign-in", account=account, password=password, next=to)

    def gives_code(self, code: str, to: str = "") -> TestResponse:
        return self.sends("/sign-in/second-step", code=code, next=to)

    @property
    def session(self) -> str:
        """The session's secret in this browser."""
        cookie = self.client.get_cookie("session")
        return cookie.value if cookie else ""

    @property
    def name(self) -> str:
        """Who the office takes the visitor for, "" for nobody."""
        page = self.client.get("/account")
        found = re.search(r"<h1>([^<]+)</h1>", page.text) if page.status_code == 200 else None
        return found[1] if found else ""

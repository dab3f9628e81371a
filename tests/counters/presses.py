"""The desk's and the supervisor's buttons as requests, for what no screen would send."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ltsa.access import EVERYWHERE
from ltsa.commands import IssueTicket
from ltsa.day import Day
from ltsa.tokens import token_digest
from tests.staff import signed_in
from web.house import House

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse


KEYS = (f"key-{n}" for n in count())


class Presses:
    """Sends presses as a person's page does, with a new key each unless one is given. Siti is an officer."""

    def __init__(self, app: Flask, person: str = "siti", *roles: str, office: str = "ltsa") -> None:
        self.app = app
        self.house: House = app.extensions["ltsa"]
        self.client = signed_in(app, person, roles or ("officer",), office)
        self.office = "ltsa" if office == EVERYWHERE else office

    def of(self, person: str, *roles: str, office: str = "ltsa") -> Presses:
        """Somebody else's buttons in the same installation."""
        return Presses(self.app, person, *roles, office=office)

    @property
    def day(self) -> Day:
        """The day as it is now."""
        self.house.catch_up()
        return self.house.today(self.office)

    def takes(self, *services: str) -> str:
        """A person takes a number."""
        key = next(KEYS)
        command = IssueTicket(
            office=self.office, at=self.house.now(), by="kiosk:1", key=key, services=services, token=token_digest(key)
        )
        done = self.house.do(command)
        assert done.answer
        assert done.answer.ticket
        return done.answer.ticket.number

    def send(self, path: str, body: object = None, *, key: str = "") -> TestResponse:
        """Any press at all."""
        headers = {"Idempotency-Key": key or next(KEYS), "Accept": "application/json"}
        return self.client.post(path, json={} if body is None else body, headers=headers)

    def does(self, action: str, key: str = "", counter: str = "3", **body: object) -> Any:
        """A press that must go well, at counter 3 unless told otherwise."""
        answer = self.send(f"/desk/{self.office}/{counter}/{action}", body, key=key)
        assert answer.status_code == 200, answer.text
        return answer.json

    def refused(self, action: str, key: str = "", counter: str = "3", **body: object) -> tuple[int, str]:
        """The status and code of a press that must be refused."""
        answer = self.send(f"/desk/{self.office}/{counter}/{action}", body, key=key)
        assert answer.status_code >= 400, answer.text
        assert answer.json
        return answer.status_code, answer.json["code"]

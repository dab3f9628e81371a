"""Two offices in one installation: whoever holds every role in one reaches nothing of the other, by any address, id,
form, body or socket.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from app import create_app
from ltsa.access import STREAM
from ltsa.commands import CallNext, OpenCounter, StartService
from ltsa.configuring import ChangeOffice, ConfigureOffice
from ltsa.journal import RequestRefused
from ltsa.office import example_office
from tests.staff import hire, pair, signed_in, token
from web import tickets
from web.asking import Asker
from web.notes import note_beside
from web.policy import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from ltsa.present import Recorded
    from web.house import House
    from web.settings import Settings

ROLES = ("officer", "supervisor", "manager", "auditor")
SECRET = "Ibu Ratna, hamil"
"""What stands in a note in Batam."""

NAMES = (SECRET, "Wahyu Batamwan", "layar-batam", "Papan Batam")
"""What stands in Batam alone: nobody in the other office is shown any of it."""


class Neighbours:
    """Rahma holds every role of the office ltsa. Wahyu manages Batam, where somebody is being served."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(dataclasses.replace(settings, rate_limits=0))
        self.house: House = self.app.extensions["ltsa"]
        configuration = replace(example_office(), id="batam", name={"id": "LTSA Batam"})
        self.do(ConfigureOffice, configuration=configuration, since="1970-01-01")
        hire(self.house, "wahyu", ("manager", "officer"), "batam")
        self.house.credentials.set_name("wahyu", "Wahyu Batamwan")
        pair(self.house, "display", "layar-batam", "batam")
        pair(self.house, "counter", "loket-batam", "batam", counter="1")
        token(self.house, "officer", "batam", "Papan Batam")
        with self.app.test_request_context():
            self.picture, self.ticket = tickets.issue(
                self.house, office="batam", by="system", key="k" * 20, services=("information",)
            )
            self.do(OpenCounter, counter="1", officer="wahyu")
            self.do(CallNext, counter="1")
            self.do(StartService, counter="1")
            with note_beside(
                self.house, office="batam", number=self.picture.number, by="officer:wahyu", key="note", text=SECRET
            ) as note:
                self.note = note
        today = self.house.office("batam").service_date(self.house.now()).isoformat()
        self.do(ChangeOffice, since=today, why="rahasia", changes={"rules/recall_limit": 5})
        self.house.catch_up()
        self.ids = self._ids()
        self.rahma: FlaskClient = signed_in(self.app, "rahma", ROLES, "ltsa")
        self.program = token(self.house, "supervisor", "ltsa")

    def do(self, command: type[Any], **fields: Any) -> None:
        self.house.ledger.do(
            command(office="batam", at=self.house.now(), by="system", key=f"{command.__name__} {fields}", **fields)
        )
        self.house.catch_up()

    def _ids(self) -> dict[str, list[str]]:
        """What there is in Batam, by the names that addresses and forms have for it."""
        access = self.house.access
        device = [each.id for each in access.devices.values() if each.office == "batam"]
        program = [each.id for each in access.tokens.values() if each.office == "batam"]
        return {
            "device": device,
            "token": program,
            "person": ["wahyu"],
            "note": [self.note],
            "number": [self.picture.number],
            "version": ["2"],
        }

    def concerning(self) -> list[Recorded]:
        """All events of Batam but those that say who was refused, and all about its people, devices and programs."""
        ours = {each for ids in (self.ids["device"], self.ids["token"], self.ids["person"]) for each in ids}
        return [
            row
            for row in self.house.ledger.since(0, 100_000)
            if (":batam" in row.stream and not isinstance(row.event, RequestRefused))
            or (row.stream == STREAM and ours & {str(value) for value in _facts(row.event).values()})
        ]

    def changing(self) -> Iterator[tuple[str, Rule]]:
        """Every address that changes something, with Batam's ids in it."""
        for rule in self.app.url_map.iter_rules():
            for method in {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()):
                yield method, rule


def _facts(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


@pytest.fixture
def town(settings: Settings) -> Iterator[Neighbours]:
    found = Neighbours(settings)
    yield found
    found.house.close()


def _paths(town: Neighbours, rule: Rule, office: str) -> list[str]:
    """The addresses of a rule, with each of Batam's things in it in turn."""
    paths = [""]
    for part in re.split(r"(<[^>]+>)", str(rule)):
        name = part.strip("<>").rpartition(":")[2] if part.startswith("<") else ""
        usual = {"office": office, "counter": "1", "day": "2026-11-21", "face": "desk", "action": "erase"}
        values = town.ids.get(name, [usual.get(name, "open")]) if name else [part]
        paths = [path + value for path in paths for value in values]
    return paths


def test_no_change_reaches_the_neighbour_s_things(town: Neighbours) -> None:
    before, asked = town.concerning(), 0
    things: dict[str, str] = {name: ids[0] for name, ids in town.ids.items()}
    said = {**things, "office": "batam", "present": things["number"], "services": ["bank"], "counter": "1", "why": "x"}
    for method, rule in town.changing():
        if str(rule).endswith(("/appoint", "/pair")) or rule.endpoint.startswith(("signing_in", "account")):
            continue  # an account of the installation may be given a role here as well; one's own account is one's own
        offices = ("ltsa", "batam") if "office" in rule.arguments else ("",)
        for office in offices:
            for path in _paths(town, rule, office):
                key = {"Idempotency-Key": f"neighbour-{asked:012}"}
                bodies: list[dict[str, Any]] = [{"data": {**things, "office": "batam", "why": "x"}}, {"json": said}]
                for body in bodies:
                    town.rahma.open(path, method=method, headers=key, query_string={"office": "batam"}, **body)
                    bearer = {**key, "Authorization": f"Bearer {town.program}"}
                    town.app.test_client().open(path, method=method, headers=bearer, **body)
                    asked += 1
    assert asked > 100
    town.house.catch_up()
    assert town.concerning() == before
    assert not town.house.access.people["wahyu"].barred


def test_no_page_shows_the_neighbour_s_things(town: Neighbours) -> None:
    shown, asked = [], 0
    for rule in town.app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or str(rule).startswith(("/link/", "/t/", "/c/", "/api/v1/tickets/")):
            continue  # what a secret opens, it opens to whoever holds it
        for path in {each for office in ("ltsa", "batam") for each in _paths(town, rule, office)}:
            for query in ("", "?office=batam&number=A001&person=wahyu&who=wahyu&day=2026-11-21"):
                answer = town.rahma.get(path + query)
                asked += 1
                if any(name in answer.text for name in NAMES) and answer.status_code != 303:
                    shown.append((path + query, answer.status_code, [name for name in NAMES if name in answer.text]))
    assert asked > 100
    assert not shown


def test_no_socket_shows_the_neighbour_s_views(town: Neighbours) -> None:
    feed = town.app.extensions["feed"]
    session = town.house.credentials.open_session("rahma", "password", "", town.house.now(), second_factor=True)
    with town.app.app_context():
        who: Asker = town.house.asker({"HTTP_COOKIE": f"session={session}"})
    arguments = ("batam", "batam:1", "batam:1:2", "batam:information", "batam:hall.lead,desk.work")
    addresses = [f"{view}:{more}{lang}" for view in VIEWS for more in arguments for lang in ("", "@en")]
    answers = {address: feed._ask_for(address, who) for address in addresses}
    assert {address for address, (watched, _) in answers.items() if watched} == set()
    assert feed._ask_for("hall:ltsa", who)[0], "who may see their own hall"

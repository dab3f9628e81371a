"""The OpenAPI document says what is true: all addresses, all statuses, and examples that work."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.operations import OPERATIONS, Operation
from api.views import ALL
from app import create_app
from ltsa.access import EVERYWHERE
from tests.api.program import DESCRIBED, Program
from web.limits import EVERYTHING
from web.settings import Settings

BY_NAME = {operation.name: operation for operation in OPERATIONS}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

SCENE = (
    *("openapi", "offices", "board"),
    *("open", "issue", "steps", "call", "recall", "hold", "resume", "documents", "note", "return", "undo", "transfer"),
    *("issue", "call-next", "start", "finish", "call-next", "no-show", "put-back:D002", "priority", "cancel-visit"),
    *("open-case", "case", "note-reference"),
    *("ticket", "cancel", "pause", "open", "close", "ask-help", "give-help", "events", "close-day", "reopen-day"),
)
"""A day in which every operation goes well with its own example; after ":" the ticket's number."""


def address(operation: Operation, **parts: str) -> str:
    """The operation's address with its parts filled in."""
    usual = {"office": "ltsa", "counter": "5", "kiosk": "barat", "number": "D001", "token": "A" * 26}
    usual |= {"case": f"{'0' * 20}-1", "card": "A" * 26}
    return operation.path.format(**usual | parts)


def sent(program: Program, operation: Operation, path: str, **more: Any) -> Any:
    """The operation's request with its example."""
    example = msgspec.to_builtins(operation.example) if operation.example else {}
    if operation.method == "GET":
        return program.send("GET", path, headers=more.get("headers", {}))
    headers = {"Idempotency-Key": more.pop("key"), **more.pop("headers", {})}
    return program.send("POST", path, **{"json": example, "headers": headers, **more})


def play(program: Program) -> dict[str, str]:
    """The scene above; every answer must be the operation's own. The parts of addresses that came of it."""
    parts = {"date": program.house.today("ltsa").date}
    for n, step in enumerate(SCENE):
        name, _, number = step.partition(":")
        operation = next(it for it in ALL if it.name == name)
        path = address(operation, **parts, **({"number": number} if number else {}))
        answer = sent(program.for_(operation), operation, path, key=f"scene-{n}")
        assert answer.status_code == operation.status, f"{name}: {answer.text}"
        if name == "issue":
            parts["token"] = answer.json["token"]
        if name == "open-case":
            parts |= {"case": answer.json["case"], "card": answer.json["card"]}
    return parts


def test_the_document_is_valid_openapi_3_1(program: Program) -> None:
    served = program.send("GET", "/api/openapi.json").json
    assert served == DESCRIBED
    assert served["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(served).iter_errors()) == []


def test_the_document_and_the_application_know_the_same_addresses(program: Program) -> None:
    served = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in program.app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
        if rule.rule.startswith("/api")
    }
    described = {(path, method.upper()) for path, item in DESCRIBED["paths"].items() for method in item}
    assert served == described


def test_every_address_of_the_issue_is_there() -> None:
    counter = "/api/v1/offices/{office}/counters/{counter}/"
    person = {
        "call-next",
        "call",
        "recall",
        "start",
        "finish",
        "return",
        "no-show",
        "hold",
        "resume",
        "transfer",
        "undo",
    }
    assert {
        "/api/v1/offices",
        "/api/v1/offices/{office}/board",
        "/api/v1/offices/{office}/days/{date}/events",
        "/api/v1/offices/{office}/tickets",
        "/api/v1/tickets/{token}",
        "/api/v1/tickets/{token}/cancel",
        *(counter + action for action in {"open", "pause", "close"} | person),
    } <= set(DESCRIBED["paths"])


def test_every_operation_goes_well_with_its_own_example(program: Program) -> None:
    assert {step.partition(":")[0] for step in SCENE} == {operation.name for operation in ALL}
    play(program)


def test_every_documented_status_happens_and_no_other(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limits=0))
    program = Program(app)
    played = play(program)
    way = {"case": played["case"], "card": played["card"]}
    token = program.takes("bank")["token"]
    for operation in ALL:
        path = address(operation, date="2020-01-01", token=token, **way)
        asks = program.for_(operation)
        sent(asks, operation, path, key="k", headers={"Authorization": "Bearer nobody's"})
        sent(asks, operation, path, key="k", headers={"Host": "elsewhere.example"})
        if operation.roles:
            sent(program.of(""), operation, path, key="k")
            sent(program.of("headquarters" if operation.sends else "kiosk"), operation, path, key="k")
        if operation.method == "GET":
            asks.send("GET", path + "?no-such-parameter=1")
            asks.send("GET", path + "?" + "&" * 100)
        if operation.tag != "ticket" or "{token}" not in operation.path:
            elsewhere = address(operation, office="nowhere", date="2020-01-01")
            sent(program.for_(operation, EVERYWHERE), operation, elsewhere, key="elsewhere")
        else:
            sent(asks, operation, address(operation), key="elsewhere")
    for operation in (it for it in ALL if it.sends):
        path, asks = address(operation, date="2020-01-01", token=token, **way), program.for_(operation)
        sent(asks, operation, path, key="no key", headers={"Idempotency-Key": ""})
        sent(asks, operation, path, key="scene-3")
        sent(asks, operation, path, key="scene-4")
        sent(asks, operation, path, key="k", headers={"Origin": "https://elsewhere.example"})
        sent(asks, operation, path, key="k", json={"no-such-field": 1})
        sent(asks, operation, path, key="k", json=None, data=b"{}", headers={"Content-Type": "text/plain"})
        sent(asks, operation, path, key="k", json=None, data=b" " * 70_000)
        asks.send("POST", path, json={})
    crowd(program, token, **way)
    damage(program, token, **way)
    described = {
        (method.upper(), path, status)
        for path, item in DESCRIBED["paths"].items()
        for method, operation in item.items()
        for status in operation["responses"]
    }
    assert described - program.seen == set()
    assert program.seen - described == set()
    examples = {
        answer["content"]["application/json"]["example"]["code"]
        for answer in DESCRIBED["components"]["responses"].values()
    }
    assert examples - program.codes == set()
    program.house.close()


def crowd(program: Program, token: str, **way: str) -> None:
    """Somebody asks far too often; whoever asks from there is told when to ask again."""
    limits = program.app.extensions["limits"]
    limits._factor = 1
    limits._empty_at[EVERYTHING, "127.0.0.1"] = limits._clock() + 3600
    for operation in ALL:
        path = address(operation, date=program.house.today("ltsa").date, token=token, **way)
        answer = sent(program.for_(operation), operation, path, key="often")
        assert answer.status_code == 429, operation.name
        assert answer.headers["Retry-After"].isdigit()
    limits._factor = 0


def damage(program: Program, token: str, **way: str) -> None:
    """The ledger cannot be read or written any more; whoever asks is told so, and when to ask again."""
    program.takes("bank")
    program.house.ledger._seen.clear()  # as after some thousand events that no page has seen yet
    with sqlite3.connect(program.house.database) as database:
        database.execute("DROP TABLE ledger")
    database.close()
    for operation in ALL:
        path = address(operation, date=program.house.today("ltsa").date, token=token, **way)
        answer = sent(program.for_(operation), operation, path, key="late")
        assert answer.status_code == 503, operation.name
        assert answer.headers["Retry-After"].isdigit()


@pytest.mark.parametrize("name", sorted(DESCRIBED["components"]["schemas"]))
def test_every_schema_is_described_and_its_example_fits(name: str) -> None:
    schema = DESCRIBED["components"]["schemas"][name]
    assert schema["description"].endswith(".")
    for example in schema.get("examples", ()):
        jsonschema.validate(example, {**schema, "components": DESCRIBED["components"]})


@pytest.mark.parametrize("operation", [it for it in OPERATIONS if it.sends], ids=lambda it: it.name)
def test_every_example_body_fits_its_schema(operation: Operation) -> None:
    body = DESCRIBED["paths"][operation.path]["post"]["requestBody"]["content"]["application/json"]
    jsonschema.validate(body["example"], {**body["schema"], "components": DESCRIBED["components"]})


def test_every_operation_and_parameter_is_described() -> None:
    for item in DESCRIBED["paths"].values():
        for operation in item.values():
            assert operation["summary"].endswith(".")
            assert operation["tags"][0] in {tag["name"] for tag in DESCRIBED["tags"]}
    names = [operation["operationId"] for item in DESCRIBED["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


def test_every_operation_wants_a_token_but_those_that_a_tickets_secret_opens() -> None:
    open_to_all = {
        operation["operationId"]
        for item in DESCRIBED["paths"].values()
        for operation in item.values()
        if operation.get("security") == []
    }
    assert open_to_all == {"openapi", "ticket", "cancel", "case"}
    assert DESCRIBED["security"] == [{"token": []}]
    assert DESCRIBED["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    finish = DESCRIBED["paths"]["/api/v1/offices/{office}/counters/{counter}/finish"]["post"]
    assert finish["description"] == "For officer and supervisor."

"""A program that talks to a real office in this process, and believes no answer that the document does not describe."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

import jsonschema
from werkzeug.exceptions import HTTPException

from api.views import document
from tests.staff import token
from web.house import House

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from api.operations import Operation

V1 = "/api/v1"
DESCRIBED: dict[str, Any] = json.loads(bytes(document()))


@cache
def schema_of(operation: str, method: str, status: str) -> jsonschema.Draft202012Validator:
    """What the document says of one answer; fails for an answer that it does not know."""
    answers = DESCRIBED["paths"][operation][method.lower()]["responses"]
    assert status in answers, f"{method} {operation} answered {status}, which the document does not mention"
    answer = answers[status]
    if "$ref" in answer:
        answer = DESCRIBED["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema.Draft202012Validator({**schema, "components": DESCRIBED["components"]})


KEYS = (f"key-{n}" for n in count())


class Program:
    """Any program: sends JSON with a new key, and checks every answer against the document.

    It holds a token: a supervisor's, which is enough for numbers, counters and the day; "" for none.
    """

    def __init__(self, app: Flask, role: str = "supervisor", office: str = "ltsa") -> None:
        self.app = app
        self.house: House = app.extensions["ltsa"]
        self.token = token(self.house, role, office) if role else ""
        self.name = f"program:{self.house.access.shown[sha256(self.token.encode()).hexdigest()].id}" if role else ""
        self.seen: set[tuple[str, str, str]] = set()
        self.codes: set[str] = set()
        self._client = app.test_client()
        self._team: dict[tuple[str, str], Program] = {}

    def of(self, role: str, office: str = "ltsa") -> Program:
        """Another program in the same installation; "" for one without a token."""
        other = Program(self.app, role, office)
        other.seen, other.codes = self.seen, self.codes
        return other

    def through(self, browser: FlaskClient) -> Program:
        """The same requests from the browser of a person or a device."""
        other = self.of("")
        other._client = browser
        return other

    def for_(self, operation: Operation, office: str = "ltsa") -> Program:
        """A program of a role that may ask this."""
        role = "supervisor" if "supervisor" in operation.roles or not operation.roles else operation.roles[0]
        if (role, office) not in self._team:
            self._team[role, office] = self.of(role, office)
        return self._team[role, office]

    def get(self, path: str, **query: object) -> Any:
        """GET under /api/v1."""
        return self.send("GET", V1 + path, query_string=query)

    def post(self, path: str, body: object = None, *, key: str = "", **headers: str) -> Any:
        """POST under /api/v1: with a new key unless one is given."""
        said = {"Idempotency-Key": key or next(KEYS), **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.send("POST", V1 + path, json={} if body is None else body, headers=said)

    def does(self, path: str, body: object = None, *, status: int = 200, key: str = "") -> Any:
        """What a POST is answered with, which must have gone well."""
        answer = self.post(path, body, key=key)
        assert answer.status_code == status, answer.text
        return answer.json

    def refused(self, path: str, body: object = None, *, key: str = "") -> tuple[int, str]:
        """Status and code of a POST that must be refused."""
        answer = self.post(path, body, key=key)
        assert answer.status_code >= 400, answer.text
        assert answer.json
        return answer.status_code, answer.json["code"]

    def send(self, method: str, path: str, **more: Any) -> Any:
        """Any request at all, with the token unless another one is given."""
        said = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more.pop("headers", {})}
        answer = self._client.open(path, method=method, headers=said, **more)
        self.check(method, answer)
        return answer

    def check(self, method: str, answer: TestResponse) -> None:
        """The answer is one that the document describes, or a 404 or 405 of no address, in the one shape."""
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        if answer.status_code in {301, 308} or method in {"HEAD", "OPTIONS"}:
            return
        assert answer.mimetype == "application/json", answer.text
        try:
            rule, _ = self.app.url_map.bind("").match(answer.request.path, method, return_rule=True)
        except HTTPException:
            assert answer.status_code in {404, 405}
            assert set(answer.json or ()) == {"code", "message", "field", "state"}
            return
        operation = rule.rule.replace("<", "{").replace(">", "}")
        schema_of(operation, method, str(answer.status_code)).validate(answer.json)
        self.seen.add((method, operation, str(answer.status_code)))
        if answer.status_code >= 400:
            self.codes.add(answer.get_json()["code"])

    def opens(self, counter: str, officer: str, *services: str) -> Any:
        """An officer sits down."""
        return self.does(f"/offices/ltsa/counters/{counter}/open", {"officer": officer, "services": services})

    def takes(self, *services: str, **more: Any) -> Any:
        """A person takes a number."""
        return self.does("/offices/ltsa/tickets", {"services": services, **more}, status=201)

    def at(self, counter: str, action: str, body: object = None, *, key: str = "") -> Any:
        """An officer acts at a counter."""
        return self.does(f"/offices/ltsa/counters/{counter}/{action}", body, key=key)

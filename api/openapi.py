"""The OpenAPI 3.1 document, made from the table of operations and the very structs that requests are read with."""

import inspect
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from api import answers, bodies, examples
from api.asked import KEY, LONGEST_KEY
from api.operations import Operation

Json = dict[str, Any]

SCHEME = "token"
"""What the document calls the way in which programs say who they are."""

ABOUT = """The queue of a one-roof office, for other programs: the same commands as the screens, the same refusals.

Programs show the token that a manager gave them: `Authorization: Bearer TOKEN`. It holds one role in one office;
each operation says for which roles it is. Whoever has a ticket's secret needs no token for that ticket.

Every change carries an `Idempotency-Key`. The same key with the same content gets the first answer again, so a request
may be repeated after a lost connection; with other content it is refused (409 `key-reused`). A refused command has not
happened, and its key is free.

Instants are integer milliseconds UTC since 1970. `name` is in Indonesian, `names` in every language. Fields and
parameters that are not described here are refused."""

TAGS = {
    "office": "Offices, their boards and their days",
    "ticket": "For whoever has a ticket's secret",
    "journey": "A person's journey over days and offices",
    "counter": "What an officer does at a counter",
    "visit": "What an officer does with a visit",
}

ADDRESS: dict[str, Json] = {
    "office": {"description": "An office's id.", "example": "ltsa"},
    "counter": {"description": "A counter's id.", "example": "5"},
    "kiosk": {"description": "What a kiosk is called.", "example": "barat"},
    "number": {"description": "A ticket's number.", "example": "D001"},
    "date": {"description": "A service day: the office's local date.", "example": "2026-11-21", "format": "date"},
    "case": {"description": "A journey's name.", "example": f"{examples.PERSON}-1"},
    "card": {"description": "A journey card's secret.", "example": examples.CARD, "pattern": "^[A-Z2-7]{26}$"},
    "token": {"description": "A ticket's secret.", "example": examples.TOKEN, "pattern": "^[A-Z2-7]{26}$"},
}

REFUSALS: dict[int, tuple[str, str, answers.Error]] = {
    400: ("BadRequest", "What was sent could not be read, or has no key.", examples.MISSING_KEY),
    401: ("Unauthorized", "No token, or one that is unknown, revoked or over.", examples.SIGN_IN_NEEDED),
    403: ("Forbidden", "Your role does not allow this there; or a page of another site sent it.", examples.NOT_ALLOWED),
    404: ("NotFound", "Something that the address or the body names is not there.", examples.UNKNOWN_OFFICE),
    409: ("Conflict", "The state does not allow it now, or the key was used for something else.", examples.KEY_REUSED),
    413: ("TooLarge", "The body is longer than 64 KB.", examples.TOO_LARGE),
    415: ("UnsupportedMediaType", "The body is not application/json in UTF-8.", examples.UNSUPPORTED),
    421: ("MisdirectedRequest", "The office is not known by the host that was asked for.", examples.UNKNOWN_HOST),
    422: ("Unprocessable", "A field or parameter is unknown, missing or wrong.", examples.UNKNOWN_FIELD),
    429: ("TooManyRequests", "Too many requests in a short time.", examples.TOO_MANY),
    503: ("Unavailable", "The record cannot be written or read now; nothing happened.", examples.UNAVAILABLE),
}


def describe(operations: Iterable[Operation]) -> Json:
    """The document for these operations."""
    operations = tuple(operations)
    kinds = [answers.Error, *(kind for it in operations for kind in (it.answers, it.sends) if kind)]
    found, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(map(str, kinds), found, strict=True))
    for schema in components.values():
        schema["description"] = inspect.cleandoc(schema["description"])
    for name, example in examples.of_answers().items():
        components[name]["examples"] = [msgspec.to_builtins(example)]
    paths: dict[str, Json] = {}
    for it in operations:
        paths.setdefault(it.path, {})[it.method.lower()] = _operation(it, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "LTSA", "version": "1", "description": ABOUT},
        "servers": [{"url": "/", "description": "This office"}],
        "security": [{SCHEME: []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {SCHEME: {"type": "http", "scheme": "bearer", "description": "A program's token."}},
            "schemas": components,
            "parameters": {"IdempotencyKey": _key()},
            "responses": {
                name: _response(text, schemas[str(answers.Error)], example, status)
                for status, (name, text, example) in REFUSALS.items()
            },
        },
    }


def _operation(it: Operation, schemas: Json) -> Json:
    said: Json = {
        "operationId": it.name,
        "summary": it.summary,
        "description": f"For {_listed(it.roles)}." if it.roles else "For anyone.",
        "tags": [it.tag],
        "parameters": [*map(_part, re.findall(r"{(\w+)}", it.path)), *_parameters(it)],
        "responses": {
            str(int(it.status)): _response(HTTPStatus(it.status).phrase, schemas[str(it.answers)]),
            **{str(int(status)): {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in it.refusals},
        },
    }
    if not it.roles:
        said["security"] = []
    if it.sends:
        content: Json = {
            "schema": schemas[str(it.sends)],
            "example": msgspec.to_builtins(it.example or bodies.Nothing()),
        }
        said["requestBody"] = {"required": _needs_body(it.sends), "content": {"application/json": content}}
    return said


def _listed(roles: Iterable[str]) -> str:
    *most, last = roles
    return f"{', '.join(most)} and {last}" if most else last


def _needs_body(kind: type[bodies.Body]) -> bool:
    return any(field.required for field in msgspec.structs.fields(kind))


def _part(name: str) -> Json:
    said = ADDRESS[name]
    schema = {"type": "string", **{key: value for key, value in said.items() if key in {"format", "pattern"}}}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": said["description"],
        "schema": schema,
        "example": said["example"],
    }


def _parameters(it: Operation) -> list[Json]:
    if it.sends:
        return [{"$ref": "#/components/parameters/IdempotencyKey"}]
    _, components = msgspec.json.schema_components([it.query])
    schema = components[it.query.__name__]
    return [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": each}
        for name, each in schema["properties"].items()
    ]


def _key() -> Json:
    return {
        "name": KEY,
        "in": "header",
        "required": True,
        "description": "The same again for a retry, a new one for each new command, for example a UUID.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]+$", "minLength": 1, "maxLength": LONGEST_KEY},
        "example": "9f0f4b6e-3c1d-4a61-8f57-5b0d7f1d2a11",
    }


def _response(text: str, schema: Json, example: object = None, status: int = 0) -> Json:
    content: Json = {"schema": schema}
    if example:
        content["example"] = msgspec.to_builtins(example)
    said: Json = {"description": text, "content": {"application/json": content}}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        seconds = {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}}
        said["headers"] = {"Retry-After": seconds}
    if status == HTTPStatus.UNAUTHORIZED:
        said["headers"] = {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}}
    return said

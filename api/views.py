"""The API's addresses: every row of the table of operations, and the document that describes them."""

from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response

from api.asked import Asked, read
from api.openapi import describe
from api.operations import OPERATIONS, READS, Operation

JSON = "application/json"
encode = msgspec.json.Encoder().encode

blueprint = Blueprint("api", __name__)


@cache
def document() -> msgspec.Raw:
    """The OpenAPI document, made once."""
    return msgspec.Raw(msgspec.json.format(encode(describe(ALL)), indent=1))


def document_shown(_: Asked) -> msgspec.Raw:
    """This API, described."""
    return document()


def _add(operation: Operation) -> None:
    def view(**address: str) -> Response:
        asked = read(address, operation.query, operation.sends)
        return Response(encode(operation.view(asked)), operation.status, content_type=JSON)

    rule = operation.path.replace("{", "<").replace("}", ">")
    blueprint.add_url_rule(rule, operation.name, view, methods=[operation.method])


ALL = (
    Operation(
        name="openapi",
        path="/api/openapi.json",
        view=document_shown,
        answers=dict[str, Any],
        summary="This document.",
        tag="office",
        refusals=READS,
    ),
    *OPERATIONS,
)

for each in ALL:
    _add(each)

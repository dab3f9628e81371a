"""Reads a request strictly: what cannot be meant is refused with the name of what is wrong, before any rule sees it."""

import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, NoReturn

import msgspec
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from api.bodies import Body, Nothing
from web.asking import asker
from web.errors import Refused
from web.house import House, house
from web.policy import ENDPOINTS

KEY = "Idempotency-Key"
LONGEST_KEY = 200
SHOWN = 60
"""Characters of a wrong name that a refusal repeats."""

_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_UNKNOWN = "Object contains unknown field `"
_MISSING = "Object missing required field `"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the house it is for, the parts of its address, its parameters, and for a change its key, its body
    and in whose name it is recorded.
    """

    house: House
    address: dict[str, str]
    query: Any
    by: str = ""
    key: str = ""
    body: Any = None


def read(address: dict[str, str], query: type[Body], sends: type[Body] | None) -> Asked:
    """The present request. Raises `Refused` with 400, 415 or 422, werkzeug's 413 for a body that is too long."""
    parameters = _parameters(query)
    if sends is None:
        return Asked(house(), address, parameters)
    return Asked(house(), address, parameters, _by(address), _key(), _body(sends))


def _by(address: dict[str, str]) -> str:
    """Who asks, in the role that the policy wants; a ticket's secret is its holder's, whoever sends it."""
    return asker().by(ENDPOINTS[request.endpoint or ""], address["office"]) if "office" in address else "holder"


def _key() -> str:
    key = request.headers.get(KEY)
    if key is None:
        message = f"Send the header {KEY} with every change: the same for a retry, a new one for each new command."
        raise Refused("missing-key", message, field=KEY, status=HTTPStatus.BAD_REQUEST)
    if not _KEY.fullmatch(key):
        message = f"{KEY} must be 1 to {LONGEST_KEY} visible ASCII characters, for example a UUID."
        raise Refused("wrong-key", message, field=KEY, status=HTTPStatus.BAD_REQUEST)
    return key


def _body(kind: type[Body]) -> Body:
    raw = request.get_data(cache=False)
    if request.content_length is None and len(raw) == request.max_content_length:
        raise RequestEntityTooLarge  # werkzeug cuts a body of unknown length at the limit without a word
    if raw and not _is_json():
        message = "Send the body as Content-Type: application/json in UTF-8, without Content-Encoding."
        raise Refused("unsupported-media-type", message, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        return _decoder(kind).decode(raw or b"{}")
    except msgspec.ValidationError as error:
        _refuse(str(error), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"The body is not valid JSON in UTF-8: {error}."
        raise Refused("bad-json", message, status=HTTPStatus.BAD_REQUEST) from None


def _is_json() -> bool:
    if "HTTP_CONTENT_ENCODING" not in request.environ and request.content_type == "application/json":
        return True
    return (
        request.mimetype == "application/json"
        and request.mimetype_params.get("charset", "utf-8").lower() in {"utf-8", "utf8"}
        and request.headers.get("Content-Encoding", "identity") == "identity"
    )


def _parameters(kind: type[Body]) -> Body:
    if kind is Nothing and not request.query_string:
        return _NONE
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        _refuse(str(error), kind)


def _refuse(reason: str, kind: type[Body]) -> NoReturn:
    """Says what the decoder found in our words, with the field's name."""
    known = ", ".join(kind.__struct_fields__) or "none"
    if reason.startswith(_UNKNOWN):
        field, code = _short(reason.removeprefix(_UNKNOWN)[:-1]), "unknown-field"
        message = f"There is no {field!r} here; known are: {known}."
    elif reason.startswith(_MISSING):
        field, code = reason.removeprefix(_MISSING)[:-1], "missing-field"
        message = f"{field!r} is missing."
    else:
        wrong, _, place = reason.replace("`", "").partition(" - at $.")
        field, code = re.split(r"[.\[]", place)[0], "wrong-value"
        message = f"{place or 'The body'}: {wrong[0].lower()}{wrong[1:]}."
    raise Refused(code, message, field=field or None, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _short(name: str) -> str:
    return name if len(name) <= SHOWN else f"{name[:SHOWN]}…"


@cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Body]:
    return msgspec.json.Decoder(kind, strict=True)


_NONE = Nothing()

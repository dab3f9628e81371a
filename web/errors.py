"""What a person or a program is told when something cannot be done: one JSON shape, one HTML page.

The rules of the day refuse with `ltsa.message.Refusal`, a view with `Refused`; Flask and Werkzeug raise HTTP errors.
All three become `{"code", "message", "field", "state"}` for programs and scripts, and a page that says what happened,
what was kept and what to do next for people.
"""

from datetime import date, datetime, time
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from web import format  # noqa: A004 - the room's name
from web.words import Words, page_language, said

NOT_FOUND = frozenset({"unknown-office", "unknown-counter", "unknown-ticket", "unknown-token", "unknown-day"})
"""Codes of refusals that say that the thing an address names is not there; other unknown things stand in the input."""

INVALID = frozenset({"no-services", "service-twice", "no-reason", "no-officer", "not-a-transfer", "unreachable-step"})
"""Codes of refusals that are wrong in any state of the day; further ones begin with unknown-, wrong-, missing-."""

CODES = {400: "bad-request", 403: "forbidden", 409: "conflict", 413: "too-large", 500: "failed"}
"""Codes of HTTP errors whose name says too little, or too much; the others are called by their name."""

RETRY_AFTER = "5"
"""Seconds after which a program may ask again when the record was not available."""


class Refused(Refusal):
    """A view's own refusal, with its HTTP status: `Refused("wrong-date", "…", field="date", status=422)`.

    Where `retry_after` is not 0, so many seconds later the same may be let through.
    """

    retry_after = 0
    comes_by_itself = False
    """Whether a page that was asked for will be there then: the browser asks again."""

    def __init__(
        self, code: str, message: str, field: str | None = None, state: str | None = None, status: int = 409
    ) -> None:
        super().__init__(code, message, field=field, state=state)
        self.status = status


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal: 404 what is not there, 422 wrong input, else 409, the state does not allow it."""
    if isinstance(refusal, Refused):
        return refusal.status
    if refusal.code in NOT_FOUND:
        return HTTPStatus.NOT_FOUND
    if refusal.code in INVALID or refusal.code.startswith(("unknown-", "wrong-", "missing-")):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.CONFLICT


def spoken(refusal: Refusal) -> str:
    """A refusal's sentence in the page's language; the rule's own (English) sentence where nobody wrote one."""
    lang = page_language()
    words, key = Words(lang), f"refusal.{refusal.code}"
    if key not in words:
        return refusal.message
    try:
        return words(key, **{name: _written(value, lang) for name, value in refusal.values.items()})
    except KeyError:  # another rule's sentence under the same code
        return refusal.message


def _written(value: object, lang: str) -> object:
    """What a refusal's sentence says in particular, as the language writes it."""
    match value:
        case datetime():
            at = "at" if lang == "en" else "pukul"
            return f"{format.full_date(value.date(), lang=lang)} {at} {_written(value.time(), lang)}"
        case date():
            return format.full_date(value, lang=lang)
        case time():
            return f"{value:%H:%M}" if lang == "en" else f"{value:%H.%M}"
        case dict():
            return said(value)
    return value


def install(app: Flask) -> None:
    """Answers every refusal and every HTTP error. Flask logs a failure's traceback; the answer holds nothing of it."""
    app.register_error_handler(Refusal, answer)
    app.register_error_handler(LedgerUnavailableError, _unavailable)
    app.register_error_handler(HTTPException, _failed)


def for_a_program() -> bool:
    """Whether the answer goes to a program or a script, not into a window: the API, a body of JSON, `fetch`."""
    return (
        request.path.startswith("/api/")
        or request.is_json
        or request.headers.get("Sec-Fetch-Dest") == "empty"
        or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def answer(refusal: Refusal) -> Response:
    """What is answered to somebody who was refused something."""
    message = refusal.message if request.path.startswith("/api/") else spoken(refusal)
    said = _answer(status_of(refusal), refusal.code, message, refusal.field, refusal.state)
    if isinstance(refusal, Refused) and refusal.retry_after:
        said.headers["Retry-After"] = str(refusal.retry_after)
        if refusal.comes_by_itself and request.method == "GET":
            said.headers["Refresh"] = str(refusal.retry_after)
    if said.status_code == HTTPStatus.UNAUTHORIZED:
        said.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, 15.5.2: say what would be let in
    return said


def _unavailable(reason: LedgerUnavailableError) -> Response:
    current_app.logger.error("The ledger is unavailable.", exc_info=reason)
    message = "The record cannot be written or read now. Ask again with the same key: nothing is done twice."
    said = answer(Refused("ledger-unavailable", message, status=HTTPStatus.SERVICE_UNAVAILABLE))
    said.headers["Retry-After"] = RETRY_AFTER
    return said


def _failed(error: HTTPException) -> HTTPException | Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    code = CODES.get(error.code, error.name.lower().replace(" ", "-"))
    words = Words("en" if request.path.startswith("/api/") else page_language())
    key = f"refusal.{code}" if for_a_program() else f"error.{error.code}.what"
    said = _answer(error.code, code, words(key) if key in words else error.name)
    if allowed := getattr(error, "valid_methods", None):
        said.headers["Allow"] = ", ".join(allowed)
    return said


def _answer(status: int, code: str, message: str, field: str | None = None, state: str | None = None) -> Response:
    if for_a_program():
        said = jsonify(code=code, message=message, field=field, state=state)
    else:
        g.setdefault("lang", page_language())
        page = next((f"error.{it}" for it in (code, status) if f"error.{it}.title" in Words("id")), _nearest(status))
        said = make_response(
            render_template("web/error.html", page=page, code=code, message=message, state=state, back=_came_from())
        )
    said.status_code = status
    return said


def _came_from() -> str:
    """The office's own page that led here, if there is one."""
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    return f"{came.path}?{came.query}" if came.netloc == request.host and came.path != request.path else ""


def _nearest(status: int) -> str:
    return "error.500" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "error.400"

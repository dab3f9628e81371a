"""What the server says on its terminal: one JSON object a line, about requests and not about people.

A line names the rule of an address and never the address itself: tickets' secrets, names and dates stand in addresses.
It says what kind of asker it was, never who; that stands in the journal, where auditors read it. It holds the client's
network address only where somebody was turned away for asking too often or under a wrong name, because that is what
whoever defends the network needs; an address of a visitor's phone is otherwise nobody's business (UU 27/2022, art. 4).
Whatever looks like a secret nevertheless (in the text of an exception) is struck out.
"""

import logging
import re
import secrets
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import gevent
from flask import Flask, Response, g, request

from web.lean import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

TURNED_AWAY = frozenset({HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers whose line names the client's network address."""

SECRET = re.compile(
    r"(?<![\w-])(?:[A-Z2-7]{26}|(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{22,})(?![\w-])|(?<!\d)\d{16}(?!\d)", re.ASCII
)
"""How secrets look of tickets and cards (base32: one of 200 has letters alone), of sessions, links and tokens (letters
and digits), and a NIK (16 digits).
"""

_requests = logging.getLogger("web.requests")


def begin(*, access_log: bool) -> None:
    """Sends everything that this process logs to its terminal as JSON. Called once, by a process that serves.

    Args:
        access_log: whether every request has a line; those that failed have one anyway.
    """
    to_terminal()
    _requests.setLevel(logging.INFO if access_log else logging.WARNING)
    vars(gevent.get_hub())["print_exception"] = _failed_in_the_background


def to_terminal() -> None:
    """The same for a process that serves nobody and has no loop."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def formatter() -> logging.Formatter:
    """Makes every record one line of JSON, with secrets struck out."""
    shared: list[Processor] = [
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _struck_out,
        _ordered,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def install(app: Flask) -> None:
    """Gives every request an id, which its answer names, and writes it down when it was answered."""
    app.before_request(_began)
    app.after_request(_answered)
    vars(app)["log_exception"] = _failed  # Flask's own line holds the address


def _began() -> None:
    g.began = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _answered(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = g.request_id
    status = answer.status_code
    level = _level(status)
    if not _requests.isEnabledFor(level):
        return answer
    said: dict[str, Any] = {
        "method": method(),
        "rule": rule(),
        "status": status,
        "ms": round((time.perf_counter() - g.began) * 1000, 1),
        "asker": asker_kind(),
        "request": g.request_id,
    }
    if status in TURNED_AWAY:
        said["address"] = request.remote_addr
    _requests.log(level, "request", extra=said)
    return answer


def _level(status: int) -> int:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.ERROR
    return logging.WARNING if status == HTTPStatus.FORBIDDEN or status in TURNED_AWAY else logging.INFO


def method() -> str:
    """The request's method; "other" for what a stranger made up."""
    return request.method if request.method in _METHODS else "other"


def rule() -> str:
    """The rule of the address that was asked for: its shape, without what stands in its places."""
    return request.url_rule.rule if request.url_rule else "none"


def asker_kind() -> str:
    """What kind of asker sent the request: roles for a person, the kind of a device, the role of a program."""
    who = g.get("asker")
    if who is None or who.nobody:
        return "nobody"
    if who.program:
        return f"program ({who.program.role})"
    if who.session:
        return f"person ({', '.join(sorted({grant.role for grant in who.grants})) or 'no role'})"
    return f"device ({who.device.kind})"


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def _failed(exc_info: Any) -> None:
    said = {"rule": rule(), "request": g.get("request_id")}
    _requests.error("request failed", exc_info=exc_info, extra=said)


def _failed_in_the_background(_context: object, *failure: Any) -> None:
    logging.getLogger("web.background").error("a task failed", exc_info=failure)


def _struck_out(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
    return {key: SECRET.sub("…", value) if isinstance(value, str) else value for key, value in event.items()}


def _ordered(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
    first = {key: event.pop(key) for key in ("timestamp", "level", "logger", "event") if key in event}
    return {**first, **event}

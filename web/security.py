"""What every answer tells the browser to refuse, and which requests the office itself refuses."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import werkzeug
from flask import Flask, Request, Response, current_app, request

from web.errors import Refused

BODY_LIMIT = 64 * 1024
"""Bytes that a request may send: the longest form of this office is a note of some lines."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "autoplay=(self), fullscreen=(self), screen-wake-lock=(self), camera=(), geolocation=(),"
    " microphone=(), payment=(), usb=()",
}

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, public_url: str = "") -> None:
    """Sets the headers of every answer, the limit of every body, and the same-origin check of every change.

    Args:
        app: the application.
        public_url: the office's public address; pages may send changes from it, from localhost and from addresses in
            numbers.
    """
    app.extensions["tls"] = urlsplit(public_url).scheme == "https"
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_MEMORY_SIZE=BODY_LIMIT, MAX_FORM_PARTS=100)
    app.before_request(_same_origin(urlsplit(public_url).netloc))
    app.after_request(_headers)


def tls() -> bool:
    """Whether the office's public address is one of TLS: then no cookie of ours leaves without it."""
    over_tls: bool = current_app.extensions["tls"]
    return over_tls


def cookie_name(base: str) -> str:
    """The name under which browsers keep the office's cookie `base`.

    Over TLS `__Host-…`: browsers then take it from this very host alone, over TLS alone, so that no neighbour's page
    can plant one (RFC 6265bis, 4.1.3.2).
    """
    return f"__Host-{base}" if tls() else base


def set_cookie(answer: werkzeug.Response, base: str, value: str, max_age: int | None = None) -> None:
    """Gives the browser the cookie `base` for `max_age` seconds (None: until it is closed), out of every script's reach
    and not sent along by other sites' forms.
    """
    answer.set_cookie(cookie_name(base), value, max_age=max_age, path="/", secure=tls(), httponly=True, samesite="Lax")


def drop_cookie(answer: werkzeug.Response, base: str) -> None:
    """Takes the cookie `base` back."""
    answer.delete_cookie(cookie_name(base), path="/", secure=tls(), httponly=True, samesite="Lax")


def read_cookie(asked: Request, base: str) -> str | None:
    """What the browser sent as the cookie `base`; one of that name without the prefix counts for nothing over TLS."""
    value: str | None = asked.cookies.get(cookie_name(base))
    return value


def _same_origin(public: str) -> Callable[[], None]:
    """A browser says where a change comes from; a program says nothing, and passes. A page of another site whose name
    was pointed at this machine (DNS rebinding) looks like our own, but for its name.
    """

    def check() -> None:
        if request.method in SAFE:
            return
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is not None and site != "same-origin":
            raise _foreign(site)
        if origin is not None and not is_own(origin, request.host, public):
            raise _foreign(origin)

    return check


def is_own(origin: str, host: str, public: str) -> bool:
    """Whether a page with this `Origin` is the office's: from the public host, or from the request's host where nobody
    else can have given it that name. By host and port alone: where a proxy ends TLS, the scheme is not ours to see.
    """
    netloc = _netloc(origin)
    return netloc != "" and (netloc == public or (netloc == host and _ours(netloc)))


def _netloc(origin: str) -> str:
    """The host and port of an origin; "" for `null` (a sandboxed page) and for nonsense."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _ours(netloc: str) -> bool:
    """Whether the name is one that nobody else can point at this machine: localhost, or numbers."""
    name = urlsplit(f"//{netloc}").hostname or ""
    if name == "localhost":
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _foreign(origin: str) -> Refused:
    return Refused(
        "other-origin",
        f"This change came from {origin!r}, not from this office's own pages. Open the page at the office's public"
        " address (the setting public_url).",
        status=403,
    )


def _headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if answer.mimetype in {"text/html", "application/json"}:
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer

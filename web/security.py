"""What every answer tells the browser to refuse, which requests the office itself refuses, and what its cookies are."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import werkzeug
from flask import Flask, Request, Response, current_app, request

from web.errors import Refused

BODY_LIMIT = 64 * 1024
"""Bytes that a request may send: the longest form of this office is a note of some lines."""

ARGUMENTS = 100
"""How many arguments the query of an address may have."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    # Text becomes elements in static/web/html.js alone.
    " require-trusted-types-for 'script'; trusted-types ltsa-live"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "autoplay=(self), fullscreen=(self), screen-wake-lock=(self), camera=(), geolocation=(),"
    " microphone=(), payment=(), usb=()",
}

ONLY_TLS = "max-age=31536000; includeSubDomains"
"""A browser that has met the office over TLS asks for it in no other way for a year (RFC 6797)."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_PLAIN = re.compile(r"[a-z0-9.:\[\]_-]+", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


class Hosts:
    """The names that the office answers to: that of its public address, localhost, addresses in numbers, and those that
    its settings add. A page of another site whose name was pointed at this machine (DNS rebinding) asks under its own.
    """

    def __init__(self, public_url: str = "", names: frozenset[str] = frozenset()) -> None:
        public = urlsplit(public_url)
        self._origin = _origin(public)
        self._public = public.hostname
        self._names = {"localhost", *names}

    def knows(self, host: str) -> bool:
        """Whether a request's `Host` is one of the office's names, whatever the port."""
        name = _split(f"//{host}").hostname if _PLAIN.fullmatch(host) else None
        return name is not None and (name == self._public or self._nobody_elses(name))

    def owns(self, origin: str, host: str) -> bool:
        """Whether a page with this `Origin` is the office's: from the public address, or from the request's own host
        where nobody else can have given it that name. The latter by host and port alone: where a proxy ends TLS, the
        scheme is not ours to see.
        """
        page = _split(origin)
        if not page.hostname:
            return False
        return _origin(page) == self._origin or (page.netloc == host and self._nobody_elses(page.hostname))

    def _nobody_elses(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True


def install(app: Flask, public_url: str = "", names: frozenset[str] = frozenset()) -> None:
    """Sets the headers of every answer, the limits of every request, and the checks of where it comes from.

    Args:
        app: the application.
        public_url: the office's public address; pages may send changes from it, from localhost and from addresses in
            numbers.
        names: further names of this machine on its network, from which they may too.
    """
    app.extensions["tls"] = urlsplit(public_url).scheme == "https"
    app.extensions["hosts"] = Hosts(public_url, names)
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_MEMORY_SIZE=BODY_LIMIT, MAX_FORM_PARTS=100)
    app.before_request(_known_host)
    app.before_request(_own_change)
    app.before_request(_few_arguments)
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


def _known_host() -> None:
    hosts: Hosts = current_app.extensions["hosts"]
    if not hosts.knows(request.host):
        raise Refused(
            "unknown-host",
            f"This office is not called {request.host!r}. Open it at its public address (the setting public_url), at"
            " this machine's address in numbers, or add the name to the setting hosts.",
            state=None,
            status=421,
        )


def _own_change() -> None:
    """A browser says where a change comes from; a program says nothing, has no cookie, and passes. A cookie without a
    word of where it comes from is from a browser older than this check, or from whoever hides it.
    """
    if request.method in SAFE:
        return
    hosts: Hosts = current_app.extensions["hosts"]
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise _foreign(f"came from {site!r}")
    if origin is not None and not hosts.owns(origin, request.host):
        raise _foreign(f"came from {origin!r}")
    if site is None and origin is None and request.cookies:
        raise _foreign("carries a cookie but no Origin")


def _foreign(how: str) -> Refused:
    return Refused(
        "other-origin",
        f"This change {how}: it is not from this office's own pages. Open the page at the office's public address (the"
        " setting public_url).",
        status=403,
    )


def refused_socket(environ: Mapping[str, Any], hosts: Hosts) -> tuple[str, str] | None:
    """What a websocket is refused with, before it is opened: the HTTP status, and why. None: it is welcome, or none.

    Browsers always say where a socket comes from, and send our cookies from everywhere.
    """
    upgrades = environ.get("HTTP_UPGRADE", "").lower() == "websocket"
    is_feed = environ.get("PATH_INFO", "").startswith("/socket.io/")
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if not upgrades and not is_feed:
        return None
    if not hosts.knows(host):
        return "421 Misdirected Request", "This office is not known by that name (the settings public_url and hosts)."
    if not is_feed:
        return "404 Not Found", "There is no socket at this address."
    if upgrades and origin is None and "HTTP_COOKIE" in environ:
        return "403 Forbidden", "A browser's socket says where it comes from."
    if origin is not None and not hosts.owns(origin, host):
        return "403 Forbidden", "This socket is not from a page of this office."
    return None


def _few_arguments() -> None:
    if request.query_string.count(b"&") >= ARGUMENTS:
        raise Refused("too-many-arguments", f"An address takes at most {ARGUMENTS} arguments.", status=400)


def _split(address: str) -> SplitResult:
    """The parts of an address; no parts for `null` (a sandboxed page) and for nonsense."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _origin(address: SplitResult) -> str:
    return f"{address.scheme}://{address.hostname}:{address.port or _PORTS.get(address.scheme)}"


def _headers(answer: Response) -> Response:
    said = {name for name, _ in answer.headers}
    answer.headers.extend((name, value) for name, value in HEADERS.items() if name not in said)
    if tls() or request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", ONLY_TLS)
    if answer.mimetype in {"text/html", "application/json"}:
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer

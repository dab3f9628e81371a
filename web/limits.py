"""How often somebody may ask: one table, kept in memory.

Each row is a bucket that leaks: so many at once, and again as many in its time. The buckets are one number each (the
instant at which a bucket will be empty again), so they cost a dictionary entry and need no thread to clean up after
them: docs/decisions/limits.md.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from flask import Flask, Response, current_app, g, request

from web import errors
from web.errors import Refused
from web.security import SAFE


class Limit(NamedTuple):
    """So many at once, and again as many in so many seconds. `what` sets it apart from another of the same measure."""

    times: int
    seconds: float
    what: str = ""


# An office's phones, counters and screens may stand behind one address (NAT): what is counted for an address is meant
# for a whole office on its busiest morning, what is counted for a person, a device or a program for one of them.
EVERYTHING = Limit(6000, 60)
"""Requests from one address."""

SIGN_IN = Limit(120, 300)
"""Passwords, codes, PINs and one-time links tried from one address. Each account has a lock of its own besides."""

GUESSES = Limit(100, 300)
"""Secrets from one address that are nobody's: tickets, links, tokens. Right ones are neither counted nor stopped."""

ISSUED = Limit(60, 60)
"""Numbers that one kiosk, officer or visitor's browser asks for."""

LOOKED_UP = Limit(30, 300, "looked up")
"""Persons whom one kiosk looks for, by card or NIK: a visitor every ten seconds, and nobody's list of numbers."""

PROGRAM = Limit(6000, 60)
"""Requests of one program."""

WATCHES = Limit(40, 10)
"""Messages of one open page on the live feed."""

MESSAGES = Limit(6000, 60, "messages")
"""Messages of all pages of one address on the live feed."""

COMES = Limit(600, 30, "comes")
"""Sockets that pages of one address open: all of an office's at once, when the server is back."""

SOCKETS = 600
"""Open pages of one address on the live feed."""

CONNECTIONS = 1500
"""Connections of one address, where no proxy stands between."""

TRIED_AT = ("/sign-in", "/link/", "/unlock", "/pair", "/account/")
"""Where secrets are tried: every change at an address that begins so counts."""

GUESSED_AT = ("/t/", "/c/", "/link/", "/pair/", "/api/v1/tickets/", "/api/v1/cases/")
"""Where a secret stands in the address: every one that is nobody's counts."""

WRONG = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})

TRACKED = 100_000
"""Buckets that are remembered at once; those that are emptiest are forgotten first."""


class TooOften(Refused):
    """Somebody asks too often; `retry_after` seconds from now they may again."""

    def __init__(self, wait: float) -> None:
        self.retry_after = math.ceil(wait)
        super().__init__(
            "too-many",
            f"Too many requests from here in a short time; ask again in {self.retry_after} s.",
            status=HTTPStatus.TOO_MANY_REQUESTS,
        )


class Buckets:
    """All buckets of one server. Lives on the loop's thread.

    Args:
        factor: how many times the usual limits are let through; 0: no limits.
        clock: seconds, never backwards.
    """

    def __init__(self, factor: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._factor = factor
        self._clock = clock
        self._empty_at: dict[tuple[Limit, Hashable], float] = {}

    def wait(self, limit: Limit, whose: Hashable) -> float:
        """Seconds until there is room for one more; 0.0 if there is now."""
        if not self._factor:
            return 0.0
        filled = self._empty_at.get((limit, whose), 0.0) - self._clock()
        return max(0.0, filled + self._one(limit) - limit.seconds)

    def add(self, limit: Limit, whose: Hashable) -> None:
        """Puts one more into the bucket."""
        if not self._factor:
            return
        bucket, now = (limit, whose), self._clock()
        filled = max(now, self._empty_at.get(bucket, 0.0)) + self._one(limit)
        self._empty_at[bucket] = min(filled, now + limit.seconds)
        if len(self._empty_at) > TRACKED:
            self._forget(now)

    def take(self, limit: Limit, whose: Hashable) -> None:
        """One more. Raises `TooOften` when the bucket is full."""
        if wait := self.wait(limit, whose):
            raise TooOften(wait)
        self.add(limit, whose)

    def crowd(self, most: int) -> "Crowd":
        """Counts what is open at once: so many for each place, in these limits."""
        return Crowd(most * self._factor)

    def _one(self, limit: Limit) -> float:
        return limit.seconds / (limit.times * self._factor)

    def _forget(self, now: float) -> None:
        kept = sorted(((at, bucket) for bucket, at in self._empty_at.items() if at > now), key=lambda it: it[0])
        self._empty_at = {bucket: at for at, bucket in kept[-TRACKED // 2 :]}


class Crowd:
    """How many of something are open at once, each belonging to a place. `most` 0: as many as come."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._there: Counter[str] = Counter()

    def is_full(self, where: str) -> bool:
        """Whether no further one of this place may come."""
        return 0 < self._most <= self._there[where]

    @contextmanager
    def one_more(self, where: str) -> Iterator[None]:
        """One is there, as long as this lasts."""
        self._there[where] += 1
        try:
            yield
        finally:
            self._there[where] -= 1
            if not self._there[where]:
                del self._there[where]


def place(address: str | None) -> str:
    """An address as limits count it: a network of 64 bits is one home in IPv6."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return str(found) if isinstance(found, IPv4Address) else str(IPv6Network((found, 64), strict=False))


def install(app: Flask, buckets: Buckets) -> None:
    """Counts every request before anything is looked up for it, and wrong secrets after they were answered."""
    app.extensions["limits"] = buckets
    app.before_request(_count_place)
    app.after_request(_count_wrong)


def install_for_askers(app: Flask) -> None:
    """Counts what a person, a device or a program does. To be called after `web.asking.install`."""
    app.before_request(_count_asker)


def buckets() -> Buckets:
    """Those of the application that answers this request."""
    found: Buckets = current_app.extensions["limits"]
    return found


def _count_place() -> None:
    here = place(request.remote_addr)
    buckets().take(EVERYTHING, here)
    if request.method not in SAFE and _rule().startswith(TRIED_AT):
        buckets().take(SIGN_IN, here)


def _count_wrong(answer: Response) -> Response:
    """Who guesses is stopped; who holds a right secret behind the same address is not. These secrets have 128 bits and
    more: their length is what defeats guessing, and nothing may stop a hall full of phones.
    """
    if answer.status_code not in WRONG or not (_rule().startswith(GUESSED_AT) or "Authorization" in request.headers):
        return answer
    try:
        buckets().take(GUESSES, place(request.remote_addr))
    except TooOften as often:
        return errors.answer(often)
    return answer


def _count_asker() -> None:
    who = g.asker
    if who.program:
        buckets().take(PROGRAM, who.program.id)
    elif request.method not in SAFE and _rule().startswith("/kiosk/"):
        whose = place(request.remote_addr) if who.nobody else (who.device.id if who.device else who.person)
        buckets().take(ISSUED, whose)


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else ""

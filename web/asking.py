"""Who asks: the person, device or program behind a request or a socket, and the guard that keeps `web/policy.py`.

A browser shows two cookies: `session` (a person is signed in) and `device` (it was paired). A program shows a token as
`Authorization: Bearer …`. All three are random; what they may do is read from the ledger's state at every request.
"""

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import gevent
from flask import Flask, Request, current_app, g, redirect, request
from msgspec import Struct
from werkzeug import Response

from ltsa.access import EVERYWHERE, INSTALLATION, Device, Grant, Token
from ltsa.journal import RequestRefused
from ltsa.ledger import LedgerUnavailableError
from web.errors import Refused, for_a_program
from web.policy import ACTIONS, ANYONE, ENDPOINTS, EVERYWHERE_ONLY, SIGNED_IN, VIEWS
from web.security import read_cookie
from web.sessions import IDLE, SEEN_EVERY, Session

if TYPE_CHECKING:
    from web.house import House

SESSION, DEVICE = "session", "device"
"""The cookies' names."""

REMEMBERED = 1.0
"""Seconds for which a session that was looked up counts as it was, should another process end it."""

UNATTENDED = frozenset({"counters.notes", "devices.report"})
"""Addresses that pages ask by themselves: no sign that anybody sits before the screen."""

LONGEST_SECRET = 100
SECRETS_KEPT = 10_000

TOLD_EVERY = 60.0
"""Seconds between two entries about the same refusal: who hammers at a door does not fill the record."""


class Asker(Struct, frozen=True, kw_only=True):
    """Who asks. `grants` are in force now; `withheld` would be with a second factor.

    Attributes:
        session: of the person, also while it is locked.
        device: that the browser was paired as.
        program: whose token was shown.
    """

    session: Session | None = None
    device: Device | None = None
    program: Token | None = None
    grants: frozenset[Grant] = frozenset()
    withheld: frozenset[Grant] = frozenset()

    @property
    def person(self) -> str:
        """The account that is signed in, "" if none is."""
        return self.session.person if self.session else ""

    @property
    def locked(self) -> bool:
        """Whether the person has to give their PIN first."""
        return self.session is not None and self.session.locked

    @property
    def nobody(self) -> bool:
        """Whether nobody is known to ask."""
        return not (self.session or self.device or self.program)

    def may(self, action: str, office: str = "") -> bool:
        """Whether the asker may do this in an office; "" asks about any office."""
        return self._acts(ACTIONS[action], office, self.grants, everywhere=action in EVERYWHERE_ONLY) != ""

    def would(self, action: str, office: str = "") -> bool:
        """Whether the asker might with a second factor."""
        everywhere = action in EVERYWHERE_ONLY
        return self._acts(ACTIONS[action], office, self.withheld, everywhere=everywhere) in {
            g.role for g in self.withheld
        }

    def by(self, action: str, office: str) -> str:
        """How events name the asker who does this: "officer:siti", "kiosk:pintu", "program:3f2a…"."""
        role = self._acts(ACTIONS[action], office, self.grants, everywhere=action in EVERYWHERE_ONLY)
        if self.program:
            return f"program:{self.program.id}"
        if self.device and role == self.device.kind:
            return f"{role}:{self.device.name}"
        return f"{role}:{self.person}"

    @property
    def name(self) -> str:
        """How the journal names the asker whatever they do: "person:siti", "device:…", "program:…", "nobody"."""
        if self.session:
            return f"person:{self.person}"
        if self.program:
            return f"program:{self.program.id}"
        return f"device:{self.device.id}" if self.device else "nobody"

    def offices(self, action: str, known: Iterable[str]) -> list[str]:
        """In which of the known offices the asker may do this."""
        return [office for office in known if self.may(action, office)]

    def _acts(self, roles: tuple[str, ...], office: str, grants: frozenset[Grant], *, everywhere: bool) -> str:
        """The first of the roles that the asker holds there, "" if none."""
        for role in roles:
            if role == ANYONE or (role == SIGNED_IN and self.session and not self.locked):
                return role
            if self.device and self.device.kind == role and office in ("", self.device.office):
                return role
            for grant in grants:
                if grant.role == role and (
                    grant.office == EVERYWHERE if everywhere else not office or grant.covers(office)
                ):
                    return role
        return ""


NOBODY = Asker()


class Door:
    """Finds out who asks, and keeps what was found for a moment. Lives on the loop."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._sessions: dict[str, tuple[float, Session | None]] = {}
        self._refused: dict[tuple[str, str, str, str], float] = {}
        self._untold: Counter[tuple[str, str, str, str]] = Counter()

    def of(self, asked: Request, *, attended: bool = False) -> Asker:
        """Who sends a request. Raises `Refused` for a token that is none.

        `attended` says that a person does it and not a page by itself: it keeps their session from idling.
        """
        bearer = asked.authorization.token if asked.authorization and asked.authorization.type == "bearer" else None
        if bearer is not None:
            return self._program(bearer or "")
        session, device = read_cookie(asked, SESSION), read_cookie(asked, DEVICE)
        if not session and not device:
            return NOBODY
        return self._browser(session or "", device or "", attended=attended)

    def renew(self) -> None:
        """Sessions have changed: what was known of them counts no more."""
        self._sessions.clear()
        self._house.feed.recheck()

    def refused(self, asker: Asker, action: str, office: str, what: str) -> None:
        """Puts on record that somebody asked for what is not theirs: at once, then at most once a minute each."""
        key = (asker.name, action, office if office in self._house.present.offices() else INSTALLATION, what)
        self._untold[key] += 1
        if self._refused.get(key, 0.0) + TOLD_EVERY <= time.monotonic():
            gevent.spawn(self._tell, key)

    def tell_all(self) -> None:
        """Puts the refusals on record that were only counted so far, and forgets who asks no more."""
        for key in [key for key in self._untold if self._refused.get(key, 0.0) + TOLD_EVERY <= time.monotonic()]:
            self._tell(key)
        horizon = time.monotonic() - TOLD_EVERY
        self._refused = {key: at for key, at in self._refused.items() if at > horizon}
        self._sessions = {secret: found for secret, found in self._sessions.items() if found[0] > horizon}

    def _tell(self, key: tuple[str, str, str, str]) -> None:
        count = self._untold.pop(key, 0)
        if not count:
            return
        self._refused[key] = time.monotonic()
        asker, action, office, what = key
        try:
            self._house.note(RequestRefused, office=office, by=asker, action=action, what=what, count=count)
        except LedgerUnavailableError:
            self._untold[key] += count

    def _program(self, secret: str) -> Asker:
        token = self._house.access.shown.get(_digest(secret))
        if isinstance(token, Device):
            return Asker(device=token)
        if not isinstance(token, Token) or (token.until and token.until <= self._house.now()):
            raise Refused("wrong-token", "This token is unknown, revoked or expired.", status=HTTPStatus.UNAUTHORIZED)
        return Asker(program=token, grants=frozenset({Grant(token.role, token.office)}))

    def _browser(self, session_secret: str, device_secret: str, *, attended: bool) -> Asker:
        shown = self._house.access.shown.get(_digest(device_secret)) if device_secret else None
        device = shown if isinstance(shown, Device) else None
        session = self._session(session_secret, attended=attended) if session_secret else None
        person = self._house.access.people.get(session.person) if session else None
        if (
            session is None
            or person is None
            or person.barred
            or session.device not in ("", device.id if device else "")
        ):
            return Asker(device=device)
        if session.locked:
            return Asker(session=session, device=device)
        withheld = frozenset(g for g in person.grants if not session.second_factor and self.needs_more(g))
        return Asker(session=session, device=device, grants=person.grants - withheld, withheld=withheld)

    def _session(self, secret: str, *, attended: bool) -> Session | None:
        if len(secret) > LONGEST_SECRET:
            return None
        credentials, at = self._house.credentials, self._house.now()
        looked, found = self._sessions.get(secret, (float("-inf"), None))
        if time.monotonic() - looked > REMEMBERED:
            found = self._looked_up(secret, found, at)
            if len(self._sessions) >= SECRETS_KEPT:
                self._sessions.clear()
            self._sessions[secret] = (time.monotonic(), found)
        if attended and found and at - found.seen >= SEEN_EVERY:
            with suppress(LedgerUnavailableError):  # the next request notes it
                self._house.off_loop(credentials.seen, secret, at)
                self._sessions.pop(secret, None)
        return found

    def _looked_up(self, secret: str, known: Session | None, at: int) -> Session | None:
        """The session of a secret. While the store is away, whoever was known here stays so until their session idles:
        they see what was known, and can change nothing.
        """
        try:
            return self._house.off_loop(self._house.credentials.session, secret, at)
        except LedgerUnavailableError:
            if known and at < known.until and at - known.seen < IDLE:
                return known
            raise

    def needs_more(self, grant: Grant) -> bool:
        """Whether the office (any office, for a grant everywhere) asks for a second factor for this role."""
        offices = self._house.present.offices() if grant.office == EVERYWHERE else [grant.office]
        known = [self._house.office(office) for office in offices if office in self._house.present.offices()]
        return any(grant.role in getattr(office, "second_factor", ()) for office in known)


def asker() -> Asker:
    """Who sends this request; nobody where it was refused before anyone asked."""
    found: Asker = g.get("asker", NOBODY)
    return found


def may(action: str, office: str = "") -> bool:
    """Whether who sends this request may do this in an office; for pages, so that they offer nothing in vain."""
    return asker().may(action, office)


def may_watch(who: Asker, view: str, office: str) -> bool:
    """Whether somebody may watch a live view of an office."""
    return view in VIEWS and who.may(VIEWS[view], office)


def install(app: Flask, house: "House") -> None:
    """Asks at every request who it is, and refuses what the policy does not allow."""
    app.before_request(lambda: _guard(house))
    names = dict[str, str]()

    def full_name(person: str) -> str:
        """A person's name; the last that was read while the store is away."""
        try:
            names[person] = house.off_loop(house.credentials.name, person)
        except LedgerUnavailableError:
            return names.get(person, person)
        return names[person]

    app.jinja_env.globals.update(may=may, asker=asker, full_name=full_name)


def _guard(house: "House") -> Response | None:
    g.asker = NOBODY
    g.asker = house.door.of(request, attended=request.endpoint not in UNATTENDED)
    if request.endpoint is None:
        return None
    action, office = ENDPOINTS.get(request.endpoint), (request.view_args or {}).get("office", "")
    if action is None:
        current_app.logger.error("The address %s has no row in web/policy.py.", request.endpoint)
    elif asker().may(action, office):
        return None
    return _turn_away(house, action or "none", office)


def _turn_away(house: "House", action: str, office: str) -> Response:
    who = asker()
    if who.locked:
        return _lead("unlock-needed", "/unlock")
    if action in ACTIONS and who.would(action, office):
        return _lead("second-factor-needed", "/account/second-factor")
    kinds = [kind for kind in ("kiosk", "display") if kind in ACTIONS.get(action, ())]
    if who.nobody or (not who.session and not who.program and not kinds):
        if len(kinds) == 1:
            return _lead("sign-in-needed", "/pair", kind=kinds[0], office=office)
        return _lead("sign-in-needed", "/sign-in")
    house.door.refused(who, action, office, request.endpoint or "")
    message = "This is not yours to see or to do; ask the manager of the office for the right."
    raise Refused("not-allowed", message, state=action, status=HTTPStatus.FORBIDDEN)


def _lead(code: str, where: str, **said: Any) -> Response:
    """To the page where somebody gets what they lack and is led back; programs are told."""
    if for_a_program() or request.method not in {"GET", "HEAD"}:
        message = "Sign in first: a person at /sign-in, a program with `Authorization: Bearer TOKEN`."
        raise Refused(code, message, status=HTTPStatus.UNAUTHORIZED)
    back = request.full_path.rstrip("?")
    return redirect(f"{where}?{urlencode({**said, 'next': back})}", HTTPStatus.SEE_OTHER)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

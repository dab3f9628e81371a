"""The live feed: pages that follow the ledger by themselves.

The feed follows the ledger, never a request: something rings, the feed catches up with what was committed, and every
watched view of a changed office is looked at anew. Only if its picture is another one is it rendered, once, and pushed,
whole, to all who watch it. What a page receives is always a complete picture at a position of the ledger, so a lost
message, a sleep or a restart needs no repair but the next picture. The page's side is static/live.js; why it is so:
docs/decisions/live-feed.md.
"""

import inspect
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Flask, g, render_template
from markupsafe import Markup

from web.lane import MESSAGE, Lane, frame
from web.lean import NoFeed, SocketIO
from web.limits import GUESSES, MESSAGES, WATCHES, Buckets, Limit, TooOften, place
from web.security import Hosts
from web.turns import Bell, Going, ServerTurns, Turns
from web.words import FIRST, OFFERED, page_language

VIEWS = 50
"""How many views one page may watch."""

COALESCE = 0.1
"""Seconds between two looks at one view: the first change is shown at once, a burst after it together."""

BREATH = 0.015
"""Seconds between two looks at the ledger: the first ring is heard at once, a storm of them together."""

BEAT = 5.0
"""Seconds between two heartbeats."""

POLL = 1.0
"""Seconds after which the ledger is looked at although nothing rang."""

_SLICE = 0.005  # seconds of pictures and rendering after which others get their turn on the loop

_log = logging.getLogger(__name__)


class NoSuchView(LookupError):
    """No view has this name, or its picture knows nothing of these arguments."""


class Source(Protocol):
    """What the feed follows: the committed state of this process, kept up with the ledger."""

    @property
    def position(self) -> int:
        """The ledger's position that `house` shows. Changes on the loop's thread only."""

    @property
    def house(self) -> Any:
        """What pictures are taken of."""

    def zone(self, office: str) -> str:
        """The IANA name of an office's time zone."""

    def advance(self) -> set[str]:
        """Catches up with what was committed, waiting in a native thread; the ids of the offices that changed."""

    def asker(self, environ: dict[str, Any]) -> Any:
        """Who opened a socket, by what its handshake showed; may wait in a native thread."""

    def may_watch(self, who: Any, view: str, office: str) -> bool:
        """Whether somebody may watch a view of an office."""


def _first(_house: Any, *args: str) -> str | None:
    return args[0] if args else None


@dataclass(frozen=True)
class View:
    """Something that pages show live.

    Attributes:
        name: the first part of its address.
        picture: what it shows now, from memory and in microseconds: a value that equals the last one as long as the
            page would look the same, sharing nothing mutable with the state, and without a clock; None if there is no
            such view.
        template: the Jinja partial, for the first paint and every later one; gets the picture as `it`.
        office: whose changes concern the view; the first argument unless told otherwise.
    """

    name: str
    picture: Callable[..., Any | None]
    template: str
    office: Callable[..., str | None] = _first


@dataclass(slots=True, eq=False)
class _Watched:
    """One view as somebody watches it: its last picture, as bytes too, and who gets the next one."""

    address: str
    view: View
    args: tuple[str, ...]
    language: str
    office: str
    picture: Any = None
    html: str = ""
    v: int = -1
    bytes: bytes = b""
    seen: float = 0.0
    lanes: dict[Lane, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Client:
    lane: Lane
    environ: dict[str, Any]
    who: Any = None
    listens: bool = False
    watches: dict[_Watched, None] = field(default_factory=dict)


class Feed:
    """Follows a source and keeps every page that watches a view of it up to date.

    All of it runs on the loop's thread, except `ring`, which any thread may call.
    """

    def __init__(
        self,
        source: Source,
        public_url: str = "",
        names: frozenset[str] = frozenset(),
        limits: Buckets | None = None,
        turns: Turns | None = None,
    ) -> None:
        """A feed of `source`, for pages of the office's own addresses (`web.security.Hosts`)."""
        self._turns = turns or ServerTurns()
        self._limits = limits or Buckets()
        self._source = source
        self._public_url = public_url
        self._hosts = Hosts(public_url, names)
        self.on_shown: Callable[[str, Sequence[str]], object] = lambda _name, _args: None
        self._views: dict[str, View] = {}
        self._clients: dict[str, _Client] = {}
        self._watched: dict[str, _Watched] = {}
        self._by_office: defaultdict[str, dict[_Watched, None]] = defaultdict(dict)
        self._due: dict[_Watched, float] = {}
        self._rung = self._turns.mark()
        self._bell: Bell | None = None
        self._follower: Going | None = None
        self._looked = self._beaten = float("-inf")

    # Joining it with the application

    def add(self, *views: View) -> None:
        """Makes views known. Their names differ, and hold neither ":" nor "@"."""
        for view in views:
            if view.name in self._views or not view.name.isidentifier():
                raise ValueError(f"A view cannot be called {view.name!r}: taken, or no plain name")
            self._views[view.name] = view

    def init_app(self, app: Flask) -> None:
        """Opens the feed's door at `/socket.io/` and gives templates `live(name, *args)`."""
        self.paint_with(app)
        app.extensions["feed"] = self
        app.jinja_env.globals["live"] = self.paint
        # What a stranger's nonsense makes python-engineio throw and catch is no news.
        quiet = logging.getLogger("engineio.quiet")
        quiet.setLevel(logging.CRITICAL)
        self._socketio = SocketIO(
            app,
            async_mode="gevent",
            transports=["websocket"],
            async_handlers=False,
            cors_allowed_origins=self._is_ours,
            engineio_logger=quiet,
            max_http_buffer_size=MESSAGE,
            ping_interval=5,
            ping_timeout=7,
        )
        # python-socketio's own handlers: Flask-SocketIO's would dress each message up as a request with a session.
        self.answer_on(self._socketio.server.on)

    def answer_on(self, on: Callable[[str, Callable[..., None]], object]) -> None:
        """Says to who brings clients what is to be called when one comes, goes, or says what it watches."""
        on("connect", self._arrive)
        on("disconnect", self._depart)
        on("watch", self._watch)

    def paint_with(self, app: Flask) -> None:
        """Pictures are rendered by the templates of this application."""
        self._app = app
        self._environ = app.test_request_context(base_url=self._public_url or None).request.environ

    def _is_ours(self, origin: str, environ: dict[str, Any]) -> bool:
        return self._hosts.owns(origin, environ.get("HTTP_HOST", ""))

    def start(self) -> None:
        """Begins to follow the source. Called on the server's loop, once."""
        self._bell = self._turns.bell(self._rung.set)
        self._rung.set()
        self._follower = self._turns.spawn(self._follow)

    def stop(self) -> None:
        """Stops following and closes every client."""
        if self._follower and self._bell:
            self._follower.kill()
            self._bell.close()
            self._bell = self._follower = None
        for client in list(self._clients.values()):
            client.lane.shut()

    @property
    def age(self) -> float:
        """Seconds since the feed looked at the ledger; infinite while it does not follow it."""
        return self._turns.now() - self._looked if self._follower else float("inf")

    def ring(self) -> None:
        """Says that something was committed. Any thread may; it never blocks."""
        if bell := self._bell:
            bell.send()

    def watching(self) -> list[Any]:
        """Who has a page open that listens."""
        return [client.who for client in self._clients.values() if client.listens]

    def is_watched(self, office: str) -> bool:
        """Whether somebody watches a view of an office."""
        return bool(self._by_office.get(office))

    # What a template shows at first

    def paint(self, name: str, *args: object, **attributes: object) -> Markup:
        """The Jinja global `live`: a view's element with its present picture, which static/live.js then keeps current.

        Args:
            name: the view's.
            args: what it is the view of, as in `live("desk", office, counter)`.
            attributes: further attributes of the element.

        Raises:
            NoSuchView: no view has this name, or its picture is None.
        """
        words = [str(arg) for arg in args]
        if any(mark in word for word in words for mark in ":@"):
            raise NoSuchView(f'{name} {words}: an argument holds ":" or "@"')
        language = page_language()
        address = ":".join([name, *words]) + ("" if language == FIRST else f"@{language}")
        v = self._source.position
        view = self._views.get(name)
        picture = view.picture(self._source.house, *words) if view else None
        if view is None or picture is None:
            raise NoSuchView(address)
        html = Markup(self._render(view, words, picture))  # noqa: S704 # Jinja escaped it
        more = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in attributes.items())
        return Markup('<div data-live="{}" data-v="{}"{}>{}</div>').format(address, v, more, html)

    def _render(self, view: View, args: Sequence[str], picture: Any) -> str:
        if office := view.office(self._source.house, *args):
            g.zone = self._source.zone(office)
        return render_template(view.template, it=picture)

    # Clients

    def _arrive(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        lane = environ.get("wsgi.websocket")
        if not isinstance(lane, Lane):
            _log.error("The server runs without web.lane.LaneHandler: no page can be live")
            raise NoFeed("This server has no live feed")
        self._clients[sid] = _Client(lane, environ)

    def _depart(self, sid: str, _reason: object = None) -> None:
        if client := self._clients.pop(sid, None):
            for watched in client.watches:
                self._leave(client.lane, watched)

    def _watch(self, sid: str, message: object = None, *_more: object) -> None:
        """A page says what it watches from now on, and is shown all of it as it is now."""
        client = self._clients.get(sid)
        if client is None:
            return
        addresses = message.get("views") if isinstance(message, dict) else None
        if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
            client.lane.post(frame("refused", {"view": None, "code": "bad-request"}))
            return
        if len(addresses) > VIEWS:
            client.lane.post(frame("refused", {"view": None, "code": "too-many"}))
            return
        where = place(client.environ.get("REMOTE_ADDR"))
        if self._fills(WATCHES, sid, client) or self._fills(MESSAGES, where, client):
            return
        if (who := self._who(client)) is None or sid not in self._clients:
            return  # who left while they were looked up is kept nowhere
        client.who, client.listens = who, True
        before, client.watches = client.watches, {}
        answers: list[bytes] = []
        for address in dict.fromkeys(addresses):
            if not (answer := self._join(client, address, where)):
                break
            answers.append(answer)
        for watched in [one for one in before if one not in client.watches]:
            self._leave(client.lane, watched)
        if self._turns.now() < self._looked + 2 * POLL:
            answers.append(self._heartbeat())
        client.lane.post(b"".join(answers))  # together: each on its way costs more than all that is in it

    def _join(self, client: _Client, address: str, where: str) -> bytes:
        """Lets a client watch one view from now on; what it is told, nothing if it was closed for guessing."""
        watched, code = self._ask_for(address, client.who)
        if watched is None:
            is_over = code == "unknown" and self._fills(GUESSES, where, client)
            return b"" if is_over else frame("refused", {"view": address, "code": code})
        client.watches[watched] = watched.lanes[client.lane] = None
        return watched.bytes

    def _fills(self, limit: Limit, whose: str, client: _Client) -> bool:
        """Counts one more; a client that says too much is closed."""
        try:
            self._limits.take(limit, whose)
        except TooOften:
            client.lane.shut()
            return True
        return False

    def _who(self, client: _Client) -> Any:
        """Who a client is now. Where that cannot be found out, None, and its end: it comes back and is asked again."""
        try:
            with self._app.app_context():  # which knows what its cookies are called
                return self._source.asker(client.environ)
        except Exception:  # noqa: BLE001
            _log.exception("Nobody knows who watches")
            client.lane.shut()
            return None

    def _ask_for(self, address: str, who: Any) -> tuple[_Watched | None, str]:
        """The view at an address as it is now, for somebody who may watch it; else None, and why. Who may not, costs no
        picture.
        """
        try:
            watched = self._watched.get(address) or self._named(address)
            if watched is None:
                return None, "unknown"
            if not self._source.may_watch(who, watched.view.name, watched.office):
                return None, "not-allowed"
            watched = self._renewed(watched) if address in self._watched else self._opened(watched)
        except Exception:  # noqa: BLE001
            _log.exception("No picture of a %s", address.partition(":")[0])  # a ticket's address is its secret
            return None, "failed"
        return watched, "" if watched else "unknown"

    def recheck(self) -> None:
        """Somebody's rights may have changed: who may no longer watch something is told so, and sees no more of it."""
        self._turns.spawn(self._recheck)

    def _recheck(self) -> None:
        for client in list(self._clients.values()):
            if not client.watches or client.who is None or client.who.nobody:
                continue
            client.who = self._who(client)
            for watched in list(client.watches) if client.who is not None else ():
                if not self._source.may_watch(client.who, watched.view.name, watched.office):
                    client.watches.pop(watched, None)
                    self._leave(client.lane, watched)
                    client.lane.post(frame("refused", {"view": watched.address, "code": "not-allowed"}))

    def _named(self, address: str) -> _Watched | None:
        """The view that an address names, not looked at yet; None if there is none."""
        path, _, language = address.partition("@")
        name, *args = path.split(":")
        view = self._views.get(name)
        if view is None or language not in ("", *OFFERED) or not _takes(view.picture, args):
            return None
        office = view.office(self._source.house, *args)
        if office is None:
            return None
        return _Watched(address, view, tuple(args), language or FIRST, office)

    def _opened(self, watched: _Watched) -> _Watched | None:
        """A view with its first picture, from now on watched; None if there is no such one."""
        if not self._look(watched):
            return None
        self._watched[watched.address] = watched
        self._by_office[watched.office][watched] = None
        return watched

    def _renewed(self, watched: _Watched) -> _Watched | None:
        """A watched view with its picture as it is now: who joins may have been painted one that nobody else saw."""
        v = self._source.position
        if watched.v < v:
            if not self._look(watched):
                return None
            if watched.v < v:
                watched.v, watched.bytes = v, frame("view", {"view": watched.address, "v": v, "html": watched.html})
        return watched

    def _leave(self, lane: Lane, watched: _Watched) -> None:
        watched.lanes.pop(lane, None)
        if not watched.lanes:
            self._forget(watched)

    def _forget(self, watched: _Watched) -> None:
        self._due.pop(watched, None)
        if self._watched.get(watched.address) is watched:
            del self._watched[watched.address]
            there = self._by_office[watched.office]
            there.pop(watched, None)
            if not there:
                del self._by_office[watched.office]

    # Following the source

    def _follow(self) -> None:
        while True:
            try:
                self._step()
            except Exception:  # noqa: BLE001
                # Whatever it was, the next look may succeed. Meanwhile no heart beats, and the pages say so.
                _log.exception("The feed could not follow the ledger")
                self._turns.sleep(POLL)

    def _step(self) -> None:
        now = self._turns.now()
        until = min([self._looked + POLL, self._beaten + BEAT, *self._due.values()])
        if self._rung.wait(max(0.0, until - now)) or self._turns.now() >= self._looked + POLL:
            self._turns.sleep(max(0.0, self._looked + BREATH - self._turns.now()))
            self._rung.clear()
            for office in sorted(self._source.advance()):
                for watched in self._by_office.get(office, ()):
                    self._due.setdefault(watched, watched.seen + COALESCE)
            self._looked = self._turns.now()
        self._show()
        if self._turns.now() >= self._beaten + BEAT:
            self._beaten = self._turns.now()
            beat = self._heartbeat()
            for client in self._clients.values():
                if client.listens:
                    client.lane.post(beat)

    def _heartbeat(self) -> bytes:
        return frame("beat", {"v": self._source.position, "at": self._turns.clock()})

    def _show(self) -> None:
        """Looks at every view whose turn has come and pushes those that look different now."""
        turn = began = self._turns.now()
        due = [watched for watched, at in self._due.items() if at <= turn]
        # A board in the hall does not wait behind a thousand phones.
        crowd = Counter(watched.view.name for watched in due)
        for watched in sorted(due, key=lambda watched: crowd[watched.view.name]):
            if self._due.pop(watched, None) is None:
                continue  # its last watcher left while others had their turn
            watched.seen = self._turns.now()
            try:
                if not self._look(watched):
                    self._refuse(watched, "unknown")
                    self._forget(watched)
            except Exception:  # noqa: BLE001
                _log.exception("No picture of a %s", watched.view.name)
                self._refuse(watched, "failed")
                self._due[watched] = watched.seen + POLL
            if self._turns.now() - began > _SLICE:
                self._turns.sleep(0)
                began = self._turns.now()
                if self._rung.is_set():
                    return  # the rest stays due; who is first in line may have changed

    def _look(self, watched: _Watched) -> bool:
        """Takes the view's picture; if it is another one, renders and pushes it. False: there is no such view."""
        v = self._source.position
        picture = watched.view.picture(self._source.house, *watched.args)
        if picture is None:
            return False
        if picture != watched.picture:
            self.on_shown(watched.view.name, watched.args)
            # Not all that is shown stands in the ledger: the same position may have another picture.
            again = {"again": True} if v == watched.v else {}
            with self._app.request_context(self._environ.copy()):
                g.lang = watched.language
                html = self._render(watched.view, watched.args, picture)
            watched.picture, watched.html, watched.v = picture, html, v
            watched.bytes = frame("view", {"view": watched.address, "v": v, "html": html, **again})
            for lane in watched.lanes:
                lane.post(watched.bytes)
        return True

    def _refuse(self, watched: _Watched, code: str) -> None:
        refusal = frame("refused", {"view": watched.address, "code": code})
        for lane in watched.lanes:
            lane.post(refusal)


def _takes(picture: Callable[..., Any], args: list[str]) -> bool:
    try:
        inspect.signature(picture).bind(None, *args)
    except TypeError:
        return False
    return True

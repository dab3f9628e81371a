"""A tiny office for the feed's tests: a number for each of three halls, raised over HTTP. Halls a and b are for
everybody, hall c for guests on the list, who say who they are in a cookie.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import msgspec
from flask import Flask, Request, Response, redirect, render_template, request
from gevent.pywsgi import WSGIServer
from werkzeug import Response as AnyResponse

from web.lane import LaneHandler, listener
from web.live import Feed, View

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"

PAGE = """<!doctype html><html lang="id" data-zone="Asia/Jakarta"><meta charset="utf-8"><title>feed</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/static/web/mark.svg">
<div data-stale="last news {time}" role="status" hidden><span data-stale-words></span></div>
<main>{{ live("board", hall, id="board") }}</main>
<script type="module" src="/static/web/live.js"></script></html>"""

BOARD = """<h1>{{ it.number }}</h1><p><a href="{{ url_for("page", hall="a") }}">{{ it.word }}</a></p>
<ul>
  {% for row in it.rows %}
  <li data-key="{{ row }}"><button id="b-{{ row }}">{{ row }}</button></li>
  {% endfor %}
</ul>
<form><input id="note" value="{{ it.number }}"> <label><input type="checkbox" id="tick"> tick</label></form>
<details><summary>more</summary><p>about {{ it.number }}</p></details>
<div data-keep>the page's own {{ it.number }}</div>
<div class="long"><p>{{ it.number }}</p>{% for _ in range(50) %}<p>line</p>{% endfor %}</div>
{{ it.filler }}"""

SIGN_IN = """<!doctype html><html lang="id"><title>sign in</title><link rel="icon" href="/static/web/mark.svg">
<h1>Who are you?</h1></html>"""

STYLE = ".long { height: 60px; overflow: auto } [hidden] { display: none }"


class Board(msgspec.Struct, frozen=True):
    """What the one view shows."""

    number: int
    word: str
    rows: tuple[str, ...]
    filler: str


class Guest(msgspec.Struct, frozen=True):
    """Who asks, by the name in their cookie; "" for nobody."""

    name: str

    @property
    def nobody(self) -> bool:
        return not self.name


class Hall:
    """A source that remembers numbers, and can fail as a disk does."""

    def __init__(self) -> None:
        self.position = 0
        self.numbers = {"a": 0, "b": 0, "c": 0}
        self.guests = {"sari", "budi"}
        self.rows: tuple[str, ...] = ("x", "y", "z")
        self.filler = ""
        self.is_broken = False
        self.changed: set[str] = set()

    @property
    def house(self) -> Hall:
        return self

    def zone(self, _office: str) -> str:
        return "Asia/Jakarta"

    def asker(self, environ: dict[str, Any]) -> Guest:
        if self.is_broken:
            raise OSError("The disk is gone")
        return Guest(Request(environ).cookies.get("guest", ""))

    def may_watch(self, who: Guest, _view: str, office: str) -> bool:
        return office != "c" or who.name in self.guests

    def advance(self) -> set[str]:
        if self.is_broken:
            raise OSError("The disk is gone")
        changed, self.changed = self.changed, set()
        return changed

    def change(self, hall: str, by: int = 1) -> None:
        self.position += 1
        self.numbers[hall] += by
        self.changed.add(hall)


def board(halls: Hall, name: str) -> Board | None:
    if name == "broken":
        raise ZeroDivisionError
    if name not in halls.numbers:
        return None
    number = halls.numbers[name]
    return Board(number, "ganjil" if number % 2 else "genap", halls.rows, halls.filler)


def create(halls: Hall) -> tuple[Flask, Feed]:
    """The application and its feed."""
    app = Flask(__name__, static_folder=STATIC, static_url_path="/static/web")
    app.jinja_loader = jinja2.DictLoader({"page.html": PAGE, "board.html": BOARD})
    feed = Feed(halls, "https://antrean.example")
    feed.add(View("board", board, "board.html"))
    feed.init_app(app)

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; require-trusted-types-for 'script'; trusted-types ltsa-live"
        )
        return response

    @app.get("/style.css")
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")

    @app.get("/<hall>")
    def page(hall: str) -> str | AnyResponse:
        if not halls.may_watch(halls.asker(request.environ), "board", hall):
            return redirect("/sign-in")
        return render_template("page.html", hall=hall)

    @app.post("/raise/<hall>")
    def raised(hall: str) -> str:
        halls.change(hall)
        feed.ring()
        return str(halls.position)

    @app.post("/rows/<rows>")
    def rows(rows: str) -> str:
        halls.rows = tuple(rows)
        return raised("a")

    @app.post("/fill/<int:size>")
    def fill(size: int) -> str:
        halls.filler = f"{halls.position % 10}" * size
        return raised("a")

    @app.post("/position/<int:position>")
    def move(position: int) -> str:
        halls.position = position
        return raised("a")

    @app.post("/broken/<int:yes>")
    def breaks(yes: int) -> str:
        halls.is_broken = bool(yes)
        return ""

    _keep_a_list(app, halls, feed)
    return app, feed


def _keep_a_list(app: Flask, halls: Hall, feed: Feed) -> None:
    @app.get("/sign-in")
    def sign_in() -> str:
        return SIGN_IN

    @app.post("/dismiss/<guest>")
    def dismiss(guest: str) -> str:
        halls.guests.discard(guest)
        feed.recheck()
        return ""


def serve(port: int) -> int:
    """Serves the halls until it is killed; prints its address."""
    application, feed = create(Hall())
    server = WSGIServer(listener("127.0.0.1", port), application, handler_class=LaneHandler, log=None)
    feed.start()
    print(f"http://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)  # noqa: T201 # the tests read it
    server.serve_forever()
    return 0

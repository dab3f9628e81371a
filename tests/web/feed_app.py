"""A tiny office for the feed's tests: a number for each of two halls, raised over HTTP.

`python -m tests.web.feed_app PORT`
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import jinja2
import msgspec
from flask import Flask, Response, render_template
from gevent.pywsgi import WSGIServer

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

STYLE = ".long { height: 60px; overflow: auto } [hidden] { display: none }"


class Board(msgspec.Struct, frozen=True):
    """What the one view shows."""

    number: int
    word: str
    rows: tuple[str, ...]
    filler: str


class Hall:
    """A source that remembers numbers, and can fail as a disk does."""

    def __init__(self) -> None:
        self.position = 0
        self.numbers = {"a": 0, "b": 0}
        self.rows: tuple[str, ...] = ("x", "y", "z")
        self.filler = ""
        self.is_broken = False
        self.changed: set[str] = set()

    @property
    def house(self) -> Hall:
        return self

    def zone(self, _office: str) -> str:
        return "Asia/Jakarta"

    def asker(self, _environ: object) -> SimpleNamespace:
        return SimpleNamespace(nobody=True)

    def may_watch(self, _who: object, _view: str, _office: str) -> bool:
        return True

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
    def page(hall: str) -> str:
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

    return app, feed


if __name__ == "__main__":
    application, feed = create(Hall())
    server = WSGIServer(listener("127.0.0.1", int(sys.argv[1])), application, handler_class=LaneHandler, log=None)
    feed.start()
    print(f"http://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)  # noqa: T201 # the tests read it
    server.serve_forever()

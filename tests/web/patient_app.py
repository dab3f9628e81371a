"""A server with little patience, for the tests of slow and broken clients: the feed's tiny office, and a little more.

`python -m tests.web.patient_app PORT`
"""

from __future__ import annotations

import sys

from flask import Flask, Response, request

from tests.web.feed_app import Hall, create
from web import errors, limits, logs, security, words
from web.connection import Patience, Server
from web.lane import listener
from web.limits import Buckets

LARGE = b"x" * (32 << 20)
"""More than a connection's buffers take."""


def patient_app() -> Flask:
    """The feed's office with the rooms that a request passes."""
    app, feed = create(Hall())
    logs.install(app)
    words.install(app)
    errors.install(app)
    security.install(app)
    limits.install(app, Buckets())
    app.extensions["feed"] = feed

    @app.post("/length")
    def length() -> str:
        return str(len(request.get_data()))

    @app.post("/unread")
    def unread() -> str:
        return "unread"

    @app.get("/large")
    def large() -> Response:
        return Response(LARGE, mimetype="application/octet-stream")

    @app.get("/there")
    def there() -> str:
        crowd: limits.Crowd = app.extensions["server"].connections
        return str(sum(crowd._there.values()))

    return app


if __name__ == "__main__":
    logs.begin(access_log=True)
    application = patient_app()
    server = Server(
        listener("127.0.0.1", int(sys.argv[1])), application, patience=Patience(idle=2, head=1, body=1, take=1)
    )
    application.extensions["server"] = server
    application.extensions["feed"].start()
    server.start()
    print(f"http://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)  # noqa: T201 # the tests read it
    server.serve_forever()

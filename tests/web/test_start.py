"""A start reads what an office needs and no more: who was cut off waits for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from werkzeug.routing import Map, Rule

from app import create_app
from web.house import House
from web.settings import PROJECT, Settings

SELDOM = ("PIL", "aiohttp", "authlib", "holidays", "psycopg", "qrcode", "redis", "requests", "rich", "valkey", "zxcvbn")
"""Packages that an office with the usual settings does without until somebody needs them, if ever."""

EXAMPLES = {"face": "desk", "date": "2026-11-21"}
"""What stands in an address where "7" cannot."""


def test_an_office_opens_without_what_it_seldom_needs(tmp_path: Path) -> None:
    program = f"""
import sys, threading
from pathlib import Path
import app
from gevent._hub_local import get_hub_if_exists
from web import logs, workers
from web.settings import Settings
workers.read_rooms()
assert threading.active_count() == 1, "workers are forked now"
assert get_hub_if_exists() is None, "workers are forked now"
opened = app.create_app(Settings(data=Path({str(tmp_path)!r}), port=0))
logs.begin(access_log=False)
assert opened.test_client().get("/healthz").status_code == 200
opened.extensions["ltsa"].close()
print(*({{name.partition(".")[0] for name in sys.modules}} & set({SELDOM!r})))
"""
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120
    )
    assert (said.stdout.strip(), said.returncode) == ("", 0), said.stderr


def test_what_was_hidden_from_a_library_is_there_for_everybody_else() -> None:
    import redis  # noqa: PLC0415 - after what hid it
    import requests  # noqa: PLC0415

    assert (redis.__name__, requests.__name__) == ("redis", "requests")


def test_every_address_is_written_as_werkzeug_writes_it(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, port=0))
    try:
        rules = list(app.url_map.iter_rules())
        plain = Map(
            [
                Rule(rule.rule, methods=rule.methods, endpoint=rule.endpoint, defaults=rule.defaults)
                for rule in rules
                if not rule.redirect_to
            ]
        )
        late, usual = app.url_map.bind("localhost"), plain.bind("localhost")
        for rule in rules:
            given = {name: EXAMPLES.get(name, "7") for name in rule.arguments}
            for values in (given, {**given, "lang": "en"}, {**given, "service": ["bank", "a b"]}):
                address = usual.build(rule.endpoint, values)
                assert late.build(rule.endpoint, values) == address
                assert late.build(rule.endpoint, values) == address
    finally:
        house: House = app.extensions["ltsa"]
        house.close()

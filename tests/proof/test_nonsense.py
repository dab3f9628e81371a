"""Whatever is sent to whichever address: it is answered, and never with a failure of the server."""

from __future__ import annotations

import logging
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import create_app
from tests.staff import paired, signed_in
from web import tickets

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from web.settings import Settings

PARTS: tuple[str, ...] = (
    "ltsa",
    "nope",
    "1",
    "A001",
    "2026-11-20",
    "9999-12-31",
    "0001-01-01",
    "0000-00-00",
    "2026-02-30",
    "x" * 3000,
)
PARTS += ("%00", "%0d%0aX-A: 1", "..", "%2e%2e", "²", "-1", "1e9", "*", "installation", "%f0%9f%98%80", "%ff%fe", "a:b")
PARTS += ("a@b", " ", "%", "LTSA", "days.csv", "sheet", "9" * 400, "<script>")

QUERIES = (
    "",
    "?lang[]=1&office=nope&next=//evil.example&page=-1&day=x&at=25:99",
    "?page=99999999999999999999&version=99999999999999999999&at=" + "9" * 300,
    "?"
    + "&".join(f"{name}=9999-12-31" for name in ("from", "until", "to", "since", "date", "on", "day", "year", "month")),
    "?"
    + "&".join(f"{name}=0001-01-01" for name in ("from", "until", "to", "since", "date", "on", "day", "year", "month")),
    "?" + "&".join(f"{name}=%00" for name in ("from", "until", "date", "on", "number", "code", "state", "kind", "at")),
    "?year=99999&month=2026-13&after=-1&limit=0&version=-5&show=x&section=x",
    "?next=%2F%0d%0aX-A:1&lang=xx&service=bank&service=bank&without=bank&kiosk=%0a&print=x",
    "?q=" + "(a+)+" * 200,
)

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def _form(names: str, value: bytes) -> bytes:
    return b"&".join(b"%s=%s" % (name.encode(), value) for name in names.split())


BODIES = (
    (b"", JSON),
    (b"{}", FORM),
    (b"[]", JSON),
    (b"null", JSON),
    (b"NaN", JSON),
    (b"[" * 30_000 + b"]" * 30_000, JSON),
    (b'{"a":' * 9000 + b"1" + b"}" * 9000, JSON),
    (b'{"number":' + b"9" * 5000 + b"}", JSON),
    (b"\xff\xfe", JSON),
    (rb'{"number":"\ud800","officer":"\ud800","text":"\ud800","password":"\ud800","name":"\ud800"}', JSON),
    (b'{"number":null,"date":5,"present":[],"services":"x","seen":{},"text":7,"views":{}}', JSON),
    (b"&".join(b"f%d=x" % n for n in range(8000)), FORM),
    (_form("account password pin code name why key since_date days kind role", b"%00"), FORM),
    (_form("pin code days version minutes capacity seen item", b"%C2%B2"), FORM),
    (_form("days seen since_date code", b"9" * 5000), FORM),
    (
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    (b"--x", "multipart/form-data"),
    (b"x" * 70_000, "text/plain"),
)

ODD_HEADERS = (
    {"Accept": "a/b;" * 500},
    {"Accept": "text/html;q=nan, */*;q=1e9"},
    {"Accept-Language": "x" * 5000},
    {"Referer": "http://["},
    {"Authorization": "Bearer \xff"},
    {"Authorization": "Digest " + 'a="' * 500},
    {"Cookie": "session=" + "x" * 5000 + '; device="; half-way=\x01'},
)

LEFT_OUT = frozenset({"signing_in.sign_out", "account.close_sessions", "watching.readyz"})
"""Those that end the asker's session, and the one that says that this server's feed does not run."""


@pytest.fixture
def everybody(settings: Settings) -> tuple[list[FlaskClient], list[Rule], list[str]]:
    """Who asks, what there is to be asked, and secrets that are somebody's."""
    app = create_app(replace(settings, rate_limits=0))
    here = app.extensions["ltsa"]
    who = [signed_in(app), paired(app, "kiosk"), paired(app, "display"), app.test_client()]
    secrets = [here.credentials.make_link("dewi", "reset", here.now(), 24)]
    with app.test_request_context():
        secrets.append(tickets.issue(here, office="ltsa", by="system", key="k" * 20, services=("bank",))[1])
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in LEFT_OUT]
    return who, rules, secrets


def test_no_address_fails_whatever_it_is_sent(
    everybody: tuple[list[FlaskClient], list[Rule], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    who, rules, secrets = everybody
    chance, failed, asked = random.Random(20261121), set(), 0
    caplog.set_level(logging.ERROR)

    def part(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        usual = {"office": "ltsa", "counter": "1", "face": "desk"}
        if name in {"token", "secret"} and chance.random() < 0.5:
            return chance.choice(secrets)
        return usual[name] if name in usual and chance.random() < 0.8 else chance.choice(PARTS)

    for rule in rules:
        changes = sorted({"POST", "PUT", "DELETE", "PATCH"} & (rule.methods or set()))
        sent = [(method, *body) for method in changes for body in BODIES] + [("GET", b"", "")] * len(QUERIES)
        for n, (method, body, kind) in enumerate(sent):
            path = re.sub(r"<([^>]+)>", part, str(rule)) + QUERIES[n % len(QUERIES)]
            headers = {"Sec-Fetch-Site": "same-origin", "Idempotency-Key": f"nonsense {asked:020}"}
            headers |= chance.choice(ODD_HEADERS) if chance.random() < 0.2 else {}
            answer = who[0 if n % 3 else n % len(who)].open(
                path, method=method, data=body or None, content_type=kind or None, headers=headers
            )
            asked += 1
            if answer.status_code >= 500 or "X-A" in answer.headers or "evil" in answer.headers.get("Location", "")[:9]:
                failed.add((method, str(rule), path[:120], body[:60], answer.status_code))
    assert not failed
    assert not [record.message for record in caplog.records if record.exc_info]
    assert asked > 1500

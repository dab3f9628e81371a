"""Whom the office answers: its own names, and changes from its own pages only, whichever address they are sent to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Map, Rule

import app as door
from tests.web.look_app import look_app
from web.house import House
from web.security import ARGUMENTS, Hosts
from web.settings import Settings

PROGRAM = {"Accept": "application/json"}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
FORGED = {
    "a page of another site": {"Origin": "https://elsewhere.example"},
    "a page of a neighbour": {"Sec-Fetch-Site": "same-site"},
    "a page that hides where it is": {"Origin": "null"},
    "another site's page in a new browser": {"Sec-Fetch-Site": "cross-site"},
    "an old browser's form": {"Cookie": "session=somebody"},
    "an old browser's form over TLS": {"Cookie": "__Host-session=somebody"},
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = door.create_app(Settings(data=tmp_path_factory.mktemp("office") / "var", port=0))
    yield app
    house: House = app.extensions["ltsa"]
    house.close()


def addresses(rules: Map) -> list[tuple[str, str]]:
    """Every method and address by which anything can be changed, with something in each of its places."""
    adapter = rules.bind("localhost")
    return sorted(
        (method, adapter.build(rule.endpoint, _places(rule), method=method))
        for rule in rules.iter_rules()
        for method in CHANGES & (rule.methods or set())
    )


def _places(rule: Rule) -> dict[str, object]:
    return {
        name: 1 if "Integer" in type(rule._converters[name]).__name__ else _word(rule, name) for name in rule.arguments
    }


def _word(rule: Rule, name: str) -> str:
    choices = getattr(rule._converters[name], "items", None)
    return min(choices) if choices else {"date": "2026-11-21", "office": "ltsa"}.get(name, "x")


@pytest.mark.parametrize("who", FORGED)
def test_every_address_that_changes_something_refuses_whoever_is_not_our_own_page(office: Flask, who: str) -> None:
    asked = addresses(office.url_map)
    assert len(asked) > 20
    client = office.test_client(use_cookies=False)
    for method, path in asked:
        answer = client.open(path, method=method, headers={**FORGED[who], **PROGRAM})
        assert answer.status_code == 403, (method, path)
        assert answer.json, (method, path)
        assert answer.json["code"] == "other-origin", (method, path)


def test_a_cookie_with_a_word_of_where_it_comes_from_is_welcome() -> None:
    client = look_app().test_client(use_cookies=False)
    for own in ({"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}):
        assert client.post("/change", headers={"Cookie": "session=somebody", **own}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/static/web/look.css"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("192.168.1.20", 200),
        ("[fe80::1]:8000", 200),
        ("antrean.example.go.id", 200),
        ("Antrean.Example.Go.Id:443", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example@localhost", 421),
        ("antrean.example.go.id.", 421),
        ("local host", 421),
        ("[::1", 421),
    ],
)
def test_the_office_answers_to_its_own_names_only(path: str, host: str, status: int) -> None:
    with look_app().test_client().get(path, headers={"Host": host}) as answer:
        assert answer.status_code == (404 if (status, path) == (200, "/nothing-here") else status)


def test_a_wrong_name_is_answered_with_what_would_be_right() -> None:
    client = look_app().test_client()
    said = client.get("/", headers={"Host": "evil.example", "Accept": "application/json"}).json
    assert said
    assert said["code"] == "unknown-host"
    page = client.get("/?lang=en", headers={"Host": "evil.example", "Accept": "text/html"})
    assert "add the name to the setting hosts" in page.text


def test_further_names_are_the_office_s_own_too() -> None:
    hosts = Hosts("https://antrean.example", frozenset({"ltsa.local"}))
    assert hosts.knows("ltsa.local:8000")
    assert hosts.owns("http://ltsa.local:8000", "ltsa.local:8000")
    assert not hosts.owns("http://ltsa.local:9000", "ltsa.local:8000")
    assert not hosts.owns("http://antrean.example", "antrean.example")  # without TLS anybody may have sent it
    assert hosts.owns("https://antrean.example:443", "127.0.0.1:8000")


def test_a_house_takes_its_names_from_its_settings(settings: Settings) -> None:
    app = door.create_app(replace(settings, hosts="ltsa.local"))
    try:
        assert app.test_client().get("/", headers={"Host": "ltsa.local"}).status_code in {200, 303}
        assert app.test_client().get("/", headers={"Host": "rebound.example"}).status_code == 421
    finally:
        app.extensions["ltsa"].close()


def test_an_address_has_a_bounded_number_of_arguments() -> None:
    client: FlaskClient = look_app().test_client()
    assert client.get("/?" + "&".join(["a=1"] * ARGUMENTS)).status_code == 200
    answer = client.get("/?" + "&".join(["a=1"] * (ARGUMENTS + 1)))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("public_url", "asked_at", "is_only"),
    [
        ("https://antrean.example.go.id", "http://localhost", True),
        ("http://antrean.example.go.id", "https://antrean.example.go.id", True),  # a trusted proxy says so
        ("http://antrean.example.go.id", "http://antrean.example.go.id", False),
    ],
)
def test_over_tls_browsers_are_told_to_come_back_in_no_other_way(
    public_url: str,
    asked_at: str,
    is_only: bool,  # noqa: FBT001 - a fact
) -> None:
    headers = look_app(public_url=public_url).test_client().get("/", base_url=asked_at).headers
    assert ("Strict-Transport-Security" in headers) is is_only
    assert int(headers.get("Strict-Transport-Security", "=31536000;").partition("=")[2].partition(";")[0]) >= 31536000

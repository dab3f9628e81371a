"""The office's cookies: as hard to steal or to plant as the office's address allows."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request

from web import security


def office_at(public_url: str) -> Flask:
    app = Flask("cookies", static_folder=None)
    security.install(app, public_url)

    @app.get("/in")
    def sign_in() -> Response:
        answer = Response("in")
        security.set_cookie(answer, "session", "secret", max_age=60)
        return answer

    @app.get("/out")
    def sign_out() -> Response:
        answer = Response("out")
        security.drop_cookie(answer, "session")
        return answer

    @app.get("/who")
    def who() -> str:
        return security.read_cookie(request, "session") or "nobody"

    return app


def test_over_tls_a_cookie_is_bound_to_this_host_and_to_tls() -> None:
    answer = office_at("https://antrean.example").test_client().get("/in")
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name == "__Host-session=secret"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=60"} <= set(attributes)
    assert not any(each.startswith("Domain") for each in attributes)


def test_without_tls_a_cookie_still_hides_from_scripts_and_other_sites() -> None:
    answer = office_at("").test_client().get("/in")
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name == "session=secret"
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert "Secure" not in attributes


@pytest.mark.parametrize("public_url", ["", "https://antrean.example"])
def test_a_cookie_comes_back_until_it_is_taken_back(public_url: str) -> None:
    client = office_at(public_url).test_client()
    there = public_url or "http://localhost"
    client.get("/in", base_url=there)
    assert client.get("/who", base_url=there).text == "secret"
    client.get("/out", base_url=there)
    assert client.get("/who", base_url=there).text == "nobody"


def test_over_tls_a_cookie_that_a_neighbour_planted_counts_for_nothing() -> None:
    client = office_at("https://antrean.example").test_client()
    assert client.get("/who", headers={"Cookie": "session=planted"}).text == "nobody"

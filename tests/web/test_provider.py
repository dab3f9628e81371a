"""What the office believes of what an OpenID provider says: the provider of these stories lies."""

from __future__ import annotations

import base64
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from tests.web.liar import CLIENT, NOW, SECRET, Liar, answer, rsa
from web import provider as room
from web.provider import Attempt, CancelledError, Identity, Provider, SilentError, UnprovenError, is_safe

BACK = "http://127.0.0.1:8014/sign-in/oidc/back"


@pytest.fixture
def liar() -> Iterator[Liar]:
    telling = Liar()
    yield telling
    telling.close()


def office(liar: Liar, secret: str = SECRET) -> Provider:
    """Our side."""
    return Provider(liar.issuer, CLIENT, secret, BACK)


def comes_back(liar: Liar, **said: str) -> Identity:
    """Siti went away and is back: with a code, or with what the browser brings instead."""
    provider = office(liar)
    _, attempt = provider.begin()
    return provider.finish(attempt, {"iss": liar.issuer, **(said or {"code": "c"})}, NOW)


def believes(provider: Provider, liar: Liar, attempt: Attempt, at: int = NOW) -> Identity:
    return provider.finish(attempt, {"iss": liar.issuer, "code": "c"}, at)


def signs_for(liar: Liar, attempt: Attempt, **claims: Any) -> None:
    liar.signs(**{"nonce": attempt.nonce, **claims})


def told(liar: Liar, at: int = NOW, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> Identity:
    """A whole sign-in in which the ID token says this."""
    provider = office(liar)
    _, attempt = provider.begin()
    liar.signs(header, key, **{"nonce": attempt.nonce, **claims})
    return believes(provider, liar, attempt, at)


def test_an_honest_word_says_who_came_and_how_they_proved_it(liar: Liar) -> None:
    siti = told(liar, preferred_username="siti@kemnaker.example", acr="gold", amr=["pwd", "otp", "mfa"])

    assert (siti.issuer, siti.subject, siti.name) == (liar.issuer, "s-1", "siti@kemnaker.example")
    assert (siti.acr, siti.amr, siti.second_factor) == ("gold", ("pwd", "otp", "mfa"), True)
    assert not told(liar, amr=["pwd"]).second_factor
    assert not told(liar, amr=None).second_factor


def test_the_browser_is_sent_with_a_state_a_nonce_and_the_hash_of_what_only_the_server_knows(liar: Liar) -> None:
    address, attempt = office(liar).begin(language="en")
    said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    challenge = base64.urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")

    assert address.startswith(f"{liar.issuer}/auth?")
    assert (said["response_type"], said["client_id"], said["redirect_uri"]) == ("code", CLIENT, BACK)
    assert (said["state"], said["nonce"], said["scope"]) == (attempt.state, attempt.nonce, "openid profile email")
    assert (said["code_challenge"], said["code_challenge_method"]) == (challenge, "S256")
    assert attempt.verifier not in address
    assert "prompt" not in said
    assert len({*attempt, *office(liar).begin()[1]}) == 6


def test_who_wants_to_be_asked_anew_is_asked_anew(liar: Liar) -> None:
    assert "prompt=login" in office(liar).begin(anew=True)[0]


def test_the_code_is_exchanged_with_the_secret_and_the_verifier_and_never_in_an_address(liar: Liar) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    signs_for(liar, attempt, email="siti@kemnaker.example")
    believes(provider, liar, attempt)
    _, form, authorization = next(asked for asked in liar.asked if asked[0] == "/token")

    assert form == {
        "grant_type": "authorization_code",
        "code": "c",
        "code_verifier": attempt.verifier,
        "redirect_uri": BACK,
    }
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{quote_plus(SECRET)}"


def test_a_public_client_has_no_secret_to_show(liar: Liar) -> None:
    provider = office(liar, secret="")
    _, attempt = provider.begin()
    signs_for(liar, attempt, email="siti@kemnaker.example")
    believes(provider, liar, attempt)
    _, form, authorization = next(asked for asked in liar.asked if asked[0] == "/token")

    assert (authorization, form["client_id"]) == ("", CLIENT)
    assert "client_secret" not in form


def test_where_the_id_token_does_not_say_what_they_are_called_the_provider_is_asked(liar: Liar) -> None:
    liar.userinfo = {"sub": "s-1", "preferred_username": "siti"}
    assert told(liar).name == "siti"


@pytest.mark.parametrize("userinfo", [{"sub": "s-2", "email": "budi@kemnaker.example"}, [], {"sub": "s-1"}, "nonsense"])
def test_a_name_that_is_anothers_or_none_is_no_name_and_no_hindrance(liar: Liar, userinfo: Any) -> None:
    liar.userinfo = userinfo
    siti = told(liar)
    assert (siti.subject, siti.name) == ("s-1", "")


# --- Lies in the ID token


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"aud": None},
        {"azp": "another client"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"amr": "mfa"},
        {"at_hash": "of another access token"},
    ],
    ids=str,
)
def test_a_word_that_is_not_about_this_sign_in_proves_nobody(liar: Liar, lie: dict[str, Any]) -> None:
    with pytest.raises(UnprovenError):
        told(liar, **lie)


def test_clocks_may_differ_by_a_minute_and_no_more(liar: Liar) -> None:
    assert told(liar, exp=NOW - 59).subject == "s-1"
    assert told(liar, iat=NOW + 60).subject == "s-1"
    with pytest.raises(UnprovenError, match="Expired"):
        told(liar, exp=NOW - 60)


def test_an_unsigned_word_proves_nobody(liar: Liar) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    for alg in ("none", "None", "NONE", ""):
        signs_for(liar, attempt)
        _, claims, _ = liar.tokens["id_token"].split(".")
        head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "first"}).encode()).decode().rstrip("=")
        for token in (f"{head}.{claims}.", f"{head}.{claims}", f"{head}.{claims}.AAAA"):
            liar.tokens["id_token"] = token
            with pytest.raises(UnprovenError):
                believes(provider, liar, attempt)


def test_a_word_signed_with_what_others_know_proves_nobody(liar: Liar) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    public = rsa("first").as_pem(private=False)
    for secret in (public, public.strip(), SECRET.encode(), liar.keys[0]["n"].encode(), b""):
        signs_for(liar, attempt)
        _, claims, _ = liar.tokens["id_token"].split(".")
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode().rstrip("=")
        mark = base64.urlsafe_b64encode(hmac.digest(secret, f"{head}.{claims}".encode(), "sha256")).decode().rstrip("=")
        liar.tokens["id_token"] = f"{head}.{claims}.{mark}"
        with pytest.raises(UnprovenError, match="not allowed"):
            believes(provider, liar, attempt)


def test_a_secret_among_the_keys_signs_nothing(liar: Liar) -> None:
    secret = OctKey.import_key(b"thirty-two bytes that all may read", {"kid": "oct"})
    liar.keys.append({**secret.as_dict(private=True), "kid": "oct"})
    with pytest.raises(UnprovenError):
        told(liar, header={"alg": "HS256", "kid": "oct"}, key=secret)


def test_a_word_signed_with_another_key_of_the_same_name_proves_nobody(liar: Liar) -> None:
    with pytest.raises(UnprovenError, match="BadSignature"):
        told(liar, key=rsa("another"))


def test_a_key_that_the_word_brings_along_is_not_looked_at(liar: Liar) -> None:
    own = rsa("own")
    for header in ({"jwk": own.as_dict(private=False)}, {"jku": f"{liar.issuer}/keys"}, {"kid": "own"}):
        with pytest.raises(UnprovenError):
            told(liar, header=header, key=own)


def test_a_key_for_encryption_signs_nothing(liar: Liar) -> None:
    liar.keys.append({**rsa("another").as_dict(private=False), "use": "enc"})
    with pytest.raises(UnprovenError):
        told(liar, header={"kid": "another"}, key=rsa("another"))

    liar.keys = liar.keys[1:]
    with pytest.raises(SilentError, match="keys cannot be read"):
        told(liar, header={"kid": "another"}, key=rsa("another"))


@pytest.mark.parametrize("token", ["", "a.b.c", "ä", ".".join(["e30"] * 5), 7, None])
def test_nonsense_instead_of_a_word_proves_nobody(liar: Liar, token: Any) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    liar.tokens = {"access_token": "a", "token_type": "Bearer", "id_token": token}
    with pytest.raises(UnprovenError):
        believes(provider, liar, attempt)


# --- Keys


def test_keys_and_description_are_asked_for_once(liar: Liar) -> None:
    provider = office(liar)
    for _ in range(3):
        _, attempt = provider.begin()
        signs_for(liar, attempt, email="siti@kemnaker.example")
        believes(provider, liar, attempt)

    assert (liar.times("/.well-known/openid-configuration"), liar.times("/keys"), liar.times("/token")) == (1, 1, 3)


@pytest.mark.parametrize("name", ["second", "first"])
def test_keys_that_were_changed_are_found_at_the_next_sign_in(liar: Liar, name: str) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    signs_for(liar, attempt)
    believes(provider, liar, attempt)

    liar.key = ECKey.generate_key("P-256", {"kid": name, "use": "sig"})
    liar.keys = [liar.key.as_dict(private=False)]
    _, attempt = provider.begin()
    liar.signs({"alg": "ES256", "kid": name}, nonce=attempt.nonce)
    assert believes(provider, liar, attempt).subject == "s-1"


def test_one_key_needs_no_name_and_unknown_kinds_of_keys_do_not_disturb(liar: Liar) -> None:
    liar.keys += [{"kty": "of tomorrow", "kid": "x"}, "no key"]
    assert told(liar, header={"kid": None}).subject == "s-1"


# --- What the browser brings


def test_who_does_not_sign_in_there_is_known_to_have_cancelled(liar: Liar) -> None:
    with pytest.raises(CancelledError):
        comes_back(liar, error="access_denied", error_description="<script>alert(1)</script>")


@pytest.mark.parametrize(
    "said",
    [{"error": "server_error"}, {"code": ""}, {"state": "only"}, {"iss": "https://another.example", "code": "c"}],
)
def test_an_answer_without_a_code_or_from_another_provider_proves_nobody(liar: Liar, said: dict[str, str]) -> None:
    with pytest.raises(UnprovenError) as refused:
        comes_back(liar, **said)
    assert not isinstance(refused.value, CancelledError)


def test_a_provider_that_promises_to_say_its_name_has_to(liar: Liar) -> None:
    provider = office(liar)
    _, attempt = provider.begin()
    signs_for(liar, attempt)
    with pytest.raises(UnprovenError, match="from nobody"):
        provider.finish(attempt, {"code": "c"}, NOW)

    liar.about["authorization_response_iss_parameter_supported"] = False
    silent = office(liar)
    _, attempt = silent.begin()
    signs_for(liar, attempt)
    assert silent.finish(attempt, {"code": "c"}, NOW).subject == "s-1"


def test_a_code_that_the_provider_does_not_take_proves_nobody(liar: Liar) -> None:
    liar.tokens = {"error": "invalid_grant"}
    with pytest.raises(UnprovenError, match="invalid_grant"):
        comes_back(liar)


# --- A provider that is none


def test_a_provider_that_cannot_be_reached_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(SilentError):
        Provider(nowhere, CLIENT, SECRET, BACK).begin()


def test_a_provider_that_never_answers_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(SilentError):
        Provider(f"http://127.0.0.1:{deaf.getsockname()[1]}", CLIENT, SECRET, BACK).begin()


def elsewhere(to: BaseHTTPRequestHandler) -> None:
    to.send_response(302)
    to.send_header("Location", "/.well-known/openid-configuration")
    to.end_headers()


def breaks_off(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    to.wfile.write(b"{")
    to.close_connection = True


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(lambda to: answer(to, {}, 500), id="failed"),
        pytest.param(lambda to: answer(to, {}, 404), id="not there"),
        pytest.param(lambda to: answer(to, b"<html>"), id="a page"),
        pytest.param(lambda to: answer(to, []), id="a list"),
        pytest.param(lambda to: answer(to, b" " * 300_000), id="endless"),
        elsewhere,
        breaks_off,
    ],
)
def test_a_page_that_is_no_description_makes_no_provider(
    liar: Liar, page: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    liar.page = page
    with pytest.raises(SilentError):
        office(liar).begin()


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://another.example"},
        {"issuer": None},
        {"authorization_endpoint": "http://sso.example/auth"},
        {"token_endpoint": "http://sso.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
    ],
    ids=str,
)
def test_a_description_that_leads_elsewhere_or_in_the_clear_is_refused(liar: Liar, lie: dict[str, Any]) -> None:
    liar.about |= lie
    with pytest.raises(SilentError):
        office(liar).begin()


def test_a_provider_that_was_silent_is_asked_again(liar: Liar) -> None:
    provider = office(liar)
    liar.page = lambda to: answer(to, {}, 503)
    with pytest.raises(SilentError):
        provider.begin()
    liar.page = None
    assert provider.begin()[0].startswith(liar.issuer)


def test_nobody_is_sent_to_a_provider_that_has_gone_since_it_answered(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ALIVE", 0.0)
    provider = office(liar)
    provider.begin()
    liar.page = lambda to: answer(to, {}, 503)
    with pytest.raises(SilentError):
        provider.begin()


def test_tokens_that_are_none_are_silence(liar: Liar) -> None:
    nonsense: list[Any] = [[], "nonsense", b"<html>"]
    for tokens in nonsense:
        liar.tokens = tokens
        with pytest.raises(SilentError):
            comes_back(liar)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://sso.example/realms/x", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://sso.example", False),
        ("http://127.0.0.1.example", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://[", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_tls_or_this_machine_is_safe(address: str, *, safe: bool) -> None:
    assert is_safe(address) is safe


# --- Leaving


def test_the_sign_out_there_names_us_and_where_to_go_then_and_nobody(liar: Liar) -> None:
    address = office(liar).farewell("https://antrean.example/sign-in")
    said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    assert address.startswith(f"{liar.issuer}/out?")
    assert said == {"client_id": CLIENT, "post_logout_redirect_uri": "https://antrean.example/sign-in"}


@pytest.mark.parametrize("endpoint", [None, "http://sso.example/out", 7])
def test_where_no_sign_out_is_offered_there_is_none(liar: Liar, endpoint: Any) -> None:
    liar.about["end_session_endpoint"] = endpoint
    assert office(liar).farewell("https://antrean.example/sign-in") == ""

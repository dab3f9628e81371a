"""The OpenID provider as this office speaks with it: where a person is sent, and what is believed when they come back.

OpenID Connect Core 1.0, authorization code flow (3.1) with PKCE (RFC 7636) and the issuer of the answer (RFC 9207).
All of it blocks on the network and belongs into `House.off_loop`. The decision: docs/decisions/single-sign-on.md.
"""

import ipaddress
import time
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, InvalidKeyTypeError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct
from requests import RequestException, Response, Session
from urllib3.exceptions import HTTPError

ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""Signatures that are believed: only those that nobody can make who knows public keys and the client's secret alone."""

SCOPE = "openid profile email"

SKEW = 60
"""Seconds by which the provider's clock may differ from ours."""

PATIENCE = (3.0, 5.0)
"""Seconds for a connection, and for each part of an answer."""

LARGEST = 256 * 1024
"""Bytes of an answer that are read."""

KEPT = 3600.0
"""Seconds for which the provider's description and keys are kept; an unknown key asks for them again at once."""

ALIVE = 30.0
"""Seconds for which a provider that answered is held to be there: nobody is sent to one that is not."""

LONGEST_SUBJECT = 255
"""Letters of a subject (Core, 2)."""


class SilentError(Exception):
    """The provider cannot be reached, or does not answer as a provider does. `str()` says how, for the server's log."""


class UnprovenError(Exception):
    """What came back proves nobody: refused by the provider, out of date, or made by somebody else."""


class CancelledError(UnprovenError):
    """The person did not want to go on, or the provider did not let them."""


class Attempt(NamedTuple):
    """What has to be known again when the person comes back. All of it is random, none of it leaves the server but the
    first two and the hash of the third.
    """

    state: str
    nonce: str
    verifier: str


class Identity(Struct, frozen=True, kw_only=True):
    """Who somebody is at the provider.

    Attributes:
        issuer: the provider.
        subject: its name for the person, which never changes and is never given to another.
        name: what the person is called there; for people to read, it proves nothing.
        acr: how strongly they proved themselves, in the provider's own words, or "".
        amr: by what means (RFC 8176).
    """

    issuer: str
    subject: str
    name: str
    acr: str
    amr: tuple[str, ...]

    @property
    def second_factor(self) -> bool:
        """Whether the provider says that they proved themselves by several means."""
        return "mfa" in self.amr


class Provider:
    """One OpenID provider. Safe to use from several threads."""

    def __init__(self, issuer: str, client: str, secret: str, back: str) -> None:
        """Nothing is asked before it is needed.

        Args:
            issuer: the provider's own name for itself, an address.
            client: our name there.
            secret: ours, or "" for a public client.
            back: where people come back to, as it is registered there.
        """
        self.issuer = issuer
        self._client = client
        self._secret = secret
        self._back = back
        self._description: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._keys: tuple[float, KeySet | None] = (float("-inf"), None)

    @property
    def host(self) -> str:
        """What people are told that the provider is called."""
        return urlsplit(self.issuer).netloc

    def begin(self, *, anew: bool = False, language: str = "id") -> tuple[str, Attempt]:
        """Where the person's browser has to go, and what to remember until they are back. `anew`: the provider has to
        ask who they are although it knows them still. Raises `SilentError`.
        """
        about = self._about(ALIVE)
        attempt = Attempt(*(generate_token(48) for _ in Attempt._fields))
        more = {"prompt": "login"} if anew else {}
        with self._session() as session:
            address, _ = session.create_authorization_url(
                about["authorization_endpoint"],
                state=attempt.state,
                code_verifier=attempt.verifier,
                nonce=attempt.nonce,
                ui_locales=language,
                **more,
            )
        return str(address), attempt

    def finish(self, attempt: Attempt, answer: Mapping[str, str], now: int) -> Identity:
        """Who came back with this answer (the query of the address), at `now` in s UTC. The answer's `state` is the
        attempt's: who calls has looked for it.

        Raises:
            CancelledError: they did not sign in there.
            UnprovenError: it proves nobody.
            SilentError: the provider did not answer.
        """
        about = self._about()
        said = answer.get("iss")
        if said != self.issuer and (said or about.get("authorization_response_iss_parameter_supported") is True):
            raise UnprovenError(f"the answer is from {said or 'nobody'}")
        if error := answer.get("error"):
            raise (CancelledError if error == "access_denied" else UnprovenError)(f"the provider says {error}")
        if not (code := answer.get("code")):
            raise UnprovenError("the answer holds no code")
        with self._session() as session:
            tokens = _tokens(session, about["token_endpoint"], code, attempt.verifier)
            claims = self._claims(tokens, attempt.nonce, now)
            name = _name(claims) or self._asked_name(session, tokens, claims["sub"])
        return Identity(
            issuer=self.issuer,
            subject=claims["sub"],
            name=name,
            acr=str(claims.get("acr") or ""),
            amr=tuple(str(means) for means in claims.get("amr") or ()),
        )

    def farewell(self, then: str) -> str:
        """Where a browser has to go to be signed out at the provider too, and be led to `then` (registered there); ""
        where it offers no such address (RP-Initiated Logout 1.0). The ID token is left out: it would stand in the
        history of a shared browser. Without it the provider asks the person first. Raises `SilentError`.
        """
        endpoint = self._about(0.0).get("end_session_endpoint")
        if not isinstance(endpoint, str) or not is_safe(endpoint):
            return ""
        said = urlencode({"client_id": self._client, "post_logout_redirect_uri": then})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{said}"

    # --- Within

    def _session(self) -> OAuth2Session:
        methods = self._about().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        by = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        session = OAuth2Session(
            self._client,
            self._secret or None,
            token_endpoint_auth_method=by if self._secret else "none",
            scope=SCOPE,
            redirect_uri=self._back,
            code_challenge_method="S256",
            default_timeout=PATIENCE,
            leeway=0,
        )
        session.register_client_auth_method(("client_secret_basic", _named))
        session.hooks["response"].append(_read_little)
        return session

    def _about(self, within: float = KEPT) -> dict[str, Any]:
        """The provider's description of itself (Discovery 1.0), checked; read within so many seconds."""
        read, about = self._description
        if time.monotonic() - read > within:
            about = _asked(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != self.issuer:
                raise SilentError(f"the provider calls itself {about.get('issuer')!r}, the settings {self.issuer!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(about.get(name), str) or not is_safe(about[name]):
                    raise SilentError(f"its {name} is {about.get(name)!r}; it must be an https address")
            self._description = (time.monotonic(), about)
        return about

    def _key_set(self, *, anew: bool = False) -> KeySet:
        read, keys = self._keys
        if keys is None or anew or time.monotonic() - read > KEPT:
            listed = _asked(self._about()["jwks_uri"]).get("keys")
            usable = [
                key
                for key in (listed if isinstance(listed, list) else ())
                if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
            ]
            try:
                keys = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError) as reason:
                raise SilentError(f"its keys cannot be read: {reason}") from None
            self._keys = (time.monotonic(), keys)
        return keys

    def _claims(self, tokens: dict[str, Any], nonce: str, now: int) -> dict[str, Any]:
        """What the ID token says, after everything that Core 3.1.3.7 asks for. Raises `UnprovenError`."""
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            try:
                token = jwt.decode(tokens["id_token"], self._key_set(), registry=registry)
            except (
                InvalidKeyIdError,
                InvalidKeyTypeError,
                BadSignatureError,
            ):  # the keys may have been changed since they were read
                token = jwt.decode(tokens["id_token"], self._key_set(anew=True), registry=registry)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self._client, "access_token": tokens.get("access_token")},
            )
            claims.validate(now, SKEW)
        except (JoseError, ValueError, TypeError, KeyError) as reason:
            raise UnprovenError(f"the ID token is not valid: {type(reason).__name__} {reason}") from None
        if claims["aud"] not in (self._client, [self._client]):
            raise UnprovenError("the ID token is for others too")
        if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
            raise UnprovenError("the ID token names nobody")
        return dict(claims)

    def _asked_name(self, session: OAuth2Session, tokens: dict[str, Any], subject: str) -> str:
        """What the provider calls the person where the ID token does not say; "" where it says so nowhere."""
        endpoint = self._about().get("userinfo_endpoint")
        if not isinstance(endpoint, str) or not is_safe(endpoint) or "access_token" not in tokens:
            return ""
        try:
            answer = session.get(endpoint, allow_redirects=False)
            said = answer.json() if answer.ok else {}
        except (RequestException, OAuthError, ValueError):
            return ""
        return _name(said) if isinstance(said, dict) and said.get("sub") == subject else ""


def is_safe(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way: TLS, or this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    try:
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


def _asked(address: str) -> dict[str, Any]:
    """The JSON object at an address. Raises `SilentError`."""
    with Session() as session:
        session.hooks["response"].append(_read_little)
        try:
            answer = session.get(address, timeout=PATIENCE, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except RequestException as reason:
            raise SilentError(f"{address}: {reason}") from None
    if not isinstance(found, dict):
        raise SilentError(f"{address} holds no JSON object")
    return found


def _tokens(session: OAuth2Session, address: str, code: str, verifier: str) -> dict[str, Any]:
    """What a code is worth. Raises `SilentError` and `UnprovenError`."""
    try:
        tokens = session.fetch_token(
            address, grant_type="authorization_code", code=code, code_verifier=verifier, allow_redirects=False
        )
    except OAuthError as reason:
        raise UnprovenError(f"the provider does not take the code: {reason.error}") from None
    except (RequestException, ValueError) as reason:
        raise SilentError(f"{address}: {reason}") from None
    if not isinstance(tokens.get("id_token"), str):
        raise UnprovenError("the provider gave no ID token")
    return dict(tokens)


def _named(client: OAuth2Session, _method: str, uri: str, headers: dict[str, str], body: str) -> tuple[Any, ...]:
    """Says who we are in a header. Authlib leaves out the encoding (RFC 6749, 2.3.1)."""
    pair = ":".join(quote_plus(part) for part in (client.client_id, client.client_secret))
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("preferred_username", "email"):
        if isinstance(value := claims.get(claim), str) and value.isprintable():
            return value[:LONGEST_SUBJECT]
    return ""


def _read_little(answer: Response, *_: object, **__: object) -> None:
    """Reads an answer now, and no further than an honest one is long."""
    try:
        body = answer.raw.read(LARGEST + 1, decode_content=True)
    except HTTPError as reason:
        raise RequestException(str(reason)) from None
    if len(body) > LARGEST:
        raise RequestException(f"an answer of more than {LARGEST} bytes")
    answer.raw = BytesIO(body)

"""An OpenID provider that answers over real HTTP whatever a test tells it to: every lie that one can be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import Key, RSAKey

CLIENT, SECRET = "ltsa", "the client's secret of the story"
NOW = 1_795_221_000
"""21 November 2026, 07.30 WIB, in s UTC."""


@cache
def rsa(which: str) -> RSAKey:
    """One of some RSA keys, which take long to make."""
    return RSAKey.generate_key(2048, {"kid": which, "use": "sig"})


class Liar:
    """`about`, `keys`, `tokens` and `userinfo` are what it answers; `asked` is what it was asked, in order."""

    def __init__(self) -> None:
        self.key: Key = rsa("first")
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.page: Callable[[BaseHTTPRequestHandler], None] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.about: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/out",
            "authorization_response_iss_parameter_supported": True,
        }
        self.keys: list[Any] = [self.key.as_dict(private=False)]
        self.tokens: Any = {}
        self.userinfo: Any = {}

    def signs(self, header: dict[str, Any] | None = None, key: Key | None = None, **claims: Any) -> None:
        """Its next ID token: an honest one for Siti but for these claims (None leaves one out), this header and key."""
        honest = {"iss": self.issuer, "aud": CLIENT, "sub": "s-1", "iat": NOW, "exp": NOW + 300, "amr": ["pwd"]}
        said = {name: value for name, value in {**honest, **claims}.items() if value is not None}
        head = {name: value for name, value in {"alg": "RS256", "kid": "first", **(header or {})}.items() if value}
        token = jws.serialize_compact(head, json.dumps(said), key or self.key, [str(head["alg"])])
        self.tokens = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": token}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def times(self, path: str) -> int:
        """How often an address was asked for."""
        return sum(asked == path for asked, _, _ in self.asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                liar.asked.append((path, {}, self.headers.get("Authorization", "")))
                if liar.page:
                    liar.page(self)
                elif path == "/.well-known/openid-configuration":
                    answer(self, liar.about)
                else:
                    answer(self, {"/keys": {"keys": liar.keys}, "/me": liar.userinfo}[path])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                liar.asked.append((self.path, form, self.headers.get("Authorization", "")))
                answer(self, liar.tokens, 400 if "error" in liar.tokens else 200)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def answer(to: BaseHTTPRequestHandler, said: Any, status: int = 200) -> None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    to.send_response(status)
    to.send_header("Content-Type", "application/json")
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)

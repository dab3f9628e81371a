"""The office behind a real nginx, with the configuration that docs/proxy.md gives, over TLS."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from websockets.sync.client import connect

from tests.conftest import Office
from tests.staff import hired_before_opening
from tools import nginx
from web.house import House
from web.security import BODY_LIMIT
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = (Path(__file__).parents[2] / "docs" / "proxy.md").read_text(encoding="utf-8")
GIVEN = "antrean.example"
ACCOUNT, PASSWORD = "sulastri", "kuda baterai staples benar"
MAIN = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn; {user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/ltsa.conf;
}}"""


@dataclass
class Proxied:
    """The office as its visitors reach it."""

    office: Office
    port: int
    plain_port: int
    authority: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def asks(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """A request over TLS, and its answer."""
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.authority)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer, said


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def configuration(folder: Path, backends: list[int], port: int, plain_port: int) -> str:
    """The documented one, with this test's names, ports and certificate; of several servers with their own upstream."""
    given, several = map(str, re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL))
    if len(backends) > 1:
        given = several + given[given.index("limit_conn_zone") :]
    for theirs, ours in {
        **{f"127.0.0.1:{8000 + n}": f"127.0.0.1:{backend}" for n, backend in enumerate(backends)},
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{plain_port}",
        "/etc/ssl/ltsa": str(folder),
        "/var/log/nginx": str(folder),
        f"https://{GIVEN}": f"https://localhost:{port}",
        GIVEN: "localhost",
    }.items():
        assert theirs in given
        given = given.replace(theirs, ours)
    return given


@contextmanager
def nginx_before(folder: Path, *offices: Office, port: int, plain_port: int) -> Iterator[ssl.SSLContext]:
    """A running nginx; what trusts its certificate."""
    certificate, authority = trustme.CA().issue_cert("localhost"), ssl.create_default_context()
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    authority.load_verify_locations(folder / "fullchain.pem")
    authority.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    given = configuration(folder, [office.port for office in offices], port, plain_port)
    (folder / "ltsa.conf").write_text(given, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user), encoding="utf-8")
    command = [str(nginx.find()), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    running = subprocess.Popen(command)
    try:
        while running.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        assert running.poll() is None, (folder / "error.log").read_text()
        yield authority
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if reason := nginx.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("proxied")
    port, plain_port = free_port(), free_port()
    data = folder / "office"
    secrets = hired_before_opening(data)
    here = House(Settings(data=data, port=0))
    here.credentials.set_password("dewi", PASSWORD, here.now())
    here.close()
    environ = {"LTSA_PUBLIC_URL": f"https://localhost:{port}", "LTSA_PROXIES": "1"}
    office = Office(data, environ=environ, secrets=secrets, flags=("--access-log",))
    office.start()
    with nginx_before(folder, office, port=port, plain_port=plain_port) as authority:
        yield Proxied(office, port, plain_port, authority)
    office.kill()


@pytest.fixture
def window(new_page: Callable[..., Page]) -> Page:
    """A browser that trusts the throw-away certificate."""
    return new_page(ignore_https_errors=True, viewport={"width": 1366, "height": 768})


def test_every_page_comes_with_its_headers_and_is_asked_for_over_tls_only(proxied: Proxied) -> None:
    answer, said = proxied.asks("GET", "/")
    assert answer.status == 200
    assert b"LTSA" in said
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert "trusted-types" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] == "nginx"


def test_a_person_who_comes_without_tls_is_sent_to_it_and_a_program_is_told_off(proxied: Proxied) -> None:
    for path, status, leads in (
        ("/kiosk/ltsa?lang=en", 301, f"{proxied.url}/kiosk/ltsa?lang=en"),
        ("/api/v1/offices", 403, None),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", proxied.plain_port, timeout=30)
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (status, leads)
        connection.close()


def test_a_name_that_is_not_the_office_s_gets_no_certificate(proxied: Proxied) -> None:
    with (
        socket.create_connection(("127.0.0.1", proxied.port), timeout=30) as plain,
        pytest.raises(ssl.SSLError),
        proxied.authority.wrap_socket(plain, server_hostname="evil.example"),
    ):
        pass


def test_a_name_that_is_not_the_office_s_is_not_answered_over_the_right_certificate_either(proxied: Proxied) -> None:
    answer, _ = proxied.asks("GET", "/", Host="evil.example")
    assert answer.status == 421


def test_old_tls_is_not_spoken(proxied: Proxied) -> None:
    old = ssl.create_default_context()
    old.load_verify_locations(proxied.office.data.parent / "fullchain.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", proxied.port), timeout=30) as plain,
        pytest.raises(ssl.SSLError),
        old.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def test_cookies_are_bound_to_the_host_and_to_tls(proxied: Proxied) -> None:
    form = f"account=dewi&password={PASSWORD.replace(' ', '+')}".encode()
    kind = "application/x-www-form-urlencoded"
    answer, _ = proxied.asks("POST", "/sign-in", form, Origin=proxied.url, Content_Type=kind)
    assert answer.status == 303
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies
    for cookie in cookies:
        name, *attributes = cookie.split("; ")
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    secret = next(each.split(";")[0] for each in cookies if each.startswith("__Host-session="))
    assert proxied.asks("GET", "/desk/ltsa", Cookie=secret)[0].status == 200
    assert proxied.asks("GET", "/desk/ltsa", Cookie=secret.removeprefix("__Host-"))[0].status == 303


def test_a_change_from_the_public_address_is_our_own_and_from_the_inner_one_is_not(proxied: Proxied) -> None:
    for origin, status in (
        (proxied.url, 422),
        (f"http://127.0.0.1:{proxied.office.port}", 403),
        ("https://evil.example", 403),
    ):
        answer, _ = proxied.asks("POST", "/sign-in", b"", Origin=origin, Accept="application/json")
        assert answer.status == status, origin


def test_the_office_knows_who_asks_and_believes_nobody_else_about_it(proxied: Proxied) -> None:
    said = {"Content_Type": "application/x-www-form-urlencoded", "Origin": proxied.url, "X_Forwarded_For": "192.0.2.66"}
    tried = [proxied.asks("POST", "/sign-in", b"account=budi&password=x", **said)[0].status for _ in range(6)]
    assert tried[-1] == 429
    told = [json.loads(line) for line in proxied.office.said.splitlines() if line.startswith("{")]
    assert told[-1]["address"] == "127.0.0.1"
    assert "192.0.2.66" not in proxied.office.said


def test_too_much_is_refused_in_words_and_far_too_much_at_the_door(proxied: Proxied) -> None:
    said = {"Origin": proxied.url, "Accept": "application/json", "Content_Type": "application/json"}
    answer, words = proxied.asks("POST", "/sign-in", b"x" * (BODY_LIMIT + 1), **said)
    assert (answer.status, json.loads(words)["code"]) == (413, "too-large")
    assert proxied.asks("POST", "/sign-in", b"x" * (3 * BODY_LIMIT), **said)[0].status == 413


def test_health_is_told_and_figures_are_not(proxied: Proxied) -> None:
    assert proxied.asks("GET", "/healthz")[1] == b"ok\n"
    assert proxied.asks("GET", "/readyz")[0].status == 200
    bearer = f"Bearer {proxied.office.secrets['token']}"
    assert proxied.asks("GET", "/metrics", Authorization=bearer)[0].status == 404


def test_programs_watch_live_through_the_proxy(proxied: Proxied) -> None:
    address = f"wss://localhost:{proxied.port}/socket.io/?EIO=4&transport=websocket"
    with connect(address, ssl=proxied.authority, proxy=None) as page:
        assert str(page.recv(30)).startswith("0{")
        page.send("40")
        assert str(page.recv(30)).startswith("40{")


def test_of_two_servers_one_may_go_and_come_back_and_nobody_loses_a_number(tmp_path: Path) -> None:
    if reason := nginx.missing():
        pytest.skip(reason)
    port, plain_port = free_port(), free_port()
    environ = {"LTSA_PUBLIC_URL": f"https://localhost:{port}", "LTSA_PROXIES": "1"}
    one = Office(tmp_path / "office", environ=environ)
    one.start()
    other = Office(tmp_path / "twin", environ=environ, secrets=one.secrets)
    other.data.symlink_to(one.data)
    other.start()
    numbers: list[str] = []
    with nginx_before(tmp_path, one, other, port=port, plain_port=plain_port) as authority:
        visitors = Proxied(one, port, plain_port, authority)

        def takes_number() -> None:
            said = {"Content_Type": "application/json", "Idempotency_Key": f"visitor-{len(numbers)}", **one.bearer}
            path, bank = "/api/v1/offices/ltsa/tickets", b'{"services": ["bank"]}'
            while (answered := visitors.asks("POST", path, bank, **said))[0].status == 502:
                time.sleep(0.05)  # sent to who was gone: asked again under its key, as pages do
            answer, number = answered
            assert answer.status in {200, 201}, number
            numbers.append(json.loads(number)["number"])

        for office in (one, other):
            takes_number()
            takes_number()
            office.kill()
            for _ in range(4):
                takes_number()
            address = f"wss://localhost:{port}/socket.io/?EIO=4&transport=websocket"
            with connect(address, ssl=authority, proxy=None) as page:
                assert str(page.recv(30)).startswith("0{")
            office.start()
            while visitors.asks("GET", "/readyz")[0].status != 200:
                time.sleep(0.05)
    assert numbers == [f"G{n:03d}" for n in range(1, 13)]
    for office in (one, other):
        office.kill()


def test_an_officer_signs_in_and_the_desk_is_live_over_tls(proxied: Proxied, window: Page) -> None:
    window.goto(f"{proxied.url}/sign-in?next=/desk/ltsa")
    window.locator("input[name=account]").fill("dewi")
    window.locator("input[name=password]").fill(PASSWORD)
    window.locator("main form button[type=submit], main form button:not([type])").first.click()
    window.wait_for_url(f"{proxied.url}/desk/ltsa")
    names = {cookie["name"]: cookie for cookie in window.context.cookies()}
    assert names["__Host-session"]["secure"]
    assert "session" not in names
    window.goto(f"{proxied.url}/supervisor/ltsa")
    window.locator("html[data-feed=fresh]").wait_for(state="attached")
    assert window.evaluate("isSecureContext")

"""Single sign-on through Chromium, with a real OpenID provider (certified, a process of its own) and a real office."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest

import prepare
from ltsa.access import AddPerson, BarPerson, GiveRole
from tests.conftest import PROJECT, Office
from tests.web.test_signing_in_browser import is_well_made
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

CLIENT, SECRET = "ltsa", "a secret+of%this office"
PASSWORD = "kuda laut menari di Mataram"
HOUR = 3_600_000


@dataclass
class RealProvider:
    """`oidc-provider` as a process of its own; every start has new keys and knows nobody."""

    office: int
    port: int = 0
    issuer: str = ""
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        told = {
            "port": self.port,
            "client": CLIENT,
            "secret": SECRET,
            "back": f"http://127.0.0.1:{self.office}/sign-in/oidc/back",
            "out": f"http://127.0.0.1:{self.office}/sign-in",
        }
        command = [*prepare.node(sys.executable), str(PROJECT / "tests" / "web" / "provider.mjs"), json.dumps(told)]
        self.process = subprocess.Popen(
            command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert self.process.stdout
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer, "the provider did not start"
        self.port = urlsplit(self.issuer).port or 0

    def stop(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[RealProvider]:
    """One for all stories: whom it remembers is in each browser."""
    with socket.socket() as door:  # keeps the port for the offices to come
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", 0))
        running = RealProvider(int(door.getsockname()[1]))
        running.start()
        yield running
        running.stop()


@pytest.fixture
def provider(shared_provider: RealProvider) -> RealProvider:
    """The provider, which expects people back at an office that will be open at `provider.office`."""
    if not shared_provider.process:  # a story has stopped it
        shared_provider.start()
    return shared_provider


@dataclass
class Staff:
    """The office's data before it is opened, and after it was closed."""

    data: Path
    issuer: str

    def house(self) -> closing[House]:
        return closing(House(Settings(data=self.data, port=0)))

    def hires(self, person: str, subject: str = "", *, totp: bool = False, role: str = "supervisor") -> str:
        """Adds a person, whose account elsewhere is `subject`'s; the secret of their second step, if they have one."""
        with self.house() as here:
            at = here.now()
            here.do(AddPerson(office="*", at=at, by="system", key=f"add {person}", person=person))
            here.do(GiveRole(office="ltsa", at=at, by="system", key=f"give {person}", person=person, role=role))
            here.credentials.set_password(person, PASSWORD, at)
            if subject:
                here.credentials.link_external(person, self.issuer, subject)
            if not totp:
                return ""
            secret = here.credentials.begin_totp(person)
            assert here.credentials.confirm_totp(person, pyotp.TOTP(secret).at(at // 1000 - 30), at)
            return secret

    def invites(self, person: str) -> str:
        with self.house() as here:
            return here.credentials.make_link(person, "invitation", here.now(), 24)

    def bars(self, person: str) -> None:
        with self.house() as here:
            here.do(BarPerson(office="*", at=here.now(), by="system", key="bar", person=person, why="left"))

    def journal(self) -> list[dict[str, Any]]:
        """What happened at the doors, in order: topic and facts."""
        with self.house() as here:
            streams = here.ledger.streams("journal:")
            rows = [row for stream in streams for row in here.ledger.history(stream)]
            return [{"what": type(row.event).__name__, **json.loads(_json(row.event))} for row in rows]


def _json(event: object) -> bytes:
    import msgspec  # noqa: PLC0415

    return msgspec.json.encode(event)


@pytest.fixture
def staff(tmp_path: Path, provider: RealProvider) -> Staff:
    people = Staff(tmp_path / "office", provider.issuer)
    people.hires("siti.rahma", "siti")
    return people


@pytest.fixture
def office(staff: Staff, provider: RealProvider) -> Iterator[Office]:
    """The office, with single sign-on; not open yet."""
    environ = {
        "LTSA_OIDC_ISSUER": provider.issuer,
        "LTSA_OIDC_CLIENT_ID": CLIENT,
        "LTSA_OIDC_CLIENT_SECRET": SECRET,
    }
    prepared = Office(staff.data, port=provider.office, environ=environ)
    yield prepared
    prepared.kill()


@dataclass
class Person:
    """Somebody at a browser."""

    page: Page
    office: Office

    def goes(self, path: str) -> None:
        self.page.goto(f"{self.office.url}{path}")

    def says(self, account: str, *, mfa: bool = False) -> None:
        """Says at the provider who they are."""
        self.page.get_by_label("Akun").fill(account)
        self.page.get_by_label("dua langkah").set_checked(mfa)
        self.page.get_by_role("button", name="Masuk").click()
        self.page.wait_for_url(f"{self.office.url}/**")

    def signs_in(self, account: str, *, mfa: bool = False, to: str = "/supervisor/ltsa") -> None:
        """All the way, from the office's door to the provider and back."""
        self.goes(f"/sign-in/oidc?{urlencode({'next': to})}")
        self.says(account, mfa=mfa)

    def sees(self, heading: str) -> None:
        """Sees a page that is so called, and that everybody can use."""
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        assert is_well_made(self.page) == []

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def is_in(self) -> bool:
        """Whether the office knows them."""
        answer = self.page.request.get(f"{self.office.url}/account", max_redirects=0)
        return bool(answer.ok)


def on_the_way(person: Person, where: str, change: Callable[[str], str | None]) -> None:
    """Whoever holds the browser changes each address that begins so, also of redirects; None goes nowhere."""
    browser = person.page.context.new_cdp_session(person.page)

    def paused(event: dict[str, Any]) -> None:
        address = change(event["request"]["url"])
        asked = {"requestId": event["requestId"]}
        if address is None:
            browser.send("Fetch.failRequest", {**asked, "errorReason": "Aborted"})
        else:
            browser.send("Fetch.continueRequest", {**asked, "url": address})

    browser.on("Fetch.requestPaused", paused)
    browser.send("Fetch.enable", {"patterns": [{"urlPattern": f"{where}*"}]})


def with_said(address: str, **changes: str) -> str:
    """An address with some of its query changed."""
    parts = urlsplit(address)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return parts._replace(query=urlencode(said)).geturl()


@pytest.fixture
def person(new_page: Callable[..., Page], office: Office) -> Person:
    page = new_page(viewport={"width": 1366, "height": 768})
    page.expected_errors = ["the server responded with a status of 4", "the server responded with a status of 503"]  # type: ignore[attr-defined]
    return Person(page, office)


def test_who_is_connected_signs_in_with_their_account_elsewhere_and_goes_where_they_wanted(
    office: Office, person: Person, staff: Staff
) -> None:
    office.start()
    person.signs_in("siti", to="/supervisor/ltsa?lang=en")

    assert person.path == "/supervisor/ltsa"
    assert person.is_in
    office.stop()
    [entry] = [entry for entry in staff.journal() if entry["what"] == "SignedIn"]
    assert (entry["person"], entry["how"], entry["by"]) == ("siti.rahma", "external", "person:siti.rahma")


def test_who_cancels_there_is_not_in_and_is_offered_the_password(office: Office, person: Person) -> None:
    office.start()
    person.goes("/sign-in/oidc?lang=en")
    person.page.get_by_role("button", name="Batal").click()

    person.sees("You are not signed in")
    assert not person.is_in
    person.page.get_by_role("link", name="Sign in with a password").click()
    assert person.path == "/sign-in"


def test_nobody_is_let_in_because_the_provider_knows_them(office: Office, person: Person, staff: Staff) -> None:
    office.start()
    person.signs_in("orang.lain")

    person.sees("Akun itu belum terhubung")
    assert "orang.lain@sso.example" in person.page.inner_text("main")
    assert not person.is_in
    person.page.get_by_role("link", name="Masuk sebagai orang lain").click()
    person.says("siti")
    assert person.path == "/supervisor/ltsa"
    office.stop()
    refused = [entry for entry in staff.journal() if entry["what"] == "SignInRefused"]
    assert [(entry["person"], entry["why"]) for entry in refused] == [("", "external-unknown")]


def test_who_was_barred_here_is_not_let_in_by_the_provider(office: Office, person: Person, staff: Staff) -> None:
    staff.bars("siti.rahma")
    office.start()
    person.signs_in("siti")

    person.sees("Akun Anda di kantor ini ditutup")
    assert not person.is_in


# --- What somebody might bring back


def test_the_way_back_is_open_once_and_in_one_browser(
    office: Office, person: Person, new_page: Callable[..., Page]
) -> None:
    office.start()
    seen: list[str] = []
    person.page.on("request", lambda request: seen.append(request.url) if "/oidc/back" in request.url else None)
    person.signs_in("siti")
    [back] = seen

    thief = Person(new_page(), office)
    thief.page.expected_errors = ["status of 400"]  # type: ignore[attr-defined]
    for who in (thief, person):
        who.page.goto(back)
        who.sees("Mulai masuk dari awal")
    assert not thief.is_in


def test_a_way_back_stolen_before_it_was_used_opens_nothing_elsewhere(
    office: Office, person: Person, new_page: Callable[..., Page]
) -> None:
    office.start()
    stolen: list[str] = []
    on_the_way(person, f"{office.url}/sign-in/oidc/back", stolen.append)
    person.page.expected_errors.append("ERR_")  # type: ignore[attr-defined]
    person.goes("/sign-in/oidc")
    person.page.get_by_label("Akun").fill("siti")
    with person.page.expect_event("requestfailed"):
        person.page.get_by_role("button", name="Masuk").click(no_wait_after=True)

    thief = Person(new_page(), office)
    thief.page.expected_errors = ["status of 400"]  # type: ignore[attr-defined]
    thief.page.goto(stolen[0])
    thief.sees("Mulai masuk dari awal")
    assert not thief.is_in


@pytest.mark.parametrize("state", ["", "another"])
def test_a_changed_state_opens_nothing(office: Office, person: Person, state: str) -> None:
    office.start()
    on_the_way(person, f"{office.url}/sign-in/oidc/back", lambda address: with_said(address, state=state))
    person.signs_in("siti")

    person.sees("Mulai masuk dari awal")
    assert not person.is_in


def test_a_code_opens_nothing_twice(office: Office, person: Person, staff: Staff) -> None:
    office.start()
    used: list[str] = []
    person.page.on("request", lambda request: used.append(request.url) if "/oidc/back" in request.url else None)
    person.signs_in("siti")
    [code] = parse_qs(urlsplit(used[0]).query)["code"]

    person.page.context.clear_cookies()
    on_the_way(person, f"{office.url}/sign-in/oidc/back", lambda address: with_said(address, code=code))
    person.signs_in("siti")
    person.sees("tidak dapat diterima")
    assert not person.is_in
    office.stop()
    assert [entry["why"] for entry in staff.journal() if entry["what"] == "SignInRefused"] == ["external"]


def test_the_answer_to_another_sign_in_proves_nobody(office: Office, person: Person, provider: RealProvider) -> None:
    office.start()
    on_the_way(person, f"{provider.issuer}/auth?", lambda address: with_said(address, nonce="of another sign-in"))
    person.goes("/sign-in/oidc")
    person.says("siti")
    person.sees("tidak dapat diterima")
    assert not person.is_in


def test_who_comes_back_after_a_restart_of_the_office_is_let_in(office: Office, person: Person) -> None:
    office.start()
    person.goes("/sign-in/oidc")
    office.stop()
    office.start()
    person.says("siti")

    person.page.wait_for_url("**/")
    assert person.is_in


# --- The provider's bad days


def test_a_provider_that_is_down_leaves_the_password_and_all_else(
    office: Office, person: Person, provider: RealProvider
) -> None:
    office.start()
    provider.stop()
    person.goes("/sign-in/oidc?next=/supervisor/ltsa")

    person.sees(f"127.0.0.1:{provider.port} tidak menjawab")
    person.page.get_by_role("link", name="Masuk dengan kata sandi").click()
    person.page.get_by_label("Akun").fill("siti.rahma")
    person.page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    person.page.get_by_role("button", name="Masuk", exact=True).click()
    person.page.wait_for_url("**/supervisor/ltsa")
    assert person.is_in


def test_a_provider_that_dies_while_somebody_is_there_is_told_so_and_does_not_count(
    office: Office, person: Person, provider: RealProvider
) -> None:
    office.start()

    def dies(address: str) -> str:
        provider.stop()
        return address

    on_the_way(person, f"{office.url}/sign-in/oidc/back", dies)
    person.signs_in("siti")

    person.sees("tidak menjawab")
    assert not person.is_in


def test_while_people_wait_for_a_deaf_provider_the_office_answers(staff: Staff, new_page: Callable[..., Page]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        issuer = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        office = Office(staff.data, environ={"LTSA_OIDC_ISSUER": issuer, "LTSA_OIDC_CLIENT_ID": CLIENT})
        office.start()
        waiting = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "import sys, urllib.request as u; u.urlopen(sys.argv[1])",
                    f"{office.url}/sign-in/oidc",
                ],
                stderr=subprocess.PIPE,
            )
            for _ in range(12)
        ]
        heard = [deaf.accept()[0] for _ in waiting[:2]]
        page = new_page()
        page.goto(f"{office.url}/sign-in")
        page.get_by_label("Akun").fill("siti.rahma")
        page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.wait_for_url("**/")
        assert any(each.poll() is None for each in waiting)
        for each in waiting:
            assert b"503" in each.communicate()[1]
        for line in heard:
            line.close()
        office.kill()


def test_keys_that_the_provider_changed_need_no_restart_here(
    office: Office, person: Person, provider: RealProvider
) -> None:
    office.start()
    person.signs_in("siti")
    assert person.is_in

    provider.stop()
    provider.start()
    person.page.context.clear_cookies()
    person.signs_in("siti")
    assert person.is_in


# --- The second step


def test_who_proved_themselves_twice_there_is_not_asked_again_here(
    office: Office, person: Person, staff: Staff
) -> None:
    staff.hires("budi", "budi", totp=True)
    office.start()
    person.signs_in("budi", mfa=True)
    assert person.path == "/supervisor/ltsa"
    assert person.is_in
    office.stop()
    [entry] = [entry for entry in staff.journal() if entry["what"] == "SignedIn"]
    assert entry["how"] == "external+second-factor"


def test_who_only_gave_a_password_there_gives_the_second_step_here(
    office: Office, person: Person, staff: Staff
) -> None:
    secret = staff.hires("budi", "budi", totp=True)
    office.start()
    person.signs_in("budi")
    assert person.path == "/sign-in/second-step"
    assert not person.is_in

    person.page.get_by_label("Kode 6 angka").fill(pyotp.TOTP(secret).now())
    person.page.locator("form[action*='second-step'] button").first.click()
    person.page.wait_for_url("**/supervisor/ltsa")
    assert person.is_in


# --- Connecting


def test_an_invitation_connects_an_account_elsewhere_once_and_from_then_on_it_signs_in(
    office: Office, person: Person, staff: Staff
) -> None:
    staff.hires("ani")
    link = staff.invites("ani")
    office.start()
    person.goes(f"/link/{link}")
    person.page.get_by_role("button", name="Hubungkan dengan").click()
    person.says("ani.w")
    person.page.wait_for_url(f"{office.url}/**")
    assert person.is_in

    person.page.context.clear_cookies()
    person.signs_in("ani.w")
    assert person.path == "/supervisor/ltsa"
    person.goes(f"/link/{link}")
    person.page.get_by_role("button", name="Hubungkan dengan").wait_for(state="detached")
    office.stop()
    with staff.house() as here:
        assert here.credentials.external("ani") == [(staff.issuer, "ani.w")]
        changes = [row.event for row in here.ledger.history("access:installation")]
    assert "CredentialChanged" in [type(event).__name__ for event in changes]


def test_an_account_that_is_somebody_elses_is_not_connected_and_the_link_stays_good(
    office: Office, person: Person, staff: Staff
) -> None:
    staff.hires("ani")
    link = staff.invites("ani")
    office.start()
    person.goes(f"/link/{link}")
    person.page.get_by_role("button", name="Hubungkan dengan").click()
    person.says("siti")

    person.sees("Akun itu milik orang lain")
    assert not person.is_in
    office.stop()
    with staff.house() as here:
        assert here.credentials.external("ani") == []
        assert here.credentials.by_external(staff.issuer, "siti") == "siti.rahma"
        assert here.credentials.link(link, here.now())


@pytest.mark.parametrize("purpose", ["reset", "setup", "none"])
def test_no_other_link_connects(office: Office, person: Person, staff: Staff, purpose: Any) -> None:
    with staff.house() as here:
        secret = here.credentials.make_link("siti.rahma", purpose, here.now(), 24) if purpose != "none" else "none"
    office.start()
    person.goes("/sign-in")
    body: dict[str, str | float | bool] = {"link": secret}
    answer = person.page.request.post(f"{office.url}/sign-in/oidc", form=body, headers={"Origin": office.url})
    assert answer.status == 410


# --- Leaving


def test_the_sign_out_here_leads_to_the_one_there_and_back(office: Office, person: Person) -> None:
    office.start()
    person.signs_in("siti", to="/account")
    person.page.get_by_role("button", name="Keluar", exact=True).click()
    person.page.get_by_role("button", name="Ya").click()
    person.page.wait_for_url("**/sign-in")
    assert not person.is_in

    person.goes("/sign-in/oidc")
    person.page.get_by_label("Akun").wait_for()  # the provider knows them no more


def test_the_page_in_between_leads_on_by_hand_too(office: Office, person: Person, provider: RealProvider) -> None:
    office.start()
    person.signs_in("siti", to="/account")
    on_the_way(person, f"{provider.issuer}/session/end", lambda _: None)
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.page.get_by_role("button", name="Keluar", exact=True).click()

    person.sees("Anda sudah keluar dari kantor ini")
    address = person.page.get_by_role("link", name="Lanjut ke").get_attribute("href")
    assert address
    assert address.startswith(f"{provider.issuer}/session/end?client_id={CLIENT}&")
    assert "id_token" not in address


def test_the_sign_out_here_counts_also_where_the_provider_is_silent(
    office: Office, person: Person, provider: RealProvider
) -> None:
    office.start()
    person.signs_in("siti", to="/account")
    provider.stop()
    person.page.get_by_role("button", name="Keluar", exact=True).click()
    person.sees("Anda sudah keluar dari kantor ini")
    assert not person.is_in


def test_an_office_without_a_provider_has_no_such_door(office_server: Office, page: Page) -> None:
    page.expected_errors = ["status of 404"]  # type: ignore[attr-defined]
    for path in ("/sign-in/oidc", "/sign-in/oidc/back", "/sign-in/oidc/out"):
        answer = page.goto(f"{office_server.url}{path}")
        assert answer
        assert answer.status == 404
    page.goto(f"{office_server.url}/sign-in")
    assert page.get_by_text("Masuk lewat").count() == 0

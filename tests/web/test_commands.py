"""Who owns the machine lets people, programs and screens in from the command line, beside the running office."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from ltsa.access import Grant
from tests.conftest import PROJECT, Office
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def runs(office: Office | Path, *command: str, code: int = 0) -> str:
    """What a command says; it ends with `code`."""
    data = office.data if isinstance(office, Office) else office
    port = str(office.port) if isinstance(office, Office) else "8000"
    words = [sys.executable, "app.py", *command, "--data", str(data), "--port", port]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def asks(office: Office, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """How a GET is answered."""
    with closing(HTTPConnection("127.0.0.1", office.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Accept": "application/json", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())


def test_a_token_works_at_once_in_its_own_office_and_role_and_ends_when_it_is_revoked(office_server: Office) -> None:
    said = runs(office_server, "token", "--role", "auditor", "--name", "Laporan pusat", "--days", "30")
    secret = said.split()[0]
    assert re.fullmatch(r"ltsa_[\w-]{43}", secret)
    shows = {"Authorization": f"Bearer {secret}"}
    assert asks(office_server, "/api/v1/offices/ltsa/board", **shows)[0] == 200
    assert asks(office_server, "/audit/ltsa", **shows)[0] == 200
    assert asks(office_server, "/desk/ltsa", **shows)[0] == 403
    assert asks(office_server, "/api/v1/offices/batam/board", **shows)[0] in (403, 404)

    listed = runs(office_server, "token", "--list")
    (token,) = re.findall(
        r"^  (\w{12})  auditor +ltsa +Laporan pusat, made by command line, good until", listed, re.MULTILINE
    )
    assert secret not in listed
    runs(office_server, "token", "--revoke", token)
    assert asks(office_server, "/api/v1/offices/ltsa/board", **shows)[0] == 401
    assert "revoked on" in runs(office_server, "token", "--list")
    assert "may act no more" in runs(office_server, "token", "--revoke", token)
    assert "There is no program" in runs(office_server, "token", "--revoke", "0123456789ab", code=2)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (("--role", "officer", "--office", "nowhere"), "nowhere"),
        (("--role", "king"), "invalid choice"),
        (("--role", "officer", "--name", "x" * 41), "1 to 40 characters"),
        (("--role", "officer", "--days", "-1"), "0 or more"),
        ((), "say --role"),
    ],
)
def test_a_token_that_cannot_be_is_refused_with_a_sentence(
    tmp_path: Path, wrong: tuple[str, ...], sentence: str
) -> None:
    assert sentence in runs(tmp_path / "office", "token", *wrong, code=2)


def test_a_pairing_link_of_the_command_line_pairs_one_browser_of_the_running_office(office_server: Office) -> None:
    said = runs(office_server, "pair", "--kind", "display", "--name", "aula-2")
    address = said.split()[0]
    assert address.startswith(f"{office_server.url}/pair/")
    path = address.removeprefix(office_server.url)
    assert asks(office_server, path)[0] == 200
    with closing(HTTPConnection("127.0.0.1", office_server.port, timeout=30)) as connection:
        connection.request("POST", path, headers={"Origin": office_server.url})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Location")) == (303, "/display/ltsa")
        cookie = str(answer.getheader("Set-Cookie")).partition(";")[0]
    assert asks(office_server, "/display/ltsa", Cookie=cookie)[0] == 200
    assert asks(office_server, path)[0] == 410
    assert "already" in runs(office_server, "pair", "--kind", "display", "--name", "aula-2", code=2)


def test_a_new_office_prints_the_link_to_its_first_account_and_another_at_every_start_until_there_is_one(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path / "office", secrets={"none": "none"})
    office.start()
    (first,) = re.findall(r"http://\S+/link/[\w-]{43}", office.said)
    assert asks(office, first.removeprefix(office.url))[0] == 200
    office.stop()
    office.start()
    (second,) = re.findall(r"http://\S+/link/[\w-]{43}", office.said)
    assert first != second
    assert asks(office, first.removeprefix(office.url))[0] == 410
    assert asks(office, second.removeprefix(office.url))[0] == 200
    runs(office, "people", "--add", "siti", "--role", "headquarters", "--office", "*")
    office.stop()
    office.start()
    assert "/link/" not in office.said
    office.kill()


def test_somebody_is_added_shown_and_let_in_again_when_nobody_else_can(tmp_path: Path) -> None:
    data = tmp_path / "office"
    assert "Nobody has an account yet" in runs(data, "people")
    added = runs(data, "people", "--add", "siti.rahma", "--role", "manager", "--name", "Siti Rahmawati")
    assert re.match(r"http://127\.0\.0\.1:8000/link/[\w-]{43}\n", added)
    runs(data, "people", "--give", "siti.rahma", "--role", "auditor", "--office", "*")
    assert "Siti Rahmawati: auditor in all offices, manager in ltsa (no password yet)" in runs(data, "people")

    with closing(House(Settings(data=data, port=0))) as here:
        at = here.now()
        here.credentials.set_password("siti.rahma", "kerbau hijau menari", at)
        secret = here.credentials.begin_totp("siti.rahma")
        assert secret
        for _ in range(5):
            assert here.credentials.check_password("siti.rahma", "salah", at) != "right"
        assert here.credentials.locked_until("siti.rahma", at)
    assert "(locked)" in runs(data, "people")
    assert "may try again" in runs(data, "people", "--unlock", "siti.rahma")
    link = runs(data, "people", "--link", "siti.rahma", "--without-second-factor").split()[0]
    with closing(House(Settings(data=data, port=0))) as here:
        assert not here.credentials.locked_until("siti.rahma", here.now())
        found = here.credentials.link(link.rpartition("/")[2], here.now())
        assert found
        assert (found.person, found.purpose) == ("siti.rahma", "reset")
        assert here.access.people["siti.rahma"].grants == {Grant("manager", "ltsa"), Grant("auditor", "*")}
        on_record = [type(row.event).__name__ for row in here.ledger.since(0) if row.event.by == "command line"]
    assert on_record == ["PersonAdded", "RoleGiven", "LinkMade", "RoleGiven", "AccountUnlocked", "LinkMade"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (("--link", "nobody"), "There is no account 'nobody'"),
        (("--unlock", "nobody"), "There is no account 'nobody'"),
        (("--add", "Siti", "--role", "officer"), "cannot be an account"),
        (("--add", "siti"), "in which --role"),
        (("--add", "siti", "--role", "officer", "--office", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_done_for_people_is_refused_with_a_sentence(
    tmp_path: Path, wrong: tuple[str, ...], sentence: str
) -> None:
    assert sentence in runs(tmp_path / "office", "people", *wrong, code=2)

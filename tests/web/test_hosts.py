"""One office on several hosts: each has a data folder of its own, and everything that counts is in their databases."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ltsa.identity import identity
from ltsa.people import Note
from ltsa.store import WITH_ALL_BESIDE, looking_at
from tests.conftest import Office
from tests.staff import EVERYBODY, hire, token
from tools.postgres import Postgres
from web.house import House
from web.settings import Settings, WrongSetting
from web.sides import ASIDE
from web.signing import log_key, sign_record

SCREEN = "/pair?kind=display&office=ltsa&next=/display/ltsa"
PASSWORD = "tujuh perahu menunggu bulan"
NIK = "3204014503900001"
NOTE = Note(office="ltsa", date="2026-11-21", number="G001", by="officer:siti", at=1, text="Lain kali")
RATNA = identity(NIK, "Ratna Sari Dewi", "0812 3456 7890")
KEYS = (f"press-{n}" for n in count())


@pytest.fixture
def first(tmp_path: Path, database: str, keys_database: str) -> Settings:
    """The settings of the first host, with a database for its keys."""
    return Settings(data=tmp_path / "first", port=0, database=database, keys_database=keys_database)


def beside(settings: Settings, name: str, *copied: str) -> Settings:
    """The settings of a further host, to which these files were copied."""
    data = settings.data.with_name(name)
    data.mkdir()
    for file in copied or ("seed", "log.key"):
        shutil.copy(settings.data / file, data)
    return replace(settings, data=data)


class Browser:
    """Somebody at a browser who is sent to one host or the other."""

    def __init__(self, *hosts: Office) -> None:
        self.hosts, self.cookies = hosts, requests.Session()
        self.cookies.headers["Sec-Fetch-Site"] = "same-origin"

    def opens(self, host: int, path: str) -> requests.Response:
        return self.cookies.get(f"{self.hosts[host].url}{path}", allow_redirects=False)

    def sends(self, host: int, path: str, **typed: str) -> requests.Response:
        return self.cookies.post(f"{self.hosts[host].url}{path}", data=typed, allow_redirects=False)

    def presses(self, host: int, action: str, status: int = 200, **body: str) -> Any:
        """A press at counter 3, and what is answered."""
        headers = {"Idempotency-Key": next(KEYS), "Accept": "application/json"}
        answer = self.cookies.post(f"{self.hosts[host].url}/desk/ltsa/3/{action}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def hosts(first: Settings) -> Iterator[tuple[Office, Office]]:
    """Two servers, each with a data folder of its own. Dewi may do everything, and a program may give numbers."""
    with closing(House(first)) as here:
        hire(here)
        here.credentials.close_all(EVERYBODY)
        here.credentials.set_password(EVERYBODY, PASSWORD, here.now())
        program = token(here, "supervisor")
    environ = {"LTSA_DATABASE": first.database, "LTSA_KEYS_DATABASE": first.keys_database}
    folders = first.data, beside(first, "second").data
    served = [Office(data, environ=environ, secrets={"token": program}) for data in folders]
    for office in served:
        office.start()
    yield served[0], served[1]
    for office in served:
        office.kill()


def takes_number(host: Office, service: str) -> dict[str, str]:
    """Somebody takes a number, as a kiosk's program does."""
    headers = {**host.bearer, "Idempotency-Key": next(KEYS)}
    address = f"{host.url}/api/v1/offices/ltsa/tickets"
    answer = requests.post(address, json={"services": [service]}, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    said: dict[str, str] = answer.json()
    return said


def test_whoever_signs_in_at_one_host_works_at_the_other_and_finds_all_that_was_done(
    hosts: tuple[Office, Office], first: Settings
) -> None:
    dewi, screen = Browser(*hosts), Browser(*hosts)
    assert dewi.sends(0, "/sign-in", account=EVERYBODY, password=PASSWORD, next="/account").status_code == 303
    assert dewi.opens(1, "/account").status_code == 200

    # A QR code that one host has printed opens on the other.
    ticket = takes_number(hosts[0], "labour")
    while screen.opens(1, urlsplit(ticket["url"]).path).status_code != 200:
        time.sleep(0.05)  # it hears of it in a moment

    # A NIK that was typed at one is found at the other.
    dewi.presses(1, "journey/open", number=ticket["number"], scheme="p-to-p", nik=NIK)
    again = takes_number(hosts[1], "bank")["number"]
    found = dewi.presses(0, "journey/find", number=again, found_by=NIK)["sheet"]
    (person,) = re.findall(r'name="person" value="([0-9a-f]{20})"', found)

    # A screen shows its code at one, is let in at the other, and works at both.
    page = screen.opens(0, SCREEN).text
    code = "-".join(re.findall(r'class="code__group">(\w+)<', page))
    let_in = {"code": code, "kind": "display", "name": "aula"}
    assert dewi.sends(1, "/manage/ltsa/devices/pair", **let_in).status_code == 303
    assert screen.opens(0, "/pair/waiting").json() == {"state": "paired"}
    assert screen.opens(1, SCREEN).status_code == 303
    assert [screen.opens(host, "/display/ltsa").status_code for host in (0, 1)] == [200, 200]

    # Who is erased at a third host is nobody at either.
    with closing(House(beside(first, "third"))) as third:
        assert third.persons.erase(person, "manager:dewi", third.now())
    for host in (0, 1):
        dewi.presses(host, "journey/find", 404, number=again, found_by=NIK)

    # Who signs out at one is out at the other.
    assert dewi.sends(1, "/sign-out").status_code == 303
    assert dewi.opens(0, "/account").status_code == 303


def test_a_host_that_does_not_belong_to_the_office_is_told_what_to_copy(first: Settings) -> None:
    with closing(House(first)):
        with pytest.raises(WrongSetting, match=r"copy seed and log\.key from the data folder of another host"):
            House(replace(first, data=first.data.with_name("bare")))
        with pytest.raises(WrongSetting, match=r"There is no .*log\.key, and other hosts .* sign with theirs"):
            House(beside(first, "without-key", "seed"))
        strange = beside(first, "strange")
        (strange.data / "seed").write_bytes(bytes(32))
        with pytest.raises(WrongSetting, match="is not the seed of this database's office"):
            House(strange)


def test_the_keys_of_another_office_are_left_alone(first: Settings, postgres_server: Postgres) -> None:
    House(first).close()
    another = postgres_server.schema(f"t{secrets.token_hex(6)}")
    mistaken = replace(first, data=first.data.with_name("another"), database=another)
    with pytest.raises(WrongSetting, match="names the keys of another office"):
        House(mistaken)
    own = postgres_server.schema(f"k{secrets.token_hex(6)}")
    House(replace(mistaken, keys_database=own)).close()


def test_what_should_be_alike_on_every_host_and_is_not_stands_in_the_log(
    first: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    House(first).close()
    second = beside(first, "second")
    House(second).close()
    assert "Not as on the host" not in caplog.text
    (second.data / "voice").mkdir()
    (second.data / "voice" / "loket.opus").write_bytes(b"recorded")
    House(replace(second, public_url="https://antrean.example")).close()
    assert "Not as on the host that started last: public_url, voice/." in caplog.text
    caplog.clear()
    House(replace(second, public_url="https://antrean.example")).close()
    assert "Not as on the host" not in caplog.text, "it is said once"


def test_a_key_that_one_host_changes_is_asked_for_at_the_others(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LTSA_KEYS_DATABASE", first.keys_database)
    with closing(House(first)) as here:
        sign_record(here)
    with closing(House(beside(first, "second"))) as other:
        assert log_key(["--data", str(first.data), "--database", first.database, "--rotate"], None) == 0
        with pytest.raises(WrongSetting, match=r"is not the key that signs this database's record now: copy log\.key"):
            sign_record(other)
        shutil.copy(first.data / "log.key", other.settings.data)
        sign_record(other)
        assert other.key_on_record


def test_without_a_database_for_the_keys_one_host_serves_alone(first: Settings) -> None:
    alone = replace(first, keys_database="")
    with closing(House(alone)) as here:
        person, _ = here.persons.keep(RATNA, here.now())
        with closing(House(alone)) as same:
            assert same.persons.read(person) == RATNA, "another process over the same folder"
        with pytest.raises(WrongSetting, match="the setting keys_database"):
            House(beside(alone, "copied", "seed", "log.key", "keys.sqlite"))
    with closing(House(first)) as here:
        assert not (first.data / "keys.sqlite").exists(), "wiped: it would bring back who is erased later"
        with closing(House(beside(first, "second"))) as other:
            assert other.persons.read(person) == RATNA


def test_files_of_a_data_folder_are_taken_over_once_whatever_cuts_that_off(
    first: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replace(first, database="", keys_database="")
    with closing(House(before)) as here:
        person, _ = here.persons.keep(RATNA, here.now())
        here.credentials.set_name("siti", "Siti Rahma")
        seen = here.fleet.begin("d" * 64, here.now(), **dict.fromkeys(("kind", "office", "name"), "x"), **NOWHERE)
    (first.data / "ledger.sqlite").unlink()
    for step in ("side_copy.copy", "_put_aside"):
        for most in (0, 2):
            cut_off_after(most, f"web.sides.{step}", monkeypatch)
            with pytest.raises(PowerCutError):
                House(first)
            monkeypatch.undo()
    with closing(House(first)) as here:
        assert here.persons.read(person) == RATNA
        assert here.persons.find(RATNA.nik) == person
        assert here.credentials.names() == {"siti": "Siti Rahma"}
        assert here.fleet.waiting(seen.code, here.now()) == seen
        here.credentials.set_name("siti", "Siti Rahmawati")
    aside = first.data / ASIDE
    with looking_at(first.database) as ledger:
        ledger.execute("SELECT format FROM ltsa_format")
        assert ledger.fetchone() == (WITH_ALL_BESIDE,), "an older program would begin with empty files"
    assert {file.stem for file in aside.iterdir()} == {"credentials", "persons", "people", "devices"}
    assert not (first.data / "keys.sqlite").exists()
    shutil.copy(aside / "credentials.sqlite", first.data)
    with closing(House(first)) as here:
        assert here.credentials.name("siti") == "Siti Rahmawati", "what was taken over once is not taken over again"
    with closing(House(beside(before, "elsewhere", "seed"))) as elsewhere:
        elsewhere.people.keep(NOTE, "key")
    for file in ("persons.sqlite", "people.sqlite", "keys.sqlite"):
        shutil.copy(elsewhere.settings.data / file, first.data)
    with pytest.raises(WrongSetting, match=r"holds something else than .*put the file away"):
        House(first)


NOWHERE = dict.fromkeys(("counter", "address", "browser"), "")


class PowerCutError(Exception):
    """The machine stops here."""


def cut_off_after(most: int, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a step be done so many times."""
    module, _, name = step.rpartition(".")
    really, turns = resolve_name(f"{module}:{name}" if module == "web.sides" else "ltsa.side_copy:copy"), count()

    def one_of_them(*given: Any, **more: Any) -> Any:
        if next(turns) == most:
            raise PowerCutError
        return really(*given, **more)

    monkeypatch.setattr(step, one_of_them)

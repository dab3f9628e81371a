"""Erasure leaves no readable trace: a person and notes go through a real day, then every byte of it is searched."""

from __future__ import annotations

import http.client
import json
import sqlite3
import zipfile
from base64 import b64encode, urlsafe_b64encode
from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote, quote_plus, urlencode

import pytest

from audit.exports.command import export
from audit.exports.extract import Format
from audit.proofs import prove_day, verify_file
from audit.verifying import verify
from ltsa.identity import identity
from tests.conftest import Office
from web import journeys
from web.house import House
from web.notes import erase_note
from web.rebuilding import rebuild
from web.settings import Settings
from web.signing import log_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIK, NAME, PHONE = "3204014503900001", "Ratna Kusumawardhani", "0812 3456 7890"
NOTE = 'Ibu Sulistyaningsih: "surat izin suami belum diteken", anak ke-3 - café'
REMARK = "Pak Prawirodirdjo sakit"
WORDS = (NIK, NAME, "Kusumawardhani", PHONE, "81234567890", NOTE, "Sulistyaningsih", "izin suami", "Prawirodirdjo")
SARI: dict[str, Any] = {"office": "ltsa", "by": "officer:sari"}


class Hall:
    """What kiosk, desk and auditor send to a real server."""

    def __init__(self, office: Office) -> None:
        self.office, self._count = office, 0

    def asks(self, path: str, *, who: str = "session", form: Any = None, body: object = None) -> tuple[int, str]:
        """Status and page of one request, in the name of somebody who may do everything, or of the kiosk."""
        self._count += 1
        cookie = {"session": "session", "kiosk": "device"}[who]
        headers = {
            "Cookie": f"{cookie}={self.office.secrets[who]}",
            "Idempotency-Key": f"key-of-the-request-{self._count}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        }
        sent = urlencode(form) if form else None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.office.port, timeout=30)) as connection:
            connection.request("GET" if sent is None else "POST", path, sent, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")

    def gets(self, path: str, **asked: Any) -> str:
        """The page of a request that must go well."""
        status, page = self.asks(path, **asked)
        assert status < 400, (path, status, page[:300])
        return page

    def presses(self, action: str, **body: object) -> None:
        self.gets(f"/desk/ltsa/3/{action}", body=body)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    office = Office(tmp_path / "office", flags=("--access-log",))
    office.start()
    yield Hall(office)
    office.kill()


def written(word: str) -> Iterator[bytes]:
    """A word as files usually hold it."""
    for coded in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield from (coded, coded.hex().encode())
        for pad in range(3):  # base64 depends on where a word begins; its first and last letters are not its alone
            for encode in (b64encode, urlsafe_b64encode):
                yield encode(bytes(pad) + coded)[4 if pad else 0 : -4]
    yield from (quote(word).encode(), quote_plus(word).encode(), json.dumps(word)[1:-1].encode())


def found(words: tuple[str, ...], *places: Path) -> list[tuple[str, str]]:
    """Which of the words can be read in which files, whatever their encoding; archives are looked into."""
    lies = dict[str, bytes]()
    for place in places:
        for file in [place] if place.is_file() else sorted(it for it in place.rglob("*") if it.is_file()):
            lies[file.name] = file.read_bytes()
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as parts:
                    lies |= {f"{file.name}/{name}": parts.read(name) for name in parts.namelist()}
    return [
        (word, name)
        for word in words
        for coded in set(written(word))
        for name, content in lies.items()
        if coded.lower() in content.lower()
    ]


def a_day(hall: Hall) -> tuple[str, str]:
    """Ratna comes with her NIK, is served and gets a note; somebody looks at all of it. Her number, and the day."""
    who = {"nik": NIK, "scheme": "p-to-p"}
    status, page = hall.asks("/kiosk/ltsa/journey", who="kiosk", form={**who, "nik": NIK[:-1]})
    assert (status, "16" in page) == (422, True), "a NIK that is too short is refused, and shown again"
    hall.gets("/kiosk/ltsa/journey", who="kiosk", form=who)
    hall.gets("/kiosk/ltsa/journey/ticket", who="kiosk", form={**who, "language": "id", "key": "k" * 20})
    with closing(House(Settings(data=hall.office.data, port=0))) as beside:
        person = journeys.by_nik(beside, NIK)
        assert person
        journeys.correct(beside, person, identity(NIK, NAME, PHONE), **SARI)
        (number,) = beside.today("ltsa").tickets
        day = beside.today("ltsa").date
    service = "labour"
    hall.presses("open", services=[service])
    hall.presses("call-next")
    hall.presses("start", present=number)
    hall.presses("note", present=number, text=NOTE)
    assert "Sulistyaningsih" in hall.gets(f"/desk/ltsa/3/notes?number={number}")
    status, _ = hall.asks("/desk/ltsa/4/note", body={"text": NOTE})
    assert status == 409, "nobody is at that counter: the note is forgotten"
    hall.asks(f"/desk/ltsa/3/notes?{urlencode({'number': NOTE, 'nik': NIK})}")
    hall.asks(f"/kiosk/ltsa/return?{urlencode({'nik': NIK})}", who="kiosk")
    hall.gets("/manage/ltsa/opening", form={"key": "o" * 20, "item.kiosk": "ok", "remark": REMARK})
    for page in ("", "/journal", f"/{day}", f"/{day}/ticket/{number}", f"/{day}/course.csv"):
        hall.gets(f"/audit/ltsa{page}")
    hall.gets("/manage/ltsa/closing", form={"key": "c" * 20, "outcome": "come-back"})
    return number, day


def test_who_was_erased_is_in_no_byte_of_data_log_or_exports_and_every_proof_holds(
    hall: Hall, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number, day = a_day(hall)
    hall.office.kill()  # the plug is pulled: logs are as they were at that moment
    data, taken = hall.office.data, tmp_path / "taken"
    taken.mkdir()
    with closing(House(Settings(data=data, port=0))) as here:
        person = journeys.by_nik(here, NIK)
        assert person
        (note,) = here.people.notes("ltsa", day, number)
        (remark,) = here.people.notes("ltsa", day, "")
        assert (note.text, remark.text) == (NOTE, REMARK), "what was acknowledged is there"
        here.sign()
    before = taken / "before.zip"
    assert prove_day(["ltsa", day, "--out", str(before), "--data", str(data)], None) == 0
    with closing(sqlite3.connect(data / "keys.sqlite")) as store:
        wrapped = [bytes(row[0]) for row in store.execute("SELECT wrapped FROM keys")]
    assert len(wrapped) == 3, "one of Ratna, one of each note; the forgotten one has none"

    with closing(House(Settings(data=data, port=0))) as here:
        assert journeys.erase(here, person, **SARI, key="e")
        assert erase_note(here, note.id, **SARI, about=f"{number} {day}", key="e")
        assert erase_note(here, remark.id, **SARI, about=f" {day}", key="e")
        here.sign()
        assert journeys.by_nik(here, NIK) is None
    for kind in get_args(Format):
        assert export([kind, str(taken / f"days.{kind}"), "--data", str(data)], None) == 0
    after = taken / "after.zip"
    assert prove_day(["ltsa", day, "--out", str(after), "--data", str(data)], None) == 0

    assert hall.office.said.count('"status"') > 10, "every request stands in the log"
    stays = ("ticket-issued", person)
    assert rebuild(["--data", str(data)], None) == 0
    known = found(stays, data, taken)
    assert {word for word, _ in known} == {*stays}, "the search finds what is there"
    assert (person, "models.sqlite") in known, "and read models hold pseudonyms"
    assert found(WORDS, data, taken, hall.office.terminal) == []
    assert not any(key in file.read_bytes() for key in wrapped for file in data.iterdir() if file.is_file())

    capsys.readouterr()
    assert log_key(["--data", str(data)], None) == 0
    key = capsys.readouterr().out.split()[0]
    assert [verify_file([str(proof), "--key", key], None) for proof in (before, after)] == [0, 0]
    assert verify(["--data", str(data)], None) == 0, "the record is the one that was kept, and proves it"


def test_the_search_would_find_a_word_in_any_of_its_clothes(tmp_path: Path) -> None:
    for n, coded in enumerate(written(NOTE)):
        (tmp_path / f"{n}").write_bytes(b"x" * n + coded)
    assert {name for _, name in found((NOTE,), tmp_path)} == {file.name for file in tmp_path.iterdir()}
    with zipfile.ZipFile(tmp_path / "day.zip", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("events.jsonl", json.dumps({"text": NOTE}))
    assert (NOTE, "day.zip/events.jsonl") in found((NOTE,), tmp_path)

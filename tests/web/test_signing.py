"""The record is signed as it grows, and one key hands over to the next."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app import create_app
from ltsa.checkpoint import checkpoint_of, key_of, note_of
from ltsa.journal import DataSeen, LogKeySet, entry
from ltsa.published import Published
from tests.staff import hire, signed_in
from web.house import House
from web.settings import Settings, WrongSetting
from web.signing import change, sign_record, signing_key


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    here = House(Settings(data=tmp_path))
    yield here
    here.close()


def keys(here: House) -> list[LogKeySet]:
    return [row.event for row in here.ledger.told("log-key-set/1")]  # type: ignore[misc]


def test_the_key_is_made_once_for_its_owner_alone(here: House, tmp_path: Path) -> None:
    key = signing_key(here)
    assert key.key.name.startswith("ltsa.invalid/")
    assert key.text() == signing_key(here).text()
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert key.text().encode() not in here.database.read_bytes()


def test_who_knows_the_first_key_follows_from_key_to_key(here: House) -> None:
    sign_record(here)
    first = signing_key(here).key
    for _ in range(2):
        change(here, "command line")
    trusted = first
    for event in keys(here)[1:]:
        note = note_of(event.note)
        assert note.by(trusted)
        assert note.body == f"ltsa-log-key/1\n{event.old}\n{event.new}\n"
        assert key_of(event.old) == trusted
        trusted = key_of(event.new)
    assert trusted == signing_key(here).key != first
    newest = here.ledger.log.checkpoint()
    assert newest is not None
    assert newest.by(trusted)
    assert checkpoint_of(newest.body).origin == first.name == trusted.name
    assert checkpoint_of(newest.body).size == here.ledger.log.size()


def test_a_key_that_a_command_made_and_signed_with_is_put_on_record_too(here: House) -> None:
    Published(here.ledger).sign()
    sign_record(here)
    assert [event.new for event in keys(here)] == [signing_key(here).key.text()]


def test_a_record_that_did_not_grow_is_not_signed_again(here: House) -> None:
    for _ in range(3):
        sign_record(here)
    assert len(keys(here)) == 1
    assert len(list(here.ledger.log.checkpoints())) == 1


def test_a_lost_key_gets_a_successor_of_its_name_for_which_nobody_vouches(here: House, tmp_path: Path) -> None:
    sign_record(here)
    lost = signing_key(here)
    (tmp_path / "log.key").unlink()
    sign_record(here)
    found = signing_key(here)
    assert found.key.name == lost.key.name
    assert [event.old for event in keys(here)] == ["", ""]
    assert keys(here)[-1].new == found.key.text() != lost.key.text()


def test_a_record_that_was_cut_is_an_alarm_on_the_pages_of_who_answers_for_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "office", port=0)
    with closing(House(settings)) as here:
        here.sign()
    backup = (tmp_path / "office" / "ledger.sqlite").read_bytes()
    with closing(House(settings)) as here:
        hire(here, "maya", ["manager"], "ltsa")
        here.sign()
        assert here.fork is None
        newest = Published(here.ledger).checkpoint()
    (tmp_path / "office" / "ledger.sqlite").write_bytes(backup)  # and nothing of what lies beside it

    app = create_app(settings)
    app.testing = True
    with closing(app.extensions["ltsa"]) as here:
        manager = signed_in(app, "maya", ["manager"], "ltsa")
        assert "pernah ditandatangani" not in manager.get("/manage/ltsa").text
        here.sign()
        for page in ("/manage/ltsa", "/audit/ltsa", "/audit/ltsa/export"):
            assert "Catatan tidak lagi sama dengan yang pernah ditandatangani" in manager.get(page).text
        signed = checkpoint_of(note_of(newest).body).size
        assert here.fork.signed == signed > checkpoint_of(note_of(Published(here.ledger).checkpoint()).body).size
        assert (tmp_path / "office" / "log.checkpoint").read_text() == newest, "it is not forgotten"

        (tmp_path / "office" / "log.checkpoint").unlink()  # it was brought back on purpose
        here.sign()
        assert here.fork is None
        assert "pernah ditandatangani" not in manager.get("/manage/ltsa").text


def test_a_file_of_what_was_signed_last_that_says_nothing_keeps_nothing_from_being_signed(
    here: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here.sign()
    (tmp_path / "log.checkpoint").write_text("cut short")
    here.do(entry(DataSeen, office="installation", at=here.now(), by="system", key="k", kind="notes", about="x"))
    here.sign()
    assert here.fork is None
    assert "cannot be read and is written anew" in caplog.text
    assert (tmp_path / "log.checkpoint").read_text() == Published(here.ledger).checkpoint()


def test_a_log_bears_the_name_that_is_asked_for_first_and_never_another(tmp_path: Path) -> None:
    with closing(House(Settings(data=tmp_path, log_origin="antrean.example/log"))) as here:
        here.sign()
        assert (
            Published(here.ledger).checkpoint().splitlines()[0] == signing_key(here).key.name == "antrean.example/log"
        )
    with closing(House(Settings(data=tmp_path))) as here:
        change(here, "command line")
        assert signing_key(here).key.name == "antrean.example/log"
    with pytest.raises(WrongSetting, match=r"this log is called “antrean.example/log” and stays so"):
        House(Settings(data=tmp_path, log_origin="other.example"))


@pytest.mark.parametrize("name", ["antrean", "https://antrean.example/log", "antrean.example/a b", "a.example+1"])
def test_a_name_that_is_no_address_is_refused_with_what_would_be_right(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        WrongSetting, match=r"must be an address of the office's own without https://: antrean.example/log"
    ):
        Settings(data=tmp_path, log_origin=name)

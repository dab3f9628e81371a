"""The record is signed as it grows, and one key hands over to the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ltsa.checkpoint import checkpoint_of, key_of, note_of
from ltsa.journal import LogKeySet
from ltsa.published import Published
from web.house import House
from web.settings import Settings
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

"""The command that takes the ledger into a database, and back."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ltsa.identity import identity
from tests.ltsa.crowd import issue, opened
from web.house import House
from web.moving import move
from web.settings import Settings

RATNA = identity("3204014503900001", "Ratna Sari Dewi", "0812 3456 7890")


def test_the_command_says_what_is_the_same_and_how_to_go_on(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(opened(tmp_path)) as ledger:
        issue(ledger, "first")
    assert move([str(tmp_path), database], None) == 0
    said = capsys.readouterr().out
    assert "3 events, 14 boards of service days (1)" in said
    assert "are the same in postgresql://" in said
    assert "the setting database" in said
    assert move([str(tmp_path), database], None) == 1
    assert "holds a ledger already" in capsys.readouterr().err
    assert move([database, str(tmp_path / "back")], None) == 0
    assert "without the setting database" in capsys.readouterr().out
    assert (tmp_path / "back" / "ledger.sqlite").exists()
    assert move([str(tmp_path / "nothing"), str(tmp_path / "target")], None) == 2
    assert "There is no ledger at" in capsys.readouterr().err


def test_what_lies_beside_the_ledger_goes_along_and_comes_back(
    settings: Settings, database: str, keys_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(House(settings)) as here:
        person, _ = here.persons.keep(RATNA, here.now())
        here.credentials.set_name("siti", "Siti Rahma")
    assert move([str(settings.data), database, "--keys", keys_database], None) == 0
    assert "rows of what lies beside it: credentials, persons, people, keys." in capsys.readouterr().out
    moved = replace(settings, database=database, keys_database=keys_database)
    (settings.data / "ledger.sqlite").unlink()
    with closing(House(moved)) as here:
        assert here.persons.read(person) == RATNA
        here.credentials.set_name("siti", "Siti Rahmawati")

    back = tmp_path / "back"
    back.mkdir()
    for name in ("seed", "log.key"):
        shutil.copy(settings.data / name, back)
    assert move([database, str(back)], None) == 1
    assert "name their database with --keys" in capsys.readouterr().err
    assert not (back / "ledger.sqlite").exists()
    assert move([database, str(back), "--keys", keys_database], None) == 0
    with closing(House(replace(settings, data=back))) as here:
        assert (here.persons.read(person), here.credentials.name("siti")) == (RATNA, "Siti Rahmawati")
    assert move([str(back), database], None) == 1
    assert "already: name an empty place" in capsys.readouterr().err

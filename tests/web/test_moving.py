"""The command that takes the ledger into a database, and back."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.ltsa.crowd import issue, opened
from web.moving import move


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

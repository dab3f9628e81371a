"""What the domain's tests stand on."""

from pathlib import Path

import pytest

from tests.ltsa.crowd import DATABASE


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder whose ledger lies in a file, and one whose ledger lies in a database: what is true is so in both."""
    if request.param == "postgres":
        (tmp_path / DATABASE).write_text(request.getfixturevalue("database"), encoding="utf-8")
    return tmp_path

"""`python3 app.py office`: an office's file becomes its configuration, or says what is wrong with it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ltsa import office as example
from ltsa.ledger import Ledger
from web.offices import office

EXAMPLE = Path(example.__file__).with_name("example_office.toml").read_text("utf-8")


def load(folder: Path, text: str = EXAMPLE, *more: str) -> int:
    """Loads a file with this text; the command's exit code."""
    file = folder / "office.toml"
    file.write_text(text, "utf-8")
    return office(["--data", str(folder / "data"), "--load", str(file), *more], None)


def test_a_file_is_loaded_for_the_next_day_that_has_not_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(tmp_path, EXAMPLE.replace("recall_limit = 3", "recall_limit = 5")) == 0
    assert "LTSA Contoh (ltsa) is set up so from" in capsys.readouterr().out
    ledger = Ledger(tmp_path / "data/ledger.sqlite")
    assert ledger.present().office("ltsa", date.max).rules.recall_limit == 5
    ledger.close()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("recall_limit = 3", "recall_limit = 55", "rules/recall_limit: must be from 0 to 20."),
        ('prefix = "B"', 'prefix = "A"', "services/civil-registry/prefix: 'A' stands twice"),
        ("recall_limit = 3", "recall_limit = 3", "All of this is so already"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_what_would_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, sentence: str
) -> None:
    assert load(tmp_path, EXAMPLE.replace(before, after)) == 2
    assert sentence in capsys.readouterr().err


def test_the_past_is_not_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    yesterday = (date.today() - timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days ago in any zone
    assert load(tmp_path, EXAMPLE.replace("recall_limit = 3", "recall_limit = 5"), "--since", yesterday) == 2
    assert "What was true stays true" in capsys.readouterr().err

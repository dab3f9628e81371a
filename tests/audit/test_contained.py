"""`python3 app.py verify --checkpoint`: what was signed once and is kept elsewhere must be in the ledger."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from audit.verifying import verify
from ltsa.access import INSTALLATION
from ltsa.checkpoint import COSIGNATURE, cosign, note_of, signer
from ltsa.journal import DataSeen, entry
from ltsa.ledger import Ledger
from ltsa.published import Published
from web.house import House
from web.settings import Settings
from web.signing import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answer = tuple[int, str, str]

WITNESS = signer("witness.example/1", bytes(32), COSIGNATURE)
NOW = 1_772_500_000


def goes_on(folder: Path, what: str, times: int = 3) -> str:
    """More happens, and is signed; the checkpoint."""
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        for n in range(times):
            said = {"office": INSTALLATION, "at": NOW * 1000, "by": "system", "key": f"{what} {n}"}
            ledger.do(entry(DataSeen, **said, kind="notes", about=what))  # type: ignore[arg-type]
        return Published(ledger).sign()


def key_of(folder: Path) -> str:
    """The verifier key of a ledger's log."""
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        return Published(ledger).verifier_key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger that has had its morning; a copy of it lies in the folder `backup`."""
    goes_on(tmp_path / "office", "morning")
    shutil.copytree(tmp_path / "office", tmp_path / "backup")
    return tmp_path / "office"


@pytest.fixture
def held(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Holds a kept checkpoint against a ledger: the exit code, and what was said."""

    def give(note: str, *more: str, key: str = "", ledger: Path = folder) -> Answer:
        kept = tmp_path / "kept"
        kept.write_text(note)
        asked = ["--checkpoint", str(kept), "--key", key or key_of(folder), *more, "--data", str(ledger)]
        code = verify(asked, None)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


def test_a_ledger_that_went_on_contains_what_was_signed_before(folder: Path, held: Callable[..., Answer]) -> None:
    kept = goes_on(folder, "noon")
    cosigned = note_of(kept).with_(cosign(note_of(kept), WITNESS, NOW)).text()
    goes_on(folder, "evening")
    code, said, _ = held(cosigned, "--witness", WITNESS.key.text())
    assert code == 0
    assert " with 6 leaves, cosigned by witness.example/1.\nAll of it holds." in said
    found = json.loads(held(kept, "--json")[1])
    assert (found["checkpoint"]["size"], found["checkpoint"]["witnesses"], found["wrong"]) == (6, [], [])


def test_who_knows_the_first_key_believes_what_a_later_one_signed(folder: Path, held: Callable[..., Answer]) -> None:
    with closing(House(Settings(data=folder))) as here:
        Published(here.ledger).sign()
        change(here, "command line")  # which puts the first key on record, too
        first = next(it.event.old for it in here.ledger.told("log-key-set/1") if it.event.old)  # type: ignore[union-attr]
        change(here, "command line")
    assert key_of(folder) != first
    assert held(goes_on(folder, "noon"), key=first)[0] == 0


def test_a_ledger_that_was_brought_back_from_a_backup_lacks_what_was_signed_since(
    folder: Path, held: Callable[..., Answer]
) -> None:
    kept = goes_on(folder, "noon")
    code, said, _ = held(kept, ledger=folder.with_name("backup"))
    assert code == 1
    assert "The first: checkpoint: " in said
    assert "it has signed 6 leaves, and the ledger has 3: 3 were cut off" in said


def test_a_ledger_that_was_rewritten_whole_is_found_by_the_kept_line_alone(
    folder: Path, held: Callable[..., Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    kept, other = goes_on(folder, "noon"), folder.with_name("backup")
    goes_on(other, "another noon", times=5)
    assert verify(["--data", str(other)], None) == 0, "by itself it holds"
    capsys.readouterr()
    code, said, _ = held(kept, "--json", ledger=other)
    [wrong] = json.loads(said)["wrong"]
    assert (code, wrong["check"]) == (1, "checkpoint")
    assert "the first 6 leaves are not those that it signed: their root is " in wrong["says"]
    assert wrong["says"].endswith(f"and was {kept.splitlines()[2]}")


def test_whose_signature_is_missing_is_said(folder: Path, held: Callable[..., Answer], tmp_path: Path) -> None:
    kept = goes_on(folder, "noon")
    code, said, _ = held(kept, "--witness", WITNESS.key.text(), "--json")
    assert code == 1
    assert [one["says"].partition(": ")[2] for one in json.loads(said)["wrong"]] == [
        "the witness witness.example/1 has not cosigned it"
    ]
    goes_on(tmp_path / "other", "morning")
    code, said, _ = held(kept, key=key_of(tmp_path / "other"))
    assert code == 1
    assert "none of the keys that you trust has signed it" in said
    code, said, _ = held(kept, ledger=tmp_path / "other")
    assert code == 1
    assert f"it is of the log {kept.splitlines()[0]}, and this one is ltsa.invalid/" in said


def test_what_is_no_checkpoint_or_has_no_key_is_refused(folder: Path, held: Callable[..., Answer]) -> None:
    code, said, why = held("to whom it may concern\n")
    assert (code, said) == (2, "")
    assert "is no checkpoint, or a key is none: " in why
    assert held(goes_on(folder, "noon"), key="somebody")[0] == 2
    with pytest.raises(SystemExit) as ended:
        verify(["--checkpoint", "kept", "--data", str(folder)], None)
    assert ended.value.code == 2

"""A witness remembers: a log that was cut back, told otherwise or signed by another key is found, and not cosigned."""

from __future__ import annotations

import io
import json
import shutil
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

import app
from app import create_app
from audit import bundle
from audit.proofs import write_day, write_tiles
from audit.sources import UnreachableError
from audit.witnessing import Look, Memory, look
from ltsa import trust
from ltsa.journal import DataExported, entry
from ltsa.ledger import Ledger
from ltsa.published import Published
from tests.audit.conftest import record
from web.house import House
from web.settings import Settings, WrongSetting
from web.signing import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

NOW = 1_772_500_000
"""In seconds UTC."""


class Phone:
    """The office's addresses, asked within this process."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def read(self, name: str) -> bytes:
        answer = self.client.get(f"/log/{name}")
        if answer.status_code != 200:
            raise UnreachableError(name)
        return bytes(answer.data)

    def hand_in(self, text: str) -> bool:
        return self.client.post("/log/cosignature", data=text.encode()).status_code == 200


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """A witness's folder, on a machine that is not the office's."""
    return Memory(tmp_path / "witness", "witness.example/1")


def goes_on(folder: Path, what: str, times: int = 3) -> None:
    """More happens in the office, and is signed."""
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        for n in range(times):
            said = {"office": "ltsa", "at": NOW * 1000, "by": "system", "key": f"{what} {n}"}
            ledger.do(entry(DataExported, **said, kind="events.csv", about=what))  # type: ignore[arg-type]
        Published(ledger).sign()


def looks(memory: Memory, folder: Path, keys: list[str] | None = None, **settings: str) -> Look:
    """The office is opened, and the witness looks at it once."""
    opened = create_app(Settings(data=folder, port=0, **settings))  # type: ignore[arg-type]
    opened.testing = True
    with closing(opened.extensions["ltsa"]):
        return look(memory, Phone(opened.test_client()), "the office", keys or [], lambda: NOW)


def test_a_witness_cosigns_what_only_grows_and_the_office_shows_its_cosignature(folder: Path, memory: Memory) -> None:
    goes_on(folder, "morning")
    first = looks(memory, folder, witnesses=memory.signer.key.text())
    assert (first.outcome, first.cosigned, first.handed_in) == ("first", True, True)
    goes_on(folder, "noon")
    grown = looks(memory, folder, witnesses=memory.signer.key.text())
    assert (grown.outcome, grown.handed_in, grown.size > first.size) == ("grown", True, True)

    opened = create_app(Settings(data=folder, port=0))
    with closing(opened.extensions["ltsa"]):
        note = opened.test_client().get("/log/checkpoint").text
    assert trust.cosigned(note, memory.signer.key.text())
    same = looks(memory, folder, witnesses=memory.signer.key.text())
    assert (same.outcome, same.cosigned, same.handed_in) == ("same", True, False)

    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        goes_on(folder, "evening")  # the newest checkpoint is nobody's but the office's
        write_day(ledger, "ltsa", "2026-03-02", out := io.BytesIO())
        key = Published(ledger).verifier_key
    assert "cosigned by witness.example/1" in bundle.told(out, [key], [memory.signer.key.text()])
    assert len(list(memory.of(first.origin).joinpath("checkpoints").iterdir())) == 2
    assert stat.S_IMODE((memory.folder / "witness.key").stat().st_mode) == 0o600
    assert Memory(memory.folder).signer.key.text() == memory.signer.key.text()


def test_an_office_takes_cosignatures_of_its_witnesses_alone(folder: Path, memory: Memory, tmp_path: Path) -> None:
    goes_on(folder, "morning")
    other = Memory(tmp_path / "other", "other.example").signer.key.text()
    assert looks(memory, folder, witnesses=other).handed_in is False
    with pytest.raises(WrongSetting, match="The setting witnesses holds “somebody”"):
        Settings(data=folder, witnesses=f"{other}, somebody")


def _cut_back(backup: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)


def _cut_back_and_told_otherwise(backup: Path, folder: Path) -> None:
    _cut_back(backup, folder)
    goes_on(folder, "another noon", times=5)


def _as_long_but_another(backup: Path, folder: Path) -> None:
    _cut_back(backup, folder)
    goes_on(folder, "another noon")


GOES_BACK: dict[str, tuple[str, Callable[[Path, Path], None], str]] = {
    "shorter": ("rollback", _cut_back, "now says that it has"),
    "as long": ("fork", _as_long_but_another, "two different histories"),
    "longer": ("fork", _cut_back_and_told_otherwise, "are no longer those that it had"),
}


@pytest.mark.parametrize("how", GOES_BACK)
def test_a_log_that_goes_back_on_what_it_said_is_found_and_never_cosigned(
    how: str, folder: Path, memory: Memory, tmp_path: Path
) -> None:
    outcome, happens, said = GOES_BACK[how]
    goes_on(folder, "morning")
    backup = shutil.copytree(folder, tmp_path / "backup")
    goes_on(folder, "noon")
    seen = looks(memory, folder)
    happens(backup, folder)
    for _ in range(2):  # and it stays an alarm
        found = looks(memory, folder)
        assert (found.outcome, found.cosigned) == (outcome, False)
        assert said in found.message
    evidence = {file.name: file.read_text() for file in type(folder)(found.evidence).iterdir()}
    assert trust.read(evidence["seen"]).root.hex() == seen.root
    assert trust.opened(evidence["shown"], memory.keys(seen.origin))
    assert trust.read(memory.last(seen.origin)).size == seen.size


def test_another_key_or_another_log_at_the_same_address_is_an_alarm(
    folder: Path, memory: Memory, tmp_path: Path
) -> None:
    goes_on(folder, "morning")
    stranger = Memory(tmp_path / "stranger", "x").signer.key.text()
    assert looks(memory, folder, keys=[stranger]).outcome == "other-key"
    assert looks(memory, folder).outcome == "first"
    shutil.rmtree(folder)
    record(folder)
    goes_on(folder, "a new beginning")
    assert looks(memory, folder).outcome == "other-log"


def test_the_command_reads_a_folder_of_tiles_and_ends_with_3_on_a_fork(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goes_on(folder, "morning")
    backup = shutil.copytree(folder, tmp_path / "backup")
    goes_on(folder, "noon")

    def publishes(name: str) -> str:
        with closing(Ledger(folder / "ledger.sqlite")) as ledger:
            write_tiles(ledger, tmp_path / name)
        return str(tmp_path / name)

    command = ["witness", "--once", "--data", str(tmp_path / "witness")]
    stick = publishes("stick")
    assert app.main([*command, stick]) == 0
    _cut_back_and_told_otherwise(backup, folder)
    shutil.rmtree(stick)
    publishes("stick")
    assert app.main([*command, stick]) == 3
    told = capsys.readouterr()
    outcomes = [json.loads(line)["outcome"] for line in told.out.splitlines()]
    assert outcomes == ["first", "fork"]
    assert "ALARM: The first" in told.err

    (tmp_path / "stick" / "checkpoint").write_text("nonsense")
    assert app.main([*command, stick]) == 1
    assert app.main([*command, str(tmp_path / "nowhere")]) == 2


def test_a_witness_follows_a_key_that_the_old_one_vouches_for_and_the_old_one_counts_no_more(
    folder: Path, memory: Memory
) -> None:
    goes_on(folder, "morning")
    first = looks(memory, folder)
    with closing(House(Settings(data=folder, port=0))) as here:
        new = change(here, "command line").key.text()
    goes_on(folder, "noon")
    assert looks(memory, folder).outcome == "grown"
    assert memory.keys(first.origin) == [new]

    (folder / "log.key").unlink()  # a new one takes over, and nobody vouches for it
    goes_on(folder, "evening")
    found = looks(memory, folder)
    assert (found.outcome, found.cosigned) == ("other-key", False)

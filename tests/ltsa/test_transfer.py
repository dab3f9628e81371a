"""A ledger moves from a file into a database and back, whole, or not at all."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ltsa import transfer as moving
from ltsa.checkpoint import COSIGNATURE, cosign, signer
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.store import looking_at
from ltsa.transfer import TABLES, TransferError, transfer
from tests.ltsa.crowd import FILE, issue, opened, work_at
from tools.postgres import Postgres

KEY = signer("ltsa.example", bytes(32))


def silent(_done: int, _of: int, _what: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds a day of two counters, two checkpoints and a cosignature. Made once, never changed."""
    folder = tmp_path_factory.mktemp("whole")
    with closing(opened(folder)) as ledger:
        work_at(ledger, "3", "siti", 8, str)
        first = ledger.log.sign(KEY, 1)
        assert first
        ledger.log.cosign(ledger.log.size(), cosign(first, signer("witness.example", bytes(32), COSIGNATURE), 5))
        work_at(ledger, "10", "budi", 60, str)
        ledger.log.sign(KEY, 2)
    return folder / FILE


@pytest.fixture
def source(whole: Path, tmp_path: Path) -> Path:
    """The test's own copy of it."""
    return Path(shutil.copy(whole, tmp_path / FILE))


def rows(place: Path | str) -> list[list[tuple[object, ...]]]:
    """Every row of every table, byte for byte."""
    with looking_at(place) as cursor:
        return [[tuple(row) for chunk in table.rows(cursor) for row in chunk] for table in TABLES]


def test_a_ledger_goes_into_a_database_and_back_and_is_the_same_byte_for_byte(
    source: Path, database: str, tmp_path: Path
) -> None:
    there, back = transfer(source, database, silent), transfer(database, tmp_path / "back" / FILE, silent)
    assert there == back
    assert (there.events > 256, there.days, there.boards > 60) == (True, 1, True)
    assert rows(source) == rows(database) == rows(tmp_path / "back" / FILE)
    with closing(Ledger(source)) as before, closing(Ledger(database)) as after:
        assert there.root == before.log.root(before.log.size()).hex()
        assert list(after.log.checkpoints()) == list(before.log.checkpoints())
        assert list(after.log.examine()) == []
        assert issue(after, "the next") == issue(before, "the next"), "the office goes on where it was"


def test_rows_are_read_in_chunks_and_none_is_forgotten(source: Path) -> None:
    with looking_at(source) as cursor:
        for table in TABLES:
            chunks = [list(chunk) for chunk in table.rows(cursor, 7)]
            assert all(len(chunk) <= 7 for chunk in chunks)
            assert sum(chunks, []) == [row for chunk in table.rows(cursor) for row in chunk]  # noqa: RUF017 - few
            assert len(sum(chunks, [])) == table.count(cursor)  # noqa: RUF017 - few


def test_a_place_that_holds_a_ledger_is_refused_and_stays_as_it_is(source: Path, tmp_path: Path) -> None:
    with closing(opened(tmp_path / "other")) as ledger:
        issue(ledger, "first")
    target = tmp_path / "other" / FILE
    before = rows(target)
    with pytest.raises(TransferError, match="holds a ledger already"):
        transfer(source, target, silent)
    assert rows(target) == before


@pytest.mark.parametrize("stage", ["rows copied", "rows compared", "days replayed"])
@pytest.mark.parametrize("into", ["a file", "a database"])
def test_a_move_that_was_interrupted_leaves_a_place_that_nobody_can_use_and_says_so(
    source: Path, tmp_path: Path, postgres_server: Postgres, into: str, stage: str
) -> None:
    name = f"half_{stage[-6:]}".replace(" ", "_")
    target = tmp_path / "target" / FILE if into == "a file" else postgres_server.schema(name)

    def pulls_the_plug(_done: int, _of: int, what: str) -> None:
        if what == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(source, target, pulls_the_plug)
    with pytest.raises(LedgerUnavailableError, match="a move that was not finished: remove it"):
        Ledger(target)
    with pytest.raises(TransferError, match="a move that was not finished: remove it"):
        transfer(source, target, silent)


def test_what_is_recorded_while_it_is_copied_stops_the_move(source: Path, tmp_path: Path) -> None:
    def somebody_comes(_done: int, _of: int, what: str) -> None:
        if what == "days replayed":
            with closing(Ledger(source)) as ledger:
                issue(ledger, "late")

    with pytest.raises(TransferError, match="close the office"):
        transfer(source, tmp_path / "target" / FILE, somebody_comes)
    with pytest.raises(LedgerUnavailableError, match="not finished"):
        Ledger(tmp_path / "target" / FILE)


@pytest.mark.parametrize(
    ("spoils", "sentence"),
    [
        ("UPDATE ledger SET state = CAST(state || ' ' AS BLOB) WHERE rowid = 9", "differs in ledger at 9"),
        ("DELETE FROM leaves WHERE leaf = 9", "has other leaves"),
        ("UPDATE nodes SET hash = zeroblob(32)", "differs in nodes at 1"),
        ("UPDATE cosignatures SET line = line || 'A'", "differs in cosignatures"),
    ],
)
def test_a_copy_that_differs_anywhere_is_found(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoils: str, sentence: str
) -> None:
    target, really = tmp_path / "target" / FILE, moving._copy

    def copies_badly(*given: object) -> None:
        really(*given)  # type: ignore[arg-type]
        with closing(sqlite3.connect(target)) as file, file:
            file.execute(spoils)

    monkeypatch.setattr(moving, "_copy", copies_badly)
    with pytest.raises(TransferError, match=sentence):
        transfer(source, target, silent)

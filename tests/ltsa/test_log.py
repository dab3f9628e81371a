"""The tree beside the events: whatever anybody does to the record is found and named, or contradicts a checkpoint."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ltsa.checkpoint import COSIGNATURE, checkpoint_of, cosign, key_of, note_of, signer
from ltsa.journal import DataSeen, entry
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.log import Finding, ForkError, snapshot
from ltsa.proof import leaf_hash, root, verify_consistency, verify_inclusion

GOLDEN = Path(__file__).parent / "golden"
KEY = signer("ltsa.example/log", bytes(range(32)))
DAY = 86_400_000
SIZE = 600


def look(ledger: Ledger, first: int, end: int) -> None:
    """Somebody looks at one person after another, on two dates in turn."""
    looks = [
        ledger.submit(
            entry(DataSeen, office="installation", at=n % 2 * DAY, by="r", key=f"k{n}", kind="note", about=f"A{n}")
        )
        for n in range(first, end)
    ]
    for one in looks:
        one.result()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of 600 events, signed at 300 and at its end."""
    path = tmp_path_factory.mktemp("record") / "ledger.sqlite"
    ledger = Ledger(path)
    look(ledger, 0, 300)
    ledger.log.sign(KEY, 1)
    look(ledger, 300, SIZE)
    ledger.log.sign(KEY, 2)
    ledger.close()
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "ledger.sqlite"))


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(path)
    yield ledger
    ledger.close()


def tampered(path: Path, *statements: str) -> Ledger:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return Ledger(path)


def found(path: Path, *statements: str) -> list[Finding]:
    ledger = tampered(path, *statements)
    try:
        return list(ledger.log.examine())
    finally:
        ledger.close()


def test_anybody_can_make_a_leaf_from_an_event_and_prove_it(path: Path, ledger: Ledger) -> None:
    with closing(sqlite3.connect(path)) as connection:
        state = connection.execute("SELECT state FROM ledger WHERE rowid = 42").fetchone()[0]
    index = ledger.log.leaf(42)
    text = ledger.log.leaf_text(index)
    stream = "journal:installation:1970-01-02"
    assert (index, text) == (41, f"ltsa-event/1\n{stream}\n21\ndata-seen/1\n{sha256(state).hexdigest()}\n")
    note = ledger.log.checkpoint()
    assert note is not None
    assert note.by(KEY.key)
    checkpoint = checkpoint_of(note.body)
    assert (checkpoint.size, checkpoint.root) == (SIZE, root(ledger.log.hashes(0, SIZE)))
    proof = ledger.log.inclusion_proof(index, SIZE)
    assert verify_inclusion(index, SIZE, leaf_hash(text.encode()), checkpoint.root, proof)
    old = checkpoint_of(ledger.log.checkpoint(1).body)  # type: ignore[union-attr]
    assert old.size == 300
    assert verify_consistency(300, SIZE, old.root, checkpoint.root, ledger.log.consistency_proof(300, SIZE))
    assert ledger.log.tile(1, 0) == root(ledger.log.hashes(0, 256)) + root(ledger.log.hashes(256, 512))
    for missing in (0, SIZE + 1):
        with pytest.raises(KeyError):
            ledger.log.leaf(missing)


def test_a_sound_record_has_no_findings_and_says_how_far_it_is(ledger: Ledger) -> None:
    heard = list[tuple[int, int]]()
    assert list(ledger.log.examine(lambda done, of: heard.append((done, of)))) == []
    assert heard == [(SIZE, SIZE)]


def test_what_is_appended_while_it_is_looked_through_is_no_finding(path: Path, ledger: Ledger) -> None:
    with snapshot(path) as log:
        findings = log.examine(lambda _done, _of: look(ledger, SIZE, SIZE + 3))
        assert list(findings) == []
    assert ledger.log.size() == SIZE + 3


def test_one_flipped_bit_is_found_and_named(path: Path) -> None:
    flip = "UPDATE ledger SET state = CAST(replace(CAST(state AS TEXT), 'A41', 'A40') AS BLOB) WHERE rowid = 42"
    assert found(path, flip) == [Finding("changed", 41, 42, "journal:installation:1970-01-02", 21)]


def test_a_removed_event_is_found_and_named(path: Path) -> None:
    assert found(path, "DELETE FROM ledger WHERE rowid = 42") == [
        Finding("removed", 41, 42, "journal:installation:1970-01-02", 21)
    ]


def test_an_inserted_event_is_found_and_named(path: Path) -> None:
    ledger = Ledger(path)
    look(ledger, SIZE, SIZE + 2)
    ledger.close()
    copied = "SELECT 603, 'journal:forged:2026-01-01', 1, topic, state FROM ledger WHERE rowid = 1"
    hidden = "INSERT INTO leaves VALUES (602, 604, zeroblob(32))"
    assert found(path, f"INSERT INTO ledger {copied}", hidden) == [
        Finding("inserted", -1, 603, "journal:forged:2026-01-01", 1),
        Finding("removed", 602, 604),
    ]


def test_reordered_events_are_found_and_named(path: Path) -> None:
    move = "UPDATE ledger SET rowid = "
    assert found(path, move + "9999 WHERE rowid = 7", move + "7 WHERE rowid = 8", move + "8 WHERE rowid = 9999") == [
        Finding("changed", 6, 7, "journal:installation:1970-01-02", 4),
        Finding("changed", 7, 8, "journal:installation:1970-01-01", 4),
    ]


def test_a_changed_leaf_node_or_checkpoint_is_found_too(path: Path) -> None:
    assert [one.what for one in found(path, "UPDATE nodes SET hash = zeroblob(32) WHERE number = 1")] == [
        "node",
        "checkpoint",
    ]


def test_a_record_rewritten_with_its_tree_contradicts_a_checkpoint_kept_elsewhere(path: Path) -> None:
    kept = Ledger(path)
    elsewhere = kept.log.checkpoint(1)
    kept.close()
    assert elsewhere is not None
    signed = checkpoint_of(elsewhere.body)
    flip = "UPDATE ledger SET state = CAST(replace(CAST(state AS TEXT), 'A41', 'A40') AS BLOB) WHERE rowid = 42"
    emptied = [f"DELETE FROM {table}" for table in ("leaves", "nodes", "checkpoints")]  # noqa: S608 - ours
    forged = tampered(path, flip, *emptied, "PRAGMA user_version=1")  # so that the program makes the tree anew
    forged.log.sign(KEY, 3)
    assert list(forged.log.examine()) == []
    assert forged.log.size() == SIZE
    assert forged.log.root(signed.size) != signed.root
    forged.close()


def test_a_record_cut_short_is_not_signed_again(path: Path) -> None:
    cut = tampered(path, "DELETE FROM ledger WHERE rowid > 550", "DELETE FROM leaves WHERE leaf > 549")
    look(cut, 1000, 1100)
    with pytest.raises(ForkError):
        cut.log.sign(KEY, 3)
    cut.close()


def test_an_older_record_gets_its_tree_when_it_is_opened(path: Path) -> None:
    newer = Ledger(path)
    top = newer.log.root(SIZE)
    newer.close()
    older = tampered(path, "DROP TABLE leaves", "DROP TABLE nodes", "PRAGMA user_version=1")
    assert older.log.root(SIZE) == top
    assert list(older.log.examine()) == []
    older.close()


def test_two_processes_grow_one_tree(path: Path, ledger: Ledger) -> None:
    other = Ledger(path)
    for n in range(SIZE, SIZE + 40, 4):
        look(ledger, n, n + 2)
        look(other, n + 2, n + 4)
    other.close()
    assert ledger.log.size() == SIZE + 40
    assert list(ledger.log.examine()) == []


def test_a_checkpoint_is_signed_once_and_keeps_its_cosignatures(ledger: Ledger) -> None:
    first = ledger.log.sign(KEY, 3)
    assert first == ledger.log.sign(KEY, 4)
    assert first is not None
    witness = signer("witness.example", bytes(32), COSIGNATURE)
    line = cosign(first, witness, 5)
    ledger.log.cosign(SIZE, line)
    ledger.log.cosign(SIZE, line)
    assert ledger.log.sign(KEY, 6) == ledger.log.checkpoint() == first.with_(line)
    assert [checkpoint_of(note.body).size for note in ledger.log.checkpoints()] == [300, SIZE]


def test_a_golden_checkpoint_still_verifies_and_holds_its_record(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((GOLDEN / "checkpoint-1.sql").read_text())
    elsewhere = note_of((GOLDEN / "checkpoint-1.note").read_text())
    assert elsewhere.by(key_of((GOLDEN / "checkpoint-1.key").read_text().strip()))
    signed = checkpoint_of(elsewhere.body)
    opened = Ledger(file)
    assert opened.log.checkpoint() == elsewhere
    assert root([leaf_hash(opened.log.leaf_text(n).encode()) for n in range(signed.size)]) == signed.root
    assert list(opened.log.examine()) == []
    opened.close()


def test_an_older_program_refuses_a_newer_record(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(LedgerUnavailableError, match="start it with a newer version"):
        Ledger(path)

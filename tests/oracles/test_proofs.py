"""Our proofs, by programs that we did not write, and theirs by ours: the two agree on every tree, note and tile."""

from __future__ import annotations

import io
import random
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import audit
from audit.proofs import write_day, write_tiles
from ltsa import receipt, trust
from ltsa.checkpoint import COSIGNATURE, cosign, note_of, proof_of, signer
from ltsa.journal import DataExported, entry
from ltsa.ledger import Ledger
from ltsa.proof import leaf_hash, root, verify_consistency, verify_inclusion
from ltsa.published import Published
from ltsa.tiles import WIDTH, Tree, of
from tests.audit.conftest import record
from tests.oracles.oracles import built

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracles.oracles import Go, Pymerkle

DATE = "2026-03-02"
SIZES = (1, 2, 3, 7, 8, 64, 255, 256, 257, 600)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """An office's ledger with its morning and some hundred entries more, so that its tree has two levels of tiles."""
    record(folder := tmp_path_factory.mktemp("oracles") / "office")
    with closing(Ledger(folder / "ledger.sqlite")) as opened:
        said = {"office": "ltsa", "at": 1_772_500_000_000, "by": "system", "kind": "events.csv", "about": "a day"}
        asked = [opened.submit(entry(DataExported, key=f"{n}", **said)) for n in range(500)]  # type: ignore[arg-type]
        assert all(each.result() for each in asked)
        Published(opened).sign()
        yield opened


def test_roots_and_proofs_are_theirs_for_trees_of_any_size(go: Go, pymerkle: Pymerkle) -> None:
    chance = random.Random(6962)
    leaves = [chance.randbytes(chance.randint(0, 40)) for _ in range(max(SIZES))]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    for size in (*SIZES, *(chance.randint(2, 600) for _ in range(5))):
        some, mine = leaves[:size], root(hashes[:size])
        assert go.says("grow", leaves=some, size=size)["root"] == mine
        tree = Tree(size, lambda tile: _tile(hashes, tile))
        assert tree.root(size) == mine
        index, old = chance.randrange(size), chance.randint(1, size)

        path = go.says("prove-inclusion", leaves=some, index=index, size=size).get("hashes", [])
        assert (
            path
            == tree.inclusion_proof(index, size)
            == pymerkle.says("inclusion", leaves=some, index=index, size=size)["hashes"]
        )
        assert verify_inclusion(index, size, hashes[index], mine, path)
        shown = {
            "leaf": leaves[index],
            "index": index,
            "size": size,
            "root": mine,
            "proof": tree.inclusion_proof(index, size),
        }
        assert go.says("inclusion", **shown)["ok"]
        assert pymerkle.says("inclusion", leaves=some, leaf_hash=hashes[index], **shown)["ok"]

        before = root(hashes[:old])
        path = go.says("prove-consistency", leaves=some, old=old, size=size).get("hashes", [])
        assert path == tree.consistency_proof(old, size)
        assert verify_consistency(old, size, before, mine, path)
        kept = {"old": old, "size": size, "before": before, "root": mine}
        assert go.says("consistency", proof=tree.consistency_proof(old, size), **kept)["ok"]
        assert pymerkle.says("consistency", leaves=some, **kept)["ok"]

        for wrong in (bytes(32), mine[::-1]):
            assert not go.says("consistency", proof=path, **{**kept, "root": wrong})["ok"]
            assert not verify_consistency(old, size, before, wrong, path)


def _tile(hashes: list[bytes], tile: tuple[int, int, int]) -> bytes:
    level, number, width = tile
    span = WIDTH**level
    return b"".join(root(hashes[at * span : (at + 1) * span]) for at in range(number * WIDTH, number * WIDTH + width))


def test_a_note_that_we_signed_is_opened_by_go_and_one_that_go_signed_by_us(go: Go, ledger: Ledger) -> None:
    note, key = Published(ledger).checkpoint(), Published(ledger).verifier_key
    opened = go.says("open", note=note, keys=[key])
    signed = trust.opened(note, [key])
    assert (opened["origin"], opened["size"], opened["root"]) == (signed.origin, signed.size, signed.root)
    assert not go.says("open", note=note.replace(str(signed.size), str(signed.size + 1), 1), keys=[key])["ok"]

    cosignature = cosign(note_of(note), signer("witness.example", bytes(32), COSIGNATURE), 1_772_500_000)
    opened = go.says("open", note=note_of(note).with_(cosignature).text(), keys=[key])
    assert (opened["signatures"], opened["unverified"]) == ([signed.origin], ["witness.example"])

    theirs = go.says("generate", note="go.example/log")
    text = f"go.example/log\n{signed.size}\n{note.splitlines()[2]}\n"
    again = trust.opened(go.says("sign", note=text, secret=theirs["note"])["note"], [theirs["key"]])
    assert (again.origin, again.size, again.root) == ("go.example/log", signed.size, signed.root)


def test_go_reads_our_tiles_and_finds_every_leaf_that_was_recorded(go: Go, ledger: Ledger, tmp_path: Path) -> None:
    write_tiles(ledger, tmp_path)
    note, key, size = Published(ledger).checkpoint(), Published(ledger).verifier_key, Published(ledger).size()
    assert len(list(of(size))) == 4
    read = go.says("tiles", note=note, keys=[key], folder=str(tmp_path), index=0, count=size)
    assert read["hashes"] == [leaf_hash(text) for text in Published(ledger).leaf_texts(0, size)]

    changed = tmp_path / "tile" / "0" / "001"
    changed.write_bytes(bytes(32) + changed.read_bytes()[32:])
    assert not go.says("tiles", note=note, keys=[key], folder=str(tmp_path), index=0, count=size)["ok"]


def test_the_check_in_a_day_s_file_holds_by_go_s_libraries_and_says_what_is_wrong(
    ledger: Ledger, tmp_path: Path
) -> None:
    out = io.BytesIO()
    about = write_day(ledger, "ltsa", DATE, out)
    zipfile.ZipFile(out).extractall(tmp_path)
    check = [str(built(Path(audit.__file__).parent / "check.go")), Published(ledger).verifier_key]

    def says() -> str:
        return subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert says().startswith(f"OK: day:ltsa:{DATE}, {about.events} events, complete")
    events = tmp_path / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b"A001", b"A002", 1))
    assert says().startswith("WRONG: event 4 of events.jsonl")


def test_a_visit_s_proof_is_one_by_go(go: Go, ledger: Ledger) -> None:
    made = receipt.written(ledger, "ltsa", DATE, "A001")
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        proofs = [parts.read(name).decode() for name in parts.namelist() if name.endswith(receipt.ENDING)]
    assert proofs
    for proof in proofs:
        it = proof_of(proof)
        opened = go.says("open", note=it.checkpoint.text(), keys=[Published(ledger).verifier_key])
        facts = {"size": opened["size"], "root": opened["root"], "index": it.index, "proof": list(it.hashes)}
        assert go.says("inclusion", leaf=it.extra, **facts)["ok"]
        assert not go.says("inclusion", leaf=(it.extra or b"") + b" ", **facts)["ok"]

"""The oracles themselves: they answer, they agree with each other, and they say no."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracles.oracles import Go, Pymerkle

LEAVES = [b"a", b"b", b"c"]


def test_the_oracles_agree_and_say_no_to_what_is_wrong(go: Go, pymerkle: Pymerkle) -> None:
    roots = {oracle.says("grow", leaves=LEAVES, size=3)["root"] for oracle in (go, pymerkle)}
    assert len(roots) == 1
    root, proof = roots.pop(), go.says("prove-inclusion", leaves=LEAVES, index=2, size=3)["hashes"]
    assert pymerkle.says("inclusion", leaves=LEAVES, index=2, size=3)["hashes"] == proof

    assert go.says("inclusion", leaf=b"c", index=2, size=3, root=root, proof=proof) == {"ok": True}
    assert not go.says("inclusion", leaf=b"d", index=2, size=3, root=root, proof=proof)["ok"]
    assert not go.says("open", note="no note\n", keys=[])["ok"]

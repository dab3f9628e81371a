"""Proofs about a tree that only grows: the reference tree of Certificate Transparency, and the RFC's own definition."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltsa.proof import (
    EMPTY,
    MalformedProofError,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes(range(0x60, 0x70))
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The leaves and roots that the reference implementation of Certificate Transparency tests itself with."""

HASHES = [leaf_hash(one) for one in LEAVES]


def mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word, over leaf hashes."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _k(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = _k(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = _k(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def _k(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def tree(leaves: Sequence[bytes]) -> Tree:
    """A tree whose subtrees of 256 leaves are at hand, as the ledger's are."""

    def read(level: int, first: int, end: int) -> list[bytes]:
        width = 256**level
        return [mth(leaves[n * width : (n + 1) * width]) for n in range(first, end) if (n + 1) * width <= len(leaves)]

    return Tree(read)


def test_the_reference_trees_have_the_reference_roots() -> None:
    assert [root(HASHES[: size + 1]).hex() for size in range(8)] == ROOTS
    assert root([]) == EMPTY == tree([]).root(0)
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_reference_proofs_are_ours() -> None:
    known = tree(HASHES)
    assert [one.hex() for one in known.inclusion_proof(5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [one.hex() for one in known.consistency_proof(6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert known.inclusion_proof(0, 1) == known.consistency_proof(8, 8) == []


@given(st.integers(1, 700), st.data())
def test_every_proof_is_the_rfcs_and_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    known, new_root, old_root = tree(leaves), root(leaves), root(leaves[:old])
    included, consistent = known.inclusion_proof(index, size), known.consistency_proof(old, size)
    assert (new_root, included) == (mth(leaves), path(index, leaves))
    assert consistent == subproof(old, leaves, whole=True)
    assert verify_inclusion(index, size, leaves[index], new_root, included)
    assert verify_consistency(old, size, old_root, new_root, consistent)
    other = sha256(b"another").digest()
    assert not verify_inclusion(index, size, other, new_root, included)
    assert not verify_inclusion(index, size, leaves[index], other, included)
    assert not verify_consistency(old, size, other, new_root, consistent)
    assert not verify_consistency(old, size, old_root, other, consistent)
    for proof in (included, consistent):
        at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
        for wrong in ([*proof, other], proof[:-1], [*proof[:at], other, *proof[at + 1 :]], proof[::-1]):
            if wrong != proof and proof is included:
                assert not verify_inclusion(index, size, leaves[index], new_root, wrong)
            elif wrong != proof:
                assert not verify_consistency(old, size, old_root, new_root, wrong)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = HASHES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


H = HASHES[0]


@pytest.mark.parametrize(
    ("index", "size", "leaf", "top", "proof"),
    [
        (0, 0, H, H, []),
        (1, 1, H, H, []),
        (-1, 1, H, H, []),
        (0, -1, H, H, []),
        (False, 1, H, H, []),
        (0, True, H, H, []),
        (0.0, 1, H, H, []),
        ("0", 1, H, H, []),
        (0, 1, H[:31], H, []),
        (0, 1, H, H + b"\0", []),
        (0, 1, H.hex(), H, []),
        (0, 1, bytearray(H), H, []),
        (0, 1, None, H, []),
        (0, 2, H, H, [H[:31]]),
        (0, 2, H, H, [H.hex()]),
        (0, 32, H, H, H),
        (0, 2, H, H, None),
        (0, 2, H, H, {H}),
    ],
)
def test_what_cannot_be_about_a_tree_is_no_proof_and_says_so(
    index: int, size: int, leaf: bytes, top: bytes, proof: list[bytes]
) -> None:
    with pytest.raises(MalformedProofError):
        verify_inclusion(index, size, leaf, top, proof)


@pytest.mark.parametrize(
    ("old", "new", "old_root", "new_root", "proof"),
    [
        (0, 1, EMPTY, H, []),
        (0, 0, EMPTY, EMPTY, []),
        (2, 1, H, H, []),
        (-1, 1, H, H, []),
        (True, 1, H, H, []),
        (1, 2.0, H, H, [H]),
        (1, 1, H[:31], H, []),
        (1, 1, H, H[:31], []),
        (1, 2, H, H, [b""]),
        (1, 2, H, H, "proof"),
    ],
)
def test_neither_can_sizes_and_roots_that_no_trees_have(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]
) -> None:
    with pytest.raises(MalformedProofError):
        verify_consistency(old, new, old_root, new_root, proof)


def test_spans_leaves_and_trees_are_as_strict() -> None:
    with pytest.raises(MalformedProofError):
        leaf_hash("text")  # type: ignore[arg-type]
    with pytest.raises(MalformedProofError):
        root([b"short"])
    with pytest.raises(MalformedProofError):
        tree([]).root(-1)
    for ask in (inclusion_proof, consistency_proof):
        with pytest.raises(MalformedProofError):
            ask(3, 2)
    with pytest.raises(MalformedProofError):
        tree(HASHES).inclusion_proof(0, 9)

"""Merkle trees that only grow, and short proofs about them: RFC 6962, section 2.1, restated in RFC 9162. Pure.

A proof shows two things without the whole record: that an event is on it (inclusion), and that the record of today is
the one of yesterday and more (consistency). Which hashes make up a proof follows from sizes alone, so `inclusion_proof`
and `consistency_proof` name them as spans of leaves; a `Tree`, which can look hashes up, answers the same two questions
with the hashes themselves.

Whoever verifies learns one of three things. `True`: it is so. `False`: these hashes do not prove it. And
`MalformedProofError`, a `ValueError`: what was given cannot be about any tree, because a size, an index or the length
of a hash is impossible; nothing was tested.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH = 32
"""Bytes of a hash: SHA-256."""

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""

TILE = 8
"""A tile's height (c2sp.org/tlog-tiles): stored subtrees have 256, 256², 256³, ... leaves."""


class MalformedProofError(ValueError):
    """What was given cannot be about a tree."""


class Span(NamedTuple):
    """The leaves `first`, `first + 1`, ... up to `end`, without it; and the subtree over them."""

    first: int
    end: int


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and what the leaf says."""
    if not isinstance(data, bytes):
        raise MalformedProofError("A leaf is bytes.")
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a subtree from those of its two halves."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in order; `EMPTY` for none."""
    subtrees = list[tuple[int, bytes]]()
    for leaf in leaves:
        size, top = 1, _hash("A leaf hash", leaf)
        while subtrees and subtrees[-1][0] == size:
            top = node_hash(subtrees.pop()[1], top)
            size *= 2
        subtrees.append((size, top))
    return joined([top for _, top in subtrees])


def joined(subtrees: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling sizes, the largest first."""
    if not subtrees:
        return EMPTY
    *before, top = subtrees
    for left in reversed(before):
        top = node_hash(left, top)
    return top


def complete(span: Span) -> list[Span]:
    """The complete subtrees (of a power of two leaves) that make up a subtree, the largest first."""
    first, parts = span.first, list[Span]()
    while first < span.end:
        size = 1 << ((span.end - first).bit_length() - 1)
        parts.append(Span(first, first + size))
        first += size
    return parts


def inclusion_proof(index: int, size: int) -> list[Span]:
    """The subtrees whose hashes prove that leaf `index` is in the tree of the first `size` leaves: from its neighbour
    up to the root's child (RFC 6962, 2.1.1: `PATH`). Raises `MalformedProofError` unless `0 <= index < size`.
    """
    _number("The index", index, 0)
    if index >= _number("The size", size, 1):
        raise MalformedProofError(f"A tree of {size} leaves has no leaf {index}.")
    first, end, path = 0, size, list[Span]()
    while end - first > 1:
        middle = _middle(first, end)
        if index < middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(first, middle))
            first = middle
    return path[::-1]


def consistency_proof(old: int, new: int) -> list[Span]:
    """The subtrees whose hashes prove that the tree of `old` leaves is the beginning of that of `new` (RFC 6962, 2.1.2:
    `PROOF`); none where both are the same. Raises `MalformedProofError` unless `1 <= old <= new`: that an empty tree is
    the beginning of every other needs no proof, and there is none.
    """
    if _number("The old size", old, 1) > _number("The new size", new, 1):
        raise MalformedProofError(f"A tree of {new} leaves cannot continue one of {old}.")
    first, end, path = 0, new, list[Span]()
    while old < end:
        middle = _middle(first, end)
        if old <= middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(first, middle))
            first = middle
    if first:
        path.append(Span(first, end))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf_hash: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that leaf `index` of the tree with `size` leaves and this root has this hash."""
    path = inclusion_proof(index, size)
    top = _hash("The leaf hash", leaf_hash)
    _hash("The root", root)
    if len(_hashes(proof)) != len(path):
        return False
    for span, other in zip(path, proof, strict=True):
        top = node_hash(other, top) if span.first < index else node_hash(top, other)
    return top == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree with `old` leaves and `old_root` is the beginning of the one with `new`
    leaves and `new_root`.
    """
    path = consistency_proof(old, new)
    _hash("The old root", old_root)
    _hash("The new root", new_root)
    if len(_hashes(proof)) != len(path):
        return False
    steps = list(zip(path, proof, strict=True))
    shared = old_root
    if path and path[0].end == old:
        shared = steps.pop(0)[1]
    before = after = shared
    for span, other in steps:
        if span.first < old:
            before, after = node_hash(other, before), node_hash(other, after)
        else:
            after = node_hash(after, other)
    return before == old_root and after == new_root


class Tree:
    """A tree whose hashes are kept somewhere: `read(level, first, end)` gives those of the subtrees `first` to `end`
    (without it) of 256^level leaves each; level 0 are the leaves. Subtrees in between are computed from at most 255.
    """

    def __init__(self, read: Callable[[int, int, int], Sequence[bytes]]) -> None:
        self._read = read

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        return self.hash(Span(0, _number("The size", size, 0)))

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is among the first `size`."""
        return [self.hash(span) for span in inclusion_proof(index, size)]

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `old` leaves are the beginning of the first `new`."""
        return [self.hash(span) for span in consistency_proof(old, new)]

    def hash(self, span: Span) -> bytes:
        """The hash of a subtree that a proof names."""
        return joined([self._complete(part) for part in complete(span)])

    def _complete(self, part: Span) -> bytes:
        level = ((part.end - part.first).bit_length() - 1) // TILE
        first, end = part.first >> level * TILE, part.end >> level * TILE
        hashes = self._read(level, first, end)
        if len(hashes) != end - first:
            raise MalformedProofError(f"The tree holds {len(hashes)} of {end - first} hashes of level {level}.")
        return root(hashes)


def _middle(first: int, end: int) -> int:
    """Where the tree over some leaves divides: the largest power of two below their number goes left."""
    return first + (1 << ((end - first - 1).bit_length() - 1))


def _number(what: str, value: int, least: int) -> int:
    if type(value) is not int or value < least:
        raise MalformedProofError(f"{what} is a whole number, {least} or more.")
    return value


def _hash(what: str, value: bytes) -> bytes:
    if not isinstance(value, bytes) or len(value) != HASH:
        raise MalformedProofError(f"{what} is {HASH} bytes.")
    return value


def _hashes(proof: Sequence[bytes]) -> Sequence[bytes]:
    if not isinstance(proof, list | tuple):
        raise MalformedProofError("A proof is a list of hashes.")
    for one in proof:
        _hash("Each hash of a proof", one)
    return proof

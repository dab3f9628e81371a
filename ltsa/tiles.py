"""The proof log as tiles (c2sp.org/tlog-tiles): their names, which ones a tree has, and proofs read from them.

A tile holds up to 256 hashes of one level, one after the other. Level 0 are the leaves' hashes; a hash of level 1 is
the root over a whole tile of level 0, and so on. Who has the tiles needs nobody to compute a proof. Pure: whoever
calls says how a tile is fetched.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ltsa import proof

HEIGHT = proof.TILE
WIDTH = 1 << HEIGHT

LEVELS = 8
"""So many levels have a name in the specification (0–63); 256^8 leaves are more than anybody has."""

_NUMBER = re.compile(r"(?:x\d{3}/)*\d{3}")
_WIDTH = re.compile(r"[1-9]\d{0,2}")


class Tile(NamedTuple):
    """Which tile: so many hashes (`width`, 1–256) of a `level`, from the hash `number` × 256 on."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Its name below `tile/`: `0/x001/234`, or `0/x001/234.p/17` for one that is not full."""
        return f"{self.level}/{numbered(self.number)}{'' if self.width == WIDTH else f'.p/{self.width}'}"

    @property
    def entries(self) -> str:
        """The name of the bundle of the same leaves' texts, below `tile/`; for a tile of level 0."""
        return f"entries/{self.path.partition('/')[2]}"


def numbered(number: int) -> str:
    """A tile's number as its path has it, three digits a folder: 1234067 is `x001/x234/067`."""
    text = f"{number % 1000:03}"
    while number := number // 1000:
        text = f"x{number % 1000:03}/{text}"
    return text


def named(level: str, rest: str) -> Tile | None:
    """The tile of this level and path (`x001/234.p/17`), written as the specification has it and no other way; None for
    what names none.
    """
    number, partial, width = rest.partition(".p/")
    if not (level.isascii() and level.isdigit() and len(level) == 1 and _NUMBER.fullmatch(number)):
        return None
    if partial and not (_WIDTH.fullmatch(width) and int(width) < WIDTH):
        return None
    tile = Tile(int(level), int(number.replace("x", "").replace("/", "")), int(width) if partial else WIDTH)
    return tile if tile.path == f"{level}/{rest}" and tile.level < LEVELS else None


def of(size: int, since: int = 0) -> Iterator[Tile]:
    """Every tile of a tree of so many leaves, from the bottom up; without those that a tree of `since` had already."""
    for level in range(LEVELS):
        hashes, had = size >> HEIGHT * level, since >> HEIGHT * level
        for number in range(had // WIDTH, -(-hashes // WIDTH)):
            width = min(hashes - number * WIDTH, WIDTH)
            if number * WIDTH + width > had:
                yield Tile(level, number, width)


def around(size: int, first: int, end: int) -> Iterator[Tile]:
    """The tiles of a tree that tell the hashes of leaves `first` to `end`, and lead from these to its root."""
    for level in range(LEVELS):
        hashes = size >> HEIGHT * level
        if not hashes:
            return
        last = (hashes - 1) // WIDTH
        above = HEIGHT * (level + 1)
        for number in sorted({*range(min(first >> above, last), min(end - 1 >> above, last) + 1), last}):
            yield Tile(level, number, min(hashes - number * WIDTH, WIDTH))


def fits(tile: Tile, size: int) -> bool:
    """Whether a tree of so many leaves has as many hashes as the tile holds."""
    return tile.number * WIDTH + tile.width <= size >> HEIGHT * tile.level


def entry_bundle(texts: Iterable[bytes]) -> bytes:
    """The texts of leaves one after the other, each behind its length in two bytes."""
    return b"".join(len(text).to_bytes(2) + text for text in texts)


class WrongTileError(ValueError):
    """A tile that is missing, or has not the length that its name says."""


class Tree(proof.Tree):
    """A tree of `size` leaves, read from tiles as they are needed: `fetch` gives a tile's bytes, and raises `OSError`
    or gives other bytes where there is none. What it reads proves nothing by itself: compare its root with a signed
    one.
    """

    def __init__(self, size: int, fetch: Callable[[Tile], bytes]) -> None:
        self.size = size
        self._tile = lru_cache(maxsize=1024)(lambda tile: _checked(tile, fetch))
        super().__init__(self._between)

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self._between(0, index, index + 1)[0]

    def check(self, first: int, end: int) -> None:
        """Raises `WrongTileError` unless the hashes of leaves `first` to `end` are those under `root(size)`.

        A tile that is not full stands in the root with each of its hashes, a full one with the hash of a level above.
        """
        numbers = range(first // WIDTH, (end - 1) // WIDTH + 1)
        for level in range(LEVELS):
            full = [number for number in numbers if (number + 1) * WIDTH <= self.size >> HEIGHT * level]
            for number in full:
                [above] = self._between(level + 1, number, number + 1)
                if proof.root(self._between(level, number * WIDTH, (number + 1) * WIDTH)) != above:
                    raise WrongTileError(f"the tile {Tile(level, number, WIDTH).path} is not the one that its tree has")
            if not full:
                return
            numbers = range(full[0] // WIDTH, full[-1] // WIDTH + 1)

    def _between(self, level: int, first: int, end: int) -> list[bytes]:
        """Hashes of one level that lie in one tile, as those of a subtree do."""
        number, place = divmod(first, WIDTH)
        width = min((self.size >> HEIGHT * level) - number * WIDTH, WIDTH)
        return self._tile(Tile(level, number, width))[place : place + end - first]


def _checked(tile: Tile, fetch: Callable[[Tile], bytes]) -> list[bytes]:
    """The hashes of a tile; those of the full one, if somebody keeps only that."""
    try:
        found = fetch(tile)
    except OSError:
        if tile.width == WIDTH:
            raise
        found = fetch(tile._replace(width=WIDTH))[: tile.width * proof.HASH]
    if len(found) != tile.width * proof.HASH:
        raise WrongTileError(f"the tile {tile.path} has {len(found)} bytes, not {tile.width * proof.HASH}")
    return [found[at : at + proof.HASH] for at in range(0, len(found), proof.HASH)]

"""The proof log as everybody may see it: checkpoints, tiles (c2sp.org/tlog-tiles), proofs that it only grew, its keys.

Hashes tell nothing of what was recorded, and whoever checks the log needs no leave of ours. The leaves' texts name
every stream (offices, days, persons' pseudonyms) and are for auditors of the whole installation alone.
"""

from base64 import b64encode

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from ltsa import tiles
from ltsa.ledger import Ledger
from ltsa.published import Published
from ltsa.tiles import Tile
from ltsa.trust import NotBelievedError
from web.errors import Refused
from web.house import house

FOR_EVER = "public, max-age=31536000, immutable"
A_MOMENT = "public, max-age=5"
"""Seconds for which a proxy may answer with the same checkpoint."""

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
LONGEST_NOTE = 16 * 1024
"""Bytes of a checkpoint that a witness brings."""

LONGEST_SIZE = 18
"""Digits."""

blueprint = Blueprint("proving", __name__, url_prefix="/log")


@blueprint.get("/checkpoint")
def newest() -> Response:
    """The newest signed checkpoint, with the cosignatures of witnesses."""
    note: str = house().off_loop(Published(house().ledger).checkpoint)
    return _answer(note.encode(), TEXT, A_MOMENT)


@blueprint.get("/tile/<level>/<path:rest>")
def tile(level: str, rest: str) -> Response:
    """The hashes of a tile of the tree that is signed; they never change."""
    asked = _tile(level, rest)
    content: bytes = house().off_loop(_read, house().ledger, asked)
    return _answer(content, BYTES, FOR_EVER)


@blueprint.get("/tile/entries/<path:rest>")
def entries(rest: str) -> Response:
    """The texts of the leaves of a tile."""
    asked = _tile("0", rest)
    content: bytes = house().off_loop(_read_entries, house().ledger, asked)
    return _answer(content, BYTES, "private, max-age=31536000, immutable")


@blueprint.get("/consistency")
def consistency() -> dict[str, object]:
    """That the log at `new` leaves begins with the leaves that it had at `old` (RFC 9162, 2.1.4)."""
    old, new = (_size(name) for name in ("old", "new"))
    proof: list[bytes] = house().off_loop(_consistency, house().ledger, old, new)
    return {"old": old, "new": new, "proof": [b64encode(each).decode() for each in proof]}


@blueprint.get("/keys")
def keys() -> Response:
    """The verifier keys, present and former, and how each vouches for the next; the witnesses' keys."""
    found: str = house().off_loop(Published(house().ledger).keys_text)
    return _answer(found.encode(), TEXT, A_MOMENT)


@blueprint.post("/cosignature")
def cosignature() -> dict[str, object]:
    """Takes a checkpoint of ours that a witness has cosigned. The witness's signature is its leave."""
    here = house()
    content = request.get_data()
    if len(content) > LONGEST_NOTE:
        raise Refused("wrong-note", f"A checkpoint has at most {LONGEST_NOTE} bytes.", status=422)
    try:
        note = content.decode()
        names: list[str] = here.off_loop(Published(here.ledger).cosign, note, here.settings.witness_keys)
    except (NotBelievedError, UnicodeDecodeError) as reason:
        raise Refused("wrong-note", f"This cosignature is not taken: {reason}.", status=422) from None
    return {"ok": True, "witnesses": names}


def _tile(level: str, rest: str) -> Tile:
    found = tiles.named(level, rest)
    if found is None:
        raise NotFound
    return found


def _read(ledger: Ledger, asked: Tile) -> bytes:
    if not tiles.fits(asked, Published(ledger).size()):
        raise NotFound
    return Published(ledger).tile(asked)


def _read_entries(ledger: Ledger, asked: Tile) -> bytes:
    if not tiles.fits(asked, Published(ledger).size()):
        raise NotFound
    return tiles.entry_bundle(Published(ledger).leaf_texts(asked.number * tiles.WIDTH, asked.width))


def _consistency(ledger: Ledger, old: int, new: int) -> list[bytes]:
    size = Published(ledger).size()
    if not 0 < old <= new <= size:
        raise Refused("wrong-size", f"Ask for sizes from 1 to {size}, old ≤ new.", field="old", status=422)
    return ledger.log.consistency_proof(old, new)


def _size(name: str) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SIZE):
        raise Refused("wrong-size", "Say two sizes: /log/consistency?old=100&new=200.", field=name, status=422)
    return int(text)


def _answer(content: bytes, kind: str, cached: str) -> Response:
    answer = Response(content, content_type=kind)
    answer.headers["Cache-Control"] = cached
    return answer

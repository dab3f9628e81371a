"""A checkpoint that somebody kept, held against a ledger: it must hold what was signed then, and all of it.

The ledger that is looked at proves nothing by itself: who rewrites all of it, tree and checkpoints, finds it whole. A
line that lies elsewhere (an auditor's copy, a day report, a witness's folder) tells.
"""

from base64 import b64encode
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ltsa import trust
from ltsa.access import INSTALLATION
from ltsa.checkpoint import checkpoint_of, key_of
from ltsa.journal import LogKeySet, journal_stream
from ltsa.log import Log, snapshot
from ltsa.record import BEYOND
from ltsa.store import Place, looking_at
from ltsa.trust import NotBelievedError


class Kept(Struct, frozen=True, kw_only=True):
    """A checkpoint that was held against the ledger: of which log, how many leaves, their root in base64, and the names
    of the witnesses asked for that have cosigned it.
    """

    origin: str
    size: int
    root: str
    witnesses: tuple[str, ...]


def hold(place: Place, text: str, keys: Sequence[str], witnesses: Sequence[str]) -> tuple[Kept, list[str]]:
    """What a checkpoint says, and what keeps it from being one of a ledger: nothing where that has it.

    Args:
        place: where the ledger lies; it is only read.
        text: the checkpoint as it was kept.
        keys: the log's verifier keys that are trusted; and so are those for which one of them vouches on record.
        witnesses: the verifier keys of witnesses, each of which must have cosigned it.

    Raises:
        NotBelievedError: the text is no checkpoint, or a key is none.
        LedgerUnavailableError: there is no ledger with a proof log.
    """
    said, cosigned = trust.read(text), trust.cosignatures(text, witnesses)
    kept = Kept(origin=said.origin, size=said.size, root=_text(said.root), witnesses=tuple(it.name for it in cosigned))
    return kept, [*_unsigned(text, [*keys, *_successors(place, keys)], witnesses), *_missing(place, kept, said.root)]


def _unsigned(text: str, keys: Sequence[str], witnesses: Sequence[str]) -> list[str]:
    """Whose signature it lacks."""
    wrong = [
        f"the witness {key_of(key).name} has not cosigned it" for key in witnesses if not trust.cosigned(text, key)
    ]
    try:
        trust.opened(text, keys)
    except NotBelievedError as reason:
        wrong.insert(0, f"none of the keys that you trust has signed it ({reason})")
    return wrong


def _missing(place: Place, kept: Kept, root: bytes) -> list[str]:
    """What of the signed leaves the ledger does not have."""
    with snapshot(place) as log:
        size, ours = log.size(), _origin(log)
        if ours and ours != kept.origin:
            return [f"it is of the log {kept.origin}, and this one is {ours}"]
        if kept.size > size:
            return [f"it has signed {kept.size} leaves, and the ledger has {size}: {kept.size - size} were cut off"]
        if (found := log.root(kept.size)) != root:
            says = f"the first {kept.size} leaves are not those that it signed: their root is {_text(found)}"
            return [f"{says}, and was {kept.root}"]
    return []


def _origin(log: Log) -> str:
    """The name of a ledger's log, as its newest checkpoint says; "" where nothing was signed yet."""
    newest = log.checkpoint()
    return checkpoint_of(newest.body).origin if newest else ""


def _successors(place: Place, keys: Sequence[str]) -> list[str]:
    """The keys to which trusted ones lead, each vouching for the next, by what is on record."""
    journal = journal_stream(INSTALLATION, "")
    with looking_at(place) as cursor:
        cursor.execute(
            "SELECT CAST(state AS BLOB) FROM ledger WHERE originator_id >= ? AND originator_id < ? AND topic = ?",
            (journal, journal + BEYOND, "log-key-set/1"),
        )
        notes = [msgspec.json.decode(row[0], type=LogKeySet).note for row in cursor.fetchall()]
    return [found for key in keys for found in trust.keys_after("\n".join(notes), key)]


def _text(root: bytes) -> str:
    return b64encode(root).decode()

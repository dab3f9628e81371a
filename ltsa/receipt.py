"""The proof of one visit: each of its events as stored, with a file that proves it to be in the log.

The proofs are c2sp.org/tlog-proof. Their extra data is the leaf's text, so that one of them and the event are all it
takes to check.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ltsa import trust
from ltsa.checkpoint import ProofText, note_of
from ltsa.ledger import Ledger
from ltsa.present import Recorded, day_stream
from ltsa.published import Published

ENDING = ".tlog-proof"
READING = Path(__file__).with_name("receipt.txt")
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def of_visit(history: Sequence[Recorded], number: str) -> list[Recorded]:
    """What a day's record says of one ticket: every event that names it."""
    return [recorded for recorded in history if getattr(recorded.event, "number", "") == number]


def signed(ledger: Ledger, history: Sequence[Recorded]) -> bool:
    """Whether the newest checkpoint covers all of a day's record so far. Blocks on the disk."""
    log = Published(ledger)
    leaf = log.leaf(history[-1].position) if history else None
    return leaf is not None and leaf < log.size()


def written(ledger: Ledger, office: str, day: str, number: str) -> bytes:
    """A visit's proof as a zip, under the newest checkpoint; empty for a number that nobody had. Blocks on the disk."""
    log, stream = Published(ledger), day_stream(office, day)
    history = list(ledger.history(stream))
    events = {recorded.version for recorded in of_visit(history, number)}
    out = io.BytesIO()
    if not events:
        return b""
    note = log.covering(log.leaf(history[-1].position) or 0)
    size = trust.read(note).size
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        _part(parts, "README.txt", READING.read_bytes())
        _part(parts, "keys.txt", f"{log.verifier_key}\n".encode())
        for stored in ledger.stored(stream):
            leaf = log.leaf(stored.position) if stored.version in events else None
            if leaf is not None and leaf < size:
                name = f"{stored.version:05}-{stored.topic.partition('/')[0]}"
                [text] = log.leaf_texts(leaf, 1)
                proof = ProofText(leaf, tuple(ledger.log.inclusion_proof(leaf, size)), note_of(note), text).text()
                _part(parts, f"{name}.json", stored.state)
                _part(parts, f"{name}{ENDING}", proof.encode())
    return out.getvalue()


def _part(parts: zipfile.ZipFile, name: str, content: bytes) -> None:
    about = zipfile.ZipInfo(name, LONG_AGO)
    about.compress_type = zipfile.ZIP_DEFLATED
    parts.writestr(about, content)

"""What may be believed of a signed text, by keys that somebody knows; and how a log's key vouches for the next. Pure.

Keys are verifier keys as they are written down (`name+id+base64`). What cannot be believed raises `NotBelievedError`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ltsa.checkpoint import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Key,
    MalformedNoteError,
    Note,
    Signature,
    UnsignedNoteError,
    checkpoint_of,
    key_of,
    note_of,
)

SUCCESSION = "ltsa-log-key/1"
"""What a note begins with by which a log's key vouches for the next one."""

_SUCCESSION = re.compile(rf"{SUCCESSION}\n\S+\n\S+\n\n— [^\s+]+ \S+\n")


class NotBelievedError(ValueError):
    """A text that proves nothing to us; a sentence says why."""


@contextmanager
def _doubting() -> Iterator[None]:
    try:
        yield
    except (MalformedNoteError, UnsignedNoteError) as reason:
        raise NotBelievedError(str(reason).removesuffix(".")) from None


def read(text: str) -> Checkpoint:
    """What a checkpoint says, whoever wrote it."""
    with _doubting():
        return checkpoint_of(note_of(text).body)


def opened(text: str, keys: Sequence[str]) -> Checkpoint:
    """What a checkpoint says that one of these keys has signed, for the log that bears the key's name."""
    with _doubting():
        note, known = note_of(text), [key_of(key) for key in keys]
        found = checkpoint_of(note.body)
        note.by(*(key for key in known if key.kind == ED25519 and key.name == found.origin))
        return found


def cosignatures(text: str, witnesses: Sequence[str]) -> list[Signature]:
    """The signatures by which these witnesses have cosigned a checkpoint, and no others; none where one is wrong."""
    with _doubting():
        note, known = note_of(text), [key_of(key) for key in witnesses]
    try:
        return list(note.by(*(key for key in known if key.kind == COSIGNATURE)))
    except UnsignedNoteError:
        return []


def cosigned(text: str, witness: str) -> bool:
    """Whether a witness has cosigned a checkpoint."""
    return bool(cosignatures(text, [witness]))


def keys_text(present: str, successions: Sequence[str]) -> str:
    """What a log says of its keys: the present one, then how each vouched for the next, the oldest first."""
    return "\n".join([f"{present}\n", *successions])


def key_now(text: str, origin: str) -> str:
    """The present key that such a text names, of that log."""
    with _doubting():
        key = key_of(text.partition("\n")[0])
    if key.name != origin or key.kind != ED25519:
        raise NotBelievedError(f"the log names a key of {key.name}, and not of {origin}")
    return key.text()


def keys_after(text: str, known: str) -> list[str]:
    """The keys to which a known one leads in such a text, one after the other, each vouching for the next."""
    after = list[str]()
    with _doubting():
        key = key_of(known)
        for found in _SUCCESSION.findall(text):
            note = note_of(found)
            _, old, following = note.body.removesuffix("\n").split("\n")
            if old == key.text() and key_of(following).name == key.name and _by(note, key):
                key = key_of(following)
                after.append(key.text())
    return after


def key_after(text: str, known: str) -> str:
    """The last key to which a known one leads."""
    if not (found := keys_after(text, known)):
        raise NotBelievedError(f"{known} vouches for no other key")
    return found[-1]


def _by(note: Note, key: Key) -> bool:
    try:
        return bool(note.by(key))
    except UnsignedNoteError:
        return False

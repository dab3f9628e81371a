"""Checkpoints, cosignatures and proofs as texts: read and written as the C2SP's documents and Go's `note` say."""

import pytest

from ltsa.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    Key,
    MalformedNoteError,
    Note,
    ProofText,
    Signature,
    UnsignedNoteError,
    checkpoint_of,
    cosign,
    key_of,
    note_of,
    proof_of,
    sign,
    signer,
    signer_of,
)
from ltsa.proof import leaf_hash, root, verify_inclusion

PETERS_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETERS_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example in Go's documentation of `golang.org/x/mod/sumdb/note`."""

LOG = signer("ltsa.example/log", bytes(range(32)))
WITNESS = signer("witness.example", bytes(range(32, 64)), COSIGNATURE)
LEAVES = [leaf_hash(b"one"), leaf_hash(b"two")]
CHECKPOINT = Checkpoint("ltsa.example/log", 2, root(LEAVES))


def test_a_note_signed_with_go_s_example_key_is_go_s_example() -> None:
    peter = signer_of(PETERS_SECRET)
    assert (peter.text(), peter.key.text(), peter.key) == (PETERS_SECRET, PETERS_KEY, key_of(PETERS_KEY))
    note = note_of(PETERS_NOTE.encode())
    assert sign(note.body, peter) == note
    assert note.text() == PETERS_NOTE
    assert [one.name for one in note.by(peter.key)] == ["PeterNeumann"]


def test_a_checkpoint_is_signed_cosigned_and_read_again() -> None:
    note = sign(CHECKPOINT.body(), LOG)
    note = note.with_(cosign(note, WITNESS, 1679315147), cosign(note, WITNESS, 1679315147))
    read = note_of(note.text())
    assert (read, checkpoint_of(read.body)) == (note, CHECKPOINT)
    by_log, by_witness = read.by(LOG.key, WITNESS.key)
    assert (by_log.name, by_witness.name, by_witness.at) == ("ltsa.example/log", "witness.example", 1679315147)
    assert WITNESS.key.verifies("unheard of\n", by_witness.signature) is False, (
        "a cosignature is for one checkpoint only"
    )


def test_who_changes_a_letter_signed_nothing() -> None:
    note = sign(CHECKPOINT.body(), LOG)
    forged = Note(note.body.replace("2", "3", 1), note.signatures)
    stranger = signer("ltsa.example/log", bytes(32))
    later = bytes([*(9).to_bytes(8), *cosign(note, WITNESS, 8).signature[8:]])
    for wrong, keys in (
        (forged, [LOG.key]),
        (note, [stranger.key]),
        (note, [WITNESS.key]),
        (note, []),
        (Note(note.body, (Signature(LOG.key.name, LOG.key.id, bytes(64)), *note.signatures)), [LOG.key]),
        (note.with_(Signature(WITNESS.key.name, WITNESS.key.id, later)), [LOG.key, WITNESS.key]),
    ):
        with pytest.raises(UnsignedNoteError):
            wrong.by(*keys)


def test_a_key_of_a_kind_to_come_is_known_by_name_and_believed_in_nothing() -> None:
    coming = Key("ltsa.example/log", 6, bytes(1312))
    assert key_of(coming.text()) == coming
    note = sign(CHECKPOINT.body(), LOG).with_(Signature(coming.name, coming.id, bytes(2428)))
    assert len(note_of(note.text()).by(LOG.key)) == 1
    with pytest.raises(UnsignedNoteError):
        note.by(coming)


def test_a_proof_in_a_file_is_all_that_a_verifier_needs() -> None:
    note = sign(CHECKPOINT.body(), LOG)
    written = ProofText(1, (LEAVES[0],), note, b"A-12").text()
    assert written.startswith("c2sp.org/tlog-proof@v1\nextra QS0xMg==\nindex 1\n")
    found = proof_of(written)
    checkpoint = checkpoint_of(found.checkpoint.body)
    assert found.checkpoint.by(LOG.key)
    assert verify_inclusion(found.index, checkpoint.size, leaf_hash(b"two"), checkpoint.root, found.hashes)
    alone = ProofText(0, (), sign(Checkpoint("o", 1, LEAVES[0]).body(), LOG))
    assert proof_of(alone.text()) == alone


TOP = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
GOOD = sign(CHECKPOINT.body(), LOG).text()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "origin\n",
        f"origin\n1\n{TOP}",
        f"\n1\n{TOP}\n",
        f"origin\n01\n{TOP}\n",
        f"origin\n+1\n{TOP}\n",
        f"origin\n-1\n{TOP}\n",
        f"origin\n\u0661\n{TOP}\n",
        f"origin\n9223372036854775808\n{TOP}\n",
        f"origin\n{'9' * 5000}\n{TOP}\n",
        f"origin\n1\n{TOP[:-1]}\n",
        f"origin\n1\n{TOP[:-4]}\n",
        f"origin\n1\n{TOP[:-2]}J=\n",
        f"origin\n1\n {TOP}\n",
        f"origin\n1\n{TOP}\n\nextension\n",
        f"origin\r\n1\r\n{TOP}\r\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(MalformedNoteError):
        checkpoint_of(body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "text\n",
        "text\n\n",
        GOOD.removesuffix("\n"),
        GOOD + "\n",
        GOOD.replace("\n\n", "\n"),
        GOOD.replace("— ", "- "),
        GOOD.replace("— ltsa.example/log", "— ltsa.example/log+1"),
        GOOD.replace("— ltsa.example/log", "— ltsa\N{NO-BREAK SPACE}log"),
        GOOD.replace("— ltsa.example/log", "— "),
        "text\t\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n" + "— a AAAAAAA=\n" * 101,
        b"text\xff\n\n" + "— a AAAAAAA=\n".encode(),
        "x" * 1_000_001,
    ],
)
def test_what_is_no_note_is_refused(text: str | bytes) -> None:
    with pytest.raises(MalformedNoteError):
        note_of(text)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\n\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\nindex 00\n\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nextra QQ==\n\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nQQ==\n\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{TOP}\n{GOOD}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n\n\n{PETERS_NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n\n{PETERS_NOTE}",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedNoteError):
        proof_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETERS_KEY.replace("c74f", "c74e"),
        PETERS_KEY.replace("c74f", "C74F"),
        PETERS_KEY.replace("Peter", "Peter "),
        PETERS_KEY + "=",
        PETERS_SECRET,
        "a+00000000+AQ==",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedNoteError):
        key_of(text)
    with pytest.raises(MalformedNoteError):
        signer_of(text.replace("PRIVATE", "PUBLIC"))


def test_a_key_signs_only_what_is_its_to_sign() -> None:
    with pytest.raises(MalformedNoteError):
        sign("a text that does not end with its line", LOG)
    with pytest.raises(MalformedNoteError):
        sign(CHECKPOINT.body(), WITNESS)
    with pytest.raises(MalformedNoteError):
        cosign(sign(CHECKPOINT.body(), LOG), LOG, 1)
    with pytest.raises(MalformedNoteError):
        cosign(sign("no checkpoint\n", LOG), WITNESS, 1)

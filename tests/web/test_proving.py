"""The proof log's addresses: what everybody may read, what changes never, and what a witness brings."""

from __future__ import annotations

from base64 import b64decode
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from app import create_app
from ltsa import tiles, trust
from ltsa.checkpoint import COSIGNATURE, cosign, note_of, signer
from ltsa.journal import DataExported, entry
from ltsa.proof import leaf_hash, verify_consistency
from ltsa.published import Published
from ltsa.tiles import Tree
from tests.staff import signed_in
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from web.house import House


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An office with some hundred leaves in its log, all of them signed."""
    made = create_app(Settings(data=tmp_path_factory.mktemp("log") / "office", port=0))
    made.testing = True
    here: House = made.extensions["ltsa"]
    with closing(here):
        said = {"office": "ltsa", "at": here.now(), "by": "system", "kind": "events.csv", "about": "a made-up day"}
        asked = [here.ledger.submit(entry(DataExported, key=f"{n}", **said)) for n in range(300)]  # type: ignore[arg-type]
        assert all(each.result() for each in asked)
        Published(here.ledger).sign()
        yield made


@pytest.fixture
def anybody(app: Flask) -> FlaskClient:
    """Somebody who is not known here."""
    return app.test_client()


def reads(client: FlaskClient, name: str, status: int = 200) -> TestResponse:
    """What is answered at an address of the log."""
    answer = client.get(f"/log/{name}")
    assert answer.status_code == status, answer.text
    return answer


def test_anybody_reads_the_checkpoint_and_the_tiles_that_lead_to_it(app: Flask, anybody: FlaskClient) -> None:
    answer = reads(anybody, "checkpoint")
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("text/plain; charset=utf-8", "public, max-age=5")
    log = Published(app.extensions["ltsa"].ledger)
    signed = trust.opened(answer.text, [log.verifier_key])
    assert signed.size > tiles.WIDTH
    assert log.verifier_key in reads(anybody, "keys").text

    tree = Tree(signed.size, lambda tile: reads(anybody, f"tile/{tile.path}").data)
    assert tree.root(signed.size) == signed.root
    full = reads(anybody, "tile/0/000")
    assert (full.content_type, len(full.data)) == ("application/octet-stream", 8192)
    assert "immutable" in full.headers["Cache-Control"]

    proof = reads(anybody, f"consistency?old=100&new={signed.size}").get_json()["proof"]
    old = Tree(100, lambda tile: full.data[: tile.width * 32]).root(100)
    assert verify_consistency(100, signed.size, old, signed.root, [b64decode(each) for each in proof])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "tile/0/0",
            "tile/0/x000/000",
            "tile/00/000",
            "tile/8/000",
            "tile/0/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
        ),
        *(
            "tile/0/000.p/07",
            "tile/-1/000",
            "tile/0/x00/000",
            "tile/0/\u0660\u0660\u0660",
            "tile/0/000.p/9/9",
            "tile/0/999",
        ),
    ],
)
def test_a_tile_has_one_name_and_none_beyond_what_is_signed(name: str, anybody: FlaskClient) -> None:
    reads(anybody, name, 404)


@pytest.mark.parametrize(
    "asked", ["", "old=1", "old=0&new=5", "old=9&new=5", "old=1&new=99999", "old=-1&new=5", "old=1&new=²"]
)
def test_sizes_that_make_no_sense_are_refused(asked: str, anybody: FlaskClient) -> None:
    reads(anybody, f"consistency?{asked}", 422)


def test_the_leaves_texts_are_for_auditors_of_the_whole_installation(app: Flask, anybody: FlaskClient) -> None:
    assert anybody.get("/log/tile/entries/000").status_code in {303, 401}
    assert signed_in(app, "budi", ["auditor"], "ltsa").get("/log/tile/entries/000").status_code == 403
    answer = reads(signed_in(app, "ratna", ["auditor"]), "tile/entries/000")
    hashes, texts = reads(anybody, "tile/0/000").data, answer.data
    assert "private" in answer.headers["Cache-Control"]
    for at in range(0, len(hashes), 32):
        length = int.from_bytes(texts[:2])
        assert leaf_hash(texts[2 : 2 + length]) == hashes[at : at + 32]
        texts = texts[2 + length :]
    assert not texts


def test_what_is_no_cosignature_of_a_known_witness_is_refused(app: Flask, anybody: FlaskClient) -> None:
    note = reads(anybody, "checkpoint").text
    stranger = signer("stranger.example", bytes(32), COSIGNATURE)
    for said in (
        b"",
        b"\xff",
        b"nonsense",
        note.encode(),
        note_of(note).with_(cosign(note_of(note), stranger, 1)).text().encode(),
        b"x" * 20_000,
    ):
        answer = anybody.post("/log/cosignature", data=said, headers={"Accept": "application/json"})
        assert answer.status_code == 422, said
        assert answer.get_json()["code"] == "wrong-note"
    assert reads(anybody, "checkpoint").text == note
    assert app

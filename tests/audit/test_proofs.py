"""A day's proof as one file: it holds without any ledger, and whatever is changed in it is found and named."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

import app
from audit import bundle
from audit.bundle import WrongFileError
from audit.proofs import NoProofError, write_day, write_tiles
from ltsa import receipt, tiles, trust
from ltsa.checkpoint import Checkpoint, sign, signer
from ltsa.commands import ReopenDay
from ltsa.journal import DataExported
from ltsa.ledger import Ledger
from ltsa.proof import leaf_hash, root
from ltsa.published import Published
from ltsa.tiles import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.audit.conftest import Auditor

DATE = "2026-03-02"
OURS = signer("ltsa.example/ours", bytes(32))
Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def ledger(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """The ledger of an office that had its morning."""
    folder = shutil.copytree(morning, tmp_path_factory.mktemp("proofs") / "office")
    with closing(Ledger(folder / "ledger.sqlite")) as opened:
        Published(opened).sign()
        yield opened


@pytest.fixture(scope="module")
def proof(ledger: Ledger) -> bytes:
    """The file of that day."""
    out = io.BytesIO()
    write_day(ledger, "ltsa", DATE, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def key(ledger: Ledger) -> str:
    """The log's verifier key, as the auditor got it from elsewhere."""
    return Published(ledger).verifier_key


def unpacked(proof: bytes) -> Parts:
    """The parts of a file."""
    with zipfile.ZipFile(io.BytesIO(proof)) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def packed(parts: Parts) -> io.BytesIO:
    """A file of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out


def test_a_day_s_proof_holds_without_a_ledger_and_holds_all_that_was_recorded(
    proof: bytes, key: str, ledger: Ledger
) -> None:
    found = bundle.check(io.BytesIO(proof), [key])
    stored = list(ledger.stored(f"day:ltsa:{DATE}"))
    assert (found.about.events, found.closed) == (len(stored), True)
    events = unpacked(proof)["events.jsonl"].splitlines()
    assert [line.partition(b'"event":')[2][:-1] for line in events] == [each.state for each in stored]
    assert [json.loads(line)["leaf"] for line in events] == [Published(ledger).leaf(each.position) for each in stored]

    again = io.BytesIO()
    write_day(ledger, "ltsa", DATE, again)
    assert again.getvalue() == proof


def _line(change: Callable[[list[bytes]], list[bytes]], name: str = "events.jsonl") -> Callable[[Parts], None]:
    def applied(parts: Parts) -> None:
        parts[name] = b"".join(change(parts[name].splitlines(keepends=True)))

    return applied


def _swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


def _flipped(name: str, at: int) -> Callable[[Parts], None]:
    def applied(parts: Parts) -> None:
        whole = next(each for each in parts if each.startswith(name))
        changed = bytearray(parts[whole])
        changed[at] ^= 1
        parts[whole] = bytes(changed)

    return applied


def _about(**said: object) -> Callable[[Parts], None]:
    def applied(parts: Parts) -> None:
        parts["day.json"] = json.dumps({**json.loads(parts["day.json"]), **said}).encode()

    return applied


def _event_and_leaf(parts: Parts) -> None:
    """Somebody clever changes the leaf with the event."""
    lines = parts["events.jsonl"].splitlines(keepends=True)
    forged = lines[3].replace(b"A001", b"A009", 1)
    was, now = (sha256(line.partition(b'"event":')[2][:-2]).hexdigest().encode() for line in (lines[3], forged))
    parts["events.jsonl"] = b"".join([*lines[:3], forged, *lines[4:]])
    assert was in parts["leaves.txt"]
    parts["leaves.txt"] = parts["leaves.txt"].replace(was, now)


def _without(name: str) -> Callable[[Parts], None]:
    def applied(parts: Parts) -> None:
        del parts[name]

    return applied


FORGERIES: dict[str, tuple[Callable[[Parts], None], str]] = {
    "one bit of an event": (_flipped("events.jsonl", -20), r"events\.jsonl line \d+ \(day-closed/1, leaf \d+\)"),
    "an event is left out": (
        _line(lambda lines: lines[:4] + lines[5:]),
        r"events\.jsonl line 5 is not the event of leaf",
    ),
    "an event is put in": (_line(lambda lines: [*lines[:4], lines[3], *lines[4:]]), r"events\.jsonl line 5 is not"),
    "an event is put at the end": (_line(lambda lines: [*lines, lines[-1]]), "a line more"),
    "two events change places": (_line(_swapped), r"events\.jsonl line 5 is not the event of leaf"),
    "an event and its leaf": (_event_and_leaf, r"leaves\.txt: leaf \d+ is not the one in the log"),
    "a leaf is left out": (_line(lambda lines: lines[:20] + lines[25:], "leaves.txt"), r"leaves\.txt: leaf \d+ is not"),
    "a leaf is cut": (_line(lambda lines: lines[:-2], "leaves.txt"), "ends within a leaf"),
    "one bit of a tile": (_flipped("tile/0/", 70), "do not have the root"),
    "one bit of the checkpoint's root": (_flipped("checkpoint", 40), "not signed by the log"),
    "another day": (_about(date="2026-03-03", stream="day:ltsa:2026-03-03"), "day.json speaks of"),
    "a shorter day": (_about(last=40, events=40), "goes on after leaf 40"),
    "a later checkpoint": (_about(size=10**6), "checkpoint is of"),
    "a part that does not belong": (lambda parts: parts.update({"run-me.exe": b""}), "run-me.exe does not belong"),
    "a part is missing": (_without("leaves.txt"), "leaves.txt is missing"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_whatever_is_changed_in_a_file_is_found_and_named(forgery: str, proof: bytes, key: str) -> None:
    change, said = FORGERIES[forgery]
    change(parts := unpacked(proof))
    with pytest.raises(WrongFileError, match=said):
        bundle.told(packed(parts), [key])


def test_a_file_signed_by_another_log_proves_nothing(proof: bytes, key: str) -> None:
    other = signer(key.partition("+")[0], bytes(32)).key.text()
    with pytest.raises(WrongFileError, match="not signed by the log"):
        bundle.told(io.BytesIO(proof), [other])
    with pytest.raises(WrongFileError, match="no cosignature of"):
        bundle.told(io.BytesIO(proof), [key], [other])


def signed_log(*leaves: tuple[str, int, str]) -> Parts:
    """A file of a log of our own with these leaves (stream, version, kind), all of one day, properly signed."""
    events = [b'{"n":%d}' % n for n in range(len(leaves))]
    said = zip(leaves, events, strict=True)
    texts = [f"ltsa-event/1\n{s}\n{v}\n{k}\n{sha256(event).hexdigest()}\n".encode() for (s, v, k), event in said]
    hashes, of_day = [leaf_hash(text) for text in texts], [n for n, (s, _, _) in enumerate(leaves) if s == leaves[0][0]]
    note = sign(Checkpoint(OURS.key.name, len(texts), root(hashes)).body(), OURS)
    about = {"format": bundle.FORMAT, "office": "ltsa", "date": DATE, "stream": leaves[0][0], "events": len(of_day)}
    about |= {"first": 0, "last": len(texts) - 1, "size": len(texts), "origin": OURS.key.name}
    return {
        "checkpoint": note.text().encode(),
        "day.json": json.dumps(about).encode(),
        "leaves.txt": b"".join(texts),
        "events.jsonl": b"".join(b'{"leaf":%d,"event":%s}\n' % (n, events[n]) for n in of_day),
        f"tile/0/000.p/{len(texts)}": b"".join(hashes),
    }


def test_a_log_that_was_signed_with_an_event_twice_is_found_in_one_pass() -> None:
    day, opens, closes = f"day:ltsa:{DATE}", "day-opened/1", "day-closed/1"
    true = signed_log((day, 1, opens), ("person:a", 4, "step-done/1"), ("person:a", 5, "step-done/1"), (day, 2, closes))
    assert bundle.check(packed(true), [OURS.key.text()]).closed
    twice = signed_log(
        (day, 1, opens), ("person:a", 4, "step-done/1"), ("person:a", 4, "step-done/1"), (day, 2, closes)
    )
    with pytest.raises(WrongFileError, match="version 4 of person:a after version 4, at leaf 2"):
        bundle.check(packed(twice), [OURS.key.text()])


def test_a_part_or_a_line_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST_PART", 1 << 10)
    whole = signed_log((f"day:ltsa:{DATE}", 1, "day-opened/1"), (f"day:ltsa:{DATE}", 2, "day-closed/1"))
    for name, said in (
        ("day.json", "day.json is longer than"),
        ("events.jsonl", "events.jsonl has a line of more than"),
    ):
        with pytest.raises(WrongFileError, match=said):
            bundle.check(packed(whole | {name: b" " * 2000}), [OURS.key.text()])


def test_a_day_that_goes_on_is_true_but_not_complete(folder: Path) -> None:
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        closed = list(ledger.history(f"day:ltsa:{DATE}"))[-1].event.at
        ledger.do(ReopenDay(office="ltsa", at=closed + 1, by="supervisor:x", key="again"))
        Published(ledger).sign()
        out = io.BytesIO()
        write_day(ledger, "ltsa", DATE, out)
        with pytest.raises(WrongFileError, match="true and in order, but the day was not closed"):
            bundle.told(out, [Published(ledger).verifier_key])
        with pytest.raises(NoProofError, match="Nothing was recorded"):
            write_day(ledger, "ltsa", "2026-03-01", io.BytesIO())


def test_the_auditor_takes_a_day_and_a_visit_away_and_that_is_on_record_first(auditor: Auditor, tmp_path: Path) -> None:
    log = Published(auditor.house.ledger)
    log.sign()
    assert f'href="/audit/ltsa/{DATE}/proof.zip"' in auditor.opens(f"/{DATE}")
    assert f'href="/audit/ltsa/{DATE}/ticket/A001/proof.zip"' in auditor.opens(f"/{DATE}/ticket/A001")
    for name, kind in ((f"{DATE}/proof.zip", "day.zip"), (f"{DATE}/ticket/A001/proof.zip", "visit.zip")):
        answer = auditor.client.get(f"/audit/ltsa/{name}")
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        told = [each.event for each in auditor.house.ledger.told("data-exported/1")]
        assert isinstance(told[-1], DataExported)
        assert (told[-1].kind, told[-1].by) == (kind, "auditor:ratna")
        (tmp_path / kind).write_bytes(answer.data)
    assert auditor.client.get(f"/audit/ltsa/{DATE}/ticket/Z999/proof.zip").status_code == 404
    assert auditor.client.get("/audit/ltsa/2026-03-01/proof.zip").status_code == 404

    other = signer(log.verifier_key.partition("+")[0], bytes(32)).key.text()
    for kind in ("day.zip", "visit.zip"):
        assert app.main(["verify-file", str(tmp_path / kind), "--key", log.verifier_key]) == 0
        assert app.main(["verify-file", str(tmp_path / kind), "--key", other]) == 1
    assert app.main(["verify-file", str(tmp_path / "none.zip"), "--key", log.verifier_key]) == 2


def test_a_visit_s_proof_names_what_was_changed_in_it(ledger: Ledger, key: str) -> None:
    proof = receipt.written(ledger, "ltsa", DATE, "A001")
    assert "are in the log, unaltered" in bundle.told(io.BytesIO(proof), [key])
    names = sorted(unpacked(proof))
    event, shown = next(each for each in names if each.endswith(".json")), names[1]
    for name, said in ((event, "is not what was recorded"), (shown, "cannot be believed|does not show")):
        changed = unpacked(proof)
        changed[name] = changed[name].replace(b"1", b"2")
        with pytest.raises(WrongFileError, match=said):
            bundle.told(packed(changed), [key])
    others = {**unpacked(proof), "more.txt": b""}
    with pytest.raises(WrongFileError, match="no proof of a day, and none of a visit"):
        bundle.told(packed(others), [key])


def test_tiles_are_written_as_files_only_what_is_new_and_never_over_another_log(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "log"
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        Published(ledger).sign()
        assert write_tiles(ledger, out, entries=True) == len(list(tiles.of(Published(ledger).size())))
        signed = trust.opened((out / "checkpoint").read_text(), [Published(ledger).verifier_key])
        assert Tree(signed.size, lambda tile: (out / "tile" / tile.path).read_bytes()).root(signed.size) == signed.root
        entries = (out / "tile" / next(tiles.of(signed.size)).entries).read_bytes()
        assert entries[2 : 2 + int.from_bytes(entries[:2])] == next(Published(ledger).leaf_texts(0, 1))
        assert write_tiles(ledger, out) == 0
        (out / "checkpoint").write_text(re.sub(r"\n\d+\n", "\n999999\n", (out / "checkpoint").read_text(), count=1))
        with pytest.raises(NoProofError, match="was it cut back"):
            write_tiles(ledger, out)
    assert app.main(["tiles", str(tmp_path / "new"), "--data", str(folder)]) == 0
    assert app.main(["tiles", str(out), "--data", str(folder)]) == 1
    assert app.main(["prove-day", "ltsa", DATE, "--out", str(tmp_path / "day.zip"), "--data", str(folder)]) == 0
    assert app.main(["prove-day", "ltsa", "2026-03-01", "--data", str(folder)]) == 1
    assert app.main(["prove-day", "nowhere", DATE, "--data", str(folder)]) == 2
    assert "73 events, leaves" in capsys.readouterr().out

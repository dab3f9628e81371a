"""Free text lives beside the ledger, sealed, and what is erased is gone from the bytes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from ltsa.commitment import holds, note_text
from ltsa.people import RETRIED_WITHIN, Note, People
from ltsa.personal import open_personal
from ltsa.side_store import Beside
from tests.conftest import IN_A_FILE

SEED = bytes(range(32))
TEXT = "Ibu Kartini meminta dihubungi lewat tetangganya"
NOTE = Note(office="ltsa", date="2026-11-21", number="G001", by="officer:sari", at=1, text=TEXT)


@pytest.fixture
def people(beside: Callable[[str], Beside]) -> Iterator[People]:
    opened = open_personal(beside, SEED)
    yield opened.people
    opened.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@IN_A_FILE
def test_an_erased_note_leaves_a_mark_but_no_readable_trace(tmp_path: Path, people: People) -> None:
    """The text, what its key sealed and the wrapped key are looked for, byte by byte."""
    name, _ = people.keep(NOTE, "key")
    assert [kept.text for kept in people.notes("ltsa", "2026-11-21", "G001")] == [TEXT]
    traces = [*people._rows("SELECT sealed FROM notes")[0], *people._keys._rows("SELECT wrapped FROM keys")[0]]
    assert all(isinstance(trace, bytes) for trace in traces)
    assert all(trace in bytes_of(tmp_path) for trace in traces)
    assert people.erase([name], "officer:sari", 2) == 1
    [erased] = people.notes("ltsa", "2026-11-21", "G001")
    assert (erased.text, erased.erased_by, erased.erased_at) == ("", "officer:sari", 2)
    assert people.erase([name], "officer:sari", 3) == 0, "once is enough"
    lies = bytes_of(tmp_path)
    for trace in (b"Kartini", *traces):
        assert not any(trace[n : n + 7] in lies for n in range(len(trace) - 6))


@IN_A_FILE
def test_a_note_is_sealed_in_the_file(tmp_path: Path, people: People) -> None:
    people.keep(NOTE, "key")
    assert b"Kartini" not in bytes_of(tmp_path)


def test_the_same_key_keeps_one_note_and_another_text_under_it_another(people: People) -> None:
    name, is_new = people.keep(NOTE, "key")
    later = msgspec.structs.replace(NOTE, at=RETRIED_WITHIN, date="2026-11-22")
    assert is_new
    assert people.keep(later, "key") == (name, False), "a retry may cross midnight"
    assert people.keep(NOTE, "another key")[0] != name
    assert people.keep(msgspec.structs.replace(NOTE, text="Lain"), "key")[0] != name
    assert people.keep(msgspec.structs.replace(NOTE, at=RETRIED_WITHIN + 2), "key")[0] != name, "next week"


def test_a_retry_after_the_note_was_erased_does_not_write_it_again(people: People) -> None:
    name, _ = people.keep(NOTE, "key")
    people.erase([name], "officer:sari", 2)
    assert people.keep(NOTE, "key") == (name, False)
    assert not people.has_text(name)


def test_a_note_s_name_commits_to_its_text_until_it_is_erased(people: People) -> None:
    name, _ = people.keep(NOTE, "key")
    salt = people.salt(name)
    assert salt is not None
    assert holds(name, salt, note_text(TEXT))
    assert not holds(name, salt, note_text(TEXT + "."))
    assert not holds(name, bytes(32), note_text(TEXT)), "nobody tests a guess without the salt"
    assert name != people.keep(NOTE, "another key")[0], "and two notes with one text are not seen to be the same"
    people.erase([name], "officer:sari", 2)
    assert people.salt(name) is None

"""Free text lives beside the ledger, and what is erased is gone from the bytes."""

from pathlib import Path

from ltsa.people import Note, People
from ltsa.tokens import note_id

TEXT = "Ibu Kartini meminta dihubungi lewat tetangganya"


def note(text: str = TEXT) -> Note:
    return Note(
        id=note_id(b"seed", "key", text),
        office="ltsa",
        date="2026-11-21",
        number="G001",
        by="officer:sari",
        at=1,
        text=text,
    )


def test_an_erased_note_leaves_a_mark_but_no_readable_trace(tmp_path: Path) -> None:
    people = People(tmp_path / "people.sqlite")
    people.keep(note())
    people.keep(note())
    assert [kept.text for kept in people.notes("ltsa", "2026-11-21", "G001")] == [TEXT]
    assert people.erase(note().id, "officer:sari", 2)
    [erased] = people.notes("ltsa", "2026-11-21", "G001")
    assert (erased.text, erased.erased_by, erased.erased_at) == ("", "officer:sari", 2)
    assert not people.erase(note().id, "officer:sari", 3), "once is enough"
    people.close()
    for file in tmp_path.iterdir():
        assert b"Kartini" not in file.read_bytes(), file.name


def test_a_note_s_name_commits_to_its_text_and_says_nothing_of_it() -> None:
    assert note_id(b"seed", "key", "a") != note_id(b"seed", "key", "b")
    assert note_id(b"seed", "key", "a") != note_id(b"other", "key", "a")

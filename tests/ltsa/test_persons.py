"""The vault: found by the NIK, readable with the seed alone, and gone for good when erased."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from ltsa.identity import Identity, identity
from ltsa.keys import WrongSeedError
from ltsa.message import Refusal
from ltsa.personal import open_personal
from ltsa.persons import Persons
from ltsa.side_store import Beside
from tests.conftest import IN_A_FILE
from tests.ltsa.crowd import together

SEED = bytes(range(32))
RATNA = identity("3204014503900001", "Ratna Sari Dewi Kusumawardhani", "0812 3456 7890")
BUDI = identity("3204010503900002", "Budi")


@pytest.fixture
def persons(beside: Callable[[str], Beside]) -> Iterator[Persons]:
    opened = open_personal(beside, SEED)
    yield opened.persons
    opened.close()


def bytes_of(folder: Path) -> bytes:
    """All that lies in the folder: the persons, their keys, the write-ahead logs."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_a_person_is_found_by_the_nik_and_is_one(persons: Persons) -> None:
    person, is_new = persons.keep(RATNA, 1)
    assert (is_new, len(person)) == (True, 20)
    assert persons.keep(identity(RATNA.nik, "Another Name"), 2) == (person, False)
    assert persons.find(RATNA.nik) == person
    assert persons.read(person) == RATNA, "who is known keeps the name"
    assert (persons.find(BUDI.nik), persons.read("ff" * 10)) == (None, None)


def test_many_at_once_make_one_person_of_one_nik(beside: Callable[[str], Beside]) -> None:
    opened = [open_personal(beside, SEED) for _ in range(3)]
    found = list[tuple[str, bool]]()
    together([lambda it=it: found.append(it.persons.keep(RATNA, 1)) for it in opened * 3])  # type: ignore[misc]
    assert len({person for person, _ in found}) == 1
    assert sorted(is_new for _, is_new in found) == [False] * 8 + [True]
    for it in opened:
        it.close()


@IN_A_FILE
def test_nothing_of_a_person_can_be_read_in_the_file(tmp_path: Path, persons: Persons) -> None:
    persons.keep(RATNA, 1)
    lies = bytes_of(tmp_path)
    for word in (RATNA.nik, RATNA.name, "Kusumawardhani", RATNA.phone):
        assert word.encode() not in lies


@IN_A_FILE
def test_an_erased_person_leaves_nothing_that_could_be_opened_in_the_file_or_its_log(
    tmp_path: Path, persons: Persons
) -> None:
    """The person's key, what it sealed and the hash of the NIK are looked for, byte by byte."""
    person, _ = persons.keep(RATNA, 1)
    persons.put_card("ab" * 32, person)
    stays, _ = persons.keep(BUDI, 2)
    [columns] = persons._rows("SELECT found_by, sealed FROM persons WHERE id = ?", person)
    [wrapped] = persons._keys._rows("SELECT wrapped FROM keys WHERE about = ?", f"person:{person}")
    columns += wrapped
    assert all(column in bytes_of(tmp_path) for column in columns)
    assert persons.erase(person, "manager:maya", 3)
    lies = bytes_of(tmp_path)
    for column in columns:
        assert not any(column[n : n + 8] in lies for n in range(len(column) - 7))
    assert (persons.find(RATNA.nik), persons.read(person), persons.of_card("ab" * 32)) == (None, None, None)
    assert not persons.erase(person, "manager:maya", 4), "nothing is left to erase"
    [erased] = persons._rows("SELECT erased_by, erased_at FROM persons WHERE id = ?", person)
    assert erased == ("manager:maya", 3)
    assert persons.read(stays) == BUDI
    again, is_new = persons.keep(RATNA, 5)
    assert (again != person, is_new) == (True, True), "who comes again is somebody else"


@IN_A_FILE
def test_who_was_taken_back_was_never_there(tmp_path: Path, persons: Persons) -> None:
    person, _ = persons.keep(RATNA, 1)
    persons.put_card("ab" * 32, person)
    persons.forget(person)
    assert person.encode() not in bytes_of(tmp_path)
    assert persons.find(RATNA.nik) is None


def test_who_a_person_is_may_be_corrected_but_not_to_somebody_else(persons: Persons) -> None:
    ratna, _ = persons.keep(RATNA, 1)
    persons.keep(BUDI, 1)
    right = Identity(nik="3204014503900009", name="Ratna", phone="")
    assert persons.change(ratna, right)
    assert (persons.find(RATNA.nik), persons.find(right.nik), persons.read(ratna)) == (None, ratna, right)
    with pytest.raises(Refusal) as refusal:
        persons.change(ratna, Identity(nik=BUDI.nik, name="Ratna"))
    assert refusal.value.code == "nik-taken"
    assert persons.read(ratna) == right
    assert not persons.change("ff" * 10, right)


def test_another_seed_opens_nothing_and_says_so(beside: Callable[[str], Beside], persons: Persons) -> None:
    persons.keep(RATNA, 1)
    with pytest.raises(WrongSeedError):
        open_personal(beside, bytes(32))


def test_somebody_s_sealed_data_opens_for_nobody_else(persons: Persons) -> None:
    ratna, _ = persons.keep(RATNA, 1)
    budi, _ = persons.keep(BUDI, 1)
    with persons._changing() as database:
        database.execute(
            "UPDATE persons SET sealed = (SELECT sealed FROM persons WHERE id = ?) WHERE id = ?", (ratna, budi)
        )
    assert persons.read(budi) is None
    with persons._keys._changing() as database:
        database.execute(
            "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE about = ?) WHERE about = ?",
            (f"person:{ratna}", f"person:{budi}"),
        )
    with pytest.raises(InvalidTag):
        persons.read(budi)


def test_the_index_of_cards_can_be_made_anew_without_the_erased(persons: Persons) -> None:
    ratna, _ = persons.keep(RATNA, 1)
    budi, _ = persons.keep(BUDI, 1)
    assert persons.put_card("aa" * 32, ratna)
    assert not persons.put_card("aa" * 32, ratna)
    persons.erase(budi, "x", 2)
    persons.index([("aa" * 32, ratna), ("bb" * 32, ratna), ("cc" * 32, budi), ("dd" * 32, "ee" * 10)])
    assert [persons.of_card(card * 32) for card in ("aa", "bb", "cc", "dd")] == [ratna, ratna, None, "ee" * 10]
    persons.drop_card("bb" * 32)
    assert persons.of_card("bb" * 32) is None


@IN_A_FILE
def test_the_file_is_its_owner_s_alone(tmp_path: Path, persons: Persons) -> None:
    persons.keep(RATNA, 1)
    for name in ("persons.sqlite", "keys.sqlite"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0

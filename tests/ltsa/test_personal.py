"""The vault's files together: what an older version left moves over, and no backup brings back what was erased."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ltsa.commitment import holds, identity_text
from ltsa.configuring import ConfigureOffice
from ltsa.identity import Identity, identity
from ltsa.journal import DataErased, entry
from ltsa.keys import Erased, Keys, MissingKeysError
from ltsa.ledger import Ledger
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.people import Note, People
from ltsa.personal import Personal, open_personal
from ltsa.persons import Persons
from ltsa.postgres_server import Server
from ltsa.secret_store import SecretStore, derived, sealed
from ltsa.side_store import Schema, in_folder
from tools.postgres import Postgres

SEED = bytes(range(32))
RATNA = identity("3204014503900001", "Ratna Sari Dewi Kusumawardhani", "0812 3456 7890")
BUDI = identity("3204010503900002", "Budi Kartasasmita")
GONE = "ee" * 10
DATE, AT = "2026-11-21", 1_795_226_400_000  # 09.00 in Jakarta
WORDS = ("Ibu Kartini minta dihubungi", "Menunggu surat Pak Sastro")
DATA = ("persons.sqlite", "people.sqlite")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        opened.do(
            ConfigureOffice(
                office="ltsa", at=1, by="system", key="first", configuration=example_office(), since="1970-01-01"
            )
        )
        yield opened


def asks(ledger: Ledger, key: str, about: str, *, kind: str = "notes", items: tuple[str, ...] = ()) -> None:
    """Somebody asks for an erasure: it is on record, and nothing of it done."""
    ledger.do(entry(DataErased, office="ltsa", at=AT, by="officer:sari", key=key, kind=kind, about=about, items=items))


def note(text: str, number: str = "G001") -> Note:
    return Note(office="ltsa", date=DATE, number=number, by="officer:sari", at=AT - 1, text=text)


def opens(folder: Path, ledger: Ledger) -> Personal:
    """As an office does when it starts."""
    found = open_personal(in_folder(folder), SEED)
    found.carry_out(ledger)
    return found


def texts(it: Personal, number: str = "G001") -> list[str]:
    return [note.text for note in it.people.notes("ltsa", DATE, number)]


def back_up(folder: Path) -> Path:
    shutil.copytree(folder, copied := folder.with_name(f"{folder.name}-backup"))
    return copied


def put_back(folder: Path, copied: Path, *names: str) -> None:
    for name in names:
        for file in (*folder.glob(f"{name}*"),):
            file.unlink()
        shutil.copy(copied / name, folder / name)


def older_files(folder: Path) -> dict[str, bytes]:
    """The files as the version before wrote them: Ratna and Budi with wrapped keys, somebody erased, and three notes of
    which one was erased. Gives the wrapped keys and the words that must not be there once they have moved.
    """
    wrap, traces = AESGCM(derived(SEED, "persons wrap")), dict[str, bytes]()
    with closing(sqlite3.connect(folder / "persons.sqlite", isolation_level=None)) as old:
        old.executescript("""PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON;
            CREATE TABLE marks (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
            CREATE TABLE persons (id TEXT PRIMARY KEY, found_by BLOB UNIQUE, key BLOB, sealed BLOB,
                kept_at INTEGER NOT NULL, erased_by TEXT NOT NULL DEFAULT '', erased_at INTEGER NOT NULL DEFAULT 0)
                STRICT;
            CREATE TABLE cards (card TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT;""")
        old.execute("INSERT INTO marks VALUES ('seed', ?)", (sealed(wrap, b"persons", "mark"),))
        for person, who in (("aa" * 10, RATNA), ("bb" * 10, BUDI)):
            key = AESGCM.generate_key(256)
            traces[person] = wrapped = sealed(wrap, key, person)
            closed = sealed(AESGCM(key), msgspec.json.encode(who), person)
            found_by = who.nik.encode()  # of another seed's making, if you like: nobody is looked for by it here
            old.execute(
                "INSERT INTO persons (id, found_by, key, sealed, kept_at) VALUES (?,?,?,?,1)",
                (person, found_by, wrapped, closed),
            )
        old.execute("INSERT INTO persons VALUES (?, NULL, NULL, NULL, 1, 'officer:sari', 2)", (GONE,))
    with closing(sqlite3.connect(folder / "people.sqlite", isolation_level=None)) as old:
        old.executescript("""PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON;
            CREATE TABLE notes (id TEXT PRIMARY KEY, office TEXT NOT NULL, date TEXT NOT NULL,
                number TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
                erased_by TEXT NOT NULL DEFAULT '', erased_at INTEGER NOT NULL DEFAULT 0);
            CREATE INDEX notes_of_ticket ON notes (office, date, number);""")
        for n, text in enumerate(WORDS):
            old.execute(
                "INSERT INTO notes (id, office, date, number, by, at, text) VALUES (?,?,?,?,?,?,?)",
                (f"{n}" * 32, "ltsa", DATE, "G001", "officer:sari", AT - 2 + n, text),
            )
        old.execute(
            "INSERT INTO notes VALUES (?,?,?,?,?,?,'','officer:sari',3)",
            ("9" * 32, "ltsa", DATE, "G002", "officer:sari", AT - 9),
        )
    return traces | {text: text.encode() for text in WORDS}


def lies(folder: Path, *names: str) -> bytes:
    return b"".join(file.read_bytes() for name in names for file in folder.glob(f"{name}*"))


def everybody_is_there(it: Personal) -> bool:
    kept = [it.persons.read("aa" * 10), it.persons.read("bb" * 10)] == [RATNA, BUDI]
    return kept and texts(it) == list(WORDS) and it.persons.read(GONE) is None and texts(it, "G002") == [""]


# --- An older version's files -----------------------------------------------------------------------------------------


def test_an_older_version_s_keys_and_notes_move_and_leave_no_trace(tmp_path: Path) -> None:
    traces = older_files(tmp_path)
    assert all(trace in lies(tmp_path, *DATA) for trace in traces.values())
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert everybody_is_there(it)
        after = lies(tmp_path, *DATA)
        for what, trace in traces.items():
            assert not any(trace[n : n + 8] in after for n in range(len(trace) - 7)), what
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert everybody_is_there(it)


STEPS: dict[str, tuple[type[SecretStore], str]] = {
    "before the persons' keys are in the store": (Keys, "take_over"),
    "before they are no longer in the file": (Persons, "_keep_mark"),
    "before the persons' file is emptied": (Persons, "drop_erased"),
    "before the notes are sealed": (People, "_seal_all"),
    "before the notes' file is emptied": (People, "drop_erased"),
}


@pytest.mark.parametrize("cut", [*STEPS, "right after the keys", "in the middle of a change"])
def test_a_move_that_is_cut_off_anywhere_is_completed_at_the_next_opening(tmp_path: Path, cut: str) -> None:
    """The process is gone at that point, without a clean close; the next one finds everybody."""
    traces = older_files(tmp_path)

    def dies(*_: object, **__: object) -> None:
        os._exit(7)

    def then_dies(work: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *said: (work(*said), os._exit(7))

    if (child := os.fork()) == 0:
        kind, name = STEPS.get(cut, (Keys, "take_over"))
        work = {"right after the keys": then_dies(Keys.take_over)}.get(cut, dies)
        if cut == "in the middle of a change":
            kind, name, work = People, "_seal_all", then_dies(People._seal_all)
        setattr(kind, name, work)
        open_personal(in_folder(tmp_path), SEED)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7, "it was cut off"
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert everybody_is_there(it)
        assert not any(trace in lies(tmp_path, *DATA) for trace in traces.values())


# --- Files from a backup ----------------------------------------------------------------------------------------------


def test_data_from_a_backup_older_than_an_erasure_cannot_be_read(tmp_path: Path, ledger: Ledger) -> None:
    """Also by who has the seed and a copy of the backup: the key is nowhere any more."""
    with closing(opens(tmp_path, ledger)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        it.persons.put_card("ab" * 32, person)
        name, _ = it.people.keep(note(WORDS[0]), "k")
    copied = back_up(tmp_path)
    with closing(opens(tmp_path, ledger)) as it:
        it.persons.erase(person, "manager:maya", AT)
        it.people.erase([name], "officer:sari", AT)
    put_back(tmp_path, copied, *DATA)
    with closing(opens(tmp_path, ledger)) as it:
        assert (it.persons.read(person), it.persons.find(RATNA.nik), it.persons.of_card("ab" * 32)) == (None,) * 3
        assert texts(it) == [""]
        assert it.persons.keep(RATNA, AT + 1)[0] != person, "who comes again is somebody else"


@pytest.mark.parametrize("files", [("keys.sqlite",), ("keys.sqlite", *DATA)])
def test_an_older_key_store_brings_nobody_back_whom_the_ledger_says_erased(
    tmp_path: Path, ledger: Ledger, files: tuple[str, ...]
) -> None:
    with closing(opens(tmp_path, ledger)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        name, _ = it.people.keep(note(WORDS[0]), "k")
        it.people.keep(note(WORDS[1]), "stays")
    copied = back_up(tmp_path)
    asks(ledger, "e1", person, kind="person")
    asks(ledger, "e2", f"G001 {DATE}", items=(name,))
    with closing(opens(tmp_path, ledger)) as it:
        it.persons.erase(person, "manager:maya", AT)
        it.people.erase([name], "officer:sari", AT)
    with closing(opens(tmp_path, ledger)) as it:
        assert it.keys.reached == ledger.newest(), "an office that starts again looks through nothing twice"
    put_back(tmp_path, copied, *files)
    with closing(opens(tmp_path, ledger)) as it:
        assert (it.persons.read(person), it.persons.find(RATNA.nik)) == (None, None)
        assert sorted(texts(it)) == ["", WORDS[1]]


def test_an_erasure_that_was_recorded_and_cut_off_is_completed(tmp_path: Path, ledger: Ledger) -> None:
    with closing(opens(tmp_path, ledger)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        name, _ = it.people.keep(note(WORDS[0]), "k")
        half, _ = it.persons.keep(BUDI, AT)
        asks(ledger, "e1", person, kind="person")
        asks(ledger, "e2", f"G001 {DATE}", items=(name,))
        it.keys.destroy([Erased(f"person:{half}", "manager:maya", AT)])
    with closing(opens(tmp_path, ledger)) as it:
        assert [it.persons.read(one) for one in (person, half)] == [None, None]
        assert [it.persons.find(one.nik) for one in (RATNA, BUDI)] == [None, None]
        assert texts(it) == [""]


def test_a_note_s_erasure_that_did_not_name_it_holds_against_an_older_file(tmp_path: Path, ledger: Ledger) -> None:
    """As versions before wrote it, put back over a record that is newer. Where the file knows of the erasure nothing
    else goes.
    """
    older_files(tmp_path)
    asks(ledger, "e1", f"G001 {DATE}")
    asks(ledger, "e2", f"G002 {DATE}")
    with closing(opens(tmp_path, ledger)) as it:
        it.people.keep(note(WORDS[1], "G002"), "later")
        assert texts(it) == ["", ""]
    with closing(opens(tmp_path, ledger)) as it:
        assert texts(it, "G002") == ["", WORDS[1]]


def test_a_ledger_that_was_put_back_is_followed_from_its_beginning(tmp_path: Path, ledger: Ledger) -> None:
    with closing(opens(tmp_path, ledger)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        it.keys.reach(ledger.newest() + 1000)
        asks(ledger, "e1", person, kind="person")
    with closing(opens(tmp_path, ledger)) as it:
        assert it.persons.read(person) is None
        assert it.keys.reached == ledger.newest()


# --- What was withdrawn -----------------------------------------------------------------------------------------------

NIK_ALONE = Identity(nik=RATNA.nik, name="")


def test_a_name_that_was_taken_out_stands_in_no_backup_that_can_be_read(tmp_path: Path) -> None:
    """Under the new key alone, and the commitment to the name can be tested no more."""
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        committed = it.persons.commitment(person)
    copied = back_up(tmp_path)
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert it.persons.change(person, NIK_ALONE, renewed=True)
        assert it.persons.read(person) == NIK_ALONE
        assert (salt := it.persons.salt(person)) is not None
        assert not holds(committed, salt, identity_text(RATNA))
        assert it.keys.renewals() == []
    put_back(tmp_path, copied, "persons.sqlite")
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert (it.persons.read(person), it.persons.find(RATNA.nik)) == (None, person)
        assert it.persons.keep(NIK_ALONE, AT) == (person, False), "who comes again is written down anew"
        assert it.persons.read(person) == NIK_ALONE


@pytest.mark.parametrize(
    ("kind", "step", "stands"),
    [(Persons, "_empty_log", NIK_ALONE), (Keys, "end_renewal", NIK_ALONE), (Keys, "begin_renewal", RATNA)],
)
def test_a_key_that_is_renewed_and_cut_off_opens_what_there_is(
    tmp_path: Path, kind: type[SecretStore], step: str, stands: Identity
) -> None:
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
    if (child := os.fork()) == 0:
        again = open_personal(in_folder(tmp_path), SEED)
        if step == "begin_renewal":  # the new key is there, and nothing is sealed with it yet
            again.keys.begin_renewal(f"person:{person}")
        setattr(kind, step, lambda *_: os._exit(7))
        again.persons.change(person, NIK_ALONE, renewed=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert it.persons.read(person) == stands
        assert it.keys.renewals() == []


def test_somebody_else_s_nik_is_refused_and_leaves_the_key_as_it_is(tmp_path: Path) -> None:
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        it.persons.keep(BUDI, AT)
        with pytest.raises(Refusal):
            it.persons.change(person, BUDI, renewed=True)
        assert (it.persons.read(person), it.keys.renewals()) == (RATNA, [])


def test_a_destroyed_key_is_in_none_of_the_tables_files_of_its_database(
    database: str, keys_database: str, postgres_server: Postgres
) -> None:
    """In the files of the tables, that is: the server's write-ahead log keeps it until it is used again."""
    data, keys = Server(database), Server(keys_database)

    def at(name: str) -> Schema:
        return Schema(keys if name == "keys" else data, name)

    with closing(open_personal(at, SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        stays, _ = it.persons.keep(BUDI, AT)
        wrapped = dict(it.keys._rows("SELECT about, wrapped FROM keys"))
        lies = postgres_server.table_bytes()
        assert all(key in lies for key in wrapped.values())
        assert it.persons.erase(person, "manager:maya", AT)
        it.keys.settle()
        lies = postgres_server.table_bytes()
        assert wrapped[f"person:{person}"] not in lies
        assert wrapped[f"person:{stays}"] in lies
        with closing(open_personal(at, SEED)) as again:
            assert (again.persons.read(person), again.persons.read(stays)) == (None, BUDI)
    for server in (data, keys):
        server.close()


# --- A key store that is not there ------------------------------------------------------------------------------------


def without(folder: Path) -> None:
    (folder / "keys.sqlite").unlink()


def emptied(folder: Path) -> None:
    (folder / "keys.sqlite").write_bytes(b"")


def without_keys(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "keys.sqlite", isolation_level=None)) as store:
        store.execute("DELETE FROM keys")


def another(folder: Path) -> None:
    without(folder)
    Keys(folder / "keys.sqlite", SEED).close()


@pytest.mark.parametrize("happens", [without, emptied, without_keys, another])
def test_without_its_key_store_the_office_does_not_start_and_makes_no_new_keys(
    tmp_path: Path, happens: Callable[[Path], None]
) -> None:
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
    copied = back_up(tmp_path)
    happens(tmp_path)
    for _ in range(2):
        with pytest.raises(MissingKeysError, match=r"Bring keys\.sqlite back from its newest backup"):
            open_personal(in_folder(tmp_path), SEED)
    put_back(tmp_path, copied, "keys.sqlite")
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert it.persons.read(person) == RATNA


def test_whose_key_an_older_store_does_not_have_is_written_down_anew_when_they_come_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        it.persons.keep(BUDI, AT)
    copied = back_up(tmp_path)
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        person, _ = it.persons.keep(RATNA, AT)
        it.people.keep(note(WORDS[0]), "k")
    put_back(tmp_path, copied, "keys.sqlite")
    with closing(open_personal(in_folder(tmp_path), SEED)) as it:
        assert "the keys of 1 persons and 1 notes are missing" in caplog.text
        assert (it.persons.find(RATNA.nik), it.persons.read(person), texts(it)) == (person, None, [""])
        assert it.persons.keep(RATNA, AT + 1) == (person, False)
        assert it.persons.read(person) == RATNA
        assert it.persons.find(BUDI.nik) is not None

"""Read models: what follows the ledger chunk by chunk is what a rebuild makes, and what the events say."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from audit import book
from ltsa.journey import person_of
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.models import cases, days, following, looks, search, tables
from ltsa.models.background import Follower
from ltsa.models.days import DAYS, DURATIONS, FIGURES
from ltsa.models.following import MODELS, BeingBuiltError, ReadModels
from ltsa.models.model import Put, Table
from ltsa.models.tables import ModelFile, store_at
from ltsa.postgres_server import Server
from ltsa.report import DayReport, report
from ltsa.side_store import Schema
from tests.ltsa.crowd import place_in
from tests.ltsa.made_history import DAYS as DATES
from tests.ltsa.made_history import PEOPLE, History
from tests.ltsa.scripted_journey import BANDUNG, CASE, GARUT, RATNA, played


def silent(_done: int, _of: int) -> None:
    """Nobody watches."""


def models_of(ledger: Ledger, folder: Path) -> ReadModels:
    return ReadModels(ModelFile(folder / "models.sqlite"), ledger)


@contextmanager
def beside(folder: Path) -> Iterator[Callable[[Ledger], ReadModels]]:
    """Read models that lie where the folder's ledger lies: in a file, or in a schema of its database."""
    if isinstance(place := place_in(folder), Path):
        yield lambda ledger: models_of(ledger, folder)
        return
    with closing(Server(place)) as server:
        yield lambda ledger: ReadModels(store_at(Schema(server, "models")), ledger)


def rows(models: ReadModels, table: Table, *key: str) -> list[dict[str, Any]]:
    with models.reading() as cursor:
        return [dict(zip(table.columns, row, strict=True)) for row in tables.rows(cursor, table, key)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, ReadModels]]:
    """A journey over three days and two offices, and the models that followed it. Nobody changes them."""
    folder = tmp_path_factory.mktemp("whole")
    with closing(played(folder)) as ledger:
        models = models_of(ledger, folder)
        models.caught_up(*MODELS)
        yield ledger, models


# --- The same on every way


def test_what_followed_chunk_by_chunk_is_what_a_rebuild_makes_and_what_the_events_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Ledger(place_in(folder), folder)) as ledger, beside(folder) as opened:
        history, models = History(ledger, seed=6), opened(ledger)
        for span, turns in ((1, 30), (400, 300), (7, 60), (50, 400)):
            monkeypatch.setattr(following, "SPAN", span)
            history.turn(turns)
            models.caught_up(*MODELS)
        for name in MODELS:
            assert models.check(name, silent) == [], name
        says_what_the_events_say(ledger, models)
        for name in MODELS:
            assert models.rebuild(name, silent) == ledger.newest()
        history.turn(100)
        models.caught_up(*MODELS)
        says_what_the_events_say(ledger, models)


def says_what_the_events_say(ledger: Ledger, models: ReadModels) -> None:
    """Each model against the record itself, read as pages read it before there were models."""
    events = [row for n in range(0, ledger.newest(), 1000) for row in ledger.since(n)]
    people = {person: ledger.person(person) for person in PEOPLE}
    for office in (BANDUNG, GARUT):
        with models.reading() as cursor:
            open_cases, noted = cases.open_at(cursor, office), cases.references_at(cursor, office, everything=True)
        known = [case for person in people.values() for case in person.cases.values()]
        assert {case: [(it.since, it.scheme, it.flow) for it in follows] for case, follows in open_cases.items()} == {
            case.id: [(move.since, move.scheme, move.flow) for move in case.moves]
            for case in known
            if case.office == office and not case.outcome
        }
        assert sorted(row.event.number for row in ledger.at(*noted)) == sorted(  # type: ignore[union-attr]
            it.number for case in known for it in case.references if it.office == office
        )
        for date in DATES:
            says_what_the_day_says(ledger, models, office, date)
    for row in rows(models, cases.STEPS):
        mark = people[person_of(row["id"])].cases[row["id"]].mark(row["step"])
        assert mark is not None
        assert (row["state"], row["date"], row["valid_until"]) == (mark.state, mark.date, mark.valid_until)
    about = Counter(name for row in events for name in looks._names(row) if f"{row.stream}".startswith("journal:"))
    assert Counter(row["about"] for row in rows(models, looks.LOOKS)) == Counter({k: n for k, n in about.items() if k})


def says_what_the_day_says(ledger: Ledger, models: ReadModels, office: str, date: str) -> None:
    history = list(ledger.history(f"day:{office}:{date}"))
    found = rows(models, DAYS, office, date)
    if not history:
        assert found == []
        return
    [day], entry = found, book.entry(ledger, office, date)
    assert (day["events"], day["tickets"], day["calls"]) == (entry.events, entry.tickets, entry.calls)
    assert (day["first"], day["last"], bool(day["open"])) == (entry.first, entry.last, entry.open)
    assert day["position"] == history[-1].position
    numbers = Counter(number for row in history if (number := getattr(row.event, "number", "")))
    finds = [it for it in rows(models, search.FINDS, office, "number") if it["date"] == date]
    assert {it["name"]: it["events"] for it in finds} == numbers
    if entry.open:
        assert (day["report"], rows(models, FIGURES, office, date), rows(models, DURATIONS, office, date)) == (
            "",
            [],
            [],
        )
        return
    told = report(history)
    assert msgspec.json.decode(day["report"], type=DayReport) == told
    figures = {(it["about"], it["code"], it["measure"]): it["value"] for it in rows(models, FIGURES, office, date)}
    assert (
        figures["day", "", "issued"] == told.issued == sum(n for (about, *_), n in figures.items() if about == "hour")
    )
    assert {code: n for (about, code, _), n in figures.items() if about == "return"} == told.returns
    waits = [span for it in rows(models, DURATIONS, office, date, "wait") for span in msgspec.json.decode(it["spans"])]
    assert (len(waits), max(waits, default=0)) == (told.waits.count, told.waits.longest)


def test_several_who_follow_at_once_take_everything_in_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SPAN", 5)
    with closing(Ledger(place_in(folder), folder)) as ledger, beside(folder) as opened:
        History(ledger, seed=7).turn(200)
        several = [opened(ledger) for _ in range(3)]
        threads = [Thread(target=models.caught_up, args=("search", "days")) for models in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert several[0].check("search", silent) == several[1].check("days", silent) == []


def test_a_model_is_made_anew_beside_those_who_read_and_follow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SPAN", 20)
    with closing(Ledger(place_in(folder), folder)) as ledger, beside(folder) as opened:
        history, models = History(ledger, seed=8), opened(ledger)
        history.turn(200)
        models.caught_up("days")
        seen = list[tuple[int, int]]()

        def meanwhile(done: int, of: int) -> None:
            history.turn()
            models.caught_up("days")
            seen.append((done, of))
            assert rows(models, DAYS)

        models.rebuild("days", meanwhile)
        assert seen[0][0] < seen[-1][0] <= seen[-1][1]
        assert models.progress("days").behind == 0
        assert models.check("days", silent) == []


# --- What is told


def test_a_check_names_what_differs(tmp_path: Path) -> None:
    with closing(played(tmp_path)) as ledger:
        models = models_of(ledger, tmp_path)
        models.caught_up("cases")
        with models._store.changing() as cursor:
            cursor.execute("UPDATE model_cases SET outcome = 'finished'")
        one, other = models.check("cases", silent)
        assert (one.where, one.table, one.row[6], other.where, other.row[6]) == (
            *("what stands", "cases", "finished"),
            *("the rebuild", "withdrawn"),
        )
        models.rebuild("cases", silent)
        assert models.check("cases", silent) == []


def test_a_page_waits_for_little_and_is_told_how_far_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SPAN", 30)
    with closing(played(tmp_path)) as ledger:
        models = models_of(ledger, tmp_path)
        models.step("cases")
        with pytest.raises(BeingBuiltError) as told:
            models.caught_up("cases", near=40)
        assert told.value.percent == 100 * 30 // ledger.newest()
        models.step("cases")
        models.caught_up("cases", near=40)
        assert models.progress("cases").behind == 0


def test_a_thread_keeps_the_models_up_with_the_ledger(tmp_path: Path) -> None:
    with closing(played(tmp_path)) as ledger:
        models = models_of(ledger, tmp_path)
        follower = Follower(models)
        follower.start()
        try:
            while any(models.progress(name).behind for name in MODELS):
                follower.hurry()
        finally:
            follower.stop()
        assert rows(models, cases.CASES)


def test_cases_and_numbers_are_found_by_those_who_know_them(whole: tuple[Ledger, ReadModels]) -> None:
    _, models = whole
    [case] = rows(models, cases.CASES)
    assert (case["id"], case["opened_at"], case["outcome"], case["visits"]) == (CASE, BANDUNG, "withdrawn", 2)
    assert case["erased"] > case["opened"], "and that the person was erased"
    found = rows(models, search.FINDS, BANDUNG, "reference", search.reference_word("ak1-3204-2026-0815"))
    assert [(it["name"], it["date"]) for it in found] == [(CASE, "")]
    assert {it["date"] for it in rows(models, search.FINDS, GARUT, "officer", "officer-6")} == {"2026-03-04"}
    assert {it["word"] for it in rows(models, search.FINDS, BANDUNG, "code")} >= {"document-missing", "family-card"}


def test_nothing_personal_is_in_a_model(whole: tuple[Ledger, ReadModels]) -> None:
    """Pseudonyms, codes and positions: not even the numbers that the outside systems gave."""
    _, models = whole
    assert isinstance(models._store, ModelFile)
    written = b"".join(file.read_bytes() for file in models._store.path.parent.glob("models.sqlite*"))
    assert RATNA.encode() in written
    for number in (b"AK1/3204/2026/0815", b"KERTAS 12"):
        assert number not in written


# --- Lost, damaged, of another version, of another ledger


def test_a_file_that_is_lost_or_damaged_is_made_anew(tmp_path: Path) -> None:
    with closing(played(tmp_path)) as ledger:
        models, path = models_of(ledger, tmp_path), tmp_path / "models.sqlite"
        models.caught_up("cases")
        path.unlink()
        models.caught_up("cases")
        assert len(rows(models, cases.CASES)) == 1
        path.write_bytes(b"This is no database, and longer than a header of one would be." * 99)
        with pytest.raises(LedgerUnavailableError):
            models.caught_up("cases")
        models.caught_up("cases")
        assert len(rows(models, cases.CASES)) == 1


def test_a_file_that_cannot_be_read_is_never_told_as_nothing_found(tmp_path: Path) -> None:
    with closing(played(tmp_path)) as ledger:
        (tmp_path / "models.sqlite").mkdir()
        with pytest.raises(LedgerUnavailableError):
            models_of(ledger, tmp_path).caught_up("looks")


def test_another_version_of_a_model_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(played(tmp_path)) as ledger:
        models = models_of(ledger, tmp_path)
        models.caught_up("looks", "days")
        before = MODELS["days"]
        wider = Table(name="days", key={"office": str, "date": str}, rest={**DAYS.rest, "more": int}, adds=DAYS.adds)

        def fold(chunk: Any, known: Any) -> Iterator[Any]:
            for change in before.fold(chunk, known):
                if isinstance(change, Put) and change.table.name == "days":
                    yield Put(wider, (*change.row, 1))
                else:
                    yield change

        new = msgspec.structs.replace(before, version=2, tables=(wider, FIGURES, DURATIONS), fold=fold)
        monkeypatch.setitem(MODELS, "days", new)
        assert models.progress("days").reached == 0
        models.caught_up("days")
        assert {row["more"] for row in rows(models, wider)} == {1}
        with sqlite3.connect(tmp_path / "models.sqlite") as database:
            assert dict(database.execute("SELECT name, version FROM model_reached")) == {"looks": 1, "days": 2}
        database.close()


def test_a_model_of_another_ledger_is_made_anew(tmp_path: Path) -> None:
    with closing(played(tmp_path)) as ledger, closing(Ledger(tmp_path / "other.sqlite")) as other:
        models_of(ledger, tmp_path).caught_up("cases", "days")
        History(other, seed=9).turn(150)
        put_back = models_of(other, tmp_path)
        assert put_back.progress("cases").reached == 0
        put_back.caught_up("cases", "days")
        assert RATNA not in {row["person"] for row in rows(put_back, cases.CASES)}
        assert put_back.check("days", silent) == put_back.check("cases", silent) == []


def test_reports_of_another_shape_are_another_version_of_the_model() -> None:
    shape = sha256(msgspec.json.encode(msgspec.json.schema(DayReport), order="sorted")).hexdigest()[:16]
    assert (days.MODEL.version, shape) == (1, "6f5027a15e0d5fed"), "raise the version, then note the shape here"

"""The house: what is acknowledged is seen, days end by themselves, secrets stay."""

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import gevent
import pytest

from ltsa.commands import IssueTicket, OpenCounter
from ltsa.ledger import Done, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.store import Cursor
from ltsa.tokens import token_digest
from web.house import House
from web.notes import note_beside
from web.settings import Settings, WrongSetting
from web.tickets import issue

DAY = 24 * 3_600_000
TWO_DAYS = 2 * DAY


@pytest.fixture
def house(settings: Settings) -> House:
    return House(settings)


def takes_number(house: House, key: str) -> Done:
    return house.do(
        IssueTicket(office="ltsa", at=house.now(), by="kiosk:1", key=key, services=("bank",), token=token_digest(key))
    )


class SlowDisk:
    """A disk on which every commit of the ledger stands until the test lets it through."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stands, self._goes_on = threading.Semaphore(0), threading.Semaphore(0)
        store = house.ledger._store
        usual = store.appending

        @contextmanager
        def appending() -> Iterator[Cursor]:
            with usual() as cursor:
                yield cursor
                self._stands.release()
                self._goes_on.acquire()

        monkeypatch.setattr(store, "appending", appending)

    def waits_for_a_commit(self) -> None:
        """Until the next one stands."""
        assert self._stands.acquire(timeout=60)

    def lets(self, commits: int) -> None:
        """So many more go through."""
        for _ in range(commits):
            self._goes_on.release()


def until(fact: Callable[[], bool]) -> None:
    """Gives the house's greenlets time until a fact holds."""
    with gevent.Timeout(10):
        while not fact():
            gevent.sleep(0.01)


def test_a_page_sees_what_its_own_server_acknowledged(house: House) -> None:
    done = takes_number(house, "a")
    house.read_own_writes()
    assert house.position == done.position
    assert list(house.today("ltsa").tickets) == ["G001"]
    house.close()


def test_a_disk_slower_than_anybody_waits_keeps_nobody_from_the_answer_to_a_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        disk = SlowDisk(house, slow)
        slow.setattr("web.following.ANSWER", 0.01)
        for key in ("a", "b"):
            with pytest.raises(LedgerUnavailableError, match="the same key will tell"):
                takes_number(house, key)
            if key == "a":
                disk.waits_for_a_commit()
        disk.lets(1)
        disk.waits_for_a_commit()  # that of b: in a busy office there is always a next one
        slow.setattr("web.following.ANSWER", 60)
        again = takes_number(house, "a")
        assert (again.repeated, again.events[-1].event.number) == (True, "G001")  # type: ignore[union-attr]
        disk.lets(10)
        assert takes_number(house, "b").repeated
        with pytest.raises(Refusal, match="another command"):
            house.do(OpenCounter(office="ltsa", at=house.now(), by="kiosk:1", key="a", counter="5", officer="sari"))
    house.read_own_writes()
    assert list(house.today("ltsa").tickets) == ["G001", "G002"]
    house.close()


def test_whom_the_record_keeps_waiting_is_told_so_and_the_same_key_tells_what_came_of_it(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.following.ANSWER", 0.05)
    with closing(sqlite3.connect(settings.data / "ledger.sqlite", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailableError, match="the same key will tell"):
            takes_number(house, "a")
        another.execute("ROLLBACK")
    monkeypatch.undo()
    assert takes_number(house, "b").position == takes_number(house, "a").position + 1, "it was not forgotten"
    house.read_own_writes()
    assert list(house.today("ltsa").tickets) == ["G001", "G002"]
    house.close()


def test_a_day_left_open_is_closed_at_its_last_instant_and_the_screens_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [house.now() - TWO_DAYS]
    monkeypatch.setattr(house, "now", lambda: clock[0])
    takes_number(house, "yesterday")
    house.read_own_writes()
    day = house.today("ltsa")
    house.advance()
    monkeypatch.setattr("web.house.HOUSEKEEPING", 0.01)
    housekeeping = gevent.spawn(house._keep_house)
    gevent.sleep(0.05)
    assert day.open, "while its date lasts it stays open"
    clock[0] += TWO_DAYS
    until(lambda: bool(house.advance()) and not day.open)
    assert day.tickets["G001"].state == "closed"
    _, midnight = house.present.span("ltsa", house.office("ltsa").service_date(day.at))
    assert day.at == midnight - 1
    assert not house.today("ltsa").tickets
    housekeeping.kill()
    house.close()


def test_a_day_that_could_not_be_closed_at_midnight_is_closed_as_soon_as_the_record_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [house.now() - TWO_DAYS]
    monkeypatch.setattr(house, "now", lambda: clock[0])
    monkeypatch.setattr("web.house.HOUSEKEEPING", 0.01)
    takes_number(house, "yesterday")
    house.read_own_writes()
    day = house.today("ltsa")
    blocker = sqlite3.connect(house.database, isolation_level=None)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    clock[0] += TWO_DAYS
    housekeeping = gevent.spawn(house._keep_house)
    until(lambda: "was not closed" in caplog.text)
    blocker.execute("DROP TRIGGER full")
    blocker.close()
    until(lambda: bool(house.advance()) and not day.open)
    housekeeping.kill()
    house.close()


def test_what_runs_in_a_native_thread_waits_for_no_other(house: House) -> None:
    here = threading.get_ident()
    outside, inside = house.off_loop(lambda: (threading.get_ident(), house.off_loop(threading.get_ident)))
    assert outside == inside != here
    house.close()


def test_what_somebody_began_who_is_gone_is_over_before_the_files_are_closed(house: House) -> None:
    begun, told, before = threading.Event(), list[int](), set(threading.enumerate())

    def reads() -> None:
        begun.set()
        for _ in range(500):
            told.append(len(house.ledger.since(0)) + len(house.fleet.reports()))

    follower = gevent.spawn(house.off_loop, reads)
    until(begun.is_set)
    follower.kill()
    house.close()
    assert told == [1] * 500
    left = {thread.name for thread in threading.enumerate() if thread not in before}
    assert not {name for name in left if name.startswith(("reader", "hasher"))}


def test_the_seed_is_made_once_and_only_the_server_reads_it(house: House, settings: Settings) -> None:
    seed = settings.data / "seed"
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600
    again = House(settings)
    assert again.seed == house.seed
    assert len(again.seed) == 32
    house.close()
    again.close()


@pytest.mark.parametrize("file", ["ledger.sqlite", "people.sqlite", "persons.sqlite", "keys.sqlite"])
def test_an_office_that_cannot_be_opened_stops_the_start_with_a_sentence(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_bytes(b"garbage" * 999)
    with pytest.raises(WrongSetting, match="cannot be opened"):
        House(Settings(data=tmp_path, port=0))


def test_a_key_store_that_is_missing_stops_the_start_with_what_to_bring_back(tmp_path: Path) -> None:
    House(Settings(data=tmp_path, port=0)).close()
    (tmp_path / "keys.sqlite").unlink()
    with pytest.raises(WrongSetting, match=r"Bring keys\.sqlite back from its newest backup"):
        House(Settings(data=tmp_path, port=0))
    assert not (tmp_path / "keys.sqlite").exists(), "no new keys for old data"


def test_a_seed_that_was_cut_short_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "seed").touch()
    with pytest.raises(WrongSetting, match="0 bytes, not 32"):
        House(Settings(data=tmp_path, port=0))


def test_an_office_that_the_ledger_does_not_know_stops_the_start_with_its_offices_named(tmp_path: Path) -> None:
    House(Settings(data=tmp_path, port=0)).close()
    with pytest.raises(WrongSetting, match=r"office is “ltsa-kupang”; the ledger in .* knows ltsa"):
        House(Settings(data=tmp_path, port=0, office="ltsa-kupang"))


def test_a_note_whose_command_is_refused_is_forgotten_and_may_come_again(house: House) -> None:
    def writes(refused: bool) -> str:  # noqa: FBT001 - reads as a sentence
        with note_beside(house, office="ltsa", number="G001", by="officer:sari", key="k", text="Menunggu adik") as note:
            if refused:
                raise Refusal("not-called", "Nobody is here.")
            return note

    with pytest.raises(Refusal):
        writes(refused=True)
    date = house.today("ltsa").date
    assert house.people.notes("ltsa", date, "G001") == []
    assert writes(refused=False)
    assert [note.text for note in house.people.notes("ltsa", date, "G001")] == ["Menunggu adik"]
    house.close()


def test_a_key_used_again_on_another_day_makes_another_secret_but_a_retry_past_midnight_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes(service: str = "bank") -> tuple[str, str]:
        ticket, secret = issue(house, office="ltsa", by="program", key="k", services=(service,))
        return ticket.date, secret

    clock = [house.now()]
    monkeypatch.setattr(house, "now", lambda: clock[0])
    first = takes()
    clock[0] += DAY
    assert takes() == first, "a retry gets the first answer, though it is tomorrow"
    clock[0] += 7 * DAY
    later = takes()
    assert later[0] != first[0]
    assert later[1] != first[1], "last week's QR does not open this week's visit"
    with pytest.raises(Refusal, match="another command"):
        takes("health")
    house.close()


def test_a_note_that_cannot_be_kept_stops_its_command(house: House) -> None:
    with house.people._changing() as database:
        database.execute("DROP TABLE notes")
    with (
        pytest.raises(LedgerUnavailableError, match="cannot be changed"),
        note_beside(house, office="ltsa", number="G001", by="officer:sari", key="k", text="Menunggu adik"),
    ):
        pytest.fail("the command was given although its note is lost")
    house.close()


def test_only_the_server_reads_what_lies_in_the_data_folder_whoever_made_the_folder(settings: Settings) -> None:
    settings.data.mkdir(mode=0o755)
    house = House(settings)
    takes_number(house, "a")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in settings.data.iterdir()}
    house.close()
    assert {"ledger.sqlite", "ledger.sqlite-wal", "people.sqlite", "credentials.sqlite", "seed"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o600} == {}

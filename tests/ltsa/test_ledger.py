"""The permanent record: one effect a key, nothing acknowledged is lost, however many write at once."""

import os
import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from ltsa.access import AddPerson
from ltsa.commands import CallNext, CloseCounter, IssueTicket, MissTicket, OpenCounter, ReturnTicket
from ltsa.configuring import ConfigureOffice
from ltsa.day import Day, evolve
from ltsa.happened import TicketCalled, TicketIssued
from ltsa.journal import SignedIn, entry
from ltsa.ledger import Ledger, LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import WrongOfficeError, example_office
from ltsa.present import day_stream
from ltsa.record import replayed
from ltsa.tokens import token_digest
from tests.ltsa.crowd import FILE, Crowd, give, issue, now, opened, together, work_at
from tests.ltsa.hall import EIGHT, MINUTE, snapshot

PROJECT = Path(__file__).parents[2]


def today(ledger: Ledger) -> date:
    return ledger.present().office_at("ltsa", now())[1]


def day_of(ledger: Ledger) -> Day:
    return replayed(ledger.history(day_stream("ltsa", today(ledger).isoformat())))


def holds_together(ledger: Ledger) -> Day:
    """Replays the day step by step and checks every hard rule at every step; answers the day at its end."""
    day, numbers = Day(), Counter[str]()
    history = list(ledger.history(day_stream("ltsa", today(ledger).isoformat())))
    assert [recorded.version for recorded in history] == list(range(1, len(history) + 1))
    assert [r.position for r in history] == sorted({r.position for r in history})
    for recorded in history:
        event = recorded.event
        assert event.at >= day.at, "the clock ran backwards"
        if isinstance(event, TicketIssued):
            numbers[event.series] += 1
            assert event.number == f"{event.series}{numbers[event.series]:03d}", "a gap or a double"
        if isinstance(event, TicketCalled):
            assert day.tickets[event.number].state == "waiting", "a ticket at two counters"
            assert not day.counters[event.counter].ticket, "two tickets at a counter"
            steps = day.tickets[event.number].steps
            before = [steps[s] for s in day.rules_of.service[event.service].after if s in steps]
            assert all(step.outcome == "done" for step in before), "called before what must come before"
        evolve(day, event)  # type: ignore[arg-type]
    return day


def test_the_same_key_gets_the_same_answer(folder: Path) -> None:
    ledger = opened(folder)
    command = IssueTicket(office="ltsa", at=now(), by="kiosk:1", key="k", services=("bank",), token="t")
    first, second = ledger.do(command), ledger.do(command)
    assert not first.repeated
    assert second.repeated
    assert (second.answer, second.events) == (first.answer, first.events)
    ledger.close()


def test_events_are_read_at_their_positions_in_order_and_what_is_not_there_is_left_out(folder: Path) -> None:
    ledger = opened(folder)
    issued = [
        ledger.do(IssueTicket(office="ltsa", at=now(), by="kiosk:1", key=f"k{n}", services=("bank",), token=f"t{n}"))
        for n in range(3)
    ]
    asked = [done.position for done in issued]
    found = ledger.at(asked[2], 1_000_000, asked[0])
    assert [(row.position, row.event) for row in found] == [
        (asked[0], issued[0].events[-1].event),
        (asked[2], issued[2].events[-1].event),
    ]
    assert ledger.at() == []
    ledger.close()


def test_streams_are_named_in_order_and_the_last_of_them_without_reading_the_others(folder: Path) -> None:
    ledger, day = opened(folder), 24 * 60 * MINUTE
    for n, dates in enumerate((0, 1, 2, 2)):
        ledger.do(
            IssueTicket(
                office="ltsa", at=EIGHT + dates * day, by="kiosk:1", key=f"k{n}", services=("bank",), token=f"t{n}"
            )
        )
    assert ledger.streams("day:ltsa:") == [f"day:ltsa:2026-11-{day}" for day in (21, 22, 23)]
    assert ledger.streams("day:other:") == []
    assert ledger.last_streams("day:ltsa:", 2) == ["day:ltsa:2026-11-22", "day:ltsa:2026-11-23"]
    assert ledger.last_streams("day:ltsa:", 9, before="day:ltsa:2026-11-23") == [
        "day:ltsa:2026-11-21",
        "day:ltsa:2026-11-22",
    ]
    assert ledger.last_streams("day:other:", 2) == []
    ledger.close()


def test_what_some_streams_tell_is_read_from_them_alone_and_in_order(folder: Path) -> None:
    ledger, day = opened(folder), 24 * 60 * MINUTE
    said = {"by": "person:sari", "person": "sari", "session": "s", "how": "password"}
    for n, (office, at) in enumerate((("ltsa", EIGHT + day), ("ltsa", EIGHT), ("installation", EIGHT))):
        ledger.do(entry(SignedIn, office=office, at=at, key=f"in {n}", **said))
    issue(ledger, "k")
    found = ledger.told_in("journal:ltsa:", "signed-in/1", "ticket-issued/1")
    assert [row.stream for row in found] == ["journal:ltsa:2026-11-22", "journal:ltsa:2026-11-21"]
    assert ledger.told_in("journal:ltsa:", "signed-out/1") == []
    ledger.close()


def test_the_same_key_gets_the_first_answer_even_when_the_world_moved_on_and_the_server_restarted(
    folder: Path,
) -> None:
    ledger = opened(folder)
    first = give(ledger, IssueTicket, "k", services=("bank", "health"), token="t")
    give(ledger, OpenCounter, "o", counter="9", officer="sari")
    give(ledger, CallNext, "c", counter="9")
    ledger.close()
    ledger = opened(folder)
    again = give(ledger, IssueTicket, "k", services=("bank", "health"), token="t")
    assert again.repeated
    assert (again.answer, again.events) == (first.answer, first.events)
    assert again.answer is not None
    assert again.answer.ticket is not None
    assert again.answer.ticket.state == "waiting", "as it was when it was first answered"
    ledger.close()


@pytest.mark.parametrize("restarted", [False, True])
def test_the_same_key_gets_the_first_answer_also_after_midnight(folder: Path, restarted: bool) -> None:  # noqa: FBT001
    ledger, midnight = opened(folder), EIGHT + 16 * 60 * MINUTE
    command = IssueTicket(office="ltsa", at=midnight - 1, by="kiosk:1", key="k", services=("bank",), token="t")
    first = ledger.do(command)
    if restarted:
        ledger.close()
        ledger = opened(folder)
    again = ledger.do(msgspec.structs.replace(command, at=midnight))
    assert (again.repeated, again.answer) == (True, first.answer)
    assert ledger.streams("day:") == ["day:ltsa:2026-11-21"], "no second ticket, no new day"
    ledger.close()


def test_the_same_key_with_other_content_is_refused(folder: Path) -> None:
    ledger = opened(folder)
    issue(ledger, "k", "bank")
    with pytest.raises(Refusal, match="another command") as refusal:
        issue(ledger, "k", "health")
    assert refusal.value.code == "key-reused"
    with pytest.raises(Refusal):
        give(ledger, CallNext, "k", counter="9")
    assert list(day_of(ledger).tickets) == ["G001"]
    ledger.close()


def test_twenty_times_the_same_command_at_once_has_one_effect_and_one_answer(folder: Path) -> None:
    ledger = opened(folder)
    answers: list[str] = []
    for n in range(20):
        together([lambda n=n: answers.append(issue(ledger, f"key {n}")) for _ in range(20)])  # type: ignore[misc]
    assert Counter(answers) == {f"G{n:03d}": 20 for n in range(1, 21)}
    ledger.close()


def test_of_two_wishes_under_one_key_at_once_one_is_granted_and_the_other_refused(folder: Path) -> None:
    ledger = opened(folder)
    for n in range(10):
        granted, refused = Counter[str](), Counter[str]()

        def ask(service: str, key: str = f"key {n}", yes: Counter[str] = granted, no: Counter[str] = refused) -> None:
            try:
                issue(ledger, key, service)
                yes[service] += 1
            except Refusal as refusal:
                no[refusal.code] += 1

        together([lambda s=s: ask(s) for s in ("bank", "health") * 4])  # type: ignore[misc]
        assert (list(granted.values()), refused) == ([4], {"key-reused": 4})
    assert len(day_of(ledger).tickets) == 10
    ledger.close()


def test_a_refused_command_leaves_no_trace(folder: Path) -> None:
    ledger = opened(folder)
    issue(ledger, "first")
    before = ledger.newest()
    with pytest.raises(Refusal) as refusal:
        issue(ledger, "second", "dentist")
    assert refusal.value.field == "services"
    assert ledger.newest() == before
    issue(ledger, "second", "bank")
    ledger.close()


def test_a_refused_command_does_not_begin_the_day(folder: Path) -> None:
    ledger = opened(folder)
    with pytest.raises(Refusal) as refusal:
        give(ledger, CallNext, "too early", counter="9")
    assert refusal.value.code == "counter-closed"
    assert ledger.streams("day:") == [], "the day may still get another configuration"
    assert issue(ledger, "first") == "G001"
    ledger.close()


def test_eight_threads_keep_every_rule(folder: Path) -> None:
    ledger = opened(folder)
    told: list[str] = []
    together([lambda c=c: work_at(ledger, str(c), f"o{c}", 40, told.append) for c in range(1, 9)])  # type: ignore[misc]
    day = holds_together(ledger)
    acknowledged(told, day)
    assert snapshot(day) == snapshot(ledger.present().day("ltsa", today(ledger)))
    ledger.close()


def test_two_processes_of_four_threads_on_one_file_keep_every_rule(folder: Path) -> None:
    crowds = [Crowd(folder, name, 30, counters) for name, counters in (("p", "1234"), ("q", "5678"))]
    assert [crowd.process.wait(120) for crowd in crowds] == [0, 0]
    told = [line for crowd in crowds for line in crowd.told()]
    ledger = opened(folder)
    acknowledged(told, holds_together(ledger))
    assert sum(line.startswith("issued") for line in told) == 240
    ledger.close()


def test_two_processes_see_each_other_s_tickets(folder: Path) -> None:
    one, other = opened(folder), opened(folder)
    assert [issue(one, "a"), issue(other, "b"), issue(one, "c")] == ["G001", "G002", "G003"]
    assert [recorded.position for recorded in one.since(0)] == [recorded.position for recorded in other.since(0)]
    one.close()
    other.close()


def test_nothing_acknowledged_is_lost_when_the_process_is_killed_at_fifty_moments(tmp_path: Path) -> None:
    seed = int(os.environ.get("LTSA_SEED", "0")) or random.randrange(1 << 30)
    print(f"LTSA_SEED={seed}")  # noqa: T201 - shown when the test fails
    moments = random.Random(seed)
    told: list[str] = []
    for n in range(50):
        crowd = Crowd(tmp_path, f"run{n}", 10_000, "9" if n % 2 else "59")
        crowd.tells(moments.randrange(1, 25))
        crowd.process.send_signal(signal.SIGKILL)
        crowd.process.wait(10)
        told += crowd.told()
        ledger = opened(tmp_path)
        day = holds_together(ledger)
        acknowledged(told, day)
        free_the_counters(ledger, day, f"after {n}")
        ledger.close()


def test_a_ledger_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database = sqlite3.connect(tmp_path / FILE)
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(LedgerUnavailableError, match="newer version"):
        Ledger(tmp_path / FILE)


def test_an_office_that_cannot_work_is_not_recorded(folder: Path) -> None:
    ledger, other = opened(folder), opened(folder)
    nowhere = msgspec.structs.replace(example_office(), id="a:b")
    with pytest.raises(WrongOfficeError, match="letters, digits or hyphens"):
        ledger.do(
            ConfigureOffice(office="a:b", at=1, by="test", key="k", configuration=nowhere, since="1970-01-01"),
        )
    assert ledger.present().offices() == ["ltsa"]
    assert issue(other, "a") == "G001", "everybody can still read the whole record"
    ledger.close()
    other.close()


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerUnavailableError, match=r"ledger\.sqlite cannot be opened"):
        Ledger(tmp_path / FILE)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [("topic", "ticket-beamed-up/1", "does not know"), ("state", b'{"at":', "cannot be read")],
)
def test_an_event_that_nobody_can_read_is_said_to_be_so(
    tmp_path: Path, column: str, value: object, sentence: str
) -> None:
    ledger = opened(tmp_path)
    issue(ledger, "a")
    position = ledger.newest()
    ledger.close()
    database = sqlite3.connect(tmp_path / FILE)
    database.execute(f"UPDATE ledger SET {column} = ? WHERE rowid = ?", (value, position))  # noqa: S608 - named above
    database.commit()
    database.close()
    ledger = Ledger(tmp_path / FILE)
    with pytest.raises(LedgerUnavailableError, match=sentence):
        issue(ledger, "b")
    with pytest.raises(LedgerUnavailableError, match=sentence):
        ledger.since(0)
    ledger.close()


def test_when_the_record_cannot_be_written_nothing_is_acknowledged_and_it_recovers(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    issue(ledger, "before")
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(LedgerUnavailableError, match="disk full"):
        issue(ledger, "during")
    blocker.execute("DROP TRIGGER full")
    blocker.close()
    assert issue(ledger, "during") == "G002", "the number that was not acknowledged is given now"
    assert snapshot(day_of(ledger)) == snapshot(ledger.present().day("ltsa", today(ledger)))
    ledger.close()


def test_a_command_that_fails_half_way_leaves_nothing_on_record_and_the_state_is_read_anew(folder: Path) -> None:
    ledger = opened(folder)
    issue(ledger, "before")
    del ledger._present.day("ltsa", today(ledger)).queues["bank"]
    with pytest.raises(LedgerUnavailableError, match="nothing was recorded"):
        issue(ledger, "during")
    assert list(day_of(ledger).tickets) == ["G001"], "nobody was told of a second number"
    assert issue(ledger, "during") == "G002"
    assert snapshot(day_of(ledger)) == snapshot(ledger.present().day("ltsa", today(ledger)))
    ledger.close()


def test_a_writer_without_a_thread_answers_everybody_at_its_turn_in_one_commit(tmp_path: Path) -> None:
    opened(tmp_path).close()
    ledger, told = Ledger(tmp_path / FILE, threaded=False), list[str]()
    ledger.on_commit(lambda: told.append("committed"))
    commands = [
        IssueTicket(office="ltsa", at=now(), by="kiosk:1", key=key, services=("bank",), token=token_digest(key))
        for key in ("a", "b", "a")
    ]
    asked = [ledger.submit(command, lambda: told.append("answered")) for command in commands]
    assert told == [], "nobody is answered before the writer's turn"
    assert ledger.turn()
    assert told == ["answered", "answered", "answered", "committed"]
    assert [one.result().repeated for one in asked] == [False, False, True]
    last = ledger.submit(commands[0])
    ledger.close()
    assert last.result().repeated, "closing gives the writer its last turns"


def test_the_file_is_durable_at_every_commit(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    with ledger._store.appending() as cursor:
        for pragma, value in (("synchronous", 2), ("journal_mode", "wal")):
            cursor.execute(f"PRAGMA {pragma}")
            assert cursor.fetchone()[0] == value
    ledger.close()


def acknowledged(told: list[str], day: Day) -> None:
    """Every line that was told is true of the day."""
    issued = [line.removeprefix("issued ") for line in told if line.startswith("issued ")]
    assert len(set(issued)) == len(issued), "a number was given twice"
    assert set(issued) <= set(day.tickets), "an acknowledged ticket is lost"
    for line in told:
        if line.startswith("finished "):
            service, number = line.removeprefix("finished ").split(" of ")
            assert day.tickets[number].steps[service].state == "done", f"lost: {line}"


def free_the_counters(ledger: Ledger, day: Day, name: str) -> None:
    """Those who were killed left a person and their name at the counter; the next officer tidies up."""
    for counter, now_there in day.counters.items():
        if now_there.ticket:
            served = day.tickets[now_there.ticket].state == "serving"
            if served:
                give(ledger, ReturnTicket, f"{name} {counter}", counter=counter, reasons=("document-missing",))
            else:
                give(ledger, MissTicket, f"{name} {counter}", counter=counter)
        if now_there.state != "closed":
            give(ledger, CloseCounter, f"{name} {counter} close", counter=counter)


def test_what_the_writer_has_seen_is_what_the_file_holds(folder: Path) -> None:
    one, other = opened(folder), opened(folder)
    issue(one, "a")
    start = one.newest()
    issue(other, "b")
    assert one.seen(start) == [], "it has not looked yet"
    issue(one, "c")
    assert one.seen(start) == one.since(start)
    assert [recorded.position for recorded in one.seen(start)] == [start + 1, start + 2]
    assert one.seen(one.newest()) == []
    one.close()
    other.close()


def test_a_listener_that_fails_does_not_end_the_writer(folder: Path) -> None:
    ledger, heard = opened(folder), list[int]()

    def fails() -> None:
        raise RuntimeError("the bell has no loop any more")

    ledger.on_commit(fails)
    ledger.on_commit(lambda: heard.append(ledger.newest()))
    assert [issue(ledger, "a"), issue(ledger, "b")] == ["G001", "G002"]
    ledger.close()
    assert heard, "the others were told all the same"


def test_whoever_comes_after_the_ledger_was_closed_is_told_so(folder: Path) -> None:
    ledger = opened(folder)
    ledger.close()
    with pytest.raises(LedgerUnavailableError, match="closed"):
        issue(ledger, "too late")


def test_whoever_reads_while_the_ledger_closes_is_answered_or_told_so(folder: Path) -> None:
    def reads(ledger: Ledger, begun: Event, told: list[str]) -> None:
        try:
            while True:
                assert [recorded.position for recorded in ledger.since(0)] == [ledger.newest()]
                begun.set()
        except LedgerUnavailableError as refused:
            told.append(str(refused))

    for _ in range(30):
        ledger, begun, told = opened(folder), Event(), list[str]()
        readers = [Thread(target=reads, args=(ledger, begun, told)) for _ in range(2)]
        for reader in readers:
            reader.start()
        begun.wait()
        ledger.close()
        for reader in readers:
            reader.join()
        assert told == ["the ledger is closed"] * 2


def test_who_may_act_and_what_happened_at_the_doors_are_on_the_same_record(tmp_path: Path) -> None:
    at = 1_700_000_000_000
    add = AddPerson(office="ltsa", at=at, by="command line", key="k1", person="siti", roles=("officer",))
    came = entry(
        SignedIn, office="installation", at=at, by="officer:siti", key="k2", person="siti", how="pin", session="s"
    )
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        assert [recorded.version for recorded in ledger.do(add).events] == [1, 2]
        assert ledger.do(add).repeated
        with pytest.raises(Refusal, match="another command"):
            ledger.do(msgspec.structs.replace(add, person="budi"))
        first = ledger.do(came).events[0]
        assert (first.stream, first.position) == ("journal:installation:2023-11-14", 3)
        assert ledger.do(came).repeated
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.do(add).repeated
        assert again.do(came).repeated
        assert again.present().access.holders("officer", "ltsa") == ["siti"]

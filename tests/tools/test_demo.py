"""The demonstration, and the morning that it plays."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from ltsa.board import answer, unopened
from ltsa.commands import CallNext, CloseCounter, DayCommand
from ltsa.day import Day, evolve
from ltsa.happened import DayEvent
from ltsa.journey import StepDone
from ltsa.ledger import Done, Ledger
from ltsa.message import Refusal
from ltsa.office import example_office
from ltsa.present import Recorded
from ltsa.record import replayed
from ltsa.rules import decide
from tools.demo import MARK, SHOWN, STAFF, demo
from tools.morning import VISITORS, Morning

PROJECT = Path(__file__).parents[2]
DOORS_OPEN = 1_795_221_000_000
"""21 November 2026, 07.30 WIB, in ms UTC."""


class OnPaper:
    """An office in memory, in which a morning takes no time: the rules alone."""

    def __init__(self, seed: int = 1) -> None:
        office = example_office()
        self.day: Day = unopened(office, office.service_date(DOORS_OPEN))
        self.events: list[DayEvent] = []
        self.now = DOORS_OPEN
        self.morning = Morning(
            office=office, give=self.give, now=lambda: self.now, secret=b"a secret", seed=seed, run="on paper"
        )

    def give(self, command: DayCommand) -> Done:
        """Decides and applies a command."""
        events = decide(command, self.day)
        for event in events:
            evolve(self.day, event)
        self.events += events
        recorded = tuple(Recorded(len(self.events), "day", self.day.version, event) for event in events)
        return Done(recorded, answer(self.day, events))

    def lets_pass(self, minute: float) -> None:
        """The clock moves on."""
        self.now = DOORS_OPEN + int(minute * 60_000)

    def plays(self) -> "OnPaper":
        """The whole morning."""
        self.morning.play(self.lets_pass)
        return self


def test_everybody_who_came_in_the_morning_is_served_or_gone_at_its_end() -> None:
    day = OnPaper().plays().day

    assert len(day.tickets) == pytest.approx(VISITORS, abs=3)
    assert not day.tally["waiting"]
    assert not day.tally["called"] + day.tally["serving"] + day.tally["held"]
    assert day.tally["done"] > 0.9 * VISITORS


def test_everything_that_happens_in_an_office_happens_in_the_morning() -> None:
    happened = {type(event).__name__ for event in OnPaper().plays().events}

    assert happened >= {
        "ActionUndone",
        "CounterOpened",
        "CounterPaused",
        "DocumentsChecked",
        "ServiceFinished",
        "ServiceStarted",
        "StepsChanged",
        "TicketCalled",
        "TicketCancelled",
        "TicketHeld",
        "TicketIssued",
        "TicketMissed",
        "TicketPutBack",
        "TicketRecalled",
        "TicketResumed",
        "TicketReturned",
        "TicketTransferred",
    }


def test_the_same_seed_is_the_same_morning_and_another_seed_another() -> None:
    first, again, other = OnPaper(1).plays(), OnPaper(1).plays(), OnPaper(2).plays()

    assert first.events == again.events
    assert first.events != other.events


def test_time_never_runs_backwards_in_the_morning() -> None:
    events = OnPaper().plays().events

    assert all(earlier.at <= later.at for earlier, later in pairwise(events))


def test_the_morning_goes_on_when_somebody_at_a_screen_acts_too() -> None:
    office = OnPaper()
    serious = office.give

    def with_a_visitor_who_presses_buttons(command: DayCommand) -> Done:
        if isinstance(command, CallNext) and command.counter == "9" and len(office.events) > 500:
            key = f"guest {len(office.events)}"
            with suppress(Refusal):
                serious(CloseCounter(office="ltsa", at=office.now, by="officer:guest", key=key, counter="9"))
        return serious(command)

    office.morning._give = with_a_visitor_who_presses_buttons
    day = office.plays().day

    assert day.counters["9"].state == "closed"
    assert len(day.queues["bank"]) > 0, "nobody works for the bank any more"
    assert day.tally["done"] > 0.5 * VISITORS


def test_the_demonstration_plays_a_morning_into_its_ledger_and_closes(tmp_path: Path) -> None:
    command = ["app.py", "demo", "--port", "0", "--data", str(tmp_path), "--speed", "100000", "--until-done"]
    done = subprocess.run(
        [sys.executable, *command], cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "/display/ltsa" in done.stdout
    assert "stays in that folder" in done.stdout
    assert "The morning is over: 0 waiting" in done.stdout
    ledger = Ledger(tmp_path / "ledger.sqlite")
    [stream] = ledger.streams("day:ltsa:")
    day = replayed(ledger.history(stream))
    journeys = sum(bool(visit.case) for visit in day.tickets.values())
    steps = [recorded.event for recorded in ledger.told("step-done/1") if isinstance(recorded.event, StepDone)]
    ledger.close()
    assert day.tally["done"] > 0.9 * VISITORS
    assert journeys > 0.15 * VISITORS, "some come for a journey of theirs"
    assert {bool(step.number) for step in steps} == {True, False}, "of which some was done before"
    assert re.search(r"case card: http://\S+/c/[A-Z2-7]{26}", done.stdout)


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Opens the demonstration of one folder, anew each time; what it says until the morning begins."""
    command = [sys.executable, "app.py", "demo", "--port", "0", "--data", str(tmp_path / "shown"), "--speed", "1"]
    running: list[subprocess.Popen[str]] = []

    def opens() -> str:
        for before in running:
            before.terminate()
            before.communicate(timeout=30)
        running[:] = [subprocess.Popen(command, cwd=PROJECT, text=True, stdout=subprocess.PIPE)]
        said = running[0].stdout or iter(())
        return "".join(
            iter(lambda: next(said), "The morning begins at 07.30; counters open at 08.00. Speed: 1 × life.\n")
        )

    yield opens
    for last in running:
        last.terminate()
        last.communicate(timeout=30)


def sent(address: str, **form: str) -> tuple[int, dict[str, str]]:
    """What a form is answered with: the status, and the headers."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=30)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", parts.path, urlencode(form), headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers)


def test_a_newcomer_can_be_any_of_the_staff_and_pair_screens(demonstration: Callable[[], str]) -> None:
    said = demonstration()
    [(address, password)] = re.findall(r"(http://\S+/sign-in) with the password (\S+)", said)
    for person in SHOWN:
        assert f"{person:<9}{STAFF[person][0]}\n" in said
        status, headers = sent(address, account=person, password=password)
        assert status == 303, person
        assert "session=" in headers["Set-Cookie"]
    links = re.findall(r"(?:kiosk|display) +(http://\S+/pair/\S+)", said)
    assert len(links) == 2
    for link in links:
        status, headers = sent(link)
        assert status == 303
        assert "device=" in headers["Set-Cookie"]
    assert f"with the password {password} as" in demonstration(), "the folder keeps its password"


def test_the_demonstration_never_plays_into_the_ledger_of_a_real_office(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()

    assert demo(["--data", str(tmp_path)], lambda _settings: pytest.fail("opened")) == 2
    assert "real office" in capsys.readouterr().err
    assert not (tmp_path / MARK).exists()

"""Tickets on paper: every number that a kiosk gives is printed once, whatever breaks, and the kiosk says how it stands.

The printer is a TCP port that speaks the printer's own language; agent and office are real processes.
"""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from app import create_app
from kiosk.agent import Memory
from kiosk.slip import Slip, Stop, ticket
from tests.conftest import PROJECT, Office
from tests.kiosk.ticket_printer import TicketPrinter
from tests.kiosk.visitor import LYING, UPRIGHT, Visitor, flaws, scanned
from tests.staff import pair
from tests.web.test_devices import Manager
from web import devices
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PATIENCE = 40
KEYS = (f"a-person-at-the-kiosk-{n}" for n in count())


class Place:
    """A kiosk called pintu with a printer beside it, an agent that may die, and the office that they belong to."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.app = create_app(Settings(data=office.data, port=office.port))
        self.house: House = self.app.extensions["ltsa"]
        self.siti = Manager(self.app)
        self.kiosk = pair(self.house, "kiosk", "pintu")
        self.printer = TicketPrinter()
        self.agent: subprocess.Popen[bytes] | None = None

    @property
    def memory(self) -> Path:
        return self.folder / "printers" / "pintu.sqlite"

    @property
    def said(self) -> str:
        """What the agent has said on its terminal, over all its lives."""
        return (self.folder / "terminal").read_text()

    def is_paired(self) -> None:
        """Somebody has let the printer in before this day."""
        with closing(Memory(self.memory)) as memory:
            secret = pair(self.house, "printer", "pintu", counter="pintu")
            memory._database.execute("UPDATE self SET secret = ?, paired = 1", (secret,))

    def agent_starts(self, *more: str) -> None:
        """`python3 app.py printer`."""
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "app.py", "printer", "--server", self.office.url, "--data", str(self.folder)]
        command += ["--printer", self.printer.address, "--kiosk", "pintu", *more]
        with (self.folder / "terminal").open("a") as terminal:
            self.agent = subprocess.Popen(command, cwd=PROJECT, stdout=terminal, stderr=subprocess.STDOUT)

    def agent_dies(self) -> None:
        """By kill -9."""
        if self.agent:
            self.agent.send_signal(signal.SIGKILL)
            self.agent.wait()
            self.agent = None

    def knows(self, **facts: str) -> None:
        """What the office comes to know of the printer."""

        def known() -> bool:
            self.house.catch_up()
            self.house.presence.look()
            state = self.house.presence.printer_of("ltsa", "pintu")
            return state is not None and all(getattr(state, name) == value for name, value in facts.items())

        wait_until(known, lambda: f"{facts}\n{self.said}")

    def takes(self, *services: str, key: str = "") -> tuple[str, str, str]:
        """A person takes a number: the number, the state of its paper, and the address that tells how it stands."""
        form = [("service", service) for service in services or ("labour",)]
        body = urlencode([*form, ("key", key or next(KEYS)), ("language", "id")])
        page = self._asks("POST", "/kiosk/ltsa/ticket", body)
        number = re.search(r'data-number="(\w+)"', page)
        paper = re.search(r'data-paper="([^"]+)" data-paper-state="(\w+)"', page)
        assert number
        assert paper, page
        return number[1], paper[2], paper[1]

    def stands(self, paper: str) -> str:
        """How it stands with a ticket's paper."""
        found = re.search(r'"state":"(\w+)"', self._asks("GET", paper))
        assert found
        return found[1]

    def comes_to(self, paper: str, state: str) -> None:
        """Until the kiosk is told so."""
        wait_until(lambda: self.stands(paper) == state, lambda: f"{state}\n{self.said}")

    def _asks(self, method: str, path: str, body: str | None = None) -> str:
        with closing(HTTPConnection("127.0.0.1", self.office.port, timeout=30)) as connection:
            headers = {"Cookie": f"device={self.kiosk}", "Origin": self.office.url}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        assert answer.status < 300, said
        return said

    def is_over(self) -> None:
        self.agent_dies()
        self.printer.is_switched_off()
        self.house.close()


def wait_until(fact: Callable[[], object], why: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < until, why()
        time.sleep(0.1)


@pytest.fixture
def place(office_server: Office, tmp_path: Path) -> Iterator[Place]:
    made = Place(office_server, tmp_path / "kiosk-pc")
    yield made
    made.is_over()


@pytest.fixture
def ready(place: Place) -> Place:
    """Paired, running, with paper."""
    place.is_paired()
    place.agent_starts()
    place.knows(paper="ok", printer="reachable")
    return place


def numbers(printer: TicketPrinter) -> list[str]:
    return [slip.large for slip in printer.tickets]


# --- What is printed


def test_a_number_is_printed_with_its_road_what_to_bring_and_its_code(ready: Place) -> None:
    number, state, paper = ready.takes("labour", "immigration")
    assert state == "ordered"
    ready.comes_to(paper, "printed")
    (slip,) = ready.printer.tickets
    assert slip.large == number
    assert "LTSA Contoh" in slip.lines
    assert re.search(r"^1\. Ketenagakerjaan$", slip.text, re.MULTILINE)
    assert re.search(r"^2\. Paspor\n   Sesudah Ketenagakerjaan$", slip.text, re.MULTILINE)
    assert "Siapkan berkas ini" in slip.text
    assert re.search(r"^- KTP", slip.text, re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(ready.office.url)}/t/[A-Z2-7]{{26}}", slip.codes[0])
    assert max(map(len, slip.lines)) <= 48
    assert "CETAK ULANG" not in slip.text


def test_the_same_press_sent_again_is_printed_once(ready: Place) -> None:
    first = ready.takes(key="a-press-that-was-sent-twice")
    again = ready.takes(key="a-press-that-was-sent-twice")
    assert (again[0], again[2]) == (first[0], first[2])
    ready.comes_to(first[2], "printed")
    last = ready.takes()
    ready.comes_to(last[2], "printed")
    assert numbers(ready.printer) == [first[0], last[0]]


def test_a_slip_in_english_on_narrow_paper_keeps_its_lines_and_says_that_it_is_a_copy() -> None:
    slip = Slip(
        job="1",
        number="A1234",
        office="LTSA Example of a Long Name of a City",
        label="Your queue number",
        taken="Saturday, 21 November 2026, 08:30 WIB",
        ahead="3 people ahead",
        road=(Stop("Café – “labour”", "After Civil registry and Health"),),
        bring="Bring these",
        papers=("Permission of the family, known to the head of the village",),
        url="https://antrean.example/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        follow="Follow your queue",
        follow_how="Scan this code.",
        foot="Wait.",
        again="PRINTED AGAIN",
        copy=True,
    )
    printer = TicketPrinter()
    printer.reads(ticket(slip, columns=32))
    printer.is_switched_off()
    (paper,) = printer.slips
    assert paper.large == "A1234"
    assert max(map(len, paper.lines)) <= 32
    assert "PRINTED AGAIN" in paper.lines
    assert paper.codes == [slip.url]


# --- What breaks


def test_without_paper_nothing_is_ordered_and_the_person_is_told_at_once(ready: Place) -> None:
    ready.printer.paper = "out"
    ready.knows(paper="out")
    number, state, _ = ready.takes()
    assert state == "out"
    ready.printer.gets_paper()
    ready.knows(paper="ok")
    later, _, paper = ready.takes()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [later]
    assert number != later


def test_paper_that_runs_out_in_the_middle_of_a_ticket_is_said_and_the_ticket_is_finished_with_the_new_roll(
    ready: Place,
) -> None:
    ready.printer.runs_out_after = 120
    number, _, paper = ready.takes()
    ready.comes_to(paper, "out")
    assert numbers(ready.printer) == []
    ready.printer.gets_paper()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [number]
    assert "CETAK ULANG" not in ready.printer.tickets[0].text


def test_a_connection_that_breaks_in_the_middle_leaves_half_a_slip_and_then_a_whole_one_that_says_so(
    ready: Place,
) -> None:
    ready.printer.breaks_after = 150
    number, _, paper = ready.takes()
    ready.comes_to(paper, "printed")
    half, whole = ready.printer.slips
    assert not half.is_a_ticket
    assert (whole.large, whole.is_a_ticket) == (number, True)
    assert "CETAK ULANG" in whole.text


def test_an_answer_that_is_lost_on_the_wire_is_the_one_thing_nobody_can_know_and_the_second_paper_says_so(
    ready: Place,
) -> None:
    ready.printer.breaks_before_answering = True
    number, _, paper = ready.takes()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [number, number]
    assert ["CETAK ULANG" in slip.text for slip in ready.printer.tickets] == [False, True]


def test_a_printer_that_is_off_is_said_and_takes_up_its_work_when_it_is_on_again(ready: Place) -> None:
    ready.printer.is_switched_off()
    ready.knows(printer="unreachable")
    _, state, _ = ready.takes()
    assert state == "silent"
    ready.printer.is_switched_on()
    ready.knows(printer="reachable", paper="ok")
    number, _, paper = ready.takes()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [number]


def test_an_open_cover_is_no_printer_to_send_people_to(ready: Place) -> None:
    ready.printer.cover_is_open = True
    ready.knows(printer="unreachable")
    assert ready.takes()[1] == "silent"


def test_an_agent_that_is_killed_again_and_again_loses_no_ticket_and_doubles_none_in_silence(ready: Place) -> None:
    papers: dict[str, str] = {}
    ready.printer.seconds_a_ticket = 0.4
    for round_ in range(6):
        if not ready.agent:
            ready.agent_starts()
        for _ in range(3):
            number, state, paper = ready.takes()
            if state == "ordered":
                papers[number] = paper
        time.sleep(0.25 * round_)
        ready.agent_dies()
    ready.agent_starts()
    for paper in papers.values():
        ready.comes_to(paper, "printed")
    assert set(numbers(ready.printer)) == set(papers)
    for number in papers:
        slips = [slip for slip in ready.printer.tickets if slip.large == number]
        # The first says so too where the agent died between noting that it prints and printing: it cannot know.
        assert all("CETAK ULANG" in slip.text for slip in slips[1:])
    assert (
        len(ready.printer.tickets) - len(papers) <= 6
    )  # each death leaves one ticket at most of which nobody can know


def test_an_agent_that_dies_while_paper_is_missing_prints_the_ticket_after_all(ready: Place) -> None:
    ready.printer.runs_out_after = 120
    number, _, paper = ready.takes()
    ready.comes_to(paper, "out")
    ready.agent_dies()
    ready.printer.gets_paper()
    ready.printer.waits_for(lambda printer: printer.tickets)
    ready.agent_starts()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [number, number]
    assert "CETAK ULANG" in ready.printer.tickets[1].text


def test_an_office_that_is_gone_for_a_while_finds_its_printer_again(ready: Place) -> None:
    ready.office.kill()
    wait_until(lambda: "cannot be reached" in ready.said, lambda: ready.said)
    ready.office.start()
    ready.knows(paper="ok", printer="reachable")

    def prints() -> bool:
        return ready.takes()[1] == "ordered"

    wait_until(prints, lambda: ready.said)
    ready.printer.waits_for(lambda printer: printer.tickets)


def test_an_office_that_dies_while_a_ticket_is_printed_hears_of_it_later_and_gets_no_second_one(ready: Place) -> None:
    ready.printer.seconds_a_ticket = 1
    number, _, paper = ready.takes()
    ready.printer.waits_for(lambda printer: printer.slips)
    ready.office.kill()
    wait_until(lambda: f"{number} is printed" in ready.said, lambda: ready.said)
    ready.office.start()
    ready.comes_to(paper, "printed")
    assert numbers(ready.printer) == [number]


def test_a_printer_that_never_answers_prints_what_it_is_sent(place: Place) -> None:
    place.is_paired()
    place.printer.is_dumb = True
    place.agent_starts("--silent")
    place.knows(paper="unknown", printer="reachable")
    number, _, paper = place.takes()
    place.comes_to(paper, "printed")
    place.printer.waits_for(lambda printer: numbers(printer) == [number])


def test_two_agents_do_not_share_a_printer(ready: Place) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "app.py",
            "printer",
            "--printer",
            "tcp://127.0.0.1:9",
            "--kiosk",
            "pintu",
            "--data",
            ready.folder,
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Another agent prints for pintu" in done.stderr


def test_a_disk_that_keeps_no_print_job_costs_the_paper_and_never_the_number(ready: Place) -> None:
    with closing(sqlite3.connect(ready.office.data / "devices.sqlite")) as file:
        file.execute("DROP TABLE prints")
    number, state, _ = ready.takes()
    assert (number, state) == ("C001", "silent")


# --- Pairing


def test_a_new_printer_prints_its_code_and_works_when_it_was_let_in_and_shows_another_when_it_was_put_out(
    place: Place,
) -> None:
    place.agent_starts()
    place.printer.waits_for(lambda printer: printer.slips)
    (slip,) = place.printer.slips
    assert "Kode mesin cetak ini" in slip.text
    assert f"good for ten minutes: {slip.large}" in place.said
    waiting: Any = place.siti.does(devices.pending, slip.large)
    assert (waiting.kind, waiting.name, waiting.counter) == ("printer", "pintu", "pintu")
    device = place.siti.approves(slip.large, "printer", "pintu", "pintu")
    place.knows(paper="ok", printer="reachable")
    number, _, paper = place.takes()
    place.comes_to(paper, "printed")
    assert numbers(place.printer) == [number]
    assert "ltsa: printer pintu at the kiosk pintu has paper." in place.said

    place.siti.does(devices.revoke, device.id, "ltsa", "manager:siti")
    place.printer.waits_for(lambda printer: len(printer.slips) == 3)
    assert re.fullmatch(r"\w{4}-\w{4}", place.printer.slips[2].large)
    assert place.printer.slips[2].large != slip.large


# --- What the person sees


@pytest.mark.parametrize("size", [UPRIGHT, LYING], ids=["upright", "lying"])
def test_the_kiosk_says_how_it_stands_with_the_paper(
    ready: Place, new_page: Callable[..., Page], size: dict[str, int]
) -> None:
    page = new_page(viewport=size)
    cookie = {"name": "device", "value": ready.kiosk, "url": ready.office.url, "httpOnly": True, "sameSite": "Lax"}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    budi = Visitor(page, ready.office.url, "?print=auto")
    page.evaluate("() => { window.print = () => { window.printed = true } }")
    number = budi.takes("bank")
    page.locator("[data-paper-is=printed]").wait_for()
    assert flaws(page) == []
    assert page.evaluate("window.printed") is None
    page.locator("[data-print-again]").click()
    ready.printer.waits_for(lambda printer: numbers(printer) == [number, number])
    assert "CETAK ULANG" in ready.printer.tickets[1].text
    budi.touches("[data-restart]")
    budi.sees("welcome")

    ready.printer.paper = "out"
    ready.knows(paper="out")
    number = budi.takes("health")
    page.locator("[data-paper-is=out]").wait_for()
    assert flaws(page) == []
    assert "/t/" in scanned(page.screenshot())
    ready.printer.gets_paper()
    ready.knows(paper="ok")
    page.locator("[data-print-again]").click()
    page.locator("[data-paper-is=printed]").wait_for()
    assert numbers(ready.printer)[-1] == number
    with suppress(IndexError):
        assert "CETAK ULANG" not in ready.printer.tickets[-1].text

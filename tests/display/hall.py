"""The hall of a running office: its officers act from this process, on the same ledger, while the server shows it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from display import voice
from ltsa.commands import (
    CallNext,
    DayCommand,
    FinishService,
    HoldTicket,
    IssueTicket,
    OpenCounter,
    Recall,
    ResumeTicket,
    StartService,
    Undo,
)
from ltsa.configuring import ChangeOffice, ConfigureOffice
from ltsa.ledger import Ledger
from ltsa.office import Counter, example_office
from ltsa.tokens import token_digest

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE = {"width": 1920, "height": 1080}
UPRIGHT = {"width": 1080, "height": 1920}

LISTEN = """
    window.heard = [];
    for (const name of ["begin", "speak", "spoken", "end", "drop"])
        document.addEventListener(`announce:${name}`, ({ detail: { call, turn } }) =>
            heard.push([name, call.number, call.kind ?? "trial", turn ?? 0]));
    window.played = [];
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (at) {
        played.push([at, at + this.buffer.duration]);
        start.call(this, at);
    };
"""
"""Notes what the page announces, and when each clip begins and ends on the loudspeaker's clock."""


class Hall:
    """Who takes numbers, and who calls them. Each verb is durable when it returns."""

    def __init__(self, data: Path) -> None:
        self.ledger = Ledger(data / "ledger.sqlite")

    def do(self, command: type[DayCommand | ConfigureOffice | ChangeOffice], **fields: Any) -> Any:
        """One command, now; its answer."""
        at, key = time.time_ns() // 1_000_000, uuid.uuid4().hex
        given: dict[str, Any] = {"office": "ltsa", "at": at, "by": "officer:sari", "key": key}
        return self.ledger.do(command(**given | fields)).answer

    def set_up(self, counters: int, **changes: Any) -> None:
        """An office with so many counters, each for every service."""
        example = example_office()
        services = tuple(example.service)
        many = tuple(Counter(id=str(n), name={"id": f"Loket {n}"}, services=services) for n in range(1, counters + 1))
        configuration = msgspec.structs.replace(example, counters=many, **changes)
        self.do(ConfigureOffice, configuration=configuration, since=self.today)

    def takes_the_day_off(self) -> None:
        """The manager closes the office today."""
        off = {"name": {"id": "Ulang tahun kota"}, "kind": "own"}
        self.do(ChangeOffice, since=self.today, why="Ulang tahun kota", changes={f"days_off/{self.today}": off})

    @property
    def today(self) -> str:
        """The office's date."""
        return self.ledger.present().office_at("ltsa", time.time_ns() // 1_000_000)[1].isoformat()

    def arrives(self, *services: str) -> str:
        """A person takes a number."""
        token = token_digest(uuid.uuid4().hex)
        return str(self.do(IssueTicket, by="kiosk:1", services=services or ("information",), token=token).ticket.number)

    def opens(self, counter: int, *services: str) -> None:
        """An officer sits down."""
        self.do(OpenCounter, counter=str(counter), officer=f"officer {counter}", services=services)

    def calls(self, counter: int) -> str:
        """A counter calls the next person."""
        return str(self.do(CallNext, counter=str(counter)).ticket.number)

    def recalls(self, counter: int) -> None:
        """A counter calls the called person again."""
        self.do(Recall, counter=str(counter))

    def takes_back(self, counter: int) -> None:
        """A counter undoes its call."""
        self.do(Undo, counter=str(counter))

    def serves(self, counter: int) -> None:
        """The called person has come."""
        self.do(StartService, counter=str(counter))

    def finishes(self, counter: int) -> None:
        """The person's service is done."""
        self.do(FinishService, counter=str(counter), outcome="done")

    def holds(self, counter: int) -> None:
        """The person steps aside for a while."""
        self.do(HoldTicket, counter=str(counter))

    def resumes(self, counter: int, number: str) -> None:
        """The person who stepped aside goes on."""
        self.do(ResumeTicket, counter=str(counter), number=number)


def records_short_clips(data: Path) -> None:
    """The office's own recordings, a moment each: an announcement is over in seconds."""
    folder = data / "voice"
    folder.mkdir(parents=True)
    moment = [0.5 * sample for sample in voice._levelled(voice._chime()[: voice.RATE // 20])]
    for name in voice.CLIPS:
        voice._write(folder / f"{name}.wav", moment)


def opens_display(page: Page, url: str, query: str = "") -> None:
    """Somebody opens the display and touches it once, so that it may sound."""
    page.add_init_script(LISTEN)
    page.goto(f"{url}/display/ltsa{query}")
    page.locator(".top__office").click()
    page.wait_for_selector("[data-sound=on]")


def hears(page: Page, count: int, name: str = "end") -> list[list[Any]]:
    """All that was announced until the page has said `name` so many times."""
    page.wait_for_function(
        "([count, name]) => heard.filter(([what]) => what === name).length >= count", arg=[count, name]
    )
    heard: list[list[Any]] = page.evaluate("heard")
    return heard


def shown(page: Page, number: str) -> dict[str, str]:
    """What is written large on the wall for a number, when it is there."""
    row = page.wait_for_selector(f"[data-calls] [data-number={number}]")
    assert row
    text: dict[str, str] = row.evaluate(
        """row => ({
            number: row.querySelector(".call__number").innerText.trim(),
            counter: row.querySelector(".gate__figure").innerText.trim(),
            state: row.querySelector(".call__state").textContent.trim(),
        })"""
    )
    return text

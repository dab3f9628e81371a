"""What a running office's screens showed goes on record in batches, and is what the record gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app import create_app
from audit.verifying import Verified, look
from ltsa.commands import CallNext, CloseDay, IssueTicket, OpenCounter
from ltsa.ledger import Ledger
from ltsa.shown import Board, BoardsShown, shown_stream
from ltsa.tokens import token_digest
from web.settings import Settings

if TYPE_CHECKING:
    from web.house import House


class Hall:
    """An office whose display, supervisor's page and desk 8 are watched, without a loop: the feed looks when told."""

    def __init__(self, folder: Path) -> None:
        self.app = create_app(Settings(data=folder, port=0))
        self.house: House = self.app.extensions["ltsa"]
        feed, self.keys = self.house.feed, 0
        watched = [feed._named(address) for address in ("display:ltsa", "hall:ltsa", "desk:ltsa:8")]
        self.watched = [one for one in watched if one is not None]
        assert len(self.watched) == 3

    def do(self, kind: type, **fields: object) -> None:
        """A command, upon which the feed looks at what is watched."""
        self.keys += 1
        said = {"office": "ltsa", "at": self.house.now(), "by": "test", "key": f"key {self.keys}"}
        self.house.do(kind(**said, **fields))
        self.house.read_own_writes()
        for one in self.watched:
            self.house.feed._look(one)

    def comes(self) -> None:
        """Somebody takes a number at the bank."""
        self.do(IssueTicket, services=("bank",), token=token_digest(f"token {self.keys}"))

    def on_record(self) -> list[tuple[Board, ...]]:
        """The pictures on record, batch by batch."""
        rows = self.house.ledger.history(shown_stream("ltsa", self.house.today("ltsa").date))
        return [row.event.boards for row in rows if isinstance(row.event, BoardsShown)]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    it = Hall(tmp_path / "data")
    yield it
    it.house.close()


def test_what_was_pushed_is_on_record_by_the_minute_and_is_what_the_record_gives(hall: Hall, tmp_path: Path) -> None:
    hall.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    hall.comes()
    assert hall.on_record() == [], "no request waits for it"
    hall.house.showing.write()
    hall.house.showing.write()
    assert len(hall.on_record()) == 1, "nothing when nothing was shown"
    hall.comes()
    hall.do(CallNext, counter="8")
    hall.do(CloseDay)
    first, second = hall.on_record()
    assert {one.view for one in first} == {"display", "hall", "desk:8"}
    assert max(one.version for one in first) < min(one.version for one in second)
    with closing(Ledger(tmp_path / "data" / "ledger.sqlite")) as beside:
        look(beside, "ltsa", None, found := Verified(), lambda _done, _of, _what="", /: None)
    assert found.pictures == len(first) + len(second)
    assert found.wrong == []


def test_a_picture_that_shows_nothing_else_is_not_noted_again(hall: Hall) -> None:
    hall.do(OpenCounter, counter="8", officer="Sri", services=("bank",))
    hall.do(OpenCounter, counter="4", officer="Budi", services=("health",))
    hall.house.showing.write()
    (boards,) = hall.on_record()
    assert sum(one.view == "desk:8" for one in boards) == 1

"""A process beside its ledger knows what it was told, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ltsa.ledger import Ledger
from ltsa.present import Recorded
from tests.ltsa.crowd import FILE, issue, opened
from web.following import Following
from web.turns import ServerTurns


class Beside:
    """A process over a file that another one, `another`, writes to as well."""

    def __init__(self, folder: Path) -> None:
        self.another = opened(folder)
        self.ledger = Ledger(folder / FILE)
        self.reads = 0
        self.following = Following(self.ledger, self.ledger.present(), lambda _: None, self._reading, ServerTurns())

    def _reading(self, work: Callable[[int], Sequence[Recorded]], position: int) -> Sequence[Recorded]:
        self.reads += 1
        return work(position)


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    it = Beside(tmp_path)
    with closing(it.another), closing(it.ledger):
        yield it


def test_what_another_process_told_is_shown_although_this_one_has_written_meanwhile(beside: Beside) -> None:
    issue(beside.ledger, "here")
    issue(beside.another, "there")
    told = beside.another.newest()
    beside.following.read_own_writes(told)
    assert beside.following.present.position == told


def test_after_the_others_bell_everything_is_taken_in_although_this_one_has_written_meanwhile(beside: Beside) -> None:
    issue(beside.ledger, "here")
    issue(beside.another, "there")
    assert beside.following.others_wrote()
    beside.following.keep_up()
    assert beside.following.present.position == beside.another.newest()


def test_what_this_process_wrote_is_taken_in_without_the_disk(beside: Beside) -> None:
    issue(beside.ledger, "here")
    beside.following.keep_up()
    assert beside.following.present.position == beside.ledger.newest()
    assert beside.reads == 0

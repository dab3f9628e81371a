"""What this server's screens showed, noted as they are pushed and put on record about once a minute.

A picture is noted by the feed, never by a request: a page that was just painted is watched at once, and noted then.
What was shown in the minute before a power cut is not on record; nothing else is lost with it.
"""

import logging
import secrets
from typing import TYPE_CHECKING

from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.shown import RENDERING, Board, RecordBoards, digest, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.house import House

BATCH = 2000
"""How many pictures one event holds at most: some 70 kB."""

PUBLIC = frozenset({"display", "hall", "desk"})

log = logging.getLogger(__name__)


class Showing:
    """The pictures that are not on record yet. On the loop's thread."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._server = secrets.token_hex(4)
        self._last: dict[tuple[str, str], tuple[str, str]] = {}
        self._pending: dict[tuple[str, str], list[Board]] = {}
        self._batches = 0
        house.feed.on_shown = self.note

    def note(self, name: str, args: "Sequence[str]") -> None:
        """A view was pushed. One that shows what it showed last is not noted again."""
        if name not in PUBLIC:
            return
        office, *rest = args
        day = self._house.today(office)
        if not day.version:
            return
        view = ":".join([name, *rest])
        this = day.date, digest(seen(day, view))
        if self._last.get((office, view)) != this:
            self._last[office, view] = this
            self._pending.setdefault((office, day.date), []).append(Board(view, day.version, this[1]))

    def write(self) -> None:
        """Puts on record what was noted; what cannot be recorded now waits for the next minute."""
        for office, day in list(self._pending):
            boards = self._pending.pop((office, day))
            while boards:
                batch, self._batches = tuple(boards[:BATCH]), self._batches + 1
                try:
                    self._house.do(
                        RecordBoards(
                            office=office,
                            at=self._house.now(),
                            by="system",
                            key=f"boards {self._server} {self._batches}",
                            date=day,
                            rendering=RENDERING,
                            server=self._server,
                            boards=batch,
                        )
                    )
                except (Refusal, LedgerUnavailableError) as reason:
                    log.warning("what the screens showed is not on record yet: %s", reason)
                    self._pending[office, day] = boards + self._pending.get((office, day), [])
                    return
                boards = boards[BATCH:]

"""One simulated process: the real ledger, what follows it and the real feed, over a store and a loop of the world's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
from flask import Flask, g
from jinja2 import DictLoader

from ltsa import board
from ltsa.day import Day
from ltsa.ledger import AnyCommand, Asked, Done, Ledger, LedgerUnavailableError
from ltsa.present import Present
from ltsa.store import Store
from tools.faults.simulated.disk import Disk
from tools.faults.simulated.lane import Line, SimulatedLane
from tools.faults.simulated.store import SimulatedStore
from tools.faults.simulated.world import Group, WorldTurns
from web.following import Following
from web.limits import Buckets
from web.live import Feed, View

OFFICE = "ltsa"
ADDRESS = f"board:{OFFICE}"
"""The view that displays watch."""

EPOCH = 1_795_222_800_000
"""When the world begins: 21 November 2026, 08.00 WIB, in ms UTC."""


class SimulatedLedger(Ledger):
    """The ledger, whose writer a task gives its turns."""

    def __init__(self, store: SimulatedStore) -> None:
        self.has_work = store.world.mark()
        self.unanswered = Counter[str]()
        """Keys of the commands that are on their way."""
        self.is_at_work = False
        super().__init__(store.name, Path(), store=cast("Store", store), threaded=False)

    def submit(self, command: AnyCommand, finished: Callable[[], object] | None = None) -> Asked:
        """Hands a command in, and wakes the writer."""

        def answered() -> None:
            self.unanswered[command.key] -= 1
            if finished:
                finished()

        self.unanswered[command.key] += 1
        asked = super().submit(command, answered)
        self.has_work.set()
        return asked

    def write(self, pause: Callable[[str], object]) -> None:
        """What the writer's thread does."""
        while True:
            self.has_work.wait()
            self.has_work.clear()
            while not self._queue.empty():
                self.is_at_work = True
                pause("the writer begins")
                self.turn()
                self.is_at_work = False

    @property
    def known(self) -> Present | None:
        """What the writer takes for true; None while it doubts it, or is about to make it so."""
        return None if self._doubtful or self.is_at_work else self._present


class Made(NamedTuple):
    """What processes are made of. The mutation tests put something broken in the place of one."""

    disk: type[Disk] = Disk
    store: type[SimulatedStore] = SimulatedStore
    ledger: type[SimulatedLedger] = SimulatedLedger
    following: type[Following] = Following
    feed: type[Feed] = Feed
    turns: type[WorldTurns] = WorldTurns
    lane: type[SimulatedLane] = SimulatedLane


class _Somebody(NamedTuple):
    """Who watches: anybody may."""

    nobody: bool = False


class Process:
    """`web.live.Source`, and what answers clients. It is opened once, and may be killed."""

    def __init__(self, disk: Disk, number: int, made: Made) -> None:
        self.number, self.disk, self.world, self._made = number, disk, disk.world, made
        self.group = Group(self.world, f"p{number}")
        self.turns = made.turns(self.group, EPOCH)
        self.is_open = False
        self.requests = Counter[str]()
        """How many are under way under each key."""
        self._sids = count(1)
        self._lines: list[Line] = []
        self._doors: dict[str, Callable[..., Any]] = {}

    def begin(self) -> None:
        """It is started, and opens the office as soon as it can."""
        self.group.spawn("opens", self._open)

    def kill(self) -> None:
        """Ends it where it is (SIGKILL)."""
        self.world.say(f"p{self.number} is killed")
        self.is_open = False
        self.group.kill()
        for line in self._lines:
            line.close()

    def _open(self) -> None:
        while not self.is_open:
            try:
                self.store = self._made.store(self.disk, self.group)
                self.ledger = self._made.ledger(self.store)
                present = self.ledger.present()
                configuration, today = present.office_at(OFFICE, EPOCH)
                self.office = configuration
                present.day(OFFICE, today)
                self.today = today
            except LedgerUnavailableError:
                self.world.sleep(0.5)
            else:
                break
        self.following = self._made.following(self.ledger, present, lambda _: None, _at_once, self.turns)
        self.feed = self._made.feed(self, limits=Buckets(0, self.turns.now), turns=self.turns)
        self.feed.add(View("board", _picture, "board"))
        self.feed.paint_with(APP)
        self.feed.answer_on(self._doors.__setitem__)
        self.ledger.on_commit(self.feed.ring)
        self.ledger.on_commit_elsewhere(self._ring_at_others)
        self.group.spawn("writer", self.ledger.write, self.world.pause)
        self.feed.start()
        self.is_open = True
        self.world.say("open")

    def _ring_at_others(self) -> None:
        if self.following.others_wrote():
            self.feed.ring()

    # --- web.live.Source

    @property
    def position(self) -> int:
        """The ledger's position that is shown."""
        return self.following.present.position

    @property
    def house(self) -> Process:
        """What pictures are taken of."""
        return self

    def zone(self, _office: str) -> str:
        """The office's time zone."""
        return self.office.zone

    def advance(self) -> set[str]:
        """Keeps up with what was committed."""
        self.following.keep_up()
        return self.following.changed()

    def asker(self, _environ: dict[str, Any]) -> _Somebody:
        """Anybody; finding that out takes a moment."""
        self.world.pause("is asked who watches")
        return _Somebody()

    def may_watch(self, _who: object, _view: str, _office: str) -> bool:
        """They may."""
        return True

    # --- For clients

    def is_at(self, key: str) -> bool:
        """Whether a command under a key is on its way here, or may still be given."""
        return self.is_open and (self.requests[key] > 0 or self.ledger.unanswered[key] > 0)

    def answer(self, command: Callable[[int], AnyCommand], seen: int) -> Done:
        """What a request does: everything that the client has seen is there before, and the answer is durable."""
        self.following.read_own_writes(seen)
        return self.following.do(command(self.turns.clock()))

    def page(self) -> tuple[int, str]:
        """A page as it is loaded: the board, and its position."""
        with APP.test_request_context():
            g.lang = "id"
            html = str(self.feed.paint("board", OFFICE))
        v = html.partition('data-v="')[2].partition('"')[0]
        return int(v), html.partition(">")[2].removesuffix("</div>")

    def connect(self, line: Line) -> str:
        """A socket is opened; the name of the connection."""
        sid = f"{self.number}-{next(self._sids)}"
        self._lines = [*(one for one in self._lines if one.is_open), line]
        lane = self._made.lane(self.group, line)
        self._doors["connect"](sid, {"wsgi.websocket": lane, "REMOTE_ADDR": "127.0.0.1"})
        return sid

    def hear(self, sid: str, event: str, message: object = None) -> None:
        """A client says something, or goes ("disconnect")."""
        self._doors[event](sid, message)

    def loses(self, sid: str) -> None:
        """A connection has ended."""
        if self.group.alive:
            self.group.spawn("notices", self.hear, sid, "disconnect")


def shown(day: Day, office: Any, today: Any) -> str:
    """What a display shows of a day."""
    return msgspec.json.encode(board.display(day if day.office else board.unopened(office, today))).decode()


def _picture(process: Process, office: str) -> str:
    process.world.spend(process.world.luck.choice((0.0, 0.0, 0.001)))
    return shown(process.following.present.day(office, process.today), process.office, process.today)


def _at_once(work: Callable[[int], Any], position: int) -> Any:
    return work(position)


def _app() -> Flask:
    app = Flask("simulated", static_folder=None, template_folder=None)
    app.jinja_loader = DictLoader({"board": "{{ it|safe }}"})
    return app


APP = _app()
"""All processes paint with it: it keeps nothing."""
